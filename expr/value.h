// What values mean to the expression language and to those who use its results. Pure; any thread.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

// Whether the condition of a task holds (`runIf`, `if`, `when`, …), which sees what a template renders. Does not hold: null
// (and NULL), false, 0, 0.0, '' and, blanks around them aside, the strings "false", "0" and "-0". Everything else does.
// Inside the language ({% if %}, and, or, not, ?:) every string but '' holds, and empty lists and maps do not.
bool expr_truthy(const json_t *value);

// Appends a value as rendering shows it: strings as they are, null as nothing, true and false,
// integers, floats in their shortest form that reads back the same (1.5, 2.0), lists and maps as
// compact JSON.
void expr_value_append(GString *text, const json_t *value);

// The same as a new string (g_free).
char *expr_value_text(const json_t *value);

// A word for a value's kind, for messages: "null", "boolean", "integer", "float", "string", "list",
// "map".
const char *expr_value_kind(const json_t *value);

// The same with its article, for messages: "null", "a boolean", "an integer", …
const char *expr_value_described(const json_t *value);

// Equality of the language: numbers by value (1 == 1.0), the rest by kind and content.
bool expr_value_equal(const json_t *a, const json_t *b);

// Appends a value as compact JSON (members in their order, floats in their shortest form). Stops and returns false
// once the text is longer than limit bytes.
bool expr_value_append_json(GString *text, const json_t *value, size_t limit);
