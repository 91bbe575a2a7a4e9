// What each feed type leaves behind, when it goes well and when it does not.
#include <string.h>

#include "tests/runner/build_bed.h"

#define T "\"table\": \"sales.orders\""

static void test_truncate(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	g_assert_true(bed_build(
		&bed, "{" T ", \"sql\": \"SELECT 1 AS id, 'a' AS name UNION ALL SELECT 2, 'b'\"}"));
	bed_assert(&bed, "sales", "SELECT * FROM sales.orders ORDER BY id", "1|a 2|b");
	bed_assert(&bed, "sales", "SELECT name, type FROM pragma_table_info('orders')",
		"id|INTEGER name|TEXT");
	g_assert_true(bed_build(&bed, "{" T ", \"sql\": \"SELECT 3 AS id, 'c' AS name\"}"));
	bed_assert(&bed, "sales", "SELECT * FROM sales.orders", "3|c");
	g_assert_cmpint(json_integer_value(json_object_get(bed.outputs, "rows")), ==, 1);
	g_assert_cmpint(json_integer_value(json_object_get(bed.outputs, "deleted")), ==, 2);
	bed_assert(&bed, "sales",
		"SELECT table_name, run, revision, fingerprint, rows FROM sales._weir_publish "
		"ORDER BY at",
		"orders|run|7|fingerprint|2 orders|run|7|fingerprint|1");
}

static void test_append_once(void)
{
	g_auto(Bed) bed = {0};
	static const char *const APPEND =
		"{" T ", \"feed\": \"WRITE_APPEND\", \"sql\": \"SELECT 1 AS id\"}";

	bed_open(&bed);
	g_assert_true(bed_build_as(&bed, 1, APPEND));
	g_assert_false(bed.replayed);
	g_assert_true(
		bed_build_as(&bed, 1, APPEND)); // the runner did not hear of it and tries again
	g_assert_true(bed.replayed);
	g_assert_cmpint(json_integer_value(json_object_get(bed.outputs, "inserted")), ==, 1);
	bed_assert(&bed, "sales", "SELECT count(*) FROM sales.orders", "1");
	g_assert_true(bed_build_as(&bed, 2, APPEND));
	bed_assert(&bed, "sales", "SELECT count(*) FROM sales.orders", "2");
}

static void test_empty(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	g_assert_true(
		bed_build(&bed, "{" T ", \"feed\": \"WRITE_EMPTY\", \"sql\": \"SELECT 1 AS id\"}"));
	g_assert_false(
		bed_build(&bed, "{" T ", \"feed\": \"WRITE_EMPTY\", \"sql\": \"SELECT 2 AS id\"}"));
	g_assert_cmpstr(bed.error, ==,
		"cannot publish 'sales.orders': the table already has 1 rows, and WRITE_EMPTY "
		"writes into an empty one only");
	bed_assert(&bed, "sales", "SELECT * FROM sales.orders", "1");
}

#define DELTA "{" T ", \"feed\": \"MODE_DELTA\", \"key\": [\"id\", \"shop\"], "

static void test_delta(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	g_assert_true(bed_build(&bed, DELTA "\"sql\": \"SELECT 1 AS id, 'x' AS shop, 10 AS total "
					    "UNION ALL SELECT 2, 'x', 20\"}"));
	g_assert_cmpint(json_integer_value(json_object_get(bed.outputs, "inserted")), ==, 2);
	g_assert_true(
		bed_build(&bed, DELTA "\"sql\": \"SELECT 2 AS id, 'x' AS shop, 21 AS total UNION "
				      "ALL SELECT 2, 'y', 30 UNION ALL SELECT 1, 'x', 10\"}"));
	g_assert_cmpint(json_integer_value(json_object_get(bed.outputs, "inserted")), ==, 1);
	g_assert_cmpint(json_integer_value(json_object_get(bed.outputs, "updated")), ==, 1);
	bed_assert(
		&bed, "sales", "SELECT * FROM sales.orders ORDER BY 1, 2", "1|x|10 2|x|21 2|y|30");
	g_assert_true(
		bed_build(&bed, DELTA "\"delete_when\": \"total < 0\", \"sql\": \"SELECT 1 AS id, "
				      "'x' AS shop, -1 AS total UNION ALL SELECT 9, 'z', 90\"}"));
	g_assert_cmpint(json_integer_value(json_object_get(bed.outputs, "deleted")), ==, 1);
	bed_assert(
		&bed, "sales", "SELECT * FROM sales.orders ORDER BY 1, 2", "2|x|21 2|y|30 9|z|90");
}

