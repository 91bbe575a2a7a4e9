// Statements over the driver table: the cache of idle ones, binding, stepping, and the one-call
// forms.
#include "db/driver.h"

#include <string.h>

static guint text_hash(gconstpointer text)
{
	return ((const DbStatementText *)text)->hash;
}

static gboolean text_equal(gconstpointer a, gconstpointer b)
{
	const DbStatementText *first = a;
	const DbStatementText *second = b;

	return first->hash == second->hash && strcmp(first->sql, second->sql) == 0;
}

GHashTable *db_statement_cache_new(void)
{
	return g_hash_table_new(text_hash, text_equal);
}

void db_statement_destroy(DbStatement *statement)
{
	char *sql = statement->text.sql;

	statement->connection->driver->finalize(statement);
	g_free(sql);
}

static DbStatement *cache_take(DbConnection *connection, const DbStatementText *text)
{
	gpointer found = NULL;
	DbStatement *statement;

	if (!g_hash_table_steal_extended(connection->idle, text, NULL, &found))
		return NULL;
	statement = found;
	g_queue_unlink(&connection->idle_order, &statement->link);
	statement->changes = 0;
	return statement;
}

// False when the cache does not want it.
static bool cache_give(DbConnection *connection, DbStatement *statement)
{
	if (!statement->cacheable || g_hash_table_contains(connection->idle, &statement->text))
		return false;
	if (g_queue_get_length(&connection->idle_order) >= connection->options.statement_cache) {
		DbStatement *oldest = g_queue_peek_tail(&connection->idle_order);

		g_hash_table_remove(connection->idle, &oldest->text);
		g_queue_unlink(&connection->idle_order, &oldest->link);
		db_statement_destroy(oldest);
	}
	g_hash_table_insert(connection->idle, &statement->text, statement);
	statement->link = (GList){.data = statement};
	g_queue_push_head_link(&connection->idle_order, &statement->link);
	return true;
}

DbStatement *db_prepare(DbConnection *connection, const char *sql, GError **error)
{
	// Of another's text only the hash is taken; the cache compares it, and does not keep it.
	const DbStatementText text = {.sql = (char *)(uintptr_t)sql, .hash = g_str_hash(sql)};
	DbStatement *statement = cache_take(connection, &text);

	if (statement != NULL)
		return statement;
	connection->error_offset = -1;
	if (db_is_cancelled(connection)) {
		db_set_cancelled(connection, error);
		return NULL;
	}
	statement = connection->driver->prepare(connection, sql, error);
	if (statement == NULL)
		return NULL;
	statement->connection = connection;
	statement->text = (DbStatementText){.sql = g_strdup(sql), .hash = text.hash};
	return statement;
}

DbStatement *db_prepare_anew(DbConnection *connection, const char *sql, GError **error)
{
	const DbStatementText text = {.sql = (char *)(uintptr_t)sql, .hash = g_str_hash(sql)};
	DbStatement *old = cache_take(connection, &text);

	if (old != NULL)
		db_statement_destroy(old);
	if (db_is_cancelled(connection)) {
		db_set_cancelled(connection, error);
		return NULL;
	}
	if (connection->driver->refresh != NULL && !connection->driver->refresh(connection, error))
		return NULL;
	return db_prepare(connection, sql, error);
}

void db_statement_free(DbStatement *statement)
{
	DbConnection *connection;

	if (statement == NULL)
		return;
	connection = statement->connection;
	connection->driver->reset(statement);
	connection->driver->clear_bindings(statement);
	if (!cache_give(connection, statement))
		db_statement_destroy(statement);
}

const char *db_statement_sql(const DbStatement *statement)
{
	return statement->text.sql;
}

unsigned db_parameter_count(const DbStatement *statement)
{
	return statement->parameters;
}

bool db_statement_is_read_only(const DbStatement *statement)
{
	return statement->connection->driver->is_read_only(statement);
}

static bool bind_number(
	DbStatement *statement, size_t number, const DbValue *value, bool copy, GError **error)
{
	if (number < 1 || number > statement->parameters) {
		g_set_error(error, DB_ERROR, DB_ERROR_MISUSE,
			"there is no parameter $%zu: the statement has %u", number,
			statement->parameters);
		return false;
	}
	return statement->connection->driver->bind(statement, (unsigned)number, value, copy, error);
}

bool db_bind(DbStatement *statement, unsigned number, DbValue value, GError **error)
{
	return bind_number(statement, number, &value, true, error);
}

