#include "runner/build/stage.h"

#include <string.h>

#include "repo-layout/diagnostic.h"
#include "runner/build/feed.h"

const char BUILD_STAGE[] = "_weir_stage";

// What technical_columns appends, in this order.
static const struct {
	const char *name;
	DbFieldKind kind;
} TECHNICAL[] = {
	{"_loaded_at", DB_FIELD_TIMESTAMP},
	{"_run_id", DB_FIELD_STRING},
	{"_revision", DB_FIELD_INT64},
};

static bool is_technical(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(TECHNICAL); i++)
		if (g_ascii_strcasecmp(TECHNICAL[i].name, name) == 0)
			return true;
	return false;
}

static char *hint_column(const char *name, const DbTable *table)
{
	g_autofree const char **names = g_new0(const char *, table->columns->len + 1);

	for (unsigned i = 0; i < table->columns->len; i++)
		names[i] = ((const DbColumn *)table->columns->pdata[i])->name;
	return nearest_word_hint(name, names);
}

static bool refuse_column(const char *name, const char *what, const DbTable *among, GError **error)
{
	g_autofree char *hint = among == NULL ? NULL : hint_column(name, among);

	g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "column '%s' %s%s%s", name, what,
		hint == NULL ? "" : "; ", hint == NULL ? "" : hint);
	return false;
}

// Every incoming column is declared, and none comes twice.
static bool match_incoming(const Build *build, GError **error)
{
	for (unsigned i = 0; i < build->incoming->columns->len; i++) {
		const DbColumn *column = build->incoming->columns->pdata[i];

		if (!db_name_check(column->name, error))
			return false;
		if (db_table_find(build->incoming, column->name) != column)
			return refuse_column(column->name, "comes twice", NULL, error);
		if (build->technical && is_technical(column->name))
			return refuse_column(
				column->name, "is one that technical_columns adds", NULL, error);
		if (build->declared && db_table_find(build->wanted, column->name) == NULL)
			return refuse_column(column->name, "is not in the declared schema",
				build->wanted, error);
	}
	return true;
}

// Every declared column that has to come does.
static bool match_declared(const Build *build, GError **error)
{
	for (unsigned i = 0; build->declared && i < build->wanted->columns->len; i++) {
		const DbColumn *column = build->wanted->columns->pdata[i];
		bool optional = column->mode != DB_MODE_REQUIRED || column->default_value != NULL;

		if (db_table_find(build->incoming, column->name) == NULL && !optional)
			return refuse_column(column->name,
				"is REQUIRED by the declared schema, but does not come",
				build->incoming, error);
		if (db_table_find(build->incoming, column->name) == NULL &&
			column->default_value == NULL)
			return refuse_column(column->name, "of the declared schema does not come",
				build->incoming, error);
	}
	return true;
}

void stage_add_technical(DbTable *table)
{
	for (size_t i = 0; i < G_N_ELEMENTS(TECHNICAL); i++) {
		DbFieldType type = {.kind = TECHNICAL[i].kind};

		if (db_table_find(table, TECHNICAL[i].name) == NULL)
			db_table_add(
				table, db_column_new(TECHNICAL[i].name, type, DB_MODE_NULLABLE));
	}
}

// Rows without a value for a technical column get it from the stage table's default.
static void set_technical_defaults(Build *build)
{
	const char *values[] = {build->now, build->request->run_id, NULL};
	g_autofree char *revision = g_strdup_printf("%" G_GINT64_FORMAT, build->request->revision);

	for (size_t i = 0; i < G_N_ELEMENTS(TECHNICAL); i++) {
		DbColumn *column =
			(DbColumn *)(uintptr_t)db_table_find(build->stage, TECHNICAL[i].name);
		g_autoptr(GString) text = g_string_new(NULL);

		g_free(column->default_value);
		if (values[i] != NULL)
			db_quote_text(build->dialect, values[i], strlen(values[i]), text);
		else
			g_string_append(text, revision);
		column->default_value = g_string_free(g_steal_pointer(&text), FALSE);
	}
}

