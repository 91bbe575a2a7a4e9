// The canonical definition to the model that the runner walks.
#include "repo-layout/flow_reader.h"

#include <string.h>

// What a task's keys become members of; all others are its properties.
static const char *const member_keys[] = {"id", "type", "description", "disabled", "runIf", "retry",
	"timeout", "allowFailure", "allowWarning", "logLevel", "pool", "priority", "errors",
	"finally", NULL};

static Task *task_from(Flow *flow, json_t *object, Task *parent);

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int64_t duration_at(const json_t *object, const char *key)
{
	const char *text = text_at(object, key);
	int64_t microseconds = 0;

	if (text == NULL || !duration_parse(text, &microseconds))
		return 0;
	return microseconds;
}

static bool flag_at(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static Retry *retry_from(const json_t *object)
{
	const char *type = text_at(object, "type");
	const json_t *factor = json_object_get(object, "delayFactor");
	Retry *retry;

	if (!json_is_object(object))
		return NULL;
	retry = g_new0(Retry, 1);
	retry->kind = g_strcmp0(type, "exponential") == 0 ? RETRY_EXPONENTIAL
		      : g_strcmp0(type, "random") == 0	  ? RETRY_RANDOM
							  : RETRY_CONSTANT;
	retry->behavior = g_strcmp0(text_at(object, "behavior"), "CREATE_NEW_EXECUTION") == 0
				  ? RETRY_NEW_EXECUTION
				  : RETRY_FAILED_TASK;
	retry->interval =
		duration_at(object, retry->kind == RETRY_RANDOM ? "minInterval" : "interval");
	retry->max_interval = duration_at(object, "maxInterval");
	retry->delay_factor = json_is_number(factor) ? json_number_value(factor) : 2;
	retry->max_attempts = json_integer_value(json_object_get(object, "maxAttempts"));
	retry->max_duration = duration_at(object, "maxDuration");
	retry->warning_on_retry = flag_at(object, "warningOnRetry");
	return retry;
}

static void task_free(void *data)
{
	Task *task = data;

	g_free(task->id);
	g_free(task->description);
	json_decref(task->properties);
	g_free(task->retry);
	g_free(task->timeout);
	g_free(task->run_if);
	g_free(task->log_level);
	g_free(task->pool);
	g_clear_pointer(&task->tasks, g_ptr_array_unref);
	g_clear_pointer(&task->otherwise, g_ptr_array_unref);
	g_clear_pointer(&task->defaults, g_ptr_array_unref);
	g_clear_pointer(&task->cases, g_ptr_array_unref);
	g_clear_pointer(&task->errors, g_ptr_array_unref);
	g_clear_pointer(&task->finally, g_ptr_array_unref);
	g_clear_pointer(&task->aside, g_ptr_array_unref);
	g_strfreev(task->depends_on);
	g_free(task);
}

static void case_free(void *data)
{
	TaskCase *branch = data;

	g_free(branch->name);
	g_ptr_array_unref(branch->tasks);
	g_free(branch);
}

// A list of tasks; NULL when it is not given.
static GPtrArray *tasks_from(Flow *flow, json_t *list, Task *parent)
{
	GPtrArray *tasks;
	size_t index;
	json_t *item;

	if (!json_is_array(list))
		return NULL;
	tasks = g_ptr_array_new_with_free_func(task_free);
	json_array_foreach(list, index, item)
	{
		Task *task = task_from(flow, item, parent);

		if (task != NULL)
			g_ptr_array_add(tasks, task);
	}
	return tasks;
}

static GStrv strings_from(const json_t *list)
{
	g_autoptr(GPtrArray) strings = g_ptr_array_new();
	size_t index;
	json_t *item;

	json_array_foreach(list, index, item)
		g_ptr_array_add(strings, g_strdup(json_string_value(item)));
	g_ptr_array_add(strings, NULL);
	return (GStrv)g_ptr_array_free(g_steal_pointer(&strings), FALSE);
}

static GPtrArray *dag_from(Flow *flow, json_t *list, Task *parent)
{
	GPtrArray *tasks = g_ptr_array_new_with_free_func(task_free);
	size_t index;
	json_t *item;

	json_array_foreach(list, index, item)
	{
		Task *task = task_from(flow, json_object_get(item, "task"), parent);

		if (task == NULL)
			continue;
		task->depends_on = strings_from(json_object_get(item, "dependsOn"));
		g_ptr_array_add(tasks, task);
	}
	return tasks;
}

static GPtrArray *cases_from(Flow *flow, json_t *object, Task *parent)
{
	GPtrArray *cases;
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return NULL;
	cases = g_ptr_array_new_with_free_func(case_free);
	json_object_foreach(object, key, value)
	{
		TaskCase *branch = g_new0(TaskCase, 1);

		branch->name = g_strdup(key);
		branch->tasks = tasks_from(flow, value, parent);
		if (branch->tasks == NULL)
			branch->tasks = g_ptr_array_new_with_free_func(task_free);
		g_ptr_array_add(cases, branch);
	}
	return cases;
}

// Keys of children, which are members of the model and not properties.
static bool is_child_key(const TaskKind *kind, const char *key)
{
	const KeyRow *row = key_table_find(kind->keys, key);

	return row != NULL &&
	       (row->kind == KEY_TASKS || row->kind == KEY_CASES || row->kind == KEY_TASK);
}

static json_t *properties_from(const TaskKind *kind, json_t *object)
{
	json_t *properties = json_object();
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		if (!g_strv_contains(member_keys, key) && !is_child_key(kind, key))
			json_object_set(properties, key, value);
	}
	return properties;
}