static void test_delta_refused(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	g_assert_false(bed_build(&bed, DELTA "\"sql\": \"SELECT 1 AS id, 'x' AS shop UNION ALL "
					     "SELECT 1, 'x' UNION ALL SELECT 2, 'y'\"}"));
	g_assert_cmpstr(bed.error, ==,
		"the delta has keys that come more than once (order_by would say which row "
		"counts): (1, \"x\")");
	g_assert_false(bed_build(&bed, DELTA "\"sql\": \"SELECT 1 AS id, NULL AS shop\"}"));
	g_assert_cmpstr(bed.error, ==, "the delta has rows with NULL in their key: (1, NULL)");
	g_assert_false(bed_build(&bed, DELTA "\"sql\": \"SELECT 1 AS id\"}"));
	g_assert_cmpstr(bed.error, ==, "the key's column 'shop' does not come");
	g_assert_false(
		bed_build(&bed, "{" T ", \"feed\": \"MODE_DELTA\", \"sql\": \"SELECT 1 AS id\"}"));
	g_assert_cmpstr(bed.error, ==,
		"feed MODE_DELTA needs 'key': the columns that say which row is which");
	bed_assert(&bed, "sales", "SELECT count(*) FROM sqlite_schema WHERE name = 'orders'", "0");
	g_assert_true(bed_build(&bed,
		DELTA "\"order_by\": [\"at DESC\"], \"sql\": \"SELECT 1 AS id, 'x' AS shop, "
		      "5 AS at UNION ALL SELECT 1, 'x', 7 UNION ALL SELECT 1, 'x', 6\"}"));
	bed_assert(&bed, "sales", "SELECT * FROM sales.orders", "1|x|7");
}

static void test_view(void)
{
	g_auto(Bed) bed = {0};
	static const char *const VIEW =
		"{\"table\": \"sales.big\", \"feed\": \"VIEW\", \"checks\": [{\"not_null\": "
		"[\"id\"]}], \"sql\": \"SELECT sales.orders.id, o.name FROM sales.orders JOIN "
		"sales.orders AS o ON o.id = orders.id WHERE orders.id >= {{ least }}; -- end\"}";

	bed_open(&bed);
	json_object_set_new(bed.variables, "least", json_integer(2));
	g_assert_true(bed_build(
		&bed, "{" T ", \"sql\": \"SELECT 1 AS id, 'a' AS name UNION ALL SELECT 2, 'b'\"}"));
	g_assert_true(bed_build(&bed, VIEW));
	g_assert_cmpstr(bed.error, ==, NULL);
	bed_assert(&bed, "sales", "SELECT * FROM sales.big", "2|b");
	bed_assert(&bed, "sales", "SELECT sql FROM sales.sqlite_schema WHERE name = 'big'",
		"CREATE VIEW \"big\" AS SELECT orders.id, o.name FROM orders JOIN orders AS o ON "
		"o.id = orders.id WHERE orders.id >= 2");
	g_assert_true(bed_build(&bed, VIEW));
	g_assert_false(bed_build(&bed, "{\"table\": \"sales.big\", \"feed\": \"VIEW\", \"sql\": "
				       "\"SELECT nope FROM sales.orders\"}"));
	g_assert_cmpstr(bed.error, ==, "no such column: nope");
	bed_assert(&bed, "sales", "SELECT * FROM sales.big", "2|b");
	g_assert_false(bed_build(&bed, "{" T ", \"feed\": \"VIEW\", \"sql\": \"SELECT 1 AS id\"}"));
	g_assert_cmpstr(bed.error, ==,
		"cannot publish 'sales.orders': 'sales.orders' is a table that holds rows, wanted "
		"a view (kind); set allow_breaking on the table to drop it");
}

// The dataset's file can be opened by its own name: a view does not name its dataset.
static void test_view_alone(void)
{
	g_auto(Bed) bed = {0};
	g_autofree char *url = NULL;
	g_autoptr(DbConnection) alone = NULL;
	int64_t rows = 0;

	bed_open(&bed);
	g_assert_true(bed_build(&bed, "{" T ", \"sql\": \"SELECT 1 AS id\"}"));
	g_assert_true(bed_build(&bed, "{\"table\": \"sales.v\", \"feed\": \"VIEW\", \"sql\": "
				      "\"SELECT * FROM sales.orders\"}"));
	url = g_strdup_printf("sqlite:%s/sales.db", bed.folder);
	alone = db_open(url, NULL, NULL);
	g_assert_true(
		db_query_int64(alone, "SELECT count(*) FROM v", DB_NO_VALUES, 0, &rows, NULL));
	g_assert_cmpint(rows, ==, 1);
}

#define SCHEMA                                                                                     \
	"\"schema\": [{\"name\": \"id\", \"type\": \"INTEGER\", \"mode\": \"REQUIRED\"}, "         \
	"{\"name\": \"name\", \"type\": \"STRING\", \"maxLength\": \"3\"}]"

