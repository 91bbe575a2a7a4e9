// Filters that encode, decode and hash texts, and those of regular expressions.
#include "expr/eval.h"

#include <string.h>

static json_t *apply_base64_encode(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autofree char *scratch = NULL;
	const char *text = eval_text(eval, input, "the value", &scratch);

	(void)arguments;
	(void)count;
	return text == NULL ? NULL
			    : eval_take_string(
				      eval, g_base64_encode((const guchar *)text, strlen(text)));
}

static bool is_base64(const char *text)
{
	size_t length = strlen(text), padding = 0;

	while (padding < 2 && length > padding && text[length - padding - 1] == '=')
		padding++;
	for (size_t i = 0; i < length - padding; i++) {
		if (!g_ascii_isalnum(text[i]) && text[i] != '+' && text[i] != '/')
			return false;
	}
	return padding == 0 ? length % 4 != 1 : length % 4 == 0;
}

static json_t *apply_base64_decode(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autofree char *scratch = NULL, *padded = NULL;
	g_autofree guchar *bytes = NULL;
	const char *text = eval_text(eval, input, "the value", &scratch);
	gsize length = 0;

	(void)arguments;
	(void)count;
	if (text == NULL)
		return NULL;
	if (!is_base64(text))
		return eval_fail(eval, EXPR_ERROR_VALUE, "the text is not base64");
	padded = g_strconcat(text, strlen(text) % 4 == 0 ? "" : &"=="[strlen(text) % 4 - 2], NULL);
	bytes = g_base64_decode(padded, &length);
	return eval_string(eval, (const char *)bytes, length);
}

// As forms are encoded: a blank becomes '+'.
static json_t *apply_url_encode(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autofree char *scratch = NULL;
	const char *text = eval_text(eval, input, "the value", &scratch);
	g_autoptr(GString) result = g_string_new(NULL);

	(void)arguments;
	(void)count;
	if (text == NULL)
		return NULL;
	for (; *text != '\0'; text++) {
		if (g_ascii_isalnum(*text) || strchr("-_.*", *text) != NULL)
			g_string_append_c(result, *text);
		else if (*text == ' ')
			g_string_append_c(result, '+');
		else
			g_string_append_printf(result, "%%%02X", (unsigned char)*text);
	}
	return eval_string(eval, result->str, result->len);
}

static json_t *apply_url_decode(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autofree char *scratch = NULL;
	const char *text = eval_text(eval, input, "the value", &scratch);
	g_autoptr(GString) result = g_string_new(NULL);

	(void)arguments;
	(void)count;
	if (text == NULL)
		return NULL;
	for (; *text != '\0'; text++) {
		if (*text == '+') {
			g_string_append_c(result, ' ');
		} else if (*text == '%') {
			int high = g_ascii_xdigit_value(text[1]),
			    low = high < 0 ? -1 : g_ascii_xdigit_value(text[2]);

			if (low < 0)
				return eval_fail(eval, EXPR_ERROR_VALUE,
					"'%%' stands without two hexadecimal digits");
			g_string_append_c(result, (char)(high * 16 + low));
			text += 2;
		} else {
			g_string_append_c(result, *text);
		}
	}
	return eval_string(eval, result->str, result->len);
}

static json_t *hash(ExprEval *eval, json_t *input, GChecksumType type)
{
	g_autofree char *scratch = NULL;
	const char *text = eval_text(eval, input, "the value", &scratch);

	if (text == NULL || !eval_spend(eval, strlen(text) / 8))
		return NULL;
	return eval_take_string(eval, g_compute_checksum_for_string(type, text, -1));
}

#define HASH_FILTER(name, type)                                                                    \
	static json_t *name(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count) \
	{                                                                                          \
		(void)arguments;                                                                   \
		(void)count;                                                                       \
		return hash(eval, input, type);                                                    \
	}

HASH_FILTER(apply_md5, G_CHECKSUM_MD5)
HASH_FILTER(apply_sha1, G_CHECKSUM_SHA1)
HASH_FILTER(apply_sha256, G_CHECKSUM_SHA256)
HASH_FILTER(apply_sha512, G_CHECKSUM_SHA512)

// ---- regular expressions ----

// Compiles a pattern; NULL after eval_fail().
static GRegex *compile(ExprEval *eval, const json_t *pattern)
{
	g_autofree char *scratch = NULL;
	g_autoptr(GError) error = NULL;
	const char *text = eval_text(eval, pattern, "the regular expression", &scratch);
	GRegex *regex;

	if (text == NULL || !eval_spend(eval, 100 + strlen(text)))
		return NULL;
	regex = g_regex_new(text, 0, 0, &error);
	if (regex == NULL) {
		// GLib repeats the pattern before it tells the place.
		const char *place = g_strrstr(error->message, " at char ");

		eval_fail(eval, EXPR_ERROR_VALUE,
			"the regular expression '%s' does not compile%s%s", text,
			place == NULL ? ": " : "", place == NULL ? error->message : place);
	}
	return regex;
}

