// A declared schema (JSON, as store_table keeps it and tasks carry it) as the DbTable that databases are compared with.
#pragma once

#include <glib.h>
#include <jansson.h>

#include "db/schema.h"

// json: the list of fields, or an object that has it under "fields" or "schema". Fields are as `bq show` prints them: name,
// type, mode, description, fields, maxLength, precision, scale, defaultValueExpression; also `default` and `previous_name`.
// Numbers may be texts. NULL with a DB_ERROR_MISUSE that names the field.
DbTable *declared_schema_table(
	const char *dataset, const char *name, const json_t *json, GError **error);
// The same from JSON text.
DbTable *declared_schema_parse(
	const char *dataset, const char *name, const char *text, GError **error);
