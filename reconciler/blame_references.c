// Checks that look into tables that they cannot reach. A new check is its own domain's fault; when the table goes away from under
// one that is live, it is the fault of the domain that takes it away.
#include "reconciler/blame.h"
#include "repo-layout/layout_reference.h"

#include <string.h>

static bool has_reference(const LayoutFlow *flow, const LayoutReference *reference)
{
	for (unsigned i = 0; flow != NULL && i < flow->references_length; i++) {
		if (g_ascii_strcasecmp(flow->references[i].table, reference->table) == 0 &&
			strcmp(flow->references[i].connection, reference->connection) == 0)
			return true;
	}
	return false;
}

static void check_new(Blame *blame, const PlanEdge *edge)
{
	const LayoutFlow *flow = edge->after;

	for (unsigned i = 0; i < flow->references_length; i++) {
		const LayoutReference *reference = &flow->references[i];
		g_autofree char *hint = NULL;
		g_autofree char *fault = NULL;

		if (has_reference(edge->before, reference))
			continue;
		fault = reference_fault(blame->plan->layout, blame->graph, reference, &hint);
		if (fault != NULL)
			blame_place(blame, blame_find(blame, flow->domain), flow->references_path,
				reference->line, reference->column, "unreachable-table", hint,
				fault);
	}
}

// ---- Tables that go -----------------------------------------------------------------------------------------------

// A table that a domain no longer makes, or makes on another connection.
typedef struct Gone {
	PlanDomain *domain;
	const PlanEdge *edge;
} Gone;

static void note_gone(GHashTable *gone, PlanDomain *domain, const PlanEdge *edge)
{
	const LayoutFlow *before = edge->before, *after = edge->after;

	for (unsigned i = 0; before != NULL && i < before->writes_length; i++) {
		Gone *one;

		if (after != NULL && flow_writes(after, before->writes[i]) &&
			g_strcmp0(before->connection, after->connection) == 0)
			continue;
		one = g_new0(Gone, 1);
		one->domain = domain;
		one->edge = edge;
		g_hash_table_insert(gone, g_ascii_strdown(before->writes[i], -1), one);
	}
}

static GHashTable *list_gone(const Blame *blame)
{
	GHashTable *gone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

	for (guint i = 0; i < blame->plan->domains->len; i++) {
		PlanDomain *domain = plan_domain_at(blame->plan, i);

		for (guint j = 0; domain->state == PLAN_DOMAIN_CHANGED && j < domain->edges; j++)
			note_gone(gone, domain,
				&g_array_index(
					blame->plan->edges, PlanEdge, domain->first_edge + j));
	}
	return gone;
}

static void blame_remover(
	Blame *blame, const Gone *gone, const LayoutFlow *flow, const LayoutReference *reference)
{
	const PlanEdge *edge = gone->edge;
	const LayoutFlow *place = edge->after != NULL ? edge->after : edge->before;
	g_autofree char *message =
		g_strdup_printf("a check of '%s' looks into '%s' on the connection '%s', where it "
				"would be no more",
			flow->path, reference->table, reference->connection);

	blame_domain(blame, gone->domain, place->path, place->line, "used-elsewhere",
		"have that check go first", message);
}

// A check that is live, and loses its table.
static void check_live(Blame *blame, GHashTable *gone, const LayoutFlow *flow)
{
	const PlanEdge *own = flow->references_length == 0 ? NULL : blame_edge(blame, flow);

	for (unsigned i = 0; i < flow->references_length; i++) {
		const LayoutReference *reference = &flow->references[i];
		g_autofree char *name = g_ascii_strdown(reference->table, -1);
		const Gone *one = g_hash_table_lookup(gone, name);
		g_autofree char *fault = NULL;
		g_autofree char *hint = NULL;

		if (one == NULL || (own != NULL && !has_reference(own->before, reference)))
			continue;
		fault = reference_fault(blame->plan->layout, blame->graph, reference, &hint);
		if (fault != NULL)
			blame_remover(blame, one, flow, reference);
	}
}

static void look_at_live(Blame *blame, GHashTable *gone)
{
	const Plan *plan = blame->plan;

	for (size_t i = 0; i < layout_domains_length(plan->layout); i++) {
		const LayoutDomain *domain = layout_domain_at(plan->layout, i);

		for (size_t j = 0; j < domain->flows_length; j++) {
			if (flow_graph_has(blame->graph, domain->flows[j]))
				check_live(blame, gone, domain->flows[j]);
		}
	}
	// And those of domains that stay, as they were.
	for (guint i = 0; i < plan->domains->len; i++) {
		const PlanDomain *domain = plan_domain_at(plan, i);

		for (guint j = 0; plan_stays(domain) && j < domain->edges; j++) {
			const PlanEdge *edge =
				&g_array_index(plan->edges, PlanEdge, domain->first_edge + j);

			if (edge->before != NULL)
				check_live(blame, gone, edge->before);
		}
	}
}

void blame_references(Blame *blame)
{
	g_autoptr(GHashTable) gone = list_gone(blame);

	blame_look(blame, check_new);
	if (g_hash_table_size(gone) > 0)
		look_at_live(blame, gone);
}
