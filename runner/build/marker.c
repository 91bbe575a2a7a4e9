#include "runner/build/marker.h"

#include "store/json_dump.h"

#include <string.h>

static const char TABLE[] = "_weir_publish";

enum {
	// A task run that is tried again does so within this time; older rows serve nobody.
	KEPT_DAYS = 30,
};

static SqlBuilder *builder_for(const Build *build, const char *before, const char *after)
{
	SqlBuilder *builder = sql_builder_new(build->dialect);

	sql_builder_append(builder, before);
	sql_builder_table(builder, build->dataset, TABLE);
	sql_builder_append(builder, after);
	return builder;
}

static bool create(Build *build, GError **error)
{
	g_autoptr(SqlBuilder) builder = builder_for(build, "CREATE TABLE IF NOT EXISTS ",
		" (task_run TEXT NOT NULL, table_name TEXT NOT NULL, run TEXT, attempt INTEGER,"
		" revision INTEGER, fingerprint TEXT, feed TEXT, rows INTEGER, result TEXT,"
		" shape TEXT, at TEXT NOT NULL, PRIMARY KEY (table_name, task_run)) WITHOUT ROWID");

	return build_execute(build, builder, NULL, error);
}

static json_t *read_result(const DbStatement *statement)
{
	const char *text = db_column_text(statement, 0, NULL);
	json_t *result = text == NULL ? NULL : json_loads(text, 0, NULL);

	return result != NULL ? result : json_object();
}

// *ret_statement is NULL when the dataset has no markers yet.
static bool prepare(
	const Build *build, const SqlBuilder *builder, DbStatement **ret_statement, GError **error)
{
	g_autoptr(GError) local = NULL;

	*ret_statement = db_prepare(build->connection, builder->sql->str, &local);
	if (*ret_statement != NULL || g_error_matches(local, DB_ERROR, DB_ERROR_MISSING_OBJECT))
		return true;
	g_propagate_error(error, g_steal_pointer(&local));
	return false;
}

// The first row of a query of the markers, whose parameters are the table and the task run. *ret_row is NULL when there is none.
static bool first_row(
	const Build *build, const SqlBuilder *builder, DbStatement **ret_row, GError **error)
{
	g_autoptr(DbStatement) statement = NULL;
	DbValue values[] = {DB_TEXT(build->name), DB_TEXT(build->request->task_run_id)};
	DbStep step;

	*ret_row = NULL;
	if (!prepare(build, builder, &statement, error))
		return false;
	if (statement == NULL)
		return true;
	if (!db_bind_all(statement, values, G_N_ELEMENTS(values), error))
		return false;
	step = db_step(statement, error);
	if (step == DB_STEP_ROW)
		*ret_row = g_steal_pointer(&statement);
	return step != DB_STEP_FAILED;
}

bool marker_find(Build *build, json_t **ret_result, GError **error)
{
	g_autoptr(SqlBuilder) builder = builder_for(
		build, "SELECT result FROM ", " WHERE table_name = $1 AND task_run = $2");
	g_autoptr(DbStatement) row = NULL;

	*ret_result = NULL;
	if (!first_row(build, builder, &row, error))
		return false;
	if (row != NULL)
		*ret_result = read_result(row);
	return true;
}

bool marker_has_others(const Build *build, bool *ret_others, GError **error)
{
	g_autoptr(SqlBuilder) builder = builder_for(
		build, "SELECT 1 FROM ", " WHERE table_name = $1 AND task_run <> $2 LIMIT 1");
	g_autoptr(DbStatement) row = NULL;

	*ret_others = false;
	if (!first_row(build, builder, &row, error))
		return false;
	*ret_others = row != NULL;
	return true;
}

static bool insert(Build *build, bool *ret_taken, GError **error)
{
	g_autoptr(SqlBuilder) builder = builder_for(build, "INSERT INTO ",
		" (task_run, table_name, run, attempt, revision, fingerprint, feed, at)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING");
	const BuildRequest *request = build->request;
	int64_t changes = 0;

	if (!db_execute(build->connection, builder->sql->str,
		    DB_VALUES(DB_TEXT(request->task_run_id), DB_TEXT(build->name),
			    DB_TEXT(request->run_id), DB_INTEGER(request->attempt),
			    DB_INTEGER(request->revision), DB_TEXT(request->fingerprint),
			    DB_TEXT(request->feed), DB_TEXT(build->now)),
		    &changes, error))
		return false;
	*ret_taken = changes > 0;
	return true;
}

bool marker_take(Build *build, bool *ret_taken, GError **error)
{
	g_autoptr(GError) local = NULL;

	if (insert(build, ret_taken, &local))
		return true;
	if (g_error_matches(local, DB_ERROR, DB_ERROR_MISSING_OBJECT))
		return create(build, error) && insert(build, ret_taken, error);
	g_propagate_error(error, g_steal_pointer(&local));
	return false;
}

// Removes what is too old, of this table. Task run ids begin with their time, and so does `at`.
static bool forget(Build *build, GError **error)
{
	g_autoptr(SqlBuilder) builder =
		builder_for(build, "DELETE FROM ", " WHERE table_name = $1 AND at < $2");
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autoptr(GDateTime) oldest = g_date_time_add_days(now, -KEPT_DAYS);
	g_autofree char *at = g_date_time_format(oldest, "%Y-%m-%d %H:%M:%S");

	return db_execute(build->connection, builder->sql->str,
		DB_VALUES(DB_TEXT(build->name), DB_TEXT(at)), NULL, error);
}

bool marker_finish(Build *build, const json_t *result, const char *shape, GError **error)
{
	g_autoptr(SqlBuilder) builder = builder_for(build, "UPDATE ",
		" SET rows = $3, result = $4, shape = $5 WHERE table_name = $1 AND task_run = $2");
	g_autofree char *text = json_dump_text(result, JSON_COMPACT);

	// Once in a while is enough.
	if (g_random_int_range(0, 64) == 0 && !forget(build, error))
		return false;
	return db_execute(build->connection, builder->sql->str,
		DB_VALUES(DB_TEXT(build->name), DB_TEXT(build->request->task_run_id),
			build->rows < 0 ? DB_NULL : DB_INTEGER(build->rows), DB_TEXT(text),
			DB_TEXT(shape)),
		NULL, error);
}
