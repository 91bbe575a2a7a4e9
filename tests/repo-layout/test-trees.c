// Trees that git would not write: every entry that cannot be used is named and refused, and nothing is followed.
#include "tests/repo-layout/repository.h"

#include <git2.h>
#include <string.h>

// A tree of these entries ("mode name", …) as the scripts of a domain, and what is said about it.
static void expect(const char *const *entries, const char *report)
{
	g_autoptr(Repository) repository = repository_new();
	g_autoptr(GByteArray) tree = g_byte_array_new();
	g_autofree char *commit = NULL;
	g_autofree char *found = NULL;
	g_autoptr(Layout) layout = NULL;
	unsigned char id[20];

	repository_blob(repository, "SELECT 1 AS a", id);
	for (; *entries != NULL; entries++) {
		const char *blank = strchr(*entries, ' ');
		g_autofree char *mode = g_strndup(*entries, (gsize)(blank - *entries));

		tree_append(tree, mode, blank + 1, id);
	}
	commit = repository_commit_raw(repository, tree->data, tree->len);
	layout = repository_load(repository, commit, NULL, NULL);
	found = layout_report(layout);
	g_assert_cmpstr(found, ==, report);
}

#define ENTRIES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_names(void)
{
	expect(ENTRIES("100644 a.sql"), "");
	expect(ENTRIES("100644 .."),
		"domains/sales/sql/..: error: the entry is refused: its name is reserved\n");
	expect(ENTRIES("100644 .git"),
		"domains/sales/sql/.git: error: the entry is refused: its name is reserved\n");
	expect(ENTRIES("100644 .GiT. "),
		"domains/sales/sql/.GiT. : error: the entry is refused: its name is reserved\n");
	expect(ENTRIES("100644 git~1"),
		"domains/sales/sql/git~1: error: the entry is refused: its name is reserved\n");
	expect(ENTRIES("100644 .git::$DATA"), "domains/sales/sql/.git::$DATA: error: the entry is "
					      "refused: its name is reserved\n");
	expect(ENTRIES("100644 .g\xE2\x80\x8Cit"), "domains/sales/sql/.g\xE2\x80\x8Cit: error: the "
						   "entry is refused: its name is reserved\n");
	expect(ENTRIES("100644 ../a.sql"), "domains/sales/sql/../a.sql: error: the entry is "
					   "refused: its name holds a slash or backslash\n");
	expect(ENTRIES("100644 a\\b.sql"), "domains/sales/sql/a\\b.sql: error: the entry is "
					   "refused: its name holds a slash or backslash\n");
	expect(ENTRIES("100644 a\nb.sql"), "domains/sales/sql/a\\x0ab.sql: error: the entry is "
					   "refused: its name holds a control character\n");
	expect(ENTRIES("100644 a\xFF.sql"), "domains/sales/sql/a\xEF\xBF\xBD.sql: error: the entry "
					    "is refused: its name is not valid UTF-8\n");
	expect(ENTRIES("100644 gitlab.sql"), "");
}

static void test_kinds(void)
{
	expect(ENTRIES("120000 a.sql"), "domains/sales/sql/a.sql: error: the entry is refused: it "
					"is a symbolic link\nhint: put the file itself here\n");
	expect(ENTRIES("160000 a"), "domains/sales/sql/a: error: the entry is refused: it is a "
				    "submodule\nhint: put the files themselves here\n");
	expect(ENTRIES("0100644 a.sql"), "domains/sales/sql/a.sql: error: the entry is refused: "
					 "its mode is not one that git writes\n");
	expect(ENTRIES("100600 a.sql"), "domains/sales/sql/a.sql: error: the entry is refused: its "
					"mode is not one that git writes\n");
}

static void test_neighbours(void)
{
	expect(ENTRIES("100644 a.sql", "100644 a.sql"),
		"domains/sales/sql/a.sql: error: the entry is refused: the folder has two entries "
		"of this name\n"
		"domains/sales/sql/a.sql: error: the entry is refused: the folder has two entries "
		"of this name\n");
	expect(ENTRIES("100644 A.sql", "100644 a.sql"),
		"domains/sales/sql/A.sql: error: the entry is refused: its name differs from "
		"another one's in letter case only\n"
		"domains/sales/sql/a.sql: error: the entry is refused: its name differs from "
		"another one's in letter case only\n");
	expect(ENTRIES("100644 b.sql", "100644 a.sql"),
		"domains/sales/sql/a.sql: error: the entry is refused: the folder's entries are "
		"not in git's order\n");
}

