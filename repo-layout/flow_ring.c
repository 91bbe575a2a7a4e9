// Rings in the graph: flows that wait for each other.
#include "repo-layout/flow_graph.h"

#include <string.h>

enum {
	MOST_SHOWN = 60, // flows of a ring that are named
};

// Goes through the flows that a flow reads from.
typedef struct Edges {
	const FlowGraph *graph;
	const LayoutFlow *flow;
	FlowEdges kind;
	unsigned read; // the next one
	bool inside; // of a read
	FlowWalk producers; // of the read before
} Edges;

static Edges edges_of(const FlowGraph *graph, const LayoutFlow *flow, FlowEdges kind)
{
	return (Edges){.graph = graph, .flow = flow, .kind = kind};
}

// The next flow that this one reads from, and by which read; NULL at the end.
static const LayoutFlow *edges_next(Edges *edges, unsigned *ret_read)
{
	const LayoutFlow *flow = edges->flow;

	while (true) {
		const LayoutFlow *next = edges->inside ? flow_walk_next(&edges->producers) : NULL;

		if (next != NULL) {
			*ret_read = edges->read - 1;
			return next;
		}
		edges->inside = false;
		if (edges->read == flow->reads_length)
			return NULL;
		if (edges->kind == FLOW_READS || flow->starts[edges->read]) {
			edges->producers =
				flow_graph_producers(edges->graph, flow->reads[edges->read]);
			edges->inside = true;
		}
		edges->read++;
	}
}

// ---- Components: Tarjan's algorithm, without recursion, for a chain of scripts may be as long as the repository ----

typedef struct Node {
	const LayoutFlow *flow;
	unsigned mark, low; // as usual; mark G_MAXUINT: it is off the stack
} Node;

// A place on the way of the depth-first walk.
typedef struct Step {
	guint node;
	Edges edges;
} Step;

typedef struct Components {
	const FlowGraph *graph;
	FlowEdges kind;
	GHashTable *numbers; // const LayoutFlow * -> index of its node and one
	GArray *nodes; // Node
	GArray *steps; // Step
	GArray *stack; // guint
	void (*found)(const GPtrArray *flows, void *data);
	void *data;
} Components;

static Node *node_at(const Components *components, guint index)
{
	return &g_array_index(components->nodes, Node, index);
}

static void enter(Components *components, const LayoutFlow *flow)
{
	guint index = components->nodes->len;
	const Node node = {flow, index + 1, index + 1};
	const Step step = {index, edges_of(components->graph, flow, components->kind)};

	g_array_append_val(components->nodes, node);
	g_array_append_val(components->stack, index);
	g_array_append_val(components->steps, step);
	g_hash_table_insert(
		components->numbers, (void *)(uintptr_t)flow, GUINT_TO_POINTER(index + 1));
}

static bool reads_itself(const Components *components, const LayoutFlow *flow)
{
	Edges edges = edges_of(components->graph, flow, components->kind);
	const LayoutFlow *next;
	unsigned read;

	while ((next = edges_next(&edges, &read)) != NULL) {
		if (next == flow)
			return true;
	}
	return false;
}

static int compare_paths(const void *left, const void *right)
{
	const LayoutFlow *const *a = left;
	const LayoutFlow *const *b = right;

	return strcmp((*a)->path, (*b)->path);
}

static void leave(Components *components, guint index)
{
	const Node *node = node_at(components, index);
	g_autoptr(GPtrArray) flows = NULL;
	guint last;

	if (node->low != node->mark)
		return;
	flows = g_ptr_array_new();
	do {
		last = g_array_index(components->stack, guint, components->stack->len - 1);
		g_array_set_size(components->stack, components->stack->len - 1);
		g_ptr_array_add(flows, (void *)(uintptr_t)node_at(components, last)->flow);
		node_at(components, last)->mark = G_MAXUINT;
	} while (last != index);
	if (flows->len == 1 && !reads_itself(components, flows->pdata[0]))
		return;
	g_ptr_array_sort(flows, compare_paths);
	components->found(flows, components->data);
}

static void walk_from(Components *components, const LayoutFlow *start)
{
	enter(components, start);
	while (components->steps->len > 0) {
		Step *step = &g_array_index(components->steps, Step, components->steps->len - 1);
		guint index = step->node, other;
		unsigned read;
		const LayoutFlow *next = edges_next(&step->edges, &read);

		if (next == NULL) {
			unsigned low = node_at(components, index)->low;

			g_array_set_size(components->steps, components->steps->len - 1);
			leave(components, index);
			if (components->steps->len == 0)
				return;
			step = &g_array_index(components->steps, Step, components->steps->len - 1);
			node_at(components, step->node)->low =
				MIN(node_at(components, step->node)->low, low);
			continue;
		}
		other = GPOINTER_TO_UINT(g_hash_table_lookup(components->numbers, next));
		if (other == 0)
			enter(components, next);
		else if (node_at(components, other - 1)->mark != G_MAXUINT)
			node_at(components, index)->low = MIN(node_at(components, index)->low,
				node_at(components, other - 1)->mark);
	}
}

