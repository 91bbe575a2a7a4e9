// What a run does next: takes the steps of its graph, begins and ends attempts, and deals with what comes back.
#include "runner/drive.h"

#include "expr/value.h"
#include "runner/inputs.h"
#include "runner/retry.h"
#include "runner/scope_run.h"
#include "store/id.h"
#include "store/timestamp.h"

#include <string.h>

#define UNBEGUN "unbegun" // a key of a task run's data

void drive_leaf_start(Drive *drive, RunNode *node);

const TaskType *drive_node_type(const RunNode *node)
{
	return task_type_find(node->task->kind->name);
}

// ---- Waiting

static void timer_set(Drive *drive, RunNode *node, int64_t at)
{
	NodeExtra *extra = node_extra(node);

	extra->timer = runner_timer_add(drive->runner, at, drive, node);
}

static void timer_clear(Drive *drive, RunNode *node)
{
	NodeExtra *extra = node->extra;

	if (extra != NULL && extra->timer != NULL)
		runner_timer_remove(drive->runner, extra->timer);
	if (extra != NULL)
		extra->timer = NULL;
}

static void wait_begin(Drive *drive, RunNode *node, Wait wait)
{
	node_extra(node)->wait = wait;
	if (wait == WAIT_SLOT)
		drive->waiting_slot++;
	else if (node->state == RUN_PAUSED)
		drive->paused++;
	else
		drive->waiting++;
}

// Ends whatever it waits for.
static void wait_end(Drive *drive, RunNode *node)
{
	NodeExtra *extra = node->extra;

	if (extra == NULL || extra->wait == WAIT_NONE)
		return;
	if (extra->wait == WAIT_SLOT)
		drive->waiting_slot--;
	else if (node->state == RUN_PAUSED)
		drive->paused--;
	else
		drive->waiting--;
	extra->wait = WAIT_NONE;
	extra->due_at = 0;
	timer_clear(drive, node);
}

// The run's state as its task runs have it.
static void state_follow(Drive *drive)
{
	if (drive->settled != 0 || drive->state == RUN_KILLING)
		return;
	if (drive->paused > 0)
		drive_set_state(drive, RUN_PAUSED);
	else if (drive->retrying > 0 && drive->under_way == 0)
		drive_set_state(drive, RUN_RETRYING);
	else
		drive_set_state(drive, RUN_RUNNING);
}

// ---- The end of a task run

static void error_note(Drive *drive, const RunNode *node, const char *message)
{
	pthread_mutex_lock(&drive->lock);
	json_decref(drive->error);
	drive->error = json_pack(
		"{s:s, s:s}", "taskId", node->task->id, "message", message != NULL ? message : "");
	if (drive->error == NULL)
		drive->error = json_pack("{s:s}", "taskId", node->task->id);
	pthread_mutex_unlock(&drive->lock);
}

static void message_set(RunNode *node, const char *message)
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
	wait_begin(drive, node, WAIT_RETRY);
	timer_set(drive, node, at);
	drive_touch(drive, node);
	state_follow(drive);
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
	message_set(node, message);
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
		error_note(drive, node, message);
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
	message_set(node, message);
	node->ended = now;
	attempt_state_keep(node, state);
	drive_outputs_put(drive, node);
	drive_touch(drive, node);
	// Before the graph goes on: what follows does not begin any more.
	drive_assertions_check(drive, false);
	run_graph_end(drive->graph, node, state);
	state_follow(drive);
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
static bool task_timeout(
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
		task_timeout(drive, node, &text, &timeout, NULL);
	extra->times_out = timeout > 0 && (until == 0 || node->started + timeout < until);
	if (extra->times_out)
		until = node->started + timeout;
	extra->task_wait = result->wait;
	node->state = result->wait == TASK_WAIT_PAUSE ? RUN_PAUSED : RUN_RUNNING;
	if (result->wait == TASK_WAIT_RUN) {
		g_strlcpy(extra->child_run, result->wait_run, sizeof(extra->child_run));
		runner_child_watch(drive->runner, extra->child_run, drive, node);
	}
	wait_begin(drive, node, WAIT_TASK);
	extra->due_at = until;
	if (until != 0)
		timer_set(drive, node, until);
	drive_touch(drive, node);
	state_follow(drive);
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
		error_note(drive, node, message);
	message_set(node, message);
	if (extra->data == NULL)
		extra->data = json_object();
	if (state != RUN_SUCCESS)
		json_object_set_new(extra->data, DRIVE_CLOSED, json_string(run_state_name(state)));
	drive_outputs_put(drive, node);
	drive_touch(drive, node);
	run_graph_release(drive->graph, node, state);
	state_follow(drive);
}

// Takes over what the run function gave, logs a failure, and ends or waits.
static void result_take(Drive *drive, TaskContext *context)
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

