// What a scan tells besides the sets: kinds, places, parts, parameters, reasons, the header.
#include "sql/scan.h"

#include <string.h>

static SqlScript *scan(const char *dialect, const char *sql)
{
	return sql_script_scan(sql_dialect_find(dialect), sql, strlen(sql));
}

static void check_span(const char *text, size_t length, const char *expected)
{
	g_autofree char *copy = g_strndup(text, length);

	g_assert_cmpstr(copy, ==, expected);
}

static void test_dialects(void)
{
	g_assert_cmpstr(sql_dialect_name(sql_dialect_find("SQLite")), ==, "sqlite");
	g_assert_cmpstr(sql_dialect_name(sql_dialect_find("postgresql")), ==, "postgres");
	g_assert_cmpstr(sql_dialect_name(sql_dialect_find("mariadb")), ==, "mysql");
	g_assert_null(sql_dialect_find("oracle"));
	g_assert_null(sql_dialect_find(NULL));
	for (const char *const *name = sql_dialect_names(); *name != NULL; name++)
		g_assert_cmpstr(sql_dialect_name(sql_dialect_find(*name)), ==, *name);
}

static void check_quoted(const char *dialect, const char *part, const char *expected)
{
	g_autofree char *quoted = sql_dialect_quote_name(sql_dialect_find(dialect), part);

	g_assert_cmpstr(quoted, ==, expected);
}

static void test_quote_name(void)
{
	check_quoted("postgres", "a\"b", "\"a\"\"b\"");
	check_quoted("sqlite", "order", "\"order\"");
	check_quoted("mysql", "a`b", "`a``b`");
	check_quoted("bigquery", "a`b\\", "`a\\`b\\\\`");
	check_quoted("clickhouse", "a`b", "`a\\`b`");
}

static void test_kinds(void)
{
	static const struct {
		const char *sql;
		SqlKind kind;
	} cases[] = {
		{"SELECT 1", SQL_KIND_SELECT},
		{"(SELECT 1) UNION (SELECT 2)", SQL_KIND_SELECT},
		{"WITH a AS (SELECT 1) SELECT * FROM a", SQL_KIND_SELECT},
		{"VALUES (1)", SQL_KIND_SELECT},
		{"TABLE t", SQL_KIND_SELECT},
		{"WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", SQL_KIND_INSERT},
		{"UPDATE t SET a = 1", SQL_KIND_UPDATE},
		{"DELETE FROM t", SQL_KIND_DELETE},
		{"MERGE INTO t USING u ON 1 = 1 WHEN MATCHED THEN DELETE", SQL_KIND_MERGE},
		{"COPY t FROM 'x'", SQL_KIND_COPY},
		{"CREATE TABLE t (a int)", SQL_KIND_CREATE_TABLE},
		{"CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT 1", SQL_KIND_CREATE_VIEW},
		{"CREATE FUNCTION f() RETURNS int RETURN 1", SQL_KIND_CREATE_ROUTINE},
		{"CREATE INDEX i ON t (a)", SQL_KIND_CREATE},
		{"ALTER TABLE t ADD a int", SQL_KIND_ALTER},
		{"DROP TABLE t", SQL_KIND_DROP},
		{"TRUNCATE t", SQL_KIND_TRUNCATE},
		{"RENAME TABLE a TO b", SQL_KIND_RENAME},
		{"REFRESH MATERIALIZED VIEW v", SQL_KIND_REFRESH},
		{"EXPLAIN SELECT 1", SQL_KIND_EXPLAIN},
		{"CALL p()", SQL_KIND_CALL},
		{"DECLARE x INT64", SQL_KIND_CONTROL},
		{"BEGIN", SQL_KIND_TRANSACTION},
		{"COMMIT", SQL_KIND_TRANSACTION},
		{"SET a = 1", SQL_KIND_SETTING},
		{"GRANT SELECT ON t TO u", SQL_KIND_SETTING},
		{"HELLO world", SQL_KIND_UNKNOWN},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(SqlScript) script = scan("ansi", cases[i].sql);

		g_assert_cmpuint(script->statement_count, ==, 1);
		g_assert_cmpstr(sql_kind_name(script->statements[0].kind), ==,
			sql_kind_name(cases[i].kind));
	}
}

static void test_places(void)
{
	const char *sql =
		"-- é\n  SELECT é,\n x FROM \"A\".b JOIN\tc;\n\n INSERT INTO d SELECT 1 ; ";
	g_autoptr(SqlScript) script = scan("postgres", sql);
	const SqlStatement *first = &script->statements[0];
	const SqlStatement *second = &script->statements[1];

	g_assert_cmpuint(script->statement_count, ==, 2);
	g_assert_cmpuint(first->line, ==, 2);
	g_assert_cmpuint(first->column, ==, 3);
	check_span(sql + first->offset, first->length, "SELECT é,\n x FROM \"A\".b JOIN\tc");
	g_assert_cmpuint(second->line, ==, 5);
	g_assert_cmpuint(second->column, ==, 2);
	check_span(sql + second->offset, second->length, "INSERT INTO d SELECT 1");

	const SqlTable *table = &first->reads.tables[0];
	g_assert_cmpstr(table->name, ==, "A.b");
	g_assert_cmpuint(table->part_count, ==, 2);
	g_assert_cmpstr(table->parts[0], ==, "A");
	g_assert_cmpstr(table->parts[1], ==, "b");
	g_assert_null(table->parts[2]);
	check_span(sql + table->offset, table->length, "\"A\".b");
	g_assert_cmpuint(table->line, ==, 3);
	g_assert_cmpuint(table->column, ==, 9);
	g_assert_cmpuint(first->reads.tables[1].column, ==, 20);
	g_assert_cmpuint(second->writes.tables[0].line, ==, 5);
}

