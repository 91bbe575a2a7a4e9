// Whose change it is when domains do not fit together: the inside of plan_blame.c and its checks. Each check looks at what would
// be live, and blames the domains whose change is what does not fit; see plan_internal.h.
#pragma once

#include "reconciler/plan_internal.h"

typedef struct Blame {
	Plan *plan;
	FlowGraph *graph; // of what would be live
	GHashTable *edges; // after -> PlanEdge *; NULL: not made yet
	GHashTable *blamed; // PlanDomain *: from the end of the round on they stay as they are
	GPtrArray *starts; // const LayoutFlow *: scratch of blame_rings()
	bool held; // after the guards: who is blamed is refused, not broken
} Blame;

// ---- The checks
// Folders whose names differ in letter case only: blame_names.c
void blame_folders(Blame *blame);
// Flows that say a namespace that is not their domain's: it may be nobody else's, and their ids are unique in it.
void blame_namespaces(Blame *blame);
// One producer a table: blame_tables.c
void blame_producers(Blame *blame);
// Only consumers that are allowed.
void blame_consumers(Blame *blame);
// Checks that reach the tables they look into: blame_references.c
void blame_references(Blame *blame);
// No rings: blame_rings.c
void blame_rings(Blame *blame);

// ---- For the checks: plan_blame.c
// The domain among those that differ; NULL: it does not, and nothing is its fault.
PlanDomain *blame_find(const Blame *blame, const char *domain);
// domain may be NULL, or stay as it was: then nothing happens.
void blame_domain(Blame *blame, PlanDomain *domain, const char *file, unsigned line,
	const char *code, const char *hint, const char *message);
// The same with a column.
void blame_place(Blame *blame, PlanDomain *domain, const char *file, unsigned line, unsigned column,
	const char *code, const char *hint, const char *message);
// Calls look for each flow whose place among the others is new, of domains that do not stay.
typedef void (*BlameLook)(Blame *blame, const PlanEdge *edge);
void blame_look(Blame *blame, BlameLook look);
// What a flow of the layout was; NULL: its place is what it was.
const PlanEdge *blame_edge(Blame *blame, const LayoutFlow *after);
// Whether a flow of the graph reads or writes a table that it does not live.
bool blame_new_read(Blame *blame, const LayoutFlow *flow, const char *table, FlowEdges edges);
bool blame_new_write(Blame *blame, const LayoutFlow *flow, const char *table);
bool flow_reads(const LayoutFlow *flow, const char *table, FlowEdges edges);
bool flow_writes(const LayoutFlow *flow, const char *table);
// Makes a domain in a graph what it was, or what it is to be.
void blame_swap(FlowGraph *graph, const Plan *plan, const PlanDomain *domain, bool before);
// The flows of what becomes live; with all_before of what is live.
FlowGraph *blame_graph(const Plan *plan, bool all_before);