static json_t *fail_match(ExprEval *eval, const GError *error)
{
	return eval_fail(eval, EXPR_ERROR_LIMIT, "the regular expression cannot be matched: %s",
		error == NULL ? "unknown cause" : error->message);
}

static json_t *apply_regex_match(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autofree char *scratch = NULL;
	const char *text = eval_text(eval, input, "the value", &scratch);
	g_autoptr(GRegex) regex = text == NULL ? NULL : compile(eval, arguments[0]);
	g_autoptr(GError) error = NULL;
	bool found;

	(void)count;
	if (regex == NULL || !eval_spend_bytes(eval, strlen(text)))
		return NULL;
	found = g_regex_match_full(regex, text, -1, 0, 0, NULL, &error);
	return error == NULL ? json_boolean(found) : fail_match(eval, error);
}

static json_t *apply_regex_extract(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autofree char *scratch = NULL, *part = NULL;
	const char *text = eval_text(eval, input, "the value", &scratch);
	g_autoptr(GRegex) regex = text == NULL ? NULL : compile(eval, arguments[0]);
	g_autoptr(GMatchInfo) match = NULL;
	g_autoptr(GError) error = NULL;
	json_int_t group;

	(void)count;
	if (regex == NULL || !eval_integer(eval, arguments[1], "the group", 0, &group) ||
		!eval_spend_bytes(eval, strlen(text)))
		return NULL;
	if (group < 0 || group > g_regex_get_capture_count(regex))
		return eval_fail(eval, EXPR_ERROR_VALUE,
			"the regular expression has no group %" JSON_INTEGER_FORMAT, group);
	if (!g_regex_match_full(regex, text, -1, 0, 0, &match, &error))
		return error == NULL ? json_null() : fail_match(eval, error);
	part = g_match_info_fetch(match, (int)group);
	return part == NULL ? json_null() : eval_string(eval, part, strlen(part));
}

typedef struct {
	const char *replacement;
	size_t limit;
	uint64_t *steps;
	uint64_t most_steps;
	bool java_groups; // $1 stands for a group
} Replacement;

// Appends the replacement of one match, with $0…$9 for its groups and a backslash before a character taken as it is.
static gboolean append_replacement(const GMatchInfo *match, GString *result, gpointer data)
{
	Replacement *replacement = data;

	for (const char *c = replacement->replacement; *c != '\0'; c++) {
		if (*c == '\\' && c[1] != '\0') {
			g_string_append_c(result, *++c);
		} else if (*c == '$' && g_ascii_isdigit(c[1])) {
			g_autofree char *group =
				g_match_info_fetch(match, g_ascii_digit_value(*++c));

			g_string_append(result, group == NULL ? "" : group);
		} else {
			g_string_append_c(result, *c);
		}
	}
	*replacement->steps += 1 + strlen(replacement->replacement) / 64;
	return result->len > replacement->limit || *replacement->steps > replacement->most_steps;
}

static char *replace_matches(
	ExprEval *eval, const GRegex *regex, const char *text, const char *with)
{
	Replacement replacement = {.replacement = with,
		.limit = eval->limits.output_bytes,
		.steps = &eval->steps,
		.most_steps = eval->limits.steps};
	g_autoptr(GError) error = NULL;
	char *result = g_regex_replace_eval(
		regex, text, -1, 0, 0, append_replacement, &replacement, &error);

	if (result == NULL)
		fail_match(eval, error);
	return result;
}

static json_t *apply_regex_replace(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autofree char *scratch = NULL, *other = NULL, *result = NULL;
	const char *text = eval_text(eval, input, "the value", &scratch);
	const char *with =
		text == NULL ? NULL : eval_text(eval, arguments[1], "the replacement", &other);
	g_autoptr(GRegex) regex = with == NULL ? NULL : compile(eval, arguments[0]);

	(void)count;
	if (regex == NULL)
		return NULL;
	result = replace_matches(eval, regex, text, with);
	return result == NULL ? NULL : eval_string(eval, result, strlen(result));
}

// Replaces one text or pattern in *text. False after eval_fail().
static bool replace_one(
	ExprEval *eval, char **text, const char *pattern, const char *with, bool regexp)
{
	json_t *source;
	g_autoptr(GRegex) regex = NULL;
	char *result = NULL;

	if (!eval_spend(eval, 1 + strlen(*text) / 16))
		return false;
	if (regexp) {
		source = json_string(pattern);
		regex = compile(eval, source);
		json_decref(source);
		if (regex != NULL)
			result = replace_matches(eval, regex, *text, with);
	} else {
		GString *replaced = g_string_new(*text);
		size_t pattern_length = strlen(pattern), growth = strlen(with);

		if (pattern_length > 0 && growth > 0 &&
			!eval_spend_bytes(eval, strlen(*text) / pattern_length * growth)) {
			g_string_free(replaced, TRUE);
			return false;
		}
		if (pattern_length > 0)
			g_string_replace(replaced, pattern, with, 0);
		result = g_string_free(replaced, FALSE);
	}
	if (result == NULL)
		return false;
	g_free(*text);
	*text = result;
	return eval_spend_bytes(eval, strlen(result));
}

