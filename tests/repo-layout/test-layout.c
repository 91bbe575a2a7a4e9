// What a repository's files become, and what is said about those that are wrong: projects, domains, scripts and schemas.
#include "tests/repo-layout/repository.h"

#include <string.h>

static void test_smallest(void)
{
	g_autoptr(Repository) repository = repository_small();
	g_autofree char *commit = repository_commit(repository);
	g_autoptr(Layout) layout = repository_load(repository, commit, NULL, NULL);
	const LayoutDomain *domain = layout_domain_find(layout, "sales");

	repository_expect(repository, "");
	g_assert_cmpstr(layout_name(layout), ==, "shop");
	g_assert_cmpstr(layout_revision(layout), ==, commit);
	g_assert_cmpuint(layout_domains_length(layout), ==, 1);
	g_assert_cmpstr(domain->owner, ==, "ann");
	g_assert_cmpstr(domain->connection, ==, "default");
	g_assert_cmpstr(domain->dataset, ==, "sales");
	g_assert_false(domain->broken);
}

static void test_script(void)
{
	g_autoptr(Repository) repository = repository_small();
	g_autoptr(Layout) layout = NULL;
	g_autofree char *commit = NULL;
	g_autofree char *definition = NULL;
	g_autofree char *digest = NULL;
	g_autoptr(Flow) flow = NULL;
	const LayoutFlow *script;

	repository_set(repository, "domains/sales/sql/orders.sql",
		"/* weir\nfeed: MODE_DELTA\nkey: [order_id]\nchecks:\n  - not_null: "
		"[order_id]\n*/\n"
		"SELECT * FROM order_lines -- \"all\"\nWHERE day = {{ vars.day ?? 1 }}\n");
	commit = repository_commit(repository);
	layout = repository_load(repository, commit, NULL, NULL);
	script = layout_flow_find(layout, "sales", "orders");
	g_assert_nonnull(script);
	g_assert_cmpstr(script->target, ==, "sales.orders");
	g_assert_cmpstr(script->reads[0], ==, "sales.order_lines");
	g_assert_cmpint(script->feed, ==, FEED_MODE_DELTA);
	definition = layout_flow_definition(layout, script, NULL);
	g_assert_cmpstr(definition, ==,
		"{\"concurrency\":{\"behavior\":\"QUEUE\",\"limit\":1},\"id\":\"orders\","
		"\"labels\":{\"system.generated\":"
		"\"true\"},\"namespace\":\"sales\",\"tasks\":[{\"checks\":[{\"columns\":[\"order_"
		"id\"],\"type\":\"not_null\"}],"
		"\"connection\":\"default\",\"dialect\":\"sqlite\",\"feed\":\"MODE_DELTA\",\"id\":"
		"\"build\",\"key\":[\"order_id\"],"
		"\"sql\":\"SELECT * FROM order_lines -- \\\"all\\\"\\nWHERE day = {{ vars.day ?? 1 "
		"}}\",\"table\":\"sales.orders\","
		"\"type\":\"sql.build\"}],\"triggers\":[{\"all\":[\"sales.order_lines\"],\"id\":"
		"\"tables\",\"type\":\"tables\"}]}");
	// The digest that is written along is that of the model.
	flow = flow_parse("stored", definition, strlen(definition), NULL, NULL);
	digest = flow_meaning_digest(flow, NULL);
	g_assert_cmpstr(digest, ==, script->digest);
	g_assert_true(layout_producer(layout, "SALES.Orders") == script);
}

