// Older and longer spellings of a task's properties, put into the one form that the runner knows.
#include "repo-layout/flow_reader.h"

#include "repo-layout/trigger_window.h"

#include <string.h>

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

// The part of a type's name that the alias has a * for; drivers by weir's names.
static char *part_for_star(const char *alias, const char *type)
{
	static const struct {
		const char *theirs, *ours;
	} drivers[] = {{"postgresql", "postgres"}, {"mariadb", "mysql"}};
	size_t before = strcspn(alias, "*");
	g_autofree char *part = g_strndup(type + before, strcspn(type + before, "."));

	for (size_t i = 0; i < G_N_ELEMENTS(drivers); i++) {
		if (strcmp(part, drivers[i].theirs) == 0)
			return g_strdup(drivers[i].ours);
	}
	return g_steal_pointer(&part);
}

static void put_preset(const TaskAlias *alias, const char *type, json_t *task)
{
	json_auto_t *preset = json_loads(alias->preset, 0, NULL);
	const char *key;
	json_t *value;

	json_object_foreach(preset, key, value)
	{
		g_autofree char *part = NULL;

		if (json_object_get(task, key) != NULL)
			continue;
		if (g_strcmp0(json_string_value(value), "*") == 0) {
			part = part_for_star(alias->name, type);
			json_object_set_new(task, key, json_string(part));
		} else {
			json_object_set(task, key, value);
		}
	}
}

// fetch: NONE | ONE | ALL | STORE out of fetch, fetchType, fetchOne and store.
static void normalise_fetch(json_t *task)
{
	static const struct {
		const char *written, *meant;
	} names[] = {{"FETCH", "ALL"}, {"FETCH_ONE", "ONE"}, {"true", "ALL"}, {"false", "NONE"}};
	const char *fetch = text_at(task, "fetch");

	if (fetch == NULL || strcmp(fetch, "false") == 0) {
		if (text_at(task, "fetchType") != NULL)
			fetch = text_at(task, "fetchType");
		else if (json_is_true(json_object_get(task, "fetchOne")))
			fetch = "ONE";
		else if (json_is_true(json_object_get(task, "store")))
			fetch = "STORE";
	}
	for (size_t i = 0; fetch != NULL && i < G_N_ELEMENTS(names); i++) {
		if (strcmp(fetch, names[i].written) == 0) {
			fetch = names[i].meant;
			break;
		}
	}
	if (fetch != NULL)
		json_object_set_new(task, "fetch", json_string(fetch));
	json_object_del(task, "fetchType");
	json_object_del(task, "fetchOne");
	json_object_del(task, "store");
}

// runner: local | container | slurm | kubernetes out of runner and taskRunner.type.
static void normalise_runner(json_t *task)
{
	static const struct {
		const char *part, *meant;
	} names[] = {{"process", "local"}, {"docker", "container"}, {"podman", "container"},
		{"kubernetes", "kubernetes"}, {"slurm", "slurm"}, {"local", "local"},
		{"container", "container"}};
	json_t *settings = json_object_get(task, "taskRunner");
	const char *runner = text_at(task, "runner");
	g_autofree char *lower = NULL;

	if (runner == NULL)
		runner = json_is_string(settings) ? json_string_value(settings)
						  : text_at(settings, "type");
	if (runner == NULL)
		return;
	lower = g_ascii_strdown(runner, -1);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (strstr(lower, names[i].part) != NULL) {
			json_object_set_new(task, "runner", json_string(names[i].meant));
			break;
		}
	}
	json_object_del(settings, "type");
	if (json_object_size(settings) == 0)
		json_object_del(task, "taskRunner");
}

static void check_script(
	FlowReader *reader, const TaskKind *kind, const YamlNode *node, const json_t *task)
{
	bool commands = json_object_get(task, "commands") != NULL;
	bool script = json_object_get(task, "script") != NULL;

	if (!commands && !script)
		key_fault(&reader->keys, node, "missing-key", NULL,
			"%s needs the key 'commands' or 'script'", kind->keys->name);
	else if (commands && script)
		key_fault(&reader->keys, node, "two-keys", NULL,
			"%s takes 'commands' or 'script', not both", kind->keys->name);
}

