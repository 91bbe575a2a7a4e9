// Task types: what a task does when it is its turn. One row per type in task_types.c, one file per type in
// runner/tasks/. Containers (sequential, foreach, if, …) have no run function: the run graph steps them.
#pragma once

#include "repo-layout/flow.h"
#include "runner/run_files.h"
#include "store/store.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define TASK_ERROR (task_error_quark())
GQuark task_error_quark(void);

// Codes of TASK_ERROR. A driver's own GError (DB_ERROR, …) may be returned as it is.
typedef enum {
	TASK_ERROR_FAILED, // the task did what it is for and it came out wrong (exit status, check, …)
	TASK_ERROR_PROPERTY, // a property is missing, of the wrong type, or cannot be rendered
	TASK_ERROR_CANCELLED, // task_context_cancelled() became true and the task gave up
	TASK_ERROR_TIMEOUT, // the task's own timeout passed
	TASK_ERROR_LOST, // the node that ran it died
	TASK_ERROR_NOT_BUILT, // this build has no such task type
} TaskError;

// Where a task's effects are.
typedef enum {
	// Nothing but its result: the run function neither blocks nor touches anything outside. Executed on the run's own
	// thread, its start and finish are written in one transaction together with those of its neighbours.
	TASK_INTERNAL,
	// The world: a process, a database, a socket. The start is committed first, then it runs on a worker thread (a
	// slot), then the finish is committed together with the start of what follows.
	TASK_OUTSIDE,
} TaskEffects;

enum { TASK_ID_SIZE = 27 };

enum {
	// Running it again after its node died half-way does no harm (the effect carries a marker, or is idempotent): a
	// lost attempt is tried again even without a retry policy. Without this flag and without a retry policy a task
	// run that was under way when its node died is FAILED as lost.
	TASK_REPEATABLE = 1 << 0,
};

typedef enum {
	TASK_LOG_TRACE,
	TASK_LOG_DEBUG,
	TASK_LOG_INFO,
	TASK_LOG_WARN,
	TASK_LOG_ERROR,
} TaskLogLevel;

// What a run function is given. Borrowed, valid until it returns; used by one thread (the one that runs the task), apart
// from task_context_cancelled(), which any thread may call.
typedef struct TaskContext TaskContext;
typedef struct NetPolicy NetPolicy; // runner/net/net_policy.h

// What an internal task waits for when its run function returns.
typedef enum {
	TASK_WAIT_NONE, // nothing: it has ended
	TASK_WAIT_UNTIL, // a moment; it ends then
	TASK_WAIT_RUN, // the end of the run wait_run
	TASK_WAIT_PAUSE, // PAUSED until the run is resumed, or a moment (0: no moment)
} TaskWait;

// What a run function gives back. Starts zeroed; the caller clears it.
typedef struct TaskResult {
	json_t *outputs; // object, owned; NULL: none. Kept when the task fails, too
	bool warning; // ended, but WARNING rather than SUCCESS
	int state; // RunState it ends in; 0: SUCCESS, or WARNING
	// Internal tasks only. The type's wake function is called when what it waits for has come; after a restart of the
	// node the run function is called again, with task_context_started() as it was.
	TaskWait wait;
	int64_t wait_until; // microseconds since the epoch
	char wait_run[TASK_ID_SIZE]; // the child run
} TaskResult;

// Why a waiting internal task is woken.
typedef struct TaskWake {
	TaskWait reason;
	bool moment_passed; // the moment came (PAUSE: nobody resumed it)
	int child_state; // RunState of the child run
	const json_t *
		child_outputs; // of the child run, or what a pause was resumed with; borrowed, may be NULL
} TaskWake;

typedef struct TaskType {
	const char *name; // the short name of repo-layout/task_kind.h: "sql.query"
	TaskEffects effects;
	unsigned flags;
	// Does the task. False: FAILED, with error set; its message becomes an ERROR line of the task's log (secrets masked),
	// so the function need not log it again. Blocking calls must end soon after task_context_cancelled() is true: poll
	// it, or register a way to interrupt with task_context_on_cancel().
	bool (*run)(TaskContext *context, TaskResult *result, GError **error);
	// What it waited for has come: gives the end, or waits on. NULL: SUCCESS with the outputs it had.
	bool (*wake)(
		TaskContext *context, const TaskWake *wake, TaskResult *result, GError **error);
} TaskType;

// Finds the row of a short name; NULL when this build cannot execute it (or it is a container).
const TaskType *task_type_find(const char *name);

// ---- Who is running. Strings are borrowed.
const Flow *task_context_flow(const TaskContext *context);
const Task *task_context_task(const TaskContext *context);
const char *task_context_run_id(const TaskContext *context);
const char *task_context_task_run_id(const TaskContext *context);
int64_t task_context_revision(const TaskContext *context);
// Something that follows from the task's definition alone (never from a rendered value), kept for all runs of this
// revision and shared by all threads: made by make(data) when it is first asked for. Borrowed. A task has one such thing.
const void *task_context_keep(
	TaskContext *context, void *(*make)(void *data), void *data, GDestroyNotify free_kept);
unsigned task_context_attempt(const TaskContext *context); // 1 is the first
int64_t task_context_started(
	const TaskContext *context); // when this attempt began, microseconds since the epoch
// The loop value of this task run, NULL outside loops.
const char *task_context_value(const TaskContext *context);

