// Node.js: commands of a shell that finds node and its packages, or a script.
//
// The packages are what `packages` lists, or the file package.json among the files that the task sees (with package-lock.json,
// exactly those of the lock). They are installed once for each version of Node.js and list, and are there as node_modules in the
// task's folder. Without a list npm is never run.
#include "runner/tasks/build_variables.h"
#include "runner/tasks/script_environment.h"
#include "runner/tasks/script_files.h"
#include "runner/tasks/script_packages.h"
#include "runner/tasks/tasks.h"
#include "store/json_dump.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *program_find(const ScriptTask *task, const char *key, const char *name, GError **error)
{
	const char *given = json_string_value(task_context_raw(task->context, key));
	char *program = script_task_program(task, given != NULL ? given : name);

	if (program == NULL)
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"there is no program '%s' in the task's PATH; install the package '%s', or "
			"say where it is with '%s'",
			given != NULL ? given : name, strcmp(name, "node") == 0 ? "nodejs" : name,
			key);
	return program;
}

// ---- The list

static const char FILE_SCHEME[] = "file:";

// name@1.2.3 or @scope/name@1.2.3; without a version any.
static void package_put(json_t *packages, const char *text)
{
	const char *at = *text == '\0' ? NULL : strchr(text + 1, '@');
	g_autofree char *name = at == NULL ? g_strdup(text) : g_strndup(text, (gsize)(at - text));

	json_object_set_new(packages, name, json_string(at == NULL ? "*" : at + 1));
}

// A path is meant relative to the task's folder.
static json_t *version_of(const ScriptTask *task, const json_t *value)
{
	const char *version = json_string_value(value);
	g_autofree char *text = NULL;

	if (version == NULL) {
		text = json_dump_text(value, JSON_ENCODE_ANY);
		return json_string(text);
	}
	if (!g_str_has_prefix(version, FILE_SCHEME) || version[strlen(FILE_SCHEME)] == '/')
		return json_string(version);
	text = g_strdup_printf("%s%s/%s", FILE_SCHEME, task->folder, version + strlen(FILE_SCHEME));
	return json_string(text);
}

static json_t *dependencies_of(const ScriptTask *task, json_t *given)
{
	json_t *packages = json_object();
	const char *name;
	json_t *value;
	size_t i;

	json_array_foreach(given, i, value)
	{
		if (json_is_string(value))
			package_put(packages, json_string_value(value));
	}
	if (json_is_string(given))
		package_put(packages, json_string_value(given));
	json_object_foreach(given, name, value) json_object_set(packages, name, value);
	json_object_foreach(packages, name, value)
		json_object_set_new(packages, name, version_of(task, value));
	return packages;
}

// What is to be installed: texts of package.json and package-lock.json; NULL: nothing, no lock.
typedef struct {
	ScriptTask *task;
	char *json, *lock;
	char *settings; // of .npmrc; NULL: none
	char *identity; // of the list, without the path of this task's folder
	char *npm;
} Build;

static void build_clear(Build *build)
{
	g_free(build->json);
	g_free(build->lock);
	g_free(build->settings);
	g_free(build->identity);
	g_free(build->npm);
}

static char *text_of(json_t *value)
{
	return json_dump_text(value, JSON_INDENT(1) | JSON_SORT_KEYS);
}

static bool given_read(Build *build, json_t *given)
{
	json_t *json = json_pack(
		"{s:b, s:o}", "private", 1, "dependencies", dependencies_of(build->task, given));
	bool any = json_object_size(json_object_get(json, "dependencies")) > 0;

	if (any) {
		build->json = text_of(json);
		build->identity = json_dump_text(given, JSON_SORT_KEYS | JSON_ENCODE_ANY);
	}
	json_decref(json);
	return any;
}

static bool file_read(Build *build, const char *path, GError **error)
{
	static const char *const groups[] = {"dependencies", "optionalDependencies"};
	json_error_t fault;
	json_t *json = json_load_file(path, 0, &fault);
	bool any = false;

	if (!json_is_object(json)) {
		json_decref(json);
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "package.json:%d:%d: %s",
			fault.line, fault.column, fault.text);
		return false;
	}
	build->identity = text_of(json);
	for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
		json_t *group = json_object_get(json, groups[i]);

		any |= json_object_size(group) > 0;
		if (json_object_size(group) > 0)
			json_object_set_new(json, groups[i], dependencies_of(build->task, group));
	}
	build->json = any ? text_of(json) : NULL;
	json_decref(json);
	return true;
}

static bool list_read(Build *build, GError **error)
{
	const char *folder = build->task->folder;
	g_autofree char *file = g_build_filename(folder, "package.json", NULL);
	g_autofree char *lock = g_build_filename(folder, "package-lock.json", NULL);
	g_autofree char *settings = g_build_filename(folder, ".npmrc", NULL);
	json_t *given = NULL;

	g_file_get_contents(settings, &build->settings, NULL, NULL);
	if (!task_context_json(build->task->context, "packages", &given, error))
		return false;
	if (given != NULL) {
		given_read(build, given);
		json_decref(given);
		return true;
	}
	if (!g_file_test(file, G_FILE_TEST_IS_REGULAR))
		return true;
	g_file_get_contents(lock, &build->lock, NULL, NULL);
	return file_read(build, file, error);
}