// replace({'a': 'b'}) replaces each key by its value, one after another; replace('a', 'b') does so for one.
static json_t *apply_replace(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	bool regexp =
		arguments[1] != NULL && !json_is_string(arguments[1]) && eval_holds(arguments[1]);
	g_autofree char *scratch = NULL, *with = NULL, *result = NULL;
	const char *text = eval_text(eval, input, "the value", &scratch), *key;
	json_t *value;

	(void)count;
	if (text == NULL)
		return NULL;
	result = g_strdup(text);
	if (json_is_string(arguments[0]) && arguments[1] != NULL) {
		with = expr_value_text(arguments[1]);
		if (!replace_one(eval, &result, json_string_value(arguments[0]), with, false))
			return NULL;
		return eval_string(eval, result, strlen(result));
	}
	if (!json_is_object(arguments[0]))
		return eval_fail(eval, EXPR_ERROR_TYPE,
			"the value to replace with is %s, not a map",
			expr_value_described(arguments[0]));
	json_object_foreach(arguments[0], key, value)
	{
		g_autofree char *shown = expr_value_text(value);

		if (!replace_one(eval, &result, key, shown, regexp))
			return NULL;
	}
	return eval_string(eval, result, strlen(result));
}

// ---- split ----

static char **split_text(ExprEval *eval, const char *text, const json_t *delimiter, int limit)
{
	g_autofree char *scratch = NULL;
	const char *by = eval_text(eval, delimiter, "the delimiter", &scratch);
	g_autoptr(GRegex) regex = NULL;
	g_autoptr(GError) error = NULL;
	char **parts;

	if (by == NULL)
		return NULL;
	if (*by != '\0' && by[1] == '\0')
		return *text == '\0' ? g_strdupv((char *[]){(char[]){""}, NULL})
				     : g_strsplit(text, by, limit);
	regex = compile(eval, delimiter);
	if (regex == NULL)
		return NULL;
	parts = g_regex_split_full(regex, text, -1, 0, 0, limit, &error);
	if (parts == NULL)
		fail_match(eval, error);
	return parts;
}

// A delimiter of one character stands for itself, a longer one is a regular expression. Without a limit, empty parts at the
// end are left out; a limit is the most parts there are.
static json_t *apply_split(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autofree char *scratch = NULL;
	const char *text = eval_text(eval, input, "the value", &scratch);
	g_auto(GStrv) parts = NULL;
	json_int_t limit;
	json_t *list;
	guint kept;

	(void)count;
	if (text == NULL || !eval_integer(eval, arguments[1], "the limit", 0, &limit) ||
		!eval_spend(eval, strlen(text)))
		return NULL;
	parts = split_text(eval, text, arguments[0], (int)CLAMP(limit, 0, INT32_MAX));
	if (parts == NULL)
		return NULL;
	kept = g_strv_length(parts);
	while (limit == 0 && kept > 1 && *parts[kept - 1] == '\0')
		kept--;
	list = json_array();
	for (guint i = 0; i < kept; i++)
		json_array_append_new(list, json_string(parts[i]));
	return list;
}

const ExprCallee filters_encode[] = {
	{"base64encode", {NULL}, 0, 0, 0, apply_base64_encode},
	{"base64decode", {NULL}, 0, 0, 0, apply_base64_decode},
	{"urlencode", {NULL}, 0, 0, 0, apply_url_encode},
	{"urldecode", {NULL}, 0, 0, 0, apply_url_decode},
	{"md5", {NULL}, 0, 0, 0, apply_md5},
	{"sha1", {NULL}, 0, 0, 0, apply_sha1},
	{"sha256", {NULL}, 0, 0, 0, apply_sha256},
	{"sha512", {NULL}, 0, 0, 0, apply_sha512},
	{"regexMatch", {"regex"}, 1, 1, 0, apply_regex_match},
	{"regexExtract", {"regex", "group"}, 1, 2, 0, apply_regex_extract},
	{"regexReplace", {"regex", "replacement"}, 2, 2, 0, apply_regex_replace},
	{"replace", {"replace_pairs", "regexp"}, 1, 2, 0, apply_replace},
	{"split", {"delimiter", "limit"}, 1, 2, 0, apply_split},
	{.name = NULL},
};
