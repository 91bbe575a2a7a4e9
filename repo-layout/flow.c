#include "repo-layout/flow.h"

#include "repo-layout/flow_reader.h"
#include "repo-layout/json_text.h"
#include "sql/scan.h"
#include "sql/sha256.h"

#include <string.h>

char *(*flow_check_schedule)(const char *cron, bool with_seconds, const char *timezone);

static Flow *parse_stored(const char *text, size_t length)
{
	json_t *definition = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);

	return definition == NULL ? NULL : flow_from_definition(definition);
}

static void place_task(GHashTable *places, Task *task);

static void place_tasks(GHashTable *places, GPtrArray *tasks)
{
	for (guint i = 0; tasks != NULL && i < tasks->len; i++)
		place_task(places, g_ptr_array_index(tasks, i));
}

static void place_task(GHashTable *places, Task *task)
{
	const YamlNode *node = g_hash_table_lookup(places, task->id);

	if (node != NULL) {
		task->line = node->line;
		task->column = node->column;
	}
	place_tasks(places, task->tasks);
	place_tasks(places, task->otherwise);
	place_tasks(places, task->defaults);
	for (guint i = 0; task->cases != NULL && i < task->cases->len; i++)
		place_tasks(places, ((TaskCase *)g_ptr_array_index(task->cases, i))->tasks);
	place_tasks(places, task->errors);
	place_tasks(places, task->finally);
	place_tasks(places, task->aside);
}

static void place_flow(FlowReader *reader, Flow *flow)
{
	place_tasks(reader->tasks, flow->tasks);
	place_tasks(reader->tasks, flow->errors);
	place_tasks(reader->tasks, flow->finally);
	place_tasks(reader->tasks, flow->after_execution);
	for (guint i = 0; i < flow->triggers->len; i++) {
		Trigger *trigger = g_ptr_array_index(flow->triggers, i);
		const YamlNode *node = g_hash_table_lookup(reader->triggers, trigger->id);

		trigger->line = node == NULL ? 1 : node->line;
		trigger->column = node == NULL ? 1 : node->column;
	}
}

static Flow *read_flow(FlowReader *reader)
{
	const YamlNode *root = yaml_document_root(reader->document);
	json_t *definition = flow_read(reader, root);
	Flow *flow = definition == NULL ? NULL : flow_from_definition(definition);

	if (flow != NULL) {
		flow->line = root->line;
		place_flow(reader, flow);
	}
	return flow;
}

Flow *flow_parse_with(const char *file, const char *text, size_t length,
	const FlowSurroundings *surroundings, DiagnosticList *diagnostics)
{
	g_autoptr(YamlDocument) document =
		yaml_document_parse(file, text, length, 1, 1, surroundings->limits, diagnostics);
	FlowReader reader = {
		.keys = {.file = file, .diagnostics = diagnostics},
		.document = document,
		.surroundings = surroundings,
	};
	Flow *flow;

	if (document == NULL)
		return NULL;
	reader.texts = g_array_new(FALSE, FALSE, sizeof(TextUse));
	reader.tasks = g_hash_table_new(g_str_hash, g_str_equal);
	reader.triggers = g_hash_table_new(g_str_hash, g_str_equal);
	reader.inputs = g_hash_table_new(g_str_hash, g_str_equal);
	flow = read_flow(&reader);
	g_hash_table_unref(reader.tasks);
	g_hash_table_unref(reader.triggers);
	g_hash_table_unref(reader.inputs);
	g_array_unref(reader.texts);
	return flow;
}

Flow *flow_parse(const char *file, const char *text, size_t length, const char *default_namespace,
	DiagnosticList *diagnostics)
{
	FlowSurroundings surroundings = {.default_namespace = default_namespace, .allow_raw = true};

	if (diagnostics == NULL && length > 0 && *text == '{')
		return parse_stored(text, length);
	return flow_parse_with(file, text, length, &surroundings, diagnostics);
}

char *flow_definition_json(const Flow *flow)
{
	char *dumped = json_dumps(flow->definition, JSON_COMPACT);
	char *copy = g_strdup(dumped);

	free(dumped);
	return copy;
}

char *flow_definition_yaml(const Flow *flow)
{
	return yaml_write(flow->definition);
}

// Whether the value of this key of a task is SQL.
static bool is_sql(const TaskKind *kind, const char *key)
{
	const KeyRow *row = kind == NULL ? NULL : key_table_find(kind->keys, key);

	return row != NULL && row->kind == KEY_SQL;
}

static json_t *meaning_of(const json_t *value, bool *ret_files);

