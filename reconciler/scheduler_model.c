#include "reconciler/scheduler_model.h"

#include "reconciler/trigger_rows.h"
#include "store/table.h"
#include "store/trigger.h"

#include <jansson.h>
#include <string.h>

enum {
	PAGE = 1000,
};

static void table_free(void *data)
{
	ModelTable *table = data;

	g_ptr_array_unref(table->readers);
	g_ptr_array_unref(table->producers);
	g_free(table->name);
	g_free(table);
}

static void trigger_free(void *data)
{
	ModelTrigger *trigger = data;

	g_ptr_array_unref(trigger->tables);
	json_decref(trigger->definition);
	g_free(trigger->id);
	g_free(trigger);
}

static void flow_free(void *data)
{
	ModelFlow *flow = data;

	g_clear_pointer(&flow->triggers, g_ptr_array_unref);
	g_ptr_array_unref(flow->reads);
	g_ptr_array_unref(flow->writes);
	g_free(flow->key);
	g_free(flow->namespace);
	g_free(flow->id);
	g_free(flow);
}

Model *model_new(Store *store)
{
	Model *model = g_new0(Model, 1);

	model->store = store;
	model->flows = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, flow_free);
	model->tables = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, table_free);
	model->asked = g_ptr_array_new();
	model->scheduled = g_ptr_array_new_with_free_func(g_free);
	model->ended = flow_triggers_new(store);
	return model;
}

void model_free(Model *model)
{
	if (model == NULL)
		return;
	g_ptr_array_unref(model->asked);
	g_ptr_array_unref(model->scheduled);
	flow_triggers_free(model->ended);
	g_hash_table_unref(model->flows);
	g_hash_table_unref(model->tables);
	g_free(model);
}

void model_ask(Model *model, ModelFlow *flow)
{
	if (!flow->asked)
		g_ptr_array_add(model->asked, flow);
	flow->asked = true;
}

static ModelTable *get_table(Model *model, const char *name)
{
	ModelTable *table = g_hash_table_lookup(model->tables, name);

	if (table != NULL)
		return table;
	table = g_new0(ModelTable, 1);
	table->name = g_strdup(name);
	table->readers = g_ptr_array_new();
	table->producers = g_ptr_array_new();
	g_hash_table_insert(model->tables, table->name, table);
	return table;
}

// ---- Flows --------------------------------------------------------------------------------------------------------

// Cuts the flow out of the graph.
static void unlink_flow(Model *model, ModelFlow *flow)
{
	for (guint i = 0; i < flow->reads->len; i++)
		g_ptr_array_remove_fast(((ModelTable *)flow->reads->pdata[i])->readers, flow);
	for (guint i = 0; i < flow->writes->len; i++)
		g_ptr_array_remove_fast(((ModelTable *)flow->writes->pdata[i])->producers, flow);
	for (guint i = 0; flow->triggers != NULL && i < flow->triggers->len; i++) {
		const ModelTrigger *trigger = flow->triggers->pdata[i];

		for (guint j = 0; j < trigger->tables->len; j++)
			g_ptr_array_remove_fast(
				((ModelTable *)trigger->tables->pdata[j])->readers, flow);
	}
	if (flow->asked)
		g_ptr_array_remove_fast(model->asked, flow);
	flow->asked = false;
}

static void link_names(Model *model, const char *names, GPtrArray *list)
{
	g_auto(GStrv) parts = g_strsplit(names != NULL ? names : "", "\n", -1);

	for (char **part = parts; *part != NULL; part++) {
		if (**part != '\0')
			g_ptr_array_add(list, get_table(model, *part));
	}
}

static void add_reader(ModelTable *table, ModelFlow *flow)
{
	if (!g_ptr_array_find(table->readers, flow, NULL))
		g_ptr_array_add(table->readers, flow);
}

// Most triggers only name tables: theirs is not kept.
static json_t *keep_definition(json_t *value)
{
	static const char *const keys[] = {"when", "conditions", "inputs", "labels"};

	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		if (json_object_get(value, keys[i]) != NULL)
			return json_incref(value);
	}
	return NULL;
}

