// Opening a store: what it refuses, with the whole text of why, and what stays when it is killed.
#include "store/event.h"
#include "store/flow.h"
#include "tests/harness/temporary_store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// Opens, which must fail, with exactly this message; "%s" in it stands for the path.
static void assert_refused(
	const TemporaryStore *place, StoreMode mode, GQuark domain, int code, const char *format)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) parts = g_strsplit(format, "%s", -1);
	GError *error = NULL;

	text = g_strjoinv(place->path, parts);
	g_assert_null(store_open(place->url, mode, &error));
	assert_error_text(error, domain, code, text);
}

static void execute(const TemporaryStore *place, const char *sql)
{
	sqlite3 *handle = NULL;

	g_assert_cmpint(sqlite3_open(place->path, &handle), ==, SQLITE_OK);
	g_assert_cmpint(sqlite3_exec(handle, sql, NULL, NULL, NULL), ==, SQLITE_OK);
	sqlite3_close(handle);
}

static void test_made_when_missing_and_opened_again(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();

	for (int i = 0; i < 2; i++) {
		g_autoptr(Store) store = temporary_store_open(&place, STORE_READ_WRITE);
		g_autoptr(GError) error = NULL;

		g_assert_cmpint(store_version(store), ==, store_version_known());
		g_assert_true(store_check_integrity(store, &error));
		g_assert_no_error(error);
	}
}

static void test_missing_folder(void)
{
	GError *error = NULL;

	g_assert_null(store_open("sqlite:/nowhere/at/all/weir.db", STORE_READ_WRITE, &error));
	assert_error_text(error, DB_ERROR, DB_ERROR_MISSING_FILE,
		"cannot open database '/nowhere/at/all/weir.db': folder '/nowhere/at/all' does not "
		"exist");
}

static void test_missing_file_is_not_made_by_a_reader(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();

	assert_refused(&place, STORE_READ_ONLY, DB_ERROR, DB_ERROR_MISSING_FILE,
		"cannot open database '%s': no such file");
	g_assert_false(g_file_test(place.path, G_FILE_TEST_EXISTS));
}

static void test_empty_store_has_nothing_to_read(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();

	g_assert_true(g_file_set_contents(place.path, "", 0, NULL));
	assert_refused(&place, STORE_READ_ONLY, STORE_ERROR, STORE_ERROR_EMPTY,
		"store '%s' is empty: start 'weir serve' on it first");
}

static void test_not_a_database(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autofree char *text = g_strnfill(5000, 'x');

	g_assert_true(g_file_set_contents(place.path, text, -1, NULL));
	assert_refused(&place, STORE_READ_WRITE, DB_ERROR, DB_ERROR_CORRUPT,
		"database '%s' is not an SQLite database");
	assert_refused(&place, STORE_READ_ONLY, DB_ERROR, DB_ERROR_CORRUPT,
		"database '%s' is not an SQLite database");
}

static void test_somebody_elses_database(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();

	execute(&place, "CREATE TABLE recipe (name TEXT)");
	assert_refused(&place, STORE_READ_WRITE, DB_ERROR, DB_ERROR_EXISTS,
		"database '%s' is not a store of weir: it has tables of something else");
}

static void test_newer_version(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autofree char *format = g_strdup_printf(
		"store '%%s' is of version 99, and this weir knows versions up to %d: run the weir "
		"that wrote it, or a newer one",
		store_version_known());

	store_close(temporary_store_open(&place, STORE_READ_WRITE));
	execute(&place, "INSERT INTO migration VALUES (99, 0, 'weir 9')");
	assert_refused(&place, STORE_READ_WRITE, STORE_ERROR, STORE_ERROR_TOO_NEW, format);
	assert_refused(&place, STORE_READ_ONLY, STORE_ERROR, STORE_ERROR_TOO_NEW, format);
}

static void test_older_version_is_not_migrated_by_a_reader(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();

	execute(&place,
		"CREATE TABLE migration (version INTEGER PRIMARY KEY, applied_at BIGINT NOT "
		"NULL, program TEXT NOT NULL)");
	assert_refused(&place, STORE_READ_ONLY, STORE_ERROR, STORE_ERROR_EMPTY,
		"store '%s' is empty: start 'weir serve' on it first");
}

static void test_damaged_file(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = NULL;
	GError *error = NULL;
	char garbage[4096];
	int file;

	store_close(temporary_store_open(&place, STORE_READ_WRITE));
	memset(garbage, 0xa5, sizeof(garbage));
	file = open(place.path, O_WRONLY | O_CLOEXEC);
	for (int page = 2; page < 40; page++)
		g_assert_cmpint(pwrite(file, garbage, sizeof(garbage), page * 4096L), ==, 4096);
	close(file);
	store = store_open(place.url, STORE_READ_WRITE, &error);
	if (store != NULL) {
		g_assert_false(store_check_integrity(store, &error));
	}
	g_assert_error(error, DB_ERROR, DB_ERROR_CORRUPT);
	g_assert_nonnull(strstr(error->message, "is damaged: "));
	g_clear_error(&error);
}

