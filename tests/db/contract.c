#include "tests/db/contract.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

// Ends the test unless the operation failed with exactly this.
#define assert_db_error(error, class, text)                                                        \
	do {                                                                                       \
		g_assert_error((error), DB_ERROR, (class));                                        \
		g_assert_cmpstr((error)->message, ==, (text));                                     \
		g_clear_error(&(error));                                                           \
	} while (0)

static DbConnection *open_with_items(const ContractTarget *target)
{
	GError *error = NULL;
	DbConnection *connection = target->open();

	db_execute_script(connection,
		"CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price DOUBLE "
		"PRECISION)",
		&error);
	g_assert_no_error(error);
	return connection;
}

static void close_all(const ContractTarget *target, DbConnection *connection)
{
	db_close(connection);
	if (target->clean != NULL)
		target->clean();
}

static void insert_item(DbConnection *connection, int64_t id, const char *name)
{
	GError *error = NULL;
	int64_t changes = 0;

	db_execute(connection, "INSERT INTO item (id, name) VALUES ($1, $2)",
		DB_VALUES(DB_INTEGER(id), DB_TEXT(name)), &changes, &error);
	g_assert_no_error(error);
	g_assert_cmpint(changes, ==, 1);
}

static int64_t count_items(DbConnection *connection)
{
	GError *error = NULL;
	int64_t count = -1;

	db_query_int64(connection, "SELECT count(*) FROM item", DB_NO_VALUES, -1, &count, &error);
	g_assert_no_error(error);
	return count;
}

static void test_values_come_back_as_they_went(gconstpointer data)
{
	const ContractTarget *target = data;
	DbConnection *connection = open_with_items(target);
	g_autoptr(DbStatement) statement = NULL;
	GError *error = NULL;

	db_execute(connection, "INSERT INTO item (id, name, price) VALUES ($2, $1, $3)",
		DB_VALUES(DB_TEXT("naïve \"quote\" 'x'"), DB_INTEGER(INT64_C(9007199254740993)),
			DB_REAL(1.25)),
		NULL, &error);
	g_assert_no_error(error);
	statement = db_prepare(
		connection, "SELECT id, name, price, NULL FROM item WHERE id = $1", &error);
	g_assert_no_error(error);
	g_assert_cmpuint(db_parameter_count(statement), ==, 1);
	g_assert_true(db_statement_is_read_only(statement));
	g_assert_true(db_bind(statement, 1, DB_INTEGER(INT64_C(9007199254740993)), &error));
	g_assert_cmpint(db_step(statement, &error), ==, DB_STEP_ROW);
	g_assert_cmpuint(db_column_count(statement), ==, 4);
	g_assert_cmpstr(db_column_name(statement, 1), ==, "name");
	g_assert_cmpint(db_column_int64(statement, 0), ==, INT64_C(9007199254740993));
	g_assert_cmpstr(db_column_text(statement, 1, NULL), ==, "naïve \"quote\" 'x'");
	g_assert_cmpfloat(db_column_double(statement, 2), ==, 1.25);
	g_assert_cmpint(db_column_type(statement, 0), ==, DB_TYPE_INTEGER);
	g_assert_cmpint(db_column_type(statement, 1), ==, DB_TYPE_TEXT);
	g_assert_cmpint(db_column_type(statement, 2), ==, DB_TYPE_REAL);
	g_assert_true(db_column_is_null(statement, 3));
	g_assert_null(db_column_text(statement, 3, NULL));
	g_assert_cmpint(db_step(statement, &error), ==, DB_STEP_DONE);
	g_clear_pointer(&statement, db_statement_free);
	close_all(target, connection);
}

