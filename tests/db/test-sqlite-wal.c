// The log's large writes: what is committed is in the file for everyone, at once, however large the transaction; what is
// rolled back or refused leaves nothing.
#include "db/db.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static char *folder;
static char *path;

static void clean(void)
{
	static const char *const ends[] = {"", "-wal", "-shm"};

	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
		g_autofree char *name = g_strconcat(path, ends[i], NULL);

		g_remove(name);
	}
}

static DbConnection *open_writer(void)
{
	g_autofree char *url = g_strconcat("sqlite:", path, NULL);
	const DbOptions options = {.create = true, .small_commits = true, .cache_bytes = 64 * 1024};
	GError *error = NULL;
	DbConnection *connection = db_open(url, &options, &error);

	g_assert_no_error(error);
	return connection;
}

static void run(DbConnection *connection, const char *sql)
{
	GError *error = NULL;

	db_execute_script(connection, sql, &error);
	g_assert_no_error(error);
}

// What somebody else's program sees: SQLite as it is, without weir's driver.
static int64_t seen(const char *sql)
{
	sqlite3 *handle = NULL;
	sqlite3_stmt *statement = NULL;
	int64_t value;

	g_assert_cmpint(
		sqlite3_open_v2(path, &handle, SQLITE_OPEN_READONLY, "unix"), ==, SQLITE_OK);
	g_assert_cmpint(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), ==, SQLITE_OK);
	g_assert_cmpint(sqlite3_step(statement), ==, SQLITE_ROW);
	value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(handle);
	return value;
}

static DbTransaction *begin(DbConnection *connection)
{
	GError *error = NULL;
	DbTransaction *transaction = db_transaction_begin(connection, DB_BEGIN_WRITE, &error);

	g_assert_no_error(error);
	return transaction;
}

static const char *const FILL =
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) "
	"INSERT INTO t SELECT i, hex(randomblob(300)) FROM n";

static void test_each_commit_is_seen(void)
{
	clean();

	g_autoptr(DbConnection) writer = open_writer();

	run(writer, "CREATE TABLE t (i INTEGER, x TEXT)");
	for (int i = 1; i <= 50; i++) {
		run(writer, "INSERT INTO t VALUES (1, 'x')");
		g_assert_cmpint(seen("SELECT count(*) FROM t"), ==, i);
	}
}

// Far more pages than the cache holds and than the buffer holds: they go to the log before the commit, and come back.
static void test_large_transaction(void)
{
	clean();

	g_autoptr(DbConnection) writer = open_writer();
	GError *error = NULL;

	run(writer, "CREATE TABLE t (i INTEGER PRIMARY KEY, x TEXT)");
	{
		g_autoptr(DbTransaction) transaction = begin(writer);

		run(writer, FILL);
		run(writer, "UPDATE t SET x = x || x WHERE i % 3 = 0");
		g_assert_cmpint(seen("SELECT count(*) FROM t"), ==, 0);
		db_transaction_commit(transaction, &error);
		g_assert_no_error(error);
	}
	g_assert_cmpint(seen("SELECT count(*) FROM t"), ==, 4000);
	g_assert_cmpint(seen("SELECT sum(length(x)) FROM t"), ==, 4000 * 600 + 1333 * 600);
	g_assert_cmpint(seen("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> "
			     "'ok'"),
		==, 0);
}

static void test_rolled_back(void)
{
	clean();

	g_autoptr(DbConnection) writer = open_writer();

	run(writer, "CREATE TABLE t (i INTEGER PRIMARY KEY, x TEXT)");
	for (int i = 0; i < 3; i++) {
		g_autoptr(DbTransaction) transaction = begin(writer);

		run(writer, FILL);
	}
	run(writer, "INSERT INTO t VALUES (1, 'kept')");
	g_assert_cmpint(seen("SELECT count(*) FROM t"), ==, 1);
	g_assert_cmpint(seen("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> "
			     "'ok'"),
		==, 0);
}

// A process that may write no more in the middle of a commit: the commit fails, and the next one holds again.
static void test_refused(void)
{
	struct rlimit before, small;
	GError *error = NULL;

	clean();
	{
		g_autoptr(DbConnection) writer = open_writer();
		g_autoptr(DbTransaction) transaction = NULL;

		run(writer, "CREATE TABLE t (i INTEGER PRIMARY KEY, x TEXT)");
		signal(SIGXFSZ, SIG_IGN);
		getrlimit(RLIMIT_FSIZE, &before);
		small = before;
		small.rlim_cur = 256 * 1024;
		setrlimit(RLIMIT_FSIZE, &small);
		transaction = begin(writer);
		g_assert_false(db_execute(writer, FILL, DB_NO_VALUES, NULL, &error) &&
			       db_transaction_commit(transaction, &error));
		g_assert_error(error, DB_ERROR, DB_ERROR_FULL);
		g_clear_error(&error);
		db_transaction_free(g_steal_pointer(&transaction));
		setrlimit(RLIMIT_FSIZE, &before);
		g_assert_cmpint(seen("SELECT count(*) FROM t"), ==, 0);
		run(writer, FILL);
	}
	g_assert_cmpint(seen("SELECT count(*) FROM t"), ==, 4000);
}

// The log is filled ahead by whoever comes to its end; what the other one has written since stays.
static void test_writers_in_turn(void)
{
	clean();

	g_autoptr(DbConnection) one = open_writer();
	g_autoptr(DbConnection) two = open_writer();

	run(one, "CREATE TABLE t (i INTEGER PRIMARY KEY, x TEXT)");
	for (int i = 1; i <= 300; i++) {
		run(i % 3 == 0 ? one : two, "INSERT INTO t (x) VALUES (hex(randomblob(3000)))");
		g_assert_cmpint(seen("SELECT count(*) FROM t"), ==, i);
	}
	g_assert_cmpint(seen("SELECT sum(length(x)) FROM t"), ==, 300 * 6000);
	g_assert_cmpint(seen("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> "
			     "'ok'"),
		==, 0);
}

