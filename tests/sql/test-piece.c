// What is told of conditions and of queries in brackets that no engine takes; and that nothing is told of those that one does.
#include "sql/piece.h"

#include <glib.h>
#include <string.h>

static char *fault_of(const char *text, bool condition)
{
	static const char *const names[] = {
		"", "empty", "open", "unclosed", "unopened", "behind", "before", "ended"};
	size_t offset, length;
	SqlPieceFault fault = sql_piece_fault(text, strlen(text), condition, &offset, &length);

	return fault <= SQL_PIECE_EMPTY
		       ? g_strdup(names[fault])
		       : g_strdup_printf("%s %.*s", names[fault], (int)length, text + offset);
}

typedef struct {
	const char *text, *fault;
} Case;

static void check(const Case *cases, size_t count, bool condition)
{
	for (size_t i = 0; i < count; i++) {
		g_autofree char *found = fault_of(cases[i].text, condition);

		g_test_message("%s", cases[i].text);
		g_assert_cmpstr(found, ==, cases[i].fault);
	}
}

static void test_conditions(void)
{
	static const Case cases[] = {
		{"a >", "behind >"},
		{"a > -- and no more\n", "behind >"},
		{"a >=", "behind ="},
		{"(a >)", "behind >"},
		{"a > AND b", "behind >"},
		{"a AND", "behind AND"},
		{"a and not", "behind not"},
		{"a BETWEEN 1 AND", "behind AND"},
		{"a IN", "behind IN"},
		{"a LIKE", "behind LIKE"},
		{"a IS", "behind IS"},
		{"a +", "behind +"},
		{"a *", "behind *"},
		{"a,", "behind ,"},
		{"t.", "behind ."},
		{"> 3", "before >"},
		{"= b", "before ="},
		{"AND a", "before AND"},
		{"(a > 1", "unclosed ("},
		{"f(a, (b)", "unclosed ("},
		{"a > 1)", "unopened )"},
		{"a > 'x", "open '"},
		{"a > 1 /* and", "open /"},
		{"a > 1;", "ended ;"},
		{"", "empty"},
		{"-- nothing\n", "empty"},
		{"a > 1", ""},
		{"a", ""},
		{"NOT a", ""},
		{"-a < +b", ""},
		{"count(*) > 1", ""},
		{"a > (SELECT count(*) FROM t)", ""},
		{"a BETWEEN 1 AND 2 AND b", ""},
		{"a IS NOT NULL", ""},
		{"\"is\" = 1", ""},
		{"like", ""},
		{"a <-> b", ""},
		{"@ a > 1", ""},
		{"|/ a > 1", ""},
		{"a !", ""},
		{"a > {{ vars.x }}", ""},
		{"{{ vars.x }}", ""},
		{"{{ vars.x | raw }} AND", ""},
		{"a > {% if b %}1{% endif %}", ""},
		{"CASE WHEN a THEN b ELSE c END", ""},
		{"a ~ '^(x|y$'", ""},
		{"a = 'it''s (' -- it's", ""},
		// Not in all dialects the same text.
		{"a = 'it\\'s'", ""},
		{"a = 'c:\\'", ""},
		{"a = b # c AND", ""},
		{"[a(] > 1", ""},
		{"`a(` > 1", ""},
		{"$x$ ( $x$ = a", ""},
		{"a[1] > 0", ""},
		{"x -> y -> z", ""},
		{"INTERVAL 1 DAY > a", ""},
		{"DATE '2024-01-01' < a", ""},
	};

	check(cases, G_N_ELEMENTS(cases), true);
}

static void test_queries(void)
{
	static const Case cases[] = {
		{"SELECT * FROM", "behind FROM"},
		{"SELECT * FROM t WHERE", "behind WHERE"},
		{"SELECT a FROM t WHERE a >", "behind >"},
		{"SELECT (a FROM t", "unclosed ("},
		{"SELECT 'a FROM t", "open '"},
		{"", "empty"},
		{"FROM t |> SELECT *", ""},
		{"FROM t |> SELECT a,", ""},
		{"SELECT a FROM t;", ""},
		{"SELECT a FROM {{ this }} WHERE a > 1", ""},
		{"SELECT a FROM {{ this }}", ""},
		{"SELECT t.* FROM t", ""},
		{"SELECT a FROM t /* the rest", ""},
		{"VALUES (1)", ""},
		{"WITH x AS (SELECT 1) SELECT * FROM x", ""},
	};

	check(cases, G_N_ELEMENTS(cases), false);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sql/piece/conditions", test_conditions);
	g_test_add_func("/sql/piece/queries", test_queries);
	return g_test_run();
}
