// A build that is killed, meets a full disk or a locked dataset leaves the old table or the new one; readers see nothing else.
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/runner/build_bed.h"

#define T "\"table\": \"sales.t\", "

// Each feed over the same beginning: what is there, and what the build leaves.
static const struct {
	const char *name;
	const char *properties;
	const char *query;
	const char *before;
	const char *after;
} FEEDS[] = {
	{"WRITE_TRUNCATE",
		"{" T "\"sql\": \"SELECT 3 AS id, 'new' AS v UNION ALL SELECT 4, 'new'\"}",
		"SELECT * FROM sales.t ORDER BY id", "1|old 2|old", "3|new 4|new"},
	{"WRITE_APPEND",
		"{" T "\"feed\": \"WRITE_APPEND\", \"sql\": \"SELECT 3 AS id, 'new' AS v\"}",
		"SELECT * FROM sales.t ORDER BY id", "1|old 2|old", "1|old 2|old 3|new"},
	{"MODE_DELTA",
		"{" T "\"feed\": \"MODE_DELTA\", \"key\": [\"id\"], \"sql\": \"SELECT 2 AS id, "
		"'new' AS v UNION ALL SELECT 3, 'new'\"}",
		"SELECT * FROM sales.t ORDER BY id", "1|old 2|old", "1|old 2|new 3|new"},
	{"a changed schema",
		"{" T
		"\"feed\": \"WRITE_APPEND\", \"allow_breaking\": true, \"schema\": [{\"name\": "
		"\"id\", \"type\": \"INT64\", \"mode\": \"REQUIRED\"}, {\"name\": \"v\", \"type\": "
		"\"STRING\"}, {\"name\": \"w\", \"type\": \"STRING\", \"default\": \"'w'\"}], "
		"\"sql\": \"SELECT 3 AS id, 'new' AS v\"}",
		"SELECT * FROM sales.t ORDER BY id", "1|old 2|old", "1|old|w 2|old|w 3|new|w"},
	{"SNAPSHOT",
		"{" T "\"feed\": \"SNAPSHOT\", \"key\": [\"id\"], \"sql\": \"SELECT 2 AS id, 'new' "
		"AS v\"}",
		"SELECT id, v FROM sales.t ORDER BY id, v DESC", "1|old 2|old",
		"1|old 2|old 2|new"},
	{"SCRIPT",
		"{" T "\"feed\": \"SCRIPT\", \"sql\": \"DELETE FROM sales.t WHERE id = 1; INSERT "
		"INTO sales.t VALUES (3, 'new')\"}",
		"SELECT * FROM sales.t ORDER BY id", "1|old 2|old", "2|old 3|new"},
	{"VIEW", "{\"table\": \"sales.view\", \"feed\": \"VIEW\", \"sql\": \"SELECT 'new' AS v\"}",
		"SELECT * FROM sales.view", "old", "new"},
};

static const char *const STEPS[] = {"stage made", "staged", "checked", "marked", "evolved",
	"written", "before commit", "committed"};

static const char *kill_at;

static void kill_hook(const char *step)
{
	if (strcmp(step, kill_at) == 0)
		kill(getpid(), SIGKILL);
}

static void prepare(const Bed *bed)
{
	bed_execute(bed, "sales",
		"CREATE TABLE sales.t (id INTEGER, v TEXT); INSERT INTO sales.t VALUES (1, 'old'), "
		"(2, 'old');"
		"CREATE VIEW sales.view AS SELECT 'old' AS v");
}

