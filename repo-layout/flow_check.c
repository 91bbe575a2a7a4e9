// What can be said about a flow only when all of it is known: dependencies of a dag, and what expressions refer to.
#include "repo-layout/flow_reader.h"
#include "repo-layout/sql_fault.h"

#include "expr/template.h"

#include <string.h>

enum {
	RING_SHOWN = 60, // tasks of a ring that are named
};

static const char *item_id(const json_t *item)
{
	return json_string_value(json_object_get(json_object_get(item, "task"), "id"));
}

// id -> the first item of that id.
static GHashTable *items_by_id(const json_t *items)
{
	GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);
	size_t index;
	json_t *item;

	json_array_foreach(items, index, item)
	{
		const char *id = item_id(item);

		if (id != NULL && !g_hash_table_contains(table, id))
			g_hash_table_insert(table, (char *)(uintptr_t)id, item);
	}
	return table;
}

static const YamlNode *item_node(const YamlNode *list, const char *id)
{
	for (unsigned i = 0; i < list->length; i++) {
		const YamlNode *task = yaml_get(list->items[i], "task");
		const YamlNode *name = yaml_get(task != NULL ? task : list->items[i], "id");

		if (name != NULL && name->kind < YAML_LIST && strcmp(name->text, id) == 0)
			return list->items[i];
	}
	return list;
}

static const YamlNode *depends_node(const YamlNode *item, size_t index)
{
	const YamlNode *list = yaml_get(item, "dependsOn");

	if (list == NULL)
		return item;
	return list->kind == YAML_LIST && index < list->length ? list->items[index] : list;
}

static char *item_hint(const json_t *items, const char *wrong)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	size_t index;
	json_t *item;

	json_array_foreach(items, index, item)
	{
		if (item_id(item) != NULL)
			g_ptr_array_add(names, (char *)(uintptr_t)item_id(item));
	}
	g_ptr_array_add(names, NULL);
	return nearest_word_hint(wrong, (const char *const *)names->pdata);
}

static void check_names(FlowReader *reader, const YamlNode *list, GHashTable *by_id,
	const json_t *items, const json_t *item)
{
	size_t index;
	json_t *name;

	json_array_foreach(json_object_get(item, "dependsOn"), index, name)
	{
		const char *wanted = json_string_value(name);
		const YamlNode *node;
		g_autofree char *hint = NULL;

		if (wanted == NULL || g_hash_table_contains(by_id, wanted) ||
			!diagnostic_list_wants_hints(reader->keys.diagnostics))
			continue;
		node = depends_node(item_node(list, item_id(item)), index);
		hint = item_hint(items, wanted);
		key_fault(&reader->keys, node, "unknown-task", hint,
			"task '%s' depends on unknown task '%s'", item_id(item), wanted);
	}
}

// A walk depth-first along dependsOn. It does not recurse: a chain may be as long as the file.
typedef struct RingWalk {
	GHashTable *by_id;
	GHashTable *seen; // ids on the path, and those that lead to no ring
	GHashTable *on_path; // id -> its place on the path and one
	GPtrArray *path; // char *: ids from the start to here
	GArray *next; // size_t: of each, which of its dependencies comes next
} RingWalk;

static void ring_enter(RingWalk *walk, const char *id)
{
	size_t first = 0;

	g_hash_table_add(walk->seen, (char *)(uintptr_t)id);
	g_ptr_array_add(walk->path, (char *)(uintptr_t)id);
	g_hash_table_insert(
		walk->on_path, (char *)(uintptr_t)id, GUINT_TO_POINTER(walk->path->len));
	g_array_append_val(walk->next, first);
}

// The next dependency of where the walk is; NULL when there are no more.
static const char *ring_next(RingWalk *walk)
{
	const char *id = walk->path->pdata[walk->path->len - 1];
	const json_t *list = json_object_get(g_hash_table_lookup(walk->by_id, id), "dependsOn");
	size_t *next = &g_array_index(walk->next, size_t, walk->next->len - 1);

	while (*next < json_array_size(list)) {
		const char *name = json_string_value(json_array_get(list, (*next)++));

		if (name != NULL && g_hash_table_contains(walk->by_id, name))
			return name;
	}
	return NULL;
}

static void ring_leave(RingWalk *walk)
{
	g_hash_table_remove(walk->on_path, walk->path->pdata[walk->path->len - 1]);
	g_ptr_array_set_size(walk->path, (gint)walk->path->len - 1);
	g_array_set_size(walk->next, walk->next->len - 1);
}

