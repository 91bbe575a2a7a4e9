// MODE_DELTA: rows merged by key. Matched ones are updated (when they differ), new ones inserted, those for which delete_when
// is true removed. A key may not be NULL, and not come twice unless order_by says which row counts: the first one.
#include <string.h>

#include "runner/build/feed.h"
#include "store/json_dump.h"

enum {
	SHOWN_KEYS = 5,
};

static bool is_key(const Build *build, const char *name)
{
	for (unsigned i = 0; i < build->key->len; i++)
		if (g_ascii_strcasecmp(build->key->pdata[i], name) == 0)
			return true;
	return false;
}

static void append_key(const Build *build, const char *prefix, SqlBuilder *builder)
{
	for (unsigned i = 0; i < build->key->len; i++) {
		sql_builder_append(builder, i > 0 ? ", " : "");
		sql_builder_append(builder, prefix == NULL ? "" : prefix);
		sql_builder_name(builder, build->key->pdata[i]);
	}
}

static bool verify_key_columns(const Build *build, GError **error)
{
	for (unsigned i = 0; i < build->key->len; i++) {
		if (db_table_find(build->incoming, build->key->pdata[i]) != NULL)
			continue;
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"the key's column '%s' does not come", (const char *)build->key->pdata[i]);
		return false;
	}
	return true;
}

// Some of the keys that a query gives: "(1, 'a'), (2, NULL)".
static char *show_keys(const Build *build, const SqlBuilder *query, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(DbStatement) statement = sql_builder_prepare(query, build->connection, error);
	DbStep step;

	if (statement == NULL)
		return NULL;
	while ((step = db_step(statement, error)) == DB_STEP_ROW) {
		g_string_append(text, text->len > 0 ? ", (" : "(");
		for (unsigned i = 0; i < build->key->len; i++) {
			json_t *value = sql_value_to_json(statement, i);
			g_autofree char *shown =
				json_dump_text(value, JSON_ENCODE_ANY | JSON_COMPACT);

			json_decref(value);
			g_string_append_printf(text, "%s%s", i > 0 ? ", " : "",
				strcmp(shown, "null") == 0 ? "NULL" : shown);
		}
		g_string_append_c(text, ')');
	}
	return step == DB_STEP_DONE ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

// Fails when the condition picks any keys of the stage.
static bool refuse_keys(
	const Build *build, const char *what, const SqlBuilder *condition, GError **error)
{
	g_autoptr(SqlBuilder) query = sql_builder_new(build->dialect);
	g_autofree char *shown = NULL;

	sql_builder_append(query, "SELECT ");
	append_key(build, NULL, query);
	sql_builder_append(query, " FROM ");
	build_append_stage(build, query);
	sql_builder_printf(query, " %s LIMIT %d", condition->sql->str, SHOWN_KEYS);
	shown = show_keys(build, query, error);
	if (shown == NULL)
		return false;
	if (*shown == '\0')
		return true;
	g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "the delta has %s: %s", what, shown);
	return false;
}

static bool refuse_nulls(const Build *build, GError **error)
{
	g_autoptr(SqlBuilder) condition = sql_builder_new(build->dialect);

	sql_builder_append(condition, "WHERE ");
	for (unsigned i = 0; i < build->key->len; i++) {
		sql_builder_append(condition, i > 0 ? " OR " : "");
		sql_builder_name(condition, build->key->pdata[i]);
		sql_builder_append(condition, " IS NULL");
	}
	return refuse_keys(build, "rows with NULL in their key", condition, error);
}

static bool refuse_duplicates(const Build *build, GError **error)
{
	g_autoptr(SqlBuilder) condition = sql_builder_new(build->dialect);

	sql_builder_append(condition, "GROUP BY ");
	append_key(build, NULL, condition);
	sql_builder_append(condition, " HAVING count(*) > 1");
	return refuse_keys(build,
		"keys that come more than once (order_by would say which row counts)", condition,
		error);
}

