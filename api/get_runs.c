#include "api/flow_name.h"
#include "api/handlers.h"
#include "api/lists.h"
#include "api/run_secrets.h"
#include "api/values.h"
#include "store/run.h"
#include "store/table.h"
#include "store/task_run.h"

static json_t *run_document(const void *row)
{
	const StoreRun *run = row;
	json_t *document = json_object();
	bool ended = run->ended_at != 0 && run->started_at != 0;

	json_object_set_new(document, "id", value_text(run->id));
	json_object_set_new(document, "namespace", value_text(run->namespace));
	json_object_set_new(document, "flow", value_text(run->flow));
	json_object_set_new(document, "revision", json_integer(run->revision));
	json_object_set_new(document, "state", json_string(run_state_name(run->state)));
	json_object_set_new(document, "trigger", value_text(run->trigger_type));
	json_object_set_new(document, "attempt", json_integer(run->attempt));
	json_object_set_new(document, "labels", value_json_object(run->labels));
	json_object_set_new(document, "message", value_text(run->message));
	json_object_set_new(document, "parent", value_text(run->parent_run_id));
	json_object_set_new(document, "origin", value_text(run->origin_run_id));
	json_object_set_new(document, "created", value_time(run->created_at));
	json_object_set_new(document, "started", value_time(run->started_at));
	json_object_set_new(document, "ended", value_time(run->ended_at));
	json_object_set_new(document, "duration_ms",
		ended ? json_integer((run->ended_at - run->started_at) / 1000) : json_null());
	return document;
}

static int state_filter(const ApiRequest *request)
{
	const char *name = request_text(request, "state");
	RunState state;

	return name != NULL && run_state_parse(name, &state) ? (int)state : -1;
}

json_t *get_runs(const ApiRequest *request, GError **error)
{
	g_auto(FlowName) name = {NULL, NULL};
	g_autoptr(GPtrArray) runs = NULL;
	g_autofree char *next = NULL;
	StoreRunFilter filter = STORE_RUN_FILTER_ALL;
	StorePage page;

	if (!request_page(request, &page, error) || !flow_name_read(request, &name, error))
		return NULL;
	filter.namespace = name.namespace;
	filter.flow = name.id;
	filter.state = state_filter(request);
	filter.trigger_type = request_text(request, "trigger");
	filter.parent_run_id = request_text(request, "parent");
	filter.since = request_number(request, "since");
	filter.until = request_number(request, "until");
	filter.oldest_first = request_number(request, "oldest_first") == 1;
	if (!store_runs_list(request->store, &filter, &page, &runs, &next, error))
		return list_failed(request, error);
	return list_page(request, runs, run_document, next);
}

static bool find_run(const ApiRequest *request, StoreRun **ret_run, GError **error)
{
	const char *id = request_text(request, "id");

	if (!store_run_get(request->store, id, ret_run, error))
		return false;
	if (*ret_run != NULL)
		return true;
	api_error_set(error, API_NOT_FOUND, "unknown-run", "there is no run '%s'", id);
	return false;
}

static json_t *state_change_document(const void *row)
{
	const StoreStateChange *change = row;

	return json_pack(
		"{s:s, s:o}", "state", run_state_name(change->state), "at", value_time(change->at));
}

json_t *get_run(const ApiRequest *request, GError **error)
{
	g_autoptr(StoreRun) run = NULL;
	int64_t tasks[RUN_STATES] = {0};
	json_t *document;
	json_t *states = json_array();
	json_t *inputs;

	if (!find_run(request, &run, error) ||
		!store_task_runs_count(request->store, run->id, tasks, error) ||
		!run_inputs_masked(request->store, run, &inputs, error)) {
		json_decref(states);
		return NULL;
	}
	for (size_t i = 0; i < run->changes_length; i++)
		json_array_append_new(states, state_change_document(&run->changes[i]));
	document = run_document(run);
	json_object_set_new(document, "inputs", inputs);
	json_object_set_new(document, "outputs", store_outputs_shown(run->outputs, run->data));
	json_object_set_new(document, "trigger_detail", value_json(run->trigger));
	json_object_set_new(document, "states", states);
	json_object_set_new(document, "tasks", value_state_counts(tasks));
	return document;
}

json_t *get_run_events(const ApiRequest *request, GError **error)
{
	g_autoptr(StoreRun) run = NULL;
	g_autoptr(GPtrArray) changes = g_ptr_array_new();

	if (!find_run(request, &run, error))
		return NULL;
	for (size_t i = 0; i < run->changes_length; i++)
		g_ptr_array_add(changes, &run->changes[i]);
	return list_slice(request, changes, state_change_document, error);
}

