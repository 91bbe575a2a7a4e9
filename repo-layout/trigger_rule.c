#include "repo-layout/trigger_rule.h"

#include "expr/template.h"
#include "expr/value.h"

#include <string.h>

G_DEFINE_QUARK(weir - trigger - error, trigger_error)

// ---- What expressions see -----------------------------------------------------------------------------------------

static json_t *scope_variable(void *data, const char *const *names, size_t count, size_t *used)
{
	const TriggerScope *scope = data;

	(void)count;
	*used = 1;
	return json_incref(json_object_get(scope->variables, names[0]));
}

static void scope_candidates(
	void *data, const char *const *names, size_t count, GPtrArray *candidates)
{
	const TriggerScope *scope = data;
	const char *key;
	json_t *value;

	(void)names;
	if (count != 1)
		return;
	json_object_foreach(scope->variables, key, value)
		g_ptr_array_add(candidates, g_strdup(key));
}

static int64_t scope_clock(void *data)
{
	return ((const TriggerScope *)data)->now;
}

static json_t *host_secret(void *data, json_t *const *arguments, size_t count, GError **error)
{
	const TriggerScope *scope = data;
	const char *name = count > 0 ? json_string_value(arguments[0]) : NULL;

	if (scope->secret == NULL || name == NULL) {
		g_set_error(error, TRIGGER_ERROR, TRIGGER_ERROR_CONDITION,
			name == NULL ? "secret() wants a name"
				     : "secret() is not at hand before the run begins");
		return NULL;
	}
	g_autofree char *value = scope->secret(name, scope->data, error);
	return value == NULL ? NULL : json_string(value);
}

static const ExprHostFunction host_functions[] = {
	{"secret", host_secret},
	{NULL, NULL},
};

static ExprScope scope_of(const TriggerScope *scope)
{
	return (ExprScope){
		.variable = scope_variable,
		.candidates = scope_candidates,
		.clock = scope_clock,
		.functions = host_functions,
		.data = (void *)(uintptr_t)scope,
	};
}

// ---- Texts --------------------------------------------------------------------------------------------------------

static ExprTemplate *parse(const char *text, GError **error)
{
	g_autoptr(GPtrArray) faults = expr_fault_list_new();
	ExprTemplate *parsed = expr_template_parse(text, strlen(text), faults);

	if (parsed == NULL) {
		const ExprFault *fault = faults->pdata[0];

		g_set_error(error, TRIGGER_ERROR, TRIGGER_ERROR_CONDITION, "%u:%u: %s", fault->line,
			fault->column, fault->message);
	}
	return parsed;
}

bool trigger_text_holds(
	const char *text, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	g_autoptr(ExprTemplate) parsed = parse(text, error);
	const ExprScope values = scope_of(scope);
	json_t *value =
		parsed == NULL ? NULL : expr_template_evaluate(parsed, &values, NULL, error);

	*ret_holds = value != NULL && expr_truthy(value);
	json_decref(value);
	return value != NULL;
}

char *trigger_text_render(const char *text, const TriggerScope *scope, GError **error)
{
	g_autoptr(ExprTemplate) parsed = parse(text, error);
	const ExprScope values = scope_of(scope);

	return parsed == NULL ? NULL : expr_template_render(parsed, &values, NULL, error);
}

bool trigger_has_expressions(const json_t *trigger)
{
	const char *key;
	json_t *value;
	size_t index;

	if (json_is_string(trigger)) {
		const char *text = json_string_value(trigger);

		return strstr(text, "{{") != NULL || strstr(text, "{%") != NULL;
	}
	json_array_foreach(trigger, index, value)
	{
		if (trigger_has_expressions(value))
			return true;
	}
	json_object_foreach((json_t *)(uintptr_t)trigger, key, value)
	{
		if (trigger_has_expressions(value))
			return true;
	}
	return false;
}

bool trigger_list_has(const json_t *list, const char *word)
{
	const json_t *item;
	size_t index;

	json_array_foreach(list, index, item)
	{
		if (g_strcmp0(json_string_value(item), word) == 0)
			return true;
	}
	return json_is_string(list) && g_strcmp0(json_string_value(list), word) == 0;
}

// ---- A trigger ----------------------------------------------------------------------------------------------------

static bool is_precondition(const json_t *condition)
{
	return g_strcmp0(json_string_value(json_object_get(condition, "type")), "multiple") == 0;
}

bool trigger_rule_holds(
	const json_t *trigger, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	const char *when = json_string_value(json_object_get(trigger, "when"));
	const json_t *condition;
	size_t index;

	*ret_holds = true;
	if (when != NULL && !trigger_text_holds(when, scope, ret_holds, error)) {
		g_prefix_error(error, "in 'when': ");
		return false;
	}
	json_array_foreach(json_object_get(trigger, "conditions"), index, condition)
	{
		if (*ret_holds && !is_precondition(condition) &&
			!trigger_condition_holds(condition, scope, ret_holds, error)) {
			g_prefix_error(error, "in condition %zu: ", index + 1);
			return false;
		}
	}
	return true;
}

// A member of the trigger, rendered, as JSON; NULL where it has none.
static bool render_member(const json_t *trigger, const char *key, const TriggerScope *scope,
	char **ret_text, GError **error)
{
	json_t *value = json_object_get(trigger, key);
	const ExprScope values = scope_of(scope);

	if (!json_is_object(value))
		return true;
	json_t *rendered = expr_value_evaluate(value, &values, NULL, error);
	if (rendered == NULL) {
		g_prefix_error(error, "in '%s': ", key);
		return false;
	}
	char *text = json_dumps(rendered, JSON_COMPACT);
	*ret_text = g_strdup(text);
	free(text);
	json_decref(rendered);
	return true;
}

void trigger_start_clear(TriggerStart *start)
{
	g_clear_pointer(&start->inputs, g_free);
	g_clear_pointer(&start->labels, g_free);
}

bool trigger_rule_start(
	const json_t *trigger, const TriggerScope *scope, TriggerStart *ret_start, GError **error)
{
	*ret_start = (TriggerStart){0};
	if (!trigger_rule_holds(trigger, scope, &ret_start->holds, error))
		return false;
	if (!ret_start->holds)
		return true;
	if (render_member(trigger, "inputs", scope, &ret_start->inputs, error) &&
		render_member(trigger, "labels", scope, &ret_start->labels, error))
		return true;
	trigger_start_clear(ret_start);
	return false;
}

json_t *trigger_variables(const TriggerOwner *owner, json_t *values)
{
	json_t *variables = json_pack("{s:O, s:O, s:{s:s, s:s, s:I}}", "trigger", values,
		"schedule", values, "flow", "id", owner->id, "namespace", owner->namespace,
		"revision", (json_int_t)owner->revision);
	json_t *definition =
		owner->definition == NULL ? NULL : json_loads(owner->definition, 0, NULL);
	json_t *vars = owner->shared == NULL ? json_object() : json_copy(owner->shared);

	json_object_update(vars, json_object_get(definition, "variables"));
	json_object_set_new(variables, "vars", vars);
	json_decref(definition);
	return variables;
}
