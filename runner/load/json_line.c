#include "runner/load/json_line.h"

#include <stdio.h>
#include <string.h>

void json_line_clear(JsonLine *line)
{
	json_decref(line->object);
	g_clear_pointer(&line->members, g_array_unref);
	*line = (JsonLine){0};
}

bool json_number_is_integer(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!g_ascii_isdigit(text[i]) && text[i] != '-')
			return false;
	return true;
}

// ---- Where values lie. The text is known to be JSON, so that nothing here can run over its end.

static const char *skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
		p++;
	return p;
}

// p is at the opening quote.
static const char *skip_string(const char *p)
{
	for (p++; *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p + 1;
}

static const char *skip_container(const char *p)
{
	unsigned depth = 0;

	do {
		if (*p == '"') {
			p = skip_string(p);
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if (*p == '}' || *p == ']')
			depth--;
		p++;
	} while (depth > 0);
	return p;
}

static const char *skip_value(const char *p)
{
	if (*p == '"')
		return skip_string(p);
	if (*p == '{' || *p == '[')
		return skip_container(p);
	return p + strcspn(p, ",} \t\r\n");
}

// An object keeps its members in the order in which they were read, and no key comes twice.
static void place_members(JsonLine *line, const char *text)
{
	const char *p = skip_blanks(text) + 1;
	const char *key;
	json_t *value;

	json_object_foreach(line->object, key, value)
	{
		JsonMember member = {.key = key, .value = value};

		p = skip_blanks(skip_string(skip_blanks(p)));
		member.text = skip_blanks(p + 1);
		p = skip_value(member.text);
		member.length = (size_t)(p - member.text);
		p = skip_blanks(p) + 1;
		g_array_append_val(line->members, member);
	}
}

bool json_line_parse(JsonLine *line, const char *text, size_t length, char *reason, size_t size)
{
	json_error_t where;

	json_decref(line->object);
	if (line->members == NULL)
		line->members = g_array_new(FALSE, FALSE, sizeof(JsonMember));
	g_array_set_size(line->members, 0);
	line->object =
		json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &where);
	if (json_is_object(line->object)) {
		place_members(line, text);
		return true;
	}
	if (line->object != NULL)
		g_strlcpy(reason, "not a JSON object", size);
	else if (json_error_code(&where) == json_error_numeric_overflow)
		snprintf(reason, size, "a number is too large: %s (character %d)", where.text,
			where.column);
	else
		snprintf(reason, size, "not a JSON object: %s (character %d)", where.text,
			where.column);
	json_decref(line->object);
	line->object = NULL;
	return false;
}
