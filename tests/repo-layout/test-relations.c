// What holds between scripts, flows and domains: who makes a table, who reads it, and who may.
#include "tests/repo-layout/repository.h"

#include <string.h>

static void test_subflows(void)
{
	g_autoptr(Repository) repository = repository_small();

	repository_set(repository, "domains/sales/flows/load.yaml",
		"id: load\ntasks: [{id: a, type: log, message: x}]\n");
	repository_set(repository, "domains/sales/flows/all.yaml",
		"id: all\ntasks:\n"
		"  - {id: good, type: subflow, flowId: load}\n"
		"  - {id: near, type: subflow, namespace: sales, flowId: laod}\n"
		"  - {id: far, type: io.kestra.plugin.core.flow.Subflow, namespace: sales, flowId: "
		"something}\n"
		"  - {id: other, type: subflow, namespace: elsewhere, flowId: laod}\n"
		"  - {id: late, type: subflow, flowId: 'l{{ inputs.x }}'}\n"
		"  - {id: off, type: subflow, flowId: laod, disabled: true}\n"
		"  - {id: it, type: sequential, tasks: [{id: in, type: foreach-item, items: x, "
		"flowId: loadd}]}\n"
		"inputs: [{id: x, type: STRING}]\n");
	repository_expect(repository,
		"domains/sales/flows/all.yaml:4:5: warning: task 'near' runs the flow "
		"'sales.laod', which the repository does not "
		"have\nhint: did you mean 'sales.load'?\n"
		"domains/sales/flows/all.yaml:5:5: warning: task 'far' runs the flow "
		"'sales.something', which the repository does "
		"not have\n"
		"domains/sales/flows/all.yaml:9:40: warning: task 'in' runs the flow "
		"'sales.loadd', which the repository does not "
		"have\nhint: did you mean 'sales.load'?\n");
	repository_set(repository, "domains/sales/flows/load.yaml", "- nothing\n  usable: [\n");
	repository_set(repository, "domains/sales/flows/all.yaml",
		"id: all\ntasks:\n  - {id: a, type: subflow, flowId: load}\n");
	{
		g_autofree char *commit = repository_commit(repository);
		g_autoptr(Layout) layout = repository_load(repository, commit, NULL, NULL);
		g_autofree char *found = layout_report(layout);

		g_assert_null(strstr(found, "which the repository does not have"));
	}
}

static void test_view_across_datasets(void)
{
	repository_expect_file("domains/sales/sql/a.sql",
		"/* weir\nfeed: VIEW\n*/\nSELECT *\nFROM finance.x\n",
		"domains/sales/sql/a.sql:5:1: error: the view 'sales.a' reads 'finance.x': on "
		"SQLite a view sees its own dataset only\n"
		"hint: make it a table (feed: WRITE_TRUNCATE), or move the script to the dataset "
		"'finance'\n");
}

// The ring of one: no engine makes a view out of itself, while a table may be made of what it held before.
static void test_view_of_itself(void)
{
	repository_expect_file("domains/sales/sql/a.sql",
		"/* weir\nfeed: VIEW\n*/\nSELECT *\nFROM Sales.A\n",
		"domains/sales/sql/a.sql:5:1: error: dependency cycle: sales.a "
		"(domains/sales/sql/a.sql:5) → sales.a\n"
		"hint: a view has to be made of other tables\n");
	repository_expect_file("domains/sales/sql/a.sql",
		"/* weir\nfeed: VIEW\n*/\nWITH a AS (SELECT 1 AS b) SELECT b FROM a\n", "");
	repository_expect_file("domains/sales/sql/a.sql", "SELECT b FROM a\n",
		"domains/sales/sql/a.sql:1:1: warning: 'sales.a' reads itself: it sees the rows of "
		"its last run, which this run replaces\n"
		"hint: a feed with history (WRITE_APPEND, MODE_DELTA) keeps the rows that it "
		"reads\n");
}

