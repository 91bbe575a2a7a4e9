// render() and renderOnce(): texts that hold templates themselves, such as the variables of a flow.
#include "expr/eval.h"

#include <string.h>

// A text that renders to a template again is rendered this often at most.
enum { MAX_ROUNDS = 100 };

static bool has_template(const char *text)
{
	return strstr(text, "{{") != NULL || strstr(text, "{%") != NULL;
}

static json_t *render_string(ExprEval *eval, const json_t *value, bool again)
{
	g_autofree char *text =
		eval_render_text(eval, json_string_value(value), json_string_length(value));

	for (unsigned round = 1; again && text != NULL && has_template(text); round++) {
		char *next;

		if (round == MAX_ROUNDS)
			return eval_fail(eval, EXPR_ERROR_LIMIT,
				"the text still holds expressions after %d renderings", MAX_ROUNDS);
		next = eval_render_text(eval, text, strlen(text));
		if (g_strcmp0(next, text) == 0)
			again = false;
		g_free(text);
		text = next;
	}
	return text == NULL ? NULL : eval_string(eval, text, strlen(text));
}

static json_t *render_value(ExprEval *eval, json_t *value, bool again, unsigned depth)
{
	json_t *result, *part, *rendered;
	const char *key;
	size_t index;

	if (json_is_string(value))
		return render_string(eval, value, again);
	if (!json_is_array(value) && !json_is_object(value))
		return json_incref(value);
	if (depth > 500)
		return eval_fail(eval, EXPR_ERROR_LIMIT,
			"the value to render is nested deeper than 500 levels");
	result = json_is_array(value) ? json_array() : json_object();
	json_array_foreach(value, index, part)
	{
		rendered = eval_spend(eval, 1) ? render_value(eval, part, again, depth + 1) : NULL;
		if (rendered == NULL)
			goto failed;
		json_array_append_new(result, rendered);
	}
	json_object_foreach(value, key, part)
	{
		rendered = eval_spend(eval, 1) ? render_value(eval, part, again, depth + 1) : NULL;
		if (rendered == NULL)
			goto failed;
		json_object_set_new(result, key, rendered);
	}
	return result;
failed:
	json_decref(result);
	return NULL;
}

static json_t *apply_render(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)input;
	(void)count;
	return render_value(
		eval, arguments[0], arguments[1] == NULL || eval_holds(arguments[1]), 0);
}

static json_t *apply_render_once(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)input;
	(void)count;
	return render_value(eval, arguments[0], false, 0);
}

const ExprCallee functions_render[] = {
	{"render", {"toRender", "recursive"}, 1, 2, 0, apply_render},
	{"renderOnce", {"toRender"}, 1, 1, 0, apply_render_once},
	{.name = NULL},
};