static void add_trigger(Model *model, ModelFlow *flow, json_t *value)
{
	const json_t *any = json_object_get(value, "any");
	const json_t *names = any != NULL ? any : json_object_get(value, "all");
	ModelTrigger *trigger = g_new0(ModelTrigger, 1);
	const json_t *name;
	size_t index;

	trigger->id = g_strdup(json_string_value(json_object_get(value, "id")));
	trigger->any = any != NULL;
	trigger->definition = keep_definition(value);
	trigger->tables = g_ptr_array_new();
	json_array_foreach(names, index, name)
	{
		if (json_is_string(name))
			g_ptr_array_add(trigger->tables, get_table(model, json_string_value(name)));
	}
	if (json_is_string(names))
		g_ptr_array_add(trigger->tables, get_table(model, json_string_value(names)));
	for (guint i = 0; i < trigger->tables->len; i++)
		add_reader(trigger->tables->pdata[i], flow);
	if (flow->triggers == NULL)
		flow->triggers = g_ptr_array_new_with_free_func(trigger_free);
	g_ptr_array_add(flow->triggers, trigger);
}

static void read_triggers(Model *model, ModelFlow *flow, const char *text)
{
	json_t *triggers = text == NULL ? NULL : json_loads(text, 0, NULL);
	json_t *trigger;
	size_t index;

	json_array_foreach(triggers, index, trigger)
	{
		const char *type = json_string_value(json_object_get(trigger, "type"));
		bool disabled = json_is_true(json_object_get(trigger, "disabled"));

		if (g_strcmp0(type, "tables") == 0 && !disabled)
			add_trigger(model, flow, trigger);
	}
	json_decref(triggers);
}

// How far each trigger had got, kept over a new revision.
static void keep_consumed(const ModelFlow *old, ModelFlow *flow)
{
	for (guint i = 0; old != NULL && old->triggers != NULL && i < old->triggers->len; i++) {
		const ModelTrigger *before = old->triggers->pdata[i];

		for (guint j = 0; flow->triggers != NULL && j < flow->triggers->len; j++) {
			ModelTrigger *after = flow->triggers->pdata[j];

			if (strcmp(before->id, after->id) == 0 && before->known) {
				after->known = true;
				after->unsaved = before->unsaved;
				after->consumed = before->consumed;
			}
		}
	}
}

// How far the triggers of a flow had got in an earlier process. One that was never seen begins with what is published
// from now on, but a script's begins with everything: it is to be built when its inputs are there.
static bool recall_consumed(Model *model, ModelFlow *flow, bool script, GError **error)
{
	for (guint i = 0; flow->triggers != NULL && i < flow->triggers->len; i++) {
		ModelTrigger *trigger = flow->triggers->pdata[i];
		g_autoptr(StoreTrigger) row = NULL;

		if (trigger->known)
			continue;
		if (!script || model->loaded) {
			if (!store_trigger_get(model->store, flow->namespace, flow->id, trigger->id,
				    &row, error))
				return false;
		}
		trigger->known = true;
		trigger->unsaved = row == NULL && !script;
		trigger->consumed = row != NULL ? row->consumed : script ? 0 : model->sequence;
	}
	return true;
}

static ModelFlow *read_flow(Model *model, const StoreFlow *row, char *key)
{
	ModelFlow *flow = g_new0(ModelFlow, 1);

	flow->key = key;
	flow->namespace = g_strdup(row->namespace);
	flow->id = g_strdup(row->id);
	flow->revision = row->revision;
	flow->applied = row->applied;
	flow->disabled = row->disabled;
	flow->build_due = row->build_due;
	flow->reads = g_ptr_array_new();
	flow->writes = g_ptr_array_new();
	link_names(model, row->reads, flow->reads);
	link_names(model, row->writes, flow->writes);
	for (guint i = 0; i < flow->writes->len; i++)
		g_ptr_array_add(((ModelTable *)flow->writes->pdata[i])->producers, flow);
	for (guint i = 0; row->target != NULL && i < flow->reads->len; i++)
		add_reader(flow->reads->pdata[i], flow);
	read_triggers(model, flow, row->triggers);
	return flow;
}

