#include "expr/eval.h"

#include <math.h>
#include <string.h>

typedef json_t *(*Operation)(ExprEval *eval, const json_t *left, const json_t *right);

static const char *const symbols[] = {
	[OPERATOR_LESS] = "<",
	[OPERATOR_LESS_EQUAL] = "<=",
	[OPERATOR_GREATER] = ">",
	[OPERATOR_GREATER_EQUAL] = ">=",
	[OPERATOR_ADD] = "+",
	[OPERATOR_SUBTRACT] = "-",
	[OPERATOR_MULTIPLY] = "*",
	[OPERATOR_DIVIDE] = "/",
	[OPERATOR_MODULO] = "%",
};

static json_t *fail_kinds(
	ExprEval *eval, Operator operation, const json_t *left, const json_t *right)
{
	const char *hint = "";

	if (json_is_string(left) != json_is_string(right) &&
		(json_is_number(left) || json_is_number(right)))
		hint = "; turn the string into a number with '| number'";
	return eval_fail(eval, EXPR_ERROR_TYPE, "'%s' cannot be used between %s and %s%s",
		symbols[operation], expr_value_described(left), expr_value_described(right), hint);
}

// ---- arithmetic ----

static bool integer_result(Operator operation, json_int_t a, json_int_t b, json_int_t *result)
{
	switch ((int)operation) {
	case OPERATOR_ADD: return !__builtin_add_overflow(a, b, result);
	case OPERATOR_SUBTRACT: return !__builtin_sub_overflow(a, b, result);
	case OPERATOR_MULTIPLY: return !__builtin_mul_overflow(a, b, result);
	case OPERATOR_DIVIDE:
		if (a == INT64_MIN && b == -1)
			return false;
		*result = a / b;
		return true;
	default: *result = b == -1 ? 0 : a % b; return true;
	}
}

static double real_result(Operator operation, double a, double b)
{
	switch ((int)operation) {
	case OPERATOR_ADD: return a + b;
	case OPERATOR_SUBTRACT: return a - b;
	case OPERATOR_MULTIPLY: return a * b;
	case OPERATOR_DIVIDE: return a / b;
	default: return fmod(a, b);
	}
}

static json_t *calculate(
	ExprEval *eval, Operator operation, const json_t *left, const json_t *right)
{
	bool divides = operation == OPERATOR_DIVIDE || operation == OPERATOR_MODULO;
	json_int_t integer;
	double real;

	if (!json_is_number(left) || !json_is_number(right))
		return fail_kinds(eval, operation, left, right);
	if (divides && json_number_value(right) == 0.0)
		return eval_fail(eval, EXPR_ERROR_VALUE, "division by zero");
	if (json_is_integer(left) && json_is_integer(right)) {
		if (integer_result(operation, json_integer_value(left), json_integer_value(right),
			    &integer))
			return json_integer(integer);
		return eval_fail(eval, EXPR_ERROR_VALUE,
			"the result of '%s' does not fit an integer", symbols[operation]);
	}
	real = real_result(operation, json_number_value(left), json_number_value(right));
	if (!isfinite(real))
		return eval_fail(eval, EXPR_ERROR_VALUE, "the result of '%s' does not fit a float",
			symbols[operation]);
	return json_real(real);
}

// ---- strings and lists ----

static json_t *concatenate(ExprEval *eval, const json_t *left, const json_t *right)
{
	g_autoptr(GString) text = g_string_new(NULL);

	expr_value_append(text, left);
	expr_value_append(text, right);
	return eval_string(eval, text->str, text->len);
}

static json_t *list_plus(ExprEval *eval, const json_t *list, const json_t *more)
{
	json_t *result;

	if (!eval_spend(eval, json_array_size(list) + json_array_size(more) + 1))
		return NULL;
	result = json_copy((json_t *)(uintptr_t)list);
	if (json_is_array(more))
		json_array_extend(result, (json_t *)(uintptr_t)more);
	else
		json_array_append(result, (json_t *)(uintptr_t)more);
	return result;
}

static bool list_has(const json_t *list, const json_t *value)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (expr_value_equal(json_array_get(list, i), value))
			return true;
	}
	return false;
}

