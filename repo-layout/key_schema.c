// JSON Schema out of the tables of keys.
#include "repo-layout/check.h"
#include "repo-layout/key_pages.h"
#include "repo-layout/schema.h"

#include <string.h>

static json_t *table_schema(const KeyTable *table);

static json_t *type_of(const char *type)
{
	return json_pack("{s:s}", "type", type);
}

static json_t *reference_to(const char *name)
{
	return json_pack("{s:o}", "$ref", json_sprintf("#/$defs/%s", name));
}

static json_t *list_of(json_t *items)
{
	return json_pack("{s:s, s:o}", "type", "array", "items", items);
}

static json_t *choice_schema(const KeyRow *row)
{
	json_t *values = json_array();

	for (const char *const *value = row->values; *value != NULL; value++)
		json_array_append_new(values, json_string(*value));
	return json_pack("{s:o}", "enum", values);
}

static json_t *map_schema(const KeyRow *row)
{
	json_t *schema = type_of("object");

	if (row->table != NULL)
		json_object_set_new(schema, "additionalProperties", table_schema(row->table));
	return schema;
}

static json_t *strings_schema(void)
{
	return json_pack("{s:[o, o]}", "anyOf", type_of("string"),
		list_of(json_pack("{s:[s, s, s]}", "type", "string", "number", "boolean")));
}

static json_t *labels_schema(void)
{
	return json_pack("{s:[s, s, s]}", "type", "object", "array", "string");
}

static json_t *scalar_schema(void)
{
	return json_pack("{s:[s, s, s]}", "type", "string", "number", "boolean");
}

static json_t *value_schema(const KeyRow *row)
{
	switch (row->kind) {
	case KEY_STRING:
	case KEY_TEXT: return scalar_schema();
	case KEY_SQL: return type_of("string");
	case KEY_INTEGER:
		return (row->flags & KEY_POSITIVE) == 0
			       ? type_of("integer")
			       : json_pack("{s:s, s:i}", "type", "integer", "minimum", 1);
	case KEY_NUMBER: return type_of("number");
	case KEY_BOOLEAN: return type_of("boolean");
	case KEY_DURATION:
		return json_pack("{s:s, s:s}", "type", "string", "pattern", "^[-+]?[Pp]");
	case KEY_CHOICE: return choice_schema(row);
	case KEY_MAP: return map_schema(row);
	case KEY_OBJECT: return table_schema(row->table);
	case KEY_LIST:
		return row->table == NULL ? type_of("array") : list_of(table_schema(row->table));
	case KEY_STRINGS: return strings_schema();
	case KEY_TASKS:
		return list_of(
			reference_to(strcmp(row->name, "triggers") == 0 ? "trigger" : "task"));
	case KEY_CASES:
		return json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
			list_of(reference_to("task")));
	case KEY_TASK: return reference_to("task");
	case KEY_INPUTS: return list_of(reference_to("input"));
	case KEY_LABELS: return labels_schema();
	case KEY_CHECKS: return list_of(reference_to("check"));
	case KEY_SCHEMA: return reference_to("schema");
	case KEY_ANY:
	case KEY_PLAIN:
	default: return json_object();
	}
}

static json_t *row_schema(const KeyTable *table, const KeyRow *row)
{
	const KeyRow *meant = row->alias_of == NULL ? row : key_table_find(table, row->alias_of);
	json_t *schema = value_schema(meant);

	if ((meant->flags & KEY_EXPRESSION) != 0)
		schema = json_pack("{s:[o, {s:s, s:s}]}", "anyOf", schema, "type", "string",
			"pattern", "\\{[{%]");
	json_object_set_new(schema, "description", json_string(row->summary));
	if ((row->flags & KEY_DEPRECATED) != 0)
		json_object_set_new(schema, "deprecated", json_true());
	return schema;
}

