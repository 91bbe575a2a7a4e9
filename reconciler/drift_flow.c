// The kinds that the store alone tells: live flows edited by hand, tables built by an older script, commits not yet live.
#include "reconciler/drift_internal.h"

#include "reconciler/build_meaning.h"
#include "repo-layout/flow.h"
#include "repo-layout/yaml_document.h"
#include "store/domain.h"

#include <string.h>

enum {
	PAGE = 200, // flows between two questions whether to go on
};

// ---- Flows --------------------------------------------------------------------------------------------------------

// A definition as readable lines, for a diff.
static char *readable(const char *definition)
{
	json_t *value = definition == NULL ? NULL : json_loads(definition, 0, NULL);
	char *text = value == NULL ? g_strdup(definition) : yaml_write(value);

	json_decref(value);
	return text;
}

static char *flow_diff(DriftObserver *observer, const StoreRevision *revision)
{
	const DriftOptions *options = &observer->options;
	g_autofree char *committed =
		options->committed == NULL
			? NULL
			: options->committed(revision->namespace, revision->id, options->data);
	g_autofree char *before = readable(committed);
	g_autofree char *after = readable(revision->definition);

	return committed == NULL ? NULL : drift_diff_text(before, after);
}

// What the definition in the store means, whatever its row says; NULL when it is no flow any more.
static char *meaning_of(const StoreRevision *revision)
{
	g_autoptr(Flow) flow = flow_parse("store", revision->definition,
		strlen(revision->definition), revision->namespace, NULL);

	return flow == NULL ? NULL : flow_meaning_digest(flow, revision->scripts_tree);
}

static DriftItem *add_flow(GPtrArray *items, const char *domain, const char *namespace,
	const char *id, char *summary, char *diff)
{
	g_autofree char *resource = g_strdup_printf("%s.%s", namespace, id);
	DriftItem *item = drift_add(items, DRIFT_FLOW, domain, resource, summary, diff);

	item->namespace = g_strdup(namespace);
	item->id = g_strdup(id);
	return item;
}

static void look_at_definition(DriftObserver *observer, const StoreFlow *flow,
	const StoreRevision *revision, GPtrArray *items)
{
	g_autofree char *meaning = meaning_of(revision);

	if (g_strcmp0(meaning, revision->digest) != 0) {
		add_flow(items, flow->domain, flow->namespace, flow->id,
			g_strdup_printf(
				"the live definition of revision %d is not the one of commit %.12s",
				(int)revision->revision,
				revision->commit != NULL ? revision->commit : "?"),
			flow_diff(observer, revision));
	} else if (strcmp(flow->digest, revision->digest) != 0) {
		g_autofree char *before = g_strdup_printf("digest: %s", revision->digest);
		g_autofree char *after = g_strdup_printf("digest: %s", flow->digest);

		add_flow(items, flow->domain, flow->namespace, flow->id,
			g_strdup("its row in the store was edited: digest"),
			drift_diff_lines(before, after));
	}
}

