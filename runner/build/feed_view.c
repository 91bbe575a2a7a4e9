// VIEW: the query itself. Replaced only when it changed; views that read it find the new one by its name.
#include <string.h>

#include "repo-layout/sql_template.h"
#include "runner/build/feed.h"

// The SELECT as it is kept: expressions as literals, without the dataset's own name, without a semicolon.
static char *view_text(const Build *build, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);
	g_autoptr(GPtrArray) statements = NULL;
	SqlHost host = build->request->host;

	host.literals = true;
	if (!sql_text_append(builder, build->source->sql, &host, error))
		return NULL;
	statements = sql_script_split(build->dialect->name, builder->sql->str);
	if (statements->len != 1) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"a view is one SELECT, not %u statements", statements->len);
		return NULL;
	}
	return sql_script_localise(build->dialect->name,
		((const SqlSplit *)statements->pdata[0])->text, build->dataset);
}

// Reads nothing, but fails when the view cannot be read.
static bool try_view(Build *build, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);

	sql_builder_append(builder, "SELECT * FROM ");
	build_append_target(build, builder);
	sql_builder_append(builder, " LIMIT 0");
	return build_execute(build, builder, NULL, error);
}

bool feed_view_publish(Build *build, GError **error)
{
	g_autofree char *select = view_text(build, error);
	g_autofree char *create = NULL;
	g_autofree char *drop = NULL;

	if (select == NULL)
		return false;
	if (build->live != NULL && build->live->kind == DB_VIEW) {
		if (strcmp(build->live->definition, select) == 0)
			return try_view(build, error);
		drop = db_ddl_drop(build->dialect, DB_VIEW, build->dataset, build->live->name);
		if (!db_execute(build->connection, drop, DB_NO_VALUES, NULL, error))
			return false;
	}
	create = db_ddl_create_view(build->dialect, build->dataset, build->name, select);
	return db_execute(build->connection, create, DB_NO_VALUES, NULL, error) &&
	       try_view(build, error);
}
