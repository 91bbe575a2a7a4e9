// Making flows live, and taking them back: their rows, revisions, readers of tables and tallies.
#include "store/flow.h"
#include "store/internal.h"

#include <string.h>

// What is stored of a flow before a put.
typedef struct {
	bool known;
	int64_t revision;
	char *digest;
	bool live; // whatever its row says: an apply put it, and none pruned it
	bool shown; // its row says that it is live
	bool generated;
	bool build_due;
	char *reads; // NULL also when it is deleted
	int64_t concurrency_limit;
} Before;

static void before_clear(Before *before)
{
	g_free(before->digest);
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
		ret_before->shown = db_column_int64(query.row, 2) == 0;
		ret_before->build_due = db_column_int64(query.row, 3) != 0;
		if (ret_before->shown)
			ret_before->reads = db_column_dup_text(query.row, 4);
		ret_before->concurrency_limit = db_column_int64(query.row, 5);
		ret_before->generated =
			g_strcmp0(db_column_text(query.row, 6, NULL), "generated") == 0;
		ret_before->live = db_column_int64(query.row, 7) != 0;
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

static void count_kind(Store *store, bool generated, int64_t change)
{
	if (generated)
		store->flows_generated += change;
	else
		store->flows_written += change;
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

static bool mend_revision(Store *store, const StoreFlowPut *put, int64_t revision, GError **error)
{
	return statement_run(store, STATEMENT_REVISION_MEND,
		DB_VALUES(DB_TEXT(put->flow.namespace), DB_TEXT(put->flow.id), DB_INTEGER(revision),
			DB_TEXT(put->flow.digest), DB_TEXT(put->definition), DB_TEXT(put->source),
			DB_TEXT(put->scripts_tree)),
		NULL, error);
}

// What the history of a flow ends with: its row may have been deleted, or set back by hand.
typedef struct {
	int64_t revision; // 0: there is none
	bool same_digest, same_definition; // as those that are put
} Newest;

static bool newest_get(Store *store, const StoreFlowPut *put, Newest *ret_newest, GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	if (!query_begin(&query, store, STATEMENT_REVISION_LAST,
		    DB_VALUES(DB_TEXT(put->flow.namespace), DB_TEXT(put->flow.id),
			    DB_TEXT(put->flow.digest), DB_TEXT(put->definition)),
		    error))
		return false;
	if (query_step(&query, &failed, error)) {
		ret_newest->revision = db_column_int64(query.row, 0);
		ret_newest->same_digest = db_column_int64(query.row, 1) != 0;
		ret_newest->same_definition = db_column_int64(query.row, 2) != 0;
	}
	return !failed;
}

// The revision that the flow has from now on, and a row for it when it is a new one.
static bool settle_revision(Store *store, const StoreFlowPut *put, const Before *before,
	int64_t now, int64_t *ret_revision, GError **error)
{
	bool same = before->known && strcmp(before->digest, put->flow.digest) == 0;
	Newest newest = {0};

	*ret_revision = before->revision;
	if (same && before->shown && !put->mends)
		return true;
	if (!put->first && !newest_get(store, put, &newest, error))
		return false;
	*ret_revision = newest.revision;
	if (newest.same_digest && newest.same_definition)
		return true;
	if (put->mends && newest.revision > 0 &&
		(newest.same_digest || (same && newest.revision == before->revision)))
		return mend_revision(store, put, newest.revision, error);
	*ret_revision = MAX(before->revision, newest.revision) + 1;
	return insert_revision(store, put, *ret_revision, now, error);
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
	flow.build_due = flow.build_due || (before->build_due && before->live);
	g_autoptr(GString) committed = g_string_sized_new(128);
	flow_kept_text(&flow, committed);
	flow.committed = committed->str;
	return write_row(store, put, put->first ? STATEMENT_FLOW_ADD : STATEMENT_FLOW_PUT, values,
		flow_values(&flow, values), error);
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
	if (!settle_revision(store, put, &before, now, &revision, error) ||
		!put_row(store, put, &before, revision, applied, now, error) ||
		!change_reads(
			store, put, flow->namespace, flow->id, before.reads, flow->reads, error))
		return false;
	if (before.known && before.concurrency_limit != flow->concurrency_limit &&
		!line_set_limit(store, flow->namespace, flow->id, flow->concurrency_limit, error))
		return false;
	if (before.shown)
		count_kind(store, before.generated, -1);
	count_kind(store, g_strcmp0(flow->kind, "generated") == 0, 1);
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
	if (!before.known || (!before.live && !before.shown))
		return store_transaction_commit(transaction, error);
	if (!statement_run(store, STATEMENT_FLOW_DELETE,
		    DB_VALUES(DB_TEXT(namespace), DB_TEXT(id), DB_INTEGER(applied),
			    DB_INTEGER(timestamp_now())),
		    NULL, error) ||
		!change_reads(store, NULL, namespace, id, before.reads, NULL, error))
		return false;
	if (before.shown)
		count_kind(store, before.generated, -1);
	store->topics |= STORE_TOPIC_LIVE;
	return store_transaction_commit(transaction, error);
}
