// Ion: the filter toIon and the function fromIon.
#include "expr/eval.h"
#include "expr/ion.h"

#include <string.h>

// ---- Writing

static bool is_bare_name(const char *name)
{
	static const char *const words[] = {"null", "true", "false", "nan"};

	if (!g_ascii_isalpha(*name) && *name != '_' && *name != '$')
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (strcmp(name, words[i]) == 0)
			return false;
	}
	return name[strspn(name,
		       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$")] == '\0';
}

static void append_name(GString *text, const char *name)
{
	if (is_bare_name(name)) {
		g_string_append(text, name);
		return;
	}
	g_string_append_c(text, '\'');
	for (; *name != '\0'; name++) {
		if (*name == '\'' || *name == '\\')
			g_string_append_c(text, '\\');
		g_string_append_c(text, *name);
	}
	g_string_append_c(text, '\'');
}

void ion_append(GString *text, const json_t *value)
{
	union {
		const json_t *in;
		json_t *out;
	} source = {.in = value};
	size_t from = text->len;
	const char *key, *mark = "";
	json_t *part;
	size_t index;

	if (json_is_object(value)) {
		g_string_append_c(text, '{');
		json_object_foreach(source.out, key, part)
		{
			g_string_append(text, mark);
			append_name(text, key);
			g_string_append_c(text, ':');
			ion_append(text, part);
			mark = ",";
		}
		g_string_append_c(text, '}');
	} else if (json_is_array(value)) {
		g_string_append_c(text, '[');
		json_array_foreach(source.out, index, part)
		{
			g_string_append(text, mark);
			ion_append(text, part);
			mark = ",";
		}
		g_string_append_c(text, ']');
	} else {
		expr_value_append_json(text, value, SIZE_MAX);
		// A float has an exponent; without one it would be a decimal.
		if (json_is_real(value) && strchr(text->str + from, 'e') == NULL)
			g_string_append(text, "e0");
	}
}

static json_t *apply_to_ion(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autoptr(GString) text = g_string_new(NULL);

	(void)arguments;
	(void)count;
	ion_append(text, input);
	return eval_string(eval, text->str, text->len);
}

// ---- Reading

// The first value, or all of them as a list.
static json_t *apply_from_ion(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autofree char *fault = NULL;
	json_t *rows, *first;

	(void)input;
	(void)count;
	if (json_is_null(arguments[0]))
		return json_null();
	if (!json_is_string(arguments[0]))
		return eval_fail(eval, EXPR_ERROR_TYPE, "the value is %s, not a string",
			expr_value_described(arguments[0]));
	if (!eval_spend(eval, json_string_length(arguments[0]) / 8))
		return NULL;
	rows = ion_read(json_string_value(arguments[0]), &fault);
	if (rows == NULL)
		return eval_fail(eval, EXPR_ERROR_VALUE, "the text is not Ion: %s", fault);
	if (arguments[1] != NULL && eval_holds(arguments[1]))
		return rows;
	first = json_array_size(rows) == 0 ? json_null() : json_incref(json_array_get(rows, 0));
	json_decref(rows);
	return first;
}

const ExprCallee filters_ion[] = {
	{"toIon", {NULL}, 0, 0, CALLEE_TAKES_NULL, apply_to_ion},
	{.name = NULL},
};

const ExprCallee functions_ion[] = {
	{"fromIon", {"ion", "allRows"}, 1, 2, 0, apply_from_ion},
	{.name = NULL},
};
