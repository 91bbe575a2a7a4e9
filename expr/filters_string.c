// Filters over texts.
#include "expr/eval.h"

#include <string.h>

// What a filter that turns a text into a text does to it; the result is new.
typedef char *(*TextChange)(const char *text);

static json_t *change_text(ExprEval *eval, json_t *input, TextChange change)
{
	g_autofree char *scratch = NULL;
	const char *text = eval_text(eval, input, "the value", &scratch);

	if (text == NULL || !eval_spend_bytes(eval, strlen(text)))
		return NULL;
	return eval_take_string(eval, change(text));
}

static char *lower(const char *text)
{
	return g_utf8_strdown(text, -1);
}

static char *upper(const char *text)
{
	return g_utf8_strup(text, -1);
}

// Appends the character at text in upper case; returns what follows it.
static const char *append_upper(GString *result, const char *text)
{
	g_string_append_unichar(result, g_unichar_toupper(g_utf8_get_char(text)));
	return g_utf8_next_char(text);
}

static char *capitalize(const char *text)
{
	GString *result = g_string_new(NULL);

	if (*text != '\0')
		text = append_upper(result, text);
	g_string_append(result, text);
	return g_string_free(result, FALSE);
}

static char *title(const char *text)
{
	GString *result = g_string_new(NULL);
	bool starts_word = true;

	while (*text != '\0') {
		if (starts_word && !g_ascii_isspace(*text)) {
			text = append_upper(result, text);
			starts_word = false;
			continue;
		}
		starts_word = starts_word || g_ascii_isspace(*text);
		g_string_append_c(result, *text++);
	}
	return g_string_free(result, FALSE);
}

static char *trim(const char *text)
{
	size_t length = strlen(text);

	while (*text != '\0' && (unsigned char)*text <= ' ') {
		text++;
		length--;
	}
	while (length > 0 && (unsigned char)text[length - 1] <= ' ')
		length--;
	return g_strndup(text, length);
}

static char *slugify(const char *text)
{
	g_autofree char *plain = g_utf8_normalize(text, -1, G_NORMALIZE_ALL);
	GString *result = g_string_new(NULL);

	for (const char *c = plain; c != NULL && *c != '\0'; c++) {
		if (g_ascii_isalnum(*c))
			g_string_append_c(result, g_ascii_tolower(*c));
		else if ((*c & 0x80) == 0 && result->len > 0 && result->str[result->len - 1] != '-')
			g_string_append_c(result, '-');
	}
	while (result->len > 0 && result->str[result->len - 1] == '-')
		g_string_truncate(result, result->len - 1);
	return g_string_free(result, FALSE);
}

static char *lines_to_breaks(const char *text)
{
	GString *result = g_string_new(text);

	g_string_replace(result, "\r\n", "\n", 0);
	g_string_replace(result, "\n", "<br/>", 0);
	return g_string_free(result, FALSE);
}

static char *identity(const char *text)
{
	return g_strdup(text);
}

#define TEXT_FILTER(name, change)                                                                  \
	static json_t *name(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count) \
	{                                                                                          \
		(void)arguments;                                                                   \
		(void)count;                                                                       \
		return change_text(eval, input, change);                                           \
	}

TEXT_FILTER(apply_lower, lower)
TEXT_FILTER(apply_upper, upper)
TEXT_FILTER(apply_capitalize, capitalize)
TEXT_FILTER(apply_title, title)
TEXT_FILTER(apply_trim, trim)
TEXT_FILTER(apply_slugify, slugify)
TEXT_FILTER(apply_nl2br, lines_to_breaks)
TEXT_FILTER(apply_identifier, identity)

// `string` turns lists and maps into JSON, everything else into its text.
static json_t *apply_string(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autoptr(GString) text = g_string_new(NULL);

	(void)arguments;
	(void)count;
	if (json_is_string(input))
		return json_incref(input);
	expr_value_append_json(text, input, eval->limits.output_bytes);
	return eval_string(eval, text->str, text->len);
}

static json_t *apply_raw(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)eval;
	(void)arguments;
	(void)count;
	return json_incref(input);
}

static json_t *apply_abbreviate(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autofree char *scratch = NULL, *start = NULL;
	const char *text = eval_text(eval, input, "the value", &scratch);
	json_int_t most;
	glong kept;

	(void)count;
	if (text == NULL || !eval_integer(eval, arguments[0], "the length", 0, &most))
		return NULL;
	if (most < 0)
		return eval_fail(eval, EXPR_ERROR_VALUE, "the length cannot be negative");
	if (g_utf8_strlen(text, -1) <= most)
		return eval_string(eval, text, strlen(text));
	kept = (glong)(most > 3 ? most - 3 : most);
	start = g_utf8_substring(text, 0, kept);
	return eval_take_string(eval, g_strconcat(start, most > 3 ? "..." : "", NULL));
}

// ---- searching ----

