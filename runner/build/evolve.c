#include "runner/build/evolve.h"

#include <string.h>

#include "runner/build/feed.h"
#include "runner/build/known.h"

static const char KEEP[] =
	"_weir_keep"; // in the temporary dataset: rows while their table is made anew

static bool execute(Build *build, GError **error, const char *sql)
{
	return db_execute(build->connection, sql, DB_NO_VALUES, NULL, error);
}

static bool create_table(Build *build, GError **error)
{
	g_autofree char *sql = db_ddl_create_table(build->dialect, build->wanted);

	return execute(build, error, sql);
}

static bool drop_live(Build *build, GError **error)
{
	g_autofree char *sql =
		db_ddl_drop(build->dialect, build->live->kind, build->dataset, build->live->name);

	return execute(build, error, sql);
}

// ---- What may differ where no schema is declared: the query is free to say what the table is.

static bool is_number(DbFieldKind kind)
{
	return kind == DB_FIELD_INT64 || kind == DB_FIELD_FLOAT64 || kind == DB_FIELD_NUMERIC ||
	       kind == DB_FIELD_BIGNUMERIC || kind == DB_FIELD_BOOL;
}

// Rows of an undeclared table fit a live column when the engine converts them without loss.
static bool is_compatible(const Build *build, const DbDifference *difference)
{
	const DbColumn *wanted;
	const DbColumn *live;

	if (g_str_equal(difference->code, "column-nullable") ||
		g_str_equal(difference->code, "column-default") ||
		g_str_equal(difference->code, "column-widened") ||
		g_str_equal(difference->code, "column-narrowed"))
		return true;
	if (!g_str_equal(difference->code, "column-type"))
		return false;
	wanted = db_table_find(build->wanted, difference->column);
	live = db_table_find(build->live, difference->column);
	return wanted->type.kind == live->type.kind || live->type.kind == DB_FIELD_UNKNOWN ||
	       wanted->type.kind == DB_FIELD_UNKNOWN ||
	       (is_number(wanted->type.kind) && is_number(live->type.kind)) ||
	       (wanted->type.kind == DB_FIELD_STRING && !is_number(live->type.kind));
}

// The type of a live column that the rows fit stays, should the table be made anew for another reason.
static void keep_live_type(Build *build, const char *name)
{
	DbColumn *wanted = (DbColumn *)(uintptr_t)db_table_find(build->wanted, name);
	const DbColumn *live = db_table_find(build->live, name);

	wanted->type = live->type;
	g_free(wanted->engine_type);
	wanted->engine_type = g_strdup(live->engine_type);
}

// Where no schema is declared, the rows may fit the live column, which is then no difference; and the first values of a
// column that has no type yet give it one.
static bool settle_difference(
	Build *build, DbDifference *difference, bool *ret_none, GError **error)
{
	bool unsettled = false;

	*ret_none = is_compatible(build, difference);
	if (!g_str_equal(difference->code, "column-type"))
		return true;
	if (!build_is_unsettled(
		    build, db_table_find(build->live, difference->column), &unsettled, error))
		return false;
	if (unsettled) {
		*ret_none = false;
		difference->change = DB_CHANGE_ADDITIVE;
	} else if (*ret_none) {
		keep_live_type(build, difference->column);
	}
	return true;
}

static GPtrArray *differences_of(Build *build, GError **error)
{
	g_autoptr(GPtrArray) differences =
		db_schema_compare(build->dialect, build->wanted, build->live);
	bool free_rows = !build->declared && !(build->feed->flags & FEED_REPLACES);

	for (unsigned i = differences->len; i > 0; i--) {
		DbDifference *difference = differences->pdata[i - 1];
		bool none = difference->change == DB_CHANGE_METADATA;

		if (!none && free_rows && !settle_difference(build, difference, &none, error))
			return NULL;
		if (none)
			g_ptr_array_remove_index(differences, i - 1);
	}
	return g_steal_pointer(&differences);
}

