// One round of the driver: takes what has come (ends of tasks, moments, requests, claims), steps the runs that it concerns,
// writes all of it in one transaction, and only then acts on it.
#include "runner/failpoint.h"
#include "runner/runner_internal.h"
#include "store/json_dump.h"

#include "store/timestamp.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	ROUND_STEPS = 4000, // at most this many steps go into one commit …
	ROUND_TIME = 10000, // … or as many as take this long, in microseconds
	ROUND_CLAIMS = 64,
	DRIVE_STEPS = 200, // of one run, before others get their turn
};

_Atomic(Failpoint) runner_failpoint;

void runner_active(Runner *runner, Drive *drive)
{
	if (drive->queued)
		return;
	drive->queued = true;
	g_queue_push_tail(&runner->active, drive);
}

void runner_dispatch(Runner *runner, TaskContext *context)
{
	g_ptr_array_add(runner->dispatch, context);
}

static void warn(const char *what, const GError *error)
{
	fprintf(stderr, "weir: warning: %s: %s\n", what, error->message);
}

void runner_trouble(Runner *runner, const char *what, const GError *error)
{
	if (error == NULL && !runner->troubled)
		return;
	runner->troubled = error != NULL;
	if (runner->options.trouble != NULL)
		runner->options.trouble(error, runner->options.data);
	else if (error != NULL)
		warn(what, error);
}

// ---- Giving a run up

static void context_cancel_stop(gpointer data)
{
	RunNode *node = data;
	NodeExtra *extra = node == NULL ? NULL : node->extra;

	if (extra != NULL && extra->context != NULL)
		task_context_cancel(extra->context, CANCEL_STOP);
}

// Takes a run's tasks (NULL: those of all) out of those that are to be given to workers.
static void dispatch_discard(Runner *runner, Drive *of)
{
	for (guint i = runner->dispatch->len; i-- > 0;) {
		TaskContext *context = runner->dispatch->pdata[i];
		Drive *drive = context->drive;

		if (of != NULL && drive != of)
			continue;
		g_ptr_array_remove_index(runner->dispatch, i);
		runner_ahead_forget(runner, context);
		runner_slot_give_back(runner, context->node);
		node_extra(context->node)->context = NULL;
		drive->under_way--;
		task_context_free(context);
	}
}

static void drive_remove(Runner *runner, Drive *drive)
{
	runner_drive_forget(runner, drive);
	g_hash_table_remove(runner->drives, drive->id);
	pthread_mutex_lock(&runner->lock);
	g_hash_table_remove(runner->held, drive->id);
	pthread_mutex_unlock(&runner->lock);
	g_queue_remove(&runner->active, drive);
	drive->queued = false;
}

// Nothing of the run is written any more; it is freed when its last task has come back.
static void drive_doom(Runner *runner, Drive *drive)
{
	const GPtrArray *nodes = run_graph_nodes(drive->graph);

	dispatch_discard(runner, drive);
	drive_remove(runner, drive);
	if (drive->in_round)
		g_ptr_array_remove(runner->round, drive);
	drive->doomed = true;
	for (guint i = 0; i < nodes->len; i++)
		context_cancel_stop(nodes->pdata[i]);
	if (drive->under_way == 0)
		drive_free(drive);
}

// ---- Claims

static bool claim_fail(Runner *runner, const StoreLease *lease, const GError *cause, GError **error)
{
	StoreRunChange change = {.state = RUN_FAILED, .message = cause->message};

	return store_run_end(runner->store, lease, &change, error);
}

// Written in the transaction that takes the request back: a node that dies before has it still to do.
static bool labels_take(Runner *runner, Drive *drive, const char *changes, GError **error)
{
	json_t *more = changes == NULL ? NULL : json_loads(changes, 0, NULL);
	g_autofree char *text = NULL;

	pthread_mutex_lock(&drive->lock);
	json_t *changed = store_labels_changed(drive->labels, more);
	json_decref(drive->labels);
	drive->labels = changed;
	text = json_dump_text(changed, JSON_COMPACT);
	pthread_mutex_unlock(&drive->lock);
	json_decref(more);
	drive->run_dirty = true;
	return store_run_put_labels(runner->store, &drive->lease, text, error);
}

static bool requests_take(
	Runner *runner, Drive *drive, const StoreRunRequests *requests, GError **error)
{
	unsigned bits = requests->requests;

	if ((bits & RUN_REQUEST_RESUME) != 0) {
		json_t *inputs = requests->resume_inputs == NULL
					 ? NULL
					 : json_loads(requests->resume_inputs, 0, NULL);

		drive->pause_asked = false;
		drive_resume(drive, inputs);
		json_decref(inputs);
	}
	if ((bits & RUN_REQUEST_PAUSE) != 0 && drive->settled == 0) {
		drive->pause_asked = true;
		drive_set_state(drive, RUN_PAUSED);
	}
	if ((bits & RUN_REQUEST_KILL) != 0) {
		drive->pause_asked = false;
		drive_kill(drive);
	}
	runner_active(runner, drive);
	if ((bits & RUN_REQUEST_LABELS) != 0 &&
		!labels_take(runner, drive, requests->label_changes, error))
		return false;
	return store_run_requests_done(runner->store, &drive->lease, bits, error);
}

