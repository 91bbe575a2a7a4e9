// What is said of the SQL in hand-written flows and in checks, and that nothing is said of what runs.
#include "tests/repo-layout/repository.h"

#include <string.h>

#define FLOW "domains/sales/flows/f.yaml"

// All that is said of a repository with one more file.
static char *report_of(const char *path, const char *text)
{
	g_autoptr(Repository) repository = repository_new();
	g_autofree char *commit = NULL;
	g_autoptr(Layout) layout = NULL;

	repository_set(repository, "weir.yaml",
		"name: shop\nconnections:\n  lake: {driver: postgres, url: \"postgresql://x/y\"}\n"
		"policies: {allow_raw: true}\n");
	repository_set(repository, "domains/sales/domain.yaml", "owner: ann\n");
	repository_set(repository, path, text);
	commit = repository_commit(repository);
	layout = repository_load(repository, commit, NULL, NULL);
	return layout_report(layout);
}

typedef struct {
	const char *keys; // of the task or trigger, two blanks before each line
	const char *report; // "line:column: error: …" from the line of its type on; "": nothing
} Row;

static void check(const char *head, const Row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		g_autofree char *text = g_strdup_printf("%s%s\n", head, rows[i].keys);
		g_autofree char *found = report_of(FLOW, text);
		g_autofree char *expected = *rows[i].report == '\0'
						    ? g_strdup("")
						    : g_strdup_printf(FLOW ":%s\n", rows[i].report);

		if (strcmp(found, expected) != 0)
			g_test_fail_printf("%s\nfound:\n%sexpected:\n%s", text, found, expected);
	}
}

#define PARAMETERS                                                                                 \
	"\nhint: write the value, an expression ({{ vars.name }}), or :name and give it in "       \
	"'parameters'"
#define SEVERAL "\nhint: a task of type sql.queries runs several"
#define QUOTE	"\nhint: close it; a quote inside of a text is written twice"
#define TRANSACTION                                                                                \
	" has no place in a task of type 'sql.queries', which runs in one transaction\n"           \
	"hint: leave it out; SAVEPOINT and ROLLBACK TO are taken"

static void test_tasks(void)
{
	static const Row rows[] = {
		{"sql.query\n  sql: SELECT 'it",
			"5:15: error: the text that begins here has no closing quote" QUOTE},
		{"sql.query\n  sql: |\n    SELECT 1,\n      'it\n",
			"7:7: error: the text that begins here has no closing quote" QUOTE},
		{"sql.query\n  sql: SELECT 1 AS \"a",
			"5:20: error: the name that begins here has no closing quote\nhint: close "
			"it with the quote that belongs to the one that it begins with"},
		{"sql.query\n  connection: lake\n  sql: SELECT 1 /* a",
			"6:17: error: the comment that begins here has no end\nhint: end it with "
			"'*/'; a comment inside of it needs an end of its own"},
		{"sql.query\n  sql: SELECT 1; SELECT 2",
			"5:18: error: a task of type 'sql.query' runs one statement; a second one "
			"begins here" SEVERAL},
		{"sql.query\n  sql: SELECT 1\n  afterSQL: DELETE FROM t; DELETE FROM u",
			"6:28: error: a task of type 'sql.query' runs one statement; a second one "
			"begins here\nhint: put it before, into 'sql' of sql.queries"},
		{"sql.query\n  sql: -- nothing",
			"5:8: error: the SQL has no statement\nhint: write one, or leave the key "
			"out"},
		{"sql.query\n  sql: SELECT 1 AS a WHERE 1 =\n    ?",
			"6:5: error: nothing gives the parameter '?' a value" PARAMETERS},
		{"sql.query\n  sql: SELECT :a, :b\n  parameters: {a: 1}",
			"5:19: error: nothing gives the parameter ':b' a value" PARAMETERS},
		{"sql.queries\n  sql: SELECT 1; COMMIT", "5:18: error: COMMIT" TRANSACTION},
		{"sql.queries\n  sql: |\n    SELECT 1;\n\n    begin",
			"8:5: error: BEGIN" TRANSACTION},
		{"sql.build\n  table: sales.x\n  sql: DELETE FROM sales.t",
			"6:8: error: a task of type 'sql.build' must be one query, not delete\n"
			"hint: 'feed: SCRIPT' runs statements as they are written"},
		{"sql.build\n  table: sales.x\n  sql: SELEC 1 AS a",
			"6:8: error: a task of type 'sql.build' must be one query, and 'SELEC' "
			"begins none\nhint: did you mean 'SELECT'?"},
		{"sql.build\n  table: sales.x\n  sql: bogus 1",
			"6:8: error: a task of type 'sql.build' must be one query, and 'bogus' "
			"begins none\nhint: 'feed: SCRIPT' runs statements as they are written"},
		{"sql.build\n  table: sales.x\n  sql: SELECT 1 AS a, 2 AS a",
			"6:28: error: the query gives the column 'a' a second time\nhint: give one "
			"of the two another name, with AS"},
		{"sql.build\n  table: sales.x\n  feed: SCRIPT\n  sql: VACUUM",
			"7:8: error: VACUUM has no place in a task of type 'sql.build', which runs "
			"in one transaction\nhint: leave it out; SAVEPOINT and ROLLBACK TO are "
			"taken"},
		{"sql.build\n  table: sales.x\n  sql: SELECT 1 AS a\n  checks:\n    - expression: "
		 "a >",
			"8:19: error: the condition of 'expression' lacks something behind '>'\n"
			"hint: finish it: both sides of an operator are needed"},
		{"sql.load\n  from: x.csv\n  table: sales.x\n  checks:\n    - sql: SELECT (1",
			"8:12: error: the query of 'sql' never closes '('\nhint: close the "
			"bracket, "
			"or remove it"},
	};

	check("id: f\ntasks:\n- id: a\n  type: ", rows, G_N_ELEMENTS(rows));
}

