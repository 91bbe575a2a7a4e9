// The YAML of a flow to its canonical JSON: types by their short names, keys by weir's names, plugin defaults put in.
#include "repo-layout/flow_reader.h"

#include <string.h>

static json_t *read_task(FlowReader *reader, const YamlNode *node);

void flow_check_id(FlowReader *reader, const YamlNode *node, const char *what, bool dots)
{
	const char *text;

	if (node == NULL || node->kind >= YAML_LIST || reader->keys.diagnostics == NULL)
		return;
	for (text = node->text; *text != '\0'; text++) {
		bool good = g_ascii_isalnum(*text) ||
			    (text > node->text &&
				    (*text == '_' || *text == '-' || (dots && *text == '.')));

		if (!good)
			break;
	}
	if (*text != '\0' || node->length == 0 || node->length > 256)
		key_fault(&reader->keys, node, "bad-id",
			dots ? "letters, digits, '-', '_' and '.', a letter or digit first"
			     : "letters, digits, '-' and '_', a letter or digit first",
			"'%s' cannot be the id of a %s", node->text, what);
}

// Notes an id; says where the first one is when it is there a second time.
static void note_id(FlowReader *reader, GHashTable *ids, const YamlNode *node, const char *what,
	const char *code)
{
	const YamlNode *id = yaml_get(node, "id");
	const YamlNode *first;

	if (id == NULL)
		id = yaml_get(node, "name");
	if (id == NULL || id->kind >= YAML_LIST)
		return;
	first = g_hash_table_lookup(ids, id->text);
	if (first != NULL)
		key_fault(&reader->keys, id, code, "ids are unique in the whole flow",
			"the id '%s' is already that of the %s in line %u", id->text, what,
			first->line);
	else
		g_hash_table_insert(ids, (char *)(uintptr_t)id->text, (YamlNode *)(uintptr_t)node);
}

static void unknown_type(FlowReader *reader, const YamlNode *type, const char *what, char *hint)
{
	g_autofree char *owned = hint;

	key_fault(&reader->keys, type, "unknown-type", owned, "unknown %s type '%s'", what,
		type->text);
}

static void old_type(FlowReader *reader, const YamlNode *type, const TaskAlias *alias)
{
	g_autofree char *hint = NULL;

	if (alias == NULL || !alias->deprecated)
		return;
	hint = g_strdup_printf("write '%s'", alias->kind);
	key_warning(&reader->keys, type, "deprecated-type", hint, "'%s' is an old name of '%s'",
		type->text, alias->kind);
}

// The type of a task or trigger; NULL after a report.
static const TaskKind *read_type(FlowReader *reader, const YamlNode *node, const char *what,
	const TaskAlias **ret_alias, const YamlNode **ret_type)
{
	const YamlNode *type = yaml_get(node, "type");
	bool trigger = strcmp(what, "trigger") == 0;
	const TaskKind *kind;

	*ret_alias = NULL;
	*ret_type = type;
	if (node->kind != YAML_MAPPING) {
		key_fault(&reader->keys, node, "wrong-type", NULL, "a %s must be a mapping, not %s",
			what, yaml_kind_name(node->kind));
		return NULL;
	}
	if (type == NULL || type->kind >= YAML_LIST || type->length == 0) {
		key_fault(&reader->keys, type != NULL ? type : node, "missing-key", NULL,
			"%s needs the key 'type'", what);
		return NULL;
	}
	kind = trigger ? trigger_kind_find(type->text, ret_alias)
		       : task_kind_find(type->text, ret_alias);
	if (kind == NULL)
		unknown_type(reader, type, what,
			trigger ? trigger_kind_hint(type->text) : task_kind_hint(type->text));
	else
		old_type(reader, type, *ret_alias);
	return kind;
}

static json_t *read_tasks(FlowReader *reader, const YamlNode *node, const char *key)
{
	json_t *tasks = json_array();

	if (node->kind != YAML_LIST) {
		key_fault(&reader->keys, node, "wrong-type", "begin each task with '- '",
			"'%s' must be a list of tasks, not %s", key, yaml_kind_name(node->kind));
		return tasks;
	}
	if (node->length == 0 && strcmp(key, "tasks") == 0)
		key_fault(&reader->keys, node, "empty-list", NULL, "'%s' has no task", key);
	for (unsigned i = 0; i < node->length; i++) {
		json_t *task = read_task(reader, node->items[i]);

		if (task != NULL)
			json_array_append_new(tasks, task);
	}
	return tasks;
}

