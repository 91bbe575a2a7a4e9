// Checks of staged rows: what fails each kind, what NULL means to it, thresholds, and what is kept of the failures.
#include <string.h>

#include "tests/runner/build_bed.h"

// id, name, price, parent: one NULL in each but id; id 3 twice.
#define ROWS                                                                                       \
	"SELECT 1 AS id, 'a' AS name, 10 AS price, NULL AS parent UNION ALL SELECT 2, 'b', NULL, " \
	"1 "                                                                                       \
	"UNION ALL SELECT 3, NULL, -5, 2 UNION ALL SELECT 3, 'd', 7, 9"

static bool build(Bed *bed, const char *checks)
{
	g_autofree char *properties = g_strdup_printf(
		"{\"table\": \"sales.t\", \"checks\": [%s], \"sql\": \"%s\"}", checks, ROWS);

	return bed_build(bed, properties);
}

static const struct {
	const char *check;
	const char *message; // NULL: passes
} CASES[] = {
	{"{\"not_null\": [\"id\"]}", NULL},
	{"{\"not_null\": [\"id\", \"name\"]}", "not_null(name): 1 of 4 rows fail"},
	{"{\"not_null\": {\"columns\": [\"name\"], \"where\": \"id < 3\"}}", NULL},
	{"{\"not_null\": {\"columns\": [\"name\"], \"where\": \"id = 3 -- comment\"}}",
		"not_null(name): 1 of 2 rows fail"},
	{"{\"type\": \"not_null\", \"columns\": [\"name\"]}", "not_null(name): 1 of 4 rows fail"},
	{"{\"unique\": [\"id\"]}", "unique(id): 1 of 4 rows fail"},
	{"{\"unique\": [\"id\", \"name\"]}", NULL}, // a NULL in the key does not count
	{"{\"unique\": [\"name\"]}", NULL},
	{"{\"unique\": {\"columns\": [\"id\"], \"where\": \"price > 0\"}}", NULL},
	{"{\"accepted_values\": {\"column\": \"name\", \"values\": [\"a\", \"b\"]}}",
		"accepted_values(name): 1 of 4 rows fail"}, // NULL passes
	{"{\"accepted_values\": {\"column\": \"id\", \"values\": [1, 2, 3]}}", NULL},
	{"{\"accepted_range\": {\"column\": \"price\", \"min\": 0}}",
		"accepted_range(price): 1 of 4 rows fail"},
	{"{\"accepted_range\": {\"column\": \"price\", \"min\": -5, \"max\": 10}}", NULL},
	{"{\"accepted_range\": {\"column\": \"price\", \"min\": -5, \"max\": 10, \"inclusive\": "
	 "false}}",
		"accepted_range(price): 2 of 4 rows fail"},
	{"{\"relationships\": {\"column\": \"parent\", \"to\": \"sales.t.id\"}}", // its own rows
		"relationships(parent): 1 of 4 rows fail"},
	{"{\"relationships\": {\"column\": \"parent\", \"to\": \"other.parents.id\"}}", NULL},
	{"{\"row_count\": {\"min\": 1, \"max\": 4}}", NULL},
	{"{\"row_count\": {\"min\": 5}}", "row_count: not so, with 4 rows"},
	{"{\"row_count\": {\"equals\": 2, \"where\": \"id = 3\"}}", NULL},
	{"{\"expression\": \"price > 0\"}", "expression: 1 of 4 rows fail"}, // NULL passes
	{"{\"expression\": {\"expression\": \"price > {{ least }}\"}}", NULL},
	{"{\"name\": \"positive\", \"expression\": \"price > 0\"}", "positive: 1 of 4 rows fail"},
	{"{\"sql\": \"SELECT * FROM {{ this }} WHERE id > 2;\"}", "sql: 2 of 4 rows fail"},
	{"{\"sql\": \"SELECT 1 WHERE FALSE\"}", NULL},
	{"{\"not_null\": [\"name\"], \"error_if\": \">1\"}", NULL},
	{"{\"not_null\": [\"name\"], \"error_if\": \">=1\"}", "not_null(name): 1 of 4 rows fail"},
	{"{\"not_null\": [\"name\"], \"error_if\": \"25%\"}", NULL},
	{"{\"not_null\": [\"name\"], \"error_if\": \">24.9%\"}",
		"not_null(name): 1 of 4 rows fail"},
};

