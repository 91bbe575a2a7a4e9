#include "runner/drive.h"

#include "expr/value.h"
#include "runner/inputs.h"
#include "runner/scope_run.h"
#include "runner/tasks/script_files.h"
#include "store/timestamp.h"

#include <string.h>
#include <sys/random.h>

extern char **environ;

// ---- Roots: each gives the value of a variable, built when it is asked for

typedef json_t *(*RootValue)(
	const ScopeRef *ref, const char *const *names, size_t count, size_t *used);

static json_t *time_json(int64_t at)
{
	char text[TIMESTAMP_SIZE];

	return at == 0 ? json_null() : json_string(timestamp_format(at, text));
}

static json_t *root_flow(const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	const Flow *flow = drive_flow(ref->drive);

	(void)names, (void)count, (void)used;
	return json_pack("{s:s, s:s, s:I}", "id", flow->id, "namespace", flow->namespace,
		"revision", (json_int_t)flow_model_revision(ref->drive->model));
}

static json_t *root_task(const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	(void)names, (void)count, (void)used;
	if (ref->node == NULL || ref->node->task == NULL)
		return NULL;
	return json_pack(
		"{s:s, s:s}", "id", ref->node->task->id, "type", ref->node->task->kind->name);
}

static json_t *taskrun_json(const RunNode *node)
{
	json_t *value;

	if (node == NULL || node->task == NULL)
		return NULL;
	value = json_pack("{s:s, s:o, s:I}", "id", node->id, "startDate",
		time_json(node->started != 0 ? node->started : node->created), "attemptsCount",
		(json_int_t)(node->attempts > 0 ? node->attempts - 1 : 0));
	if (node->value != NULL) {
		json_object_set_new(value, "value", json_string(node->value));
		json_object_set_new(value, "iteration", json_integer(node->value_index));
	} else if (node->iteration > 0) {
		json_object_set_new(value, "iteration", json_integer(node->iteration));
	}
	if (node->parent != NULL && node->parent->task != NULL)
		json_object_set_new(value, "parentId", json_string(node->parent->id));
	return value;
}

static json_t *root_taskrun(
	const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	(void)names, (void)count, (void)used;
	return taskrun_json(ref->node);
}

// That of the working-directory around the task.
static json_t *root_worker_taskrun(
	const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	(void)names, (void)count, (void)used;
	return ref->node == NULL ? NULL : taskrun_json(shared_folder_owner(ref->node));
}

// A container as `parent` shows it; NULL when it has neither value nor outputs.
static json_t *parent_json(const RunNode *node)
{
	json_t *value;

	if (node->value == NULL && (node->outputs == NULL || json_object_size(node->outputs) == 0))
		return NULL;
	value = json_object();
	if (node->value != NULL)
		json_object_set_new(value, "taskrun", json_pack("{s:s}", "value", node->value));
	if (node->outputs != NULL && json_object_size(node->outputs) > 0)
		json_object_set(value, "outputs", node->outputs);
	return value;
}

static json_t *root_parent(
	const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	(void)names, (void)count, (void)used;
	for (const RunNode *node = ref->node == NULL ? NULL : ref->node->parent;
		node != NULL && node->task != NULL; node = node->parent) {
		json_t *value = parent_json(node);

		if (value != NULL)
			return value;
	}
	return NULL;
}

static json_t *root_parents(
	const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	json_t *list = json_array();

	(void)names, (void)count, (void)used;
	for (const RunNode *node = ref->node == NULL ? NULL : ref->node->parent;
		node != NULL && node->task != NULL; node = node->parent) {
		json_t *value = parent_json(node);

		if (value != NULL)
			json_array_append_new(list, value);
	}
	return list;
}

static json_t *root_execution(
	const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	const Drive *drive = ref->drive;
	const StoreRun *run = drive->run;
	RunState state = drive->settled != 0 ? drive->settled : drive->state;
	json_t *value = json_pack("{s:s, s:o, s:s, s:s}", "id", drive->id, "startDate",
		time_json(run->started_at != 0 ? run->started_at : run->created_at), "state",
		run_state_name(state), "originalId",
		run->origin_run_id != NULL ? run->origin_run_id : drive->id);

	(void)names, (void)count, (void)used;
	if (drive->flow_outputs != NULL)
		json_object_set(value, "outputs", drive->flow_outputs);
	return value;
}

static json_t *root_trigger(
	const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	(void)names, (void)count, (void)used;
	return ref->drive->trigger == NULL ? NULL : json_incref(ref->drive->trigger);
}