// The dialect that a task says its SQL is in.
static const SqlDialect *dialect_of(const json_t *task)
{
	const char *name = json_string_value(json_object_get(task, "dialect"));
	const SqlDialect *dialect;

	if (name == NULL)
		name = json_string_value(json_object_get(task, "driver"));
	dialect = name == NULL ? NULL : sql_dialect_find(name);
	return dialect != NULL ? dialect : sql_dialect_find("ansi");
}

// The fingerprint of SQL, which comments, blanks and the letter case of keywords do not change.
static json_t *fingerprint_of(const json_t *task, const json_t *sql)
{
	g_autoptr(SqlScript) script =
		sql_script_scan(dialect_of(task), json_string_value(sql), json_string_length(sql));

	return json_string(script->fingerprint);
}

// The kind of what is a task by its keys; else NULL.
static const TaskKind *kind_of(const json_t *object)
{
	const char *type = json_string_value(json_object_get(object, "type"));

	return type != NULL && json_object_get(object, "id") != NULL ? task_kind_find(type, NULL)
								     : NULL;
}

static json_t *meaning_of_object(const json_t *object, bool *ret_files)
{
	json_t *meaning = json_object();
	const TaskKind *kind = kind_of(object);
	const char *key;
	json_t *value;

	if (kind != NULL && (kind->flags & TASK_FILES) != 0)
		*ret_files = true;
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		if (json_is_string(value) && is_sql(kind, key))
			json_object_set_new(meaning, key, fingerprint_of(object, value));
		else
			json_object_set_new(meaning, key, meaning_of(value, ret_files));
	}
	return meaning;
}

static json_t *meaning_of(const json_t *value, bool *ret_files)
{
	json_t *meaning;
	size_t index;
	json_t *item;

	if (json_is_object(value))
		return meaning_of_object(value, ret_files);
	if (!json_is_array(value))
		return json_incref((json_t *)(uintptr_t)value);
	meaning = json_array();
	json_array_foreach(value, index, item)
		json_array_append_new(meaning, meaning_of(item, ret_files));
	return meaning;
}

json_t *flow_meaning(const json_t *part)
{
	bool files = false;

	return meaning_of(part, &files);
}

bool flow_same_sql(const json_t *before, const json_t *after, const char *key)
{
	const json_t *was = json_object_get(before, key), *is = json_object_get(after, key);
	json_auto_t *old = NULL;
	json_auto_t *new = NULL;

	if (!json_is_string(was) || !json_is_string(is) || !is_sql(kind_of(before), key) ||
		!is_sql(kind_of(after), key))
		return false;
	old = fingerprint_of(before, was);
	new = fingerprint_of(after, is);
	return json_equal(old, new);
}

char *flow_meaning_digest(const Flow *flow, const char *scripts_tree)
{
	bool files = false;
	json_auto_t *meaning = meaning_of(flow->definition, &files);
	g_autoptr(GString) text = g_string_new(NULL);
	char *digest = g_malloc(SHA256_TEXT_SIZE);

	if (files && scripts_tree != NULL)
		json_object_set_new(meaning, "scripts", json_string(scripts_tree));
	json_text_append(text, meaning);
	sha256_text(text->str, text->len, digest);
	return digest;
}

typedef struct Search {
	const char *id;
	const Task *found;
} Search;

static void match_task(const Task *task, void *data)
{
	Search *search = data;

	if (search->found == NULL && strcmp(task->id, search->id) == 0)
		search->found = task;
}

const Task *flow_task_find(const Flow *flow, const char *id)
{
	Search search = {id, NULL};

	flow_tasks_visit(flow, match_task, &search);
	return search.found;
}

static void visit_list(
	const GPtrArray *tasks, void (*visit)(const Task *task, void *data), void *data)
{
	for (guint i = 0; tasks != NULL && i < tasks->len; i++) {
		const Task *task = g_ptr_array_index(tasks, i);

		visit(task, data);
		visit_list(task->tasks, visit, data);
		visit_list(task->otherwise, visit, data);
		for (guint j = 0; task->cases != NULL && j < task->cases->len; j++)
			visit_list(((TaskCase *)g_ptr_array_index(task->cases, j))->tasks, visit,
				data);
		visit_list(task->defaults, visit, data);
		visit_list(task->errors, visit, data);
		visit_list(task->finally, visit, data);
		visit_list(task->aside, visit, data);
	}
}

void flow_tasks_visit(const Flow *flow, void (*visit)(const Task *task, void *data), void *data)
{
	visit_list(flow->tasks, visit, data);
	visit_list(flow->errors, visit, data);
	visit_list(flow->finally, visit, data);
	visit_list(flow->after_execution, visit, data);
}