static void attempt_begin(Drive *drive, RunNode *node)
{
	node->attempts++;
	node->started = timestamp_now();
	node->ended = 0;
	node->state = RUN_RUNNING;
	message_set(node, NULL);
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
	result_take(drive, context);
	task_context_free(context);
}

static void outside_dispatch(Drive *drive, RunNode *node, const TaskType *type)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	TaskContext *context;
	int64_t timeout;

	drive_ahead_unmark(node);
	attempt_begin(drive, node);
	if (!task_timeout(drive, node, &text, &timeout, &error)) {
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
		timer_set(drive, node, node->started + timeout);
	runner_dispatch(drive->runner, context);
	state_follow(drive);
}

void drive_leaf_start(Drive *drive, RunNode *node)
{
	const TaskType *type = drive_node_type(node);
	g_autoptr(GError) error = NULL;

	if (type == NULL) {
		attempt_begin(drive, node);
		error = g_error_new(TASK_ERROR, TASK_ERROR_NOT_BUILT,
			"task type '%s' is not built into this version", node->task->kind->name);
		drive_leaf_fail(drive, node, error);
	} else if (type->effects == TASK_INTERNAL) {
		attempt_begin(drive, node);
		drive_internal_run(drive, node, type);
	} else if (runner_slot_take(drive->runner, drive, node)) {
		outside_dispatch(drive, node, type);
	} else {
		node->state = RUN_CREATED;
		wait_begin(drive, node, WAIT_SLOT);
		drive_touch(drive, node);
	}
}

void drive_wait_slot(Drive *drive, RunNode *node)
{
	wait_begin(drive, node, WAIT_SLOT);
}

void drive_slot_free(Drive *drive, RunNode *node)
{
	wait_end(drive, node);
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
	wait_begin(drive, node, WAIT_SLOT);
	state_follow(drive);
}

void drive_task_ended(Drive *drive, TaskContext *context)
{
	RunNode *node = context->node;
	NodeExtra *extra = node_extra(node);

	drive->under_way--;
	extra->context = NULL;
	timer_clear(drive, node);
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
		result_take(drive, context);
	task_context_free(context);
}

// ---- The steps of the graph

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

	attempt_begin(drive, node);
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

static void retry_start(Drive *drive, RunNode *node)
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
		attempt_begin(drive, node);
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
	wait_end(drive, node);
	shared_folder_end(drive, node);
	node->ended = timestamp_now();
	drive_touch(drive, node);
}

static void removed_note(RunNode *node, void *data)
{
	Drive *drive = data;

	timer_clear(drive, node);
	if (node->dirty)
		g_ptr_array_remove_fast(drive->dirty, node);
	drive_outputs_remove(drive, node);
	if (drive->latest[node->task->index] == node)
		drive->latest[node->task->index] = NULL;
	g_ptr_array_add(drive->removed, g_strdup(node->id));
}

static void loop_repeat(Drive *drive, RunNode *node)
{
	wait_end(drive, node);
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
	message_set(node, message);
	error_note(drive, node, message);
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
			message_set(node, "the most rounds or the longest time is reached");
		decide_close(drive, node, end);
	} else {
		wait_begin(drive, node, WAIT_ROUND);
		node_extra(node)->due_at = next;
		timer_set(drive, node, next);
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

// ---- What comes from outside

static void wake(Drive *drive, RunNode *node, const TaskWake *reason)
{
	const TaskType *type = drive_node_type(node);
	TaskContext *context = task_context_new(drive, node, type);

	wait_end(drive, node);
	node->state = RUN_RUNNING;
	context->ok = true;
	if (type->wake != NULL)
		context->ok = type->wake(context, reason, &context->result, &context->error);
	result_take(drive, context);
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

	task_timeout(drive, node, &text, &timeout, NULL);
	error = g_error_new(TASK_ERROR, TASK_ERROR_TIMEOUT, "timed out after %s", text);
	if (extra->task_wait == TASK_WAIT_RUN) {
		runner_child_forget(drive->runner, extra->child_run);
		drive_effect(drive, child_kill, g_strdup(extra->child_run), g_free);
	}
	wait_end(drive, node);
	drive_leaf_fail(drive, node, error);
}

// The time of a task that was given out ahead counts from when it began.
static void context_timed_out(Drive *drive, RunNode *node, TaskContext *context)
{
	int64_t now = timestamp_now();
	int64_t begun = context->ahead ? atomic_load(&context->begun) : context->started;

	if (begun == 0 || begun + context->timeout > now)
		timer_set(drive, node, (begun == 0 ? now : begun) + context->timeout);
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
		wait_end(drive, node);
		retry_start(drive, node);
		break;
	case WAIT_ROUND: loop_repeat(drive, node); break;
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
	state_follow(drive);
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
		wait_end(drive, node);
		return; // the graph ends it
	}
	wait_end(drive, node);
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
