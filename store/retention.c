// A pass over the kinds, and the kinds whose rows are in the order of time.
#include "store/retention_internal.h"

#include <string.h>

#define DAY (INT64_C(86400) * G_USEC_PER_SEC)

enum {
	STEP_TIME = 3000, // microseconds that a step may hold the writer before its commit
	ROWS_FIRST = 50,
	ROWS_MOST = 2000,
	CACHE_KEPT = 200000, // entries
	ROOM_UNIT = 4096, // bytes given back for each "row"
	ROOM_KEPT = 8 << 20, // or a tenth of the file: what comes next takes it
};

const StoreRetentionPolicy store_retention_default = {
	.age =
		{
			[RETENTION_RUNS] = 90 * DAY,
			[RETENTION_LOGS] = 30 * DAY,
			[RETENTION_EVENTS] = 30 * DAY,
			[RETENTION_PUBLICATIONS] = 90 * DAY,
			[RETENTION_DRIFT] = 365 * DAY,
			[RETENTION_PLANS] = 90 * DAY,
			[RETENTION_BACKFILLS] = 90 * DAY,
			[RETENTION_REVISIONS] = 365 * DAY,
		},
	.newest = 10,
};

StoreTransaction *retention_begin(StoreRetention *retention, GError **error)
{
	StoreTransaction *transaction = store_transaction_begin(retention->store, error);

	// Waiting for others is not the step's own time.
	retention->write_began = g_get_monotonic_time();
	return transaction;
}

bool retention_commit(StoreRetention *retention, StoreTransaction *transaction, GError **error)
{
	// Nor is waiting for the disk, which takes as long however much was done.
	retention->took = g_get_monotonic_time() - retention->write_began;
	return store_transaction_commit(transaction, error);
}

// ---- Rows in the order of time ------------------------------------------------------------------------------------

// A table whose numbers grow with time.
typedef struct {
	StatementId window; // the last number and the least moment of the next rows behind a number
	StatementId forget; // of those between two numbers: before a moment, beyond the newest
	size_t values; // that forget takes
} Series;

static const Series series[RETENTION_KINDS] = {
	[RETENTION_EVENTS] = {STATEMENT_EVENTS_WINDOW, STATEMENT_EVENTS_FORGET, 3},
	[RETENTION_PUBLICATIONS] = {STATEMENT_PUBLISHES_WINDOW, STATEMENT_PUBLISHES_FORGET, 4},
	[RETENTION_DRIFT] = {STATEMENT_DRIFTS_WINDOW, STATEMENT_DRIFTS_FORGET, 3},
};

bool retention_window(StoreRetention *retention, StatementId statement, int64_t before,
	int64_t *ret_last, bool *ret_any, GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	*ret_any = false;
	if (!query_begin(&query, retention->reader, statement,
		    DB_VALUES(DB_INTEGER(retention->cursor), DB_INTEGER(retention->limit)), error))
		return false;
	if (query_step(&query, &failed, error) && !db_column_is_null(query.row, 0)) {
		*ret_last = db_column_int64(query.row, 0);
		*ret_any = db_column_int64(query.row, 1) < before;
	}
	return !failed;
}

static bool step_series(StoreRetention *retention, int64_t now, bool *ret_done, GError **error)
{
	const Series *own = &series[retention->kind];
	const int64_t before = retention_before(retention, now);
	int64_t last = 0;
	int64_t changes = 0;
	bool any;

	if (!retention_window(retention, own->window, before, &last, &any, error))
		return false;
	*ret_done = !any;
	if (!any)
		return true;
	const DbValue values[] = {DB_INTEGER(retention->cursor), DB_INTEGER(last),
		DB_INTEGER(before), DB_INTEGER(retention->policy.newest)};
	g_autoptr(StoreTransaction) transaction = retention_begin(retention, error);
	if (transaction == NULL ||
		!statement_run(
			retention->store, own->forget, values, own->values, &changes, error) ||
		!retention_commit(retention, transaction, error))
		return false;
	retention->cursor = last;
	retention->forgotten[retention->kind] += changes;
	return true;
}

// ---- Small tables -------------------------------------------------------------------------------------------------

// Runs a statement that removes some rows; the kind is through when it finds none.
static bool forget_some(StoreRetention *retention, StatementId statement, const DbValue *values,
	size_t count, bool *ret_done, GError **error)
{
	g_autoptr(StoreTransaction) transaction = retention_begin(retention, error);
	int64_t changes = 0;

	if (transaction == NULL ||
		!statement_run(retention->store, statement, values, count, &changes, error) ||
		!retention_commit(retention, transaction, error))
		return false;
	retention->forgotten[retention->kind] += changes;
	*ret_done = changes == 0;
	return true;
}

static bool step_plans(StoreRetention *retention, int64_t now, bool *ret_done, GError **error)
{
	return forget_some(retention, STATEMENT_PLANS_FORGET,
		DB_VALUES(DB_INTEGER(retention_before(retention, now)),
			DB_INTEGER(retention->policy.newest), DB_INTEGER(retention->limit)),
		ret_done, error);
}

