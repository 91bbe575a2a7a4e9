#include "reconciler/flow_trigger.h"

#include "reconciler/trigger_rows.h"
#include "reconciler/trigger_start.h"
#include "repo-layout/trigger_window.h"
#include "store/domain.h"
#include "store/event.h"
#include "store/run.h"

#include <string.h>

#define FOLLOWED "scheduler/ended" // the setting that says how far
#define SUBJECT	 "flow " // before the flow's name in an event

enum {
	PAGE = 500,
	// Ends that did nothing are noted now and then, so that a restart need not look at all of them again.
	NOTE_EVERY = 5000,
};

// What one flow listens to.
typedef struct {
	char *key; // "sales.orders"
	char *namespace;
	char *id;
	char *domain;
	json_t *flows; // its triggers of type flow
	json_t *stops; // its triggers with stopAfter
} Listener;

struct FlowTriggers {
	Store *store;
	GHashTable *listeners; // key -> Listener *, owned
	int64_t followed;
	int64_t saved;
	bool loaded;
};

static void listener_free(void *data)
{
	Listener *listener = data;

	json_decref(listener->flows);
	json_decref(listener->stops);
	g_free(listener->key);
	g_free(listener->namespace);
	g_free(listener->id);
	g_free(listener->domain);
	g_free(listener);
}

FlowTriggers *flow_triggers_new(Store *store)
{
	FlowTriggers *triggers = g_new0(FlowTriggers, 1);

	triggers->store = store;
	triggers->listeners = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, listener_free);
	return triggers;
}

void flow_triggers_free(FlowTriggers *triggers)
{
	if (triggers == NULL)
		return;
	g_hash_table_unref(triggers->listeners);
	g_free(triggers);
}

static bool may_listen(const StoreFlow *flow)
{
	return flow->deleted_at == 0 && flow->triggers != NULL && !flow->disabled &&
	       (strstr(flow->triggers, "\"flow\"") != NULL ||
		       strstr(flow->triggers, "\"stopAfter\"") != NULL);
}

static void sort_out(Listener *listener, const char *text)
{
	json_t *list = json_loads(text, 0, NULL);
	json_t *trigger;
	size_t index;

	json_array_foreach(list, index, trigger)
	{
		const char *type = json_string_value(json_object_get(trigger, "type"));

		if (json_is_true(json_object_get(trigger, "disabled")))
			continue;
		if (g_strcmp0(type, "flow") == 0)
			json_array_append(listener->flows, trigger);
		if (json_object_get(trigger, "stopAfter") != NULL)
			json_array_append(listener->stops, trigger);
	}
	json_decref(list);
}

void flow_triggers_put(FlowTriggers *triggers, const StoreFlow *flow)
{
	g_autofree char *key = g_strdup_printf("%s.%s", flow->namespace, flow->id);

	g_hash_table_remove(triggers->listeners, key);
	if (!may_listen(flow))
		return;
	Listener *listener = g_new0(Listener, 1);
	listener->key = g_steal_pointer(&key);
	listener->namespace = g_strdup(flow->namespace);
	listener->id = g_strdup(flow->id);
	listener->domain = g_strdup(flow->domain);
	listener->flows = json_array();
	listener->stops = json_array();
	sort_out(listener, flow->triggers);
	if (json_array_size(listener->flows) + json_array_size(listener->stops) == 0)
		listener_free(listener);
	else
		g_hash_table_insert(triggers->listeners, listener->key, listener);
}

bool flow_triggers_listen(const FlowTriggers *triggers)
{
	return g_hash_table_size(triggers->listeners) > 0;
}

// ---- A run that ended ---------------------------------------------------------------------------------------------

typedef struct {
	FlowTriggers *triggers;
	const StoreEvent *event;
	int64_t now;
	guint *runs;
	const char *flow_key; // "sales.orders", of the run
	TriggerEnd what; // as the event says
	StoreRun *run; // read when the first trigger asks for it; NULL: forgotten
	json_t *values; // see TriggerScope.run
	bool looked;
	bool wrote;
} Ended;

static json_t *object_of(const char *text)
{
	json_t *object = text == NULL ? NULL : json_loads(text, 0, NULL);

	return json_is_object(object) ? object : json_object();
}

static json_t *run_values(const StoreRun *run)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:s, s:I, s:o, s:o}", "id", run->id, "namespace",
		run->namespace, "flowId", run->flow, "flowRevision", (json_int_t)run->revision,
		"state", run_state_name(run->state), "attempt", (json_int_t)run->attempt, "labels",
		object_of(run->labels), "outputs", object_of(run->outputs));
}

