// Trees that a project maps by patterns, and sets of flows from one template.
#include "tests/repo-layout/repository.h"

#include <string.h>

// A tree as it is, taken by patterns: sidecars and schemas beside the scripts, other files left alone.
static void test_patterns(void)
{
	g_autoptr(Repository) repository = repository_new();
	g_autofree char *commit = NULL;
	g_autofree char *definition = NULL;
	g_autoptr(Layout) layout = NULL;
	const LayoutFlow *flow;

	repository_set(repository, "weir.yaml",
		"name: lake\nowner: ann\nlayout:\n  scripts: "
		"\"sql/{project}/{dataset}/{table}/query.sql\"\n"
		"  headers: \"sql/{project}/{dataset}/{table}/weir.yaml\"\n"
		"  schemas: \"sql/{project}/{dataset}/{table}/schema.yaml\"\n");
	repository_set(repository, "sql/p/d/one/query.sql", "SELECT 1 AS a");
	repository_set(repository, "sql/p/d/one/schema.yaml", "fields: [{name: a, type: INT64}]\n");
	repository_set(repository, "sql/p/d/one/metadata.yaml", "anything: goes\n");
	repository_set(repository, "sql/p/d/two/query.sql", "SELECT * FROM d.one");
	repository_set(repository, "sql/p/d/two/weir.yaml", "feed: WRITE_APPEND\n");
	repository_set(repository, "sql/README.md", "x");
	repository_expect(repository, "");
	commit = repository_commit(repository);
	layout = repository_load(repository, commit, NULL, NULL);
	flow = layout_flow_find(layout, "lake", "p.d.two");
	g_assert_nonnull(flow);
	g_assert_cmpint(flow->feed, ==, FEED_WRITE_APPEND);
	g_assert_cmpstr(flow->target, ==, "p.d.two");
	g_assert_cmpstr(flow->reads[0], ==, "p.d.one");
	g_assert_true(
		layout_producer(layout, "p.d.one") == layout_flow_find(layout, "lake", "p.d.one"));
	g_assert_nonnull(layout_table_find(layout, "p.d", "one")->schema);
	layout_forget_definitions(layout);
	definition = layout_flow_definition(layout, flow, NULL);
	g_assert_nonnull(strstr(definition, "\"feed\":\"WRITE_APPEND\""));
	repository_set(
		repository, "weir.yaml", "name: x\nlayout: {scripts: \"sql/{tabel}.sql\"}\n");
	repository_expect(repository,
		"weir.yaml:2:19: error: the pattern 'layout.scripts' needs '{table}'\n"
		"weir.yaml:2:19: error: the pattern 'layout.scripts' has the unknown name "
		"'{tabel}'\nhint: did you mean 'table'?\n");
	repository_set(repository, "weir.yaml",
		"name: x\nlayout: {scripts: \"../{table}.sql\", flows: "
		"\"/{domain}-{flow}.yaml\"}\n");
	repository_expect(repository,
		"weir.yaml:2:19: error: the pattern 'layout.scripts' has the part '..', which no "
		"path "
		"has\n"
		"hint: write it from the top of the repository, without a slash at its beginning "
		"or "
		"end\n"
		"weir.yaml:2:44: error: the pattern 'layout.flows' has the part '', which no path "
		"has\n"
		"hint: write it from the top of the repository, without a slash at its beginning "
		"or "
		"end\n"
		"weir.yaml:2:44: error: the pattern 'layout.flows' has more than one name in the "
		"part "
		"'{domain}-{flow}.yaml'\n");
}

