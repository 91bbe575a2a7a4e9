#include "api/schema.h"

#include <stdbool.h>

typedef struct {
	const char *type;
	const char *format;
} TypeName;

static const TypeName type_names[] = {
	[API_STRING] = {"string", NULL},
	[API_TIME] = {"string", "date-time"},
	[API_INTEGER] = {"integer", "int64"},
	[API_NUMBER] = {"number", NULL},
	[API_BOOLEAN] = {"boolean", NULL},
	[API_ENUM] = {"string", NULL},
	[API_OBJECT] = {"object", NULL},
	[API_OBJECTS] = {"array", NULL},
	[API_STRINGS] = {"array", NULL},
	[API_MAP] = {"object", NULL},
	[API_COUNTS] = {"object", NULL},
	[API_ANY] = {NULL, NULL},
};

static json_t *reference(const ApiSchema *schema)
{
	return json_pack("{s:o}", "$ref", json_sprintf("#/components/schemas/%s", schema->name));
}

static json_t *enumeration(const char *const *values, bool nullable)
{
	json_t *list = json_array();

	for (; *values != NULL; values++)
		json_array_append_new(list, json_string(*values));
	if (nullable)
		json_array_append_new(list, json_null());
	return list;
}

json_t *schema_type_document(
	ApiType type, unsigned flags, const ApiSchema *of, const char *const *values)
{
	const TypeName *name = &type_names[type];
	bool nullable = (flags & API_NULLABLE) != 0;
	json_t *document;

	if (type == API_OBJECT && !nullable)
		return reference(of);
	if (type == API_OBJECT)
		return json_pack("{s:[o, {s:s}]}", "anyOf", reference(of), "type", "null");
	document = json_object();
	if (name->type != NULL && nullable)
		json_object_set_new(document, "type", json_pack("[s, s]", name->type, "null"));
	else if (name->type != NULL)
		json_object_set_new(document, "type", json_string(name->type));
	if (name->format != NULL)
		json_object_set_new(document, "format", json_string(name->format));
	if (type == API_ENUM)
		json_object_set_new(document, "enum", enumeration(values, nullable));
	if (type == API_OBJECTS)
		json_object_set_new(document, "items", reference(of));
	if (type == API_STRINGS)
		json_object_set_new(document, "items", json_pack("{s:s}", "type", "string"));
	if (type == API_COUNTS)
		json_object_set_new(
			document, "additionalProperties", json_pack("{s:s}", "type", "integer"));
	return document;
}

json_t *schema_document(const ApiSchema *schema)
{
	json_t *properties = json_object();
	json_t *required = json_array();

	for (const ApiField *field = schema->fields; field->name != NULL; field++) {
		json_t *property =
			schema_type_document(field->type, field->flags, field->of, field->values);

		json_object_set_new(property, "description", json_string(field->description));
		json_object_set_new(properties, field->name, property);
		if ((field->flags & API_OPTIONAL) == 0)
			json_array_append_new(required, json_string(field->name));
	}
	return json_pack("{s:s, s:s, s:o, s:o}", "type", "object", "description",
		schema->description, "properties", properties, "required", required);
}

void schema_collect(json_t *components, const ApiSchema *schema)
{
	if (schema == NULL || json_object_get(components, schema->name) != NULL)
		return;
	json_object_set_new(components, schema->name, schema_document(schema));
	for (const ApiField *field = schema->fields; field->name != NULL; field++)
		schema_collect(components, field->of);
}
