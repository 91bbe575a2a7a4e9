// The end of a run: its outputs, the flow's retry, its timeout and SLA.
#include "runner/drive.h"

#include "expr/value.h"
#include "runner/inputs.h"
#include "runner/retry.h"
#include "store/backfill.h"
#include "store/id.h"
#include "store/json_dump.h"
#include "store/timestamp.h"

#include <string.h>

// ---- Outputs

static json_t *output_value(Drive *drive, const FlowOutput *output, GError **error)
{
	// Literal numbers stay numbers, a rendered text is a text; a type makes of it what it says.
	json_t *value = drive_evaluate_value(drive, NULL, output->value, false, error);
	json_t *typed;

	if (value == NULL || output->type == NULL)
		return value;
	typed = inputs_convert(output->type, value, error);
	json_decref(value);
	return typed;
}

// False when one cannot be rendered; it has been logged.
static bool outputs_settle(Drive *drive)
{
	const GPtrArray *outputs = drive_flow(drive)->outputs;
	json_t *values;
	bool ok = true;

	if (outputs->len == 0)
		return true;
	values = json_object();
	for (guint i = 0; i < outputs->len; i++) {
		const FlowOutput *output = outputs->pdata[i];
		g_autoptr(GError) error = NULL;
		json_t *value = output_value(drive, output, &error);

		if (value != NULL) {
			json_object_set_new(values, output->id, value);
			continue;
		}
		if (!output->required) {
			json_object_set_new(values, output->id, json_null());
			continue;
		}
		ok = false;
		drive_log(drive, LOG_LEVEL_ERROR, "output '%s' %s", output->id, error->message);
		if (drive->message == NULL)
			drive->message =
				g_strdup_printf("output '%s' %s", output->id, error->message);
	}
	pthread_mutex_lock(&drive->lock);
	json_decref(drive->flow_outputs);
	drive->flow_outputs = values;
	pthread_mutex_unlock(&drive->lock);
	return ok;
}

// ---- A new run in place of a failed one

typedef struct {
	char *id, *namespace, *flow, *inputs, *labels, *variables, *trigger, *trigger_type, *data,
		*origin, *key, *parent, *parent_task_run;
	int64_t revision, due_at, priority;
} Rerun;

static void rerun_free(gpointer data)
{
	Rerun *rerun = data;

	g_free(rerun->id);
	g_free(rerun->namespace);
	g_free(rerun->flow);
	g_free(rerun->inputs);
	g_free(rerun->labels);
	g_free(rerun->variables);
	g_free(rerun->trigger);
	g_free(rerun->trigger_type);
	g_free(rerun->data);
	g_free(rerun->origin);
	g_free(rerun->key);
	g_free(rerun->parent);
	g_free(rerun->parent_task_run);
	g_free(rerun);
}

static bool rerun_create(Store *store, void *data, GError **error)
{
	const Rerun *rerun = data;
	StoreRunNew new_run = {
		.id = rerun->id,
		.namespace = rerun->namespace,
		.flow = rerun->flow,
		.revision = rerun->revision,
		.priority = rerun->priority,
		.inputs = rerun->inputs,
		.labels = rerun->labels,
		.variables = rerun->variables,
		.trigger = rerun->trigger,
		.trigger_type = rerun->trigger_type,
		.data = rerun->data,
		.parent_run_id = rerun->parent,
		.parent_task_run_id = rerun->parent_task_run,
		.origin_run_id = rerun->origin,
		.key = rerun->key,
		.due_at = rerun->due_at,
		.concurrency_limit = -1,
	};
	char id[RUN_ID_SIZE];

	return store_run_create(store, &new_run, id, NULL, error) &&
	       store_backfill_run_replace(store, rerun->origin, id, error);
}

static char *rerun_data(const Drive *drive, int64_t first_started)
{
	json_t *data = json_pack("{s:I, s:I, s:I, s:b}", "reruns", (json_int_t)drive->reruns + 1,
		"first", (json_int_t)first_started, "depth", (json_int_t)drive->depth, "begun", 1);
	char *text;

	if (drive->inputs != NULL)
		json_object_set(data, "inputs", drive->inputs);
	text = json_dump_text(data, JSON_COMPACT);
	json_decref(data);
	return text;
}

// Whether the flow's retry makes a new run; then it is arranged.
static bool rerun_arrange(Drive *drive)
{
	const Flow *flow = drive_flow(drive);
	const Retry *retry = flow->retry != NULL && flow->retry->behavior == RETRY_NEW_EXECUTION
				     ? flow->retry
				     : drive->rerun;
	const StoreRun *run = drive->run;
	RetryPast past = {
		.attempts = drive->reruns + 1,
		.first_started = drive->first_started != 0 ? drive->first_started : run->started_at,
		.last_ended = timestamp_now(),
		.seed = g_str_hash(drive->id),
	};
	int64_t at;
	Rerun *rerun;

	if (retry == NULL || !retry_next(retry, &past, &at))
		return false;
	rerun = g_new0(Rerun, 1);
	rerun->id = id_new();
	rerun->namespace = g_strdup(run->namespace);
	rerun->flow = g_strdup(run->flow);
	rerun->revision = run->revision;
	rerun->priority = run->priority;
	rerun->inputs = drive->inputs == NULL ? NULL : json_dump_text(drive->inputs, JSON_COMPACT);
	rerun->labels = drive->labels == NULL ? NULL : json_dump_text(drive->labels, JSON_COMPACT);
	rerun->variables = g_strdup(run->variables);
	rerun->trigger = g_strdup(run->trigger);
	rerun->trigger_type = g_strdup(run->trigger_type);
	rerun->data = rerun_data(drive, past.first_started);
	rerun->origin = g_strdup(drive->id);
	rerun->key = g_strdup_printf(DRIVE_RERUN_KEY, drive->id);
	rerun->parent = g_strdup(run->parent_run_id);
	rerun->parent_task_run = g_strdup(run->parent_task_run_id);
	rerun->due_at = at;
	drive_effect(drive, rerun_create, rerun, rerun_free);
	return true;
}

