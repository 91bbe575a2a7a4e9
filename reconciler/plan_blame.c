// Whose change it is when domains do not fit together. A commit is put onto what is live, domain by domain: who changed nothing
// about what is wrong between them is not to blame, and goes on. Domains that stay as they were are looked at as they were.
#include "reconciler/blame.h"

#include <string.h>

// ---- Who is to blame ----------------------------------------------------------------------------------------------

PlanDomain *blame_find(const Blame *blame, const char *domain)
{
	guint low = 0, high = blame->plan->domains->len;

	while (low < high) {
		guint middle = (low + high) / 2;
		PlanDomain *found = plan_domain_at(blame->plan, middle);
		int by = strcmp(found->name, domain);

		if (by == 0)
			return found;
		if (by < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void refuse(Plan *plan, const PlanDomain *domain, const char *file, unsigned line,
	const char *code, const char *hint, const char *message)
{
	PlanRefusal *refusal = g_new0(PlanRefusal, 1);

	refusal->code = code;
	refusal->domain = domain->name;
	refusal->message = line > 0 ? g_strdup_printf("%s:%u: %s", file, line, message)
				    : g_strdup_printf("%s: %s", file, message);
	refusal->hint = g_strdup(hint);
	g_ptr_array_add(plan->refusals, refusal);
}

// It takes effect when everything was looked at: until then the graph stays.
void blame_place(Blame *blame, PlanDomain *domain, const char *file, unsigned line, unsigned column,
	const char *code, const char *hint, const char *message)
{
	if (domain == NULL || plan_stays(domain))
		return;
	if (blame->held) {
		refuse(blame->plan, domain, file, line, code, hint, message);
	} else {
		plan_fault(blame->plan, domain, DIAGNOSTIC_ERROR, file, line, column, code, hint,
			message);
		domain->state = PLAN_DOMAIN_CHANGED;
	}
	g_hash_table_add(blame->blamed, domain);
}

void blame_domain(Blame *blame, PlanDomain *domain, const char *file, unsigned line,
	const char *code, const char *hint, const char *message)
{
	blame_place(blame, domain, file, line, line > 0, code, hint, message);
}

void blame_swap(FlowGraph *graph, const Plan *plan, const PlanDomain *domain, bool before)
{
	for (guint i = 0; i < domain->edges; i++) {
		const PlanEdge *edge =
			&g_array_index(plan->edges, PlanEdge, domain->first_edge + i);

		if (edge->after != NULL && before)
			flow_graph_leave_out(graph, edge->after);
		else if (edge->after != NULL)
			flow_graph_take_in(graph, edge->after);
		if (edge->before != NULL && before)
			flow_graph_put(graph, edge->before);
		else if (edge->before != NULL)
			flow_graph_remove(graph, edge->before);
	}
}

FlowGraph *blame_graph(const Plan *plan, bool all_before)
{
	FlowGraph *graph = flow_graph_new(plan->layout);

	for (guint i = 0; i < plan->nameless->len; i++) {
		const LayoutDomain *domain = plan->nameless->pdata[i];

		for (size_t j = 0; j < domain->flows_length; j++)
			flow_graph_leave_out(graph, domain->flows[j]);
	}
	for (guint i = 0; i < plan->domains->len; i++) {
		const PlanDomain *domain = plan_domain_at(plan, i);

		if (all_before || plan_stays(domain))
			blame_swap(graph, plan, domain, true);
	}
	return graph;
}

// Whether anyone was blamed: from now on those stay as they were.
static bool take_effect(Blame *blame)
{
	GHashTableIter iterator;
	void *key;
	bool any = g_hash_table_size(blame->blamed) > 0;

	g_hash_table_iter_init(&iterator, blame->blamed);
	while (g_hash_table_iter_next(&iterator, &key, NULL)) {
		PlanDomain *domain = key;

		domain->state = blame->held ? PLAN_DOMAIN_HELD : PLAN_DOMAIN_BROKEN;
		blame_swap(blame->graph, blame->plan, domain, true);
	}
	g_hash_table_remove_all(blame->blamed);
	return any;
}

// ---- What is new --------------------------------------------------------------------------------------------------

const PlanEdge *blame_edge(Blame *blame, const LayoutFlow *after)
{
	const GArray *edges = blame->plan->edges;

	if (blame->edges == NULL) {
		blame->edges = g_hash_table_new(NULL, NULL);
		for (guint i = 0; i < edges->len; i++) {
			PlanEdge *edge = &g_array_index(edges, PlanEdge, i);

			if (edge->after != NULL)
				g_hash_table_insert(
					blame->edges, (void *)(uintptr_t)edge->after, edge);
		}
	}
	return g_hash_table_lookup(blame->edges, after);
}

bool flow_reads(const LayoutFlow *flow, const char *table, FlowEdges edges)
{
	for (unsigned i = 0; i < flow->reads_length; i++) {
		if ((edges == FLOW_READS || flow->starts[i]) &&
			g_ascii_strcasecmp(flow->reads[i], table) == 0)
			return true;
	}
	return false;
}

bool flow_writes(const LayoutFlow *flow, const char *table)
{
	for (unsigned i = 0; i < flow->writes_length; i++) {
		if (g_ascii_strcasecmp(flow->writes[i], table) == 0)
			return true;
	}
	return false;
}

bool blame_new_read(Blame *blame, const LayoutFlow *flow, const char *table, FlowEdges edges)
{
	const PlanEdge *edge = blame_edge(blame, flow);

	return edge != NULL && (edge->before == NULL || !flow_reads(edge->before, table, edges));
}

bool blame_new_write(Blame *blame, const LayoutFlow *flow, const char *table)
{
	const PlanEdge *edge = blame_edge(blame, flow);

	return edge != NULL && (edge->before == NULL || !flow_writes(edge->before, table));
}

void blame_look(Blame *blame, BlameLook look)
{
	for (guint i = 0; i < blame->plan->domains->len; i++) {
		PlanDomain *domain = plan_domain_at(blame->plan, i);

		for (guint j = 0; domain->state == PLAN_DOMAIN_CHANGED && j < domain->edges; j++) {
			const PlanEdge *edge = &g_array_index(
				blame->plan->edges, PlanEdge, domain->first_edge + j);

			if (edge->after != NULL)
				look(blame, edge);
		}
	}
}

// ---- All of it ----------------------------------------------------------------------------------------------------

static void (*const checks[])(Blame *blame) = {
	blame_folders,
	blame_namespaces,
	blame_producers,
	blame_consumers,
	blame_references,
	blame_rings,
};

// Each time someone is blamed what stays live is something else, and everything is looked at again. That ends: one more stays
// each time, and when all do, what is live is what was live.
static void blame_all(Plan *plan, bool held)
{
	Blame blame = {
		.plan = plan,
		.graph = blame_graph(plan, false),
		.blamed = g_hash_table_new(NULL, NULL),
		.held = held,
	};

	do {
		for (size_t i = 0; i < G_N_ELEMENTS(checks); i++)
			checks[i](&blame);
	} while (take_effect(&blame));
	flow_graph_free(blame.graph);
	g_hash_table_unref(blame.blamed);
	g_clear_pointer(&blame.edges, g_hash_table_unref);
}

void plan_blame(Plan *plan)
{
	blame_all(plan, false);
}

void plan_blame_held(Plan *plan)
{
	blame_all(plan, true);
}
