#include "runner/drive.h"

#include "runner/inputs.h"
#include "runner/restart.h"
#include "store/domain.h"
#include "store/id.h"
#include "store/json_dump.h"
#include "store/timestamp.h"

#include <string.h>

// ---- Small things

NodeExtra *node_extra(RunNode *node)
{
	if (node->extra == NULL)
		node->extra = g_new0(NodeExtra, 1);
	return node->extra;
}

static void attempt_clear(gpointer data)
{
	g_free(((StoreAttempt *)data)->message);
}

GArray *attempts_new(void)
{
	GArray *attempts = g_array_new(FALSE, FALSE, sizeof(StoreAttempt));

	g_array_set_clear_func(attempts, attempt_clear);
	return attempts;
}

void node_extra_free(gpointer data)
{
	NodeExtra *extra = data;

	if (extra->attempts != NULL)
		g_array_unref(extra->attempts);
	json_decref(extra->data);
	json_decref(extra->resumed_with);
	g_free(extra->message);
	g_free(extra);
}

void drive_touch(Drive *drive, RunNode *node)
{
	if (node->dirty)
		return;
	node->dirty = true;
	g_ptr_array_add(drive->dirty, node);
}

void drive_effect(Drive *drive, DriveRecord record, void *data, GDestroyNotify free_data)
{
	DriveEffect effect = {record, data, free_data};

	g_array_append_val(drive->effects, effect);
}

const Flow *drive_flow(const Drive *drive)
{
	return flow_model_flow(drive->model);
}

void drive_set_state(Drive *drive, RunState state)
{
	if (drive->state == state)
		return;
	drive->state = state;
	drive->run_dirty = true;
}

void drive_log(Drive *drive, LogLevel level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_autofree char *masked = drive_mask(drive, text, strlen(text));
	const char *shown = masked != NULL ? masked : text;
	store_log_append(drive->log, &drive->run_log, level, timestamp_now(), shown, strlen(shown));
}

// ---- Loading

static json_t *json_parse(const char *text)
{
	return text == NULL ? NULL : json_loads(text, JSON_DECODE_ANY, NULL);
}

static Drive *drive_new(Runner *runner, const StoreLease *lease, StoreRun *run, FlowModel *model)
{
	Drive *drive = g_new0(Drive, 1);

	drive->runner = runner;
	drive->lease = *lease;
	g_strlcpy(drive->id, run->id, sizeof(drive->id));
	drive->run = run;
	drive->model = model;
	drive->graph = run_graph_new(flow_model_flow(model), node_extra_free);
	drive->latest = g_new0(RunNode *, MAX(flow_model_flow(model)->task_count, 1));
	drive->outputs = json_object();
	drive->masks = g_ptr_array_new();
	drive->mask_set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	drive->dirty = g_ptr_array_new();
	drive->removed = g_ptr_array_new_with_free_func(g_free);
	drive->left = g_ptr_array_new_with_free_func(g_free);
	drive->effects = g_array_new(FALSE, FALSE, sizeof(DriveEffect));
	drive->state = run->state;
	drive->trigger = json_parse(run->trigger);
	drive->labels = json_parse(run->labels);
	drive->flow_outputs = json_parse(run->outputs);
	drive->message = g_strdup(run->message);
	pthread_mutex_init(&drive->lock, NULL);
	store_log_task_init(&drive->run_log, NULL, 0);
	return drive;
}

void drive_free(Drive *drive)
{
	if (drive == NULL)
		return;
	for (guint i = 0; i < drive->effects->len; i++) {
		const DriveEffect *effect = &g_array_index(drive->effects, DriveEffect, i);

		if (effect->free_data != NULL)
			effect->free_data(effect->data);
	}
	g_array_unref(drive->effects);
	run_graph_free(drive->graph);
	g_ptr_array_unref(drive->dirty);
	g_ptr_array_unref(drive->left);
	g_ptr_array_unref(drive->removed);
	g_ptr_array_unref(drive->masks);
	g_hash_table_unref(drive->mask_set);
	json_decref(drive->inputs);
	json_decref(drive->outputs);
	json_decref(drive->labels);
	json_decref(drive->variables);
	json_decref(drive->trigger);
	json_decref(drive->error);
	json_decref(drive->flow_outputs);
	store_log_close(drive->log);
	store_run_free(drive->run);
	flow_model_unref(drive->model);
	pthread_mutex_destroy(&drive->lock);
	g_free(drive->latest);
	g_free(drive->message);
	g_free(drive);
}

