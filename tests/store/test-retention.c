// What a store forgets, what it keeps however old, what a crash in between leaves, and that one node at a time does it.
#include "store/backfill.h"
#include "store/drift.h"
#include "store/duty.h"
#include "store/event.h"
#include "store/flow.h"
#include "store/id.h"
#include "store/log.h"
#include "store/node.h"
#include "store/plan.h"
#include "store/retention.h"
#include "store/run.h"
#include "store/script.h"
#include "store/table.h"
#include "store/task_run.h"
#include "store/timestamp.h"
#include "tests/harness/temporary_store.h"

#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT(literal) ((char *)(uintptr_t)(literal))
#define DAY	      (INT64_C(86400) * G_USEC_PER_SEC)

// The tests begin on this day; ids are made by the same clock.
#define FIRST_DAY INT64_C(1732180000000000)

static int64_t clock_now = FIRST_DAY;

static int64_t test_clock(void *data)
{
	(void)data;
	return clock_now;
}

static void add_node(Store *store)
{
	GError *error = NULL;

	store_node_put(store,
		&(StoreNode){.id = TEXT("n"),
			.name = TEXT("host/1"),
			.version = TEXT("0.1"),
			.slots = 2,
			.expires_at = INT64_MAX},
		&error);
	g_assert_no_error(error);
}

static StoreLease start(Store *store, const StoreRunNew *new_run)
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

static char *end(Store *store, StoreLease lease, RunState state)
{
	GError *error = NULL;

	store_run_end(store, &lease, &(StoreRunChange){.state = state}, &error);
	g_assert_no_error(error);
	return g_strdup(lease.run_id);
}

// A whole run of a flow, ended at once; its id.
static char *run(Store *store, const char *flow, RunState state)
{
	StoreLease lease =
		start(store, &(StoreRunNew){.namespace = "a", .flow = flow, .revision = 1});

	fill(store, &lease);
	return end(store, lease, state);
}

static bool is_there(Store *store, const char *id)
{
	g_autoptr(StoreRun) found = NULL;

	g_assert_true(store_run_get(store, id, &found, NULL));
	return found != NULL;
}

// How many rows a query of the test's own counts.
static int64_t count(const TemporaryStore *place, const char *sql)
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

static void execute(const TemporaryStore *place, const char *sql)
{
	sqlite3 *handle = NULL;
	char *message = NULL;

	g_assert_cmpint(sqlite3_open(place->path, &handle), ==, SQLITE_OK);
	if (sqlite3_exec(handle, sql, NULL, NULL, &message) != SQLITE_OK)
		g_error("%s", message);
	sqlite3_close(handle);
}

// Everything that belongs to runs, and the notes of what is left of them.
static int64_t rows_of_runs(const TemporaryStore *place)
{
	return count(place,
		"SELECT (SELECT count(*) FROM run) + (SELECT count(*) FROM task_run) + (SELECT "
		"count(*) FROM log_chunk) + (SELECT count(*) FROM check_result) + (SELECT "
		"count(*) FROM rejected_row) + (SELECT count(*) FROM run_file) + (SELECT "
		"count(*) FROM run_trash)");
}

static void pass(StoreRetention *retention)
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

// One pass of its own, with nothing but the given number of the newest kept. The folders that were dropped, joined by blanks.
static char *forget(const TemporaryStore *place, Store *store, unsigned newest)
{
	g_autoptr(GPtrArray) dropped = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(Store) reader = temporary_store_open(place, STORE_READ_ONLY);
	StoreRetentionPolicy policy = store_retention_default;

	policy.newest = newest;
	g_autoptr(StoreRetention) retention =
		store_retention_new(store, reader, &policy, drop_folder, dropped);
	pass(retention);
	g_ptr_array_add(dropped, NULL);
	return g_strjoinv(" ", (char **)dropped->pdata);
}

static Store *open_store(const TemporaryStore *place)
{
	Store *store = temporary_store_open(place, STORE_READ_WRITE);

	add_node(store);
	return store;
}

