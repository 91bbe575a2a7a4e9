// The text form of Amazon Ion, in which flows keep rows: JSON with bare names, more kinds of numbers, and notes on values.
// Private to this folder.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

// Reads the values of a text, one after the other, as a list: timestamps, blobs and symbols become strings, notes (`a::b`) are
// dropped. A new reference; NULL: *ret_fault (freed by the caller) says what is wrong with which line.
json_t *ion_read(const char *text, char **ret_fault);

// Appends a value as Ion.
void ion_append(GString *text, const json_t *value);
