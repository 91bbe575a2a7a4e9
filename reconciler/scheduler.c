#include "reconciler/backfill.h"
#include "reconciler/schedule.h"
#include "reconciler/scheduler_model.h"
#include "reconciler/trigger_rows.h"
#include "reconciler/trigger_start.h"
#include "store/run.h"
#include "store/table.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define TOPICS (STORE_TOPIC_LIVE | STORE_TOPIC_PUBLISH | STORE_TOPIC_RUN)

enum {
	SCHEDULES_AT_ONCE = 100,
	// Ends of runs only matter to flows that are held back: a burst of them is looked at together.
	SETTLE = 20, // milliseconds
	// Commits of other processes do not wake: they are looked for this often.
	LOOK_INTERVAL = 1000, // milliseconds
};

struct Scheduler {
	Store *store;
	Model *model;
	StoreWatch *watch;
	GHashTable *held; // keys of flows that wait for something upstream to end
	bool schedules_held; // a schedule waits for its last run to end
	bool backfills_go; // a backfill waits for its runs to end
	int64_t change_count;
	int64_t clock; // as it was seen last; 0: not yet
	int stop_fd;
	atomic_bool stopping;
};

Scheduler *scheduler_new(Store *store, GError **error)
{
	g_autoptr(Scheduler) self = g_new0(Scheduler, 1);

	self->store = store;
	self->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	self->model = model_new(store);
	self->held = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	self->watch = store_watch_new(store, TOPICS, error);
	return self->watch == NULL ? NULL : g_steal_pointer(&self);
}

void scheduler_free(Scheduler *self)
{
	if (self == NULL)
		return;
	store_watch_free(self->watch);
	model_free(self->model);
	g_hash_table_unref(self->held);
	if (self->stop_fd >= 0)
		close(self->stop_fd);
	g_free(self);
}

// ---- What is ready ------------------------------------------------------------------------------------------------

// A flow whose inputs are there, and what its run will then have seen.
typedef struct {
	ModelFlow *flow;
	ModelTrigger *trigger; // NULL: its script is new or changed
	int64_t consumed;
} Candidate;

static TriggerInput input_of(const ModelTable *table, const ModelFlow *flow)
{
	bool own = table->producers->len == 1 && table->producers->pdata[0] == flow;

	return (TriggerInput){
		.managed = !own && (table->producers->len > 0 || table->published > 0),
		.published = table->published,
	};
}

static GArray *inputs_of(const GPtrArray *tables, const ModelFlow *flow)
{
	GArray *inputs = g_array_sized_new(FALSE, FALSE, sizeof(TriggerInput), tables->len);

	for (guint i = 0; i < tables->len; i++) {
		const TriggerInput input = input_of(tables->pdata[i], flow);

		g_array_append_val(inputs, input);
	}
	return inputs;
}

// Whether one of the flow's triggers is satisfied, or its script is to be built.
static bool is_ready(ModelFlow *flow, Candidate *ret_candidate)
{
	*ret_candidate = (Candidate){.flow = flow};
	for (guint i = 0; flow->triggers != NULL && i < flow->triggers->len; i++) {
		ModelTrigger *trigger = flow->triggers->pdata[i];
		g_autoptr(GArray) inputs = inputs_of(trigger->tables, flow);

		ret_candidate->trigger = trigger;
		if (trigger_decide_tables((const TriggerInput *)(void *)inputs->data, inputs->len,
			    trigger->any, trigger->consumed, &ret_candidate->consumed))
			return true;
	}
	if (!flow->build_due)
		return false;
	g_autoptr(GArray) inputs = inputs_of(flow->reads, flow);
	ret_candidate->trigger = NULL;
	return trigger_decide_build(
		(const TriggerInput *)(void *)inputs->data, inputs->len, &ret_candidate->consumed);
}

// ---- What is held back --------------------------------------------------------------------------------------------

// One look upstream; what was asked of the store is kept for the whole evaluation.
typedef struct {
	Scheduler *self;
	GHashTable *ready; // ModelFlow *: those of this evaluation
	GHashTable *active; // ModelFlow * -> whether a run of it is under way
	GError *error;
} Upstream;