static json_t *find_affix(ExprEval *eval, json_t *input, const json_t *argument,
	gboolean (*has)(const char *, const char *))
{
	g_autofree char *scratch = NULL, *other = NULL;
	const char *text = eval_text(eval, input, "the value", &scratch);
	const char *affix =
		text == NULL ? NULL : eval_text(eval, argument, "the text looked for", &other);

	return affix == NULL ? NULL : json_boolean(has(text, affix));
}

static json_t *apply_starts_with(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)count;
	return find_affix(eval, input, arguments[0], (g_str_has_prefix));
}

static json_t *apply_ends_with(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)count;
	return find_affix(eval, input, arguments[0], (g_str_has_suffix));
}

typedef enum { BEFORE = 0, AFTER = 1, LAST = 2 } Side;

// The part of a text before or after the first or last separator; without one, all of it before and nothing after.
static json_t *substring(ExprEval *eval, json_t *input, const json_t *argument, unsigned side)
{
	g_autofree char *scratch = NULL, *other = NULL;
	const char *text = eval_text(eval, input, "the value", &scratch);
	const char *separator =
			   text == NULL ? NULL : eval_text(eval, argument, "the separator", &other),
		   *found;

	if (separator == NULL || !eval_spend_bytes(eval, strlen(text)))
		return NULL;
	found = side & LAST ? g_strrstr(text, separator) : strstr(text, separator);
	if (*separator == '\0' && side == LAST)
		found = NULL;
	if (side & AFTER)
		return found == NULL ? json_string("") : json_string(found + strlen(separator));
	return found == NULL ? json_string(text) : json_stringn(text, (size_t)(found - text));
}

static json_t *apply_substring_before(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)count;
	return substring(eval, input, arguments[0], BEFORE);
}

static json_t *apply_substring_after(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)count;
	return substring(eval, input, arguments[0], AFTER);
}

static json_t *apply_substring_before_last(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)count;
	return substring(eval, input, arguments[0], LAST | BEFORE);
}

static json_t *apply_substring_after_last(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)count;
	return substring(eval, input, arguments[0], LAST | AFTER);
}

// ---- indentation and escaping ----

// Repeats the prefix behind each line end; nindent also starts with one.
static json_t *indent(
	ExprEval *eval, json_t *input, json_t *const *arguments, bool starts_with_line)
{
	g_autofree char *scratch = NULL, *other = NULL;
	const char *text = eval_text(eval, input, "the value", &scratch), *prefix = " ";
	g_autoptr(GString) result = g_string_new(NULL), margin = g_string_new("\n");
	json_int_t amount;

	if (text == NULL || !eval_integer(eval, arguments[0], "the amount", 0, &amount))
		return NULL;
	if (arguments[1] != NULL && !json_is_null(arguments[1]))
		prefix = eval_text(eval, arguments[1], "the prefix", &other);
	if (prefix == NULL)
		return NULL;
	if (amount < 0 || amount > 10000)
		return eval_fail(eval, EXPR_ERROR_VALUE, "the amount must be between 0 and 10000");
	if (*text == '\0')
		return json_string("");
	for (json_int_t i = 0; i < amount; i++)
		g_string_append(margin, prefix);
	if (starts_with_line)
		g_string_append(result, margin->str);
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			g_string_append_len(result, margin->str, (gssize)margin->len);
		else
			g_string_append_c(result, *text);
		if (result->len > eval->limits.output_bytes)
			break;
	}
	return eval_string(eval, result->str, result->len);
}

static json_t *apply_indent(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)count;
	return indent(eval, input, arguments, false);
}

static json_t *apply_nindent(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)count;
	return indent(eval, input, arguments, true);
}

static const char *const quote_escapes[][3] = {
	{"shell", "'", "'\\''"},
	{"single", "'", "\\'"},
	{"double", "\"", "\\\""},
};

static json_t *escape_quotes(ExprEval *eval, json_t *value, const char *const *row, unsigned depth)
{
	g_autofree char *scratch = NULL;
	json_t *result, *part;
	const char *key;
	size_t index;

	if (depth > 500)
		return eval_fail(
			eval, EXPR_ERROR_LIMIT, "the value is nested deeper than 500 levels");
	if (!json_is_array(value) && !json_is_object(value)) {
		g_autoptr(GString) text =
			g_string_new(eval_text(eval, value, "the value", &scratch));

		g_string_replace(text, row[1], row[2], 0);
		return eval_string(eval, text->str, text->len);
	}
	result = json_is_array(value) ? json_array() : json_object();
	json_array_foreach(value, index, part)
		json_array_append_new(result, escape_quotes(eval, part, row, depth + 1));
	json_object_foreach(value, key, part)
		json_object_set_new(result, key, escape_quotes(eval, part, row, depth + 1));
	if (eval->error != NULL ||
		!eval_spend(eval, json_array_size(value) + json_object_size(value)))
		g_clear_pointer(&result, json_decref);
	return result;
}

