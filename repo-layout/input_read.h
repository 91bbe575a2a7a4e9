// What the files that read values of inputs share; for repo-layout/input_value.c and its neighbours alone. Pure and thread-safe.
#pragma once

#include "repo-layout/flow.h"

// Reads a value as its type says. value is never null. New reference, or NULL with error.
typedef json_t *(*InputRead)(const Input *input, json_t *value, GError **error);

// Says why a value is not taken, as it goes on behind "input 'x' ". NULL.
json_t *input_refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
// The text of a property of the input; NULL when it has none. Borrowed from the input.
const char *input_property(const Input *input, const char *key);

// Dates, times and lengths of time, each in the one form that all values of the type have (repo-layout/input_time.c).
json_t *input_read_date(const Input *input, json_t *value, GError **error);
json_t *input_read_datetime(const Input *input, json_t *value, GError **error);
json_t *input_read_time(const Input *input, json_t *value, GError **error);
json_t *input_read_duration(const Input *input, json_t *value, GError **error);