static void test_locked_by_another_process(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = temporary_store_open(&place, STORE_READ_WRITE);
	g_autofree char *text = g_strdup_printf("database '%s' is locked by another connection or "
						"process: waited 5000 ms",
		place.path);
	sqlite3 *handle = NULL;
	GError *error = NULL;

	g_assert_cmpint(sqlite3_open(place.path, &handle), ==, SQLITE_OK);
	g_assert_cmpint(sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
	g_assert_null(store_transaction_begin(store, &error));
	g_assert_true(db_error_is_retryable(error));
	assert_error_text(error, DB_ERROR, DB_ERROR_LOCKED, text);
	sqlite3_close(handle);
	g_assert_true(store_setting_put(store, "a", "b", &error));
}

static void test_read_only_store_refuses_writes(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) writer = temporary_store_open(&place, STORE_READ_WRITE);
	g_autoptr(Store) reader = temporary_store_open(&place, STORE_READ_ONLY);
	g_autofree char *text = g_strdup_printf("store '%s' is open read-only", place.url);
	g_autofree char *value = NULL;
	GError *error = NULL;

	g_assert_false(store_setting_put(reader, "a", "b", &error));
	assert_error_text(error, DB_ERROR, DB_ERROR_READ_ONLY, text);
	// A reader sees what the writer commits.
	g_assert_true(store_setting_put(writer, "a", "b", &error));
	g_assert_true(store_setting_get(reader, "a", &value, &error));
	g_assert_cmpstr(value, ==, "b");
}

// Runs body in a process of its own; it must exit with 0.
static void in_child(void (*body)(const TemporaryStore *place), const TemporaryStore *place)
{
	const pid_t child = fork();
	int status = -1;

	if (child == 0) {
		body(place);
		_exit(0);
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_cmpint(status, ==, 0);
}

static void open_in_read_only_folder(const TemporaryStore *place)
{
	g_autofree char *text =
		g_strdup_printf("cannot open database '%s': folder '%s' cannot be written",
			place->path, place->folder);
	GError *error = NULL;

	// As an ordinary user: root may write everywhere.
	if (geteuid() == 0 && seteuid(65534) != 0)
		_exit(2);
	if (store_open(place->url, STORE_READ_WRITE, &error) != NULL)
		_exit(3);
	if (strcmp(error->message, text) != 0) {
		fprintf(stderr, "# %s\n", error->message);
		_exit(4);
	}
}

static void test_read_only_folder(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();

	g_assert_cmpint(chmod(place.folder, 0555), ==, 0);
	in_child(open_in_read_only_folder, &place);
	g_assert_cmpint(chmod(place.folder, 0755), ==, 0);
}

static void open_without_permission(const TemporaryStore *place)
{
	g_autofree char *text =
		g_strdup_printf("cannot open database '%s': permission denied", place->path);
	GError *error = NULL;

	if (geteuid() == 0 && seteuid(65534) != 0)
		_exit(2);
	if (store_open(place->url, STORE_READ_ONLY, &error) != NULL)
		_exit(3);
	if (strcmp(error->message, text) != 0) {
		fprintf(stderr, "# %s\n", error->message);
		_exit(4);
	}
}

static void test_no_permission(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();

	store_close(temporary_store_open(&place, STORE_READ_WRITE));
	g_assert_cmpint(chmod(place.folder, 0755), ==, 0);
	g_assert_cmpint(chmod(place.path, 0000), ==, 0);
	in_child(open_without_permission, &place);
}

static void write_until_full(const TemporaryStore *place)
{
	const struct rlimit limit = {1 << 20, 1 << 20};
	g_autofree char *text = g_strdup_printf(
		"database '%s' cannot grow: the disk is full or a quota is reached", place->path);
	g_autofree char *big = g_strnfill(100000, 'x');
	Store *store = store_open(place->url, STORE_READ_WRITE, NULL);
	GError *error = NULL;
	unsigned written = 0;

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	while (written < 100) {
		g_autofree char *name = g_strdup_printf("setting %u", written);

		if (!store_setting_put(store, name, big, &error))
			break;
		written++;
	}
	if (written < 2 || written == 100)
		_exit(2);
	if (!g_error_matches(error, DB_ERROR, DB_ERROR_FULL) || strcmp(error->message, text) != 0) {
		fprintf(stderr, "# %s\n", error->message);
		_exit(3);
	}
	// What was committed is there, and a small write may still work or not, but says so.
	for (unsigned i = 0; i < written; i++) {
		g_autofree char *name = g_strdup_printf("setting %u", i);
		g_autofree char *value = NULL;

		if (!store_setting_get(store, name, &value, NULL) || value == NULL)
			_exit(4);
	}
	store_close(store);
}

static void test_disk_full(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = NULL;
	g_autoptr(GError) error = NULL;

	in_child(write_until_full, &place);
	store = temporary_store_open(&place, STORE_READ_WRITE);
	g_assert_true(store_check_integrity(store, &error));
	g_assert_true(store_setting_put(store, "after", "full", &error));
}

// Commits numbered pairs that belong together until it is killed.
static void write_pairs(const TemporaryStore *place)
{
	Store *store = store_open(place->url, STORE_READ_WRITE, NULL);

	for (unsigned i = 1;; i++) {
		g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, NULL);
		g_autofree char *number = g_strdup_printf("%u", i);

		store_setting_put(store, "left", number, NULL);
		store_setting_put(store, "right", number, NULL);
		store_event_add(store, &(StoreEvent){.kind = number}, NULL);
		store_transaction_commit(transaction, NULL);
	}
}

