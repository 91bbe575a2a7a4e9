// The driver for SQLite: one file, a private database in memory, or a folder of files.
#include "db/sqlite.h"
#include "db/sqlite_wal.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

enum {
	LOG_BYTES_KEPT = 16 << 20, // what a log that has grown longer is cut to when it begins anew
};

static const char *const schemes[] = {"sqlite:", "sqlite-dir:", NULL};

int sqlite_try(SqliteConnection *connection, const char *sql)
{
	const int64_t until =
		g_get_monotonic_time() + (int64_t)connection->base.options.busy_timeout * 1000;
	int code;

	connection->own_statement = true;
	// Two that open a new file at once are in each other's way when they make it a WAL database: SQLite then asks
	// nobody whether to wait.
	while ((code = sqlite3_exec(connection->handle, sql, NULL, NULL, NULL)) != SQLITE_OK) {
		if ((code & 0xff) != SQLITE_BUSY || db_is_cancelled(&connection->base) ||
			g_get_monotonic_time() >= until)
			break;
		g_usleep(1000);
	}
	connection->own_statement = false;
	return code;
}

bool sqlite_run(SqliteConnection *connection, const char *sql, GError **error)
{
	const int code = sqlite_try(connection, sql);

	return code == SQLITE_OK || sqlite_set_error(connection, code, error);
}