static void test_first_place_of_each_statement(void)
{
	g_autoptr(SqlScript) script =
		scan("sqlite", "SELECT * FROM T;\nSELECT * FROM a, t;\nDELETE FROM t");

	g_assert_cmpuint(script->reads.count, ==, 2);
	g_assert_cmpstr(script->reads.tables[0].name, ==, "T");
	g_assert_cmpuint(script->reads.tables[0].line, ==, 1);
	g_assert_cmpuint(script->statements[1].reads.tables[1].line, ==, 2);
	g_assert_cmpuint(script->statements[1].reads.tables[1].column, ==, 18);
	g_assert_cmpuint(script->statements[2].writes.tables[0].line, ==, 3);
}

static void test_parts(void)
{
	g_autoptr(SqlScript) quoted = scan("postgres", "SELECT * FROM \"a.b\"");
	g_autoptr(SqlScript) path = scan("bigquery", "SELECT * FROM `my-p.d.t`");
	g_autoptr(SqlScript) plain = scan("mysql", "SELECT * FROM `a.b`");

	g_assert_cmpuint(quoted->reads.tables[0].part_count, ==, 1);
	g_assert_cmpstr(quoted->reads.tables[0].name, ==, "a.b");
	g_assert_cmpuint(path->reads.tables[0].part_count, ==, 3);
	g_assert_cmpstr(path->reads.tables[0].parts[0], ==, "my-p");
	g_assert_cmpuint(plain->reads.tables[0].part_count, ==, 1);
}

static void test_set(void)
{
	g_autoptr(SqlScript) script = scan("ansi", "SELECT * FROM Sales.Orders");

	g_assert_true(sql_table_set_contains(&script->reads, "sales.orders"));
	g_assert_false(sql_table_set_contains(&script->reads, "orders"));
	g_assert_false(sql_table_set_contains(&script->writes, "sales.orders"));
	g_assert_true(sql_table_name_equal("a.B", "A.b"));
}

static void check_parameter(const SqlScript *script, size_t index, SqlParameterKind kind,
	SqlContext context, const char *text)
{
	g_assert_cmpuint(index, <, script->parameter_count);
	g_assert_cmpint(script->parameters[index].kind, ==, kind);
	g_assert_cmpint(script->parameters[index].context, ==, context);
	g_assert_cmpstr(script->parameters[index].text, ==, text);
}

static void test_expressions(void)
{
	const char *sql =
		"SELECT {{ a }}, 'x{{b.c}}y', \"{{ d }}\", $q$ {{ e }} $q$ -- {{ f }}\n"
		"/* {{ g }} */ , '{{ h | default('it''s }}') }}', {{ {\"k\": {\"l\": 1}} }}";
	g_autoptr(SqlScript) script = scan("postgres", sql);

	g_assert_cmpuint(script->parameter_count, ==, 6);
	check_parameter(script, 0, SQL_PARAMETER_EXPRESSION, SQL_CONTEXT_BARE, "a");
	check_parameter(script, 1, SQL_PARAMETER_EXPRESSION, SQL_CONTEXT_STRING, "b.c");
	check_parameter(script, 2, SQL_PARAMETER_EXPRESSION, SQL_CONTEXT_NAME, "d");
	check_parameter(script, 3, SQL_PARAMETER_EXPRESSION, SQL_CONTEXT_DOLLAR, "e");
	check_parameter(
		script, 4, SQL_PARAMETER_EXPRESSION, SQL_CONTEXT_STRING, "h | default('it''s }}')");
	check_parameter(
		script, 5, SQL_PARAMETER_EXPRESSION, SQL_CONTEXT_BARE, "{\"k\": {\"l\": 1}}");
	check_span(sql + script->parameters[1].literal_offset, script->parameters[1].literal_length,
		"'x{{b.c}}y'");
	g_assert_cmpuint(script->parameters[0].line, ==, 1);
	g_assert_cmpuint(script->parameters[0].column, ==, 8);
	g_assert_cmpuint(script->parameters[4].line, ==, 2);
}

