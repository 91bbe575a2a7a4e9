// Flows that would wait for each other. To blame is a domain whose change closes a ring all by itself, put onto what is live; and
// only when none does that, all those whose changes do it together.
#include "reconciler/blame.h"

#include <string.h>

enum {
	MOST_REPORTED = 20, // flows of a domain that a ring is said of
};

// A domain with flows that are part of a ring because of its change.
typedef struct Suspect {
	PlanDomain *domain;
	GPtrArray *flows; // const LayoutFlow *
} Suspect;

static void suspect_clear(void *data)
{
	g_ptr_array_unref(((Suspect *)data)->flows);
}

// One set of flows that wait for each other.
typedef struct RingSearch {
	Blame *blame;
	FlowEdges edges;
	FlowGraph *live; // of what is live; NULL: not made yet
} RingSearch;

// Whether a flow reads another one of the set as it did not before, or another one reads what it did not write before.
static bool is_suspicious(RingSearch *search, const LayoutFlow *flow, GHashTable *members)
{
	Blame *blame = search->blame;

	for (unsigned i = 0; i < flow->reads_length; i++) {
		FlowWalk walk = flow_graph_producers(blame->graph, flow->reads[i]);
		const LayoutFlow *producer;

		if ((search->edges == FLOW_STARTS && !flow->starts[i]) ||
			!blame_new_read(blame, flow, flow->reads[i], search->edges))
			continue;
		while ((producer = flow_walk_next(&walk)) != NULL) {
			if (g_hash_table_contains(members, producer))
				return true;
		}
	}
	for (unsigned i = 0; i < flow->writes_length; i++) {
		FlowWalk walk = flow_graph_readers(blame->graph, flow->writes[i]);
		const LayoutFlow *reader;

		if (!blame_new_write(blame, flow, flow->writes[i]))
			continue;
		while ((reader = flow_walk_next(&walk)) != NULL) {
			if (g_hash_table_contains(members, reader) &&
				flow_reads(reader, flow->writes[i], search->edges))
				return true;
		}
	}
	return false;
}

static void add_suspect(GArray *suspects, PlanDomain *domain, const LayoutFlow *flow)
{
	Suspect suspect = {.domain = domain};

	for (guint i = 0; i < suspects->len; i++) {
		Suspect *known = &g_array_index(suspects, Suspect, i);

		if (known->domain == domain) {
			g_ptr_array_add(known->flows, (void *)(uintptr_t)flow);
			return;
		}
	}
	suspect.flows = g_ptr_array_new();
	g_ptr_array_add(suspect.flows, (void *)(uintptr_t)flow);
	g_array_append_val(suspects, suspect);
}

static GArray *find_suspects(RingSearch *search, const GPtrArray *flows)
{
	GArray *suspects = g_array_new(FALSE, FALSE, sizeof(Suspect));
	g_autoptr(GHashTable) members = g_hash_table_new(NULL, NULL);

	g_array_set_clear_func(suspects, suspect_clear);
	for (guint i = 0; i < flows->len; i++)
		g_hash_table_add(members, flows->pdata[i]);
	for (guint i = 0; i < flows->len; i++) {
		const LayoutFlow *flow = flows->pdata[i];
		PlanDomain *domain = NULL;

		if (blame_edge(search->blame, flow) == NULL)
			continue;
		domain = blame_find(search->blame, flow->domain);
		if (domain != NULL && !plan_stays(domain) && is_suspicious(search, flow, members))
			add_suspect(suspects, domain, flow);
	}
	return suspects;
}

static void report(
	RingSearch *search, PlanDomain *domain, const LayoutFlow *flow, const FlowRing *ring)
{
	g_autofree char *text = flow_ring_text(ring);
	g_autofree char *message = g_strconcat("dependency cycle: ", text, NULL);
	unsigned line = flow_ring_line(ring, 0);

	if (search->edges == FLOW_STARTS)
		blame_domain(search->blame, domain, flow->path, line, "dependency-cycle",
			flow_ring_hint(search->edges), message);
	else
		plan_fault(search->blame->plan, domain, DIAGNOSTIC_WARNING, flow->path, line, 1,
			"dependency-cycle", flow_ring_hint(search->edges), message);
}

// Says of the suspect's flows which rings of a graph they are in. Returns of how many.
static guint report_suspect(RingSearch *search, const Suspect *suspect, const FlowGraph *graph)
{
	guint reported = 0;

	for (guint i = 0; i < suspect->flows->len && reported < MOST_REPORTED; i++) {
		const LayoutFlow *flow = suspect->flows->pdata[i];
		g_autoptr(FlowRing) ring = flow_graph_ring(graph, flow, search->edges);

		if (ring == NULL)
			continue;
		report(search, suspect->domain, flow, ring);
		reported++;
	}
	return reported;
}

// With this domain's change alone, and the others as they are.
static bool closes_alone(RingSearch *search, const Suspect *suspect)
{
	const Plan *plan = search->blame->plan;
	bool alone;

	if (search->live == NULL)
		search->live = blame_graph(plan, true);
	blame_swap(search->live, plan, suspect->domain, false);
	alone = report_suspect(search, suspect, search->live) > 0;
	blame_swap(search->live, plan, suspect->domain, true);
	return alone;
}

static void look_at_set(const GPtrArray *flows, void *data)
{
	RingSearch *search = data;
	g_autoptr(GArray) suspects = find_suspects(search, flows);
	bool alone = false;

	for (guint i = 0; suspects->len > 1 && i < suspects->len; i++)
		alone = closes_alone(search, &g_array_index(suspects, Suspect, i)) || alone;
	for (guint i = 0; !alone && i < suspects->len; i++)
		report_suspect(search, &g_array_index(suspects, Suspect, i), search->blame->graph);
}

static void gather(Blame *blame, const PlanEdge *edge)
{
	g_ptr_array_add(blame->starts, (void *)(uintptr_t)edge->after);
}

void blame_rings(Blame *blame)
{
	RingSearch search = {.blame = blame, .edges = FLOW_STARTS};

	// A ring that is not live goes through a flow whose place is new.
	blame->starts = g_ptr_array_new();
	blame_look(blame, gather);
	flow_graph_components(blame->graph, blame->starts, search.edges, look_at_set, &search);
	// A ring of reads that start nothing is worth a word, when all else is well.
	if (g_hash_table_size(blame->blamed) == 0 && layout_reads_softly(blame->plan->layout) &&
		blame->plan->changes->len == 0) {
		search.edges = FLOW_READS;
		flow_graph_components(
			blame->graph, blame->starts, search.edges, look_at_set, &search);
	}
	g_clear_pointer(&search.live, flow_graph_free);
	g_clear_pointer(&blame->starts, g_ptr_array_unref);
}
