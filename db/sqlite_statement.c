#include "db/sqlite.h"

#include <string.h>

// The n of "$n"; 0 when the name is anything else.
static unsigned parameter_number(const char *name)
{
	unsigned number = 0;

	if (name == NULL || name[0] != '$' || name[1] == '0')
		return 0;
	for (const char *at = name + 1; *at != '\0'; at++) {
		if (!g_ascii_isdigit(*at) || number > UINT16_MAX / 10)
			return 0;
		number = number * 10 + (unsigned)(*at - '0');
	}
	return number;
}

// SQLite numbers "$n" by where it first stands in the text; we number by n.
static bool map_parameters(SqliteStatement *statement, GError **error)
{
	const int count = sqlite3_bind_parameter_count(statement->handle);
	bool same = true;

	for (int i = 1; i <= count; i++) {
		const char *name = sqlite3_bind_parameter_name(statement->handle, i);
		unsigned number = parameter_number(name);

		if (number == 0) {
			g_set_error(error, DB_ERROR, DB_ERROR_MISUSE,
				"parameters are written $1, $2, …: found '%s'",
				name != NULL ? name : "?");
			return false;
		}
		same = same && number == (unsigned)i;
		statement->base.parameters = MAX(statement->base.parameters, number);
	}
	if (same)
		return true;
	statement->positions = g_new0(uint16_t, statement->base.parameters);
	for (int i = 1; i <= count; i++) {
		const char *name = sqlite3_bind_parameter_name(statement->handle, i);

		statement->positions[parameter_number(name) - 1] = (uint16_t)i;
	}
	return true;
}

static void clear_authorizer(SqliteConnection *connection)
{
	g_clear_pointer(&connection->denied, g_free);
	connection->saw_transaction = false;
}

// True when nothing but blanks, comments and semicolons is left.
static bool is_tail_empty(SqliteConnection *connection, const char *tail)
{
	while (*tail != '\0') {
		sqlite3_stmt *next = NULL;
		int code = sqlite3_prepare_v3(connection->handle, tail, -1, 0, &next, &tail);
		bool empty = code == SQLITE_OK && next == NULL;

		sqlite3_finalize(next);
		if (!empty)
			return false;
	}
	return true;
}

static sqlite3_stmt *prepare_handle(
	SqliteConnection *connection, const char *sql, const char **ret_tail, GError **error)
{
	sqlite3_stmt *handle = NULL;
	int code;

	clear_authorizer(connection);
	code = sqlite3_prepare_v3(
		connection->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, ret_tail);
	if (code != SQLITE_OK) {
		connection->base.error_offset = sqlite3_error_offset(connection->handle);
		sqlite_set_error(connection, code, error);
		return NULL;
	}
	if (handle == NULL)
		g_set_error(error, DB_ERROR, DB_ERROR_MISUSE, "the text holds no SQL statement");
	return handle;
}

DbStatement *sqlite_prepare(DbConnection *connection, const char *sql, GError **error)
{
	SqliteConnection *own = sqlite_connection(connection);
	const char *tail = "";
	sqlite3_stmt *handle = prepare_handle(own, sql, &tail, error);
	SqliteStatement *statement;

	if (handle == NULL)
		return NULL;
	statement = g_new0(SqliteStatement, 1);
	statement->handle = handle;
	statement->base.cacheable = !own->saw_transaction;
	if (!map_parameters(statement, error))
		goto failed;
	if (!is_tail_empty(own, tail)) {
		connection->error_offset = (int)(tail - sql);
		g_set_error(error, DB_ERROR, DB_ERROR_MISUSE,
			"the text holds more than one SQL statement");
		goto failed;
	}
	return &statement->base;
failed:
	sqlite_finalize(&statement->base);
	return NULL;
}

void sqlite_finalize(DbStatement *statement)
{
	SqliteStatement *own = sqlite_statement(statement);

	sqlite3_finalize(own->handle);
	g_free(own->positions);
	g_free(own);
}