// ---- What goes and what stays -------------------------------------------------------------------------------------

static void test_old_runs_go_with_all_that_is_theirs(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = open_store(&place);
	g_autofree char *old = run(store, "f", RUN_FAILED);
	int64_t ended[RUN_STATES];

	g_assert_cmpint(rows_of_runs(&place), ==, 5);
	clock_now += 89 * DAY;
	g_autofree char *none = forget(&place, store, 0);
	g_assert_cmpstr(none, ==, "");
	g_assert_true(is_there(store, old));
	clock_now += 2 * DAY;
	g_autofree char *dropped = forget(&place, store, 0);
	g_assert_cmpstr(dropped, ==, old);
	g_assert_cmpint(rows_of_runs(&place), ==, 0);
	// The tallies remember.
	g_assert_true(store_runs_count_ended(store, ended, NULL));
	g_assert_cmpint(ended[RUN_FAILED], ==, 1);
}

static void test_newest_and_last_good_runs_stay(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = open_store(&place);
	g_autofree char *older = run(store, "f", RUN_SUCCESS);
	g_autofree char *good = run(store, "f", RUN_SUCCESS);
	g_autofree char *warned = run(store, "f", RUN_WARNING);
	g_autofree char *bad = run(store, "f", RUN_FAILED);
	g_autofree char *newer = run(store, "f", RUN_FAILED);
	g_autofree char *newest = run(store, "f", RUN_KILLED);
	g_autofree char *other = run(store, "g", RUN_FAILED);

	clock_now += 1000 * DAY;
	g_free(forget(&place, store, 2));
	g_assert_false(is_there(store, older));
	g_assert_true(is_there(store, good));
	g_assert_true(is_there(store, warned));
	g_assert_false(is_there(store, bad));
	g_assert_true(is_there(store, newer));
	g_assert_true(is_there(store, newest));
	g_assert_true(is_there(store, other));
	// What belongs to them stays as well, logs too.
	g_assert_cmpint(rows_of_runs(&place), ==, 25);
}

static void test_runs_that_go_on_and_their_children_stay(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = open_store(&place);
	StoreLease parent =
		start(store, &(StoreRunNew){.namespace = "a", .flow = "p", .revision = 1});
	g_autofree char *child = end(store,
		start(store, &(StoreRunNew){.namespace = "a",
				     .flow = "c",
				     .revision = 1,
				     .parent_run_id = parent.run_id}),
		RUN_FAILED);
	g_autofree char *restarted = run(store, "r", RUN_FAILED);

	g_assert_true(store_run_restart(store, restarted, 0, NULL));
	clock_now += 1000 * DAY;
	g_free(forget(&place, store, 0));
	g_assert_true(is_there(store, parent.run_id));
	g_assert_true(is_there(store, child));
	g_assert_true(is_there(store, restarted));
	g_free(end(store, parent, RUN_FAILED));
	g_free(forget(&place, store, 0));
	g_assert_true(is_there(store, parent.run_id));
	g_assert_false(is_there(store, child));
}

static void test_logs_go_before_their_runs(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = open_store(&place);
	g_autofree char *old = run(store, "f", RUN_FAILED);
	g_autofree char *kept = run(store, "g", RUN_SUCCESS);

	clock_now += 20 * DAY;
	g_autofree char *young = run(store, "f", RUN_FAILED);
	clock_now += 11 * DAY;
	g_free(forget(&place, store, 0));
	g_assert_true(is_there(store, old));
	g_assert_true(is_there(store, kept));
	g_assert_true(is_there(store, young));
	g_autofree char *sql = g_strdup_printf(
		"SELECT count(*) FROM log_chunk WHERE run_id IN ('%s', '%s')", kept, young);
	g_assert_cmpint(count(&place, sql), ==, 2);
	g_assert_cmpint(count(&place, "SELECT count(*) FROM log_chunk"), ==, 2);
}

