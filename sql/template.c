#include "sql/template.h"

#include <glib.h>
#include <string.h>

enum {
	LOOK_AHEAD = 1024, // how far quotes inside an expression are followed
};

static bool next_close(SqlTemplates *templates, size_t from)
{
	if (templates->no_close)
		return false;
	if (templates->searched && templates->close >= from)
		return true;
	const char *found = from < templates->length ? memmem(templates->text + from,
							       templates->length - from, "}}", 2)
						     : NULL;
	templates->searched = true;
	templates->no_close = found == NULL;
	if (found != NULL)
		templates->close = (size_t)(found - templates->text);
	return found != NULL;
}

// Follows the quotes inside an expression. Returns the offset after its "}}", or 0 when the quotes do not add up.
static size_t end_after_quotes(const SqlTemplates *templates, size_t from, size_t limit)
{
	size_t stop = MIN(limit, from + LOOK_AHEAD);
	unsigned depth = 0; // of braces of the expression's own
	char quote = '\0';

	for (size_t at = from; at + 1 < stop; at++) {
		char byte = templates->text[at];

		if (quote != '\0') {
			if (byte == '\\')
				at++;
			else if (byte == quote)
				quote = '\0';
			else if (byte == '\n')
				return 0;
		} else if (byte == '\'' || byte == '"') {
			quote = byte;
		} else if (byte == '{') {
			depth++;
		} else if (byte == '}' && depth > 0) {
			depth--;
		} else if (byte == '}' && templates->text[at + 1] == '}') {
			return at + 2;
		}
	}
	return 0;
}

size_t sql_template_end(SqlTemplates *templates, size_t start, size_t limit, char quote)
{
	size_t body = start + 2;
	size_t first = body;

	if (!next_close(templates, body) || templates->close + 2 > limit)
		return 0;
	while (first < limit && templates->text[first] <= ' ' && templates->text[first] >= 0)
		first++;
	if (quote != '\0' && templates->text[first] == quote)
		return 0;
	size_t end = end_after_quotes(templates, body, limit);
	if (end == 0) {
		end = templates->close + 2;
		if (quote != '\0' &&
			memchr(templates->text + body, quote, templates->close - body) != NULL)
			return 0;
	}
	return end;
}

size_t sql_template_tag_end(SqlTemplates *templates, size_t start)
{
	bool tag = templates->text[start + 1] == '%';
	bool *none = tag ? &templates->no_tag : &templates->no_comment;
	const char *found = *none ? NULL
				  : memmem(templates->text + start + 2,
					    templates->length - start - 2, tag ? "%}" : "#}", 2);

	*none = found == NULL;
	return found == NULL ? 0 : (size_t)(found - templates->text) + 2;
}

void sql_template_inside(const char **text, size_t *length)
{
	*text += 2;
	*length -= 4;
	while (*length > 0 && g_ascii_isspace((*text)[0])) {
		(*text)++;
		(*length)--;
	}
	while (*length > 0 && g_ascii_isspace((*text)[*length - 1]))
		(*length)--;
}
