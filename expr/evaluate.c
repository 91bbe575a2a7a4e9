#include "expr/eval.h"
#include "expr/path.h"
#include "expr/statement.h"

#include <stdarg.h>
#include <string.h>

typedef json_t *(*Evaluator)(ExprEval *eval, const ExprNode *node);

G_DEFINE_QUARK(expr - error - quark, expr_error)

json_t *eval_fail(ExprEval *eval, ExprError code, const char *format, ...)
{
	g_autofree char *message = NULL;
	unsigned line, column;
	va_list arguments;

	if (eval->error != NULL)
		return NULL;
	if (code == EXPR_ERROR_UNDEFINED)
		eval->undefined = true;
	expr_text_position(eval->template_->text, eval->at, &line, &column);
	va_start(arguments, format);
	message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(&eval->error, EXPR_ERROR, (int)code, "%u:%u: %s", line, column, message);
	return NULL;
}

bool eval_spend(ExprEval *eval, uint64_t steps)
{
	eval->steps = eval->steps > UINT64_MAX - steps ? UINT64_MAX : eval->steps + steps;
	if (eval->steps <= eval->limits.steps)
		return true;
	eval_fail(eval, EXPR_ERROR_LIMIT,
		"the expression takes more than %" G_GUINT64_FORMAT " steps", eval->limits.steps);
	return false;
}

bool eval_spend_bytes(ExprEval *eval, size_t bytes)
{
	if (bytes <= eval->limits.output_bytes)
		return eval_spend(eval, bytes / 64);
	eval_fail(eval, EXPR_ERROR_LIMIT, "the text is longer than %zu bytes",
		eval->limits.output_bytes);
	return false;
}

bool eval_holds(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_NULL:
	case JSON_FALSE: return false;
	case JSON_TRUE: return true;
	case JSON_INTEGER: return json_integer_value(value) != 0;
	case JSON_REAL: return json_real_value(value) != 0.0;
	case JSON_STRING: return json_string_length(value) > 0;
	case JSON_ARRAY: return json_array_size(value) > 0;
	case JSON_OBJECT: return json_object_size(value) > 0;
	}
	return true;
}

json_t *eval_string(ExprEval *eval, const char *text, size_t length)
{
	json_t *value;

	if (!eval_spend_bytes(eval, length))
		return NULL;
	value = json_stringn(text, length);
	return value != NULL ? value
			     : eval_fail(eval, EXPR_ERROR_VALUE, "the text is not valid UTF-8");
}

json_t *eval_take_string(ExprEval *eval, char *text)
{
	g_autofree char *owned = text;

	return eval_string(eval, owned, strlen(owned));
}

const char *eval_text(ExprEval *eval, const json_t *value, const char *what, char **scratch)
{
	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_array(value) || json_is_object(value)) {
		eval_fail(eval, EXPR_ERROR_TYPE, "%s is %s, not a string", what,
			expr_value_described(value));
		return NULL;
	}
	*scratch = expr_value_text(value);
	return *scratch;
}

bool eval_integer(ExprEval *eval, const json_t *value, const char *what, json_int_t fallback,
	json_int_t *integer)
{
	*integer = fallback;
	if (value == NULL || json_is_null(value))
		return true;
	*integer = json_integer_value(value);
	if (json_is_integer(value))
		return true;
	if (json_is_string(value) && g_ascii_string_to_signed(json_string_value(value), 10,
					     INT64_MIN, INT64_MAX, (gint64 *)integer, NULL))
		return true;
	eval_fail(eval, EXPR_ERROR_TYPE, "%s is %s, not an integer", what,
		expr_value_described(value));
	return false;
}

// ---- expressions ----

// A copy: jansson counts references without regard to other threads that share the template.
static json_t *eval_literal(ExprEval *eval, const ExprNode *node)
{
	const json_t *literal = node->literal;

	(void)eval;
	if (json_is_string(literal))
		return json_stringn_nocheck(
			json_string_value(literal), json_string_length(literal));
	if (json_is_integer(literal))
		return json_integer(json_integer_value(literal));
	if (json_is_real(literal))
		return json_real(json_real_value(literal));
	return json_is_null(literal) ? json_null() : json_boolean(json_is_true(literal));
}

static json_t *eval_list(ExprEval *eval, const ExprNode *node)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < node->items.count; i++) {
		json_t *item = eval_node(eval, node->items.nodes[i]);

		if (item == NULL) {
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list, item);
	}
	return list;
}

