// What python and node have in common about packages: running the programs that install them, telling what went wrong, and
// taking an environment that is built once (runner/package_env.h).
#pragma once

#include "runner/tasks/script_task.h"

// Runs a program in folder, with the environment of the task and the variables of more ("NAME=value"; NULL: it is only asked
// something, and nothing is logged) on top. Its lines go to the log as DEBUG and are added to lines (char *, which the array frees). False with TASK_ERROR_CANCELLED, or
// with TASK_ERROR_FAILED when it could not be started or did not succeed.
bool script_program_run(const ScriptTask *task, const char *folder, const char *const *arguments,
	const char *const *more, GPtrArray *lines, GError **error);

// The version of an interpreter: what it prints for the argument. Asked once per process and file. To be freed.
char *script_version(
	const ScriptTask *task, const char *program, const char *argument, GError **error);

// Logs the last lines that a program printed as errors, and sets the error: "cannot install the package 'x==1': <cause>", or
// without a package "cannot install the packages: <cause>".
void script_packages_fail(const ScriptTask *task, const GPtrArray *lines, const char *package,
	const char *cause, GError **error);
// What a printed line says behind a text, up to the end characters; NULL when no line has the text. To be freed.
char *script_lines_find(const GPtrArray *lines, const char *before, const char *end);

// A build in task->packages; key is what identifies it.
bool script_packages_take(ScriptTask *task, const char *key,
	bool (*build)(const char *folder, void *data, GError **error), void *data, GError **error);
