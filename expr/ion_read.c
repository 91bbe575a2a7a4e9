#include "expr/ion.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { MOST_DEPTH = 500 };

typedef struct {
	const char *start, *at;
	unsigned depth;
	char *fault; // the first one
} Ion;

static json_t *read_value(Ion *ion);

static json_t *fail(Ion *ion, const char *what)
{
	unsigned line = 1;

	for (const char *c = ion->start; c < ion->at; c++)
		line += *c == '\n';
	if (ion->fault == NULL)
		ion->fault = g_strdup_printf("line %u: %s", line, what);
	return NULL;
}

static void skip_comment(Ion *ion)
{
	const char *end = ion->at[1] == '/' ? strchr(ion->at, '\n') : strstr(ion->at + 2, "*/");

	if (end == NULL)
		ion->at += strlen(ion->at);
	else
		ion->at = end + (ion->at[1] == '/' ? 1 : 2);
}

static void skip_blanks(Ion *ion)
{
	for (;;) {
		if (*ion->at != '\0' && strchr(" \t\r\n\v\f", *ion->at) != NULL)
			ion->at++;
		else if (ion->at[0] == '/' && (ion->at[1] == '/' || ion->at[1] == '*'))
			skip_comment(ion);
		else
			return;
	}
}

// ---- Strings

static bool read_code(Ion *ion, unsigned digits, gunichar *ret_code)
{
	*ret_code = 0;
	for (unsigned i = 0; i < digits; i++, ion->at++) {
		if (!g_ascii_isxdigit(*ion->at))
			return fail(ion, "a character's number is cut short") != NULL;
		*ret_code = *ret_code * 16 + (gunichar)g_ascii_xdigit_value(*ion->at);
	}
	return true;
}

static bool append_code(Ion *ion, GString *text, unsigned digits)
{
	gunichar code, low;

	if (!read_code(ion, digits, &code))
		return false;
	// The first half of a pair of UTF-16 halves.
	if (code >= 0xd800 && code < 0xdc00 && g_str_has_prefix(ion->at, "\\u")) {
		ion->at += 2;
		if (!read_code(ion, 4, &low))
			return false;
		code = 0x10000 + ((code - 0xd800) << 10) + ((low - 0xdc00) & 0x3ff);
	}
	if (code == 0 || !g_unichar_validate(code))
		return fail(ion, "there is no such character") != NULL;
	g_string_append_unichar(text, code);
	return true;
}

static bool append_escape(Ion *ion, GString *text)
{
	static const char from[] = "abtnfrv0\"'/\\?", to[] = "\a\b\t\n\f\r\v\0\"'/\\?";
	const char *known;
	char escape = *ion->at;

	if (escape == '\0')
		return fail(ion, "a text has no end") != NULL;
	ion->at++;
	if (escape == 'x' || escape == 'u' || escape == 'U')
		return append_code(ion, text, escape == 'x' ? 2 : escape == 'u' ? 4 : 8);
	if (escape == '\n')
		return true;
	known = escape == '0' ? NULL : strchr(from, escape);
	if (known == NULL)
		return fail(ion, "an unknown escape") != NULL;
	g_string_append_c(text, to[known - from]);
	return true;
}

// What stands up to `close`, behind which the reader is left.
static bool read_quoted(Ion *ion, const char *close, GString *text)
{
	size_t length = strlen(close);

	while (strncmp(ion->at, close, length) != 0) {
		if (*ion->at == '\0')
			return fail(ion, "a text has no end") != NULL;
		if (*ion->at != '\\')
			g_string_append_c(text, *ion->at++);
		else if (ion->at++, !append_escape(ion, text))
			return false;
	}
	ion->at += length;
	return true;
}

static json_t *text_value(Ion *ion, const GString *text)
{
	json_t *value = json_stringn(text->str, text->len);

	return value != NULL ? value : fail(ion, "a text is not valid UTF-8");
}

