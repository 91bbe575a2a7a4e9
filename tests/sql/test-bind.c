// Expressions become placeholders, their literals pieces, names splices, and the rest faults.
#include "sql/bind.h"

#include <string.h>

static SqlUse use_of(const char *expression, void *data)
{
	(void)data;
	if (g_str_has_suffix(expression, "| identifier"))
		return SQL_USE_IDENTIFIER;
	return g_str_has_suffix(expression, "| raw") ? SQL_USE_RAW : SQL_USE_VALUE;
}

static SqlBinding *bind(const char *dialect, const char *sql, SqlPlaceholder style)
{
	g_autoptr(SqlScript) script = sql_script_scan(sql_dialect_find(dialect), sql, strlen(sql));

	return sql_script_bind(script, sql, strlen(sql), style, use_of, NULL);
}

// The pieces of a slot: expressions in braces, literals in angle brackets.
static char *pieces_text(const SqlSlot *slot)
{
	GString *text = g_string_new(NULL);

	for (size_t i = 0; i < slot->piece_count; i++)
		g_string_append_printf(
			text, slot->pieces[i].expression ? "{%s}" : "<%s>", slot->pieces[i].text);
	return g_string_free(text, FALSE);
}

static void check(
	const char *dialect, const char *sql, const char *expected, const char *expected_pieces)
{
	g_autoptr(SqlBinding) binding = bind(dialect, sql, SQL_PLACEHOLDER_DOLLAR);
	GString *pieces = g_string_new(NULL);

	for (size_t i = 0; i < binding->slot_count; i++) {
		g_autofree char *one = pieces_text(&binding->slots[i]);

		g_string_append_printf(pieces, "%s%s", i > 0 ? " " : "", one);
	}
	g_assert_cmpuint(binding->fault_count, ==, 0);
	g_assert_cmpstr(binding->text, ==, expected);
	g_assert_cmpuint(binding->length, ==, strlen(expected));
	g_assert_cmpstr(pieces->str, ==, expected_pieces);
	g_string_free(pieces, TRUE);
}

static void test_values(void)
{
	check("postgres", "SELECT 1", "SELECT 1", "");
	check("postgres", "WHERE a = {{ x }} AND b = {{ y | f('z') }}", "WHERE a = $1 AND b = $2",
		"{x} {y | f('z')}");
	check("postgres", "WHERE a = $2 AND b = {{ x }}", "WHERE a = $2 AND b = $3", "{x}");
	check("postgres", "-- {{ x }}\nSELECT {{ y }} /* {{ z }} */",
		"-- {{ x }}\nSELECT $1 /* {{ z }} */", "{y}");
}

static void test_text(void)
{
	check("postgres", "SELECT '{{ x }}'", "SELECT $1", "{x}");
	check("postgres", "SELECT 'a''b{{ x }}c{{ y }}d\\'", "SELECT $1", "<a'b>{x}<c>{y}<d\\>");
	check("postgres", "SELECT E'a\\n{{ x }}\\x41'", "SELECT $1", "<a\n>{x}<A>");
	check("mysql", "SELECT \"a\\\"{{ x }}\"\"\"", "SELECT $1", "<a\">{x}<\">");
	check("bigquery", "SELECT r'\\d{{ x }}'", "SELECT $1", "<\\d>{x}");
	check("bigquery", "SELECT \"\"\"it's {{ x }}\"\"\"", "SELECT $1", "<it's >{x}");
	check("postgres", "SELECT $q$it's {{ x }}$q$", "SELECT $1", "<it's >{x}");
	check("clickhouse", "SELECT 'a\\'{{ x }}'", "SELECT $1", "<a'>{x}");
	check("postgres", "SELECT '{{ x }}' || 'b' || '{{ y }}'", "SELECT $1 || 'b' || $2",
		"{x} {y}");
}

static void test_typed_literals(void)
{
	check("postgres", "SELECT DATE '{{ x }}'", "SELECT CAST($1 AS DATE)", "{x}");
	check("postgres", "SELECT interval '{{ n }} days'", "SELECT CAST($1 AS INTERVAL)",
		"{n}< days>");
	check("mysql", "SELECT INTERVAL '{{ n }}' DAY", "SELECT INTERVAL $1 DAY", "{n}");
	check("mysql", "SELECT TIMESTAMP '{{ x }}'", "SELECT CAST($1 AS DATETIME)", "{x}");
	check("bigquery", "SELECT TIMESTAMP'{{ x }}'", "SELECT CAST($1 AS TIMESTAMP)", "{x}");
}

