#include "expr/path.h"
#include "expr/suggest.h"

#include <string.h>

// A scope is shown this many names of a path at most; the evaluator takes the steps beyond.
enum { MOST_NAMES = 16 };

typedef struct {
	const ExprNode *node;
	json_t *keys[MOST_NAMES]; // of subscripts that were evaluated already; owned
} Walk;

// ---- messages ----

static void append_step(GString *text, const PathStep *step, const json_t *key)
{
	g_autofree char *shown = key == NULL ? NULL : expr_value_text(key);
	const char *name = step->name != NULL ? step->name : shown;
	bool plain = name != NULL && *name != '\0';

	for (const char *c = name; plain && *c != '\0'; c++)
		plain = lexer_is_name_byte(*c);
	if (name == NULL)
		g_string_append(text, "[…]");
	else if (key != NULL && json_is_integer(key))
		g_string_append_printf(text, "[%s]", name);
	else
		g_string_append_printf(text, plain ? ".%s" : "['%s']", name);
}

// The path as far as its first steps.
static char *path_text(const Walk *walk, uint32_t steps)
{
	const ExprNode *node = walk->node;
	GString *text = g_string_new(node->path.root == NULL ? "(…)" : node->path.root);

	for (uint32_t i = 0; i < steps; i++)
		append_step(text, &node->path.steps[i], i < MOST_NAMES ? walk->keys[i] : NULL);
	return g_string_free(text, FALSE);
}

static bool follows_hyphen(const ExprEval *eval, const ExprNode *node)
{
	const char *text = eval->template_->text;
	uint32_t at = node->offset;

	return node->path.root != NULL && at >= 2 && text[at - 1] == '-' &&
	       lexer_is_name_byte(text[at - 2]);
}

static json_t *fail_undefined(
	ExprEval *eval, const Walk *walk, uint32_t steps, const char *best, const char *more)
{
	g_autofree char *path = path_text(walk, steps), *hint = NULL;

	// A name that the language knows but that has no value here is not misspelt.
	if (best != NULL && steps == 0 && g_strcmp0(best, walk->node->path.root) == 0)
		best = NULL;
	if (best != NULL && steps > 0) {
		g_autoptr(GString) other = NULL;
		g_autofree char *parent = path_text(walk, steps - 1);
		PathStep step = {.name = best};

		other = g_string_new(parent);
		append_step(other, &step, NULL);
		hint = g_strdup_printf("; did you mean '%s'?", other->str);
	} else if (best != NULL) {
		hint = g_strdup_printf("; did you mean '%s'?", best);
	} else if (steps == 0 && follows_hyphen(eval, walk->node)) {
		hint = g_strdup(
			"; a name with a hyphen is written in brackets: outputs['my-task']");
	}
	return eval_fail(eval, EXPR_ERROR_UNDEFINED, "undefined variable '%s'%s%s", path,
		more == NULL ? "" : more, hint == NULL ? "" : hint);
}

static json_t *fail_unknown_name(
	ExprEval *eval, const Walk *walk, const char *const *names, size_t used)
{
	g_autoptr(GPtrArray) candidates = g_ptr_array_new_with_free_func(g_free);
	ExprSuggestion suggestion = {.unknown = names[used - 1]};

	if (eval->guarded > 0) {
		eval->undefined = true;
		return NULL;
	}
	if (eval->scope->candidates != NULL)
		eval->scope->candidates(eval->scope->data, names, used, candidates);
	for (guint i = 0; i < candidates->len; i++)
		expr_suggestion_consider(&suggestion, candidates->pdata[i]);
	for (guint i = eval->locals_from;
		used == 1 && eval->locals != NULL && i < eval->locals->len; i++)
		expr_suggestion_consider(&suggestion, g_array_index(eval->locals, Local, i).name);
	return fail_undefined(eval, walk, (uint32_t)used - 1, suggestion.best, NULL);
}

static json_t *fail_member(
	ExprEval *eval, const Walk *walk, uint32_t step, json_t *value, const char *name)
{
	g_autofree char *parent = NULL, *more = NULL;
	ExprSuggestion suggestion = {.unknown = name};
	const char *key;
	json_t *member;

	if (eval->guarded > 0) {
		eval->undefined = true;
		return NULL;
	}
	json_object_foreach(value, key, member) expr_suggestion_consider(&suggestion, key);
	parent = path_text(walk, step);
	if (json_is_array(value))
		more = g_strdup_printf(": '%s' is a list of %zu", parent, json_array_size(value));
	else if (!json_is_object(value))
		more = g_strdup_printf(": '%s' is %s", parent, expr_value_described(value));
	return fail_undefined(eval, walk, step + 1, suggestion.best, more);
}

