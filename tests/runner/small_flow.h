// Flows written in a line, for tests of the run graph: no file, no YAML.
//
//   a b!            tasks one after the other; ! allowFailure, ? allowWarning, - disabled
//   s(a b)          sequential       p(a b)  parallel       p2(a b c)  parallel, two at once
//   f[x,y](a b)     foreach          f2[x,y,z](a)  two values at once    g[x,y](a b)  flat, all at once
//   d(a b<a c<a,b)  dag              A(a)  allow-failure    i(a b)  an if that holds    l(a)  loop-until
//   e(x) z(y)       errors and finally of what they stand in
//
// A container's id is its letter and a number, counted from 1 over the whole text in order.
#pragma once

#include "runner/run_graph.h"

typedef struct {
	Flow *flow;
	GPtrArray *openings; // by Task.index: SmallOpening *
} SmallFlow;

typedef struct {
	GStrv values;
	uint32_t limit;
	bool flat;
} SmallOpening;

SmallFlow *small_flow_parse(const char *text);
void small_flow_free(SmallFlow *small);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmallFlow, small_flow_free)

// How the executor would open this container.
RunOpening small_flow_opening(const SmallFlow *small, const Task *task);
// A random flow text; budget is about the number of tasks.
char *small_flow_random(GRand *rand, int budget);
// Task id with the values around it, as "inner[a][b]" (and "#2" for the second round of a loop).
char *small_node_name(const RunNode *node);
