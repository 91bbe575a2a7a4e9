#include "runner/build/sql_builder.h"

#include "store/json_dump.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

static void json_decref_void(void *json)
{
	json_decref(json);
}

SqlBuilder *sql_builder_new(const DbDialect *dialect)
{
	SqlBuilder *builder = g_new0(SqlBuilder, 1);

	builder->dialect = dialect;
	builder->sql = g_string_new(NULL);
	builder->values = g_ptr_array_new_with_free_func(json_decref_void);
	return builder;
}

void sql_builder_free(SqlBuilder *builder)
{
	if (builder == NULL)
		return;
	g_string_free(builder->sql, TRUE);
	g_ptr_array_unref(builder->values);
	g_free(builder);
}

void sql_builder_append(SqlBuilder *builder, const char *text)
{
	g_string_append(builder->sql, text);
}

void sql_builder_printf(SqlBuilder *builder, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_string_append_vprintf(builder->sql, format, arguments);
	va_end(arguments);
}

void sql_builder_name(SqlBuilder *builder, const char *name)
{
	db_quote_name(builder->dialect, name, builder->sql);
}

void sql_builder_table(SqlBuilder *builder, const char *dataset, const char *name)
{
	db_quote_table(builder->dialect, dataset, name, builder->sql);
}

void sql_builder_value(SqlBuilder *builder, json_t *value)
{
	g_ptr_array_add(builder->values, json_incref(value));
	g_string_append_printf(builder->sql, "$%u", builder->values->len);
}

void sql_builder_text_value(SqlBuilder *builder, const char *text)
{
	json_t *value = json_string(text);

	sql_builder_value(builder, value);
	json_decref(value);
}

void sql_builder_literal(SqlBuilder *builder, const json_t *value)
{
	g_autofree char *owned = NULL;
	DbValue plain = sql_value_from_json(value, &owned);
	char number[G_ASCII_DTOSTR_BUF_SIZE];

	if (json_is_null(value))
		sql_builder_append(builder, "NULL");
	else if (json_is_real(value))
		sql_builder_append(
			builder, g_ascii_dtostr(number, sizeof(number), json_real_value(value)));
	else if (json_is_integer(value) || json_is_boolean(value))
		sql_builder_printf(builder, "%" G_GINT64_FORMAT, plain.integer);
	else
		db_quote_text(builder->dialect, plain.data, plain.length, builder->sql);
}

DbValue sql_value_from_json(const json_t *json, char **ret_owned)
{
	*ret_owned = NULL;
	if (json == NULL)
		return DB_NULL;
	switch (json_typeof(json)) {
	case JSON_NULL: return DB_NULL;
	case JSON_TRUE: return DB_BOOLEAN(true);
	case JSON_FALSE: return DB_BOOLEAN(false);
	case JSON_INTEGER: return DB_INTEGER(json_integer_value(json));
	case JSON_REAL: return DB_REAL(json_real_value(json));
	case JSON_STRING: return DB_TEXT_N(json_string_value(json), json_string_length(json));
	case JSON_OBJECT:
	case JSON_ARRAY: break;
	}
	*ret_owned = json_dump_text(json, JSON_COMPACT);
	return db_value_text(*ret_owned, *ret_owned == NULL ? 0 : strlen(*ret_owned));
}

static json_t *text_to_json(const char *text, size_t length)
{
	g_autofree char *valid = NULL;
	json_t *json = json_stringn(text, length);

	if (json != NULL)
		return json;
	valid = g_utf8_make_valid(text, (gssize)length);
	return json_string(valid);
}

json_t *sql_value_to_json(const DbStatement *statement, unsigned column)
{
	size_t length = 0;
	const void *data;
	g_autofree char *base64 = NULL;
	double real;

	switch (db_column_type(statement, column)) {
	case DB_TYPE_NULL: return json_null();
	case DB_TYPE_INTEGER: return json_integer(db_column_int64(statement, column));
	case DB_TYPE_BOOLEAN: return json_boolean(db_column_int64(statement, column) != 0);
	case DB_TYPE_REAL:
		real = db_column_double(statement, column);
		return isfinite(real) ? json_real(real) : json_null();
	case DB_TYPE_TEXT:
		data = db_column_text(statement, column, &length);
		return text_to_json(data, length);
	case DB_TYPE_BLOB: break;
	}
	data = db_column_blob(statement, column, &length);
	base64 = g_base64_encode(length == 0 ? (const guchar *)"" : data, length);
	return json_string(base64);
}

json_t *sql_row_to_json(const DbStatement *statement)
{
	json_t *row = json_object();
	unsigned count = db_column_count(statement);

	for (unsigned i = 0; i < count; i++)
		json_object_set_new(
			row, db_column_name(statement, i), sql_value_to_json(statement, i));
	return row;
}

DbStatement *sql_builder_prepare(
	const SqlBuilder *builder, DbConnection *connection, GError **error)
{
	g_autoptr(DbStatement) statement = db_prepare(connection, builder->sql->str, error);

	if (statement == NULL)
		return NULL;
	for (unsigned i = 0; i < builder->values->len; i++) {
		g_autofree char *owned = NULL;
		DbValue value = sql_value_from_json(builder->values->pdata[i], &owned);

		if (!db_bind(statement, i + 1, value, error))
			return NULL;
	}
	return g_steal_pointer(&statement);
}

bool sql_builder_execute(
	const SqlBuilder *builder, DbConnection *connection, int64_t *changes, GError **error)
{
	g_autoptr(DbStatement) statement = sql_builder_prepare(builder, connection, error);
	DbStep step;

	if (statement == NULL)
		return false;
	while ((step = db_step(statement, error)) == DB_STEP_ROW)
		;
	if (changes != NULL)
		*changes = db_statement_changes(statement);
	return step == DB_STEP_DONE;
}
