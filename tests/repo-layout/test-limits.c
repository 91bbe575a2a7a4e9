// Limits: who passes one goes no further, and the others go on.
#include "tests/repo-layout/repository.h"

#include <git2.h>
#include <string.h>
#include <time.h>

// What a load said, in one text: its diagnostics, or why there is none.
static char *said(Repository *repository, const char *commit, const LayoutLimits *limits)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Layout) layout = repository_load_within(repository, commit, NULL, limits, &error);
	GString *text = g_string_new(NULL);
	g_autofree char *report = layout == NULL ? NULL : layout_report(layout);

	if (layout == NULL)
		g_string_printf(text, "%s\n", error->message);
	else
		g_string_assign(text, report);
	for (size_t i = 0; layout != NULL && i < layout_domains_length(layout); i++) {
		const LayoutDomain *domain = layout_domain_at(layout, i);

		g_string_append_printf(
			text, "%s %s\n", domain->name, domain->broken ? "broken" : "good");
	}
	return g_string_free(text, FALSE);
}

static void expect(
	Repository *repository, const char *commit, const LayoutLimits *limits, const char *report)
{
	g_autofree char *found = said(repository, commit, limits);

	g_assert_cmpstr(found, ==, report);
}

static const char hint[] = "hint: take out what does not belong there, or raise 'limits.entries' "
			   "in the server's configuration\n";

// A folder of ten folders of ten folders … of ten files, which is one object a level.
static void make_bomb(
	Repository *repository, unsigned levels, const char *mode, unsigned char id[20])
{
	repository_blob(repository, "x", id);
	for (unsigned i = 0; i <= levels; i++) {
		g_autoptr(GByteArray) tree = g_byte_array_new();

		for (unsigned j = 0; j < 10; j++) {
			char name[8];

			g_snprintf(name, sizeof(name), "n%u", j);
			tree_append(tree, i == 0 ? mode : "40000", name, id);
		}
		repository_tree(repository, tree->data, tree->len, id);
	}
}

// A commit of two domains, with a tree at a path.
static char *commit_with(Repository *repository, const char *path, const unsigned char id[20])
{
	g_autofree char *plain = NULL;

	repository_set(repository, "weir.yaml", "name: x\n");
	repository_set(repository, "domains/a/domain.yaml", "owner: a\n");
	repository_set(repository, "domains/a/sql/t.sql", "SELECT 1 AS v");
	repository_set(repository, "domains/b/domain.yaml", "owner: b\n");
	repository_set(repository, "domains/b/sql/t.sql", "SELECT v FROM a.t");
	plain = repository_commit(repository);
	return repository_graft(repository, plain, path, id);
}

// Ten thousand million entries in eleven objects.
static void test_bomb(void)
{
	g_autoptr(Repository) repository = repository_new();
	g_autofree char *commit = NULL;
	g_autofree char *report = NULL;
	unsigned char id[20];

	make_bomb(repository, 9, "100644", id);
	commit = commit_with(repository, "domains/a/scripts", id);
	report = g_strconcat("domains/a/scripts: error: the domain has 11111111114 entries, "
			     "11111111110 of them in this folder: the limit 'entries' of 200000 is "
			     "passed by 11110911114\n",
		hint, "a broken\nb good\n", NULL);
	expect(repository, commit, NULL, report);
}

// One that only passes when it is walked: its files count one by one.
static void test_bomb_of_flows(void)
{
	g_autoptr(Repository) repository = repository_new();
	g_autofree char *commit = NULL;
	g_autofree char *report = NULL;
	unsigned char id[20];

	make_bomb(repository, 6, "100644", id);
	commit = commit_with(repository, "domains/b/flows", id);
	report = g_strconcat("domains/b/flows: error: the domain has 11111114 entries, 11111110 "
			     "of them in this folder: the limit 'entries' of 200000 is passed by "
			     "10911114\n",
		hint, "a good\nb broken\n", NULL);
	expect(repository, commit, NULL, report);
}

// With something wrong in its files no folder of it can be passed over.
static void test_bomb_of_links(void)
{
	g_autoptr(Repository) repository = repository_new();
	g_autofree char *commit = NULL;
	g_autofree char *found = NULL;
	unsigned char id[20];

	make_bomb(repository, 9, "120000", id);
	commit = commit_with(repository, "domains/a/scripts", id);
	found = said(repository, commit, NULL);
	g_assert_nonnull(strstr(found, "more than 9999 faults were found"));
	g_assert_true(g_str_has_suffix(found, "a broken\nb good\n"));
}

