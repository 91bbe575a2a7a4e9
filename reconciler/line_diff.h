// How two texts differ, line by line, as `diff -u` shows it. Pure.
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
	const char *indent; // before each line; NULL: none
	unsigned most_lines; // of output, besides the line that says how much was left out
	bool colour; // escape sequences of terminals
} LineDiffOptions;

// Appends hunks ("@@ -1,4 +1,5 @@") with three lines around each difference, each line ended by a newline; nothing when the
// texts are equal. A text that is NULL is empty. Control bytes are shown as \xNN, and long lines are cut. Returns how many
// lines were appended.
unsigned line_diff_append(
	GString *text, const char *before, const char *after, const LineDiffOptions *options);
