// The files that a task sees: those of its domain's scripts/, copied into its own folder.
#include "runner/drive.h"

#include "runner/file_pattern.h"
#include "runner/folder.h"
#include "runner/tasks/script_files.h"
#include "store/script.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool file_put(const char *folder, const char *path, const char *content, gsize length,
	bool executable, GError **error)
{
	g_autofree char *target = g_build_filename(folder, path, NULL);
	g_autofree char *parent = g_path_get_dirname(target);

	if (g_mkdir_with_parents(parent, 0700) < 0) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "cannot make the folder '%s': %s",
			parent, g_strerror(errno));
		return false;
	}
	return g_file_set_contents_full(target, content, (gssize)length, G_FILE_SET_CONTENTS_NONE,
		executable ? 0700 : 0600, error);
}

// ---- Which of them: the property namespaceFiles

typedef struct {
	bool enabled;
	json_t *include, *exclude; // lists of patterns; NULL: all, none
} Choice;

static void choice_clear(Choice *choice)
{
	json_decref(choice->include);
	json_decref(choice->exclude);
}

// A list, also of what is one text; NULL when absent. A new reference.
static json_t *patterns_of(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return json_is_string(value) ? json_pack("[O]", value) : json_incref(value);
}

// true, false, a list of patterns, or {enabled, include, exclude}.
static bool choice_read(TaskContext *context, Choice *choice, GError **error)
{
	json_t *value = NULL;
	json_t *enabled;

	*choice = (Choice){.enabled = true};
	if (!task_context_json(context, "namespaceFiles", &value, error))
		return false;
	if (json_is_array(value))
		choice->include = json_incref(value);
	choice->include = json_is_object(value) ? patterns_of(value, "include") : choice->include;
	choice->exclude = patterns_of(value, "exclude");
	enabled = json_is_object(value) ? json_object_get(value, "enabled") : value;
	choice->enabled =
		!json_is_false(enabled) && g_strcmp0(json_string_value(enabled), "false") != 0;
	json_decref(value);
	return true;
}

// A pattern without a slash is also meant for names in folders.
static bool one_matches(const char *pattern, const char *path)
{
	const char *base = strrchr(path, '/');

	return pattern != NULL && (file_pattern_matches(pattern + (*pattern == '/'), path) ||
					  (strchr(pattern, '/') == NULL && base != NULL &&
						  file_pattern_matches(pattern, base + 1)));
}

static bool any_matches(const json_t *patterns, const char *path)
{
	for (size_t i = 0; i < json_array_size(patterns); i++) {
		if (one_matches(json_string_value(json_array_get(patterns, i)), path))
			return true;
	}
	return false;
}

static bool is_chosen(const Choice *choice, const char *path)
{
	return (json_array_size(choice->include) == 0 || any_matches(choice->include, path)) &&
	       !any_matches(choice->exclude, path);
}

// ---- Where they come from

typedef struct {
	const char *source, *target;
	const Choice *choice;
	GError *error;
} Copy;

static bool copy_visit(const char *path, gpointer data)
{
	Copy *copy = data;
	g_autofree char *full = g_build_filename(copy->source, path, NULL);
	g_autofree char *content = NULL;
	struct stat status;
	gsize length;

	if (!is_chosen(copy->choice, path) || lstat(full, &status) < 0)
		return true;
	return g_file_get_contents(full, &content, &length, &copy->error) &&
	       file_put(copy->target, path, content, length, (status.st_mode & 0111) != 0,
		       &copy->error);
}

static bool folder_copy(
	const char *source, const char *target, const Choice *choice, GError **error)
{
	Copy copy = {source, target, choice, NULL};

	folder_walk(source, copy_visit, &copy);
	if (copy.error == NULL)
		return true;
	g_propagate_error(error, copy.error);
	return false;
}

