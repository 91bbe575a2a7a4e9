// What expressions ask of the run as a whole: `tasks`, tasksWithState() and errorLogs(). Only who drives the run may look at its
// graph, and sees the lines of its log that are not written yet: a task that runs elsewhere gets what it asks for along.
#include "runner/scope_run.h"
#include "runner/drive.h"
#include "store/timestamp.h"

#include <string.h>

enum { MOST_ERRORS = 1000 }; // lines that errorLogs() gives: the first ones

// ---- The states of tasks

static void tasks_put(json_t *states, const RunNode *node)
{
	g_autoptr(GPtrArray) values = g_ptr_array_new();
	json_t *at = states;
	const char *id = node->task->id;

	for (const RunNode *up = node; up != NULL; up = up->parent) {
		if (up->value != NULL)
			g_ptr_array_insert(values, 0, up->value);
	}
	for (guint i = 0; i < values->len; i++) {
		const char *key = i == 0 ? id : values->pdata[i - 1];
		json_t *next = json_object_get(at, key);

		if (next == NULL) {
			next = json_object();
			json_object_set_new(at, key, next);
		}
		at = next;
	}
	json_object_set_new(at, values->len == 0 ? id : values->pdata[values->len - 1],
		json_pack("{s:s}", "state", run_state_name((RunState)node->state)));
}

// Of one task, or of all (NULL).
static json_t *tasks_json(const Drive *drive, const char *id)
{
	const GPtrArray *nodes = run_graph_nodes(drive->graph);
	json_t *states = json_object();

	for (guint i = 0; i < nodes->len; i++) {
		const RunNode *node = nodes->pdata[i];

		if (node != NULL && (id == NULL || strcmp(node->task->id, id) == 0))
			tasks_put(states, node);
	}
	return states;
}

// ---- The errors in the log

typedef struct {
	json_t *list;
	GHashTable *nodes; // id → RunNode
} Errors;

static bool error_add(const StoreLogLine *line, void *data)
{
	const Errors *errors = data;
	const RunNode *node = g_hash_table_lookup(errors->nodes, line->task_run_id);
	char at[TIMESTAMP_SIZE];
	json_t *entry;

	if (line->left_out > 0)
		return true;
	entry = json_pack("{s:s, s:s, s:s}", "level", log_level_name(line->level), "timestamp",
		timestamp_format(line->at, at), "message", line->text);
	if (node != NULL) {
		json_object_set_new(entry, "taskId", json_string(node->task->id));
		json_object_set_new(entry, "taskRunId", json_string(node->id));
		json_object_set_new(
			entry, "attemptNumber", json_integer(MAX(line->attempt - 1, 0)));
	}
	if (node != NULL && node->value != NULL)
		json_object_set_new(entry, "value", json_string(node->value));
	json_array_append_new(errors->list, entry);
	return json_array_size(errors->list) < MOST_ERRORS;
}

static json_t *errors_json(const Drive *drive, GError **error)
{
	const GPtrArray *nodes = run_graph_nodes(drive->graph);
	g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
	Errors errors = {json_array(), known};
	StoreLogFilter filter = {.run_id = drive->id, .level = LOG_LEVEL_ERROR};

	for (guint i = 0; i < nodes->len; i++) {
		RunNode *node = nodes->pdata[i];

		if (node != NULL)
			g_hash_table_insert(known, node->id, node);
	}
	if (!store_log_read(
		    runner_store(drive->runner), &filter, error_add, &errors, NULL, error)) {
		json_decref(errors.list);
		return NULL;
	}
	if (json_array_size(errors.list) < MOST_ERRORS)
		store_log_read_pending(drive->log, LOG_LEVEL_ERROR, error_add, &errors);
	return errors.list;
}

// ---- What goes along with a task

void scope_seen_take(const Drive *drive, TaskContext *context)
{
	unsigned looks = flow_model_looks(drive->model, context->node->task);

	if (looks & FLOW_LOOKS_AT_TASKS)
		context->seen_tasks = tasks_json(drive, NULL);
	if (looks & FLOW_LOOKS_AT_ERRORS)
		context->seen_errors = errors_json(drive, NULL);
}

// The context of a task that another thread runs; NULL: who asks drives the run.
static const TaskContext *context_of(const ScopeRef *ref)
{
	const NodeExtra *extra = ref->node == NULL ? NULL : ref->node->extra;

	return extra == NULL ? NULL : extra->context;
}

json_t *scope_run_tasks(const ScopeRef *ref, const char *id)
{
	const TaskContext *context = context_of(ref);

	if (context == NULL)
		return tasks_json(ref->drive, id);
	return context->seen_tasks == NULL ? json_object() : json_incref(context->seen_tasks);
}

static void with_state(json_t *list, const char *id, const char *value, const char *state)
{
	json_t *entry = json_pack("{s:s, s:s}", "taskId", id, "state", state);

	if (value != NULL)
		json_object_set_new(entry, "value", json_string(value));
	json_array_append_new(list, entry);
}

// A task's own state, or those below its values, however deep they nest.
static void collect_state(
	json_t *list, const char *id, const char *value, json_t *states, const char *wanted)
{
	const char *state = json_string_value(json_object_get(states, "state"));
	const char *key;
	json_t *below;

	if (state != NULL) {
		if (strcmp(state, wanted) == 0)
			with_state(list, id, value, state);
		return;
	}
	json_object_foreach(states, key, below) collect_state(list, id, key, below, wanted);
}

json_t *scope_tasks_with_state(void *data, json_t *const *arguments, size_t count, GError **error)
{
	const char *text = count > 0 ? json_string_value(arguments[0]) : NULL;
	g_autofree char *wanted = text == NULL ? NULL : g_ascii_strup(text, -1);
	RunState known;
	json_t *states, *task, *list;
	const char *id;

	if (wanted == NULL || !run_state_parse(wanted, &known)) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "there is no state '%s'",
			text != NULL ? text : "");
		return NULL;
	}
	states = scope_run_tasks(data, NULL);
	list = json_array();
	json_object_foreach(states, id, task) collect_state(list, id, NULL, task, wanted);
	json_decref(states);
	return list;
}

json_t *scope_error_logs(void *data, json_t *const *arguments, size_t count, GError **error)
{
	const ScopeRef *ref = data;
	const TaskContext *context = context_of(ref);

	(void)arguments, (void)count;
	if (context == NULL)
		return errors_json(ref->drive, error);
	return context->seen_errors == NULL ? json_array() : json_incref(context->seen_errors);
}
