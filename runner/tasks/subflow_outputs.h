// What a sub-flow task takes out of the other run by its own, old property `outputs`.
#pragma once

#include "runner/task_type.h"

// Evaluates `declared` as the run `run_id` sees it, which has ended. A new reference; NULL with error: an expression cannot be
// worked out, or the store failed. The thread that drives the run.
json_t *subflow_outputs_render(
	TaskContext *context, const char *run_id, const json_t *declared, GError **error);