static json_t *root_inputs(
	const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	(void)names, (void)count, (void)used;
	return ref->drive->inputs == NULL ? json_object() : json_incref(ref->drive->inputs);
}

// Only one task's outputs are handed out, so that the others may change meanwhile.
static json_t *root_outputs(
	const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	if (count < 2)
		return json_incref(ref->drive->outputs);
	*used = 2;
	return json_incref(json_object_get(ref->drive->outputs, names[1]));
}

static json_t *root_tasks(const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	(void)used;
	return scope_run_tasks(ref, count < 2 ? NULL : names[1]);
}

static json_t *root_vars(const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	(void)names, (void)count, (void)used;
	return ref->drive->variables == NULL ? json_object() : json_incref(ref->drive->variables);
}

// Environment variables that begin with ENV_, without it and in lower case, as the field knows them.
static json_t *root_envs(const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	json_t *values = json_object();

	(void)ref, (void)names, (void)count, (void)used;
	for (char **entry = environ; *entry != NULL; entry++) {
		const char *equals = strchr(*entry, '=');

		if (strncmp(*entry, "ENV_", 4) != 0 || equals == NULL)
			continue;
		g_autofree char *name = g_ascii_strdown(*entry + 4, equals - *entry - 4);
		json_object_set_new(values, name, json_string(equals + 1));
	}
	return values;
}

static json_t *root_labels(
	const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	json_t *flat = count < 2 ? NULL : json_object_get(ref->drive->labels, names[1]);
	json_t *nested;
	const char *key;
	json_t *value;

	if (flat != NULL) {
		*used = 2;
		return json_incref(flat);
	}
	// labels.system.correlationId: a dotted name as nested maps.
	nested = json_object();
	json_object_foreach(ref->drive->labels, key, value)
	{
		if (*key != '\0' && !json_is_object(inputs_get(nested, key)))
			inputs_put(nested, key, json_incref(value));
	}
	return nested;
}

static json_t *root_globals(
	const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	const RunnerOptions *options = runner_options(ref->drive->runner);

	(void)names, (void)count, (void)used;
	return options->globals == NULL ? json_object() : json_deep_copy(options->globals);
}

static json_t *root_error(const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	(void)names, (void)count, (void)used;
	return json_incref(ref->drive->error);
}

static json_t *root_namespace(
	const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	(void)names, (void)count, (void)used;
	return json_pack("{s:s}", "id", drive_flow(ref->drive)->namespace);
}

// A task that is under way and has a folder; NULL: it is none.
static const TaskContext *task_under_way(const ScopeRef *ref)
{
	const NodeExtra *extra = ref->node == NULL ? NULL : ref->node->extra;
	const TaskContext *context = extra == NULL ? NULL : extra->context;

	return context == NULL || context->folder == NULL ? NULL : context;
}

static json_t *root_working_dir(
	const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	const TaskContext *context = task_under_way(ref);

	(void)names, (void)count, (void)used;
	return context == NULL ? NULL : json_string(context->folder);
}

static json_t *root_output_dir(
	const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	const TaskContext *context = task_under_way(ref);
	g_autofree char *below = context == NULL ? NULL : script_output_folder(context);
	g_autofree char *path = NULL;

	(void)names, (void)count, (void)used;
	if (context == NULL)
		return NULL;
	path = *below == '\0' ? g_strdup(context->folder)
			      : g_build_filename(context->folder, below, NULL);
	return json_string(path);
}

// Old flows name the files and folders that they hand on: {{ outputFiles.x }} is where x is to be written.
static json_t *named_paths(const ScopeRef *ref, const char *key)
{
	const TaskContext *context = task_under_way(ref);
	const json_t *list = context == NULL ? NULL : task_context_raw(context, key);
	json_t *paths = list == NULL ? NULL : json_object();

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		g_autofree char *path =
			name == NULL ? NULL : g_build_filename(context->folder, name, NULL);

		if (path != NULL)
			json_object_set_new(paths, name, json_string(path));
	}
	return paths;
}

static json_t *root_output_files(
	const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	(void)names, (void)count, (void)used;
	return named_paths(ref, "outputFiles");
}

static json_t *root_output_dirs(
	const ScopeRef *ref, const char *const *names, size_t count, size_t *used)
{
	(void)names, (void)count, (void)used;
	return named_paths(ref, "outputDirs");
}

