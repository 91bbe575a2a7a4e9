#include "runner/tasks/script_files.h"

#include "runner/file_pattern.h"
#include "runner/folder.h"
#include "runner/run_files.h"
#include "store/json_dump.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool script_path_is_inside(const char *path)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);

	for (char **part = parts; *part != NULL; part++) {
		if (strcmp(*part, "..") == 0)
			return false;
	}
	return *path != '/' && *path != '\0';
}

// ---- What it is given

static const char SCRIPT_SCHEME[] = "nsfile:///";

static bool parent_make(const char *path, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(path);

	if (g_mkdir_with_parents(parent, 0700) == 0)
		return true;
	g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "cannot make the folder '%s': %s", parent,
		g_strerror(errno));
	return false;
}

bool script_file_write(const char *folder, const char *name, const char *text, gsize length,
	bool executable, GError **error)
{
	g_autofree char *target = g_build_filename(folder, name, NULL);

	return parent_make(target, error) &&
	       g_file_set_contents_full(target, text, (gssize)length, G_FILE_SET_CONTENTS_NONE,
		       executable ? 0700 : 0600, error);
}

bool script_file_copy(
	TaskContext *context, const char *folder, const char *name, const char *uri, GError **error)
{
	g_autofree char *source = task_context_open_path(context, uri, error);
	g_autofree char *target = g_build_filename(folder, name, NULL);

	if (source == NULL || !parent_make(target, error))
		return false;
	unlink(target);
	return run_file_copy(source, target, error);
}

// A file of scripts/, also when the folder has others of them or none.
static bool script_put(TaskContext *context, const char *folder, const char *name, const char *path,
	GError **error)
{
	g_autoptr(GBytes) content = NULL;
	const char *bytes;
	gsize length;

	if (!task_context_script_read(context, path, &content, error))
		return false;
	bytes = g_bytes_get_data(content, &length);
	return script_file_write(folder, name, bytes != NULL ? bytes : "", length, false, error);
}

static bool input_file(TaskContext *context, const char *folder, const char *name,
	const json_t *value, GError **error)
{
	g_autofree char *other = NULL;
	const char *content = json_string_value(value);

	if (!script_path_is_inside(name)) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"property 'inputFiles': '%s' leads out of the folder", name);
		return false;
	}
	if (content != NULL && g_str_has_prefix(content, "weir:///"))
		return script_file_copy(context, folder, name, content, error);
	if (content != NULL && g_str_has_prefix(content, SCRIPT_SCHEME))
		return script_put(context, folder, name, content + strlen(SCRIPT_SCHEME), error);
	if (content == NULL)
		other = json_is_null(value) ? g_strdup("")
					    : json_dump_text(value, JSON_COMPACT | JSON_ENCODE_ANY);
	if (content == NULL)
		content = other;
	return script_file_write(folder, name, content, strlen(content), false, error);
}

// The object that the property gives; NULL with *error unset when it is absent.
static json_t *input_files_object(TaskContext *context, GError **error)
{
	json_t *files = NULL;
	json_t *parsed;

	if (!task_context_json(context, "inputFiles", &files, error))
		return NULL;
	if (json_is_string(files)) {
		parsed = json_loads(json_string_value(files), 0, NULL);
		json_decref(files);
		files = parsed != NULL ? parsed : json_string("");
	}
	if (files == NULL || json_is_object(files) || json_is_null(files))
		return files;
	json_decref(files);
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
		"property 'inputFiles' must give an object of names and texts");
	return NULL;
}

bool script_files_put(TaskContext *context, const char *folder, GError **error)
{
	GError *cause = NULL;
	json_t *files = input_files_object(context, &cause);
	const char *name;
	json_t *value;

	json_object_foreach(files, name, value)
	{
		if (!input_file(context, folder, name, value, &cause))
			break;
	}
	json_decref(files);
	if (cause == NULL)
		return true;
	g_propagate_error(error, cause);
	return false;
}

// ---- What it hands on

