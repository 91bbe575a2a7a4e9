#include "runner/tasks/script_environment.h"

#include "runner/tasks/script_files.h"
#include "store/json_dump.h"

#include <string.h>
#include <unistd.h>

static const char DEFAULT_PATH[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static void values_to_texts(json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		g_autofree char *text = NULL;

		if (json_is_string(value) || json_is_null(value))
			continue;
		text = json_dump_text(value, JSON_COMPACT | JSON_ENCODE_ANY);
		json_object_set_new(object, name, json_string(text));
	}
}

bool script_environment_read(ScriptTask *task, GError **error)
{
	json_t *parsed;

	if (!task_context_json(task->context, "env", &task->declared, error))
		return false;
	if (json_is_string(task->declared)) {
		// An expression may give the whole object as JSON, or nothing.
		parsed = *json_string_value(task->declared) == '\0'
				 ? json_object()
				 : json_loads(json_string_value(task->declared), 0, NULL);
		json_decref(task->declared);
		task->declared = parsed != NULL ? parsed : json_string("");
	}
	if (task->declared == NULL || json_is_null(task->declared)) {
		json_decref(task->declared);
		task->declared = json_object();
	}
	if (!json_is_object(task->declared)) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"property 'env' must give an object of names and texts");
		return false;
	}
	values_to_texts(task->declared);
	return true;
}

const char *script_task_variable(const ScriptTask *task, const char *name)
{
	const char *value = json_string_value(json_object_get(task->declared, name));

	return value == NULL && strcmp(name, "PATH") == 0 ? DEFAULT_PATH : value;
}

char *script_task_program(const ScriptTask *task, const char *name)
{
	if (strchr(name, '/') != NULL)
		return access(name, X_OK) == 0 ? g_strdup(name) : NULL;
	g_auto(GStrv) folders = g_strsplit(script_task_variable(task, "PATH"), ":", -1);
	for (char **folder = folders; *folder != NULL; folder++) {
		g_autofree char *path = g_build_filename(*folder, name, NULL);

		if (**folder == '/' && access(path, X_OK) == 0)
			return g_steal_pointer(&path);
	}
	return NULL;
}

static char *path_value(const ScriptTask *task)
{
	GString *path = g_string_new(NULL);

	for (guint i = 0; i < task->paths->len; i++)
		g_string_append_printf(path, "%s:", (const char *)task->paths->pdata[i]);
	g_string_append(path, script_task_variable(task, "PATH"));
	return g_string_free(path, FALSE);
}

static bool declared_add(const ScriptTask *task, GPtrArray *environment, GError **error)
{
	const char *name;
	json_t *value;

	json_object_foreach(task->declared, name, value)
	{
		if (*name == '\0' || strchr(name, '=') != NULL) {
			g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
				"property 'env': '%s' is no name of an environment variable", name);
			return false;
		}
		if (strcmp(name, "PATH") == 0 || json_is_null(value))
			continue;
		g_ptr_array_add(
			environment, g_strdup_printf("%s=%s", name, json_string_value(value)));
	}
	return true;
}

static void default_add(
	const ScriptTask *task, GPtrArray *environment, const char *name, const char *value)
{
	if (json_object_get(task->declared, name) == NULL)
		g_ptr_array_add(environment, g_strdup_printf("%s=%s", name, value));
}

bool script_environment_fill(const ScriptTask *task, GPtrArray *environment, GError **error)
{
	g_autofree char *path = path_value(task);
	g_autofree char *below = script_output_folder(task->context);
	g_autofree char *outputs = g_build_filename(task->folder, below, NULL);

	g_ptr_array_add(environment, g_strdup_printf("PATH=%s", path));
	default_add(task, environment, "HOME", task->folder);
	default_add(task, environment, "TMPDIR", task->folder);
	default_add(task, environment, "LANG", "C.UTF-8");
	default_add(task, environment, "WORKING_DIR", task->folder);
	if (*below != '\0')
		default_add(task, environment, "OUTPUT_DIR", outputs);
	g_ptr_array_add(environment,
		g_strdup_printf("WEIR_TASK_RUN=%s", task_context_task_run_id(task->context)));
	for (guint i = 0; i < task->variables->len; i++) {
		const char *entry = task->variables->pdata[i];
		g_autofree char *name = g_strndup(entry, strcspn(entry, "="));

		if (json_object_get(task->declared, name) == NULL)
			g_ptr_array_add(environment, g_strdup(entry));
	}
	if (!declared_add(task, environment, error))
		return false;
	g_ptr_array_add(environment, NULL);
	return true;
}
