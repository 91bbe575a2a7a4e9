// The tests: `x is defined`, `x is not even`, …
#include "expr/eval.h"

#include <string.h>

static json_t *is_defined(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)eval;
	(void)arguments;
	(void)count;
	return json_boolean(!json_is_null(input));
}

static json_t *is_null(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)eval;
	(void)arguments;
	(void)count;
	return json_boolean(json_is_null(input));
}

static bool is_blank(const char *text)
{
	while (g_ascii_isspace(*text))
		text++;
	return *text == '\0';
}

// Null, a text of nothing but blanks, an empty list or map.
static json_t *is_empty(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)eval;
	(void)arguments;
	(void)count;
	if (json_is_string(input))
		return json_boolean(is_blank(json_string_value(input)));
	if (json_is_array(input) || json_is_object(input))
		return json_boolean(json_array_size(input) + json_object_size(input) == 0);
	return json_boolean(json_is_null(input));
}

static json_t *is_even(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	json_int_t integer;

	(void)arguments;
	(void)count;
	if (json_is_null(input))
		return eval_fail(eval, EXPR_ERROR_TYPE, "null is neither even nor odd");
	if (!eval_integer(eval, input, "the value", 0, &integer))
		return NULL;
	return json_boolean(integer % 2 == 0);
}

static json_t *is_odd(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	json_t *even = is_even(eval, input, arguments, count);

	return even == NULL ? NULL : json_boolean(json_is_false(even));
}

static json_t *is_iterable(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)eval;
	(void)arguments;
	(void)count;
	return json_boolean(json_is_array(input) || json_is_object(input));
}

static json_t *is_list(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)eval;
	(void)arguments;
	(void)count;
	return json_boolean(json_is_array(input));
}

static json_t *is_map(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)eval;
	(void)arguments;
	(void)count;
	return json_boolean(json_is_object(input));
}

static json_t *is_string(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)eval;
	(void)arguments;
	(void)count;
	return json_boolean(json_is_string(input));
}

static json_t *is_number(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)eval;
	(void)arguments;
	(void)count;
	return json_boolean(json_is_number(input));
}

static json_t *is_boolean(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)eval;
	(void)arguments;
	(void)count;
	return json_boolean(json_is_boolean(input));
}

// Whether a text is JSON.
static json_t *is_json(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	json_t *parsed;

	(void)arguments;
	(void)count;
	if (!json_is_string(input))
		return json_boolean(json_is_array(input) || json_is_object(input));
	if (!eval_spend(eval, json_string_length(input) / 8))
		return NULL;
	parsed = json_loadb(
		json_string_value(input), json_string_length(input), JSON_DECODE_ANY, NULL);
	json_decref(parsed);
	return json_boolean(parsed != NULL);
}

static json_t *is_equal_to(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)eval;
	(void)count;
	return json_boolean(expr_value_equal(input, arguments[0]));
}

static json_t *is_divisible_by(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	json_int_t integer, divisor;

	(void)count;
	if (!eval_integer(eval, input, "the value", 0, &integer) ||
		!eval_integer(eval, arguments[0], "the divisor", 0, &divisor))
		return NULL;
	if (divisor == 0)
		return eval_fail(eval, EXPR_ERROR_VALUE, "division by zero");
	return json_boolean(divisor == -1 || integer % divisor == 0);
}

enum { ANY_INPUT = CALLEE_TAKES_NULL };

const ExprCallee tests_value[] = {
	{"defined", {NULL}, 0, 0, ANY_INPUT | CALLEE_TAKES_UNDEFINED, is_defined},
	{"null", {NULL}, 0, 0, ANY_INPUT, is_null},
	{"none", {NULL}, 0, 0, ANY_INPUT, is_null},
	{"empty", {NULL}, 0, 0, ANY_INPUT, is_empty},
	{"even", {NULL}, 0, 0, ANY_INPUT, is_even},
	{"odd", {NULL}, 0, 0, ANY_INPUT, is_odd},
	{"iterable", {NULL}, 0, 0, ANY_INPUT, is_iterable},
	{"list", {NULL}, 0, 0, ANY_INPUT, is_list},
	{"map", {NULL}, 0, 0, ANY_INPUT, is_map},
	{"mapping", {NULL}, 0, 0, ANY_INPUT, is_map},
	{"string", {NULL}, 0, 0, ANY_INPUT, is_string},
	{"number", {NULL}, 0, 0, ANY_INPUT, is_number},
	{"boolean", {NULL}, 0, 0, ANY_INPUT, is_boolean},
	{"json", {NULL}, 0, 0, ANY_INPUT, is_json},
	{"equalTo", {"value"}, 1, 1, ANY_INPUT, is_equal_to},
	{"divisibleBy", {"divisor"}, 1, 1, ANY_INPUT, is_divisible_by},
	{.name = NULL},
};