static void test_styles(void)
{
	static const struct {
		SqlPlaceholder style;
		const char *expected;
	} cases[] = {
		{SQL_PLACEHOLDER_DOLLAR, "SELECT $1, $2"},
		{SQL_PLACEHOLDER_QUESTION, "SELECT ?, ?"},
		{SQL_PLACEHOLDER_COLON, "SELECT :p1, :p2"},
		{SQL_PLACEHOLDER_AT, "SELECT @p1, @p2"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(SqlBinding) binding =
			bind("sqlite", "SELECT {{ a }}, '{{ b }}'", cases[i].style);

		g_assert_cmpstr(binding->text, ==, cases[i].expected);
		g_assert_cmpuint(binding->placeholder_count, ==, 2);
		g_assert_cmpuint(binding->slots[0].number, ==, 1);
		g_assert_cmpint(binding->slots[0].use, ==, SQL_USE_VALUE);
		g_assert_cmpint(binding->slots[1].use, ==, SQL_USE_TEXT);
		g_assert_cmpuint(binding->slots[0].at, ==, 7);
	}
}

static void test_splices(void)
{
	g_autoptr(SqlBinding) binding = bind("postgres",
		"SELECT {{ v }} FROM {{ s | identifier }}.\"a_{{ t }}\" {{ w | raw }}",
		SQL_PLACEHOLDER_DOLLAR);
	const char *const values[] = {NULL, "my\"s", "a_1", "WHERE true"};

	g_assert_cmpuint(binding->fault_count, ==, 0);
	g_assert_true(binding->spliced);
	g_assert_cmpstr(binding->text, ==, "SELECT $1 FROM . ");
	g_assert_cmpuint(binding->slot_count, ==, 4);
	g_assert_cmpuint(binding->placeholder_count, ==, 1);
	g_assert_cmpuint(binding->slots[1].number, ==, 0);
	g_autofree char *pieces = pieces_text(&binding->slots[2]);
	g_assert_cmpstr(pieces, ==, "<a_>{t}");
	g_autofree char *text = sql_binding_splice(binding, sql_dialect_find("postgres"), values);
	g_assert_cmpstr(text, ==, "SELECT $1 FROM \"my\"\"s\".\"a_1\" WHERE true");
}

static void check_fault(const char *dialect, const char *sql, unsigned column, const char *message,
	const char *hint)
{
	g_autoptr(SqlBinding) binding = bind(dialect, sql, SQL_PLACEHOLDER_DOLLAR);

	g_assert_cmpuint(binding->fault_count, ==, 1);
	g_assert_cmpstr(binding->faults[0].message, ==, message);
	g_assert_cmpstr(binding->faults[0].hint, ==, hint);
	g_assert_cmpuint(binding->faults[0].line, ==, 1);
	g_assert_cmpuint(binding->faults[0].column, ==, column);
}

static void test_faults(void)
{
	check_fault("postgres", "DO $$ BEGIN x := {{ x }}; END $$", 18,
		"an expression inside the body of a routine cannot be bound",
		"pass the value to the routine as an argument");
	check_fault("postgres", "SELECT * FROM t_{{ x }}", 17,
		"an expression that makes a part of a word cannot be bound",
		"let the expression give the whole name, and write {{ … | identifier }}");
	check_fault("postgres", "SELECT * FROM s.{{ x }}", 17,
		"an expression that makes a part of a name cannot be bound as a value",
		"write {{ … | identifier }}");
	check_fault("postgres", "SELECT x'{{ x }}'", 10,
		"an expression inside a literal of bits or code points cannot be bound",
		"bind the whole value: write {{ … }} without the quotes");
	check_fault("postgres", "SELECT INTERVAL '{{ x }}' DAY", 18,
		"an expression inside an interval with a unit cannot be bound",
		"write the unit inside the quotes: INTERVAL '{{ … }} days'");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sql/bind/values", test_values);
	g_test_add_func("/sql/bind/text", test_text);
	g_test_add_func("/sql/bind/typed-literals", test_typed_literals);
	g_test_add_func("/sql/bind/styles", test_styles);
	g_test_add_func("/sql/bind/splices", test_splices);
	g_test_add_func("/sql/bind/faults", test_faults);
	return g_test_run();
}