// A key that has other names is asked for by none of them: which one is given is not JSON Schema's to say.
static bool has_alias(const KeyTable *table, const char *name)
{
	for (; table != NULL; table = table->base) {
		for (const KeyRow *row = table->rows; row->name != NULL; row++) {
			if (row->alias_of != NULL && strcmp(row->alias_of, name) == 0)
				return true;
		}
	}
	return false;
}

static json_t *table_schema(const KeyTable *table)
{
	json_t *properties = json_object();
	json_t *required = json_array();
	json_t *schema = json_pack("{s:s, s:s}", "type", "object", "description", table->summary);

	for (const KeyTable *level = table; level != NULL; level = level->base) {
		for (const KeyRow *row = level->rows; row->name != NULL; row++) {
			if (json_object_get(properties, row->name) != NULL)
				continue;
			json_object_set_new(properties, row->name, row_schema(table, row));
			if ((row->flags & KEY_REQUIRED) != 0 && !has_alias(table, row->name))
				json_array_append_new(required, json_string(row->name));
		}
	}
	json_object_set_new(schema, "properties", properties);
	if (json_array_size(required) > 0)
		json_object_set(schema, "required", required);
	json_decref(required);
	json_object_set_new(schema, "additionalProperties", json_false());
	return schema;
}

json_t *key_table_schema(const KeyTable *table)
{
	return table_schema(table);
}

// The names of a kind that can be listed: those with a star cannot.
static void add_names(json_t *names, const TaskKind *kind, const TaskAlias *aliases)
{
	json_array_append_new(names, json_string(kind->name));
	for (; aliases->name != NULL; aliases++) {
		if (strcmp(aliases->kind, kind->name) != 0 || strchr(aliases->name, '*') != NULL)
			continue;
		json_array_append_new(names, json_string(aliases->name));
	}
}

// One schema for all kinds: the type says which keys there may be.
static json_t *kinds_schema(const TaskKind *kinds, const TaskAlias *aliases)
{
	json_t *branches = json_array();

	for (const TaskKind *kind = kinds; kind->name != NULL; kind++) {
		json_t *names = json_array();

		add_names(names, kind, aliases);
		json_array_append_new(
			branches, json_pack("{s:{s:{s:{s:o}}}, s:o}", "if", "properties", "type",
					  "enum", names, "then", table_schema(kind->keys)));
	}
	return json_pack("{s:s, s:[s, s], s:o}", "type", "object", "required", "id", "type",
		"allOf", branches);
}

static json_t *check_schema(void)
{
	json_t *properties = json_object();

	for (const KeyRow *row = keys_check_common.rows; row->name != NULL; row++)
		json_object_set_new(properties, row->name, row_schema(&keys_check_common, row));
	for (const KeyTable *const *table = check_tables; *table != NULL; table++)
		json_object_set_new(properties, (*table)->name,
			json_pack("{s:[{s:[s, s, s]}, o]}", "anyOf", "type", "array", "string",
				"number", table_schema(*table)));
	return json_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties,
		"additionalProperties", 0);
}

static json_t *any_schema(void)
{
	return json_pack("{s:[o, {s:s}]}", "anyOf", table_schema(&keys_schema), "type", "array");
}

static json_t *definitions(bool flow)
{
	json_t *all = json_object();

	json_object_set_new(all, "check", check_schema());
	json_object_set_new(all, "schema", any_schema());
	if (!flow)
		return all;
	json_object_set_new(all, "task", kinds_schema(task_kinds, task_aliases));
	json_object_set_new(all, "trigger", kinds_schema(trigger_kinds, trigger_aliases));
	json_object_set_new(all, "input", table_schema(&keys_input));
	return all;
}

json_t *key_page_schema(const KeyPage *page)
{
	json_t *schema = json_pack("{s:s, s:o}", "$schema",
		"https://json-schema.org/draft/2020-12/schema", "title", json_string(page->title));
	json_auto_t *body = page->table == &keys_schema ? any_schema() : table_schema(page->table);

	json_object_update(schema, body);
	json_object_set_new(schema, "$defs", definitions(page->table == &keys_flow));
	return schema;
}
