// Domains, and flows of domains, that have the same name.
#include "reconciler/blame.h"

#include <string.h>

// A flow that is not live under its name in this domain.
static bool is_new_flow(Blame *blame, const LayoutFlow *flow)
{
	const PlanEdge *edge = blame_edge(blame, flow);

	return edge != NULL && edge->before == NULL;
}

// ---- Folders whose names differ in letter case only ---------------------------------------------------------------

static bool has_live(const Plan *plan, const char *folder)
{
	for (guint i = 0; i < plan->live_domains->len; i++) {
		const PlanLiveDomain *live = &g_array_index(plan->live_domains, PlanLiveDomain, i);

		if (*live->digest != '\0' && live->path != NULL &&
			path_is_within(live->path, folder))
			return true;
	}
	return false;
}

static void blame_folder(Blame *blame, const LayoutClash *clash, const char *folder,
	const char *other, bool other_live)
{
	g_autofree char *message = layout_clash_text(clash, folder, other);

	for (guint i = 0; i < blame->plan->domains->len; i++) {
		PlanDomain *domain = plan_domain_at(blame->plan, i);

		if (domain->layout != NULL && path_is_within(domain->layout->path, folder))
			blame_domain(blame, domain, folder, 0, "duplicate-name",
				other_live ? "rename this folder: the other one is live"
					   : "rename one of the two folders",
				message);
	}
}

// Those below the folder that has been live go on.
void blame_folders(Blame *blame)
{
	for (size_t i = 0; i < layout_clashes_length(blame->plan->layout); i++) {
		const LayoutClash *clash = layout_clash_at(blame->plan->layout, i);
		const char *live = NULL;

		if (clash->same_domain)
			continue;
		for (const char *const *folder = clash->folders; *folder != NULL; folder++) {
			if (has_live(blame->plan, *folder))
				live = *folder;
		}
		for (const char *const *folder = clash->folders; *folder != NULL; folder++) {
			const char *other = live != NULL	       ? live
					    : folder == clash->folders ? folder[1]
								       : clash->folders[0];

			if (live == NULL || !has_live(blame->plan, *folder))
				blame_folder(blame, clash, *folder, other, live != NULL);
		}
	}
}

// ---- Namespaces ---------------------------------------------------------------------------------------------------

// Calls look for each flow of what would be live that says a namespace of its own.
typedef void (*LookAtFlow)(Blame *blame, const LayoutFlow *flow, void *data);

static void look_at_foreign(Blame *blame, LookAtFlow look, void *data)
{
	const Plan *plan = blame->plan;

	for (size_t i = 0; i < layout_domains_length(plan->layout); i++) {
		const LayoutDomain *layout = layout_domain_at(plan->layout, i);

		for (size_t j = 0; layout->foreign && j < layout->flows_length; j++) {
			const LayoutFlow *flow = layout->flows[j];

			if (strcmp(flow->namespace, flow->domain) != 0 &&
				flow_graph_has(blame->graph, flow))
				look(blame, flow, data);
		}
	}
	for (guint i = 0; i < plan->domains->len; i++) {
		const PlanDomain *domain = plan_domain_at(plan, i);

		for (guint j = 0; plan_stays(domain) && j < domain->edges; j++) {
			const LayoutFlow *flow =
				g_array_index(plan->edges, PlanEdge, domain->first_edge + j).before;

			if (flow != NULL && strcmp(flow->namespace, flow->domain) != 0)
				look(blame, flow, data);
		}
	}
}

// Whether there will be a domain of a name.
static bool will_be(const Blame *blame, const char *name)
{
	const PlanDomain *domain = blame_find(blame, name);

	if (domain == NULL)
		return layout_domain_find(blame->plan->layout, name) != NULL;
	return plan_stays(domain) ? domain->live_digest != NULL && *domain->live_digest != '\0'
				  : domain->layout != NULL;
}

static bool was_there(const Blame *blame, const char *name)
{
	const PlanDomain *domain = blame_find(blame, name);

	return domain == NULL || (domain->live_digest != NULL && *domain->live_digest != '\0');
}

static void blame_intruder(Blame *blame, const LayoutFlow *flow)
{
	const LayoutDomain *owner = layout_domain_find(blame->plan->layout, flow->namespace);
	bool named = owner != NULL && *owner->owner != '\0';
	g_autofree char *message =
		g_strdup_printf("the flow '%s' says namespace '%s', which is the domain of %s",
			flow->id, flow->namespace, named ? owner->owner : "someone else");

	blame_domain(blame, blame_find(blame, flow->domain), flow->path, flow->line,
		"foreign-namespace", "leave 'namespace' out: it is the domain by default", message);
}

static void blame_newcomer(Blame *blame, const LayoutFlow *flow)
{
	PlanDomain *domain = blame_find(blame, flow->namespace);
	g_autofree char *message = NULL;

	if (domain == NULL || domain->layout == NULL)
		return;
	message = g_strdup_printf("'%s' is the namespace of the flow '%s' of domain '%s' (%s)",
		flow->namespace, flow->id, flow->domain, flow->path);
	blame_domain(blame, domain, domain->layout->path, 0, "foreign-namespace",
		"give the folder another name, or have that flow leave its 'namespace' out first",
		message);
}

static void check_namespace(Blame *blame, const LayoutFlow *flow, void *data)
{
	(void)data;
	if (!will_be(blame, flow->namespace))
		return;
	if (is_new_flow(blame, flow))
		blame_intruder(blame, flow);
	else if (!was_there(blame, flow->namespace))
		blame_newcomer(blame, flow);
}

// The first flow of each id that was live, or else just the first.
static void note_flow(Blame *blame, const LayoutFlow *flow, void *data)
{
	g_autofree char *key = g_strdup_printf("%s/%s", flow->namespace, flow->id);
	const LayoutFlow *first = g_hash_table_lookup(data, key);

	if (first == NULL || (is_new_flow(blame, first) && !is_new_flow(blame, flow)))
		g_hash_table_insert(data, g_steal_pointer(&key), (void *)(uintptr_t)flow);
}

static void check_id(Blame *blame, const LayoutFlow *flow, void *data)
{
	g_autofree char *key = g_strdup_printf("%s/%s", flow->namespace, flow->id);
	const LayoutFlow *first = g_hash_table_lookup(data, key);
	g_autofree char *message = NULL;
	const LayoutFlow *pair[2] = {flow, first};

	if (first == flow || strcmp(first->domain, flow->domain) == 0)
		return;
	// When neither was live, both are at fault.
	for (int i = 0; i < (is_new_flow(blame, first) ? 2 : 1); i++) {
		g_free(message);
		message = g_strdup_printf("the flow '%s.%s' is also in '%s'", flow->namespace,
			flow->id, pair[1 - i]->path);
		blame_domain(blame, blame_find(blame, pair[i]->domain), pair[i]->path,
			pair[i]->line, "duplicate-id", "rename one of the two", message);
	}
}

void blame_namespaces(Blame *blame)
{
	g_autoptr(GHashTable) first = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	look_at_foreign(blame, check_namespace, NULL);
	look_at_foreign(blame, note_flow, first);
	look_at_foreign(blame, check_id, first);
}