static json_t *read_cases(FlowReader *reader, const YamlNode *node)
{
	json_t *cases = json_object();

	if (node->kind != YAML_MAPPING) {
		key_fault(&reader->keys, node, "wrong-type", NULL,
			"'cases' must be a mapping, not %s", yaml_kind_name(node->kind));
		return cases;
	}
	for (unsigned i = 0; i < node->length; i++)
		json_object_set_new(cases, node->pairs[i].key->text,
			read_tasks(reader, node->pairs[i].value, node->pairs[i].key->text));
	return cases;
}

// An item of a dag, {task, dependsOn}; a task that has dependsOn itself is taken as well.
static json_t *read_dag_item(FlowReader *reader, const YamlNode *node)
{
	static const KeyRow depends = {"dependsOn", KEY_STRINGS, 0, NULL, NULL, NULL, ""};
	const YamlNode *list = yaml_get(node, "dependsOn");
	json_t *item, *depends_on, *task;
	YamlNode *bare;
	unsigned count = 0;

	if (yaml_get(node, "task") != NULL || node->kind != YAML_MAPPING)
		return key_table_convert(&keys_dag_item, node, &reader->keys);
	bare = arena_take(&reader->document->arena, sizeof(*bare));
	*bare = *node;
	bare->pairs = arena_take(&reader->document->arena, node->length * sizeof(YamlPair));
	for (unsigned i = 0; i < node->length; i++) {
		if (node->pairs[i].value != list)
			bare->pairs[count++] = node->pairs[i];
	}
	bare->length = count;
	item = json_object();
	task = read_task(reader, bare);
	if (task != NULL)
		json_object_set_new(item, "task", task);
	depends_on = list == NULL || list->kind == YAML_NULL
			     ? NULL
			     : key_value_convert(&depends, list, &reader->keys);
	if (depends_on != NULL)
		json_object_set_new(item, "dependsOn", depends_on);
	return item;
}

static json_t *read_dag(FlowReader *reader, const YamlNode *node)
{
	json_t *items = json_array();

	if (node->kind != YAML_LIST) {
		key_fault(&reader->keys, node, "wrong-type", NULL, "'tasks' must be a list, not %s",
			yaml_kind_name(node->kind));
		return items;
	}
	if (node->length == 0)
		key_fault(&reader->keys, node, "empty-list", NULL, "'tasks' has no task");
	for (unsigned i = 0; i < node->length; i++) {
		json_t *item = read_dag_item(reader, node->items[i]);

		if (json_object_get(item, "task") != NULL)
			json_array_append_new(items, item);
		else
			json_decref(item);
	}
	flow_check_dag(reader, node, items);
	return items;
}

// The kinds of values that are converted here and not by the key table.
static json_t *convert_hook(KeyContext *context, const KeyRow *row, const YamlNode *node)
{
	FlowReader *reader = context->data;

	switch (row->kind) {
	case KEY_TASKS:
		return strcmp(row->name, "triggers") == 0 ? flow_read_triggers(reader, node)
							  : read_tasks(reader, node, row->name);
	case KEY_CASES: return read_cases(reader, node);
	case KEY_TASK: return read_task(reader, node);
	case KEY_INPUTS: return flow_read_inputs(reader, node);
	case KEY_STRING:
	case KEY_TEXT:
	case KEY_SQL:
	case KEY_INTEGER:
	case KEY_NUMBER:
	case KEY_BOOLEAN:
	case KEY_DURATION:
	case KEY_CHOICE:
	case KEY_ANY:
	case KEY_PLAIN:
	case KEY_MAP:
	case KEY_OBJECT:
	case KEY_LIST:
	case KEY_STRINGS:
	case KEY_LABELS:
	case KEY_CHECKS:
	case KEY_SCHEMA:
	default: return NULL;
	}
}

