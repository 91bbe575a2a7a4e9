// What is SQLite's own: URLs, files, folders of datasets, what user SQL may not do, and what the errors say.
#include "db/db.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define assert_db_error(error, class, text)                                                        \
	do {                                                                                       \
		g_assert_error((error), DB_ERROR, (class));                                        \
		g_assert_cmpstr((error)->message, ==, (text));                                     \
		g_clear_error(&(error));                                                           \
	} while (0)

static char *folder;

static char *in_folder(const char *name)
{
	return g_build_filename(folder, name, NULL);
}

static void clean(void)
{
	g_autoptr(GDir) entries = g_dir_open(folder, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(entries)) != NULL) {
		g_autofree char *path = in_folder(name);

		g_assert_cmpint(g_remove(path), ==, 0);
	}
}

static DbConnection *open_folder(void)
{
	g_autofree char *url = g_strdup_printf("sqlite-dir:%s", folder);
	GError *error = NULL;
	DbConnection *connection = db_open(url, NULL, &error);

	g_assert_no_error(error);
	return connection;
}

static void run(DbConnection *connection, const char *sql)
{
	GError *error = NULL;

	db_execute_script(connection, sql, &error);
	g_assert_no_error(error);
}

static int64_t number(DbConnection *connection, const char *sql)
{
	GError *error = NULL;
	int64_t value = -1;

	db_query_int64(connection, sql, DB_NO_VALUES, -1, &value, &error);
	g_assert_no_error(error);
	return value;
}