// Builds in a process of its own, which is killed at the step; false when the feed has no such step.
static bool build_killed(Bed *bed, const char *properties, const char *step)
{
	pid_t child;
	int status = 0;

	connection_pool_clear();
	child = fork();
	g_assert_cmpint(child, >=, 0);
	if (child == 0) {
		kill_at = step;
		build_step_hook = kill_hook;
		bed_build_as(bed, 1, properties);
		_exit(0);
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_true(WIFEXITED(status) || WTERMSIG(status) == SIGKILL);
	return WIFSIGNALED(status);
}

static void test_killed(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(FEEDS); i++) {
		unsigned kills = 0;

		for (size_t k = 0; k < G_N_ELEMENTS(STEPS); k++) {
			g_auto(Bed) bed = {0};
			bool committed = strcmp(STEPS[k], "committed") == 0;

			bed_open(&bed);
			prepare(&bed);
			if (!build_killed(&bed, FEEDS[i].properties, STEPS[k]))
				continue;
			kills++;
			bed_assert(&bed, "sales", FEEDS[i].query,
				committed ? FEEDS[i].after : FEEDS[i].before);
			g_assert_true(bed_build_as(&bed, 1, FEEDS[i].properties));
			g_assert_cmpint(bed.replayed, ==, committed);
			bed_assert(&bed, "sales", FEEDS[i].query, FEEDS[i].after);
			bed_assert(&bed, "sales", "PRAGMA sales.integrity_check", "ok");
			bed_assert(&bed, "sales",
				"SELECT count(*) FROM sales.sqlite_schema WHERE name LIKE "
				"'\\_weir\\_stage%' ESCAPE '\\'",
				"0");
			bed_assert(&bed, "sales", "SELECT count(*) FROM sales._weir_publish", "1");
		}
		g_assert_cmpuint(kills, >=, 5);
	}
}

// ---- Readers

typedef struct {
	const Bed *bed;
	atomic_bool stop;
	atomic_int reads;
	atomic_int torn;
} Readers;

static void *read_always(void *data)
{
	Readers *readers = data;
	DbOptions options = {.read_only = true};
	g_autoptr(DbConnection) connection = db_open(readers->bed->url, &options, NULL);

	g_assert_true(db_use_dataset(connection, "sales", false, NULL));
	while (!atomic_load(&readers->stop)) {
		int64_t whole = 0;

		g_assert_true(db_query_int64(connection,
			"SELECT count(*) = 40 AND min(n) = max(n) AND sum(length(text)) = 40 * 100 "
			"FROM sales.t",
			DB_NO_VALUES, 0, &whole, NULL));
		atomic_fetch_add(&readers->reads, 1);
		if (whole != 1)
			atomic_fetch_add(&readers->torn, 1);
	}
	return NULL;
}

static void publish_often(Bed *bed, const char *feed)
{
	for (int n = 1; n <= 200; n++) {
		g_autofree char *properties = g_strdup_printf(
			"{" T "%s, \"sql\": \"WITH RECURSIVE k(id) AS (SELECT 1 UNION ALL SELECT "
			"id + 1 FROM k WHERE id < 40) SELECT id, %d AS n, printf('%%0100d', "
			"%d) AS text FROM k\"}",
			feed, n, n);

		g_assert_true(bed_build(bed, properties));
	}
}

static void check_readers(const char *feed)
{
	g_auto(Bed) bed = {0};
	Readers readers = {.bed = &bed};
	pthread_t threads[2];

	bed_open(&bed);
	bed_execute(&bed, "sales",
		"CREATE TABLE sales.t (id INTEGER, n INTEGER, text TEXT); WITH RECURSIVE k(id) AS "
		"(SELECT 1 UNION ALL SELECT id + 1 FROM k WHERE id < 40) INSERT INTO sales.t "
		"SELECT id, 0, printf('%0100d', 0) FROM k");
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		g_assert_cmpint(pthread_create(&threads[i], NULL, read_always, &readers), ==, 0);
	publish_often(&bed, feed);
	atomic_store(&readers.stop, true);
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		pthread_join(threads[i], NULL);
	g_assert_cmpint(atomic_load(&readers.torn), ==, 0);
	g_assert_cmpint(atomic_load(&readers.reads), >, 200);
}

static void test_readers(void)
{
	check_readers("\"feed\": \"WRITE_TRUNCATE\"");
	check_readers("\"feed\": \"MODE_DELTA\", \"key\": [\"id\"]");
}

// ---- Locks

static const Bed *lock_bed;

// Somebody else writes into the same dataset while the rows are staged and checked: nobody is in the way.
static void write_hook(const char *step)
{
	DbOptions options = {.busy_timeout = 1};
	g_autoptr(DbConnection) connection = NULL;

	if (strcmp(step, "staged") != 0 && strcmp(step, "checked") != 0)
		return;
	connection = db_open(lock_bed->url, &options, NULL);
	g_assert_true(db_use_dataset(connection, "sales", false, NULL));
	g_assert_true(db_execute(
		connection, "INSERT INTO sales.other VALUES (1)", DB_NO_VALUES, NULL, NULL));
}