// Where there is no room ahead, a commit that has room is none the worse for it.
static void test_no_room_ahead(void)
{
	struct rlimit before, small;

	clean();
	{
		g_autoptr(DbConnection) writer = NULL;

		signal(SIGXFSZ, SIG_IGN);
		getrlimit(RLIMIT_FSIZE, &before);
		small = before;
		small.rlim_cur = 300 * 1024;
		setrlimit(RLIMIT_FSIZE, &small);
		writer = open_writer();
		run(writer, "CREATE TABLE t (i INTEGER PRIMARY KEY, x TEXT)");
		for (int i = 1; i <= 10; i++) {
			run(writer, "INSERT INTO t (x) VALUES ('y')");
			g_assert_cmpint(seen("SELECT count(*) FROM t"), ==, i);
		}
		setrlimit(RLIMIT_FSIZE, &before);
	}
	g_assert_cmpint(seen("SELECT count(*) FROM t"), ==, 10);
}

static int64_t log_size(void)
{
	g_autofree char *log = g_strconcat(path, "-wal", NULL);
	GStatBuf status;

	return g_stat(log, &status) == 0 ? (int64_t)status.st_size : -1;
}

// Small commits lie in what was filled ahead, large ones fill nothing, and what was filled can be cut off.
static void test_only_small_commits_fill(void)
{
	g_autofree char *url = g_strconcat("sqlite:", path, NULL);
	const DbOptions plain = {.create = true};

	clean();

	g_autoptr(DbConnection) writer = open_writer();

	run(writer, "CREATE TABLE t (i INTEGER PRIMARY KEY, x TEXT)");
	const int64_t filled = log_size();

	g_assert_cmpint(filled, >, 512 * 1024);
	for (int i = 0; i < 20; i++)
		run(writer, "INSERT INTO t (x) VALUES ('y')");
	g_assert_cmpint(log_size(), ==, filled);
	db_log_cut(url, "main");
	const int64_t cut = log_size();

	g_assert_cmpint(cut, <, filled - 400 * 1024);
	run(writer, "INSERT INTO t (x) VALUES (zeroblob(100000))");
	g_assert_cmpint(log_size(), <, cut + 120000);
	g_assert_cmpint(seen("SELECT count(*) FROM t"), ==, 21);
	g_clear_pointer(&writer, db_close);
	clean();
	writer = db_open(url, &plain, NULL);
	run(writer, "CREATE TABLE t (i INTEGER PRIMARY KEY, x TEXT)");
	g_assert_cmpint(log_size(), <, 64 * 1024);
}

// Commits for a while, and says after each that it is done.
static void commit_until_killed(int report)
{
	DbConnection *writer = open_writer();

	for (char number = 0;; number++) {
		run(writer, "INSERT INTO t SELECT max(i) + 1, hex(randomblob(20000)) FROM t");
		if (write(report, &number, 1) != 1)
			_exit(1);
	}
}

static void test_killed(void)
{
	clean();
	for (int round = 0; round < 10; round++) {
		int64_t reported = 0;
		int ends[2];
		char byte;
		pid_t child;

		{
			g_autoptr(DbConnection) writer = open_writer();

			run(writer,
				"DROP TABLE IF EXISTS t; CREATE TABLE t (i INTEGER PRIMARY KEY, "
				"x TEXT); INSERT INTO t VALUES (0, '')");
		}
		g_assert_cmpint(pipe(ends), ==, 0);
		child = fork();
		if (child == 0) {
			close(ends[0]);
			commit_until_killed(ends[1]);
		}
		close(ends[1]);
		while (reported < 5 + round && read(ends[0], &byte, 1) == 1)
			reported++;
		g_usleep(100 + 137 * (gulong)round);
		kill(child, SIGKILL);
		while (read(ends[0], &byte, 1) == 1)
			reported++;
		close(ends[0]);
		waitpid(child, NULL, 0);
		// What was reported is there; at most one more was committed and not reported.
		g_assert_cmpint(seen("SELECT max(i) FROM t"), >=, reported);
		g_assert_cmpint(seen("SELECT max(i) FROM t"), <=, reported + 1);
		g_assert_cmpint(seen("SELECT count(*) FROM pragma_integrity_check WHERE "
				     "integrity_check <> 'ok'"),
			==, 0);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
		{"/db/sqlite-wal/each-commit-is-seen", test_each_commit_is_seen},
		{"/db/sqlite-wal/large-transaction", test_large_transaction},
		{"/db/sqlite-wal/rolled-back", test_rolled_back},
		{"/db/sqlite-wal/refused", test_refused},
		{"/db/sqlite-wal/writers-in-turn", test_writers_in_turn},
		{"/db/sqlite-wal/no-room-ahead", test_no_room_ahead},
		{"/db/sqlite-wal/only-small-commits-fill", test_only_small_commits_fill},
		{"/db/sqlite-wal/killed", test_killed},
	};
	int result = 0;

	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add_func(tests[i].name, tests[i].run);
	folder = g_dir_make_tmp("weir-wal-XXXXXX", NULL);
	path = g_build_filename(folder, "t.db", NULL);
	result = g_test_run();
	clean();
	g_rmdir(folder);
	g_free(path);
	g_free(folder);
	return result;
}