static void test_files_stay_while_any_run_names_them(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = open_store(&place);
	g_autofree char *input = id_new();
	g_autofree char *foreign = id_new();
	g_autofree char *inputs = g_strdup_printf(
		"{\"a\":\"weir:///inputs/%s/x.csv\",\"b\":[\"weir:///inputs/%s/y.csv\"],"
		"\"c\":\"weir:///../../etc/passwd\",\"d\":\"weir:///inputs/short/x\"}",
		input, input);
	g_autofree char *first = end(store,
		start(store,
			&(StoreRunNew){
				.namespace = "a", .flow = "f", .revision = 1, .inputs = inputs}),
		RUN_FAILED);
	bool used = false;

	clock_now += 50 * DAY;
	g_autofree char *both = g_strdup_printf(
		"{\"a\":\"weir:///inputs/%s/x.csv\",\"b\":\"weir:///%s/t/y.csv\"}", input, first);
	g_autofree char *replay = end(store,
		start(store,
			&(StoreRunNew){
				.namespace = "a", .flow = "f", .revision = 1, .inputs = both}),
		RUN_FAILED);
	clock_now += 50 * DAY;
	g_autofree char *nothing = forget(&place, store, 0);
	g_assert_cmpstr(nothing, ==, "");
	g_assert_false(is_there(store, first));
	g_assert_true(store_files_are_used(store, first, &used, NULL));
	g_assert_true(used);
	g_assert_true(store_files_are_used(store, foreign, &used, NULL));
	g_assert_false(used);
	clock_now += 50 * DAY;
	g_autofree char *wanted = g_strdup_printf("%s %s inputs/%s", replay, first, input);
	g_autofree char *dropped = forget(&place, store, 0);
	g_assert_cmpstr(dropped, ==, wanted);
	g_assert_cmpint(rows_of_runs(&place), ==, 0);
}

static void test_events_go_but_the_sequence_goes_on(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = open_store(&place);
	const StoreEvent event = {.kind = TEXT("synced")};
	int64_t before = 0;
	int64_t after = 0;

	for (int i = 0; i < 500; i++)
		g_assert_true(store_event_add(store, &event, NULL));
	g_assert_true(store_event_sequence(store, &before, NULL));
	clock_now += 31 * DAY;
	g_free(forget(&place, store, 0));
	g_assert_cmpint(count(&place, "SELECT count(*) FROM event"), ==, 1);
	g_assert_true(store_event_add(store, &event, NULL));
	g_assert_true(store_event_sequence(store, &after, NULL));
	g_assert_cmpint(after, ==, before + 1);
}

static void test_newest_publications_stay(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = open_store(&place);

	for (int i = 0; i < 300; i++) {
		g_autofree char *task_run = g_strdup_printf("t%d", i);

		g_assert_true(store_publish_add(store,
			&(StorePublish){.name = i == 0 ? TEXT("s.seldom") : TEXT("s.often"),
				.task_run_id = task_run,
				.at = clock_now},
			NULL, NULL));
	}
	clock_now += 91 * DAY;
	g_free(forget(&place, store, 3));
	g_assert_cmpint(
		count(&place, "SELECT count(*) FROM table_publish WHERE name = 's.seldom'"), ==, 1);
	g_assert_cmpint(
		count(&place, "SELECT count(*) FROM table_publish WHERE name = 's.often'"), ==, 3);
	g_assert_cmpint(count(&place, "SELECT min(sequence) FROM table_publish WHERE name = "
				      "'s.often'"),
		==, 298);
}

