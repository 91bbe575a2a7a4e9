#include "store/backfill.h"

#include "store/internal.h"
#include "store/timestamp.h"

#include <string.h>

static const Field backfill_fields[] = {
	TEXT_FIELD(StoreBackfill, id),
	TEXT_FIELD(StoreBackfill, namespace),
	TEXT_FIELD(StoreBackfill, flow),
	TEXT_FIELD(StoreBackfill, trigger_id),
	INT64_FIELD(StoreBackfill, from_at),
	INT64_FIELD(StoreBackfill, to_at),
	INT64_FIELD(StoreBackfill, next_at),
	INT64_FIELD(StoreBackfill, concurrency),
	INT_FIELD(StoreBackfill, state),
	TEXT_FIELD(StoreBackfill, inputs),
	TEXT_FIELD(StoreBackfill, labels),
	INT64_FIELD(StoreBackfill, total),
	INT64_FIELD(StoreBackfill, made),
	INT64_FIELD(StoreBackfill, left_out),
	TEXT_FIELD(StoreBackfill, message),
	INT64_FIELD(StoreBackfill, ended_at),
	INT64_FIELD(StoreBackfill, created_at),
};
static const RowType backfill_row = ROW_TYPE(StoreBackfill, backfill_fields);

static const char *const state_names[BACKFILL_STATES] = {
	[BACKFILL_RUNNING] = "RUNNING",
	[BACKFILL_PAUSED] = "PAUSED",
	[BACKFILL_CANCELLED] = "CANCELLED",
	[BACKFILL_FAILED] = "FAILED",
	[BACKFILL_DONE] = "DONE",
};

const char *backfill_state_name(BackfillState state)
{
	return state_names[state];
}

bool backfill_state_parse(const char *name, BackfillState *ret_state)
{
	for (size_t i = 0; i < BACKFILL_STATES; i++) {
		if (strcmp(state_names[i], name) == 0) {
			*ret_state = (BackfillState)i;
			return true;
		}
	}
	return false;
}

void store_backfill_free(StoreBackfill *backfill)
{
	row_free(&backfill_row, backfill);
}

// Wakes the scheduler, which follows what is live.
bool store_backfill_create(Store *store, const StoreBackfill *backfill, GError **error)
{
	DbValue values[ROW_FIELDS_MAX];

	row_values(&backfill_row, backfill, values);
	values[G_N_ELEMENTS(backfill_fields) - 1] = DB_INTEGER(timestamp_now());
	return statement_write(store, STATEMENT_BACKFILL_ADD, STORE_TOPIC_LIVE, values,
		G_N_ELEMENTS(backfill_fields), NULL, error);
}

bool store_backfill_get(Store *store, const char *id, StoreBackfill **ret_backfill, GError **error)
{
	return row_get(store, STATEMENT_BACKFILL_GET, DB_VALUES(DB_TEXT(id)), &backfill_row,
		(void **)ret_backfill, error);
}

bool store_backfill_note(
	Store *store, const StoreBackfill *backfill, bool *ret_written, GError **error)
{
	int64_t changes = 0;

	if (!statement_write(store, STATEMENT_BACKFILL_NOTE, 0,
		    DB_VALUES(DB_TEXT(backfill->id), DB_INTEGER(backfill->next_at),
			    DB_INTEGER(backfill->state), DB_INTEGER(backfill->total),
			    DB_INTEGER(backfill->made), DB_INTEGER(backfill->left_out),
			    DB_TEXT(backfill->message), DB_INTEGER(backfill->ended_at)),
		    &changes, error))
		return false;
	*ret_written = changes > 0;
	return true;
}