// The project's and the domain's, over them the flow's, over these what the run was given.
static bool variables_load(Drive *drive, GError **error)
{
	const Flow *flow = drive_flow(drive);
	const StoreRun *run = drive->run;

	if (!store_variables_get(runner_store(drive->runner), run->namespace, run->flow,
		    &drive->variables, error))
		return false;
	json_t *own = json_parse(run->variables);
	if (flow->variables != NULL)
		json_object_update(drive->variables, flow->variables);
	if (json_is_object(own))
		json_object_update(drive->variables, own);
	json_decref(own);
	return true;
}

Drive *drive_load(Runner *runner, const StoreLease *lease, GError **error)
{
	g_autoptr(StoreRun) run = NULL;
	g_autoptr(StoreLog) log = NULL;
	FlowModel *model;
	Drive *drive;

	if (!store_run_get(runner_store(runner), lease->run_id, &run, error))
		return NULL;
	if (run == NULL) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_MISSING, "there is no run '%s'",
			lease->run_id);
		return NULL;
	}
	log = store_log_open(runner_store(runner), run->id, 0, error);
	model = log == NULL ? NULL
			    : runner_model(runner, run->namespace, run->flow, run->revision, error);
	if (model == NULL)
		return NULL;
	drive = drive_new(runner, lease, g_steal_pointer(&run), model);
	drive->log = g_steal_pointer(&log);
	if (variables_load(drive, error))
		return drive;
	drive_free(drive);
	return NULL;
}

// ---- Beginning: labels and inputs, worked out once and kept in the row

static void label_put(json_t *labels, const char *key, const json_t *value)
{
	if (json_is_string(value)) {
		json_object_set_new(labels, key, json_string(json_string_value(value)));
	} else if (json_is_true(value) || json_is_false(value)) {
		json_object_set_new(
			labels, key, json_string(json_is_true(value) ? "true" : "false"));
	} else if (!json_is_null(value)) {
		g_autofree char *text = json_dump_text(value, JSON_COMPACT | JSON_ENCODE_ANY);

		json_object_set_new(labels, key, json_string(text));
	}
}

static void labels_add(json_t *labels, json_t *more)
{
	const char *key;
	json_t *value;
	size_t i;

	json_object_foreach(more, key, value) label_put(labels, key, value);
	json_array_foreach(more, i, value)
	{
		const char *name = json_string_value(json_object_get(value, "key"));

		if (name != NULL)
			label_put(labels, name, json_object_get(value, "value"));
	}
}

// A text gives a JSON object or list; all else is what it is. A new reference.
static json_t *labels_value(Drive *drive, const json_t *given, GError **error)
{
	json_t *value = drive_evaluate_value(drive, NULL, given, true, error);
	json_t *parsed;

	if (!json_is_string(value))
		return value;
	parsed = json_parse(json_string_value(value));
	json_decref(value);
	return parsed != NULL ? parsed : json_object();
}

static bool labels_begin(Drive *drive, GError **error)
{
	json_t *labels = json_object();
	const Flow *flow = drive_flow(drive);

	if (flow->labels != NULL) {
		json_t *own = labels_value(drive, flow->labels, error);

		if (own == NULL) {
			g_prefix_error(error, "labels of the flow: ");
			json_decref(labels);
			return false;
		}
		labels_add(labels, own);
		json_decref(own);
	}
	labels_add(labels, drive->labels);
	drive_mask_object(drive, &labels);
	if (json_object_get(labels, "system.correlationId") == NULL)
		json_object_set_new(labels, "system.correlationId", json_string(drive->id));
	pthread_mutex_lock(&drive->lock);
	json_decref(drive->labels);
	drive->labels = labels;
	pthread_mutex_unlock(&drive->lock);
	return true;
}

static bool inputs_begin(Drive *drive, GError **error)
{
	ScopeRef ref = {drive, NULL};
	ExprScope scope = drive_scope(&ref);
	json_t *given = json_parse(drive->run->inputs);
	g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) secrets = g_ptr_array_new_with_free_func(g_free);
	InputsRequest request = {
		.inputs = drive_flow(drive)->inputs, .given = given, .scope = &scope};

	pthread_mutex_lock(&drive->lock);
	drive->inputs = inputs_resolve(&request, secrets, faults);
	for (guint i = 0; i < secrets->len; i++)
		drive_mask_add(drive, secrets->pdata[i]);
	pthread_mutex_unlock(&drive->lock);
	json_decref(given);
	if (drive->inputs != NULL)
		return true;
	g_ptr_array_add(faults, NULL);
	g_autofree char *all = g_strjoinv("\n", (char **)faults->pdata);
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "%s", all);
	return false;
}

