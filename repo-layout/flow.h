// A flow: the checked model of one flow definition, hand-written YAML or the canonical JSON that
// the store keeps.
#pragma once

#include "repo-layout/diagnostic.h"
#include "repo-layout/task_kind.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
	RETRY_CONSTANT,
	RETRY_EXPONENTIAL,
	RETRY_RANDOM,
} RetryKind;

typedef enum {
	RETRY_FAILED_TASK, // only the failed tasks are tried again
	RETRY_NEW_EXECUTION, // a flow's retry: a new run is made, this one ends RETRIED
} RetryBehavior;

// Durations are microseconds; 0 where not given.
typedef struct Retry {
	RetryKind kind;
	RetryBehavior behavior;
	int64_t interval; // constant, exponential; random: the least
	int64_t max_interval; // exponential, random; 0: none
	double delay_factor; // exponential; 2 when not given
	int64_t max_attempts; // counts the first; 0: no limit
	int64_t max_duration; // bounds when the next attempt may start; 0: no limit
	bool warning_on_retry;
} Retry;

typedef struct Task Task;

// A named list of tasks: a case of a switch.
typedef struct TaskCase {
	char *name;
	GPtrArray *tasks; // Task *
} TaskCase;

struct Task {
	char *id;
	const TaskKind *kind; // never NULL in a flow without errors
	char *description; // or NULL
	json_t *properties; // the type's own keys, by weir's names, in the order of the file; never
		// NULL
	Retry *retry; // or NULL
	char *timeout; // a duration or an expression that gives one; or NULL
	char *run_if; // an expression; NULL: always
	bool disabled;
	bool allow_failure;
	bool allow_warning;
	char *log_level; // "INFO", …; or NULL
	char *pool; // or NULL
	int priority; // 0 when not given; higher first
	// Children; each is a list of Task *, NULL when the kind has none or none is given.
	GPtrArray *tasks; // sequential, parallel, foreach, dag, allow-failure, working-directory,
		// loop-until; `then` of an if
	GPtrArray *otherwise; // `else` of an if
	GPtrArray *defaults; // of a switch
	GPtrArray *cases; // TaskCase *, of a switch, in the order of the file
	GPtrArray *errors; // of a container
	GPtrArray *finally; // of a container
	GPtrArray *aside; // `onPause` of a pause: one task
	Task *parent; // the container that it stands in; NULL at the top. Not owned
	GStrv depends_on; // inside a dag; NULL elsewhere
	unsigned index; // number of the task in the flow, in the order of the text, from 0
	unsigned line, column; // where it begins
};

typedef struct Input {
	char *id; // may have dots: it nests
	const char *type; // "STRING", …: a static string
	char *display_name; // or NULL
	char *description; // or NULL
	bool required;
	json_t *defaults; // any value, texts may hold expressions; NULL: none
	json_t *prefill; // likewise
	// All other keys, by weir's names (validator, min, max, after, before, values, expression,
	// itemType, dependsOn {inputs, condition}, allowCustomValue, …); never NULL.
	json_t *properties;
	unsigned line, column;
} Input;

typedef struct FlowOutput {
	char *id;
	char *type; // an input type, or NULL
	json_t *value; // any value, texts may hold expressions
	bool required;
} FlowOutput;

typedef struct Trigger {
	char *id;
	const TaskKind *kind;
	json_t *properties; // the kind's own keys; never NULL. schedule: cron, timezone, inputs, …
	json_t *inputs; // the inputs of the runs it starts; or NULL
	GPtrArray *conditions; // json_t * objects {"type", …}; never NULL
	json_t *stop_after; // list of states; or NULL
	bool disabled;
	unsigned line, column;
} Trigger;

typedef enum {
	CONCURRENCY_QUEUE,
	CONCURRENCY_CANCEL,
	CONCURRENCY_FAIL,
} ConcurrencyBehavior;

typedef enum {
	SLA_FAIL,
	SLA_CANCEL,
	SLA_NONE,
} SlaBehavior;