static void test_producers(void)
{
	g_autoptr(Repository) repository = repository_small();

	repository_set(repository, "domains/sales/sql/t.sql", "SELECT 1 AS a");
	repository_set(repository, "domains/sales/flows/load.yaml",
		"id: load\ntasks:\n  - id: l\n    type: sql.load\n    from: x.csv\n    table: "
		"sales.t\n");
	repository_expect(repository,
		"domains/sales/flows/load.yaml:1:1: error: the table 'sales.t' is also "
		"made by 'domains/sales/sql/t.sql'\n"
		"hint: remove or rename one of the two\n"
		"domains/sales/sql/t.sql:1:1: error: the table 'sales.t' is also made "
		"by 'domains/sales/flows/load.yaml'\n"
		"hint: remove or rename one of the two\n");
}

// What a script of statements makes beside its target is in the commit as well, and is not what its schema declares.
static void test_further_tables(void)
{
	g_autoptr(Repository) repository = repository_small();
	g_autofree char *commit = NULL;
	g_autoptr(Layout) layout = NULL;
	const LayoutTable *target, *further;

	repository_set(repository, "domains/sales/schemas/t.yaml", "fields: {a: INT64}\n");
	repository_set(repository, "domains/sales/sql/t.sql",
		"/* weir\nfeed: SCRIPT\nwrites: [declared]\n*/\nCREATE TABLE sales.t (a INT); "
		"CREATE "
		"TABLE sales.further (b INT);\n");
	commit = repository_commit(repository);
	layout = repository_load(repository, commit, NULL, NULL);
	target = layout_table_find(layout, "sales", "t");
	further = layout_table_find(layout, "sales", "further");
	g_assert_nonnull(target);
	g_assert_nonnull(target->schema);
	g_assert_nonnull(further);
	g_assert_null(further->schema);
	g_assert_cmpstr(further->flow, ==, "t");
	g_assert_nonnull(layout_table_find(layout, "sales", "declared"));
}

// Someone who writes into another domain's dataset does not hold its owner up.
static void test_intruder(void)
{
	g_autoptr(Repository) repository = repository_small();

	repository_set(repository, "domains/sales/sql/t.sql", "SELECT 1 AS a");
	repository_set(repository, "domains/other/domain.yaml", "owner: bob\n");
	repository_set(repository, "domains/other/sql/sales/t.sql", "SELECT 2 AS a");
	repository_expect(repository,
		"domains/other/sql/sales/t.sql:1:1: error: the table 'sales.t' is also made by "
		"'domains/sales/sql/t.sql'\n"
		"hint: remove or rename one of the two\n"
		"domains/sales/sql/t.sql:1:1: warning: the table 'sales.t' is also made by "
		"'domains/other/sql/sales/t.sql'\n"
		"hint: the dataset is this domain's: domain 'other' has to give way\n");
}

// The whole ring is said once.
static void test_cycle(void)
{
	g_autoptr(Repository) repository = repository_small();

	repository_set(repository, "domains/other/domain.yaml", "owner: bob\n");
	repository_set(repository, "domains/third/domain.yaml", "owner: cy\n");
	repository_set(repository, "domains/third/sql/d.sql", "SELECT * FROM sales.a");
	repository_set(repository, "domains/sales/sql/a.sql", "SELECT * FROM other.b");
	repository_set(repository, "domains/other/sql/b.sql", "SELECT *\nFROM sales.c");
	repository_set(repository, "domains/sales/sql/c.sql", "SELECT * FROM sales.a, sales.c");
	repository_expect(repository,
		"domains/other/sql/b.sql:2:1: error: dependency cycle: other.b "
		"(domains/other/sql/b.sql:2) → sales.c (domains/sales/sql/c.sql:1) → sales.a "
		"(domains/sales/sql/a.sql:1) → other.b\n"
		"hint: one of them has to stop reading the other; a feed with history may read "
		"itself\n"
		"domains/sales/sql/c.sql:1:1: warning: 'sales.c' reads itself: the columns of the "
		"empty table that its first run would see are not certain from the text\n"
		"hint: declare a schema, or write every column with its name instead of '*'\n");
}