static GPtrArray *aside_from(Flow *flow, json_t *object, Task *parent)
{
	json_t *list = object == NULL ? NULL : json_pack("[O]", object);
	GPtrArray *tasks = tasks_from(flow, list, parent);

	json_decref(list);
	return tasks;
}

static void read_children(Flow *flow, json_t *object, Task *task)
{
	json_t *tasks = json_object_get(object, "tasks");

	if (task->kind->keys == &keys_dag)
		task->tasks = dag_from(flow, tasks, task);
	else if (task->kind->keys == &keys_if)
		task->tasks = tasks_from(flow, json_object_get(object, "then"), task);
	else if ((task->kind->flags & TASK_CONTAINER) != 0)
		task->tasks = tasks_from(flow, tasks, task);
	task->otherwise = task->kind->keys == &keys_if
				  ? tasks_from(flow, json_object_get(object, "else"), task)
				  : NULL;
	if (task->kind->keys == &keys_switch) {
		task->cases = cases_from(flow, json_object_get(object, "cases"), task);
		task->defaults = tasks_from(flow, json_object_get(object, "defaults"), task);
	}
	if (task->kind->keys == &keys_pause)
		task->aside = aside_from(flow, json_object_get(object, "onPause"), task);
	if (is_child_key(task->kind, "errors"))
		task->errors = tasks_from(flow, json_object_get(object, "errors"), task);
	if (is_child_key(task->kind, "finally"))
		task->finally = tasks_from(flow, json_object_get(object, "finally"), task);
}

static Task *task_from(Flow *flow, json_t *object, Task *parent)
{
	const char *type = text_at(object, "type");
	const char *id = text_at(object, "id");
	const TaskKind *kind = type == NULL ? NULL : task_kind_find(type, NULL);
	Task *task;

	if (kind == NULL || id == NULL)
		return NULL;
	task = g_new0(Task, 1);
	task->id = g_strdup(id);
	task->kind = kind;
	task->parent = parent;
	task->index = flow->task_count++;
	task->line = 1;
	task->column = 1;
	task->description = g_strdup(text_at(object, "description"));
	task->retry = retry_from(json_object_get(object, "retry"));
	task->timeout = g_strdup(text_at(object, "timeout"));
	task->run_if = g_strdup(text_at(object, "runIf"));
	task->disabled = flag_at(object, "disabled");
	task->allow_failure = flag_at(object, "allowFailure");
	task->allow_warning = flag_at(object, "allowWarning");
	task->log_level = g_strdup(text_at(object, "logLevel"));
	task->pool = g_strdup(text_at(object, "pool"));
	task->priority = (int)json_integer_value(json_object_get(object, "priority"));
	task->properties = properties_from(kind, object);
	read_children(flow, object, task);
	return task;
}

static void input_free(void *data)
{
	Input *input = data;

	g_free(input->id);
	g_free(input->display_name);
	g_free(input->description);
	json_decref(input->defaults);
	json_decref(input->prefill);
	json_decref(input->properties);
	g_free(input);
}