// order_by: a list or a text; the first row in that order stays.
static bool drop_duplicates(const Build *build, GError **error)
{
	const json_t *order = json_object_get(build->request->properties, "order_by");
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);
	size_t i;
	json_t *item;

	sql_builder_append(builder, "DELETE FROM ");
	build_append_stage(build, builder);
	sql_builder_append(builder, " WHERE rowid NOT IN (SELECT id FROM (SELECT rowid AS id, "
				    "lag(rowid) OVER (PARTITION BY ");
	append_key(build, NULL, builder);
	sql_builder_append(builder, " ORDER BY ");
	if (json_is_string(order) &&
		!sql_text_append(builder, json_string_value(order), &build->request->host, error))
		return false;
	json_array_foreach(order, i, item)
	{
		sql_builder_append(builder, i > 0 ? ", " : "");
		if (!sql_text_append(
			    builder, json_string_value(item), &build->request->host, error))
			return false;
	}
	sql_builder_append(builder, "\n, rowid) AS earlier FROM ");
	build_append_stage(build, builder);
	sql_builder_append(builder, ") WHERE earlier IS NULL)");
	if (build_execute(build, builder, NULL, error))
		return true;
	g_prefix_error(error, "order_by: ");
	return false;
}

bool feed_delta_verify(Build *build, GError **error)
{
	const json_t *order = json_object_get(build->request->properties, "order_by");
	bool ordered = json_is_string(order) || json_array_size(order) > 0;

	if (!verify_key_columns(build, error) || !refuse_nulls(build, error))
		return false;
	return ordered ? drop_duplicates(build, error) : refuse_duplicates(build, error);
}

static char *index_name(const Build *build)
{
	return g_strdup_printf("_weir_key_%s", build->name);
}

bool feed_delta_drop_index(Build *build, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);
	g_autofree char *name = index_name(build);

	sql_builder_append(builder, "DROP INDEX IF EXISTS ");
	sql_builder_table(builder, build->dataset, name);
	return build_execute(build, builder, NULL, error);
}

// The columns of an index that an earlier build made, as the engine lists them.
static bool read_index(Build *build, char **ret_columns, GError **error)
{
	g_autofree char *name = index_name(build);

	return db_query_text(build->connection,
		"SELECT group_concat(name, char(31)) FROM (SELECT name FROM pragma_index_info($1, "
		"$2) ORDER BY seqno)",
		DB_VALUES(DB_TEXT(name), DB_TEXT(build->dataset)), ret_columns, error);
}

// When the key changed since, the old index is in the way.
static bool drop_other_index(Build *build, GError **error)
{
	g_autofree char *columns = NULL;
	g_autofree char *key = NULL;

	if (!read_index(build, &columns, error))
		return false;
	g_ptr_array_add(build->key, NULL);
	key = g_strjoinv("\x1f", (char **)build->key->pdata);
	g_ptr_array_remove_index(build->key, build->key->len - 1);
	if (columns == NULL || g_ascii_strcasecmp(columns, key) == 0)
		return true;
	return feed_delta_drop_index(build, error);
}

// An index over the key, which makes the merge cost the delta and not the table, and keeps keys unique for ever.
static bool ensure_index(Build *build, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);
	g_autofree char *name = index_name(build);

	build->unindexed = false;
	if (!drop_other_index(build, error))
		return false;
	sql_builder_append(builder, "CREATE UNIQUE INDEX IF NOT EXISTS ");
	sql_builder_table(builder, build->dataset, name);
	sql_builder_append(builder, " ON ");
	sql_builder_name(builder, build->name);
	sql_builder_append(builder, " (");
	append_key(build, NULL, builder);
	sql_builder_append(builder, ")");
	if (build_execute(build, builder, NULL, error))
		return true;
	g_prefix_error(error, "the table's own rows are not unique by the key: ");
	return false;
}

static bool is_ours(const char *column)
{
	return column[0] == '_' &&
	       (strcmp(column, "_loaded_at") == 0 || strcmp(column, "_run_id") == 0 ||
		       strcmp(column, "_revision") == 0);
}

// The columns that say what a row says: neither key nor weir's own. Returns how many there are.
static unsigned append_compared(const Build *build, const char *prefix, SqlBuilder *builder)
{
	unsigned count = 0;

	for (unsigned i = 0; i < build->stage->columns->len; i++) {
		const DbColumn *column = build->stage->columns->pdata[i];

		if (is_key(build, column->name) || is_ours(column->name))
			continue;
		sql_builder_append(builder, count++ == 0 ? "" : ", ");
		sql_builder_append(builder, prefix);
		sql_builder_name(builder, column->name);
	}
	return count;
}

