#include "store/node.h"

#include "store/internal.h"

static const Field node_fields[] = {
	TEXT_FIELD(StoreNode, id),
	TEXT_FIELD(StoreNode, name),
	TEXT_FIELD(StoreNode, version),
	TEXT_FIELD(StoreNode, roles),
	INT64_FIELD(StoreNode, slots),
	INT64_FIELD(StoreNode, busy),
	INT64_FIELD(StoreNode, started_at),
	INT64_FIELD(StoreNode, beat_at),
	INT64_FIELD(StoreNode, expires_at),
};
static const RowType node_row = ROW_TYPE(StoreNode, node_fields);

void store_node_free(StoreNode *node)
{
	row_free(&node_row, node);
}

bool store_node_put(Store *store, const StoreNode *node, GError **error)
{
	DbValue values[ROW_FIELDS_MAX];

	row_values(&node_row, node, values);
	values[G_N_ELEMENTS(node_fields) - 2] = DB_INTEGER(timestamp_now());
	return statement_write(
		store, STATEMENT_NODE_PUT, 0, values, G_N_ELEMENTS(node_fields), NULL, error);
}

bool store_node_beat(Store *store, const char *id, int64_t busy, int64_t expires_at,
	bool *ret_alive, GError **error)
{
	int64_t changes = 0;

	if (!statement_write(store, STATEMENT_NODE_BEAT, 0,
		    DB_VALUES(DB_TEXT(id), DB_INTEGER(busy), DB_INTEGER(timestamp_now()),
			    DB_INTEGER(expires_at)),
		    &changes, error))
		return false;
	if (ret_alive != NULL)
		*ret_alive = changes > 0;
	return true;
}

// The leases of every node but those that live.
static bool take_leases(Store *store, int64_t now, int64_t *ret_runs, GError **error)
{
	int64_t runs = 0;

	if (!statement_run(
		    store, STATEMENT_LEASES_EXPIRE, DB_VALUES(DB_INTEGER(now)), &runs, error))
		return false;
	if (runs > 0)
		store->topics |= STORE_TOPIC_RUN_READY;
	if (ret_runs != NULL)
		*ret_runs = runs;
	return true;
}

bool store_node_delete(Store *store, const char *id, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	int64_t runs = 0;

	if (transaction == NULL ||
		!statement_run(store, STATEMENT_LEASES_OF_NODE_END, DB_VALUES(DB_TEXT(id)), &runs,
			error) ||
		!statement_run(store, STATEMENT_NODE_DELETE, DB_VALUES(DB_TEXT(id)), NULL, error))
		return false;
	store->checked.token = 0;
	if (runs > 0)
		store->topics |= STORE_TOPIC_RUN_READY;
	return store_transaction_commit(transaction, error);
}

bool store_nodes_expire(Store *store, int64_t now, int64_t *ret_runs, GError **error)
{
	g_autoptr(StoreTransaction) transaction = NULL;
	int64_t due = 0;

	if (ret_runs != NULL)
		*ret_runs = 0;
	if (!statement_int64(
		    store, STATEMENT_NODES_EXPIRED, DB_VALUES(DB_INTEGER(now)), 0, &due, error))
		return false;
	if (due == 0)
		return true;
	transaction = store_transaction_begin(store, error);
	if (transaction == NULL || !take_leases(store, now, ret_runs, error) ||
		!statement_run(store, STATEMENT_NODES_DELETE_EXPIRED, DB_VALUES(DB_INTEGER(now)),
			NULL, error))
		return false;
	store->checked.token = 0;
	return store_transaction_commit(transaction, error);
}

bool store_nodes_list(Store *store, GPtrArray **ret_nodes, GError **error)
{
	return rows_list(store, STATEMENT_NODES_LIST, DB_NO_VALUES, &node_row,
		(GDestroyNotify)store_node_free, ret_nodes, error);
}