// ---- Properties. The task's own JSON (task->properties) with expressions evaluated in the scope of this task run.
// All but task_context_raw() return false/NULL with a TASK_ERROR_PROPERTY that names the property.
// Borrowed as written, not rendered; NULL when absent.
const json_t *task_context_raw(const TaskContext *context, const char *key);
// Renders one property to text. *ret_text is NULL when the property is absent or null. Numbers and booleans as text,
// lists and objects as compact JSON. Free with g_free.
bool task_context_text(TaskContext *context, const char *key, char **ret_text, GError **error);
bool task_context_bool(
	TaskContext *context, const char *key, bool fallback, bool *ret_value, GError **error);
bool task_context_integer(TaskContext *context, const char *key, int64_t fallback,
	int64_t *ret_value, GError **error);
// An ISO 8601 duration (PT0.25s) or a number of seconds, in microseconds.
bool task_context_duration(TaskContext *context, const char *key, int64_t fallback,
	int64_t *ret_microseconds, GError **error);
// Renders a property with everything inside it: strings that are one whole {{ … }} keep the value's type. New reference;
// *ret_value is NULL when the property is absent.
bool task_context_json(TaskContext *context, const char *key, json_t **ret_value, GError **error);
// Likewise, but every string with an expression becomes text, as in flow outputs; what is no string stays what it is.
bool task_context_rendered(
	TaskContext *context, const char *key, json_t **ret_value, GError **error);
// Renders any text, or evaluates one expression ("inputs.day", without braces: what a SQL slot holds).
char *task_context_render(TaskContext *context, const char *text, GError **error);
json_t *task_context_evaluate(TaskContext *context, const char *expression, GError **error);

// ---- Logs. Secrets are masked, invalid UTF-8 replaced, long lines cut, by the callee.
void task_context_log(TaskContext *context, TaskLogLevel level, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
void task_context_log_text(
	TaskContext *context, TaskLogLevel level, const char *text, size_t length);
// A line of which only the beginning was kept, with TASK_LOG_SPARE bytes more than are to be shown: a secret at the cut is
// masked, too. left_out: how many bytes came after.
void task_context_log_cut(
	TaskContext *context, TaskLogLevel level, const char *text, size_t length, size_t left_out);
enum { TASK_LOG_SPARE = 4096 };

// The text without the secrets that are in it, to free with g_free(); NULL when there is none.
char *task_context_mask(TaskContext *context, const char *text);
// Which addresses may be connected to. Borrowed.
const NetPolicy *task_context_net_policy(const TaskContext *context);

// ---- The run. Adds labels to it (an object of texts).
void task_context_labels_add(TaskContext *context, const json_t *labels);

// ---- Cancelling (kill, timeout, lost lease, shutdown). Thread-safe.
bool task_context_cancelled(const TaskContext *context);
// An eventfd that becomes readable at the same moment, for poll(). Not to be read or closed.
int task_context_cancel_fd(TaskContext *context);
// Has cancel(data) called once, from another thread, when the task is cancelled (immediately when it already is). Pass
// NULL to unregister: after that returns, the old function is not running and will not be called.
void task_context_on_cancel(TaskContext *context, void (*cancel)(void *data), void *data);

// ---- The store, files and connections.
// For reading, or for writes of the task's own that must be durable before its finish (each its own transaction).
// `weir run --file` has a temporary store: it is never NULL.
Store *task_context_store(const TaskContext *context);
// Has record(store, data, error) called inside the transaction that commits this task run's finish: rows that must be
// there if and only if the task is finished (publishes, check results, rejected rows). Several are called in order. Only
// when the task ends SUCCESS or WARNING, unless always is true. free_data (may be NULL) is called in any case.
void task_context_on_finish(TaskContext *context, bool always,
	bool (*record)(Store *store, void *data, GError **error), void *data,
	GDestroyNotify free_data);
// The URL of a connection by name (NULL: the task's `connection` property, else the domain's, else "default"), rendered.
// Free with g_free; NULL with an error that lists the known ones.
char *task_context_connection_url(TaskContext *context, const char *name, GError **error);
// The task's own empty folder, made at the first call and removed when the task has ended.
const char *task_context_folder(TaskContext *context, GError **error);
// Whether other tasks work in that folder, too (inside a working-directory).
bool task_context_folder_is_shared(const TaskContext *context);
// The task's folder, filled at the first call with the files of the domain's scripts/ at the run's revision (`weir run
// --file`: of the folder scripts beside the flow); `scripts` in it leads to itself, so that both names work. NULL with error.
const char *task_context_scripts(TaskContext *context, GError **error);
// The content of one of those files, whichever of them are in the task's folder. False with an error that names it.
bool task_context_script_read(
	TaskContext *context, const char *path, GBytes **ret_content, GError **error);
// Where environments of packages are kept (runner/package_env.h). Borrowed.
const char *task_context_environments(const TaskContext *context);
// Turns the URI or path of a FILE value (outputs.x.uri, inputs.file) into a path that can be opened. A path, or what follows
// nsfile:///, is taken relative to the domain's scripts/ folder and may not leave it. Free with g_free.
char *task_context_open_path(TaskContext *context, const char *uri, GError **error);
// Begins a file of the run, and gives it its name when all of it is written; returns its URI, to free with g_free(). The
// caller clears it in any case.
bool task_context_file_begin(TaskContext *context, RunFileNew *ret, GError **error);
char *task_context_file_finish(
	TaskContext *context, RunFileNew *file, const char *name, GError **error);
// Keeps a file of the task's folder as the run's own and returns its URI (weir:///run/…). Free with g_free.
char *task_context_keep_file(TaskContext *context, const char *path, GError **error);
// Likewise, under a relative name of its own ("a/b.csv"; the caller has checked it). move: the file need not stay. One that
// an earlier attempt kept under the name is replaced.
char *task_context_keep_named(
	TaskContext *context, const char *path, const char *name, bool move, GError **error);
