// WRITE_APPEND: the old rows and the query's. The marker row keeps a retry from appending twice.
// WRITE_EMPTY: the query's rows, into a table that has none.
#include "runner/build/feed.h"

bool feed_append_publish(Build *build, GError **error)
{
	return feed_insert_all(build, &build->inserted, error);
}

bool feed_empty_publish(Build *build, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);
	int64_t rows = 0;

	sql_builder_append(builder, "SELECT count(*) FROM ");
	build_append_target(build, builder);
	if (!db_query_int64(build->connection, builder->sql->str, DB_NO_VALUES, 0, &rows, error))
		return false;
	if (rows > 0) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
			"the table already has %" G_GINT64_FORMAT
			" rows, and WRITE_EMPTY writes into an empty one only",
			rows);
		return false;
	}
	return feed_insert_all(build, &build->inserted, error);
}