// '''a''' '''b''' is one text.
static json_t *read_long_string(Ion *ion)
{
	g_autoptr(GString) text = g_string_new(NULL);

	while (g_str_has_prefix(ion->at, "'''")) {
		ion->at += 3;
		if (!read_quoted(ion, "'''", text))
			return NULL;
		skip_blanks(ion);
	}
	return text_value(ion, text);
}

static json_t *read_string(Ion *ion)
{
	g_autoptr(GString) text = g_string_new(NULL);
	const char close[2] = {*ion->at++, '\0'};

	return read_quoted(ion, close, text) ? text_value(ion, text) : NULL;
}

// {{ base64 }} stays what it is; {{ "text" }} becomes the text.
static json_t *read_lob(Ion *ion)
{
	g_autoptr(GString) text = g_string_new(NULL);
	json_t *value;

	ion->at += 2;
	skip_blanks(ion);
	if (*ion->at == '"' || *ion->at == '\'') {
		value = *ion->at == '"' ? read_string(ion) : read_long_string(ion);
		skip_blanks(ion);
		if (value != NULL && g_str_has_prefix(ion->at, "}}")) {
			ion->at += 2;
			return value;
		}
		json_decref(value);
		return fail(ion, "'}}' is missing");
	}
	for (; *ion->at != '\0' && *ion->at != '}'; ion->at++) {
		if (!g_ascii_isspace(*ion->at))
			g_string_append_c(text, *ion->at);
	}
	if (!g_str_has_prefix(ion->at, "}}"))
		return fail(ion, "'}}' is missing");
	ion->at += 2;
	return text_value(ion, text);
}

// ---- Words: numbers, timestamps, names

static bool is_timestamp(const char *word)
{
	for (int i = 0; i < 4; i++) {
		if (!g_ascii_isdigit(word[i]))
			return false;
	}
	return word[4] == 'T' || (word[4] == '-' && g_ascii_isdigit(word[5]));
}

static json_t *integer_of(const char *digits, unsigned base, bool negative)
{
	guint64 value = 0;

	if (!g_ascii_string_to_unsigned(digits, base, 0, (guint64)INT64_MAX, &value, NULL))
		return NULL;
	return json_integer(negative ? -(json_int_t)value : (json_int_t)value);
}

static json_t *number_of(const char *word)
{
	g_autofree char *text = g_strdup(word);
	char *from = text + (*text == '-' || *text == '+'), *end;
	unsigned base = g_ascii_strncasecmp(from, "0x", 2) == 0	  ? 16
			: g_ascii_strncasecmp(from, "0b", 2) == 0 ? 2
								  : 10;
	json_t *value = integer_of(from + (base == 10 ? 0 : 2), base, *text == '-');
	double real;

	if (value != NULL || base != 10)
		return value;
	g_strdelimit(text, "dD", 'e'); // a decimal's exponent
	real = g_ascii_strtod(text, &end);
	return *end == '\0' && isfinite(real) ? json_real(real) : NULL;
}

static bool is_word_byte(char c)
{
	return g_ascii_isalnum(c) || (c != '\0' && strchr("_$.+-:", c) != NULL) || (c & 0x80) != 0;
}

// Up to a blank or a mark; `::` ends a word too.
static char *take_word(Ion *ion)
{
	GString *word = g_string_new(NULL);
	bool number = g_ascii_isdigit(*ion->at) ||
		      ((*ion->at == '-' || *ion->at == '+') && g_ascii_isdigit(ion->at[1]));

	for (; is_word_byte(*ion->at); ion->at++) {
		if (*ion->at == ':' && (!number || !is_timestamp(word->str)))
			break;
		if (number && *ion->at == '_')
			continue;
		g_string_append_c(word, *ion->at);
	}
	return g_string_free(word, FALSE);
}

