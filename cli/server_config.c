#include "cli/server_config.h"

#include "cli/file_read.h"
#include "cli/retention_config.h"
#include "repo-layout/keys.h"
#include "store/json_dump.h"

#include <string.h>

enum {
	DEFAULT_NICE = 5,
	MOST_NICE = 19,
	MOST_AT_ONCE = 10000, // tasks of a node
};

typedef struct {
	const char *name;
	unsigned role;
} RoleName;

static const RoleName ROLES[] = {
	{"reconciler", ROLE_RECONCILER},
	{"scheduler", ROLE_SCHEDULER},
	{"runner", ROLE_RUNNER},
	{"api", ROLE_API},
	{"ingress", ROLE_INGRESS},
};

// clang-format off
static const KeyRow source_rows[] = {
	K("url", KEY_STRING, KEY_REQUIRED, "path or URL of the repository"),
	K("branch", KEY_STRING, 0, "the branch to follow (default: the one its HEAD names when it is first followed)"),
	K("tag", KEY_STRING, 0, "the tag to follow, in place of a branch"),
	K("commit", KEY_STRING, 0, "the commit to stay at, in place of a branch: all 40 digits of its id"),
	K("poll", KEY_DURATION, 0, "longest pause between two looks for commits (default PT30S; a local repository is also watched)"),
	K("allow_rewind", KEY_BOOLEAN, 0, "follow force-pushes"),
	K("username", KEY_STRING, 0, "who asks (default: the user of the URL, else `git`)"),
	K("password_file", KEY_STRING, 0, "https: file that holds the password"),
	K("password_env", KEY_STRING, 0, "https: name of the environment variable that holds the password"),
	K("token_file", KEY_STRING, 0, "https: file that holds an access token"),
	K("token_env", KEY_STRING, 0, "https: name of the environment variable that holds an access token"),
	K("ca_file", KEY_STRING, 0, "https: certificates (PEM) of the authorities to trust in place of the system's"),
	K("proxy", KEY_STRING, 0, "https: URL of a proxy (default: what the environment's `https_proxy` and `no_proxy` say)"),
	K("ssh_key_file", KEY_STRING, 0, "ssh: private key (default: those of the agent, and the user's own)"),
	K("ssh_key_passphrase_file", KEY_STRING, 0, "ssh: file that holds the key's passphrase"),
	K("ssh_key_passphrase_env", KEY_STRING, 0, "ssh: name of the environment variable that holds the key's passphrase"),
	K("known_hosts_file", KEY_STRING, 0, "ssh: keys of the hosts to trust (default: the user's and the machine's)"),
	K("connect_timeout", KEY_DURATION, 0, "how long a remote repository may take to answer at first (default PT15S)"),
	K("stall_timeout", KEY_DURATION, 0, "how long it may then be silent (default PT30S)"),
	K("fetch_timeout", KEY_DURATION, 0, "how long a whole fetch may take (default PT1H)"),
	K_END,
};
static const KeyTable keys_source = {"source", "Where commits come from", source_rows, NULL};

static const KeyRow guard_rows[] = {
	K("max_deletions", KEY_INTEGER, 0, "how many flows and tables one commit may delete (default: any)"),
	K("allow_breaking", KEY_BOOLEAN, 0, "let changes through that break readers"),
	K_END,
};
static const KeyTable keys_guards = {"guards", "What a commit may not do unasked", guard_rows, NULL};

static const KeyRow drift_rows[] = {
	K("interval", KEY_DURATION, 0, "how often to look for drift (default PT1S)"),
	K("disabled", KEY_BOOLEAN, 0, "do not look for drift"),
	K_END,
};
static const KeyTable keys_drift = {"drift", "Looking for what is not as committed", drift_rows, NULL};

static const KeyRow runner_rows[] = {
	K("slots", KEY_INTEGER, 0, "tasks at once (default: one for each processor)"),
	K("pools", KEY_MAP, 0, "name of a pool: how many of its tasks at once"),
	K("private_addresses", KEY_STRINGS, 0, "private, loopback and link-local addresses that tasks may connect to: `allow`, or networks like 10.1.0.0/16 (default: none)"),
	K("nice", KEY_INTEGER, 0, "how far tasks stand back behind the server itself when the processors are busy, 0 to 19 (default 5)"),
	K("grace", KEY_DURATION, 0, "how long tasks may go on when the server stops (default PT10S)"),
	K_END,
};
static const KeyTable keys_runner = {"runner", "Running tasks", runner_rows, NULL};