static const struct {
	const char *name;
	RootValue value;
} roots[] = {
	{"outputs", root_outputs},
	{"inputs", root_inputs},
	{"taskrun", root_taskrun},
	{"workerTaskrun", root_worker_taskrun},
	{"task", root_task},
	{"vars", root_vars},
	{"parent", root_parent},
	{"parents", root_parents},
	{"execution", root_execution},
	{"flow", root_flow},
	{"trigger", root_trigger},
	{"tasks", root_tasks},
	{"labels", root_labels},
	{"envs", root_envs},
	{"globals", root_globals},
	{"error", root_error},
	{"namespace", root_namespace},
	{"workingDir", root_working_dir},
	{"outputDir", root_output_dir},
	{"outputFiles", root_output_files},
	{"outputDirs", root_output_dirs},
};

static json_t *scope_variable(void *data, const char *const *names, size_t count, size_t *used)
{
	*used = 1;
	for (size_t i = 0; i < G_N_ELEMENTS(roots); i++) {
		if (strcmp(roots[i].name, names[0]) == 0)
			return roots[i].value(data, names, count, used);
	}
	return NULL;
}

json_t *scope_context(const ScopeRef *ref)
{
	json_t *context = json_object();

	for (size_t i = 0; i < G_N_ELEMENTS(roots); i++) {
		size_t used = 1;
		json_t *value = roots[i].value(ref, &roots[i].name, 1, &used);

		if (value != NULL)
			json_object_set_new(context, roots[i].name, value);
	}
	return context;
}

static void scope_candidates(
	void *data, const char *const *names, size_t count, GPtrArray *candidates)
{
	const ScopeRef *ref = data;
	json_t *object;
	const char *key;
	json_t *value;

	if (count == 1) {
		for (size_t i = 0; i < G_N_ELEMENTS(roots); i++)
			g_ptr_array_add(candidates, g_strdup(roots[i].name));
		return;
	}
	object = strcmp(names[0], "outputs") == 0  ? ref->drive->outputs
		 : strcmp(names[0], "inputs") == 0 ? ref->drive->inputs
		 : strcmp(names[0], "vars") == 0   ? ref->drive->variables
						   : NULL;
	if (count == 2) {
		json_object_foreach(object, key, value) g_ptr_array_add(candidates, g_strdup(key));
	}
}

static int64_t scope_clock(void *data)
{
	(void)data;
	return timestamp_now();
}

static uint64_t scope_random(void *data)
{
	uint64_t bits = 0;

	(void)data;
	if (getrandom(&bits, sizeof(bits), 0) != sizeof(bits))
		bits = ((uint64_t)g_random_int() << 32) | g_random_int();
	return bits;
}

ExprScope drive_scope(ScopeRef *ref)
{
	return (ExprScope){
		.variable = scope_variable,
		.candidates = scope_candidates,
		.clock = scope_clock,
		.random = scope_random,
		.functions = drive_functions,
		.data = ref,
	};
}

// ---- Rendering

// Values that the scope shares may change once the lock is given back: take a copy of what has parts.
static json_t *own(json_t *value)
{
	json_t *copy;

	if (!json_is_object(value) && !json_is_array(value))
		return value;
	copy = json_deep_copy(value);
	json_decref(value);
	return copy;
}

static json_t *template_evaluate(
	Drive *drive, const RunNode *node, const ExprTemplate *parsed, bool typed, GError **error)
{
	ScopeRef ref = {drive, node};
	ExprScope scope = drive_scope(&ref);
	json_t *value;

	if (expr_template_is_plain(parsed))
		return json_string(expr_template_text(parsed));
	pthread_mutex_lock(&drive->lock);
	if (typed) {
		value = expr_template_evaluate(parsed, &scope, NULL, error);
		if (value != NULL)
			value = own(value);
	} else {
		g_autofree char *text = expr_template_render(parsed, &scope, NULL, error);
		value = text == NULL ? NULL : json_string(text);
	}
	pthread_mutex_unlock(&drive->lock);
	return value;
}

static json_t *text_evaluate(Drive *drive, const RunNode *node, const char *text, bool of_flow,
	bool typed, GError **error)
{
	g_autoptr(ExprTemplate) mine = NULL;
	const ExprTemplate *parsed;

	if (strstr(text, "{{") == NULL && strstr(text, "{%") == NULL && strstr(text, "{#") == NULL)
		return json_string(text);
	if (of_flow)
		parsed = flow_model_template(drive->model, text, error);
	else
		parsed = mine = expression_parse(text, false, error);
	return parsed == NULL ? NULL : template_evaluate(drive, node, parsed, typed, error);
}