// Whether a ring can be reached from an id: then the path is the ring, with its first id at the end once more.
static bool find_ring(RingWalk *walk, const char *id)
{
	if (g_hash_table_contains(walk->seen, id))
		return false;
	ring_enter(walk, id);
	while (walk->path->len > 0) {
		const char *name = ring_next(walk);
		guint place = name == NULL
				      ? 0
				      : GPOINTER_TO_UINT(g_hash_table_lookup(walk->on_path, name));

		if (name == NULL) {
			ring_leave(walk);
		} else if (place > 0) {
			g_ptr_array_remove_range(walk->path, 0, place - 1);
			g_ptr_array_add(walk->path, (char *)(uintptr_t)name);
			return true;
		} else if (!g_hash_table_contains(walk->seen, name)) {
			ring_enter(walk, name);
		}
	}
	return false;
}

static void report_ring(FlowReader *reader, const YamlNode *node, GPtrArray *path)
{
	g_autofree char *ring = NULL;
	guint left_out = path->len > RING_SHOWN ? path->len - RING_SHOWN : 0;

	if (left_out > 0)
		g_ptr_array_remove_range(path, RING_SHOWN / 2, left_out);
	if (left_out > 0)
		g_ptr_array_insert(path, RING_SHOWN / 2, (char *)(uintptr_t) "…");
	g_ptr_array_add(path, NULL);
	ring = g_strjoinv(" → ", (char **)path->pdata);
	key_fault(&reader->keys, item_node(node, path->pdata[0]), "dependency-cycle", NULL,
		"tasks depend on each other in a ring: %s", ring);
}

void flow_check_dag(FlowReader *reader, const YamlNode *node, const json_t *items)
{
	g_autoptr(GHashTable) by_id = items_by_id(items);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) on_path = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GPtrArray) path = g_ptr_array_new();
	g_autoptr(GArray) next = g_array_new(FALSE, FALSE, sizeof(size_t));
	RingWalk walk = {by_id, seen, on_path, path, next};
	size_t index;
	json_t *item;

	if (reader->keys.diagnostics == NULL)
		return;
	json_array_foreach(items, index, item)
	{
		if (item_id(item) != NULL)
			check_names(reader, node, by_id, items, item);
	}
	json_array_foreach(items, index, item)
	{
		if (item_id(item) == NULL || !find_ring(&walk, item_id(item)))
			continue;
		report_ring(reader, node, path);
		return;
	}
}

// Names that every run knows.
static const char *const root_names[] = {"flow", "task", "taskrun", "workerTaskrun", "parent",
	"parents", "execution", "trigger", "inputs", "outputs", "tasks", "vars", "envs", "labels",
	"globals", "namespace", "kestra", "this", "response", "error", "schedule", "workingDir",
	"outputDir", "outputFiles", "outputDirs", "inputFiles", "files", "tempDir", "json",
	"addSecret", "logs", "sla", "block", "loop", "item", "_", NULL};

typedef struct PathCheck {
	FlowReader *reader;
	const json_t *definition;
	const YamlNode *node;
	size_t offset; // of the template in the node's text
} PathCheck;

static char *hint_from_table(const FlowReader *reader, GHashTable *table, const char *wrong)
{
	if (!diagnostic_list_wants_hints(reader->keys.diagnostics))
		return NULL;
	g_autofree gpointer *keys = g_hash_table_get_keys_as_array(table, NULL);

	return nearest_word_hint(wrong, (const char *const *)keys);
}

static char *hint_from_objects(
	const FlowReader *reader, const json_t *first, const json_t *second, const char *wrong)
{
	if (!diagnostic_list_wants_hints(reader->keys.diagnostics))
		return NULL;
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)first, key, value)
		g_ptr_array_add(names, (char *)(uintptr_t)key);
	json_object_foreach((json_t *)(uintptr_t)second, key, value)
		g_ptr_array_add(names, (char *)(uintptr_t)key);
	g_ptr_array_add(names, NULL);
	return nearest_word_hint(wrong, (const char *const *)names->pdata);
}

// Inputs nest by the dots of their ids: inputs.a may be the beginning of a.b.
static bool input_known(GHashTable *inputs, const char *first)
{
	size_t length = strlen(first);
	GHashTableIter iter;
	void *key;

	if (g_hash_table_contains(inputs, first))
		return true;
	g_hash_table_iter_init(&iter, inputs);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		if (strncmp(key, first, length) == 0 && ((const char *)key)[length] == '.')
			return true;
	}
	return false;
}

static void warn_path(const PathCheck *check, const ExprPath *path, const char *code, char *hint,
	const char *format, const char *name)
{
	g_autofree char *owned = hint;
	g_autofree char *message = NULL;
	unsigned line, column;
	GString *text = g_string_new(NULL);
	const char *mark = strstr(format, "%s");

	g_string_append_len(text, format, mark - format);
	g_string_append(text, name);
	g_string_append(text, mark + 2);
	message = g_string_free(text, FALSE);
	yaml_text_place(
		check->node, check->reader->document, check->offset + path->offset, &line, &column);
	diagnostic_add(check->reader->keys.diagnostics, check->reader->keys.file, line, column,
		DIAGNOSTIC_WARNING, code, owned, "%s", message);
}

