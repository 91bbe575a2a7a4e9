// The columns that a query makes and names.
#include "sql/output.h"

#include <stdint.h>
#include <string.h>

typedef struct {
	const char *sql;
	const char *columns; // joined by commas; NULL: not known
} Case;

static void check(const char *dialect, const char *sql, const char *expected)
{
	g_auto(GStrv) columns = sql_output_columns(sql_dialect_find(dialect), sql, strlen(sql));
	g_autofree char *joined = columns == NULL ? NULL : g_strjoinv(",", columns);

	if (g_strcmp0(joined, expected) != 0)
		g_error("%s: %s\ngives %s instead of %s", dialect, sql, joined, expected);
}

static void check_all(const char *dialect, const Case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(dialect, cases[i].sql, cases[i].columns);
}

// What every dialect agrees on.
static const Case common[] = {
	{"SELECT a FROM t", "a"},
	{"select A, b From t", "A,b"},
	{"SELECT a AS b, c AS d FROM t", "b,d"},
	{"SELECT SUM(a) AS total FROM t", "total"},
	{"SELECT SUM(a) total, COUNT(*) n FROM t", "total,n"},
	{"SELECT a b FROM t", "b"},
	{"SELECT (a + b) c FROM t", "c"},
	{"SELECT 1 AS one", "one"},
	{"SELECT 1 one, 'x' label", "one,label"},
	{"SELECT a + b AS c WHERE 1 = 1", "c"},
	{"SELECT a * b AS c FROM t", "c"},
	{"SELECT DISTINCT a, b FROM t", "a,b"},
	{"SELECT ALL a FROM t", "a"},
	{"SELECT a -- , b\n FROM t /* , c */", "a"},
	{"SELECT a FROM t;", "a"},
	{"SELECT a FROM t; ;", "a"},
	{"SELECT a FROM t UNION SELECT b FROM u", "a"},
	{"SELECT a FROM t UNION ALL SELECT b FROM u ORDER BY 1 LIMIT 3", "a"},
	{"SELECT a EXCEPT SELECT b", "a"},
	{"SELECT a INTERSECT SELECT b", "a"},
	{"(SELECT a FROM t) UNION (SELECT b FROM u)", "a"},
	{"((SELECT a FROM t))", "a"},
	{"WITH c AS (SELECT x, y FROM t) SELECT a, b FROM c", "a,b"},
	{"WITH RECURSIVE c (n) AS (SELECT 1 UNION SELECT n + 1 FROM c) SELECT n FROM c", "n"},
	{"WITH c AS (SELECT 1), d AS (SELECT 2) SELECT a FROM c, d", "a"},
	{"WITH c AS (SELECT 1) (SELECT a FROM c)", "a"},
	{"SELECT CASE WHEN a THEN b ELSE c END AS d FROM t", "d"},
	{"SELECT CASE WHEN a THEN b END d FROM t", "d"},
	{"SELECT CASE a WHEN 1 THEN CASE b WHEN 2 THEN 3 END END d, e FROM t", "d,e"},
	{"SELECT CAST(a AS int) AS b FROM t", "b"},
	{"SELECT CAST(a AS int) b FROM t", "b"},
	{"SELECT a IS DISTINCT FROM b AS same FROM t", "same"},
	{"SELECT a IS NOT DISTINCT FROM b AS same, c FROM t", "same,c"},
	{"SELECT EXTRACT(year FROM day) AS y FROM t", "y"},
	{"SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) AS n FROM t", "n"},
	{"SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) n FROM t", "n"},
	{"SELECT SUM(a) FILTER (WHERE b > 1) OVER (ORDER BY c) d FROM t", "d"},
	{"SELECT (SELECT MAX(x) FROM u) AS m, a FROM t", "m,a"},
	{"SELECT a IN (SELECT b FROM u) AS c FROM t", "c"},
	{"SELECT {{ inputs.day }} AS day, a FROM t", "day,a"},
	{"SELECT {{ inputs.day }} day FROM t", "day"},
	{"SELECT a, b", "a,b"},
	{"SELECT name, date, key FROM t", "name,date,key"},
	// Not known.
	{"SELECT * FROM t", NULL},
	{"SELECT t.* FROM t", NULL},
	{"SELECT a, * FROM t", NULL},
	{"SELECT a, t.*, b FROM t", NULL},
	{"SELECT * FROM (SELECT a FROM t) AS s", NULL},
	{"SELECT COUNT(*) FROM t", NULL},
	{"SELECT a + b FROM t", NULL},
	{"SELECT a, 1 FROM t", NULL},
	{"SELECT NULL FROM t", NULL},
	{"SELECT TRUE FROM t", NULL},
	{"SELECT CURRENT_DATE", NULL},
	{"SELECT CURRENT_TIMESTAMP", NULL},
	{"SELECT session_user", NULL},
	{"SELECT NOT a FROM t", NULL},
	{"SELECT a ISNULL FROM t", NULL},
	{"SELECT a NOTNULL FROM t", NULL},
	{"SELECT (a) ISNULL FROM t", NULL},
	{"SELECT a IS NULL FROM t", NULL},
	{"SELECT a COLLATE b FROM t", NULL},
	{"SELECT a AND b FROM t", NULL},
	{"SELECT SUM(a) OVER w FROM t WINDOW w AS (ORDER BY b)", NULL},
	{"SELECT CASE WHEN a THEN b END FROM t", NULL},
	{"SELECT INTERVAL (1) day", NULL},
	{"SELECT a, a FROM t", NULL},
	{"SELECT a, b AS A FROM t", NULL},
	{"SELECT a, FROM t", NULL},
	{"SELECT , a FROM t", NULL},
	{"SELECT FROM t", NULL},
	{"SELECT", NULL},
	{"SELECT a FROM t; SELECT b FROM u", NULL},
	{"VALUES (1)", NULL},
	{"TABLE t", NULL},
	{"INSERT INTO t SELECT a FROM u", NULL},
	{"WITH c AS (SELECT 1) INSERT INTO t SELECT a FROM c", NULL},
	{"CREATE TABLE t AS SELECT a FROM u", NULL},
	{"SELECT (a FROM t", NULL},
	{"SELECT a AS 'b FROM t", NULL},
	{"SELECT {{ names | raw }} AS a FROM t", NULL},
	{"SELECT {{ name }} FROM t", NULL},
	{"SELECT a {% if b %}, c {% endif %} FROM t", NULL},
	{"SELECT a FROM t UNION ALL BY NAME SELECT a, b FROM u", NULL},
	{"", NULL},
	{"(((", NULL},
	{"WITH", NULL},
};

