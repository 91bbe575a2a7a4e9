// Giving tasks out ahead of a free slot: while tasks are short, the start of a few more than there are slots is committed
// with the others', and a worker that ends one begins the next without waiting for a commit.
//
// No more tasks run at once than there are slots: there are no more workers. A task that was given out and has not begun is
// RUNNING in the store for a moment only: when its turn does not come soon, it is taken back. Its row carries the node's id
// until a commit after it has begun, so that whoever recovers the run asks that node's BegunLog.
#include "runner/failpoint.h"
#include "runner/runner_internal.h"

#include "store/timestamp.h"

enum {
	PATIENCE = 50000, // microseconds, then what has not begun is taken back
	TICK = 2000, // microseconds between two looks of the driver at what workers have ended, while some are ahead
	DEPTH = 1, // a slot: what began and is lost with the node cannot be done again
	DEPTH_REPEATABLE = 8, // a slot
};

// Longer tasks gain nothing, and hold up those behind them.
int64_t runner_brisk = 20000;

void runner_ahead_open(Runner *runner)
{
	const char *data_folder = runner->options.data_folder;
	g_autofree char *folder = NULL;

	runner->ahead_allowed = store_mode(runner->store) == STORE_EPHEMERAL;
	if (runner->ahead_allowed || data_folder == NULL)
		return;
	folder = g_build_filename(data_folder, "begun", NULL);
	runner->begun = begun_log_open(folder, runner->node_id);
	runner->ahead_allowed = runner->begun != NULL;
}

bool runner_ahead_may(const Runner *runner, const TaskType *type)
{
	// Closing a working-directory is no task of a type.
	bool repeatable = type != NULL && (type->flags & TASK_REPEATABLE) != 0;
	unsigned depth = runner->worker_count * (repeatable ? DEPTH_REPEATABLE : DEPTH);

	return type != NULL && runner->ahead_allowed && runner->brisk && runner->ahead->len < depth;
}

void runner_ahead_note(Runner *runner, TaskContext *context)
{
	if (runner->busy <= runner->worker_count)
		return;
	context->ahead = true;
	node_extra(context->node)->data = json_pack("{s:s}", "ahead", runner->node_id);
	g_ptr_array_add(runner->ahead, context);
}

void runner_ahead_forget(Runner *runner, TaskContext *context)
{
	if (context->ahead)
		g_ptr_array_remove_fast(runner->ahead, context);
}

void runner_ahead_pace(Runner *runner, const TaskContext *context)
{
	runner->brisk = context->ended - context->started < runner_brisk;
}

int64_t runner_ahead_next(const Runner *runner)
{
	return runner->ahead->len == 0 ? INT64_MAX : timestamp_now() + TICK;
}

static bool job_withdraw(Runner *runner, TaskContext *context)
{
	bool there;

	pthread_mutex_lock(&runner->lock);
	there = g_queue_remove(&runner->jobs, context);
	pthread_mutex_unlock(&runner->lock);
	return there;
}

static void take_back(Runner *runner, TaskContext *context)
{
	Drive *drive = context->drive;

	runner->brisk = false; // until a short one ends again
	runner_slot_give_back(runner, context->node);
	drive_task_ended(drive, context);
	runner_active(runner, drive);
}

// What has begun is a task like all others from now on.
static void settle(Runner *runner, TaskContext *context)
{
	drive_ahead_unmark(context->node);
	drive_touch(context->drive, context->node);
	runner_active(runner, context->drive);
}

bool runner_ahead_look(Runner *runner, bool all)
{
	const int64_t oldest = timestamp_now() - PATIENCE;
	bool changed = false;

	for (guint i = runner->ahead->len; i-- > 0;) {
		TaskContext *context = runner->ahead->pdata[i];
		bool begun = atomic_load(&context->begun) != 0;
		bool impatient = !begun && (all || context->given < oldest ||
						   task_context_cancelled(context));

		if (context->given == 0 || context->drive->doomed || (!begun && !impatient))
			continue;
		if (impatient && !job_withdraw(runner, context))
			continue; // a worker has just taken it
		g_ptr_array_remove_index(runner->ahead, i);
		changed = true;
		if (begun)
			settle(runner, context);
		else
			take_back(runner, context);
	}
	return changed;
}

bool runner_ahead_begin(Runner *runner, TaskContext *context)
{
	if (!context->ahead)
		return true;
	if (task_context_cancelled(context))
		return false;
	failpoint("taken ahead");
	context->started = timestamp_now();
	if (runner->begun != NULL)
		begun_log_add(runner->begun, context->node->id, context->attempt);
	atomic_store(&context->begun, context->started);
	return true;
}

bool runner_had_begun(Runner *runner, const RunNode *node)
{
	const NodeExtra *extra = node->extra;
	const char *given_by =
		extra == NULL ? NULL : json_string_value(json_object_get(extra->data, "ahead"));
	g_autofree char *folder = NULL;

	if (given_by == NULL || runner->options.data_folder == NULL)
		return true;
	folder = g_build_filename(runner->options.data_folder, "begun", NULL);
	return begun_look(folder, given_by, node->id, node->attempts) != BEGUN_NO;
}
