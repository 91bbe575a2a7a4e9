// _weir_publish: in each dataset one row per task run that published into it, written in the publish's own transaction:
// what the task recorded, and what the table then looked like.
#pragma once

#include "runner/build/build.h"

// Looks for this task run's row. When found, *ret_result is what was recorded (new reference); NULL otherwise.
bool marker_find(Build *build, json_t **ret_result, GError **error);
// First statement of the publish transaction; makes the table when it is missing. *ret_taken is false when the row is
// there already.
bool marker_take(Build *build, bool *ret_taken, GError **error);
// Last statement of it. shape: what the target looks like now, by which drift is told.
bool marker_finish(Build *build, const json_t *result, const char *shape, GError **error);

// Whether another task run has published the table: weir has made it, or written to it.
bool marker_has_others(const Build *build, bool *ret_others, GError **error);
