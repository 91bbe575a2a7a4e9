#include "store/flow.h"

#include "store/internal.h"

#include <string.h>

static const Field flow_fields[] = {
	TEXT_FIELD(StoreFlow, namespace),
	TEXT_FIELD(StoreFlow, id),
	INT64_FIELD(StoreFlow, revision),
	TEXT_FIELD(StoreFlow, digest),
	TEXT_FIELD(StoreFlow, source_digest),
	TEXT_FIELD(StoreFlow, domain),
	TEXT_FIELD(StoreFlow, kind),
	TEXT_FIELD(StoreFlow, feed),
	TEXT_FIELD(StoreFlow, target),
	TEXT_FIELD(StoreFlow, connection),
	TEXT_FIELD(StoreFlow, path),
	INT64_FIELD(StoreFlow, line),
	TEXT_FIELD(StoreFlow, reads),
	TEXT_FIELD(StoreFlow, writes),
	TEXT_FIELD(StoreFlow, triggers),
	TEXT_FIELD(StoreFlow, labels),
	INT64_FIELD(StoreFlow, concurrency_limit),
	TEXT_FIELD(StoreFlow, concurrency_behavior),
	BOOL_FIELD(StoreFlow, opaque),
	BOOL_FIELD(StoreFlow, disabled),
	BOOL_FIELD(StoreFlow, build_due),
	TEXT_FIELD(StoreFlow, commit),
	INT64_FIELD(StoreFlow, applied),
	INT64_FIELD(StoreFlow, changed_at),
	INT64_FIELD(StoreFlow, deleted_at),
	TEXT_FIELD(StoreFlow, committed),
};
static const RowType flow_row = ROW_TYPE(StoreFlow, flow_fields);

static const Field revision_fields[] = {
	TEXT_FIELD(StoreRevision, namespace),
	TEXT_FIELD(StoreRevision, id),
	INT64_FIELD(StoreRevision, revision),
	TEXT_FIELD(StoreRevision, digest),
	TEXT_FIELD(StoreRevision, definition),
	TEXT_FIELD(StoreRevision, source),
	TEXT_FIELD(StoreRevision, scripts_tree),
	TEXT_FIELD(StoreRevision, commit),
	INT64_FIELD(StoreRevision, created_at),
};
static const RowType revision_row = ROW_TYPE(StoreRevision, revision_fields);

size_t flow_values(const StoreFlow *flow, DbValue values[ROW_FIELDS_MAX])
{
	row_values(&flow_row, flow, values);
	return flow_row.length;
}

void store_flow_free(StoreFlow *flow)
{
	row_free(&flow_row, flow);
}

void store_revision_free(StoreRevision *revision)
{
	row_free(&revision_row, revision);
}

bool store_apply_begin(Store *store, int64_t *ret_applied, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);

	return transaction != NULL && counter_next(store, "apply", ret_applied, error) &&
	       store_transaction_commit(transaction, error);
}

bool store_live_is_empty(Store *store, bool *ret_empty, GError **error)
{
	int64_t empty = 0;
	bool good = statement_int64(store, STATEMENT_LIVE_EMPTY, DB_NO_VALUES, 0, &empty, error);

	*ret_empty = empty != 0;
	return good;
}

bool store_flow_get(
	Store *store, const char *namespace, const char *id, StoreFlow **ret_flow, GError **error)
{
	return row_get(store, STATEMENT_FLOW_GET, DB_VALUES(DB_TEXT(namespace), DB_TEXT(id)),
		&flow_row, (void **)ret_flow, error);
}

bool store_revision_get(Store *store, const char *namespace, const char *id, int64_t revision,
	StoreRevision **ret_revision, GError **error)
{
	return row_get(store, STATEMENT_REVISION_GET,
		DB_VALUES(DB_TEXT(namespace), DB_TEXT(id), DB_INTEGER(revision)), &revision_row,
		(void **)ret_revision, error);
}

static void revision_key(const void *row, const char *parts[CURSOR_PARTS], char number[32])
{
	g_snprintf(number, 32, "%" G_GINT64_FORMAT, ((const StoreRevision *)row)->revision);
	parts[0] = number;
}

bool store_revisions_list(Store *store, const char *namespace, const char *id,
	const StorePage *page, GPtrArray **ret_revisions, char **ret_next, GError **error)
{
	g_auto(PageStart) start = {0};

	return page_begin(page, 1, &start, error) &&
	       page_list(store, STATEMENT_REVISIONS_LIST, &start,
		       DB_VALUES(DB_TEXT(namespace), DB_TEXT(id),
			       DB_INTEGER(start.first ? INT64_MAX : start.number),
			       page_limit(&start)),
		       &revision_row, (GDestroyNotify)store_revision_free, revision_key,
		       ret_revisions, ret_next, error);
}