// Folders that have nothing to do with a domain, beside it and below it: nothing is said of them, and next to nothing read.
static void test_bomb_elsewhere(void)
{
	static const char *const paths[] = {"vendor", "domains/junk", "domains/a/junk"};

	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autoptr(Repository) repository = repository_new();
		g_autofree char *commit = NULL;
		g_autoptr(Layout) layout = NULL;
		unsigned char id[20];

		make_bomb(repository, 9, "100644", id);
		commit = commit_with(repository, paths[i], id);
		expect(repository, commit, NULL, "a good\nb good\n");
		layout = repository_load(repository, commit, NULL, NULL);
		g_assert_cmpuint(layout_statistics(layout)->folders_walked, <=, 6 + 10);
	}
}

// A bomb of domains: none of them stands out, the folder is left out.
static void test_bomb_of_domains(void)
{
	g_autoptr(Repository) repository = repository_new();
	g_autofree char *commit = NULL;
	g_autofree char *found = NULL;
	unsigned char id[20], yaml[20];
	LayoutLimits limits = layout_limits_default;

	repository_blob(repository, "owner: x\n", yaml);
	make_bomb(repository, 0, "100644", id);
	for (unsigned i = 0; i < 6; i++) {
		g_autoptr(GByteArray) tree = g_byte_array_new();

		tree_append(tree, "100644", "domain.yaml", yaml);
		for (unsigned j = 0; j < 10; j++) {
			char name[8];

			g_snprintf(name, sizeof(name), "n%u", j);
			tree_append(tree, "40000", name, id);
		}
		repository_tree(repository, tree->data, tree->len, id);
	}
	commit = commit_with(repository, "domains/junk", id);
	limits.entries = 2000;
	found = said(repository, commit, &limits);
	g_assert_true(g_str_has_prefix(found, "domains/junk: error: the folder has "));
	g_assert_true(g_str_has_suffix(found, "a good\nb good\n"));
}

static void set_scripts(Repository *repository, const char *domain, int scripts)
{
	g_autofree char *yaml = g_strdup_printf("domains/%s/domain.yaml", domain);

	repository_set(repository, "weir.yaml", "name: x\n");
	repository_set(repository, yaml, "owner: x\n");
	for (int i = 0; i < scripts; i++) {
		g_autofree char *path = g_strdup_printf("domains/%s/sql/t%d.sql", domain, i);

		repository_set(repository, path, "SELECT 1 AS a");
	}
}

// All together have too much: the one that has more than half of what is allowed is the one that waits.
static void test_large_domain(void)
{
	g_autoptr(Repository) repository = repository_new();
	LayoutLimits limits = layout_limits_default;
	g_autofree char *commit = NULL;
	g_autofree char *report = NULL;

	set_scripts(repository, "a", 10);
	set_scripts(repository, "b", 30);
	set_scripts(repository, "c", 10);
	commit = repository_commit(repository);
	// 3 folders below domains/, 2 entries and the scripts in each.
	limits.entries = 58;
	report = g_strconcat("domains/b: error: 32 of the repository's 59 entries are in this "
			     "domain: the limit 'entries' of 58 is passed by 1\n",
		hint, "a good\nb broken\nc good\n", NULL);
	expect(repository, commit, &limits, report);
	limits.entries = 59;
	expect(repository, commit, &limits, "a good\nb good\nc good\n");
}

// None stands out: it is the repository that has too much.
static void test_large_repository(void)
{
	g_autoptr(Repository) repository = repository_new();
	LayoutLimits limits = layout_limits_default;
	g_autofree char *commit = NULL;
	g_autofree char *report = NULL;

	set_scripts(repository, "a", 10);
	set_scripts(repository, "b", 10);
	set_scripts(repository, "c", 10);
	commit = repository_commit(repository);
	limits.entries = 30;
	report = g_strdup_printf(
		"revision %s has 39 entries: the limit 'entries' of 30 is passed by 9, and no "
		"domain alone is the cause; take out what does not belong there, or raise "
		"'limits.entries' in the server's configuration\n",
		commit);
	expect(repository, commit, &limits, report);
}

