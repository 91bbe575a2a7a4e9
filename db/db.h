// Talking to databases: one API over a table of drivers (sqlite; later postgres, mysql, …).
//
// Parameters are written $1 … $n in every driver. A connection, with its statements, is used by one
// thread at a time (different threads may take turns under the caller's lock); only db_cancel() may
// be called from another thread at any moment. Every failure sets a GError of domain DB_ERROR whose
// code is a DbErrorClass; its message says what and why, and holds no password.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What went wrong, whatever the engine. The codes of the domain DB_ERROR.
typedef enum {
	DB_ERROR_FAILED, // none of the below
	DB_ERROR_LOCKED, // someone else holds the lock; waited for busy_timeout. Retryable
	DB_ERROR_SERIALIZATION, // deadlock, or a snapshot too old to write from. Retryable, from
	// its begin
	DB_ERROR_CONNECTION, // the server is gone or restarting. Retryable, on a new connection
	DB_ERROR_CANCELLED, // db_cancel() was called
	DB_ERROR_PERMISSION, // the engine or the file system refuses access
	DB_ERROR_READ_ONLY, // a write on a read-only connection, file or folder
	DB_ERROR_MISSING_FILE, // the file or folder (a server: the database) does not exist
	DB_ERROR_MISSING_OBJECT, // no such table, view, column, function, dataset
	DB_ERROR_EXISTS, // the object to create is there already
	DB_ERROR_CONSTRAINT, // NOT NULL, UNIQUE, CHECK, FOREIGN KEY
	DB_ERROR_DATA, // a value that the column or function cannot take; too large
	DB_ERROR_SYNTAX, // the text is not SQL of this engine
	DB_ERROR_FULL, // disk or quota full. Retryable by a person
	DB_ERROR_IO, // the disk or network answered with an error
	DB_ERROR_CORRUPT, // the file is damaged, or is not a database
	DB_ERROR_TOO_NEW, // written by a newer version
	DB_ERROR_UNSUPPORTED, // this engine or build cannot do it
	DB_ERROR_URL, // the connection's URL is malformed, or names no known driver
	DB_ERROR_MISUSE, // the caller's mistake: a missing parameter, two statements in one text …
} DbErrorClass;

#define DB_ERROR (db_error_quark())
GQuark db_error_quark(void);

// The class in words for logs and JSON: "locked", "missing-object", … Never NULL.
const char *db_error_class_name(DbErrorClass error_class);
// True for a DB_ERROR that the same work may not meet again when tried later (locked,
// serialization, connection).
bool db_error_is_retryable(const GError *error);

typedef struct DbConnection DbConnection;
typedef struct DbStatement DbStatement;
typedef struct DbTransaction DbTransaction;

// How a file-based database keeps its promises.
typedef enum {
	DB_DURABILITY_FULL, // a commit survives a power cut (SQLite: WAL, synchronous=FULL)
	DB_DURABILITY_NONE, // nothing is promised after a crash of the machine
} DbDurability;

// All zero is a good default: read-write, no creation of missing files, full durability, 5 s of
// waiting for a lock.
typedef struct {
	bool read_only;
	bool create; // make the missing database file (never its folder)
	DbDurability durability;
	unsigned busy_timeout; // milliseconds to wait for a lock; 0 means 5000
	// SQLite: copy the write-ahead log back on a thread of the driver, so that a commit stays
	// one fsync. The thread starts at the first commit that makes the log long.
	bool background_checkpoint;
	// SQLite: a file that is made by this opening can give room back, see db_give_back().
	bool can_give_back;
	// SQLite: the write-ahead log is kept longer than it is, so that a commit of a few pages is one write of the disk. For a
	// database that is written by such commits, one after the other.
	bool small_commits;
	size_t cache_bytes; // page cache; 0 means the engine's default
	unsigned statement_cache; // idle prepared statements kept; 0 means 64
} DbOptions;