// Its values may be of several kinds (true, a list of patterns, or these keys), which a table of keys does not tell.
static void check_namespace_files(FlowReader *reader, const YamlNode *node)
{
	static const char *const known[] = {"enabled", "include", "exclude", NULL};
	static const char *const idle[] = {
		"namespaces", "overwrite", "ifExists", "folderPerNamespace", NULL};
	const YamlNode *files = yaml_get(node, "namespaceFiles");

	for (unsigned i = 0; files != NULL && files->kind == YAML_MAPPING && i < files->length;
		i++) {
		const YamlNode *key = files->pairs[i].key;
		g_autofree char *hint = NULL;

		if (g_strv_contains(known, key->text))
			continue;
		if (g_strv_contains(idle, key->text)) {
			key_warning(&reader->keys, key, "ignored-key", NULL,
				"'%s' has no effect: a task sees the files of its own domain's "
				"scripts/",
				key->text);
			continue;
		}
		hint = nearest_word_hint(key->text, known);
		key_fault(&reader->keys, key, "unknown-key", hint,
			"unknown key '%s' in namespaceFiles", key->text);
	}
}

static const char *const condition_names[] = {"date-time-between", "day-week", "day-week-in-month",
	"execution-flow", "execution-labels", "execution-namespace", "execution-outputs",
	"execution-status", "expression", "flow", "flow-namespace", "has-retry-attempt", "multiple",
	"not", "or", "public-holiday", "time-between", "variable", "weekend", NULL};

// "io.kestra.plugin.core.condition.DayWeekCondition" -> "day-week".
static char *condition_name(const char *type)
{
	const char *dot = strrchr(type, '.');
	GString *name;

	if (dot == NULL)
		return g_strdup(type);
	name = g_string_new(NULL);
	for (const char *letter = dot + 1; *letter != '\0'; letter++) {
		if (g_ascii_isupper(*letter) && name->len > 0)
			g_string_append_c(name, '-');
		g_string_append_c(name, g_ascii_tolower(*letter));
	}
	if (g_str_has_suffix(name->str, "-condition") && name->len > strlen("-condition"))
		g_string_truncate(name, name->len - strlen("-condition"));
	return g_string_free(name, FALSE);
}

static void normalise_conditions(FlowReader *reader, const YamlNode *node, json_t *conditions);

static void normalise_condition(FlowReader *reader, const YamlNode *node, json_t *condition)
{
	const char *type = text_at(condition, "type");
	const YamlNode *written = yaml_get(node, "type");
	g_autofree char *name = NULL;

	if (type == NULL) {
		key_fault(&reader->keys, node, "missing-key", NULL,
			"a condition needs the key 'type'");
		return;
	}
	name = condition_name(type);
	if (!g_strv_contains(condition_names, name)) {
		g_autofree char *hint = nearest_word_hint(name, condition_names);

		key_fault(&reader->keys, written, "unknown-type", hint,
			"unknown condition type '%s'", type);
		return;
	}
	if (strstr(type, "models.conditions.types") != NULL)
		key_warning(&reader->keys, written, "deprecated-type", NULL,
			"'%s' is an old name of '%s'", type, name);
	json_object_set_new(condition, "type", json_string(name));
	normalise_conditions(
		reader, yaml_get(node, "conditions"), json_object_get(condition, "conditions"));
}

// A list of conditions, or the mapping of them that `multiple` has.
static void normalise_conditions(FlowReader *reader, const YamlNode *node, json_t *conditions)
{
	if (node == NULL || conditions == NULL)
		return;
	if (node->kind == YAML_LIST) {
		for (unsigned i = 0; i < node->length; i++)
			normalise_condition(reader, node->items[i], json_array_get(conditions, i));
	} else if (node->kind == YAML_MAPPING) {
		for (unsigned i = 0; i < node->length; i++)
			normalise_condition(reader, node->pairs[i].value,
				json_object_get(conditions, node->pairs[i].key->text));
	}
}

static void check_schedule(FlowReader *reader, const YamlNode *node, const json_t *trigger)
{
	const YamlNode *cron = yaml_get(node, "cron");
	g_autofree char *message = NULL;

	if (flow_check_schedule == NULL || cron == NULL || cron->kind >= YAML_LIST ||
		reader->keys.diagnostics == NULL || has_expression(cron->text))
		return;
	message = flow_check_schedule(cron->text,
		json_is_true(json_object_get(trigger, "withSeconds")),
		text_at(trigger, "timezone"));
	if (message != NULL)
		key_fault(&reader->keys, cron, "bad-schedule", NULL, "%s", message);
}

// States that a run ends in, and those that it only passes: nothing starts at these.
static const char *const state_names[] = {"SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED",
	"SKIPPED", "RETRIED", "CREATED", "QUEUED", "RUNNING", "PAUSED", "RETRYING", "RESTARTED",
	"KILLING", NULL};