// ---- SLA and timeout

static void sla_labels(Drive *drive, const Sla *sla)
{
	const char *key;
	json_t *value;

	pthread_mutex_lock(&drive->lock);
	json_object_foreach(sla->labels, key, value)
	{
		g_autofree char *text = expr_value_text(value);

		json_object_set_new(drive->labels, key, json_string(text));
	}
	pthread_mutex_unlock(&drive->lock);
	drive->run_dirty = true;
}

static bool sla_seen(const Drive *drive, guint index)
{
	return (drive->sla_seen & (1U << (index & 31))) != 0;
}

static void sla_broken(Drive *drive, guint index)
{
	const Sla *sla = drive_flow(drive)->sla->pdata[index];

	drive->sla_seen |= 1U << (index & 31);
	sla_labels(drive, sla);
	drive_log(drive, LOG_LEVEL_WARN, "SLA '%s' is broken", sla->id);
	if (sla->behavior == SLA_NONE || drive->forced != 0)
		return;
	drive->forced = sla->behavior == SLA_FAIL ? RUN_FAILED : RUN_CANCELLED;
	if (drive->message == NULL)
		drive->message = g_strdup_printf("SLA '%s' is broken", sla->id);
	drive_kill(drive);
}

void drive_assertions_check(Drive *drive, bool at_end)
{
	const GPtrArray *list = drive_flow(drive)->sla;

	for (guint i = 0; i < list->len && drive->forced == 0 && drive->settled == 0; i++) {
		const Sla *sla = list->pdata[i];
		g_autoptr(GError) error = NULL;
		bool holds;

		if (sla->assertion == NULL || sla_seen(drive, i))
			continue;
		holds = drive_condition(drive, NULL, sla->assertion, &holds, &error) && holds;
		// On the way, what it speaks of may just not be there yet.
		if (holds || (error != NULL && !at_end))
			continue;
		if (error != NULL)
			drive_log(drive, LOG_LEVEL_ERROR, "SLA '%s': %s", sla->id, error->message);
		sla_broken(drive, i);
	}
}

// The one that ends first of those that are not broken.
void drive_sla_arm(Drive *drive, int64_t started)
{
	const GPtrArray *list = drive_flow(drive)->sla;
	int64_t at = INT64_MAX;

	for (guint i = 0; i < list->len; i++) {
		const Sla *sla = list->pdata[i];

		if (sla->max_duration && !sla_seen(drive, i))
			at = MIN(at, started + sla->duration);
	}
	if (at != INT64_MAX && drive->sla_timer == NULL)
		drive->sla_timer = runner_timer_add(drive->runner, at, drive, NULL);
}

void drive_deadline(Drive *drive)
{
	const Flow *flow = drive_flow(drive);
	int64_t now = timestamp_now();
	int64_t started = drive->run->started_at;

	if (drive->timer != NULL && drive->timeout_at <= now) {
		drive->timer = NULL;
		if (drive->settled == 0) {
			drive->forced = RUN_FAILED;
			drive->message = g_strdup_printf("timed out after %s", flow->timeout);
			drive_kill(drive);
		}
		return;
	}
	drive->sla_timer = NULL;
	for (guint i = 0; i < flow->sla->len && drive->settled == 0; i++) {
		const Sla *sla = flow->sla->pdata[i];

		if (sla->max_duration && started + sla->duration <= now && !sla_seen(drive, i))
			sla_broken(drive, i);
	}
	if (drive->settled == 0)
		drive_sla_arm(drive, started);
}

// ---- The end

void drive_settle(Drive *drive, RunState state)
{
	if (drive->forced == 0)
		drive_assertions_check(drive, true);
	if (drive->forced != 0)
		state = drive->forced;
	if (!outputs_settle(drive) && state != RUN_KILLED && state != RUN_CANCELLED)
		state = RUN_FAILED;
	if (state == RUN_FAILED && drive->message == NULL && drive->error != NULL) {
		const char *cause = json_string_value(json_object_get(drive->error, "message"));

		drive->message = g_strdup_printf("task '%s' failed%s%s",
			json_string_value(json_object_get(drive->error, "taskId")),
			cause != NULL && *cause ? ": " : "", cause != NULL ? cause : "");
	}
	if (state == RUN_FAILED && drive->forced == 0 && rerun_arrange(drive))
		state = RUN_RETRIED;
	drive->settled = state;
	drive->run_dirty = true;
	run_graph_close(drive->graph, run_graph_root(drive->graph), state);
}
