// SNAPSHOT: history. Each key has one row that is valid now (valid_to is NULL); a row that comes differently, or no longer comes,
// is closed, and what is new is valid from this build's moment on.
#include "runner/build/feed.h"
#include "runner/build/stage.h"

static const char *const VALIDITY[] = {"valid_from", "valid_to"};

void feed_snapshot_add_validity(DbTable *table)
{
	for (size_t i = 0; i < G_N_ELEMENTS(VALIDITY); i++) {
		DbFieldType type = {.kind = DB_FIELD_TIMESTAMP};

		if (db_table_find(table, VALIDITY[i]) == NULL)
			db_table_add(table, db_column_new(VALIDITY[i], type, DB_MODE_NULLABLE));
	}
}

bool feed_snapshot_shape(Build *build, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(VALIDITY); i++) {
		if (db_table_find(build->incoming, VALIDITY[i]) != NULL) {
			g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
				"column '%s' is one that SNAPSHOT adds", VALIDITY[i]);
			return false;
		}
	}
	feed_snapshot_add_validity(build->wanted);
	return true;
}

static void append_same_key(const Build *build, SqlBuilder *builder)
{
	for (guint i = 0; i < build->key->len; i++) {
		sql_builder_append(builder, i > 0 ? " AND s." : "s.");
		sql_builder_name(builder, build->key->pdata[i]);
		sql_builder_append(builder, " = t.");
		sql_builder_name(builder, build->key->pdata[i]);
	}
}

// Columns of weir's own say when a row came, not what it says.
static bool is_compared(const DbColumn *column)
{
	return column->name[0] != '_';
}

static void append_compared(const Build *build, const char *prefix, SqlBuilder *builder)
{
	bool any = false;

	for (guint i = 0; i < build->stage->columns->len; i++) {
		const DbColumn *column = build->stage->columns->pdata[i];

		if (!is_compared(column))
			continue;
		sql_builder_append(builder, any ? ", " : "");
		sql_builder_append(builder, prefix);
		sql_builder_name(builder, column->name);
		any = true;
	}
}

// EXISTS (a staged row of the same key that says the same). Rows are compared as a whole: a chain of AND would be a tree as deep
// as the table is wide, and engines take no more than 1,000 levels.
static void append_unchanged(const Build *build, SqlBuilder *builder)
{
	sql_builder_append(builder, "EXISTS (SELECT 1 FROM ");
	build_append_stage(build, builder);
	sql_builder_append(builder, " AS s WHERE ");
	append_same_key(build, builder);
	sql_builder_append(builder, " AND (");
	append_compared(build, "s.", builder);
	sql_builder_append(builder, ") IS (");
	append_compared(build, "t.", builder);
	sql_builder_append(builder, "))");
}

static bool close_changed(Build *build, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);

	sql_builder_append(builder, "UPDATE ");
	build_append_target(build, builder);
	sql_builder_append(builder, " AS t SET valid_to = ");
	sql_builder_text_value(builder, build->now);
	sql_builder_append(builder, " WHERE t.valid_to IS NULL AND NOT ");
	append_unchanged(build, builder);
	return build_execute(build, builder, &build->updated, error);
}

static bool insert_new(Build *build, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);

	sql_builder_append(builder, "INSERT INTO ");
	build_append_target(build, builder);
	sql_builder_append(builder, " (");
	build_append_columns(build->stage, NULL, builder);
	sql_builder_append(builder, ", valid_from) SELECT ");
	build_append_columns(build->stage, "s.", builder);
	sql_builder_append(builder, ", ");
	sql_builder_text_value(builder, build->now);
	sql_builder_append(builder, " FROM ");
	build_append_stage(build, builder);
	sql_builder_append(builder, " AS s WHERE NOT EXISTS (SELECT 1 FROM ");
	build_append_target(build, builder);
	sql_builder_append(builder, " AS t WHERE t.valid_to IS NULL AND ");
	append_same_key(build, builder);
	sql_builder_append(builder, ")");
	return build_execute(build, builder, &build->inserted, error);
}

// An index over the key in both tables: the comparison costs the rows, not their square.
static bool create_index(
	Build *build, const char *dataset, const char *table, const char *name, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);

	sql_builder_append(builder, "CREATE INDEX IF NOT EXISTS ");
	sql_builder_table(builder, dataset, name);
	sql_builder_append(builder, " ON ");
	sql_builder_name(builder, table);
	sql_builder_append(builder, " (");
	for (guint i = 0; i < build->key->len; i++) {
		sql_builder_append(builder, i > 0 ? ", " : "");
		sql_builder_name(builder, build->key->pdata[i]);
	}
	sql_builder_append(builder, ")");
	return build_execute(build, builder, NULL, error);
}

bool feed_snapshot_verify(Build *build, GError **error)
{
	// The index belongs to this key: the stage table is made anew for the next build.
	stage_forget(build);
	return feed_delta_verify(build, error) && create_index(build, build->dialect->stage_dataset,
							  BUILD_STAGE, "_weir_stage_key", error);
}

bool feed_snapshot_publish(Build *build, GError **error)
{
	g_autofree char *name = g_strdup_printf("_weir_snapshot_%s", build->name);

	return create_index(build, build->dataset, build->name, name, error) &&
	       close_changed(build, error) && insert_new(build, error);
}
