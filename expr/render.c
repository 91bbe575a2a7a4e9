#include "expr/eval.h"

#include <string.h>

static const ExprLimits default_limits = {
	.steps = 10000000, .depth = 1000, .output_bytes = (size_t)64 * 1024 * 1024};

// ---- scopes ----

static json_t *object_variable(void *data, const char *const *names, size_t count, size_t *used)
{
	(void)count;
	*used = 1;
	return json_incref(json_object_get(data, names[0]));
}

static void object_candidates(
	void *data, const char *const *names, size_t count, GPtrArray *candidates)
{
	const char *key;
	json_t *value;

	(void)names;
	if (count != 1)
		return;
	json_object_foreach(data, key, value) g_ptr_array_add(candidates, g_strdup(key));
}

ExprScope expr_scope_over(json_t *variables)
{
	return (ExprScope){
		.variable = object_variable, .candidates = object_candidates, .data = variables};
}

// ---- evaluation of templates ----

static ExprEval eval_begin(
	const ExprTemplate *template_, const ExprScope *scope, const ExprLimits *limits)
{
	ExprEval eval = {.template_ = template_, .scope = scope, .limits = default_limits};

	if (limits != NULL && limits->steps != 0)
		eval.limits.steps = limits->steps;
	if (limits != NULL && limits->depth != 0)
		eval.limits.depth = limits->depth;
	if (limits != NULL && limits->output_bytes != 0)
		eval.limits.output_bytes = limits->output_bytes;
	return eval;
}

static void eval_drop_locals(ExprEval *eval)
{
	for (guint i = 0; eval->locals != NULL && i < eval->locals->len; i++)
		json_decref(g_array_index(eval->locals, Local, i).value);
	g_clear_pointer(&eval->locals, g_array_unref);
}

// Hands over the error, or drops it when the caller does not want it.
static void eval_end(ExprEval *eval, GError **error)
{
	eval_drop_locals(eval);
	if (eval->error != NULL)
		g_propagate_error(error, g_steal_pointer(&eval->error));
}

static char *render_within(ExprEval *eval)
{
	GString *text = g_string_sized_new(eval->template_->length + 32);

	if (eval_body(eval, &eval->template_->body, text))
		return g_string_free(text, FALSE);
	g_string_free(text, TRUE);
	return NULL;
}

char *expr_template_render(const ExprTemplate *template_, const ExprScope *scope,
	const ExprLimits *limits, GError **error)
{
	ExprEval eval;
	char *text;

	if (template_->plain)
		return g_strndup(template_->text, template_->length);
	eval = eval_begin(template_, scope, limits);
	text = render_within(&eval);
	eval_end(&eval, error);
	return text;
}

json_t *expr_template_evaluate(const ExprTemplate *template_, const ExprScope *scope,
	const ExprLimits *limits, GError **error)
{
	ExprEval eval;
	json_t *value = NULL;
	g_autofree char *text = NULL;

	if (template_->plain)
		return json_stringn_nocheck(template_->text, template_->length);
	eval = eval_begin(template_, scope, limits);
	if (template_->single != NULL) {
		value = eval_node(&eval, template_->single);
		if (value == NULL || !json_is_string(value) || template_->body.count == 1) {
			eval_end(&eval, error);
			return value;
		}
		json_decref(value);
	}
	text = render_within(&eval);
	eval_end(&eval, error);
	return text == NULL ? NULL : json_string_nocheck(text);
}

char *eval_render_text(ExprEval *eval, const char *text, size_t length)
{
	g_autoptr(GPtrArray) faults = NULL;
	g_autoptr(ExprTemplate) template_ = NULL;
	ExprEval inner = *eval;
	char *result = NULL;

	if (memchr(text, '{', length) == NULL)
		return g_strndup(text, length);
	faults = expr_fault_list_new();
	template_ = expr_template_parse(text, length, faults);
	if (template_ == NULL) {
		const ExprFault *fault = faults->pdata[0];

		eval_fail(eval, EXPR_ERROR_SYNTAX, "in the text to render: %u:%u: %s", fault->line,
			fault->column, fault->message);
		return NULL;
	}
	if (template_->plain)
		return g_strndup(text, length);
	inner.template_ = template_;
	inner.at = 0;
	inner.locals = NULL;
	inner.locals_from = 0;
	if (eval_spend(&inner, length / 16))
		result = render_within(&inner);
	eval_drop_locals(&inner);
	eval->steps = inner.steps;
	eval->undefined = inner.undefined;
	if (inner.error != NULL) {
		eval_fail(eval, (ExprError)inner.error->code, "in the text to render: %s",
			inner.error->message);
		g_clear_error(&inner.error);
	}
	return result;
}

