// The environment variables of a script: what env declares, what weir gives, and nothing of the server's own. Thread-safe.
#pragma once

#include "runner/tasks/script_task.h"

// Reads the property env into task->declared. False with error.
bool script_environment_read(ScriptTask *task, GError **error);
// The whole environment, "NAME=value" (which the array frees) and NULL at the end. False with error.
bool script_environment_fill(const ScriptTask *task, GPtrArray *environment, GError **error);

// The value of a variable as the task will see it: what env declares, else what weir gives. NULL: none. Borrowed.
const char *script_task_variable(const ScriptTask *task, const char *name);
// The path of a program in the task's PATH; NULL when there is none. To be freed.
char *script_task_program(const ScriptTask *task, const char *name);
