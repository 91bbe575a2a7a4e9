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

static bool look_at_flow(
	DriftObserver *observer, const StoreFlow *flow, GPtrArray *items, GError **error)
{
	g_autoptr(StoreRevision) revision = NULL;
	g_autofree char *resource = g_strdup_printf("%s.%s", flow->namespace, flow->id);

	if (!store_revision_get(observer->store, flow->namespace, flow->id, 0, &revision, error))
		return false;
	if (revision == NULL) {
		drift_add(items, DRIFT_FLOW, flow->domain, resource,
			g_strdup("its live revision is gone from the store"), NULL);
		return true;
	}
	g_autofree char *meaning = meaning_of(revision);
	if (g_strcmp0(meaning, revision->digest) == 0 &&
		strcmp(flow->digest, revision->digest) == 0)
		return true;
	drift_add(items, DRIFT_FLOW, flow->domain, resource,
		g_strdup_printf("the live definition of revision %d is not the one of commit %.12s",
			(int)revision->revision, revision->commit != NULL ? revision->commit : "?"),
		flow_diff(observer, revision));
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
		g_autofree char *resource =
			g_strdup_printf("%s.%s", revision->namespace, revision->id);

		if (committed != NULL)
			drift_add(items, DRIFT_FLOW, revision->namespace, resource,
				g_strdup("the flow is gone from the store"),
				drift_diff_text(before, ""));
	}
	return true;
}

// A look at all flows may take many observations: it goes on where the last one was interrupted.
bool drift_observe_flows(DriftObserver *observer, bool *ret_complete, GError **error)
{
	if (!observer->edited)
		return true;
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)drift_item_free);
	g_autofree char *cursor = NULL;
	do {
		const StorePage page = {.limit = PAGE, .after = cursor};
		g_autoptr(GPtrArray) flows = NULL;
		char *next = NULL;

		if (!store_flows_list(observer->store, NULL, &page, &flows, &next, error))
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

// Feeds that add to what is there are not built anew when their script changes.
static bool is_rebuilt(const StoreFlow *flow)
{
	static const char *const added[] = {"WRITE_APPEND", "WRITE_EMPTY", "SCRIPT", NULL};

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