static void test_common(void)
{
	for (const char *const *name = sql_dialect_names(); *name != NULL; name++)
		check_all(*name, common, G_N_ELEMENTS(common));
}

static void test_sqlite(void)
{
	static const Case cases[] = {
		{"SELECT t.a, u.b FROM t JOIN u", "a,b"},
		{"SELECT main.t.a FROM t", "a"},
		{"SELECT \"a b\", [c], `d` FROM t", "a b,c,d"},
		{"SELECT a AS \"b\"\"c\" FROM t", "b\"c"},
		{"SELECT a AS 'b' FROM t", "b"},
		{"SELECT t.a b FROM t", "b"},
		{"SELECT a->>'$.x' AS x FROM t", "x"},
		{"SELECT a AS \"p{{ x }}\" FROM t", NULL},
		{"SELECT rowid FROM t", NULL},
		{"SELECT t.rowid FROM t", NULL},
		{"SELECT t.rowid AS id FROM t", "id"},
		{"SELECT a GLOB b FROM t", NULL},
		{"SELECT json_extract(a, '$.x') x, ?1 AS y FROM t", "x,y"},
		{"SELECT t.a, u.a FROM t JOIN u", NULL},
		{"WITH a AS NOT MATERIALIZED (SELECT 1 AS x) SELECT x FROM a", "x"},
	};

	check_all("sqlite", cases, G_N_ELEMENTS(cases));
}

static void test_postgres(void)
{
	static const Case cases[] = {
		{"SELECT t.a, s.u.b FROM t, s.u", "a,b"},
		{"SELECT \"A\" FROM t", "A"},
		{"SELECT DISTINCT ON (a, b) c, d FROM t", "c,d"},
		{"SELECT a::numeric(3, 2) AS b FROM t", "b"},
		{"SELECT a::double precision FROM t", NULL},
		{"SELECT a::text FROM t", NULL},
		{"SELECT a::varchar(3) ARRAY FROM t", NULL},
		{"SELECT (f(a)).* FROM t", NULL},
		{"SELECT (f(a)).b FROM t", NULL},
		{"SELECT a[1] FROM t", NULL},
		{"SELECT a[1] AS b FROM t", "b"},
		{"SELECT ARRAY[1, 2] AS b FROM t", "b"},
		{"SELECT DATE '2020-01-01' FROM t", NULL},
		{"SELECT a AT TIME ZONE utc FROM t", NULL},
		{"SELECT $$x$$ AS b", "b"},
		{"SELECT a FROM t FOR UPDATE", "a"},
		{"SELECT COUNT(*) FILTER (WHERE b) AS n FROM t", "n"},
		{"WITH a AS MATERIALIZED (SELECT 1) SELECT b FROM a", "b"},
		{"WITH RECURSIVE a AS (SELECT 1) SEARCH DEPTH FIRST BY x SET y SELECT b FROM a",
			NULL},
	};

	check_all("postgres", cases, G_N_ELEMENTS(cases));
}

