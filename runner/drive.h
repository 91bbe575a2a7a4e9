// One run being driven: its graph, its values, and what of it is not written yet. The inside of the runner: shared by
// drive*.c, scope.c, task_context.c and runner.c.
//
// Owned by whoever has the runner's helm. Workers touch only what their TaskContext gives them, and values under drive->lock.
#pragma once

#include "expr/scope.h"
#include "runner/flow_model.h"
#include "runner/run_graph.h"
#include "runner/runner.h"
#include "runner/task_type.h"
#include "store/log.h"
#include "store/node.h"
#include "store/run.h"
#include "store/task_run.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct Drive Drive;

// The key of the run that a flow's retry makes in place of another.
#define DRIVE_RERUN_KEY "retry/%s"

// The key in a container's data under which stands what its owner made of it, where no task run tells.
#define DRIVE_CLOSED "closed"

// What a task run waits for.
typedef enum {
	WAIT_NONE,
	WAIT_SLOT, // an outside task, CREATED, for a slot or its pool
	WAIT_TASK, // an internal task, as its result said
	WAIT_RETRY, // RETRYING, for the moment of its next attempt
	WAIT_ROUND, // a loop-until, for the moment of its next round
} Wait;

// What only some task runs need.
typedef struct {
	GArray *attempts; // StoreAttempt: the earlier ones; NULL: none. Their messages are owned
	char *message;
	Wait wait;
	TaskWait task_wait;
	int64_t due_at;
	bool times_out; // due_at is the task's timeout
	GSequenceIter *timer;
	char child_run[RUN_ID_SIZE];
	int64_t first_started; // of the first attempt
	TaskContext *context; // under way at a worker
	json_t *data; // the row's data: how a foreach was opened
	json_t *resumed_with;
	bool anew; // restored, and to begin as if it never had
	bool folder_lost; // a working-directory whose folder is on another machine, or gone
} NodeExtra;

typedef bool (*DriveRecord)(Store *store, void *data, GError **error);

typedef struct {
	DriveRecord record;
	void *data;
	GDestroyNotify free_data;
} DriveEffect;

struct Drive {
	Runner *runner;
	char id[RUN_ID_SIZE];
	StoreLease lease;
	StoreRun *run; // the row as it was when claimed
	FlowModel *model;
	RunGraph *graph;
	StoreLog *log;
	StoreLogTask run_log;
	RunNode **latest; // by Task.index: its last task run

	pthread_mutex_t lock; // guards the values below
	json_t *inputs, *outputs, *labels, *variables, *trigger, *error;
	GPtrArray *masks; // texts that no log shows
	GHashTable *mask_set; // the same, to add each once

	RunState state;
	RunState forced; // an SLA or the flow's timeout decided the end; 0: not
	RunState settled; // 0: not decided yet
	json_t *flow_outputs;
	char *message;
	GPtrArray *dirty; // RunNode *: rows to write
	GPtrArray *removed; // char *: ids of rows to delete
	GPtrArray *
		left; // char *: folders of working-directories that have ended; removed once that is committed
	GArray *effects; // DriveEffect
	unsigned written_effects;
	bool run_dirty;
	bool done; // nothing left: end the row
	bool released; // given up by the transaction that is under way
	bool queued; // in runner->active
	bool in_round; // in runner->round
	bool doomed; // fenced or given up: wait for what is under way, then forget
	bool pause_asked;
	unsigned under_way; // contexts at workers
	unsigned timed; // timers of ours
	bool watches; // has waited for a child run
	unsigned waiting_slot;
	unsigned paused; // task runs that are PAUSED
	unsigned retrying; // task runs that are RETRYING
	unsigned depth; // of sub-flows: 0 for a run that is none
	unsigned reruns; // of a flow retry that makes new runs: how many were made before this one
	int64_t first_started; // of the first of them
	const Retry *rerun; // a task's retry asks for a new run
	unsigned sla_seen; // bits of those that are broken already
	unsigned waiting; // other waits (children, retries, sleeps)
	int64_t timeout_at; // of the flow, 0: none
	GSequenceIter *timer; // of the flow's timeout or SLA
	GSequenceIter *sla_timer;
};