// The texts of a list, or of one text that holds a list as JSON or is the only one. False with error.
static bool names_of(TaskContext *context, const char *key, GPtrArray *names, GError **error)
{
	json_t *list = NULL;
	json_t *parsed;

	if (!task_context_json(context, key, &list, error))
		return false;
	if (json_is_string(list)) {
		parsed = json_loads(json_string_value(list), 0, NULL);
		if (!json_is_array(parsed)) {
			json_decref(parsed);
			parsed = json_pack("[O]", list);
		}
		json_decref(list);
		list = parsed;
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));

		if (name != NULL && script_path_is_inside(name)) {
			g_ptr_array_add(names, g_strdup(name));
			continue;
		}
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"property '%s': '%s' leads out of the folder", key,
			name != NULL ? name : "?");
		json_decref(list);
		return false;
	}
	json_decref(list);
	return true;
}

static bool whole_directory(const TaskContext *context)
{
	return json_is_true(task_context_raw(context, "outputDirectory"));
}

char *script_output_folder(const TaskContext *context)
{
	if (!whole_directory(context))
		return g_strdup("");
	// Others may work in the same folder.
	return g_strdup_printf("outputs-%s", task_context_task_run_id(context));
}

bool script_files_prepare(TaskContext *context, const char *folder, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	if (!names_of(context, "outputDirs", names, error))
		return false;
	if (whole_directory(context))
		g_ptr_array_add(names, script_output_folder(context));
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path = g_build_filename(folder, names->pdata[i], "x", NULL);

		if (!parent_make(path, error))
			return false;
	}
	return true;
}

typedef struct {
	TaskContext *context;
	const char *folder;
	GPtrArray *patterns; // char *: of outputFiles
	GPtrArray *folders; // char *: of outputDirs
	char *whole; // the folder of outputDirectory; "" none
	bool shared;
	json_t *kept;
	GError *error;
} Keep;

static bool is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	while (length > 0 && folder[length - 1] == '/')
		length--;
	return length > 0 && strncmp(path, folder, length) == 0 && path[length] == '/';
}

// The name under which a file is handed on; NULL when it is not asked for.
static const char *kept_name(const Keep *keep, const char *path)
{
	if (is_below(path, keep->whole))
		return path + strlen(keep->whole) + 1;
	for (guint i = 0; i < keep->folders->len; i++) {
		if (is_below(path, keep->folders->pdata[i]))
			return path;
	}
	for (guint i = 0; i < keep->patterns->len; i++) {
		if (file_pattern_matches(keep->patterns->pdata[i], path))
			return path;
	}
	return NULL;
}

static bool keep_visit(const char *path, gpointer data)
{
	Keep *keep = data;
	const char *name = kept_name(keep, path);
	g_autofree char *full = NULL;
	g_autofree char *uri = NULL;

	if (name == NULL)
		return true;
	if (!g_utf8_validate(path, -1, NULL)) {
		task_context_log(keep->context, TASK_LOG_WARN,
			"the file '%s' is not kept: its name is no UTF-8", path);
		return true;
	}
	full = g_build_filename(keep->folder, path, NULL);
	uri = task_context_keep_named(keep->context, full, name, !keep->shared, &keep->error);
	if (uri != NULL)
		json_object_set_new(keep->kept, name, json_string(uri));
	return uri != NULL;
}

bool script_files_keep(
	TaskContext *context, const char *folder, bool shared, json_t *kept, GError **error)
{
	g_autoptr(GPtrArray) patterns = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *whole = script_output_folder(context);
	Keep keep = {context, folder, patterns, folders, whole, shared, kept, NULL};

	if (!names_of(context, "outputFiles", patterns, error) ||
		!names_of(context, "outputDirs", folders, error))
		return false;
	if (patterns->len == 0 && folders->len == 0 && *whole == '\0')
		return true;
	folder_walk(folder, keep_visit, &keep);
	if (keep.error == NULL)
		return true;
	g_propagate_error(error, keep.error);
	return false;
}