// The names of the columns that a diff shows, each once, with commas.
static char *columns_of(const char *diff)
{
	g_auto(GStrv) lines = g_strsplit(diff, "\n", -1);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	for (char **line = lines; *line != NULL; line++) {
		const char *colon = strchr(*line, ':');
		g_autofree char *name =
			colon == NULL ? NULL : g_strndup(*line + 2, (gsize)(colon - *line - 2));

		if (name != NULL &&
			!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
			g_ptr_array_add(names, g_steal_pointer(&name));
	}
	g_ptr_array_add(names, NULL);
	return g_strjoinv(", ", (char **)names->pdata);
}

// What steers the scheduler and the runner stands in the flow's row: it has to be what the last apply wrote.
static void look_at_row(DriftObserver *observer, const StoreFlow *flow, GPtrArray *items)
{
	const DriftOptions *options = &observer->options;
	g_autofree char *committed =
		flow->deleted_at == 0 || options->committed == NULL
			? NULL
			: options->committed(flow->namespace, flow->id, options->data);

	// One that no commit has any more is not missed.
	if (flow->deleted_at != 0 && options->committed != NULL && committed == NULL)
		return;
	g_autofree char *before = store_flow_committed_text(flow);
	g_autofree char *now = store_flow_text(flow);
	g_autofree char *live = flow->deleted_at == 0
					? g_strdup(now)
					: g_strdup_printf("%sdeleted_at: %" G_GINT64_FORMAT "\n",
						  now, flow->deleted_at);
	char *diff = drift_diff_lines(before, live);
	g_autofree char *columns = columns_of(diff != NULL ? diff : "");
	add_flow(items, flow->domain, flow->namespace, flow->id,
		flow->committed == NULL
			? g_strdup("the flow is live, and no apply made it so")
			: g_strdup_printf("its row in the store was edited: %s", columns),
		diff);
}

static bool look_at_flow(
	DriftObserver *observer, const StoreFlow *flow, GPtrArray *items, GError **error)
{
	g_autoptr(StoreRevision) revision = NULL;

	if (flow->deleted_at != 0 || !store_flow_is_as_committed(flow)) {
		look_at_row(observer, flow, items);
		return true;
	}
	if (!store_revision_get(observer->store, flow->namespace, flow->id, 0, &revision, error))
		return false;
	if (revision == NULL)
		add_flow(items, flow->domain, flow->namespace, flow->id,
			g_strdup("its live revision is gone from the store"), NULL);
	else
		look_at_definition(observer, flow, revision, items);
	return true;
}

// Flows whose row was deleted by hand. One that no commit has any more is not missed.
static bool look_for_lost_flows(DriftObserver *observer, GPtrArray *items, GError **error)
{
	const DriftOptions *options = &observer->options;
	g_autoptr(GPtrArray) revisions = NULL;

	if (!store_flows_lost(observer->store, &revisions, error))
		return false;
	for (guint i = 0; i < revisions->len; i++) {
		const StoreRevision *revision = revisions->pdata[i];
		g_autofree char *committed = options->committed == NULL
						     ? g_strdup(revision->definition)
						     : options->committed(revision->namespace,
							       revision->id, options->data);
		g_autofree char *before = readable(committed);

		if (committed != NULL)
			add_flow(items, revision->namespace, revision->namespace, revision->id,
				g_strdup("the flow is gone from the store"),
				drift_diff_text(before, ""));
	}
	return true;
}

// A look at all flows may take many observations: it goes on where the last one was interrupted.
bool drift_observe_flows(DriftObserver *observer, bool *ret_complete, GError **error)
{
	// An apply of this process may have ended what was drift, and makes none.
	if (!observer->edited && (!observer->live_changed || observer->found[DRIFT_FLOW]->len == 0))
		return true;
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)drift_item_free);
	g_autofree char *cursor = NULL;
	do {
		const StorePage page = {.limit = PAGE, .after = cursor};
		g_autoptr(GPtrArray) flows = NULL;
		char *next = NULL;

		if (!store_flows_list_committed(observer->store, &page, &flows, &next, error))
			return false;
		for (guint i = 0; i < flows->len; i++) {
			if (!look_at_flow(observer, flows->pdata[i], items, error)) {
				g_free(next);
				return false;
			}
		}
		g_free(cursor);
		cursor = next;
		if (cursor != NULL && drift_is_interrupted(observer)) {
			*ret_complete = false;
			return true;
		}
	} while (cursor != NULL);
	if (!look_for_lost_flows(observer, items, error) ||
		!store_flows_recount(observer->store, error))
		return false;
	g_ptr_array_unref(observer->found[DRIFT_FLOW]);
	observer->found[DRIFT_FLOW] = g_steal_pointer(&items);
	return true;
}

// ---- Stale tables -------------------------------------------------------------------------------------------------

// Two revisions of a table's flow, and whether they build the same: kept, for they are asked about as long as the table is not
// built again.
typedef struct {
	int64_t built, current;
	bool same;
} Comparison;

static bool compare_revisions(
	Store *store, const StoreTable *table, int64_t revision, bool *ret_same, GError **error)
{
	g_autoptr(StoreRevision) built = NULL;
	g_autoptr(StoreRevision) current = NULL;

	if (!store_revision_get(store, table->namespace, table->flow, table->published_revision,
		    &built, error) ||
		!store_revision_get(
			store, table->namespace, table->flow, revision, &current, error))
		return false;
	*ret_same = built == NULL || current == NULL
			    ? built == current
			    : build_is_same_text(built->definition, current->definition);
	return true;
}

static bool builds_the_same(DriftObserver *observer, const StoreTable *table, int64_t revision,
	bool *ret_same, GError **error)
{
	Comparison *known = g_hash_table_lookup(observer->compared, table->name);

	if (known == NULL || known->built != table->published_revision ||
		known->current != revision) {
		Comparison now = {.built = table->published_revision, .current = revision};

		if (!compare_revisions(observer->store, table, revision, &now.same, error))
			return false;
		known = g_memdup2(&now, sizeof(now));
		g_hash_table_insert(observer->compared, g_strdup(table->name), known);
	}
	*ret_same = known->same;
	return true;
}