static json_t *convert_dag_hook(KeyContext *context, const KeyRow *row, const YamlNode *node)
{
	FlowReader *reader = context->data;

	if (row->kind != KEY_TASKS || strcmp(row->name, "tasks") != 0) {
		json_t *converted;

		context->convert = convert_hook;
		converted = convert_hook(context, row, node);
		context->convert = convert_dag_hook;
		return converted;
	}
	context->convert = convert_hook;
	json_t *items = read_dag(reader, node);

	context->convert = convert_dag_hook;
	return items;
}

static void expression_hook(KeyContext *context, const YamlNode *node, KeyKind kind)
{
	FlowReader *reader = context->data;
	TextUse use = {node, kind};

	if (context->diagnostics != NULL)
		g_array_append_val(reader->texts, use);
}

static json_t *read_task(FlowReader *reader, const YamlNode *node)
{
	const TaskAlias *alias;
	const YamlNode *type;
	const TaskKind *kind = read_type(reader, node, "task", &alias, &type);
	json_t *(*outer)(KeyContext *, const KeyRow *, const YamlNode *) = reader->keys.convert;
	json_t *task;

	note_id(reader, reader->tasks, node, "task", "duplicate-task");
	flow_check_id(reader, yaml_get(node, "id"), "task", false);
	if (kind == NULL)
		return NULL;
	node = flow_apply_defaults(reader, node, type->text, kind);
	reader->keys.convert = kind->keys == &keys_dag ? convert_dag_hook : convert_hook;
	task = key_table_convert(kind->keys, node, &reader->keys);
	reader->keys.convert = outer;
	json_object_set_new(task, "type", json_string(kind->name));
	flow_normalise_task(reader, kind, alias, type->text, node, task);
	flow_check_sql(reader, kind, node, task);
	return task;
}

json_t *flow_read_triggers(FlowReader *reader, const YamlNode *node)
{
	json_t *triggers = json_array();

	if (node->kind != YAML_LIST) {
		key_fault(&reader->keys, node, "wrong-type", "begin each trigger with '- '",
			"'triggers' must be a list, not %s", yaml_kind_name(node->kind));
		return triggers;
	}
	for (unsigned i = 0; i < node->length; i++) {
		const TaskAlias *alias;
		const YamlNode *item = node->items[i];
		const YamlNode *type;
		const TaskKind *kind = read_type(reader, item, "trigger", &alias, &type);
		json_t *trigger;

		note_id(reader, reader->triggers, item, "trigger", "duplicate-trigger");
		if (kind == NULL)
			continue;
		item = flow_apply_defaults(reader, item, type->text, kind);
		trigger = key_table_convert(kind->keys, item, &reader->keys);
		json_object_set_new(trigger, "type", json_string(kind->name));
		flow_normalise_task(reader, kind, alias, type->text, item, trigger);
		flow_check_sql(reader, kind, item, trigger);
		json_array_append_new(triggers, trigger);
	}
	return triggers;
}

// Old spellings of an input's type.
static void normalise_input(FlowReader *reader, const YamlNode *node, json_t *input)
{
	const char *type = json_string_value(json_object_get(input, "type"));
	json_t *custom = json_object_get(input, "allowInput");

	if (g_strcmp0(type, "ENUM") == 0) {
		key_warning(&reader->keys, yaml_get(node, "type"), "deprecated-type",
			"write 'SELECT'", "'ENUM' is an old name of 'SELECT'");
		json_object_set_new(input, "type", json_string("SELECT"));
	} else if (g_strcmp0(type, "BOOL") == 0) {
		json_object_set_new(input, "type", json_string("BOOLEAN"));
	}
	if (custom != NULL) {
		json_object_set(input, "allowCustomValue", custom);
		json_object_del(input, "allowInput");
	}
}

static void check_input_order(
	FlowReader *reader, const YamlNode *node, const json_t *input, GHashTable *ids)
{
	const YamlNode *names = yaml_get(yaml_get(node, "dependsOn"), "inputs");
	size_t index;
	json_t *name;

	json_array_foreach(
		json_object_get(json_object_get(input, "dependsOn"), "inputs"), index, name)
	{
		const char *text = json_string_value(name);

		if (!g_hash_table_contains(ids, text))
			key_fault(&reader->keys,
				names->kind == YAML_LIST ? names->items[index] : names,
				"unknown-input", NULL, "'dependsOn' names the unknown input '%s'",
				text);
	}
}

