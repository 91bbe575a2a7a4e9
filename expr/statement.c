#include "expr/statement.h"
#include "expr/parser.h"
#include "expr/path.h"

#include <string.h>

typedef bool (*Renderer)(ExprEval *eval, const ExprNode *node, GString *text);

// ---- the template's own variables ----

static Local *find_local(const ExprEval *eval, const char *name)
{
	for (guint i = eval->locals == NULL ? 0 : eval->locals->len; i > eval->locals_from; i--) {
		Local *local = &g_array_index(eval->locals, Local, i - 1);

		if (strcmp(local->name, name) == 0)
			return local;
	}
	return NULL;
}

json_t *eval_local(const ExprEval *eval, const char *name)
{
	const Local *local = find_local(eval, name);

	return local == NULL ? NULL : json_incref(local->value);
}

// Takes the reference.
static void push_local(ExprEval *eval, const char *name, json_t *value)
{
	Local local = {.name = name, .value = value};

	if (eval->locals == NULL)
		eval->locals = g_array_new(FALSE, FALSE, sizeof(Local));
	g_array_append_val(eval->locals, local);
}

static guint count_locals(const ExprEval *eval)
{
	return eval->locals == NULL ? 0 : eval->locals->len;
}

static void pop_locals(ExprEval *eval, guint count)
{
	for (guint i = count_locals(eval); i > count; i--)
		json_decref(g_array_index(eval->locals, Local, i - 1).value);
	if (eval->locals != NULL)
		g_array_set_size(eval->locals, count);
}

// Counts the parts of a value, as often as they are reached, and refuses values of absurd depth: so all that is built
// from the template's variables can be walked, shown and freed.
static bool check_value(ExprEval *eval, const json_t *value, unsigned depth)
{
	const char *key;
	json_t *part;
	size_t index;

	if (!json_is_array(value) && !json_is_object(value))
		return true;
	if (depth > MAX_HEIGHT) {
		eval_fail(eval, EXPR_ERROR_LIMIT, "the value is nested deeper than %d levels",
			MAX_HEIGHT);
		return false;
	}
	if (!eval_spend(eval, json_array_size(value) + json_object_size(value)))
		return false;
	json_array_foreach(value, index, part)
	{
		if (!check_value(eval, part, depth + 1))
			return false;
	}
	json_object_foreach((json_t *)(uintptr_t)value, key, part)
	{
		if (!check_value(eval, part, depth + 1))
			return false;
	}
	return true;
}

static bool render_set(ExprEval *eval, const ExprNode *node, GString *text)
{
	Local *local;
	json_t *value;

	(void)text;
	if (node->set.value != NULL) {
		value = eval_node(eval, node->set.value);
	} else {
		g_autoptr(GString) body = g_string_new(NULL);

		value = eval_body(eval, &node->set.body, body)
				? eval_string(eval, body->str, body->len)
				: NULL;
	}
	if (value != NULL && !check_value(eval, value, 0))
		g_clear_pointer(&value, json_decref);
	if (value == NULL)
		return false;
	local = find_local(eval, node->set.name);
	if (local == NULL) {
		push_local(eval, node->set.name, value);
		return true;
	}
	json_decref(local->value);
	local->value = value;
	return true;
}

static bool push_macro_arguments(
	ExprEval *eval, const ExprNode *node, const Macro *macro, json_t **values)
{
	for (uint32_t i = 0; i < macro->count; i++) {
		json_t *value = NULL;

		for (uint32_t j = 0; j < node->macro_call.arguments.count; j++) {
			const char *name = node->macro_call.names[j];

			if (name == NULL ? i == j : strcmp(name, macro->parameters[i]) == 0)
				value = json_incref(values[j]);
		}
		if (value == NULL)
			value = macro->defaults[i] == NULL ? json_null()
							   : eval_node(eval, macro->defaults[i]);
		if (value == NULL)
			return false;
		push_local(eval, macro->parameters[i], value);
	}
	return true;
}

// A macro sees its parameters and the scope, not the caller's own variables.
json_t *eval_macro(ExprEval *eval, const ExprNode *node)
{
	uint32_t count = node->macro_call.arguments.count;
	g_autofree json_t **values = g_new0(json_t *, count + 1);
	g_autoptr(GString) text = g_string_new(NULL);
	guint from = eval->locals_from, before = count_locals(eval);
	bool done = eval_arguments(eval, &node->macro_call.arguments, values);

	eval->locals_from = before;
	done = done && push_macro_arguments(eval, node, node->macro_call.macro, values) &&
	       eval_body(eval, &node->macro_call.macro->body, text);
	pop_locals(eval, before);
	eval->locals_from = from;
	eval_release(values, count);
	return done ? eval_string(eval, text->str, text->len) : NULL;
}

json_t *eval_block(ExprEval *eval, const ExprNode *node)
{
	const GPtrArray *blocks = eval->template_->named_blocks;
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < blocks->len; i++) {
		const ExprNode *block = blocks->pdata[i];

		if (strcmp(block->block.name, node->block.name) != 0)
			continue;
		return eval_body(eval, &block->block.body, text)
			       ? eval_string(eval, text->str, text->len)
			       : NULL;
	}
	return eval_fail(eval, EXPR_ERROR_UNDEFINED, "unknown block '%s'", node->block.name);
}

// ---- statements ----

static bool render_text(ExprEval *eval, const ExprNode *node, GString *text)
{
	(void)eval;
	g_string_append_len(text, node->text.text, (gssize)node->text.length);
	return true;
}