static void test_urls(void)
{
	static const struct {
		const char *url;
		DbErrorClass class;
		const char *text;
	} cases[] = {
		{"oracle://x", DB_ERROR_URL,
			"no driver for connection 'oracle://x': a URL begins with one of "
			"'sqlite:', 'sqlite-dir:'"},
		{"", DB_ERROR_URL,
			"no driver for connection '': a URL begins with one of 'sqlite:', "
			"'sqlite-dir:'"},
		{"db2://me:secret@host/x", DB_ERROR_URL,
			"no driver for connection 'db2://me:***@host/x': a URL begins with one of "
			"'sqlite:', 'sqlite-dir:'"},
		{"sqlite:", DB_ERROR_URL,
			"connection 'sqlite:' names no file: write sqlite:/path/to/it"},
		{"sqlite-dir:", DB_ERROR_URL,
			"connection 'sqlite-dir:' names no folder: write sqlite-dir:/path/to/it"},
		{"sqlite-dir:/no/such", DB_ERROR_MISSING_FILE,
			"cannot open datasets in '/no/such': no such folder"},
		{"sqlite-dir:/etc/passwd", DB_ERROR_MISSING_FILE,
			"cannot open datasets in '/etc/passwd': it is not a folder"},
		{"sqlite:/etc", DB_ERROR_MISSING_FILE,
			"cannot open database '/etc': it is a folder"},
		{"sqlite:/etc/passwd/x.db", DB_ERROR_MISSING_FILE,
			"cannot open database '/etc/passwd/x.db': '/etc/passwd' is not a folder"},
		{"sqlite:/etc/passwd", DB_ERROR_CORRUPT,
			"database '/etc/passwd' is not an SQLite database"},
		{"sqlite:/nothing.here", DB_ERROR_MISSING_FILE,
			"cannot open database '/nothing.here': no such file"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const DbOptions options = {.read_only = true};
		GError *error = NULL;

		g_test_message("%s", cases[i].url);
		g_assert_null(db_open(cases[i].url, &options, &error));
		assert_db_error(error, cases[i].class, cases[i].text);
	}
}

static void test_passwords_are_hidden(void)
{
	static const struct {
		const char *url;
		const char *safe;
	} cases[] = {
		{"sqlite:/a:b@c", "sqlite:/a:b@c"},
		{"postgresql://u:p@h/d", "postgresql://u:***@h/d"},
		{"postgresql://u:p@ss@h:5/d?x=@", "postgresql://u:***@h:5/d?x=@"},
		{"postgresql://u@h/d:x@y", "postgresql://u@h/d:x@y"},
		{"postgresql://h/d", "postgresql://h/d"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *safe = db_url_redact(cases[i].url);

		g_assert_cmpstr(safe, ==, cases[i].safe);
	}
}

static void test_classes_have_names(void)
{
	g_autoptr(GError) locked = g_error_new_literal(DB_ERROR, DB_ERROR_LOCKED, "x");
	g_autoptr(GError) syntax = g_error_new_literal(DB_ERROR, DB_ERROR_SYNTAX, "x");

	g_assert_cmpstr(db_error_class_name(DB_ERROR_MISSING_OBJECT), ==, "missing-object");
	g_assert_cmpstr(db_error_class_name(DB_ERROR_MISUSE), ==, "misuse");
	g_assert_cmpstr(db_error_class_name((DbErrorClass)99), ==, "failed");
	g_assert_true(db_error_is_retryable(locked));
	g_assert_false(db_error_is_retryable(syntax));
	g_assert_false(db_error_is_retryable(NULL));
}

static void test_parameters_in_any_order(void)
{
	DbConnection *connection = db_open("sqlite::memory:", NULL, NULL);
	g_autofree char *text = NULL;
	g_autoptr(DbStatement) gap = NULL;
	GError *error = NULL;

	db_query_text(connection, "SELECT $3 || $1 || $2 || $3",
		DB_VALUES(DB_TEXT("a"), DB_TEXT("b"), DB_TEXT("c")), &text, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(text, ==, "cabc");
	gap = db_prepare(connection, "SELECT $3", &error);
	g_assert_cmpuint(db_parameter_count(gap), ==, 3);
	g_assert_true(db_bind(gap, 1, DB_INTEGER(1), &error));
	g_assert_true(db_bind(gap, 3, DB_INTEGER(7), &error));
	g_assert_cmpint(db_step(gap, &error), ==, DB_STEP_ROW);
	g_assert_cmpint(db_column_int64(gap, 0), ==, 7);
	g_clear_pointer(&gap, db_statement_free);
	g_assert_null(db_prepare(connection, "SELECT $0", &error));
	assert_db_error(error, DB_ERROR_MISUSE, "parameters are written $1, $2, …: found '$0'");
	g_assert_null(db_prepare(connection, "SELECT :name", &error));
	assert_db_error(error, DB_ERROR_MISUSE, "parameters are written $1, $2, …: found ':name'");
	db_close(connection);
}

static void test_fewer_values_leave_nulls(void)
{
	DbConnection *connection = db_open("sqlite::memory:", NULL, NULL);
	g_autoptr(DbStatement) statement = NULL;
	GError *error = NULL;

	run(connection, "CREATE TABLE t (a, b)");
	statement = db_prepare(connection, "INSERT INTO t VALUES ($1, $2)", &error);
	g_assert_true(db_statement_execute(
		statement, DB_VALUES(DB_TEXT("x"), DB_TEXT("y")), NULL, &error));
	g_assert_true(db_statement_execute(statement, DB_VALUES(DB_TEXT("z")), NULL, &error));
	g_assert_cmpint(
		number(connection, "SELECT count(*) FROM t WHERE a = 'z' AND b IS NULL"), ==, 1);
	g_clear_pointer(&statement, db_statement_free);
	db_close(connection);
}

static void test_bytes_and_changes(void)
{
	DbConnection *connection = db_open("sqlite::memory:", NULL, NULL);
	g_autoptr(DbStatement) statement = NULL;
	GError *error = NULL;
	int64_t changes = -1;
	size_t length = 0;

	run(connection, "CREATE TABLE t (a BLOB); INSERT INTO t VALUES (x'00ff00'), (x'')");
	statement = db_prepare(connection, "SELECT a FROM t ORDER BY length(a) DESC", &error);
	g_assert_cmpint(db_step(statement, &error), ==, DB_STEP_ROW);
	g_assert_cmpstr(db_column_declared_type(statement, 0), ==, "BLOB");
	g_assert_cmpint(memcmp(db_column_blob(statement, 0, &length), "\0\xff\0", 3), ==, 0);
	g_assert_cmpuint(length, ==, 3);
	g_assert_cmpint(db_step(statement, &error), ==, DB_STEP_ROW);
	g_assert_nonnull(db_column_blob(statement, 0, &length));
	g_assert_cmpuint(length, ==, 0);
	g_assert_cmpint(db_column_type(statement, 0), ==, DB_TYPE_BLOB);
	g_clear_pointer(&statement, db_statement_free);
	g_assert_true(
		db_execute(connection, "UPDATE t SET a = NULL", DB_NO_VALUES, &changes, &error));
	g_assert_cmpint(changes, ==, 2);
	g_assert_true(db_execute(connection, "CREATE TABLE u (a)", DB_NO_VALUES, &changes, &error));
	g_assert_cmpint(changes, ==, 0);
	db_close(connection);
}

static void test_user_sql_is_kept_in(void)
{
	static const struct {
		const char *sql;
		const char *text;
	} cases[] = {
		{"ATTACH '/tmp/other.db' AS other", "ATTACH is not allowed here"},
		{"DETACH sales", "DETACH is not allowed here"},
		{"PRAGMA journal_mode = DELETE", "'PRAGMA journal_mode' is not allowed here"},
		{"PRAGMA sales.synchronous = OFF", "'PRAGMA synchronous' is not allowed here"},
		{"PRAGMA writable_schema = 1", "'PRAGMA writable_schema' is not allowed here"},
		{"CREATE TABLE lost (a)", "'lost' needs its dataset: write <dataset>.lost"},
		{"CREATE VIEW lost AS SELECT 1", "'lost' needs its dataset: write <dataset>.lost"},
	};
	DbConnection *connection = open_folder();
	GError *error = NULL;

	g_assert_true(db_use_dataset(connection, "sales", true, &error));
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_assert_false(db_execute_script(connection, cases[i].sql, &error));
		assert_db_error(error, DB_ERROR_PERMISSION, cases[i].text);
	}
	run(connection, "CREATE TEMP TABLE scratch (a); PRAGMA sales.table_info(x)");
	db_close(connection);
	clean();
}

// SQLite writes on into a file that no folder has any more.
static void test_file_is_taken_away(void)
{
	g_autofree char *path = in_folder("there.db");
	g_autofree char *aside = in_folder("aside.db");
	g_autofree char *url = g_strdup_printf("sqlite:%s", path);
	g_autofree char *text = g_strdup_printf(
		"the file of database '%s' was removed or replaced while it was open, and what is "
		"written is lost: stop weir, put the file or its last good copy back, and start it "
		"again",
		path);
	GError *error = NULL;
	DbConnection *connection = db_open(url, &(DbOptions){.create = true}, &error);

	g_assert_no_error(error);
	run(connection, "CREATE TABLE t (a)");
	g_assert_true(db_in_place(connection, &error));
	g_assert_cmpint(g_rename(path, aside), ==, 0);
	g_assert_false(db_in_place(connection, &error));
	assert_db_error(error, DB_ERROR_MISSING_FILE, text);
	error = NULL;
	g_assert_true(g_file_set_contents(path, "", 0, NULL));
	g_assert_false(db_in_place(connection, NULL));
	g_assert_cmpint(g_rename(aside, path), ==, 0);
	g_assert_true(db_in_place(connection, &error));
	db_close(connection);
	clean();
}

static void test_datasets_come_and_go(void)
{
	DbConnection *connection = open_folder();
	g_autofree char *text = NULL;
	g_auto(GStrv) names = NULL;
	GError *error = NULL;

	g_assert_false(db_use_dataset(connection, "sales", false, &error));
	text = g_strdup_printf("no such dataset: '%s' has no file 'sales.db'", folder);
	assert_db_error(error, DB_ERROR_MISSING_OBJECT, text);
	// More than can be attached at once, one after the other, and back to the first.
	for (int i = 0; i < 15; i++) {
		g_autofree char *name = g_strdup_printf("d-%d", i);
		g_autofree char *sql = g_strdup_printf(
			"CREATE TABLE \"d-%d\".t (a); INSERT INTO \"d-%d\".t VALUES "
			"(%d)",
			i, i, i);

		g_assert_true(db_use_dataset(connection, name, true, &error));
		run(connection, sql);
	}
	g_assert_true(db_use_datasets(
		connection, (const char *const[]){"d-0", "d-14", "d-3", NULL}, false, &error));
	g_assert_no_error(error);
	g_assert_cmpint(
		number(connection,
			"SELECT x.a + y.a + z.a FROM \"d-0\".t x, \"d-14\".t y, \"d-3\".t z"),
		==, 17);
	names = db_list_datasets(connection, &error);
	g_assert_cmpuint(g_strv_length(names), ==, 15);
	g_assert_cmpstr(names[0], ==, "d-0");
	db_close(connection);
	clean();
}

static void test_dataset_limits(void)
{
	static const char *const eleven[] = {
		"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", NULL};
	DbConnection *connection = open_folder();
	g_autoptr(DbTransaction) transaction = NULL;
	GError *error = NULL;

	g_assert_false(db_use_datasets(connection, eleven, true, &error));
	assert_db_error(error, DB_ERROR_UNSUPPORTED,
		"the embedded SQLite reaches at most 10 datasets at once, not 11");
	g_assert_true(db_use_dataset(connection, "a", true, &error));
	transaction = db_transaction_begin(connection, DB_BEGIN_WRITE, &error);
	g_assert_true(db_use_dataset(connection, "a", true, &error));
	g_assert_false(db_use_dataset(connection, "b", true, &error));
	assert_db_error(
		error, DB_ERROR_MISUSE, "a dataset cannot be attached inside a transaction");
	g_clear_pointer(&transaction, db_transaction_free);
	db_close(connection);
	clean();
}

static void test_dataset_names(void)
{
	static const struct {
		const char *name;
		const char *text;
	} cases[] = {
		{"", "'' cannot be a dataset: a name has letters, digits, '_' and '-', and begins "
		     "with a letter or '_'"},
		{"../x", "'../x' cannot be a dataset: a name has letters, digits, '_' and '-', and "
			 "begins with a letter or '_'"},
		{"a.b", "'a.b' cannot be a dataset: a name has letters, digits, '_' and '-', and "
			"begins with a letter or '_'"},
		{"1a", "'1a' cannot be a dataset: a name has letters, digits, '_' and '-', and "
		       "begins with a letter or '_'"},
		{"main", "'main' cannot be a dataset: the name is reserved"},
		{"Temp", "'Temp' cannot be a dataset: the name is reserved"},
	};
	DbConnection *connection = open_folder();
	GError *error = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_assert_false(db_use_dataset(connection, cases[i].name, true, &error));
		assert_db_error(error, DB_ERROR_MISUSE, cases[i].text);
	}
	g_assert_true(db_dataset_name_check("_a-B9", &error));
	db_close(connection);
}

static void test_damaged_dataset_is_named(void)
{
	DbConnection *connection = open_folder();
	g_autofree char *path = in_folder("bad.db");
	g_autofree char *garbage = g_strnfill(5000, 'x');
	g_autofree char *text = g_strdup_printf("database '%s' is not an SQLite database", path);
	GError *error = NULL;

	g_assert_true(g_file_set_contents(path, garbage, -1, NULL));
	for (int i = 0; i < 2; i++) {
		g_assert_false(db_use_dataset(connection, "bad", false, &error));
		assert_db_error(error, DB_ERROR_CORRUPT, text);
	}
	g_assert_true(db_use_dataset(connection, "good", true, &error));
	db_close(connection);
	clean();
}

static void test_folder_with_odd_characters(void)
{
	g_autofree char *odd = in_folder("a b%20?c#d'e");
	g_autofree char *url = g_strdup_printf("sqlite-dir:%s", odd);
	g_autofree char *path = g_build_filename(odd, "sales.db", NULL);
	DbConnection *connection;
	GError *error = NULL;

	g_assert_cmpint(g_mkdir(odd, 0755), ==, 0);
	connection = db_open(url, NULL, &error);
	g_assert_true(db_use_dataset(connection, "sales", true, &error));
	g_assert_no_error(error);
	run(connection, "CREATE TABLE sales.t (a)");
	g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
	db_close(connection);
	g_assert_cmpint(g_remove(path), ==, 0);
	clean();
}

static void test_read_only_folder_connection(void)
{
	g_autofree char *url = g_strdup_printf("sqlite-dir:%s", folder);
	const DbOptions options = {.read_only = true};
	DbConnection *writer = open_folder();
	DbConnection *reader;
	GError *error = NULL;

	g_assert_true(db_use_dataset(writer, "sales", true, &error));
	run(writer, "CREATE TABLE sales.t (a); INSERT INTO sales.t VALUES (5)");
	reader = db_open(url, &options, &error);
	g_assert_true(db_use_dataset(reader, "sales", false, &error));
	g_assert_no_error(error);
	g_assert_cmpint(number(reader, "SELECT a FROM sales.t"), ==, 5);
	g_assert_false(db_execute_script(reader, "DELETE FROM sales.t", &error));
	g_assert_error(error, DB_ERROR, DB_ERROR_READ_ONLY);
	g_clear_error(&error);
	db_close(reader);
	db_close(writer);
	clean();
}

static void *cancel_soon(void *connection)
{
	usleep(50000);
	db_cancel(connection);
	return NULL;
}

static void test_waiting_for_a_lock_can_be_cancelled(void)
{
	DbConnection *first = open_folder();
	DbConnection *second = open_folder();
	g_autoptr(DbTransaction) transaction = NULL;
	GError *error = NULL;
	pthread_t thread;
	const int64_t start = g_get_monotonic_time();

	g_assert_true(db_use_dataset(first, "sales", true, &error));
	run(first, "CREATE TABLE sales.t (a)");
	g_assert_true(db_use_dataset(second, "sales", false, &error));
	transaction = db_transaction_begin(first, DB_BEGIN_WRITE, &error);
	run(first, "INSERT INTO sales.t VALUES (1)");
	pthread_create(&thread, NULL, cancel_soon, second);
	g_assert_false(db_execute_script(second, "INSERT INTO sales.t VALUES (2)", &error));
	g_assert_error(error, DB_ERROR, DB_ERROR_CANCELLED);
	g_clear_error(&error);
	pthread_join(thread, NULL);
	g_assert_cmpint(g_get_monotonic_time() - start, <, 3000000);
	g_clear_pointer(&transaction, db_transaction_free);
	db_close(second);
	db_close(first);
	clean();
}

// An interrupted write rolls its whole transaction back in SQLite; what follows must not be committed alone.
static void test_nothing_is_committed_after_a_rollback(void)
{
	DbConnection *connection = db_open("sqlite::memory:", NULL, NULL);
	g_autoptr(DbTransaction) transaction = NULL;
	GError *error = NULL;
	pthread_t thread;

	run(connection, "CREATE TABLE t (a)");
	transaction = db_transaction_begin(connection, DB_BEGIN_WRITE, &error);
	run(connection, "INSERT INTO t VALUES (1)");
	pthread_create(&thread, NULL, cancel_soon, connection);
	g_assert_false(db_execute_script(connection,
		"INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
		"SELECT i FROM n",
		&error));
	g_assert_error(error, DB_ERROR, DB_ERROR_CANCELLED);
	g_clear_error(&error);
	pthread_join(thread, NULL);
	db_cancel_reset(connection);
	g_assert_false(db_execute_script(connection, "INSERT INTO t VALUES (2)", &error));
	assert_db_error(error, DB_ERROR_FAILED,
		"the transaction on ':memory:' was rolled back by an error before");
	g_assert_false(db_transaction_commit(transaction, &error));
	assert_db_error(error, DB_ERROR_FAILED,
		"cannot commit on ':memory:': an error before it has rolled the transaction back");
	g_clear_pointer(&transaction, db_transaction_free);
	g_assert_cmpint(number(connection, "SELECT count(*) FROM t"), ==, 0);
	db_close(connection);
}

static int64_t size_of(const char *name)
{
	g_autofree char *path = in_folder(name);
	GStatBuf status;

	return g_stat(path, &status) == 0 ? (int64_t)status.st_size : -1;
}

// What stands behind the last commit is cut off; what is committed stays, for those who read it meanwhile, too.
static void test_log_is_cut(void)
{
	g_autofree char *url = g_strdup_printf("sqlite-dir:%s", folder);
	g_autofree char *log = in_folder("a.db-wal");
	DbConnection *connection = open_folder();
	DbConnection *reader = open_folder();
	g_autoptr(DbTransaction) snapshot = NULL;
	int64_t size;
	FILE *file;

	g_assert_true(db_use_dataset(connection, "a", true, NULL));
	g_assert_true(db_use_dataset(reader, "a", false, NULL));
	run(connection, "CREATE TABLE a.t (x); INSERT INTO a.t VALUES (1), (2)");
	snapshot = db_transaction_begin(reader, DB_BEGIN_READ, NULL);
	g_assert_cmpint(number(reader, "SELECT sum(x) FROM a.t"), ==, 3);
	run(connection, "INSERT INTO a.t VALUES (4)");
	size = size_of("a.db-wal");
	db_log_cut(url, "a");
	g_assert_cmpint(size_of("a.db-wal"), ==, size);
	file = fopen(log, "ae");
	for (unsigned i = 0; i < 100000; i++)
		fputc((int)(i * 7 % 251), file);
	fclose(file);
	db_log_cut(url, "a");
	g_assert_cmpint(size_of("a.db-wal"), ==, size);
	g_assert_cmpint(number(reader, "SELECT sum(x) FROM a.t"), ==, 3);
	run(connection, "INSERT INTO a.t VALUES (8)");
	g_assert_cmpint(number(connection, "SELECT sum(x) FROM a.t"), ==, 15);
	g_assert_true(db_check_integrity(connection, NULL));
	g_clear_pointer(&snapshot, db_transaction_free);
	g_assert_cmpint(number(reader, "SELECT sum(x) FROM a.t"), ==, 15);
	db_close(reader);
	db_close(connection);
	db_log_cut(url, "a"); // there is no log any more
	db_log_cut(url, "nowhere");
	g_assert_cmpint(size_of("nowhere.db"), ==, -1);
	clean();
}

// Somebody who writes at that moment is left alone.
static void test_log_in_use_is_not_cut(void)
{
	g_autofree char *url = g_strdup_printf("sqlite-dir:%s", folder);
	DbConnection *connection = open_folder();
	g_autoptr(DbTransaction) transaction = NULL;
	int64_t size;

	g_assert_true(db_use_dataset(connection, "a", true, NULL));
	run(connection, "CREATE TABLE a.t (x)");
	run(connection, "PRAGMA cache_size = 1");
	transaction = db_transaction_begin(connection, DB_BEGIN_WRITE, NULL);
	run(connection,
		"WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < 20000) "
		"INSERT INTO a.t SELECT printf('%0500d', n) FROM k");
	size = size_of("a.db-wal");
	g_assert_cmpint(size, >, 1000000);
	db_log_cut(url, "a");
	g_assert_cmpint(size_of("a.db-wal"), ==, size);
	g_assert_true(db_transaction_commit(transaction, NULL));
	g_clear_pointer(&transaction, db_transaction_free);
	g_assert_cmpint(number(connection, "SELECT count(*) FROM a.t"), ==, 20000);
	g_assert_true(db_check_integrity(connection, NULL));
	db_close(connection);
	clean();
}

static void *make_datasets(void *data)
{
	DbConnection *connection = open_folder();

	for (unsigned i = 0; i < 30; i++) {
		g_autofree char *name = g_strdup_printf("new_%u", i);
		GError *error = NULL;

		pthread_barrier_wait(data);
		db_use_dataset(connection, name, true, &error);
		g_assert_no_error(error);
	}
	db_close(connection);
	return NULL;
}

// SQLite's own waiting does not cover two that make a new file a WAL database at the same moment.
static void test_datasets_made_at_once(void)
{
	pthread_t threads[4];
	pthread_barrier_t together;

	pthread_barrier_init(&together, NULL, G_N_ELEMENTS(threads));
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		g_assert_cmpint(pthread_create(&threads[i], NULL, make_datasets, &together), ==, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&together);
	clean();
}

static void test_identifiers_are_quoted(void)
{
	DbConnection *connection = db_open("sqlite::memory:", NULL, NULL);
	g_autoptr(GString) sql = g_string_new(NULL);

	db_append_identifier(connection, sql, "a\"b");
	g_assert_cmpstr(sql->str, ==, "\"a\"\"b\"");
	g_assert_cmpstr(db_driver_name(connection), ==, "sqlite");
	db_close(connection);
}

// A file with a megabyte of rows that are deleted again.
static DbConnection *open_with_room(const char *name, bool can_give_back)
{
	g_autofree char *path = in_folder(name);
	g_autofree char *url = g_strconcat("sqlite:", path, NULL);
	const DbOptions options = {.create = true, .can_give_back = can_give_back};
	GError *error = NULL;
	DbConnection *connection = db_open(url, &options, &error);

	g_assert_no_error(error);
	run(connection, "CREATE TABLE t (a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + "
			"1 FROM n WHERE i < 1000) INSERT INTO t SELECT randomblob(1000) FROM n; "
			"DELETE FROM t");
	return connection;
}

static void test_room_is_given_back(void)
{
	DbConnection *connection = open_with_room("small.db", true);
	GError *error = NULL;
	DbRoom full, part, left;

	g_assert_true(db_room(connection, &full, &error));
	g_assert_cmpint(full.bytes, >, 1000000);
	g_assert_cmpint(full.free, >, 1000000);
	g_assert_cmpint(full.log, >, 1000000);
	g_assert_true(db_give_back(connection, 409600, &error));
	g_assert_true(db_room(connection, &part, &error));
	g_assert_cmpint(full.bytes - part.bytes, ==, 409600);
	g_assert_true(db_give_back(connection, INT32_MAX, &error));
	g_assert_true(db_room(connection, &left, &error));
	g_assert_no_error(error);
	g_assert_cmpint(left.free, ==, 0);
	g_assert_cmpint(left.bytes, <, 50000);
	db_close(connection);
	// A file made without the wish for it keeps its room.
	connection = open_with_room("large.db", false);
	g_assert_true(db_give_back(connection, INT32_MAX, &error));
	g_assert_true(db_room(connection, &left, &error));
	g_assert_cmpint(left.free, >, 1000000);
	db_close(connection);
	clean();
}

enum {
	CHECKPOINT_LOCK = 121, // the byte of the shared memory that who copies the log back locks
	LOG_BOUND = 96 << 20,
};

// Another process that is always just copying the log back, until it is told to end.
static pid_t keep_copying(const char *shared, int ready[2], int end[2])
{
	pid_t child = fork();
	char byte = 0;

	if (child != 0)
		return child;
	int file = open(shared, O_RDWR);
	const struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = CHECKPOINT_LOCK, .l_len = 1};
	close(end[1]);
	if (file < 0 || fcntl(file, F_SETLKW, &lock) != 0 || write(ready[1], &byte, 1) != 1)
		_exit(1);
	_exit(read(end[0], &byte, 1) < 0 ? 1 : 0);
}