static void test_others(void)
{
	check("mysql", "SELECT t.`a`, b AS 'c' FROM t", "a,c");
	check("mysql", "SELECT BINARY a FROM t", NULL);
	check("mysql", "SELECT \"a\" FROM t", NULL);
	check("clickhouse", "SELECT t.a FROM t", NULL);
	check("clickhouse", "SELECT t.a AS a, b FROM t", "a,b");
	check("clickhouse", "SELECT untuple(x) AS y FROM t", NULL);
	check("clickhouse", "SELECT COLUMNS('a') AS y FROM t", NULL);
	check("clickhouse", "FROM t SELECT a", NULL);
	check("clickhouse", "WITH 1 AS x SELECT a FROM t", NULL);
	check("bigquery", "SELECT AS STRUCT a FROM t", NULL);
	check("bigquery", "SELECT STRUCT<a INT64, b STRING>(1, 'x') AS s", NULL);
	check("bigquery", "SELECT `a.b` FROM t", NULL);
	check("bigquery", "SELECT t.`a`, s.x.y FROM t", "a,y");
	check("bigquery", "(SELECT a FROM t) |> EXTEND 1 AS b", NULL);
}

static void check_named(const char *dialect, const char *sql, const char *column, bool expected)
{
	char other[] = "other", another[] = "another";
	char *columns[] = {other, (char *)(uintptr_t)column, another, NULL};
	bool named[3];

	sql_text_names_columns(
		sql_dialect_find(dialect), sql, strlen(sql), "sales.orders", columns, named);
	if (named[1] != expected || named[0] || named[2])
		g_error("%s: %s\nnames %s: %d", dialect, sql, column, named[1]);
}

static void test_named(void)
{
	static const struct {
		const char *sql;
		bool named; // whether "units" of "sales.orders" is
	} cases[] = {
		{"SELECT units FROM sales.orders", true},
		{"SELECT UNITS FROM sales.orders", true},
		{"SELECT \"units\" FROM sales.orders", true},
		{"SELECT SUM(units) AS n FROM sales.orders", true},
		{"SELECT o.units FROM sales.orders o", true},
		{"SELECT o.units FROM sales.orders AS o JOIN x.y ON 1 = 1", true},
		{"SELECT orders.units FROM sales.orders, x.y", true},
		{"SELECT a FROM sales.orders WHERE units > 1", true},
		{"SELECT a FROM sales.orders JOIN x.y USING (units)", true},
		{"WITH c AS (SELECT * FROM sales.orders) SELECT c.units FROM c", true},
		{"SELECT a AS units, units AS b FROM sales.orders", true},
		{"SELECT * FROM sales.orders", false},
		{"SELECT a FROM sales.orders -- units", false},
		{"SELECT 'units' AS a FROM sales.orders", false},
		{"SELECT a AS units FROM sales.orders", false},
		{"SELECT SUM(a) units FROM sales.orders", false},
		{"SELECT y.units FROM sales.orders o JOIN x.y ON y.id = o.id", false},
		{"SELECT z.units FROM sales.orders o JOIN x.y AS z ON z.id = o.id", false},
		{"SELECT units(a) FROM sales.orders", false},
		{"SELECT a FROM sales.orders JOIN x.units ON 1 = 1", false},
		{"SELECT units.a FROM sales.orders JOIN x.units ON 1 = 1", false},
		{"SELECT myunits FROM sales.orders", false},
		{"", false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		check_named("sqlite", cases[i].sql, "units", cases[i].named);
		check_named("postgres", cases[i].sql, "units", cases[i].named);
	}
	check_named("bigquery", "SELECT o.units FROM `sales.orders` o, `x.y` z", "units", true);
	check_named("bigquery", "SELECT z.units FROM `sales.orders` o, `x.y` z", "units", false);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/columns/common", test_common);
	g_test_add_func("/columns/sqlite", test_sqlite);
	g_test_add_func("/columns/postgres", test_postgres);
	g_test_add_func("/columns/others", test_others);
	g_test_add_func("/columns/named", test_named);
	return g_test_run();
}