static bool set_member(
	ExprEval *eval, json_t *map, const ExprNode *key_node, const ExprNode *value_node)
{
	json_t *key = eval_node(eval, key_node),
	       *value = key == NULL ? NULL : eval_node(eval, value_node);
	g_autofree char *scratch = NULL;
	const char *name =
		value == NULL ? NULL : eval_text(eval, key, "the key of a map", &scratch);

	if (name != NULL)
		json_object_set(map, name, value);
	json_decref(key);
	json_decref(value);
	return name != NULL;
}

static json_t *eval_map(ExprEval *eval, const ExprNode *node)
{
	json_t *map = json_object();

	for (uint32_t i = 0; i + 1 < node->items.count; i += 2) {
		if (!set_member(eval, map, node->items.nodes[i], node->items.nodes[i + 1])) {
			json_decref(map);
			return NULL;
		}
	}
	return map;
}

int eval_condition(ExprEval *eval, const ExprNode *node)
{
	json_t *value = eval_node(eval, node);
	int holds;

	if (value == NULL)
		return -1;
	holds = eval_holds(value);
	json_decref(value);
	return holds;
}

static json_t *eval_not(ExprEval *eval, const ExprNode *node)
{
	int holds = eval_condition(eval, node->operands.a);

	return holds < 0 ? NULL : json_boolean(!holds);
}

static json_t *eval_and(ExprEval *eval, const ExprNode *node)
{
	int holds = eval_condition(eval, node->operands.a);

	if (holds > 0)
		holds = eval_condition(eval, node->operands.b);
	return holds < 0 ? NULL : json_boolean(holds);
}

static json_t *eval_or(ExprEval *eval, const ExprNode *node)
{
	int holds = eval_condition(eval, node->operands.a);

	if (holds == 0)
		holds = eval_condition(eval, node->operands.b);
	return holds < 0 ? NULL : json_boolean(holds);
}

static json_t *eval_choice(ExprEval *eval, const ExprNode *node)
{
	int holds = eval_condition(eval, node->operands.a);

	return holds < 0 ? NULL : eval_node(eval, holds ? node->operands.b : node->operands.c);
}

static json_t *eval_sign(ExprEval *eval, const ExprNode *node)
{
	json_t *value = eval_node(eval, node->operands.a), *zero, *result;

	if (value == NULL)
		return NULL;
	zero = json_is_real(value) ? json_real(node->kind == NODE_NEGATE ? -0.0 : 0.0)
				   : json_integer(0);
	result = eval_operator(
		eval, node->kind == NODE_NEGATE ? OPERATOR_SUBTRACT : OPERATOR_ADD, zero, value);
	json_decref(value);
	json_decref(zero);
	return result;
}

static json_t *eval_binary(ExprEval *eval, const ExprNode *node)
{
	json_t *left = eval_node(eval, node->operands.a);
	json_t *right = left == NULL ? NULL : eval_node(eval, node->operands.b);
	json_t *result = right == NULL ? NULL : eval_operator(eval, node->operation, left, right);

	json_decref(left);
	json_decref(right);
	return result;
}

// Evaluates a node whose being undefined is no error: NULL with eval->undefined cleared and *undefined set.
static json_t *eval_guarded(ExprEval *eval, const ExprNode *node, bool *undefined)
{
	unsigned depth = eval->depth;
	uint32_t at = eval->at;
	json_t *value;

	eval->guarded++;
	value = eval_node(eval, node);
	eval->guarded--;
	*undefined = value == NULL && eval->undefined;
	if (*undefined) {
		eval->undefined = false;
		eval->depth = depth;
		eval->at = at;
		g_clear_error(&eval->error);
	}
	return value;
}

static json_t *eval_coalesce(ExprEval *eval, const ExprNode *node)
{
	bool undefined, take_second;
	json_t *value = eval_guarded(eval, node->operands.a, &undefined);

	take_second = undefined || (node->kind == NODE_COALESCE && json_is_null(value));
	if (!take_second)
		return value;
	json_decref(value);
	return eval_node(eval, node->operands.b);
}

static json_t *eval_interpolation(ExprEval *eval, const ExprNode *node)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (uint32_t i = 0; i < node->items.count; i++) {
		json_t *value = eval_node(eval, node->items.nodes[i]);

		if (value == NULL)
			return NULL;
		expr_value_append(text, value);
		json_decref(value);
		if (!eval_spend_bytes(eval, text->len))
			return NULL;
	}
	return eval_string(eval, text->str, text->len);
}

// ---- calls ----