// Opens a connection. options may be NULL. URLs:
//   sqlite:/path/file.db    one file; its only dataset is "main"
//   sqlite::memory:         a private database that ends with the connection
//   sqlite-dir:/path/dir    a folder of <dataset>.db files; see db_use_datasets()
// The folder of sqlite-dir must exist. Returns NULL with error set.
DbConnection *db_open(const char *url, const DbOptions *options, GError **error);
// Frees the connection; an open transaction is rolled back. Every statement and the transaction
// must have been freed.
void db_close(DbConnection *connection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbConnection, db_close)

// "sqlite": the driver, which is also the name of its SQL dialect. Lives as long as the program.
const char *db_driver_name(const DbConnection *connection);
// What messages call the connection: the path or the URL without its password. Owned by the
// connection.
const char *db_label(const DbConnection *connection);
bool db_is_read_only(const DbConnection *connection);
// A copy of url fit for messages: a password in it is replaced by "***". Free with g_free().
char *db_url_redact(const char *url);

// Gives back to the file system what a write that failed has left of itself in a dataset's log (SQLite; else nothing is done).
// As far as it can be done without waiting for long; other connections may go on. Any thread.
void db_log_cut(const char *url, const char *dataset);
// The folder that the url's files are in, to g_free(); NULL: they are not on this machine, or there are none.
char *db_folder(const char *url);

// --- Cancel
// ---------------------------------------------------------------------------------------------------------

// Stops what the connection is doing, and every statement started after, with DB_ERROR_CANCELLED,
// until db_cancel_reset(). Rollback still works. Any thread; the connection must not be closed
// meanwhile.
void db_cancel(DbConnection *connection);
// Takes the cancel back. The thread that uses the connection.
void db_cancel_reset(DbConnection *connection);
bool db_is_cancelled(const DbConnection *connection);

// --- Values
// ---------------------------------------------------------------------------------------------------------

typedef enum {
	DB_TYPE_NULL,
	DB_TYPE_INTEGER,
	DB_TYPE_REAL,
	DB_TYPE_TEXT, // UTF-8; also what engines' other types (dates, decimals, …) come as
	DB_TYPE_BLOB,
	DB_TYPE_BOOLEAN, // only from engines that have it; SQLite takes and gives it as INTEGER 0
	// or 1
} DbType;

// A value to bind; does not own its text. Made by the macros below.
typedef struct {
	DbType type;
	union {
		int64_t integer; // also BOOLEAN
		double real;
		const void *data; // TEXT and BLOB
	};
	size_t length; // bytes of data; for TEXT SIZE_MAX means up to the NUL
} DbValue;

#define DB_NULL		  ((DbValue){.type = DB_TYPE_NULL})
#define DB_INTEGER(value) ((DbValue){.type = DB_TYPE_INTEGER, .integer = (value)})
#define DB_BOOLEAN(value) ((DbValue){.type = DB_TYPE_BOOLEAN, .integer = (value) ? 1 : 0})
#define DB_REAL(value)	  ((DbValue){.type = DB_TYPE_REAL, .real = (value)})
// NULL text or data gives SQL NULL.
#define DB_TEXT(text)	   db_value_text((text), SIZE_MAX)
#define DB_TEXT_N(text, n) db_value_text((text), (n))
#define DB_BLOB(bytes, n)  db_value_blob((bytes), (n))
// A list for the functions below: db_execute(c, sql, DB_VALUES(DB_TEXT(a), DB_INTEGER(b)), NULL,
// error).
#define DB_VALUES(...)                                                                             \
	((const DbValue[]){__VA_ARGS__}), (sizeof((const DbValue[]){__VA_ARGS__}) / sizeof(DbValue))
#define DB_NO_VALUES NULL, 0

static inline DbValue db_value_text(const char *text, size_t length)
{
	if (text == NULL)
		return DB_NULL;
	return (DbValue){.type = DB_TYPE_TEXT, .data = text, .length = length};
}