// The verdict is the same whether the others are taken over or read.
static void test_same_verdict(void)
{
	g_autoptr(Repository) repository = repository_new();
	LayoutLimits limits = layout_limits_default;
	g_autofree char *first = NULL, *second = NULL, *third = NULL;
	g_autofree char *one = NULL, *two = NULL, *mended = NULL;
	g_autoptr(Layout) before = NULL;
	g_autoptr(Layout) step = NULL;
	g_autoptr(Layout) fresh = NULL;
	g_autoptr(Layout) last = NULL;

	limits.entries = 58;
	set_scripts(repository, "b", 30);
	set_scripts(repository, "a", 9);
	set_scripts(repository, "c", 10);
	first = repository_commit(repository);
	before = repository_load_within(repository, first, NULL, &limits, NULL);
	g_assert_false(layout_domain_find(before, "b")->broken);
	set_scripts(repository, "a", 10);
	second = repository_commit(repository);
	step = repository_load_within(repository, second, before, &limits, NULL);
	fresh = repository_load_within(repository, second, NULL, &limits, NULL);
	one = layout_print(step);
	two = layout_print(fresh);
	g_assert_cmpstr(one, ==, two);
	g_assert_true(layout_domain_find(step, "b")->broken);
	// It is whole again with the commit that makes room.
	repository_set(repository, "domains/c/sql/t9.sql", NULL);
	third = repository_commit(repository);
	last = repository_load_within(repository, third, step, &limits, NULL);
	mended = layout_report(last);
	g_assert_cmpstr(mended, ==, "");
}

static void test_depth(void)
{
	g_autoptr(Repository) repository = repository_new();
	LayoutLimits limits = layout_limits_default;
	g_autofree char *commit = NULL;

	set_scripts(repository, "a", 1);
	repository_set(repository, "domains/a/scripts/one/two/three/x.sh", "true");
	repository_set(repository, "domains/a/flows/one/two/f.yaml",
		"id: f\ntasks: [{id: l, type: log, message: x}]\n");
	repository_set(repository, "domains/b/domain.yaml", "owner: x\n");
	commit = repository_commit(repository);
	expect(repository, commit, &limits, "a good\nb good\n");
	limits.depth = 5;
	expect(repository, commit, &limits,
		"domains/a/scripts/one/two/three: error: the folder is 6 folders deep: the limit "
		"'depth' of 5 is passed by 1\n"
		"hint: move it up, or raise 'limits.depth' in the server's configuration\n"
		"a broken\nb good\n");
}

// Flows in any depth are found, and folders where none may be are named.
static void test_levels(void)
{
	g_autoptr(Repository) repository = repository_new();
	GString *path = g_string_new("domains/a/flows");
	g_autofree char *commit = NULL;
	g_autoptr(Layout) layout = NULL;

	set_scripts(repository, "a", 1);
	for (int i = 0; i < 30; i++)
		g_string_append(path, "/deep");
	g_string_append(path, "/f.yaml");
	repository_set(repository, path->str, "id: f\ntasks: [{id: l, type: log, message: x}]\n");
	repository_set(repository, "domains/a/feeds/old/x.yaml", "id: x\n");
	repository_set(repository, "domains/a/sql/one/two/x.sql", "SELECT 1 AS a");
	commit = repository_commit(repository);
	layout = repository_load(repository, commit, NULL, NULL);
	g_assert_nonnull(layout_flow_find(layout, "a", "f"));
	expect(repository, commit, NULL,
		"domains/a/feeds/old: error: the folder is too deep in 'feeds'\n"
		"hint: files are at <feed>.yaml\n"
		"domains/a/sql/one/two: error: the folder is too deep in 'sql'\n"
		"hint: files are at <table>.sql or <dataset>/<table>.sql\n"
		"a broken\n");
	g_string_free(path, TRUE);
}