static void secrets_mask(Drive *drive)
{
	const GPtrArray *inputs = drive_flow(drive)->inputs;

	pthread_mutex_lock(&drive->lock);
	for (guint i = 0; i < inputs->len; i++) {
		const Input *input = inputs->pdata[i];
		json_t *value = inputs_get(drive->inputs, input->id);

		if (strcmp(input->type, "SECRET") == 0 && json_is_string(value))
			drive_mask_add(drive, json_string_value(value));
	}
	pthread_mutex_unlock(&drive->lock);
}

// The moments at which the flow's own timeout and its SLA come.
static void deadlines_set(Drive *drive)
{
	const Flow *flow = drive_flow(drive);
	int64_t started = drive->run->started_at != 0 ? drive->run->started_at : timestamp_now();
	int64_t duration;

	if (flow->timeout != NULL) {
		g_autofree char *text = drive_render(drive, NULL, flow->timeout, true, NULL);

		if (text != NULL && duration_parse(text, &duration))
			drive->timeout_at = started + duration;
	}
	drive_sla_arm(drive, started);
	if (drive->timeout_at != 0)
		drive->timer = runner_timer_add(drive->runner, drive->timeout_at, drive, NULL);
}

// ---- Task runs that are there already

typedef struct {
	Drive *drive;
	GHashTable *nodes; // id → RunNode *
	GHashTable *tasks; // id → const Task *
	GPtrArray *open; // RunNode *: leaves that had not ended
	GError *error;
} Restoring;

static void task_note(const Task *task, void *data)
{
	g_hash_table_insert(data, task->id, (gpointer)(guintptr)task);
}

static void extra_restore(RunNode *node, const StoreTaskRun *row)
{
	NodeExtra *extra;

	if (row->attempts_length == 0 && row->message == NULL && row->data == NULL &&
		row->child_run_id == NULL && row->due_at == 0)
		return;
	extra = node_extra(node);
	extra->message = g_strdup(row->message);
	extra->data = json_parse(row->data);
	extra->due_at = row->due_at;
	g_strlcpy(extra->child_run, row->child_run_id != NULL ? row->child_run_id : "",
		sizeof(extra->child_run));
	if (row->attempts_length == 0)
		return;
	extra->attempts = attempts_new();
	for (size_t i = 0; i < row->attempts_length; i++) {
		StoreAttempt attempt = row->attempts[i];

		attempt.message = g_strdup(attempt.message);
		g_array_append_val(extra->attempts, attempt);
	}
	extra->first_started = row->attempts[0].started_at;
}

// Said by whoever put the run back into the line (runner/restart.h).
static bool begins_anew(const StoreTaskRun *row)
{
	return row->state == RUN_RESTARTED && g_strcmp0(row->data, RUN_PAST_ANEW) == 0;
}

// A restart begins the rounds, or the folder, anew.
static void closed_restore(RunNode *node, bool restarted)
{
	NodeExtra *extra = node->extra;
	const char *text = extra == NULL
				   ? NULL
				   : json_string_value(json_object_get(extra->data, DRIVE_CLOSED));
	RunState state;

	if (text != NULL && !restarted && run_state_parse(text, &state))
		run_graph_restore_closed(node, state);
	if (text != NULL && restarted)
		json_object_del(extra->data, DRIVE_CLOSED);
}