static bool is_active(Upstream *upstream, ModelFlow *flow)
{
	void *known = NULL;
	bool active = false;

	if (g_hash_table_lookup_extended(upstream->active, flow, NULL, &known))
		return GPOINTER_TO_INT(known) != 0;
	if (upstream->error == NULL)
		store_flow_is_active(upstream->self->store, flow->namespace, flow->id, &active,
			&upstream->error);
	g_hash_table_insert(upstream->active, flow, GINT_TO_POINTER(active));
	return active;
}

// Whether the run that published the table last is still going on: it has given what it had to give.
static bool has_delivered(Upstream *upstream, const ModelTable *table)
{
	g_autoptr(StoreTable) row = NULL;
	g_autoptr(StoreRun) run = NULL;
	Store *store = upstream->self->store;

	if (!store_table_get(store, table->name, &row, NULL) || row == NULL ||
		row->published_run == NULL ||
		!store_run_get(store, row->published_run, &run, NULL) || run == NULL)
		return false;
	return !run_state_is_ended(run->state);
}

static bool is_busy(Upstream *upstream, const ModelTable *table, ModelFlow *producer)
{
	return producer->build_due || g_hash_table_contains(upstream->ready, producer) ||
	       (is_active(upstream, producer) && !has_delivered(upstream, table));
}

// Whether anything upstream of the flow is about to publish what it reads, so that running now would be too early.
static bool is_held(Upstream *upstream, ModelFlow *flow)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
	g_autoptr(GPtrArray) queue = g_ptr_array_new();

	g_hash_table_add(seen, flow);
	g_ptr_array_add(queue, flow);
	for (guint i = 0; i < queue->len; i++) {
		const ModelFlow *reader = queue->pdata[i];

		for (guint j = 0; j < reader->reads->len; j++) {
			const ModelTable *table = reader->reads->pdata[j];

			for (guint k = 0; k < table->producers->len; k++) {
				ModelFlow *producer = table->producers->pdata[k];

				if (!g_hash_table_add(seen, producer))
					continue;
				if (is_busy(upstream, table, producer))
					return true;
				// Beyond a flow that no table starts, nothing comes by itself.
				if (producer->triggers != NULL)
					g_ptr_array_add(queue, producer);
			}
		}
	}
	return false;
}

// ---- Making runs --------------------------------------------------------------------------------------------------

static bool save_trigger(Scheduler *self, const ModelFlow *flow, ModelTrigger *trigger,
	const char *run_id, int64_t now, GError **error)
{
	g_autoptr(StoreTrigger) row = NULL;

	if (!store_trigger_get(self->store, flow->namespace, flow->id, trigger->id, &row, error))
		return false;
	if (row == NULL) {
		row = g_new0(StoreTrigger, 1);
		row->namespace = g_strdup(flow->namespace);
		row->flow = g_strdup(flow->id);
		row->id = g_strdup(trigger->id);
		row->type = g_strdup("tables");
	}
	row->consumed = trigger->consumed;
	if (run_id != NULL) {
		g_free(row->last_run_id);
		row->last_run_id = g_strdup(run_id);
		row->last_at = now;
	}
	return store_trigger_put(self->store, row, error);
}

static char *trigger_json(const Candidate *candidate)
{
	const ModelTrigger *trigger = candidate->trigger;

	return trigger == NULL
		       ? g_strdup_printf("{\"id\":\"build\",\"type\":\"build\",\"sequence\":"
					 "%" G_GINT64_FORMAT "}",
				 candidate->consumed)
		       : g_strdup_printf(
				 "{\"id\":\"%s\",\"type\":\"tables\",\"sequence\":%" G_GINT64_FORMAT
				 "}",
				 trigger->id, candidate->consumed);
}

// Any run of a script builds it as it is now, and has seen all that is published by now.
static bool note_run(Scheduler *self, const Candidate *candidate, const char *run_id, int64_t now,
	GError **error)
{
	ModelFlow *flow = candidate->flow;

	for (guint i = 0; flow->triggers != NULL && i < flow->triggers->len; i++) {
		ModelTrigger *trigger = flow->triggers->pdata[i];

		if (candidate->trigger != NULL && trigger != candidate->trigger)
			continue;
		trigger->consumed = MAX(trigger->consumed, candidate->consumed);
		if (!save_trigger(self, flow, trigger, run_id, now, error))
			return false;
		trigger->unsaved = false;
	}
	if (!flow->build_due)
		return true;
	flow->build_due = false;
	return store_flow_build_started(self->store, flow->namespace, flow->id, error);
}

