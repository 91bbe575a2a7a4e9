#include "runner/run_report.h"

#include "runner/inputs.h"
#include "store/json_dump.h"
#include "store/run.h"
#include "store/task_run.h"
#include "store/timestamp.h"

#include <stdlib.h>
#include <string.h>

static json_t *moment(int64_t at)
{
	char text[TIMESTAMP_SIZE];

	return at == 0 ? json_null() : json_string(timestamp_format(at, text));
}

static json_t *text_or_null(const char *text)
{
	return text == NULL ? json_null() : json_string(text);
}

static json_t *object_of(const char *text)
{
	json_t *value = text == NULL ? NULL : json_loads(text, 0, NULL);

	return value != NULL ? value : json_object();
}

static json_t *attempt_json(int64_t number, RunState state, int64_t started, int64_t ended)
{
	return json_pack("{s:I, s:s, s:o, s:o}", "number", (json_int_t)number, "state",
		run_state_name(state), "started", moment(started), "ended", moment(ended));
}

// The state of the last attempt, which differs from the task run's own when a failure was allowed.
static RunState last_attempt_state(const StoreTaskRun *row)
{
	json_t *data = row->data == NULL ? NULL : json_loads(row->data, 0, NULL);
	const char *name = json_string_value(json_object_get(data, "attempt"));
	RunState state = row->state;

	if (name != NULL)
		run_state_parse(name, &state);
	json_decref(data);
	return state;
}

static json_t *attempts_json(const StoreTaskRun *row)
{
	json_t *list = json_array();

	for (size_t i = 0; i < row->attempts_length; i++) {
		const StoreAttempt *attempt = &row->attempts[i];

		json_array_append_new(list, attempt_json(attempt->number, attempt->state,
						    attempt->started_at, attempt->ended_at));
	}
	if (row->attempt > (int64_t)row->attempts_length && row->started_at != 0)
		json_array_append_new(list, attempt_json(row->attempt, last_attempt_state(row),
						    row->started_at, row->ended_at));
	return list;
}

static bool task_run_add(const StoreTaskRun *row, void *data)
{
	int64_t started = row->attempts_length > 0 ? row->attempts[0].started_at : row->started_at;
	json_t *one = json_object();

	json_object_set_new(one, "id", json_string(row->id));
	json_object_set_new(one, "task_id", json_string(row->task_id));
	json_object_set_new(one, "parent_id", text_or_null(row->parent_id));
	json_object_set_new(one, "value", text_or_null(row->value));
	json_object_set_new(one, "state", json_string(run_state_name(row->state)));
	json_object_set_new(one, "attempts", attempts_json(row));
	json_object_set_new(one, "outputs", store_outputs_shown(row->outputs, row->data));
	json_object_set_new(one, "started", moment(started));
	json_object_set_new(one, "ended", moment(row->ended_at));
	json_array_append_new(data, one);
	return true;
}

static json_t *states_json(const StoreRun *run)
{
	json_t *list = json_array();

	for (size_t i = 0; i < run->changes_length; i++)
		json_array_append_new(list,
			json_pack("{s:s, s:o}", "state", run_state_name(run->changes[i].state),
				"at", moment(run->changes[i].at)));
	return list;
}

// As worked out by the runner, else as given.
static json_t *inputs_json(const StoreRun *run, const char *const *secret_inputs)
{
	json_t *data = object_of(run->data);
	json_t *inputs = json_incref(json_object_get(data, "inputs"));

	json_decref(data);
	if (inputs == NULL)
		inputs = object_of(run->inputs);
	for (; secret_inputs != NULL && *secret_inputs != NULL; secret_inputs++) {
		if (json_is_string(inputs_get(inputs, *secret_inputs)))
			inputs_put(inputs, *secret_inputs, json_string("******"));
	}
	return inputs;
}

static json_t *report_head(const StoreRun *run, const char *const *secret_inputs)
{
	json_t *report = json_object();

	json_object_set_new(report, "id", json_string(run->id));
	json_object_set_new(report, "namespace", json_string(run->namespace));
	json_object_set_new(report, "flow", json_string(run->flow));
	json_object_set_new(report, "revision", json_integer(run->revision));
	json_object_set_new(report, "state", json_string(run_state_name(run->state)));
	json_object_set_new(report, "states", states_json(run));
	json_object_set_new(report, "inputs", inputs_json(run, secret_inputs));
	json_object_set_new(report, "outputs", store_outputs_shown(run->outputs, run->data));
	json_object_set_new(report, "labels", object_of(run->labels));
	return report;
}

static StoreRun *run_find(Store *store, const char *run_id, GError **error)
{
	StoreRun *run = NULL;

	if (store_run_get(store, run_id, &run, error) && run == NULL)
		g_set_error(
			error, STORE_ERROR, STORE_ERROR_MISSING, "there is no run '%s'", run_id);
	return run;
}

json_t *run_report(
	Store *store, const char *run_id, const char *const *secret_inputs, GError **error)
{
	g_autoptr(StoreRun) run = run_find(store, run_id, error);
	json_t *task_runs, *report;

	if (run == NULL)
		return NULL;
	task_runs = json_array();
	if (!store_task_runs_visit(store, run_id, task_run_add, task_runs, error)) {
		json_decref(task_runs);
		return NULL;
	}
	report = report_head(run, secret_inputs);
	json_object_set_new(report, "task_runs", task_runs);
	return report;
}

// ---- The same, written as it is read

typedef struct {
	FILE *stream;
	json_t *one; // a list of at most one
	bool any;
} Writing;

static bool task_run_write(const StoreTaskRun *row, void *data)
{
	Writing *writing = data;

	task_run_add(row, writing->one);
	if (writing->any)
		fputc(',', writing->stream);
	json_dump_stream(json_array_get(writing->one, 0), writing->stream, JSON_COMPACT);
	json_array_clear(writing->one);
	writing->any = true;
	return true;
}

bool run_report_write(Store *store, const char *run_id, const char *const *secret_inputs,
	const json_t *retried, FILE *stream, GError **error)
{
	g_autoptr(StoreRun) run = run_find(store, run_id, error);
	Writing writing = {.stream = stream};
	json_t *head;
	char *text;
	bool ok;

	if (run == NULL)
		return false;
	head = report_head(run, secret_inputs);
	text = json_dump_text(head, JSON_COMPACT);
	// All but the closing brace.
	fprintf(stream, "%.*s,\"task_runs\":[", (int)strlen(text) - 1, text);
	free(text);
	json_decref(head);
	writing.one = json_array();
	ok = store_task_runs_visit(store, run_id, task_run_write, &writing, error);
	json_decref(writing.one);
	fputc(']', stream);
	if (retried != NULL) {
		fputs(",\"retried\":", stream);
		json_dump_stream(retried, stream, JSON_COMPACT);
	}
	fputs("}\n", stream);
	return ok;
}