static const char *const STEER_TEXTS[] = {
	[STEER_BEGIN] = "BEGIN",
	[STEER_BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[STEER_COMMIT] = "COMMIT",
	[STEER_ROLLBACK] = "ROLLBACK",
};

static bool steer(SqliteConnection *connection, SqliteSteer steer, GError **error)
{
	sqlite3_stmt **statement = &connection->steers[steer];
	int code = SQLITE_OK;

	connection->own_statement = true;
	if (*statement == NULL)
		code = sqlite3_prepare_v3(connection->handle, STEER_TEXTS[steer], -1,
			SQLITE_PREPARE_PERSISTENT, statement, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_step(*statement);
	connection->own_statement = false;
	if (code == SQLITE_DONE) {
		sqlite3_reset(*statement);
		return true;
	}
	sqlite_set_error(connection, code, error);
	sqlite3_reset(*statement);
	return false;
}

static void connection_free(SqliteConnection *connection)
{
	for (size_t i = 0; i < G_N_ELEMENTS(connection->steers); i++)
		sqlite3_finalize(connection->steers[i]);
	if (connection->handle != NULL)
		sqlite3_wal_hook(connection->handle, NULL, NULL);
	sqlite_checkpointer_free(connection->checkpointer);
	sqlite3_close_v2(connection->handle);
	g_clear_pointer(&connection->datasets, g_array_unref);
	g_free(connection->denied);
	g_free(connection->path);
	g_free(connection);
}

static void sqlite_close(DbConnection *connection)
{
	connection_free(sqlite_connection(connection));
}

static bool is_folder_missing(const char *path, GError **error)
{
	if (g_file_test(path, G_FILE_TEST_IS_DIR))
		return false;
	if (!g_file_test(path, G_FILE_TEST_EXISTS) && sqlite_disk_is_full(path, 0)) {
		g_autofree char *parent = g_path_get_dirname(path);

		g_set_error(error, DB_ERROR, DB_ERROR_IO,
			"cannot make the folder of datasets '%s': %s: make room in '%s'", path,
			g_strerror(ENOSPC), parent);
		return true;
	}
	g_set_error(error, DB_ERROR, DB_ERROR_MISSING_FILE, "cannot open datasets in '%s': %s",
		path,
		g_file_test(path, G_FILE_TEST_EXISTS) ? "it is not a folder" : "no such folder");
	return true;
}

// Splits the URL and fills in path, is_folder and label.
static bool parse_url(
	SqliteConnection *connection, const char *scheme, const char *url, GError **error)
{
	const char *path = url + strlen(scheme);

	connection->is_folder = strcmp(scheme, "sqlite-dir:") == 0;
	if (*path == '\0') {
		g_set_error(error, DB_ERROR, DB_ERROR_URL,
			"connection '%s' names no %s: write %s/path/to/it", url,
			connection->is_folder ? "folder" : "file", scheme);
		return false;
	}
	if (connection->is_folder || strcmp(path, ":memory:") != 0)
		connection->path = g_strdup(path);
	connection->base.label = g_strdup(path);
	return !connection->is_folder || !is_folder_missing(path, error);
}

// What holds for the whole process, before SQLite is first used.
static void configure_process(void)
{
	enum { STATEMENT_JOURNAL = 32 * 1024 }; // bytes, then it goes to a temporary file

	// SQLite counts the memory it takes under one lock of the whole process, and nobody asks for the count.
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	// A statement that may be undone alone takes that much memory in one piece, and gives it back: with SQLite's 64 KiB
	// the C library hands it to the system and fetches it again each time.
	sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, STATEMENT_JOURNAL);
}

static bool open_handle(SqliteConnection *connection, const DbOptions *options, GError **error)
{
	const bool file = connection->path != NULL && !connection->is_folder;
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;
	const char *name = file ? connection->path : ":memory:";
	g_autofree char *plain = NULL;
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int code;

	pthread_once(&once, configure_process);
	// A relative path that begins with ':' or "file:" would mean something else to SQLite.
	if (file && !g_path_is_absolute(name)) {
		plain = g_strdup_printf("./%s", name);
		name = plain;
	}
	if (connection->is_folder)
		flags |= SQLITE_OPEN_URI;
	if (file && options->read_only)
		flags |= SQLITE_OPEN_READONLY;
	else
		flags |= SQLITE_OPEN_READWRITE;
	if (!file || (options->create && !options->read_only))
		flags |= SQLITE_OPEN_CREATE;
	code = sqlite3_open_v2(name, &connection->handle, flags,
		options->durability == DB_DURABILITY_FULL ? sqlite_wal_vfs(options->small_commits)
							  : NULL);
	if (code == SQLITE_OK)
		return true;
	return sqlite_set_open_error(connection->base.label, options->create, code,
		connection->handle != NULL ? sqlite3_system_errno(connection->handle) : 0,
		sqlite3_errstr(code), error);
}

// The first reads of the file: a file that is no database, or is locked, or in a folder that cannot
// be written, fails here and not at some later statement.
static bool configure(SqliteConnection *connection, const DbOptions *options, GError **error)
{
	const bool file = connection->path != NULL && !connection->is_folder;
	const bool writes = file && !options->read_only;
	g_autoptr(GString) sql = g_string_new("PRAGMA foreign_keys=ON;");
	int code;

	sqlite3_db_config(connection->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(connection->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(connection->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(connection->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	if (options->cache_bytes > 0)
		g_string_append_printf(
			sql, "PRAGMA cache_size=-%zu;", options->cache_bytes / 1024 + 1);
	// Only a file that has nothing yet takes it, and no longer once it has a log.
	if (writes && options->can_give_back)
		g_string_append(sql, "PRAGMA auto_vacuum=INCREMENTAL;");
	if (writes)
		g_string_append_printf(sql,
			"PRAGMA journal_mode=WAL;PRAGMA synchronous=%s;PRAGMA "
			"journal_size_limit=%d;",
			options->durability == DB_DURABILITY_FULL ? "FULL" : "OFF", LOG_BYTES_KEPT);
	else if (file)
		g_string_append(sql, "PRAGMA schema_version;");
	code = sqlite_try(connection, sql->str);
	if (code == SQLITE_OK)
		return true;
	if ((code & 0xff) == SQLITE_BUSY)
		return sqlite_set_error(connection, code, error);
	return sqlite_set_open_error(connection->base.label, options->create, code,
		sqlite3_system_errno(connection->handle), sqlite3_errmsg(connection->handle),
		error);
}

static DbConnection *sqlite_connect(
	const char *scheme, const char *url, const DbOptions *options, GError **error)
{
	SqliteConnection *connection = g_new0(SqliteConnection, 1);

	connection->base.options = *options;
	if (!parse_url(connection, scheme, url, error) || !open_handle(connection, options, error))
		goto failed;
	sqlite_guard_install(connection);
	if (!configure(connection, options, error))
		goto failed;
	connection->datasets = g_array_new(FALSE, TRUE, sizeof(SqliteDataset));
	g_array_set_clear_func(connection->datasets, sqlite_dataset_clear);
	if (options->background_checkpoint && connection->path != NULL && !connection->is_folder &&
		!options->read_only) {
		connection->checkpointer = sqlite_checkpointer_new(connection->path);
		sqlite3_wal_hook(
			connection->handle, sqlite_checkpointer_hook, connection->checkpointer);
	}
	return &connection->base;
failed:
	g_free(connection->base.label);
	connection_free(connection);
	return NULL;
}

static void sqlite_cancel(DbConnection *connection)
{
	sqlite3_interrupt(sqlite_connection(connection)->handle);
}

static bool sqlite_begin(DbConnection *connection, DbBegin mode, GError **error)
{
	if (db_is_cancelled(connection))
		return db_set_cancelled(connection, error);
	return steer(sqlite_connection(connection),
		mode == DB_BEGIN_WRITE ? STEER_BEGIN_WRITE : STEER_BEGIN, error);
}

static bool sqlite_commit(DbConnection *connection, GError **error)
{
	SqliteConnection *own = sqlite_connection(connection);

	if (db_is_cancelled(connection))
		return db_set_cancelled(connection, error);
	if (sqlite3_get_autocommit(own->handle)) {
		g_set_error(error, DB_ERROR, DB_ERROR_FAILED,
			"cannot commit on '%s': an error before it has rolled the transaction back",
			connection->label);
		return false;
	}
	return steer(own, STEER_COMMIT, error);
}

static void sqlite_rollback(DbConnection *connection)
{
	SqliteConnection *own = sqlite_connection(connection);
	bool cancelled = atomic_exchange(&connection->cancelled, false);

	if (!sqlite3_get_autocommit(own->handle))
		steer(own, STEER_ROLLBACK, NULL);
	if (cancelled)
		atomic_store(&connection->cancelled, true);
}

static bool sqlite_in_place(DbConnection *connection, GError **error)
{
	int moved = 0;

	if (sqlite3_file_control(sqlite_connection(connection)->handle, "main",
		    SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK ||
		moved == 0)
		return true;
	g_set_error(error, DB_ERROR, DB_ERROR_MISSING_FILE,
		"the file of database '%s' was removed or replaced while it was open, and what is "
		"written is lost: stop weir, put the file or its last good copy back, and start "
		"it again",
		connection->label);
	return false;
}

static bool sqlite_change_count(DbConnection *connection, int64_t *ret_count, GError **error)
{
	return db_query_int64(connection, "PRAGMA data_version", DB_NO_VALUES, 0, ret_count, error);
}

static bool sqlite_check_integrity(DbConnection *connection, GError **error)
{
	g_autofree char *found = NULL;

	if (!db_query_text(connection, "PRAGMA integrity_check(10)", DB_NO_VALUES, &found, error))
		return false;
	if (g_strcmp0(found, "ok") == 0)
		return true;
	g_set_error(error, DB_ERROR, DB_ERROR_CORRUPT, "database '%s' is damaged: %s",
		connection->label, found != NULL ? found : "the check says nothing");
	return false;
}

static int take_number(void *data, int columns, char **values, char **names)
{
	(void)columns;
	(void)names;
	*(int64_t *)data = values[0] != NULL ? g_ascii_strtoll(values[0], NULL, 10) : 0;
	return 0;
}

// The number that a pragma gives; the guard refuses some of them to others.
static bool read_pragma(DbConnection *connection, const char *sql, int64_t *number, GError **error)
{
	SqliteConnection *own = sqlite_connection(connection);
	int code;

	own->own_statement = true;
	code = sqlite3_exec(own->handle, sql, take_number, number, NULL);
	own->own_statement = false;
	return code == SQLITE_OK || sqlite_set_error(own, code, error);
}

static bool sqlite_room(DbConnection *connection, DbRoom *ret_room, GError **error)
{
	const SqliteConnection *own = sqlite_connection(connection);
	g_autofree char *log = own->path == NULL ? NULL : g_strconcat(own->path, "-wal", NULL);
	int64_t page = 0, pages = 0, unused = 0;
	struct stat status;

	if (!read_pragma(connection, "PRAGMA page_size", &page, error) ||
		!read_pragma(connection, "PRAGMA page_count", &pages, error) ||
		!read_pragma(connection, "PRAGMA freelist_count", &unused, error))
		return false;
	*ret_room = (DbRoom){.bytes = pages * page, .free = unused * page};
	if (log != NULL && stat(log, &status) == 0)
		ret_room->log = status.st_size;
	return true;
}

static bool sqlite_give_back(DbConnection *connection, int64_t bytes, GError **error)
{
	int64_t page = 0;

	if (!read_pragma(connection, "PRAGMA page_size", &page, error))
		return false;
	g_autofree char *sql = g_strdup_printf(
		"PRAGMA incremental_vacuum(%" G_GINT64_FORMAT ")", MAX(bytes / MAX(page, 1), 1));
	return sqlite_run(sqlite_connection(connection), sql, error);
}

static char *sqlite_folder(const char *scheme, const char *url)
{
	const char *path = url + strlen(scheme);

	if (strcmp(path, ":memory:") == 0)
		return NULL;
	return strcmp(scheme, "sqlite-dir:") == 0 ? g_strdup(path) : g_path_get_dirname(path);
}

const DbDriver db_driver_sqlite = {
	.name = "sqlite",
	.schemes = schemes,
	.connect = sqlite_connect,
	.close = sqlite_close,
	.cancel = sqlite_cancel,
	.prepare = sqlite_prepare,
	.refresh = sqlite_refresh,
	.finalize = sqlite_finalize,
	.bind = sqlite_bind,
	.clear_bindings = sqlite_clear_bindings,
	.step = sqlite_step,
	.reset = sqlite_reset,
	.is_read_only = sqlite_is_read_only,
	.execute_script = sqlite_execute_script,
	.column_count = sqlite_column_count,
	.column_name = sqlite_column_name,
	.column_declared_type = sqlite_column_declared_type,
	.column_type = sqlite_column_type,
	.column_int64 = sqlite_column_int64,
	.column_double = sqlite_column_double,
	.column_text = sqlite_column_text,
	.column_blob = sqlite_column_blob,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.use_datasets = sqlite_use_datasets,
	.list_datasets = sqlite_list_datasets,
	.in_place = sqlite_in_place,
	.change_count = sqlite_change_count,
	.check_integrity = sqlite_check_integrity,
	.room = sqlite_room,
	.give_back = sqlite_give_back,
	.log_cut = sqlite_log_cut,
	.folder = sqlite_folder,
	.identifier_quote = '"',
};