static void assert_pairs_whole(const TemporaryStore *place)
{
	g_autoptr(Store) store = temporary_store_open(place, STORE_READ_WRITE);
	g_autofree char *left = NULL;
	g_autofree char *right = NULL;
	g_autoptr(GError) error = NULL;
	int64_t sequence = 0;

	g_assert_true(store_check_integrity(store, &error));
	g_assert_no_error(error);
	g_assert_true(store_setting_get(store, "left", &left, &error));
	g_assert_true(store_setting_get(store, "right", &right, &error));
	g_assert_cmpstr(left, ==, right);
	g_assert_true(store_event_sequence(store, &sequence, &error));
	g_assert_cmpint(sequence > 0, ==, left != NULL);
}

static void test_killed_at_any_moment(void)
{
	for (unsigned round = 0; round < 25; round++) {
		g_auto(TemporaryStore) place = temporary_store_new();
		const pid_t child = fork();

		if (child == 0)
			write_pairs(&place);
		g_usleep(500 + (gulong)g_test_rand_int_range(0, 30000));
		g_assert_cmpint(kill(child, SIGKILL), ==, 0);
		g_assert_cmpint(waitpid(child, NULL, 0), ==, child);
		assert_pairs_whole(&place);
	}
}

static void open_and_count(const TemporaryStore *place)
{
	Store *store = store_open(place->url, STORE_READ_WRITE, NULL);

	if (store == NULL)
		_exit(2);
	for (unsigned i = 0; i < 5; i++) {
		if (!store_event_add(store, &(StoreEvent){.kind = (char *)(uintptr_t) "x"}, NULL))
			_exit(3);
	}
	store_close(store);
}

static void open_all_at_once(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	pid_t children[4];
	g_autoptr(Store) store = NULL;
	g_autoptr(GPtrArray) events = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(children); i++) {
		children[i] = fork();
		if (children[i] == 0) {
			open_and_count(&place);
			_exit(0);
		}
	}
	for (size_t i = 0; i < G_N_ELEMENTS(children); i++) {
		int status = -1;

		g_assert_cmpint(waitpid(children[i], &status, 0), ==, children[i]);
		g_assert_cmpint(status, ==, 0);
	}
	store = temporary_store_open(&place, STORE_READ_ONLY);
	g_assert_true(store_events_after(store, 0, 1000, &events, NULL));
	g_assert_cmpuint(events->len, ==, 20);
}

static void test_processes_migrate_and_write_at_once(void)
{
	enum { ROUNDS = 30 };

	for (unsigned round = 0; round < ROUNDS; round++)
		open_all_at_once();
}

static const struct {
	const char *path;
	void (*run)(void);
} tests[] = {
	{"/store/open/made-when-missing-and-opened-again", test_made_when_missing_and_opened_again},
	{"/store/open/missing-folder", test_missing_folder},
	{"/store/open/missing-file-is-not-made-by-a-reader",
		test_missing_file_is_not_made_by_a_reader},
	{"/store/open/empty-store-has-nothing-to-read", test_empty_store_has_nothing_to_read},
	{"/store/open/not-a-database", test_not_a_database},
	{"/store/open/somebody-elses-database", test_somebody_elses_database},
	{"/store/open/newer-version", test_newer_version},
	{"/store/open/older-version-is-not-migrated-by-a-reader",
		test_older_version_is_not_migrated_by_a_reader},
	{"/store/open/damaged-file", test_damaged_file},
	{"/store/open/locked-by-another-process", test_locked_by_another_process},
	{"/store/open/read-only-store-refuses-writes", test_read_only_store_refuses_writes},
	{"/store/open/read-only-folder", test_read_only_folder},
	{"/store/open/no-permission", test_no_permission},
	{"/store/open/disk-full", test_disk_full},
	{"/store/open/killed-at-any-moment", test_killed_at_any_moment},
	{"/store/open/processes-migrate-and-write-at-once",
		test_processes_migrate_and_write_at_once},
};

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add_func(tests[i].path, tests[i].run);
	return g_test_run();
}
