#include <stdio.h>
#include <string.h>

#include "repo-layout/diagnostic.h"
#include "runner/load/load_private.h"

// Takes the line apart; false with the reason in text.
static bool parse_line(LoadSource *load, const Line *line, char *text, size_t size)
{
	if (line->too_long) {
		g_strlcpy(text, "the line is longer than allowed", size);
		return false;
	}
	return json_line_parse(&load->json, line->text, line->length, text, size);
}

static DbFieldKind kind_of(const JsonMember *member)
{
	switch (json_typeof(member->value)) {
	case JSON_INTEGER:
	case JSON_REAL:
		return json_number_is_integer(member->text, member->length) ? DB_FIELD_INT64
									    : DB_FIELD_FLOAT64;
	case JSON_TRUE:
	case JSON_FALSE: return DB_FIELD_BOOL;
	case JSON_OBJECT:
	case JSON_ARRAY: return DB_FIELD_JSON;
	case JSON_NULL: return DB_FIELD_UNKNOWN;
	case JSON_STRING: break;
	}
	return DB_FIELD_STRING;
}

// The values that come say what the column is (stage_settle()).
static void leave_untyped(DbColumn *column)
{
	column->type = (DbFieldType){.kind = DB_FIELD_UNKNOWN};
	g_free(column->engine_type);
	column->engine_type = g_strdup("");
}

// With nothing declared and no table there, the first line says what the columns are.
static bool columns_of_first(LoadSource *load, Build *build, GError **error)
{
	const Line *line;
	char text[200];
	LineStatus status = line_reader_next(load->lines, &line, error);

	if (status == LINE_FAILED)
		return false;
	if (status == LINE_END) {
		g_set_error_literal(error, TASK_ERROR, TASK_ERROR_FAILED,
			"the file is empty, and no schema is declared");
		return false;
	}
	if (!parse_line(load, line, text, sizeof(text))) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "line %" G_GUINT64_FORMAT ": %s",
			line->number, text);
		return false;
	}
	load->first_line = *line;
	for (unsigned i = 0; i < load->json.members->len; i++) {
		const JsonMember *member = &g_array_index(load->json.members, JsonMember, i);
		DbFieldType type = {.kind = kind_of(member)};
		DbColumn *column = db_column_new(member->key, type, DB_MODE_NULLABLE);

		if (type.kind == DB_FIELD_UNKNOWN)
			leave_untyped(column);
		db_table_add(build->incoming, column);
	}
	return true;
}

// A column that was made a text because nothing but null came for it may turn out to be something else.
static bool incoming_column(
	const Build *build, const DbColumn *known, DbColumn **ret_column, GError **error)
{
	bool unsettled;

	if (!build_is_unsettled(build, known, &unsettled, error))
		return false;
	*ret_column = db_column_copy(known);
	if (unsettled)
		leave_untyped(*ret_column);
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
		const DbColumn *known = table->columns->pdata[i];
		DbColumn *column;

		// What has a default may be left out of the file, so it is left to the stage.
		if (known->name[0] == '_' && !build->declared)
			continue;
		if (!incoming_column(build, known, &column, error))
			return false;
		db_table_add(build->incoming, column);
	}
	return true;
}

static const char *refuse_key(const LoadSource *load, const char *key)
{
	static _Thread_local char reason[300];
	g_autofree const char **names = g_new0(const char *, load->column_count + 1);
	g_autofree char *hint = NULL;

	for (unsigned k = 0; k < load->column_count; k++)
		names[k] = load->columns[k]->name;
	hint = nearest_word_hint(key, names);
	snprintf(reason, sizeof(reason), "there is no column '%.100s'%s%s", key,
		hint == NULL ? "" : "; ", hint == NULL ? "" : hint);
	return reason;
}

static bool convert_member(LoadSource *load, const JsonMember *member, LoadFault *fault)
{
	unsigned place = GPOINTER_TO_UINT(g_hash_table_lookup(load->places, member->key));
	unsigned i = place - 1;

	if (place == 0) {
		fault->reason = refuse_key(load, member->key);
		return false;
	}
	if (load->given[i])
		fault->reason = "comes twice, in two letter cases";
	else if (!json_is_null(member->value))
		fault->reason =
			convert_json(load->columns[i], member, &load->scratch[i], &load->values[i]);
	load->given[i] = true;
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

static bool convert_line(LoadSource *load, LoadFault *fault)
{
	const GArray *members = load->json.members;

	for (unsigned i = 0; i < load->column_count; i++) {
		load->values[i] = DB_NULL;
		load->given[i] = false;
	}
	for (unsigned i = 0; i < members->len; i++)
		if (!convert_member(load, &g_array_index(members, JsonMember, i), fault))
			return false;
	return check_required(load, fault);
}

static LoadFault fault_of(const Line *line)
{
	return (LoadFault){.line = line->number, .raw = line->text, .raw_length = line->length};
}

// The line under way is kept until the next one: values point into its texts.
static bool next_line(LoadSource *load, LoadFault *fault, bool *ret_end, GError **error)
{
	static _Thread_local char text[200];
	const Line *line;
	LineStatus status;

	*ret_end = false;
	if (load->first_line.number > 0) {
		*fault = fault_of(&load->first_line);
		load->first_line.number = 0;
		return true;
	}
	status = line_reader_next(load->lines, &line, error);
	*ret_end = status != LINE_READ;
	if (status != LINE_READ)
		return status == LINE_END;
	*fault = fault_of(line);
	if (!parse_line(load, line, text, sizeof(text)))
		fault->reason = text;
	return true;
}

bool load_json_next(LoadSource *load, bool *ret_row, GError **error)
{
	for (;;) {
		LoadFault fault;
		bool end;

		if (!next_line(load, &fault, &end, error))
			return false;
		if (end) {
			*ret_row = false;
			return true;
		}
		if (fault.reason == NULL && convert_line(load, &fault)) {
			*ret_row = true;
			return true;
		}
		if (!load_refuse(load, &fault, error))
			return false;
	}
}