// A table may be made of what it held: what is hardly meant, or will not start, is told.
static void test_reads_itself(void)
{
	g_autoptr(Repository) repository = repository_small();

	repository_set(repository, "domains/sales/sql/grows.sql",
		"/* weir\nfeed: WRITE_APPEND\n*/\nSELECT 1 AS id\nWHERE NOT EXISTS (SELECT 1 FROM "
		"grows)");
	repository_set(repository, "domains/sales/sql/star.sql",
		"/* weir\nfeed: WRITE_APPEND\n*/\nSELECT *\nFROM sales.star");
	repository_set(repository, "domains/sales/sql/declared.sql",
		"/* weir\nfeed: WRITE_APPEND\n*/\nSELECT *\nFROM sales.declared");
	repository_set(repository, "domains/sales/schemas/declared.json",
		"[{\"name\": \"id\", \"type\": \"INTEGER\"}]");
	repository_set(repository, "domains/sales/sql/last.sql",
		"SELECT 1 AS id\nUNION SELECT id FROM sales.last");
	repository_expect(repository,
		"domains/sales/sql/last.sql:2:1: warning: 'sales.last' reads itself: it sees the "
		"rows of its last run, which this run replaces\n"
		"hint: a feed with history (WRITE_APPEND, MODE_DELTA) keeps the rows that it "
		"reads\n"
		"domains/sales/sql/star.sql:5:1: warning: 'sales.star' reads itself: the columns "
		"of "
		"the empty table that its first run would see are not certain from the text\n"
		"hint: declare a schema, or write every column with its name instead of '*'\n");
}

static void test_too_many_datasets(void)
{
	g_autoptr(Repository) repository = repository_small();
	g_autoptr(GString) sql = g_string_new("SELECT 1 AS one");

	for (int i = 1; i <= 9; i++)
		g_string_append_printf(sql, "\nUNION ALL SELECT one FROM d%d.t", i);
	repository_set(repository, "domains/sales/sql/ten.sql", sql->str);
	repository_expect(repository, "");
	g_string_append(sql, "\nUNION ALL SELECT one FROM D9.u\nUNION ALL SELECT one FROM d10.t");
	repository_set(repository, "domains/sales/sql/ten.sql", sql->str);
	repository_expect(repository,
		"domains/sales/sql/ten.sql:12:1: error: the script reaches 11 datasets: the "
		"embedded SQLite reaches at most 10 at once\n"
		"hint: gather some of them in a table of this dataset first, and read that\n");
}

static void test_twins(void)
{
	g_autoptr(Repository) repository = repository_small();

	repository_set(repository, "domains/Sales/eu/domain.yaml", "owner: bob\n");
	repository_expect(repository,
		"domains/Sales: error: its name differs from that of 'domains/sales' in letter "
		"case only\n"
		"hint: rename one of the two folders\n"
		"domains/sales: error: its name differs from that of 'domains/Sales' in letter "
		"case only\n"
		"hint: rename one of the two folders\n");
}

static void test_unknown_table(void)
{
	g_autoptr(Repository) repository = repository_small();

	repository_set(repository, "domains/sales/sql/orders.sql", "SELECT 1 AS a");
	repository_set(
		repository, "domains/sales/sql/b.sql", "SELECT *\nFROM sales.ordrs, elsewhere.t");
	repository_expect(repository,
		"domains/sales/sql/b.sql:2:1: warning: nothing makes the table "
		"'sales.ordrs'\nhint: did you mean 'sales.orders'?\n");
}

static void test_consumers(void)
{
	g_autoptr(Repository) repository = repository_small();

	repository_set(
		repository, "domains/sales/domain.yaml", "owner: ann\nconsumers: [finance]\n");
	repository_set(repository, "domains/sales/sql/t.sql", "SELECT 1 AS a");
	repository_set(repository, "domains/finance/domain.yaml", "owner: bob\n");
	repository_set(repository, "domains/finance/sql/f.sql", "SELECT * FROM sales.t");
	repository_set(repository, "domains/other/domain.yaml", "owner: cy\n");
	repository_set(repository, "domains/other/sql/o.sql", "SELECT *\nFROM sales.t");
	repository_expect(repository,
		"domains/other/sql/o.sql:2:1: error: the domain 'other' may not read 'sales.t'\n"
		"hint: ask ann to add 'other' to 'consumers' in domains/sales/domain.yaml\n");
}

