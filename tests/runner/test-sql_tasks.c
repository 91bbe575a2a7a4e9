// The SQL tasks as a flow runs them: outputs, what is recorded in the store, other names, kills.
#include <string.h>

#include "repo-layout/flow.h"
#include "runner/run_report.h"
#include "store/run.h"
#include "store/table.h"
#include "tests/runner/run_bed.h"

// The outputs of a task in a report, as compact text.
static char *outputs_of(const json_t *report, const char *task)
{
	size_t i;
	json_t *run;

	json_array_foreach(json_object_get(report, "task_runs"), i, run)
	{
		if (strcmp(json_string_value(json_object_get(run, "task_id")), task) == 0)
			return json_dumps(json_object_get(run, "outputs"), JSON_COMPACT);
	}
	return NULL;
}

static const struct {
	const char *task; // the properties of one task, as YAML in one line
	const char *outputs; // or the end of the log, when it begins with '!'
} QUERIES[] = {
	{"type: sql.query, sql: SELECT 1 AS a", "{}"},
	{"type: sql.query, fetch: ONE, sql: \"SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, NULL\"",
		"{\"row\":{\"a\":1,\"b\":\"x\"},\"size\":1}"},
	{"type: sql.query, fetch: ONE, sql: SELECT 1 AS a WHERE 0", "{\"size\":0}"},
	{"type: sql.query, fetch: ALL, sql: \"SELECT 1 AS a UNION ALL SELECT 2.5 UNION ALL SELECT "
	 "x'6869'\"",
		"{\"rows\":[{\"a\":1},{\"a\":2.5},{\"a\":\"aGk=\"}],\"size\":3}"},
	{"type: io.kestra.plugin.jdbc.sqlite.Query, url: \"jdbc:sqlite::memory:\", fetchType: "
	 "FETCH_ONE, sql: SELECT 3 AS n",
		"{\"row\":{\"n\":3},\"size\":1}"},
	{"type: sql.query, url: \"sqlite::memory:\", fetch: ALL, parameters: {day: "
	 "\"2010-12-01'--\", n: 4}, sql: \"SELECT :day AS d, :n AS n, ':n' AS t\"",
		"{\"rows\":[{\"d\":\"2010-12-01'--\",\"n\":4,\"t\":\":n\"}],\"size\":1}"},
	{"type: sql.query, url: \"sqlite::memory:\", sql: \"SELECT :day AS d\", parameters: {n: 1}",
		"!the SQL has the parameter ':day', but 'parameters' has no such value"},
	{"type: sql.query, url: \"sqlite::memory:\", fetch: ALL, sql: \"SELECT {{ inputs.text }} "
	 "AS a, typeof({{ 1 + 1 }}) AS b\"",
		"{\"rows\":[{\"a\":\"it's\",\"b\":\"integer\"}],\"size\":1}"},
	{"type: sql.query, url: \"sqlite::memory:\", fetch: ALL, maxRows: 1, sql: SELECT 1 UNION "
	 "ALL SELECT 2",
		"!the query gives more than 1 rows (maxRows)"},
	{"type: sql.query, url: \"sqlite::memory:\", sql: SELECT nope", "!no such column: nope"},
	{"type: sql.query, url: \"sqlite::memory:\", sql: \"SELECT {{ inputs.text | raw }}\"",
		"!1:8: '| raw' pastes text into SQL, which the project's policy does not allow"},
	{"type: sql.queries, url: \"sqlite::memory:\", fetch: ALL, sql: \"CREATE TABLE t (x); "
	 "INSERT INTO t VALUES (1), (2); SELECT sum(x) AS s FROM t; SELECT 'a;b' AS t\"",
		"{\"outputs\":[{\"rows\":[{\"s\":3}],\"size\":1},{\"rows\":[{\"t\":\"a;b\"}],"
		"\"size\":1}]}"},
	{"type: sql.queries, url: \"sqlite::memory:\", sql: \"CREATE TABLE t (x); INSERT INTO u "
	 "VALUES (1)\"",
		"!statement 2 (line 1): no such table: u"},
};