static void test_declared(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	g_assert_true(
		bed_build(&bed, "{" T ", " SCHEMA ", \"sql\": \"SELECT 'a' AS name, 1 AS ID\"}"));
	bed_assert(&bed, "sales", "SELECT sql FROM sales.sqlite_schema WHERE name = 'orders'",
		"CREATE TABLE \"orders\" (\"id\" INTEGER NOT NULL, \"name\" TEXT(3))");
	bed_assert(&bed, "sales", "SELECT * FROM sales.orders", "1|a");
	g_assert_false(
		bed_build(&bed, "{" T ", " SCHEMA ", \"sql\": \"SELECT 1 AS id, 'a' AS nmae\"}"));
	g_assert_cmpstr(
		bed.error, ==, "column 'nmae' is not in the declared schema; did you mean 'name'?");
	g_assert_false(bed_build(&bed, "{" T ", " SCHEMA ", \"sql\": \"SELECT 'a' AS name\"}"));
	g_assert_cmpstr(
		bed.error, ==, "column 'id' is REQUIRED by the declared schema, but does not come");
	g_assert_false(bed_build(&bed, "{" T ", " SCHEMA ", \"sql\": \"SELECT 1 AS id\"}"));
	g_assert_cmpstr(bed.error, ==, "column 'name' of the declared schema does not come");
	g_assert_false(bed_build(&bed, "{" T ", \"sql\": \"SELECT 1 AS id, 2 AS ID\"}"));
	g_assert_cmpstr(bed.error, ==, "column 'ID' comes twice");
	g_assert_false(bed_build(&bed,
		"{" T ", " SCHEMA
		", \"sql\": \"SELECT NULL AS id, 'abcd' AS name UNION ALL SELECT 'x', 'y'\"}"));
	g_assert_cmpstr(bed.error, ==,
		"'sales.orders' was not published: required(id): 1 of 2 rows fail; type(id): 1 of "
		"2 rows fail; type(name): 1 of 2 rows fail");
	bed_assert(&bed, "sales", "SELECT * FROM sales.orders", "1|a");
}

static void test_evolution(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	bed_execute(&bed, "sales",
		"CREATE TABLE sales.orders (id INTEGER, extra TEXT); CREATE INDEX sales.by_id ON "
		"orders (id); INSERT INTO sales.orders VALUES (1, 'kept')");
	g_assert_false(bed_build(&bed,
		"{" T ", \"feed\": \"WRITE_APPEND\", \"schema\": [{\"name\": \"id\", "
		"\"type\": \"INT64\"}], \"sql\": \"SELECT 2 AS id\"}"));
	g_assert_cmpstr(bed.error, ==,
		"cannot publish 'sales.orders': 'sales.orders' is not as declared, and the change "
		"is breaking: column 'extra' is TEXT, wanted nothing (column-extra); set "
		"allow_breaking on the table to make it");
	bed_assert(&bed, "sales", "SELECT * FROM sales.orders", "1|kept");
	// additive: a new column
	g_assert_true(bed_build(&bed,
		"{" T ", \"feed\": \"WRITE_APPEND\", \"schema\": [{\"name\": \"id\", "
		"\"type\": \"INT64\"}, {\"name\": \"extra\", \"type\": \"STRING\"}, "
		"{\"name\": \"more\", \"type\": \"DATE\"}], \"sql\": \"SELECT 2 AS id, "
		"'e' AS extra, '2020-01-01' AS more\"}"));
	bed_assert(&bed, "sales", "SELECT * FROM sales.orders ORDER BY id",
		"1|kept|NULL 2|e|2020-01-01");
	// allowed: renamed, made stricter, one dropped; rows and indexes stay
	g_assert_true(bed_build(&bed,
		"{" T ", \"allow_breaking\": true, \"feed\": \"WRITE_APPEND\", \"schema\": "
		"[{\"name\": \"id\", \"type\": \"INT64\", \"mode\": \"REQUIRED\"}, "
		"{\"name\": \"note\", \"type\": \"STRING\", \"previous_name\": "
		"\"extra\"}], \"sql\": \"SELECT 3 AS id, 'n' AS note\"}"));
	bed_assert(&bed, "sales", "SELECT * FROM sales.orders ORDER BY id", "1|kept 2|e 3|n");
	bed_assert(&bed, "sales",
		"SELECT name FROM sales.sqlite_schema WHERE type = 'index' AND tbl_name = 'orders'",
		"by_id");
}

