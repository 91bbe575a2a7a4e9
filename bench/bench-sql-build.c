// 1,000 builds over small tables, against the same SQL in one sqlite3 connection with the same number of commits: the
// builds by themselves, and as 1,000 flows that the runner claims, runs and records in a durable store.
//
// The floor is what somebody would write by hand. It, too, has a write-ahead log, a full fsync a commit, and a row per
// publication; each case has a database of its own, so that none pays for the rows of another. Arguments: another
// number of builds, and the number of one case, for profilers.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "runner/build/query_source.h"
#include "runner/runner.h"
#include "store/flow.h"
#include "store/run.h"

enum {
	BUILDS_MAX = 10000,
	ROUNDS = 5,
};

static unsigned builds = 1000;

static const char *const SOURCE =
	"WITH RECURSIVE k(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM k WHERE id < 20)"
	" INSERT INTO %ssource SELECT id, 'customer ' || id, id * 1.5, date('2010-12-01', id || ' "
	"days') FROM k";

static const char *const QUERY = "SELECT id, name, sum(amount) AS amount, max(day) AS day FROM "
				 "%ssource WHERE id >= %d GROUP BY id, name";

// Checked builds, as somebody would write the checks by hand: in one SELECT.
static const char *const CHECKS = "[{\"not_null\": [\"id\", \"name\"]}, {\"unique\": "
				  "[\"id\"]}, {\"row_count\": {\"min\": 1}}]";
static const char *const HAND_CHECKS = "SELECT count(*), sum(id IS NULL), sum(name IS NULL), "
				       "count(id) - count(DISTINCT id) FROM table_%d;";
static const char *const SCHEMA =
	"[{\"name\": \"id\", \"type\": \"INTEGER\", \"mode\": \"REQUIRED\"}, {\"name\": "
	"\"name\", \"type\": \"STRING\"}, {\"name\": \"amount\", \"type\": \"FLOAT\"}, "
	"{\"name\": \"day\", \"type\": \"DATE\"}]";

typedef struct {
	const char *name;
	const char *checks;
	const char *schema; // NULL: none declared
	bool flows; // run by the runner, not called one by one
} Case;

static void check(bool ok, const GError *error)
{
	if (!ok)
		g_error("%s", error != NULL ? error->message : "failed");
}

// ---- The floor: what somebody would write by hand, in one connection.

typedef struct {
	char *folder;
	sqlite3 *database;
	bool checked; // with the checks' own SELECT
	unsigned runs;
	// Commits a round beside those of the tables: as many as the runner makes to record the runs, each of one row.
	unsigned records;
	sqlite3 *record_database;
} Floor;

static void run_sql(sqlite3 *database, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK)
		g_error("%s: %s", sql, message);
}