static bool claim_begin(Runner *runner, const StoreLease *lease, GError **error)
{
	g_autoptr(GError) cause = NULL;
	StoreRunRequests *requests = NULL;
	bool ok;
	Drive *drive = drive_load(runner, lease, &cause);

	if (drive == NULL)
		return claim_fail(runner, lease, cause, error);
	g_hash_table_insert(runner->drives, drive->id, drive);
	pthread_mutex_lock(&runner->lock);
	g_hash_table_add(runner->held, g_strdup(drive->id));
	pthread_mutex_unlock(&runner->lock);
	g_ptr_array_add(runner->fresh, drive);
	if (!drive_begin(drive, &cause)) {
		drive->message = g_strdup(cause->message);
		drive_log(drive, LOG_LEVEL_ERROR, "%s", cause->message);
		drive->settled = RUN_FAILED;
		drive->done = true;
		drive->run_dirty = true;
	}
	runner_active(runner, drive);
	if (!store_run_requests_get(runner->store, drive->id, &requests, error))
		return false;
	ok = requests == NULL || requests->requests == 0 ||
	     requests_take(runner, drive, requests, error);
	store_run_requests_free(requests);
	return ok;
}

static bool claim(Runner *runner, GError **error)
{
	StoreLease leases[ROUND_CLAIMS];
	size_t count = 0;
	unsigned room = runner->options.max_runs -
			MIN(runner->options.max_runs, g_hash_table_size(runner->drives));

	if (!store_run_claim(runner->store, runner->node_id, MIN(room, (unsigned)ROUND_CLAIMS),
		    leases, &count, error))
		return false;
	if (count > 0)
		failpoint("claimed");
	for (size_t i = 0; i < count; i++) {
		if (!claim_begin(runner, &leases[i], error))
			return false;
	}
	runner->claim_wanted = count == ROUND_CLAIMS;
	return runner->claim_wanted || store_run_next_due(runner->store, &runner->next_due, error);
}

static bool requests_look(Runner *runner, GError **error)
{
	g_autoptr(GPtrArray) list = NULL;

	runner->requests_wanted = false;
	if (!store_run_requests_list(runner->store, runner->node_id, &list, error))
		return false;
	for (guint i = 0; i < list->len; i++) {
		const StoreRunRequests *requests = list->pdata[i];
		Drive *drive = g_hash_table_lookup(runner->drives, requests->run_id);

		if (drive != NULL && !requests_take(runner, drive, requests, error))
			return false;
	}
	return true;
}

// ---- What has come

static bool ended_take(Runner *runner)
{
	GQueue ended;
	TaskContext *context;
	bool any;

	pthread_mutex_lock(&runner->lock);
	ended = runner->ended;
	g_queue_init(&runner->ended);
	pthread_mutex_unlock(&runner->lock);
	any = ended.length > 0;
	while ((context = g_queue_pop_head(&ended)) != NULL) {
		Drive *drive = context->drive;

		runner_ahead_forget(runner, context);
		runner_ahead_pace(runner, context);
		runner_slot_give_back(runner, context->node);
		drive_task_ended(drive, context);
		if (!drive->doomed)
			runner_active(runner, drive);
		else if (drive->under_way == 0)
			drive_free(drive);
	}
	return any;
}

// A child that ended RETRIED has another in its place: that one is waited for. False: it has none.
static bool child_follow(Runner *runner, const Waiter *parent, const char *child_run)
{
	NodeExtra *extra = parent->node->extra;
	g_autofree char *key = g_strdup_printf(DRIVE_RERUN_KEY, child_run);
	char next[RUN_ID_SIZE];

	if (!store_run_of_key(runner->store, key, next, NULL) || next[0] == '\0')
		return false;
	g_strlcpy(extra->child_run, next, sizeof(extra->child_run));
	runner_child_watch(runner, next, parent->drive, parent->node);
	drive_touch(parent->drive, parent->node);
	runner_active(runner, parent->drive);
	return true;
}