static const char *static_type(const char *type)
{
	for (const char *const *known = input_types; type != NULL && *known != NULL; known++) {
		if (strcmp(*known, type) == 0)
			return *known;
	}
	return "STRING";
}

static Input *input_from(json_t *object)
{
	static const char *const members[] = {"id", "type", "displayName", "description",
		"required", "defaults", "prefill", NULL};
	Input *input = g_new0(Input, 1);
	json_t *required = json_object_get(object, "required");
	const char *key;
	json_t *value;

	input->id = g_strdup(text_at(object, "id"));
	input->type = static_type(text_at(object, "type"));
	input->display_name = g_strdup(text_at(object, "displayName"));
	input->description = g_strdup(text_at(object, "description"));
	input->required = required == NULL || json_is_true(required);
	input->defaults = json_incref(json_object_get(object, "defaults"));
	input->prefill = json_incref(json_object_get(object, "prefill"));
	input->properties = json_object();
	input->line = 1;
	input->column = 1;
	json_object_foreach(object, key, value)
	{
		if (!g_strv_contains(members, key))
			json_object_set(input->properties, key, value);
	}
	return input;
}

GPtrArray *flow_inputs_from(const json_t *list)
{
	GPtrArray *inputs = g_ptr_array_new_with_free_func(input_free);
	size_t index;
	json_t *item;

	json_array_foreach(list, index, item)
	{
		if (text_at(item, "id") != NULL)
			g_ptr_array_add(inputs, input_from(item));
	}
	return inputs;
}

static void output_free(void *data)
{
	FlowOutput *output = data;

	g_free(output->id);
	g_free(output->type);
	json_decref(output->value);
	g_free(output);
}

static GPtrArray *outputs_from(const json_t *list)
{
	GPtrArray *outputs = g_ptr_array_new_with_free_func(output_free);
	size_t index;
	json_t *item;

	json_array_foreach(list, index, item)
	{
		const json_t *required = json_object_get(item, "required");
		FlowOutput *output;

		if (text_at(item, "id") == NULL)
			continue;
		output = g_new0(FlowOutput, 1);
		output->id = g_strdup(text_at(item, "id"));
		output->type = g_strdup(text_at(item, "type"));
		output->value = json_incref(json_object_get(item, "value"));
		output->required = required == NULL || json_is_true(required);
		g_ptr_array_add(outputs, output);
	}
	return outputs;
}

static void trigger_free(void *data)
{
	Trigger *trigger = data;

	g_free(trigger->id);
	json_decref(trigger->properties);
	json_decref(trigger->inputs);
	g_ptr_array_unref(trigger->conditions);
	json_decref(trigger->stop_after);
	g_free(trigger);
}

static void json_free(void *value)
{
	json_decref(value);
}

static Trigger *trigger_from(json_t *object, const TaskKind *kind)
{
	static const char *const members[] = {
		"id", "type", "description", "disabled", "inputs", "conditions", "stopAfter", NULL};
	Trigger *trigger = g_new0(Trigger, 1);
	const char *key;
	json_t *value, *condition;
	size_t index;

	trigger->id = g_strdup(text_at(object, "id"));
	trigger->kind = kind;
	trigger->disabled = flag_at(object, "disabled");
	trigger->inputs = json_incref(json_object_get(object, "inputs"));
	trigger->stop_after = json_incref(json_object_get(object, "stopAfter"));
	trigger->conditions = g_ptr_array_new_with_free_func(json_free);
	trigger->line = 1;
	trigger->column = 1;
	json_array_foreach(json_object_get(object, "conditions"), index, condition)
		g_ptr_array_add(trigger->conditions, json_incref(condition));
	trigger->properties = json_object();
	json_object_foreach(object, key, value)
	{
		if (!g_strv_contains(members, key))
			json_object_set(trigger->properties, key, value);
	}
	return trigger;
}

static GPtrArray *triggers_from(const json_t *list)
{
	GPtrArray *triggers = g_ptr_array_new_with_free_func(trigger_free);
	size_t index;
	json_t *item;

	json_array_foreach(list, index, item)
	{
		const char *type = text_at(item, "type");
		const TaskKind *kind = type == NULL ? NULL : trigger_kind_find(type, NULL);

		if (kind != NULL && text_at(item, "id") != NULL)
			g_ptr_array_add(triggers, trigger_from(item, kind));
	}
	return triggers;
}