// Marks that turn the direction of writing, or end a line, are shown as what they are.
static void test_marks(void)
{
	static const struct {
		const char *mark, *shown;
	} marks[] = {{"\xC2\x85", "\\x85"}, {"\xE2\x80\xA8", "\\u2028"},
		{"\xE2\x80\xA9", "\\u2029"}, {"\xE2\x80\xAE", "\\u202e"},
		{"\xE2\x81\xA6", "\\u2066"}, {"\xE2\x81\xA9", "\\u2069"},
		{"\xE2\x80\x8E", "\\u200e"}, {"\xE2\x80\x8F", "\\u200f"}};

	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
		g_autofree char *entry = g_strdup_printf("100644 a%sb.sql", marks[i].mark);
		g_autofree char *report =
			g_strdup_printf("domains/sales/sql/a%sb.sql: error: the entry is refused: "
					"its name holds a control character\n",
				marks[i].shown);

		expect(ENTRIES(entry), report);
	}
	// Letters of scripts that are written from right to left, joiners and accents are no such marks.
	expect(ENTRIES("100644 \xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D.sql", "100644 "
								      "\xE2\x80\x8D.sql"),
		"");
}

// Files that would be taken, were it not for their names.
static void test_left_out(void)
{
	expect(ENTRIES("100644 .sql"),
		"domains/sales/sql/.sql: error: '.sql' is an ending without a name before it\n"
		"hint: <table>.sql or <dataset>/<table>.sql\n");
	expect(ENTRIES("100644 .yaml"),
		"domains/sales/sql/.yaml: error: '.yaml' is an ending without a name before it\n"
		"hint: <table>.sql or <dataset>/<table>.sql\n");
	expect(ENTRIES("100644 a.SQL"), "domains/sales/sql/a.SQL: error: its ending is '.SQL', not "
					"'.sql': it would be left out\n"
					"hint: write the ending in small letters\n");
	expect(ENTRIES("100644 README", "100644 notes.txt"), "");
}

// ---- What a file must be ------------------------------------------------------------------------------------------

// Writes the tree and begins a new one.
static void close_tree(Repository *repository, GByteArray *tree, unsigned char id[20])
{
	repository_tree(repository, tree->data, tree->len, id);
	g_byte_array_set_size(tree, 0);
}

// A commit of a domain 'sales' with this tree, and of weir.yaml with this mode.
static char *commit_sales(
	Repository *repository, const char *project, const unsigned char sales[20])
{
	g_autoptr(GByteArray) tree = g_byte_array_new();
	unsigned char id[20], blob[20];

	tree_append(tree, "40000", "sales", sales);
	close_tree(repository, tree, id);
	tree_append(tree, "40000", "domains", id);
	repository_blob(repository, "name: x\n", blob);
	tree_append(tree, project, "weir.yaml", g_str_equal(project, "40000") ? id : blob);
	close_tree(repository, tree, id);
	return repository_commit_tree(repository, id);
}

// A commit of a domain with a script, with these modes of weir.yaml and domain.yaml.
static char *commit_with(Repository *repository, const char *project, const char *config)
{
	g_autoptr(GByteArray) tree = g_byte_array_new();
	unsigned char id[20], blob[20];

	repository_blob(repository, "SELECT 1 AS a", blob);
	tree_append(tree, "100644", "t.sql", blob);
	close_tree(repository, tree, id);
	repository_blob(repository, "owner: x\n", blob);
	tree_append(tree, config, "domain.yaml", g_str_equal(config, "40000") ? id : blob);
	tree_append(tree, "40000", "sql", id);
	close_tree(repository, tree, id);
	return commit_sales(repository, project, id);
}

static void expect_with(const char *project, const char *config, const char *report)
{
	g_autoptr(Repository) repository = repository_new();
	g_autofree char *commit = commit_with(repository, project, config);
	g_autoptr(Layout) layout = repository_load(repository, commit, NULL, NULL);
	g_autofree char *found = layout_report(layout);

	g_assert_cmpstr(found, ==, report);
	g_assert_cmpint(layout_broken(layout), ==,
		config != NULL && project != NULL && !g_str_equal(project, "100644"));
}

static void test_project_kinds(void)
{
	static const char *const good = "100644";

	expect_with(good, good, "");
	expect_with("120000", good,
		"weir.yaml: error: weir.yaml is a symbolic link\nhint: put the file itself here\n");
	expect_with("160000", good,
		"weir.yaml: error: weir.yaml is a submodule\nhint: put the file itself here\n");
	expect_with("40000", good,
		"weir.yaml: error: weir.yaml is a folder\nhint: put the file itself here\n");
	expect_with("0100644", good,
		"weir.yaml: error: weir.yaml cannot be used: its mode is not one that git writes\n"
		"hint: the least is 'name: x'; 'weir init' writes one\n");
}