// What tasks see is looked at for its size alone, and not even that when it did not change.
static void test_scripts(void)
{
	g_autoptr(Repository) repository = repository_new();
	LayoutLimits limits = layout_limits_default;
	g_autofree char *first = NULL, *second = NULL;
	g_autoptr(Layout) before = NULL;
	g_autoptr(Layout) after = NULL;
	unsigned char id[20];

	set_scripts(repository, "a", 1);
	repository_set(repository, "domains/a/scripts/lib/x.py", "print('hello')\n");
	repository_set(repository, "domains/b/domain.yaml", "owner: x\n");
	first = repository_commit(repository);
	expect(repository, first, NULL, "a good\nb good\n");
	limits.scripts_bytes = 10;
	expect(repository, first, &limits,
		"domains/a/scripts/lib/x.py: error: the file has 15 bytes: the limit "
		"'scripts_bytes' of 10 is passed by 5\n"
		"hint: make the file smaller, or raise 'limits.scripts_bytes' in the server's "
		"configuration\na broken\nb good\n");
	before = repository_load(repository, first, NULL, NULL);
	set_scripts(repository, "a", 2);
	second = repository_commit(repository);
	after = repository_load(repository, second, before, NULL);
	// The top, domains/, the domain and its sql/.
	g_assert_cmpuint(layout_statistics(after)->folders_walked, ==, 4);
	repository_blob(repository, "print('hello')\n", id);
	repository_lose(repository, id);
	g_clear_pointer(&after, layout_unref);
	after = repository_load(repository, second, NULL, NULL);
	g_assert_true(layout_unreadable(after));
	g_assert_true(layout_domain_find(after, "a")->broken);
	g_assert_false(layout_domain_find(after, "b")->broken);
}

// Few bytes that stand for many: a long template, many rows.
static void test_set(void)
{
	g_autoptr(Repository) repository = repository_new();
	LayoutLimits limits = layout_limits_default;
	g_autofree char *commit = NULL;
	g_autofree char *found = NULL;
	GString *rows = g_string_new("name\n");

	for (int i = 0; i < 1000; i++)
		g_string_append_printf(rows, "r%d\n", i);
	set_scripts(repository, "a", 1);
	set_scripts(repository, "b", 1);
	repository_set(repository, "domains/a/flowsets/s.yaml",
		"id: f_{{ row.name }}\nrows: s.csv\ntemplate:\n  tasks:\n    - {id: l, type: log, "
		"message: hello}\n");
	repository_set(repository, "domains/a/flowsets/s.csv", rows->str);
	g_string_free(rows, TRUE);
	commit = repository_commit(repository);
	limits.memory_bytes = 10000;
	found = said(repository, commit, &limits);
	g_assert_cmpstr(found, ==,
		"domains/a/flowsets/s.yaml:4:3: error: the flows of the first 122 rows have 10016 "
		"bytes: the limit 'memory_bytes' of 10000 is passed by 16\n"
		"hint: split it into several sets, or raise 'limits.memory_bytes' in the server's "
		"configuration\na broken\nb good\n");
}

// A domain that takes all the time is left behind, and is tried again with the next commit.
static void test_time(void)
{
	g_autoptr(Repository) repository = repository_new();
	LayoutLimits limits = layout_limits_default;
	g_autofree char *commit = NULL, *found = NULL;
	g_autoptr(Layout) late = NULL;
	g_autoptr(Layout) next = NULL;
	g_autoptr(GError) error = NULL;
	GString *rows = g_string_new("name\n");
	GString *flow = g_string_new("id: f_{{ row.name }}\nrows: s.csv\ntemplate:\n  tasks:\n");

	for (int i = 0; i < 20000; i++)
		g_string_append_printf(rows, "r%d\n", i);
	for (int i = 0; i < 300; i++)
		g_string_append_printf(flow, "    - {id: l%d, type: log, message: hello}\n", i);
	set_scripts(repository, "a", 1);
	set_scripts(repository, "b", 1);
	repository_set(repository, "domains/a/flowsets/s.yaml", flow->str);
	repository_set(repository, "domains/a/flowsets/s.csv", rows->str);
	g_string_free(rows, TRUE);
	g_string_free(flow, TRUE);
	commit = repository_commit(repository);
	limits.seconds = 1;
	late = repository_load_within(repository, commit, NULL, &limits, &error);
	g_assert_no_error(error);
	found = layout_report(late);
	g_assert_cmpstr(found, ==,
		"domains/a: error: reading the domain's files takes more than 0.5 s of processor "
		"time: the limit 'seconds' of 1 for all domains together is passed\n"
		"hint: split the domain, or raise 'limits.seconds' in the server's "
		"configuration\n");
	g_assert_true(layout_domain_find(late, "a")->broken);
	g_assert_false(layout_domain_find(late, "b")->broken);
	// It is not taken over as it is.
	next = repository_load_within(repository, commit, late, &limits, &error);
	g_assert_cmpuint(layout_statistics(next)->domains_shared, ==, 1);
}

// ---- Growth: a file within the limits must not hold everybody up, however many names it has

enum {
	FEW_NAMES = 1500,
	GROWTH = 8,
	TRIES = 6,
	SLACK = 3, // how much slower than linear a noisy machine may look: quadratic is 8
};