// Nothing is declared: a table that is replaced follows its query, one that grows refuses what would lose rows.
static void test_undeclared_evolution(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	g_assert_true(bed_build(
		&bed, "{" T ", \"sql\": \"SELECT 1 AS id, 2.5 AS price, NULL AS note\"}"));
	bed_assert(
		&bed, "sales", "SELECT type FROM pragma_table_info('orders')", "INTEGER REAL TEXT");
	g_assert_true(bed_build(&bed, "{" T ", \"sql\": \"SELECT 'x' AS id, 3 AS cost\"}"));
	bed_assert(&bed, "sales", "SELECT name, type FROM pragma_table_info('orders')",
		"id|TEXT cost|INTEGER");
	g_assert_false(bed_build(
		&bed, "{" T ", \"feed\": \"WRITE_APPEND\", \"sql\": \"SELECT 'y' AS id\"}"));
	g_assert_cmpstr(bed.error, ==,
		"cannot publish 'sales.orders': 'sales.orders' is not as the query gives it, and "
		"the change is breaking: column 'cost' is INTEGER, wanted nothing (column-extra); "
		"set allow_breaking on the table to make it");
	g_assert_true(bed_build(&bed, "{" T ", \"feed\": \"WRITE_APPEND\", \"sql\": \"SELECT 'y' "
				      "AS id, 4.5 AS cost, 1 AS new\"}"));
	bed_assert(&bed, "sales", "SELECT * FROM sales.orders ORDER BY id", "x|3|NULL y|4.5|1");
}

static void test_technical_columns(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	g_assert_true(bed_build(
		&bed, "{" T ", \"technical_columns\": true, \"sql\": \"SELECT 1 AS id\"}"));
	bed_assert(&bed, "sales",
		"SELECT id, _run_id, _revision, _loaded_at > '2020' FROM sales.orders",
		"1|run|7|1");
	g_assert_false(bed_build(&bed,
		"{" T ", \"technical_columns\": true, \"sql\": \"SELECT 1 AS id, 2 AS _run_id\"}"));
	g_assert_cmpstr(bed.error, ==, "column '_run_id' is one that technical_columns adds");
}

static void test_expressions(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	json_object_set_new(
		bed.variables, "inputs.day", json_string("2010-12-01'; DROP TABLE x --"));
	json_object_set_new(bed.variables, "n", json_integer(42));
	json_object_set_new(bed.variables, "column", json_string("odd \"name"));
	g_assert_true(bed_build(&bed,
		"{" T ", \"sql\": \"SELECT {{ inputs.day }} AS day, 'on {{ inputs.day }}' AS "
		"t, {{ n }} + 1 AS {{ column | identifier }}\"}"));
	bed_assert(&bed, "sales", "SELECT * FROM sales.orders",
		"2010-12-01'; DROP TABLE x --|on 2010-12-01'; DROP TABLE x --|43");
	bed_assert(&bed, "sales", "SELECT name FROM pragma_table_info('orders') WHERE cid = 2",
		"odd \"name");
	g_assert_false(bed_build(&bed, "{" T ", \"sql\": \"SELECT {{ n | raw }} AS a\"}"));
	g_assert_cmpstr(bed.error, ==,
		"1:8: '| raw' pastes text into SQL, which the project's policy does not allow");
	g_assert_false(bed_build(&bed, "{" T ", \"sql\": \"SELECT {{ nobody }} AS a\"}"));
	g_assert_cmpstr(bed.error, ==, "'nobody' is undefined");
}

// A name without a dataset means the target's neighbour, also when another dataset has a table of that name.
static void test_neighbours(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	bed_execute(&bed, "archive",
		"CREATE TABLE archive.raw (x); INSERT INTO archive.raw VALUES ('wrong')");
	bed_execute(&bed, "sales",
		"CREATE TABLE sales.raw (x); INSERT INTO sales.raw VALUES ('right')");
	g_assert_true(
		bed_build(&bed, "{\"table\": \"archive.copy\", \"sql\": \"SELECT x FROM raw\"}"));
	bed_assert(&bed, "archive", "SELECT * FROM archive.copy", "wrong");
	g_assert_true(bed_build(&bed, "{" T ", \"sql\": \"SELECT x FROM raw\"}"));
	bed_assert(&bed, "sales", "SELECT * FROM sales.orders", "right");
	g_assert_true(bed_build(&bed,
		"{" T ", \"sql\": \"SELECT r.x AS a, a.x AS b FROM raw AS r, archive.raw AS a\"}"));
	bed_assert(&bed, "sales", "SELECT * FROM sales.orders", "right|wrong");
	// The neighbour is made anew, by us and by others.
	g_assert_true(bed_build(
		&bed, "{\"table\": \"sales.raw\", \"sql\": \"SELECT 'a' AS y, 'b' AS x\"}"));
	bed_build(&bed, "{" T ", \"sql\": \"SELECT * FROM raw\"}");
	g_assert_cmpstr(bed.error, ==, NULL);
	bed_assert(&bed, "sales", "SELECT y, x FROM sales.orders", "a|b");
	bed_execute(&bed, "sales",
		"DROP TABLE sales.raw; CREATE TABLE sales.raw (z); INSERT INTO sales.raw VALUES "
		"('c')");
	bed_build(&bed, "{" T ", \"sql\": \"SELECT * FROM raw\"}");
	g_assert_cmpstr(bed.error, ==, NULL);
	bed_assert(&bed, "sales", "SELECT z FROM sales.orders", "c");
}

