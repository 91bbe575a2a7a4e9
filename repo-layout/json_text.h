// Canonical JSON text: compact, keys sorted by byte. Digests are made of it.
#pragma once

#include <glib.h>
#include <jansson.h>

// Appends a value.
void json_text_append(GString *text, const json_t *value);
// Appends text as it is, as g_string_append_len() does, and faster for the many short ones of a definition.
void json_text_put(GString *text, const char *bytes, size_t length);
// Appends a string with its quotes.
void json_text_append_string(GString *text, const char *string, size_t length);