static void test_open_drift_stays(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = open_store(&place);

	for (int i = 0; i < 3; i++) {
		g_autofree char *name = g_strdup_printf("s.t%d", i);

		g_assert_true(store_drift_begin(store,
			&(StoreDrift){
				.kind = TEXT("table"), .resource = name, .summary = TEXT("x")},
			NULL, NULL));
	}
	g_assert_true(
		store_drift_resolve(store, "table", "s.t0", "reverted", clock_now, NULL, NULL));
	clock_now += 360 * DAY;
	g_assert_true(
		store_drift_resolve(store, "table", "s.t1", "reverted", clock_now, NULL, NULL));
	clock_now += 10 * DAY;
	g_free(forget(&place, store, 0));
	g_assert_cmpint(count(&place, "SELECT count(*) FROM drift WHERE resource = 's.t0'"), ==, 0);
	g_assert_cmpint(count(&place, "SELECT count(*) FROM drift"), ==, 2);
	clock_now += 1000 * DAY;
	g_free(forget(&place, store, 0));
	g_assert_cmpint(count(&place, "SELECT count(*) FROM drift WHERE resource = 's.t2'"), ==, 1);
	g_assert_cmpint(count(&place, "SELECT count(*) FROM drift"), ==, 1);
}

static void test_old_plans_go(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = open_store(&place);

	for (int i = 0; i < 5; i++) {
		g_autofree char *digest = g_strdup_printf("p%d", i);

		clock_now += 1000;
		g_assert_true(store_plan_put(store,
			&(StorePlan){.digest = digest, .json = TEXT("{}"), .created_at = clock_now},
			NULL));
	}
	clock_now += 91 * DAY;
	g_free(forget(&place, store, 2));
	g_assert_cmpint(
		count(&place, "SELECT count(*) FROM plan WHERE digest IN ('p3', 'p4')"), ==, 2);
	g_assert_cmpint(count(&place, "SELECT count(*) FROM plan"), ==, 2);
}

// One that has not ended stays, with the notes of its runs.
static void test_ended_backfills_go(void)
{
	static const char *const ids[] = {"b-ended", "b-going"};
	static const BackfillState going[] = {BACKFILL_RUNNING, BACKFILL_RUNNING};
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = open_store(&place);
	bool done = false;

	for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
		g_assert_true(store_backfill_create(store,
			&(StoreBackfill){.id = TEXT(ids[i]),
				.namespace = TEXT("a"),
				.flow = TEXT("f"),
				.trigger_id = TEXT("t")},
			NULL));
		for (int64_t at = 1; at <= 300; at++)
			g_assert_true(store_backfill_run_add(store, ids[i], at, "r", NULL));
	}
	// A due time has one run.
	g_assert_false(store_backfill_run_add(store, "b-going", 1, "other", NULL));
	g_assert_true(store_backfill_set(store, "b-ended", BACKFILL_CANCELLED, going, &done, NULL));
	g_assert_true(done);
	clock_now += 91 * DAY;
	g_free(forget(&place, store, 0));
	g_assert_cmpint(count(&place, "SELECT count(*) FROM backfill WHERE id = 'b-going'"), ==, 1);
	g_assert_cmpint(count(&place, "SELECT count(*) FROM backfill"), ==, 1);
	g_assert_cmpint(count(&place, "SELECT count(*) FROM backfill_run"), ==, 300);
}

// ---- Revisions and scripts ----------------------------------------------------------------------------------------

// Makes the n-th revision of a flow live, with a scripts/ folder of its own.
static void put_revision(Store *store, const char *flow, int n)
{
	g_autofree char *digest = g_strdup_printf("d%d", n);
	g_autofree char *tree = g_strdup_printf("tree-%s-%d", flow, n);
	g_autofree char *blob = g_strdup_printf("blob-%s-%d", flow, n);
	StoreScriptEntry entries[] = {
		{TEXT("own.sh"), blob, true}, {TEXT("shared.sh"), TEXT("shared"), false}};
	int64_t applied = 0;

	g_assert_true(store_script_file_put(store, blob, "x", 1, NULL));
	g_assert_true(store_script_file_put(store, "shared", "y", 1, NULL));
	g_assert_true(store_script_tree_put(store, tree, entries, 2, NULL));
	g_assert_true(store_apply_begin(store, &applied, NULL));
	g_assert_true(store_flow_put(store,
		&(StoreFlowPut){.flow = {.namespace = TEXT("a"),
					.id = TEXT(flow),
					.digest = digest,
					.domain = TEXT("a"),
					.kind = TEXT("written")},
			.definition = "{}",
			.scripts_tree = tree},
		applied, NULL, NULL));
}

