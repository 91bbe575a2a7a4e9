// Measuring checks: one scan for all that are aggregates, then a statement for each `sql` check, then samples of what failed.
#include <string.h>

#include "repo-layout/diagnostic.h"
#include "repo-layout/sql_template.h"
#include "runner/build/check_kinds.h"
#include "runner/task_type.h"

static bool column_unknown(
	const CheckScan *scan, const Check *check, const char *name, GError **error)
{
	unsigned count = scan->table->columns->len;
	g_autofree const char **names = g_new0(const char *, count + 1);
	g_autofree char *hint = NULL;

	for (unsigned i = 0; i < count; i++)
		names[i] = ((const DbColumn *)scan->table->columns->pdata[i])->name;
	hint = nearest_word_hint(name, names);
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "check %s: there is no column '%s'%s%s",
		check->label, name, hint == NULL ? "" : "; ", hint == NULL ? "" : hint);
	return false;
}

static bool verify_columns(const CheckScan *scan, const GPtrArray *checks, GError **error)
{
	for (unsigned i = 0; i < checks->len; i++) {
		const Check *check = checks->pdata[i];

		for (unsigned k = 0; k < check->columns->len; k++)
			if (db_table_find(scan->table, check->columns->pdata[k]) == NULL)
				return column_unknown(scan, check, check->columns->pdata[k], error);
	}
	return true;
}

static bool append_measure(CheckScan *scan, const Check *check, SqlBuilder *builder, GError **error)
{
	sql_builder_append(builder, ", ");
	if (!check->kind->measure(scan, check, builder, error))
		return false;
	if (check->where == NULL)
		return true;
	sql_builder_append(builder, ", coalesce(sum(CASE WHEN ");
	if (!check_append_where(scan, check, builder, error))
		return false;
	sql_builder_append(builder, " THEN 1 ELSE 0 END), 0)");
	return true;
}

static void append_from(const CheckScan *scan, SqlBuilder *builder)
{
	sql_builder_append(builder, " FROM ");
	sql_builder_table(builder, scan->stage_dataset, scan->stage_name);
}

// SELECT count(*), one measure per check (and the rows its `where` leaves) FROM stage.
static SqlBuilder *build_scan(CheckScan *scan, const GPtrArray *checks, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(scan->dialect);

	sql_builder_append(builder, "SELECT count(*)");
	for (unsigned i = 0; i < checks->len; i++) {
		const Check *check = checks->pdata[i];

		if (check->kind->measure != NULL && !append_measure(scan, check, builder, error)) {
			g_prefix_error(error, "check %s: ", check->label);
			return NULL;
		}
	}
	append_from(scan, builder);
	return g_steal_pointer(&builder);
}

static void read_scan(const GPtrArray *checks, const DbStatement *statement)
{
	unsigned column = 1;

	for (unsigned i = 0; i < checks->len; i++) {
		Check *check = checks->pdata[i];

		check->rows = db_column_int64(statement, 0);
		if (check->kind->measure == NULL)
			continue;
		check->failures = db_column_int64(statement, column++);
		if (check->where != NULL)
			check->rows = db_column_int64(statement, column++);
	}
}

// The scan as a whole could not be prepared or run: finds the check to blame, by trying each one alone.
static void blame(CheckScan *scan, const GPtrArray *checks, GError **error)
{
	for (unsigned i = 0; i < checks->len; i++) {
		Check *check = checks->pdata[i];
		g_autoptr(GPtrArray) alone = g_ptr_array_new();
		g_autoptr(SqlBuilder) builder = NULL;
		g_autoptr(GError) local = NULL;

		g_ptr_array_add(alone, check);
		builder = build_scan(scan, alone, &local);
		if (builder != NULL && sql_builder_execute(builder, scan->connection, NULL, &local))
			continue;
		g_clear_error(error);
		g_propagate_prefixed_error(
			error, g_steal_pointer(&local), "check %s: ", check->label);
		return;
	}
}

static bool run_scan(CheckScan *scan, const GPtrArray *checks, GError **error)
{
	g_autoptr(SqlBuilder) builder = build_scan(scan, checks, error);
	g_autoptr(DbStatement) statement = NULL;

	if (builder == NULL)
		return false;
	scan->statements++;
	statement = sql_builder_prepare(builder, scan->connection, error);
	if (statement != NULL && db_step(statement, error) == DB_STEP_ROW) {
		read_scan(checks, statement);
		return true;
	}
	g_clear_pointer(&statement, db_statement_free);
	blame(scan, checks, error);
	return false;
}