static void test_triggers(void)
{
	static const Row rows[] = {
		{"SELECT 'it", "6:15: error: the text that begins here has no closing quote" QUOTE},
		{"SELECT 1; SELECT 2",
			"6:18: error: a trigger of type 'sql' runs one statement; a second one "
			"begins here" SEVERAL},
		{"SELECT * FROM sales.t WHERE a > {{ trigger.previous ?? 0 }}", ""},
	};

	check("id: f\ntasks: [{id: a, type: log, message: m}]\ntriggers:\n- id: t\n  type: sql\n"
	      "  sql: ",
		rows, G_N_ELEMENTS(rows));
}

// Each of these runs, or fails for a reason that only a run knows.
static void test_silence(void)
{
	static const Row rows[] = {
		{"sql.query\n  sql: SELECT {{ vars.it ?? \"it's\" }}, '{{ flow.id }}', \"{{ "
		 "flow.id }}\"",
			""},
		{"sql.query\n  sql: SELECT 'it''s; {{ flow.id }}' -- don't; ?", ""},
		{"sql.query\n  sql: \"SELECT 1;\"", ""},
		{"sql.query\n  sql: \"{{ inputs.x ?? 'SELECT 1' | raw }} 'it\"", ""},
		{"sql.query\n  sql: SELECT :a\n  parameters: {a: 1}", ""},
		{"sql.query\n  sql: SELECT :a\n  parameters: \"{{ labels }}\"", ""},
		{"sql.query\n  disabled: true\n  sql: SELECT 'it", ""},
		{"sql.query\n  sql: BEGIN", ""},
		{"sql.query\n  connection: lake\n  sql: SELECT $x$it's$x$, E'it\\'s', a::text, b ? "
		 "'c'",
			""},
		{"sql.query\n  url: jdbc:mysql://h/d\n  sql: SELECT 'it\\'s', \"a'\"", ""},
		{"sql.query\n  url: \"{{ vars.url ?? 'x' }}\"\n  sql: SELECT 'it\\'s'", ""},
		{"io.kestra.plugin.jdbc.bigquery.Query\n  url: x\n  sql: \"SELECT r'''it's'''\"",
			""},
		{"sql.queries\n  transaction: false\n  sql: BEGIN; SELECT 1; COMMIT", ""},
		{"sql.queries\n  sql: SAVEPOINT s; SELECT 1; ROLLBACK TO s; RELEASE s", ""},
		{"sql.queries\n  sql: CREATE TRIGGER u AFTER INSERT ON sales.a BEGIN DELETE FROM "
		 "b; "
		 "END; SELECT 1",
			""},
		{"sql.load\n  from: x.csv\n  sql: INSERT INTO sales.t VALUES (?, ?)", ""},
		{"sql.build\n  table: sales.x\n  feed: SCRIPT\n  sql: DELETE FROM sales.x; INSERT "
		 "INTO sales.x SELECT 1",
			""},
		{"sql.build\n  table: sales.x\n  sql: SELECT 1 AS a\n  checks:\n"
		 "    - expression: \"a > {{ flow.id }}\"\n    - sql: SELECT 1 FROM {{ this }} "
		 "WHERE "
		 "a < 0\n    - not_null: {columns: [a], where: \"a <> 'it''s ('\"}",
			""},
	};

	check("id: f\ntasks:\n- id: a\n  type: ", rows, G_N_ELEMENTS(rows));
}

