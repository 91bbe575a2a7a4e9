// Forgetting revisions of flows, and the files of scripts/ that only they have seen.
#include "store/retention_internal.h"
#include "store/script.h"

#include <string.h>

// ---- Revisions ----------------------------------------------------------------------------------------------------

// The revisions that runs of a flow were made from; looked up once a pass.
static GHashTable *used_revisions(
	StoreRetention *retention, const char *namespace, const char *flow, GError **error)
{
	g_autofree char *name = g_strdup_printf("%s.%s", namespace, flow);
	GHashTable *used = g_hash_table_lookup(retention->used, name);
	g_auto(StoreQuery) query = {0};
	bool failed;

	if (used != NULL)
		return used;
	if (!query_begin(&query, retention->reader, STATEMENT_REVISIONS_USED,
		    DB_VALUES(DB_TEXT(namespace), DB_TEXT(flow)), error))
		return NULL;
	used = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	while (query_step(&query, &failed, error)) {
		int64_t revision = db_column_int64(query.row, 0);

		g_hash_table_add(used, g_memdup2(&revision, sizeof(revision)));
	}
	if (failed) {
		g_hash_table_unref(used);
		return NULL;
	}
	g_hash_table_insert(retention->used, g_steal_pointer(&name), used);
	return used;
}

typedef struct {
	int64_t number;
	int64_t revision;
	char *namespace;
	char *flow;
} OldRevision;

static void old_revision_clear(gpointer data)
{
	OldRevision *old = data;

	g_free(old->namespace);
	g_free(old->flow);
}

static bool list_old(
	StoreRetention *retention, int64_t before, int64_t last, GArray *list, GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	if (!query_begin(&query, retention->reader, STATEMENT_OLD_REVISIONS,
		    DB_VALUES(DB_INTEGER(retention->cursor), DB_INTEGER(last), DB_INTEGER(before),
			    DB_INTEGER(retention->policy.newest)),
		    error))
		return false;
	while (query_step(&query, &failed, error)) {
		const OldRevision old = {
			.number = db_column_int64(query.row, 0),
			.namespace = db_column_dup_text(query.row, 1),
			.flow = db_column_dup_text(query.row, 2),
			.revision = db_column_int64(query.row, 3),
		};

		g_array_append_val(list, old);
	}
	return !failed;
}

// Leaves those in the list that no run was made from.
static bool leave_unused(StoreRetention *retention, GArray *list, GError **error)
{
	for (guint i = list->len; i-- > 0;) {
		const OldRevision *old = &g_array_index(list, OldRevision, i);
		GHashTable *used = used_revisions(retention, old->namespace, old->flow, error);

		if (used == NULL)
			return false;
		if (g_hash_table_contains(used, &old->revision))
			g_array_remove_index(list, i);
	}
	return true;
}

static bool forget_revisions(StoreRetention *retention, const GArray *list, GError **error)
{
	if (list->len == 0)
		return true;
	g_autoptr(StoreTransaction) transaction = retention_begin(retention, error);
	if (transaction == NULL)
		return false;
	for (guint i = 0; i < list->len; i++) {
		int64_t changes = 0;

		if (!statement_run(retention->store, STATEMENT_REVISION_FORGET,
			    DB_VALUES(DB_INTEGER(g_array_index(list, OldRevision, i).number)),
			    &changes, error))
			return false;
		retention->forgotten[RETENTION_REVISIONS] += changes;
	}
	return retention_commit(retention, transaction, error);
}

bool retention_revisions(StoreRetention *retention, int64_t now, bool *ret_done, GError **error)
{
	const int64_t before = retention_before(retention, now);
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(OldRevision));
	int64_t last = 0;
	bool any;

	g_array_set_clear_func(list, old_revision_clear);
	if (!retention_window(retention, STATEMENT_REVISIONS_WINDOW, before, &last, &any, error))
		return false;
	*ret_done = !any;
	if (!any)
		return true;
	if (!list_old(retention, before, last, list, error) ||
		!leave_unused(retention, list, error) || !forget_revisions(retention, list, error))
		return false;
	retention->cursor = last;
	return true;
}

// ---- Files of scripts/ --------------------------------------------------------------------------------------------

static bool next_tree(StoreRetention *retention, char **ret_tree, GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	*ret_tree = NULL;
	if (!query_begin(&query, retention->reader, STATEMENT_NEXT_SCRIPT_TREE,
		    DB_VALUES(DB_TEXT(retention->cursor_text)), error))
		return false;
	if (query_step(&query, &failed, error))
		*ret_tree = db_column_dup_text(query.row, 0);
	return !failed;
}

static bool is_used(Store *store, const char *tree, bool *ret_used, GError **error)
{
	int64_t used = 0;

	if (!statement_int64(store, STATEMENT_SCRIPT_TREE_IS_USED, DB_VALUES(DB_TEXT(tree)), 0,
		    &used, error))
		return false;
	*ret_used = used != 0;
	return true;
}

// Whole, in one transaction: a commit may bring the tree back at any time, and takes it for complete when any of it is there.
static bool forget_tree(StoreRetention *retention, const char *tree, GError **error)
{
	Store *store = retention->store;
	g_autoptr(GPtrArray) entries = NULL;
	g_autoptr(StoreTransaction) transaction = retention_begin(retention, error);
	bool used = true;

	if (transaction == NULL || !is_used(store, tree, &used, error))
		return false;
	if (used)
		return retention_commit(retention, transaction, error);
	if (!store_script_tree_list(store, tree, &entries, error) ||
		!statement_run(
			store, STATEMENT_SCRIPT_TREE_FORGET, DB_VALUES(DB_TEXT(tree)), NULL, error))
		return false;
	for (guint i = 0; i < entries->len; i++) {
		const StoreScriptEntry *entry = entries->pdata[i];

		if (!statement_run(store, STATEMENT_SCRIPT_FILE_FORGET,
			    DB_VALUES(DB_TEXT(entry->blob)), NULL, error))
			return false;
	}
	retention->forgotten[RETENTION_SCRIPTS]++;
	return retention_commit(retention, transaction, error);
}

bool retention_scripts(StoreRetention *retention, int64_t now, bool *ret_done, GError **error)
{
	g_autofree char *tree = NULL;
	bool used = true;

	(void)now;
	if (!next_tree(retention, &tree, error))
		return false;
	*ret_done = tree == NULL;
	if (*ret_done)
		return true;
	if (!is_used(retention->reader, tree, &used, error) ||
		(!used && !forget_tree(retention, tree, error)))
		return false;
	g_strlcpy(retention->cursor_text, tree, sizeof(retention->cursor_text));
	return true;
}
