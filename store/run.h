// Runs: one execution of a flow each. A run that is not ended has a place in the line of active runs, which claims,
// limits and requests look at; history is never scanned for them.
//
// The life of a run:
//   store_run_create    CREATED, ready to be claimed (or at due_at)
//   store_run_claim     a node takes it, with a lease: every write of that node passes the lease and is refused with
//                       STORE_ERROR_FENCED once someone else has claimed the run, or the node's beat has expired
//   store_run_put       state, outputs, labels as the run goes on (same transaction as the task runs' rows)
//   store_run_release   back into the line: at once, at a moment (delay, retry), or PAUSED until store_run_resume()
//   store_run_end       an ended state; out of the line; the next run of a limited flow is let in
// A lease lives as long as its node beats (store/node.h).
#pragma once

#include "store/state.h"
#include "store/store.h"

#include <jansson.h>

// What a claim gives. A plain value: copy it freely.
typedef struct {
	char run_id[27];
	int64_t token; // grows with each claim, over the whole store
} StoreLease;

typedef struct {
	RunState state;
	int64_t at;
} StoreStateChange;

typedef struct {
	char *id;
	char *namespace;
	char *flow;
	int64_t revision; // of the flow, when it was created
	RunState state;
	int64_t priority; // higher first
	char *inputs; // JSON object; NULL: none
	char *outputs; // JSON object; NULL: none yet
	char *labels; // JSON object; NULL: none
	char *variables; // JSON object that the run was given besides the flow's; NULL
	char *trigger; // JSON {"id", "type", …}; NULL: by hand
	char *trigger_type; // "schedule", "tables", "build", "manual", "subflow", …; never NULL
	char *key; // see StoreRunNew; NULL
	char *parent_run_id; // of a sub-flow's run; NULL
	char *parent_task_run_id; // NULL
	char *origin_run_id; // of a replay or retry: the run it was made from; NULL
	char *message; // why it ended as it did; NULL
	char *data; // JSON of the runner's own, opaque here (limits reached, reruns …); NULL
	int64_t attempt; // 1; more with each restart
	int64_t created_at;
	int64_t due_at; // not before then; 0: at once
	int64_t started_at; // first claim
	int64_t ended_at;
	StoreStateChange *changes; // every state it had, oldest first
	size_t changes_length;
} StoreRun;

void store_run_free(StoreRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreRun, store_run_free)

// The key in the data of a run or task run under which its outputs are kept once more without the secrets in them, where they
// hold some.
#define STORE_SHOWN "shown"
// The outputs of a run or task run as readers may see them: an object, empty when there are none. A new reference.
json_t *store_outputs_shown(const char *outputs, const char *data);

// A run to create; nothing in it is kept by the store.
typedef struct {
	const char *id; // NULL: made by the store
	const char *namespace;
	const char *flow;
	int64_t revision; // 0: the flow's current one, which must be live
	int64_t priority;
	const char *inputs, *labels, *variables, *trigger, *data; // JSON; each may be NULL
	const char *trigger_type; // NULL: "manual"
	const char *parent_run_id, *parent_task_run_id, *origin_run_id; // each may be NULL
	// Makes creation idempotent: a second run of the same key is not created ("trigger id + fire time"). NULL: none.
	const char *key;
	int64_t due_at; // 0: at once
	// More than 0: at most so many runs of the flow at once, with concurrency_behavior (NULL: QUEUE); 0 or
	// less: what the flow's row says, no limit when there is no such row.
	int64_t concurrency_limit;
	const char *concurrency_behavior;
} StoreRunNew;

// Creates a run. Over a limit with behaviour CANCEL or FAIL it is created ended (CANCELLED, FAILED). ret_id (may be
// NULL) receives its id, or the id of the earlier run of the same key; ret_created (may be NULL) whether it was
// created. STORE_ERROR_MISSING when revision is 0 and no such flow is live.
bool store_run_create(Store *store, const StoreRunNew *new_run, char ret_id[27], bool *ret_created,
	GError **error);

bool store_run_get(Store *store, const char *id, StoreRun **ret_run, GError **error);
// The id of the run that was created with the key; "" when there is none.
bool store_run_of_key(Store *store, const char *key, char ret_id[27], GError **error);

// --- Driving --------------------------------------------------------------------------------------------------------

// Takes up to max due runs for node: highest priority first, then oldest. A run of a flow whose limit is reached goes
// to QUEUED instead, until another of that flow ends or pauses. Runs without a started_at get one, CREATED and QUEUED
// become RUNNING; other states stay, so that the new driver sees what the run was at. Committed by its own, or with
// the caller's transaction. ret_leases has room for max; *ret_count are there. The node must have beaten.
bool store_run_claim(Store *store, const char *node, size_t max, StoreLease *ret_leases,
	size_t *ret_count, GError **error);
// Claims one certain run, if it is due, not limited and not taken: *ret_claimed. `weir run` does.
bool store_run_claim_one(Store *store, const char *node, const char *run_id, StoreLease *ret_lease,
	bool *ret_claimed, GError **error);
// Checks the lease: STORE_ERROR_FENCED when it is over. All writes below and those of task runs do it by themselves,
// once a transaction.
bool store_lease_check(Store *store, const StoreLease *lease, GError **error);

// What a driver may change of its run; NULL leaves as it is, except that state is always set.
typedef struct {
	RunState state; // not an ended one
	const char *outputs, *labels, *message, *data;
} StoreRunChange;

bool store_run_put(
	Store *store, const StoreLease *lease, const StoreRunChange *change, GError **error);