void flow_graph_components(const FlowGraph *graph, const GPtrArray *starts, FlowEdges edges,
	void (*found)(const GPtrArray *flows, void *data), void *data)
{
	Components components = {
		.graph = graph,
		.kind = edges,
		.numbers = g_hash_table_new(NULL, NULL),
		.nodes = g_array_new(FALSE, FALSE, sizeof(Node)),
		.steps = g_array_new(FALSE, FALSE, sizeof(Step)),
		.stack = g_array_new(FALSE, FALSE, sizeof(guint)),
		.found = found,
		.data = data,
	};

	for (guint i = 0; i < starts->len; i++) {
		const LayoutFlow *flow = starts->pdata[i];

		if (flow->reads_length > 0 && !g_hash_table_contains(components.numbers, flow))
			walk_from(&components, flow);
	}
	g_hash_table_unref(components.numbers);
	g_array_unref(components.nodes);
	g_array_unref(components.steps);
	g_array_unref(components.stack);
}

// ---- The shortest ring: breadth first, along what is read ----------------------------------------------------------

// A flow that was reached, from which one, and by which read of that.
typedef struct Reached {
	const LayoutFlow *flow;
	guint from;
	unsigned read;
} Reached;

static FlowRing *trace_back(const GArray *reached, guint last, unsigned last_read)
{
	g_autoptr(GArray) way = g_array_new(FALSE, FALSE, sizeof(guint));
	FlowRing *ring = g_new0(FlowRing, 1);

	for (guint at = last; at != 0; at = g_array_index(reached, Reached, at).from)
		g_array_append_val(way, at);
	ring->flows = g_ptr_array_sized_new(way->len + 1);
	ring->reads = g_array_sized_new(FALSE, FALSE, sizeof(unsigned), way->len + 1);
	g_ptr_array_add(ring->flows, (void *)(uintptr_t)g_array_index(reached, Reached, 0).flow);
	for (guint i = way->len; i-- > 0;) {
		const Reached *one = &g_array_index(reached, Reached, g_array_index(way, guint, i));

		g_array_append_val(ring->reads, one->read);
		g_ptr_array_add(ring->flows, (void *)(uintptr_t)one->flow);
	}
	g_array_append_val(ring->reads, last_read);
	return ring;
}

FlowRing *flow_graph_ring(const FlowGraph *graph, const LayoutFlow *start, FlowEdges kind)
{
	g_autoptr(GArray) reached = g_array_new(FALSE, FALSE, sizeof(Reached));
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
	const Reached first = {start, 0, 0};

	g_array_append_val(reached, first);
	for (guint at = 0; at < reached->len; at++) {
		Edges edges = edges_of(graph, g_array_index(reached, Reached, at).flow, kind);
		const LayoutFlow *next;
		unsigned read;

		while ((next = edges_next(&edges, &read)) != NULL) {
			const Reached one = {next, at, read};

			if (next == start)
				return trace_back(reached, at, read);
			if (g_hash_table_add(seen, (void *)(uintptr_t)next))
				g_array_append_val(reached, one);
		}
	}
	return NULL;
}

void flow_ring_free(FlowRing *ring)
{
	if (ring == NULL)
		return;
	g_ptr_array_unref(ring->flows);
	g_array_unref(ring->reads);
	g_free(ring);
}

unsigned flow_ring_line(const FlowRing *ring, guint index)
{
	const LayoutFlow *flow = ring->flows->pdata[index];

	return flow->lines == NULL ? flow->line
				   : flow->lines[g_array_index(ring->reads, unsigned, index)];
}

const char *flow_ring_hint(FlowEdges edges)
{
	return edges == FLOW_STARTS ? "one of them has to stop reading the other; a feed with "
				      "history may read itself"
				    : "nothing starts in a ring, but what each of them reads "
				      "depends on who ran last";
}

static void append_name(GString *text, const LayoutFlow *flow)
{
	if (flow->target != NULL)
		g_string_append(text, flow->target);
	else
		g_string_append_printf(text, "%s.%s", flow->namespace, flow->id);
}

char *flow_ring_text(const FlowRing *ring)
{
	GString *text = g_string_new(NULL);
	guint length = ring->flows->len;

	for (guint i = 0; i < length; i++) {
		const LayoutFlow *flow = ring->flows->pdata[i];

		if (length > MOST_SHOWN && i == MOST_SHOWN / 2) {
			g_string_append_printf(text, "… %u more … → ", length - MOST_SHOWN);
			i += length - MOST_SHOWN;
			flow = ring->flows->pdata[i];
		}
		append_name(text, flow);
		g_string_append_printf(text, " (%s:%u) → ", flow->path, flow_ring_line(ring, i));
	}
	append_name(text, ring->flows->pdata[0]);
	return g_string_free(text, FALSE);
}
