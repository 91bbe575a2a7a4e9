// The list of a Python task's packages, as lines of a requirements.txt.
#pragma once

#include "runner/tasks/script_task.h"

// What `requirements` gives, or else the file requirements.txt of the task's folder. NULL in *ret_list when there is neither;
// to be freed. False with error.
bool python_list_read(ScriptTask *task, char **ret_list, GError **error);
// Whether it names no package.
bool python_list_is_blank(const char *list);
// Warns of packages that are not pinned to a version.
void python_list_warn(const ScriptTask *task, const char *list);
// What identifies it: its lines, and what is in the files that they speak of. To be freed.
char *python_list_identity(const ScriptTask *task, const char *list);