// What a `tables` trigger that says more than its tables hands to the run. One that cannot be told starts nothing, and says so on
// its row.
static bool look_at(Scheduler *self, const Candidate *candidate, const char *values, int64_t now,
	TriggerStart *ret_start, GError **error)
{
	const ModelTrigger *trigger = candidate->trigger;
	g_autoptr(StoreFlow) flow = NULL;
	g_autoptr(StoreTrigger) row = NULL;
	g_autofree char *fault = NULL;

	*ret_start = (TriggerStart){.holds = true};
	if (trigger == NULL || trigger->definition == NULL)
		return true;
	if (!store_flow_get(
		    self->store, candidate->flow->namespace, candidate->flow->id, &flow, error))
		return false;
	if (flow == NULL)
		return true;
	const TriggerFire fire = {.flow = flow,
		.definition = trigger->definition,
		.values = json_loads(values, 0, NULL),
		.now = now,
		.date = now};
	bool done = trigger_fire_look(self->store, &fire, ret_start, &fault, error);
	json_decref(fire.values);
	if (!done || !store_trigger_get(
			     self->store, flow->namespace, flow->id, trigger->id, &row, error))
		return false;
	return row == NULL || g_strcmp0(row->message, fault) == 0 ||
	       (store_trigger_note(self->store, row, fault, error) &&
		       store_trigger_put(self->store, row, error));
}

static bool make_run(
	Scheduler *self, const Candidate *candidate, int64_t now, guint *runs, GError **error)
{
	ModelFlow *flow = candidate->flow;
	g_autofree char *json = trigger_json(candidate);
	g_auto(TriggerStart) start = {0};
	g_autofree char *key = g_strdup_printf("%s %s %s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT,
		candidate->trigger == NULL ? "build" : "tables", flow->key,
		candidate->trigger == NULL ? "" : candidate->trigger->id, candidate->consumed,
		candidate->trigger == NULL ? flow->applied : 0);
	const char *type = candidate->trigger == NULL ? "build" : "tables";
	char id[27];
	bool created = false;

	if (!look_at(self, candidate, json, now, &start, error))
		return false;
	// What was published has been seen all the same.
	if (!start.holds)
		return note_run(self, candidate, NULL, now, error);
	const StoreRunNew run = {
		.namespace = flow->namespace,
		.flow = flow->id,
		.inputs = start.inputs,
		.labels = start.labels,
		.trigger = json,
		.trigger_type = type,
		.key = key,
		.concurrency_limit = -1,
	};
	if (!store_run_create(self->store, &run, id, &created, error))
		return false;
	*runs += created;
	return note_run(self, candidate, id, now, error);
}

// ---- An evaluation ------------------------------------------------------------------------------------------------

static void ask_held(Scheduler *self)
{
	GHashTableIter iterator;
	void *key;

	g_hash_table_iter_init(&iterator, self->held);
	while (g_hash_table_iter_next(&iterator, &key, NULL)) {
		ModelFlow *flow = g_hash_table_lookup(self->model->flows, key);

		if (flow != NULL)
			model_ask(self->model, flow);
	}
	g_hash_table_remove_all(self->held);
}

// Takes the flows that have to be looked at, and keeps those that are ready.
static GArray *take_candidates(Scheduler *self)
{
	GArray *candidates = g_array_new(FALSE, FALSE, sizeof(Candidate));

	for (guint i = 0; i < self->model->asked->len; i++) {
		ModelFlow *flow = self->model->asked->pdata[i];
		Candidate candidate;

		flow->asked = false;
		if (!flow->disabled && is_ready(flow, &candidate))
			g_array_append_val(candidates, candidate);
	}
	g_ptr_array_set_size(self->model->asked, 0);
	return candidates;
}