static inline DbValue db_value_blob(const void *data, size_t length)
{
	if (data == NULL)
		return DB_NULL;
	return (DbValue){.type = DB_TYPE_BLOB, .data = data, .length = length};
}

// --- Statements
// -----------------------------------------------------------------------------------------------------

typedef enum {
	DB_STEP_FAILED, // error is set
	DB_STEP_ROW, // a row is there to read
	DB_STEP_DONE, // no more rows
} DbStep;

// Prepares exactly one statement. A statement of the same text that was freed before is reused from
// the connection's cache. DB_ERROR_MISUSE when the text holds none, more than one, or parameters
// that are not $1 … $n.
DbStatement *db_prepare(DbConnection *connection, const char *sql, GError **error);
// The same, but made anew from the schema as it is now, whoever changed it: the columns can be relied on before the first
// row. (Those of a statement that was prepared before a change are brought up to date by its first step only.)
DbStatement *db_prepare_anew(DbConnection *connection, const char *sql, GError **error);
// Where in the text the last failed db_prepare() stumbled: an offset in bytes, or -1 when the
// engine does not say.
int db_error_offset(const DbConnection *connection);
// Gives the statement back to the cache (reset, bindings cleared). NULL is allowed.
void db_statement_free(DbStatement *statement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbStatement, db_statement_free)

// The text that was prepared. Owned by the statement.
const char *db_statement_sql(const DbStatement *statement);
// The highest n of the $n in the text.
unsigned db_parameter_count(const DbStatement *statement);
// True when the statement cannot change the database (SELECT, EXPLAIN, …), as far as the engine can
// tell.
bool db_statement_is_read_only(const DbStatement *statement);

// Binds parameter $number (from 1). Text and blobs are copied. Unbound parameters are NULL. The
// statement must be fresh or reset. A parameter that the text does not have is DB_ERROR_MISUSE.
bool db_bind(DbStatement *statement, unsigned number, DbValue value, GError **error);
// Binds $1 … $count, and NULL to the rest. Text and blobs are NOT copied: they must stay until the
// statement is reset or freed.
bool db_bind_all(DbStatement *statement, const DbValue *values, size_t count, GError **error);

// Runs to the next row. After DONE or FAILED the statement has to be reset before the next step.
DbStep db_step(DbStatement *statement, GError **error);
// Makes the statement ready to run again; bindings stay.
void db_reset(DbStatement *statement);
// Rows inserted, updated or deleted by the statement when it was DONE.
int64_t db_statement_changes(const DbStatement *statement);

// Binds (not copied), runs to the end, resets. changes may be NULL. Rows that come are thrown away.
bool db_statement_execute(DbStatement *statement, const DbValue *values, size_t count,
	int64_t *changes, GError **error);

// Columns of the current row, from 0. The text and blob pointers live until the next step, reset or
// free.
unsigned db_column_count(const DbStatement *statement);
const char *db_column_name(const DbStatement *statement, unsigned column);
// The type the table declares, in the engine's words; NULL for expressions.
const char *db_column_declared_type(const DbStatement *statement, unsigned column);
DbType db_column_type(const DbStatement *statement, unsigned column);
bool db_column_is_null(const DbStatement *statement, unsigned column);
// Converted as the engine does; NULL gives 0.
int64_t db_column_int64(const DbStatement *statement, unsigned column);
double db_column_double(const DbStatement *statement, unsigned column);
// NUL-terminated; NULL for SQL NULL. length may be NULL. A blob comes as its bytes.
const char *db_column_text(const DbStatement *statement, unsigned column, size_t *length);
const void *db_column_blob(const DbStatement *statement, unsigned column, size_t *length);
// A copy to free with g_free(); NULL for SQL NULL.
char *db_column_dup_text(const DbStatement *statement, unsigned column);

// Prepares (from the cache), binds, runs one statement to its end. changes may be NULL.
bool db_execute(DbConnection *connection, const char *sql, const DbValue *values, size_t count,
	int64_t *changes, GError **error);