static void test_refusals(void)
{
	static const struct {
		const char *properties;
		const char *error;
	} CASES[] = {
		{"{\"sql\": \"SELECT 1 AS a\"}", "property 'table' must be <dataset>.<table>"},
		{"{\"table\": \"orders\", \"sql\": \"SELECT 1 AS a\"}",
			"property 'table' must be <dataset>.<table>, not 'orders'"},
		{"{\"table\": \"s._weir_x\", \"sql\": \"SELECT 1 AS a\"}",
			"table '_weir_x': names that begin with _weir_ are weir's own"},
		{"{" T ", \"feed\": \"WRITE_TRUNCAT\", \"sql\": \"SELECT 1 AS a\"}",
			"unknown feed 'WRITE_TRUNCAT'; did you mean 'WRITE_TRUNCATE'?"},
		{"{" T ", \"sql\": \"DELETE FROM sales.x\"}", "no such table: sales.x"},
		{"{" T ", \"sql\": \"CREATE TABLE sales.y (a)\"}",
			"property 'sql' must be one SELECT; statements that write belong to feed "
			"SCRIPT or sql.queries"},
		{"{" T ", \"checks\": [{\"notnull\": [\"a\"]}], \"sql\": \"SELECT 1 AS a\"}",
			"check 1: unknown check 'notnull'; did you mean 'not_null'?"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_auto(Bed) bed = {0};

		bed_open(&bed);
		g_assert_false(bed_build(&bed, CASES[i].properties));
		g_assert_cmpstr(bed.error, ==, CASES[i].error);
	}
}

// The key changes, then the feed: what the old one needed is not in the way.
static void test_delta_changes(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	g_assert_true(
		bed_build(&bed, DELTA "\"sql\": \"SELECT 1 AS id, 'x' AS shop, 10 AS total\"}"));
	g_assert_true(
		bed_build(&bed, "{" T ", \"feed\": \"MODE_DELTA\", \"key\": [\"id\"], \"sql\": "
				"\"SELECT 1 AS id, 'y' AS shop, 11 AS total\"}"));
	bed_assert(&bed, "sales", "SELECT * FROM sales.orders", "1|y|11");
	g_assert_true(bed_build(&bed, "{" T ", \"feed\": \"WRITE_APPEND\", \"sql\": \"SELECT 1 AS "
				      "id, 'y' AS shop, 11 AS total\"}"));
	bed_assert(&bed, "sales", "SELECT count(*) FROM sales.orders", "2");
	g_assert_false(
		bed_build(&bed, DELTA "\"sql\": \"SELECT 1 AS id, 'x' AS shop, 10 AS total\"}"));
	g_assert_cmpstr(bed.error, ==,
		"cannot publish 'sales.orders': the table's own rows are not unique by the key: "
		"UNIQUE constraint failed: orders.id, orders.shop");
}

#define SNAPSHOT "{" T ", \"feed\": \"SNAPSHOT\", \"key\": [\"id\"], "

static void build_wide(Bed *bed, const char *feed, int last)
{
	g_autoptr(GString) properties = g_string_new("{" T ", \"feed\": \"");

	g_string_append_printf(
		properties, "%s\", \"key\": [\"id\"], \"sql\": \"SELECT 1 AS id", feed);
	for (int i = 0; i < 1990; i++)
		g_string_append_printf(properties, ", NULL AS c%d", i);
	g_string_append_printf(properties, ", %d AS last\"}", last);
	if (!bed_build(bed, properties->str))
		g_error("%s", bed->error);
}

// As wide as SQLite makes tables: only rows that say something else are written.
static void test_wide(void)
{
	g_auto(Bed) bed = {0};
	g_auto(Bed) other = {0};

	bed_open(&bed);
	build_wide(&bed, "MODE_DELTA", 5);
	build_wide(&bed, "MODE_DELTA", 5);
	bed_assert(&bed, "sales", "SELECT id, c1989, last FROM sales.orders", "1|NULL|5");
	build_wide(&bed, "MODE_DELTA", 6);
	bed_assert(&bed, "sales", "SELECT id, c1989, last FROM sales.orders", "1|NULL|6");
	bed_open(&other);
	build_wide(&other, "SNAPSHOT", 5);
	build_wide(&other, "SNAPSHOT", 5);
	bed_assert(&other, "sales", "SELECT last, valid_to IS NULL FROM sales.orders", "5|1");
	build_wide(&other, "SNAPSHOT", 6);
	bed_assert(&other, "sales", "SELECT last, valid_to IS NULL FROM sales.orders ORDER BY last",
		"5|0 6|1");
}

static void test_snapshot(void)
{
	g_auto(Bed) bed = {0};
	static const char *const HISTORY = "SELECT id, name, valid_to IS NULL, valid_from < "
					   "coalesce(valid_to, '9999-12-31') FROM "
					   "sales.orders ORDER BY id, valid_from";

	bed_open(&bed);
	g_assert_true(bed_build(&bed,
		SNAPSHOT "\"sql\": \"SELECT 1 AS id, 'a' AS name UNION ALL SELECT 2, 'b'\"}"));
	bed_assert(&bed, "sales", HISTORY, "1|a|1|1 2|b|1|1");
	g_assert_true(bed_build(&bed, SNAPSHOT "\"sql\": \"SELECT 1 AS id, 'a' AS name UNION ALL "
					       "SELECT 2, 'c' UNION ALL SELECT 3, 'd'\"}"));
	g_assert_cmpint(json_integer_value(json_object_get(bed.outputs, "inserted")), ==, 2);
	g_assert_cmpint(json_integer_value(json_object_get(bed.outputs, "updated")), ==, 1);
	bed_assert(&bed, "sales", HISTORY, "1|a|1|1 2|b|0|1 2|c|1|1 3|d|1|1");
	g_assert_true(bed_build(&bed, SNAPSHOT "\"sql\": \"SELECT 2 AS id, 'c' AS name\"}"));
	bed_assert(&bed, "sales", HISTORY, "1|a|0|1 2|b|0|1 2|c|1|1 3|d|0|1");
	g_assert_false(bed_build(&bed, SNAPSHOT "\"sql\": \"SELECT 2 AS id, 1 AS valid_to\"}"));
	g_assert_cmpstr(bed.error, ==, "column 'valid_to' is one that SNAPSHOT adds");
}

static void test_script(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	json_object_set_new(bed.variables, "n", json_integer(2));
	g_assert_true(bed_build(&bed,
		"{" T ", \"feed\": \"SCRIPT\", \"sql\": \"CREATE TABLE IF NOT EXISTS "
		"sales.orders (id INTEGER); INSERT INTO sales.orders VALUES (1), ({{ n "
		"}}); DELETE FROM sales.orders WHERE id = 1;\"}"));
	bed_assert(&bed, "sales", "SELECT * FROM sales.orders", "2");
	g_assert_false(bed_build(&bed, "{" T ", \"feed\": \"SCRIPT\", \"sql\": \"DELETE FROM "
				       "sales.orders;\\nINSERT INTO sales.nowhere VALUES (1)\"}"));
	g_assert_cmpstr(bed.error, ==,
		"cannot publish 'sales.orders': statement 2 (line 2): no such table: "
		"sales.nowhere");
	bed_assert(&bed, "sales", "SELECT * FROM sales.orders", "2");
	g_assert_false(bed_build(&bed,
		"{" T
		", \"feed\": \"SCRIPT\", \"sql\": \"BEGIN; DELETE FROM sales.orders; COMMIT\"}"));
	g_assert_cmpstr(bed.error, ==,
		"cannot publish 'sales.orders': statement 1 (line 1): a script runs in one "
		"transaction of weir's, and has none of its own");
}

static char *types_of(const Bed *bed)
{
	return bed_query(bed, "sales",
		"SELECT name, type FROM pragma_table_info('orders') WHERE name <> 'id'");
}

#define SETTLE(feed, sql) "{" T ", " feed ", \"sql\": \"" sql "\"}"
#define APPENDED	  "\"feed\": \"WRITE_APPEND\""
#define KEYED		  "\"feed\": \"MODE_DELTA\", \"key\": [\"id\"]"
#define SRC		  "(SELECT 1 AS id WHERE 0)"

// A column that came as nothing but NULL gets its type with its first value, and then keeps it.
static const struct {
	const char *first;
	const char *second;
	const char *types;
	const char *rows;
	const char *third; // does not fit
} SETTLES[] = {
	{SETTLE(APPENDED, "SELECT MAX(id) AS m FROM " SRC), SETTLE(APPENDED, "SELECT 2 AS m"),
		"m|INTEGER", "null integer", SETTLE(APPENDED, "SELECT 'x' AS m")},
	{SETTLE(APPENDED, "SELECT AVG(id) AS m FROM " SRC), SETTLE(APPENDED, "SELECT 1.5 AS m"),
		"m|REAL", "null real", SETTLE(APPENDED, "SELECT 'x' AS m")},
	{SETTLE(APPENDED, "SELECT id + 1 AS m, NULL AS n FROM " SRC),
		SETTLE(APPENDED, "SELECT 2 AS m, NULL AS n"), "m|INTEGER n|TEXT", "integer",
		SETTLE(APPENDED, "SELECT 'x' AS m, NULL AS n")},
	{SETTLE(APPENDED, "SELECT NULL AS m"), SETTLE(APPENDED, "SELECT x'00' AS m"), "m|BLOB",
		"null blob", NULL},
	{SETTLE(APPENDED, "SELECT NULL AS m"), SETTLE(APPENDED, "SELECT 'x' AS m"), "m|TEXT",
		"null text", SETTLE(APPENDED, "SELECT 1 AS m")},
	{SETTLE(APPENDED, "SELECT NULL AS m"),
		SETTLE(APPENDED, "SELECT 1 AS m UNION ALL SELECT 'x'"), "m|", "null integer text",
		NULL},
	{SETTLE(KEYED, "SELECT 1 AS id, NULL AS m"), SETTLE(KEYED, "SELECT 2 AS id, 7 AS m"),
		"m|INTEGER", "null integer", SETTLE(KEYED, "SELECT 3 AS id, 'x' AS m")},
	{SETTLE("\"feed\": \"SNAPSHOT\", \"key\": [\"id\"]", "SELECT 1 AS id, NULL AS m"),
		SETTLE("\"feed\": \"SNAPSHOT\", \"key\": [\"id\"]", "SELECT 2 AS id, 7 AS m"), NULL,
		"null integer",
		SETTLE("\"feed\": \"SNAPSHOT\", \"key\": [\"id\"]", "SELECT 3 AS id, 'x' AS m")},
};

static void test_first_value_settles(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(SETTLES); i++) {
		g_auto(Bed) bed = {0};

		bed_open(&bed);
		g_assert_true(bed_build(&bed, SETTLES[i].first));
		g_assert_true(bed_build(&bed, SETTLES[i].first)); // still nothing
		if (strstr(SETTLES[i].first, "APPEND") != NULL)
			bed_execute(&bed, "sales", "DELETE FROM sales.orders WHERE rowid > 1");
		bed_build(&bed, SETTLES[i].second);
		g_assert_cmpstr(bed.error, ==, NULL);
		g_autofree char *types = types_of(&bed);
		if (SETTLES[i].types != NULL)
			g_assert_cmpstr(types, ==, SETTLES[i].types);
		bed_assert(&bed, "sales", "SELECT typeof(m) FROM sales.orders ORDER BY rowid",
			SETTLES[i].rows);
		if (SETTLES[i].third == NULL)
			continue;
		g_assert_false(bed_build(&bed, SETTLES[i].third));
		g_assert_nonnull(strstr(bed.error, "the change is breaking: column 'm' is "));
	}
}

