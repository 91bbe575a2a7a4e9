// The files that a task sees: those of its domain's scripts/, copied into its own folder.
#include "runner/drive.h"

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

// A folder of the file system. Symbolic links are not followed.
static bool folder_copy(const char *source, const char *target, const char *below, GError **error)
{
	g_autofree char *path =
		*below == '\0' ? g_strdup(source) : g_build_filename(source, below, NULL);
	g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
	const char *name;

	while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
		g_autofree char *entry =
			*below == '\0' ? g_strdup(name) : g_build_filename(below, name, NULL);
		g_autofree char *full = g_build_filename(source, entry, NULL);
		g_autofree char *content = NULL;
		gsize length;
		struct stat status;

		if (lstat(full, &status) < 0)
			continue;
		if (S_ISDIR(status.st_mode)) {
			if (!folder_copy(source, target, entry, error))
				return false;
		} else if (S_ISREG(status.st_mode)) {
			if (!g_file_get_contents(full, &content, &length, error) ||
				!file_put(target, entry, content, length,
					(status.st_mode & 0111) != 0, error))
				return false;
		}
	}
	return true;
}

static bool tree_copy(Store *store, const char *tree, const char *target, GError **error)
{
	g_autoptr(GPtrArray) entries = NULL;

	if (!store_script_tree_list(store, tree, &entries, error))
		return false;
	for (guint i = 0; i < entries->len; i++) {
		const StoreScriptEntry *entry = entries->pdata[i];
		g_autoptr(GBytes) content = NULL;

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

const char *task_context_scripts(TaskContext *context, GError **error)
{
	const RunnerOptions *options = runner_options(context->drive->runner);
	const char *tree = flow_model_scripts_tree(context->drive->model);
	const char *folder = task_context_folder(context, error);

	if (folder == NULL || context->scripts_there ||
		(options->scripts_folder == NULL && tree == NULL))
		return folder;
	if (options->scripts_folder != NULL) {
		if (!g_file_test(options->scripts_folder, G_FILE_TEST_IS_DIR))
			return folder;
		if (!folder_copy(options->scripts_folder, folder, "", error))
			return NULL;
	} else if (!tree_copy(task_context_store(context), tree, folder, error)) {
		return NULL;
	}
	g_autofree char *link = g_build_filename(folder, "scripts", NULL);
	if (symlink(".", link) < 0 && errno != EEXIST) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "cannot make '%s': %s", link,
			g_strerror(errno));
		return NULL;
	}
	context->scripts_there = true;
	return folder;
}
