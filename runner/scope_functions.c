// The functions of expressions that only the runner can carry out: they reach for secrets, files, keys and the run itself.
#include "repo-layout/yaml_document.h"
#include "runner/drive.h"
#include "runner/scope_run.h"
#include "runner/secret.h"
#include "store/json_dump.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

// What a container around hands on: 0 is the nearest that hands anything on.
static json_t *host_parent_output(
	void *data, json_t *const *arguments, size_t count, GError **error)
{
	const ScopeRef *ref = data;
	json_int_t index = count > 0 && arguments[0] != NULL ? json_integer_value(arguments[0]) : 0;
	const RunNode *node = ref->node == NULL ? NULL : ref->node->parent;

	for (; node != NULL && node->task != NULL; node = node->parent) {
		if (json_object_size(node->outputs) > 0 && index-- == 0)
			return json_incref(node->outputs);
	}
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
		"no task around this one has outputs at that place");
	return NULL;
}

static json_t *host_yaml(void *data, json_t *const *arguments, size_t count, GError **error)
{
	const char *text = argument_text(arguments, count, 0);
	g_autoptr(YamlDocument) document = NULL;

	(void)data;
	if (text != NULL)
		document = yaml_document_parse(
			"text", text, strlen(text), 1, 1, &yaml_limits_default, NULL);
	if (document != NULL)
		return yaml_to_json(yaml_document_root(document));
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
		text == NULL ? "the value is not a string" : "the text is not YAML");
	return NULL;
}

// A port of this machine that nobody listened on a moment ago.
static json_t *host_random_port(void *data, json_t *const *arguments, size_t count, GError **error)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_ANY)}};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool bound = fd >= 0 && bind(fd, (struct sockaddr *)&address, length) == 0 &&
		     getsockname(fd, (struct sockaddr *)&address, &length) == 0;

	(void)data, (void)arguments, (void)count;
	if (!bound)
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "there is no free port: %s",
			g_strerror(errno));
	if (fd >= 0)
		close(fd);
	return bound ? json_integer(ntohs(address.sin_port)) : NULL;
}

static json_t *host_fetch_context(
	void *data, json_t *const *arguments, size_t count, GError **error)
{
	(void)arguments, (void)count, (void)error;
	return scope_context(data);
}

static json_t *host_print_context(
	void *data, json_t *const *arguments, size_t count, GError **error)
{
	json_t *context = scope_context(data);
	char *text = json_dump_text(context, JSON_INDENT(2));
	json_t *value = json_string(text);

	(void)arguments, (void)count;
	free(text);
	json_decref(context);
	if (value == NULL)
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"the variables cannot be shown as JSON");
	return value;
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
	{"read", scope_read},
	{"fileURI", scope_file_uri},
	{"fileSize", scope_file_size},
	{"fileExists", scope_file_exists},
	{"isFileEmpty", scope_is_file_empty},
	{"kv", host_kv},
	{"currentEachOutput", host_current_each_output},
	{"iterationOutput", host_current_each_output},
	{"parentOutput", host_parent_output},
	{"yaml", host_yaml},
	{"randomPort", host_random_port},
	{"fetchContext", host_fetch_context},
	{"printContext", host_print_context},
	{"env", host_env},
	{"tasksWithState", scope_tasks_with_state},
	{"errorLogs", scope_error_logs},
	{NULL, NULL},
};
