// WRITE_TRUNCATE: exactly the query's rows. The table itself stays, with its indexes.
#include "runner/build/feed.h"

bool feed_truncate_publish(Build *build, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);

	if (build->live != NULL) {
		sql_builder_append(builder, "DELETE FROM ");
		build_append_target(build, builder);
		if (!build_execute(build, builder, &build->deleted, error))
			return false;
	}
	if (!feed_insert_all(build, &build->inserted, error))
		return false;
	build->rows = build->inserted;
	return true;
}