// The stage takes everything: what must not be NULL is a check, which can show the rows. Only rows that have been looked
// at go into the very form of the target, from which whole records can be copied.
static DbTable *stage_of(const Build *build)
{
	DbTable *stage = db_table_copy(build->wanted);

	g_free(stage->dataset);
	g_free(stage->name);
	stage->dataset = g_strdup(build->dialect->stage_dataset);
	stage->name = g_strdup(BUILD_STAGE);
	for (unsigned i = 0; i < stage->columns->len && !build->source->typed; i++) {
		DbColumn *column = stage->columns->pdata[i];

		if (column->mode == DB_MODE_REQUIRED)
			column->mode = DB_MODE_NULLABLE;
	}
	return stage;
}

bool stage_plan(Build *build, GError **error)
{
	if (build->wanted == NULL) {
		build->wanted = db_table_copy(build->incoming);
		g_free(build->wanted->dataset);
		g_free(build->wanted->name);
		build->wanted->dataset = g_strdup(build->dataset);
		build->wanted->name = g_strdup(build->name);
	}
	if (build->feed->flags & FEED_VIEW)
		build->wanted->kind = DB_VIEW;
	if (!match_incoming(build, error) || !match_declared(build, error))
		return false;
	if (build->technical && !(build->feed->flags & FEED_VIEW))
		stage_add_technical(build->wanted);
	build->stage = stage_of(build);
	if (build->technical && !(build->feed->flags & FEED_VIEW))
		set_technical_defaults(build);
	return build->feed->shape == NULL || build->feed->shape(build, error);
}

static bool stage_exists(const Build *build, const char *ddl)
{
	return build->pooled->stage_ddl != NULL && strcmp(build->pooled->stage_ddl, ddl) == 0;
}

static bool drop_stage(Build *build, GError **error)
{
	g_autoptr(SqlBuilder) drop = sql_builder_new(build->dialect);

	stage_forget(build);
	sql_builder_append(drop, "DROP TABLE IF EXISTS ");
	build_append_stage(build, drop);
	return build_execute(build, drop, NULL, error);
}

void stage_forget(Build *build)
{
	g_clear_pointer(&build->pooled->stage_ddl, g_free);
}

// What a view gives stands in for staged rows: its checks read the query itself.
static bool create_view(Build *build, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);
	SqlHost host = build->request->host;

	host.literals = true;
	sql_builder_append(builder, "CREATE TEMP VIEW ");
	sql_builder_name(builder, BUILD_STAGE);
	sql_builder_append(builder, " AS ");
	return sql_text_append(builder, build->source->sql, &host, error) &&
	       build_execute(build, builder, NULL, error);
}

bool stage_create(Build *build, GError **error)
{
	g_autofree char *ddl = db_ddl_create_table(build->dialect, build->stage);

	if (build->feed->flags & FEED_VIEW)
		return drop_stage(build, error) && create_view(build, error);
	// The same table as last time on this connection is still there, emptied.
	if (stage_exists(build, ddl))
		return true;
	if (!drop_stage(build, error) ||
		!db_execute(build->connection, ddl, DB_NO_VALUES, NULL, error))
		return false;
	build->pooled->stage_ddl = g_steal_pointer(&ddl);
	return true;
}

bool stage_clear(Build *build)
{
	g_autoptr(SqlBuilder) clear = sql_builder_new(build->dialect);

	if (build->pooled->stage_ddl != NULL)
		sql_builder_append(clear, "DELETE FROM ");
	else if (build->feed->flags & FEED_VIEW)
		sql_builder_append(clear, "DROP VIEW IF EXISTS ");
	else
		return true;
	build_append_stage(build, clear);
	return build_execute(build, clear, NULL, NULL);
}

void stage_append_insert(const Build *build, SqlBuilder *builder)
{
	sql_builder_append(builder, "INSERT INTO ");
	build_append_stage(build, builder);
	sql_builder_append(builder, " (");
	build_append_columns(build->incoming, NULL, builder);
	sql_builder_append(builder, ")\n");
}