// Gives the run up: PAUSED with due_at 0 waits for store_run_resume(); else it can be claimed again from due_at on
// (0: at once). The lease is over. A run that is released PAUSED or with a due_at frees its place in the flow's limit.
bool store_run_release(Store *store, const StoreLease *lease, const StoreRunChange *change,
	int64_t due_at, GError **error);
// Ends the run; the lease is over. change.state is an ended one. With a limit, the next QUEUED run of the flow is let
// into the line. Ends it also in the tallies (store_tally_*).
bool store_run_end(
	Store *store, const StoreLease *lease, const StoreRunChange *change, GError **error);

// --- Requests (from anyone, without a lease) ------------------------------------------------------------------------

typedef enum {
	RUN_REQUEST_KILL = 1 << 0,
	RUN_REQUEST_RESUME = 1 << 1,
	RUN_REQUEST_PAUSE = 1 << 2,
	RUN_REQUEST_LABELS = 1 << 3,
} RunRequest;

// Asks the driver of the run to kill it. A run that nobody drives can be claimed for it at once, whatever its limit.
// *ret_asked (may be NULL) is false when the run is ended or not there.
bool store_run_kill(Store *store, const char *id, bool *ret_asked, GError **error);
// Lets a PAUSED run go on; inputs (JSON, may be NULL) are what it was asked for. *ret_asked as above, and false when it
// is not PAUSED.
bool store_run_resume(
	Store *store, const char *id, const char *inputs, bool *ret_asked, GError **error);
// Asks the driver to pause the run before its next task.
bool store_run_pause(Store *store, const char *id, bool *ret_asked, GError **error);
// Puts an ended run back into the line as RESTARTED; attempt grows. Task runs that shall run again are reopened with
// store_task_run_reopen(). revision 0 keeps the run's. STORE_ERROR_STALE when it is not ended.
bool store_run_restart(Store *store, const char *id, int64_t revision, GError **error);
// Changes labels of any run: changes is a JSON object, name → text, or null for a label that goes. The row has them with this
// commit; the driver of a run that goes on is told, and whatever it writes before it knows takes nothing of them back for good.
// STORE_ERROR_MISSING when there is no such run.
bool store_run_change_labels(Store *store, const char *id, const char *changes, GError **error);
// What the driver knows the labels to be by now.
bool store_run_put_labels(
	Store *store, const StoreLease *lease, const char *labels, GError **error);
// Applies such changes. A new reference.
json_t *store_labels_changed(const json_t *labels, const json_t *changes);

typedef struct {
	char run_id[27];
	unsigned requests; // RunRequest
	char *resume_inputs; // JSON; NULL
	char *label_changes; // JSON, see store_run_change_labels(); NULL
} StoreRunRequests;

void store_run_requests_free(StoreRunRequests *requests);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreRunRequests, store_run_requests_free)
// Open requests for the runs that node drives.
bool store_run_requests_list(
	Store *store, const char *node, GPtrArray **ret_requests, GError **error);
// Open requests of one run; right after a claim. *ret_requests may be NULL: none.
bool store_run_requests_get(
	Store *store, const char *id, StoreRunRequests **ret_requests, GError **error);
// The driver has acted on them.
bool store_run_requests_done(
	Store *store, const StoreLease *lease, unsigned requests, GError **error);

// --- Looking --------------------------------------------------------------------------------------------------------

typedef struct {
	const char *namespace; // NULL: all
	const char *flow; // with namespace; NULL: all of it
	int state; // a RunState; -1: all. MIND: a zeroed filter asks for CREATED
	const char *trigger_type; // NULL: all; looked at row by row
	const char *
		parent_run_id; // NULL: all; looked at row by row, use with namespace and flow where known
	int64_t since, until; // by created_at; 0: no bound
	bool oldest_first;
} StoreRunFilter;

#define STORE_RUN_FILTER_ALL ((StoreRunFilter){.state = -1})

// By id (the order of creation), newest first. inputs, outputs, variables, data and changes are left out.
bool store_runs_list(Store *store, const StoreRunFilter *filter, const StorePage *page,
	GPtrArray **ret_runs, char **ret_next, GError **error);
// Runs that are not ended, by state. Cheap.
bool store_runs_count_active(Store *store, int64_t by_state[RUN_STATES], GError **error);
// How many runs there are, and the id of the first of them ("" when there is none). Counts row by row.
bool store_runs_count(Store *store, int64_t *ret_runs, char ret_oldest[27], GError **error);
// Whether a run of the flow is not ended. Cheap.
bool store_flow_is_active(
	Store *store, const char *namespace, const char *flow, bool *ret_active, GError **error);
// When the next run becomes due of those that wait for a moment; 0: none waits. Cheap.
bool store_run_next_due(Store *store, int64_t *ret_due_at, GError **error);

// Ended runs, added up per flow and state as they end: no history is scanned.
typedef struct {
	char *namespace;
	char *flow;
	RunState state;
	int64_t runs;
	int64_t duration; // µs from first claim to end, summed up
	char *last_run_id;
	int64_t last_ended_at;
} StoreTally;

void store_tally_free(StoreTally *tally);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreTally, store_tally_free)
// Of one flow, or of a namespace (flow NULL), or of all (both NULL); by namespace, flow, state.
bool store_tallies_list(Store *store, const char *namespace, const char *flow,
	GPtrArray **ret_tallies, GError **error);
// Over all flows, by state.
bool store_runs_count_ended(Store *store, int64_t by_state[RUN_STATES], GError **error);