// ---- evaluation of values with templates inside ----

typedef struct {
	const ExprScope *scope;
	const ExprLimits *limits;
	GString *place;
	unsigned depth;
	GError *error;
} Nested;

static json_t *evaluate_nested(Nested *nested, json_t *value);

static json_t *nested_fail(Nested *nested, int code, const char *message)
{
	if (nested->place->len > 0)
		g_set_error(&nested->error, EXPR_ERROR, code, "in '%s': %s", nested->place->str,
			message);
	else
		g_set_error_literal(&nested->error, EXPR_ERROR, code, message);
	return NULL;
}

static json_t *evaluate_string(Nested *nested, const char *text, size_t length)
{
	g_autoptr(GPtrArray) faults = expr_fault_list_new();
	g_autoptr(ExprTemplate) template_ = expr_template_parse(text, length, faults);
	g_autoptr(GError) error = NULL;
	json_t *value;

	if (template_ == NULL) {
		const ExprFault *fault = faults->pdata[0];
		g_autofree char *message =
			g_strdup_printf("%u:%u: %s", fault->line, fault->column, fault->message);

		return nested_fail(nested, EXPR_ERROR_SYNTAX, message);
	}
	value = expr_template_evaluate(template_, nested->scope, nested->limits, &error);
	if (value == NULL && error != NULL)
		nested_fail(nested, error->code, error->message);
	return value;
}

static json_t *evaluate_list(Nested *nested, const json_t *list)
{
	json_t *result = json_array();
	size_t before = nested->place->len;

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *item;

		g_string_append_printf(nested->place, "[%zu]", i);
		item = evaluate_nested(nested, json_array_get(list, i));
		g_string_truncate(nested->place, before);
		if (item == NULL) {
			json_decref(result);
			return NULL;
		}
		json_array_append_new(result, item);
	}
	return result;
}

static bool evaluate_member(Nested *nested, json_t *result, const char *key, json_t *value)
{
	size_t before = nested->place->len;
	json_t *name = NULL, *member = NULL;
	g_autofree char *shown = NULL;

	g_string_append_printf(nested->place, "%s%s", before > 0 ? "." : "", key);
	if (strchr(key, '{') != NULL)
		name = evaluate_string(nested, key, strlen(key));
	if (nested->error == NULL)
		member = evaluate_nested(nested, value);
	g_string_truncate(nested->place, before);
	shown = name == NULL ? NULL : expr_value_text(name);
	json_decref(name);
	if (member == NULL)
		return false;
	json_object_set_new(result, shown == NULL ? key : shown, member);
	return true;
}

static json_t *evaluate_map(Nested *nested, json_t *map)
{
	json_t *result = json_object(), *value;
	const char *key;

	json_object_foreach(map, key, value)
	{
		if (!evaluate_member(nested, result, key, value)) {
			json_decref(result);
			return NULL;
		}
	}
	return result;
}

static json_t *evaluate_nested(Nested *nested, json_t *value)
{
	json_t *result;

	if (json_is_string(value)) {
		if (memchr(json_string_value(value), '{', json_string_length(value)) == NULL)
			return json_incref(value);
		return evaluate_string(nested, json_string_value(value), json_string_length(value));
	}
	if (!json_is_array(value) && !json_is_object(value))
		return json_incref(value);
	if (++nested->depth > default_limits.depth)
		return nested_fail(nested, EXPR_ERROR_LIMIT, "the value is nested too deeply");
	result = json_is_array(value) ? evaluate_list(nested, value) : evaluate_map(nested, value);
	nested->depth--;
	return result;
}

json_t *expr_value_evaluate(
	json_t *value, const ExprScope *scope, const ExprLimits *limits, GError **error)
{
	g_autoptr(GString) place = g_string_new(NULL);
	Nested nested = {.scope = scope, .limits = limits, .place = place};
	json_t *result = evaluate_nested(&nested, value);

	if (nested.error != NULL)
		g_propagate_error(error, nested.error);
	return result;
}