// What was never bound, or was bound to NULL last, is NULL. Of parameters beyond the first ones nothing is known.
static bool is_unbound(const SqliteStatement *statement, int position)
{
	return position < STATEMENT_BOUND_BITS &&
	       (statement->bound[position / 64] & UINT64_C(1) << position % 64) == 0;
}

static void note_bound(SqliteStatement *statement, int position, bool bound)
{
	uint64_t *word = &statement->bound[(size_t)position / 64 % G_N_ELEMENTS(statement->bound)];

	if (position < STATEMENT_BOUND_BITS)
		*word = (*word & ~(UINT64_C(1) << position % 64)) | (uint64_t)bound
									    << position % 64;
}

bool sqlite_bind(
	DbStatement *statement, unsigned number, const DbValue *value, bool copy, GError **error)
{
	SqliteStatement *own = sqlite_statement(statement);
	const int position = own->positions == NULL ? (int)number : own->positions[number - 1];
	sqlite3_destructor_type owner = copy ? SQLITE_TRANSIENT : SQLITE_STATIC;
	int code = SQLITE_OK;

	if (position == 0) // the text skips this number
		return true;
	if (value->type == DB_TYPE_NULL && is_unbound(own, position))
		return true;
	note_bound(own, position, value->type != DB_TYPE_NULL);
	switch (value->type) {
	case DB_TYPE_NULL: code = sqlite3_bind_null(own->handle, position); break;
	case DB_TYPE_BOOLEAN:
	case DB_TYPE_INTEGER:
		code = sqlite3_bind_int64(own->handle, position, value->integer);
		break;
	case DB_TYPE_REAL: code = sqlite3_bind_double(own->handle, position, value->real); break;
	case DB_TYPE_TEXT:
		code = sqlite3_bind_text64(own->handle, position, value->data,
			value->length == SIZE_MAX ? strlen(value->data) : value->length, owner,
			SQLITE_UTF8);
		break;
	case DB_TYPE_BLOB:
		code = sqlite3_bind_blob64(
			own->handle, position, value->data, value->length, owner);
		break;
	}
	return code == SQLITE_OK ||
	       sqlite_set_error(sqlite_connection(statement->connection), code, error);
}

void sqlite_clear_bindings(DbStatement *statement)
{
	SqliteStatement *own = sqlite_statement(statement);

	sqlite3_clear_bindings(own->handle);
	memset(own->bound, 0, sizeof(own->bound));
}

// Before the first row. An error inside a transaction may have rolled it back; what follows must
// not commit on its own then.
static bool start(SqliteConnection *connection, SqliteStatement *statement, GError **error)
{
	if (db_is_cancelled(&connection->base))
		return db_set_cancelled(&connection->base, error);
	if (connection->base.transaction.open && sqlite3_get_autocommit(connection->handle)) {
		g_set_error(error, DB_ERROR, DB_ERROR_FAILED,
			"the transaction on '%s' was rolled back by an error before",
			connection->base.label);
		return false;
	}
	statement->changes_before = sqlite3_total_changes64(connection->handle);
	statement->running = true;
	return true;
}

DbStep sqlite_step(DbStatement *statement, GError **error)
{
	SqliteStatement *own = sqlite_statement(statement);
	SqliteConnection *connection = sqlite_connection(statement->connection);
	int code;

	if (!own->running && !start(connection, own, error))
		return DB_STEP_FAILED;
	code = sqlite3_step(own->handle);
	if (code == SQLITE_ROW)
		return DB_STEP_ROW;
	own->running = false;
	if (code != SQLITE_DONE) {
		sqlite_set_error(connection, code, error);
		return DB_STEP_FAILED;
	}
	statement->changes = 0;
	if (sqlite3_total_changes64(connection->handle) != own->changes_before)
		statement->changes = sqlite3_changes64(connection->handle);
	return DB_STEP_DONE;
}

void sqlite_reset(DbStatement *statement)
{
	SqliteStatement *own = sqlite_statement(statement);

	own->running = false;
	sqlite3_reset(own->handle);
}

