// The property limits of tasks that start programs.
#pragma once

#include "runner/process.h"
#include "runner/task_type.h"

enum { SCRIPT_LIMITS = 6 };

// Reads {memory, cpu, files, fileSize, processes} as rlimits; core files are off in any case.
bool script_limits_read(TaskContext *context, ProcessLimit limits[SCRIPT_LIMITS], size_t *ret_count,
	GError **error);