static bool row_restore(const StoreTaskRun *row, void *data)
{
	Restoring *restoring = data;
	Drive *drive = restoring->drive;
	const Task *task = g_hash_table_lookup(restoring->tasks, row->task_id);
	RunNode *parent = row->parent_id == NULL
				  ? run_graph_root(drive->graph)
				  : g_hash_table_lookup(restoring->nodes, row->parent_id);
	RunOpening opening = {0};
	bool open = task != NULL && run_graph_is_container(drive->graph, task) &&
		    !run_state_is_ended(row->state) && row->state != RUN_CREATED &&
		    row->state != RUN_RETRYING && !begins_anew(row);
	bool held = open && row->state == RUN_PAUSED;
	RunNode *node;

	if (task == NULL || parent == NULL) {
		g_set_error(&restoring->error, TASK_ERROR, TASK_ERROR_FAILED,
			"task run '%s' is of task '%s', which revision %" G_GINT64_FORMAT
			" of the flow does not have",
			row->id, row->task_id, flow_model_revision(drive->model));
		return false;
	}
	if (open && !drive_reopen(drive, parent, row, task, &opening, &restoring->error))
		return false;
	node = run_graph_restore(drive->graph, parent, task,
		run_graph_branch_of(drive->graph, task), row->value,
		row->iteration < 0 ? 0 : (uint32_t)row->iteration + 1,
		open && !held ? RUN_RUNNING : row->state, open ? &opening : NULL);
	g_strlcpy(node->id, row->id, sizeof(node->id));
	node->created = row->created_at;
	node->started = row->started_at;
	node->ended = row->ended_at;
	node->attempts = (uint32_t)row->attempt;
	node->outputs = json_parse(row->outputs);
	extra_restore(node, row);
	if (open && !held)
		closed_restore(node, row->state == RUN_RESTARTED);
	if (begins_anew(row)) {
		json_decref(node_extra(node)->data);
		node_extra(node)->data = NULL;
		node_extra(node)->anew = true;
	}
	if (open && row->state == RUN_RESTARTED) {
		node->attempts++;
		node->started = timestamp_now();
		drive_touch(drive, node);
	}
	drive->latest[task->index] = node;
	drive_outputs_put(drive, node);
	g_hash_table_insert(restoring->nodes, node->id, node);
	if ((!open || held) && !run_state_is_ended(row->state))
		g_ptr_array_add(restoring->open, node);
	return true;
}

static bool rows_restore(Drive *drive, GPtrArray *open, guint *ret_count, GError **error)
{
	Restoring restoring = {
		.drive = drive,
		.nodes = g_hash_table_new(g_str_hash, g_str_equal),
		.tasks = g_hash_table_new(g_str_hash, g_str_equal),
		.open = open,
	};
	bool ok;

	flow_tasks_visit(drive_flow(drive), task_note, restoring.tasks);
	ok = store_task_runs_visit(
		runner_store(drive->runner), drive->id, row_restore, &restoring, error);
	*ret_count = g_hash_table_size(restoring.nodes);
	if (restoring.error != NULL) {
		if (ok)
			g_propagate_error(error, restoring.error);
		else
			g_error_free(restoring.error);
		ok = false;
	}
	g_hash_table_unref(restoring.nodes);
	g_hash_table_unref(restoring.tasks);
	return ok;
}

// Task runs that are there already.
static bool drive_go_on(Drive *drive, const char *settled, GError **error)
{
	g_autoptr(GPtrArray) open = g_ptr_array_new();
	RunState state = RUN_RUNNING;
	guint count = 0;

	if (drive->state == RUN_KILLING)
		run_graph_kill(drive->graph);
	if (!rows_restore(drive, open, &count, error))
		return false;
	if (settled != NULL && run_state_parse(settled, &state))
		drive->settled = state;
	shared_folders_check(drive);
	if (count == 0 && settled == NULL) {
		drive_assertions_check(drive, false);
		run_graph_begin(drive->graph);
	} else {
		run_graph_resume(drive->graph, settled != NULL, state);
	}
	for (guint i = 0; i < open->len; i++)
		drive_recover(drive, open->pdata[i]);
	return true;
}

// What is worked out once, at the first claim, and kept in the row.
static bool values_begin(Drive *drive, json_t *kept, GError **error)
{
	drive->inputs = json_incref(json_object_get(kept, "inputs"));
	if (drive->inputs == NULL && !inputs_begin(drive, error))
		return false;
	secrets_mask(drive);
	if (json_is_true(json_object_get(kept, "begun")))
		return true;
	drive->run_dirty = true;
	return labels_begin(drive, error);
}

bool drive_begin(Drive *drive, GError **error)
{
	json_t *kept = json_parse(drive->run->data);
	bool ok;

	drive->reruns = (unsigned)json_integer_value(json_object_get(kept, "reruns"));
	drive->depth = (unsigned)json_integer_value(json_object_get(kept, "depth"));
	drive->first_started = json_integer_value(json_object_get(kept, "first"));
	// A restart goes on from a run whose end had been decided.
	if (drive->state == RUN_RESTARTED) {
		json_object_del(kept, "settled");
		g_clear_pointer(&drive->message, g_free);
		drive->run_dirty = true;
	}
	if (drive->state == RUN_RESTARTED || drive->state == RUN_CREATED ||
		drive->state == RUN_QUEUED)
		drive_set_state(drive, RUN_RUNNING);
	ok = values_begin(drive, kept, error) &&
	     drive_go_on(drive, json_string_value(json_object_get(kept, "settled")), error);
	json_decref(kept);
	if (ok)
		deadlines_set(drive);
	return ok;
}