// Children that another node drives, or that had ended before their parent's node came back.
static void children_look(Runner *runner)
{
	GHashTableIter iterator;
	gpointer key, value;
	g_autoptr(GPtrArray) ended = g_ptr_array_new_with_free_func((GDestroyNotify)store_run_free);

	g_hash_table_iter_init(&iterator, runner->children);
	while (g_hash_table_iter_next(&iterator, &key, &value)) {
		g_autoptr(StoreRun) run = NULL;

		if (g_hash_table_contains(runner->drives, key) ||
			!store_run_get(runner->store, key, &run, NULL))
			continue;
		if (run != NULL && run_state_is_ended(run->state))
			g_ptr_array_add(ended, g_steal_pointer(&run));
	}
	for (guint i = 0; i < ended->len; i++) {
		const StoreRun *run = ended->pdata[i];
		Waiter *waiter = g_hash_table_lookup(runner->children, run->id);
		Waiter parent = *waiter;
		json_t *outputs;

		g_hash_table_remove(runner->children, run->id);
		if (run->state == RUN_RETRIED && child_follow(runner, &parent, run->id))
			continue;
		outputs = run->outputs == NULL ? NULL : json_loads(run->outputs, 0, NULL);
		drive_child_ended(parent.drive, parent.node, (int)run->state, outputs);
		runner_active(runner, parent.drive);
		json_decref(outputs);
	}
	runner->next_children = timestamp_now() + G_USEC_PER_SEC;
}

// Takes the steps of the active runs, fairly, as far as a round goes.
static void active_step(Runner *runner)
{
	int64_t end = g_get_monotonic_time() + ROUND_TIME;
	unsigned left = ROUND_STEPS;

	while (runner->active.length > 0 && left > 0) {
		Drive *drive = g_queue_pop_head(&runner->active);
		unsigned budget = MIN((unsigned)DRIVE_STEPS, left);
		unsigned before = budget;
		bool all = drive->pause_asked || drive_step(drive, &budget);

		left -= before - budget;
		drive->queued = false;
		if (!drive->in_round) {
			drive->in_round = true;
			g_ptr_array_add(runner->round, drive);
		}
		if (!all)
			runner_active(runner, drive);
		if (g_get_monotonic_time() > end)
			return;
	}
}

// ---- The transaction

// Rolled back: the runs that were claimed in it are not ours.
static void fresh_discard(Runner *runner)
{
	for (guint i = 0; i < runner->fresh->len; i++) {
		Drive *drive = runner->fresh->pdata[i];

		g_ptr_array_remove(runner->round, drive);
		drive_doom(runner, drive);
	}
	if (runner->fresh->len > 0)
		runner->claim_wanted = true;
	g_ptr_array_set_size(runner->fresh, 0);
}

static bool round_write(Runner *runner, Drive **ret_failed, GError **error)
{
	for (guint i = 0; i < runner->round->len; i++) {
		*ret_failed = runner->round->pdata[i];
		if (!drive_write(*ret_failed, error))
			return false;
	}
	*ret_failed = NULL;
	return true;
}

// Ends a run whose rows cannot be written, so that it does not stay RUNNING for ever.
static void drive_abandon(Runner *runner, Drive *drive, const GError *cause)
{
	g_autofree char *message = g_strdup_printf("cannot be recorded: %s", cause->message);
	StoreRunChange change = {.state = RUN_FAILED, .message = message};
	g_autoptr(GError) error = NULL;

	warn(drive->id, cause);
	if (!g_error_matches(cause, STORE_ERROR, STORE_ERROR_FENCED) &&
		!store_run_end(runner->store, &drive->lease, &change, &error))
		warn(drive->id, error);
	drive_doom(runner, drive);
}

// Whether a failure is of this run alone, and will be the same next time.
static bool error_is_lasting(const GError *error)
{
	if (error->domain == STORE_ERROR)
		return true;
	return error->domain == DB_ERROR && !db_error_is_retryable(error) &&
	       error->code != DB_ERROR_FULL && error->code != DB_ERROR_IO;
}

static void round_failed(Runner *runner, Drive *failed, const GError *error)
{
	for (guint i = 0; i < runner->round->len; i++)
		drive_write_failed(runner->round->pdata[i]);
	fresh_discard(runner);
	if (failed != NULL && g_ptr_array_find(runner->round, failed, NULL) &&
		error_is_lasting(error)) {
		g_ptr_array_remove(runner->round, failed);
		drive_abandon(runner, failed, error);
		return;
	}
	if (runner->failures++ == 0 || runner->options.trouble != NULL)
		runner_trouble(
			runner, "the store cannot be written; trying again until it can", error);
	g_usleep(MIN(10000UL << MIN(runner->failures, 7U), 1000000UL));
}