static void test_misspelt_folders(void)
{
	static const struct {
		const char *path, *near;
	} rows[] = {
		{"flow/load.yaml", "flows"},
		{"sql2/a.sql", "sql"},
		{"SQL/a.sql", "sql"},
		{"schema/a.json", "schemas"},
		{"schema/mart/a.json", "schemas"},
		{"script/run.sh", "scripts"},
		{"flow-sets/a.yaml", "flowsets"},
		{"flow/README.md", NULL},
		{"seeds/a.yaml", NULL},
		{"rows/a.yaml", NULL},
		{"docs/a.sql", NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_strconcat("domains/sales/", rows[i].path, NULL);
		g_autofree char *name = g_strndup(rows[i].path, strcspn(rows[i].path, "/"));
		g_autofree char *report =
			g_strdup_printf("domains/sales/%s: warning: no folder '%s' has a meaning "
					"in a domain: its files are not read\n"
					"hint: did you mean '%s'?\n",
				name, name, rows[i].near);

		repository_expect_file(path, "SELECT 1 AS a", rows[i].near == NULL ? "" : report);
	}
}

// A domain may be called as it likes.
static void test_domain_of_a_near_name(void)
{
	g_autoptr(Repository) repository = repository_small();

	repository_set(repository, "domains/sales/flow/domain.yaml", "owner: ann\n");
	repository_set(repository, "domains/sales/flow/flows/a.yaml",
		"id: a\ntasks: [{id: a, type: log, message: x}]\n");
	repository_expect(repository, "");
}

// What the engine refuses would otherwise come out when the script runs.
static void test_names_of_the_engine(void)
{
	g_autoptr(Repository) repository = repository_small();

	repository_expect_file("domains/sales/sql/main/a.sql", "SELECT 1 AS a\n",
		"domains/sales/sql/main/a.sql:1:1: error: 'main' cannot be a dataset: SQLite keeps "
		"the name for itself\nhint: give the folder another name\n");
	repository_expect_file("domains/sales/sql/sqlite_a.sql", "SELECT 1 AS a\n",
		"domains/sales/sql/sqlite_a.sql:1:1: error: 'sales.sqlite_a' cannot be a table: "
		"SQLite keeps names that begin with 'sqlite_' for itself\n"
		"hint: give the file another name\n");
	repository_set(repository, "domains/sales/domain.yaml", "owner: ann\ndataset: 1a\n");
	repository_set(repository, "domains/sales/sql/a.sql", "SELECT 1 AS a\n");
	repository_expect(repository,
		"domains/sales/sql/a.sql:1:1: error: '1a' cannot be a dataset: a name begins with "
		"a letter of a to z or '_'\n"
		"hint: give the domain's dataset another name: 'dataset' in domain.yaml\n");
	repository_set(repository, "domains/sales/domain.yaml", "owner: ann\ndataset: Temp\n");
	repository_expect(repository,
		"domains/sales/sql/a.sql:1:1: error: 'Temp' cannot be a dataset: SQLite keeps the "
		"name for itself\n"
		"hint: give the domain's dataset another name: 'dataset' in domain.yaml\n");
	repository_set(repository, "domains/sales/domain.yaml", "owner: ann\ndataset: a-B_1\n");
	repository_expect(repository, "");
}

static void test_connection_place(void)
{
	repository_expect_file("domains/sales/domain.yaml", "owner: ann\nconnection: nope\n",
		"domains/sales/domain.yaml:2:13: error: unknown connection 'nope'\n"
		"hint: declare it under 'connections' in weir.yaml\n");
}

static void test_schema(void)
{
	g_autoptr(Repository) repository = repository_small();
	g_autofree char *commit = NULL;
	g_autoptr(Layout) layout = NULL;
	const LayoutTable *table;

	repository_set(repository, "domains/sales/schemas/t.yaml",
		"primary_key: [id]\nfields:\n  id: INTEGER required\n  name: {type: varchar(20), "
		"previous_name: title}\n"
		"  price: numeric( 12 , 2 )\n  who:\n    fields: {first: STRING}\n");
	commit = repository_commit(repository);
	layout = repository_load(repository, commit, NULL, NULL);
	repository_expect(repository, "");
	table = layout_table_find(layout, "sales", "t");
	g_assert_cmpstr(table->schema, ==,
		"{\"fields\":[{\"mode\":\"REQUIRED\",\"name\":\"id\",\"type\":\"INT64\"},{\"name\":"
		"\"name\",\"previous_name\":\"title\","
		"\"type\":\"STRING(20)\"},{\"name\":\"price\",\"type\":\"NUMERIC(12,2)\"},{"
		"\"fields\":[{\"name\":\"first\",\"type\":"
		"\"STRING\"}],\"name\":\"who\",\"type\":\"RECORD\"}],\"primary_key\":[\"id\"]}");
}

static void test_schema_faults(void)
{
	repository_expect_file("domains/sales/schemas/t.json", "[{\"name\": \"a\"",
		"domains/sales/schemas/t.json:2:1: error: not valid JSON: did not find expected "
		"',' or '}', while parsing a flow "
		"mapping\n");
	repository_expect_file("domains/sales/schemas/t.json",
		"[{\"name\": \"a\", \"type\": \"STRNG\"}]",
		"domains/sales/schemas/t.json:1:24: error: unknown column type 'STRNG'\nhint: did "
		"you mean 'STRING'?\n");
	repository_expect_file("domains/sales/schemas/t.json",
		"{\"fields\": [{\"type\": \"DATE\"}]}",
		"domains/sales/schemas/t.json:1:13: error: schema field needs the key 'name'\n");
	repository_expect_file("domains/sales/schemas/t.json",
		"[{\"name\": \"a\", \"type\": \"DATE\"}, {\"name\": \"A\", \"type\": \"DATE\"}]",
		"domains/sales/schemas/t.json:1:33: error: the column 'A' is here a second time\n"
		"hint: column names compare without letter case\n");
	repository_expect_file("domains/sales/schemas/t.json",
		"[{\"name\": \"a\", \"type\": \"DATE(3)\"}]",
		"domains/sales/schemas/t.json:1:24: error: the column type 'DATE' takes no "
		"length\n");
}

static void test_project_faults(void)
{
	g_autoptr(Repository) repository = repository_new();

	repository_set(repository, "README", "x");
	repository_expect(repository,
		"weir.yaml: error: the repository has no weir.yaml\nhint: the least is "
		"'name: x'; 'weir init' writes one\n");
	repository_set(repository, "weir.yaml", "nmae: x\n");
	repository_expect(repository,
		"weir.yaml:1:1: error: unknown key 'nmae' in weir.yaml\nhint: did you "
		"mean 'name'?\n"
		"weir.yaml:1:1: error: weir.yaml needs the key 'name'\n");
	repository_set(repository, "weir.yaml", "name: \"\"\n");
	repository_expect(repository,
		"weir.yaml:1:7: error: 'name' cannot be empty\nhint: the least is 'name: x'\n");
	repository_set(repository, "weir.yaml", "name: x\n");
	repository_set(repository, "domains/a/sql/t.sql", "SELECT 1");
	repository_expect(repository,
		"domains/a: error: the folder has 'sql' but no 'domain.yaml'\nhint: the "
		"least is 'owner: x'\n");
}

static void test_nested_domains(void)
{
	g_autoptr(Repository) repository = repository_small();
	g_autofree char *commit = NULL;
	g_autoptr(Layout) layout = NULL;

	repository_set(repository, "domains/sales/eu/domain.yaml", "owner: eve\n");
	repository_set(repository, "domains/sales/eu/sql/t.sql", "SELECT * FROM sales.x");
	commit = repository_commit(repository);
	layout = repository_load(repository, commit, NULL, NULL);
	g_assert_cmpstr(layout_domain_find(layout, "sales.eu")->dataset, ==, "sales_eu");
	g_assert_cmpstr(layout_flow_find(layout, "sales.eu", "t")->target, ==, "sales_eu.t");
	repository_set(repository, "domains/sales.eu/domain.yaml", "owner: eve\n");
	repository_set(repository, "domains/sales/eu/sql/t.sql", NULL);
	repository_expect(repository,
		"domains/sales.eu/domain.yaml: error: 'domains/sales/eu' names the same "
		"domain 'sales.eu'\n"
		"hint: rename one of the two folders\n"
		"domains/sales/eu/domain.yaml: error: 'domains/sales.eu' names the same "
		"domain 'sales.eu'\n"
		"hint: rename one of the two folders\n");
}

static void test_two_ids(void)
{
	g_autoptr(Repository) repository = repository_small();

	repository_set(repository, "domains/sales/flows/a.yaml",
		"id: x\ntasks: [{id: l, type: log, message: hi}]\n");
	repository_set(repository, "domains/sales/flows/b.yaml",
		"\nid: x\ntasks: [{id: l, type: log, message: hi}]\n");
	repository_expect(repository,
		"domains/sales/flows/a.yaml:1:1: error: the flow 'x' is also in "
		"'domains/sales/flows/b.yaml'\n"
		"hint: remove or rename one of the two\n"
		"domains/sales/flows/b.yaml:2:1: error: the flow 'x' is also in "
		"'domains/sales/flows/a.yaml'\n"
		"hint: remove or rename one of the two\n");
}

static void test_large_file(void)
{
	g_autoptr(Repository) repository = repository_small();
	g_autofree char *text = g_strnfill(1024 * 1024 + 1, ' ');

	repository_set(repository, "domains/sales/sql/t.sql", text);
	repository_expect(repository,
		"domains/sales/sql/t.sql: error: the file has 1048577 bytes: the limit "
		"'file_bytes' of 1048576 is passed by 1\n"
		"hint: make the file smaller, or raise 'limits.file_bytes' in the server's "
		"configuration\n");
}

static void test_unreadable(void)
{
	g_autoptr(Repository) repository = repository_small();
	g_autoptr(GError) error = NULL;
	g_autoptr(SourceTree) tree =
		source_tree_open_commit(repository_path(repository), "no-such", &error);
	g_autofree char *message = g_strdup_printf(
		"repository '%s' has no revision 'no-such': give a branch, a tag or a commit",
		repository_path(repository));

	g_assert_null(tree);
	g_assert_cmpstr(error->message, ==, message);
	g_clear_error(&error);
	tree = source_tree_open("/nowhere/at/all", NULL, &error);
	g_assert_cmpstr(
		error->message, ==, "cannot open '/nowhere/at/all': No such file or directory");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_set_nonfatal_assertions();
	g_test_add_func("/layout/smallest", test_smallest);
	g_test_add_func("/layout/script", test_script);
	g_test_add_func("/layout/misspelt-folders", test_misspelt_folders);
	g_test_add_func("/layout/domain-of-a-near-name", test_domain_of_a_near_name);
	g_test_add_func("/layout/names-of-the-engine", test_names_of_the_engine);
	g_test_add_func("/layout/connection-place", test_connection_place);
	g_test_add_func("/layout/schema", test_schema);
	g_test_add_func("/layout/schema-faults", test_schema_faults);
	g_test_add_func("/layout/project-faults", test_project_faults);
	g_test_add_func("/layout/nested-domains", test_nested_domains);
	g_test_add_func("/layout/two-ids", test_two_ids);
	g_test_add_func("/layout/large-file", test_large_file);
	g_test_add_func("/layout/unreadable", test_unreadable);
	return g_test_run();
}
