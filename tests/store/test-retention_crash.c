// Nothing is lost and nothing stays for good when retention is killed, on either side of its commit.
#include "store/retention.h"
#include "tests/harness/temporary_store.h"
#include "tests/store/retention_bed.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

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
		bool there = retention_count(place, row) == 1;

		g_assert_true(!there || folder); // files go after the row that names them
		g_assert_true(there || !folder || retention_count(place, note) == 1); // and do go
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
	Store *store = retention_store_open(&place);
	unsigned runs, folders;

	for (unsigned i = 0; i < RUNS; i++) {
		ids[i] = retention_run(store, "f", RUN_FAILED);
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
	store = retention_store_open(&place);
	StoreRetentionPolicy policy = store_retention_default;
	policy.newest = 0;
	StoreRetention *retention = store_retention_new(store, store, &policy, drop_files, files);
	retention_pass(retention);
	store_retention_free(retention);
	assert_nothing_is_lost(&place, files, ids, RUNS, &runs, &folders);
	g_assert_cmpuint(runs, ==, 0);
	g_assert_cmpuint(folders, ==, 0);
	g_assert_cmpint(retention_rows_of_runs(&place), ==, 0);
	store_close(store);
	for (unsigned i = 0; i < RUNS; i++)
		g_free(ids[i]);
	g_assert_cmpint(g_rmdir(files), ==, 0);
}

static const RetentionTest tests[] = {
	{"/killed-on-both-sides-of-the-commit", test_killed_on_both_sides_of_the_commit},
};

int main(int argc, char **argv)
{
	return retention_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