// Why a task under way is to stop.
typedef enum {
	CANCEL_NONE,
	CANCEL_KILL,
	CANCEL_TIMEOUT,
	CANCEL_STOP, // the node stops, or lost the run
} CancelReason;

typedef struct {
	DriveEffect effect;
	bool always;
} FinishHook;

struct TaskContext {
	Drive *drive;
	RunNode *node;
	const TaskType *type;
	StoreLogTask log;
	LogLevel log_level;
	unsigned attempt;
	int64_t started;
	atomic_int cancelled; // CancelReason
	pthread_mutex_t cancel_lock;
	int cancel_fd; // -1 until asked for
	void (*cancel)(void *data);
	void *cancel_data;
	json_t *seen_tasks, *seen_errors; // of the run, when the task's definition asks for them
	char *folder;
	bool scripts_there;
	bool shared; // the folder is that of a working-directory around it
	bool fills; // it makes that folder
	GArray *hooks; // FinishHook
	TaskResult result;
	GError *error;
	bool ok;
	char *timeout_text;
	int64_t timeout; // microseconds; 0: none
	int64_t ended; // when run() came back
	bool ahead; // given out ahead of a free slot: has not begun until `begun`
	int64_t given; // when workers could first take it; 0: not yet
	atomic_llong begun; // 0: not yet
};

// ---- drive.c: loading and ending
Drive *drive_load(Runner *runner, const StoreLease *lease, GError **error);
void drive_free(Drive *drive);
NodeExtra *node_extra(RunNode *node);
void node_extra_free(gpointer data);
GArray *attempts_new(void); // of StoreAttempt with messages of its own
void drive_touch(Drive *drive, RunNode *node); // its row is to be written
void drive_effect(Drive *drive, DriveRecord record, void *data, GDestroyNotify free_data);
void drive_log(Drive *drive, LogLevel level, const char *format, ...) G_GNUC_PRINTF(3, 4);
const Flow *drive_flow(const Drive *drive);
void drive_set_state(Drive *drive, RunState state);

// ---- drive_mask.c: what readers see of what holds secrets
void drive_mask_add(Drive *drive, const char *text); // lock held
char *drive_mask(Drive *drive, const char *text, size_t length);
bool drive_has_masks(Drive *drive);
// What a sub-flow's run keeps secret is so in the run that gets its outputs, too.
void drive_masks_inherit(Drive *drive, Drive *child);
// A copy without secrets in its keys and values; *masked becomes true when there were some.
json_t *drive_shown(Drive *drive, const json_t *value, bool *masked);
// The same in place of the object, for what is made to be read (labels).
void drive_mask_object(Drive *drive, json_t **object);

// ---- drive_write.c: everything that is not written yet, within the caller's transaction
bool drive_write(Drive *drive, GError **error);
void drive_written(Drive *drive); // committed
void drive_write_failed(Drive *drive); // rolled back: it is to be written again

// ---- drive_step.c, and what its parts offer the rest
// Steps until nothing is left to do before the next event, or budget steps are done. False: the budget is used up.
bool drive_step(Drive *drive, unsigned *budget);
void drive_task_ended(Drive *drive, TaskContext *context); // a worker has given it back
void drive_slot_free(Drive *drive, RunNode *node); // one that waited for a slot may start
void drive_timer(Drive *drive, RunNode *node); // its moment has come; node NULL: the run's
void drive_child_ended(Drive *drive, RunNode *node, int state, const json_t *outputs);
void drive_settle(Drive *drive, RunState state); // drive_settle.c
void drive_deadline(Drive *drive); // of the run: its timeout, an SLA
// Waits for the first SLA that a duration ends.
void drive_sla_arm(Drive *drive, int64_t started);
// The assertions of SLAs. What cannot be worked out breaks one only at the end.
void drive_assertions_check(Drive *drive, bool at_end);
// A task run that had not ended when its node died or gave the run up.
void drive_recover(Drive *drive, RunNode *node);
void drive_kill(Drive *drive);
void drive_resume(Drive *drive, const json_t *inputs);
// Begins a run that has no task runs yet, or goes on with one that has.
bool drive_begin(Drive *drive, GError **error);

