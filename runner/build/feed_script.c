// SCRIPT: statements as they are written, in the publish transaction; all of them, or none.
#include "repo-layout/sql_template.h"
#include "runner/build/feed.h"

static bool run_statement(Build *build, const char *text, int64_t *changes, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);

	return sql_text_append(builder, text, &build->request->host, error) &&
	       build_execute(build, builder, changes, error);
}

static bool refuse(const SqlSplit *statement, unsigned number, GError **error)
{
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
		"statement %u (line %u): a script runs in one transaction of weir's, and has none "
		"of its own",
		number, statement->line);
	return false;
}

bool feed_script_publish(Build *build, GError **error)
{
	g_autoptr(GPtrArray) statements =
		sql_script_split(build->dialect->name, build->source->sql);

	for (guint i = 0; i < statements->len; i++) {
		const SqlSplit *statement = statements->pdata[i];
		int64_t changes = 0;

		if (statement->transaction)
			return refuse(statement, i + 1, error);
		if (!run_statement(build, statement->text, &changes, error)) {
			g_prefix_error(error, "statement %u (line %u): ", i + 1, statement->line);
			return false;
		}
		build->updated += changes;
	}
	return true;
}