static void test_statement_is_reused(gconstpointer data)
{
	const ContractTarget *target = data;
	DbConnection *connection = open_with_items(target);
	const char *sql = "SELECT $1";
	GError *error = NULL;
	DbStatement *first = db_prepare(connection, sql, &error);
	DbStatement *second = db_prepare(connection, sql, &error);

	g_assert_true(first != second);
	g_assert_true(db_bind(first, 1, DB_TEXT("left over"), &error));
	g_assert_cmpint(db_step(first, &error), ==, DB_STEP_ROW);
	db_statement_free(first);
	db_statement_free(second);
	second = db_prepare(connection, sql, &error);
	g_assert_true(first == second);
	g_assert_cmpint(db_step(second, &error), ==, DB_STEP_ROW);
	g_assert_true(db_column_is_null(second, 0));
	db_statement_free(second);
	close_all(target, connection);
}

// Whoever changed the schema: what is prepared anew has its columns before the first row.
static void test_prepared_anew_is_current(gconstpointer data)
{
	const ContractTarget *target = data;
	DbConnection *connection = open_with_items(target);
	DbConnection *other = target->open_other != NULL ? target->open_other() : NULL;
	const char *sql = "SELECT * FROM item";
	GError *error = NULL;
	DbStatement *statement = db_prepare(connection, sql, &error);
	const unsigned before = db_column_count(statement);

	db_statement_free(statement);
	g_assert_true(db_execute(other != NULL ? other : connection,
		"ALTER TABLE item ADD COLUMN more TEXT", DB_NO_VALUES, NULL, &error));
	statement = db_prepare_anew(connection, sql, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(db_column_count(statement), ==, before + 1);
	g_assert_cmpstr(db_column_name(statement, before), ==, "more");
	db_statement_free(statement);
	db_close(other);
	close_all(target, connection);
}

static void test_cache_keeps_what_was_used_last(gconstpointer data)
{
	const ContractTarget *target = data;
	DbConnection *connection = open_with_items(target);

	for (unsigned i = 0; i < 300; i++) {
		g_autofree char *sql = g_strdup_printf("SELECT %u", i);
		int64_t value = -1;

		g_assert_true(db_query_int64(connection, sql, DB_NO_VALUES, -1, &value, NULL));
		g_assert_cmpint(value, ==, i);
	}
	close_all(target, connection);
}

static void test_misuse_is_said(gconstpointer data)
{
	const ContractTarget *target = data;
	DbConnection *connection = open_with_items(target);
	g_autoptr(DbStatement) statement = NULL;
	GError *error = NULL;

	g_assert_null(db_prepare(connection, "SELECT 1; SELECT 2", &error));
	assert_db_error(error, DB_ERROR_MISUSE, "the text holds more than one SQL statement");
	g_assert_null(db_prepare(connection, " -- nothing\n ;", &error));
	assert_db_error(error, DB_ERROR_MISUSE, "the text holds no SQL statement");
	g_assert_null(db_prepare(connection, "SELECT ?", &error));
	assert_db_error(error, DB_ERROR_MISUSE, "parameters are written $1, $2, …: found '?'");
	statement = db_prepare(connection, "SELECT $1; -- the end\n", &error);
	g_assert_no_error(error);
	g_assert_false(db_bind(statement, 2, DB_INTEGER(1), &error));
	assert_db_error(error, DB_ERROR_MISUSE, "there is no parameter $2: the statement has 1");
	g_clear_pointer(&statement, db_statement_free);
	close_all(target, connection);
}

static void test_errors_have_classes(gconstpointer data)
{
	const ContractTarget *target = data;
	DbConnection *connection = open_with_items(target);
	GError *error = NULL;

	g_assert_null(db_prepare(connection, "SELECT * FROM nowhere", &error));
	assert_db_error(error, DB_ERROR_MISSING_OBJECT, target->missing_table_error);
	g_assert_null(db_prepare(connection, "SELEC 1", &error));
	assert_db_error(error, DB_ERROR_SYNTAX, target->syntax_error);
	g_assert_cmpint(db_error_offset(connection), ==, 0);
	insert_item(connection, 1, "a");
	g_assert_false(db_execute(connection, "INSERT INTO item (id, name) VALUES (1, 'b')",
		DB_NO_VALUES, NULL, &error));
	assert_db_error(error, DB_ERROR_CONSTRAINT, target->unique_error);
	g_assert_false(db_execute_script(connection, "CREATE TABLE item (id INTEGER)", &error));
	g_assert_error(error, DB_ERROR, DB_ERROR_EXISTS);
	g_clear_error(&error);
	close_all(target, connection);
}

static void test_transaction_left_open_is_rolled_back(gconstpointer data)
{
	const ContractTarget *target = data;
	DbConnection *connection = open_with_items(target);
	GError *error = NULL;

	{
		g_autoptr(DbTransaction) transaction =
			db_transaction_begin(connection, DB_BEGIN_WRITE, &error);

		g_assert_nonnull(transaction);
		g_assert_no_error(error);
		insert_item(connection, 1, "a");
		g_assert_true(db_in_transaction(connection));
	}
	g_assert_false(db_in_transaction(connection));
	g_assert_cmpint(count_items(connection), ==, 0);
	{
		g_autoptr(DbTransaction) transaction =
			db_transaction_begin(connection, DB_BEGIN_WRITE, &error);

		insert_item(connection, 1, "a");
		g_assert_true(db_transaction_commit(transaction, &error));
		g_assert_false(db_transaction_commit(transaction, &error));
		g_assert_error(error, DB_ERROR, DB_ERROR_MISUSE);
		g_clear_error(&error);
	}
	g_assert_cmpint(count_items(connection), ==, 1);
	close_all(target, connection);
}

static void test_second_transaction_is_refused(gconstpointer data)
{
	const ContractTarget *target = data;
	DbConnection *connection = open_with_items(target);
	g_autoptr(DbTransaction) transaction = NULL;
	g_autofree char *text = NULL;
	GError *error = NULL;

	transaction = db_transaction_begin(connection, DB_BEGIN_READ, &error);
	g_assert_no_error(error);
	g_assert_null(db_transaction_begin(connection, DB_BEGIN_WRITE, &error));
	text = g_strdup_printf("a transaction is open already on '%s'", db_label(connection));
	assert_db_error(error, DB_ERROR_MISUSE, text);
	g_clear_pointer(&transaction, db_transaction_free);
	close_all(target, connection);
}

static void test_users_sql_cannot_end_the_transaction(gconstpointer data)
{
	const ContractTarget *target = data;
	DbConnection *connection = open_with_items(target);
	g_autoptr(DbTransaction) transaction = NULL;
	GError *error = NULL;

	transaction = db_transaction_begin(connection, DB_BEGIN_WRITE, &error);
	g_assert_no_error(error);
	insert_item(connection, 1, "a");
	g_assert_false(db_execute_script(connection, "COMMIT", &error));
	assert_db_error(
		error, DB_ERROR_PERMISSION, "COMMIT is not allowed inside a transaction of weir");
	g_clear_pointer(&transaction, db_transaction_free);
	g_assert_cmpint(count_items(connection), ==, 0);
	close_all(target, connection);
}

static const char endless[] = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
			      "SELECT count(*) FROM n";

static void *cancel_soon(void *connection)
{
	usleep(30000);
	db_cancel(connection);
	return NULL;
}

static void test_cancel_from_another_thread(gconstpointer data)
{
	const ContractTarget *target = data;
	DbConnection *connection = open_with_items(target);
	g_autofree char *text =
		g_strdup_printf("cancelled while working on '%s'", db_label(connection));
	g_autoptr(DbTransaction) transaction = NULL;
	GError *error = NULL;
	pthread_t thread;
	int64_t value;

	transaction = db_transaction_begin(connection, DB_BEGIN_WRITE, &error);
	insert_item(connection, 1, "a");
	g_assert_cmpint(pthread_create(&thread, NULL, cancel_soon, connection), ==, 0);
	g_assert_false(db_query_int64(connection, endless, DB_NO_VALUES, 0, &value, &error));
	assert_db_error(error, DB_ERROR_CANCELLED, text);
	pthread_join(thread, NULL);
	// The cancel stays, and a commit would be a late write.
	g_assert_false(db_execute_script(connection, "DELETE FROM item", &error));
	assert_db_error(error, DB_ERROR_CANCELLED, text);
	g_assert_false(db_transaction_commit(transaction, &error));
	assert_db_error(error, DB_ERROR_CANCELLED, text);
	g_clear_pointer(&transaction, db_transaction_free);
	db_cancel_reset(connection);
	g_assert_cmpint(count_items(connection), ==, 0);
	close_all(target, connection);
}

static void test_cancel_before_the_start_holds(gconstpointer data)
{
	const ContractTarget *target = data;
	DbConnection *connection = open_with_items(target);
	g_autoptr(DbStatement) statement = db_prepare(connection, endless, NULL);
	GError *error = NULL;

	db_cancel(connection);
	g_assert_true(db_is_cancelled(connection));
	g_assert_cmpint(db_step(statement, &error), ==, DB_STEP_FAILED);
	g_assert_error(error, DB_ERROR, DB_ERROR_CANCELLED);
	g_clear_error(&error);
	g_clear_pointer(&statement, db_statement_free);
	db_cancel_reset(connection);
	close_all(target, connection);
}

static void test_readers_see_whole_commits(gconstpointer data)
{
	const ContractTarget *target = data;
	DbConnection *connection = open_with_items(target);
	DbConnection *other = target->open_other != NULL ? target->open_other() : NULL;
	g_autoptr(DbTransaction) transaction = NULL;
	GError *error = NULL;

	if (other == NULL) {
		close_all(target, connection);
		return;
	}
	transaction = db_transaction_begin(connection, DB_BEGIN_WRITE, &error);
	g_assert_no_error(error);
	insert_item(connection, 1, "a");
	g_assert_cmpint(count_items(other), ==, 0);
	g_assert_true(db_transaction_commit(transaction, &error));
	g_assert_cmpint(count_items(other), ==, 1);
	g_clear_pointer(&transaction, db_transaction_free);
	db_close(other);
	close_all(target, connection);
}

static void test_script_runs_all_or_says_where(gconstpointer data)
{
	const ContractTarget *target = data;
	DbConnection *connection = open_with_items(target);
	const char *sql = "INSERT INTO item (id, name) VALUES (1, ';'); /* ; */ "
			  "INSERT INTO item (id, name) VALUES (2, 'b');\n-- end";
	GError *error = NULL;

	g_assert_true(db_execute_script(connection, sql, &error));
	g_assert_cmpint(count_items(connection), ==, 2);
	g_assert_false(db_execute_script(connection, "DELETE FROM item; SELEC 1;", &error));
	assert_db_error(error, DB_ERROR_SYNTAX, target->syntax_error);
	g_assert_cmpint(db_error_offset(connection), ==, 18);
	close_all(target, connection);
}

static const struct {
	const char *name;
	void (*run)(gconstpointer target);
} tests[] = {
	{"values-come-back-as-they-went", test_values_come_back_as_they_went},
	{"statement-is-reused", test_statement_is_reused},
	{"prepared-anew-is-current", test_prepared_anew_is_current},
	{"cache-keeps-what-was-used-last", test_cache_keeps_what_was_used_last},
	{"misuse-is-said", test_misuse_is_said},
	{"errors-have-classes", test_errors_have_classes},
	{"transaction-left-open-is-rolled-back", test_transaction_left_open_is_rolled_back},
	{"second-transaction-is-refused", test_second_transaction_is_refused},
	{"users-sql-cannot-end-the-transaction", test_users_sql_cannot_end_the_transaction},
	{"cancel-from-another-thread", test_cancel_from_another_thread},
	{"cancel-before-the-start-holds", test_cancel_before_the_start_holds},
	{"readers-see-whole-commits", test_readers_see_whole_commits},
	{"script-runs-all-or-says-where", test_script_runs_all_or_says_where},
};

void contract_add_tests(const ContractTarget *target)
{
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *path =
			g_strdup_printf("/db/contract/%s/%s", target->name, tests[i].name);

		g_test_add_data_func(path, target, tests[i].run);
	}
}