// ---- drive_wait.c
void drive_timer_set(Drive *drive, RunNode *node, int64_t at);
void drive_timer_clear(Drive *drive, RunNode *node);
void drive_wait_begin(Drive *drive, RunNode *node, Wait wait);
void drive_wait_end(Drive *drive, RunNode *node); // whatever it waits for
void drive_state_follow(Drive *drive); // the run's state as its task runs have it

// ---- drive_attempt.c
const TaskType *drive_node_type(const RunNode *node);
void drive_attempt_begin(Drive *drive, RunNode *node);
void drive_attempt_end(RunNode *node, RunState state, int64_t at, const char *message);
void drive_attempt_undo(Drive *drive, RunNode *node); // of one that never began
void drive_ahead_unmark(RunNode *node); // its row no longer says that it was given out ahead
void drive_retry_later(Drive *drive, RunNode *node, int64_t at);
void drive_leaf_start(Drive *drive, RunNode *node);
void drive_leaf_end(Drive *drive, RunNode *node, RunState state, const char *message);
void drive_leaf_fail(Drive *drive, RunNode *node, GError *error);
void drive_internal_run(Drive *drive, RunNode *node, const TaskType *type);
void drive_result_take(Drive *drive, TaskContext *context); // what a run function gave back
void drive_wait_for(Drive *drive, RunNode *node, const TaskResult *result);
void drive_wait_slot(Drive *drive, RunNode *node); // it waits for a slot
// Its timeout as a text and in microseconds, 0: none. False with error when it cannot be rendered.
bool drive_task_timeout(
	Drive *drive, RunNode *node, char **ret_text, int64_t *ret_timeout, GError **error);
void drive_error_note(Drive *drive, const RunNode *node, const char *message);
void drive_message_set(RunNode *node, const char *message);

// ---- drive_step.c: parts
// Begins a task run that has an id: asks its runIf, then opens a container or starts a leaf.
void drive_node_start(Drive *drive, RunNode *node);
void drive_retry_start(Drive *drive, RunNode *node);
void drive_loop_repeat(Drive *drive, RunNode *node);
void drive_decide_fail(Drive *drive, RunNode *node, const char *message);

// ---- drive_wake.c
void drive_node_kill(Drive *drive, RunNode *node);

// ---- shared_folder.c: the folder that the tasks of a working-directory share
// It is named by the run and the container's task run, below a place that is the same for all runners with the same data folder:
// whoever drives the run next on this machine finds it. The first task that needs it makes it, under another name: rename() into
// place is the commit point, and what a killed one left under that name does not count.
// The working-directory that a task run stands in, the nearest; NULL: none. Any thread.
const RunNode *shared_folder_owner(const RunNode *node);
// Its folder, made and filled when it is not there. To be freed. NULL with error. Workers.
char *shared_folder_take(Drive *drive, const RunNode *owner, GError **error);
// Notes the open working-directories whose folder is not there though tasks in them have ended. After a restore.
void shared_folders_check(Drive *drive);
// The body has ended well: keeps outputFiles and the cache, then closes it.
void shared_folder_close(Drive *drive, RunNode *node);
void shared_folder_close_start(Drive *drive, RunNode *node); // it has a slot
void shared_folder_closed(Drive *drive, TaskContext *context); // a worker has given it back
void shared_folder_end(Drive *drive, RunNode *node); // the container has ended

// ---- task_files.c
// The content of a file of the domain's scripts/ at the run's revision. False with an error that names it. Any thread.
bool drive_script_read(Drive *drive, const char *path, GBytes **ret_content, GError **error);

// ---- drive_open.c: how containers begin
bool drive_open(
	Drive *drive, RunNode *node, RunOpening *ret_opening, json_t **ret_outputs, GError **error);
// The same from what the row kept.
bool drive_reopen(Drive *drive, RunNode *parent, const StoreTaskRun *row, const Task *task,
	RunOpening *ret_opening, GError **error);