// Whether any column differs. Rows are compared as a whole: a chain of OR is a tree as deep as the table is wide, and engines
// take no more than 1,000 levels.
static void append_differs(const Build *build, SqlBuilder *builder)
{
	g_autoptr(SqlBuilder) live = sql_builder_new(build->dialect);
	g_autoptr(SqlBuilder) staged = sql_builder_new(build->dialect);

	if (append_compared(build, "\"_weir_target\".", live) == 0)
		return;
	append_compared(build, "excluded.", staged);
	sql_builder_printf(builder, " WHERE (%s) IS NOT (%s)", live->sql->str, staged->sql->str);
}

// DO UPDATE SET … WHERE any column differs: rows that say the same are left alone, with their _loaded_at.
static void append_update(const Build *build, SqlBuilder *builder)
{
	unsigned count = 0;

	for (unsigned i = 0; i < build->stage->columns->len; i++) {
		const DbColumn *column = build->stage->columns->pdata[i];

		if (is_key(build, column->name))
			continue;
		sql_builder_append(builder, count++ == 0 ? " DO UPDATE SET " : ", ");
		sql_builder_name(builder, column->name);
		sql_builder_append(builder, " = excluded.");
		sql_builder_name(builder, column->name);
	}
	if (count == 0)
		sql_builder_append(builder, " DO NOTHING");
	else
		append_differs(build, builder);
}

static bool append_not_deleted(const Build *build, SqlBuilder *builder, GError **error)
{
	const char *condition = build_property(build, "delete_when");

	if (condition == NULL) {
		sql_builder_append(builder, " WHERE TRUE");
		return true;
	}
	sql_builder_append(builder, " WHERE (");
	if (!sql_text_append(builder, condition, &build->request->host, error))
		return false;
	sql_builder_append(builder, "\n) IS NOT TRUE");
	return true;
}

static bool merge(Build *build, int64_t *ret_changes, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);

	sql_builder_append(builder, "INSERT INTO ");
	build_append_target(build, builder);
	sql_builder_append(builder, " AS \"_weir_target\" (");
	build_append_columns(build->stage, NULL, builder);
	sql_builder_append(builder, ") SELECT ");
	build_append_columns(build->stage, NULL, builder);
	sql_builder_append(builder, " FROM ");
	build_append_stage(build, builder);
	if (!append_not_deleted(build, builder, error))
		return false;
	sql_builder_append(builder, " ON CONFLICT (");
	append_key(build, NULL, builder);
	sql_builder_append(builder, ")");
	append_update(build, builder);
	return build_execute(build, builder, ret_changes, error);
}

static bool delete_rows(Build *build, GError **error)
{
	const char *condition = build_property(build, "delete_when");
	g_autoptr(SqlBuilder) builder = NULL;

	if (condition == NULL)
		return true;
	builder = sql_builder_new(build->dialect);
	sql_builder_append(builder, "DELETE FROM ");
	build_append_target(build, builder);
	sql_builder_append(builder, " WHERE (");
	append_key(build, NULL, builder);
	sql_builder_append(builder, ") IN (SELECT ");
	append_key(build, NULL, builder);
	sql_builder_append(builder, " FROM ");
	build_append_stage(build, builder);
	sql_builder_append(builder, " WHERE ");
	if (!sql_text_append(builder, condition, &build->request->host, error))
		return false;
	sql_builder_append(builder, "\n)");
	if (build_execute(build, builder, &build->deleted, error))
		return true;
	g_prefix_error(error, "delete_when: ");
	return false;
}

static bool count_target(Build *build, int64_t *ret_rows, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);

	sql_builder_append(builder, "SELECT count(*) FROM ");
	build_append_target(build, builder);
	return db_query_int64(
		build->connection, builder->sql->str, DB_NO_VALUES, 0, ret_rows, error);
}

bool feed_delta_publish(Build *build, GError **error)
{
	int64_t before = 0;
	int64_t changes = 0;

	if (!ensure_index(build, error) || !delete_rows(build, error) ||
		!count_target(build, &before, error) || !merge(build, &changes, error) ||
		!count_target(build, &build->rows, error))
		return false;
	build->inserted = build->rows - before;
	build->updated = changes - build->inserted;
	return true;
}