bool sqlite_is_read_only(const DbStatement *statement)
{
	return sqlite3_stmt_readonly(sqlite_statement(statement)->handle);
}

static bool run_to_end(SqliteConnection *connection, sqlite3_stmt *handle, GError **error)
{
	SqliteStatement statement = {.base.connection = &connection->base, .handle = handle};
	DbStep step;

	if (sqlite3_bind_parameter_count(handle) > 0) {
		g_set_error(error, DB_ERROR, DB_ERROR_MISUSE,
			"a script of several statements takes no parameters: found '%s'",
			sqlite3_bind_parameter_name(handle, 1));
		return false;
	}
	do {
		step = sqlite_step(&statement.base, error);
	} while (step == DB_STEP_ROW);
	return step == DB_STEP_DONE;
}

bool sqlite_execute_script(DbConnection *connection, const char *sql, GError **error)
{
	SqliteConnection *own = sqlite_connection(connection);
	const char *rest = sql;

	connection->error_offset = -1;
	while (*rest != '\0') {
		const char *begin = rest;
		sqlite3_stmt *handle = NULL;
		bool done = true;
		int code;

		clear_authorizer(own);
		code = sqlite3_prepare_v3(own->handle, begin, -1, 0, &handle, &rest);
		if (code != SQLITE_OK) {
			int offset = sqlite3_error_offset(own->handle);

			connection->error_offset = offset < 0 ? -1 : offset + (int)(begin - sql);
			return sqlite_set_error(own, code, error);
		}
		if (handle != NULL)
			done = run_to_end(own, handle, error);
		sqlite3_finalize(handle);
		if (!done)
			return false;
	}
	return true;
}

unsigned sqlite_column_count(const DbStatement *statement)
{
	return (unsigned)sqlite3_column_count(sqlite_statement(statement)->handle);
}

const char *sqlite_column_name(const DbStatement *statement, unsigned column)
{
	return sqlite3_column_name(sqlite_statement(statement)->handle, (int)column);
}

const char *sqlite_column_declared_type(const DbStatement *statement, unsigned column)
{
	return sqlite3_column_decltype(sqlite_statement(statement)->handle, (int)column);
}

DbType sqlite_column_type(const DbStatement *statement, unsigned column)
{
	switch (sqlite3_column_type(sqlite_statement(statement)->handle, (int)column)) {
	case SQLITE_INTEGER: return DB_TYPE_INTEGER;
	case SQLITE_FLOAT: return DB_TYPE_REAL;
	case SQLITE_TEXT: return DB_TYPE_TEXT;
	case SQLITE_BLOB: return DB_TYPE_BLOB;
	default: return DB_TYPE_NULL;
	}
}

int64_t sqlite_column_int64(const DbStatement *statement, unsigned column)
{
	return sqlite3_column_int64(sqlite_statement(statement)->handle, (int)column);
}

double sqlite_column_double(const DbStatement *statement, unsigned column)
{
	return sqlite3_column_double(sqlite_statement(statement)->handle, (int)column);
}

const char *sqlite_column_text(const DbStatement *statement, unsigned column, size_t *length)
{
	sqlite3_stmt *handle = sqlite_statement(statement)->handle;
	const char *text = (const char *)sqlite3_column_text(handle, (int)column);

	if (length != NULL)
		*length = (size_t)sqlite3_column_bytes(handle, (int)column);
	return text;
}

const void *sqlite_column_blob(const DbStatement *statement, unsigned column, size_t *length)
{
	sqlite3_stmt *handle = sqlite_statement(statement)->handle;
	const void *data = sqlite3_column_blob(handle, (int)column);

	if (length != NULL)
		*length = (size_t)sqlite3_column_bytes(handle, (int)column);
	// An empty blob has no pointer in SQLite; NULL is kept for SQL NULL.
	if (data == NULL && sqlite3_column_type(handle, (int)column) == SQLITE_BLOB)
		return "";
	return data;
}
