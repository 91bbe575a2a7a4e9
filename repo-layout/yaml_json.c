// YAML nodes to JSON values and back.
#include "repo-layout/yaml_private.h"
#include "repo-layout/yaml_scalar.h"

#include <string.h>

static json_t *list_to_json(const YamlNode *node)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < node->length; i++)
		json_array_append_new(array, yaml_to_json(node->items[i]));
	return array;
}

static json_t *mapping_to_json(const YamlNode *node)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < node->length; i++)
		json_object_set_new(
			object, node->pairs[i].key->text, yaml_to_json(node->pairs[i].value));
	return object;
}

json_t *yaml_to_json(const YamlNode *node)
{
	switch (node->kind) {
	case YAML_BOOLEAN: return json_boolean(yaml_scalar_boolean(node->text));
	case YAML_INTEGER: return json_integer(yaml_scalar_integer(node->text));
	case YAML_REAL: return json_real(g_ascii_strtod(node->text, NULL));
	case YAML_STRING: return json_stringn(node->text, node->length);
	case YAML_LIST: return list_to_json(node);
	case YAML_MAPPING: return mapping_to_json(node);
	case YAML_NULL:
	default: return json_null();
	}
}

static YamlNode *from_json(Arena *arena, const json_t *value);

static YamlNode *new_node(Arena *arena, YamlKind kind)
{
	YamlNode *node = arena_take(arena, sizeof(*node));

	memset(node, 0, sizeof(*node));
	node->kind = kind;
	node->line = 1;
	node->column = 1;
	node->style = kind == YAML_STRING ? '"' : 'p';
	return node;
}

static YamlNode *scalar_from(Arena *arena, YamlKind kind, const char *text, size_t length)
{
	YamlNode *node = new_node(arena, kind);

	node->text = arena_copy(arena, text, length);
	node->length = (unsigned)length;
	return node;
}

static YamlNode *list_from(Arena *arena, const json_t *array)
{
	YamlNode *node = new_node(arena, YAML_LIST);

	node->length = (unsigned)json_array_size(array);
	node->items = arena_take(arena, node->length * sizeof(YamlNode *));
	for (unsigned i = 0; i < node->length; i++)
		node->items[i] = from_json(arena, json_array_get(array, i));
	return node;
}

static YamlNode *mapping_from(Arena *arena, const json_t *object)
{
	YamlNode *node = new_node(arena, YAML_MAPPING);
	json_t *mutable = (json_t *)(uintptr_t)object;
	unsigned index = 0;
	const char *key;
	json_t *value;

	node->length = (unsigned)json_object_size(object);
	node->pairs = arena_take(arena, node->length * sizeof(YamlPair));
	json_object_foreach(mutable, key, value)
	{
		node->pairs[index].key = scalar_from(arena, YAML_STRING, key, strlen(key));
		node->pairs[index].value = from_json(arena, value);
		index++;
	}
	return node;
}

static YamlNode *real_from(Arena *arena, double value)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];

	g_ascii_dtostr(text, sizeof(text), value);
	return scalar_from(arena, YAML_REAL, text, strlen(text));
}

static YamlNode *integer_from(Arena *arena, json_int_t value)
{
	char text[32];

	g_snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, value);
	return scalar_from(arena, YAML_INTEGER, text, strlen(text));
}

static YamlNode *from_json(Arena *arena, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT: return mapping_from(arena, value);
	case JSON_ARRAY: return list_from(arena, value);
	case JSON_STRING:
		return scalar_from(
			arena, YAML_STRING, json_string_value(value), json_string_length(value));
	case JSON_INTEGER: return integer_from(arena, json_integer_value(value));
	case JSON_REAL: return real_from(arena, json_real_value(value));
	case JSON_TRUE: return scalar_from(arena, YAML_BOOLEAN, "true", 4);
	case JSON_FALSE: return scalar_from(arena, YAML_BOOLEAN, "false", 5);
	case JSON_NULL:
	default: return scalar_from(arena, YAML_NULL, "", 0);
	}
}

YamlDocument *yaml_document_from_json(const char *file, const json_t *value)
{
	YamlDocument *document = g_new0(YamlDocument, 1);

	document->file = file;
	document->text = "";
	document->first_line = 1;
	document->first_column = 1;
	document->root = from_json(&document->arena, value);
	return document;
}
