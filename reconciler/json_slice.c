#include "reconciler/json_slice.h"

#include <glib.h>
#include <string.h>

// The end of a string that begins at its quote: behind the closing one. NULL when it does not end.
static const char *skip_string(const char *start)
{
	for (const char *at = strchr(start + 1, '"'); at != NULL; at = strchr(at + 1, '"')) {
		const char *before = at;

		while (before[-1] == '\\')
			before--;
		if ((at - before) % 2 == 0)
			return at + 1;
	}
	return NULL;
}

// The end of any value. NULL when the text ends first.
static const char *skip_value(const char *at)
{
	unsigned depth = 0;

	while (at != NULL && *at != '\0') {
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
		default: at++; break;
		}
	}
	return NULL;
}

static bool is_key(const char *key, const char *end, const char *name)
{
	size_t length = strlen(name);

	return (size_t)(end - key) == length + 2 && memcmp(key + 1, name, length) == 0;
}

void json_slice_members(
	const char *json, const char *const *names, size_t count, JsonSlice *ret_slices)
{
	const char *at = json != NULL ? json : "";
	size_t missing = count;

	memset(ret_slices, 0, count * sizeof(*ret_slices));
	while (missing > 0 && (*at == '{' || *at == ',')) {
		const char *key = at + 1;
		const char *value = *key == '"' ? skip_string(key) : NULL;
		const char *end = value != NULL && *value == ':' ? skip_value(value + 1) : NULL;

		if (end == NULL)
			return;
		for (size_t i = 0; i < count; i++) {
			if (ret_slices[i].text != NULL || !is_key(key, value, names[i]))
				continue;
			ret_slices[i] = (JsonSlice){value + 1, (size_t)(end - value - 1)};
			missing--;
		}
		at = end;
	}
}

char *json_slice_dup(const char *json, const char *name)
{
	JsonSlice slice;

	json_slice_members(json, &name, 1, &slice);
	return slice.text == NULL ? NULL : g_strndup(slice.text, slice.length);
}
