// Flows written in a line, for tests of the run graph: no file, no YAML.
//
//   a b!            tasks one after the other; ! allowFailure, ? allowWarning, - disabled
//   s(a b)          sequential       p(a b)  parallel       p2(a b c)  parallel, two at once
//   f[x,y](a b)     foreach          f2[x,y,z](a)  two values at once    g[x,y](a b)  flat, all at once
//   d(a b<a c<a,b)  dag              A(a)  allow-failure    l(a)  loop-until           w(a)  working-directory
//   i(a b | c)      if: then | else  k(a | b | c)  switch: the cases, and the defaults
//   e(x) z(y)       errors and finally of what they stand in               q(x)  afterExecution of the flow
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
// The alternatives of an if or a switch, in the order of the text; 1 for other containers.
unsigned small_flow_alternatives(const Task *task);
// Likewise, with one of them (from 0); one that is not there: an opening without tasks.
RunOpening small_flow_opening_of(const SmallFlow *small, const Task *task, unsigned alternative);

// Which containers a random flow has besides sequential, parallel, foreach, dag, allow-failure and if.
typedef enum {
	SMALL_FLOW_PLAIN,
	SMALL_FLOW_WHOLE, // all of them, and afterExecution
} SmallFlowRange;
// A random flow text; budget is about the number of tasks.
char *small_flow_random(GRand *rand, int budget, SmallFlowRange range);
// Task id with the values around it, as "inner[a][b]" (and "#2" for the second round of a loop).
char *small_node_name(const RunNode *node);
// Sorts texts and joins them with a separator. The caller frees it; the list gets a NULL at its end.
char *small_texts_sorted(GPtrArray *texts, const char *separator);