// Runs every statement of a text without parameters; stops at the first that fails. Not atomic by
// itself.
bool db_execute_script(DbConnection *connection, const char *sql, GError **error);
// The first column of the first row of a query as integer; fallback when there is no row or it is
// NULL.
bool db_query_int64(DbConnection *connection, const char *sql, const DbValue *values, size_t count,
	int64_t fallback, int64_t *ret_value, GError **error);
// The first column of the first row as text to g_free(); NULL when there is no row or it is NULL.
bool db_query_text(DbConnection *connection, const char *sql, const DbValue *values, size_t count,
	char **ret_text, GError **error);

// --- Transactions
// ---------------------------------------------------------------------------------------------------

typedef enum {
	DB_BEGIN_READ, // one snapshot for several queries
	DB_BEGIN_WRITE, // takes the write lock now, so that a later statement does not fail for it
} DbBegin;

// Begins a transaction; one at a time per connection. Use with g_autoptr: leaving the scope before
// db_transaction_commit() rolls back.
DbTransaction *db_transaction_begin(DbConnection *connection, DbBegin mode, GError **error);
// Commits. Rolled back when it fails. The transaction is over in both cases, and still has to be
// freed.
bool db_transaction_commit(DbTransaction *transaction, GError **error);
// Rolls back unless committed, and frees. NULL is allowed.
void db_transaction_free(DbTransaction *transaction);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbTransaction, db_transaction_free)
bool db_in_transaction(const DbConnection *connection);

// --- Datasets
// -------------------------------------------------------------------------------------------------------

// True when name can be a dataset of every driver: 1 to 63 letters, digits, '_' or '-', first a
// letter or '_', not "main" or "temp". Otherwise false with DB_ERROR_MISUSE saying why.
bool db_dataset_name_check(const char *name, GError **error);
// Makes the datasets reachable as <dataset>.<table> in the statements that follow. names ends with
// NULL. sqlite-dir: attaches <dataset>.db files, at most 10 at once; the ones used longest ago are
// detached when room is needed, so call this before each use with all that the use needs. Not
// inside a transaction unless all are attached already (DB_ERROR_MISUSE). create makes missing
// ones; otherwise a missing one is DB_ERROR_MISSING_OBJECT. sqlite: only "main" is known there.
bool db_use_datasets(
	DbConnection *connection, const char *const *names, bool create, GError **error);
// One dataset.
bool db_use_dataset(DbConnection *connection, const char *name, bool create, GError **error);
// The names of all datasets, sorted; free with g_strfreev(). sqlite-dir: the *.db files of the
// folder.
char **db_list_datasets(DbConnection *connection, GError **error);
// A number that differs from the last one when another connection, of this process or another, has committed since.
bool db_change_count(DbConnection *connection, int64_t *ret_count, GError **error);
// Whether the file is still where it was opened: DB_ERROR_MISSING_FILE when it was removed or another one put in its place, so
// that what is written is lost. One stat(2); true for a server.
bool db_in_place(DbConnection *connection, GError **error);
// Checks the whole database (slow): DB_ERROR_CORRUPT with the first things found.
bool db_check_integrity(DbConnection *connection, GError **error);
// The room that a database takes on its disk, in bytes; zeros where the engine keeps house by itself.
typedef struct {
	int64_t bytes; // of the file
	int64_t free; // of these: left by what was deleted, and used again before the file grows
	int64_t log; // of the write-ahead log beside it
} DbRoom;
bool db_room(DbConnection *connection, DbRoom *ret_room, GError **error);
// Gives up to so many bytes of the file's free room back to the system; a transaction of its own when none is open. Nothing
// happens where there is none, or to a file that was made without can_give_back.
bool db_give_back(DbConnection *connection, int64_t bytes, GError **error);
// Appends name quoted as an identifier of the connection's engine.
void db_append_identifier(const DbConnection *connection, GString *sql, const char *name);