// Steps and writes until it is committed. Rows that could not be written stay as they are in memory, and are written
// again: nothing has been acted on. False: the node stops, and they could not be written.
static bool round_commit(Runner *runner)
{
	bool look = true;

	for (;;) {
		g_autoptr(GError) error = NULL;
		Drive *failed = NULL;
		g_autoptr(StoreTransaction) transaction =
			store_transaction_begin(runner->store, &error);
		bool ok = transaction != NULL;

		if (ok && look && runner->requests_wanted)
			ok = requests_look(runner, &error);
		if (ok && look && runner->claim_wanted && atomic_load(&runner->stopping) == 0)
			ok = claim(runner, &error);
		if (ok && look) {
			runner_slots_fill(runner);
			active_step(runner);
			failpoint("stepped");
		}
		ok = ok && round_write(runner, &failed, &error);
		failpoint("written");
		ok = ok && store_transaction_commit(transaction, &error);
		if (ok)
			break;
		g_clear_pointer(&transaction, store_transaction_free);
		look = false;
		round_failed(runner, failed, error);
		if (atomic_load(&runner->stopping) == 2)
			return false;
	}
	runner->failures = 0;
	runner_trouble(runner, NULL, NULL);
	pthread_mutex_lock(&runner->lock);
	runner->figures.commits++;
	pthread_mutex_unlock(&runner->lock);
	return true;
}

// ---- After the commit

static void drive_over(Runner *runner, Drive *drive)
{
	Waiter *waiter = g_hash_table_lookup(runner->children, drive->id);

	if (waiter != NULL && drive->done) {
		Waiter parent = *waiter;

		g_hash_table_remove(runner->children, drive->id);
		if (drive->settled != RUN_RETRIED || !child_follow(runner, &parent, drive->id)) {
			drive_masks_inherit(parent.drive, drive);
			drive_child_ended(parent.drive, parent.node, (int)drive->settled,
				drive->flow_outputs);
			runner_active(runner, parent.drive);
		}
	}
	drive_remove(runner, drive);
	drive->doomed = true;
	if (drive->under_way == 0)
		drive_free(drive);
}

static void round_act(Runner *runner, bool by_worker)
{
	guint wanted = runner->dispatch->len - (by_worker && runner->dispatch->len > 0 ? 1 : 0);

	const int64_t now = timestamp_now();
	bool over = false;

	pthread_mutex_lock(&runner->lock);
	runner->figures.started += runner->dispatch->len;
	for (guint i = 0; i < runner->dispatch->len; i++) {
		TaskContext *context = runner->dispatch->pdata[i];

		context->given = now;
		g_queue_push_tail(&runner->jobs, context);
	}
	if (wanted > 1)
		pthread_cond_broadcast(&runner->job_ready);
	else if (wanted == 1)
		pthread_cond_signal(&runner->job_ready);
	pthread_mutex_unlock(&runner->lock);
	atomic_store(&runner->jobs_low, runner->ahead->len / 2);
	g_ptr_array_set_size(runner->dispatch, 0);
	g_ptr_array_set_size(runner->fresh, 0);
	for (guint i = 0; i < runner->round->len; i++) {
		Drive *drive = runner->round->pdata[i];

		drive->in_round = false;
		drive_written(drive);
		if (!drive->done && !drive->released)
			continue;
		drive_over(runner, drive);
		over = true;
	}
	g_ptr_array_set_size(runner->round, 0);
	if (!over)
		return;
	pthread_mutex_lock(&runner->lock);
	runner->changes++;
	pthread_cond_broadcast(&runner->changed);
	pthread_mutex_unlock(&runner->lock);
}

void runner_round(Runner *runner, bool by_worker)
{
	int64_t now = timestamp_now();
	bool work = ended_take(runner);

	work |= runner_timers_fire(runner);
	work |= runner_ahead_look(runner, atomic_load(&runner->stopping) != 0);
	if (now >= runner->next_children && g_hash_table_size(runner->children) > 0)
		children_look(runner);
	if (runner->next_due != 0 && runner->next_due <= now)
		runner->claim_wanted = true;
	work |= runner->active.length > 0 || runner->requests_wanted || runner_slots_idle(runner);
	work |= runner->claim_wanted && atomic_load(&runner->stopping) == 0;
	if (!work)
		return;
	if (!round_commit(runner)) {
		// What has ended and could not be recorded is lost with this node; what was to begin does not.
		dispatch_discard(runner, NULL);
		return;
	}
	failpoint("committed");
	round_act(runner, by_worker);
	failpoint("dispatched");
}

void runner_give_back(Runner *runner)
{
	g_autoptr(GList) drives = g_hash_table_get_values(runner->drives);
	g_autoptr(GError) error = NULL;

	for (GList *at = drives; at != NULL; at = at->next) {
		Drive *drive = at->data;
		StoreRunChange change = {.state = drive->state};

		// Once the store takes nothing, it is not asked again for each: the leases end by themselves.
		if (error == NULL &&
			!store_run_release(runner->store, &drive->lease, &change, 0, &error)) {
			warn(drive->id, error);
			if (error_is_lasting(error))
				g_clear_error(&error);
		}
		drive_doom(runner, drive);
	}
}
