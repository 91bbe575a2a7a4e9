// The run graph: what to do next in one run, from (flow, what happened so far). Pure: no clock, no threads, no store, no
// expressions. Each event and each step cost O(1) amortised, however many task runs there are.
//
// The caller takes steps with run_graph_next() until it gives none, does what they say, and tells what came of it with
// run_graph_open(), run_graph_end(), …, which make new steps. After a crash the graph is built again from the task runs in
// the store with run_graph_restore() and run_graph_resume().
//
// The rules:
// - A sequence starts its next task when the one before has ended well (SUCCESS, WARNING, SKIPPED). Disabled tasks are
//   passed over.
// - After a failure a container starts nothing more of its main tasks, waits for those under way, then runs its `errors`,
//   then its `finally`, each to its end whatever fails in it. The errors of the nearest container that has some handle the
//   failure: those of its ancestors do not run for it. `errors` and `finally` do not change the container's state.
// - The state of a container is the worst of its main tasks: KILLED > FAILED > WARNING > SUCCESS, then allowFailure and
//   allowWarning are applied.
// - A pause that has tasks, errors or a finally is a container that the caller holds (run_graph_hold()) while it is paused,
//   and lets go (run_graph_release()) with what came of it; its onPause runs meanwhile.
// - Killing starts nothing more; containers end KILLED when their last child has ended.
//
// A graph belongs to one thread at a time.
#pragma once

#include "repo-layout/flow.h"
#include "store/state.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct RunGraph RunGraph;
typedef struct RunNode RunNode;
typedef struct RunContainer RunContainer;

// Which list of its parent a task run belongs to.
typedef enum {
	RUN_BRANCH_MAIN,
	RUN_BRANCH_ERRORS,
	RUN_BRANCH_FINALLY,
	RUN_BRANCH_AFTER, // afterExecution of the flow
	RUN_BRANCH_ASIDE, // beside a pause: its end decides nothing
} RunBranch;

enum { RUN_ID_SIZE = 27 }; // 26 characters and the NUL

// One task run. The graph sets what is above the line; what is below is the caller's, the graph only keeps it.
struct RunNode {
	const Task *task; // NULL for the root, which stands for the flow
	RunNode *parent; // the root for tasks at the top
	RunContainer *container; // the graph's own; NULL for tasks without children
	RunNode *queue_next; // the graph's own
	char *value; // the loop value when it stands directly in a foreach; else NULL. Borrowed from the graph
	uint32_t value_index;
	uint32_t position; // number of the task in its list
	uint32_t iteration; // of the nearest loop-until around it, from 1; 0 outside
	uint8_t branch; // RunBranch
	uint8_t step; // the graph's own
	uint8_t state; // RunState
	bool queued; // the graph's own
	bool handled; // FAILED, but an errors branch at or below it has run
	// ----
	char id[RUN_ID_SIZE];
	bool dirty;
	uint32_t attempts; // begun so far
	int64_t created, started, ended;
	json_t *outputs; // owned; NULL: none
	void *extra; // owned by the caller; see run_graph_new()
};

typedef enum {
	// A task run has come to be (CREATED): give it an id, look at its runIf; then run_graph_open() a container,
	// run_graph_end() a leaf, now or later.
	RUN_STEP_START,
	// A container (or, when the run is killed, a task run that never started) has ended with node->state.
	RUN_STEP_FINISH,
	// The body of a loop-until has ended well: run_graph_repeat() or run_graph_close(). Or that of a
	// working-directory: run_graph_close(), now or later.
	RUN_STEP_DECIDE,
	// All tasks, errors and finally have ended, node is the root with the run's state: work out the outputs, then
	// run_graph_close() it with the final state; afterExecution follows.
	RUN_STEP_SETTLE,
	// Nothing is left to do.
	RUN_STEP_DONE,
} RunStepKind;

typedef struct {
	RunStepKind kind;
	RunNode *node;
} RunStep;

