#include "runner/file_pattern.h"

#include <fnmatch.h>
#include <string.h>

static bool parts_match(char **pattern, char **path)
{
	for (; *pattern != NULL; pattern++, path++) {
		if (strcmp(*pattern, "**") == 0) {
			// Folders whose names begin with a dot are not entered.
			for (;; path++) {
				if (parts_match(pattern + 1, path))
					return true;
				if (*path == NULL || **path == '.')
					return false;
			}
		}
		if (*path == NULL || fnmatch(*pattern, *path, FNM_PERIOD) != 0)
			return false;
	}
	return *path == NULL;
}

static bool plain_matches(const char *pattern, char **path)
{
	g_auto(GStrv) parts = NULL;

	while (g_str_has_prefix(pattern, "./"))
		pattern += 2;
	parts = g_strsplit(pattern, "/", -1);
	return parts_match(parts, path);
}

// The brace that closes the one at open; NULL when there is none.
static const char *brace_end(const char *open)
{
	unsigned depth = 0;

	for (const char *at = open; *at != '\0'; at++) {
		depth += *at == '{';
		if (*at == '}' && --depth == 0)
			return at;
	}
	return NULL;
}

static bool braces_match(const char *pattern, char **path, unsigned budget)
{
	const char *open = strchr(pattern, '{');
	const char *end = open == NULL ? NULL : brace_end(open);
	const char *begin = open + 1;
	unsigned depth = 0;

	if (end == NULL || budget == 0)
		return plain_matches(pattern, path);
	for (const char *at = begin; at <= end; at++) {
		depth += *at == '{';
		if (depth > 0 && *at == '}' && at < end) {
			depth--;
		} else if (depth == 0 && (*at == ',' || at == end)) {
			g_autofree char *one = g_strdup_printf("%.*s%.*s%s", (int)(open - pattern),
				pattern, (int)(at - begin), begin, end + 1);

			if (braces_match(one, path, budget - 1))
				return true;
			begin = at + 1;
		}
	}
	return false;
}

bool file_pattern_matches(const char *pattern, const char *path)
{
	enum { BRACES = 8 }; // more in one pattern are taken as they are
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);

	return braces_match(pattern, parts, BRACES);
}
