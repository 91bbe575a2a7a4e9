// What comes to a run from outside: time that has passed, runs that have ended, people who resume or kill.
#include "runner/drive.h"

#include "store/timestamp.h"

static void wake(Drive *drive, RunNode *node, const TaskWake *reason)
{
	const TaskType *type = drive_node_type(node);
	TaskContext *context = task_context_new(drive, node, type);

	drive_wait_end(drive, node);
	node->state = RUN_RUNNING;
	context->ok = true;
	if (type->wake != NULL)
		context->ok = type->wake(context, reason, &context->result, &context->error);
	drive_result_take(drive, context);
	task_context_free(context);
}

static bool child_kill(Store *store, void *data, GError **error)
{
	return store_run_kill(store, data, NULL, error);
}

static void wait_timed_out(Drive *drive, RunNode *node)
{
	const NodeExtra *extra = node->extra;
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	int64_t timeout;

	drive_task_timeout(drive, node, &text, &timeout, NULL);
	error = g_error_new(TASK_ERROR, TASK_ERROR_TIMEOUT, "timed out after %s", text);
	if (extra->task_wait == TASK_WAIT_RUN) {
		runner_child_forget(drive->runner, extra->child_run);
		drive_effect(drive, child_kill, g_strdup(extra->child_run), g_free);
	}
	drive_wait_end(drive, node);
	drive_leaf_fail(drive, node, error);
}

// The time of a task that was given out ahead counts from when it began.
static void context_timed_out(Drive *drive, RunNode *node, TaskContext *context)
{
	int64_t now = timestamp_now();
	int64_t begun = context->ahead ? atomic_load(&context->begun) : context->started;

	if (begun == 0 || begun + context->timeout > now)
		drive_timer_set(drive, node, (begun == 0 ? now : begun) + context->timeout);
	else
		task_context_cancel(context, CANCEL_TIMEOUT);
}

static void node_timer(Drive *drive, RunNode *node)
{
	NodeExtra *extra = node_extra(node);
	TaskWake reason = {.reason = extra->task_wait, .moment_passed = true};

	extra->timer = NULL;
	if (extra->context != NULL) {
		context_timed_out(drive, node, extra->context);
		return;
	}
	switch (extra->wait) {
	case WAIT_RETRY:
		drive->retrying--;
		drive_wait_end(drive, node);
		drive_retry_start(drive, node);
		break;
	case WAIT_ROUND: drive_loop_repeat(drive, node); break;
	case WAIT_TASK:
		if (extra->times_out)
			wait_timed_out(drive, node);
		else
			wake(drive, node, &reason);
		break;
	case WAIT_NONE:
	case WAIT_SLOT: break;
	}
}

void drive_timer(Drive *drive, RunNode *node)
{
	if (node != NULL)
		node_timer(drive, node);
	else
		drive_deadline(drive);
}

void drive_child_ended(Drive *drive, RunNode *node, int state, const json_t *outputs)
{
	TaskWake reason = {.reason = TASK_WAIT_RUN, .child_state = state, .child_outputs = outputs};

	wake(drive, node, &reason);
}

void drive_resume(Drive *drive, const json_t *inputs)
{
	const GPtrArray *nodes = run_graph_nodes(drive->graph);
	TaskWake reason = {.reason = TASK_WAIT_PAUSE, .child_outputs = inputs};
	guint count = nodes->len;

	for (guint i = 0; i < count && i < nodes->len; i++) {
		RunNode *node = nodes->pdata[i];

		if (node != NULL && node->state == RUN_PAUSED && node->extra != NULL)
			wake(drive, node, &reason);
	}
	drive_state_follow(drive);
}

void drive_node_kill(Drive *drive, RunNode *node)
{
	NodeExtra *extra = node->extra;

	if (extra == NULL)
		return;
	if (extra->context != NULL) {
		task_context_cancel(extra->context, CANCEL_KILL);
		return;
	}
	if (extra->wait == WAIT_TASK && extra->task_wait == TASK_WAIT_RUN) {
		runner_child_forget(drive->runner, extra->child_run);
		drive_effect(drive, child_kill, g_strdup(extra->child_run), g_free);
	}
	if (extra->wait == WAIT_SLOT)
		runner_slot_forget(drive->runner, drive, node);
	if (extra->wait == WAIT_RETRY)
		drive->retrying--;
	if (extra->wait == WAIT_NONE)
		return;
	if (extra->wait == WAIT_ROUND) {
		drive_wait_end(drive, node);
		return; // the graph ends it
	}
	drive_wait_end(drive, node);
	if (node->container != NULL) // a pause, beside which something may run
		run_graph_release(drive->graph, node, RUN_KILLED);
	else
		drive_leaf_end(drive, node, RUN_KILLED, NULL);
}

void drive_kill(Drive *drive)
{
	const GPtrArray *nodes = run_graph_nodes(drive->graph);

	if (drive->settled != 0 || run_graph_killing(drive->graph))
		return;
	drive_set_state(drive, RUN_KILLING);
	run_graph_kill(drive->graph);
	for (guint i = 0; i < nodes->len; i++) {
		RunNode *node = nodes->pdata[i];

		if (node != NULL && !run_state_is_ended((RunState)node->state))
			drive_node_kill(drive, node);
	}
}