// How a container begins.
typedef struct {
	// The list that was chosen (then or else, the case of a switch); NULL: no task, ends SUCCESS.
	const GPtrArray *tasks;
	// foreach: the distinct values as texts; ownership passes. NULL for others.
	GPtrArray *values;
	// How many at once: of children (parallel, dag) or of values (foreach); 0: no limit.
	uint32_t limit;
	// foreach: the tasks of a value run at the same time too, and limit counts tasks (EachParallel).
	bool flat;
	// loop-until that goes on: its round; 0: the first.
	uint32_t round;
} RunOpening;

// The flow is borrowed and must outlive the graph. free_extra (may be NULL) frees RunNode.extra.
RunGraph *run_graph_new(const Flow *flow, GDestroyNotify free_extra);
void run_graph_free(RunGraph *graph);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RunGraph, run_graph_free)

// Begins a new run: the first steps are there afterwards.
void run_graph_begin(RunGraph *graph);

// Takes the next step; false when there is none before the next event.
bool run_graph_next(RunGraph *graph, RunStep *ret_step);

// A container that was started begins.
void run_graph_open(RunGraph *graph, RunNode *node, const RunOpening *opening);

// A pause that was started is PAUSED: its `aside` starts, its tasks wait.
void run_graph_hold(RunGraph *graph, RunNode *node, const RunOpening *opening);
// Its pause is over, well or not (SUCCESS, WARNING, FAILED): its tasks, or its errors, start.
void run_graph_release(RunGraph *graph, RunNode *node, RunState state);

// A leaf ended, or a container that was not opened (runIf false: SKIPPED; its condition cannot be rendered: FAILED).
// node->state becomes state after allowFailure and allowWarning.
void run_graph_end(RunGraph *graph, RunNode *node, RunState state);

// Answers of RUN_STEP_DECIDE: the body again (the descendants of the last round are dropped: removed is called for each,
// deepest first, before it is freed), or the end with a state.
void run_graph_repeat(
	RunGraph *graph, RunNode *node, void (*removed)(RunNode *node, void *data), void *data);
// Also the answer of RUN_STEP_SETTLE, for the root.
void run_graph_close(RunGraph *graph, RunNode *node, RunState state);

// Starts nothing more from now on. The caller ends the leaves that are under way (run_graph_live() lists them).
void run_graph_kill(RunGraph *graph);
bool run_graph_killing(const RunGraph *graph);

// A task run as the store has it, parents before their children, else in the order they were created. opening is given for
// containers that are open (RUNNING), else NULL. Its state may be any; a leaf that has not ended is left as it is for the
// caller to deal with. value is copied.
RunNode *run_graph_restore(RunGraph *graph, RunNode *parent, const Task *task, RunBranch branch,
	const char *value, uint32_t iteration, RunState state, const RunOpening *opening);
// Right after run_graph_restore() of an open container: it had been told by run_graph_close() or run_graph_release() to end
// with state, or with WARNING at best.
void run_graph_restore_closed(RunNode *node, RunState state);
// After the last run_graph_restore(): the steps that follow from what is there. settled: the run's state had been decided
// already (only afterExecution is left).
void run_graph_resume(RunGraph *graph, bool settled, RunState state);

// The root; its state is the run's.
RunNode *run_graph_root(const RunGraph *graph);
// All task runs in the order of their creation; the root is not among them. Entries may be NULL (dropped rounds).
const GPtrArray *run_graph_nodes(const RunGraph *graph);
// The list of its parent that a task stands in.
RunBranch run_graph_branch_of(const RunGraph *graph, const Task *task);
// Whether the graph steps the task's children: it is then opened, not run.
bool run_graph_is_container(const RunGraph *graph, const Task *task);
// Counts a round of a loop-until, from 1; 0 when it is none or not open.
uint32_t run_graph_round(const RunNode *node);
// State after allowFailure and allowWarning of a task.
RunState run_state_allowed(const Task *task, RunState state);