static void test_kinds(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	json_object_set_new(bed.variables, "least", json_integer(-6));
	bed_execute(&bed, "other",
		"CREATE TABLE other.parents (id); INSERT INTO other.parents VALUES (1), (2), (9), "
		"(NULL)");
	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		bool done = build(&bed, CASES[i].check);
		g_autofree char *error =
			CASES[i].message == NULL
				? NULL
				: g_strconcat(
					  "'sales.t' was not published: ", CASES[i].message, NULL);

		g_assert_cmpstr(bed.error, ==, error);
		g_assert_cmpint(done, ==, CASES[i].message == NULL);
	}
}

static void test_freshness(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	g_assert_true(bed_build(&bed, "{\"table\": \"sales.t\", \"checks\": [{\"freshness\": "
				      "{\"column\": \"at\", \"within\": \"PT1H\"}}], \"sql\": "
				      "\"SELECT datetime('now', '-30 minutes') AS at\"}"));
	g_assert_false(bed_build(&bed, "{\"table\": \"sales.t\", \"checks\": [{\"freshness\": "
				       "{\"column\": \"at\", \"within\": \"PT1H\"}}], \"sql\": "
				       "\"SELECT datetime('now', '-90 minutes') AS at\"}"));
	g_assert_cmpstr(
		bed.error, ==, "'sales.t' was not published: freshness(at): not so, with 1 rows");
	g_assert_false(bed_build(&bed,
		"{\"table\": \"sales.t\", \"checks\": [{\"freshness\": {\"column\": \"at\", "
		"\"within\": \"PT1H\"}}], \"sql\": \"SELECT NULL AS at\"}"));
}

static void test_refused(void)
{
	static const struct {
		const char *check;
		const char *error;
	} REFUSED[] = {
		{"{\"not_null\": [\"nmae\"]}",
			"check not_null(nmae): there is no column 'nmae'; did you mean 'name'?"},
		{"{\"unique\": []}", "check 1: unique needs a column or a list of columns"},
		{"{\"accepted_values\": {\"column\": \"id\"}}",
			"accepted_values needs 'values': a list of what is accepted"},
		{"{\"accepted_range\": {\"column\": \"id\"}}",
			"accepted_range needs 'min' or 'max'"},
		{"{\"relationships\": {\"column\": \"id\", \"to\": \"x\"}}",
			"relationships needs 'to': dataset.table.column"},
		{"{\"row_count\": {}}", "row_count needs 'min', 'max' or 'equals'"},
		{"{\"expression\": \"prise > 0\"}", "check expression: no such column: prise"},
		{"{\"expression\": \"price > \"}", "check expression: near \")\": syntax error"},
		{"{\"sql\": \"DELETE FROM {{ this }}\"}",
			"check sql: must only read; its rows are the failures"},
		{"{\"not_null\": [\"id\"], \"error_if\": \"many\"}",
			"check 1: error_if must be like \">10\" or \"5%\""},
		{"{\"not_null\": [\"id\"], \"severity\": \"info\"}",
			"check 1: severity 'info' is neither error nor warn"},
		{"{\"not_null\": [\"id\"], \"unique\": [\"id\"]}",
			"check 1: a check is one key (not_null, unique, …) with what it takes"},
	};
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	for (size_t i = 0; i < G_N_ELEMENTS(REFUSED); i++) {
		g_assert_false(build(&bed, REFUSED[i].check));
		g_assert_cmpstr(bed.error, ==, REFUSED[i].error);
	}
}

