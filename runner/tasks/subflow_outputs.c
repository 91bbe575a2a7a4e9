// What old flows take out of a sub-flow that declares no outputs: the task's own `outputs`, whose expressions see the other
// run and the outputs of its tasks.
#include "runner/tasks/subflow_outputs.h"

#include "expr/template.h"
#include "runner/drive.h"
#include "store/run.h"
#include "store/task_run.h"

#include <string.h>

typedef struct {
	const char *parent; // id of the container's task run; NULL at the top
	const char *value; // NULL: none
} Around;

typedef struct {
	json_t *outputs;
	GHashTable *around; // id → Around; the texts live in texts
	GStringChunk *texts;
} Collecting;

static json_t *enter(json_t *object, const char *key)
{
	json_t *next = json_object_get(object, key);

	if (next == NULL) {
		next = json_object();
		json_object_set_new(object, key, next);
	}
	return next;
}

static const char *kept(const Collecting *collecting, const char *text)
{
	return text == NULL ? NULL : g_string_chunk_insert(collecting->texts, text);
}

// outputs.task['outermost value']['inner value'], as the other run saw them. Parents come before their children.
static bool row_collect(const StoreTaskRun *row, void *data)
{
	const Collecting *collecting = data;
	Around *around = g_new(Around, 1);
	g_autoptr(GPtrArray) values = g_ptr_array_new();
	const char *key = row->task_id;
	json_t *own = row->outputs == NULL ? NULL : json_loads(row->outputs, 0, NULL);
	json_t *at = collecting->outputs;

	*around = (Around){kept(collecting, row->parent_id), kept(collecting, row->value)};
	g_hash_table_insert(
		collecting->around, (char *)(uintptr_t)kept(collecting, row->id), around);
	for (const Around *up = around; up != NULL;
		up = up->parent == NULL ? NULL
					: g_hash_table_lookup(collecting->around, up->parent)) {
		if (up->value != NULL)
			g_ptr_array_insert(values, 0, (char *)(uintptr_t)up->value);
	}
	for (guint i = 0; own != NULL && i < values->len; i++) {
		at = enter(at, key);
		key = values->pdata[i];
	}
	if (own != NULL)
		json_object_set_new(at, key, own);
	return true;
}

static json_t *outputs_of(Store *store, const char *run_id, GError **error)
{
	Collecting collecting = {
		.outputs = json_object(),
		.around = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free),
		.texts = g_string_chunk_new(4096),
	};
	bool ok = store_task_runs_visit(store, run_id, row_collect, &collecting, error);

	g_hash_table_unref(collecting.around);
	g_string_chunk_free(collecting.texts);
	if (ok)
		return collecting.outputs;
	json_decref(collecting.outputs);
	return NULL;
}

static json_t *parsed(const char *text)
{
	json_t *value = text == NULL ? NULL : json_loads(text, 0, NULL);

	return value != NULL ? value : json_object();
}

static json_t *variables_of(const StoreRun *run, json_t *outputs)
{
	json_t *data = parsed(run->data);
	json_t *inputs = json_incref(json_object_get(data, "inputs"));

	json_decref(data);
	return json_pack("{s:{s:s, s:s, s:I}, s:{s:s, s:s}, s:o, s:o, s:o}", "flow", "id",
		run->flow, "namespace", run->namespace, "revision", (json_int_t)run->revision,
		"execution", "id", run->id, "state", run_state_name(run->state), "inputs",
		inputs != NULL ? inputs : parsed(run->inputs), "labels", parsed(run->labels),
		"outputs", outputs);
}

json_t *subflow_outputs_render(
	TaskContext *context, const char *run_id, const json_t *declared, GError **error)
{
	Store *store = runner_store(context->drive->runner);
	g_autoptr(StoreRun) run = NULL;
	json_t *copy, *outputs, *variables, *rendered;
	ExprScope scope;

	if (!store_run_get(store, run_id, &run, error))
		return NULL;
	outputs = run == NULL ? json_object() : outputs_of(store, run_id, error);
	if (outputs == NULL)
		return NULL;
	variables =
		run == NULL ? json_pack("{s:o}", "outputs", outputs) : variables_of(run, outputs);
	copy = json_deep_copy(declared);
	scope = expr_scope_over(variables);
	rendered = expr_value_evaluate(copy, &scope, NULL, error);
	if (rendered == NULL)
		g_prefix_error(error, "property 'outputs': ");
	json_decref(copy);
	json_decref(variables);
	return rendered;
}