static json_t *list_minus(ExprEval *eval, const json_t *list, const json_t *less)
{
	size_t compared = json_is_array(less) ? json_array_size(less) : 1;
	json_t *result;

	if (!eval_spend(eval, json_array_size(list) * compared + 1))
		return NULL;
	result = json_array();
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *item = json_array_get(list, i);

		if (json_is_array(less) ? !list_has(less, item) : !expr_value_equal(item, less))
			json_array_append(result, item);
	}
	return result;
}

static json_t *add(ExprEval *eval, const json_t *left, const json_t *right)
{
	if (json_is_string(left) || json_is_string(right))
		return concatenate(eval, left, right);
	if (json_is_array(left))
		return list_plus(eval, left, right);
	return calculate(eval, OPERATOR_ADD, left, right);
}

static json_t *subtract(ExprEval *eval, const json_t *left, const json_t *right)
{
	if (json_is_array(left))
		return list_minus(eval, left, right);
	return calculate(eval, OPERATOR_SUBTRACT, left, right);
}

static json_t *multiply(ExprEval *eval, const json_t *left, const json_t *right)
{
	return calculate(eval, OPERATOR_MULTIPLY, left, right);
}

static json_t *divide(ExprEval *eval, const json_t *left, const json_t *right)
{
	return calculate(eval, OPERATOR_DIVIDE, left, right);
}

static json_t *modulo(ExprEval *eval, const json_t *left, const json_t *right)
{
	return calculate(eval, OPERATOR_MODULO, left, right);
}

static json_t *range(ExprEval *eval, const json_t *left, const json_t *right)
{
	json_int_t from = json_integer_value(left), to = json_integer_value(right);
	json_t *result;

	if (!json_is_integer(left) || !json_is_integer(right))
		return eval_fail(eval, EXPR_ERROR_TYPE,
			"'..' stands between two integers, not %s and %s",
			expr_value_described(left), expr_value_described(right));
	if (from <= to && !eval_spend(eval, (uint64_t)to - (uint64_t)from))
		return NULL;
	result = json_array();
	for (json_int_t i = from; i <= to; i++) {
		json_array_append_new(result, json_integer(i));
		if (i == INT64_MAX)
			break;
	}
	return result;
}

// ---- comparison ----

// Sets *order below, at or above 0. False after eval_fail().
static bool compare(
	ExprEval *eval, Operator operation, const json_t *left, const json_t *right, int *order)
{
	if (json_is_string(left) && json_is_string(right)) {
		*order = strcmp(json_string_value(left), json_string_value(right));
		return true;
	}
	if (json_is_integer(left) && json_is_integer(right)) {
		json_int_t a = json_integer_value(left), b = json_integer_value(right);

		*order = (a > b) - (a < b);
		return true;
	}
	if (json_is_number(left) && json_is_number(right)) {
		double a = json_number_value(left), b = json_number_value(right);

		*order = (a > b) - (a < b);
		return true;
	}
	fail_kinds(eval, operation, left, right);
	return false;
}

// Nothing is less or greater than null.
static json_t *ordered(ExprEval *eval, Operator operation, const json_t *left, const json_t *right)
{
	int order;

	if (json_is_null(left) || json_is_null(right))
		return json_false();
	if (!compare(eval, operation, left, right, &order))
		return NULL;
	switch ((int)operation) {
	case OPERATOR_LESS: return json_boolean(order < 0);
	case OPERATOR_LESS_EQUAL: return json_boolean(order <= 0);
	case OPERATOR_GREATER: return json_boolean(order > 0);
	default: return json_boolean(order >= 0);
	}
}

static json_t *less(ExprEval *eval, const json_t *left, const json_t *right)
{
	return ordered(eval, OPERATOR_LESS, left, right);
}

static json_t *less_equal(ExprEval *eval, const json_t *left, const json_t *right)
{
	return ordered(eval, OPERATOR_LESS_EQUAL, left, right);
}

static json_t *greater(ExprEval *eval, const json_t *left, const json_t *right)
{
	return ordered(eval, OPERATOR_GREATER, left, right);
}

