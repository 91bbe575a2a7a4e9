// Requests for runs from whoever asks: kill, pause, resume, restart, labels.
#include "store/json_dump.h"
#include "store/run_internal.h"

static const Field requests_fields[] = {
	TEXT_FIELD(StoreRunRequests, resume_inputs),
	TEXT_FIELD(StoreRunRequests, label_changes),
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

// ---- Labels

static json_t *object_of(const char *text)
{
	json_t *object = text == NULL ? NULL : json_loads(text, 0, NULL);

	if (json_is_object(object))
		return object;
	json_decref(object);
	return json_object();
}

json_t *store_labels_changed(const json_t *labels, const json_t *changes)
{
	json_t *changed =
		json_is_object(labels) ? json_copy((json_t *)(uintptr_t)labels) : json_object();
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)changes, key, value)
	{
		if (json_is_null(value))
			json_object_del(changed, key);
		else
			json_object_set(changed, key, value);
	}
	return changed;
}

char *labels_change_text(const char *labels, const char *changes)
{
	json_t *old = object_of(labels);
	json_t *more = object_of(changes);
	json_t *changed = store_labels_changed(old, more);
	char *text = json_dump_text(changed, JSON_COMPACT);

	json_decref(changed);
	json_decref(more);
	json_decref(old);
	return text;
}

// Changes upon changes: one that removes a label stays one.
static char *changes_join(const char *earlier, const char *later)
{
	json_t *changes = object_of(earlier);
	json_t *more = object_of(later);
	char *text;

	json_object_update(changes, more);
	text = json_dump_text(changes, JSON_COMPACT);
	json_decref(more);
	json_decref(changes);
	return text;
}

// What the row has, and what its driver has not been told of yet. *ret_there false: there is no such run.
static bool labels_get(Store *store, const char *id, char **ret_labels, char **ret_pending,
	bool *ret_there, GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	if (!query_begin(&query, store, STATEMENT_RUN_LABELS, DB_VALUES(DB_TEXT(id)), error))
		return false;
	*ret_there = query_step(&query, &failed, error);
	if (*ret_there) {
		*ret_labels = db_column_dup_text(query.row, 0);
		*ret_pending = db_column_dup_text(query.row, 1);
	}
	return !failed;
}

bool store_run_change_labels(Store *store, const char *id, const char *changes, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	g_autofree char *labels = NULL;
	g_autofree char *pending = NULL;
	bool there;

	if (transaction == NULL || !labels_get(store, id, &labels, &pending, &there, error))
		return false;
	if (!there) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_MISSING, "there is no run '%s'", id);
		return false;
	}
	g_autofree char *changed = labels_change_text(labels, changes);
	g_autofree char *joined = changes_join(pending, changes);
	store->topics |= STORE_TOPIC_RUN | STORE_TOPIC_RUN_REQUEST;
	return statement_run(store, STATEMENT_RUN_SET_LABELS,
		       DB_VALUES(DB_TEXT(id), DB_TEXT(changed)), NULL, error) &&
	       statement_run(store, STATEMENT_REQUEST_LABELS,
		       DB_VALUES(DB_TEXT(id), DB_TEXT(joined)), NULL, error) &&
	       store_transaction_commit(transaction, error);
}

bool store_run_put_labels(Store *store, const StoreLease *lease, const char *labels, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);

	if (transaction == NULL || !store_lease_check(store, lease, error) ||
		!statement_run(store, STATEMENT_RUN_SET_LABELS,
			DB_VALUES(DB_TEXT(lease->run_id), DB_TEXT(labels)), NULL, error))
		return false;
	store->topics |= STORE_TOPIC_RUN;
	return store_transaction_commit(transaction, error);
}

// ---- What drivers see of requests

static StoreRunRequests *requests_read(const DbStatement *row)
{
	StoreRunRequests *requests = g_new0(StoreRunRequests, 1);

	g_strlcpy(requests->run_id, db_column_text(row, 0, NULL), sizeof(requests->run_id));
	requests->requests = (unsigned)db_column_int64(row, 1);
	requests->resume_inputs = db_column_dup_text(row, 2);
	requests->label_changes = db_column_dup_text(row, 3);
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
			       DB_INTEGER((requests & RUN_REQUEST_RESUME) != 0),
			       DB_INTEGER((requests & RUN_REQUEST_LABELS) != 0)),
		       NULL, error) &&
	       store_transaction_commit(transaction, error);
}