static void read_input(FlowReader *reader, const YamlNode *node, GHashTable *ids, json_t *inputs)
{
	json_t *input;

	note_id(reader, ids, node, "input", "duplicate-input");
	flow_check_id(reader, yaml_get(node, "id"), "input", true);
	input = key_table_convert(&keys_input, node, &reader->keys);
	normalise_input(reader, node, input);
	flow_check_input(reader, node, input);
	json_array_append_new(inputs, input);
}

json_t *flow_read_inputs(FlowReader *reader, const YamlNode *node)
{
	g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
	json_t *inputs = json_array();
	size_t index;
	json_t *input;

	if (node->kind != YAML_LIST) {
		key_fault(&reader->keys, node, "wrong-type", "begin each input with '- '",
			"'inputs' must be a list, not %s", yaml_kind_name(node->kind));
		return inputs;
	}
	for (unsigned i = 0; i < node->length; i++)
		read_input(reader, node->items[i], ids, inputs);
	json_array_foreach(inputs, index, input)
		check_input_order(reader, node->items[index], input, ids);
	return inputs;
}

// The ids that {{ inputs.… }} may name: the flow's own, not those that a pause asks for.
static void note_inputs(FlowReader *reader, const YamlNode *inputs)
{
	for (unsigned i = 0; inputs != NULL && inputs->kind == YAML_LIST && i < inputs->length;
		i++) {
		const YamlNode *id = yaml_get(inputs->items[i], "id");

		if (id == NULL)
			id = yaml_get(inputs->items[i], "name");
		if (id != NULL && id->kind < YAML_LIST)
			g_hash_table_add(reader->inputs, (char *)(uintptr_t)id->text);
	}
}

static void read_namespace(FlowReader *reader, const YamlNode *root, json_t *flow)
{
	const YamlNode *node = yaml_get(root, "namespace");
	const char *fallback = reader->surroundings->default_namespace;

	flow_check_id(reader, node, "namespace", true);
	if (json_object_get(flow, "namespace") == NULL && fallback != NULL)
		json_object_set_new(flow, "namespace", json_string(fallback));
	else if (json_object_get(flow, "namespace") == NULL)
		key_fault(
			&reader->keys, root, "missing-key", NULL, "flow needs the key 'namespace'");
}

// Who the flow is comes first, whatever the file's order.
static json_t *put_names_first(json_t *flow)
{
	static const char *const first[] = {"id", "namespace", "description", "labels", NULL};
	json_t *ordered = json_object();

	for (const char *const *key = first; *key != NULL; key++)
		json_object_set(ordered, *key, json_object_get(flow, *key));
	json_object_update_missing(ordered, flow);
	json_decref(flow);
	return ordered;
}

json_t *flow_read(FlowReader *reader, const YamlNode *root)
{
	const YamlNode *defaults = yaml_get(root, "pluginDefaults");
	json_t *flow;

	if (root->kind != YAML_MAPPING) {
		key_fault(&reader->keys, root,
			root->kind == YAML_NULL ? "empty-file" : "wrong-type",
			"the least is: id, and tasks with one task",
			root->kind == YAML_NULL ? "the flow is empty" : "a flow must be a mapping");
		return NULL;
	}
	reader->keys.expression = expression_hook;
	reader->keys.convert = convert_hook;
	reader->keys.data = reader;
	reader->defaults = defaults != NULL ? defaults : yaml_get(root, "taskDefaults");

	note_inputs(reader, yaml_get(root, "inputs"));
	flow_check_id(reader, yaml_get(root, "id"), "flow", true);
	flow = key_table_convert(&keys_flow, root, &reader->keys);
	json_object_del(flow, "pluginDefaults");
	read_namespace(reader, root, flow);
	flow = put_names_first(flow);
	flow_check_texts(reader, flow);
	return flow;
}