static void test_queries(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(QUERIES); i++) {
		g_autofree char *yaml =
			g_strdup_printf("id: f\ninputs: [{id: text, type: STRING, defaults: "
					"\"it's\"}]\ntasks:\n  - {id: q, %s}\n",
				QUERIES[i].task);
		json_t *report = bed_run(yaml, NULL);
		g_autofree char *outputs = outputs_of(report, "q");
		const char *log = json_string_value(json_object_get(report, "log"));

		if (QUERIES[i].outputs[0] != '!') {
			g_assert_cmpstr(outputs, ==, QUERIES[i].outputs);
		} else {
			g_autofree char *text = bed_text(report);

			g_assert_cmpstr(text, ==, "FAILED: q=FAILED");
			if (strstr(log, QUERIES[i].outputs + 1) == NULL)
				g_error("%s\nis not in\n%s", QUERIES[i].outputs + 1, log);
		}
		json_decref(report);
	}
}

// Rows go into a file, which the next task loads.
static void test_store_and_load(void)
{
	json_t *report =
		bed_run("id: f\n"
			"tasks:\n"
			"  - {id: q, type: sql.query, url: \"sqlite::memory:\", fetch: STORE, sql: "
			"\"SELECT 1 AS n, 'a' AS t UNION ALL SELECT 2, 'b'\"}\n"
			"  - {id: l, type: sql.load, from: \"{{ outputs.q.uri }}\", table: t.copy, "
			"feed: WRITE_TRUNCATE}\n"
			"  - {id: r, type: sql.query, fetch: ALL, sql: \"SELECT * FROM t.copy "
			"ORDER BY n DESC\"}\n"
			"  - {id: u, type: sql.query, fetch: ONE, sql: \"SELECT count(*) AS n FROM "
			"copy\"}\n",
			NULL);
	g_autofree char *rows = outputs_of(report, "r");
	g_autofree char *unqualified = outputs_of(report, "u");

	g_assert_cmpstr(
		rows, ==, "{\"rows\":[{\"n\":2,\"t\":\"b\"},{\"n\":1,\"t\":\"a\"}],\"size\":2}");
	g_assert_cmpstr(unqualified, ==, "{\"row\":{\"n\":2},\"size\":1}");
	json_decref(report);
}

// What a build takes for its neighbours is not what a query on the same connection does.
static void test_neighbours(void)
{
	json_t *report = bed_run(
		"id: f\n"
		"tasks:\n"
		"  - {id: a, type: sql.build, table: a.raw, sql: \"SELECT 'of a' AS v\"}\n"
		"  - {id: b, type: sql.build, table: b.raw, sql: \"SELECT 'of b' AS v\"}\n"
		"  - {id: c, type: sql.build, table: a.copy, sql: \"SELECT v FROM raw\"}\n"
		"  - {id: q, type: sql.query, schema: b, fetch: ONE, sql: \"SELECT v FROM raw\"}\n"
		"  - {id: d, type: sql.build, table: a.copy, sql: \"SELECT v FROM raw\"}\n"
		"  - {id: t, type: sql.queries, fetch: ONE, sql: \"CREATE TEMP TABLE raw (v); "
		"INSERT INTO raw VALUES ('own'); SELECT v FROM temp.raw\"}\n",
		NULL);
	g_autofree char *query = outputs_of(report, "q");
	g_autofree char *queries = outputs_of(report, "t");

	g_assert_cmpstr(query, ==, "{\"row\":{\"v\":\"of b\"},\"size\":1}");
	g_assert_cmpstr(queries, ==, "{\"outputs\":[{\"row\":{\"v\":\"own\"},\"size\":1}]}");
	json_decref(report);
}

// ---- What the store gets

typedef struct {
	Store *store;
	char *folder;
} Server;

static void server_open(Server *server)
{
	server->store = store_open(NULL, STORE_EPHEMERAL, NULL);
	server->folder = g_dir_make_tmp("weir-sql-XXXXXX", NULL);
	g_assert_nonnull(server->store);
}