static bool look_at_run(Ended *ended, GError **error)
{
	if (ended->looked)
		return true;
	ended->looked = true;
	if (!store_run_get(ended->triggers->store, ended->event->run_id, &ended->run, error))
		return false;
	if (ended->run != NULL) {
		ended->values = run_values(ended->run);
		// A run that was restarted since has ended as the event says all the same.
		json_object_set_new(ended->values, "state", json_string(ended->what.state));
	}
	return true;
}

static void ended_clear(Ended *ended)
{
	json_decref(ended->values);
	store_run_free(ended->run);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ended, ended_clear)

// ---- stopAfter ----------------------------------------------------------------------------------------------------

static bool stop_trigger(
	Ended *ended, const Listener *listener, const char *id, const char *state, GError **error)
{
	Store *store = ended->triggers->store;
	g_autoptr(StoreTrigger) row = NULL;

	if (!store_trigger_get(store, listener->namespace, listener->id, id, &row, error))
		return false;
	if (row == NULL || row->disabled)
		return true;
	row->disabled = true;
	g_free(row->message);
	row->message = g_strdup_printf(
		"stopped by 'stopAfter': the run '%s' ended %s", ended->event->run_id, state);
	ended->wrote = true;
	return store_trigger_put(store, row, error);
}

// Its own flow's triggers stop only after a run that they made.
static bool stop_triggers(Ended *ended, const Listener *listener, GError **error)
{
	const json_t *trigger;
	size_t index;

	if (json_array_size(listener->stops) == 0)
		return true;
	if (!look_at_run(ended, error))
		return false;
	json_t *made_by = object_of(ended->run == NULL ? NULL : ended->run->trigger);
	const char *id = json_string_value(json_object_get(made_by, "id"));
	const char *state = json_string_value(json_object_get(ended->values, "state"));
	bool done = true;
	json_array_foreach(listener->stops, index, trigger)
	{
		if (done && id != NULL && state != NULL &&
			g_strcmp0(json_string_value(json_object_get(trigger, "id")), id) == 0 &&
			trigger_list_has(json_object_get(trigger, "stopAfter"), state))
			done = stop_trigger(ended, listener, id, state, error);
	}
	json_decref(made_by);
	return done;
}

// ---- Flow triggers ------------------------------------------------------------------------------------------------

// Whether the domain of the run lets the listener's domain follow its flows: `consumers` in its domain.yaml.
static bool is_admitted(Ended *ended, const Listener *listener, bool *ret_admitted, GError **error)
{
	Store *store = ended->triggers->store;
	g_autoptr(StoreFlow) flow = NULL;
	g_autoptr(StoreDomain) domain = NULL;
	const json_t *name;
	size_t index;

	*ret_admitted = true;
	if (!store_flow_get(store, ended->run->namespace, ended->run->flow, &flow, error))
		return false;
	if (flow == NULL || g_strcmp0(flow->domain, listener->domain) == 0)
		return true;
	if (!store_domain_get(store, flow->domain, &domain, error))
		return false;
	json_t *settings = object_of(domain == NULL ? NULL : domain->settings);
	const json_t *consumers = json_object_get(settings, "consumers");
	*ret_admitted = consumers == NULL;
	json_array_foreach(consumers, index, name)
	{
		const char *text = json_string_value(name);
		size_t length = text == NULL ? 0 : strlen(text);

		if (length > 0 && strncmp(text, listener->domain, length) == 0 &&
			(listener->domain[length] == '\0' || listener->domain[length] == '.'))
			*ret_admitted = true;
	}
	json_decref(settings);
	return true;
}

// Adds the outputs of the runs that met the preconditions, in the order in which they ended.
static bool gather_outputs(Ended *ended, const json_t *ids, json_t *values, GError **error)
{
	json_t *outputs;
	const json_t *id;
	size_t index;

	if (ids == NULL)
		return true;
	outputs = json_object();
	json_object_set(values, "executions", (json_t *)(uintptr_t)ids);
	json_object_set_new(values, "outputs", outputs);
	json_array_foreach(ids, index, id)
	{
		g_autoptr(StoreRun) run = NULL;

		if (!store_run_get(ended->triggers->store, json_string_value(id), &run, error))
			return false;
		if (run == NULL)
			continue;
		json_t *more = object_of(run->outputs);
		json_object_update(outputs, more);
		json_decref(more);
	}
	return true;
}

static json_t *trigger_values(const Ended *ended, const char *id)
{
	const json_t *run = ended->values;

	return json_pack("{s:s, s:s, s:s, s:O, s:O, s:O, s:O, s:O, s:O}", "id", id, "type", "flow",
		"executionId", ended->run->id, "namespace", json_object_get(run, "namespace"),
		"flowId", json_object_get(run, "flowId"), "flowRevision",
		json_object_get(run, "flowRevision"), "state", json_object_get(run, "state"),
		"labels", json_object_get(run, "labels"), "outputs",
		json_object_get(run, "outputs"));
}