static bool refuse(const Build *build, const GPtrArray *differences, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (unsigned i = 0; i < differences->len; i++) {
		const DbDifference *difference = differences->pdata[i];
		g_autofree char *line = db_difference_text(difference);

		if (difference->change == DB_CHANGE_BREAKING)
			g_string_append_printf(text, "%s%s", text->len > 0 ? "; " : "", line);
	}
	g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
		"'%s.%s' is not as %s, and the change is breaking: %s; set allow_breaking on the "
		"table to make it",
		build->dataset, build->name, build->declared ? "declared" : "the query gives it",
		text->str);
	return false;
}

// ---- Making the table anew with its rows

static const DbColumn *source_column(const Build *build, const DbColumn *wanted)
{
	const DbColumn *live = db_table_find(build->live, wanted->name);

	if (live == NULL && wanted->previous_name != NULL)
		live = db_table_find(build->live, wanted->previous_name);
	return live;
}

// The statements that made the table's indexes: they go with it.
static GPtrArray *read_indexes(Build *build, GError **error)
{
	g_autoptr(GPtrArray) indexes = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);
	g_autoptr(DbStatement) statement = NULL;
	DbStep step;

	sql_builder_append(builder, "SELECT sql FROM ");
	sql_builder_table(builder, build->dataset, "sqlite_schema");
	sql_builder_append(builder, " WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ");
	sql_builder_text_value(builder, build->live->name);
	statement = sql_builder_prepare(builder, build->connection, error);
	if (statement == NULL)
		return NULL;
	while ((step = db_step(statement, error)) == DB_STEP_ROW)
		g_ptr_array_add(indexes, db_column_dup_text(statement, 0));
	return step == DB_STEP_DONE ? g_steal_pointer(&indexes) : NULL;
}

// "CREATE [UNIQUE] INDEX name ON …" with the dataset put in front of the name.
static char *qualify_index(const Build *build, const char *sql)
{
	const char *p = strcasestr(sql, "INDEX");
	g_autoptr(GString) qualified = NULL;

	if (p == NULL)
		return g_strdup(sql);
	p += strlen("INDEX");
	p += strspn(p, " \t\r\n");
	if (g_ascii_strncasecmp(p, "IF NOT EXISTS", strlen("IF NOT EXISTS")) == 0) {
		p += strlen("IF NOT EXISTS");
		p += strspn(p, " \t\r\n");
	}
	qualified = g_string_new_len(sql, p - sql);
	db_quote_name(build->dialect, build->dataset, qualified);
	g_string_append_printf(qualified, ".%s", p);
	return g_string_free(g_steal_pointer(&qualified), FALSE);
}

static bool copy_rows(Build *build, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);
	g_autoptr(SqlBuilder) select = sql_builder_new(build->dialect);
	unsigned count = 0;

	sql_builder_append(builder, "INSERT INTO ");
	build_append_target(build, builder);
	sql_builder_append(builder, " (");
	for (unsigned i = 0; i < build->wanted->columns->len; i++) {
		const DbColumn *column = build->wanted->columns->pdata[i];
		const DbColumn *source = source_column(build, column);

		if (source == NULL)
			continue;
		sql_builder_append(builder, count > 0 ? ", " : "");
		sql_builder_append(select, count++ > 0 ? ", " : "");
		sql_builder_name(builder, column->name);
		sql_builder_name(select, source->name);
	}
	if (count == 0)
		return true;
	sql_builder_printf(builder, ") SELECT %s FROM ", select->sql->str);
	sql_builder_table(builder, "temp", KEEP);
	return build_execute(build, builder, NULL, error);
}

static bool keep_rows(Build *build, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);

	sql_builder_append(builder, "CREATE TEMP TABLE ");
	sql_builder_name(builder, KEEP);
	sql_builder_append(builder, " AS SELECT * FROM ");
	build_append_target(build, builder);
	return build_execute(build, builder, NULL, error);
}