// A warning lets the rows through and is told; a failure keeps readers at the old rows, and shows its own.
static void test_severity(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	g_assert_true(build(&bed, "{\"not_null\": [\"name\"], \"severity\": \"warn\"}"));
	g_assert_cmpuint(bed.checks->len, ==, 1);
	g_assert_cmpstr(bed.checks->pdata[0], ==, "not_null(name): 1 of 4 rows fail");
	g_assert_cmpstr(bed.log->str, ==, "3 not_null(name): 1 of 4 rows fail\n");
	g_assert_true(
		build(&bed, "{\"unique\": [\"id\"], \"warn_if\": \">0\", \"error_if\": \">1\"}"));
	g_assert_cmpuint(bed.checks->len, ==, 1);
	bed_execute(&bed, "sales", "UPDATE sales.t SET name = 'old'");
	g_assert_false(build(&bed, "{\"unique\": [\"id\"]}, {\"not_null\": [\"price\"]}"));
	g_assert_cmpstr(bed.error, ==,
		"'sales.t' was not published: unique(id): 1 of 4 rows fail; not_null(price): 1 of "
		"4 rows fail");
	bed_assert(&bed, "sales", "SELECT DISTINCT name FROM sales.t", "old");
}

static void test_samples(void)
{
	g_auto(Bed) bed = {0};
	g_autofree char *text = NULL;

	bed_open(&bed);
	g_assert_false(build(&bed, "{\"unique\": [\"id\"]}"));
	text = json_dumps(bed.samples, JSON_COMPACT);
	g_assert_cmpstr(text, ==,
		"[{\"id\":3,\"name\":null,\"price\":-5,\"parent\":2},{\"id\":3,\"name\":\"d\","
		"\"price\":7,\"parent\":9}]");
	g_assert_false(build(&bed, "{\"unique\": [\"id\"], \"store_failures\": false}"));
	g_assert_null(bed.samples);
	g_assert_false(build(&bed, "{\"expression\": \"id > 100\"}"));
	g_assert_cmpuint(json_array_size(bed.samples), ==, 3); // as many as asked for
}

// However many checks there are, the rows are scanned once; failures and queries cost a statement each.
static void test_one_scan(void)
{
	g_autoptr(DbConnection) connection = db_open("sqlite::memory:", NULL, NULL);
	g_autoptr(DbTable) table = db_table_new("main", "t", DB_TABLE);
	json_t *list =
		json_loads("[{\"not_null\": [\"a\", \"b\"]}, {\"unique\": [\"a\"]}, "
			   "{\"row_count\": {\"min\": 1}}, {\"accepted_range\": {\"column\": "
			   "\"b\", \"max\": 9}}, {\"expression\": \"a < 100\"}]",
			0, NULL);
	g_autoptr(GPtrArray) checks = check_list_parse(list, NULL);
	CheckScan scan = {.connection = connection,
		.dialect = db_connection_dialect(connection),
		.table = table,
		.stage_dataset = "main",
		.stage_name = "t",
		.target_dataset = "main",
		.target_name = "t",
		.sample_limit = 5};
	DbFieldType type = {.kind = DB_FIELD_INT64};

	g_assert_true(db_execute_script(
		connection, "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 2), (2, 3)", NULL));
	db_table_add(table, db_column_new("a", type, DB_MODE_NULLABLE));
	db_table_add(table, db_column_new("b", type, DB_MODE_NULLABLE));
	g_assert_cmpuint(checks->len, ==, 6);
	g_assert_true(check_scan(&scan, checks, NULL));
	g_assert_cmpuint(scan.statements, ==, 1);
	json_decref(list);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/runner/checks/kinds", test_kinds);
	g_test_add_func("/runner/checks/freshness", test_freshness);
	g_test_add_func("/runner/checks/refused", test_refused);
	g_test_add_func("/runner/checks/severity", test_severity);
	g_test_add_func("/runner/checks/samples", test_samples);
	g_test_add_func("/runner/checks/one-scan", test_one_scan);
	return g_test_run();
}