static bool save_new_triggers(Scheduler *self, GError **error)
{
	for (guint i = 0; i < self->model->asked->len; i++) {
		ModelFlow *flow = self->model->asked->pdata[i];

		for (guint j = 0; flow->triggers != NULL && j < flow->triggers->len; j++) {
			ModelTrigger *trigger = flow->triggers->pdata[j];

			if (trigger->unsaved && !save_trigger(self, flow, trigger, NULL, 0, error))
				return false;
			trigger->unsaved = false;
		}
	}
	return true;
}

static bool fire_candidates(
	Scheduler *self, const GArray *candidates, int64_t now, guint *runs, GError **error)
{
	g_autoptr(GHashTable) ready = g_hash_table_new(NULL, NULL);
	g_autoptr(GHashTable) active = g_hash_table_new(NULL, NULL);
	Upstream upstream = {self, ready, active, NULL};

	for (guint i = 0; i < candidates->len; i++)
		g_hash_table_add(ready, g_array_index(candidates, Candidate, i).flow);
	for (guint i = 0; i < candidates->len && upstream.error == NULL; i++) {
		const Candidate *candidate = &g_array_index(candidates, Candidate, i);

		if (is_held(&upstream, candidate->flow))
			g_hash_table_add(self->held, g_strdup(candidate->flow->key));
		else if (upstream.error == NULL &&
			 !make_run(self, candidate, now, runs, &upstream.error))
			break;
	}
	if (upstream.error == NULL)
		return true;
	g_propagate_error(error, upstream.error);
	return false;
}

static bool follow_schedules(Scheduler *self, int64_t now, GError **error)
{
	for (guint i = 0; i < self->model->scheduled->len; i++) {
		const char *key = self->model->scheduled->pdata[i];
		const char *dot = strrchr(key, '.');
		g_autofree char *namespace = g_strndup(key, (gsize)(dot - key));

		if (!trigger_rows_follow(self->store, namespace, dot + 1, now, error))
			return false;
	}
	g_ptr_array_set_size(self->model->scheduled, 0);
	return true;
}

static bool fire_schedules(Scheduler *self, int64_t now, guint *runs, GError **error)
{
	g_autoptr(GPtrArray) due = NULL;

	do {
		g_clear_pointer(&due, g_ptr_array_unref);
		if (!store_triggers_due(
			    self->store, STORE_TRIGGER_CLOCK, now, SCHEDULES_AT_ONCE, &due, error))
			return false;
		for (guint i = 0; i < due->len; i++) {
			if (!schedule_fire(self->store, due->pdata[i], now, runs, error))
				return false;
		}
	} while (due->len == SCHEDULES_AT_ONCE);
	return true;
}

// Everything that one evaluation writes, in one transaction: nothing is written when nothing is due.
static bool write_runs(
	Scheduler *self, const GArray *candidates, int64_t now, guint *runs, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(self->store, error);

	return transaction != NULL && follow_schedules(self, now, error) &&
	       fire_schedules(self, now, runs, error) &&
	       fire_candidates(self, candidates, now, runs, error) &&
	       store_transaction_commit(transaction, error);
}

static bool has_unsaved(const Scheduler *self)
{
	for (guint i = 0; i < self->model->asked->len; i++) {
		const ModelFlow *flow = self->model->asked->pdata[i];

		for (guint j = 0; flow->triggers != NULL && j < flow->triggers->len; j++) {
			if (((const ModelTrigger *)flow->triggers->pdata[j])->unsaved)
				return true;
		}
	}
	return false;
}

// After a failure the memory may say more than the store: it is read anew.
static void start_over(Scheduler *self)
{
	model_free(self->model);
	self->model = model_new(self->store);
	g_hash_table_remove_all(self->held);
}

static bool follow_backfills(
	Scheduler *self, int64_t now, guint *runs, int64_t *ret_next, GError **error)
{
	BackfillsLook look;

	if (!backfills_follow(self->store, now, runs, &look, error))
		return false;
	self->backfills_go = look.going;
	if (look.more)
		*ret_next = now;
	return true;
}

static bool follow_clock(Scheduler *self, int64_t now, GError **error)
{
	int64_t before = self->clock;

	if (before != 0 && now >= before) {
		self->clock = now;
		return true;
	}
	if (!schedules_step_back(self->store, now, before != 0, error))
		return false;
	self->clock = now;
	return true;
}

