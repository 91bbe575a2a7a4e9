#include "runner/build/first_table.h"

#include <string.h>

#include "repo-layout/sql_template.h"
#include "runner/build/feed.h"
#include "runner/build/stage.h"

static bool is_target(const Build *build, const char *name)
{
	size_t length = strlen(build->dataset);

	if (strchr(name, '.') == NULL)
		return g_ascii_strcasecmp(name, build->name) == 0;
	return g_ascii_strncasecmp(name, build->dataset, length) == 0 && name[length] == '.' &&
	       g_ascii_strcasecmp(name + length + 1, build->name) == 0;
}

static bool reads_target(const Build *build)
{
	const char *const *name = build->request->reads;

	if (name == NULL || build->feed->flags & (FEED_VIEW | FEED_SCRIPT))
		return false;
	while (*name != NULL && !is_target(build, *name))
		name++;
	return *name != NULL;
}

static bool refuse(const Build *build, GError **error)
{
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
		"'%s.%s' reads itself and is not there yet, and which columns it will have is not "
		"certain from the query's text; declare a schema, or write every column with its "
		"name instead of '*'",
		build->dataset, build->name);
	return false;
}

// Without types: there is no value that they could change.
static DbTable *table_of(const Build *build, char *const *columns)
{
	DbTable *table = db_table_new(build->dataset, build->name, DB_TABLE);
	DbFieldType none = {.kind = DB_FIELD_UNKNOWN};

	for (; columns != NULL && *columns != NULL; columns++)
		db_table_add(table, db_column_new(*columns, none, DB_MODE_NULLABLE));
	for (unsigned i = 0; columns == NULL && i < build->wanted->columns->len; i++) {
		const DbColumn *column = build->wanted->columns->pdata[i];

		db_table_add(table, db_column_new(column->name, none, DB_MODE_NULLABLE));
	}
	if (build->technical)
		stage_add_technical(table);
	if (build->feed->publish == feed_snapshot_publish)
		feed_snapshot_add_validity(table);
	for (unsigned i = 0; i < table->columns->len; i++) {
		DbColumn *column = table->columns->pdata[i];

		g_free(column->engine_type);
		column->engine_type = g_strdup("");
	}
	return table;
}

bool first_table_plan(Build *build, GError **error)
{
	g_auto(GStrv) columns = NULL;
	g_autoptr(DbTable) table = NULL;

	g_clear_pointer(&build->first, g_free);
	if (!reads_target(build))
		return true;
	if (!build_look(build, error))
		return false;
	if (build->found != NULL)
		return true;
	if (!build->declared)
		columns = sql_query_columns(build->dialect->name, build->source->sql);
	if (!build->declared && columns == NULL)
		return refuse(build, error);
	table = table_of(build, columns);
	build->first = db_ddl_create_table(build->dialect, table);
	return true;
}

bool first_table_make(Build *build, GError **error)
{
	return build->first == NULL ||
	       db_execute(build->connection, build->first, DB_NO_VALUES, NULL, error);
}

bool first_table_drop(Build *build, GError **error)
{
	g_autofree char *sql = NULL;

	if (build->first == NULL)
		return true;
	sql = db_ddl_drop(build->dialect, DB_TABLE, build->dataset, build->name);
	return db_execute(build->connection, sql, DB_NO_VALUES, NULL, error);
}
