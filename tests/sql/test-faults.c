// What a scan tells of texts that no engine runs: what has no end, two columns of one name, values that nobody gives,
// a header where none is read. And, as important: that it tells nothing of those that engines do run.
#include "sql/scan.h"

#include <string.h>

// All that is wrong with a text, as "what:line:column".
static char *faults_of(const char *dialect, const char *sql)
{
	static const char *const open[] = {"", "text", "dollar", "name", "comment"};
	g_autoptr(SqlScript) script = sql_script_scan(sql_dialect_find(dialect), sql, strlen(sql));
	GString *text = g_string_new(NULL);

	if (script->open != SQL_OPEN_NOTHING)
		g_string_append_printf(text, " %s:%u:%u", open[script->open], script->open_at.line,
			script->open_at.column);
	if (script->late_header.line > 0)
		g_string_append_printf(text, " header:%u:%u", script->late_header.line,
			script->late_header.column);
	if (script->column_twice != NULL)
		g_string_append_printf(text, " %s:%u:%u", script->column_twice,
			script->column_twice_at.line, script->column_twice_at.column);
	for (size_t i = 0; i < script->parameter_count; i++) {
		if (script->parameters[i].unbound)
			g_string_append_printf(text, " %s:%u:%u", script->parameters[i].text,
				script->parameters[i].line, script->parameters[i].column);
	}
	return g_string_free(text, FALSE);
}

typedef struct {
	const char *dialects, *sql, *faults;
} Case;

static void check(const Case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		g_auto(GStrv) names = g_strsplit(cases[i].dialects, " ", -1);

		for (char **name = names; *name != NULL; name++) {
			g_autofree char *found = faults_of(*name, cases[i].sql);

			g_test_message("%s: %s", *name, cases[i].sql);
			g_assert_cmpstr(found, ==, cases[i].faults);
		}
	}
}

#define ENGINES "sqlite postgres mysql clickhouse bigquery redshift"

static void test_open(void)
{
	static const Case cases[] = {
		{"sqlite postgres mysql clickhouse redshift", "SELECT 1,\n  'it''s", " text:2:3"},
		{"bigquery", "SELECT 1,\n  'it\\'s", " text:2:3"},
		{ENGINES, "SELECT 'a', 'b''c' FROM t", ""},
		{"postgres sqlite redshift", "SELECT \"a", " name:1:8"},
		{"mysql bigquery", "SELECT \"a", " text:1:8"},
		{"mysql bigquery sqlite clickhouse", "SELECT `a", " name:1:8"},
		{"sqlite", "SELECT [a", " name:1:8"},
		{"postgres clickhouse", "SELECT a[1", ""},
		{"postgres redshift", "SELECT\n $x$ a $$ b", " dollar:2:2"},
		{"postgres redshift", "SELECT $x$ a $$ b $x$", ""},
		{"bigquery", "SELECT \"\"\"a\"\" b", " text:1:8"},
		{"bigquery", "SELECT r'a\\'b'", ""},
		{"mysql bigquery clickhouse redshift", "SELECT 'a\\'b'", ""},
		{"postgres", "SELECT E'a\\'b'", ""},
		{"postgres mysql clickhouse bigquery redshift", "SELECT 1 /* x", " comment:1:10"},
		{"postgres redshift", "SELECT 1 /* a /* b */", " comment:1:10"},
		{"mysql bigquery", "SELECT 1 /* a /* b */", ""},
		{"mysql", "SELECT /*!40001 1", " comment:1:8"},
		{"mysql", "SELECT /*!40001 1 */", ""},
		{"sqlite", "SELECT 1 /* x", ""}, // as SQLite has it
		{"ansi", "SELECT 'it\\'s'", ""}, // of an engine that is not known
		{ENGINES, "SELECT 1 -- it's\n", ""},
		{"postgres", "\\echo it's\nSELECT 1", ""},
	};

	check(cases, G_N_ELEMENTS(cases));
}

#define NAMED "sqlite postgres mysql bigquery redshift"