bool store_backfill_set(Store *store, const char *id, BackfillState state,
	const BackfillState from[2], bool *ret_done, GError **error)
{
	const bool ends = state == BACKFILL_CANCELLED;
	int64_t changes = 0;

	if (!statement_write(store, STATEMENT_BACKFILL_SET, STORE_TOPIC_LIVE,
		    DB_VALUES(DB_TEXT(id), DB_INTEGER(state), DB_INTEGER(from[0]),
			    DB_INTEGER(from[1]), DB_INTEGER(ends ? timestamp_now() : 0)),
		    &changes, error))
		return false;
	*ret_done = changes > 0;
	return true;
}

// ---- Its runs

bool store_backfill_run_add(
	Store *store, const char *id, int64_t at, const char *run_id, GError **error)
{
	return statement_write(store, STATEMENT_BACKFILL_RUN_ADD, 0,
		DB_VALUES(DB_TEXT(id), DB_INTEGER(at), DB_TEXT(run_id)), NULL, error);
}

bool store_backfill_run_replace(
	Store *store, const char *run_id, const char *by_run_id, GError **error)
{
	return statement_write(store, STATEMENT_BACKFILL_RUN_REPLACE, 0,
		DB_VALUES(DB_TEXT(run_id), DB_TEXT(by_run_id)), NULL, error);
}

bool store_backfill_count(
	Store *store, const char *id, int64_t ret_by_state[RUN_STATES], GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	memset(ret_by_state, 0, RUN_STATES * sizeof(*ret_by_state));
	if (!query_begin(&query, store, STATEMENT_BACKFILL_COUNT, DB_VALUES(DB_TEXT(id)), error))
		return false;
	while (query_step(&query, &failed, error)) {
		RunState state;

		if (run_state_parse(db_column_text(query.row, 0, NULL), &state))
			ret_by_state[state] = db_column_int64(query.row, 1);
	}
	return !failed;
}

bool store_backfill_count_active(
	Store *store, const StoreBackfill *backfill, int64_t *ret_active, GError **error)
{
	return statement_int64(store, STATEMENT_BACKFILL_COUNT_ACTIVE,
		DB_VALUES(DB_TEXT(backfill->namespace), DB_TEXT(backfill->flow),
			DB_TEXT(backfill->id)),
		0, ret_active, error);
}

bool store_backfill_list_active(
	Store *store, const StoreBackfill *backfill, GPtrArray **ret_ids, GError **error)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
	g_auto(StoreQuery) query = {0};
	bool failed;

	*ret_ids = NULL;
	if (!query_begin(&query, store, STATEMENT_BACKFILL_LIST_ACTIVE,
		    DB_VALUES(DB_TEXT(backfill->namespace), DB_TEXT(backfill->flow),
			    DB_TEXT(backfill->id)),
		    error))
		return false;
	while (query_step(&query, &failed, error))
		g_ptr_array_add(ids, db_column_dup_text(query.row, 0));
	if (failed)
		return false;
	*ret_ids = g_steal_pointer(&ids);
	return true;
}

// ---- Lists

bool store_backfills_running(Store *store, GPtrArray **ret_backfills, GError **error)
{
	return rows_list(store, STATEMENT_BACKFILLS_RUNNING, DB_NO_VALUES, &backfill_row,
		(GDestroyNotify)store_backfill_free, ret_backfills, error);
}

static void backfill_key(const void *row, const char *parts[CURSOR_PARTS], char number[32])
{
	const StoreBackfill *backfill = row;

	(void)number;
	parts[0] = backfill->id;
}

bool store_backfills_list(Store *store, const StoreBackfillFilter *filter, const StorePage *page,
	GPtrArray **ret_backfills, char **ret_next, GError **error)
{
	g_auto(PageStart) start = {0};

	return page_begin(page, 1, &start, error) &&
	       page_list(store, STATEMENT_BACKFILLS_LIST, &start,
		       // Behind every id there is.
		       DB_VALUES(DB_TEXT(start.first ? "~" : start.after[0]),
			       DB_TEXT(filter->namespace), DB_TEXT(filter->flow),
			       page_limit(&start)),
		       &backfill_row, (GDestroyNotify)store_backfill_free, backfill_key,
		       ret_backfills, ret_next, error);
}