enum {
	ENDED_STATES = 7,
};

static void check_state(FlowReader *reader, const YamlNode *node)
{
	if (node->kind >= YAML_LIST)
		return;
	for (size_t i = 0; state_names[i] != NULL; i++) {
		if (strcmp(state_names[i], node->text) != 0)
			continue;
		if (i >= ENDED_STATES)
			key_warning(&reader->keys, node, "passing-state", NULL,
				"no run ends in the state '%s'", node->text);
		return;
	}
	g_autofree char *hint = nearest_word_hint(node->text, state_names);
	key_fault(&reader->keys, node, "unknown-state", hint, "unknown state '%s'", node->text);
}

static void check_states(FlowReader *reader, const YamlNode *states)
{
	if (states == NULL || reader->keys.diagnostics == NULL)
		return;
	if (states->kind < YAML_LIST)
		check_state(reader, states);
	for (unsigned i = 0; states->kind == YAML_LIST && i < states->length; i++)
		check_state(reader, states->items[i]);
}

static void check_flow_trigger(FlowReader *reader, const YamlNode *node, const json_t *trigger)
{
	const YamlNode *preconditions = yaml_get(node, "preconditions");
	const YamlNode *flows = preconditions == NULL || preconditions->kind != YAML_MAPPING
					? NULL
					: yaml_get(preconditions, "flows");
	g_autofree char *fault = NULL;

	if (reader->keys.diagnostics == NULL)
		return;
	check_states(reader, yaml_get(node, "states"));
	for (unsigned i = 0; flows != NULL && flows->kind == YAML_LIST && i < flows->length; i++) {
		if (flows->items[i]->kind == YAML_MAPPING)
			check_states(reader, yaml_get(flows->items[i], "states"));
	}
	fault = trigger_has_preconditions(trigger) ? trigger_preconditions_fault(trigger) : NULL;
	if (fault != NULL)
		key_fault(&reader->keys, preconditions != NULL ? preconditions : node,
			"bad-precondition", NULL, "%s", fault);
}

static void normalise_trigger(
	FlowReader *reader, const TaskKind *kind, const YamlNode *node, json_t *trigger)
{
	json_t *old = json_object_get(trigger, "scheduleConditions");

	if (old != NULL) {
		normalise_conditions(reader, yaml_get(node, "scheduleConditions"), old);
		if (json_object_get(trigger, "conditions") == NULL)
			json_object_set(trigger, "conditions", old);
		else
			json_array_extend(json_object_get(trigger, "conditions"), old);
		json_object_del(trigger, "scheduleConditions");
	}
	normalise_conditions(
		reader, yaml_get(node, "conditions"), json_object_get(trigger, "conditions"));
	if (kind->keys == &keys_trigger_schedule)
		check_schedule(reader, node, trigger);
	if (kind->keys == &keys_trigger_flow)
		check_flow_trigger(reader, node, trigger);
	check_states(reader, yaml_get(node, "stopAfter"));
	if (kind->keys == &keys_trigger_sql)
		normalise_fetch(trigger);
	if (kind->keys == &keys_trigger_tables && json_object_get(trigger, "all") == NULL &&
		json_object_get(trigger, "any") == NULL)
		key_fault(&reader->keys, node, "missing-key", NULL,
			"tables trigger needs 'all' or 'any'");
}

void flow_normalise_task(FlowReader *reader, const TaskKind *kind, const TaskAlias *alias,
	const char *type, const YamlNode *node, json_t *task)
{
	const KeyTable *keys = kind->keys;

	if (alias != NULL && alias->preset != NULL && key_table_find(keys, "driver") != NULL)
		put_preset(alias, type, task);
	else if (alias != NULL && alias->preset != NULL && strchr(alias->name, '*') == NULL)
		put_preset(alias, type, task);
	if (trigger_kind_find(kind->name, NULL) == kind) {
		normalise_trigger(reader, kind, node, task);
		return;
	}
	if (keys == &keys_sql_query || keys == &keys_sql_queries)
		normalise_fetch(task);
	if (keys == &keys_shell || keys == &keys_python || keys == &keys_node) {
		normalise_runner(task);
		check_script(reader, kind, node, task);
	}
	check_namespace_files(reader, node);
	if (keys == &keys_sql_load && json_object_get(task, "table") == NULL &&
		json_object_get(task, "sql") == NULL)
		key_fault(&reader->keys, node, "missing-key", NULL,
			"sql.load task needs the key 'table' or 'sql'");
}