static const KeyRow ingress_rows[] = {
	K("listen", KEY_STRING, KEY_REQUIRED, "its address, like 127.0.0.1:8481: another than the status API's"),
	K("body_bytes", KEY_INTEGER, 0, "of the body of one request (default 1048576)"),
	K("rate", KEY_INTEGER, 0, "requests a second that one address may make (default 50)"),
	K_END,
};
static const KeyTable keys_ingress = {"ingress", "What starts flows from outside", ingress_rows, NULL};

static const KeyRow yaml_limit_rows[] = {
	K("depth", KEY_INTEGER, 0, "of values in each other (default 64)"),
	K("nodes", KEY_INTEGER, 0, "values of a file (default 100000)"),
	K("aliases", KEY_INTEGER, 0, "aliases that are followed in a file (default 1000)"),
	K("alias_nodes", KEY_INTEGER, 0, "values of a file that aliases repeat (default 10000)"),
	K_END,
};
static const KeyTable keys_yaml_limits = {"yaml limits", "Limits of a YAML file", yaml_limit_rows, NULL};

static const KeyRow limit_rows[] = {
	K("file_bytes", KEY_INTEGER, 0, "of a script or a YAML file (default 1048576)"),
	K("schema_bytes", KEY_INTEGER, 0, "of a declared schema (default 4194304)"),
	K("data_bytes", KEY_INTEGER, 0, "of a file of rows that a flow set reads (default 4194304)"),
	K("scripts_bytes", KEY_INTEGER, 0, "of a file in scripts/ (default 104857600)"),
	K("entries", KEY_INTEGER, 0, "files and folders of a repository (default 200000)"),
	K("depth", KEY_INTEGER, 0, "of folders (default 64)"),
	K("seconds", KEY_INTEGER, 0, "of processor time to load a commit (default 10)"),
	K("memory_bytes", KEY_INTEGER, 0, "to load a commit, beyond what is kept of it (default 268435456)"),
	K_TABLE("yaml", KEY_OBJECT, 0, &keys_yaml_limits, "of a YAML file"),
	K("request_body", KEY_DURATION, 0, "how long a client may take for the body of a call to the ingress, in all (default PT60S)"),
	K("request_head", KEY_DURATION, 0, "how long a client may take for the request line and headers, to the status API and the ingress (default PT30S)"),
	K_END,
};
static const KeyTable keys_limits = {"limits", "Limits of what is read from a repository, and of requests", limit_rows, NULL};

static const KeyRow server_rows[] = {
	K_TABLE("source", KEY_PLAIN, 0, &keys_source, "path or URL of the repository, or what is below"),
	K("environment", KEY_STRING, 0, "which of the repository's environments this server is: one that weir.yaml declares, where it declares any"),
	K("store", KEY_STRING, 0, "sqlite:FILE"),
	K("listen", KEY_STRING, 0, "address of the status API (default 127.0.0.1:8480)"),
	K("hosts", KEY_STRINGS, 0, "names under which the status API may be asked for"),
	K_TABLE("ingress", KEY_OBJECT, 0, &keys_ingress, "the listener for webhooks (default: none)"),
	K("roles", KEY_STRINGS, 0, "reconciler, scheduler, runner, api, ingress (default: all that are configured)"),
	K_TABLE("guards", KEY_OBJECT, 0, &keys_guards, "what a commit may not do unasked"),
	K_TABLE("drift", KEY_OBJECT, 0, &keys_drift, "looking for what is not as committed"),
	K_TABLE("runner", KEY_OBJECT, 0, &keys_runner, "running tasks"),
	K_TABLE("retention", KEY_OBJECT, 0, &keys_retention, "how old a thing is when it is forgotten"),
	K_TABLE("limits", KEY_OBJECT, 0, &keys_limits, "limits of what is read from a repository, and of requests"),
	K_END,
};
// clang-format on
const KeyTable keys_server = {"server", "The file given to weir serve --config", server_rows, NULL};
const KeyPage server_page = {"server", "Server configuration", "server.yaml",
	"What one server does and where. Without a file, `weir serve PATH` serves a local "
	"repository on SQLite with the defaults.",
	&keys_server};

