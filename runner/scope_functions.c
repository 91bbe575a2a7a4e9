// The functions of expressions that only the runner can carry out: they reach for secrets, files, keys and the run itself.
#include "runner/drive.h"
#include "runner/scope_run.h"
#include "runner/secret.h"

#include <string.h>

static const char *argument_text(json_t *const *arguments, size_t count, size_t index)
{
	return index < count ? json_string_value(arguments[index]) : NULL;
}

static json_t *host_secret(void *data, json_t *const *arguments, size_t count, GError **error)
{
	const ScopeRef *ref = data;
	const RunnerOptions *options = runner_options(ref->drive->runner);
	const char *name = argument_text(arguments, count, 0);
	g_autofree char *value = NULL;

	if (name == NULL) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "secret() wants a name");
		return NULL;
	}
	value = secret_find(options, name, error);
	if (value == NULL)
		return NULL;
	drive_mask_add(ref->drive, value);
	return json_string(value);
}

// A file that the run keeps. A text that is not UTF-8 has its invalid bytes replaced.
static json_t *read_kept(const ScopeRef *ref, const char *path, GError **error)
{
	g_autofree char *full =
		g_build_filename(runner_files_folder(ref->drive->runner), path, NULL);
	g_autofree char *content = NULL;
	gsize length = 0;

	if (!g_file_get_contents(full, &content, &length, error))
		return NULL;
	g_autofree char *text = g_utf8_make_valid(content, (gssize)length);
	return json_string(text);
}

static json_t *read_script(const ScopeRef *ref, const char *path, GError **error)
{
	g_autoptr(GBytes) content = NULL;
	const char *bytes;
	gsize length;

	if (!drive_script_read(ref->drive, path, &content, error))
		return NULL;
	bytes = g_bytes_get_data(content, &length);
	g_autofree char *text = g_utf8_make_valid(bytes != NULL ? bytes : "", (gssize)length);
	return json_string(text);
}

static json_t *host_read(void *data, json_t *const *arguments, size_t count, GError **error)
{
	static const char kept[] = "weir:///", script[] = "nsfile:///";
	const ScopeRef *ref = data;
	const char *uri = argument_text(arguments, count, 0);

	if (uri != NULL && strstr(uri, "..") == NULL) {
		if (g_str_has_prefix(uri, kept))
			return read_kept(ref, uri + strlen(kept), error);
		if (g_str_has_prefix(uri, script))
			return read_script(ref, uri + strlen(script), error);
		if (strstr(uri, "://") == NULL && !g_path_is_absolute(uri))
			return read_script(ref, uri, error);
	}
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
		"read() wants the URI of a file of this run, or the name of a file of the domain's "
		"scripts/");
	return NULL;
}

static json_t *host_kv(void *data, json_t *const *arguments, size_t count, GError **error)
{
	const ScopeRef *ref = data;
	const char *key = argument_text(arguments, count, 0);
	const char *namespace = argument_text(arguments, count, 1);
	g_autofree char *name = g_strdup_printf("kv/%s/%s",
		namespace != NULL ? namespace : drive_flow(ref->drive)->namespace,
		key != NULL ? key : "");
	g_autofree char *value = NULL;
	json_t *parsed;

	if (!store_setting_get(runner_store(ref->drive->runner), name, &value, error))
		return NULL;
	if (value == NULL) {
		if (count > 2 && json_is_false(arguments[2]))
			return json_null();
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "there is no key '%s'",
			key != NULL ? key : "");
		return NULL;
	}
	parsed = json_loads(value, JSON_DECODE_ANY, NULL);
	return parsed != NULL ? parsed : json_string(value);
}

// The outputs of a sibling in this round of the loops around: outputs.t['a']['b'] without its subscripts.
static json_t *host_current_each_output(
	void *data, json_t *const *arguments, size_t count, GError **error)
{
	const ScopeRef *ref = data;
	g_autoptr(GPtrArray) values = g_ptr_array_new();
	json_t *at = count > 0 ? arguments[0] : NULL;

	for (const RunNode *node = ref->node; node != NULL; node = node->parent) {
		if (node->value != NULL)
			g_ptr_array_insert(values, 0, node->value);
	}
	for (guint i = 0; i < values->len && at != NULL; i++)
		at = json_object_get(at, values->pdata[i]);
	if (at == NULL)
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"there are no outputs for the current values");
	return json_incref(at);
}

static json_t *host_env(void *data, json_t *const *arguments, size_t count, GError **error)
{
	const char *name = argument_text(arguments, count, 0);
	g_autofree char *full = g_strdup_printf("ENV_%s", name != NULL ? name : "");
	const char *value = g_getenv(full);

	(void)data;
	if (value != NULL)
		return json_string(value);
	if (count > 1 && arguments[1] != NULL)
		return json_incref(arguments[1]);
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "there is no environment variable '%s'",
		full);
	return NULL;
}

const ExprHostFunction drive_functions[] = {
	{"secret", host_secret},
	{"read", host_read},
	{"kv", host_kv},
	{"currentEachOutput", host_current_each_output},
	{"iterationOutput", host_current_each_output},
	{"env", host_env},
	{"tasksWithState", scope_tasks_with_state},
	{"errorLogs", scope_error_logs},
	{NULL, NULL},
};
