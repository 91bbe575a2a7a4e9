// Running the statements of the table: each prepared once, kept until the store closes.
#include "store/internal.h"

static bool prepare(Store *store, StatementId id, GError **error)
{
	if (store->statements[id] == NULL)
		store->statements[id] = db_prepare(store->db, statement_sql(id), error);
	return store->statements[id] != NULL;
}

bool store_prepare_apply(Store *store, GError **error)
{
	static const StatementId USED[] = {STATEMENT_COUNTER_ADD, STATEMENT_COUNTER_GET,
		STATEMENT_SETTING_PUT, STATEMENT_SOURCE_PUT, STATEMENT_DOMAIN_PUT,
		STATEMENT_DOMAIN_GET, STATEMENT_DOMAINS_LIST, STATEMENT_DOMAINS_FAILING,
		STATEMENT_LIVE_EMPTY, STATEMENT_FLOW_ADD, STATEMENT_REVISION_ADD,
		STATEMENT_READ_PUT, STATEMENT_TABLE_ADD, STATEMENT_CONNECTIONS_LIST,
		STATEMENT_PLAN_PUT, STATEMENT_EVENT_ADD, STATEMENT_CACHE_PUT,
		STATEMENT_CACHE_VISIT};
	bool done = true;

	pthread_mutex_lock(&store->mutex);
	for (size_t i = 0; done && i < G_N_ELEMENTS(USED); i++)
		done = prepare(store, USED[i], error);
	pthread_mutex_unlock(&store->mutex);
	return done;
}

static DbStatement *statement_take(Store *store, StatementId id, bool *ret_borrowed, GError **error)
{
	*ret_borrowed = false;
	if (!statement_rows_write(store, error))
		return NULL;
	*ret_borrowed = store->in_use[id];
	if (*ret_borrowed)
		return db_prepare(store->db, statement_sql(id), error);
	if (!prepare(store, id, error))
		return NULL;
	store->in_use[id] = true;
	return store->statements[id];
}

bool query_begin(StoreQuery *query, Store *store, StatementId id, const DbValue *values,
	size_t count, GError **error)
{
	*query = (StoreQuery){.store = store, .id = id};
	pthread_mutex_lock(&store->mutex);
	query->row = statement_take(store, id, &query->borrowed, error);
	if (query->row != NULL && db_bind_all(query->row, values, count, error))
		return true;
	query_end(query);
	return false;
}

bool query_step(StoreQuery *query, bool *ret_failed, GError **error)
{
	DbStep step = db_step(query->row, error);

	*ret_failed = step == DB_STEP_FAILED;
	return step == DB_STEP_ROW;
}

void query_end(StoreQuery *query)
{
	Store *store = query->store;

	if (store == NULL)
		return;
	if (query->row != NULL && query->borrowed) {
		db_statement_free(query->row);
	} else if (query->row != NULL) {
		db_reset(query->row);
		store->in_use[query->id] = false;
	}
	query->row = NULL;
	query->store = NULL;
	pthread_mutex_unlock(&store->mutex);
}

bool statement_run(Store *store, StatementId id, const DbValue *values, size_t count,
	int64_t *changes, GError **error)
{
	bool borrowed;
	DbStatement *statement = statement_take(store, id, &borrowed, error);
	bool done;

	if (statement == NULL)
		return false;
	done = db_statement_execute(statement, values, count, changes, error);
	if (borrowed)
		db_statement_free(statement);
	else
		store->in_use[id] = false;
	return done;
}

bool statement_write(Store *store, StatementId id, unsigned topics, const DbValue *values,
	size_t count, int64_t *changes, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);

	if (transaction == NULL || !statement_run(store, id, values, count, changes, error))
		return false;
	store->topics |= topics;
	return store_transaction_commit(transaction, error);
}

bool statement_int64(Store *store, StatementId id, const DbValue *values, size_t count,
	int64_t fallback, int64_t *ret_value, GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	if (!query_begin(&query, store, id, values, count, error))
		return false;
	*ret_value = fallback;
	if (query_step(&query, &failed, error) && !db_column_is_null(query.row, 0))
		*ret_value = db_column_int64(query.row, 0);
	return !failed;
}

bool counter_next(Store *store, const char *name, int64_t *ret_value, GError **error)
{
	// Two statements are a third of the work of one with RETURNING; the first of them locks the row for the second.
	return statement_run(store, STATEMENT_COUNTER_ADD, DB_VALUES(DB_TEXT(name), DB_INTEGER(1)),
		       NULL, error) &&
	       statement_int64(
		       store, STATEMENT_COUNTER_GET, DB_VALUES(DB_TEXT(name)), 0, ret_value, error);
}
