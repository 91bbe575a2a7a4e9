// The store's values as JSON. Each gives a new reference.
#pragma once

#include "store/state.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

// Text; null for NULL. Bytes that are not UTF-8 become U+FFFD.
json_t *value_text(const char *text);
// A moment as RFC 3339; null for 0 (never).
json_t *value_time(int64_t at);
// An integer; null when it is less than 0 (not known).
json_t *value_count(int64_t count);
// What compact JSON text means; null for NULL and for what is not JSON.
json_t *value_json(const char *text);
// The same, but [] or {} instead of null.
json_t *value_json_list(const char *text);
json_t *value_json_object(const char *text);
// A list of lines; [] for NULL.
json_t *value_lines(const char *text);
// How many there are of each state, by its name; states that none has are left out.
json_t *value_state_counts(const int64_t by_state[RUN_STATES]);
// "namespace.flow"; null when flow is NULL.
json_t *value_flow_name(const char *namespace, const char *flow);
