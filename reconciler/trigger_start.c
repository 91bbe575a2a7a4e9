#include "reconciler/trigger_start.h"

#include "store/domain.h"
#include "store/event.h"
#include "store/run.h"

#include <string.h>

// The flow's own variables are read only where something may ask for them.
static bool read_definition(
	Store *store, const TriggerFire *fire, StoreRevision **ret_revision, GError **error)
{
	*ret_revision = NULL;
	return !trigger_has_expressions(fire->definition) ||
	       store_revision_get(
		       store, fire->flow->namespace, fire->flow->id, 0, ret_revision, error);
}

// The project's and the domain's variables, below the flow's own.
static bool add_shared_variables(
	Store *store, const TriggerFire *fire, json_t *variables, GError **error)
{
	json_t *shared = NULL;

	if (!store_variables_get(store, fire->flow->namespace, fire->flow->id, &shared, error))
		return false;
	json_object_update(shared, json_object_get(variables, "vars"));
	json_object_set_new(variables, "vars", shared);
	return true;
}

bool trigger_fire_look(Store *store, const TriggerFire *fire, TriggerStart *ret_start,
	char **ret_fault, GError **error)
{
	g_autoptr(StoreRevision) revision = NULL;
	g_autoptr(GError) fault = NULL;

	*ret_start = (TriggerStart){0};
	*ret_fault = NULL;
	if (!read_definition(store, fire, &revision, error))
		return false;
	const TriggerOwner owner = {fire->flow->namespace, fire->flow->id, fire->flow->revision,
		revision == NULL ? NULL : revision->definition};
	json_t *variables = trigger_variables(&owner, fire->values);
	if (revision != NULL && !add_shared_variables(store, fire, variables, error)) {
		json_decref(variables);
		return false;
	}
	if (fire->run != NULL) {
		json_object_set(variables, "execution", (json_t *)(uintptr_t)fire->run);
		json_object_set(variables, "labels", json_object_get(fire->run, "labels"));
		json_object_set(variables, "outputs", json_object_get(fire->run, "outputs"));
	}
	const TriggerScope scope = {
		.variables = variables, .now = fire->now, .date = fire->date, .run = fire->run};
	if (!trigger_rule_start(fire->definition, &scope, ret_start, &fault))
		*ret_fault = g_strdup(fault->message);
	json_decref(variables);
	return true;
}

bool trigger_fire_run(Store *store, const TriggerFire *fire, const TriggerStart *start,
	StoreTrigger *row, guint *ret_runs, GError **error)
{
	char *values = json_dumps(fire->values, JSON_COMPACT);
	const StoreRunNew run = {
		.namespace = row->namespace,
		.flow = row->flow,
		.inputs = start->inputs,
		.labels = start->labels,
		.trigger = values,
		.trigger_type = row->type,
		.key = fire->key,
		.concurrency_limit = -1,
	};
	char id[27];
	bool created = false;
	bool done = store_run_create(store, &run, id, &created, error);

	free(values);
	if (!done)
		return false;
	*ret_runs += created;
	row->last_at = fire->date;
	g_free(row->last_run_id);
	row->last_run_id = g_strdup(id);
	return true;
}

bool trigger_note_fault(Store *store, StoreTrigger *row, const char *fault, GError **error)
{
	bool news = fault != NULL && g_strcmp0(row->message, fault) != 0;

	g_free(row->message);
	row->message = g_strdup(fault);
	if (!news)
		return true;
	g_autofree char *subject =
		g_strdup_printf("trigger %s.%s.%s", row->namespace, row->flow, row->id);
	json_t *data = json_pack("{s:s}", "message", fault);
	char *text = json_dumps(data, JSON_COMPACT);
	json_decref(data);
	const StoreEvent event = {.kind = (char *)(uintptr_t) "trigger-failed",
		.domain = row->namespace,
		.subject = subject,
		.data = text};
	bool done = store_event_add(store, &event, error);
	free(text);
	return done;
}

StoreTrigger *trigger_row_copy(const StoreTrigger *row)
{
	StoreTrigger *copy = g_new0(StoreTrigger, 1);

	*copy = *row;
	copy->namespace = g_strdup(row->namespace);
	copy->flow = g_strdup(row->flow);
	copy->id = g_strdup(row->id);
	copy->type = g_strdup(row->type);
	copy->last_run_id = g_strdup(row->last_run_id);
	copy->state = g_strdup(row->state);
	copy->message = g_strdup(row->message);
	return copy;
}

StoreTrigger *trigger_row_new(
	const char *namespace, const char *flow, const char *id, const char *type)
{
	StoreTrigger *row = g_new0(StoreTrigger, 1);

	row->namespace = g_strdup(namespace);
	row->flow = g_strdup(flow);
	row->id = g_strdup(id);
	row->type = g_strdup(type);
	return row;
}