// The same content as a link must not pass for the file that it was before.
static void test_project_becomes_link(void)
{
	g_autoptr(Repository) repository = repository_new();
	g_autofree char *first = commit_with(repository, "100644", "100644");
	g_autofree char *second = commit_with(repository, "120000", "100644");
	g_autoptr(Layout) before = repository_load(repository, first, NULL, NULL);
	g_autoptr(Layout) after = repository_load(repository, second, before, NULL);

	g_assert_false(layout_broken(before));
	g_assert_true(layout_broken(after));
}

// It stays a domain, and a broken one: its flows are not taken for removed.
static void test_domain_kinds(void)
{
	static const struct {
		const char *mode, *report;
	} kinds[] = {
		{"120000", "domain.yaml is a symbolic link"},
		{"160000", "domain.yaml is a submodule"},
		{"40000", "domain.yaml is a folder"},
		{"0100644", "domain.yaml cannot be used: its mode is not one that git writes"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autoptr(Repository) repository = repository_new();
		g_autofree char *commit = commit_with(repository, "100644", kinds[i].mode);
		g_autoptr(Layout) layout = repository_load(repository, commit, NULL, NULL);
		g_autofree char *found = layout_report(layout);
		g_autofree char *report = g_strdup_printf(
			"domains/sales/domain.yaml: error: %s\n"
			"hint: put the file itself here; the least in it is 'owner: x'\n",
			kinds[i].report);

		g_assert_cmpstr(found, ==, report);
		g_assert_true(layout_domain_find(layout, "sales")->broken);
	}
}

// An entry of a domain's own folder that cannot be used breaks that domain: nothing in it counts as removed.
static void test_domain_entries(void)
{
	static const struct {
		const char *mode, *name, *report;
	} cases[] = {
		{"120000", "sql",
			"the entry is refused: it is a symbolic link\nhint: put the file "
			"itself here"},
		{"100644", "sql",
			"'sql' is a file: a domain's 'sql' must be a folder\nhint: make it "
			"a folder, or give it another name"},
		{"160000", "flows",
			"the entry is refused: it is a submodule\nhint: put the files "
			"themselves here"},
		{"100600", "schemas", "the entry is refused: its mode is not one that git writes"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(Repository) repository = repository_new();
		g_autoptr(GByteArray) tree = g_byte_array_new();
		g_autoptr(Layout) layout = NULL;
		g_autofree char *commit = NULL, *found = NULL, *report = NULL;
		unsigned char id[20], blob[20];

		repository_blob(repository, "owner: x\n", blob);
		tree_append(tree, "100644", "domain.yaml", blob);
		tree_append(tree, cases[i].mode, cases[i].name, blob);
		close_tree(repository, tree, id);
		commit = commit_sales(repository, "100644", id);
		layout = repository_load(repository, commit, NULL, NULL);
		found = layout_report(layout);
		report = g_strdup_printf(
			"domains/sales/%s: error: %s\n", cases[i].name, cases[i].report);
		g_assert_cmpstr(found, ==, report);
		g_assert_true(layout_domain_find(layout, "sales")->broken);
		g_assert_cmpuint(diagnostic_list_length(layout_project_diagnostics(layout)), ==, 0);
	}
}

// ---- Objects that cannot be read ----------------------------------------------------------------------------------

static void set_up_two(Repository *repository)
{
	repository_set(repository, "weir.yaml", "name: x\n");
	repository_set(repository, "domains/bad/domain.yaml", "owner: x\n");
	repository_set(repository, "domains/bad/sql/t.sql", "SELECT 1 AS lost");
	repository_set(repository, "domains/bad/sql/u.sql", "-- nothing\n");
	repository_set(repository, "domains/good/domain.yaml", "owner: y\n");
	repository_set(repository, "domains/good/sql/t.sql", "SELECT 3 AS c");
}

// One domain's lost object breaks that domain; what else is wrong with it is said as well; and it is looked for again.
static void test_lost_blob(void)
{
	g_autoptr(Repository) repository = repository_new();
	g_autofree char *commit = NULL, *found = NULL, *report = NULL;
	g_autoptr(Layout) layout = NULL;
	g_autoptr(Layout) again = NULL;
	unsigned char id[20];

	set_up_two(repository);
	commit = repository_commit(repository);
	repository_blob(repository, "SELECT 1 AS lost", id);
	repository_lose(repository, id);
	layout = repository_load(repository, commit, NULL, NULL);
	found = layout_report(layout);
	report = g_strdup_printf(
		"domains/bad/sql/t.sql: error: cannot read 'domains/bad/sql/t.sql' (object "
		"c5f26f58bfe86888e239725e959ef37795e743d8) of revision %s in '%s': object not "
		"found - cannot read header for (c5f26f58bfe86888e239725e959ef37795e743d8)\n"
		"hint: 'git fsck' in the repository names what is damaged or missing\n"
		"domains/bad/sql/u.sql:1:1: error: the script has no statement\n"
		"hint: write a SELECT, or remove the file\n",
		commit, repository_path(repository));
	g_assert_cmpstr(found, ==, report);
	g_assert_true(layout_domain_find(layout, "bad")->broken);
	g_assert_false(layout_domain_find(layout, "good")->broken);
	repository_blob(repository, "SELECT 1 AS lost", id);
	again = repository_load(repository, commit, layout, NULL);
	g_assert_cmpuint(layout_domain_find(again, "bad")->flows_length, ==, 2);
	g_assert_cmpuint(layout_statistics(again)->domains_shared, ==, 1);
	g_assert_cmpuint(layout_statistics(again)->files_parsed, ==, 1);
}

static void test_lost_trees(void)
{
	static const struct {
		const char *path;
		size_t domains;
	} cases[] = {{"domains/bad/sql", 2}, {"domains/bad", 1}};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(Repository) repository = repository_new();
		g_autofree char *commit = NULL, *found = NULL, *begin = NULL, *spec = NULL;
		g_autoptr(Layout) layout = NULL;
		unsigned char id[20];

		set_up_two(repository);
		commit = repository_commit(repository);
		repository_id(repository, commit, cases[i].path, id);
		repository_lose(repository, id);
		layout = repository_load(repository, commit, NULL, NULL);
		found = layout_report(layout);
		begin = g_strdup_printf(
			"%s: error: cannot read '%s' (object ", cases[i].path, cases[i].path);
		g_assert_true(g_str_has_prefix(found, begin));
		g_assert_cmpuint(layout_domains_length(layout), ==, cases[i].domains);
		g_assert_false(layout_domain_find(layout, "good")->broken);
	}
}

// A tree that ends in the middle: the revision and the object are named.
static void test_cut_tree(void)
{
	g_autoptr(Repository) repository = repository_new();
	g_autofree char *commit = repository_commit_raw(repository, "100644 a.sql\0abc", 16);
	g_autoptr(Layout) layout = repository_load(repository, commit, NULL, NULL);
	g_autofree char *found = layout_report(layout);
	g_autofree char *end = g_strdup_printf(
		"of revision %s in '%s': the tree is cut short or not in git's form\n"
		"hint: 'git fsck' in the repository names what is damaged or missing\n",
		commit, repository_path(repository));

	g_assert_true(g_str_has_prefix(
		found, "domains/sales/sql: error: cannot read 'domains/sales/sql' (object "));
	g_assert_true(g_str_has_suffix(found, end));
	g_assert_true(layout_domain_find(layout, "sales")->broken);
}

// Without the top of it there is nothing that could be said of anyone's files.
static void test_lost_top(void)
{
	static const char *const paths[] = {"", "domains", "weir.yaml"};

	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autoptr(Repository) repository = repository_new();
		g_autofree char *commit = NULL, *begin = NULL;
		g_autoptr(GError) error = NULL;
		unsigned char id[20];

		set_up_two(repository);
		commit = repository_commit(repository);
		repository_id(repository, commit, paths[i], id);
		repository_lose(repository, id);
		g_assert_null(repository_load_within(repository, commit, NULL, NULL, &error));
		begin = g_strdup_printf(
			"cannot read '%s' (object ", *paths[i] == '\0' ? "/" : paths[i]);
		g_assert_true(g_str_has_prefix(error->message, begin));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_set_nonfatal_assertions();
	// libgit2 itself refuses some of these when it writes them.
	git_libgit2_init();
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 0);
	g_test_add_func("/trees/names", test_names);
	g_test_add_func("/trees/kinds", test_kinds);
	g_test_add_func("/trees/neighbours", test_neighbours);
	g_test_add_func("/trees/marks", test_marks);
	g_test_add_func("/trees/left-out", test_left_out);
	g_test_add_func("/trees/project-kinds", test_project_kinds);
	g_test_add_func("/trees/project-becomes-link", test_project_becomes_link);
	g_test_add_func("/trees/domain-kinds", test_domain_kinds);
	g_test_add_func("/trees/domain-entries", test_domain_entries);
	g_test_add_func("/trees/lost-blob", test_lost_blob);
	g_test_add_func("/trees/lost-trees", test_lost_trees);
	g_test_add_func("/trees/cut-tree", test_cut_tree);
	g_test_add_func("/trees/lost-top", test_lost_top);
	return g_test_run();
}