// The check's own SELECT, without its semicolon.
static bool append_sql_check(
	CheckScan *scan, const Check *check, SqlBuilder *builder, GError **error)
{
	const char *text = json_is_string(check->arguments)
				   ? json_string_value(check->arguments)
				   : json_string_value(json_object_get(check->arguments, "sql"));

	return sql_text_append(builder, text, &scan->host, error);
}

// Runs a check that is a query of its own: counts its rows and keeps the first ones.
static bool run_sql_check(CheckScan *scan, Check *check, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(scan->dialect);
	g_autoptr(DbStatement) statement = NULL;
	DbStep step = DB_STEP_FAILED;

	scan->statements++;
	check->failures = 0;
	if (append_sql_check(scan, check, builder, error))
		statement = sql_builder_prepare(builder, scan->connection, error);
	if (statement != NULL && !db_statement_is_read_only(statement)) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"check %s: must only read; its rows are the failures", check->label);
		return false;
	}
	while (statement != NULL && (step = db_step(statement, error)) == DB_STEP_ROW) {
		check->failures++;
		if (!check->store_failures || check->failures > scan->sample_limit)
			continue;
		if (check->samples == NULL)
			check->samples = json_array();
		json_array_append_new(check->samples, sql_row_to_json(statement));
	}
	if (step == DB_STEP_DONE)
		return true;
	g_prefix_error(error, "check %s: ", check->label);
	return false;
}

static bool threshold_passed(const CheckThreshold *threshold, const Check *check)
{
	const char *operation = threshold->operation;
	double value = (double)check->failures;

	if (operation[0] == '\0')
		return false;
	if (threshold->percent)
		value = check->rows == 0 ? (value > 0 ? 100 : 0)
					 : value * 100 / (double)check->rows;
	switch (operation[0]) {
	case '>': return operation[1] == '=' ? value >= threshold->value : value > threshold->value;
	case '<': return operation[1] == '=' ? value <= threshold->value : value < threshold->value;
	case '!': return value < threshold->value || value > threshold->value;
	default: return value >= threshold->value && value <= threshold->value;
	}
}

static void judge(Check *check)
{
	check->status = CHECK_PASS;
	if (threshold_passed(&check->error_if, check))
		check->status = CHECK_ERROR;
	else if (threshold_passed(&check->warn_if, check))
		check->status = CHECK_WARN;
}

// Fetches some of the rows that failed.
static bool sample(CheckScan *scan, Check *check, GError **error)
{
	g_autoptr(SqlBuilder) builder = sql_builder_new(scan->dialect);
	g_autoptr(DbStatement) statement = NULL;
	DbStep step;

	sql_builder_append(builder, "SELECT *");
	append_from(scan, builder);
	sql_builder_append(builder, " WHERE ");
	if (!check_append_where(scan, check, builder, error))
		return false;
	sql_builder_append(builder, " AND ");
	if (!check->kind->failing(scan, check, builder, error))
		return false;
	sql_builder_printf(builder, " LIMIT %u", scan->sample_limit);
	statement = sql_builder_prepare(builder, scan->connection, error);
	if (statement == NULL)
		return false;
	scan->statements++;
	check->samples = json_array();
	while ((step = db_step(statement, error)) == DB_STEP_ROW)
		json_array_append_new(check->samples, sql_row_to_json(statement));
	return step == DB_STEP_DONE;
}

static bool finish_check(CheckScan *scan, Check *check, GError **error)
{
	if (check->kind->measure == NULL && !run_sql_check(scan, check, error))
		return false;
	judge(check);
	if (check->status == CHECK_PASS || !check->store_failures || check->kind->failing == NULL ||
		scan->sample_limit == 0 || check->samples != NULL)
		return true;
	return sample(scan, check, error);
}

bool check_scan(CheckScan *scan, GPtrArray *checks, GError **error)
{
	if (checks->len == 0)
		return true;
	if (!verify_columns(scan, checks, error) || !run_scan(scan, checks, error))
		return false;
	for (unsigned i = 0; i < checks->len; i++)
		if (!finish_check(scan, checks->pdata[i], error))
			return false;
	return true;
}
