// Task runs: one task of a run, each time it runs (loop values, restarts of a loop). A task run has attempts. The
// driver keeps the row in memory and writes it whole; one that starts and ends within one transaction is written once.
#pragma once

#include "store/run.h"

typedef struct {
	int64_t number; // from 1
	RunState state; // an ended one
	int64_t started_at;
	int64_t ended_at;
	char *message; // why; NULL
} StoreAttempt;

typedef struct {
	char *run_id;
	char *id; // store/id.h; task runs of a run sort by it
	char *task_id;
	char *parent_id; // task run of the container; NULL at the top
	char *value; // of the loop; NULL
	int64_t iteration; // of the loop, from 0; -1: no loop
	RunState state;
	int64_t attempt; // number of the current attempt; 0: none has begun
	int64_t created_at;
	int64_t started_at; // of the current attempt
	int64_t ended_at;
	int64_t due_at; // of the next attempt while RETRYING, of the end of a pause
	char *outputs; // JSON object; NULL: none
	char *message; // why it ended as it did; NULL
	char *child_run_id; // of a sub-flow; NULL
	char *data; // JSON of the runner's own; NULL
	StoreAttempt *
		attempts; // the earlier ones, which have ended; the current one is in the row itself
	size_t attempts_length;
} StoreTaskRun;

// Frees a task run that a function here gave, with everything in it.
void store_task_run_free(StoreTaskRun *task_run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreTaskRun, store_task_run_free)
// Moves the current attempt, which has just ended, to the earlier ones: attempt stays, started_at becomes 0. Call it
// before a retry, then put. message may be NULL.
void store_task_run_end_attempt(
	StoreTaskRun *task_run, RunState state, int64_t at, const char *message);

// Writes the row whole: a new one, or over what is there. A row that is stored as ended does not change:
// STORE_ERROR_FINAL. STORE_ERROR_FENCED when the lease is over.
bool store_task_run_put(
	Store *store, const StoreLease *lease, const StoreTaskRun *task_run, GError **error);
// The one way back from an ended state, for restarts: takes RESTARTED, the current attempt becomes an earlier one,
// ended_at 0. Needs no lease, but the run to be RESTARTED or the lease's (lease may be NULL). Outputs stay until the
// next put. data (JSON) replaces what the row has, and takes the outputs with it; NULL: both stay. STORE_ERROR_STALE when
// the run is driven by someone else.
bool store_task_run_reopen(Store *store, const StoreLease *lease, const char *run_id,
	const char *id, const char *data, GError **error);
// Adds a task run to a run that is being made: one that nobody has claimed yet. Needs no lease; call it in the transaction that
// creates the run. What kept files its outputs name stays as long as the run. STORE_ERROR_STALE when the run is no such one.
bool store_task_run_add(Store *store, const StoreTaskRun *task_run, GError **error);
// Removes task runs (for a restart from a container whose children shall be made anew). As above.
bool store_task_run_delete(
	Store *store, const StoreLease *lease, const char *run_id, const char *id, GError **error);

bool store_task_run_get(Store *store, const char *run_id, const char *id,
	StoreTaskRun **ret_task_run, GError **error);
// Calls visit for each task run of the run in the order of ids; the row is lent for the call. visit returns false to
// stop (no error). To rebuild a run: no list of all rows is made. visit must not write to this store.
bool store_task_runs_visit(Store *store, const char *run_id,
	bool (*visit)(const StoreTaskRun *task_run, void *data), void *data, GError **error);

typedef struct {
	const char *run_id; // needed
	const char *task_id; // NULL: all
	const char *parent_id; // NULL: all
	int state; // RunState; -1: all
	bool without_outputs;
} StoreTaskRunFilter;

// In the order of ids.
bool store_task_runs_list(Store *store, const StoreTaskRunFilter *filter, const StorePage *page,
	GPtrArray **ret_task_runs, char **ret_next, GError **error);
// How many task runs of a run are in each state.
bool store_task_runs_count(
	Store *store, const char *run_id, int64_t by_state[RUN_STATES], GError **error);
