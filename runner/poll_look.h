// What a polling trigger looks at, as a flow of one task, and what came of it. Pure but for the clock.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

// How often a trigger looks, in microseconds.
int64_t poll_interval(const json_t *trigger);
// When it looks again after so many failures in a row: later each time, up to a quarter of an hour (or its interval, where that is
// longer).
int64_t poll_delay(int64_t interval, int64_t failures);

// The flow that does the look, as JSON text to g_free(). connection: that of the domain, where the trigger names none; variables: of
// the flow, borrowed; each may be NULL.
char *poll_flow_json(const json_t *trigger, const char *namespace, const char *flow,
	const char *connection, json_t *variables);

// What the run knows as `trigger`, out of the task's outputs: rows, row, size, uri of a query; uri, code, headers, body of an
// answer. *ret_found is false where the query gave nothing; responses are judged by their condition (poll_condition()). A new
// reference.
json_t *poll_values(const json_t *trigger, const json_t *outputs, int64_t date, bool *ret_found);
// The condition that an answer is held against; NULL for a query. Free with nothing.
const char *poll_condition(const json_t *trigger);
// The roots `response` of that condition. A new reference.
json_t *poll_response(const json_t *outputs);
