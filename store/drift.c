#include "store/drift.h"

#include "store/internal.h"

static const Field drift_fields[] = {
	INT64_FIELD(StoreDrift, number),
	TEXT_FIELD(StoreDrift, kind),
	TEXT_FIELD(StoreDrift, resource),
	TEXT_FIELD(StoreDrift, domain),
	TEXT_FIELD(StoreDrift, summary),
	TEXT_FIELD(StoreDrift, diff),
	TEXT_FIELD(StoreDrift, cause),
	INT64_FIELD(StoreDrift, onset),
	INT64_FIELD(StoreDrift, seen_at),
	INT64_FIELD(StoreDrift, resolved_at),
	TEXT_FIELD(StoreDrift, resolution),
};
static const RowType drift_row = ROW_TYPE(StoreDrift, drift_fields);

static const Field count_fields[] = {
	TEXT_FIELD(StoreDriftCount, kind),
	TEXT_FIELD(StoreDriftCount, domain),
	INT64_FIELD(StoreDriftCount, open),
};
static const RowType count_row = ROW_TYPE(StoreDriftCount, count_fields);

void store_drift_free(StoreDrift *drift)
{
	row_free(&drift_row, drift);
}

void store_drift_count_free(StoreDriftCount *count)
{
	row_free(&count_row, count);
}

bool store_drift_begin(Store *store, const StoreDrift *drift, bool *ret_began, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	const int64_t now = timestamp_now();
	int64_t updated = 0;

	if (transaction == NULL || !statement_run(store, STATEMENT_DRIFT_UPDATE,
					   DB_VALUES(DB_TEXT(drift->kind), DB_TEXT(drift->resource),
						   DB_TEXT(drift->summary), DB_TEXT(drift->diff),
						   DB_TEXT(drift->cause), DB_INTEGER(now)),
					   &updated, error))
		return false;
	if (updated == 0 && !statement_run(store, STATEMENT_DRIFT_ADD,
				    DB_VALUES(DB_TEXT(drift->kind), DB_TEXT(drift->resource),
					    DB_TEXT(drift->domain), DB_TEXT(drift->summary),
					    DB_TEXT(drift->diff), DB_TEXT(drift->cause),
					    DB_INTEGER(drift->onset != 0 ? drift->onset : now),
					    DB_INTEGER(now)),
				    NULL, error))
		return false;
	store->topics |= STORE_TOPIC_DRIFT;
	if (ret_began != NULL)
		*ret_began = updated == 0;
	return store_transaction_commit(transaction, error);
}

bool store_drift_resolve(Store *store, const char *kind, const char *resource,
	const char *resolution, int64_t at, bool *ret_resolved, GError **error)
{
	int64_t resolved = 0;

	if (!statement_write(store, STATEMENT_DRIFT_RESOLVE, STORE_TOPIC_DRIFT,
		    DB_VALUES(DB_TEXT(kind), DB_TEXT(resource), DB_TEXT(resolution),
			    DB_INTEGER(at != 0 ? at : timestamp_now())),
		    &resolved, error))
		return false;
	if (ret_resolved != NULL)
		*ret_resolved = resolved > 0;
	return true;
}

static void drift_key(const void *row, const char *parts[CURSOR_PARTS], char number[32])
{
	g_snprintf(number, 32, "%" G_GINT64_FORMAT, ((const StoreDrift *)row)->number);
	parts[0] = number;
}

bool store_drifts_list(Store *store, const StoreDriftFilter *filter, const StorePage *page,
	GPtrArray **ret_drifts, char **ret_next, GError **error)
{
	const StoreDriftFilter open = {0};
	g_auto(PageStart) start = {0};
	StatementId statement = STATEMENT_DRIFTS_OPEN;
	int64_t number;

	if (filter == NULL)
		filter = &open;
	if (!page_begin(page, 1, &start, error))
		return false;
	number = start.number;
	if (filter->history) {
		statement = STATEMENT_DRIFTS_HISTORY;
		number = start.first ? INT64_MAX : start.number;
	} else if (filter->at != 0) {
		statement = STATEMENT_DRIFTS_AT;
	}
	return page_list(store, statement, &start,
		DB_VALUES(DB_INTEGER(number), DB_TEXT(filter->domain), DB_TEXT(filter->kind),
			DB_TEXT(filter->resource), page_limit(&start), DB_INTEGER(filter->at)),
		&drift_row, (GDestroyNotify)store_drift_free, drift_key, ret_drifts, ret_next,
		error);
}

bool store_drifts_count(Store *store, GPtrArray **ret_counts, GError **error)
{
	return rows_list(store, STATEMENT_DRIFTS_COUNT, DB_NO_VALUES, &count_row,
		(GDestroyNotify)store_drift_count_free, ret_counts, error);
}
