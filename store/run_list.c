// Lists and counts of runs.
#include "store/id.h"
#include "store/run_internal.h"

#include <string.h>

enum {
	// Ids made within one process never go back, so after a step of the clock they run ahead of created_at.
	ID_SLACK = 1800 * 1000 * 1000, // µs
};

static const Field tally_fields[] = {
	TEXT_FIELD(StoreTally, namespace),
	TEXT_FIELD(StoreTally, flow),
	STATE_FIELD(StoreTally, state),
	INT64_FIELD(StoreTally, runs),
	INT64_FIELD(StoreTally, duration),
	TEXT_FIELD(StoreTally, last_run_id),
	INT64_FIELD(StoreTally, last_ended_at),
};
static const RowType tally_row = ROW_TYPE(StoreTally, tally_fields);

void store_tally_free(StoreTally *tally)
{
	row_free(&tally_row, tally);
}

// Which index a list walks along; each has a statement for either direction.
static StatementId list_statement(const StoreRunFilter *filter)
{
	const bool up = filter->oldest_first;

	if (filter->namespace != NULL && filter->flow != NULL)
		return up ? STATEMENT_RUNS_OF_FLOW_UP : STATEMENT_RUNS_OF_FLOW;
	if (filter->state >= 0)
		return up ? STATEMENT_RUNS_OF_STATE_UP : STATEMENT_RUNS_OF_STATE;
	if (filter->namespace != NULL)
		return up ? STATEMENT_RUNS_OF_NAMESPACE_UP : STATEMENT_RUNS_OF_NAMESPACE;
	return up ? STATEMENT_RUNS_LIST_UP : STATEMENT_RUNS_LIST;
}

static void run_key(const void *row, const char *parts[CURSOR_PARTS], char number[32])
{
	(void)number;
	parts[0] = ((const StoreRun *)row)->id;
}

bool store_runs_list(Store *store, const StoreRunFilter *filter, const StorePage *page,
	GPtrArray **ret_runs, char **ret_next, GError **error)
{
	const StoreRunFilter all = STORE_RUN_FILTER_ALL;
	g_auto(PageStart) start = {0};
	const char *after;
	char low[ID_SIZE] = "";
	char high[ID_SIZE] = "~";

	if (filter == NULL)
		filter = &all;
	// The index is walked by id; the exact bounds are looked at row by row.
	if (filter->since != 0)
		id_least(filter->since - 1000, low);
	if (filter->until != 0)
		id_least(filter->until + ID_SLACK, high);
	if (!page_begin(page, 1, &start, error))
		return false;
	// '~' is above every id.
	after = start.first && !filter->oldest_first ? "~" : start.after[0];
	return page_list(store, list_statement(filter), &start,
		DB_VALUES(DB_TEXT(after), page_limit(&start), DB_TEXT(filter->namespace),
			DB_TEXT(filter->flow),
			DB_TEXT(filter->state >= 0 ? run_state_name((RunState)filter->state)
						   : NULL),
			DB_TEXT(filter->trigger_type), DB_TEXT(filter->parent_run_id),
			DB_INTEGER(filter->since),
			DB_INTEGER(filter->until != 0 ? filter->until : INT64_MAX), DB_TEXT(low),
			DB_TEXT(high)),
		&run_row, (GDestroyNotify)store_run_free, run_key, ret_runs, ret_next, error);
}

bool store_runs_count(Store *store, int64_t *ret_runs, char ret_oldest[ID_SIZE], GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	*ret_runs = 0;
	ret_oldest[0] = '\0';
	if (!query_begin(&query, store, STATEMENT_RUNS_COUNT, DB_NO_VALUES, error))
		return false;
	if (query_step(&query, &failed, error) && !db_column_is_null(query.row, 1)) {
		*ret_runs = db_column_int64(query.row, 0);
		g_strlcpy(ret_oldest, db_column_text(query.row, 1, NULL), ID_SIZE);
	}
	return !failed;
}

bool store_runs_count_active(Store *store, int64_t by_state[RUN_STATES], GError **error)
{
	return states_count(store, STATEMENT_RUNS_COUNT_ACTIVE, DB_NO_VALUES, by_state, error);
}

bool store_runs_count_ended(Store *store, int64_t by_state[RUN_STATES], GError **error)
{
	return states_count(store, STATEMENT_RUNS_COUNT_ENDED, DB_NO_VALUES, by_state, error);
}

bool store_flow_is_active(
	Store *store, const char *namespace, const char *flow, bool *ret_active, GError **error)
{
	int64_t active = 0;

	if (!statement_int64(store, STATEMENT_FLOW_IS_ACTIVE,
		    DB_VALUES(DB_TEXT(namespace), DB_TEXT(flow)), 0, &active, error))
		return false;
	*ret_active = active != 0;
	return true;
}

bool store_run_next_due(Store *store, int64_t *ret_due_at, GError **error)
{
	return statement_int64(store, STATEMENT_LINE_NEXT_DUE, DB_NO_VALUES, 0, ret_due_at, error);
}

bool store_tallies_list(Store *store, const char *namespace, const char *flow,
	GPtrArray **ret_tallies, GError **error)
{
	return rows_list(store, STATEMENT_TALLIES_LIST,
		DB_VALUES(DB_TEXT(namespace), DB_TEXT(flow)), &tally_row,
		(GDestroyNotify)store_tally_free, ret_tallies, error);
}