static void test_stage_holds_no_lock(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	bed_execute(&bed, "sales", "CREATE TABLE sales.other (x)");
	lock_bed = &bed;
	build_step_hook = write_hook;
	g_assert_true(bed_build(&bed, "{" T "\"sql\": \"SELECT count(*) AS n FROM sales.other\"}"));
	build_step_hook = NULL;
	bed_assert(&bed, "sales", "SELECT count(*) FROM sales.other", "2");
	bed_assert(&bed, "sales", "SELECT n FROM sales.t", "0");
}

// The publish locks the dataset it writes, and none of those it reads.
static void locked_hook(const char *step)
{
	DbOptions options = {.busy_timeout = 1};
	g_autoptr(DbConnection) connection = NULL;
	g_autoptr(GError) error = NULL;

	if (strcmp(step, "written") != 0)
		return;
	connection = db_open(lock_bed->url, &options, NULL);
	g_assert_true(db_use_datasets(
		connection, (const char *const[]){"sales", "source", NULL}, false, NULL));
	g_assert_true(db_execute(
		connection, "INSERT INTO source.s VALUES (2)", DB_NO_VALUES, NULL, NULL));
	g_assert_false(db_execute(
		connection, "INSERT INTO sales.u VALUES (2)", DB_NO_VALUES, NULL, &error));
	g_assert_error(error, DB_ERROR, DB_ERROR_LOCKED);
}

static void test_publish_locks_one(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	bed_execute(&bed, "source", "CREATE TABLE source.s (x); INSERT INTO source.s VALUES (1)");
	bed_execute(&bed, "sales", "CREATE TABLE sales.u (x)");
	lock_bed = &bed;
	build_step_hook = locked_hook;
	g_assert_true(bed_build(&bed, "{" T "\"sql\": \"SELECT x FROM source.s\"}"));
	build_step_hook = NULL;
}

typedef struct {
	const Bed *bed;
	unsigned milliseconds;
	atomic_bool locked;
} Holder;

static void *hold_lock(void *data)
{
	Holder *holder = data;
	g_autoptr(DbConnection) connection = db_open(holder->bed->url, NULL, NULL);
	g_autoptr(DbTransaction) transaction = NULL;

	g_assert_true(db_use_dataset(connection, "sales", false, NULL));
	transaction = db_transaction_begin(connection, DB_BEGIN_WRITE, NULL);
	g_assert_nonnull(transaction);
	atomic_store(&holder->locked, true);
	g_usleep(holder->milliseconds * 1000UL);
	g_assert_true(db_transaction_commit(transaction, NULL));
	g_clear_pointer(&transaction, db_transaction_free);
	return NULL;
}

static void build_while_locked(Bed *bed, const char *properties, unsigned milliseconds)
{
	Holder holder = {.bed = bed, .milliseconds = milliseconds};
	pthread_t thread;

	g_assert_cmpint(pthread_create(&thread, NULL, hold_lock, &holder), ==, 0);
	while (!atomic_load(&holder.locked))
		g_usleep(1000);
	bed_build(bed, properties);
	pthread_join(thread, NULL);
}

static void test_waits_for_lock(void)
{
	g_auto(Bed) bed = {0};

	bed_open(&bed);
	prepare(&bed);
	g_assert_true(bed_build(&bed, FEEDS[0].properties));
	build_while_locked(&bed, FEEDS[1].properties, 400);
	g_assert_cmpstr(bed.error, ==, NULL);
	bed_assert(&bed, "sales", "SELECT count(*) FROM sales.t", "3");
}

