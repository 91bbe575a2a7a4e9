// What stands between a statement and the file: who may do what (the authorizer), waiting for locks
// (the busy handler), and being cancelled (the progress handler).
#include "db/sqlite.h"

#include <string.h>
#include <unistd.h>

enum {
	PROGRESS_STEPS =
		20000, // instructions of SQLite's machine between two looks at the cancel flag
	BUSY_SLEEP_MIN = 200, // µs
	BUSY_SLEEP_MAX = 10000,
};

// Pragmas that would change how the files are kept, or what the driver has set up. Reading them is
// refused too: it is the same word.
static const char *const refused_pragmas[] = {"journal_mode", "synchronous", "locking_mode",
	"writable_schema", "wal_checkpoint", "wal_autocheckpoint", "query_only", "mmap_size",
	"temp_store_directory", "data_store_directory", "page_size", "secure_delete",
	"hard_heap_limit", "soft_heap_limit", "schema_version", "read_uncommitted",
	"trusted_schema", "foreign_keys", "ignore_check_constraints", "legacy_alter_table",
	"journal_size_limit", "cell_size_check", "auto_vacuum", "encoding", NULL};

static int deny(SqliteConnection *connection, char *reason)
{
	g_free(connection->denied);
	connection->denied = reason;
	return SQLITE_DENY;
}

static int authorize_pragma(SqliteConnection *connection, const char *pragma, const char *value)
{
	// The one that is good to read: it tells whether a schema changed.
	if (value == NULL && sqlite3_stricmp(pragma, "schema_version") == 0)
		return SQLITE_OK;
	for (const char *const *refused = refused_pragmas; *refused != NULL; refused++) {
		if (sqlite3_stricmp(pragma, *refused) == 0)
			return deny(connection,
				g_strdup_printf("'PRAGMA %s' is not allowed here", *refused));
	}
	return SQLITE_OK;
}

static int authorize_transaction(SqliteConnection *connection, const char *word)
{
	connection->saw_transaction = true;
	if (connection->base.transaction.open)
		return deny(connection,
			g_strdup_printf("%s is not allowed inside a transaction of weir", word));
	return SQLITE_OK;
}

// Objects made in "main" of a folder of datasets would vanish with the connection.
static int authorize_create(SqliteConnection *connection, const char *object, const char *database)
{
	if (!connection->is_folder || g_strcmp0(database, "main") != 0)
		return SQLITE_OK;
	return deny(connection,
		g_strdup_printf("'%s' needs its dataset: write <dataset>.%s", object, object));
}

static int authorize(void *data, int action, const char *first, const char *second,
	const char *database, const char *trigger)
{
	SqliteConnection *connection = data;

	(void)trigger;
	if (connection->own_statement)
		return SQLITE_OK;
	switch (action) {
	case SQLITE_ATTACH:
	case SQLITE_DETACH:
		// Any file of the machine could be reached with it.
		return deny(connection, g_strdup_printf("%s is not allowed here",
						action == SQLITE_ATTACH ? "ATTACH" : "DETACH"));
	case SQLITE_PRAGMA: return authorize_pragma(connection, first, second);
	case SQLITE_TRANSACTION: return authorize_transaction(connection, first);
	case SQLITE_CREATE_TABLE:
	case SQLITE_CREATE_VIEW: return authorize_create(connection, first, database);
	default: return SQLITE_OK;
	}
}

static int wait_for_lock(void *data, int tries)
{
	SqliteConnection *connection = data;
	const int64_t now = g_get_monotonic_time();
	int64_t sleep = (int64_t)BUSY_SLEEP_MIN << MIN(tries, 6);

	if (tries == 0)
		connection->waiting_since = now;
	if (now - connection->waiting_since >=
			(int64_t)connection->base.options.busy_timeout * 1000 ||
		db_is_cancelled(&connection->base))
		return 0;
	usleep((useconds_t)MIN(sleep, BUSY_SLEEP_MAX));
	return 1;
}

static int look_for_cancel(void *data)
{
	const SqliteConnection *connection = data;

	return db_is_cancelled(&connection->base);
}

void sqlite_guard_install(SqliteConnection *connection)
{
	sqlite3_set_authorizer(connection->handle, authorize, connection);
	sqlite3_busy_handler(connection->handle, wait_for_lock, connection);
	sqlite3_progress_handler(connection->handle, PROGRESS_STEPS, look_for_cancel, connection);
}