static void server_close(Server *server)
{
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", server->folder);

	store_close(server->store);
	g_assert_cmpint(system(command), ==, 0);
	g_free(server->folder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Server, server_close)

static void server_run(Server *server, const char *flow, char id[27])
{
	RunnerOptions options = {.slots = 2, .sole = true, .data_folder = server->folder};
	g_autoptr(GError) error = NULL;
	g_autoptr(Runner) runner = NULL;

	bed_run_create(server->store, flow, NULL, id);
	runner = runner_new(server->store, &options, &error);
	g_assert_no_error(error);
	runner_start(runner, &error);
	g_assert_no_error(error);
	runner_wait(runner, id, &error);
	g_assert_no_error(error);
}

static void test_records(void)
{
	g_auto(Server) server = {0};
	g_autoptr(GPtrArray) publishes = NULL;
	g_autoptr(GPtrArray) checks = NULL;
	char id[27];

	server_open(&server);
	bed_flows_put(server.store,
		"id: good\ntasks:\n  - {id: b, type: sql.build, table: t.orders, sql: \"SELECT 1 "
		"AS id\", checks: [{not_null: [id]}]}\n"
		"\n---\n"
		"id: bad\ntasks:\n  - {id: b, type: sql.build, table: t.orders, sql: \"SELECT NULL "
		"AS id UNION ALL SELECT 5\", checks: [{not_null: [id]}, {unique: [id]}]}\n");
	server_run(&server, "good", id);
	server_run(&server, "bad", id);
	g_assert_true(store_publishes_list(server.store, "t.orders", NULL, &publishes, NULL, NULL));
	g_assert_cmpuint(publishes->len, ==, 1);
	const StorePublish *publish = publishes->pdata[0];
	g_assert_cmpstr(publish->flow, ==, "good");
	g_assert_cmpint(publish->rows, ==, 1);
	g_assert_true(store_checks_of_run(server.store, id, &checks, NULL));
	g_assert_cmpuint(checks->len, ==, 2);
	const StoreCheck *check = checks->pdata[0];
	g_assert_cmpstr(check->name, ==, "not_null(id)");
	g_assert_cmpstr(check->kind, ==, "not_null");
	g_assert_cmpstr(check->result, ==, "failed");
	g_assert_cmpint(check->failures, ==, 1);
	g_assert_cmpstr(check->sample, ==, "[{\"id\":null}]");
	check = checks->pdata[1];
	g_assert_cmpstr(check->result, ==, "passed");
}

static void test_rejects(void)
{
	g_auto(Server) server = {0};
	g_autoptr(GPtrArray) rows = NULL;
	char id[27];

	server_open(&server);
	bed_flows_put(server.store,
		"id: f\ntasks:\n"
		"  - {id: q, type: sql.query, url: \"sqlite::memory:\", fetch: STORE, sql: "
		"\"SELECT 1 AS n UNION ALL SELECT 'x' UNION ALL SELECT 3\"}\n"
		"  - {id: l, type: sql.load, from: \"{{ outputs.q.uri }}\", table: t.n, "
		"on_bad_row: reject, schema: [{name: n, type: INT64}]}\n");
	server_run(&server, "f", id);
	json_t *report = run_report(server.store, id, NULL, NULL);
	g_autofree char *text = bed_text(report);
	g_assert_cmpstr(text, ==, "WARNING: q=SUCCESS l=WARNING");
	const json_t *load = json_array_get(json_object_get(report, "task_runs"), 1);
	const char *task_run = json_string_value(json_object_get(load, "id"));
	g_assert_true(
		store_rejected_rows_list(server.store, id, task_run, NULL, &rows, NULL, NULL));
	g_assert_cmpuint(rows->len, ==, 1);
	const StoreRejectedRow *row = rows->pdata[0];
	g_assert_cmpint(row->line, ==, 2);
	g_assert_cmpstr(row->column, ==, "n");
	g_assert_cmpstr(row->reason, ==, "'x' is not an INT64");
	g_assert_cmpstr(row->text, ==, "{\"n\":\"x\"}");
	json_decref(report);
}

// Also when none is left.
static void test_all_rejected(void)
{
	assert_bed_run("id: f\ntasks:\n"
		       "  - {id: q, type: sql.query, url: \"sqlite::memory:\", fetch: STORE, sql: "
		       "\"SELECT 'x' AS n UNION ALL SELECT 'y'\"}\n"
		       "  - {id: l, type: sql.load, from: \"{{ outputs.q.uri }}\", table: t.n, "
		       "on_bad_row: reject, schema: [{name: n, type: INT64}]}\n",
		"WARNING: q=SUCCESS l=WARNING");
}

// An index, a trigger and a PRAGMA name their dataset where no table is named.
static void test_dataset_of_an_index(void)
{
	assert_bed_run("id: f\ntasks:\n"
		       "  - {id: t, type: sql.query, sql: \"CREATE TABLE shop.t (a INT)\"}\n"
		       "  - {id: i, type: sql.query, sql: \"CREATE INDEX shop.i ON t (a)\"}\n"
		       "  - {id: d, type: sql.queries, sql: \"DROP INDEX shop.i; CREATE "
		       "INDEX shop.i ON t (a)\"}\n"
		       "  - {id: n, type: sql.query, sql: \"CREATE INDEX nope.i ON t (a)\"}\n",
		"FAILED: t=SUCCESS i=SUCCESS d=SUCCESS n=FAILED");
}

// Without a transaction there is nothing that a failing afterSQL could take back; it is run all the same.
static void test_after(void)
{
	static const char *const sums[][2] = {{"true", "13 13"}, {"false", "13 113"}};

	for (size_t i = 0; i < G_N_ELEMENTS(sums); i++) {
		g_autofree char *yaml = g_strdup_printf(
			"id: f\ntasks:\n"
			"  - {id: t, type: sql.query, sql: \"CREATE TABLE shop.t (a INT)\"}\n"
			"  - {id: q, type: sql.queries, transaction: %s, sql: \"INSERT INTO shop.t "
			"VALUES (1); INSERT INTO shop.t VALUES (2)\", afterSQL: \"INSERT INTO "
			"shop.t VALUES (10)\"}\n"
			"  - {id: s, type: sql.query, fetch: ONE, sql: \"SELECT sum(a) AS s FROM "
			"shop.t\"}\n"
			"  - {id: x, type: sql.queries, allowFailure: true, transaction: %s, sql: "
			"\"INSERT INTO shop.t VALUES (100)\", afterSQL: \"INSERT INTO shop.nope "
			"VALUES (1)\"}\n"
			"  - {id: u, type: sql.query, fetch: ONE, sql: \"SELECT sum(a) AS s FROM "
			"shop.t\"}\n"
			"  - {id: r, type: return, format: \"{{ outputs.s.row.s }} {{ "
			"outputs.u.row.s }}\"}\n",
			sums[i][0], sums[i][0]);
		json_t *report = bed_run(yaml, NULL);
		g_autofree char *text = bed_text(report);
		g_autofree char *outputs = outputs_of(report, "r");
		g_autofree char *expected = g_strdup_printf("{\"value\":\"%s\"}", sums[i][1]);

		g_assert_cmpstr(text, ==,
			"WARNING: t=SUCCESS q=SUCCESS s=SUCCESS x=WARNING(FAILED) u=SUCCESS "
			"r=SUCCESS");
		g_assert_cmpstr(outputs, ==, expected);
		json_decref(report);
	}
}

// A query that would run for ever ends with its task's timeout.
static void test_timeout(void)
{
	gint64 begin = g_get_monotonic_time();
	json_t *report = bed_run("id: f\ntasks:\n  - {id: q, type: sql.query, timeout: PT0.2s, "
				 "url: \"sqlite::memory:\", sql: \"WITH RECURSIVE k(n) AS (SELECT "
				 "1 UNION ALL SELECT n + 1 FROM k) SELECT count(*) FROM k\"}\n",
		NULL);
	g_autofree char *text = bed_text(report);

	g_assert_cmpstr(text, ==, "FAILED: q=FAILED");
	g_assert_cmpint(g_get_monotonic_time() - begin, <, 20 * G_USEC_PER_SEC);
	json_decref(report);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/runner/sql-tasks/queries", test_queries);
	g_test_add_func("/runner/sql-tasks/store-and-load", test_store_and_load);
	g_test_add_func("/runner/sql-tasks/neighbours", test_neighbours);
	g_test_add_func("/runner/sql-tasks/records", test_records);
	g_test_add_func("/runner/sql-tasks/rejects", test_rejects);
	g_test_add_func("/runner/sql-tasks/all-rejected", test_all_rejected);
	g_test_add_func("/runner/sql-tasks/dataset-of-an-index", test_dataset_of_an_index);
	g_test_add_func("/runner/sql-tasks/after", test_after);
	g_test_add_func("/runner/sql-tasks/timeout", test_timeout);
	return g_test_run();
}