static void test_native_parameters(void)
{
	g_autoptr(SqlScript) postgres =
		scan("postgres", "SELECT $1, a ? 'b', :x, c::int, d[1:2], '$2' FROM t");
	g_autoptr(SqlScript) sqlite = scan("sqlite", "SELECT ?, ?2, :x, @y, $z FROM t");
	g_autoptr(SqlScript) mysql = scan("mysql", "SELECT ?, @v, @@w, a := 1 FROM t");
	g_autoptr(SqlScript) bigquery = scan("bigquery", "SELECT @d, ?, @@error.message FROM t");
	g_autoptr(SqlScript) clickhouse =
		scan("clickhouse", "SELECT {d:Date}, a ? b : c, {'x': 1} FROM t");

	g_assert_cmpuint(postgres->parameter_count, ==, 2);
	check_parameter(postgres, 0, SQL_PARAMETER_NATIVE, SQL_CONTEXT_BARE, "$1");
	check_parameter(postgres, 1, SQL_PARAMETER_NATIVE, SQL_CONTEXT_BARE, ":x");
	g_assert_cmpuint(sqlite->parameter_count, ==, 5);
	check_parameter(sqlite, 1, SQL_PARAMETER_NATIVE, SQL_CONTEXT_BARE, "?2");
	check_parameter(sqlite, 4, SQL_PARAMETER_NATIVE, SQL_CONTEXT_BARE, "$z");
	g_assert_cmpuint(mysql->parameter_count, ==, 1);
	g_assert_cmpuint(bigquery->parameter_count, ==, 2);
	check_parameter(bigquery, 0, SQL_PARAMETER_NATIVE, SQL_CONTEXT_BARE, "@d");
	g_assert_cmpuint(clickhouse->parameter_count, ==, 1);
	check_parameter(clickhouse, 0, SQL_PARAMETER_NATIVE, SQL_CONTEXT_BARE, "{d:Date}");
}

static void test_reasons(void)
{
	static const struct {
		const char *dialect, *sql, *reason;
	} cases[] = {
		{"postgres", "CALL p()", "a procedure or text that is not seen is executed"},
		{"bigquery", "EXECUTE IMMEDIATE 'x'",
			"a procedure or text that is not seen is executed"},
		{"postgres", "DO $$ x $$", "a procedure or text that is not seen is executed"},
		{"ansi", "SELECT * FROM {{ x }}", "the name of a table is an expression"},
		{"ansi", "FROB x", "this kind of statement is not known"},
		{"ansi", "SELECT 'x", "a quoted text or comment has no end"},
		{"ansi", "{% if x %} SELECT 1 {% endif %} + 1",
			"a template tag decides what the statement is"},
		{"postgres", "SELECT * FROM dblink('x')",
			"a table function reads tables that are not seen"},
		{"postgres", "DROP SCHEMA s", "the tables of a dropped schema are not named"},
		{"postgres", "CREATE FUNCTION f() AS 'x' LANGUAGE sql",
			"the body of a routine is text that is not seen into"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(SqlScript) script = scan(cases[i].dialect, cases[i].sql);

		g_assert_cmpstr(script->opaque, ==, cases[i].reason);
	}
}

static void test_opaque_statement_only(void)
{
	g_autoptr(SqlScript) script =
		scan("postgres", "SELECT * FROM a; CALL p(); SELECT * FROM b");

	g_assert_null(script->statements[0].opaque);
	g_assert_nonnull(script->statements[1].opaque);
	g_assert_null(script->statements[2].opaque);
	g_assert_nonnull(script->opaque);
}

static void check_header(const char *text, const char *expected, unsigned expected_line)
{
	size_t offset;
	size_t length;
	unsigned line;
	bool found = sql_header_find(text, strlen(text), &offset, &length, &line);

	g_assert_cmpint(found, ==, expected != NULL);
	if (expected == NULL)
		return;
	check_span(text + offset, length, expected);
	g_assert_cmpuint(line, ==, expected_line);
}

static void test_header(void)
{
	check_header("/* weir\nfeed: VIEW\n*/ SELECT 1", "\nfeed: VIEW\n", 1);
	check_header("\xEF\xBB\xBF\n\n/*\n\tweir feed: VIEW */", " feed: VIEW ", 4);
	check_header("/* weird */ SELECT 1", NULL, 0);
	check_header("/* weir", NULL, 0);
	check_header("-- weir\nSELECT 1", NULL, 0);
	check_header("SELECT 1 /* weir a */", NULL, 0);
	check_header("/*weir*/", "", 1);
	check_header("", NULL, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sql/scan/dialects", test_dialects);
	g_test_add_func("/sql/scan/quote-name", test_quote_name);
	g_test_add_func("/sql/scan/kinds", test_kinds);
	g_test_add_func("/sql/scan/places", test_places);
	g_test_add_func(
		"/sql/scan/first-place-of-each-statement", test_first_place_of_each_statement);
	g_test_add_func("/sql/scan/parts", test_parts);
	g_test_add_func("/sql/scan/set", test_set);
	g_test_add_func("/sql/scan/expressions", test_expressions);
	g_test_add_func("/sql/scan/native-parameters", test_native_parameters);
	g_test_add_func("/sql/scan/reasons", test_reasons);
	g_test_add_func("/sql/scan/opaque-statement-only", test_opaque_statement_only);
	g_test_add_func("/sql/scan/header", test_header);
	return g_test_run();
}
