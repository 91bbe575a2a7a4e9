// JSON as text, in the one place that writes what people and programs read: reals in the shortest form that reads back as the
// same double, 0.1 and not 0.10000000000000001. Pure; any thread.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

// As json_dumps() and json_dumpf(), with Jansson's flags; the text is for g_free() or free(). NULL and false when value cannot
// be written (NULL, or a text without JSON_ENCODE_ANY).
char *json_dump_text(const json_t *value, size_t flags);
bool json_dump_stream(const json_t *value, FILE *stream, size_t flags);
