#include "runner/build/query_source.h"

#include <string.h>

#include "repo-layout/sql_template.h"
#include "runner/build/known.h"
#include "runner/build/stage.h"

static void add_once(GPtrArray *names, const char *name, size_t length)
{
	g_autofree char *copy = g_strndup(name, length);

	if (!g_ptr_array_find_with_equal_func(names, copy, g_str_equal, NULL))
		g_ptr_array_add(names, g_steal_pointer(&copy));
}

static void add_tables(char **names, GPtrArray *datasets, GPtrArray *unqualified)
{
	for (char **name = names; *name != NULL; name++) {
		const char *dot = strrchr(*name, '.');

		if (dot != NULL)
			add_once(datasets, *name, (size_t)(dot - *name));
		else if (unqualified != NULL)
			add_once(unqualified, *name, strlen(*name));
	}
}

void query_tables_init(QueryTables *tables, const char *dialect, const char *const *texts)
{
	tables->datasets = g_ptr_array_new_with_free_func(g_free);
	tables->written = g_ptr_array_new_with_free_func(g_free);
	tables->unqualified = g_ptr_array_new_with_free_func(g_free);
	tables->reads = g_ptr_array_new_with_free_func(g_free);
	for (const char *const *first = texts; *texts != NULL; texts++) {
		g_autoptr(SqlFacts) facts = sql_facts_new(dialect, *texts);

		for (char **name = facts->reads; texts == first && *name != NULL; name++)
			g_ptr_array_add(tables->reads, g_strdup(*name));

		add_tables(facts->reads, tables->datasets, tables->unqualified);
		add_tables(facts->writes, tables->written, NULL);
		if (tables->fingerprint == NULL)
			tables->fingerprint = g_steal_pointer(&facts->fingerprint);
	}
	g_ptr_array_add(tables->datasets, NULL);
	g_ptr_array_add(tables->written, NULL);
	g_ptr_array_add(tables->reads, NULL);
	g_ptr_array_add(tables->unqualified, NULL);
}

void query_tables_clear(QueryTables *tables)
{
	g_clear_pointer(&tables->datasets, g_ptr_array_unref);
	g_clear_pointer(&tables->written, g_ptr_array_unref);
	g_clear_pointer(&tables->unqualified, g_ptr_array_unref);
	g_clear_pointer(&tables->reads, g_ptr_array_unref);
	g_clear_pointer(&tables->fingerprint, g_free);
}

static bool append_query(Build *build, SqlBuilder *builder, GError **error)
{
	return sql_text_append(builder, build->source->sql, &build->request->host, error);
}

// Type of a column that comes straight out of a table; expressions have none yet.
static DbColumn *incoming_column(const Build *build, const DbStatement *statement, unsigned i)
{
	const char *type = db_column_declared_type(statement, i);
	DbFieldType field = {0};
	DbColumn *column = db_column_new(db_column_name(statement, i), field, DB_MODE_NULLABLE);

	column->engine_type = g_strdup(type == NULL ? "" : type);
	db_field_from_engine(build->dialect, column->engine_type, &column->type);
	return column;
}

static bool describe(Build *build, void *data, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);
	g_autoptr(DbStatement) statement = NULL;

	(void)data;
	if (!append_query(build, builder, error) ||
		!known_query_find(build, builder->sql->str, &build->incoming, error))
		return false;
	if (build->incoming != NULL)
		return true;
	statement = db_prepare_anew(build->connection, builder->sql->str, error);
	if (statement == NULL)
		return false;
	if (!db_statement_is_read_only(statement) || db_column_count(statement) == 0) {
		g_set_error_literal(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"property 'sql' must be one SELECT; statements that write belong to feed "
			"SCRIPT or sql.queries");
		return false;
	}
	build->incoming = db_table_new(NULL, build->name, DB_TABLE);
	for (unsigned i = 0; i < db_column_count(statement); i++)
		db_table_add(build->incoming, incoming_column(build, statement, i));
	known_query_keep(build, builder->sql->str, build->incoming);
	return true;
}

static bool fill(Build *build, void *data, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);

	(void)data;
	stage_append_insert(build, builder);
	return append_query(build, builder, error) &&
	       build_execute(build, builder, &build->staged, error);
}

BuildSource query_source(const char *sql)
{
	return (BuildSource){.describe = describe, .fill = fill, .sql = sql};
}
