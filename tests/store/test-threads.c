// Many threads at one store: turns, limits that hold under load, transactions that join, wake-ups, readers.
#include "store/event.h"
#include "store/node.h"
#include "store/run.h"
#include "store/task_run.h"
#include "store/timestamp.h"
#include "tests/harness/temporary_store.h"
#include "tests/harness/text.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum {
	THREADS = 4,
	RUNS = 120,
	LIMIT = 2,
};

typedef struct {
	Store *store;
	const TemporaryStore *place;
	atomic_int running; // of the limited flow
	atomic_int most;
	atomic_int ended;
	atomic_bool stop;
} Scene;

static void raise_most(Scene *scene, int running)
{
	int most = atomic_load(&scene->most);

	while (running > most && !atomic_compare_exchange_weak(&scene->most, &most, running))
		continue;
}

static void drive(Scene *scene, const StoreLease *lease)
{
	GError *error = NULL;

	raise_most(scene, atomic_fetch_add(&scene->running, 1) + 1);
	for (int i = 0; i < 3; i++) {
		g_autofree char *id = g_strdup_printf("01JD000000000000000000000%d", i);

		store_task_run_put(scene->store, lease,
			&(StoreTaskRun){.run_id = TEXT(lease->run_id),
				.id = id,
				.task_id = TEXT("t"),
				.state = RUN_SUCCESS,
				.ended_at = 1},
			&error);
		g_assert_no_error(error);
	}
	// Before the commit that lets the next one in.
	atomic_fetch_sub(&scene->running, 1);
	store_run_end(scene->store, lease, &(StoreRunChange){.state = RUN_SUCCESS}, &error);
	g_assert_no_error(error);
	atomic_fetch_add(&scene->ended, 1);
}

static void *claim_and_drive(void *data)
{
	Scene *scene = data;

	while (atomic_load(&scene->ended) < RUNS) {
		StoreLease lease;
		size_t count = 0;
		GError *error = NULL;

		store_run_claim(scene->store, "n", 1, &lease, &count, &error);
		g_assert_no_error(error);
		if (count == 1)
			drive(scene, &lease);
		else
			g_usleep(100);
	}
	return NULL;
}

static void *read_along(void *data)
{
	Scene *scene = data;
	g_autoptr(Store) reader = temporary_store_open(scene->place, STORE_READ_ONLY);

	while (!atomic_load(&scene->stop)) {
		int64_t active[RUN_STATES];
		int64_t ended[RUN_STATES];
		int64_t sum = 0;
		GError *error = NULL;

		// One moment: what is active and what is ended add up.
		g_assert_true(store_snapshot_begin(reader, &error));
		g_assert_true(store_runs_count_active(reader, active, &error));
		g_assert_true(store_runs_count_ended(reader, ended, &error));
		store_snapshot_end(reader);
		for (int i = 0; i < RUN_STATES; i++)
			sum += active[i] + ended[i];
		g_assert_cmpint(sum, ==, RUNS);
		g_assert_cmpint(active[RUN_RUNNING], <=, LIMIT);
	}
	return NULL;
}

static void add_runs(Store *store)
{
	GError *error = NULL;

	temporary_node_put(store, "n");
	for (int i = 0; i < RUNS; i++)
		store_run_create(store,
			&(StoreRunNew){.namespace = "a",
				.flow = "b",
				.revision = 1,
				.concurrency_limit = LIMIT},
			NULL, NULL, &error);
	g_assert_no_error(error);
}

static void test_limits_hold_under_load(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = temporary_store_open(&place, STORE_READ_WRITE);
	Scene scene = {.store = store, .place = &place};
	pthread_t drivers[THREADS];
	pthread_t reader;
	int64_t ended[RUN_STATES];

	add_runs(store);
	pthread_create(&reader, NULL, read_along, &scene);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&drivers[i], NULL, claim_and_drive, &scene);
	for (int i = 0; i < THREADS; i++)
		pthread_join(drivers[i], NULL);
	atomic_store(&scene.stop, true);
	pthread_join(reader, NULL);
	g_assert_cmpint(atomic_load(&scene.most), <=, LIMIT);
	g_assert_cmpint(atomic_load(&scene.ended), ==, RUNS);
	g_assert_true(store_runs_count_ended(store, ended, NULL));
	g_assert_cmpint(ended[RUN_SUCCESS], ==, RUNS);
}

static void test_transactions_join(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	g_autofree char *value = NULL;
	GError *error = NULL;

	{
		g_autoptr(StoreTransaction) outer = store_transaction_begin(store, &error);

		g_assert_nonnull(outer);
		g_assert_true(store_setting_put(store, "a", "1", &error));
		{
			g_autoptr(StoreTransaction) inner = store_transaction_begin(store, &error);

			g_assert_true(store_setting_put(store, "b", "2", &error));
			g_assert_true(store_transaction_commit(inner, &error));
		}
		g_assert_true(store_setting_get(store, "b", &value, &error));
		g_assert_cmpstr(value, ==, "2");
	}
	// The outer one was left: the inner one's work is gone with it.
	g_free(value);
	g_assert_true(store_setting_get(store, "b", &value, &error));
	g_assert_null(value);
}

static void test_a_failed_part_fails_the_whole(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	g_autoptr(StoreTransaction) outer = NULL;
	g_autofree char *value = NULL;
	GError *error = NULL;

	outer = store_transaction_begin(store, &error);
	g_assert_true(store_setting_put(store, "a", "1", &error));
	{
		g_autoptr(StoreTransaction) inner = store_transaction_begin(store, &error);

		g_assert_nonnull(inner);
	}
	g_assert_false(store_transaction_commit(outer, &error));
	assert_error_text(
		error, STORE_ERROR, STORE_ERROR_MISUSE, "a part of the transaction has failed");
	g_clear_pointer(&outer, store_transaction_free);
	g_assert_true(store_setting_get(store, "a", &value, &error));
	g_assert_null(value);
	g_assert_true(store_setting_put(store, "a", "1", &error));
}