#define ME "\"table\": \"sales.me\", "

// A query that reads its own table: the first run sees an empty one, and each later one what those before it left.
static const struct {
	const char *build;
	const char *query;
	const char *first, *second;
} ITSELF[] = {
	{"{" ME APPENDED ", \"sql\": \"SELECT id, n FROM sales.src WHERE id > (SELECT "
	 "COALESCE(MAX(id), 0) FROM sales.me)\"}",
		"SELECT * FROM sales.me", "1|5", "1|5 2|6"},
	{"{" ME KEYED ", \"sql\": \"SELECT id, n FROM sales.src WHERE NOT EXISTS (SELECT 1 FROM me "
	 "WHERE me.id = src.id)\"}",
		"SELECT * FROM sales.me", "1|5", "1|5 2|6"},
	{"{" ME APPENDED ", \"schema\": [{\"name\": \"id\", \"type\": \"INTEGER\"}, {\"name\": "
	 "\"n\", \"type\": \"INTEGER\"}], \"sql\": \"SELECT * FROM sales.src WHERE id NOT IN "
	 "(SELECT id "
	 "FROM sales.me)\"}",
		"SELECT * FROM sales.me", "1|5", "1|5 2|6"},
	{"{" ME "\"feed\": \"WRITE_TRUNCATE\", \"sql\": \"SELECT count(*) AS before FROM sales.Me "
	 "UNION ALL SELECT 7\"}",
		"SELECT * FROM sales.me", "0 7", "2 7"},
	{"{" ME "\"feed\": \"SNAPSHOT\", \"key\": [\"id\"], \"technical_columns\": true, \"sql\": "
	 "\"SELECT id, (SELECT count(*) FROM sales.me WHERE valid_to IS NULL AND _run_id <> '') AS "
	 "k "
	 "FROM sales.src WHERE id = 1\"}",
		"SELECT id, k FROM sales.me", "1|0", "1|0 1|1"},
};