static bool tree_copy(
	Store *store, const char *tree, const char *target, const Choice *choice, GError **error)
{
	g_autoptr(GPtrArray) entries = NULL;

	if (!store_script_tree_list(store, tree, &entries, error))
		return false;
	for (guint i = 0; i < entries->len; i++) {
		const StoreScriptEntry *entry = entries->pdata[i];
		g_autoptr(GBytes) content = NULL;

		if (!is_chosen(choice, entry->path))
			continue;
		if (!store_script_file_get(store, entry->blob, &content, error))
			return false;
		if (content == NULL) {
			g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
				"the file '%s' of scripts/ is not in the store", entry->path);
			return false;
		}
		gsize length;
		const char *bytes = g_bytes_get_data(content, &length);
		if (!file_put(target, entry->path, bytes, length, entry->executable, error))
			return false;
	}
	return true;
}

static bool files_copy(TaskContext *context, const char *folder, GError **error)
{
	const RunnerOptions *options = runner_options(context->drive->runner);
	const char *tree = flow_model_scripts_tree(context->drive->model);
	Choice choice;
	bool ok = choice_read(context, &choice, error);

	if (ok && choice.enabled && options->scripts_folder != NULL)
		ok = folder_copy(options->scripts_folder, folder, &choice, error);
	else if (ok && choice.enabled)
		ok = tree_copy(task_context_store(context), tree, folder, &choice, error);
	choice_clear(&choice);
	return ok;
}

const char *task_context_scripts(TaskContext *context, GError **error)
{
	const RunnerOptions *options = runner_options(context->drive->runner);
	const char *folder = task_context_folder(context, error);
	bool any = options->scripts_folder != NULL ||
		   flow_model_scripts_tree(context->drive->model) != NULL;

	// In a shared folder they are there, unless the task chooses some of its own.
	if (folder == NULL || context->scripts_there || !any ||
		(context->shared && !context->fills &&
			task_context_raw(context, "namespaceFiles") == NULL))
		return folder;
	if (!files_copy(context, folder, error))
		return NULL;
	g_autofree char *link = g_build_filename(folder, "scripts", NULL);
	if (symlink(".", link) < 0 && errno != EEXIST) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "cannot make '%s': %s", link,
			g_strerror(errno));
		return NULL;
	}
	context->scripts_there = true;
	return folder;
}

// ---- One of them, by name

static bool tree_read(
	Store *store, const char *tree, const char *path, GBytes **ret_content, GError **error)
{
	g_autoptr(GPtrArray) entries = NULL;

	if (!store_script_tree_list(store, tree, &entries, error))
		return false;
	for (guint i = 0; i < entries->len; i++) {
		const StoreScriptEntry *entry = entries->pdata[i];

		if (strcmp(entry->path, path) == 0)
			return store_script_file_get(store, entry->blob, ret_content, error);
	}
	return true;
}

static void folder_read(const char *folder, const char *path, GBytes **ret_content)
{
	g_autofree char *full = g_build_filename(folder, path, NULL);
	char *content;
	gsize length;

	if (g_file_get_contents(full, &content, &length, NULL))
		*ret_content = g_bytes_new_take(content, length);
}

bool drive_script_read(Drive *drive, const char *path, GBytes **ret_content, GError **error)
{
	static const char prefix[] = "scripts/"; // load.sh and scripts/load.sh are the same file
	const char *folder = runner_options(drive->runner)->scripts_folder;
	const char *tree = flow_model_scripts_tree(drive->model);
	const char *name = g_str_has_prefix(path, prefix) ? path + strlen(prefix) : path;

	*ret_content = NULL;
	if (script_path_is_inside(name)) {
		if (folder != NULL)
			folder_read(folder, name, ret_content);
		else if (tree != NULL &&
			 !tree_read(runner_store(drive->runner), tree, name, ret_content, error))
			return false;
	}
	if (*ret_content == NULL)
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"there is no file '%s' in scripts/ of the domain", path);
	return *ret_content != NULL;
}

bool task_context_script_read(
	TaskContext *context, const char *path, GBytes **ret_content, GError **error)
{
	return drive_script_read(context->drive, path, ret_content, error);
}
