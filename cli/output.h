// What commands print: text for people, JSON for programs, colour where a terminal wants it. Main
// thread only.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

// The option every command that prints results has: put it into the command's GOptionEntry table as
// it is. command_main() refuses other values than "text" and "json" before the command runs.
#define OUTPUT_OPTION                                                                              \
	{                                                                                          \
		"output", 'o', 0, G_OPTION_ARG_STRING, &output_name, "Print text or json",         \
			"text|json"                                                                \
	}

// The option's value; read it with output_is_json().
extern char *output_name;

// Checks the option's value. Names the wrong one in error.
bool output_check(GError **error);

// True when --output json was given: stdout then takes nothing but what output_json() prints.
bool output_is_json(void);

// Prints a value as one line of JSON on stdout, and flushes it, so that a reader at the other end
// of a pipe has it at once. The value stays the caller's.
void output_json(const json_t *value);

// Flushes stdout. False, with the reason in error, when anything printed so far could not be
// written.
bool output_finish(GError **error);

// The styles of the words that a person looks for. STYLE_PLAIN is none.
typedef enum {
	STYLE_PLAIN,
	STYLE_BOLD,
	STYLE_FAINT,
	STYLE_GOOD,
	STYLE_WARNING,
	STYLE_BAD,
	STYLE_ACTIVE,
} Style;

// True when the stream is a terminal that takes colours, and neither NO_COLOR is set nor TERM is
// "dumb".
bool output_has_colour(FILE *stream);

// The escape sequences that begin and end a style on the stream; "" without colour.
const char *style_begin(FILE *stream, Style style);
const char *style_end(FILE *stream, Style style);

// The style of a state, sync status, health or severity by its name ("FAILED", "Synced", "error");
// plain when it is none of these.
Style style_of_word(const char *word);

// A copy of text fit for a terminal: control bytes become \xNN, invalid UTF-8 becomes U+FFFD.
// Newlines and tabs stay when lines is true.
char *output_printable(const char *text, bool lines);