static void test_reads_itself(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(ITSELF); i++) {
		g_auto(Bed) bed = {0};

		bed_open(&bed);
		bed_execute(&bed, "sales",
			"CREATE TABLE sales.src (id INTEGER, n INTEGER); INSERT INTO sales.src "
			"VALUES "
			"(1, 5)");
		bed_build(&bed, ITSELF[i].build);
		g_assert_cmpstr(bed.error, ==, NULL);
		bed_assert(&bed, "sales", ITSELF[i].query, ITSELF[i].first);
		bed_execute(&bed, "sales", "INSERT INTO sales.src VALUES (2, 6)");
		bed_build(&bed, ITSELF[i].build);
		g_assert_cmpstr(bed.error, ==, NULL);
		bed_assert(&bed, "sales", ITSELF[i].query, ITSELF[i].second);
	}
}

// Where its columns are not certain, the cure is said; and a first run that fails leaves no table.
static void test_reads_itself_refused(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	bed_execute(&bed, "sales", "CREATE TABLE sales.src (id INTEGER)");
	g_assert_false(bed_build(&bed,
		"{" ME APPENDED ", \"sql\": \"SELECT * FROM sales.src WHERE id > (SELECT MAX(id) "
		"FROM sales.me)\"}"));
	g_assert_cmpstr(bed.error, ==,
		"'sales.me' reads itself and is not there yet, and which columns it will have is "
		"not certain from the query's text; declare a schema, or write every column with "
		"its name instead of '*'");
	g_assert_false(bed_build(&bed,
		"{" ME APPENDED ", \"checks\": [{\"type\": \"row_count\", \"min\": 1}], \"sql\": "
		"\"SELECT id FROM sales.src WHERE id > (SELECT MAX(id) FROM sales.me)\"}"));
	g_assert_nonnull(strstr(bed.error, "'sales.me' was not published: "));
	g_assert_false(bed_build(&bed,
		"{" ME APPENDED
		", \"sql\": \"SELECT id FROM sales.src WHERE id > (SELECT MAX(other) "
		"FROM sales.me)\"}"));
	g_assert_nonnull(strstr(bed.error, "no such column: other"));
	bed_assert(&bed, "sales",
		"SELECT name FROM sales.sqlite_schema WHERE name NOT LIKE '%weir%'", "src");
}