bool db_bind_all(DbStatement *statement, const DbValue *values, size_t count, GError **error)
{
	for (size_t i = 0; i < count; i++) {
		if (!bind_number(statement, i + 1, &values[i], false, error))
			return false;
	}
	// What an earlier call bound without a copy may be gone by now.
	for (size_t i = count; i < statement->parameters; i++) {
		if (!bind_number(statement, i + 1, &DB_NULL, false, error))
			return false;
	}
	return true;
}

DbStep db_step(DbStatement *statement, GError **error)
{
	return statement->connection->driver->step(statement, error);
}

void db_reset(DbStatement *statement)
{
	statement->connection->driver->reset(statement);
}

int64_t db_statement_changes(const DbStatement *statement)
{
	return statement->changes;
}

static bool step_to_end(DbStatement *statement, GError **error)
{
	DbStep step;

	do {
		step = statement->connection->driver->step(statement, error);
	} while (step == DB_STEP_ROW);
	return step == DB_STEP_DONE;
}

bool db_statement_execute(DbStatement *statement, const DbValue *values, size_t count,
	int64_t *changes, GError **error)
{
	bool done = db_bind_all(statement, values, count, error) && step_to_end(statement, error);

	if (done && changes != NULL)
		*changes = statement->changes;
	statement->connection->driver->reset(statement);
	return done;
}

unsigned db_column_count(const DbStatement *statement)
{
	return statement->connection->driver->column_count(statement);
}

const char *db_column_name(const DbStatement *statement, unsigned column)
{
	return statement->connection->driver->column_name(statement, column);
}

const char *db_column_declared_type(const DbStatement *statement, unsigned column)
{
	return statement->connection->driver->column_declared_type(statement, column);
}

DbType db_column_type(const DbStatement *statement, unsigned column)
{
	return statement->connection->driver->column_type(statement, column);
}

bool db_column_is_null(const DbStatement *statement, unsigned column)
{
	return statement->connection->driver->column_type(statement, column) == DB_TYPE_NULL;
}

int64_t db_column_int64(const DbStatement *statement, unsigned column)
{
	return statement->connection->driver->column_int64(statement, column);
}

double db_column_double(const DbStatement *statement, unsigned column)
{
	return statement->connection->driver->column_double(statement, column);
}

const char *db_column_text(const DbStatement *statement, unsigned column, size_t *length)
{
	return statement->connection->driver->column_text(statement, column, length);
}

const void *db_column_blob(const DbStatement *statement, unsigned column, size_t *length)
{
	return statement->connection->driver->column_blob(statement, column, length);
}

char *db_column_dup_text(const DbStatement *statement, unsigned column)
{
	size_t length = 0;
	const char *text = db_column_text(statement, column, &length);

	return text == NULL ? NULL : g_strndup(text, length);
}

bool db_execute(DbConnection *connection, const char *sql, const DbValue *values, size_t count,
	int64_t *changes, GError **error)
{
	g_autoptr(DbStatement) statement = db_prepare(connection, sql, error);

	return statement != NULL && db_statement_execute(statement, values, count, changes, error);
}

bool db_execute_script(DbConnection *connection, const char *sql, GError **error)
{
	if (db_is_cancelled(connection))
		return db_set_cancelled(connection, error);
	return connection->driver->execute_script(connection, sql, error);
}

// The first row of a query, or NULL in ret_statement when there is none.
static bool query_first(DbConnection *connection, const char *sql, const DbValue *values,
	size_t count, DbStatement **ret_statement, GError **error)
{
	g_autoptr(DbStatement) statement = db_prepare(connection, sql, error);
	DbStep step;

	*ret_statement = NULL;
	if (statement == NULL || !db_bind_all(statement, values, count, error))
		return false;
	step = db_step(statement, error);
	if (step == DB_STEP_ROW)
		*ret_statement = g_steal_pointer(&statement);
	return step != DB_STEP_FAILED;
}

bool db_query_int64(DbConnection *connection, const char *sql, const DbValue *values, size_t count,
	int64_t fallback, int64_t *ret_value, GError **error)
{
	g_autoptr(DbStatement) row = NULL;

	if (!query_first(connection, sql, values, count, &row, error))
		return false;
	*ret_value = row == NULL || db_column_is_null(row, 0) ? fallback : db_column_int64(row, 0);
	return true;
}

bool db_query_text(DbConnection *connection, const char *sql, const DbValue *values, size_t count,
	char **ret_text, GError **error)
{
	g_autoptr(DbStatement) row = NULL;

	if (!query_first(connection, sql, values, count, &row, error))
		return false;
	*ret_text = row == NULL ? NULL : db_column_dup_text(row, 0);
	return true;
}