static bool evaluate(Scheduler *self, int64_t now, guint *runs, int64_t *ret_next, GError **error)
{
	int64_t planned = 0;

	ask_held(self);
	if (!follow_clock(self, now, error) || !model_follow(self->model, error) ||
		!flow_triggers_begin(self->model->ended, error) ||
		(has_unsaved(self) && !save_new_triggers(self, error)))
		return false;
	g_autoptr(GArray) candidates = take_candidates(self);
	if (!store_trigger_next(self->store, STORE_TRIGGER_CLOCK, now, &planned, NULL, error))
		return false;
	bool due = planned != 0 && planned <= now;
	if ((due || candidates->len > 0 || self->model->scheduled->len > 0) &&
		!write_runs(self, candidates, now, runs, error))
		return false;
	if (!flow_triggers_follow(self->model->ended, now, runs, error) ||
		!store_trigger_next(self->store, STORE_TRIGGER_CLOCK, now, &planned,
			&self->schedules_held, error))
		return false;
	*ret_next = planned == 0 ? INT64_MAX : planned;
	return follow_backfills(self, now, runs, ret_next, error);
}

bool scheduler_evaluate(
	Scheduler *self, int64_t now, guint *ret_runs, int64_t *ret_next, GError **error)
{
	*ret_runs = 0;
	*ret_next = INT64_MAX;
	store_watch_take(self->watch);
	if (evaluate(self, now, ret_runs, ret_next, error))
		return true;
	start_over(self);
	return false;
}

// ---- The loop -----------------------------------------------------------------------------------------------------

// Whether another process has committed since the last question.
static bool others_wrote(Scheduler *self)
{
	int64_t count = self->change_count;

	if (!store_change_count(self->store, &count, NULL) || count == self->change_count)
		return false;
	self->change_count = count;
	return true;
}

static bool ends_matter(const Scheduler *self)
{
	return g_hash_table_size(self->held) > 0 || self->schedules_held || self->backfills_go ||
	       flow_triggers_listen(self->model->ended);
}

// Waits for a commit that matters, the next schedule, or the end.
static void wait_for_work(Scheduler *self, int64_t next)
{
	struct pollfd waits[] = {
		{.fd = self->stop_fd, .events = POLLIN},
		{.fd = store_watch_fd(self->watch), .events = POLLIN},
	};

	while (!atomic_load(&self->stopping)) {
		int64_t pause =
			next == INT64_MAX ? LOOK_INTERVAL : (next - g_get_real_time() + 999) / 1000;
		int ready = poll(waits, G_N_ELEMENTS(waits), (int)CLAMP(pause, 0, LOOK_INTERVAL));

		if (g_get_real_time() < self->clock)
			return; // it steps back
		self->clock = g_get_real_time();
		if (ready == 0 && pause > LOOK_INTERVAL && !others_wrote(self))
			continue;
		if (ready == 0 && next == INT64_MAX && !others_wrote(self))
			continue;
		// An end of a run matters only to flows that listen or are held back, and to schedules that wait.
		unsigned topics = ready > 0 ? store_watch_take(self->watch) : TOPICS;
		if (topics == STORE_TOPIC_RUN && !ends_matter(self))
			continue;
		if (topics == STORE_TOPIC_RUN)
			poll(waits, 1, SETTLE);
		return;
	}
}

void scheduler_run(
	Scheduler *self, void (*report)(guint runs, const GError *error, void *data), void *data)
{
	bool failed = false;

	while (!atomic_load(&self->stopping)) {
		g_autoptr(GError) error = NULL;
		int64_t next;
		guint runs;

		bool good = scheduler_evaluate(self, g_get_real_time(), &runs, &next, &error);
		if (report != NULL && (!good || runs > 0 || failed))
			report(runs, error, data);
		failed = !good;
		// A store that cannot be read or written to now is tried again in a second.
		wait_for_work(self, good ? next : g_get_real_time() + G_USEC_PER_SEC);
	}
}

void scheduler_stop(Scheduler *self)
{
	const uint64_t one = 1;

	atomic_store(&self->stopping, true);
	if (write(self->stop_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		return;
}
