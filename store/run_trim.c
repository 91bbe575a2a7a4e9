// Forgetting old runs.
#include "store/id.h"
#include "store/run_internal.h"

// Everything that belongs to a run; the run itself comes last.
static const StatementId parts[] = {
	STATEMENT_TASK_RUNS_DELETE,
	STATEMENT_LOG_DELETE,
	STATEMENT_CHECKS_DELETE,
	STATEMENT_REJECTED_DELETE,
	STATEMENT_RUN_DELETE,
};

static bool find_runs(Store *store, int64_t before, unsigned limit, GPtrArray *ids, GError **error)
{
	g_auto(StoreQuery) query = {0};
	char least[ID_SIZE];
	bool failed;

	// What was created later cannot have ended before.
	if (!query_begin(&query, store, STATEMENT_RUNS_TO_TRIM,
		    DB_VALUES(DB_TEXT(id_least(before + 1000, least)), DB_INTEGER(before),
			    DB_INTEGER(limit)),
		    error))
		return false;
	while (query_step(&query, &failed, error))
		g_ptr_array_add(ids, db_column_dup_text(query.row, 0));
	return !failed;
}

static bool forget(Store *store, const char *id, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
		if (!statement_run(store, parts[i], DB_VALUES(DB_TEXT(id)), NULL, error))
			return false;
	}
	return true;
}

bool store_runs_trim(
	Store *store, int64_t before, unsigned limit, int64_t *ret_runs, GError **error)
{
	g_autoptr(StoreTransaction) transaction = NULL;
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);

	if (!find_runs(store, before, limit, ids, error))
		return false;
	if (ret_runs != NULL)
		*ret_runs = ids->len;
	if (ids->len == 0)
		return true;
	transaction = store_transaction_begin(store, error);
	if (transaction == NULL)
		return false;
	for (unsigned i = 0; i < ids->len; i++) {
		if (!forget(store, ids->pdata[i], error))
			return false;
	}
	return store_transaction_commit(transaction, error);
}