// ---- Roles --------------------------------------------------------------------------------------------------------

static bool add_role(const char *name, unsigned *roles, GError **error)
{
	static const char *const names[] = {
		"reconciler", "scheduler", "runner", "api", "ingress", NULL};

	for (size_t i = 0; i < G_N_ELEMENTS(ROLES); i++) {
		if (strcmp(ROLES[i].name, name) == 0) {
			*roles |= ROLES[i].role;
			return true;
		}
	}
	g_autofree char *hint = nearest_word_hint(name, names);
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		"unknown role '%s'; the roles are reconciler, scheduler, runner, api and "
		"ingress%s%s",
		name, hint != NULL ? ": " : "", hint != NULL ? hint : "");
	return false;
}

bool server_roles_parse(const char *text, unsigned *ret_roles, GError **error)
{
	g_auto(GStrv) names = g_strsplit(text, ",", -1);

	*ret_roles = 0;
	for (char **name = names; *name != NULL; name++) {
		if (!add_role(g_strstrip(*name), ret_roles, error))
			return false;
	}
	if (*ret_roles != 0)
		return true;
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		"no role is named; the roles are reconciler, scheduler, runner and api");
	return false;
}

bool server_roles_check(const ServerConfig *config, unsigned roles, GError **error)
{
	if ((roles & ROLE_INGRESS) == 0 || config->ingress != NULL)
		return true;
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		"the role 'ingress' needs an address: set 'ingress: {listen: …}' in --config");
	return false;
}

char *server_roles_text(unsigned roles)
{
	GString *text = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(ROLES); i++) {
		if ((roles & ROLES[i].role) != 0)
			g_string_append_printf(
				text, "%s%s", text->len == 0 ? "" : ",", ROLES[i].name);
	}
	return g_string_free(text, FALSE);
}

// ---- Reading ------------------------------------------------------------------------------------------------------

// Says all faults of the file in one error.
static bool report(const char *path, DiagnosticList *diagnostics, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);

	if (diagnostic_list_errors(diagnostics) == 0)
		return true;
	diagnostic_list_sort(diagnostics);
	for (size_t i = 0; i < diagnostic_list_length(diagnostics); i++) {
		g_autofree char *line = diagnostic_text(diagnostic_list_at(diagnostics, i));

		g_string_append_printf(text, "\n%s", line);
	}
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		"the configuration '%s' has faults:%s", path, text->str);
	return false;
}

static json_t *convert(const YamlNode *node, const KeyTable *table, KeyContext *context)
{
	if (node->kind == YAML_MAPPING)
		return key_table_convert(table, node, context);
	diagnostic_add(context->diagnostics, context->file, node->line, node->column,
		DIAGNOSTIC_ERROR, "wrong-type", NULL, "'%s' must be a mapping, not %s", table->name,
		yaml_kind_name(node->kind));
	return json_object();
}

// `source: PATH` is short for `source: {url: PATH}`.
static void convert_source(json_t *settings, const YamlNode *root, KeyContext *context)
{
	const YamlNode *node = yaml_get(root, "source");

	if (node == NULL)
		return;
	if (node->kind == YAML_STRING)
		json_object_set_new(settings, "source", json_pack("{s:s}", "url", node->text));
	else
		json_object_set_new(settings, "source", convert(node, &keys_source, context));
}

