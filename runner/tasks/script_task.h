// What shell, python and node have in common: commands or a script, run in the task's folder with the declared environment.
//
// Both forms are as Kestra has them. `commands` (Commands) are lines of a shell, in which `python` or `node` is found; `script`
// (Script) is a text in the language itself. `beforeCommands` are lines of the shell in either form, `interpreter` is the shell.
//
// Outputs: exitCode, vars (what ::{…}:: lines gave), outputFiles (name → URI), stdOutLineCount, stdErrLineCount.
#pragma once

#include "runner/package_env.h"
#include "runner/task_type.h"

typedef struct {
	TaskContext *context;
	const char *folder; // the task's; borrowed
	json_t *declared; // the property env, rendered: names to texts or null; owned
	GPtrArray *paths; // char *: folders that come first in PATH
	GPtrArray *variables; // char *: "NAME=value", where env declares no other
	char *program; // what runs a script's file: a path; NULL for the shell
	PackageEnv *packages; // in use while it runs; NULL: none
} ScriptTask;

typedef struct {
	const char *suffix; // of the file that holds a script; NULL: a script is for the shell
	const char *
		programs; // begin of the names of interpreters that take such a file ("python"); NULL
	// Finds the interpreter and the packages: fills paths, variables, program, packages. NULL: nothing to do.
	bool (*prepare)(ScriptTask *task, GError **error);
} ScriptLanguage;

bool script_task_run(
	const ScriptLanguage *language, TaskContext *context, TaskResult *result, GError **error);

// The name of a file in the task's folder that is neither seen nor kept, though others may work there, too. To be freed.
char *script_own_file(const ScriptTask *task, const char *suffix);