static void sla_free(void *data)
{
	Sla *sla = data;

	g_free(sla->id);
	g_free(sla->assertion);
	json_decref(sla->labels);
	g_free(sla);
}

static GPtrArray *slas_from(const json_t *list)
{
	GPtrArray *slas = g_ptr_array_new_with_free_func(sla_free);
	size_t index;
	json_t *item;

	json_array_foreach(list, index, item)
	{
		Sla *sla = g_new0(Sla, 1);
		const char *behavior = text_at(item, "behavior");

		sla->id = g_strdup(text_at(item, "id"));
		sla->max_duration = g_strcmp0(text_at(item, "type"), "MAX_DURATION") == 0;
		sla->duration = duration_at(item, "duration");
		sla->assertion = g_strdup(text_at(item, "assert"));
		sla->behavior = g_strcmp0(behavior, "CANCEL") == 0 ? SLA_CANCEL
				: g_strcmp0(behavior, "NONE") == 0 ? SLA_NONE
								   : SLA_FAIL;
		sla->labels = json_incref(json_object_get(item, "labels"));
		g_ptr_array_add(slas, sla);
	}
	return slas;
}

static void read_concurrency(Flow *flow, const json_t *object)
{
	const char *behavior = text_at(object, "behavior");

	flow->concurrency_limit = json_integer_value(json_object_get(object, "limit"));
	flow->concurrency_behavior = g_strcmp0(behavior, "CANCEL") == 0 ? CONCURRENCY_CANCEL
				     : g_strcmp0(behavior, "FAIL") == 0 ? CONCURRENCY_FAIL
									: CONCURRENCY_QUEUE;
}

Flow *flow_from_definition(json_t *definition)
{
	Flow *flow;

	if (text_at(definition, "id") == NULL || text_at(definition, "namespace") == NULL) {
		json_decref(definition);
		return NULL;
	}
	flow = g_new0(Flow, 1);
	flow->definition = definition;
	flow->id = g_strdup(text_at(definition, "id"));
	flow->namespace = g_strdup(text_at(definition, "namespace"));
	flow->description = g_strdup(text_at(definition, "description"));
	flow->labels = json_incref(json_object_get(definition, "labels"));
	flow->inputs = flow_inputs_from(json_object_get(definition, "inputs"));
	flow->variables = json_incref(json_object_get(definition, "variables"));
	flow->tasks = tasks_from(flow, json_object_get(definition, "tasks"), NULL);
	if (flow->tasks == NULL)
		flow->tasks = g_ptr_array_new_with_free_func(task_free);
	flow->errors = tasks_from(flow, json_object_get(definition, "errors"), NULL);
	flow->finally = tasks_from(flow, json_object_get(definition, "finally"), NULL);
	flow->after_execution =
		tasks_from(flow, json_object_get(definition, "afterExecution"), NULL);
	flow->triggers = triggers_from(json_object_get(definition, "triggers"));
	flow->outputs = outputs_from(json_object_get(definition, "outputs"));
	read_concurrency(flow, json_object_get(definition, "concurrency"));
	flow->retry = retry_from(json_object_get(definition, "retry"));
	flow->timeout = g_strdup(text_at(definition, "timeout"));
	flow->sla = slas_from(json_object_get(definition, "sla"));
	flow->disabled = flag_at(definition, "disabled");
	flow->line = 1;
	return flow;
}

void flow_free(Flow *flow)
{
	if (flow == NULL)
		return;
	g_free(flow->id);
	g_free(flow->namespace);
	g_free(flow->description);
	json_decref(flow->labels);
	g_ptr_array_unref(flow->inputs);
	json_decref(flow->variables);
	g_ptr_array_unref(flow->tasks);
	g_clear_pointer(&flow->errors, g_ptr_array_unref);
	g_clear_pointer(&flow->finally, g_ptr_array_unref);
	g_clear_pointer(&flow->after_execution, g_ptr_array_unref);
	g_ptr_array_unref(flow->triggers);
	g_ptr_array_unref(flow->outputs);
	g_free(flow->retry);
	g_free(flow->timeout);
	g_ptr_array_unref(flow->sla);
	json_decref(flow->definition);
	g_free(flow);
}
