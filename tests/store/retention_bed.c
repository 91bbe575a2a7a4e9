#include "tests/store/retention_bed.h"

#include "store/id.h"
#include "store/log.h"
#include "store/table.h"
#include "store/task_run.h"
#include "store/timestamp.h"
#include "tests/harness/text.h"

#include <sqlite3.h>

int64_t clock_now = FIRST_DAY; // what the test clock says

static int64_t retention_clock(void *data)
{
	(void)data;
	return clock_now;
}

StoreLease retention_run_start(Store *store, const StoreRunNew *new_run)
{
	char id[ID_SIZE];
	StoreLease lease;
	GError *error = NULL;
	bool claimed = false;

	clock_now += 1000;
	store_run_create(store, new_run, id, NULL, &error);
	g_assert_no_error(error);
	store_run_claim_one(store, "n", id, &lease, &claimed, &error);
	g_assert_no_error(error);
	g_assert_true(claimed);
	return lease;
}

// Some of everything that belongs to a run.
static void fill(Store *store, const StoreLease *lease)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(StoreLog) log = store_log_open(store, lease->run_id, 0, &error);
	char *id = TEXT("01JD0000000000000000000000");
	char *run = TEXT(lease->run_id);
	StoreLogTask task = {0};

	g_assert_no_error(error);
	store_task_run_put(store, lease,
		&(StoreTaskRun){.run_id = run,
			.id = id,
			.task_id = TEXT("t"),
			.iteration = -1,
			.state = RUN_SUCCESS,
			.created_at = clock_now,
			.started_at = clock_now,
			.ended_at = clock_now},
		&error);
	g_assert_no_error(error);
	store_log_task_init(&task, id, 1);
	store_log_append(log, &task, LOG_LEVEL_INFO, clock_now, "hello", 5);
	g_assert_true(store_log_flush(log, lease, &error));
	store_log_flushed(log);
	store_check_put(store,
		&(StoreCheck){.run_id = run,
			.task_run_id = id,
			.number = 1,
			.name = TEXT("c"),
			.kind = TEXT("unique"),
			.severity = TEXT("error"),
			.result = TEXT("passed")},
		&error);
	g_assert_no_error(error);
	store_rejected_row_put(store,
		&(StoreRejectedRow){
			.run_id = run, .task_run_id = id, .number = 1, .reason = TEXT("short")},
		&error);
	g_assert_no_error(error);
}

char *retention_run_end(Store *store, StoreLease lease, RunState state)
{
	GError *error = NULL;

	store_run_end(store, &lease, &(StoreRunChange){.state = state}, &error);
	g_assert_no_error(error);
	return g_strdup(lease.run_id);
}

char *retention_run(Store *store, const char *flow, RunState state)
{
	StoreLease lease = retention_run_start(
		store, &(StoreRunNew){.namespace = "a", .flow = flow, .revision = 1});

	fill(store, &lease);
	return retention_run_end(store, lease, state);
}

bool retention_run_is_there(Store *store, const char *id)
{
	g_autoptr(StoreRun) found = NULL;

	g_assert_true(store_run_get(store, id, &found, NULL));
	return found != NULL;
}

int64_t retention_count(const TemporaryStore *place, const char *sql)
{
	sqlite3 *handle = NULL;
	sqlite3_stmt *statement = NULL;

	g_assert_cmpint(sqlite3_open(place->path, &handle), ==, SQLITE_OK);
	if (sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) != SQLITE_OK)
		g_error("%s", sqlite3_errmsg(handle));
	g_assert_cmpint(sqlite3_step(statement), ==, SQLITE_ROW);
	int64_t number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(handle);
	return number;
}

void retention_execute(const TemporaryStore *place, const char *sql)
{
	sqlite3 *handle = NULL;
	char *message = NULL;

	g_assert_cmpint(sqlite3_open(place->path, &handle), ==, SQLITE_OK);
	if (sqlite3_exec(handle, sql, NULL, NULL, &message) != SQLITE_OK)
		g_error("%s", message);
	sqlite3_close(handle);
}

int64_t retention_rows_of_runs(const TemporaryStore *place)
{
	return retention_count(place,
		"SELECT (SELECT count(*) FROM run) + (SELECT count(*) FROM task_run) + (SELECT "
		"count(*) FROM log_chunk) + (SELECT count(*) FROM check_result) + (SELECT "
		"count(*) FROM rejected_row) + (SELECT count(*) FROM run_file) + (SELECT "
		"count(*) FROM run_trash)");
}

void retention_pass(StoreRetention *retention)
{
	GError *error = NULL;
	bool more = true;

	for (unsigned steps = 0; more; steps++) {
		store_retention_step(retention, clock_now, &more, &error);
		g_assert_no_error(error);
		g_assert_cmpuint(steps, <, 100000);
	}
}

static void drop_folder(const char *folder, void *data)
{
	g_ptr_array_add(data, g_strdup(folder));
}

char *retention_forget(const TemporaryStore *place, Store *store, unsigned newest)
{
	g_autoptr(GPtrArray) dropped = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(Store) reader = temporary_store_open(place, STORE_READ_ONLY);
	StoreRetentionPolicy policy = store_retention_default;

	policy.newest = newest;
	g_autoptr(StoreRetention) retention =
		store_retention_new(store, reader, &policy, drop_folder, dropped);
	retention_pass(retention);
	g_ptr_array_add(dropped, NULL);
	return g_strjoinv(" ", (char **)dropped->pdata);
}

Store *retention_store_open(const TemporaryStore *place)
{
	Store *store = temporary_store_open(place, STORE_READ_WRITE);

	temporary_node_put(store, "n");
	return store;
}

int retention_main(int argc, char **argv, const RetentionTest *tests, size_t count)
{
	g_test_init(&argc, &argv, NULL);
	timestamp_set_clock(retention_clock, NULL);
	for (size_t i = 0; i < count; i++) {
		g_autofree char *path = g_strconcat("/store/retention", tests[i].path, NULL);

		g_test_add_func(path, tests[i].run);
	}
	return g_test_run();
}