bool store_flows_lost(Store *store, GPtrArray **ret_revisions, GError **error)
{
	return rows_list(store, STATEMENT_FLOWS_LOST, DB_NO_VALUES, &revision_row,
		(GDestroyNotify)store_revision_free, ret_revisions, error);
}

static void flow_key(const void *row, const char *parts[CURSOR_PARTS], char number[32])
{
	(void)number;
	parts[0] = ((const StoreFlow *)row)->namespace;
	parts[1] = ((const StoreFlow *)row)->id;
}

bool store_flows_list_committed(
	Store *store, const StorePage *page, GPtrArray **ret_flows, char **ret_next, GError **error)
{
	g_auto(PageStart) start = {0};

	return page_begin(page, 2, &start, error) &&
	       page_list(store, STATEMENT_FLOWS_LIST_COMMITTED, &start,
		       DB_VALUES(DB_TEXT(start.after[0]), DB_TEXT(start.after[1]),
			       page_limit(&start)),
		       &flow_row, (GDestroyNotify)store_flow_free, flow_key, ret_flows, ret_next,
		       error);
}

bool store_flows_list(Store *store, const StoreFlowFilter *filter, const StorePage *page,
	GPtrArray **ret_flows, char **ret_next, GError **error)
{
	const StoreFlowFilter all = {0};
	g_auto(PageStart) start = {0};
	StatementId statement;

	if (filter == NULL)
		filter = &all;
	statement =
		filter->namespace != NULL ? STATEMENT_FLOWS_LIST_NAMESPACE : STATEMENT_FLOWS_LIST;
	return page_begin(page, 2, &start, error) &&
	       page_list(store, statement, &start,
		       DB_VALUES(DB_TEXT(start.after[0]), DB_TEXT(start.after[1]),
			       DB_TEXT(filter->namespace), DB_TEXT(filter->domain),
			       DB_TEXT(filter->kind), DB_INTEGER(filter->deleted),
			       page_limit(&start)),
		       &flow_row, (GDestroyNotify)store_flow_free, flow_key, ret_flows, ret_next,
		       error);
}

bool store_flows_list_applied(
	Store *store, int64_t applied, unsigned limit, GPtrArray **ret_flows, GError **error)
{
	return rows_list(store, STATEMENT_FLOWS_LIST_APPLIED,
		DB_VALUES(DB_INTEGER(applied), DB_INTEGER(limit)), &flow_row,
		(GDestroyNotify)store_flow_free, ret_flows, error);
}

bool store_flows_list_build_due(Store *store, GPtrArray **ret_flows, GError **error)
{
	return rows_list(store, STATEMENT_FLOWS_LIST_BUILD_DUE, DB_NO_VALUES, &flow_row,
		(GDestroyNotify)store_flow_free, ret_flows, error);
}

bool store_flow_build_started(Store *store, const char *namespace, const char *id, GError **error)
{
	return statement_write(store, STATEMENT_FLOW_BUILD_STARTED, 0,
		DB_VALUES(DB_TEXT(namespace), DB_TEXT(id)), NULL, error);
}

bool store_flows_count(Store *store, int64_t *ret_written, int64_t *ret_generated, GError **error)
{
	return statement_int64(store, STATEMENT_COUNTER_GET, DB_VALUES(DB_TEXT("flows-written")), 0,
		       ret_written, error) &&
	       statement_int64(store, STATEMENT_COUNTER_GET, DB_VALUES(DB_TEXT("flows-generated")),
		       0, ret_generated, error);
}

bool store_flows_recount(Store *store, GError **error)
{
	return statement_write(store, STATEMENT_FLOWS_RECOUNT, 0, NULL, 0, NULL, error);
}

bool flow_limits(Store *store, const char *namespace, const char *id, bool *ret_live,
	int64_t *ret_revision, int64_t *ret_limit, char **ret_behavior, GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	*ret_live = false;
	if (!query_begin(&query, store, STATEMENT_FLOW_LIMITS,
		    DB_VALUES(DB_TEXT(namespace), DB_TEXT(id)), error))
		return false;
	if (query_step(&query, &failed, error)) {
		*ret_live = true;
		*ret_revision = db_column_int64(query.row, 0);
		*ret_limit = db_column_int64(query.row, 1);
		*ret_behavior = db_column_dup_text(query.row, 2);
	}
	return !failed;
}