static void test_revisions_and_their_scripts_go(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = open_store(&place);

	for (int i = 1; i <= 6; i++)
		put_revision(store, "f", i);
	g_free(end(store,
		start(store, &(StoreRunNew){.namespace = "a", .flow = "f", .revision = 2}),
		RUN_SUCCESS));
	clock_now += 366 * DAY;
	put_revision(store, "f", 7);
	g_free(forget(&place, store, 3));
	// Of the current one and the two before, and the one that the last good run was made from.
	g_assert_cmpint(
		count(&place, "SELECT count(*) FROM revision WHERE revision IN (2, 5, 6, 7)"), ==,
		4);
	g_assert_cmpint(count(&place, "SELECT count(*) FROM revision"), ==, 4);
	g_assert_cmpint(count(&place, "SELECT count(DISTINCT tree) FROM script_entry"), ==, 4);
	g_assert_cmpint(count(&place, "SELECT count(*) FROM script_file"), ==, 5);
	g_assert_cmpint(
		count(&place, "SELECT count(*) FROM script_file WHERE blob = 'blob-f-4'"), ==, 0);
}

// ---- Crashes ------------------------------------------------------------------------------------------------------

typedef enum {
	CRASH_BEFORE_COMMIT, // of the transaction that takes rows of runs away
	CRASH_BEFORE_FILES, // after that commit, before the first folder is removed
	CRASH_AFTER_FILES, // after a folder was removed, before the note of it is
} CrashPlace;

typedef struct {
	CrashPlace place;
	const char *folder; // of the files
} Crash;

static void remove_files(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);

	g_rmdir(path);
}

static void drop_and_die(const char *folder, void *data)
{
	const Crash *crash = data;

	if (crash->place == CRASH_BEFORE_FILES)
		kill(getpid(), SIGKILL);
	remove_files(crash->folder, folder);
	if (crash->place == CRASH_AFTER_FILES)
		kill(getpid(), SIGKILL);
}

static void drop_files(const char *folder, void *data)
{
	remove_files(data, folder);
}

// Steps until the process is killed at the place.
static void step_and_die(const TemporaryStore *place, Crash *crash)
{
	g_autoptr(Store) store = temporary_store_open(place, STORE_READ_WRITE);
	g_autoptr(Store) reader = temporary_store_open(place, STORE_READ_ONLY);
	StoreRetentionPolicy policy = store_retention_default;
	bool more = true;

	policy.newest = 0;
	g_autoptr(StoreRetention) retention =
		store_retention_new(store, reader, &policy, drop_and_die, crash);
	// Inside of a transaction nothing that a step does is committed.
	g_autoptr(StoreTransaction) transaction =
		crash->place == CRASH_BEFORE_COMMIT ? store_transaction_begin(store, NULL) : NULL;
	while (more) {
		g_assert_true(store_retention_step(retention, clock_now, &more, NULL));
		if (crash->place == CRASH_BEFORE_COMMIT)
			kill(getpid(), SIGKILL);
	}
}