static void test_columns(void)
{
	static const Case cases[] = {
		{NAMED, "SELECT 1 AS a,\n 2 AS a", " a:2:7"},
		{NAMED, "SELECT a.id, b.id FROM a, b", " id:1:16"},
		{NAMED, "SELECT id, b.ID FROM b", " ID:1:14"},
		{NAMED, "SELECT DISTINCT x, f(y, x) AS x FROM t", " x:1:31"},
		{NAMED, "WITH q AS (SELECT 1 AS x) SELECT x, count(*) AS x FROM q", " x:1:49"},
		{NAMED, "SELECT a AS x FROM t UNION ALL SELECT b AS x FROM u", ""},
		{NAMED, "SELECT a, (SELECT a FROM u) AS b FROM t", ""},
		{NAMED, "SELECT *, a FROM t", ""},
		{NAMED, "SELECT t.*, u.* FROM t, u", ""},
		{NAMED, "SELECT NULL, NULL", ""},
		{NAMED, "SELECT a FROM t ORDER BY a, a", ""},
		{NAMED, "SELECT 1 AS a ORDER BY a, a", ""},
		{NAMED, "SELECT 1 AS a LIMIT 1, a", ""},
		{NAMED, "SELECT a b, a c FROM t", ""},
		{NAMED, "SELECT a + b, a FROM t", ""},
		{NAMED, "SELECT 1 AS x{% if b %}, 2 AS x{% endif %}", ""},
		{NAMED, "(SELECT 1 AS a, 2 AS a)", ""},
		{NAMED, "INSERT INTO t SELECT 1 AS a, 2 AS a", ""},
		{"postgres sqlite redshift", "SELECT 1 AS \"A\", 2 AS a", ""},
		{"postgres sqlite redshift", "SELECT 1 AS \"a\", 2 AS A", " A:1:23"},
		{"postgres", "SELECT DISTINCT ON (a) a, b AS a FROM t", " a:1:32"},
		{"bigquery", "SELECT AS STRUCT 1 AS a, 2 AS a", ""},
		{"bigquery", "SELECT 1 AS a, 2 AS a FROM t |> SELECT a", ""},
		{"bigquery", "SELECT * EXCEPT (a), b FROM t", ""},
		// Where equal aliases are one expression, and joined columns keep their table's name.
		{"clickhouse", "SELECT 1 AS a, a AS a, t.id, u.id FROM t, u", ""},
	};

	check(cases, G_N_ELEMENTS(cases));
}

static void test_parameters(void)
{
	static const Case cases[] = {
		{"sqlite mysql bigquery redshift", "SELECT *\nFROM t WHERE a = ?", " ?:2:18"},
		{"postgres redshift", "SELECT $1, '$2', $$ $3 $$", " $1:1:8"},
		{"sqlite", "SELECT ?1, :a, @b, $c", " ?1:1:8 :a:1:12 @b:1:16 $c:1:20"},
		{"bigquery", "SELECT @a, @@b", " @a:1:8"},
		{"postgres", "SELECT a ? 'x', b[1 :n] FROM t", ""},
		{"postgres", "PREPARE p AS SELECT $1; EXECUTE p(1)", ""},
		{"postgres", "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql RETURN $1 + 1", ""},
		{"postgres",
			"CREATE FUNCTION f(int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; "
			"SELECT $1; END",
			""},
		{"postgres", "SELECT {{ a }}, $1", " $1:1:17"},
		{"mysql", "SELECT @x := @x + 1, '?'", ""},
		{"clickhouse", "CREATE VIEW v AS SELECT {a:UInt8}, x ? 1 : 2 FROM t", ""},
		{"ansi", "SELECT ?, $1, :a", ""},
	};

	check(cases, G_N_ELEMENTS(cases));
}

static void test_late_header(void)
{
	static const Case cases[] = {
		{ENGINES, "SELECT 1\n  /* weir\nfeed: VIEW\n*/", " header:2:3"},
		{ENGINES, "SELECT 1\n-- weir\n-- feed: VIEW\n", " header:2:1"},
		{ENGINES, "/* weir\nfeed: VIEW\n*/ SELECT 1", ""},
		{ENGINES, "SELECT 1 /* weir makes this table */", ""},
		{ENGINES, "SELECT 1 /* weird: yes */", ""},
		{ENGINES, "SELECT 1 -- weir\n-- makes this table\n", ""},
		{ENGINES, "SELECT '/* weir\nfeed: VIEW\n*/'", ""},
	};

	check(cases, G_N_ELEMENTS(cases));
}

// Many parameters in many statements take time linear in the text.
static void test_many(void)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (unsigned i = 0; i < 200000; i++)
		g_string_append(text, "SELECT ?;");
	g_autoptr(SqlScript) script =
		sql_script_scan(sql_dialect_find("sqlite"), text->str, text->len);
	g_assert_cmpuint(script->parameter_count, ==, 200000);
	g_assert_true(script->parameters[199999].unbound);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sql/faults/open", test_open);
	g_test_add_func("/sql/faults/columns", test_columns);
	g_test_add_func("/sql/faults/parameters", test_parameters);
	g_test_add_func("/sql/faults/late-header", test_late_header);
	g_test_add_func("/sql/faults/many", test_many);
	return g_test_run();
}