static bool is_readable(const StoreWatch *watch)
{
	struct pollfd poll_fd = {.fd = store_watch_fd(watch), .events = POLLIN};

	return poll(&poll_fd, 1, 0) == 1;
}

static void test_watches_hear_their_topics(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) writer = temporary_store_open(&place, STORE_READ_WRITE);
	g_autoptr(Store) reader = temporary_store_open(&place, STORE_READ_ONLY);
	g_autoptr(StoreWatch) all = store_watch_new(reader, STORE_TOPIC_ALL, NULL);
	g_autoptr(StoreWatch) events = store_watch_new(writer, STORE_TOPIC_EVENT, NULL);

	g_assert_false(is_readable(all));
	g_assert_true(store_setting_put(writer, "a", "b", NULL));
	g_assert_true(is_readable(all));
	g_assert_false(is_readable(events));
	g_assert_cmpuint(store_watch_take(all), ==, STORE_TOPIC_LIVE);
	g_assert_false(is_readable(all));
	{
		g_autoptr(StoreTransaction) left = store_transaction_begin(writer, NULL);

		g_assert_nonnull(left);
		store_event_add(writer, &(StoreEvent){.kind = TEXT("x")}, NULL);
	}
	g_assert_false(is_readable(events));
	store_event_add(writer, &(StoreEvent){.kind = TEXT("x")}, NULL);
	store_event_add(writer, &(StoreEvent){.kind = TEXT("y")}, NULL);
	g_assert_true(is_readable(events));
	g_assert_cmpuint(store_watch_take(events), ==, STORE_TOPIC_EVENT);
	store_wake(writer, STORE_TOPIC_LOG);
	g_assert_cmpuint(store_watch_take(all), ==, STORE_TOPIC_EVENT | STORE_TOPIC_LOG);
}

// A process that commits and waits for nothing itself (`weir run`) wakes the one that waits (the server) at once.
static void test_watches_hear_other_processes(void)
{
	static const char variable[] = "WEIR_TEST_STORE";

	if (g_test_subprocess()) {
		g_autoptr(Store) other = store_open(g_getenv(variable), STORE_READ_WRITE, NULL);

		g_assert_true(store_setting_put(other, "a", "b", NULL));
		return;
	}
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = temporary_store_open(&place, STORE_READ_WRITE);
	g_autoptr(StoreWatch) watch = store_watch_new(store, STORE_TOPIC_RUN_READY, NULL);
	struct pollfd wait = {.fd = store_watch_fd(watch), .events = POLLIN};

	g_assert_true(g_setenv(variable, place.url, true));
	g_test_trap_subprocess(NULL, 0, 0);
	g_test_trap_assert_passed();
	g_unsetenv(variable);
	g_assert_cmpint(poll(&wait, 1, 10000), ==, 1);
	g_assert_cmpuint(store_watch_take(watch), ==, STORE_TOPIC_RUN_READY);
}

static void test_changes_of_others_are_counted(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) writer = temporary_store_open(&place, STORE_READ_WRITE);
	g_autoptr(Store) reader = temporary_store_open(&place, STORE_READ_ONLY);
	int64_t before = 0;
	int64_t same = 0;
	int64_t after = 0;

	g_assert_true(store_change_count(reader, &before, NULL));
	g_assert_true(store_change_count(reader, &same, NULL));
	g_assert_cmpint(before, ==, same);
	g_assert_true(store_setting_put(writer, "a", "b", NULL));
	g_assert_true(store_change_count(reader, &after, NULL));
	g_assert_cmpint(before, !=, after);
}

// A large store goes on being written while its log is copied back, and the log does not grow without end.
static void test_log_is_copied_back_beside_commits(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autofree char *big = g_strnfill(20000, 'x');
	g_autofree char *wal = g_strconcat(place.path, "-wal", NULL);
	g_autoptr(Store) store = temporary_store_open(&place, STORE_READ_WRITE);
	GStatBuf status;
	GError *error = NULL;

	for (int i = 0; i < 1500; i++) {
		g_autofree char *name = g_strdup_printf("s%d", i % 40);

		g_assert_true(store_setting_put(store, name, big, &error));
	}
	g_assert_cmpint(g_stat(wal, &status), ==, 0);
	// 1,500 commits of six or more pages each would be over 36 MB.
	g_assert_cmpint(status.st_size, <, 30 << 20);
	g_assert_true(store_check_integrity(store, &error));
}

static const struct {
	const char *path;
	void (*run)(void);
} tests[] = {
	{"/store/threads/limits-hold-under-load", test_limits_hold_under_load},
	{"/store/threads/transactions-join", test_transactions_join},
	{"/store/threads/a-failed-part-fails-the-whole", test_a_failed_part_fails_the_whole},
	{"/store/threads/watches-hear-their-topics", test_watches_hear_their_topics},
	{"/store/threads/watches-hear-other-processes", test_watches_hear_other_processes},
	{"/store/threads/changes-of-others-are-counted", test_changes_of_others_are_counted},
	{"/store/threads/log-is-copied-back-beside-commits",
		test_log_is_copied_back_beside_commits},
};

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add_func(tests[i].path, tests[i].run);
	return g_test_run();
}