static void crash_at(const TemporaryStore *place, Crash *crash)
{
	int status = 0;
	pid_t child = fork();

	g_assert_cmpint(child, >=, 0);
	if (child == 0) {
		step_and_die(place, crash);
		_exit(1);
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_true(WIFSIGNALED(status));
}

// How many runs and folders there are. Every folder without a run has a note that it is to be removed.
static void assert_nothing_is_lost(const TemporaryStore *place, const char *files, char **ids,
	unsigned count_of_ids, unsigned *ret_runs, unsigned *ret_folders)
{
	*ret_runs = *ret_folders = 0;
	for (unsigned i = 0; i < count_of_ids; i++) {
		g_autofree char *path = g_build_filename(files, ids[i], NULL);
		g_autofree char *row =
			g_strdup_printf("SELECT count(*) FROM run WHERE id = '%s'", ids[i]);
		g_autofree char *note = g_strdup_printf(
			"SELECT count(*) FROM run_trash WHERE run_id = '%s'", ids[i]);
		bool folder = g_file_test(path, G_FILE_TEST_IS_DIR);
		bool there = count(place, row) == 1;

		g_assert_true(!there || folder); // files go after the row that names them
		g_assert_true(there || !folder || count(place, note) == 1); // and do go
		*ret_runs += there;
		*ret_folders += folder;
	}
}

static void test_killed_on_both_sides_of_the_commit(void)
{
	enum { RUNS = 5 };
	static const struct {
		CrashPlace place;
		unsigned runs, folders;
	} cases[] = {
		{CRASH_BEFORE_COMMIT, RUNS, RUNS},
		{CRASH_BEFORE_FILES, 0, RUNS},
		{CRASH_AFTER_FILES, 0, RUNS - 1},
		{CRASH_AFTER_FILES, 0, RUNS - 1}, // the same once more: the note had not gone
		{CRASH_BEFORE_FILES, 0, RUNS - 1},
	};
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autofree char *files = g_dir_make_tmp("weir-files-XXXXXX", NULL);
	char *ids[RUNS];
	Store *store = open_store(&place);
	unsigned runs, folders;

	for (unsigned i = 0; i < RUNS; i++) {
		ids[i] = run(store, "f", RUN_FAILED);
		g_autofree char *path = g_build_filename(files, ids[i], NULL);
		g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
	}
	store_close(store);
	clock_now += 91 * DAY;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		Crash crash = {cases[i].place, files};

		crash_at(&place, &crash);
		assert_nothing_is_lost(&place, files, ids, RUNS, &runs, &folders);
		g_assert_cmpuint(runs, ==, cases[i].runs);
		g_assert_cmpuint(folders, ==, cases[i].folders);
	}
	store = open_store(&place);
	StoreRetentionPolicy policy = store_retention_default;
	policy.newest = 0;
	StoreRetention *retention = store_retention_new(store, store, &policy, drop_files, files);
	pass(retention);
	store_retention_free(retention);
	assert_nothing_is_lost(&place, files, ids, RUNS, &runs, &folders);
	g_assert_cmpuint(runs, ==, 0);
	g_assert_cmpuint(folders, ==, 0);
	g_assert_cmpint(rows_of_runs(&place), ==, 0);
	store_close(store);
	for (unsigned i = 0; i < RUNS; i++)
		g_free(ids[i]);
	g_assert_cmpint(g_rmdir(files), ==, 0);
}

// ---- Much of it ---------------------------------------------------------------------------------------------------

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
	execute(place, sql);
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
		g_free(end(store, lease, RUN_SUCCESS));
	}
	g_array_sort(times, compare_times);
	return g_array_index(times, int64_t, times->len * 99 / 100);
}

// Many old runs go while others come and are claimed; then the file has given its room back, and is whole.
static void test_much_goes_while_runs_go_on(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = open_store(&place);
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
	g_assert_cmpint(count(&place, "SELECT count(*) FROM run WHERE namespace = 'a'"), ==, 1000);
	g_assert_cmpint(count(&place, "SELECT count(*) FROM log_chunk"), ==, 1000);
	g_assert_cmpint(count(&place, "SELECT count(*) FROM run_trash"), ==, 0);
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
	g_autoptr(Store) store = open_store(&place);
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
		g_free(forget(&place, store, 0));
	}
	g_assert_cmpint(most, <, least + least / 4);
}

// ---- Stores of before, and duties ---------------------------------------------------------------------------------