static json_t *greater_equal(ExprEval *eval, const json_t *left, const json_t *right)
{
	return ordered(eval, OPERATOR_GREATER_EQUAL, left, right);
}

static json_t *equal(ExprEval *eval, const json_t *left, const json_t *right)
{
	(void)eval;
	return json_boolean(expr_value_equal(left, right));
}

static json_t *not_equal(ExprEval *eval, const json_t *left, const json_t *right)
{
	(void)eval;
	return json_boolean(!expr_value_equal(left, right));
}

// ---- membership ----

// Whether an item is the one looked for; items are compared by what they render to, so that '1' is in [1, 2].
static bool same_text(const json_t *item, const json_t *wanted)
{
	g_autofree char *a = NULL, *b = NULL;

	if (json_is_string(item) && json_is_string(wanted))
		return expr_value_equal(item, wanted);
	a = expr_value_text(item);
	b = expr_value_text(wanted);
	return strcmp(a, b) == 0;
}

static bool map_has(json_t *map, const json_t *wanted, bool values_too)
{
	const char *key;
	json_t *member;

	json_object_foreach(map, key, member)
	{
		if (json_is_string(wanted) && strcmp(key, json_string_value(wanted)) == 0)
			return true;
		if (values_too && same_text(member, wanted))
			return true;
	}
	return false;
}

static json_t *membership(
	ExprEval *eval, const json_t *collection, const json_t *wanted, bool values_too)
{
	if (json_is_null(collection) || json_is_null(wanted))
		return json_false();
	if (json_is_string(collection)) {
		g_autofree char *text = expr_value_text(wanted);

		return json_boolean(strstr(json_string_value(collection), text) != NULL);
	}
	if (json_is_object(collection))
		return eval_spend(eval, json_object_size(collection))
			       ? json_boolean(map_has(
					 (json_t *)(uintptr_t)collection, wanted, values_too))
			       : NULL;
	if (!json_is_array(collection))
		return eval_fail(eval, EXPR_ERROR_TYPE, "%s cannot contain anything",
			expr_value_described(collection));
	if (!eval_spend(eval, json_array_size(collection)))
		return NULL;
	for (size_t i = 0; i < json_array_size(collection); i++) {
		if (same_text(json_array_get(collection, i), wanted))
			return json_true();
	}
	return json_false();
}

static json_t *in(ExprEval *eval, const json_t *left, const json_t *right)
{
	return membership(eval, right, left, true);
}

static json_t *not_in(ExprEval *eval, const json_t *left, const json_t *right)
{
	json_t *found = membership(eval, right, left, true);

	return found == NULL ? NULL : json_boolean(json_is_false(found));
}

// `list contains other_list` wants all of the other's items.
static json_t *contains(ExprEval *eval, const json_t *left, const json_t *right)
{
	if (!json_is_array(right) || json_is_null(left))
		return membership(eval, left, right, false);
	for (size_t i = 0; i < json_array_size(right); i++) {
		json_t *found = membership(eval, left, json_array_get(right, i), false);

		if (found == NULL || json_is_false(found))
			return found;
	}
	return json_true();
}

static const Operation operations[] = {
	[OPERATOR_EQUAL] = equal,
	[OPERATOR_NOT_EQUAL] = not_equal,
	[OPERATOR_LESS] = less,
	[OPERATOR_LESS_EQUAL] = less_equal,
	[OPERATOR_GREATER] = greater,
	[OPERATOR_GREATER_EQUAL] = greater_equal,
	[OPERATOR_CONTAINS] = contains,
	[OPERATOR_IN] = in,
	[OPERATOR_NOT_IN] = not_in,
	[OPERATOR_ADD] = add,
	[OPERATOR_SUBTRACT] = subtract,
	[OPERATOR_MULTIPLY] = multiply,
	[OPERATOR_DIVIDE] = divide,
	[OPERATOR_MODULO] = modulo,
	[OPERATOR_CONCATENATE] = concatenate,
	[OPERATOR_RANGE] = range,
};

json_t *eval_operator(ExprEval *eval, Operator operation, const json_t *left, const json_t *right)
{
	return operations[operation](eval, left, right);
}
