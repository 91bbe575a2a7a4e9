// Writing what happened. Everything goes into the one transaction that the driver has open; nothing in memory counts as
// written before drive_written().
#include "runner/drive.h"
#include "store/json_dump.h"

#include <string.h>

static char *json_text(const json_t *value)
{
	return value == NULL ? NULL : json_dump_text(value, JSON_COMPACT | JSON_ENCODE_ANY);
}

// Adds to a row's data what is shown of its outputs (store/run.h says how), if that is not the same. data may be NULL.
static json_t *with_shown(Drive *drive, json_t *data, const json_t *outputs)
{
	bool masked = false;
	json_t *copy;

	if (outputs == NULL || !drive_has_masks(drive))
		return data;
	copy = drive_shown(drive, outputs, &masked);
	if (masked) {
		data = data == NULL ? json_object() : data;
		json_object_set(data, STORE_SHOWN, copy);
	}
	json_decref(copy);
	return data;
}

static char *node_data(Drive *drive, const RunNode *node)
{
	const NodeExtra *extra = node->extra;
	json_t *own = extra == NULL ? NULL : json_copy(extra->data);
	json_t *data = with_shown(drive, own, node->outputs);
	char *text = json_text(data);

	json_decref(data);
	return text;
}

// ---- Rows

static bool node_write(Drive *drive, RunNode *node, GError **error)
{
	const NodeExtra *extra = node->extra;
	g_autofree char *outputs = json_text(node->outputs);
	g_autofree char *data = node_data(drive, node);
	NodeExtra none = {0};
	StoreTaskRun row = {
		.run_id = drive->id,
		.id = node->id,
		.task_id = node->task->id,
		.parent_id = node->parent->task == NULL ? NULL : node->parent->id,
		.value = node->value,
		.iteration = node->iteration == 0 ? -1 : (int64_t)node->iteration - 1,
		.state = (RunState)node->state,
		.attempt = node->attempts,
		.created_at = node->created,
		.started_at = node->started,
		.ended_at = node->ended,
		.outputs = outputs,
		.data = data,
	};

	if (extra == NULL)
		extra = &none;
	row.due_at = extra->due_at;
	row.message = extra->message;
	if (extra->child_run[0] != '\0')
		row.child_run_id = ((NodeExtra *)node->extra)->child_run;
	if (extra->attempts != NULL) {
		row.attempts = (StoreAttempt *)(gpointer)extra->attempts->data;
		row.attempts_length = extra->attempts->len;
	}
	return store_task_run_put(runner_store(drive->runner), &drive->lease, &row, error);
}

static bool rows_write(Drive *drive, GError **error)
{
	Store *store = runner_store(drive->runner);

	for (guint i = 0; i < drive->removed->len; i++) {
		if (!store_task_run_delete(
			    store, &drive->lease, drive->id, drive->removed->pdata[i], error))
			return false;
	}
	for (guint i = 0; i < drive->dirty->len; i++) {
		if (!node_write(drive, drive->dirty->pdata[i], error))
			return false;
	}
	return true;
}

static char *drive_data(Drive *drive)
{
	json_t *data = json_object();
	char *text;

	if (drive->inputs != NULL)
		json_object_set(data, "inputs", drive->inputs);
	json_object_set_new(data, "begun", json_true());
	if (drive->depth > 0)
		json_object_set_new(data, "depth", json_integer(drive->depth));
	if (drive->reruns > 0) {
		json_object_set_new(data, "reruns", json_integer(drive->reruns));
		json_object_set_new(data, "first", json_integer(drive->first_started));
	}
	if (drive->settled != 0)
		json_object_set_new(data, "settled", json_string(run_state_name(drive->settled)));
	data = with_shown(drive, data, drive->flow_outputs);
	text = json_text(data);
	json_decref(data);
	return text;
}

// PAUSED with nothing of ours under way: the run is given up until somebody or its moment wakes it.
static bool drive_may_release(const Drive *drive)
{
	return drive->state == RUN_PAUSED && drive->under_way == 0 && drive->waiting == 0 &&
	       drive->waiting_slot == 0 && !drive->queued;
}

static int64_t release_moment(const Drive *drive)
{
	const GPtrArray *nodes = run_graph_nodes(drive->graph);
	int64_t first = 0;

	for (guint i = 0; i < nodes->len; i++) {
		const RunNode *node = nodes->pdata[i];
		const NodeExtra *extra = node == NULL ? NULL : node->extra;

		if (node == NULL || node->state != RUN_PAUSED || extra == NULL ||
			extra->due_at == 0)
			continue;
		if (first == 0 || extra->due_at < first)
			first = extra->due_at;
	}
	return first;
}

static bool run_write(Drive *drive, GError **error)
{
	Store *store = runner_store(drive->runner);
	g_autofree char *outputs = json_text(drive->flow_outputs);
	g_autofree char *labels = json_text(drive->labels);
	g_autofree char *data = drive_data(drive);
	StoreRunChange change = {drive->state, outputs, labels, drive->message, data};

	if (drive->done) {
		change.state = drive->settled;
		return store_run_end(store, &drive->lease, &change, error);
	}
	if (drive_may_release(drive)) {
		if (!store_run_release(store, &drive->lease, &change, release_moment(drive), error))
			return false;
		drive->released = true;
		return true;
	}
	return store_run_put(store, &drive->lease, &change, error);
}

bool drive_write(Drive *drive, GError **error)
{
	drive->written_effects = drive->effects->len;
	for (guint i = 0; i < drive->written_effects; i++) {
		const DriveEffect *effect = &g_array_index(drive->effects, DriveEffect, i);

		if (!effect->record(runner_store(drive->runner), effect->data, error))
			return false;
	}
	if (!rows_write(drive, error))
		return false;
	// The log before the run's end: ending gives the lease back.
	if (!store_log_flush(drive->log, &drive->lease, error))
		return false;
	return !drive->run_dirty || run_write(drive, error);
}

void drive_written(Drive *drive)
{
	for (guint i = 0; i < drive->dirty->len; i++)
		((RunNode *)drive->dirty->pdata[i])->dirty = false;
	g_ptr_array_set_size(drive->dirty, 0);
	g_ptr_array_set_size(drive->removed, 0);
	for (guint i = 0; i < drive->written_effects; i++) {
		const DriveEffect *effect = &g_array_index(drive->effects, DriveEffect, i);

		if (effect->free_data != NULL)
			effect->free_data(effect->data);
	}
	if (drive->written_effects > 0)
		g_array_remove_range(drive->effects, 0, drive->written_effects);
	drive->written_effects = 0;
	drive->run_dirty = false;
	for (guint i = 0; i < drive->left->len; i++)
		runner_sweep_folder(drive->runner, g_steal_pointer(&drive->left->pdata[i]));
	g_ptr_array_set_size(drive->left, 0);
	store_log_flushed(drive->log);
}

void drive_write_failed(Drive *drive)
{
	drive->written_effects = 0;
	drive->released = false;
	store_log_unflush(drive->log);
}
