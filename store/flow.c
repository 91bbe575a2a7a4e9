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

// What is stored of a flow before a put.
typedef struct {
	bool known;
	int64_t revision;
	char *digest;
	char *kind;
	int64_t deleted_at;
	bool build_due;
	char *reads; // NULL also when it is deleted
	int64_t concurrency_limit;
} Before;

static void before_clear(Before *before)
{
	g_free(before->digest);
	g_free(before->kind);
	g_free(before->reads);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Before, before_clear)

static bool before_get(
	Store *store, const char *namespace, const char *id, Before *ret_before, GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	if (!query_begin(&query, store, STATEMENT_FLOW_BEFORE,
		    DB_VALUES(DB_TEXT(namespace), DB_TEXT(id)), error))
		return false;
	if (query_step(&query, &failed, error)) {
		ret_before->known = true;
		ret_before->revision = db_column_int64(query.row, 0);
		ret_before->digest = db_column_dup_text(query.row, 1);
		ret_before->deleted_at = db_column_int64(query.row, 2);
		ret_before->build_due = db_column_int64(query.row, 3) != 0;
		if (ret_before->deleted_at == 0)
			ret_before->reads = db_column_dup_text(query.row, 4);
		ret_before->concurrency_limit = db_column_int64(query.row, 5);
		ret_before->kind = db_column_dup_text(query.row, 6);
	}
	return !failed;
}

// Steps through a list of names joined by newlines. False at the end.
static bool next_name(const char **list, const char **ret_name, size_t *ret_length)
{
	if (*list == NULL || **list == '\0')
		return false;
	*ret_name = *list;
	*ret_length = strcspn(*list, "\n");
	*list += *ret_length;
	if (**list == '\n')
		(*list)++;
	return true;
}

static bool has_name(const char *list, const char *name, size_t length)
{
	const char *candidate;
	size_t candidate_length;

	while (next_name(&list, &candidate, &candidate_length)) {
		if (candidate_length == length && memcmp(candidate, name, length) == 0)
			return true;
	}
	return false;
}

// What is the first of its name has no row yet that it could meet: it may be written later, with others.
static bool write_row(Store *store, const StoreFlowPut *put, StatementId statement,
	const DbValue *values, size_t count, GError **error)
{
	return put != NULL && put->first
		       ? statement_add_row(store, statement, values, count, error)
		       : statement_run(store, statement, values, count, NULL, error);
}

// Runs statement for the names of list that are not in other.
static bool write_reads(Store *store, const StoreFlowPut *put, StatementId statement,
	const char *namespace, const char *id, const char *list, const char *other, GError **error)
{
	const char *name;
	size_t length;

	while (next_name(&list, &name, &length)) {
		if (!has_name(other, name, length) &&
			!write_row(store, put, statement,
				DB_VALUES(DB_TEXT_N(name, length), DB_TEXT(namespace), DB_TEXT(id)),
				error))
			return false;
	}
	return true;
}

// put: of the flow that has these reads now; NULL: it is deleted.
static bool change_reads(Store *store, const StoreFlowPut *put, const char *namespace,
	const char *id, const char *before, const char *after, GError **error)
{
	if (g_strcmp0(before, after) == 0)
		return true;
	return write_reads(
		       store, put, STATEMENT_READ_DELETE, namespace, id, before, after, error) &&
	       write_reads(store, put, STATEMENT_READ_PUT, namespace, id, after, before, error);
}

static void count_kind(Store *store, const char *kind, int64_t change)
{
	if (g_strcmp0(kind, "generated") == 0)
		store->flows_generated += change;
	else
		store->flows_written += change;
}

// The row of a flow may have been deleted or set back by hand: its history is still there, and goes on behind its end.
static bool next_revision(Store *store, const StoreFlow *flow, int64_t *revision, GError **error)
{
	int64_t last;

	if (!statement_int64(store, STATEMENT_REVISION_LAST,
		    DB_VALUES(DB_TEXT(flow->namespace), DB_TEXT(flow->id)), 0, &last, error))
		return false;
	*revision = MAX(*revision, last);
	return true;
}

static bool insert_revision(
	Store *store, const StoreFlowPut *put, int64_t revision, int64_t now, GError **error)
{
	return write_row(store, put, STATEMENT_REVISION_ADD,
		DB_VALUES(DB_TEXT(put->flow.namespace), DB_TEXT(put->flow.id), DB_INTEGER(revision),
			DB_TEXT(put->flow.digest), DB_TEXT(put->definition), DB_TEXT(put->source),
			DB_TEXT(put->scripts_tree), DB_TEXT(put->flow.commit), DB_INTEGER(now)),
		error);
}

static bool put_row(Store *store, const StoreFlowPut *put, const Before *before, int64_t revision,
	int64_t applied, int64_t now, GError **error)
{
	StoreFlow flow = put->flow;
	DbValue values[ROW_FIELDS_MAX];

	flow.revision = revision;
	flow.applied = applied;
	flow.changed_at = now;
	flow.deleted_at = 0;
	flow.build_due = flow.build_due || (before->build_due && before->deleted_at == 0);
	row_values(&flow_row, &flow, values);
	return write_row(store, put, put->first ? STATEMENT_FLOW_ADD : STATEMENT_FLOW_PUT, values,
		G_N_ELEMENTS(flow_fields), error);
}

bool store_flow_put(Store *store, const StoreFlowPut *put, int64_t applied, int64_t *ret_revision,
	GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	const int64_t now = timestamp_now();
	const StoreFlow *flow = &put->flow;
	g_auto(Before) before = {0};
	int64_t revision;

	if (transaction == NULL ||
		(!put->first && !before_get(store, flow->namespace, flow->id, &before, error)))
		return false;
	revision = before.revision;
	if (!before.known || before.deleted_at != 0 || strcmp(before.digest, flow->digest) != 0) {
		if (!put->first && !next_revision(store, flow, &revision, error))
			return false;
		revision++;
		if (!insert_revision(store, put, revision, now, error))
			return false;
	}
	if (!put_row(store, put, &before, revision, applied, now, error) ||
		!change_reads(
			store, put, flow->namespace, flow->id, before.reads, flow->reads, error))
		return false;
	if (before.known && before.concurrency_limit != flow->concurrency_limit &&
		!line_set_limit(store, flow->namespace, flow->id, flow->concurrency_limit, error))
		return false;
	if (before.known && before.deleted_at == 0)
		count_kind(store, before.kind, -1);
	count_kind(store, flow->kind, 1);
	store->topics |= STORE_TOPIC_LIVE;
	if (ret_revision != NULL)
		*ret_revision = revision;
	return store_transaction_commit(transaction, error);
}

bool store_flow_delete(
	Store *store, const char *namespace, const char *id, int64_t applied, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	g_auto(Before) before = {0};

	if (transaction == NULL || !before_get(store, namespace, id, &before, error))
		return false;
	if (!before.known || before.deleted_at != 0)
		return store_transaction_commit(transaction, error);
	if (!statement_run(store, STATEMENT_FLOW_DELETE,
		    DB_VALUES(DB_TEXT(namespace), DB_TEXT(id), DB_INTEGER(applied),
			    DB_INTEGER(timestamp_now())),
		    NULL, error) ||
		!change_reads(store, NULL, namespace, id, before.reads, NULL, error))
		return false;
	count_kind(store, before.kind, -1);
	store->topics |= STORE_TOPIC_LIVE;
	return store_transaction_commit(transaction, error);
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
