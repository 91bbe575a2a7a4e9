// What of a run that has ended is kept when it goes on or is done once more: the pure part of restart and replay.
//
// Feed it the task runs in the order of their creation, then mark once, then read the rows. One thread at a time.
#pragma once

#include "runner/run_graph.h"
#include "store/task_run.h"

typedef enum {
	PAST_KEEP, // stays as it is
	PAST_REOPEN, // a container goes on with the children that are kept
	PAST_ANEW, // begins as if it never had: its runIf is asked, then a container is opened or a leaf runs
	PAST_REMOVE, // is not there
} PastMark;

// One task run.
typedef struct PastRow PastRow;
struct PastRow {
	char id[RUN_ID_SIZE];
	PastRow *parent; // NULL at the top
	const Task *task; // NULL: the flow has no such task
	RunBranch branch;
	RunState state;
	PastMark mark;
	// ---- what marking needs
	char *value;
	bool target, holds_target, has_children;
	GHashTable *again; // keys of children of which nothing that came later is kept; NULL: none
};

typedef struct RunPast RunPast;

// The flow is borrowed and must outlive it.
RunPast *run_past_new(const Flow *flow);
void run_past_free(RunPast *past);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RunPast, run_past_free)

void run_past_add(RunPast *past, const StoreTaskRun *task_run);
// PastRow *, parents before their children.
const GPtrArray *run_past_rows(const RunPast *past);

// What ended well is kept, and a container that ended well with all that is in it; what did not is run again, and what ran in
// the errors, finally and afterExecution around it is removed.
void run_past_mark_restart(RunPast *past);
// What does not wait for the task is kept, as it ended; the task begins anew, and what failed beside it runs again with it. from
// names a task, all of whose task runs are meant, or one task run by its id. False with TASK_ERROR_PROPERTY when
// nothing can begin there.
bool run_past_mark_replay(RunPast *past, const char *from, GError **error);