// A loop-until after a round: the moment of the next, or 0 with *ret_end.
bool drive_decide(
	Drive *drive, RunNode *node, int64_t *ret_next, RunState *ret_end, GError **error);

// ---- scope.c: expressions. All take drive->lock.
char *drive_render(
	Drive *drive, const RunNode *node, const char *text, bool of_flow, GError **error);
json_t *drive_evaluate(
	Drive *drive, const RunNode *node, const char *text, bool of_flow, GError **error);
json_t *drive_evaluate_bare(
	Drive *drive, const RunNode *node, const char *expression, GError **error);
// Everything inside a value of the flow. typed: a text that is one whole expression keeps its type; else it is text.
json_t *drive_evaluate_value(
	Drive *drive, const RunNode *node, const json_t *value, bool typed, GError **error);
bool drive_condition(
	Drive *drive, const RunNode *node, const char *text, bool *ret_holds, GError **error);
// Notes the outputs of a task run where expressions find them, and forgets them (a loop's next round).
void drive_outputs_put(Drive *drive, const RunNode *node);
void drive_outputs_remove(Drive *drive, const RunNode *node);
// The scope itself, for inputs_resolve(); lock held by the caller while it is used.
typedef struct {
	Drive *drive;
	const RunNode *node;
} ScopeRef;
ExprScope drive_scope(ScopeRef *ref);
extern const ExprHostFunction drive_functions[]; // scope_functions.c; data is a ScopeRef

// ---- task_context.c
TaskContext *task_context_new(Drive *drive, RunNode *node, const TaskType *type);
void task_context_free(TaskContext *context);
void task_context_run(TaskContext *context); // calls type->run, fills ok, result, error
void task_context_cancel(TaskContext *context, CancelReason reason);

// ---- runner_folders.c: the folders of tasks. Any thread.
// An empty folder that nobody else has. NULL with error.
char *runner_folder_take(Runner *runner, GError **error);
// Takes folder over; what is in it is removed.
void runner_folder_return(Runner *runner, char *folder);
// Where the folders of working-directories are. Borrowed.
const char *runner_shared_folder(const Runner *runner);
// Where files that are kept between runs are. Borrowed.
const char *runner_cache_folder(const Runner *runner);

// ---- runner_sweep.c: removing what nobody needs any more, on a thread of its own. Any thread.
// Takes path over.
void runner_sweep_folder(Runner *runner, char *path);

// ---- runner.c: what drives ask of it, with the helm.
Store *runner_store(Runner *runner);
const RunnerOptions *runner_options(const Runner *runner);
const NetPolicy *runner_net_policy(const Runner *runner);
const char *runner_files_folder(const Runner *runner);
const char *runner_work_folder(const Runner *runner);
const char *runner_environments_folder(const Runner *runner);
FlowModel *runner_model(
	Runner *runner, const char *namespace, const char *id, int64_t revision, GError **error);
void runner_active(Runner *runner, Drive *drive); // has steps to take or rows to write
bool runner_slot_take(Runner *runner, Drive *drive,
	RunNode *node); // false: it waits, runner calls drive_slot_free()
void runner_slot_give_back(Runner *runner, RunNode *node);
void runner_slot_wait_first(Runner *runner, Drive *drive, RunNode *node); // before all others
void runner_slot_forget(Runner *runner, Drive *drive, RunNode *node); // it no longer waits
void runner_dispatch(Runner *runner, TaskContext *context); // after the commit
void runner_ahead_note(
	Runner *runner, TaskContext *context); // runner_ahead.c: when it is ahead of a free slot
// What the node that gave it out ahead says of a task run that was under way. False: it had not begun.
bool runner_had_begun(Runner *runner, const RunNode *node);
GSequenceIter *runner_timer_add(Runner *runner, int64_t at, Drive *drive, RunNode *node);
void runner_timer_remove(Runner *runner, GSequenceIter *timer);
void runner_child_watch(Runner *runner, const char *child_run, Drive *drive, RunNode *node);
void runner_child_forget(Runner *runner, const char *child_run);