static json_t *attempt_document(
	int64_t number, RunState state, int64_t started, int64_t ended, const char *message)
{
	return json_pack("{s:I, s:s, s:o, s:o, s:o}", "number", (json_int_t)number, "state",
		run_state_name(state), "started", value_time(started), "ended", value_time(ended),
		"message", value_text(message));
}

static json_t *attempts_document(const StoreTaskRun *task)
{
	json_t *attempts = json_array();

	for (size_t i = 0; i < task->attempts_length; i++) {
		const StoreAttempt *attempt = &task->attempts[i];

		json_array_append_new(attempts,
			attempt_document(attempt->number, attempt->state, attempt->started_at,
				attempt->ended_at, attempt->message));
	}
	if (task->started_at != 0)
		json_array_append_new(
			attempts, attempt_document(task->attempt, task->state, task->started_at,
					  task->ended_at, task->message));
	return attempts;
}

static json_t *task_run_document(const void *row)
{
	const StoreTaskRun *task = row;
	json_t *document = json_object();

	json_object_set_new(document, "id", value_text(task->id));
	json_object_set_new(document, "task", value_text(task->task_id));
	json_object_set_new(document, "parent", value_text(task->parent_id));
	json_object_set_new(document, "value", value_text(task->value));
	json_object_set_new(document, "iteration", value_count(task->iteration));
	json_object_set_new(document, "state", json_string(run_state_name(task->state)));
	json_object_set_new(document, "message", value_text(task->message));
	json_object_set_new(document, "outputs", store_outputs_shown(task->outputs, task->data));
	json_object_set_new(document, "child_run", value_text(task->child_run_id));
	json_object_set_new(document, "attempts", attempts_document(task));
	json_object_set_new(document, "created", value_time(task->created_at));
	json_object_set_new(document, "started", value_time(task->started_at));
	json_object_set_new(document, "ended", value_time(task->ended_at));
	return document;
}

json_t *get_run_tasks(const ApiRequest *request, GError **error)
{
	g_autoptr(StoreRun) run = NULL;
	g_autoptr(GPtrArray) tasks = NULL;
	g_autofree char *next = NULL;
	StorePage page;

	if (!request_page(request, &page, error) || !find_run(request, &run, error))
		return NULL;
	const StoreTaskRunFilter filter = {
		.run_id = run->id,
		.task_id = request_text(request, "task"),
		.parent_id = request_text(request, "parent"),
		.state = state_filter(request),
	};
	if (!store_task_runs_list(request->store, &filter, &page, &tasks, &next, error))
		return list_failed(request, error);
	return list_page(request, tasks, task_run_document, next);
}

static json_t *rejected_document(const void *data)
{
	const StoreRejectedRow *row = data;

	return json_pack("{s:o, s:I, s:o, s:o, s:o, s:o, s:o}", "task_run",
		value_text(row->task_run_id), "number", (json_int_t)row->number, "file",
		value_text(row->file), "line",
		row->line > 0 ? json_integer(row->line) : json_null(), "column",
		value_text(row->column), "reason", value_text(row->reason), "text",
		value_text(row->text));
}

json_t *get_run_rejected(const ApiRequest *request, GError **error)
{
	g_autoptr(StoreRun) run = NULL;
	g_autoptr(GPtrArray) rows = NULL;
	g_autofree char *next = NULL;
	StorePage page;

	if (!request_page(request, &page, error) || !find_run(request, &run, error))
		return NULL;
	if (!store_rejected_rows_list(request->store, run->id, request_text(request, "task_run"),
		    &page, &rows, &next, error))
		return list_failed(request, error);
	return list_page(request, rows, rejected_document, next);
}

// Puts the outputs of one task run under its task's id; those of a loop's children by value, so that none hides another.
static bool add_outputs(const StoreTaskRun *task, void *data)
{
	json_t *tasks = data;
	json_t *owner = tasks;
	const char *key = task->task_id;

	if (task->outputs == NULL)
		return true;
	if (task->value != NULL) {
		owner = json_object_get(tasks, key);
		if (!json_is_object(owner)) {
			owner = json_object();
			json_object_set_new(tasks, key, owner);
		}
		key = task->value;
	}
	json_object_set_new(owner, key, store_outputs_shown(task->outputs, task->data));
	return true;
}

json_t *get_run_outputs(const ApiRequest *request, GError **error)
{
	g_autoptr(StoreRun) run = NULL;
	json_t *tasks;

	if (!find_run(request, &run, error))
		return NULL;
	tasks = json_object();
	if (!store_task_runs_visit(request->store, run->id, add_outputs, tasks, error)) {
		json_decref(tasks);
		return NULL;
	}
	return json_pack("{s:o, s:o}", "outputs", store_outputs_shown(run->outputs, run->data),
		"tasks", tasks);
}
