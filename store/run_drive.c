// What the driver of a run writes about it, under its lease.
#include "store/run_internal.h"

// Where a run stands, as far as giving it up needs.
typedef struct {
	char *namespace;
	char *flow;
	int64_t priority;
	int64_t requests;
	char *label_changes; // that the driver may not know of; NULL
} Place;

static void place_clear(Place *place)
{
	g_free(place->namespace);
	g_free(place->flow);
	g_free(place->label_changes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

static bool place_get(Store *store, const char *run_id, Place *ret_place, GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	if (!query_begin(&query, store, STATEMENT_LINE_GET, DB_VALUES(DB_TEXT(run_id)), error))
		return false;
	if (query_step(&query, &failed, error)) {
		ret_place->namespace = db_column_dup_text(query.row, 0);
		ret_place->flow = db_column_dup_text(query.row, 1);
		ret_place->priority = db_column_int64(query.row, 2);
		ret_place->requests = db_column_int64(query.row, 3);
		ret_place->label_changes = db_column_dup_text(query.row, 4);
	}
	return !failed;
}

static bool write_change(Store *store, const char *run_id, const StoreRunChange *change,
	int64_t due_at, int64_t ended_at, GError **error)
{
	char text[64];

	return statement_run(store, STATEMENT_RUN_PUT,
		DB_VALUES(DB_TEXT(run_id), DB_TEXT(run_state_name(change->state)),
			DB_TEXT(state_change_text(change->state, timestamp_now(), text)),
			DB_TEXT(change->outputs), DB_TEXT(change->labels), DB_TEXT(change->message),
			DB_TEXT(change->data), DB_INTEGER(due_at), DB_INTEGER(ended_at)),
		NULL, error);
}

// Before the run is given up, as far as the driver knows: labels that were changed meanwhile are what they were changed to.
static bool write_last_change(Store *store, const char *run_id, const StoreRunChange *change,
	const Place *place, int64_t due_at, int64_t ended_at, GError **error)
{
	StoreRunChange with = *change;
	g_autofree char *labels =
		change->labels == NULL || place->label_changes == NULL
			? NULL
			: labels_change_text(change->labels, place->label_changes);

	if (labels != NULL)
		with.labels = labels;
	return write_change(store, run_id, &with, due_at, ended_at, error);
}

static bool check_not_ended(const StoreRunChange *change, GError **error)
{
	if (!run_state_is_ended(change->state))
		return true;
	g_set_error(error, STORE_ERROR, STORE_ERROR_MISUSE, "a run goes to %s by its end only",
		run_state_name(change->state));
	return false;
}

bool store_run_put(
	Store *store, const StoreLease *lease, const StoreRunChange *change, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);

	if (transaction == NULL || !check_not_ended(change, error) ||
		!store_lease_check(store, lease, error) ||
		!write_change(store, lease->run_id, change, 0, 0, error) ||
		!statement_run(store, STATEMENT_LINE_SET_STATE,
			DB_VALUES(DB_TEXT(lease->run_id), DB_TEXT(run_state_name(change->state))),
			NULL, error))
		return false;
	store->topics |= STORE_TOPIC_RUN;
	return store_transaction_commit(transaction, error);
}

// A request that came in the meantime must find a driver at once.
static Phase phase_after(const StoreRunChange *change, const Place *place, int64_t due_at)
{
	if ((place->requests & RUN_REQUEST_KILL) != 0)
		return PHASE_READY;
	if (change->state == RUN_PAUSED && (place->requests & RUN_REQUEST_RESUME) != 0)
		return PHASE_READY;
	if (change->state == RUN_PAUSED && due_at == 0)
		return PHASE_PAUSED;
	return due_at > timestamp_now() ? PHASE_WAITING : PHASE_READY;
}

bool store_run_release(Store *store, const StoreLease *lease, const StoreRunChange *change,
	int64_t due_at, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	const bool keeps_slot = change->state != RUN_PAUSED && due_at == 0;
	g_auto(Place) place = {0};
	Phase phase;

	if (transaction == NULL || !check_not_ended(change, error) ||
		!store_lease_check(store, lease, error) ||
		!place_get(store, lease->run_id, &place, error))
		return false;
	phase = phase_after(change, &place, due_at);
	if (!write_last_change(store, lease->run_id, change, &place, due_at, 0, error) ||
		!statement_run(store, STATEMENT_LINE_RELEASE,
			DB_VALUES(DB_TEXT(lease->run_id), DB_TEXT(run_state_name(change->state)),
				DB_INTEGER(phase),
				DB_INTEGER(phase == PHASE_WAITING ? due_at : -place.priority),
				DB_INTEGER(keeps_slot)),
			NULL, error))
		return false;
	store->checked.token = 0;
	store->topics |= STORE_TOPIC_RUN | STORE_TOPIC_RUN_READY;
	return (keeps_slot || line_let_in(store, place.namespace, place.flow, error)) &&
	       store_transaction_commit(transaction, error);
}

bool store_run_end(
	Store *store, const StoreLease *lease, const StoreRunChange *change, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	const int64_t now = timestamp_now();
	g_auto(Place) place = {0};

	if (transaction == NULL)
		return false;
	if (!run_state_is_ended(change->state)) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_MISUSE, "a run does not end as %s",
			run_state_name(change->state));
		return false;
	}
	if (!store_lease_check(store, lease, error) ||
		!place_get(store, lease->run_id, &place, error) ||
		!write_last_change(store, lease->run_id, change, &place, 0, now, error) ||
		!statement_run(store, STATEMENT_LINE_REMOVE, DB_VALUES(DB_TEXT(lease->run_id)),
			NULL, error) ||
		!run_note_end(store, lease->run_id, change->state, now, error))
		return false;
	store->checked.token = 0;
	return line_let_in(store, place.namespace, place.flow, error) &&
	       store_transaction_commit(transaction, error);
}