static void test_headers(void)
{
	static const struct {
		const char *header, *report;
	} rows[] = {
		{"checks:\n  - expression: \"a >\"",
			"3:17: error: the condition of 'expression' lacks something behind '>'\n"
			"hint: finish it: both sides of an operator are needed\n"},
		{"checks:\n  - not_null: [a]\n    where: \"(a > 1\"",
			"4:12: error: the condition of 'where' never closes '('\n"
			"hint: close the bracket, or remove it\n"},
		{"checks:\n  - expression: {expression: \"a = 'x\", severity: warn}",
			"3:30: error: the condition of 'expression' has no end of what begins with "
			"'''\nhint: close it\n"},
		{"checks:\n  - expression: a > 1;",
			"3:17: error: the condition of 'expression' ends in the middle, with ';'\n"
			"hint: leave the ';' out\n"},
		{"checks:\n  - expression: AND a",
			"3:17: error: the condition of 'expression' lacks something before 'AND'\n"
			"hint: finish it: both sides of an operator are needed\n"},
		{"checks:\n  - expression: a > 1)", "3:17: error: the condition of 'expression' "
						    "closes what it did not open: ')'\n"
						    "hint: open the bracket, or remove this one\n"},
		{"checks:\n  - sql: SELECT a FROM {{ this }} WHERE",
			"3:10: error: the query of 'sql' lacks something behind 'WHERE'\n"
			"hint: finish it: both sides of an operator are needed\n"},
		{"checks:\n  - sql: \"\"", "3:10: error: the query of 'sql' is empty\n"
					   "hint: write it, or leave the key out\n"},
		{"feed: MODE_DELTA\nkey: [a]\ndelete_when: a IS",
			"4:14: error: the condition of 'delete_when' lacks something behind 'IS'\n"
			"hint: finish it: both sides of an operator are needed\n"},
		{"feed: MODE_DELTA\nkey: [a]\ndelete_when: a IS NULL\nchecks:\n"
		 "  - expression: a > 1 -- and no more\n  - row_count: {min: 1, where: a > 0}",
			""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text =
			g_strdup_printf("/* weir\n%s\n*/\nSELECT 1 AS a\n", rows[i].header);
		g_autofree char *found = report_of("domains/sales/sql/a.sql", text);
		g_autofree char *expected =
			*rows[i].report == '\0'
				? g_strdup("")
				: g_strdup_printf("domains/sales/sql/a.sql:%s", rows[i].report);

		if (strcmp(found, expected) != 0)
			g_test_fail_printf("%s\nfound:\n%sexpected:\n%s", text, found, expected);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sql-faults/tasks", test_tasks);
	g_test_add_func("/sql-faults/triggers", test_triggers);
	g_test_add_func("/sql-faults/silence", test_silence);
	g_test_add_func("/sql-faults/headers", test_headers);
	return g_test_run();
}
