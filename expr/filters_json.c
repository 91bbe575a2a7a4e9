// Filters over JSON: toJson, fromJson, jq.
#include "expr/eval.h"
#include "expr/jq.h"

#include <string.h>

static json_t *apply_to_json(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autoptr(GString) text = g_string_new(NULL);

	(void)arguments;
	(void)count;
	expr_value_append_json(text, input, eval->limits.output_bytes);
	return eval_string(eval, text->str, text->len);
}

// What a text says as JSON; any other value as it is.
static json_t *parsed(ExprEval *eval, json_t *input)
{
	json_error_t error;
	json_t *value;

	if (!json_is_string(input))
		return json_incref(input);
	if (!eval_spend(eval, json_string_length(input) / 8))
		return NULL;
	value = json_loadb(
		json_string_value(input), json_string_length(input), JSON_DECODE_ANY, &error);
	if (value == NULL)
		return eval_fail(eval, EXPR_ERROR_VALUE,
			"the text is not JSON: line %d, column %d: %s", error.line, error.column,
			error.text);
	return value;
}

static json_t *apply_from_json(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)arguments;
	(void)count;
	return parsed(eval, input);
}

static json_t *apply_jq(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autoptr(GError) error = NULL;
	json_t *result, *read;

	(void)count;
	if (!json_is_string(arguments[0]))
		return eval_fail(eval, EXPR_ERROR_TYPE, "the jq program is %s, not a string",
			expr_value_described(arguments[0]));
	read = parsed(eval, input);
	if (read == NULL)
		return NULL;
	result = expr_jq_run(
		json_string_value(arguments[0]), read, eval->limits.output_bytes, &error);
	json_decref(read);
	return result != NULL ? result : eval_fail(eval, EXPR_ERROR_VALUE, "%s", error->message);
}

const ExprCallee filters_json[] = {
	{"toJson", {NULL}, 0, 0, CALLEE_TAKES_NULL, apply_to_json},
	{"json", {NULL}, 0, 0, CALLEE_TAKES_NULL, apply_to_json},
	{"fromJson", {NULL}, 0, 0, 0, apply_from_json},
	{"jq", {"expression"}, 1, 1, CALLEE_TAKES_NULL, apply_jq},
	{.name = NULL},
};
