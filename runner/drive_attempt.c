// An attempt of a task run: begun, given to a worker or run at once, taken back with what came of it, ended or tried again.
#include "runner/drive.h"

#include "runner/retry.h"
#include "runner/scope_run.h"
#include "store/timestamp.h"

#include <string.h>

const TaskType *drive_node_type(const RunNode *node)
{
	return task_type_find(node->task->kind->name);
}

// ---- The end of a task run

void drive_error_note(Drive *drive, const RunNode *node, const char *message)
{
	pthread_mutex_lock(&drive->lock);
	json_decref(drive->error);
	drive->error = json_pack(
		"{s:s, s:s}", "taskId", node->task->id, "message", message != NULL ? message : "");
	if (drive->error == NULL)
		drive->error = json_pack("{s:s}", "taskId", node->task->id);
	pthread_mutex_unlock(&drive->lock);
}

void drive_message_set(RunNode *node, const char *message)
{
	NodeExtra *extra = message != NULL ? node_extra(node) : node->extra;

	if (extra == NULL)
		return;
	g_free(extra->message);
	extra->message = g_strdup(message);
}

// Moves the attempt that has just ended to the earlier ones.
void drive_attempt_end(RunNode *node, RunState state, int64_t at, const char *message)
{
	NodeExtra *extra = node_extra(node);
	StoreAttempt attempt = {node->attempts, state, node->started, at, g_strdup(message)};

	if (extra->attempts == NULL) {
		extra->attempts = attempts_new();
		extra->first_started = node->started;
	}
	g_array_append_val(extra->attempts, attempt);
}

void drive_retry_later(Drive *drive, RunNode *node, int64_t at)
{
	NodeExtra *extra = node_extra(node);

	node->state = RUN_RETRYING;
	extra->due_at = at;
	drive->retrying++;
	drive_wait_begin(drive, node, WAIT_RETRY);
	drive_timer_set(drive, node, at);
	drive_touch(drive, node);
	drive_state_follow(drive);
}

// Whether the failure is tried again; then it has been arranged.
static bool retry_arrange(Drive *drive, RunNode *node, int64_t now, const char *message)
{
	const Retry *retry = retry_policy(drive_flow(drive), node->task);
	const NodeExtra *extra = node->extra;
	RetryPast past = {
		.attempts = node->attempts,
		.first_started = extra != NULL && extra->first_started != 0 ? extra->first_started
									    : node->started,
		.last_ended = now,
		.seed = g_str_hash(node->id),
	};
	int64_t at;

	if (retry == NULL || run_graph_killing(drive->graph) || node->branch == RUN_BRANCH_AFTER)
		return false;
	if (retry->behavior == RETRY_NEW_EXECUTION) {
		drive->rerun = retry;
		return false;
	}
	if (!retry_next(retry, &past, &at))
		return false;
	drive_attempt_end(node, RUN_FAILED, now, message);
	drive_message_set(node, message);
	drive_retry_later(drive, node, at);
	return true;
}

// The attempt's own state when the task run's is another.
static void attempt_state_set(RunNode *node, RunState state)
{
	NodeExtra *extra = node_extra(node);

	if (extra->data == NULL)
		extra->data = json_object();
	json_object_set_new(extra->data, "attempt", json_string(run_state_name(state)));
}

static void attempt_state_keep(RunNode *node, RunState state)
{
	if (run_state_allowed(node->task, state) != state)
		attempt_state_set(node, state);
}

void drive_leaf_end(Drive *drive, RunNode *node, RunState state, const char *message)
{
	int64_t now = timestamp_now();

	if (state == RUN_FAILED) {
		drive_error_note(drive, node, message);
		if (retry_arrange(drive, node, now, message))
			return;
	}
	if (state == RUN_SUCCESS && node->attempts > 1) {
		const Retry *retry = retry_policy(drive_flow(drive), node->task);

		if (retry != NULL && retry->warning_on_retry) {
			attempt_state_set(node, state);
			state = RUN_WARNING;
		}
	}
	drive_message_set(node, message);
	node->ended = now;
	attempt_state_keep(node, state);
	drive_outputs_put(drive, node);
	drive_touch(drive, node);
	// Before the graph goes on: what follows does not begin any more.
	drive_assertions_check(drive, false);
	run_graph_end(drive->graph, node, state);
	drive_state_follow(drive);
}

// Fails a task run before or instead of running it.
void drive_leaf_fail(Drive *drive, RunNode *node, GError *error)
{
	StoreLogTask log;
	g_autofree char *masked = drive_mask(drive, error->message, strlen(error->message));
	const char *message = masked != NULL ? masked : error->message;

	if (node->attempts == 0) {
		node->attempts = 1;
		node->started = timestamp_now();
	}
	store_log_task_init(&log, node->id, node->attempts);
	store_log_append(
		drive->log, &log, LOG_LEVEL_ERROR, timestamp_now(), message, strlen(message));
	drive_leaf_end(drive, node, RUN_FAILED, message);
}

