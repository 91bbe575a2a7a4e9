#include <stdio.h>
#include <string.h>

#include "runner/load/load_private.h"

// The declared (or live) column of a name; text when nobody says.
static DbColumn *incoming_column(const Build *build, const char *name)
{
	const DbTable *table = build->declared ? build->wanted : build->found;
	const DbColumn *known = table == NULL ? NULL : db_table_find(table, name);
	DbFieldType text = {.kind = DB_FIELD_STRING};
	DbColumn *column;

	if (known == NULL)
		return db_column_new(name, text, DB_MODE_NULLABLE);
	column = db_column_copy(known);
	g_free(column->name);
	column->name = g_strdup(name);
	return column;
}

static bool refuse_record(const CsvRecord *record, const char *what, GError **error)
{
	g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "line %" G_GUINT64_FORMAT ": %s",
		record->line, what);
	return false;
}

// A header of one name that holds what elsewhere ends a line, or stands between values, was hardly meant so.
static bool check_shape(const LoadSource *load, const CsvRecord *record, GError **error)
{
	static const char OTHERS[] = ";\t|";
	const CsvField *only = record->count == 1 ? &record->fields[0] : NULL;

	if (only == NULL || only->quoted)
		return true;
	if (memchr(only->text, '\r', only->length) != NULL)
		return refuse_record(record,
			"lines end with CR alone, and only LF and CRLF end one; convert the file: "
			"tr '\\r' '\\n'",
			error);
	for (const char *p = OTHERS; *p != '\0' && load->options->delimiter == 0; p++) {
		g_autofree char *what = NULL;

		if (memchr(only->text, *p, only->length) == NULL)
			continue;
		what = g_strdup_printf(
			"the header is one name with '%s' in it; is that what stands "
			"between values? set delimiter: \"%s\"",
			*p == '\t' ? "\\t" : (char[]){*p, '\0'},
			*p == '\t' ? "\\t" : (char[]){*p, '\0'});
		return refuse_record(record, what, error);
	}
	return true;
}

static bool read_header(LoadSource *load, Build *build, GError **error)
{
	const CsvRecord *record;
	CsvStatus status = csv_reader_next(load->csv, &record, error);

	if (status == CSV_FAILED)
		return false;
	if (status == CSV_END) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
			"'%s' is empty: it has no header line", load->options->path);
		return false;
	}
	if (record->fault != NULL)
		return refuse_record(record, record->fault, error);
	if (!check_shape(load, record, error))
		return false;
	for (unsigned i = 0; i < record->count; i++) {
		g_autofree char *name = g_strndup(record->fields[i].text, record->fields[i].length);

		db_table_add(build->incoming, incoming_column(build, g_strstrip(name)));
	}
	return true;
}

// Without a header: `columns`, else the declared columns in their order.
static bool read_columns(LoadSource *load, Build *build, GError **error)
{
	const DbTable *table = build->declared ? build->wanted : build->found;
	size_t i;
	json_t *name;

	json_array_foreach(load->options->columns, i, name)
	{
		const char *text = json_string_value(
			json_is_object(name) ? json_object_get(name, "name") : name);

		if (text != NULL)
			db_table_add(build->incoming, incoming_column(build, text));
	}
	if (build->incoming->columns->len == 0 && table != NULL)
		for (i = 0; i < table->columns->len; i++)
			db_table_add(build->incoming, db_column_copy(table->columns->pdata[i]));
	if (build->incoming->columns->len > 0)
		return true;
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
		"'%s' has no header, so 'columns' or a declared schema must say what its columns "
		"are",
		load->options->path);
	return false;
}

static bool skip_records(LoadSource *load, GError **error)
{
	for (unsigned i = 0; i < load->options->skip; i++) {
		const CsvRecord *record;

		if (csv_reader_next(load->csv, &record, error) == CSV_FAILED)
			return false;
	}
	return true;
}

bool load_csv_describe(LoadSource *load, Build *build, GError **error)
{
	const LoadOptions *options = load->options;
	CsvOptions csv = {
		.delimiter = options->delimiter,
		.quote = options->quote,
		.no_quote = options->no_quote,
		.max_record = options->max_record,
	};

	load->csv = csv_reader_new(&csv, load_read, load);
	build->incoming = db_table_new(NULL, build->name, DB_TABLE);
	if (!skip_records(load, error))
		return false;
	if (!options->no_header && json_array_size(options->columns) == 0)
		return read_header(load, build, error);
	if (!options->no_header) { // a header that `columns` overrides
		const CsvRecord *record;

		if (csv_reader_next(load->csv, &record, error) == CSV_FAILED)
			return false;
	}
	return read_columns(load, build, error);
}

static bool is_null(const LoadOptions *options, const CsvField *field)
{
	if (field->quoted)
		return false;
	if (options->null_text == NULL)
		return field->length == 0;
	return field->length == strlen(options->null_text) &&
	       memcmp(field->text, options->null_text, field->length) == 0;
}

// What is wrong with a field; NULL when its value is in load->values.
static const char *convert_field(LoadSource *load, const CsvField *field, unsigned i)
{
	if (!is_null(load->options, field))
		return convert_text(load->columns[i], field->text, field->length, &load->scratch[i],
			&load->values[i]);
	load->values[i] = DB_NULL;
	if (load->columns[i]->mode == DB_MODE_REQUIRED)
		return "no value, but the column is REQUIRED";
	return NULL;
}

// Converts a record; false with the fault told.
static bool convert_record(LoadSource *load, const CsvRecord *record, LoadFault *fault)
{
	static _Thread_local char counts[64];

	*fault = (LoadFault){.line = record->line,
		.raw = record->raw,
		.raw_length = record->raw_length,
		.reason = record->fault,
		.column = record->fault_column};
	if (fault->column > 0 && fault->column <= load->column_count)
		fault->name = load->columns[fault->column - 1]->name;
	if (record->fault != NULL)
		return false;
	if (record->count != load->column_count) {
		snprintf(counts, sizeof(counts), "%u fields, expected %u", record->count,
			load->column_count);
		fault->reason = counts;
		return false;
	}
	for (unsigned i = 0; i < load->column_count; i++) {
		fault->reason = convert_field(load, &record->fields[i], i);
		if (fault->reason == NULL)
			continue;
		fault->column = i + 1;
		fault->name = load->columns[i]->name;
		return false;
	}
	return true;
}

bool load_csv_next(LoadSource *load, bool *ret_row, GError **error)
{
	const CsvRecord *record;
	CsvStatus status;
	LoadFault fault;

	while ((status = csv_reader_next(load->csv, &record, error)) == CSV_RECORD) {
		if (convert_record(load, record, &fault)) {
			*ret_row = true;
			return true;
		}
		if (!load_refuse(load, &fault, error))
			return false;
	}
	*ret_row = false;
	return status == CSV_END;
}
