#include "tests/api/schema_check.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// What a schema may say; anything else is a mistake in the schema or a gap in this checker.
static const char *const keywords[] = {"type", "enum", "format", "items", "properties", "required",
	"additionalProperties", "description", NULL};

static char *check(
	const json_t *openapi, const json_t *schema, const json_t *value, const char *path);

static bool has_type(const json_t *value, const char *type)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT: return strcmp(type, "object") == 0;
	case JSON_ARRAY: return strcmp(type, "array") == 0;
	case JSON_STRING: return strcmp(type, "string") == 0;
	case JSON_INTEGER: return strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
	case JSON_REAL: return strcmp(type, "number") == 0;
	case JSON_TRUE:
	case JSON_FALSE: return strcmp(type, "boolean") == 0;
	case JSON_NULL: return strcmp(type, "null") == 0;
	}
	return false;
}

static char *check_type(const json_t *type, const json_t *value, const char *path)
{
	const json_t *one;
	size_t i;
	bool matches =
		type == NULL || (json_is_string(type) && has_type(value, json_string_value(type)));

	json_array_foreach(type, i, one) matches |= has_type(value, json_string_value(one));
	return matches ? NULL : g_strdup_printf("%s: has another type than the schema says", path);
}

static char *check_enum(const json_t *values, const json_t *value, const char *path)
{
	const json_t *one;
	size_t i;
	bool matches = values == NULL;

	json_array_foreach(values, i, one) matches |= json_equal(one, value);
	return matches ? NULL
		       : g_strdup_printf("%s: '%s' is not one of the values that the schema names",
				 path, json_string_value(value));
}

static char *check_format(const char *format, const json_t *value, const char *path)
{
	if (g_strcmp0(format, "date-time") != 0 || !json_is_string(value) ||
		g_regex_match_simple("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$",
			json_string_value(value), 0, 0))
		return NULL;
	return g_strdup_printf(
		"%s: '%s' is not a time in UTC with milliseconds", path, json_string_value(value));
}

static char *check_required(const json_t *required, const json_t *value, const char *path)
{
	const json_t *name;
	size_t i;

	if (!json_is_object(value))
		return NULL;
	json_array_foreach(required, i, name)
	{
		if (json_object_get(value, json_string_value(name)) == NULL)
			return g_strdup_printf("%s/%s: is missing", path, json_string_value(name));
	}
	return NULL;
}

static char *check_members(
	const json_t *openapi, const json_t *schema, const json_t *value, const char *path)
{
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *additional = json_object_get(schema, "additionalProperties");
	const char *name;
	const json_t *member;
	char *fault = NULL;

	json_object_foreach((json_t *)(uintptr_t)value, name, member)
	{
		const json_t *known = json_object_get(properties, name);
		g_autofree char *member_path = g_strdup_printf("%s/%s", path, name);

		if (fault != NULL)
			break;
		if (known != NULL || additional != NULL)
			fault = check(
				openapi, known != NULL ? known : additional, member, member_path);
		else if (properties != NULL)
			fault = g_strdup_printf("%s: the schema does not name it", member_path);
	}
	return fault;
}

static char *check_items(
	const json_t *openapi, const json_t *items, const json_t *value, const char *path)
{
	const json_t *item;
	char *fault = NULL;
	size_t i;

	json_array_foreach(value, i, item)
	{
		g_autofree char *item_path = g_strdup_printf("%s/%zu", path, i);

		if (fault == NULL && items != NULL)
			fault = check(openapi, items, item, item_path);
	}
	return fault;
}

static char *check_any_of(
	const json_t *openapi, const json_t *choices, const json_t *value, const char *path)
{
	const json_t *choice;
	char *fault = NULL;
	size_t i;

	json_array_foreach(choices, i, choice)
	{
		g_free(fault);
		fault = check(openapi, choice, value, path);
		if (fault == NULL)
			return NULL;
	}
	return fault;
}

static char *check_keywords(const json_t *schema, const char *path)
{
	const char *keyword;
	const json_t *value;

	json_object_foreach((json_t *)(uintptr_t)schema, keyword, value)
	{
		if (!g_strv_contains(keywords, keyword))
			return g_strdup_printf("%s: the checker does not know '%s'", path, keyword);
	}
	return NULL;
}

static char *check_reference(
	const json_t *openapi, const char *reference, const json_t *value, const char *path)
{
	const json_t *components = json_object_get(openapi, "components");
	const json_t *schemas = json_object_get(components, "schemas");
	const json_t *target = json_object_get(schemas, strrchr(reference, '/') + 1);

	if (target == NULL)
		return g_strdup_printf("%s: there is no '%s'", path, reference);
	return check(openapi, target, value, path);
}

static char *check(
	const json_t *openapi, const json_t *schema, const json_t *value, const char *path)
{
	const char *reference = json_string_value(json_object_get(schema, "$ref"));
	const json_t *any_of = json_object_get(schema, "anyOf");
	char *fault = NULL;

	if (reference != NULL)
		return check_reference(openapi, reference, value, path);
	if (any_of != NULL)
		return check_any_of(openapi, any_of, value, path);
	fault = check_keywords(schema, path);
	if (fault == NULL)
		fault = check_type(json_object_get(schema, "type"), value, path);
	if (fault == NULL)
		fault = check_enum(json_object_get(schema, "enum"), value, path);
	if (fault == NULL)
		fault = check_format(
			json_string_value(json_object_get(schema, "format")), value, path);
	if (fault == NULL)
		fault = check_required(json_object_get(schema, "required"), value, path);
	if (fault == NULL)
		fault = check_members(openapi, schema, value, path);
	if (fault == NULL)
		fault = check_items(openapi, json_object_get(schema, "items"), value, path);
	return fault;
}

char *schema_fault(const json_t *openapi, const json_t *schema, const json_t *value)
{
	return check(openapi, schema, value, "");
}
