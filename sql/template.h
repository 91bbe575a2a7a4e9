// Where the {{ … }} and {% … %} of a text end. Private to this folder.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Zeroed but for the text. Remembers what is known of the rest of the text, so that all searches together stay linear.
typedef struct {
	const char *text;
	size_t length;
	size_t close; // offset of the next "}}" at or after the last search, when known
	bool searched;
	bool no_close; // none is left
	bool no_tag; // no "%}" is left
	bool no_comment; // no "#}" is left
} SqlTemplates;

// The offset after the expression that starts at start with "{{", or 0 when it is none: no "}}" before the limit, or
// inside a literal (whose closing quote is given, else NUL) the quote comes first.
size_t sql_template_end(SqlTemplates *templates, size_t start, size_t limit, char quote);

// The offset after the tag or comment that starts at start with "{%" or "{#", or 0 when it has no end.
size_t sql_template_tag_end(SqlTemplates *templates, size_t start);

// Narrows "{{ x }}" to "x".
void sql_template_inside(const char **text, size_t *length);
