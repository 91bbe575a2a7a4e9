#include "reconciler/trigger_start.h"

#include "store/domain.h"

// Variables are read only where something may ask for them.
static bool read_variables(Store *store, const TriggerFire *fire, StoreRevision **ret_revision,
	json_t **ret_shared, GError **error)
{
	const StoreFlow *flow = fire->flow;

	*ret_revision = NULL;
	*ret_shared = NULL;
	return !trigger_has_expressions(fire->definition) ||
	       (store_revision_get(store, flow->namespace, flow->id, 0, ret_revision, error) &&
		       store_variables_get(store, flow->namespace, flow->id, ret_shared, error));
}

bool trigger_fire_look(Store *store, const TriggerFire *fire, TriggerStart *ret_start,
	char **ret_fault, GError **error)
{
	g_autoptr(StoreRevision) revision = NULL;
	g_autoptr(GError) fault = NULL;

	*ret_start = (TriggerStart){0};
	*ret_fault = NULL;
	json_t *shared = NULL;
	if (!read_variables(store, fire, &revision, &shared, error))
		return false;
	const TriggerOwner owner = {fire->flow->namespace, fire->flow->id, fire->flow->revision,
		revision == NULL ? NULL : revision->definition, shared};
	json_t *variables = trigger_variables(&owner, fire->values);
	json_decref(shared);
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
	const StoreTriggerFire run = {start->inputs, start->labels, values, fire->key, fire->date};
	char id[27];
	bool created = false;
	bool done = store_trigger_fire(store, row, &run, id, &created, error);

	free(values);
	*ret_runs += created;
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
