#include "runner/flow_model.h"

#include "store/json_dump.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

struct FlowModel {
	atomic_int references;
	Flow *flow;
	int64_t revision;
	char *scripts_tree;
	uint8_t *looks; // by Task.index: FLOW_LOOKS_AT_…
	pthread_mutex_t lock;
	GHashTable *templates; // const char * (address) → ExprTemplate *
	GHashTable *kept; // const Task * → Kept *
};

typedef struct {
	void *thing;
	GDestroyNotify free_thing;
} Kept;

static void kept_free(gpointer data)
{
	Kept *kept = data;

	kept->free_thing(kept->thing);
	g_free(kept);
}

static void template_free(gpointer data)
{
	expr_template_free(data);
}

static const struct {
	const char *text;
	unsigned looks;
} asked[] = {
	{"tasks.", FLOW_LOOKS_AT_TASKS},
	{"tasks[", FLOW_LOOKS_AT_TASKS},
	{"tasks ", FLOW_LOOKS_AT_TASKS},
	{"tasksWithState", FLOW_LOOKS_AT_TASKS},
	{"fetchContext", FLOW_LOOKS_AT_TASKS},
	{"printContext", FLOW_LOOKS_AT_TASKS},
	{"errorLogs", FLOW_LOOKS_AT_ERRORS},
};

static unsigned looks_of(const json_t *values)
{
	g_autofree char *text = values == NULL ? NULL : json_dump_text(values, JSON_COMPACT);
	unsigned looks = 0;

	if (text == NULL || (strstr(text, "{{") == NULL && strstr(text, "{%") == NULL))
		return 0;
	for (size_t i = 0; i < G_N_ELEMENTS(asked); i++) {
		if (strstr(text, asked[i].text) != NULL)
			looks |= asked[i].looks;
	}
	return looks;
}

static void looks_note(const Task *task, void *data)
{
	((uint8_t *)data)[task->index] |= (uint8_t)looks_of(task->properties);
}

// render(vars.x) in any task may bring in what the variables hold.
static uint8_t *looks_new(const Flow *flow)
{
	uint8_t *looks = g_new(uint8_t, MAX(flow->task_count, 1));

	memset(looks, (int)looks_of(flow->variables), MAX(flow->task_count, 1));
	flow_tasks_visit(flow, looks_note, looks);
	return looks;
}

FlowModel *flow_model_new(Flow *flow, int64_t revision, const char *scripts_tree)
{
	FlowModel *model = g_new0(FlowModel, 1);

	atomic_init(&model->references, 1);
	model->flow = flow;
	model->revision = revision;
	model->scripts_tree = g_strdup(scripts_tree);
	model->looks = looks_new(flow);
	pthread_mutex_init(&model->lock, NULL);
	model->templates = g_hash_table_new_full(NULL, NULL, NULL, template_free);
	return model;
}

FlowModel *flow_model_ref(FlowModel *model)
{
	atomic_fetch_add(&model->references, 1);
	return model;
}

void flow_model_unref(FlowModel *model)
{
	if (model == NULL || atomic_fetch_sub(&model->references, 1) > 1)
		return;
	g_hash_table_unref(model->templates);
	g_clear_pointer(&model->kept, g_hash_table_unref);
	pthread_mutex_destroy(&model->lock);
	flow_free(model->flow);
	g_free(model->scripts_tree);
	g_free(model->looks);
	g_free(model);
}

const Flow *flow_model_flow(const FlowModel *model)
{
	return model->flow;
}

int64_t flow_model_revision(const FlowModel *model)
{
	return model->revision;
}

const char *flow_model_scripts_tree(const FlowModel *model)
{
	return model->scripts_tree;
}

unsigned flow_model_looks(const FlowModel *model, const Task *task)
{
	return model->looks[task->index];
}

ExprTemplate *expression_parse(const char *text, bool bare, GError **error)
{
	g_autoptr(GPtrArray) faults = expr_fault_list_new();
	ExprTemplate *parsed = bare ? expr_template_parse_expression(text, strlen(text), faults)
				    : expr_template_parse(text, strlen(text), faults);

	if (parsed == NULL) {
		const ExprFault *fault = faults->len > 0 ? faults->pdata[0] : NULL;

		g_set_error(error, EXPR_ERROR, EXPR_ERROR_SYNTAX, "%u:%u: %s%s%s",
			fault != NULL ? fault->line : 1, fault != NULL ? fault->column : 1,
			fault != NULL ? fault->message : "not an expression",
			fault != NULL && fault->hint != NULL ? "; " : "",
			fault != NULL && fault->hint != NULL ? fault->hint : "");
	}
	return parsed;
}

const ExprTemplate *flow_model_template(FlowModel *model, const char *text, GError **error)
{
	ExprTemplate *found;

	pthread_mutex_lock(&model->lock);
	found = g_hash_table_lookup(model->templates, text);
	pthread_mutex_unlock(&model->lock);
	if (found != NULL)
		return found;
	found = expression_parse(text, false, error);
	if (found == NULL)
		return NULL;
	pthread_mutex_lock(&model->lock);
	ExprTemplate *other = g_hash_table_lookup(model->templates, text);
	if (other == NULL)
		g_hash_table_insert(model->templates, (gpointer)(guintptr)text, found);
	pthread_mutex_unlock(&model->lock);
	if (other != NULL) {
		expr_template_free(found);
		found = other;
	}
	return found;
}

static const void *kept_find(FlowModel *model, const Task *task)
{
	const Kept *kept;

	pthread_mutex_lock(&model->lock);
	kept = model->kept == NULL ? NULL : g_hash_table_lookup(model->kept, task);
	pthread_mutex_unlock(&model->lock);
	return kept == NULL ? NULL : kept->thing;
}

const void *flow_model_keep(FlowModel *model, const Task *task, void *(*make)(void *data),
	void *data, GDestroyNotify free_kept)
{
	const void *found = kept_find(model, task);
	Kept *own;
	Kept *first;

	if (found != NULL)
		return found;
	own = g_new(Kept, 1);
	*own = (Kept){make(data), free_kept};
	pthread_mutex_lock(&model->lock);
	if (model->kept == NULL)
		model->kept = g_hash_table_new_full(NULL, NULL, NULL, kept_free);
	first = g_hash_table_lookup(model->kept, task);
	if (first == NULL)
		g_hash_table_insert(model->kept, (gpointer)(guintptr)task, own);
	pthread_mutex_unlock(&model->lock);
	if (first == NULL)
		return own->thing;
	kept_free(own);
	return first->thing;
}