static bool follow_flow(Model *model, const StoreFlow *row, GError **error)
{
	g_autofree char *key = g_strdup_printf("%s.%s", row->namespace, row->id);
	ModelFlow *old = g_hash_table_lookup(model->flows, key);

	flow_triggers_put(model->ended, row);
	if (model->loaded || trigger_rows_wanted(row))
		g_ptr_array_add(model->scheduled, g_strdup(key));
	if (old != NULL)
		unlink_flow(model, old);
	if (row->deleted_at != 0) {
		g_hash_table_remove(model->flows, key);
		return true;
	}
	ModelFlow *flow = read_flow(model, row, g_steal_pointer(&key));
	keep_consumed(old, flow);
	g_hash_table_replace(model->flows, flow->key, flow);
	model_ask(model, flow);
	return recall_consumed(model, flow, row->target != NULL, error);
}

static bool follow_flows(Model *model, GError **error)
{
	guint length;

	do {
		g_autoptr(GPtrArray) rows = NULL;

		if (!store_flows_list_applied(model->store, model->applied, PAGE, &rows, error))
			return false;
		length = rows->len;
		for (guint i = 0; i < length; i++) {
			const StoreFlow *row = rows->pdata[i];

			if (!follow_flow(model, row, error))
				return false;
			model->applied = MAX(model->applied, row->applied);
		}
	} while (length >= PAGE);
	return true;
}

// ---- Publications -------------------------------------------------------------------------------------------------

static void ask_readers(Model *model, const ModelTable *table)
{
	for (guint i = 0; i < table->readers->len; i++)
		model_ask(model, table->readers->pdata[i]);
}

static bool follow_publishes(Model *model, GError **error)
{
	guint length;

	do {
		g_autoptr(GPtrArray) rows = NULL;

		if (!store_publishes_after(model->store, model->sequence, PAGE, &rows, error))
			return false;
		length = rows->len;
		for (guint i = 0; i < length; i++) {
			const StorePublish *row = rows->pdata[i];
			ModelTable *table = get_table(model, row->name);

			table->published = MAX(table->published, row->sequence);
			model->sequence = MAX(model->sequence, row->sequence);
			ask_readers(model, table);
		}
	} while (length >= PAGE);
	return true;
}

static bool load_tables(Model *model, GError **error)
{
	const StoreTableFilter filter = {.deleted = true};
	g_autofree char *cursor = NULL;

	if (!store_publish_sequence(model->store, &model->sequence, error))
		return false;
	do {
		const StorePage page = {.limit = PAGE, .after = cursor};
		g_autoptr(GPtrArray) rows = NULL;
		char *next = NULL;

		if (!store_tables_list(model->store, &filter, &page, &rows, &next, error))
			return false;
		for (guint i = 0; i < rows->len; i++) {
			const StoreTable *row = rows->pdata[i];

			if (row->published > 0)
				get_table(model, row->name)->published = row->published;
		}
		g_free(cursor);
		cursor = next;
	} while (cursor != NULL);
	return true;
}

static void set_consumed(Model *model, const StoreTrigger *row)
{
	g_autofree char *key = g_strdup_printf("%s.%s", row->namespace, row->flow);
	const ModelFlow *flow = g_hash_table_lookup(model->flows, key);

	for (guint i = 0; flow != NULL && flow->triggers != NULL && i < flow->triggers->len; i++) {
		ModelTrigger *trigger = flow->triggers->pdata[i];

		if (strcmp(trigger->id, row->id) == 0) {
			trigger->consumed = row->consumed;
			trigger->unsaved = false;
			return;
		}
	}
}

// Of every trigger at once: after a start all flows are new to the model.
static bool load_consumed(Model *model, GError **error)
{
	g_autofree char *cursor = NULL;

	do {
		const StorePage page = {.limit = PAGE, .after = cursor};
		g_autoptr(GPtrArray) rows = NULL;
		char *next = NULL;

		if (!store_triggers_list(model->store, NULL, &page, &rows, &next, error))
			return false;
		for (guint i = 0; i < rows->len; i++)
			set_consumed(model, rows->pdata[i]);
		g_free(cursor);
		cursor = next;
	} while (cursor != NULL);
	return true;
}

bool model_follow(Model *model, GError **error)
{
	bool first = !model->loaded;

	if (first && !load_tables(model, error))
		return false;
	if (!follow_flows(model, error) || (first && !load_consumed(model, error)))
		return false;
	model->loaded = true;
	return follow_publishes(model, error);
}
