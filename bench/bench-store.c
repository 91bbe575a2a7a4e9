// What the store costs: the writes of a cold reconcile, the commit between two steps of a run, and an internal task.
#include "bench/bench.h"
#include "store/cache.h"
#include "store/flow.h"
#include "store/id.h"
#include "store/log.h"
#include "store/node.h"
#include "store/table.h"
#include "store/task_run.h"
#include "store/timestamp.h"

#include <sqlite3.h>
#include <string.h>

enum {
	SCRIPTS = 10000,
	STEPS = 300,
	TASKS = 10000,
	CACHE_ENTRY = 700, // bytes
};

static char *folder;
static unsigned opened;

static void check(const GError *error)
{
	if (error != NULL)
		g_error("%s", error->message);
}

static Store *open_file(void)
{
	g_autofree char *url = g_strdup_printf("sqlite:%s/store-%u.db", folder, opened++);
	GError *error = NULL;
	Store *store = store_open(url, STORE_READ_WRITE, &error);

	check(error);
	return store;
}

// --- Cold reconcile -------------------------------------------------------------------------------------------------

// tables: also the table that the script makes and the two it reads.
static void put_script(Store *store, unsigned i, int64_t applied, const char *text, bool tables)
{
	char key[41];
	char domain[16];
	char id[32];
	char table[64];
	char reads[128];
	char digest[65];
	GError *error = NULL;

	g_snprintf(domain, sizeof(domain), "domain_%03u", i / 100);
	g_snprintf(id, sizeof(id), "script_%05u", i);
	g_snprintf(table, sizeof(table), "%s.%s", domain, id);
	g_snprintf(reads, sizeof(reads), "%s.script_%05u\n%s.script_%05u", domain, i / 2, domain,
		i / 3);
	g_snprintf(digest, sizeof(digest), "%064x", i * 2654435761U);
	g_snprintf(key, sizeof(key), "%08x%032x", i * 2654435761U, i);
	store_cache_put(store, "script", key, text, CACHE_ENTRY);
	store_flow_put(store,
		&(StoreFlowPut){.flow = {.namespace = domain,
					.id = id,
					.digest = digest,
					.source_digest = key,
					.domain = domain,
					.kind = (char *)(uintptr_t) "generated",
					.feed = (char *)(uintptr_t) "WRITE_TRUNCATE",
					.target = table,
					.connection = (char *)(uintptr_t) "default",
					.path = table,
					.line = 1,
					.reads = tables ? reads : NULL,
					.writes = table,
					.triggers = (char *)(uintptr_t) "[{\"id\":\"tables\","
									"\"type\":\"tables\"}]",
					.concurrency_limit = 1,
					.build_due = true,
					.commit = digest},
			.definition = text},
		applied, NULL, &error);
	check(error);
	if (!tables)
		return;
	store_table_put(store,
		&(StoreTable){.name = table,
			.domain = domain,
			.namespace = domain,
			.flow = id,
			.path = table,
			.schema_digest = digest},
		&error);
	check(error);
}

static double reconcile(bool tables)
{
	g_autoptr(Store) store = open_file();
	g_autofree char *text = g_strnfill(CACHE_ENTRY, 'x');
	const double start = bench_seconds();
	g_autoptr(StoreTransaction) transaction = NULL;
	GError *error = NULL;
	int64_t applied;

	transaction = store_transaction_begin(store, &error);
	check(error);
	store_apply_begin(store, &applied, &error);
	for (unsigned i = 0; i < SCRIPTS; i++)
		put_script(store, i, applied, text, tables);
	store_cache_flush(store, &error);
	check(error);
	store_transaction_commit(transaction, &error);
	check(error);
	return bench_seconds() - start;
}

static void bench_reconcile(const char *name, bool tables, double limit)
{
	double rounds[5];

	for (unsigned i = 0; i < G_N_ELEMENTS(rounds); i++)
		rounds[i] = reconcile(tables) / SCRIPTS * 1e6;
	bench_figure(name, bench_median(rounds, 5), "µs", limit);
}

// --- A step of a run ------------------------------------------------------------------------------------------------