static bool render_output(ExprEval *eval, const ExprNode *node, GString *text)
{
	json_t *value = eval_node(eval, node->output);

	if (value == NULL)
		return false;
	if (json_is_array(value) || json_is_object(value))
		expr_value_append_json(text, value, eval->limits.output_bytes);
	else
		expr_value_append(text, value);
	json_decref(value);
	return true;
}

static bool render_if(ExprEval *eval, const ExprNode *node, GString *text)
{
	for (uint32_t i = 0; i < node->choice.count; i++) {
		const Branch *branch = &node->choice.branches[i];
		int holds = branch->condition == NULL ? 1 : eval_condition(eval, branch->condition);

		if (holds != 0)
			return holds > 0 && eval_body(eval, &branch->body, text);
	}
	return true;
}

// What `loop` is in the body of a {% for %}: counted from 0.
static json_t *loop_value(size_t index, size_t length)
{
	return json_pack("{s:I, s:I, s:I, s:b, s:b}", "index", (json_int_t)index, "length",
		(json_int_t)length, "revindex", (json_int_t)(length - index - 1), "first",
		index == 0, "last", index + 1 == length);
}

static bool render_iteration(ExprEval *eval, const ExprNode *node, const char *key, json_t *value,
	size_t index, size_t length, GString *text)
{
	guint before = count_locals(eval);
	bool done;

	if (node->uses_loop)
		push_local(eval, "loop", loop_value(index, length));
	if (node->loop.key != NULL)
		push_local(eval, node->loop.key,
			key == NULL ? json_integer((json_int_t)index) : json_string(key));
	if (node->loop.key == NULL && key != NULL)
		push_local(eval, node->loop.value,
			json_pack("{s:s, s:O}", "key", key, "value", value));
	else
		push_local(eval, node->loop.value, json_incref(value));
	done = eval_spend(eval, 1) && eval_body(eval, &node->loop.body, text);
	pop_locals(eval, before);
	return done;
}

static bool render_items(ExprEval *eval, const ExprNode *node, json_t *list, GString *text)
{
	size_t length = json_is_object(list) ? json_object_size(list) : json_array_size(list),
	       index = 0;
	const char *key;
	json_t *value;

	if (length == 0)
		return eval_body(eval, &node->loop.otherwise, text);
	if (json_is_object(list)) {
		json_object_foreach(list, key, value)
		{
			if (!render_iteration(eval, node, key, value, index++, length, text))
				return false;
		}
		return true;
	}
	json_array_foreach(list, index, value)
	{
		if (!render_iteration(eval, node, NULL, value, index, length, text))
			return false;
	}
	return true;
}

static bool render_for(ExprEval *eval, const ExprNode *node, GString *text)
{
	json_t *list = eval_node(eval, node->loop.list);
	bool done = false;

	if (list == NULL)
		return false;
	eval->at = node->loop.list->offset;
	if (json_is_array(list) || json_is_object(list) || json_is_null(list))
		done = render_items(eval, node, list, text);
	else
		eval_fail(eval, EXPR_ERROR_TYPE, "'for' goes over a list or a map, not %s",
			expr_value_described(list));
	json_decref(list);
	return done;
}

static bool render_block(ExprEval *eval, const ExprNode *node, GString *text)
{
	return eval_body(eval, &node->block.body, text);
}

// Evaluates the chain of filters from its innermost link, the input of which is the body's text.
static json_t *filter_value(
	ExprEval *eval, const ExprNode *node, const ExprNode *hole, json_t *value)
{
	json_t *input, *result;

	if (node == hole)
		return json_incref(value);
	input = filter_value(eval, node->call.input, hole, value);
	if (input == NULL)
		return NULL;
	eval->at = node->offset;
	result = eval_callee(eval, node, input);
	json_decref(input);
	return result;
}

static bool render_filtered(ExprEval *eval, const ExprNode *node, GString *text)
{
	g_autoptr(GString) body = g_string_new(NULL);
	json_t *value = NULL, *result;

	if (eval_body(eval, &node->filtered.body, body))
		value = eval_string(eval, body->str, body->len);
	if (value == NULL)
		return false;
	result = filter_value(eval, node->filtered.filter, node->filtered.hole, value);
	json_decref(value);
	if (result == NULL)
		return false;
	expr_value_append(text, result);
	json_decref(result);
	return true;
}

static const Renderer renderers[] = {
	[NODE_TEXT] = render_text,
	[NODE_OUTPUT] = render_output,
	[NODE_IF] = render_if,
	[NODE_FOR] = render_for,
	[NODE_SET] = render_set,
	[NODE_BLOCK] = render_block,
	[NODE_FILTERED] = render_filtered,
};

bool eval_body(ExprEval *eval, const NodeList *body, GString *text)
{
	uint32_t at = eval->at;
	bool done = true;

	if (++eval->depth > eval->limits.depth) {
		eval_fail(eval, EXPR_ERROR_LIMIT, "the template is nested deeper than %u levels",
			eval->limits.depth);
		done = false;
	}
	for (uint32_t i = 0; done && i < body->count; i++) {
		const ExprNode *node = body->nodes[i];
		size_t before = text->len;

		eval->at = node->offset;
		done = renderers[node->kind](eval, node, text);
		if (done && text->len > eval->limits.output_bytes)
			done = eval_spend_bytes(eval, text->len);
		done = done && eval_spend(eval, 1 + (text->len - before) / 64);
	}
	eval->depth--;
	eval->at = at;
	return done;
}