// What the run of the event does to the preconditions, if the trigger has any: whether to go on, and with which runs.
static bool take_step(const TriggerFire *fire, const Ended *ended, json_t *state, bool *ret_changed,
	bool *ret_fires, json_t **ret_ids, char **ret_fault)
{
	json_t *variables = json_pack("{s:O, s:O, s:O, s:O}", "trigger", fire->values, "execution",
		ended->values, "labels", json_object_get(ended->values, "labels"), "outputs",
		json_object_get(ended->values, "outputs"));
	const TriggerScope scope = {
		.variables = variables, .now = fire->now, .date = fire->date, .run = ended->values};
	g_autoptr(GError) fault = NULL;
	TriggerStep step = {0};
	bool told = trigger_preconditions_step(
		fire->definition, &scope, ended->event->at, state, &step, &fault);

	if (!told)
		*ret_fault = g_strdup(fault->message);
	*ret_changed = step.changed;
	*ret_fires = step.fires;
	*ret_ids = step.runs;
	json_decref(variables);
	return told;
}

// Whether the run counts for the preconditions: `when` and the conditions hold. What the trigger hands on is not at hand yet.
static bool counts(
	const TriggerFire *fire, Store *store, bool *ret_counts, char **ret_fault, GError **error)
{
	json_t *bare = json_copy((json_t *)(uintptr_t)fire->definition);
	TriggerFire look = *fire;
	g_auto(TriggerStart) start = {0};

	json_object_del(bare, "inputs");
	json_object_del(bare, "labels");
	look.definition = bare;
	bool done = trigger_fire_look(store, &look, &start, ret_fault, error);
	*ret_counts = start.holds;
	json_decref(bare);
	return done;
}

// Looks at one trigger, whose row is there, and saves what became of it. The run's key is the end that made it: an end that is
// looked at twice makes one run.
static bool fire_trigger(Ended *ended, const StoreFlow *flow, const json_t *definition,
	StoreTrigger *row, GError **error)
{
	Store *store = ended->triggers->store;
	g_autofree char *key = g_strdup_printf("flow %s.%s %s %" G_GINT64_FORMAT, row->namespace,
		row->flow, row->id, ended->event->sequence);
	TriggerFire fire = {flow, definition, trigger_values(ended, row->id), key, ended->now,
		ended->event->at, ended->values};
	g_auto(TriggerStart) start = {0};
	g_autofree char *fault = NULL;
	json_t *state = object_of(row->state);
	json_t *ids = NULL;
	bool changed = false, fires = true, done = true;

	if (trigger_has_preconditions(definition))
		done = counts(&fire, store, &fires, &fault, error) &&
		       (!fires || (take_step(&fire, ended, state, &changed, &fires, &ids, &fault),
					  gather_outputs(ended, ids, fire.values, error)));
	bool made = done && fires && fault == NULL;
	if (made)
		done = trigger_fire_look(store, &fire, &start, &fault, error);
	made = made && done && start.holds;
	const bool said = g_strcmp0(row->message, fault) != 0;
	if (done && made)
		done = trigger_fire_run(store, &fire, &start, row, ended->runs, error);
	if (done && (made || changed || said)) {
		char *text = json_dumps(state, JSON_COMPACT);

		g_free(row->state);
		row->state = g_strdup(text);
		free(text);
		ended->wrote = true;
		done = store_trigger_note(store, row, fault, error) &&
		       store_trigger_put(store, row, error);
	}
	json_decref(fire.values);
	json_decref(state);
	json_decref(ids);
	return done;
}

static bool look_at_trigger(
	Ended *ended, const Listener *listener, const json_t *definition, GError **error)
{
	Store *store = ended->triggers->store;
	const char *id = json_string_value(json_object_get(definition, "id"));
	g_autoptr(StoreTrigger) row = NULL;
	g_autoptr(StoreFlow) flow = NULL;
	bool admitted;

	if (!trigger_may_matter(definition, &ended->what))
		return true;
	if (!store_trigger_get(store, listener->namespace, listener->id, id, &row, error))
		return false;
	// Ends before the trigger was there are not its own.
	if (row == NULL || row->disabled || ended->event->sequence <= row->consumed)
		return true;
	if (!look_at_run(ended, error))
		return false;
	if (ended->run == NULL)
		return true;
	if (!is_admitted(ended, listener, &admitted, error))
		return false;
	if (!admitted)
		return true;
	if (!store_flow_get(store, listener->namespace, listener->id, &flow, error))
		return false;
	return flow == NULL || flow->deleted_at != 0 || flow->disabled ||
	       fire_trigger(ended, flow, definition, row, error);
}

