// One statement under construction: its text, and the values of its parameters $1 … $n in order.
// Not thread-safe.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

#include "db/db.h"
#include "db/ddl.h"

typedef struct SqlBuilder {
	const DbDialect *dialect;
	GString *sql;
	GPtrArray *values; // json_t, owned
} SqlBuilder;

SqlBuilder *sql_builder_new(const DbDialect *dialect);
void sql_builder_free(SqlBuilder *builder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SqlBuilder, sql_builder_free)

void sql_builder_append(SqlBuilder *builder, const char *text);
void sql_builder_printf(SqlBuilder *builder, const char *format, ...) G_GNUC_PRINTF(2, 3);
void sql_builder_name(SqlBuilder *builder, const char *name);
void sql_builder_table(SqlBuilder *builder, const char *dataset, const char *name);
// Appends $n and keeps the value for it. The value is borrowed (a reference is taken).
void sql_builder_value(SqlBuilder *builder, json_t *value);
void sql_builder_text_value(SqlBuilder *builder, const char *text);
// Appends the value as a literal: for what cannot have parameters (the body of a view).
void sql_builder_literal(SqlBuilder *builder, const json_t *value);
// A JSON value as the engine gets it: lists and objects as compact JSON text. *ret_owned is what the
// value points to, to be freed after use; NULL when it points into the JSON.
DbValue sql_value_from_json(const json_t *json, char **ret_owned);
// The other way, of a column of the current row; blobs as base64.
json_t *sql_value_to_json(const DbStatement *statement, unsigned column);
// The current row as an object {column: value}; of equal names the last wins.
json_t *sql_row_to_json(const DbStatement *statement);

// Prepares the statement and binds its values (copies).
DbStatement *sql_builder_prepare(
	const SqlBuilder *builder, DbConnection *connection, GError **error);
// Prepares, binds, runs to the end. changes may be NULL.
bool sql_builder_execute(
	const SqlBuilder *builder, DbConnection *connection, int64_t *changes, GError **error);
