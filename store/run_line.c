// The line of active runs: claims, leases, limits. Everything here is decided inside one write transaction, so limits
// are exact: nobody counts while someone else claims. Runs that have to wait stand apart by their phase, so a claim
// looks at the head of the line only, however long it is.
#include "store/run_internal.h"

#include <string.h>

bool line_add(Store *store, const char *run_id, const char *namespace, const char *flow,
	RunState state, int64_t priority, int64_t due_at, int64_t limit, GError **error)
{
	const bool waits = due_at > timestamp_now();

	return statement_run(store, STATEMENT_LINE_ADD,
		DB_VALUES(DB_TEXT(run_id), DB_TEXT(namespace), DB_TEXT(flow),
			DB_TEXT(run_state_name(state)), DB_INTEGER(priority),
			DB_INTEGER(waits ? PHASE_WAITING : PHASE_READY),
			DB_INTEGER(waits ? due_at : -priority), DB_INTEGER(limit)),
		NULL, error);
}

// How many more runs of the flow may be let in; limit is read from its runs in the line.
static bool count_free(Store *store, const char *namespace, const char *flow, int64_t limit,
	int64_t *ret_free, GError **error)
{
	int64_t taken = 0;

	if (!statement_int64(store, STATEMENT_LINE_COUNT_SLOTS,
		    DB_VALUES(DB_TEXT(namespace), DB_TEXT(flow)), 0, &taken, error))
		return false;
	*ret_free = limit <= 0 ? INT64_MAX : MAX(limit - taken, 0);
	return true;
}

bool line_let_in(Store *store, const char *namespace, const char *flow, GError **error)
{
	int64_t limit = -1;
	int64_t free_places = 0;
	int64_t changes = 0;

	// The limit of those that are queued; none queued: nobody to let in.
	if (!statement_int64(store, STATEMENT_LINE_QUEUED_LIMIT,
		    DB_VALUES(DB_TEXT(namespace), DB_TEXT(flow)), -1, &limit, error))
		return false;
	if (limit < 0)
		return true;
	if (!count_free(store, namespace, flow, limit, &free_places, error) ||
		!statement_run(store, STATEMENT_LINE_LET_IN,
			DB_VALUES(DB_TEXT(namespace), DB_TEXT(flow), DB_INTEGER(free_places)),
			&changes, error))
		return false;
	if (changes > 0)
		store->topics |= STORE_TOPIC_RUN_READY;
	return true;
}

bool line_set_limit(
	Store *store, const char *namespace, const char *flow, int64_t limit, GError **error)
{
	return statement_run(store, STATEMENT_LINE_SET_LIMIT,
		       DB_VALUES(DB_TEXT(namespace), DB_TEXT(flow), DB_INTEGER(limit)), NULL,
		       error) &&
	       line_let_in(store, namespace, flow, error);
}

// --- Claims ---------------------------------------------------------------------------------------------------------

// The run at the head of the line.
typedef struct {
	bool there;
	char run_id[27];
	char *namespace;
	char *flow;
	RunState state;
	int64_t limit;
	int64_t requests;
	bool slot;
} Head;