static void test_older_store_learns_which_files_are_named(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autofree char *input = id_new();
	g_autofree char *run_folder = id_new();
	g_autofree char *inputs = g_strdup_printf(
		"{\"a\":\"weir:///inputs/%s/x.csv\",\"b\":[{\"c\":\"weir:///%s/t/y.csv\"}]}", input,
		run_folder);
	g_autofree char *named = g_strconcat("inputs/", input, NULL);
	Store *store = open_store(&place);
	bool used = false;

	g_free(end(store,
		start(store,
			&(StoreRunNew){
				.namespace = "a", .flow = "f", .revision = 1, .inputs = inputs}),
		RUN_SUCCESS));
	store_close(store);
	execute(&place, "DROP TABLE run_file; DROP TABLE run_trash; DROP TABLE duty; DROP INDEX "
			"revision_scripts; DROP INDEX script_entry_blob; DROP INDEX flow_disabled; "
			"ALTER TABLE domain DROP COLUMN unsettled; ALTER TABLE "
			"trigger_state DROP COLUMN overlaps; ALTER TABLE run_active DROP COLUMN "
			"label_changes; DROP TABLE trouble; DROP TABLE backfill; DROP TABLE "
			"backfill_run; DELETE FROM "
			"migration WHERE version > "
			"1");
	store = open_store(&place);
	g_assert_cmpint(count(&place, "SELECT count(*) FROM run_file"), ==, 2);
	g_assert_true(store_files_are_used(store, named, &used, NULL));
	g_assert_true(used);
	g_assert_true(store_files_are_used(store, run_folder, &used, NULL));
	g_assert_true(used);
	store_close(store);
}

static void test_a_duty_has_one_holder(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	bool taken = false;

	g_assert_true(store_duty_take(store, "house", "a", clock_now + 100, &taken, NULL));
	g_assert_true(taken);
	g_assert_true(store_duty_take(store, "house", "b", clock_now + 100, &taken, NULL));
	g_assert_false(taken);
	g_assert_true(store_duty_take(store, "house", "a", clock_now + 200, &taken, NULL));
	g_assert_true(taken);
	g_assert_true(store_duty_take(store, "garden", "b", clock_now + 100, &taken, NULL));
	g_assert_true(taken);
	clock_now += 200;
	g_assert_true(store_duty_take(store, "house", "b", clock_now + 100, &taken, NULL));
	g_assert_true(taken);
	g_assert_true(store_duty_give(store, "house", "a", NULL));
	g_assert_true(store_duty_take(store, "house", "a", clock_now + 100, &taken, NULL));
	g_assert_false(taken);
	g_assert_true(store_duty_give(store, "house", "b", NULL));
	g_assert_true(store_duty_take(store, "house", "a", clock_now + 100, &taken, NULL));
	g_assert_true(taken);
}

static const struct {
	const char *path;
	void (*run)(void);
} tests[] = {
	{"/runs-go-with-all-that-is-theirs", test_old_runs_go_with_all_that_is_theirs},
	{"/newest-and-last-good-runs-stay", test_newest_and_last_good_runs_stay},
	{"/runs-that-go-on-stay", test_runs_that_go_on_and_their_children_stay},
	{"/logs-go-before-their-runs", test_logs_go_before_their_runs},
	{"/files-stay-while-named", test_files_stay_while_any_run_names_them},
	{"/events-go", test_events_go_but_the_sequence_goes_on},
	{"/newest-publications-stay", test_newest_publications_stay},
	{"/open-drift-stays", test_open_drift_stays},
	{"/old-plans-go", test_old_plans_go},
	{"/ended-backfills-go", test_ended_backfills_go},
	{"/revisions-and-scripts-go", test_revisions_and_their_scripts_go},
	{"/killed-on-both-sides-of-the-commit", test_killed_on_both_sides_of_the_commit},
	{"/much-goes-while-runs-go-on", test_much_goes_while_runs_go_on},
	{"/the-file-does-not-grow", test_the_file_does_not_grow},
	{"/older-store-learns-named-files", test_older_store_learns_which_files_are_named},
	{"/a-duty-has-one-holder", test_a_duty_has_one_holder},
};

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	timestamp_set_clock(test_clock, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *path = g_strconcat("/store/retention", tests[i].path, NULL);

		g_test_add_func(path, tests[i].run);
	}
	return g_test_run();
}
