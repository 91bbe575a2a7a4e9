#include "runner/tasks/python_list.h"

#include "runner/tasks/build_variables.h"

#include <string.h>

enum { DEPTH = 8 }; // of lists that include lists

// ---- Reading

static char *text_of(const json_t *given)
{
	GString *list = g_string_new(NULL);

	if (json_is_string(given))
		g_string_append_printf(list, "%s\n", json_string_value(given));
	for (size_t i = 0; i < json_array_size(given); i++) {
		const char *line = json_string_value(json_array_get(given, i));

		g_string_append_printf(list, "%s\n", line != NULL ? line : "");
	}
	return g_string_free(list, FALSE);
}

// What a line says is to be installed as a link to a folder; NULL: nothing.
static const char *line_link(const char *line)
{
	static const char *const options[] = {"-e", "--editable"};

	for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
		size_t length = strlen(options[i]);

		if (strncmp(line, options[i], length) == 0 && line[length] != '\0' &&
			strchr(" =\t", line[length]) != NULL)
			return line + length + strspn(line + length, " =\t");
	}
	return NULL;
}

// A link would lead to this task's folder, which is gone when the next task uses the environment.
static bool links_check(const char *list, GError **error)
{
	g_auto(GStrv) lines = g_strsplit(list, "\n", -1);

	for (char **line = lines; *line != NULL; line++) {
		const char *place = line_link(g_strstrip(*line));

		if (place == NULL)
			continue;
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"'%s' cannot be installed: the environment would only lead to the task's "
			"folder, which ends with the task; write '%s'",
			*line, place);
		return false;
	}
	return true;
}

bool python_list_read(ScriptTask *task, char **ret_list, GError **error)
{
	json_t *given = NULL;
	g_autofree char *list = NULL;
	g_autofree char *file = g_build_filename(task->folder, "requirements.txt", NULL);

	*ret_list = NULL;
	if (!task_context_json(task->context, "requirements", &given, error))
		return false;
	if (given != NULL)
		list = text_of(given);
	else
		g_file_get_contents(file, &list, NULL, NULL);
	json_decref(given);
	if (list != NULL && !links_check(list, error))
		return false;
	*ret_list = g_steal_pointer(&list);
	return true;
}

bool python_list_is_blank(const char *list)
{
	g_auto(GStrv) lines = g_strsplit(list, "\n", -1);

	for (char **line = lines; *line != NULL; line++) {
		g_strstrip(*line);
		if (**line != '\0' && **line != '#')
			return false;
	}
	return true;
}

// ---- Versions

// A line that names no file, option or address, and no version.
static bool is_loose(const char *line)
{
	return g_ascii_isalnum(*line) && strstr(line, "==") == NULL && strchr(line, '@') == NULL &&
	       strchr(line, '/') == NULL && !g_str_has_suffix(line, ".whl");
}

void python_list_warn(const ScriptTask *task, const char *list)
{
	g_auto(GStrv) lines = g_strsplit(list, "\n", -1);

	for (char **line = lines; *line != NULL; line++) {
		if (is_loose(g_strstrip(*line)))
			task_context_log(task->context, TASK_LOG_WARN,
				"'%s' is not pinned to a version: it stays what it is when the "
				"environment is built; write '%.*s==VERSION'",
				*line, (int)strcspn(*line, " <>=!~;#"), *line);
	}
}

// ---- Files that it speaks of

// Where an option of a line leads.
static const struct {
	const char *name;
	bool is_list; // a list of the same kind, relative to the one that names it
} options[] = {
	{"-r", true},
	{"-c", true},
	{"-f", false},
	{"--requirement", true},
	{"--constraint", true},
	{"--find-links", false},
};

// What a line says where something is: the value of an option, or a requirement that is a path. NULL: nothing.
static const char *line_place(const char *line, bool *ret_is_list)
{
	*ret_is_list = false;
	for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
		size_t length = strlen(options[i].name);

		if (strncmp(line, options[i].name, length) == 0 &&
			strchr(" =\t", line[length]) != NULL) {
			*ret_is_list = options[i].is_list;
			return line + length + strspn(line + length, " =\t");
		}
	}
	return *line != '-' && (strchr(line, '/') != NULL || g_str_has_suffix(line, ".whl") ||
				       strcmp(line, ".") == 0)
		       ? line
		       : NULL;
}

static void places_identity(
	const ScriptTask *task, const char *list, const char *folder, int depth, GString *identity);

static void place_identity(const ScriptTask *task, const char *place, const char *folder,
	bool is_list, int depth, GString *identity)
{
	g_autofree char *path = g_canonicalize_filename(place, folder);
	g_autofree char *content = NULL;
	g_autofree char *parent = NULL;

	build_path_identity(task, path, identity);
	if (!is_list || depth >= DEPTH || !g_file_get_contents(path, &content, NULL, NULL))
		return;
	parent = g_path_get_dirname(path);
	places_identity(task, content, parent, depth + 1, identity);
}

static void places_identity(
	const ScriptTask *task, const char *list, const char *folder, int depth, GString *identity)
{
	g_auto(GStrv) lines = g_strsplit(list, "\n", -1);

	for (char **line = lines; *line != NULL; line++) {
		bool is_list;
		const char *place = line_place(g_strstrip(*line), &is_list);

		// Paths of packages are relative to where pip runs, those of lists to the list.
		if (place != NULL && strstr(place, "://") == NULL)
			place_identity(task, place, is_list ? folder : task->folder, is_list, depth,
				identity);
	}
}

char *python_list_identity(const ScriptTask *task, const char *list)
{
	GString *identity = g_string_new(list);

	// It is another one each time.
	g_string_replace(identity, task->folder, ".", 0);
	places_identity(task, list, task->folder, 0, identity);
	return g_string_free(identity, FALSE);
}
