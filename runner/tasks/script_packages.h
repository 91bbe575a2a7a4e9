// What python and node have in common about packages: running the programs that install them, telling what went wrong, and
// taking an environment that is built once (runner/package_env.h).
#pragma once

#include "runner/tasks/script_task.h"

// In the new folder of an environment, while it is built: the home of those who build it.
#define SCRIPT_BUILD_HOME ".home"

// Runs a program in folder, with what of the task's environment is for such programs (build_variables.h) and the variables of
// more ("NAME=value"; NULL: none) on top. home NULL: it is only asked something, and nothing is logged. Its lines go to the log
// as DEBUG and are added to lines (char *, which the array frees). False with TASK_ERROR_CANCELLED, or with TASK_ERROR_FAILED
// when it could not be started or did not succeed.
bool script_program_run(const ScriptTask *task, const char *folder, const char *home,
	const char *const *arguments, const char *const *more, GPtrArray *lines, GError **error);

// The version of an interpreter: what it prints for the argument. Asked once per process and file. To be freed.
char *script_version(
	const ScriptTask *task, const char *program, const char *argument, GError **error);

typedef struct {
	const char *package; // NULL: not known, or all of them
	const char *cause; // what the lines say, unless they speak of the network or the disk
	const char *index; // name of the variable that says where packages come from
} ScriptFailure;

// Logs the last lines that a program printed as errors, and sets the error: "cannot install the package 'x==1': <cause>", or
// without a package "cannot install the packages: <cause>".
void script_packages_fail(const ScriptTask *task, const GPtrArray *lines,
	const ScriptFailure *failure, GError **error);
// What a printed line says behind a text, up to the end characters; NULL when no line has the text. To be freed.
char *script_lines_find(const GPtrArray *lines, const char *before, const char *end);

// An environment in task->packages; key is, with the variables that builders see, what identifies it.
bool script_packages_take(ScriptTask *task, const char *key,
	bool (*build)(const char *folder, void *data, GError **error), void *data, GError **error);