static void put_node(Store *store)
{
	GError *error = NULL;

	store_node_put(store,
		&(StoreNode){.id = (char *)(uintptr_t) "node",
			.name = (char *)(uintptr_t) "bench",
			.version = (char *)(uintptr_t) "0",
			.expires_at = INT64_MAX},
		&error);
	check(error);
}

static void begin_run(Store *store, StoreLease *ret_lease)
{
	GError *error = NULL;
	size_t count = 0;

	put_node(store);
	store_run_create(store, &(StoreRunNew){.namespace = "bench", .flow = "flow", .revision = 1},
		NULL, NULL, &error);
	store_run_claim(store, "node", 1, ret_lease, &count, &error);
	check(error);
}

static void task_new(StoreTaskRun *task, char *run_id, char id[ID_SIZE])
{
	*task = (StoreTaskRun){.run_id = run_id,
		.id = id_make(id),
		.task_id = (char *)(uintptr_t) "shell",
		.iteration = -1,
		.state = RUN_RUNNING,
		.attempt = 1,
		.created_at = timestamp_now(),
		.started_at = timestamp_now()};
}

static void task_end(StoreTaskRun *task)
{
	task->state = RUN_SUCCESS;
	task->ended_at = timestamp_now();
	task->outputs = (char *)(uintptr_t) "{\"exitCode\":0}";
}

static double run_steps(void *data)
{
	Store *store = data;
	StoreLease lease;
	StoreTaskRun task;
	char ids[2][ID_SIZE];
	GError *error = NULL;
	double start;

	begin_run(store, &lease);
	task_new(&task, lease.run_id, ids[0]);
	store_task_run_put(store, &lease, &task, &error);
	start = bench_seconds();
	for (unsigned i = 1; i <= STEPS; i++) {
		g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, &error);
		StoreTaskRun next;

		task_end(&task);
		task_new(&next, lease.run_id, ids[i % 2]);
		store_task_run_put(store, &lease, &task, &error);
		store_task_run_put(store, &lease, &next, &error);
		store_transaction_commit(transaction, &error);
		check(error);
		task = next;
	}
	return bench_seconds() - start;
}

typedef struct {
	sqlite3 *handle;
	sqlite3_stmt *begin, *update, *insert, *commit;
	int64_t key;
} Bare;

static sqlite3_stmt *prepare(sqlite3 *handle, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) != SQLITE_OK)
		g_error("%s", sqlite3_errmsg(handle));
	return statement;
}

static void bare_open(Bare *bare)
{
	g_autofree char *path = g_strdup_printf("%s/bare.db", folder);

	sqlite3_open(path, &bare->handle);
	sqlite3_exec(bare->handle,
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=2000; "
		"CREATE TABLE step (id INTEGER PRIMARY KEY, state TEXT, data TEXT)",
		NULL, NULL, NULL);
	bare->begin = prepare(bare->handle, "BEGIN IMMEDIATE");
	bare->update = prepare(bare->handle, "UPDATE step SET state = 'SUCCESS' WHERE id = ?1");
	bare->insert = prepare(bare->handle,
		"INSERT INTO step VALUES (?1, 'RUNNING', '01234567890123456789012345678901234567890"
		"123456789012345678901234567890123456789012345678901234567890123456789')");
	bare->commit = prepare(bare->handle, "COMMIT");
}

static void bare_run(sqlite3_stmt *statement, int64_t key)
{
	if (sqlite3_bind_parameter_count(statement) > 0)
		sqlite3_bind_int64(statement, 1, key);
	if (sqlite3_step(statement) != SQLITE_DONE)
		g_error("%s", sqlite3_errmsg(sqlite3_db_handle(statement)));
	sqlite3_reset(statement);
}

static double bare_steps(void *data)
{
	Bare *bare = data;
	const double start = bench_seconds();

	for (unsigned i = 0; i < STEPS; i++) {
		bare_run(bare->begin, 0);
		bare_run(bare->update, bare->key);
		bare_run(bare->insert, ++bare->key);
		bare_run(bare->commit, 0);
	}
	return bench_seconds() - start;
}