static int64_t file_size(const char *path)
{
	GStatBuf status;

	return g_stat(path, &status) == 0 ? status.st_size : -1;
}

typedef struct {
	const char *log;
	int end; // closed when the log has stopped growing, or is too large
	int64_t most; // bytes that it had
} Watching;

static void *watch_log(void *data)
{
	Watching *watching = data;
	int64_t before = -1;

	while ((watching->most = file_size(watching->log)) < (64 << 20) ||
		(watching->most != before && watching->most <= LOG_BOUND)) {
		before = watching->most;
		g_usleep(200 * 1000);
	}
	close(watching->end);
	return NULL;
}

// The log begins anew also where others copy it back, and take their time.
static void test_log_has_a_bound(void)
{
	g_autofree char *path = in_folder("bound.db");
	g_autofree char *url = g_strconcat("sqlite:", path, NULL);
	g_autofree char *shared = g_strconcat(path, "-shm", NULL);
	g_autofree char *log = g_strconcat(path, "-wal", NULL);
	const DbOptions options = {
		.create = true, .background_checkpoint = true, .durability = DB_DURABILITY_NONE};
	g_autoptr(DbConnection) connection = db_open(url, &options, NULL);
	int ready[2], end[2], status;
	char byte;

	run(connection, "CREATE TABLE t (id INTEGER PRIMARY KEY, bytes BLOB)");
	g_assert_cmpint(pipe(ready), ==, 0);
	g_assert_cmpint(pipe(end), ==, 0);
	pid_t child = keep_copying(shared, ready, end);
	g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
	close(end[0]);
	Watching watching = {log, end[1], 0};
	GThread *thread = g_thread_new("watch", watch_log, &watching);
	for (int i = 0; i < 250; i++)
		run(connection, "INSERT OR REPLACE INTO t VALUES (1, randomblob(1000000))");
	g_thread_join(thread);
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_cmpint(status, ==, 0);
	g_assert_cmpint(watching.most, <=, LOG_BOUND);
	g_assert_cmpint(file_size(log), <=, LOG_BOUND);
	close(ready[0]);
	close(ready[1]);
}