// ---- What a run function gave back

static void hooks_take(Drive *drive, TaskContext *context, bool good)
{
	for (guint i = 0; context->hooks != NULL && i < context->hooks->len; i++) {
		FinishHook *hook = &g_array_index(context->hooks, FinishHook, i);

		if (good || hook->always)
			g_array_append_val(drive->effects, hook->effect);
		else if (hook->effect.free_data != NULL)
			hook->effect.free_data(hook->effect.data);
	}
	g_clear_pointer(&context->hooks, g_array_unref);
}

// How long the task may take; 0: no limit. False with error.
bool drive_task_timeout(
	Drive *drive, RunNode *node, char **ret_text, int64_t *ret_timeout, GError **error)
{
	*ret_timeout = 0;
	if (node->task->timeout == NULL)
		return true;
	*ret_text = drive_render(drive, node, node->task->timeout, true, error);
	if (*ret_text == NULL)
		return false;
	if (**ret_text == '\0' || duration_parse(*ret_text, ret_timeout))
		return true;
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
		"property 'timeout' is no duration like PT1M30S: '%s'", *ret_text);
	return false;
}

void drive_wait_for(Drive *drive, RunNode *node, const TaskResult *result)
{
	NodeExtra *extra = node_extra(node);
	g_autofree char *text = NULL;
	int64_t until = result->wait_until;
	int64_t timeout = 0;

	// A pause looks at its timeout itself.
	if (result->wait != TASK_WAIT_PAUSE)
		drive_task_timeout(drive, node, &text, &timeout, NULL);
	extra->times_out = timeout > 0 && (until == 0 || node->started + timeout < until);
	if (extra->times_out)
		until = node->started + timeout;
	extra->task_wait = result->wait;
	node->state = result->wait == TASK_WAIT_PAUSE ? RUN_PAUSED : RUN_RUNNING;
	if (result->wait == TASK_WAIT_RUN) {
		g_strlcpy(extra->child_run, result->wait_run, sizeof(extra->child_run));
		runner_child_watch(drive->runner, extra->child_run, drive, node);
	}
	drive_wait_begin(drive, node, WAIT_TASK);
	extra->due_at = until;
	if (until != 0)
		drive_timer_set(drive, node, until);
	drive_touch(drive, node);
	drive_state_follow(drive);
}

static const char *failure_text(TaskContext *context)
{
	if (context->error == NULL)
		g_set_error(&context->error, TASK_ERROR, TASK_ERROR_FAILED,
			"the task failed and did not say why");
	return context->error->message;
}

static RunState result_state(const TaskContext *context)
{
	if (context->ok)
		return context->result.state != 0 ? (RunState)context->result.state
		       : context->result.warning  ? RUN_WARNING
						  : RUN_SUCCESS;
	return atomic_load(&context->cancelled) == CANCEL_KILL ? RUN_KILLED : RUN_FAILED;
}

// A pause that is a container goes on with what stands in it. In the row, until it ends: no task run tells of it.
static void pause_release(Drive *drive, RunNode *node, RunState state, const char *message)
{
	NodeExtra *extra = node_extra(node);

	if (state == RUN_FAILED)
		drive_error_note(drive, node, message);
	drive_message_set(node, message);
	if (extra->data == NULL)
		extra->data = json_object();
	if (state != RUN_SUCCESS)
		json_object_set_new(extra->data, DRIVE_CLOSED, json_string(run_state_name(state)));
	drive_outputs_put(drive, node);
	drive_touch(drive, node);
	run_graph_release(drive->graph, node, state);
	drive_state_follow(drive);
}

// Takes over what the run function gave, logs a failure, and ends or waits.
void drive_result_take(Drive *drive, TaskContext *context)
{
	RunNode *node = context->node;
	RunState state = result_state(context);
	g_autofree char *message = NULL;

	if (context->result.outputs != NULL) {
		pthread_mutex_lock(&drive->lock);
		json_decref(node->outputs);
		node->outputs = g_steal_pointer(&context->result.outputs);
		pthread_mutex_unlock(&drive->lock);
		if (node->extra != NULL) // of an earlier attempt's
			json_object_del(((NodeExtra *)node->extra)->data, STORE_SHOWN);
	}
	if (atomic_load(&context->cancelled) == CANCEL_TIMEOUT && !context->ok) {
		g_clear_error(&context->error);
		g_set_error(&context->error, TASK_ERROR, TASK_ERROR_TIMEOUT, "timed out after %s",
			context->timeout_text);
	}
	if (!context->ok) {
		const char *text = failure_text(context);
		g_autofree char *masked = drive_mask(drive, text, strlen(text));

		message = g_strdup(masked != NULL ? masked : text);
		store_log_append(drive->log, &context->log, LOG_LEVEL_ERROR, timestamp_now(),
			message, strlen(message));
	}
	hooks_take(drive, context, context->ok);
	store_log_task_end(drive->log, &context->log, timestamp_now());
	if (context->ok && context->result.wait != TASK_WAIT_NONE)
		drive_wait_for(drive, node, &context->result);
	else if (node->container != NULL && run_graph_is_container(drive->graph, node->task))
		pause_release(drive, node, state, message);
	else
		drive_leaf_end(drive, node, state, message);
}