// ---- steps ----

static json_t *list_item(const json_t *list, json_int_t index)
{
	json_int_t size = (json_int_t)json_array_size(list);

	if (index < 0)
		index += size;
	return index < 0 || index >= size ? NULL : json_array_get(list, (size_t)index);
}

static json_t *member_by_name(const json_t *value, const char *name)
{
	gint64 index;

	if (json_is_object(value))
		return json_object_get(value, name);
	if (json_is_array(value) &&
		g_ascii_string_to_signed(name, 10, INT64_MIN, INT64_MAX, &index, NULL))
		return list_item(value, index);
	return NULL;
}

// Finds the member that a key names. Borrowed; NULL when there is none.
static json_t *member_by_key(const json_t *value, const json_t *key)
{
	g_autofree char *name = NULL;

	if (json_is_array(value) && json_is_integer(key))
		return list_item(value, json_integer_value(key));
	if (json_is_string(key))
		return member_by_name(value, json_string_value(key));
	name = expr_value_text(key);
	return member_by_name(value, name);
}

// The value of a subscript: a new reference in walk->keys where there is room, else *key is to be released.
static json_t *subscript_key(ExprEval *eval, Walk *walk, uint32_t index, json_t **owned)
{
	json_t *key = index < MOST_NAMES ? walk->keys[index] : NULL;

	if (key != NULL)
		return key;
	key = eval_node(eval, walk->node->path.steps[index].subscript);
	if (index < MOST_NAMES)
		walk->keys[index] = key;
	else
		*owned = key;
	if (key != NULL && (json_is_array(key) || json_is_object(key)))
		return eval_fail(eval, EXPR_ERROR_TYPE,
			"a subscript is a string or an integer, not %s", expr_value_described(key));
	return key;
}

// Takes a step from value, whose reference it consumes.
static json_t *take_step(ExprEval *eval, Walk *walk, uint32_t index, json_t *value)
{
	const PathStep *step = &walk->node->path.steps[index];
	json_t *key = NULL, *owned = NULL, *member = NULL;

	if (step->name != NULL)
		member = json_incref(member_by_name(value, step->name));
	else if ((key = subscript_key(eval, walk, index, &owned)) != NULL)
		member = json_incref(member_by_key(value, key));
	if (member == NULL && (step->name != NULL || key != NULL)) {
		g_autofree char *name = key == NULL ? g_strdup(step->name) : expr_value_text(key);

		fail_member(eval, walk, index, value, name);
	}
	json_decref(owned);
	json_decref(value);
	return member;
}

// Asks the scope for the path's beginning: a new reference, with *taken set to the number of steps it covers.
static json_t *scope_variable(ExprEval *eval, Walk *walk, uint32_t *taken)
{
	const ExprNode *node = walk->node;
	const char *names[MOST_NAMES + 1] = {node->path.root};
	size_t count = 1, used = 1;
	json_t *value;

	for (uint32_t i = 0; i < node->path.count && i < MOST_NAMES; i++) {
		const PathStep *step = &node->path.steps[i];
		const json_t *key;

		if (step->name != NULL) {
			names[count++] = step->name;
			continue;
		}
		key = subscript_key(eval, walk, i, NULL);
		if (key == NULL)
			return NULL;
		if (!json_is_string(key))
			break;
		names[count++] = json_string_value(key);
	}
	value = eval->scope->variable(eval->scope->data, names, count, &used);
	used = CLAMP(used, 1, count);
	*taken = (uint32_t)used - 1;
	return value != NULL ? value : fail_unknown_name(eval, walk, names, used);
}

json_t *eval_path(ExprEval *eval, const ExprNode *node)
{
	Walk walk = {.node = node};
	uint32_t index = 0;
	json_t *value;

	if (node->path.base != NULL)
		value = eval_node(eval, node->path.base);
	else if ((value = eval_local(eval, node->path.root)) == NULL)
		value = scope_variable(eval, &walk, &index);
	while (value != NULL && index < node->path.count)
		value = take_step(eval, &walk, index++, value);
	for (uint32_t i = 0; i < MIN(node->path.count, MOST_NAMES); i++)
		json_decref(walk.keys[i]);
	return value;
}

json_t *eval_variable(ExprEval *eval, const char *name)
{
	json_t *value = eval_local(eval, name);
	size_t used = 1;

	return value != NULL ? value : eval->scope->variable(eval->scope->data, &name, 1, &used);
}