static void check_path(const ExprPath *path, void *data)
{
	const PathCheck *check = data;
	FlowReader *reader = check->reader;
	const json_t *variables = json_object_get(check->definition, "variables");
	const char *root = path->names[0];
	const char *name = path->count > 1 ? path->names[1] : NULL;

	if (path->guarded || root == NULL || diagnostic_list_is_full(reader->keys.diagnostics))
		return;
	if (!g_strv_contains(root_names, root)) {
		warn_path(check, path, "unknown-variable", nearest_word_hint(root, root_names),
			"unknown variable '%s'", root);
	} else if (name == NULL) {
		return;
	} else if (strcmp(root, "outputs") == 0 && !g_hash_table_contains(reader->tasks, name)) {
		warn_path(check, path, "unknown-output",
			hint_from_table(reader, reader->tasks, name),
			"'outputs.%s' names no task of this flow", name);
	} else if (strcmp(root, "inputs") == 0 && !input_known(reader->inputs, name)) {
		warn_path(check, path, "unknown-input",
			hint_from_table(reader, reader->inputs, name),
			"'inputs.%s' names no input of this flow", name);
	} else if (strcmp(root, "vars") == 0 && reader->surroundings->variables != NULL &&
		   json_object_get(variables, name) == NULL &&
		   json_object_get(reader->surroundings->variables, name) == NULL) {
		warn_path(check, path, "unknown-variable",
			hint_from_objects(reader, variables, reader->surroundings->variables, name),
			"'vars.%s' is no variable of this flow or its domain", name);
	}
}

static void report_faults(const PathCheck *check, const GPtrArray *faults)
{
	for (guint i = 0; i < faults->len; i++) {
		const ExprFault *fault = g_ptr_array_index(faults, i);
		unsigned line, column;

		if (diagnostic_list_is_full(check->reader->keys.diagnostics))
			return;
		yaml_text_place(check->node, check->reader->document, check->offset + fault->offset,
			&line, &column);
		diagnostic_add(check->reader->keys.diagnostics, check->reader->keys.file, line,
			column, DIAGNOSTIC_ERROR, "bad-expression", fault->hint, "%s",
			fault->message);
	}
}

static void check_template(PathCheck *check, const char *text, size_t length, bool expression)
{
	g_autoptr(GPtrArray) faults = expr_fault_list_new();
	g_autoptr(ExprTemplate) template_ =
		expression ? expr_template_parse_expression(text, length, faults)
			   : expr_template_parse(text, length, faults);

	report_faults(check, faults);
	if (template_ != NULL)
		expr_template_paths(template_, check_path, check);
}

// Where a parameter's expression begins in the SQL: behind its braces and blanks.
static size_t inside_of(const char *sql, const SqlParameter *parameter)
{
	size_t offset = parameter->offset + 2;

	if (sql[offset] == '-')
		offset++;
	while (g_ascii_isspace(sql[offset]))
		offset++;
	return offset;
}

// In SQL only {{ … }} counts, and not in comments.
static void check_sql(PathCheck *check)
{
	const char *sql = check->node->text;
	g_autoptr(SqlScript) script =
		sql_script_scan(sql_dialect_find("ansi"), sql, check->node->length);

	for (size_t i = 0; i < script->parameter_count; i++) {
		const SqlParameter *parameter = &script->parameters[i];
		unsigned line, column;

		if (parameter->kind != SQL_PARAMETER_EXPRESSION)
			continue;
		check->offset = inside_of(sql, parameter);
		check_template(check, parameter->text, strlen(parameter->text), true);
		if (check->reader->surroundings->allow_raw ||
			!sql_expression_is_raw(parameter->text))
			continue;
		yaml_text_place(
			check->node, check->reader->document, check->offset, &line, &column);
		diagnostic_add(check->reader->keys.diagnostics, check->reader->keys.file, line,
			column, DIAGNOSTIC_ERROR, "raw-refused",
			"leave out '| raw' to bind the value, or set policies.allow_raw in "
			"weir.yaml",
			"'%s' would be pasted into the SQL", parameter->text);
	}
}

void flow_check_texts(FlowReader *reader, const json_t *definition)
{
	for (guint i = 0; i < reader->texts->len; i++) {
		const TextUse *use = &g_array_index(reader->texts, TextUse, i);
		PathCheck check = {reader, definition, use->node, 0};

		if (use->kind == KEY_SQL)
			check_sql(&check);
		else
			check_template(&check, use->node->text, use->node->length, false);
	}
}
