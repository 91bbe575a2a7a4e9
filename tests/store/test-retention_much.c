// Much goes while runs go on, and the file of the store stays as large as it is.
#include "store/id.h"
#include "store/plan.h"
#include "store/retention.h"
#include "store/run.h"
#include "tests/harness/temporary_store.h"
#include "tests/store/retention_bed.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OLD_RUNS 10000
#else
#define OLD_RUNS 100000
#endif

enum {
	CLAIMS = 300,
};

// Rows of old runs, by one statement a table: 100 flows, each run with a task run and a log.
static void add_old_runs(const TemporaryStore *place, int64_t at)
{
	char least[ID_SIZE];

	id_least(at, least);
	g_autofree char *sql = g_strdup_printf(
		"PRAGMA synchronous=OFF; BEGIN;"
		"CREATE TABLE seed AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM "
		"n WHERE i < %d - 1) SELECT i, '%.16s' || printf('%%010d', i) AS id FROM n;"
		"INSERT INTO run (id, namespace, flow, revision, state, priority, trigger_type, "
		"attempt, created_at, due_at, started_at, ended_at, changes) SELECT id, 'a', 'f' "
		"|| (i %% 100), 1, 'FAILED', 0, 'manual', 1, %" G_GINT64_FORMAT
		", 0, 1, %" G_GINT64_FORMAT ", '' FROM seed;"
		"INSERT INTO task_run (run_id, id, task_id, iteration, state, attempt, created_at, "
		"started_at, ended_at, due_at) SELECT id, '01JD0000000000000000000000', 't', -1, "
		"'FAILED', 1, 1, 1, 1, 0 FROM seed;"
		"INSERT INTO log_chunk (run_id, number, lines, bytes, level, codec, data) SELECT "
		"id, 1, 1, 200, 2, 0, randomblob(200) FROM seed;"
		"INSERT INTO event (at, kind, run_id) SELECT %" G_GINT64_FORMAT
		", 'run-ended', id FROM seed;"
		"DROP TABLE seed; COMMIT",
		OLD_RUNS, least, at, at, at);
	retention_execute(place, sql);
}

typedef struct {
	const TemporaryStore *place;
	Store *store;
	GError *error;
	gint done; // atomic
} Keeper;

static void *keep_house(void *data)
{
	Keeper *keeper = data;
	g_autoptr(Store) reader = temporary_store_open(keeper->place, STORE_READ_ONLY);
	g_autoptr(StoreRetention) retention =
		store_retention_new(keeper->store, reader, &store_retention_default, NULL, NULL);
	bool more = true;

	while (more && store_retention_step(retention, clock_now, &more, &keeper->error))
		g_usleep(2000);
	g_atomic_int_set(&keeper->done, 1);
	return NULL;
}

static int compare_times(const void *a, const void *b)
{
	const int64_t *left = a;
	const int64_t *right = b;

	return (*left > *right) - (*left < *right);
}

// Creates, claims and ends runs until done says so (NULL: CLAIMS of them): the 99th percentile of a claim's time.
static int64_t claim_many(Store *store, gint *done)
{
	g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(int64_t));

	while (done == NULL ? times->len < CLAIMS : !g_atomic_int_get(done)) {
		StoreLease lease;
		size_t claimed = 0;
		int64_t began;

		g_assert_true(store_run_create(store,
			&(StoreRunNew){.namespace = "live", .flow = "f", .revision = 1}, NULL, NULL,
			NULL));
		began = g_get_monotonic_time();
		g_assert_true(store_run_claim(store, "n", 1, &lease, &claimed, NULL));
		began = g_get_monotonic_time() - began;
		g_array_append_val(times, began);
		g_assert_cmpuint(claimed, ==, 1);
		g_free(retention_run_end(store, lease, RUN_SUCCESS));
	}
	g_array_sort(times, compare_times);
	return g_array_index(times, int64_t, times->len * 99 / 100);
}

// Many old runs go while others come and are claimed; then the file has given its room back, and is whole.
static void test_much_goes_while_runs_go_on(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = retention_store_open(&place);
	Keeper keeper = {.place = &place, .store = store};
	DbRoom full, after;

	add_old_runs(&place, clock_now);
	clock_now += 91 * DAY;
	g_assert_true(store_room(store, &full, NULL));
	g_assert_cmpint(full.bytes, >, (int64_t)OLD_RUNS * 500);
	int64_t alone = claim_many(store, NULL);
	GThread *thread = g_thread_new("keeper", keep_house, &keeper);
	int64_t together = claim_many(store, &keeper.done);
	g_thread_join(thread);
	g_assert_no_error(keeper.error);
	g_test_message("p99 of a claim: %" G_GINT64_FORMAT " us alone, %" G_GINT64_FORMAT
		       " us while old runs go",
		alone, together);
	g_assert_cmpint(retention_count(&place, "SELECT count(*) FROM run WHERE namespace = 'a'"),
		==, 1000);
	g_assert_cmpint(retention_count(&place, "SELECT count(*) FROM log_chunk"), ==, 1000);
	g_assert_cmpint(retention_count(&place, "SELECT count(*) FROM run_trash"), ==, 0);
	g_assert_true(store_room(store, &after, NULL));
	g_test_message("file: %" G_GINT64_FORMAT " MB before, %" G_GINT64_FORMAT
		       " MB after, log %" G_GINT64_FORMAT " MB",
		full.bytes >> 20, after.bytes >> 20, after.log >> 20);
	g_assert_cmpint(after.bytes, <, MAX(full.bytes / 4, 16 << 20));
	g_assert_true(store_check_integrity(store, NULL));
}

// What comes takes the room of what goes: however often, the file stays as it is.
static void test_the_file_does_not_grow(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = retention_store_open(&place);
	g_autofree char *blob = g_strnfill(20000, 'x');
	int64_t least = INT64_MAX;
	int64_t most = 0;

	for (int round = 0; round < 8; round++) {
		for (int i = 0; i < 200; i++) {
			g_autofree char *digest = g_strdup_printf("%d-%d", round, i);

			g_assert_true(store_plan_put(store,
				&(StorePlan){
					.digest = digest, .json = blob, .created_at = clock_now},
				NULL));
		}
		DbRoom room;
		g_assert_true(store_room(store, &room, NULL));
		least = MIN(least, room.bytes);
		most = MAX(most, room.bytes);
		g_assert_cmpint(room.log, <=, 96 << 20);
		clock_now += 91 * DAY;
		g_free(retention_forget(&place, store, 0));
	}
	g_assert_cmpint(most, <, least + least / 4);
}

static const RetentionTest tests[] = {
	{"/much-goes-while-runs-go-on", test_much_goes_while_runs_go_on},
	{"/the-file-does-not-grow", test_the_file_does_not_grow},
};

int main(int argc, char **argv)
{
	return retention_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
