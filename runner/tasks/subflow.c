// A run of another flow. Its row is made in the transaction that records this task's start, so that there is one child
// however often the node dies.
#include "runner/drive.h"
#include "runner/tasks/subflow_outputs.h"
#include "runner/tasks/tasks.h"
#include "store/flow.h"
#include "store/id.h"
#include "store/json_dump.h"
#include "store/timestamp.h"

#include <string.h>

enum { DEPTH_LIMIT = 100 };

typedef struct {
	char id[RUN_ID_SIZE], parent[RUN_ID_SIZE], parent_task_run[RUN_ID_SIZE];
	char *namespace, *flow, *inputs, *labels, *trigger, *data;
	int64_t revision, due_at, priority;
} Child;

static void child_free(gpointer data)
{
	Child *child = data;

	g_free(child->namespace);
	g_free(child->flow);
	g_free(child->inputs);
	g_free(child->labels);
	g_free(child->trigger);
	g_free(child->data);
	g_free(child);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Child, child_free)

static bool child_create(Store *store, void *data, GError **error)
{
	const Child *child = data;
	StoreRunNew new_run = {
		.id = child->id,
		.namespace = child->namespace,
		.flow = child->flow,
		.revision = child->revision,
		.priority = child->priority,
		.inputs = child->inputs,
		.labels = child->labels,
		.trigger = child->trigger,
		.trigger_type = "subflow",
		.data = child->data,
		.parent_run_id = child->parent,
		.parent_task_run_id = child->parent_task_run,
		.due_at = child->due_at,
		.concurrency_limit = -1,
	};
	char id[RUN_ID_SIZE];

	return store_run_create(store, &new_run, id, NULL, error);
}

static bool target_find(TaskContext *context, Child *child, GError **error)
{
	g_autoptr(StoreFlow) flow = NULL;

	if (!task_context_text(context, "namespace", &child->namespace, error) ||
		!task_context_text(context, "flowId", &child->flow, error) ||
		!task_context_integer(context, "revision", 0, &child->revision, error))
		return false;
	if (child->namespace == NULL)
		child->namespace = g_strdup(task_context_flow(context)->namespace);
	if (child->flow == NULL || *child->flow == '\0') {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "property 'flowId' is empty");
		return false;
	}
	if (!store_flow_get(
		    task_context_store(context), child->namespace, child->flow, &flow, error))
		return false;
	if (flow == NULL || flow->deleted_at != 0 || flow->disabled) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "flow '%s.%s' %s",
			child->namespace, child->flow,
			flow == NULL	 ? "does not exist"
			: flow->disabled ? "is disabled"
					 : "is no longer live");
		return false;
	}
	return true;
}

static char *labels_compose(TaskContext *context, const json_t *own, bool inherit)
{
	Drive *drive = context->drive;
	json_t *labels = json_object();
	const char *correlation;
	json_t *more;
	char *text;
	size_t i;

	pthread_mutex_lock(&drive->lock);
	if (inherit)
		json_object_update(labels, drive->labels);
	correlation = json_string_value(json_object_get(drive->labels, "system.correlationId"));
	if (correlation != NULL)
		json_object_set_new(labels, "system.correlationId", json_string(correlation));
	pthread_mutex_unlock(&drive->lock);
	more = json_deep_copy(own);
	if (json_is_object(more))
		json_object_update(labels, more);
	for (i = 0; i < json_array_size(more); i++) {
		json_t *label = json_array_get(more, i);
		const char *key = json_string_value(json_object_get(label, "key"));

		if (key != NULL)
			json_object_set(labels, key, json_object_get(label, "value"));
	}
	json_decref(more);
	text = json_dump_text(labels, JSON_COMPACT);
	json_decref(labels);
	return text;
}

static bool child_fill(TaskContext *context, Child *child, GError **error)
{
	Drive *drive = context->drive;
	json_t *inputs = NULL, *labels = NULL;
	g_autofree char *date = NULL;
	bool inherit;
	bool ok = task_context_json(context, "inputs", &inputs, error) &&
		  task_context_json(context, "labels", &labels, error) &&
		  task_context_text(context, "scheduleDate", &date, error) &&
		  task_context_bool(context, "inheritLabels", false, &inherit, error);

	if (ok && date != NULL && !timestamp_parse(date, &child->due_at)) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"property 'scheduleDate' is no moment: '%s'", date);
		ok = false;
	}
	if (ok) {
		child->inputs = inputs == NULL ? NULL : json_dump_text(inputs, JSON_COMPACT);
		child->labels = labels_compose(context, labels, inherit);
	}
	json_decref(inputs);
	json_decref(labels);
	id_make(child->id);
	g_strlcpy(child->parent, drive->id, sizeof(child->parent));
	g_strlcpy(child->parent_task_run, context->node->id, sizeof(child->parent_task_run));
	child->priority = drive->run->priority;
	child->data = g_strdup_printf("{\"depth\":%u}", drive->depth + 1);
	json_t *trigger = json_pack("{s:s, s:s, s:s, s:s, s:I}", "executionId", drive->id, "type",
		"subflow", "namespace", drive->run->namespace, "flowId", drive->run->flow,
		"flowRevision", (json_int_t)drive->run->revision);
	child->trigger = json_dump_text(trigger, JSON_COMPACT);
	json_decref(trigger);
	return ok;
}

TASK_RUN(subflow)
{
	g_autoptr(Child) child = g_new0(Child, 1);
	bool wait;

	if (context->drive->depth >= DEPTH_LIMIT) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
			"sub-flows are nested more than %d deep", DEPTH_LIMIT);
		return false;
	}
	if (!target_find(context, child, error) || !child_fill(context, child, error) ||
		!task_context_bool(context, "wait", true, &wait, error))
		return false;
	result->outputs = json_pack("{s:s, s:s}", "executionId", child->id, "state", "CREATED");
	if (wait) {
		result->wait = TASK_WAIT_RUN;
		g_strlcpy(result->wait_run, child->id, sizeof(result->wait_run));
	}
	drive_effect(context->drive, child_create, g_steal_pointer(&child), child_free);
	return true;
}

// The outputs that the other flow declares, else those that this task takes out of its run.
static json_t *outputs_take(
	TaskContext *context, const char *child, const json_t *declared, GError **error)
{
	const json_t *own = task_context_raw(context, "outputs");

	if (json_object_size(declared) > 0)
		return json_deep_copy(declared);
	return own == NULL ? json_object() : subflow_outputs_render(context, child, own, error);
}

TASK_WAKE(subflow)
{
	RunState state = (RunState)wake->child_state;
	const char *child =
		context->node->extra != NULL ? ((NodeExtra *)context->node->extra)->child_run : "";
	json_t *outputs;
	bool transmit;

	result->outputs =
		json_pack("{s:s, s:s}", "executionId", child, "state", run_state_name(state));
	outputs = outputs_take(context, child, wake->child_outputs, error);
	if (outputs == NULL)
		return false;
	json_object_set_new(result->outputs, "outputs", outputs);
	if (!task_context_bool(context, "transmitFailed", true, &transmit, error))
		return false;
	if (!transmit)
		return true;
	// What a limit or an SLA cancelled has not failed, as in Kestra; "state" tells whoever wants to know.
	if (state == RUN_WARNING || state == RUN_KILLED)
		result->state = (int)state;
	if (state != RUN_FAILED)
		return true;
	g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "run '%s' of flow '%s' failed", child,
		json_string_value(task_context_raw(context, "flowId")));
	return false;
}
