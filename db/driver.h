// What a driver of db/ implements. Only db/ includes this; everybody else uses db/db.h.
//
// A driver embeds DbConnection and DbStatement as the first member of its own structs. db.c does
// what is the same everywhere (statement cache, transaction object, cancel flag, helpers) and calls
// the table.
#pragma once

#include "db/db.h"

#include <stdatomic.h>

typedef struct DbDriver DbDriver;

struct DbTransaction {
	DbConnection *connection;
	bool open;
};

struct DbConnection {
	const DbDriver *driver;
	char *label;
	DbOptions options; // with the defaults filled in
	atomic_bool cancelled;
	DbTransaction transaction; // the one there may be
	int error_offset;
	GHashTable *idle; // DbStatementText -> DbStatement, prepared and not in use
	GQueue idle_order; // the same, used longest ago last
};

// A text that knows its hash: a statement comes out of the cache and goes back in without another look at all of it.
typedef struct {
	char *sql;
	guint hash;
} DbStatementText;

struct DbStatement {
	DbConnection *connection;
	DbStatementText text;
	unsigned parameters; // the highest n of $n
	int64_t changes;
	bool cacheable; // false for statements that steer transactions
	GList link; // in idle_order
};

struct DbDriver {
	const char *name;
	const char *const *schemes; // the URL's beginnings, with the colon; ended by NULL

	// url begins with scheme. The driver allocates its struct zeroed, and may leave every
	// member of the embedded DbConnection but label to db.c. options has its defaults filled
	// in.
	DbConnection *(*connect)(
		const char *scheme, const char *url, const DbOptions *options, GError **error);
	void (*close)(DbConnection *connection); // frees the struct, not label
	// From any thread; the cancelled flag is set already.
	void (*cancel)(DbConnection *connection);

	// Sets parameters and cacheable; db.c sets connection and text.
	DbStatement *(*prepare)(DbConnection *connection, const char *sql, GError **error);
	// Has what is prepared next see the schema as it is now. NULL: it always does.
	bool (*refresh)(DbConnection *connection, GError **error);
	void (*finalize)(DbStatement *statement); // frees the struct, not its text
	bool (*bind)(DbStatement *statement, unsigned number, const DbValue *value, bool copy,
		GError **error);
	void (*clear_bindings)(DbStatement *statement);
	DbStep (*step)(DbStatement *statement, GError **error); // sets changes when DONE
	void (*reset)(DbStatement *statement);
	bool (*is_read_only)(const DbStatement *statement);
	bool (*execute_script)(DbConnection *connection, const char *sql, GError **error);

	unsigned (*column_count)(const DbStatement *statement);
	const char *(*column_name)(const DbStatement *statement, unsigned column);
	const char *(*column_declared_type)(const DbStatement *statement, unsigned column);
	DbType (*column_type)(const DbStatement *statement, unsigned column);
	int64_t (*column_int64)(const DbStatement *statement, unsigned column);
	double (*column_double)(const DbStatement *statement, unsigned column);
	const char *(*column_text)(const DbStatement *statement, unsigned column, size_t *length);
	const void *(*column_blob)(const DbStatement *statement, unsigned column, size_t *length);

	bool (*begin)(DbConnection *connection, DbBegin mode, GError **error);
	bool (*commit)(DbConnection *connection, GError **error);
	void (*rollback)(DbConnection *connection); // also while cancelled

	bool (*use_datasets)(
		DbConnection *connection, const char *const *names, bool create, GError **error);
	char **(*list_datasets)(DbConnection *connection, GError **error);
	// Whether its file is still where it was opened. NULL: it has none.
	bool (*in_place)(DbConnection *connection, GError **error);
	bool (*change_count)(DbConnection *connection, int64_t *ret_count, GError **error);
	bool (*check_integrity)(DbConnection *connection, GError **error);
	// NULL: the engine keeps house by itself.
	bool (*room)(DbConnection *connection, DbRoom *ret_room, GError **error);
	bool (*give_back)(DbConnection *connection, int64_t bytes, GError **error);
	// See db_log_cut() and db_folder(); NULL: nothing to do, no folder.
	void (*log_cut)(const char *scheme, const char *url, const char *dataset);
	char *(*folder)(const char *scheme, const char *url);
	char identifier_quote; // doubled inside
};

extern const DbDriver db_driver_sqlite;

// statement.c: the cache of idle statements.
GHashTable *db_statement_cache_new(void);
void db_statement_destroy(DbStatement *statement);

// Sets the DB_ERROR_CANCELLED of the connection. Returns false always.
bool db_set_cancelled(const DbConnection *connection, GError **error);
