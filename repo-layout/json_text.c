#include "repo-layout/json_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define E16 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
static const bool needs_escape[256] = {E16, E16, ['"'] = true, ['\\'] = true};
#undef E16

void json_text_put(GString *text, const char *bytes, size_t length)
{
	if (text->len + length >= text->allocated_len) {
		g_string_append_len(text, bytes, (gssize)length);
		return;
	}
	memcpy(text->str + text->len, bytes, length);
	text->len += length;
	text->str[text->len] = '\0';
}

static void append_escape(GString *text, unsigned char byte)
{
	static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (size_t i = 0; i < sizeof(short_forms) - 1; i += 2) {
		if ((unsigned char)short_forms[i] == byte) {
			g_string_append_c(text, '\\');
			g_string_append_c(text, short_forms[i + 1]);
			return;
		}
	}
	g_string_append_printf(text, "\\u%04X", byte);
}

void json_text_append_string(GString *text, const char *string, size_t length)
{
	const char *end = string + length;

	g_string_append_c(text, '"');
	while (string < end) {
		const char *start = string;

		while (string < end && !needs_escape[(unsigned char)*string])
			string++;
		json_text_put(text, start, (size_t)(string - start));
		if (string < end)
			append_escape(text, (unsigned char)*string++);
	}
	g_string_append_c(text, '"');
}

static int compare_keys(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void append_object(GString *text, const json_t *object)
{
	size_t count = json_object_size(object);
	g_autofree const char **keys = g_new(const char *, count + 1);
	size_t index = 0;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value) keys[index++] = key;
	qsort(keys, count, sizeof(*keys), compare_keys);
	g_string_append_c(text, '{');
	for (index = 0; index < count; index++) {
		if (index > 0)
			g_string_append_c(text, ',');
		json_text_append_string(text, keys[index], strlen(keys[index]));
		g_string_append_c(text, ':');
		json_text_append(text, json_object_get(object, keys[index]));
	}
	g_string_append_c(text, '}');
}

static void append_array(GString *text, const json_t *array)
{
	size_t index;
	json_t *item;

	g_string_append_c(text, '[');
	json_array_foreach(array, index, item)
	{
		if (index > 0)
			g_string_append_c(text, ',');
		json_text_append(text, item);
	}
	g_string_append_c(text, ']');
}

static void append_real(GString *text, double value)
{
	char buffer[G_ASCII_DTOSTR_BUF_SIZE];

	g_ascii_dtostr(buffer, sizeof(buffer), value);
	g_string_append(text, buffer);
	// A real stays one when it is read back.
	if (strpbrk(buffer, ".eE") == NULL)
		g_string_append(text, ".0");
}

void json_text_append(GString *text, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT: append_object(text, value); break;
	case JSON_ARRAY: append_array(text, value); break;
	case JSON_STRING:
		json_text_append_string(text, json_string_value(value), json_string_length(value));
		break;
	case JSON_INTEGER:
		g_string_append_printf(text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		break;
	case JSON_REAL: append_real(text, json_real_value(value)); break;
	case JSON_TRUE: g_string_append(text, "true"); break;
	case JSON_FALSE: g_string_append(text, "false"); break;
	case JSON_NULL:
	default: g_string_append(text, "null"); break;
	}
}