static sqlite3 *floor_open(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	sqlite3 *database;

	g_assert_cmpint(sqlite3_open(path, &database), ==, SQLITE_OK);
	run_sql(database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
	return database;
}

static void floor_prepare(Floor *floor, bool checked)
{
	g_autofree char *source = g_strdup_printf(SOURCE, "");

	floor->folder = bench_folder_new();
	floor->checked = checked;
	floor->database = floor_open(floor->folder, "shop.db");
	floor->record_database = floor_open(floor->folder, "runs.db");
	run_sql(floor->database,
		"CREATE TABLE source (id INTEGER, name TEXT, amount REAL, day DATE);"
		"CREATE TABLE marker (task_run TEXT NOT NULL, table_name TEXT NOT NULL, result "
		"TEXT, at TEXT NOT NULL, PRIMARY KEY (table_name, task_run)) WITHOUT ROWID");
	run_sql(floor->database, source);
	run_sql(floor->record_database,
		"CREATE TABLE runs (id INTEGER PRIMARY KEY, state TEXT, at TEXT)");
}

static void floor_clear(Floor *floor)
{
	sqlite3_close(floor->database);
	sqlite3_close(floor->record_database);
	bench_folder_remove(floor->folder);
	g_free(floor->folder);
}

// Renaming a new table into place would be ten times slower: SQLite reads the whole schema again for each.
static void floor_build(Floor *floor, unsigned i)
{
	g_autofree char *query = g_strdup_printf(QUERY, "", i % 3);
	g_autofree char *checks = g_strdup_printf(HAND_CHECKS, i);
	g_autofree char *sql =
		g_strdup_printf("BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS table_%u (id "
				"INTEGER, name TEXT, amount REAL, day DATE);"
				"DELETE FROM table_%u; INSERT INTO table_%u %s;"
				"INSERT INTO marker VALUES ('taskrun%08u', 'table_%u', "
				"'{}', datetime('now')); %s COMMIT",
			i, i, i, query, ++floor->runs, i, floor->checked ? checks : "");

	run_sql(floor->database, sql);
}

static double floor_run(void *data)
{
	Floor *floor = data;
	double start = bench_seconds();
	unsigned records = 0;

	for (unsigned i = 0; i < builds; i++) {
		floor_build(floor, i);
		for (; records < floor->records * (i + 1) / builds; records++)
			run_sql(floor->record_database,
				"BEGIN IMMEDIATE; INSERT INTO runs (state, at) VALUES ('SUCCESS', "
				"datetime('now')); COMMIT");
	}
	return bench_seconds() - start;
}

// ---- The builds by themselves

typedef struct {
	char *folder;
	char *url; // of the folder "default" in it
	unsigned task_runs;
	json_t *schema; // NULL: none declared
	json_t *properties[BUILDS_MAX];
	char *sql[BUILDS_MAX];
	char *tables[BUILDS_MAX];
	Store *store; // of the cases with the runner
	Runner *runner;
	Floor *floor; // is told how many commits recorded the runs
} Subject;

static void source_create(Subject *subject)
{
	g_autofree char *datasets = g_build_filename(subject->folder, "default", NULL);
	g_autofree char *insert = g_strdup_printf(SOURCE, "shop.");
	g_autoptr(DbConnection) connection = NULL;

	g_mkdir_with_parents(datasets, 0700);
	subject->url = g_strconcat("sqlite-dir:", datasets, NULL);
	connection = db_open(subject->url, NULL, NULL);
	g_assert_true(db_use_dataset(connection, "shop", true, NULL));
	g_assert_true(db_execute_script(connection,
		"CREATE TABLE shop.source (id INTEGER, name TEXT, amount REAL, day DATE)", NULL));
	g_assert_true(db_execute_script(connection, insert, NULL));
}

static void subject_prepare(Subject *subject, const Case *the_case)
{
	subject->folder = bench_folder_new();
	source_create(subject);
	for (unsigned i = 0; i < builds; i++) {
		subject->tables[i] = g_strdup_printf("shop.table_%u", i);
		subject->sql[i] = g_strdup_printf(QUERY, "shop.", i % 3);
		subject->properties[i] = json_object();
		json_object_set_new(
			subject->properties[i], "checks", json_loads(the_case->checks, 0, NULL));
	}
	if (the_case->schema != NULL)
		subject->schema = json_loads(the_case->schema, 0, NULL);
}

static void subject_clear(Subject *subject)
{
	connection_pool_clear();
	g_clear_pointer(&subject->runner, runner_free);
	g_clear_pointer(&subject->store, store_close);
	for (unsigned i = 0; i < builds; i++) {
		g_free(subject->tables[i]);
		g_free(subject->sql[i]);
		json_decref(subject->properties[i]);
	}
	json_decref(subject->schema);
	bench_folder_remove(subject->folder);
	g_free(subject->folder);
	g_free(subject->url);
	g_free(subject);
}

static void build_one(Subject *subject, unsigned i)
{
	g_autofree char *task_run = g_strdup_printf("taskrun%08u", ++subject->task_runs);
	const char *texts[] = {subject->sql[i], NULL};
	g_auto(QueryTables) tables = {0};
	BuildSource source = query_source(subject->sql[i]);
	g_autoptr(GError) error = NULL;
	g_autoptr(Build) build = NULL;
	BuildRequest request;

	query_tables_init(&tables, "sqlite", texts);
	request = (BuildRequest){
		.url = subject->url,
		.table = subject->tables[i],
		.run_id = "run",
		.task_run_id = task_run,
		.attempt = 1,
		.revision = 1,
		.properties = subject->properties[i],
		.schema = subject->schema,
		.datasets = (const char *const *)tables.datasets->pdata,
		.unqualified = (const char *const *)tables.unqualified->pdata,
		.sample_limit = 100,
	};
	build = build_new(&request, &source, &error);
	check(build != NULL && build_run(build, &error), error);
}

static double builds_run(void *data)
{
	double start = bench_seconds();

	for (unsigned i = 0; i < builds; i++)
		build_one(data, i);
	return bench_seconds() - start;
}

// ---- The same as flows

static void flow_put(Subject *subject, unsigned i, int64_t applied)
{
	g_autofree char *id = g_strdup_printf("table_%u", i);
	char *id_text = id;
	json_t *task = json_copy(subject->properties[i]);
	json_auto_t *flow =
		json_pack("{s:s, s:s, s:[o]}", "id", id_text, "namespace", "shop", "tasks", task);
	g_autofree char *definition = NULL;
	g_autoptr(GError) error = NULL;
	char text[] = "shop", kind[] = "generated", digest[] = "d";
	StoreFlowPut put = {.flow = {.namespace = text,
				    .id = id_text,
				    .digest = digest,
				    .domain = text,
				    .kind = kind}};

	json_object_set_new(task, "id", json_string("build"));
	json_object_set_new(task, "type", json_string("sql.build"));
	json_object_set_new(task, "table", json_string(subject->tables[i]));
	json_object_set_new(task, "sql", json_string(subject->sql[i]));
	if (subject->schema != NULL)
		json_object_set(task, "schema", subject->schema);
	definition = json_dumps(flow, JSON_COMPACT | JSON_SORT_KEYS);
	put.definition = definition;
	check(store_flow_put(subject->store, &put, applied, NULL, &error), error);
}

static void flows_put(Subject *subject)
{
	g_autofree char *url = g_strdup_printf("sqlite:%s/weir.db", subject->folder);
	g_autoptr(GError) error = NULL;
	g_autoptr(StoreTransaction) transaction = NULL;
	int64_t applied;

	subject->store = store_open(url, STORE_READ_WRITE, &error);
	check(subject->store != NULL, error);
	transaction = store_transaction_begin(subject->store, &error);
	check(transaction != NULL && store_apply_begin(subject->store, &applied, &error), error);
	for (unsigned i = 0; i < builds; i++)
		flow_put(subject, i, applied);
	check(store_transaction_commit(transaction, &error), error);
}

static void runs_create(Subject *subject)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(subject->store, &error);

	check(transaction != NULL, error);
	for (unsigned i = 0; i < builds; i++) {
		g_autofree char *id = g_strdup_printf("table_%u", i);
		StoreRunNew run = {.namespace = "shop", .flow = id, .concurrency_limit = 1};
		char run_id[27];

		check(store_run_create(subject->store, &run, run_id, NULL, &error), error);
	}
	check(store_transaction_commit(transaction, &error), error);
}

