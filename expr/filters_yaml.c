// The yaml filter: a value as YAML in block style.
#include "expr/eval.h"

#include <string.h>

enum { MOST_DEPTH = 500, INDENT = 2 };

// Whether a text can stand in YAML without quotes and be read back as the same string.
static bool is_plain_scalar(const char *text)
{
	static const char *const words[] = {
		"null", "~", "true", "false", "yes", "no", "on", "off", "y", "n"};

	if (!g_ascii_isalpha(*text) && *text != '_' && *text != '/')
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (g_ascii_strcasecmp(text, words[i]) == 0)
			return false;
	}
	for (; *text != '\0'; text++) {
		bool inner = (*text == ' ' && g_ascii_isalnum(text[1])) ||
			     (strchr(":-", *text) != NULL && g_ascii_isalnum(text[1]));

		if (!inner && !g_ascii_isalnum(*text) && strchr("_/.", *text) == NULL)
			return false;
	}
	return true;
}

static void append_scalar(GString *yaml, const json_t *value)
{
	if (json_is_string(value) && is_plain_scalar(json_string_value(value)))
		g_string_append(yaml, json_string_value(value));
	else
		expr_value_append_json(yaml, value, SIZE_MAX);
}

static bool is_block(const json_t *value)
{
	return json_array_size(value) + json_object_size(value) > 0;
}

static bool append_block(ExprEval *eval, GString *yaml, json_t *value, unsigned depth);

static void append_margin(GString *yaml, unsigned depth)
{
	for (unsigned i = 0; i < depth * INDENT; i++)
		g_string_append_c(yaml, ' ');
}

// Appends an entry's value behind its `key:` or `-`: on the same line, or as a block below.
static bool append_entry(ExprEval *eval, GString *yaml, json_t *value, unsigned depth)
{
	if (is_block(value)) {
		g_string_append_c(yaml, '\n');
		return append_block(eval, yaml, value, depth + 1);
	}
	g_string_append_c(yaml, ' ');
	append_scalar(yaml, value);
	g_string_append_c(yaml, '\n');
	return eval_spend(eval, 1) && eval_spend_bytes(eval, yaml->len);
}

static bool append_block(ExprEval *eval, GString *yaml, json_t *value, unsigned depth)
{
	const char *key;
	json_t *part;
	size_t index;

	if (depth > MOST_DEPTH) {
		eval_fail(eval, EXPR_ERROR_LIMIT, "the value is nested deeper than %d levels",
			MOST_DEPTH);
		return false;
	}
	json_array_foreach(value, index, part)
	{
		append_margin(yaml, depth);
		g_string_append_c(yaml, '-');
		if (!append_entry(eval, yaml, part, depth))
			return false;
	}
	json_object_foreach(value, key, part)
	{
		json_t *name = json_string(key);

		append_margin(yaml, depth);
		append_scalar(yaml, name);
		json_decref(name);
		g_string_append_c(yaml, ':');
		if (!append_entry(eval, yaml, part, depth))
			return false;
	}
	return true;
}

static json_t *apply_yaml(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autoptr(GString) yaml = g_string_new(NULL);

	(void)arguments;
	(void)count;
	if (!is_block(input)) {
		append_scalar(yaml, input);
		g_string_append_c(yaml, '\n');
	} else if (!append_block(eval, yaml, input, 0)) {
		return NULL;
	}
	return eval_string(eval, yaml->str, yaml->len);
}

const ExprCallee filters_yaml[] = {
	{"yaml", {NULL}, 0, 0, CALLEE_TAKES_NULL, apply_yaml},
	{.name = NULL},
};