// The table that a query of its own target sees in its first run is made under that lock, too.
static void test_first_waits_for_lock(void)
{
	static const char *const OWN =
		"{\"table\": \"sales.own\", \"feed\": \"WRITE_APPEND\", \"sql\": \"SELECT 1 AS id "
		"WHERE NOT EXISTS (SELECT 1 FROM sales.own)\"}";
	g_auto(Bed) bed = {0};
	g_autofree char *told = NULL;

	bed_open(&bed);
	prepare(&bed);
	// Longer than is waited for: the file that is locked is named.
	build_while_locked(&bed, OWN, 5700);
	told = g_strdup_printf("database '%s/sales.db' is locked by another connection or process: "
			       "waited 5000 ms",
		bed.folder);
	g_assert_cmpstr(bed.error, ==, told);
	build_while_locked(&bed, OWN, 400);
	g_assert_cmpstr(bed.error, ==, NULL);
	bed_assert(&bed, "sales", "SELECT id FROM sales.own", "1");
}

// ---- Disk full

static int64_t file_size(const Bed *bed, const char *name)
{
	g_autofree char *path = g_build_filename(bed->folder, name, NULL);
	struct stat status;

	return stat(path, &status) == 0 ? (int64_t)status.st_size : 0;
}

// What, where, how much there is, and what to do.
static bool is_told(const Bed *bed)
{
	g_autofree char *begin = g_strdup_printf(
		"cannot publish 'sales.t': there is no more room in '%s' (", bed->folder);
	const char *end =
		" free: a quota or a limit on the size of files is reached); the table is "
		"as it was; make room there and run it again";

	return g_str_has_prefix(bed->error, begin) && g_str_has_suffix(bed->error, end);
}

// No file of the process may grow beyond what the dataset has: its log cannot take the publish.
static void test_disk_full(void)
{
	g_auto(Bed) bed = {0};
	pid_t child;
	int status = 0;

	bed_open(&bed);
	prepare(&bed);
	connection_pool_clear();
	child = fork();
	g_assert_cmpint(child, >=, 0);
	if (child == 0) {
		rlim_t most = (rlim_t)file_size(&bed, "sales.db") + 128 * 1024;
		struct rlimit limit = {most, most};
		bool done;

		g_autoptr(DbConnection) other = db_open(bed.url, NULL, NULL);

		// Somebody else has the dataset open, too: nobody takes its log away when the build's connection ends.
		g_assert_true(db_use_dataset(other, "sales", false, NULL));
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		done = bed_build_as(&bed, 1,
			"{" T
			"\"sql\": \"WITH RECURSIVE k(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM "
			"k WHERE id < 3000) SELECT id, printf('%0200d', id) AS v FROM k\"}");
		_exit(done || !is_told(&bed)			      ? 1
			: file_size(&bed, "sales.db-wal") > 16 * 1024 ? 2
								      : 0);
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_true(WIFEXITED(status));
	g_assert_cmpint(WEXITSTATUS(status), ==, 0);
	bed_assert(&bed, "sales", FEEDS[0].query, "1|old 2|old");
	bed_assert(&bed, "sales", "PRAGMA sales.integrity_check", "ok");
	g_assert_true(bed_build_as(&bed, 1, FEEDS[0].properties));
	bed_assert(&bed, "sales", FEEDS[0].query, "3|new 4|new");
}

// ---- The file itself is replaced between two builds: the pool's connection must not write into the old one.
static void test_file_replaced(void)
{
	g_auto(Bed) bed = {0};
	g_autofree char *command = NULL;

	bed_open(&bed);
	prepare(&bed);
	g_assert_true(bed_build(&bed, FEEDS[0].properties));
	command = g_strdup_printf("rm -f '%s'/sales.db*", bed.folder);
	g_assert_cmpint(system(command), ==, 0);
	prepare(&bed);
	g_assert_true(bed_build(&bed, FEEDS[1].properties));
	bed_assert(&bed, "sales", FEEDS[1].query, FEEDS[1].after);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/runner/build-faults/killed", test_killed);
	g_test_add_func("/runner/build-faults/readers", test_readers);
	g_test_add_func("/runner/build-faults/stage-holds-no-lock", test_stage_holds_no_lock);
	g_test_add_func("/runner/build-faults/publish-locks-one", test_publish_locks_one);
	g_test_add_func("/runner/build-faults/waits-for-lock", test_waits_for_lock);
	g_test_add_func("/runner/build-faults/first-waits-for-lock", test_first_waits_for_lock);
	g_test_add_func("/runner/build-faults/disk-full", test_disk_full);
	g_test_add_func("/runner/build-faults/file-replaced", test_file_replaced);
	return g_test_run();
}