static uint64_t tasks_finished(Runner *runner)
{
	RunnerFigures figures;

	runner_figures(runner, &figures);
	return figures.finished;
}

static uint64_t runs_ended(Store *store)
{
	int64_t ended[RUN_STATES];
	g_autoptr(GError) error = NULL;

	check(store_runs_count_ended(store, ended, &error), error);
	g_assert_cmpint(ended[RUN_FAILED], ==, 0);
	return (uint64_t)ended[RUN_SUCCESS];
}

// From the runs asked for to their ends recorded, on a server that is up.
static double flows_run(void *data)
{
	Subject *subject = data;
	RunnerFigures before, after;
	double start = bench_seconds();
	uint64_t wanted;
	double seconds;

	runner_figures(subject->runner, &before);
	wanted = before.finished + builds;
	runs_create(subject);
	while (tasks_finished(subject->runner) < wanted || runs_ended(subject->store) < wanted)
		g_usleep(500);
	seconds = bench_seconds() - start;
	runner_figures(subject->runner, &after);
	subject->floor->records = (unsigned)(after.commits - before.commits) + 1;
	return seconds;
}

static void runner_begin(Subject *subject)
{
	RunnerOptions options = {.slots = 2, .sole = true, .data_folder = subject->folder};
	g_autoptr(GError) error = NULL;

	subject->runner = runner_new(subject->store, &options, &error);
	check(subject->runner != NULL && runner_start(subject->runner, &error), error);
}

static void case_run(const Case *the_case)
{
	Subject *subject = g_new0(Subject, 1);
	Floor floor = {0};

	floor_prepare(&floor, strcmp(the_case->checks, "[]") != 0);
	subject_prepare(subject, the_case);
	subject->floor = &floor;
	if (the_case->flows) {
		flows_put(subject);
		runner_begin(subject);
		flows_run(subject); // tells the floor how many commits there are
	}
	bench_ratio(the_case->name, the_case->flows ? flows_run : builds_run, subject, floor_run,
		&floor, ROUNDS, 2.0, false);
	if (the_case->flows)
		printf("  with %u commits that recorded the runs\n", floor.records);
	subject_clear(subject);
	floor_clear(&floor);
}

int main(int argc, char **argv)
{
	const Case cases[] = {
		{"sql.build, no checks", "[]", NULL, false},
		{"sql.build, 3 checks", CHECKS, NULL, false},
		{"sql.build, 3 checks, declared schema", CHECKS, SCHEMA, false},
		{"flow of one sql.build, durable", "[]", NULL, true},
		{"flow of one sql.build, 3 checks, declared", CHECKS, SCHEMA, true},
	};

	// Before the floor's first connection: both sides have what weir configures for the whole process.
	db_close(db_open("sqlite::memory:", NULL, NULL));
	if (argc > 1)
		builds = CLAMP((unsigned)atoi(argv[1]), 1, (unsigned)BUILDS_MAX);
	printf("%u builds\n", builds);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		if (argc < 3 || (size_t)atoi(argv[2]) == i)
			case_run(&cases[i]);
	return 0;
}