static void bench_steps(void)
{
	g_autoptr(Store) store = open_file();
	Bare bare = {0};

	bare_open(&bare);
	bench_ratio(
		"step of a run, one commit", run_steps, store, bare_steps, &bare, 5, 1.15, false);
	sqlite3_finalize(bare.begin);
	sqlite3_finalize(bare.update);
	sqlite3_finalize(bare.insert);
	sqlite3_finalize(bare.commit);
	sqlite3_close(bare.handle);
}

// --- Internal tasks -------------------------------------------------------------------------------------------------

// once: start and end within one transaction are one row written once, as the runner does.
static double internal_tasks(Store *store, unsigned batch, bool once)
{
	StoreLease lease;
	char id[ID_SIZE];
	GError *error = NULL;
	StoreLog *log;
	double start;

	begin_run(store, &lease);
	log = store_log_open(store, lease.run_id, 0, &error);
	check(error);
	start = bench_seconds();
	for (unsigned i = 0; i < TASKS; i += batch) {
		g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, &error);

		for (unsigned j = 0; j < batch; j++) {
			StoreTaskRun task;
			StoreLogTask log_task;

			task_new(&task, lease.run_id, id);
			if (!once)
				store_task_run_put(store, &lease, &task, &error);
			store_log_task_init(&log_task, task.id, 1);
			store_log_append(log, &log_task, LOG_LEVEL_INFO, timestamp_now(),
				"hello from the loop", 19);
			store_log_task_end(log, &log_task, timestamp_now());
			task_end(&task);
			store_task_run_put(store, &lease, &task, &error);
		}
		store_log_flush(log, &lease, &error);
		store_transaction_commit(transaction, &error);
		check(error);
		store_log_flushed(log);
	}
	store_log_close(log);
	return (bench_seconds() - start) / TASKS * 1e6;
}

static void bench_internal(
	const char *name, bool ephemeral, unsigned batch, bool once, double limit)
{
	double rounds[5];

	for (unsigned i = 0; i < G_N_ELEMENTS(rounds); i++) {
		g_autoptr(Store) store =
			ephemeral ? store_open(NULL, STORE_EPHEMERAL, NULL) : open_file();

		rounds[i] = internal_tasks(store, batch, once);
	}
	bench_figure(name, bench_median(rounds, 5), "µs", limit);
}

// --- Claims with a long line ----------------------------------------------------------------------------------------

static void bench_claims(void)
{
	g_autoptr(Store) store = store_open(NULL, STORE_EPHEMERAL, NULL);
	GError *error = NULL;
	double start;

	for (unsigned i = 0; i < TASKS; i++) {
		store_run_create(store,
			&(StoreRunNew){.namespace = "bench",
				.flow = "limited",
				.revision = 1,
				.concurrency_limit = 1},
			NULL, NULL, &error);
		check(error);
	}
	put_node(store);
	start = bench_seconds();
	for (unsigned i = 0; i < TASKS; i++) {
		StoreLease lease;
		size_t count = 0;

		store_run_claim(store, "node", 1, &lease, &count, &error);
		check(error);
		g_assert_cmpuint(count, ==, 1);
		store_run_end(store, &lease, &(StoreRunChange){.state = RUN_SUCCESS}, &error);
		check(error);
	}
	bench_figure("claim and end, 10,000 runs in line of a flow with limit 1",
		(bench_seconds() - start) / TASKS * 1e6, "µs", 0);
}

int main(void)
{
	folder = bench_folder_new();
	bench_reconcile("cold reconcile of a script: cache, flow, revision", false, 12);
	bench_reconcile("the same with its table and two reads", true, 0);
	bench_steps();
	bench_internal("internal task, in memory, a transaction each", true, 1, false, 12);
	bench_internal(
		"internal task, in memory, written once, 50 a transaction", true, 50, true, 0);
	bench_internal("internal task, on disk, written once, 50 a commit", false, 50, true, 0);
	bench_claims();
	bench_folder_remove(folder);
	g_free(folder);
	return 0;
}