void eval_release(json_t **values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		json_decref(values[i]);
}

bool eval_arguments(ExprEval *eval, const NodeList *arguments, json_t **values)
{
	for (uint32_t i = 0; i < arguments->count; i++) {
		if (arguments->nodes[i] == NULL)
			continue;
		values[i] = eval_node(eval, arguments->nodes[i]);
		if (values[i] == NULL)
			return false;
	}
	return true;
}

static json_t *call_host(ExprEval *eval, const ExprCallee *callee, json_t **values, size_t count)
{
	const ExprHostFunction *function = eval->scope->functions;
	GError *error = NULL;
	json_t *result;

	while (function != NULL && function->name != NULL &&
		strcmp(function->name, callee->name) != 0)
		function++;
	if (function == NULL || function->name == NULL)
		return eval_fail(
			eval, EXPR_ERROR_HOST, "function '%s' is not available here", callee->name);
	result = function->call(eval->scope->functions_data != NULL ? eval->scope->functions_data
								    : eval->scope->data,
		values, count, &error);
	if (result == NULL)
		eval_fail(eval, EXPR_ERROR_HOST, "%s: %s", callee->name,
			error == NULL ? "it gave no value" : error->message);
	g_clear_error(&error);
	return result;
}

json_t *eval_callee(ExprEval *eval, const ExprNode *node, json_t *input)
{
	const ExprCallee *callee = node->call.callee;
	uint32_t count = node->call.arguments.count;
	json_t *few[MAX_PARAMETERS] = {NULL}, **values = few, *result = NULL;

	if (count > MAX_PARAMETERS)
		values = g_new0(json_t *, count);
	if (eval_arguments(eval, &node->call.arguments, values) && eval_spend(eval, 1)) {
		if (callee->flags & CALLEE_HOST)
			result = call_host(eval, callee, values, count);
		else
			result = callee->apply(eval, input, values, count);
	}
	eval_release(values, count);
	if (values != few)
		g_free(values);
	return result;
}

static json_t *eval_call(ExprEval *eval, const ExprNode *node)
{
	return eval_callee(eval, node, NULL);
}

static json_t *eval_applied(ExprEval *eval, const ExprNode *node)
{
	const ExprCallee *callee = node->call.callee;
	bool undefined = false;
	json_t *input, *result;

	if (callee->flags & CALLEE_TAKES_UNDEFINED)
		input = eval_guarded(eval, node->call.input, &undefined);
	else
		input = eval_node(eval, node->call.input);
	if (undefined)
		input = json_null();
	if (input == NULL || (json_is_null(input) && !(callee->flags & CALLEE_TAKES_NULL)))
		return input;
	result = eval_callee(eval, node, input);
	json_decref(input);
	return result;
}

static json_t *eval_test(ExprEval *eval, const ExprNode *node)
{
	json_t *result = eval_applied(eval, node);
	bool holds;

	if (result == NULL)
		return NULL;
	holds = json_is_true(result);
	json_decref(result);
	return json_boolean(holds != node->negated);
}

// ---- any node ----

static const Evaluator evaluators[] = {
	[NODE_LITERAL] = eval_literal,
	[NODE_PATH] = eval_path,
	[NODE_LIST] = eval_list,
	[NODE_MAP] = eval_map,
	[NODE_NOT] = eval_not,
	[NODE_NEGATE] = eval_sign,
	[NODE_PLUS] = eval_sign,
	[NODE_AND] = eval_and,
	[NODE_OR] = eval_or,
	[NODE_BINARY] = eval_binary,
	[NODE_COALESCE] = eval_coalesce,
	[NODE_COALESCE_UNDEFINED] = eval_coalesce,
	[NODE_CHOICE] = eval_choice,
	[NODE_INTERPOLATION] = eval_interpolation,
	[NODE_FILTER] = eval_applied,
	[NODE_TEST] = eval_test,
	[NODE_CALL] = eval_call,
	[NODE_MACRO_CALL] = eval_macro,
	[NODE_BLOCK_CALL] = eval_block,
};

json_t *eval_node(ExprEval *eval, const ExprNode *node)
{
	uint32_t at = eval->at;
	json_t *value = NULL;

	eval->at = node->offset;
	if (++eval->depth > eval->limits.depth)
		eval_fail(eval, EXPR_ERROR_LIMIT, "the expression is nested deeper than %u levels",
			eval->limits.depth);
	else if (eval_spend(eval, 1))
		value = evaluators[node->kind](eval, node);
	eval->depth--;
	eval->at = at;
	return value;
}