static void head_clear(Head *head)
{
	g_clear_pointer(&head->namespace, g_free);
	g_clear_pointer(&head->flow, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Head, head_clear)

static bool head_get(
	Store *store, StatementId statement, const char *run_id, Head *ret_head, GError **error)
{
	g_auto(StoreQuery) query = {0};
	const DbValue value = DB_TEXT(run_id);
	bool failed;

	if (!query_begin(&query, store, statement, &value, run_id != NULL ? 1 : 0, error))
		return false;
	if (query_step(&query, &failed, error)) {
		ret_head->there = true;
		g_strlcpy(ret_head->run_id, db_column_text(query.row, 0, NULL),
			sizeof(ret_head->run_id));
		ret_head->namespace = db_column_dup_text(query.row, 1);
		ret_head->flow = db_column_dup_text(query.row, 2);
		run_state_parse(db_column_text(query.row, 3, NULL), &ret_head->state);
		ret_head->limit = db_column_int64(query.row, 4);
		ret_head->requests = db_column_int64(query.row, 5);
		ret_head->slot = db_column_int64(query.row, 6) != 0;
	}
	return !failed;
}

static bool is_blocked(Store *store, const Head *head, bool *ret_blocked, GError **error)
{
	int64_t free_places = 1;

	if (head->limit > 0 && !head->slot && (head->requests & RUN_REQUEST_KILL) == 0 &&
		!count_free(store, head->namespace, head->flow, head->limit, &free_places, error))
		return false;
	*ret_blocked = free_places <= 0;
	return true;
}

static bool set_run_state(
	Store *store, const char *run_id, RunState state, int64_t started_at, GError **error)
{
	char change[64];

	return statement_run(store, STATEMENT_RUN_SET_STATE,
		DB_VALUES(DB_TEXT(run_id), DB_TEXT(run_state_name(state)),
			DB_TEXT(state_change_text(state, timestamp_now(), change)),
			DB_INTEGER(started_at)),
		NULL, error);
}

static bool queue_head(Store *store, const Head *head, GError **error)
{
	// A run that was under way keeps its state for whoever drives it next.
	const RunState state = head->state == RUN_CREATED ? RUN_QUEUED : head->state;

	store->topics |= STORE_TOPIC_RUN;
	return statement_run(store, STATEMENT_LINE_QUEUE,
		       DB_VALUES(DB_TEXT(head->run_id), DB_TEXT(run_state_name(state))), NULL,
		       error) &&
	       set_run_state(store, head->run_id, state, 0, error);
}

static bool lease_head(
	Store *store, const Head *head, const char *node, StoreLease *ret_lease, GError **error)
{
	const bool begins = head->state == RUN_CREATED || head->state == RUN_QUEUED;
	const RunState state = begins ? RUN_RUNNING : head->state;

	g_strlcpy(ret_lease->run_id, head->run_id, sizeof(ret_lease->run_id));
	store->topics |= STORE_TOPIC_RUN;
	return counter_next(store, "token", &ret_lease->token, error) &&
	       statement_run(store, STATEMENT_LINE_LEASE,
		       DB_VALUES(DB_TEXT(head->run_id), DB_TEXT(run_state_name(state)),
			       DB_TEXT(node), DB_INTEGER(ret_lease->token)),
		       NULL, error) &&
	       set_run_state(store, head->run_id, state, timestamp_now(), error);
}

static bool check_node(Store *store, const char *node, GError **error)
{
	int64_t there = 0;

	if (!statement_int64(store, STATEMENT_NODE_LIVES,
		    DB_VALUES(DB_TEXT(node), DB_INTEGER(timestamp_now())), 0, &there, error))
		return false;
	if (there != 0)
		return true;
	g_set_error(error, STORE_ERROR, STORE_ERROR_FENCED,
		"node '%s' is not registered, or has not beaten in time", node);
	return false;
}

static bool claim_head(Store *store, const char *node, StatementId statement, const char *run_id,
	StoreLease *ret_lease, bool *ret_there, bool *ret_claimed, GError **error)
{
	g_auto(Head) head = {0};
	bool blocked = false;

	*ret_there = false;
	*ret_claimed = false;
	if (!head_get(store, statement, run_id, &head, error))
		return false;
	if (!head.there)
		return true;
	*ret_there = true;
	if (!is_blocked(store, &head, &blocked, error))
		return false;
	if (blocked)
		return queue_head(store, &head, error);
	*ret_claimed = true;
	return lease_head(store, &head, node, ret_lease, error);
}

static bool wake_waiting(Store *store, GError **error)
{
	return statement_run(
		store, STATEMENT_LINE_WAKE, DB_VALUES(DB_INTEGER(timestamp_now())), NULL, error);
}

bool store_run_claim(Store *store, const char *node, size_t max, StoreLease *ret_leases,
	size_t *ret_count, GError **error)
{
	g_autoptr(StoreTransaction) transaction = NULL;
	int64_t anyone = 0;
	bool there = true;

	*ret_count = 0;
	// Most looks find nobody: they cost no commit.
	if (!statement_int64(store, STATEMENT_LINE_ANYONE, DB_VALUES(DB_INTEGER(timestamp_now())),
		    0, &anyone, error))
		return false;
	if (anyone == 0 || max == 0)
		return true;
	transaction = store_transaction_begin(store, error);
	if (transaction == NULL || !check_node(store, node, error) || !wake_waiting(store, error))
		return false;
	while (there && *ret_count < max) {
		bool claimed;

		if (!claim_head(store, node, STATEMENT_LINE_HEAD, NULL, &ret_leases[*ret_count],
			    &there, &claimed, error))
			return false;
		*ret_count += claimed;
	}
	return store_transaction_commit(transaction, error);
}

bool store_run_claim_one(Store *store, const char *node, const char *run_id, StoreLease *ret_lease,
	bool *ret_claimed, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	bool there;

	*ret_claimed = false;
	return transaction != NULL && check_node(store, node, error) &&
	       wake_waiting(store, error) &&
	       claim_head(store, node, STATEMENT_LINE_HEAD_ONE, run_id, ret_lease, &there,
		       ret_claimed, error) &&
	       store_transaction_commit(transaction, error);
}

bool store_lease_check(Store *store, const StoreLease *lease, GError **error)
{
	int64_t good = 0;

	pthread_mutex_lock(&store->mutex);
	if (store->depth > 0 && store->checked.token == lease->token &&
		strcmp(store->checked.run_id, lease->run_id) == 0) {
		pthread_mutex_unlock(&store->mutex);
		return true;
	}
	if (!statement_int64(store, STATEMENT_LEASE_CHECK,
		    DB_VALUES(DB_TEXT(lease->run_id), DB_INTEGER(lease->token)), 0, &good, error)) {
		pthread_mutex_unlock(&store->mutex);
		return false;
	}
	if (good != 0)
		store->checked = *lease;
	else
		g_set_error(error, STORE_ERROR, STORE_ERROR_FENCED,
			"run '%s' is no longer driven under lease %" G_GINT64_FORMAT, lease->run_id,
			lease->token);
	pthread_mutex_unlock(&store->mutex);
	return good != 0;
}
