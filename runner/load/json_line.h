// One line of JSON lines taken apart into its members, each with its text as it stands in the line: a number is judged by
// what is written, not by the double that is nearest to it. Pure.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct JsonMember {
	const char *key;
	const json_t *value; // numbers are reals, integers too: their text says what they are
	const char *text; // of the value, as it stands in the line; not NUL-terminated
	size_t length;
} JsonMember;

// Zeroed at first.
typedef struct JsonLine {
	json_t *object;
	GArray *members; // JsonMember, in the line's order
} JsonLine;

// Takes the line apart; its members point into text and line until the next call. False with the reason in reason.
bool json_line_parse(JsonLine *line, const char *text, size_t length, char *reason, size_t size);
void json_line_clear(JsonLine *line);

// Whether the text of a number is that of an integer: no point, no exponent.
bool json_number_is_integer(const char *text, size_t length);
