#include "expr/value.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

static bool is_falsy_text(const char *text)
{
	static const char *const falsy[] = {"", "false", "0", "-0"};
	size_t length;

	while (g_ascii_isspace(*text))
		text++;
	length = strlen(text);
	while (length > 0 && g_ascii_isspace(text[length - 1]))
		length--;
	for (size_t i = 0; i < G_N_ELEMENTS(falsy); i++) {
		if (strlen(falsy[i]) == length && memcmp(falsy[i], text, length) == 0)
			return true;
	}
	return false;
}

bool expr_truthy(const json_t *value)
{
	if (value == NULL)
		return false;
	switch (json_typeof(value)) {
	case JSON_NULL:
	case JSON_FALSE: return false;
	case JSON_INTEGER: return json_integer_value(value) != 0;
	case JSON_REAL: return json_real_value(value) != 0.0;
	case JSON_STRING: return !is_falsy_text(json_string_value(value));
	case JSON_TRUE:
	case JSON_OBJECT:
	case JSON_ARRAY: return true;
	}
	return true;
}

static void append_real(GString *text, double real)
{
	char buffer[G_ASCII_DTOSTR_BUF_SIZE];

	if (real == floor(real) && fabs(real) < 1e15) {
		g_string_append(text, g_ascii_formatd(buffer, sizeof buffer, "%.1f", real));
		return;
	}
	for (int precision = fabs(real) < DBL_MIN ? 1 : 15; precision <= 17; precision++) {
		char format[8];

		g_snprintf(format, sizeof format, "%%.%dg", precision);
		g_ascii_formatd(buffer, sizeof buffer, format, real);
		if (g_ascii_strtod(buffer, NULL) == real)
			break;
	}
	g_string_append(text, buffer);
}

static void append_integer(GString *text, json_int_t integer)
{
	char buffer[24];
	char *end = buffer + sizeof buffer, *start = end;
	uint64_t rest = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;

	do {
		*--start = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest != 0);
	if (integer < 0)
		*--start = '-';
	g_string_append_len(text, start, end - start);
}

static void append_quoted(GString *text, const char *string, size_t length)
{
	size_t plain = 0;

	g_string_append_c(text, '"');
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)string[i];
		static const char letters[32] = {
			['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		g_string_append_len(text, string + plain, (gssize)(i - plain));
		plain = i + 1;
		if (c >= 0x20)
			g_string_append_printf(text, "\\%c", c);
		else if (letters[c] != 0)
			g_string_append_printf(text, "\\%c", letters[c]);
		else
			g_string_append_printf(text, "\\u%04x", c);
	}
	g_string_append_len(text, string + plain, (gssize)(length - plain));
	g_string_append_c(text, '"');
}

static bool append_list(GString *text, const json_t *list, size_t limit)
{
	size_t count = json_array_size(list);

	g_string_append_c(text, '[');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			g_string_append_c(text, ',');
		if (!expr_value_append_json(text, json_array_get(list, i), limit))
			return false;
	}
	g_string_append_c(text, ']');
	return true;
}

static bool append_map(GString *text, json_t *map, size_t limit)
{
	const char *key;
	json_t *member;
	bool first = true;

	g_string_append_c(text, '{');
	json_object_foreach(map, key, member)
	{
		if (!first)
			g_string_append_c(text, ',');
		first = false;
		append_quoted(text, key, strlen(key));
		g_string_append_c(text, ':');
		if (!expr_value_append_json(text, member, limit))
			return false;
	}
	g_string_append_c(text, '}');
	return true;
}

bool expr_value_append_json(GString *text, const json_t *value, size_t limit)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		if (!append_map(text, (json_t *)(uintptr_t)value, limit))
			return false;
		break;
	case JSON_ARRAY:
		if (!append_list(text, value, limit))
			return false;
		break;
	case JSON_STRING:
		append_quoted(text, json_string_value(value), json_string_length(value));
		break;
	case JSON_INTEGER: append_integer(text, json_integer_value(value)); break;
	case JSON_REAL: append_real(text, json_real_value(value)); break;
	case JSON_TRUE: g_string_append(text, "true"); break;
	case JSON_FALSE: g_string_append(text, "false"); break;
	case JSON_NULL: g_string_append(text, "null"); break;
	}
	return text->len <= limit;
}

void expr_value_append(GString *text, const json_t *value)
{
	if (value == NULL || json_is_null(value))
		return;
	if (json_is_string(value))
		g_string_append_len(
			text, json_string_value(value), (gssize)json_string_length(value));
	else
		expr_value_append_json(text, value, SIZE_MAX);
}

char *expr_value_text(const json_t *value)
{
	GString *text = g_string_new(NULL);

	expr_value_append(text, value);
	return g_string_free(text, FALSE);
}

const char *expr_value_described(const json_t *value)
{
	static const char *const kinds[] = {
		[JSON_OBJECT] = "a map",
		[JSON_ARRAY] = "a list",
		[JSON_STRING] = "a string",
		[JSON_INTEGER] = "an integer",
		[JSON_REAL] = "a float",
		[JSON_TRUE] = "a boolean",
		[JSON_FALSE] = "a boolean",
		[JSON_NULL] = "null",
	};

	return value == NULL ? "null" : kinds[json_typeof(value)];
}

const char *expr_value_kind(const json_t *value)
{
	const char *described = expr_value_described(value), *blank = strchr(described, ' ');

	return blank == NULL ? described : blank + 1;
}

static bool list_equal(const json_t *a, const json_t *b)
{
	size_t count = json_array_size(a);

	if (count != json_array_size(b))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!expr_value_equal(json_array_get(a, i), json_array_get(b, i)))
			return false;
	}
	return true;
}

static bool map_equal(json_t *a, const json_t *b)
{
	const char *key;
	json_t *member;

	if (json_object_size(a) != json_object_size(b))
		return false;
	json_object_foreach(a, key, member)
	{
		const json_t *other = json_object_get(b, key);

		if (other == NULL || !expr_value_equal(member, other))
			return false;
	}
	return true;
}

bool expr_value_equal(const json_t *a, const json_t *b)
{
	if (a == b)
		return true;
	if (json_is_number(a) && json_is_number(b)) {
		if (json_is_integer(a) && json_is_integer(b))
			return json_integer_value(a) == json_integer_value(b);
		return json_number_value(a) == json_number_value(b);
	}
	if (a == NULL || b == NULL || json_typeof(a) != json_typeof(b))
		return false;
	switch (json_typeof(a)) {
	case JSON_STRING:
		return json_string_length(a) == json_string_length(b) &&
		       memcmp(json_string_value(a), json_string_value(b), json_string_length(a)) ==
			       0;
	case JSON_ARRAY: return list_equal(a, b);
	case JSON_OBJECT: return map_equal((json_t *)(uintptr_t)a, b);
	case JSON_INTEGER:
	case JSON_REAL:
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_NULL: return true;
	}
	return true;
}