// A check runs where its script does, and sees no further.
static void test_references(void)
{
	g_autoptr(Repository) repository = repository_small();

	repository_set(repository, "weir.yaml",
		"name: shop\nconnections:\n  dwh: {driver: postgres, url: postgresql://h/d}\n");
	repository_set(repository, "domains/other/domain.yaml", "owner: bob\nconnection: dwh\n");
	repository_set(repository, "domains/other/sql/far.sql", "SELECT 1 AS id");
	repository_set(repository, "domains/sales/sql/near.sql", "SELECT 1 AS id");
	repository_set(repository, "domains/sales/schemas/filled.json",
		"[{\"name\": \"id\", \"type\": \"INT64\"}]");
	repository_set(repository, "domains/sales/sql/good.sql",
		"/* weir\nchecks:\n  - relationships: {column: id, to: sales.near.id}\n"
		"  - relationships: {column: id, to: sales.good.id}\n"
		"  - relationships: {column: id, to: sales.filled.id}\n*/\nSELECT 1 AS id");
	repository_expect(repository, "");
	repository_set(repository, "domains/sales/sql/far.sql",
		"/* weir\nchecks:\n  - not_null: [id]\n"
		"  - relationships: {column: id, to: other.far.id}\n*/\nSELECT 1 AS id");
	repository_set(repository, "domains/sales/sql/side.sql", "SELECT 1 AS id");
	repository_set(repository, "domains/sales/sql/side.yaml",
		"checks:\n  - relationships: {column: id, to: nowhere.at.id}\n");
	repository_set(repository, "domains/other/sql/outside.sql",
		"/* weir\nchecks:\n  - relationships: {column: id, to: elsewhere.t.id}\n"
		"  - relationships: {column: id, to: sales.any.id}\n*/\nSELECT 1 AS id");
	repository_expect(repository,
		"domains/other/sql/outside.sql:4:5: error: the check looks into 'sales.any', which "
		"is on the connection 'default', and runs on 'dwh'\n"
		"hint: compare the two with a flow that loads one of them into the other's "
		"connection\n"
		"domains/sales/sql/far.sql:4:5: error: the check looks into 'other.far', which is "
		"on the connection 'dwh', and runs on 'default'\n"
		"hint: compare the two with a flow that loads one of them into the other's "
		"connection\n"
		"domains/sales/sql/side.yaml:2:5: error: the check looks into 'nowhere.at', which "
		"nothing makes on the connection 'default'\n"
		"hint: declare it with a file in schemas/ if something else fills it\n");
	repository_expect_file("domains/sales/sql/a.sql",
		"/* weir\nchecks:\n  - relationships: {column: id, to: a.b.c.d}\n*/\nSELECT 1 AS "
		"id\n",
		"domains/sales/sql/a.sql:3:20: error: 'to' cannot be 'a.b.c.d'\nhint: write "
		"dataset.table.column\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_set_nonfatal_assertions();
	g_test_add_func("/layout/subflows", test_subflows);
	g_test_add_func("/layout/reads-itself", test_reads_itself);
	g_test_add_func("/layout/too-many-datasets", test_too_many_datasets);
	g_test_add_func("/layout/view-across-datasets", test_view_across_datasets);
	g_test_add_func("/layout/view-of-itself", test_view_of_itself);
	g_test_add_func("/layout/producers", test_producers);
	g_test_add_func("/layout/further-tables", test_further_tables);
	g_test_add_func("/layout/intruder", test_intruder);
	g_test_add_func("/layout/cycle", test_cycle);
	g_test_add_func("/layout/twins", test_twins);
	g_test_add_func("/layout/unknown-table", test_unknown_table);
	g_test_add_func("/layout/consumers", test_consumers);
	g_test_add_func("/layout/references", test_references);
	return g_test_run();
}