static json_t *read_settings(const char *path, GError **error)
{
	g_autofree char *text = NULL;
	gsize length = 0;
	json_t *settings = NULL;

	if (!file_read(path, "the configuration ", &text, &length, error))
		return NULL;
	g_autoptr(DiagnosticList) diagnostics = diagnostic_list_new();
	g_autoptr(YamlDocument) document =
		yaml_document_parse(path, text, length, 1, 1, &yaml_limits_default, diagnostics);
	if (document != NULL) {
		const YamlNode *root = yaml_document_root(document);
		KeyContext context = {.file = path, .diagnostics = diagnostics};

		settings = root->kind == YAML_NULL ? json_object()
						   : convert(root, &keys_server, &context);
		if (root->kind == YAML_MAPPING)
			convert_source(settings, root, &context);
	}
	if (report(path, diagnostics, error) && settings != NULL)
		return settings;
	json_decref(settings);
	return NULL;
}

// ---- Values -------------------------------------------------------------------------------------------------------

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int64_t duration_at(const json_t *object, const char *key, int64_t otherwise)
{
	const char *text = text_at(object, key);
	int64_t value = otherwise;

	return text != NULL && duration_parse(text, &value) ? value : otherwise;
}

static uint64_t number_at(const json_t *object, const char *key, uint64_t otherwise)
{
	json_int_t value = json_integer_value(json_object_get(object, key));

	return value > 0 ? (uint64_t)value : otherwise;
}

static unsigned small_at(const json_t *object, const char *key, unsigned otherwise)
{
	return (unsigned)MIN(number_at(object, key, otherwise), UINT_MAX);
}

static void read_limits(ServerConfig *config, const json_t *limits)
{
	const json_t *yaml = json_object_get(limits, "yaml");
	LayoutLimits *ret = &config->limits;

	*ret = layout_limits_default;
	config->head_limit = duration_at(limits, "request_head", 0);
	config->body_limit = duration_at(limits, "request_body", 0);
	ret->file_bytes = number_at(limits, "file_bytes", ret->file_bytes);
	ret->schema_bytes = number_at(limits, "schema_bytes", ret->schema_bytes);
	ret->data_bytes = number_at(limits, "data_bytes", ret->data_bytes);
	ret->scripts_bytes = number_at(limits, "scripts_bytes", ret->scripts_bytes);
	ret->memory_bytes = number_at(limits, "memory_bytes", ret->memory_bytes);
	ret->entries = small_at(limits, "entries", ret->entries);
	ret->depth = small_at(limits, "depth", ret->depth);
	ret->seconds = small_at(limits, "seconds", ret->seconds);
	// What may be read may be parsed.
	ret->yaml.bytes = MAX(ret->file_bytes, ret->yaml.bytes);
	ret->yaml.depth = small_at(yaml, "depth", ret->yaml.depth);
	ret->yaml.nodes = small_at(yaml, "nodes", ret->yaml.nodes);
	ret->yaml.aliases = small_at(yaml, "aliases", ret->yaml.aliases);
	ret->yaml.alias_nodes = small_at(yaml, "alias_nodes", ret->yaml.alias_nodes);
}

static bool read_nice(ServerConfig *config, const json_t *runner, GError **error)
{
	const json_t *given = json_object_get(runner, "nice");
	json_int_t nice = given == NULL ? DEFAULT_NICE : json_integer_value(given);

	if (nice < 0 || nice > MOST_NICE) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			"'runner.nice' is %" JSON_INTEGER_FORMAT
			"; it goes from 0, like everybody else, to %d, after everybody else",
			nice, MOST_NICE);
		return false;
	}
	config->nice = (int)nice;
	return true;
}

// A number of tasks at once. fallback, where none is given; a pool of none would have its tasks wait for ever.
static bool read_at_once(const json_t *value, const char *key, unsigned fallback,
	unsigned *ret_count, GError **error)
{
	*ret_count = value == NULL ? fallback : (unsigned)json_integer_value(value);
	if (value == NULL ||
		(json_integer_value(value) >= 1 && json_integer_value(value) <= MOST_AT_ONCE))
		return true;
	g_autofree char *text = json_dump_text(value, JSON_ENCODE_ANY);
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		"'runner.%s' is %s; it goes from 1 to %d tasks at once", key, text, MOST_AT_ONCE);
	return false;
}

