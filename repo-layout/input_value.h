// The value of an input as its type says. Pure and thread-safe.
#pragma once

#include "repo-layout/flow.h"

// Reads a value (never null), a text or of JSON's own types, and checks it against the input's validator, bounds and choices.
// A new reference in the form that all values of the type have, or NULL with an error whose message goes on behind
// "input 'x' ": "is no whole number: 'abc'". Choices that an expression gives are not looked at.
json_t *input_value_read(const Input *input, json_t *value, GError **error);
