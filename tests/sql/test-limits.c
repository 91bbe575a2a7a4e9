// Hostile texts: every one is answered, in time that grows with its length and no faster.
#include "sql/bind.h"
#include "sql/output.h"

#include <string.h>
#include <time.h>

enum {
	SIZE = 120000, // bytes of the small text; the large one is eight times that
	GROWTH = 8,
	TRIES = 6,
#ifdef __SANITIZE_THREAD__
	SLACK = 32, // its bookkeeping of large pieces counts for more than the scan: other builds measure
#else
	SLACK = 4, // how much slower than linear a noisy machine may look
#endif
};

// Texts made by repetition: a start, a middle as often as it takes, an end.
static const char *const patterns[][3] = {
	{"SELECT ", "(", "1"},
	{"SELECT ", "((SELECT 1 FROM a) + ", "1"},
	{"SELECT * FROM ", "(SELECT * FROM a.b, ", "c"},
	{"SELECT * FROM ", "((a JOIN ", "b"},
	{"", "WITH a AS (", "SELECT 1"},
	{"WITH ", "a AS (SELECT 1), ", "b AS (SELECT 2) SELECT * FROM a"},
	{"", "WITH RECURSIVE a AS (SELECT 1) ", ""},
	{"WITH RECURSIVE a AS (SELECT 1) ", "x ", ""},
	{"SELECT * FROM ", "a, a.b, ", "c"},
	{"SELECT ", "(SELECT * FROM x.y), ", "1 FROM t x"},
	{"SELECT (SELECT 1 FROM ", "x.y, ", "z) FROM a x, b x"},
	{"SELECT * FROM a ", "JOIN b ON a.x = b.x ", ""},
	{"DELETE ", "a, ", "a FROM a"},
	{"DELETE a FROM ", "a, ", "a"},
	{"UPDATE ", "a, ", "a SET a.b = 1"},
	{"UPDATE a SET ", "a.b = 1, ", "c = 2"},
	{"", "SELECT 1; ", ""},
	{"", "BEGIN ", ""},
	{"CREATE PROCEDURE p() ", "BEGIN ", "END"},
	{"", "'", ""},
	{"", "$a$ $b$ ", ""},
	{"", "{{'", ""},
	{"", "{{ '}} ", ""},
	{"'", "{{ ", "'"},
	{"", "{% ", ""},
	{"", "/*", ""},
	{"", "/* */ ", ""},
	{"", "/*!1 ", ""},
	{"", "`", ""},
	{"", "[", ""},
	{"", "({[", ""},
	{"", "([{)", ""},
	{"", ")", ""},
	{"SELECT * FROM a", ".b", ""},
	{"SELECT * FROM a", "-b", ""},
	{"SELECT ", "CASE WHEN 1 THEN ", "2"},
	{"SELECT 1 ", "UNION SELECT 1 ", ""},
	{"UNLOAD (", "$a$UNLOAD ($b$", "$a$)"},
	{"", "\\copy ", ""},
	{"", "x: ", ""},
	{"",
		"\xff\xfe\x00"
		"a",
		""},
	{"", "INSERT INTO t FORMAT x ", "\n"},
	{"", "DELIMITER ;;\n", ""},
	{"", "COPY t FROM stdin;\n", ""},
	{"SELECT ", "a, ", "b FROM t"},
	{"SELECT a", ".a", " FROM t"},
	{"SELECT ", "CASE ", "END x FROM t"},
	{"SELECT f() ", "OVER () ", "x"},
	{"SELECT ", "b b, ", "b FROM a.b b"},
};

static GString *make_text(const char *const *pattern, size_t size)
{
	GString *text = g_string_new(pattern[0]);
	size_t length = MAX(strlen(pattern[1]), 1);

	while (text->len < size)
		g_string_append_len(text, pattern[1], (gssize)length);
	g_string_append(text, pattern[2]);
	return text;
}

