// 1,000 builds over small tables, against the same SQL in one sqlite3 connection with the same number of commits.
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "bench/bench.h"
#include "runner/build/query_source.h"

enum {
	BUILDS = 1000,
	ROWS = 20, // of each table
	ROUNDS = 5,
};

typedef struct {
	char *folder;
	char *url;
	unsigned task_runs;
	json_t *schema; // NULL: none declared
	json_t *properties[BUILDS];
	char *sql[BUILDS];
	char *tables[BUILDS];
} Subject;

static const char *const SOURCE =
	"WITH RECURSIVE k(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM k WHERE id < 20)"
	" INSERT INTO source SELECT id, 'customer ' || id, id * 1.5, date('2010-12-01', id || ' "
	"days') FROM k";

static const char *const QUERY = "SELECT id, name, sum(amount) AS amount, max(day) AS day FROM "
				 "%ssource WHERE id >= %d GROUP BY id, name";

static void subject_prepare(Subject *subject, const char *checks, const char *schema)
{
	g_autoptr(DbConnection) connection = NULL;

	subject->folder = bench_folder_new();
	subject->url = g_strconcat("sqlite-dir:", subject->folder, NULL);
	connection = db_open(subject->url, NULL, NULL);
	g_assert_true(db_use_dataset(connection, "shop", true, NULL));
	g_assert_true(db_execute_script(connection,
		"CREATE TABLE shop.source (id INTEGER, name TEXT, amount REAL, day DATE)", NULL));
	g_autofree char *insert = g_strdup(SOURCE);
	char *name = strstr(insert, "INTO source");
	g_autofree char *qualified =
		g_strdup_printf("%.*sINTO shop.%s", (int)(name - insert), insert, name + 5);
	g_assert_true(db_execute_script(connection, qualified, NULL));
	for (int i = 0; i < BUILDS; i++) {
		subject->properties[i] = json_object();
		json_object_set_new(subject->properties[i], "checks", json_loads(checks, 0, NULL));
		subject->tables[i] = g_strdup_printf("shop.table_%d", i);
		subject->sql[i] = g_strdup_printf(QUERY, "shop.", i % 3);
	}
	subject->schema = schema == NULL ? NULL : json_loads(schema, 0, NULL);
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
	if (build == NULL || !build_run(build, &error))
		g_error("%s", error->message);
}

static double subject_run(void *data)
{
	double start = bench_seconds();

	for (unsigned i = 0; i < BUILDS; i++)
		build_one(data, i);
	return bench_seconds() - start;
}

// ---- The floor: what somebody would write by hand, in one connection.

typedef struct {
	char *folder;
	sqlite3 *database;
	bool checked; // with the checks' own SELECT
	unsigned runs;
} Floor;

static void run_sql(sqlite3 *database, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK)
		g_error("%s: %s", sql, message);
}

static void floor_prepare(Floor *floor)
{
	g_autofree char *path = NULL;

	floor->folder = bench_folder_new();
	path = g_build_filename(floor->folder, "shop.db", NULL);
	g_assert_cmpint(sqlite3_open(path, &floor->database), ==, SQLITE_OK);
	run_sql(floor->database,
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		"CREATE TABLE source (id INTEGER, name TEXT, amount REAL, day DATE);"
		"CREATE TABLE marker (task_run TEXT NOT NULL, table_name TEXT NOT NULL, result "
		"TEXT, at TEXT NOT NULL, PRIMARY KEY (table_name, task_run)) WITHOUT ROWID");
	run_sql(floor->database, SOURCE);
}

// Renaming a new table into place would be ten times slower: SQLite reads the whole schema again for each.
static double floor_run(void *data)
{
	Floor *floor = data;
	double start = bench_seconds();

	for (int i = 0; i < BUILDS; i++) {
		g_autofree char *query = g_strdup_printf(QUERY, "", i % 3);
		g_autofree char *checks =
			g_strdup_printf("SELECT count(*), sum(id IS NULL), sum(name IS NULL), "
					"count(id) - count(DISTINCT id) FROM table_%d;",
				i);
		g_autofree char *sql =
			g_strdup_printf("BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS table_%d (id "
					"INTEGER, name TEXT, amount REAL, day DATE);"
					"DELETE FROM table_%d; INSERT INTO table_%d %s;"
					"INSERT INTO marker VALUES ('taskrun%08u', 'table_%d', "
					"'{}', datetime('now')); %s COMMIT",
				i, i, i, query, ++floor->runs, i, floor->checked ? checks : "");

		run_sql(floor->database, sql);
	}
	return bench_seconds() - start;
}

int main(void)
{
	static const char *const CHECKS = "[{\"not_null\": [\"id\", \"name\"]}, {\"unique\": "
					  "[\"id\"]}, {\"row_count\": {\"min\": 1}}]";
	static const char *const SCHEMA =
		"[{\"name\": \"id\", \"type\": \"INTEGER\", \"mode\": \"REQUIRED\"}, {\"name\": "
		"\"name\", \"type\": \"STRING\"}, {\"name\": \"amount\", \"type\": \"FLOAT\"}, "
		"{\"name\": \"day\", \"type\": \"DATE\"}]";
	Subject plain = {0};
	Subject checked = {0};
	Subject declared = {0};
	Floor floor = {0};

	floor_prepare(&floor);
	subject_prepare(&plain, "[]", NULL);
	subject_prepare(&checked, CHECKS, NULL);
	subject_prepare(&declared, CHECKS, SCHEMA);
	bench_ratio("1,000 sql.build, no checks", subject_run, &plain, floor_run, &floor, ROUNDS,
		2.0, false);
	floor.checked = true;
	bench_ratio("1,000 sql.build, 3 checks", subject_run, &checked, floor_run, &floor, ROUNDS,
		2.0, false);
	bench_ratio("1,000 sql.build, 3 checks, declared schema", subject_run, &declared, floor_run,
		&floor, ROUNDS, 2.0, false);
	connection_pool_clear();
	sqlite3_close(floor.database);
	return 0;
}
