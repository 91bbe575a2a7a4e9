// The inside of the run graph, shared by run_graph.c and run_graph_restore.c only.
#pragma once

#include "runner/run_graph.h"

typedef enum {
	SHAPE_LEAF,
	SHAPE_SEQUENCE, // one after the other
	SHAPE_PARALLEL, // all at once, or as many as the limit says
	SHAPE_FOREACH, // a sequence for each value
	SHAPE_DAG, // each when those it depends on have ended
	SHAPE_LOOP, // a sequence, again and again
	SHAPE_CLOSED, // a sequence whose owner has something to do when it has ended well
	SHAPE_HELD, // a sequence that waits for its owner before it begins
} Shape;

struct RunContainer {
	Shape shape;
	const GPtrArray *tasks;
	GPtrArray *values; // foreach; owned
	uint32_t limit;
	bool flat;
	uint8_t branch; // RunBranch that is being run
	bool failed, unhandled, warned, killed, cancelled;
	bool stopped; // starts nothing more of the main tasks
	bool deciding; // loop: waits for the answer of RUN_STEP_DECIDE; held: for its release
	bool restored; // not resumed yet: counts, but takes no steps
	uint32_t live; // children that have not ended
	uint32_t
		next; // next position (sequence, parallel), value (foreach) or number of value × task (flat)
	uint32_t groups; // foreach: values under way
	uint32_t round; // loop: from 1
	uint32_t *waits; // dag: dependencies left, by position
	GArray **
		dependants; // dag: positions to look at when this one has ended; entries NULL: none
	GArray *ready; // dag: positions whose dependencies have ended, next is the first not started
	GPtrArray *
		tails; // while restored: the last child of each value (or of the sequence), not owned
	GHashTable *value_index; // while restored: value → index + 1
};

// Where a task stands, found once per graph.
typedef struct {
	uint32_t position;
	uint8_t branch;
	uint8_t shape;
} TaskPlace;

struct RunGraph {
	const Flow *flow;
	GDestroyNotify free_extra;
	TaskPlace *places; // by Task.index
	RunNode *root;
	GPtrArray *nodes;
	GHashTable *restored_values; // texts of values of nodes whose container is not open; owned
	RunNode *first, *last; // steps that wait
	bool killing;
	bool settling, done;
};

RunNode *run_graph_node_new(RunGraph *graph, RunNode *parent, const Task *task, RunBranch branch);
void run_graph_step_push(RunGraph *graph, RunNode *node, RunStepKind kind);
// Attaches an opening to a node that has none yet.
void run_graph_attach(RunGraph *graph, RunNode *node, const RunOpening *opening);
// Counts the end of a child in its parent.
void run_graph_count_end(RunContainer *container, const RunNode *child);
// Likewise what its owner made of its main tasks.
void run_graph_note_close(RunContainer *container, RunState state);
// What follows from the end of a dag's child.
void run_graph_dag_release(RunContainer *container, uint32_t position);
// Starts a child and counts it.
void run_graph_child_start(
	RunGraph *graph, RunNode *parent, const Task *task, RunBranch branch, uint32_t value_index);
// The first task at or after position that is not disabled; the length of the list when there is none.
uint32_t run_graph_next_enabled(const GPtrArray *list, uint32_t position);
// Starts what may start and ends the container when nothing is left.
void run_graph_container_step(RunGraph *graph, RunNode *node);
