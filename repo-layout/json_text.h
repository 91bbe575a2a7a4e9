// Canonical JSON text: compact, keys sorted by byte. Digests are made of it.
#pragma once

#include <glib.h>
#include <jansson.h>

// Appends a value.
void json_text_append(GString *text, const json_t *value);
// Appends a string with its quotes.
void json_text_append_string(GString *text, const char *string, size_t length);
