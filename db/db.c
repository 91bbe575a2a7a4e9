// What is the same for every driver: choosing one by URL, cancel, transactions.
#include "db/db.h"

#include "db/driver.h"

#include <string.h>

static const DbDriver *const drivers[] = {
	&db_driver_sqlite,
};

enum {
	DEFAULT_BUSY_TIMEOUT = 5000,
	DEFAULT_STATEMENT_CACHE = 64,
};

char *db_url_redact(const char *url)
{
	const char *slashes = strstr(url, "://");
	const char *authority = slashes == NULL ? NULL : slashes + 3;
	const char *at = authority == NULL ? NULL : strchr(authority, '@');
	const char *end = authority == NULL ? NULL : authority + strcspn(authority, "/?#");
	const char *colon;

	// A password may itself hold an '@'; the last one before the path ends it.
	for (const char *next = at; next != NULL && next < end; next = strchr(next + 1, '@'))
		at = next;
	if (at == NULL || at >= end)
		return g_strdup(url);
	colon = memchr(authority, ':', (size_t)(at - authority));
	if (colon == NULL)
		return g_strdup(url);
	return g_strdup_printf("%.*s:***%s", (int)(colon - url), url, at);
}

static const DbDriver *driver_find(const char *url, const char **ret_scheme)
{
	for (size_t i = 0; i < G_N_ELEMENTS(drivers); i++) {
		for (const char *const *scheme = drivers[i]->schemes; *scheme != NULL; scheme++) {
			if (g_str_has_prefix(url, *scheme)) {
				*ret_scheme = *scheme;
				return drivers[i];
			}
		}
	}
	return NULL;
}

static void set_unknown_url(const char *url, GError **error)
{
	g_autofree char *safe = db_url_redact(url);
	g_autoptr(GString) known = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(drivers); i++) {
		for (const char *const *scheme = drivers[i]->schemes; *scheme != NULL; scheme++)
			g_string_append_printf(
				known, "%s'%s'", known->len > 0 ? ", " : "", *scheme);
	}
	g_set_error(error, DB_ERROR, DB_ERROR_URL,
		"no driver for connection '%s': a URL begins with one of %s", safe, known->str);
}

DbConnection *db_open(const char *url, const DbOptions *options, GError **error)
{
	const char *scheme = NULL;
	const DbDriver *driver = driver_find(url, &scheme);
	DbOptions complete = options != NULL ? *options : (DbOptions){0};
	DbConnection *connection;

	if (driver == NULL) {
		set_unknown_url(url, error);
		return NULL;
	}
	if (complete.busy_timeout == 0)
		complete.busy_timeout = DEFAULT_BUSY_TIMEOUT;
	if (complete.statement_cache == 0)
		complete.statement_cache = DEFAULT_STATEMENT_CACHE;
	connection = driver->connect(scheme, url, &complete, error);
	if (connection == NULL)
		return NULL;
	connection->driver = driver;
	connection->options = complete;
	connection->transaction.connection = connection;
	connection->error_offset = -1;
	connection->idle = db_statement_cache_new();
	g_queue_init(&connection->idle_order);
	// The driver copies the options.
	// cppcheck-suppress returnDanglingLifetime
	return connection;
}

void db_log_cut(const char *url, const char *dataset)
{
	const char *scheme = NULL;
	const DbDriver *driver = driver_find(url, &scheme);

	if (driver != NULL && driver->log_cut != NULL)
		driver->log_cut(scheme, url, dataset);
}

char *db_folder(const char *url)
{
	const char *scheme = NULL;
	const DbDriver *driver = driver_find(url, &scheme);

	return driver == NULL || driver->folder == NULL ? NULL : driver->folder(scheme, url);
}

void db_close(DbConnection *connection)
{
	char *label;
	GList *link;

	if (connection == NULL)
		return;
	if (connection->transaction.open)
		connection->driver->rollback(connection);
	g_hash_table_destroy(connection->idle);
	while ((link = g_queue_pop_head_link(&connection->idle_order)) != NULL)
		db_statement_destroy(link->data);
	label = connection->label;
	connection->driver->close(connection);
	g_free(label);
}

const char *db_driver_name(const DbConnection *connection)
{
	return connection->driver->name;
}

const char *db_label(const DbConnection *connection)
{
	return connection->label;
}

bool db_is_read_only(const DbConnection *connection)
{
	return connection->options.read_only;
}

int db_error_offset(const DbConnection *connection)
{
	return connection->error_offset;
}

void db_cancel(DbConnection *connection)
{
	atomic_store(&connection->cancelled, true);
	connection->driver->cancel(connection);
}

void db_cancel_reset(DbConnection *connection)
{
	atomic_store(&connection->cancelled, false);
}

bool db_is_cancelled(const DbConnection *connection)
{
	return atomic_load(&connection->cancelled);
}

DbTransaction *db_transaction_begin(DbConnection *connection, DbBegin mode, GError **error)
{
	if (connection->transaction.open) {
		g_set_error(error, DB_ERROR, DB_ERROR_MISUSE,
			"a transaction is open already on '%s'", connection->label);
		return NULL;
	}
	if (!connection->driver->begin(connection, mode, error))
		return NULL;
	connection->transaction.open = true;
	return &connection->transaction;
}

bool db_transaction_commit(DbTransaction *transaction, GError **error)
{
	DbConnection *connection = transaction->connection;

	if (!transaction->open) {
		g_set_error(error, DB_ERROR, DB_ERROR_MISUSE, "the transaction on '%s' is over",
			connection->label);
		return false;
	}
	if (!connection->driver->commit(connection, error)) {
		connection->driver->rollback(connection);
		transaction->open = false;
		return false;
	}
	transaction->open = false;
	return true;
}

void db_transaction_free(DbTransaction *transaction)
{
	if (transaction == NULL || !transaction->open)
		return;
	transaction->connection->driver->rollback(transaction->connection);
	transaction->open = false;
}

bool db_in_transaction(const DbConnection *connection)
{
	return connection->transaction.open;
}

bool db_change_count(DbConnection *connection, int64_t *ret_count, GError **error)
{
	return connection->driver->change_count(connection, ret_count, error);
}

bool db_in_place(DbConnection *connection, GError **error)
{
	return connection->driver->in_place == NULL ||
	       connection->driver->in_place(connection, error);
}

bool db_check_integrity(DbConnection *connection, GError **error)
{
	return connection->driver->check_integrity(connection, error);
}

bool db_room(DbConnection *connection, DbRoom *ret_room, GError **error)
{
	*ret_room = (DbRoom){0};
	return connection->driver->room == NULL ||
	       connection->driver->room(connection, ret_room, error);
}

bool db_give_back(DbConnection *connection, int64_t bytes, GError **error)
{
	return connection->driver->give_back == NULL ||
	       connection->driver->give_back(connection, bytes, error);
}

void db_append_identifier(const DbConnection *connection, GString *sql, const char *name)
{
	const char quote = connection->driver->identifier_quote;

	g_string_append_c(sql, quote);
	for (const char *at = name; *at != '\0'; at++) {
		if (*at == quote)
			g_string_append_c(sql, quote);
		g_string_append_c(sql, *at);
	}
	g_string_append_c(sql, quote);
}
