#include <stdio.h>
#include <string.h>

#include "repo-layout/diagnostic.h"
#include "runner/load/load_private.h"

// One line as an object; NULL with the reason in text.
static json_t *parse_line(const Line *line, char *text, size_t size)
{
	json_error_t where;
	json_t *json;

	if (line->too_long) {
		g_strlcpy(text, "the line is longer than allowed", size);
		return NULL;
	}
	json = json_loadb(line->text, line->length, JSON_REJECT_DUPLICATES, &where);
	if (json == NULL) {
		snprintf(text, size, "not a JSON object: %s (character %d)", where.text,
			where.column);
		return NULL;
	}
	if (!json_is_object(json)) {
		g_strlcpy(text, "not a JSON object", size);
		json_decref(json);
		return NULL;
	}
	return json;
}

static DbFieldKind kind_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_INTEGER: return DB_FIELD_INT64;
	case JSON_REAL: return DB_FIELD_FLOAT64;
	case JSON_TRUE:
	case JSON_FALSE: return DB_FIELD_BOOL;
	case JSON_OBJECT:
	case JSON_ARRAY: return DB_FIELD_JSON;
	case JSON_STRING:
	case JSON_NULL: break;
	}
	return DB_FIELD_STRING;
}

// With nothing declared and no table there, the first line says what the columns are.
static bool columns_of_first(LoadSource *load, Build *build, GError **error)
{
	const Line *line;
	char text[200];
	LineStatus status = line_reader_next(load->lines, &line, error);
	const char *key;
	json_t *value;

	if (status == LINE_FAILED)
		return false;
	if (status == LINE_READ)
		load->first_line = parse_line(line, text, sizeof(text));
	if (load->first_line == NULL) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "%s%s",
			status == LINE_READ ? "line 1: "
					    : "the file is empty, and no schema is declared",
			status == LINE_READ ? text : "");
		return false;
	}
	json_object_foreach(load->first_line, key, value)
	{
		DbFieldType type = {.kind = kind_of(value)};

		db_table_add(build->incoming, db_column_new(key, type, DB_MODE_NULLABLE));
	}
	return true;
}

bool load_json_describe(LoadSource *load, Build *build, GError **error)
{
	const DbTable *table = build->declared ? build->wanted : build->found;

	load->lines = line_reader_new(load->options->max_record, load_read, load);
	build->incoming = db_table_new(NULL, build->name, DB_TABLE);
	if (table == NULL)
		return columns_of_first(load, build, error);
	for (unsigned i = 0; i < table->columns->len; i++) {
		const DbColumn *column = table->columns->pdata[i];

		// What has a default may be left out of the file, so it is left to the stage.
		if (column->name[0] != '_' || build->declared)
			db_table_add(build->incoming, db_column_copy(column));
	}
	return true;
}

static bool convert_member(LoadSource *load, const char *key, const json_t *value, LoadFault *fault)
{
	unsigned place = GPOINTER_TO_UINT(g_hash_table_lookup(load->places, key));
	unsigned i = place - 1;

	if (place == 0) {
		g_autofree const char **names = g_new0(const char *, load->column_count + 1);
		g_autofree char *hint = NULL;
		static _Thread_local char reason[300];

		for (unsigned k = 0; k < load->column_count; k++)
			names[k] = load->columns[k]->name;
		hint = nearest_word_hint(key, names);
		snprintf(reason, sizeof(reason), "there is no column '%.100s'%s%s", key,
			hint == NULL ? "" : "; ", hint == NULL ? "" : hint);
		fault->reason = reason;
		return false;
	}
	if (!json_is_null(value))
		fault->reason =
			convert_json(load->columns[i], value, &load->scratch[i], &load->values[i]);
	if (fault->reason == NULL)
		return true;
	fault->column = i + 1;
	fault->name = load->columns[i]->name;
	return false;
}

static bool check_required(const LoadSource *load, LoadFault *fault)
{
	for (unsigned i = 0; i < load->column_count; i++) {
		if (load->values[i].type != DB_TYPE_NULL ||
			load->columns[i]->mode != DB_MODE_REQUIRED)
			continue;
		fault->column = i + 1;
		fault->name = load->columns[i]->name;
		fault->reason = "no value, but the column is REQUIRED";
		return false;
	}
	return true;
}

static bool convert_object(LoadSource *load, const json_t *object, LoadFault *fault)
{
	const char *key;
	json_t *value;

	for (unsigned i = 0; i < load->column_count; i++)
		load->values[i] = DB_NULL;
	json_object_foreach((json_t *)(uintptr_t)object, key,
		value) if (!convert_member(load, key, value, fault)) return false;
	return check_required(load, fault);
}

// The object under way is kept until the next one: values point into its texts.
static bool next_object(LoadSource *load, LoadFault *fault, bool *ret_end, GError **error)
{
	static _Thread_local char text[200];
	const Line *line;
	LineStatus status;

	*ret_end = false;
	if (load->first_line != NULL && load->loaded + load->rejected == 0) {
		fault->line = 1;
		return true;
	}
	json_decref(load->first_line);
	load->first_line = NULL;
	status = line_reader_next(load->lines, &line, error);
	*ret_end = status != LINE_READ;
	if (status != LINE_READ)
		return status == LINE_END;
	*fault = (LoadFault){.line = line->number, .raw = line->text, .raw_length = line->length};
	load->first_line = parse_line(line, text, sizeof(text));
	if (load->first_line == NULL)
		fault->reason = text;
	return true;
}

bool load_json_next(LoadSource *load, bool *ret_row, GError **error)
{
	for (;;) {
		LoadFault fault = {.raw = "", .line = 0};
		bool end;

		if (!next_object(load, &fault, &end, error))
			return false;
		if (end) {
			*ret_row = false;
			return true;
		}
		if (fault.reason == NULL && convert_object(load, load->first_line, &fault)) {
			*ret_row = true;
			return true;
		}
		if (!load_refuse(load, &fault, error))
			return false;
	}
}