// ---- Attempts

// The mark is of one attempt: the next one's row must not have it.
void drive_ahead_unmark(RunNode *node)
{
	NodeExtra *extra = node->extra;

	if (extra == NULL)
		return;
	json_decref(extra->data);
	extra->data = NULL;
}

void drive_attempt_begin(Drive *drive, RunNode *node)
{
	node->attempts++;
	node->started = timestamp_now();
	node->ended = 0;
	node->state = RUN_RUNNING;
	drive_message_set(node, NULL);
	drive_touch(drive, node);
}

// Of an attempt that was committed as begun and never was.
void drive_attempt_undo(Drive *drive, RunNode *node)
{
	drive_ahead_unmark(node);
	node->attempts--;
	node->started = 0;
	node->state = RUN_CREATED;
	drive_touch(drive, node);
}

void drive_internal_run(Drive *drive, RunNode *node, const TaskType *type)
{
	TaskContext *context = task_context_new(drive, node, type);

	task_context_run(context);
	drive_result_take(drive, context);
	task_context_free(context);
}

static void outside_dispatch(Drive *drive, RunNode *node, const TaskType *type)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	TaskContext *context;
	int64_t timeout;

	drive_ahead_unmark(node);
	drive_attempt_begin(drive, node);
	if (!drive_task_timeout(drive, node, &text, &timeout, &error)) {
		runner_slot_give_back(drive->runner, node);
		drive_leaf_fail(drive, node, error);
		return;
	}
	context = task_context_new(drive, node, type);
	context->timeout_text = g_steal_pointer(&text);
	context->timeout = timeout;
	scope_seen_take(drive, context);
	node_extra(node)->context = context;
	drive->under_way++;
	runner_ahead_note(drive->runner, context);
	if (timeout > 0)
		drive_timer_set(drive, node, node->started + timeout);
	runner_dispatch(drive->runner, context);
	drive_state_follow(drive);
}

void drive_leaf_start(Drive *drive, RunNode *node)
{
	const TaskType *type = drive_node_type(node);
	g_autoptr(GError) error = NULL;

	if (type == NULL) {
		drive_attempt_begin(drive, node);
		error = g_error_new(TASK_ERROR, TASK_ERROR_NOT_BUILT,
			"task type '%s' is not built into this version", node->task->kind->name);
		drive_leaf_fail(drive, node, error);
	} else if (type->effects == TASK_INTERNAL) {
		drive_attempt_begin(drive, node);
		drive_internal_run(drive, node, type);
	} else if (runner_slot_take(drive->runner, drive, node)) {
		outside_dispatch(drive, node, type);
	} else {
		node->state = RUN_CREATED;
		drive_wait_begin(drive, node, WAIT_SLOT);
		drive_touch(drive, node);
	}
}

void drive_wait_slot(Drive *drive, RunNode *node)
{
	drive_wait_begin(drive, node, WAIT_SLOT);
}

void drive_slot_free(Drive *drive, RunNode *node)
{
	drive_wait_end(drive, node);
	if (node->container != NULL)
		shared_folder_close_start(drive, node);
	else
		outside_dispatch(drive, node, drive_node_type(node));
}

static bool never_began(const TaskContext *context)
{
	return context->ahead && atomic_load(&context->begun) == 0;
}

// Its start is undone; it waits again, or is over.
static void take_back(Drive *drive, RunNode *node, bool killed)
{
	drive_attempt_undo(drive, node);
	if (killed) {
		drive_leaf_end(drive, node, RUN_KILLED, NULL);
		return;
	}
	runner_slot_wait_first(drive->runner, drive, node);
	drive_wait_begin(drive, node, WAIT_SLOT);
	drive_state_follow(drive);
}

void drive_task_ended(Drive *drive, TaskContext *context)
{
	RunNode *node = context->node;
	NodeExtra *extra = node_extra(node);

	drive->under_way--;
	extra->context = NULL;
	drive_timer_clear(drive, node);
	if (context->ahead) {
		drive_ahead_unmark(node);
		node->started = context->started;
	}
	// A task that the node's stop or the loss of the run broke off stays as it is in the store: for whoever takes the
	// run next it was under way when this node ended.
	if (drive->doomed)
		;
	else if (never_began(context))
		take_back(drive, node, atomic_load(&context->cancelled) == CANCEL_KILL);
	else if (atomic_load(&context->cancelled) == CANCEL_STOP && !context->ok)
		;
	else if (node->container != NULL)
		shared_folder_closed(drive, context);
	else
		drive_result_take(drive, context);
	task_context_free(context);
}