// ---- Types of columns that came without one (expressions of a query)

static bool is_untyped(const DbColumn *column)
{
	return column->engine_type != NULL && *column->engine_type == '\0';
}

// What the values of a column are, as a set.
enum {
	SEEN_INTEGER = 1,
	SEEN_REAL = 2,
	SEEN_TEXT = 4,
	SEEN_BLOB = 8,
};

static const unsigned SEEN_OF[] = {
	[DB_TYPE_NULL] = 0,
	[DB_TYPE_INTEGER] = SEEN_INTEGER,
	[DB_TYPE_REAL] = SEEN_REAL,
	[DB_TYPE_TEXT] = SEEN_TEXT,
	[DB_TYPE_BLOB] = SEEN_BLOB,
	[DB_TYPE_BOOLEAN] = SEEN_INTEGER,
};

static const char *type_of_seen(unsigned seen)
{
	switch (seen) {
	case SEEN_INTEGER: return "INTEGER";
	case SEEN_REAL:
	case SEEN_REAL | SEEN_INTEGER: return "REAL";
	case SEEN_BLOB: return "BLOB";
	case SEEN_TEXT: return "TEXT";
	case 0: return STAGE_TYPE_OF_NOTHING; // nothing but NULL: what the table had, else this
	default: return "";
	}
}

static SqlBuilder *select_untyped(const Build *build, unsigned *ret_count)
{
	SqlBuilder *builder = sql_builder_new(build->dialect);

	*ret_count = 0;
	sql_builder_append(builder, "SELECT ");
	for (unsigned i = 0; i < build->stage->columns->len; i++) {
		const DbColumn *column = build->stage->columns->pdata[i];

		if (!is_untyped(column))
			continue;
		sql_builder_append(builder, (*ret_count)++ > 0 ? ", " : "");
		sql_builder_name(builder, column->name);
	}
	sql_builder_append(builder, " FROM ");
	build_append_stage(build, builder);
	return builder;
}

static bool see_rows(
	Build *build, const SqlBuilder *builder, unsigned *seen, unsigned count, GError **error)
{
	g_autoptr(DbStatement) statement = sql_builder_prepare(builder, build->connection, error);
	DbStep step;

	if (statement == NULL)
		return false;
	while ((step = db_step(statement, error)) == DB_STEP_ROW)
		for (unsigned i = 0; i < count; i++)
			seen[i] |= SEEN_OF[db_column_type(statement, i)];
	return step == DB_STEP_DONE;
}

// Nothing but NULL came: the type that the table has now goes on.
static bool live_type(Build *build, const char *name, const char **ret_type, GError **error)
{
	const DbColumn *live;

	if (build->found == NULL && !build_look(build, error))
		return false;
	live = build->found == NULL ? NULL : db_table_find(build->found, name);
	if (live != NULL && live->engine_type != NULL)
		*ret_type = live->engine_type;
	return true;
}

static bool settle_column(Build *build, const char *name, unsigned seen, GError **error)
{
	DbColumn *wanted = (DbColumn *)(uintptr_t)db_table_find(build->wanted, name);
	const char *type = type_of_seen(seen);

	if (seen == 0 && !live_type(build, name, &type, error))
		return false;
	g_free(wanted->engine_type);
	wanted->engine_type = g_strdup(type);
	db_field_from_engine(build->dialect, type, &wanted->type);
	return true;
}

bool stage_settle(Build *build, GError **error)
{
	unsigned count;
	unsigned next = 0;
	g_autoptr(SqlBuilder) builder = select_untyped(build, &count);
	g_autofree unsigned *seen = g_new0(unsigned, count + 1);

	if (count == 0)
		return true;
	if (!see_rows(build, builder, seen, count, error))
		return false;
	for (unsigned i = 0; i < build->stage->columns->len; i++) {
		const DbColumn *column = build->stage->columns->pdata[i];

		if (is_untyped(column) && !settle_column(build, column->name, seen[next++], error))
			return false;
	}
	return true;
}
