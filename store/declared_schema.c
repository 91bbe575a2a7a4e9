#include "store/declared_schema.h"

#include <stdlib.h>

#include "db/db.h"
#include "db/ddl.h"

enum {
	DEPTH_MAXIMUM = 15, // of nested records, as in BigQuery
};

static DbColumn *field_parse(const json_t *field, unsigned depth, GError **error);

static const char *text_of(const json_t *field, const char *key)
{
	return json_string_value(json_object_get(field, key));
}

// int64 values come as texts from BigQuery.
static unsigned number_of(const json_t *field, const char *key)
{
	const json_t *value = json_object_get(field, key);
	gint64 number = json_is_string(value) ? g_ascii_strtoll(json_string_value(value), NULL, 10)
					      : (gint64)json_integer_value(value);

	return number > 0 && number < G_MAXINT32 ? (unsigned)number : 0;
}

static bool mode_parse(const json_t *field, DbMode *mode, GError **error)
{
	static const char *const NAMES[] = {
		[DB_MODE_NULLABLE] = "NULLABLE",
		[DB_MODE_REQUIRED] = "REQUIRED",
		[DB_MODE_REPEATED] = "REPEATED",
	};
	const char *text = text_of(field, "mode");

	*mode = DB_MODE_NULLABLE;
	if (text == NULL)
		return true;
	for (unsigned i = 0; i < G_N_ELEMENTS(NAMES); i++) {
		if (g_ascii_strcasecmp(text, NAMES[i]) == 0) {
			*mode = (DbMode)i;
			return true;
		}
	}
	g_set_error(error, DB_ERROR, DB_ERROR_MISUSE, "field '%s' has the unknown mode '%s'",
		text_of(field, "name"), text);
	return false;
}

static bool add_fields(GPtrArray *columns, const json_t *fields, unsigned depth, GError **error)
{
	size_t i;
	json_t *field;

	json_array_foreach(fields, i, field)
	{
		DbColumn *column = field_parse(field, depth, error);

		if (column == NULL)
			return false;
		g_ptr_array_add(columns, column);
	}
	return true;
}

static void read_sizes(const json_t *field, DbFieldType *type)
{
	if (type->length == 0)
		type->length = number_of(field, "maxLength");
	if (type->precision > 0)
		return;
	type->precision = number_of(field, "precision");
	type->scale = number_of(field, "scale");
}

static DbColumn *field_parse(const json_t *field, unsigned depth, GError **error)
{
	const char *name = text_of(field, "name");
	const char *type_text = text_of(field, "type");
	const char *fallback = text_of(field, "defaultValueExpression");
	g_autoptr(DbColumn) column = NULL;
	DbFieldType type;
	DbMode mode;

	if (name == NULL || depth > DEPTH_MAXIMUM) {
		g_set_error_literal(error, DB_ERROR, DB_ERROR_MISUSE,
			name == NULL ? "a field of the schema has no name"
				     : "the schema's records are nested too deeply");
		return NULL;
	}
	if (!db_name_check(name, error) || !mode_parse(field, &mode, error))
		return NULL;
	if (!db_field_type_parse(type_text == NULL ? "STRING" : type_text, &type)) {
		g_set_error(error, DB_ERROR, DB_ERROR_MISUSE,
			"field '%s' has the unknown type '%s'", name, type_text);
		return NULL;
	}
	read_sizes(field, &type);
	column = db_column_new(name, type, mode);
	column->default_value = g_strdup(fallback != NULL ? fallback : text_of(field, "default"));
	column->description = g_strdup(text_of(field, "description"));
	column->previous_name = g_strdup(text_of(field, "previous_name"));
	if (column->fields != NULL &&
		!add_fields(column->fields, json_object_get(field, "fields"), depth + 1, error))
		return NULL;
	return g_steal_pointer(&column);
}

static const json_t *fields_of(const json_t *json)
{
	while (json_is_object(json)) {
		const json_t *fields = json_object_get(json, "fields");

		json = fields != NULL ? fields : json_object_get(json, "schema");
	}
	return json;
}

DbTable *declared_schema_table(
	const char *dataset, const char *name, const json_t *json, GError **error)
{
	g_autoptr(DbTable) table = db_table_new(dataset, name, DB_TABLE);
	const json_t *fields = fields_of(json);

	if (!json_is_array(fields) || json_array_size(fields) == 0) {
		g_set_error(error, DB_ERROR, DB_ERROR_MISUSE,
			"the schema of '%s.%s' has no list of fields", dataset, name);
		return NULL;
	}
	if (!add_fields(table->columns, fields, 1, error)) {
		g_prefix_error(error, "the schema of '%s.%s': ", dataset, name);
		return NULL;
	}
	return g_steal_pointer(&table);
}

DbTable *declared_schema_parse(
	const char *dataset, const char *name, const char *text, GError **error)
{
	json_error_t where;
	json_t *json = json_loads(text, 0, &where);
	DbTable *table;

	if (json == NULL) {
		g_set_error(error, DB_ERROR, DB_ERROR_MISUSE,
			"the schema of '%s.%s' is not JSON: %s", dataset, name, where.text);
		return NULL;
	}
	table = declared_schema_table(dataset, name, json, error);
	json_decref(json);
	return table;
}
