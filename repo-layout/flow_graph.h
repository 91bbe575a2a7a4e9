// Who waits for whom: the graph between the flows of a layout, with some of them left out and others put in. What would be
// live while some domains stay as they were is such a graph. Not thread-safe; the layout outlives it.
#pragma once

#include "repo-layout/layout.h"

typedef struct FlowGraph FlowGraph;

// All flows of the layout and no others.
FlowGraph *flow_graph_new(const Layout *layout);
void flow_graph_free(FlowGraph *graph);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FlowGraph, flow_graph_free)

// A flow of the layout: out, and in again.
void flow_graph_leave_out(FlowGraph *graph, const LayoutFlow *flow);
void flow_graph_take_in(FlowGraph *graph, const LayoutFlow *flow);
// Whether a flow of the layout is in.
bool flow_graph_has(const FlowGraph *graph, const LayoutFlow *flow);
// One that the layout does not have, which is borrowed: in, and out again.
void flow_graph_put(FlowGraph *graph, const LayoutFlow *flow);
void flow_graph_remove(FlowGraph *graph, const LayoutFlow *flow);

// Goes through the flows that write a table, or that read it.
typedef struct FlowWalk {
	const FlowGraph *graph;
	const void *entry; // of the layout
	const GPtrArray *put;
	bool readers;
	unsigned at;
} FlowWalk;

FlowWalk flow_graph_producers(const FlowGraph *graph, const char *table);
FlowWalk flow_graph_readers(const FlowGraph *graph, const char *table);
// NULL at the end.
const LayoutFlow *flow_walk_next(FlowWalk *walk);

typedef enum {
	FLOW_STARTS, // reads of tables whose publication starts the flow
	FLOW_READS, // all reads
} FlowEdges;

// Calls found for each set of flows that wait for each other, directly or over others, of those that can be reached from starts
// along what is read; sorted by path.
void flow_graph_components(const FlowGraph *graph, const GPtrArray *starts, FlowEdges edges,
	void (*found)(const GPtrArray *flows, void *data), void *data);

// A ring of flows each of which reads what the next one writes, and the last what the first does.
typedef struct FlowRing {
	GPtrArray *flows; // const LayoutFlow *
	GArray *reads; // unsigned: index of the read in its flow
} FlowRing;

// The shortest one through a flow; NULL: there is none. The caller frees it.
FlowRing *flow_graph_ring(const FlowGraph *graph, const LayoutFlow *start, FlowEdges edges);
void flow_ring_free(FlowRing *ring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FlowRing, flow_ring_free)
// The line in which a flow of the ring reads the next one.
unsigned flow_ring_line(const FlowRing *ring, guint index);
// What is to be done about a ring.
const char *flow_ring_hint(FlowEdges edges);
// "sales.a (domains/sales/sql/a.sql:3) → sales.b (…:2) → sales.a"; the middle of a long one is left out. The caller frees it.
char *flow_ring_text(const FlowRing *ring);
