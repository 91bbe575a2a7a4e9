#include "store/connection.h"

#include "store/internal.h"

#include <string.h>

static const Field connection_fields[] = {
	TEXT_FIELD(StoreConnection, name),
	TEXT_FIELD(StoreConnection, driver),
	TEXT_FIELD(StoreConnection, url),
	TEXT_FIELD(StoreConnection, properties),
};
static const RowType connection_row = ROW_TYPE(StoreConnection, connection_fields);

void store_connection_free(StoreConnection *connection)
{
	row_free(&connection_row, connection);
}

static bool is_same(const StoreConnection *a, const StoreConnection *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->driver, b->driver) == 0 &&
	       strcmp(a->url, b->url) == 0 && g_strcmp0(a->properties, b->properties) == 0;
}

static bool delete_others(Store *store, const GPtrArray *stored, const StoreConnection *connections,
	size_t count, GError **error)
{
	for (unsigned i = 0; i < stored->len; i++) {
		const StoreConnection *old = stored->pdata[i];
		size_t found = 0;

		while (found < count && strcmp(connections[found].name, old->name) != 0)
			found++;
		if (found == count && !statement_run(store, STATEMENT_CONNECTION_DELETE,
					      DB_VALUES(DB_TEXT(old->name)), NULL, error))
			return false;
	}
	return true;
}

static bool put_changed(
	Store *store, const GPtrArray *stored, const StoreConnection *connection, GError **error)
{
	DbValue values[ROW_FIELDS_MAX];

	for (unsigned i = 0; i < stored->len; i++) {
		if (is_same(stored->pdata[i], connection))
			return true;
	}
	row_values(&connection_row, connection, values);
	store->topics |= STORE_TOPIC_LIVE;
	return statement_run(store, STATEMENT_CONNECTION_PUT, values,
		G_N_ELEMENTS(connection_fields), NULL, error);
}

bool store_connections_replace(
	Store *store, const StoreConnection *connections, size_t count, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	g_autoptr(GPtrArray) stored = NULL;

	if (transaction == NULL || !store_connections_list(store, &stored, error) ||
		!delete_others(store, stored, connections, count, error))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!put_changed(store, stored, &connections[i], error))
			return false;
	}
	return store_transaction_commit(transaction, error);
}

bool store_connection_get(
	Store *store, const char *name, StoreConnection **ret_connection, GError **error)
{
	return row_get(store, STATEMENT_CONNECTION_GET, DB_VALUES(DB_TEXT(name)), &connection_row,
		(void **)ret_connection, error);
}

bool store_connections_list(Store *store, GPtrArray **ret_connections, GError **error)
{
	return rows_list(store, STATEMENT_CONNECTIONS_LIST, DB_NO_VALUES, &connection_row,
		(GDestroyNotify)store_connection_free, ret_connections, error);
}
