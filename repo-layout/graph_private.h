// Checks of the graph between flows; inside of layout_graph.c's module.
#pragma once

#include "repo-layout/layout_private.h"

typedef struct GraphCheck {
	const Layout *layout;
	GHashTable *faults; // name of a domain -> DiagnosticList *
} GraphCheck;

// The list of faults of a unit's domain.
DiagnosticList *graph_faults(GraphCheck *check, const char *domain);
// Whole rings of flows that wait for each other.
void graph_check_cycles(GraphCheck *check);
// Whether a unit comes back to itself along what it reads.
bool graph_in_cycle(const TableIndex *index, Unit *unit);
// The domain of a flow.
DomainData *graph_domain(const Layout *layout, const char *name);
// What a flow is called in messages: the table that it makes, or namespace.id.
char *graph_name(const Unit *unit);