// ---- Building

static void install_fail(const Build *build, const GPtrArray *lines, GError **error)
{
	static const struct {
		const char *before, *end;
	} marks[] = {
		{"No matching version found for ", " \n"},
		{" 404  '", "'"},
		{"Could not install from \"", "\""},
		{"no such file or directory, open '", "'"},
		{"request to ", " "},
	};
	g_autofree char *package = NULL;
	g_autofree char *cause = NULL;
	ScriptFailure failure = {
		NULL, "npm did not succeed; its last lines are in the log", "npm_config_registry"};

	for (size_t i = 0; package == NULL && i < G_N_ELEMENTS(marks); i++)
		package = script_lines_find(lines, marks[i].before, marks[i].end);
	if (package != NULL && g_str_has_suffix(package, "."))
		package[strlen(package) - 1] = '\0';
	cause = script_lines_find(lines, "npm error code ", "\n");
	if (cause == NULL)
		cause = script_lines_find(lines, "npm ERR! code ", "\n");
	failure.package = package;
	if (cause != NULL)
		failure.cause = cause;
	script_packages_fail(build->task, lines, &failure, error);
}

// Which of the files that npm reads are in the new folder.
static bool files_write(const Build *build, const char *folder, GError **error)
{
	const struct {
		const char *name, *text;
	} files[] = {
		{"package.json", build->json},
		{"package-lock.json", build->lock},
		{".npmrc", build->settings},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		if (files[i].text != NULL &&
			!script_file_write(folder, files[i].name, files[i].text,
				strlen(files[i].text), false, error))
			return false;
	}
	return true;
}

static bool environment_build(const char *folder, void *data, GError **error)
{
	const Build *build = data;
	g_autofree char *home = g_build_filename(folder, SCRIPT_BUILD_HOME, NULL);
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	const char *more[] = {"npm_config_update_notifier=false", "npm_config_logs_max=0", NULL};
	const char *arguments[] = {build->npm, build->lock != NULL ? "ci" : "install", "--no-audit",
		"--no-fund", "--omit=dev", "--install-links", "--loglevel=error", NULL};

	if (!files_write(build, folder, error))
		return false;
	if (script_program_run(build->task, folder, home, arguments, more, lines, error))
		return true;
	if (error == NULL || !g_error_matches(*error, TASK_ERROR, TASK_ERROR_CANCELLED))
		install_fail(build, lines, error);
	return false;
}

// ---- Preparing

// Modules are looked for beside the script; require() also looks where NODE_PATH says, import does not.
static bool modules_link(const ScriptTask *task, const char *modules, GError **error)
{
	g_autofree char *link = g_build_filename(task->folder, "node_modules", NULL);
	struct stat status;

	if (lstat(link, &status) == 0 && !S_ISLNK(status.st_mode))
		return true; // the task's own
	unlink(link);
	if (symlink(modules, link) == 0)
		return true;
	g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "cannot make '%s'", link);
	return false;
}

// What identifies the packages: the list, and what is in files that it speaks of.
static char *list_identity(const Build *build)
{
	static const char *const groups[] = {"dependencies", "optionalDependencies"};
	GString *identity = g_string_new(build->identity);
	json_t *json = json_loads(build->json, 0, NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
		const char *name;
		json_t *value;

		json_object_foreach(json_object_get(json, groups[i]), name, value)
		{
			const char *version = json_string_value(value);

			if (version != NULL && g_str_has_prefix(version, FILE_SCHEME))
				build_path_identity(
					build->task, version + strlen(FILE_SCHEME), identity);
		}
	}
	json_decref(json);
	g_string_replace(identity, build->task->folder, ".", 0); // it is another one each time
	return g_string_free(identity, FALSE);
}

static bool packages_take(ScriptTask *task, Build *build, GError **error)
{
	g_autofree char *version = script_version(task, task->program, "--version", error);
	g_autofree char *list = NULL;
	g_autofree char *modules = NULL;
	g_autofree char *key = NULL;

	build->npm = version == NULL ? NULL : program_find(task, "npmPath", "npm", error);
	if (build->npm == NULL)
		return false;
	list = list_identity(build);
	key = g_strdup_printf("node\n%s\n%s\n%s\n%s\n%s", task->program, version, list,
		build->lock != NULL ? build->lock : "",
		build->settings != NULL ? build->settings : "");
	if (!script_packages_take(task, key, environment_build, build, error))
		return false;
	modules = g_build_filename(package_env_folder(task->packages), "node_modules", NULL);
	g_ptr_array_add(task->paths, g_build_filename(modules, ".bin", NULL));
	g_ptr_array_add(task->variables, g_strdup_printf("NODE_PATH=%s", modules));
	return modules_link(task, modules, error);
}

static bool node_prepare(ScriptTask *task, GError **error)
{
	Build build = {.task = task};
	bool ok;

	task->program = program_find(task, "nodePath", "node", error);
	ok = task->program != NULL && list_read(&build, error) &&
	     (build.json == NULL || packages_take(task, &build, error));
	build_clear(&build);
	return ok;
}

TASK_RUN(node)
{
	static const ScriptLanguage node = {".js", "node", node_prepare};

	return script_task_run(&node, context, result, error);
}
