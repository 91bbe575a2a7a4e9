// The pieces of the SQLite driver share these; nobody else includes this.
#pragma once

#include "db/driver.h"

#include <sqlite3.h>

typedef struct SqliteCheckpointer SqliteCheckpointer;

// One attached file of a sqlite-dir connection.
typedef struct {
	char *name;
	uint64_t used; // value of SqliteConnection.uses when it was last asked for
} SqliteDataset;

// The statements that steer transactions.
typedef enum {
	STEER_BEGIN,
	STEER_BEGIN_WRITE,
	STEER_COMMIT,
	STEER_ROLLBACK,
	STEERS,
} SqliteSteer;

typedef struct {
	DbConnection base;
	sqlite3 *handle;
	sqlite3_stmt *steers[STEERS]; // each prepared when it is first needed
	char *path; // the file; the folder of sqlite-dir; NULL for :memory:
	bool is_folder; // sqlite-dir
	bool own_statement; // the driver itself is at work: the authorizer allows all
	bool saw_transaction; // the statement being prepared steers transactions
	char *denied; // why the authorizer refused; NULL when it did not
	int64_t waiting_since; // monotonic µs when the busy handler was first called for the
		// current lock
	GArray *datasets; // SqliteDataset
	uint64_t uses;
	SqliteCheckpointer *checkpointer; // NULL unless asked for
} SqliteConnection;

enum {
	STATEMENT_BOUND_BITS = 256,
};

typedef struct {
	DbStatement base;
	sqlite3_stmt *handle;
	uint16_t *positions; // of $n in SQLite's own numbering; NULL when they are the same
	uint64_t bound[STATEMENT_BOUND_BITS /
		       64]; // parameters (bit n: number n) whose last value was not NULL
	sqlite3_int64 changes_before;
	bool running;
} SqliteStatement;

static inline SqliteConnection *sqlite_connection(const DbConnection *connection)
{
	return (SqliteConnection *)(uintptr_t)connection;
}

static inline SqliteStatement *sqlite_statement(const DbStatement *statement)
{
	return (SqliteStatement *)(uintptr_t)statement;
}

// sqlite_error.c: sets error from the handle's last failure. Returns false always.
bool sqlite_set_error(SqliteConnection *connection, int code, GError **error);
// The same for a failed open of path, which creates makes when missing: says what is wrong with the file or its
// folder.
bool sqlite_set_open_error(const char *path, bool creates, int code, int system_error,
	const char *message, GError **error);
// Whether the disk of a file or folder has no room, or no place for one more file. SQLite tries a second time to open what it could
// not make, and remembers that error: the disk is asked where the system's word (0: none) does not explain what happened.
bool sqlite_disk_is_full(const char *path, int system_error);

// sqlite_guard.c: installs the authorizer, busy and progress handlers.
void sqlite_guard_install(SqliteConnection *connection);

// sqlite.c: runs SQL of the driver's own that may be run again, which the authorizer lets through; waits for locks.
// sqlite_try() gives SQLite's code.
int sqlite_try(SqliteConnection *connection, const char *sql);
bool sqlite_run(SqliteConnection *connection, const char *sql, GError **error);

// sqlite_statement.c
DbStatement *sqlite_prepare(DbConnection *connection, const char *sql, GError **error);
void sqlite_finalize(DbStatement *statement);
bool sqlite_bind(
	DbStatement *statement, unsigned number, const DbValue *value, bool copy, GError **error);
void sqlite_clear_bindings(DbStatement *statement);
DbStep sqlite_step(DbStatement *statement, GError **error);
void sqlite_reset(DbStatement *statement);
bool sqlite_is_read_only(const DbStatement *statement);
bool sqlite_execute_script(DbConnection *connection, const char *sql, GError **error);
unsigned sqlite_column_count(const DbStatement *statement);
const char *sqlite_column_name(const DbStatement *statement, unsigned column);
const char *sqlite_column_declared_type(const DbStatement *statement, unsigned column);
DbType sqlite_column_type(const DbStatement *statement, unsigned column);
int64_t sqlite_column_int64(const DbStatement *statement, unsigned column);
double sqlite_column_double(const DbStatement *statement, unsigned column);
const char *sqlite_column_text(const DbStatement *statement, unsigned column, size_t *length);
const void *sqlite_column_blob(const DbStatement *statement, unsigned column, size_t *length);

// sqlite_dataset.c
bool sqlite_use_datasets(
	DbConnection *connection, const char *const *names, bool create, GError **error);
char **sqlite_list_datasets(DbConnection *connection, GError **error);
void sqlite_dataset_clear(gpointer dataset);
bool sqlite_refresh(DbConnection *connection, GError **error);

// sqlite_log_cut.c
void sqlite_log_cut(const char *scheme, const char *url, const char *dataset);

// sqlite_checkpoint.c: a thread that copies the log of path back when it is told that it has grown.
SqliteCheckpointer *sqlite_checkpointer_new(const char *path);
void sqlite_checkpointer_free(SqliteCheckpointer *checkpointer);
// The sqlite3_wal_hook of the connection; data is the checkpointer.
int sqlite_checkpointer_hook(void *data, sqlite3 *handle, const char *database, int pages);