typedef struct Sla {
	char *id;
	bool max_duration; // else an assertion
	int64_t duration; // microseconds, when max_duration
	char *assertion; // an expression, else
	SlaBehavior behavior;
	json_t *labels; // or NULL
} Sla;

typedef struct Flow {
	char *namespace;
	char *id;
	char *description; // or NULL
	// An object of texts (which may hold expressions), or one text: an expression that gives a
	// JSON object. NULL: none.
	json_t *labels;
	GPtrArray *inputs; // Input *; never NULL
	json_t *variables; // an object; NULL: none
	GPtrArray *tasks; // Task *; never NULL
	GPtrArray *errors; // NULL: none; likewise the next two
	GPtrArray *finally;
	GPtrArray *after_execution;
	GPtrArray *triggers; // Trigger *; never NULL
	GPtrArray *outputs; // FlowOutput *; never NULL
	int64_t concurrency_limit; // 0: no limit
	ConcurrencyBehavior concurrency_behavior;
	Retry *retry; // or NULL
	char *timeout; // or NULL
	GPtrArray *sla; // Sla *; never NULL
	bool disabled;
	unsigned task_count; // tasks of the whole tree; Task.index is below it
	unsigned line; // where the flow begins in its file
	json_t *definition; // the canonical form; texts of plugin defaults are already applied
} Flow;

// Reads a flow. text is hand-written YAML or the canonical JSON of flow_definition_json. file names
// it in diagnostics. default_namespace (may be NULL) is taken when the text gives none. With
// diagnostics, everything is checked and all faults are added; without (NULL), only what the model
// needs is checked: the quick way to load a stored definition. Returns NULL when no usable flow
// could be made. A flow is returned with errors in diagnostics too, so that tools can show it: run
// one only when the list has none. Immutable afterwards: threads may share it.
Flow *flow_parse(const char *file, const char *text, size_t length, const char *default_namespace,
	DiagnosticList *diagnostics);
void flow_free(Flow *flow);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Flow, flow_free)

// The canonical definition: compact JSON with weir's own names, plugin defaults applied, no
// comments. The caller frees it.
char *flow_definition_json(const Flow *flow);
// The same as readable YAML. The caller frees it.
char *flow_definition_yaml(const Flow *flow);
// The meaning of the flow as 64 hexadecimal digits: SHA-256 of the canonical definition with sorted
// keys, with SQL texts replaced by their fingerprints, and with scripts_tree (the id of the
// domain's scripts/ tree; may be NULL) when a task sees files. The caller frees it.
char *flow_meaning_digest(const Flow *flow, const char *scripts_tree);
// What a part of a definition means: SQL is replaced by its fingerprint. A new reference.
json_t *flow_meaning(const json_t *part);
// Whether a key of a task is SQL that means the same in both tasks: comments, blanks and the letter case of keywords aside.
bool flow_same_sql(const json_t *before, const json_t *after, const char *key);

// The inputs that a list in canonical form declares: what a pause's onResume property holds. Array of Input *, owned by the
// caller.
GPtrArray *flow_inputs_from(const json_t *list);

// Finds a task by id in the whole tree; NULL when there is none.
const Task *flow_task_find(const Flow *flow, const char *id);
// Calls visit for each task of the tree, parents before their children, in the order of the text.
void flow_tasks_visit(const Flow *flow, void (*visit)(const Task *task, void *data), void *data);

// A check of a schedule's cron expression, set once at start by the program (the reconciler has the
// cron parser): returns NULL when it is good, else a message that the caller frees. While NULL,
// schedules are not checked.
extern char *(*flow_check_schedule)(const char *cron, bool with_seconds, const char *timezone);

// ISO 8601 durations in either case (PT1H30M, P1D, PT0.25s, P1W; a month counts 30 days, a year
// 365), to microseconds. false: not one.
bool duration_parse(const char *text, int64_t *ret_microseconds);