static bool read_pools(ServerConfig *config, const json_t *pools, GError **error)
{
	const char *name;
	json_t *limit;

	config->pools = g_new0(RunnerPool, json_object_size(pools) + 1);
	json_object_foreach((json_t *)(uintptr_t)pools, name, limit)
	{
		RunnerPool *pool = &config->pools[config->pool_count++];
		g_autofree char *key = g_strdup_printf("pools.%s", name);

		pool->name = name;
		if (!read_at_once(limit, key, 0, &pool->limit, error))
			return false;
	}
	return true;
}

static bool read_slots(ServerConfig *config, const json_t *runner, GError **error)
{
	return read_at_once(json_object_get(runner, "slots"), "slots", 0, &config->slots, error) &&
	       read_pools(config, json_object_get(runner, "pools"), error);
}

// Borrowed texts, ended by NULL; NULL when there are none.
static const char **texts_at(const json_t *object, const char *key)
{
	const json_t *list = json_object_get(object, key);
	const char **texts;
	const json_t *text;
	size_t index;

	if (json_array_size(list) == 0)
		return NULL;
	texts = g_new0(const char *, json_array_size(list) + 1);
	json_array_foreach(list, index, text) texts[index] = json_string_value(text);
	return texts;
}

static void read_source(SourceOptions *options, const json_t *source)
{
	*options = (SourceOptions){
		.url = text_at(source, "url"),
		.branch = text_at(source, "branch"),
		.tag = text_at(source, "tag"),
		.commit = text_at(source, "commit"),
		.allow_rewind = json_is_true(json_object_get(source, "allow_rewind")),
	};
	source_access_read(&options->access, source);
}

static bool read_roles(ServerConfig *config, const json_t *roles, GError **error)
{
	const json_t *role;
	size_t index;

	if (json_array_size(roles) == 0)
		config->roles = config->ingress != NULL ? ROLE_ALL : ROLE_ALL & ~ROLE_INGRESS;
	else
		config->roles = 0;
	json_array_foreach(roles, index, role)
	{
		if (!add_role(json_string_value(role), &config->roles, error))
			return false;
	}
	return true;
}

ServerConfig *server_config_read(const char *path, GError **error)
{
	g_autoptr(ServerConfig) config = g_new0(ServerConfig, 1);

	config->settings = path == NULL ? json_object() : read_settings(path, error);
	if (config->settings == NULL)
		return NULL;
	const json_t *source = json_object_get(config->settings, "source");
	const json_t *guards = json_object_get(config->settings, "guards");
	const json_t *drift = json_object_get(config->settings, "drift");
	const json_t *runner = json_object_get(config->settings, "runner");
	const json_t *ingress = json_object_get(config->settings, "ingress");
	read_source(&config->source, source);
	config->poll_interval = duration_at(source, "poll", 0);
	config->drift_interval = json_is_true(json_object_get(drift, "disabled"))
					 ? -1
					 : duration_at(drift, "interval", 0);
	config->policy.max_deletions = (guint)number_at(guards, "max_deletions", 0);
	config->policy.allow_breaking = json_is_true(json_object_get(guards, "allow_breaking"));
	config->environment = text_at(config->settings, "environment");
	config->store = text_at(config->settings, "store");
	config->listen = text_at(config->settings, "listen");
	config->ingress = text_at(ingress, "listen");
	config->ingress_body_bytes = number_at(ingress, "body_bytes", 0);
	config->ingress_rate = small_at(ingress, "rate", 0);
	config->grace = duration_at(runner, "grace", 10 * G_USEC_PER_SEC);
	read_limits(config, json_object_get(config->settings, "limits"));
	config->hosts = texts_at(config->settings, "hosts");
	config->private_addresses = texts_at(runner, "private_addresses");
	if (!read_nice(config, runner, error) || !read_slots(config, runner, error) ||
		!read_roles(config, json_object_get(config->settings, "roles"), error) ||
		!retention_config_read(json_object_get(config->settings, "retention"),
			&config->retention, &config->retention_interval, error))
		return NULL;
	return g_steal_pointer(&config);
}

void server_config_free(ServerConfig *config)
{
	if (config == NULL)
		return;
	g_free(config->pools);
	g_free(config->hosts);
	g_free(config->private_addresses);
	json_decref(config->settings);
	g_free(config);
}