char *drive_render(
	Drive *drive, const RunNode *node, const char *text, bool of_flow, GError **error)
{
	json_t *value = text_evaluate(drive, node, text, of_flow, false, error);
	char *rendered = value == NULL ? NULL : g_strdup(json_string_value(value));

	json_decref(value);
	return rendered;
}

json_t *drive_evaluate(
	Drive *drive, const RunNode *node, const char *text, bool of_flow, GError **error)
{
	return text_evaluate(drive, node, text, of_flow, true, error);
}

json_t *drive_evaluate_bare(
	Drive *drive, const RunNode *node, const char *expression, GError **error)
{
	g_autoptr(ExprTemplate) parsed = expression_parse(expression, true, error);

	return parsed == NULL ? NULL : template_evaluate(drive, node, parsed, true, error);
}

static json_t *list_evaluate(
	Drive *drive, const RunNode *node, const json_t *value, bool typed, GError **error)
{
	json_t *list = json_array();
	size_t size = json_array_size(value);

	for (size_t i = 0; i < size; i++) {
		json_t *item =
			drive_evaluate_value(drive, node, json_array_get(value, i), typed, error);

		if (item == NULL) {
			g_prefix_error(error, "in item %zu: ", i + 1);
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list, item);
	}
	return list;
}

static json_t *object_evaluate(
	Drive *drive, const RunNode *node, const json_t *value, bool typed, GError **error)
{
	union {
		const json_t *in;
		json_t *out;
	} source = {.in = value};
	json_t *object = json_object();
	const char *key;
	json_t *member;

	json_object_foreach(source.out, key, member)
	{
		g_autofree char *name = drive_render(drive, node, key, true, error);
		json_t *item = name == NULL
				       ? NULL
				       : drive_evaluate_value(drive, node, member, typed, error);

		if (item == NULL) {
			g_prefix_error(error, "in '%s': ", key);
			json_decref(object);
			return NULL;
		}
		json_object_set_new(object, name, item);
	}
	return object;
}

json_t *drive_evaluate_value(
	Drive *drive, const RunNode *node, const json_t *value, bool typed, GError **error)
{
	if (json_is_string(value))
		return text_evaluate(drive, node, json_string_value(value), true, typed, error);
	if (json_is_array(value))
		return list_evaluate(drive, node, value, typed, error);
	if (json_is_object(value))
		return object_evaluate(drive, node, value, typed, error);
	return json_deep_copy(value);
}

bool drive_condition(
	Drive *drive, const RunNode *node, const char *text, bool *ret_holds, GError **error)
{
	json_t *value = drive_evaluate(drive, node, text, true, error);

	*ret_holds = value != NULL && expr_truthy(value);
	json_decref(value);
	return value != NULL;
}

// ---- Outputs

static json_t *object_enter(json_t *object, const char *key)
{
	json_t *next = json_object_get(object, key);

	if (next == NULL) {
		next = json_object();
		json_object_set_new(object, key, next);
	}
	return next;
}

// The values around a task run, outermost first, its own last.
static void node_values(const RunNode *node, GPtrArray *values)
{
	for (; node != NULL; node = node->parent) {
		if (node->value != NULL)
			g_ptr_array_add(values, node->value);
	}
	for (guint i = 0; i < values->len / 2; i++) {
		gpointer swapped = values->pdata[i];

		values->pdata[i] = values->pdata[values->len - 1 - i];
		values->pdata[values->len - 1 - i] = swapped;
	}
}

void drive_outputs_put(Drive *drive, const RunNode *node)
{
	json_t *at = drive->outputs;
	const char *key = node->task->id;

	if (node->outputs == NULL || json_object_size(node->outputs) == 0)
		return;
	pthread_mutex_lock(&drive->lock);
	if (node->value != NULL || node->parent->task != NULL) {
		g_autoptr(GPtrArray) values = g_ptr_array_new();

		node_values(node, values);
		for (guint i = 0; i < values->len; i++) {
			at = object_enter(at, key);
			key = values->pdata[i];
		}
	}
	json_object_set(at, key, node->outputs);
	pthread_mutex_unlock(&drive->lock);
}

void drive_outputs_remove(Drive *drive, const RunNode *node)
{
	json_t *at = drive->outputs;
	const char *key = node->task->id;
	g_autoptr(GPtrArray) values = g_ptr_array_new();

	pthread_mutex_lock(&drive->lock);
	node_values(node, values);
	for (guint i = 0; i < values->len && at != NULL; i++) {
		at = json_object_get(at, key);
		key = values->pdata[i];
	}
	if (at != NULL)
		json_object_del(at, key);
	pthread_mutex_unlock(&drive->lock);
}