// A flow does not hear of its own runs: it would never end.
static bool tell(Ended *ended, const Listener *listener, GError **error)
{
	const json_t *definition;
	size_t index;

	if (strcmp(listener->key, ended->flow_key) == 0)
		return stop_triggers(ended, listener, error);
	json_array_foreach(listener->flows, index, definition)
	{
		if (!look_at_trigger(ended, listener, definition, error))
			return false;
	}
	return true;
}

static bool take_event(FlowTriggers *triggers, const StoreEvent *event, int64_t now, guint *runs,
	bool *ret_wrote, GError **error)
{
	g_auto(Ended) ended = {.triggers = triggers, .event = event, .now = now, .runs = runs};
	GHashTableIter iterator;
	void *listener;

	if (strcmp(event->kind, "run-ended") != 0 || event->run_id == NULL ||
		event->subject == NULL || !g_str_has_prefix(event->subject, SUBJECT))
		return true;
	ended.flow_key = event->subject + strlen(SUBJECT);
	const char *dot = strrchr(ended.flow_key, '.');
	g_autofree char *namespace =
		g_strndup(ended.flow_key, dot == NULL ? 0 : (gsize)(dot - ended.flow_key));
	json_t *data = object_of(event->data);
	g_autofree char *state = g_strdup(json_string_value(json_object_get(data, "state")));
	json_decref(data);
	if (dot == NULL || state == NULL)
		return true;
	ended.what = (TriggerEnd){namespace, dot + 1, state};
	g_hash_table_iter_init(&iterator, triggers->listeners);
	while (g_hash_table_iter_next(&iterator, NULL, &listener)) {
		if (!tell(&ended, listener, error))
			return false;
	}
	*ret_wrote = *ret_wrote || ended.wrote;
	return true;
}

// ---- Following ----------------------------------------------------------------------------------------------------

static bool save_followed(FlowTriggers *triggers, int64_t sequence, GError **error)
{
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, sequence);

	return store_setting_put(triggers->store, FOLLOWED, text, error);
}

bool flow_triggers_begin(FlowTriggers *triggers, GError **error)
{
	g_autofree char *text = NULL;

	if (triggers->loaded || !flow_triggers_listen(triggers))
		return true;
	if (!store_setting_get(triggers->store, FOLLOWED, &text, error))
		return false;
	if (text != NULL)
		triggers->followed = g_ascii_strtoll(text, NULL, 10);
	else if (!store_event_sequence(triggers->store, &triggers->followed, error) ||
		 !save_followed(triggers, triggers->followed, error))
		return false;
	triggers->saved = triggers->followed;
	triggers->loaded = true;
	return true;
}

// What ends while nobody listens is nobody's: who comes later begins at the present.
static bool forget(FlowTriggers *triggers, GError **error)
{
	if (!triggers->loaded)
		return true;
	triggers->loaded = false;
	return store_setting_put(triggers->store, FOLLOWED, NULL, error);
}

// COMMIT POINT: the runs that the ends of one page made, what the preconditions remember, and how far was followed, are one
// transaction. A death before it has them all looked at again; a death after it does not.
static bool take_page(
	FlowTriggers *triggers, const GPtrArray *events, int64_t now, guint *runs, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(triggers->store, error);
	const StoreEvent *last = events->pdata[events->len - 1];
	bool wrote = false;

	if (transaction == NULL)
		return false;
	for (guint i = 0; i < events->len; i++) {
		if (!take_event(triggers, events->pdata[i], now, runs, &wrote, error))
			return false;
	}
	wrote = wrote || last->sequence - triggers->saved >= NOTE_EVERY;
	if ((wrote && !save_followed(triggers, last->sequence, error)) ||
		!store_transaction_commit(transaction, error))
		return false;
	triggers->followed = last->sequence;
	if (wrote)
		triggers->saved = last->sequence;
	return true;
}

bool flow_triggers_follow(FlowTriggers *triggers, int64_t now, guint *ret_runs, GError **error)
{
	guint length;

	if (!flow_triggers_listen(triggers))
		return forget(triggers, error);
	do {
		g_autoptr(GPtrArray) events = NULL;

		if (!store_events_after(triggers->store, triggers->followed, PAGE, &events, error))
			return false;
		length = events->len;
		if (length > 0 && !take_page(triggers, events, now, ret_runs, error))
			return false;
	} while (length >= PAGE);
	return true;
}