// First what they made, which may be much, then they themselves.
static bool step_backfills(StoreRetention *retention, int64_t now, bool *ret_done, GError **error)
{
	static const StatementId statements[] = {
		STATEMENT_BACKFILL_RUNS_FORGET, STATEMENT_BACKFILLS_FORGET};
	const DbValue values[] = {
		DB_INTEGER(retention_before(retention, now)), DB_INTEGER(retention->limit)};

	*ret_done = true;
	for (size_t i = 0; i < G_N_ELEMENTS(statements) && *ret_done; i++) {
		if (!forget_some(retention, statements[i], values, G_N_ELEMENTS(values), ret_done,
			    error))
			return false;
	}
	return true;
}

// The entries that were made longest ago. One that is still of use costs the time to make it again.
static bool step_cache(StoreRetention *retention, int64_t now, bool *ret_done, GError **error)
{
	int64_t newest = 0;

	(void)now;
	if (!statement_int64(
		    retention->reader, STATEMENT_CACHE_NEWEST, DB_NO_VALUES, 0, &newest, error))
		return false;
	*ret_done = newest <= CACHE_KEPT;
	return *ret_done ||
	       forget_some(retention, STATEMENT_CACHE_FORGET,
		       DB_VALUES(DB_INTEGER(newest - CACHE_KEPT), DB_INTEGER(retention->limit)),
		       ret_done, error);
}

static bool step_room(StoreRetention *retention, int64_t now, bool *ret_done, GError **error)
{
	DbRoom before, after;

	(void)now;
	if (!store_room(retention->store, &before, error))
		return false;
	*ret_done = before.free <= MAX((int64_t)ROOM_KEPT, before.bytes / 10);
	if (*ret_done)
		return true;
	g_autoptr(StoreTransaction) transaction = retention_begin(retention, error);
	if (transaction == NULL ||
		!store_give_back(retention->store, (int64_t)retention->limit * ROOM_UNIT, error) ||
		!store_room(retention->store, &after, error) ||
		!retention_commit(retention, transaction, error))
		return false;
	// A file of an older version keeps its room, and fills it again.
	*ret_done = after.bytes >= before.bytes;
	retention->forgotten[RETENTION_ROOM] += MAX(before.bytes - after.bytes, 0);
	return true;
}

// ---- The pass -----------------------------------------------------------------------------------------------------

static const struct {
	const char *name;
	RetentionStep step;
} kinds[RETENTION_KINDS] = {
	[RETENTION_RUNS] = {"runs", retention_runs},
	[RETENTION_LOGS] = {"logs", retention_logs},
	[RETENTION_EVENTS] = {"events", step_series},
	[RETENTION_PUBLICATIONS] = {"publications", step_series},
	[RETENTION_DRIFT] = {"drift", step_series},
	[RETENTION_PLANS] = {"plans", step_plans},
	[RETENTION_BACKFILLS] = {"backfills", step_backfills},
	[RETENTION_REVISIONS] = {"revisions", retention_revisions},
	[RETENTION_SCRIPTS] = {"scripts", retention_scripts},
	[RETENTION_CACHE] = {"cache", step_cache},
	[RETENTION_ROOM] = {"room", step_room},
};

const char *retention_kind_name(RetentionKind kind)
{
	return kinds[kind].name;
}

StoreRetention *store_retention_new(Store *store, Store *reader, const StoreRetentionPolicy *policy,
	void (*drop)(const char *folder, void *data), void *data)
{
	StoreRetention *retention = g_new0(StoreRetention, 1);

	retention->store = store;
	retention->reader = reader;
	retention->policy = *policy;
	retention->drop = drop;
	retention->data = data;
	retention->kind = RETENTION_KINDS;
	retention->emptied = g_ptr_array_new_with_free_func(g_free);
	retention->used = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
	return retention;
}

void store_retention_free(StoreRetention *retention)
{
	if (retention == NULL)
		return;
	g_ptr_array_unref(retention->emptied);
	g_hash_table_unref(retention->used);
	g_free(retention);
}

static void enter_kind(StoreRetention *retention, RetentionKind kind)
{
	retention->kind = kind;
	retention->cursor = 0;
	retention->cursor_text[0] = '\0';
	retention->limit = ROWS_FIRST;
	g_hash_table_remove_all(retention->used);
}

// As much as the last steps show that a transaction can hold.
static void adapt(StoreRetention *retention)
{
	if (retention->took > STEP_TIME)
		retention->limit = MAX(retention->limit / 2, 1);
	else if (retention->took > 0 && retention->took < STEP_TIME / 2)
		retention->limit = MIN(retention->limit + retention->limit / 4 + 1, ROWS_MOST);
}

bool store_retention_step(StoreRetention *retention, int64_t now, bool *ret_more, GError **error)
{
	bool done = false;

	*ret_more = true;
	retention->took = 0;
	if (retention->kind == RETENTION_KINDS) {
		memset(retention->forgotten, 0, sizeof(retention->forgotten));
		enter_kind(retention, 0);
	}
	if (!kinds[retention->kind].step(retention, now, &done, error)) {
		g_prefix_error(error, "cannot forget old %s: ", kinds[retention->kind].name);
		return false;
	}
	adapt(retention);
	if (done)
		enter_kind(retention, retention->kind + 1);
	*ret_more = retention->kind < RETENTION_KINDS;
	return true;
}

int64_t store_retention_forgotten(const StoreRetention *retention, RetentionKind kind)
{
	return retention->forgotten[kind];
}