static bool is_text_word(const char *word)
{
	return strcmp(word, "nan") == 0 || strcmp(word, "+inf") == 0 || strcmp(word, "-inf") == 0 ||
	       (!g_ascii_isdigit(*word) && strchr("+-", *word) == NULL) || is_timestamp(word);
}

static json_t *word_value(Ion *ion, const char *word)
{
	json_t *value;

	if (strcmp(word, "null") == 0 || g_str_has_prefix(word, "null."))
		return json_null();
	if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
		return json_boolean(*word == 't');
	value = is_text_word(word) ? json_string(word) : number_of(word);
	return value != NULL ? value : fail(ion, "a number or name cannot be read");
}

// ---- Lists and structs

static json_t *read_list(Ion *ion, char close)
{
	json_t *list = json_array();

	ion->at++;
	for (skip_blanks(ion); *ion->at != close; skip_blanks(ion)) {
		json_t *item = read_value(ion);

		if (item == NULL) {
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list, item);
		skip_blanks(ion);
		if (*ion->at == ',')
			ion->at++;
	}
	ion->at++;
	return list;
}

static char *read_name(Ion *ion)
{
	json_t *value;
	char *name;

	skip_blanks(ion);
	if (g_str_has_prefix(ion->at, "'''"))
		value = read_long_string(ion);
	else if (*ion->at == '"' || *ion->at == '\'')
		value = read_string(ion);
	else
		return take_word(ion);
	name = g_strdup(json_string_value(value));
	json_decref(value);
	return name;
}

static json_t *read_struct(Ion *ion)
{
	json_t *object = json_object();

	ion->at++;
	for (skip_blanks(ion); *ion->at != '}'; skip_blanks(ion)) {
		g_autofree char *name = read_name(ion);
		json_t *value;

		skip_blanks(ion);
		if (name == NULL || *name == '\0' || *ion->at != ':') {
			json_decref(object);
			return fail(ion, "a name and ':' are expected in the struct");
		}
		ion->at++;
		value = read_value(ion);
		if (value == NULL || json_object_set_new(object, name, value) != 0) {
			json_decref(object);
			return fail(ion, "the name is not valid UTF-8");
		}
		skip_blanks(ion);
		if (*ion->at == ',')
			ion->at++;
	}
	ion->at++;
	return object;
}

static json_t *read_bare(Ion *ion)
{
	char c = *ion->at;

	if (c == '[' || c == '(')
		return read_list(ion, c == '[' ? ']' : ')');
	if (c == '{')
		return ion->at[1] == '{' ? read_lob(ion) : read_struct(ion);
	if (c == '\'' && g_str_has_prefix(ion->at, "'''"))
		return read_long_string(ion);
	if (c == '"' || c == '\'')
		return read_string(ion);
	g_autofree char *word = take_word(ion);
	return *word != '\0' ? word_value(ion, word) : fail(ion, "a value is expected");
}

// A value, without the notes before it.
static json_t *read_value(Ion *ion)
{
	json_t *value = NULL;

	if (++ion->depth > MOST_DEPTH)
		return fail(ion, "the value is nested too deeply");
	do {
		if (value != NULL)
			ion->at += 2;
		json_decref(value);
		skip_blanks(ion);
		value = read_bare(ion);
		if (value != NULL)
			skip_blanks(ion);
	} while (value != NULL && g_str_has_prefix(ion->at, "::"));
	ion->depth--;
	return value;
}

json_t *ion_read(const char *text, char **ret_fault)
{
	Ion ion = {.start = text, .at = text};
	json_t *rows = json_array();

	for (skip_blanks(&ion); *ion.at != '\0'; skip_blanks(&ion)) {
		json_t *row = read_value(&ion);

		if (row == NULL) {
			json_decref(rows);
			*ret_fault = ion.fault;
			return NULL;
		}
		// The mark of the version is no value.
		if (g_strcmp0(json_string_value(row), "$ion_1_0") == 0)
			json_decref(row);
		else
			json_array_append_new(rows, row);
	}
	return rows;
}
