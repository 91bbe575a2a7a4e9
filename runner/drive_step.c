// What a run does next: takes the steps of its graph.
#include "runner/drive.h"

#include "store/id.h"
#include "store/timestamp.h"

#include <string.h>

#define UNBEGUN "unbegun" // a key of a task run's data

static void node_begin(Drive *drive, RunNode *node)
{
	id_make(node->id);
	node->created = timestamp_now();
	drive->latest[node->task->index] = node;
}

// That the attempt ended before the task's own work began: the next one asks what this one could not tell. In the row, as the next
// one may be another node's.
static void unbegun_set(RunNode *node, bool unbegun)
{
	NodeExtra *extra = unbegun ? node_extra(node) : node->extra;

	if (unbegun && extra->data == NULL)
		extra->data = json_object();
	if (unbegun)
		json_object_set_new(extra->data, UNBEGUN, json_true());
	else if (extra != NULL)
		json_object_del(extra->data, UNBEGUN);
}

static bool is_unbegun(const RunNode *node)
{
	const NodeExtra *extra = node->extra;

	return extra != NULL && json_is_true(json_object_get(extra->data, UNBEGUN));
}

static void container_start(Drive *drive, RunNode *node)
{
	g_autoptr(GError) error = NULL;
	RunOpening opening = {0};
	json_t *outputs = NULL;
	bool ok;

	drive_attempt_begin(drive, node);
	ok = drive_open(drive, node, &opening, &outputs, &error);
	pthread_mutex_lock(&drive->lock);
	json_decref(node->outputs);
	node->outputs = outputs;
	pthread_mutex_unlock(&drive->lock);
	if (!ok) {
		unbegun_set(node, true);
		drive_leaf_fail(drive, node, error);
		return;
	}
	drive_outputs_put(drive, node);
	run_graph_open(drive->graph, node, &opening);
}

// A pause with something in it begins like a task, and is held as a container while it is paused.
static void pause_start(Drive *drive, RunNode *node)
{
	g_autoptr(GError) error = NULL;
	RunOpening opening = {0};

	drive_leaf_start(drive, node);
	if (node->state == RUN_PAUSED && drive_open(drive, node, &opening, NULL, &error))
		run_graph_hold(drive->graph, node, &opening);
}

void drive_retry_start(Drive *drive, RunNode *node)
{
	bool unbegun = is_unbegun(node);

	unbegun_set(node, false);
	if (unbegun)
		drive_node_start(drive, node);
	else if (run_graph_is_container(drive->graph, node->task))
		pause_start(drive, node);
	else
		drive_leaf_start(drive, node);
}

void drive_node_start(Drive *drive, RunNode *node)
{
	g_autoptr(GError) error = NULL;
	bool holds = true;

	if (node->task->run_if != NULL &&
		!drive_condition(drive, node, node->task->run_if, &holds, &error)) {
		g_prefix_error(&error, "property 'runIf': ");
		drive_attempt_begin(drive, node);
		unbegun_set(node, true);
		drive_leaf_fail(drive, node, error);
	} else if (!holds) {
		node->ended = timestamp_now();
		drive_touch(drive, node);
		run_graph_end(drive->graph, node, RUN_SKIPPED);
	} else if (!run_graph_is_container(drive->graph, node->task)) {
		drive_leaf_start(drive, node);
	} else if (drive_node_type(node) != NULL) {
		pause_start(drive, node);
	} else {
		container_start(drive, node);
	}
}

static void step_start(Drive *drive, RunNode *node)
{
	node_begin(drive, node);
	drive_node_start(drive, node);
}

static void step_finish(Drive *drive, RunNode *node)
{
	NodeExtra *extra = node->extra;

	if (node->id[0] == '\0')
		node_begin(drive, node);
	// A kill between two rounds of a loop, or while a working-directory was being closed.
	if (extra != NULL && extra->wait == WAIT_SLOT)
		runner_slot_forget(drive->runner, drive, node);
	if (extra != NULL && extra->context != NULL)
		task_context_cancel(extra->context, CANCEL_KILL);
	drive_wait_end(drive, node);
	shared_folder_end(drive, node);
	node->ended = timestamp_now();
	drive_touch(drive, node);
}

static void removed_note(RunNode *node, void *data)
{
	Drive *drive = data;

	drive_timer_clear(drive, node);
	if (node->dirty)
		g_ptr_array_remove_fast(drive->dirty, node);
	drive_outputs_remove(drive, node);
	if (drive->latest[node->task->index] == node)
		drive->latest[node->task->index] = NULL;
	g_ptr_array_add(drive->removed, g_strdup(node->id));
}

void drive_loop_repeat(Drive *drive, RunNode *node)
{
	drive_wait_end(drive, node);
	run_graph_repeat(drive->graph, node, removed_note, drive);
	pthread_mutex_lock(&drive->lock);
	json_decref(node->outputs);
	node->outputs = json_pack("{s:I}", "iterationCount", (json_int_t)run_graph_round(node));
	pthread_mutex_unlock(&drive->lock);
	drive_outputs_put(drive, node);
	drive_touch(drive, node);
}

// In the row, until it ends: its errors and finally may be under way when the node dies, and no task run tells of it.
static void decide_close(Drive *drive, RunNode *node, RunState state)
{
	NodeExtra *extra;

	if (state == RUN_FAILED) {
		extra = node_extra(node);
		if (extra->data == NULL)
			extra->data = json_object();
		json_object_set_new(extra->data, DRIVE_CLOSED, json_string(run_state_name(state)));
		drive_touch(drive, node);
	}
	run_graph_close(drive->graph, node, state);
}

void drive_decide_fail(Drive *drive, RunNode *node, const char *message)
{
	g_autofree char *masked = drive_mask(drive, message, strlen(message));
	StoreLogTask log;

	if (masked != NULL)
		message = masked;
	store_log_task_init(&log, node->id, 1);
	store_log_append(
		drive->log, &log, LOG_LEVEL_ERROR, timestamp_now(), message, strlen(message));
	drive_message_set(node, message);
	drive_error_note(drive, node, message);
	decide_close(drive, node, RUN_FAILED);
}

static void step_decide(Drive *drive, RunNode *node)
{
	g_autoptr(GError) error = NULL;
	int64_t next;
	RunState end;

	if (run_graph_round(node) == 0)
		shared_folder_close(drive, node);
	else if (!drive_decide(drive, node, &next, &end, &error))
		drive_decide_fail(drive, node, error->message);
	else if (next == 0) {
		if (end == RUN_FAILED)
			drive_message_set(node, "the most rounds or the longest time is reached");
		decide_close(drive, node, end);
	} else {
		drive_wait_begin(drive, node, WAIT_ROUND);
		node_extra(node)->due_at = next;
		drive_timer_set(drive, node, next);
		drive_touch(drive, node);
	}
}

bool drive_step(Drive *drive, unsigned *budget)
{
	RunStep step;

	while (*budget > 0 && run_graph_next(drive->graph, &step)) {
		(*budget)--;
		switch (step.kind) {
		case RUN_STEP_START: step_start(drive, step.node); break;
		case RUN_STEP_FINISH: step_finish(drive, step.node); break;
		case RUN_STEP_DECIDE: step_decide(drive, step.node); break;
		case RUN_STEP_SETTLE: drive_settle(drive, (RunState)step.node->state); break;
		case RUN_STEP_DONE:
			drive->done = true;
			drive->run_dirty = true;
			break;
		}
	}
	return *budget > 0;
}
