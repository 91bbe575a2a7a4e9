#include "runner/tasks/tasks.h"

#include "runner/inputs.h"
#include "store/state.h"

#include <string.h>

// What the end of its delay does. Its timeout always fails it.
typedef enum {
	END_RESUME,
	END_WARN,
	END_FAIL,
	END_CANCEL,
} PauseEnd;

static const struct {
	const char *name;
	int state; // 0: as usual
	const char *message;
} ends[] = {
	[END_RESUME] = {"RESUME", 0, NULL},
	[END_WARN] = {"WARN", RUN_WARNING, NULL},
	[END_FAIL] = {"FAIL", RUN_FAILED, "nobody resumed it in time"},
	[END_CANCEL] = {"CANCEL", RUN_CANCELLED, "nobody resumed it in time"},
};

// How long it waits at most (0: for ever), and whether that is its delay and not its timeout.
static bool pause_span(TaskContext *context, int64_t *ret_span, bool *ret_delay, GError **error)
{
	const Task *task = task_context_task(context);
	int64_t delay, timeout = 0;

	if (!task_context_duration(context, "delay", 0, &delay, error))
		return false;
	if (task->timeout != NULL) {
		g_autofree char *text = task_context_render(context, task->timeout, error);

		if (text == NULL)
			return false;
		if (!duration_parse(text, &timeout)) {
			g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
				"property 'timeout' is no duration like PT1M30S: '%s'", text);
			return false;
		}
	}
	*ret_delay = delay > 0 && (timeout == 0 || delay <= timeout);
	*ret_span = *ret_delay ? delay : timeout;
	return true;
}

TASK_RUN(pause)
{
	int64_t span;
	bool delay;

	if (!pause_span(context, &span, &delay, error))
		return false;
	result->wait = TASK_WAIT_PAUSE;
	if (span > 0)
		result->wait_until = task_context_started(context) + span;
	return true;
}

static bool pause_timed_out(TaskContext *context, TaskResult *result, GError **error)
{
	g_autofree char *behavior = NULL;
	int64_t span;
	bool delay;
	PauseEnd end;

	if (!task_context_text(context, "behavior", &behavior, error) ||
		!pause_span(context, &span, &delay, error))
		return false;
	end = delay ? END_RESUME : END_FAIL;
	for (size_t i = 0; delay && behavior != NULL && i < G_N_ELEMENTS(ends); i++) {
		if (strcmp(ends[i].name, behavior) == 0)
			end = (PauseEnd)i;
	}
	result->state = ends[end].state;
	if (ends[end].message == NULL)
		return true;
	if (end == END_CANCEL) {
		task_context_log(context, TASK_LOG_WARN, "%s", ends[end].message);
		return true;
	}
	g_set_error(error, TASK_ERROR, TASK_ERROR_TIMEOUT, "%s", ends[end].message);
	return false;
}

// The values that it was resumed with, checked like inputs of a flow.
static bool resume_values(
	TaskContext *context, const json_t *given, TaskResult *result, GError **error)
{
	const json_t *declared = task_context_raw(context, "onResume");
	g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) inputs = NULL;
	json_t *copy = given == NULL ? json_object() : json_deep_copy(given);
	json_t *values;

	if (declared == NULL) {
		result->outputs = json_object();
		if (json_object_size(copy) > 0)
			json_object_set(result->outputs, "onResume", copy);
		json_decref(copy);
		return true;
	}
	inputs = flow_inputs_from(declared);
	InputsRequest request = {.inputs = inputs, .given = copy};
	values = inputs_resolve(&request, NULL, faults);
	json_decref(copy);
	if (values == NULL) {
		g_ptr_array_add(faults, NULL);
		g_autofree char *all = g_strjoinv("; ", (char **)faults->pdata);
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "%s", all);
		return false;
	}
	result->outputs = json_pack("{s:o}", "onResume", values);
	return true;
}

TASK_WAKE(pause)
{
	if (wake->moment_passed)
		return pause_timed_out(context, result, error);
	return resume_values(context, wake->child_outputs, result, error);
}
