// Reading the tables and views of a dataset, with one statement a dataset.
#include <string.h>

#include "db/db.h"
#include "db/ddl.h"

enum {
	COLUMN_TABLE,
	COLUMN_KIND,
	COLUMN_DEFINITION,
	COLUMN_NAME,
	COLUMN_TYPE,
	COLUMN_NOT_NULL,
	COLUMN_DEFAULT,
};

static void table_free_void(void *table)
{
	db_table_free(table);
}

static DbTable *read_table(const DbDialect *dialect, const char *dataset, DbStatement *statement)
{
	const char *kind = db_column_text(statement, COLUMN_KIND, NULL);
	bool is_view = kind != NULL && strcmp(kind, "view") == 0;
	DbTable *table = db_table_new(dataset, db_column_text(statement, COLUMN_TABLE, NULL),
		is_view ? DB_VIEW : DB_TABLE);

	if (is_view && !db_column_is_null(statement, COLUMN_DEFINITION))
		table->definition =
			dialect->view_select(db_column_text(statement, COLUMN_DEFINITION, NULL));
	return table;
}

static void read_column(const DbDialect *dialect, DbTable *table, DbStatement *statement)
{
	DbFieldType type = {0};
	const char *engine_type;
	DbColumn *column;

	if (db_column_is_null(statement, COLUMN_NAME))
		return;
	column = db_column_new(db_column_text(statement, COLUMN_NAME, NULL), type,
		db_column_int64(statement, COLUMN_NOT_NULL) != 0 ? DB_MODE_REQUIRED
								 : DB_MODE_NULLABLE);
	engine_type = db_column_text(statement, COLUMN_TYPE, NULL);
	column->engine_type = g_strdup(engine_type == NULL ? "" : engine_type);
	db_field_from_engine(dialect, column->engine_type, &column->type);
	column->default_value = db_column_dup_text(statement, COLUMN_DEFAULT);
	db_table_add(table, column);
}

static GPtrArray *read_tables(
	DbConnection *connection, const char *dataset, const char *name, GError **error)
{
	const DbDialect *dialect = db_connection_dialect(connection);
	g_autoptr(GPtrArray) tables = g_ptr_array_new_with_free_func(table_free_void);
	g_autoptr(GString) sql = g_string_new(NULL);
	g_autoptr(DbStatement) statement = NULL;
	DbTable *table = NULL;
	DbStep step;

	dialect->introspection(dialect, dataset, name, sql);
	statement = db_prepare(connection, sql->str, error);
	if (statement == NULL || !db_bind(statement, 1, DB_TEXT(dataset), error) ||
		(name != NULL && !db_bind(statement, 2, DB_TEXT(name), error)))
		return NULL;
	while ((step = db_step(statement, error)) == DB_STEP_ROW) {
		if (table == NULL ||
			strcmp(table->name, db_column_text(statement, COLUMN_TABLE, NULL)) != 0) {
			table = read_table(dialect, dataset, statement);
			g_ptr_array_add(tables, table);
		}
		read_column(dialect, table, statement);
	}
	return step == DB_STEP_DONE ? g_steal_pointer(&tables) : NULL;
}

// Attaches the dataset; *ret_exists is false when there is none.
static bool use_existing(
	DbConnection *connection, const char *dataset, bool *ret_exists, GError **error)
{
	g_autoptr(GError) local = NULL;

	*ret_exists = db_use_dataset(connection, dataset, false, &local);
	if (*ret_exists || g_error_matches(local, DB_ERROR, DB_ERROR_MISSING_OBJECT))
		return true;
	g_propagate_error(error, g_steal_pointer(&local));
	return false;
}

GPtrArray *db_schema_read(DbConnection *connection, const char *dataset, GError **error)
{
	bool exists;

	if (!use_existing(connection, dataset, &exists, error))
		return NULL;
	if (!exists)
		return g_ptr_array_new_with_free_func(table_free_void);
	return read_tables(connection, dataset, NULL, error);
}

bool db_schema_read_table(DbConnection *connection, const char *dataset, const char *name,
	DbTable **ret_table, GError **error)
{
	g_autoptr(GPtrArray) tables = NULL;
	bool exists;

	*ret_table = NULL;
	if (!use_existing(connection, dataset, &exists, error))
		return false;
	if (!exists)
		return true;
	tables = read_tables(connection, dataset, name, error);
	if (tables == NULL)
		return false;
	if (tables->len > 0)
		*ret_table = g_ptr_array_steal_index(tables, 0);
	return true;
}