// Of this thread: other programs on the machine do not count.
static double processor_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double scan_seconds(const SqlDialect *dialect, const char *const *pattern, size_t size)
{
	GString *text = make_text(pattern, size);
	double start = processor_seconds();
	char column[] = "b";
	char *columns[] = {column, NULL};
	bool named;
	g_autoptr(SqlScript) script = sql_script_scan(dialect, text->str, text->len);
	g_auto(GStrv) made = sql_output_columns(dialect, text->str, text->len);
	sql_text_names_columns(dialect, text->str, text->len, "a.b", columns, &named);
	double seconds = processor_seconds() - start;

	g_autoptr(SqlBinding) binding =
		sql_script_bind(script, text->str, text->len, SQL_PLACEHOLDER_DOLLAR, NULL, NULL);
	g_assert_nonnull(binding->text);
	g_string_free(text, TRUE);
	return seconds;
}

// A quadratic scan of the large text would take 64 times the small one's time, a linear one takes 8 times. A busy
// machine may disturb one measurement, not all.
static bool is_linear(const SqlDialect *dialect, const char *const *pattern)
{
	for (unsigned try = 0; try < TRIES; try++) {
		double small = MAX(scan_seconds(dialect, pattern, SIZE / GROWTH), 0.0002);
		double large = scan_seconds(dialect, pattern, SIZE);

		if (large <= small * GROWTH * SLACK)
			return true;
	}
	return false;
}

static void test_linear(void)
{
	for (const char *const *name = sql_dialect_names(); *name != NULL; name++) {
		for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++) {
			if (!is_linear(sql_dialect_find(*name), patterns[i]))
				g_error("%s: the time of '%s' grows too fast", *name,
					patterns[i][1]);
		}
	}
}

// Each prefix of a script with a bit of everything is answered.
static void test_prefixes(void)
{
	static const char sql[] = "WITH RECURSIVE a (x) AS MATERIALIZED (SELECT 'it''s {{ b }}' "
				  "FROM c.\"d\"\"e\" LEFT JOIN (f g) USING (h)) "
				  "INSERT INTO i (j) SELECT $1, E'\\'', $k$ l $k$, r'''m''' FROM "
				  "a, LATERAL n(o) p WHERE q IN r; "
				  "CREATE PROCEDURE s() BEGIN IF t THEN UPDATE u, v SET u.w = {{ x "
				  "}}; ELSE DELETE y FROM y z; END IF; END; "
				  "/*! CREATE */ TABLE `aa` LIKE [bb]; MERGE INTO cc USING dd ON 1 "
				  "WHEN MATCHED THEN DELETE; "
				  "COPY ee FROM stdin;\n1\n\\.\n UNLOAD ('SELECT 1 FROM ff') {% gg "
				  "%} {# hh #} \\i jj\n";

	for (const char *const *name = sql_dialect_names(); *name != NULL; name++) {
		for (size_t length = 0; length < sizeof(sql); length++) {
			g_autofree char *exact = g_memdup2(sql, length);
			g_autoptr(SqlScript) script =
				sql_script_scan(sql_dialect_find(*name), exact, length);
			g_autoptr(SqlBinding) binding = sql_script_bind(
				script, exact, length, SQL_PLACEHOLDER_QUESTION, NULL, NULL);

			g_assert_cmpuint(strlen(script->fingerprint), ==, 64);
		}
	}
}

static void test_empty(void)
{
	g_autoptr(SqlScript) script = sql_script_scan(sql_dialect_find("ansi"), NULL, 0);

	g_assert_cmpuint(script->statement_count, ==, 0);
	g_assert_cmpuint(script->parameter_count, ==, 0);
	sql_script_free(NULL);
	sql_binding_free(NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sql/limits/linear", test_linear);
	g_test_add_func("/sql/limits/prefixes", test_prefixes);
	g_test_add_func("/sql/limits/empty", test_empty);
	return g_test_run();
}
