// Python: commands of a shell that finds python in a virtual environment of its own, or a script.
//
// The environment holds what `requirements` lists, or the file requirements.txt among the files of the domain's scripts/. It is
// built once for each interpreter and list. Without a list there is no environment, and pip is never run.
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

// ---- The list

// The lines of the list as pip takes them; NULL in *ret_list when there is none.
static bool list_read(ScriptTask *task, char **ret_list, GError **error)
{
	json_t *given = NULL;
	g_autoptr(GString) list = g_string_new(NULL);
	g_autofree char *file = g_build_filename(task->folder, "requirements.txt", NULL);

	*ret_list = NULL;
	if (!task_context_json(task->context, "requirements", &given, error))
		return false;
	if (given == NULL) {
		g_file_get_contents(file, ret_list, NULL, NULL);
		return true;
	}
	if (json_is_string(given))
		g_string_append_printf(list, "%s\n", json_string_value(given));
	for (size_t i = 0; i < json_array_size(given); i++) {
		const char *line = json_string_value(json_array_get(given, i));

		g_string_append_printf(list, "%s\n", line != NULL ? line : "");
	}
	json_decref(given);
	*ret_list = g_strdup(list->str);
	return true;
}

static bool is_blank(const char *list)
{
	g_auto(GStrv) lines = g_strsplit(list, "\n", -1);

	for (char **line = lines; *line != NULL; line++) {
		g_strstrip(*line);
		if (**line != '\0' && **line != '#')
			return false;
	}
	return true;
}

// A line that names no file, option or address, and no version.
static bool is_loose(const char *line)
{
	return g_ascii_isalnum(*line) && strstr(line, "==") == NULL && strchr(line, '@') == NULL &&
	       strchr(line, '/') == NULL && !g_str_has_suffix(line, ".whl");
}

static void loose_warn(const ScriptTask *task, const char *list)
{
	g_auto(GStrv) lines = g_strsplit(list, "\n", -1);

	for (char **line = lines; *line != NULL; line++) {
		if (is_loose(g_strstrip(*line)))
			task_context_log(task->context, TASK_LOG_WARN,
				"'%s' is not pinned to a version: it stays what it is when the "
				"environment is built; write '%s==VERSION'",
				*line, *line);
	}
}

// What a line says where something is: the value of an option, or a requirement that is a path. NULL: nothing.
static const char *line_place(const char *line)
{
	static const char *const options[] = {"-r", "-c", "-e", "-f", "--requirement",
		"--constraint", "--editable", "--find-links"};

	for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
		size_t length = strlen(options[i]);

		if (strncmp(line, options[i], length) == 0 && strchr(" =", line[length]) != NULL)
			return line + length + strspn(line + length, " =");
	}
	return *line != '-' && (strchr(line, '/') != NULL || g_str_has_suffix(line, ".whl")) ? line
											     : NULL;
}

// Whether the list speaks of files of scripts/: they are then part of what identifies the environment.
static bool names_files(const char *list)
{
	g_auto(GStrv) lines = g_strsplit(list, "\n", -1);

	for (char **line = lines; *line != NULL; line++) {
		const char *place = line_place(g_strstrip(*line));

		if (place != NULL && *place != '/' && strstr(place, "://") == NULL)
			return true;
	}
	return false;
}

// ---- Building

typedef struct {
	ScriptTask *task;
	const char *interpreter;
	const char *list;
} Build;

static bool venv_make(const Build *build, const char *folder, GError **error)
{
	const char *arguments[] = {build->interpreter, "-m", "venv", folder, NULL};
	const char *none[] = {NULL};
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *module = NULL;

	if (script_program_run(build->task, build->task->folder, arguments, none, lines, error))
		return true;
	if (error != NULL && g_error_matches(*error, TASK_ERROR, TASK_ERROR_CANCELLED))
		return false;
	module = script_lines_find(lines, "ensurepip is not", "");
	if (module == NULL)
		module = script_lines_find(lines, "No module named", "");
	script_packages_fail(build->task, lines, NULL,
		module != NULL ? "Python has no module to make environments; install the package "
				 "'python3-venv'"
			       : "the virtual environment cannot be made",
		error);
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
		{"Could not install packages due to an OSError: ", "\n"},
	};
	g_autofree char *package = NULL;
	g_autofree char *cause = NULL;

	for (size_t i = 0; package == NULL && i < G_N_ELEMENTS(marks); i++)
		package = script_lines_find(lines, marks[i].before, marks[i].end);
	cause = script_lines_find(lines, "ERROR: ", "\n");
	script_packages_fail(build->task, lines, package,
		cause != NULL ? cause : "pip did not succeed; its last lines are in the log",
		error);
}

static bool environment_build(const char *folder, void *data, GError **error)
{
	const Build *build = data;
	g_autofree char *python = g_build_filename(folder, "bin", "python", NULL);
	g_autofree char *file = g_build_filename(folder, "requirements.txt", NULL);
	const char *arguments[] = {python, "-m", "pip", "install", "--disable-pip-version-check",
		"--no-input", "--no-cache-dir", "--progress-bar", "off", "-r", file, NULL};
	const char *none[] = {NULL};
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

	loose_warn(build->task, build->list);
	if (!venv_make(build, folder, error))
		return false;
	if (is_blank(build->list))
		return true;
	if (!g_file_set_contents(file, build->list, -1, error))
		return false;
	if (script_program_run(build->task, build->task->folder, arguments, none, lines, error))
		return true;
	if (error == NULL || !g_error_matches(*error, TASK_ERROR, TASK_ERROR_CANCELLED))
		install_fail(build, lines, error);
	return false;
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
	g_autofree char *files = NULL;
	g_autofree char *key = NULL;

	if (version == NULL)
		return false;
	files = names_files(build->list) ? task_context_scripts_digest(task->context)
					 : g_strdup("");
	key = g_strdup_printf(
		"python\n%s\n%s\n%s\n%s", build->interpreter, version, files, build->list);
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

	if (interpreter == NULL || !list_read(task, &list, error))
		return false;
	build.list = list != NULL ? list : "";
	environment = !json_is_false(wanted) && (json_is_true(wanted) || !is_blank(build.list));
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
