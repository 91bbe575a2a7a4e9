#include "reconciler/json_slice.h"

#include <glib.h>
#include <string.h>

// The end of a string that begins at its quote: behind the closing one. NULL when it does not end.
static const char *skip_string(const char *at)
{
	for (at++; *at != '"'; at++) {
		if (*at == '\\')
			at++;
		if (*at == '\0')
			return NULL;
	}
	return at + 1;
}

// The end of any value. NULL when the text ends first.
static const char *skip_value(const char *at)
{
	unsigned depth = 0;

	for (; at != NULL && *at != '\0';) {
		switch (*at) {
		case '"': at = skip_string(at); break;
		case '{':
		case '[':
			depth++;
			at++;
			break;
		case '}':
		case ']':
			if (depth == 0)
				return at;
			depth--;
			at++;
			break;
		case ',':
			if (depth == 0)
				return at;
			at++;
			break;
		default: at += strcspn(at, "\"{}[],"); break;
		}
	}
	return NULL;
}

JsonSlice json_slice_member(const char *json, const char *name)
{
	const JsonSlice nothing = {0};
	size_t length = strlen(name);
	const char *at = json;

	while (*at == '{' || *at == ',') {
		const char *key = at + 1;
		const char *value = *key == '"' ? skip_string(key) : NULL;
		if (value == NULL || *value != ':')
			return nothing;
		const char *end = skip_value(value + 1);
		if (end == NULL)
			return nothing;
		if ((size_t)(value - key) == length + 2 && memcmp(key + 1, name, length) == 0)
			return (JsonSlice){value + 1, (size_t)(end - value - 1)};
		at = end;
	}
	return nothing;
}

char *json_slice_dup(const char *json, const char *name)
{
	JsonSlice slice = json_slice_member(json, name);

	return slice.text == NULL ? NULL : g_strndup(slice.text, slice.length);
}