// Renaming would have SQLite look into every view of the dataset, and fail when one of them is broken: so the rows go
// out and in again. All of it is part of the publish transaction.
static bool rebuild(Build *build, GError **error)
{
	g_autoptr(GPtrArray) indexes = read_indexes(build, error);

	if (indexes == NULL || !keep_rows(build, error) || !drop_live(build, error) ||
		!create_table(build, error) || !copy_rows(build, error) ||
		!execute(build, error, "DROP TABLE temp._weir_keep"))
		return false;
	for (unsigned i = 0; i < indexes->len; i++) {
		g_autofree char *sql = qualify_index(build, indexes->pdata[i]);

		if (!execute(build, error, sql))
			return false;
	}
	return true;
}

static bool only_adds(const GPtrArray *differences)
{
	for (unsigned i = 0; i < differences->len; i++) {
		const DbDifference *difference = differences->pdata[i];

		if (!g_str_equal(difference->code, "column-missing") ||
			difference->change != DB_CHANGE_ADDITIVE)
			return false;
	}
	return true;
}

static bool add_columns(Build *build, const GPtrArray *differences, GError **error)
{
	for (unsigned i = 0; i < differences->len; i++) {
		const DbDifference *difference = differences->pdata[i];
		const DbColumn *column = db_table_find(build->wanted, difference->column);
		g_autofree char *sql = NULL;

		if (column->default_value != NULL) // may not be a constant
			return rebuild(build, error);
		sql = db_ddl_add_column(build->dialect, build->wanted, column);
		if (!execute(build, error, sql))
			return false;
	}
	return true;
}

static bool has_rows(Build *build, bool *ret_rows, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(build->dialect);
	int64_t found = 0;

	sql_builder_append(builder, "SELECT EXISTS (SELECT 1 FROM ");
	build_append_target(build, builder);
	sql_builder_append(builder, ")");
	if (!db_query_int64(build->connection, builder->sql->str, DB_NO_VALUES, 0, &found, error))
		return false;
	*ret_rows = found != 0;
	return true;
}

// A view may become a table; a table that holds rows does not become a view on its own.
static bool change_kind(Build *build, GError **error)
{
	bool rows = false;

	if (build->live->kind == DB_TABLE && !build->request->allow_breaking) {
		if (!has_rows(build, &rows, error))
			return false;
		if (rows) {
			g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
				"'%s.%s' is a table that holds rows, wanted a view (kind); set "
				"allow_breaking on the table to drop it",
				build->dataset, build->name);
			return false;
		}
	}
	return drop_live(build, error) &&
	       (build->wanted->kind == DB_VIEW || create_table(build, error));
}

// The index that a MODE_DELTA of before needed: other feeds may hold a key twice.
static bool forgo_index(Build *build, GError **error)
{
	if (build->unindexed)
		return true;
	build->unindexed = true;
	return feed_delta_drop_index(build, error);
}

bool evolve_table(Build *build, GError **error)
{
	g_autoptr(GPtrArray) differences = NULL;
	bool keeps_index = build->feed->publish == feed_delta_publish;
	bool free_to_change;

	if (build->live == NULL || build->live->kind != build->wanted->kind)
		build->unindexed = true; // with the table that there is not, or not any more
	if (build->live == NULL)
		return build->wanted->kind == DB_VIEW || create_table(build, error);
	if (build->live->kind != build->wanted->kind)
		return change_kind(build, error);
	if (build->wanted->kind == DB_VIEW)
		return true;
	if (!keeps_index && !forgo_index(build, error))
		return false;
	differences = differences_of(build, error);
	if (differences == NULL || differences->len == 0)
		return differences != NULL;
	free_to_change = build->request->allow_breaking ||
			 (!build->declared && (build->feed->flags & FEED_REPLACES));
	if (db_differences_class(differences) == DB_CHANGE_BREAKING && !free_to_change)
		return refuse(build, differences, error);
	if (build->feed->flags & FEED_REPLACES)
		return drop_live(build, error) && create_table(build, error);
	if (only_adds(differences))
		return add_columns(build, differences, error);
	return rebuild(build, error);
}
