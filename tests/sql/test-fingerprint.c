// What changes a fingerprint and what does not.
#include "sql/scan.h"

#include <string.h>

static void compare(const char *dialect, const char *first, const char *second, bool same)
{
	g_autoptr(SqlScript) a = sql_script_scan(sql_dialect_find(dialect), first, strlen(first));
	g_autoptr(SqlScript) b = sql_script_scan(sql_dialect_find(dialect), second, strlen(second));

	g_assert_cmpuint(strlen(a->fingerprint), ==, 64);
	if ((strcmp(a->fingerprint, b->fingerprint) == 0) != same)
		g_error("%s: '%s' and '%s' should %s", dialect, first, second,
			same ? "agree" : "differ");
}

static void test_same(void)
{
	static const char *const pairs[][2] = {
		{"SELECT a FROM t", "select a from t"},
		{"SELECT a FROM t", "SELECT a\n\t FROM /* x */ t -- y"},
		{"SELECT a FROM t", "SELECT a FROM t;"},
		{"SELECT a FROM t", "SELECT a FROM t ; ; "},
		{"SELECT 1; SELECT 2", "SELECT 1;; SELECT 2;"},
		{"SELECT a=1,b FROM t", "SELECT a = 1 , b FROM t"},
		{"SELECT a . b FROM c.d", "SELECT a.b FROM c . d"},
		{"SELECT x FROM t WHERE a IS NOT NULL AND b IN (TRUE)",
			"select x from t where a is not null and b in (true)"},
		{"SELECT sum(a) OVER (PARTITION BY b ORDER BY c ROWS UNBOUNDED PRECEDING) FROM t",
			"SELECT sum(a) over (partition by b order by c rows unbounded preceding) "
			"FROM t"},
		{"SELECT DATE '2020-01-01', CAST(a AS INT) FROM t",
			"SELECT date '2020-01-01', cast(a as int) FROM t"},
		{"SELECT {{x}} FROM t", "SELECT {{  x }} FROM t"},
		{"", " -- nothing\n"},
		{"CREATE OR REPLACE TABLE t AS SELECT 1", "create or replace table t as select 1"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
		compare("ansi", pairs[i][0], pairs[i][1], true);
}

static void test_different(void)
{
	static const char *const pairs[][2] = {
		{"SELECT a FROM t", "SELECT A FROM t"},
		{"SELECT a FROM t", "SELECT a FROM T"},
		{"SELECT 'a' FROM t", "SELECT 'A' FROM t"},
		{"SELECT \"a\" FROM t", "SELECT \"A\" FROM t"},
		{"SELECT \"select\" FROM t", "SELECT \"SELECT\" FROM t"},
		{"SELECT 'a  b' FROM t", "SELECT 'a b' FROM t"},
		{"SELECT a FROM t", "SELECT a, b FROM t"},
		{"SELECT ab FROM t", "SELECT a b FROM t"},
		{"SELECT 12 FROM t", "SELECT 1 2 FROM t"},
		{"SELECT 'a' 'b'", "SELECT 'a''b'"},
		{"SELECT 1; SELECT 2", "SELECT 1 SELECT 2"},
		{"SELECT a AS Date FROM t", "SELECT a AS date FROM t"},
		{"SELECT t.Order FROM t", "SELECT t.order FROM t"},
		{"SELECT {{ x }} FROM t", "SELECT {{ y }} FROM t"},
		{"SELECT $1", "SELECT $2"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
		compare("ansi", pairs[i][0], pairs[i][1], false);
}

static void test_dialects(void)
{
	compare("mysql", "SELECT 1 # x\n+ 1", "SELECT 1 + 1", true);
	compare("postgres", "SELECT 1 # 2", "SELECT 1", false);
	compare("postgres", "SELECT $$a$$", "SELECT $$A$$", false);
	compare("bigquery", "SELECT `Select`", "SELECT `SELECT`", false);
	compare("clickhouse", "SELECT Row FROM t", "SELECT row FROM t", false);
	compare("clickhouse", "SELECT a FROM t", "select a from t", true);
}

static void test_known(void)
{
	g_autoptr(SqlScript) script = sql_script_scan(sql_dialect_find("sqlite"), "", 0);

	g_assert_cmpstr(script->fingerprint, ==,
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sql/fingerprint/same", test_same);
	g_test_add_func("/sql/fingerprint/different", test_different);
	g_test_add_func("/sql/fingerprint/dialects", test_dialects);
	g_test_add_func("/sql/fingerprint/known", test_known);
	return g_test_run();
}
