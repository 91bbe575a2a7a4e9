// Tables that checks look into: a check runs where its script does, and sees no further.
#pragma once

#include "repo-layout/flow_graph.h"

// Adds those of a task's checks (canonical JSON) to a list of LayoutReference. Their tables are new texts, which the caller
// frees; connection is borrowed, and line and column are left 0.
void references_of_checks(const json_t *checks, const char *connection, GArray *references);
void references_clear(GArray *references);

// Why a check cannot look into a table of the graph, and what is to be done about it; NULL when it can. The caller frees both.
char *reference_fault(const Layout *layout, const FlowGraph *graph,
	const LayoutReference *reference, char **ret_hint);
