// Requests for runs from whoever asks: kill, pause, resume, restart, labels.
#include "store/run_internal.h"

static const Field requests_fields[] = {
	TEXT_FIELD(StoreRunRequests, resume_inputs),
};
static const RowType requests_row = ROW_TYPE(StoreRunRequests, requests_fields);

void store_run_requests_free(StoreRunRequests *requests)
{
	row_free(&requests_row, requests);
}

static bool ask(Store *store, StatementId statement, const DbValue *values, size_t count,
	bool *ret_asked, GError **error)
{
	int64_t changes = 0;

	if (!statement_write(store, statement, STORE_TOPIC_RUN_READY | STORE_TOPIC_RUN_REQUEST,
		    values, count, &changes, error))
		return false;
	if (ret_asked != NULL)
		*ret_asked = changes > 0;
	return true;
}

bool store_run_kill(Store *store, const char *id, bool *ret_asked, GError **error)
{
	return ask(store, STATEMENT_REQUEST_KILL, DB_VALUES(DB_TEXT(id)), ret_asked, error);
}

bool store_run_resume(
	Store *store, const char *id, const char *inputs, bool *ret_asked, GError **error)
{
	return ask(store, STATEMENT_REQUEST_RESUME, DB_VALUES(DB_TEXT(id), DB_TEXT(inputs)),
		ret_asked, error);
}

bool store_run_pause(Store *store, const char *id, bool *ret_asked, GError **error)
{
	return ask(store, STATEMENT_REQUEST_PAUSE, DB_VALUES(DB_TEXT(id)), ret_asked, error);
}

// What an ended run is put back into the line with.
static bool reopen_run(Store *store, const char *id, int64_t revision, GError **error)
{
	char change[64];
	int64_t changes = 0;

	if (!statement_run(store, STATEMENT_RUN_REOPEN,
		    DB_VALUES(DB_TEXT(id), DB_INTEGER(revision),
			    DB_TEXT(state_change_text(RUN_RESTARTED, timestamp_now(), change))),
		    &changes, error))
		return false;
	if (changes > 0)
		return true;
	g_set_error(error, STORE_ERROR, STORE_ERROR_STALE,
		"run '%s' cannot be restarted: it is not there, or has not ended", id);
	return false;
}

bool store_run_restart(Store *store, const char *id, int64_t revision, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	g_autofree char *behavior = NULL;
	StoreRun *run = NULL;
	int64_t limit = 0;
	int64_t current = 0;
	bool live;
	bool done;

	if (transaction == NULL || !reopen_run(store, id, revision, error) ||
		!store_run_get(store, id, &run, error))
		return false;
	done = flow_limits(store, run->namespace, run->flow, &live, &current, &limit, &behavior,
		       error) &&
	       line_add(store, id, run->namespace, run->flow, RUN_RESTARTED, run->priority, 0,
		       live ? limit : 0, error);
	store_run_free(run);
	store->topics |= STORE_TOPIC_RUN | STORE_TOPIC_RUN_READY;
	return done && store_transaction_commit(transaction, error);
}

bool store_run_set_labels(Store *store, const char *id, const char *labels, GError **error)
{
	int64_t changes = 0;

	if (!statement_write(store, STATEMENT_RUN_SET_LABELS, STORE_TOPIC_RUN,
		    DB_VALUES(DB_TEXT(id), DB_TEXT(labels)), &changes, error))
		return false;
	if (changes > 0)
		return true;
	g_set_error(error, STORE_ERROR, STORE_ERROR_MISSING, "there is no run '%s'", id);
	return false;
}

static StoreRunRequests *requests_read(const DbStatement *row)
{
	StoreRunRequests *requests = g_new0(StoreRunRequests, 1);

	g_strlcpy(requests->run_id, db_column_text(row, 0, NULL), sizeof(requests->run_id));
	requests->requests = (unsigned)db_column_int64(row, 1);
	requests->resume_inputs = db_column_dup_text(row, 2);
	return requests;
}

bool store_run_requests_list(
	Store *store, const char *node, GPtrArray **ret_requests, GError **error)
{
	g_autoptr(GPtrArray) list =
		g_ptr_array_new_with_free_func((GDestroyNotify)store_run_requests_free);
	g_auto(StoreQuery) query = {0};
	bool failed;

	*ret_requests = NULL;
	if (!query_begin(
		    &query, store, STATEMENT_REQUESTS_OF_NODE, DB_VALUES(DB_TEXT(node)), error))
		return false;
	while (query_step(&query, &failed, error))
		g_ptr_array_add(list, requests_read(query.row));
	if (failed)
		return false;
	*ret_requests = g_steal_pointer(&list);
	return true;
}

bool store_run_requests_get(
	Store *store, const char *id, StoreRunRequests **ret_requests, GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	*ret_requests = NULL;
	if (!query_begin(&query, store, STATEMENT_REQUESTS_OF_RUN, DB_VALUES(DB_TEXT(id)), error))
		return false;
	if (query_step(&query, &failed, error))
		*ret_requests = requests_read(query.row);
	return !failed;
}

bool store_run_requests_done(
	Store *store, const StoreLease *lease, unsigned requests, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);

	return transaction != NULL && store_lease_check(store, lease, error) &&
	       statement_run(store, STATEMENT_REQUESTS_DONE,
		       DB_VALUES(DB_TEXT(lease->run_id), DB_INTEGER(~(int64_t)requests),
			       DB_INTEGER((requests & RUN_REQUEST_RESUME) != 0)),
		       NULL, error) &&
	       store_transaction_commit(transaction, error);
}