// Of this thread: other programs on the machine do not count.
static double processor_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// How long it takes to load and report on one script that reads so many tables that nothing makes.
static double report_seconds(unsigned names)
{
	g_autoptr(Repository) repository = repository_new();
	GString *sql = g_string_new("SELECT 1 AS a FROM d.t0");

	for (unsigned i = 1; i < names; i++)
		g_string_append_printf(sql, ", d.t%u", i);
	repository_set(repository, "weir.yaml", "name: x\n");
	repository_set(repository, "domains/d/domain.yaml", "owner: x\n");
	repository_set(repository, "domains/d/sql/a.sql", sql->str);
	g_string_free(sql, TRUE);
	g_autofree char *commit = repository_commit(repository);
	double start = processor_seconds();
	g_autoptr(Layout) layout = repository_load(repository, commit, NULL, NULL);
	g_autoptr(DiagnosticList) diagnostics = layout_diagnostics(layout);
	double seconds = processor_seconds() - start;

	g_assert_cmpuint(diagnostic_list_length(diagnostics), >=, MIN(names, 9999));
	return seconds;
}

static void test_many_names(void)
{
	bool linear = false;

	for (unsigned try = 0; try < TRIES && !linear; try++) {
		double small = MAX(report_seconds(FEW_NAMES), 0.002);

		linear = report_seconds(FEW_NAMES * GROWTH) <= small * GROWTH * SLACK;
	}
	g_assert_true(linear);
}

// ---- One file of the allowed size that is made to cost much

// A text made by repetition; "#" in the middle is the number of the repetition, "$" the next one.
typedef struct {
	const char *path;
	const char *head, *middle, *tail;
	unsigned times;
} Hostile;

static char *hostile_text(const Hostile *hostile)
{
	GString *text = g_string_new(hostile->head);

	for (unsigned i = 0; i < hostile->times; i++) {
		for (const char *at = hostile->middle; *at != '\0'; at++) {
			if (*at == '#' || *at == '$')
				g_string_append_printf(text, "%u", i + (*at == '$'));
			else
				g_string_append_c(text, *at);
		}
	}
	g_string_append(text, hostile->tail);
	g_assert_cmpuint(text->len, <=, 1024 * 1024);
	return g_string_free(text, FALSE);
}

#define FLOW   "domains/a/flows/f.yaml"
#define SCRIPT "domains/a/sql/t.sql"
#define TASKS  "id: f\ntasks:\n"

static const Hostile hostiles[] = {
	{FLOW, TASKS, "  - {id: task#, type: log, message: \"{{ outputs.taks#.x }}\"}\n", "",
		11000},
	{FLOW, TASKS "  - {id: t, type: log, message: \"", "{{ a }}", "\"}\n", 140000},
	{FLOW, TASKS "  - {id: t, type: log, message: \"", "{{ vars.variabel }}", "\"}\n", 20000},
	{FLOW, TASKS, "  - {id: t#, type: sql.query, sql: \"SELECT {{ a }} FROM t#\"}\n", "",
		12000},
	{FLOW, TASKS "  - id: d\n    type: dag\n    tasks:\n",
		"      - {task: {id: t#, type: log, message: x}, dependsOn: [t$]}\n", "", 8000},
	{FLOW, "", "%TAG !a#! b\n", "--- \nid: f\ntasks: []\n", 60000},
	{SCRIPT, "SELECT ", "{{ vars.variabel }},", " 1 AS a", 40000},
	{SCRIPT, "SELECT ", "{{ vars }},", " 1 AS a", 90000},
	{SCRIPT, "/* weir\nfeed: MODE_DELTA\nkey: [k", ",x#", "]\n*/ SELECT 1 AS a", 45000},
	{SCRIPT, "/* weir\n", "%TAG !a#! b\n", "--- \nfeed: VIEW\n*/ SELECT 1 AS a", 60000},
	{"domains/a/domain.yaml", "owner: x\n", "k#: 1\n", "", 80000},
	{"domains/a/domain.yaml", "", "%TAG !a#! b\n", "--- \nowner: x\n", 60000},
	{"domains/a/domain.yaml", "owner: x\nvariables: {x: [", "[[[]]],", "]}\n", 140000},
};