// What would be a file of the domain and cannot be used breaks it: what it made must not count as removed.
static void test_pattern_faults(void)
{
	g_autoptr(Repository) repository = repository_new();
	g_autofree char *commit = NULL, *found = NULL, *again = NULL;
	g_autoptr(Layout) layout = NULL;
	g_autoptr(Layout) lost = NULL;
	unsigned char id[20];

	repository_set(repository, "weir.yaml",
		"name: lake\nlayout:\n  scripts: \"sql/{domain}/{dataset}/{table}.sql\"\n");
	repository_set(repository, "sql/a/d/one.sql", "SELECT 1 AS a");
	repository_set(repository, "sql/a/d/ONE.sql", "SELECT 1 AS a");
	repository_set(repository, "sql/b/d/two.sql", "SELECT 2 AS a");
	repository_set(repository, "sql/b/e/three.sql", "SELECT 3 AS a");
	commit = repository_commit(repository);
	layout = repository_load(repository, commit, NULL, NULL);
	found = layout_report(layout);
	g_assert_cmpstr(found, ==,
		"sql/a/d/ONE.sql: error: the entry is refused: its name differs from another one's "
		"in letter case only\n"
		"sql/a/d/one.sql: error: the entry is refused: its name differs from another one's "
		"in letter case only\n");
	g_assert_null(layout_domain_find(layout, "a"));
	g_assert_false(layout_domain_find(layout, "b")->broken);
	repository_id(repository, commit, "sql/b/e", id);
	repository_lose(repository, id);
	lost = repository_load(repository, commit, NULL, NULL);
	again = layout_report(lost);
	g_assert_nonnull(strstr(again, "sql/b/e: error: cannot read 'sql/b/e' (object "));
	g_assert_true(layout_domain_find(lost, "b")->broken);
}

static void test_flow_set(void)
{
	g_autoptr(Repository) repository = repository_small();
	g_autofree char *commit = NULL;
	g_autofree char *definition = NULL;
	g_autofree char *again = NULL;
	g_autoptr(Layout) layout = NULL;
	const LayoutFlow *flow;

	repository_set(repository, "domains/sales/flowsets/copies.yaml",
		"id: copy_{{ row.name }}\nrows: copies.csv\ntemplate:\n  labels: {team: \"{{ "
		"row.team }}\"}\n  tasks:\n"
		"    - {id: l, type: log, message: \"{{ row.name }} on {{ taskrun.id }}\"}\n");
	repository_set(
		repository, "domains/sales/flowsets/copies.csv", "name,team\na,\"x, y\"\nb,z\n");
	repository_expect(repository, "");
	commit = repository_commit(repository);
	layout = repository_load(repository, commit, NULL, NULL);
	flow = layout_flow_find(layout, "sales", "copy_a");
	g_assert_nonnull(flow);
	g_assert_nonnull(layout_flow_find(layout, "sales", "copy_b"));
	g_assert_cmpint(flow->kind, ==, LAYOUT_FLOW_SET);
	definition = layout_flow_definition(layout, flow, NULL);
	g_assert_cmpstr(definition, ==,
		"{\"id\":\"copy_a\",\"namespace\":\"sales\",\"labels\":{\"team\":\"x, "
		"y\"},\"tasks\":[{\"id\":\"l\",\"type\":\"log\","
		"\"message\":\"a on {{ taskrun.id }}\"}]}");
	layout_forget_definitions(layout);
	again = layout_flow_definition(layout, flow, NULL);
	g_assert_cmpstr(again, ==, definition);
	repository_set(repository, "domains/sales/flowsets/copies.yaml",
		"id: copy_{{ row.nmae }}\nrows: [{name: a}]\ntemplate: {tasks: [{id: l, type: "
		"lgo}]}\n");
	repository_expect(repository,
		"domains/sales/flowsets/copies.yaml:3:11: error: row 1 has no "
		"'row.nmae'\nhint: did you mean 'name'?\n"
		"domains/sales/flowsets/copies.yaml:3:11: error: row 1: unknown task "
		"type 'lgo'\nhint: did you mean 'log'?\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_set_nonfatal_assertions();
	g_test_add_func("/layout/patterns", test_patterns);
	g_test_add_func("/layout/pattern-faults", test_pattern_faults);
	g_test_add_func("/layout/flow-set", test_flow_set);
	return g_test_run();
}
