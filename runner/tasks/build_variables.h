// What programs that install packages see of the environment that a task declares.
//
// An environment of packages serves other tasks, too, of other domains: it must be made of what identifies it, and of nothing
// else. So these programs see a few variables (where packages come from, how to get there, how to compile), and all of those
// are part of the name of what they make. Thread-safe.
#pragma once

#include "runner/tasks/script_task.h"

// The environment of such a program ("NAME=value", ended by NULL, which the array frees), with a home folder of its own.
void build_variables_fill(const ScriptTask *task, const char *home, GPtrArray *environment);
// The declared ones among them, and what is in files of the task's folder that they name. To be freed.
char *build_variables_identity(const ScriptTask *task);

// Adds what is at a path of a list of packages: below the task's folder the content of a file or of all files of a folder,
// elsewhere (an absolute path) what tells that a file was replaced. What is not there adds nothing.
void build_path_identity(const ScriptTask *task, const char *path, GString *identity);
