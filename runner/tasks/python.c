// Python: commands of a shell that finds python in a virtual environment of its own, or a script.
//
// The environment holds what `requirements` lists, or the file requirements.txt among the files of the domain's scripts/. It is
// built once for each interpreter and list. Without a list there is no environment, and pip is never run.
#include "runner/tasks/python_list.h"
#include "runner/tasks/script_environment.h"
#include "runner/tasks/script_files.h"
#include "runner/tasks/script_packages.h"
#include "runner/tasks/tasks.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- The interpreter

static char *interpreter_name(const TaskContext *context)
{
	const char *path = json_string_value(task_context_raw(context, "pythonPath"));
	const char *version = json_string_value(task_context_raw(context, "pythonVersion"));

	if (path != NULL)
		return g_strdup(path);
	return version == NULL ? g_strdup("python3") : g_strdup_printf("python%s", version);
}

static char *interpreter_find(const ScriptTask *task, GError **error)
{
	g_autofree char *name = interpreter_name(task->context);
	char *program = script_task_program(task, name);

	if (program == NULL)
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"there is no program '%s' in the task's PATH; install Python (package "
			"'python3'), or say where it is with 'pythonPath'",
			name);
	return program;
}

// ---- Building

static const char INDEX[] = "PIP_INDEX_URL";

typedef struct {
	ScriptTask *task;
	const char *interpreter;
	const char *list;
} Build;

// With -I: neither the task's files nor its variables stand in for modules of Python.
static bool venv_make(const Build *build, const char *folder, const char *home, GError **error)
{
	const char *arguments[] = {build->interpreter, "-I", "-m", "venv", folder, NULL};
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *module = NULL;
	ScriptFailure failure = {NULL,
		"the virtual environment cannot be made; the last lines are in the log", INDEX};

	if (script_program_run(
		    build->task, build->task->folder, home, arguments, NULL, lines, error))
		return true;
	if (error != NULL && g_error_matches(*error, TASK_ERROR, TASK_ERROR_CANCELLED))
		return false;
	module = script_lines_find(lines, "ensurepip is not", "");
	if (module == NULL)
		module = script_lines_find(lines, "No module named", "");
	if (module != NULL)
		failure.cause = "Python has no module to make environments; install the package "
				"'python3-venv'";
	script_packages_fail(build->task, lines, &failure, error);
	return false;
}

static void install_fail(const Build *build, const GPtrArray *lines, GError **error)
{
	static const struct {
		const char *before, *end;
	} marks[] = {
		{"No matching distribution found for ", " \n"},
		{"Could not find a version that satisfies the requirement ", " \n"},
		{"Failed building wheel for ", " \n"},
		{"Failed to build ", "\n"},
		{"Invalid requirement: '", "'"},
	};
	g_autofree char *package = NULL;
	g_autofree char *cause = script_lines_find(lines, "ERROR: ", "\n");
	ScriptFailure failure = {NULL,
		cause != NULL ? cause : "pip did not succeed; its last lines are in the log",
		INDEX};

	for (size_t i = 0; package == NULL && i < G_N_ELEMENTS(marks); i++)
		package = script_lines_find(lines, marks[i].before, marks[i].end);
	failure.package = package;
	script_packages_fail(build->task, lines, &failure, error);
}

static bool packages_install(
	const Build *build, const char *folder, const char *home, GError **error)
{
	ScriptTask *task = build->task;
	g_autofree char *python = g_build_filename(folder, "bin", "python", NULL);
	// In the task's folder, to which the paths of the list are relative.
	g_autofree char *file = script_own_file(task, ".txt");
	const char *arguments[] = {python, "-I", "-m", "pip", "install",
		"--disable-pip-version-check", "--no-input", "--no-cache-dir", "--progress-bar",
		"off", "-r", file, NULL};
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *path = g_build_filename(task->folder, file, NULL);
	bool ok;

	if (!script_file_write(task->folder, file, build->list, strlen(build->list), false, error))
		return false;
	ok = script_program_run(task, task->folder, home, arguments, NULL, lines, error);
	unlink(path);
	if (!ok && (error == NULL || !g_error_matches(*error, TASK_ERROR, TASK_ERROR_CANCELLED)))
		install_fail(build, lines, error);
	return ok;
}