// What is written once, or runs statements as they are, stands whatever its script says by now. A table that is added to is stale
// until the next run adds to it by the new script: nothing runs because of the change alone.
static bool is_rebuilt(const StoreFlow *flow)
{
	static const char *const added[] = {"WRITE_EMPTY", "SCRIPT", NULL};

	return flow->feed != NULL && !g_strv_contains(added, flow->feed);
}

static bool look_at_build(
	DriftObserver *observer, const StoreTable *table, GPtrArray *items, GError **error)
{
	g_autoptr(StoreFlow) flow = NULL;
	bool same;

	if (table->published == 0 || table->flow == NULL || table->published_revision == 0)
		return true;
	if (!store_flow_get(observer->store, table->namespace, table->flow, &flow, error))
		return false;
	if (flow == NULL || flow->deleted_at != 0 || flow->revision == table->published_revision ||
		!is_rebuilt(flow))
		return true;
	if (!builds_the_same(observer, table, flow->revision, &same, error))
		return false;
	if (!same)
		drift_add(items, DRIFT_STALE, table->domain, table->name,
			g_strdup_printf(
				"last built by revision %d of its script; revision %d is live",
				(int)table->published_revision, (int)flow->revision),
			NULL);
	return true;
}

bool drift_observe_stale(DriftObserver *observer, bool *ret_complete, GError **error)
{
	(void)ret_complete;
	if (!observer->live_changed)
		return true;
	// Someone else may have written into a revision that was compared.
	if (observer->edited)
		g_hash_table_remove_all(observer->compared);
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)drift_item_free);
	g_autoptr(GPtrArray) tables = drift_list_tables(observer->store, false, error);
	if (tables == NULL)
		return false;
	for (guint i = 0; i < tables->len; i++) {
		if (!look_at_build(observer, tables->pdata[i], items, error))
			return false;
	}
	g_ptr_array_unref(observer->found[DRIFT_STALE]);
	observer->found[DRIFT_STALE] = g_steal_pointer(&items);
	return true;
}

// ---- Sources ------------------------------------------------------------------------------------------------------

// A domain that stays behind the commit that is live elsewhere.
static void look_at_domain(const StoreDomain *domain, GPtrArray *items)
{
	if (domain->sync != SYNC_OUT_OF_SYNC || domain->commit_wanted == NULL)
		return;
	g_autofree char *resource = g_strdup_printf("%s/%s", domain->source, domain->name);
	drift_add(items, DRIFT_SOURCE, domain->name, resource,
		g_strdup_printf("commit %.12s is not live in domain '%s'%s%s",
			domain->commit_wanted, domain->name, domain->message != NULL ? ": " : "",
			domain->message != NULL ? domain->message : ""),
		NULL);
}

static bool look_at_domains(Store *store, GPtrArray *items, GError **error)
{
	int64_t by_sync[SYNC_STATES], by_health[HEALTH_STATES];

	if (!store_domains_count(store, by_sync, by_health, error))
		return false;
	if (by_sync[SYNC_OUT_OF_SYNC] == 0)
		return true;
	g_autoptr(GPtrArray) domains = drift_list_domains(store, error);
	for (guint i = 0; domains != NULL && i < domains->len; i++)
		look_at_domain(domains->pdata[i], items);
	return domains != NULL;
}

bool drift_observe_source(DriftObserver *observer, bool *ret_complete, GError **error)
{
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)drift_item_free);
	g_autoptr(GPtrArray) sources = NULL;

	(void)ret_complete;
	if (!observer->live_changed)
		return true;
	if (!store_sources_list(observer->store, &sources, error) ||
		!look_at_domains(observer->store, items, error))
		return false;
	for (guint i = 0; i < sources->len; i++) {
		const StoreSource *source = sources->pdata[i];

		if (source->commit_wanted == NULL ||
			g_strcmp0(source->commit_wanted, source->commit_live) == 0)
			continue;
		drift_add(items, DRIFT_SOURCE, NULL, source->name,
			g_strdup_printf("commit %.12s is not live yet%s%s", source->commit_wanted,
				source->error != NULL ? ": " : "",
				source->error != NULL ? source->error : ""),
			NULL);
	}
	g_ptr_array_unref(observer->found[DRIFT_SOURCE]);
	observer->found[DRIFT_SOURCE] = g_steal_pointer(&items);
	return true;
}