static const struct {
	const char *path;
	void (*run)(void);
} tests[] = {
	{"/db/sqlite/urls", test_urls},
	{"/db/sqlite/passwords-are-hidden", test_passwords_are_hidden},
	{"/db/sqlite/classes-have-names", test_classes_have_names},
	{"/db/sqlite/parameters-in-any-order", test_parameters_in_any_order},
	{"/db/sqlite/fewer-values-leave-nulls", test_fewer_values_leave_nulls},
	{"/db/sqlite/bytes-and-changes", test_bytes_and_changes},
	{"/db/sqlite/user-sql-is-kept-in", test_user_sql_is_kept_in},
	{"/db/sqlite/file-is-taken-away", test_file_is_taken_away},
	{"/db/sqlite/datasets-come-and-go", test_datasets_come_and_go},
	{"/db/sqlite/datasets-made-at-once", test_datasets_made_at_once},
	{"/db/sqlite/log-is-cut", test_log_is_cut},
	{"/db/sqlite/log-in-use-is-not-cut", test_log_in_use_is_not_cut},
	{"/db/sqlite/dataset-limits", test_dataset_limits},
	{"/db/sqlite/dataset-names", test_dataset_names},
	{"/db/sqlite/damaged-dataset-is-named", test_damaged_dataset_is_named},
	{"/db/sqlite/folder-with-odd-characters", test_folder_with_odd_characters},
	{"/db/sqlite/read-only-folder-connection", test_read_only_folder_connection},
	{"/db/sqlite/waiting-for-a-lock-can-be-cancelled",
		test_waiting_for_a_lock_can_be_cancelled},
	{"/db/sqlite/nothing-is-committed-after-a-rollback",
		test_nothing_is_committed_after_a_rollback},
	{"/db/sqlite/identifiers-are-quoted", test_identifiers_are_quoted},
	{"/db/sqlite/room-is-given-back", test_room_is_given_back},
	{"/db/sqlite/log-has-a-bound", test_log_has_a_bound},
};

int main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	folder = g_dir_make_tmp("weir-db-XXXXXX", NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add_func(tests[i].path, tests[i].run);
	status = g_test_run();
	clean();
	g_rmdir(folder);
	g_free(folder);
	return status;
}