static bool environment_build(const char *folder, void *data, GError **error)
{
	const Build *build = data;
	g_autofree char *home = g_build_filename(folder, SCRIPT_BUILD_HOME, NULL);

	python_list_warn(build->task, build->list);
	return venv_make(build, folder, home, error) &&
	       (python_list_is_blank(build->list) || packages_install(build, folder, home, error));
}

// Where a task without packages finds its interpreter by the name python.
static bool links_build(const char *folder, void *data, GError **error)
{
	const Build *build = data;
	g_autofree char *bin = g_build_filename(folder, "bin", NULL);
	g_autofree char *python = g_build_filename(bin, "python", NULL);

	if (mkdir(bin, 0700) == 0 && symlink(build->interpreter, python) == 0)
		return true;
	g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "cannot make '%s'", python);
	return false;
}

// ---- Preparing

static bool environment_take(ScriptTask *task, Build *build, GError **error)
{
	g_autofree char *version = script_version(task, build->interpreter, "-VV", error);
	g_autofree char *list = NULL;
	g_autofree char *key = NULL;

	if (version == NULL)
		return false;
	list = python_list_identity(task, build->list);
	key = g_strdup_printf("python\n%s\n%s\n%s", build->interpreter, version, list);
	if (!script_packages_take(task, key, environment_build, build, error))
		return false;
	g_ptr_array_add(task->variables,
		g_strdup_printf("VIRTUAL_ENV=%s", package_env_folder(task->packages)));
	return true;
}

// Also when the interpreter is not the one that the name would find.
static bool needs_link(const ScriptTask *task, const char *interpreter)
{
	g_autofree char *found = script_task_program(task, "python");
	g_autofree char *usual = script_task_program(task, "python3");

	return found == NULL || g_strcmp0(usual, interpreter) != 0;
}

static bool links_take(ScriptTask *task, Build *build, GError **error)
{
	g_autofree char *key = g_strdup_printf("python-link\n%s", build->interpreter);
	g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key, -1);
	const PackageBuilder builder = {
		.build = links_build,
		.cancel_fd = task_context_cancel_fd(task->context),
		.data = build,
	};

	digest[32] = '\0';
	task->packages =
		package_env_take(task_context_environments(task->context), digest, &builder, error);
	return task->packages != NULL;
}

// Old flows call ./bin/python. A link would not do: Python looks for its environment beside the name it is called by.
static bool old_names(const ScriptTask *task, GError **error)
{
	static const char *const names[] = {"python", "python3", "pip"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *name = g_build_filename("bin", names[i], NULL);
		g_autofree char *text = g_strdup_printf("#!/bin/sh\nexec '%s/%s' \"$@\"\n",
			package_env_folder(task->packages), name);

		if (!script_file_write(task->folder, name, text, strlen(text), true, error))
			return false;
	}
	return true;
}

static bool python_prepare(ScriptTask *task, GError **error)
{
	const json_t *wanted = task_context_raw(task->context, "virtualEnv");
	g_autofree char *interpreter = interpreter_find(task, error);
	g_autofree char *list = NULL;
	Build build = {task, interpreter, NULL};
	bool environment;

	if (interpreter == NULL || !python_list_read(task, &list, error))
		return false;
	build.list = list != NULL ? list : "";
	environment = !json_is_false(wanted) &&
		      (json_is_true(wanted) || !python_list_is_blank(build.list));
	g_ptr_array_add(task->variables, g_strdup("PYTHONUNBUFFERED=1"));
	if (environment && !environment_take(task, &build, error))
		return false;
	if (!environment && needs_link(task, interpreter) && !links_take(task, &build, error))
		return false;
	if (task->packages != NULL)
		g_ptr_array_add(task->paths,
			g_build_filename(package_env_folder(task->packages), "bin", NULL));
	if (json_is_true(wanted) && !old_names(task, error))
		return false;
	task->program = environment ? g_build_filename(package_env_folder(task->packages), "bin",
					      "python", NULL)
				    : g_steal_pointer(&interpreter);
	return true;
}

TASK_RUN(python)
{
	static const ScriptLanguage python = {".py", "python", python_prepare};

	return script_task_run(&python, context, result, error);
}