static json_t *apply_escape_char(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autofree char *scratch = NULL;
	const char *type = eval_text(eval, arguments[0], "the type", &scratch);

	(void)count;
	for (size_t i = 0; type != NULL && i < G_N_ELEMENTS(quote_escapes); i++) {
		if (g_ascii_strcasecmp(type, quote_escapes[i][0]) == 0)
			return escape_quotes(eval, input, quote_escapes[i], 0);
	}
	return eval_fail(eval, EXPR_ERROR_VALUE,
		"the type is 'single', 'double' or 'shell', not '%s'", type);
}

static char *escape_html(const char *text)
{
	GString *result = g_string_new(NULL);

	for (; *text != '\0'; text++) {
		switch (*text) {
		case '&': g_string_append(result, "&amp;"); break;
		case '<': g_string_append(result, "&lt;"); break;
		case '>': g_string_append(result, "&gt;"); break;
		case '"': g_string_append(result, "&quot;"); break;
		case '\'': g_string_append(result, "&#39;"); break;
		default: g_string_append_c(result, *text);
		}
	}
	return g_string_free(result, FALSE);
}

static char *escape_url(const char *text)
{
	return g_uri_escape_string(text, NULL, FALSE);
}

static char *escape_json(const char *text)
{
	g_autoptr(GString) quoted = g_string_new(NULL);
	json_t *value = json_string(text);

	expr_value_append_json(quoted, value, SIZE_MAX);
	json_decref(value);
	return g_strndup(quoted->str + 1, quoted->len - 2);
}

typedef struct {
	const char *name;
	TextChange change;
} EscapeRow;

static const EscapeRow escapes[] = {
	{"html", escape_html},
	{"html_attr", escape_html},
	{"js", escape_json},
	{"json", escape_json},
	{"url_param", escape_url},
};

static json_t *apply_escape(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autofree char *scratch = NULL;
	const char *strategy = "html";

	(void)count;
	if (arguments[0] != NULL)
		strategy = eval_text(eval, arguments[0], "the strategy", &scratch);
	for (size_t i = 0; strategy != NULL && i < G_N_ELEMENTS(escapes); i++) {
		if (strcmp(strategy, escapes[i].name) == 0)
			return change_text(eval, input, escapes[i].change);
	}
	return eval_fail(eval, EXPR_ERROR_VALUE, "unknown escape strategy '%s'", strategy);
}

// ---- default ----

static bool is_empty(const json_t *value)
{
	if (json_is_string(value)) {
		const char *text = json_string_value(value);

		while (g_ascii_isspace(*text))
			text++;
		return *text == '\0';
	}
	if (json_is_array(value) || json_is_object(value))
		return json_array_size(value) + json_object_size(value) == 0;
	return json_is_null(value);
}

static json_t *apply_default(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	(void)eval;
	(void)count;
	return json_incref(is_empty(input) ? arguments[0] : input);
}

const ExprCallee filters_string[] = {
	{"lower", {NULL}, 0, 0, 0, apply_lower},
	{"upper", {NULL}, 0, 0, 0, apply_upper},
	{"capitalize", {NULL}, 0, 0, 0, apply_capitalize},
	{"title", {NULL}, 0, 0, 0, apply_title},
	{"trim", {NULL}, 0, 0, 0, apply_trim},
	{"slugify", {NULL}, 0, 0, 0, apply_slugify},
	{"nl2br", {NULL}, 0, 0, 0, apply_nl2br},
	{"identifier", {NULL}, 0, 0, 0, apply_identifier},
	{"raw", {NULL}, 0, 0, 0, apply_raw},
	{"string", {NULL}, 0, 0, 0, apply_string},
	{"abbreviate", {"length"}, 1, 1, 0, apply_abbreviate},
	{"startsWith", {"value"}, 1, 1, 0, apply_starts_with},
	{"endsWith", {"value"}, 1, 1, 0, apply_ends_with},
	{"substringBefore", {"separator"}, 1, 1, 0, apply_substring_before},
	{"substringAfter", {"separator"}, 1, 1, 0, apply_substring_after},
	{"substringBeforeLast", {"separator"}, 1, 1, 0, apply_substring_before_last},
	{"substringAfterLast", {"separator"}, 1, 1, 0, apply_substring_after_last},
	{"indent", {"amount", "prefix"}, 1, 2, 0, apply_indent},
	{"nindent", {"amount", "prefix"}, 1, 2, 0, apply_nindent},
	{"escapeChar", {"type"}, 1, 1, 0, apply_escape_char},
	{"escape", {"strategy"}, 0, 1, 0, apply_escape},
	{"default", {"default"}, 1, 1, CALLEE_TAKES_NULL | CALLEE_TAKES_UNDEFINED, apply_default},
	{.name = NULL},
};