static double thread_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// Each kind costs a second at the most where nothing else is measured; what is quadratic in it costs ten and more.
static void test_hostile_files(void)
{
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
	const double most = 60;
#else
	const double most = 3;
#endif
	g_autoptr(GString) variables = g_string_new("owner: x\nvariables:\n");
	g_autoptr(GString) schema = g_string_new("fields:\n");

	for (unsigned i = 0; i < 45000; i++)
		g_string_append_printf(variables, "  variable%u: 1\n", i);
	for (unsigned i = 0; i < 18000; i++)
		g_string_append_printf(schema, "  - {name: c%u, type: INT64}\n", i);
	for (size_t i = 0; i < G_N_ELEMENTS(hostiles); i++) {
		g_autoptr(Repository) repository = repository_new();
		g_autofree char *text = hostile_text(&hostiles[i]);
		g_autoptr(GError) error = NULL;
		g_autofree char *commit = NULL;

		repository_set(repository, "weir.yaml", "name: x\n");
		repository_set(repository, "domains/a/domain.yaml", variables->str);
		repository_set(repository, "domains/a/schemas/t.yaml", schema->str);
		repository_set(repository, hostiles[i].path, text);
		commit = repository_commit(repository);
		double began = thread_seconds();
		g_autoptr(Layout) layout =
			repository_load_within(repository, commit, NULL, NULL, &error);
		double seconds = thread_seconds() - began;
		g_assert_no_error(error);
		g_test_message("%s, '%s': %.2f s", hostiles[i].path, hostiles[i].middle, seconds);
		g_assert_cmpfloat(seconds, <, most);
	}
}

static void test_aliases_of_long_texts(void)
{
	g_autoptr(Repository) repository = repository_new();
	g_autoptr(GString) text = g_string_new("owner: x\nvariables:\n  a: &a \"");
	g_autofree char *commit = NULL;

	for (unsigned i = 0; i < 400000; i++)
		g_string_append_c(text, 'z');
	g_string_append(text, "\"\n  b: *a\n  c: *a\n");
	repository_set(repository, "weir.yaml", "name: x\n");
	repository_set(repository, "domains/a/domain.yaml", text->str);
	commit = repository_commit(repository);
	expect(repository, commit, NULL,
		"domains/a/domain.yaml:5:6: error: with what aliases repeat, the limit "
		"'yaml.bytes' of "
		"1048576 is passed\nhint: repeat less, or raise the limit in the server's "
		"settings\n"
		"a broken\n");
}

static void test_directives(void)
{
	g_autoptr(Repository) repository = repository_new();
	const Hostile hostile = {"", "# a comment\n", "%TAG !a#! b\n", "--- \nowner: x\n", 17};
	g_autofree char *text = hostile_text(&hostile);
	g_autofree char *commit = NULL;

	repository_set(repository, "weir.yaml", "name: x\n");
	repository_set(repository, "domains/a/domain.yaml", text);
	repository_set(repository, "domains/b/domain.yaml",
		"%YAML 1.2\n%TAG !a! b\n---\nowner: \"x\n%\n%\"\n");
	commit = repository_commit(repository);
	expect(repository, commit, NULL,
		"domains/a/domain.yaml:18:1: error: there are more than 16 directives\n"
		"hint: leave them out: weir needs none\n"
		"a broken\nb good\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_set_nonfatal_assertions();
	git_libgit2_init();
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 0);
	g_test_add_func("/limits/bomb", test_bomb);
	g_test_add_func("/limits/bomb-of-flows", test_bomb_of_flows);
	g_test_add_func("/limits/bomb-of-links", test_bomb_of_links);
	g_test_add_func("/limits/bomb-elsewhere", test_bomb_elsewhere);
	g_test_add_func("/limits/bomb-of-domains", test_bomb_of_domains);
	g_test_add_func("/limits/large-domain", test_large_domain);
	g_test_add_func("/limits/large-repository", test_large_repository);
	g_test_add_func("/limits/same-verdict", test_same_verdict);
	g_test_add_func("/limits/depth", test_depth);
	g_test_add_func("/limits/levels", test_levels);
	g_test_add_func("/limits/scripts", test_scripts);
	g_test_add_func("/limits/set", test_set);
	g_test_add_func("/limits/time", test_time);
	g_test_add_func("/limits/hostile-files", test_hostile_files);
	g_test_add_func("/limits/aliases-of-long-texts", test_aliases_of_long_texts);
	g_test_add_func("/limits/directives", test_directives);
	g_test_add_func("/limits/many-names", test_many_names);
	return g_test_run();
}