// What somebody else made has the types that it was made with.
static void test_made_is_settled(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	bed_execute(&bed, "sales", "CREATE TABLE sales.orders (m TEXT)");
	g_assert_false(bed_build(&bed, SETTLE(APPENDED, "SELECT 1 AS m")));
	g_assert_nonnull(strstr(bed.error, "column 'm' is TEXT, wanted INTEGER (column-type)"));
}

// What a schema declares is a promise, also of a column that has held nothing yet.
static void test_declared_is_settled(void)
{
	g_auto(Bed) bed = {0};
	static const char *const AS =
		"{" T ", " APPENDED ", \"schema\": [{\"name\": \"m\", \"type\": \"%s\"}], \"sql\": "
		"\"SELECT %s AS m\"}";
	g_autofree char *nothing = g_strdup_printf(AS, "INTEGER", "NULL");
	g_autofree char *value = g_strdup_printf(AS, "INTEGER", "2");
	g_autofree char *other = g_strdup_printf(AS, "STRING", "'x'");

	bed_open(&bed);
	g_assert_true(bed_build(&bed, nothing));
	g_assert_false(bed_build(&bed, other));
	g_assert_nonnull(strstr(bed.error, "is not as declared, and the change is breaking"));
	g_assert_true(bed_build(&bed, value));
	bed_assert(&bed, "sales", "SELECT typeof(m) FROM sales.orders", "null integer");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/runner/build/truncate", test_truncate);
	g_test_add_func("/runner/build/append-once", test_append_once);
	g_test_add_func("/runner/build/empty", test_empty);
	g_test_add_func("/runner/build/delta", test_delta);
	g_test_add_func("/runner/build/delta-refused", test_delta_refused);
	g_test_add_func("/runner/build/delta-changes", test_delta_changes);
	g_test_add_func("/runner/build/wide", test_wide);
	g_test_add_func("/runner/build/snapshot", test_snapshot);
	g_test_add_func("/runner/build/script", test_script);
	g_test_add_func("/runner/build/view", test_view);
	g_test_add_func("/runner/build/view-alone", test_view_alone);
	g_test_add_func("/runner/build/declared", test_declared);
	g_test_add_func("/runner/build/evolution", test_evolution);
	g_test_add_func("/runner/build/undeclared-evolution", test_undeclared_evolution);
	g_test_add_func("/runner/build/technical-columns", test_technical_columns);
	g_test_add_func("/runner/build/expressions", test_expressions);
	g_test_add_func("/runner/build/neighbours", test_neighbours);
	g_test_add_func("/runner/build/refusals", test_refusals);
	g_test_add_func("/runner/build/first-value-settles", test_first_value_settles);
	g_test_add_func("/runner/build/reads-itself", test_reads_itself);
	g_test_add_func("/runner/build/reads-itself-refused", test_reads_itself_refused);
	g_test_add_func("/runner/build/made-is-settled", test_made_is_settled);
	g_test_add_func("/runner/build/declared-is-settled", test_declared_is_settled);
	return g_test_run();
}
