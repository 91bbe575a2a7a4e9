#include "runner/build/check_kinds.h"

#include <string.h>

#include "repo-layout/diagnostic.h"
#include "repo-layout/flow.h"
#include "runner/task_type.h"

static const char *first_column(const Check *check)
{
	return check->columns->pdata[0];
}

static bool refuse(const Check *check, GError **error, const char *text)
{
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "%s %s", check->label, text);
	return false;
}

bool check_append_where(CheckScan *scan, const Check *check, SqlBuilder *builder, GError **error)
{
	if (check->where == NULL) {
		sql_builder_append(builder, "TRUE");
		return true;
	}
	sql_builder_append(builder, "(");
	if (!sql_text_append(builder, check->where, &scan->host, error))
		return false;
	sql_builder_append(builder, "\n)"); // the text may end with a comment
	return true;
}

// sum of 1 over the rows where both the check's own `where` and its failing condition hold.
static bool measure_failing(
	CheckScan *scan, const Check *check, SqlBuilder *builder, GError **error)
{
	sql_builder_append(builder, "coalesce(sum(CASE WHEN ");
	if (check->where != NULL) {
		if (!check_append_where(scan, check, builder, error))
			return false;
		sql_builder_append(builder, " AND ");
	}
	if (!check->kind->failing(scan, check, builder, error))
		return false;
	sql_builder_append(builder, " THEN 1 ELSE 0 END), 0)");
	return true;
}

// ---- not_null: a row fails when the column is NULL.

static bool failing_not_null(
	CheckScan *scan, const Check *check, SqlBuilder *builder, GError **error)
{
	(void)scan;
	(void)error;
	sql_builder_name(builder, first_column(check));
	sql_builder_append(builder, " IS NULL");
	return true;
}

// ---- unique: rows beyond the first of each value; rows with a NULL in any of the columns do not count.

static void append_key(const Check *check, SqlBuilder *builder)
{
	if (check->columns->len == 1) {
		sql_builder_name(builder, first_column(check));
		return;
	}
	sql_builder_append(builder, "json_array(");
	for (unsigned i = 0; i < check->columns->len; i++) {
		sql_builder_append(builder, i > 0 ? ", " : "");
		sql_builder_name(builder, check->columns->pdata[i]);
	}
	sql_builder_append(builder, ")");
}

static bool append_key_condition(
	CheckScan *scan, const Check *check, SqlBuilder *builder, GError **error)
{
	if (!check_append_where(scan, check, builder, error))
		return false;
	for (unsigned i = 0; i < check->columns->len; i++) {
		sql_builder_append(builder, " AND ");
		sql_builder_name(builder, check->columns->pdata[i]);
		sql_builder_append(builder, " IS NOT NULL");
	}
	return true;
}

// The key where it counts, else NULL (which aggregates leave out).
static bool append_counted_key(
	CheckScan *scan, const Check *check, SqlBuilder *builder, GError **error)
{
	if (check->where == NULL && check->columns->len == 1) {
		append_key(check, builder);
		return true;
	}
	sql_builder_append(builder, "CASE WHEN ");
	if (!append_key_condition(scan, check, builder, error))
		return false;
	sql_builder_append(builder, " THEN ");
	append_key(check, builder);
	sql_builder_append(builder, " END");
	return true;
}

static bool measure_unique(CheckScan *scan, const Check *check, SqlBuilder *builder, GError **error)
{
	sql_builder_append(builder, "count(");
	if (!append_counted_key(scan, check, builder, error))
		return false;
	sql_builder_append(builder, ") - count(DISTINCT ");
	if (!append_counted_key(scan, check, builder, error))
		return false;
	sql_builder_append(builder, ")");
	return true;
}

// Every row of a group of more than one.
static bool failing_unique(CheckScan *scan, const Check *check, SqlBuilder *builder, GError **error)
{
	append_key(check, builder);
	sql_builder_append(builder, " IN (SELECT ");
	append_key(check, builder);
	sql_builder_append(builder, " FROM ");
	sql_builder_table(builder, scan->stage_dataset, scan->stage_name);
	sql_builder_append(builder, " WHERE ");
	if (!append_key_condition(scan, check, builder, error))
		return false;
	sql_builder_append(builder, " GROUP BY ");
	append_key(check, builder);
	sql_builder_append(builder, " HAVING count(*) > 1)");
	return true;
}

// ---- accepted_values: NULL passes.

static const json_t *values_of(const Check *check)
{
	return json_object_get(check->arguments, "values");
}

static bool verify_values(const Check *check, GError **error)
{
	if (!json_is_array(values_of(check)) || json_array_size(values_of(check)) == 0)
		return refuse(check, error, "needs 'values': a list of what is accepted");
	return true;
}

static bool failing_values(CheckScan *scan, const Check *check, SqlBuilder *builder, GError **error)
{
	size_t i;
	json_t *value;

	(void)scan;
	(void)error;
	sql_builder_name(builder, first_column(check));
	sql_builder_append(builder, " NOT IN (");
	json_array_foreach(values_of(check), i, value)
	{
		sql_builder_append(builder, i > 0 ? ", " : "");
		sql_builder_value(builder, value);
	}
	sql_builder_append(builder, ")");
	return true;
}

// ---- accepted_range: NULL passes; both ends belong to it unless exclusive.

static bool verify_range(const Check *check, GError **error)
{
	if (json_object_get(check->arguments, "min") == NULL &&
		json_object_get(check->arguments, "max") == NULL)
		return refuse(check, error, "needs 'min' or 'max'");
	return true;
}

static bool failing_range(CheckScan *scan, const Check *check, SqlBuilder *builder, GError **error)
{
	json_t *least = json_object_get(check->arguments, "min");
	json_t *most = json_object_get(check->arguments, "max");
	const json_t *inclusive = json_object_get(check->arguments, "inclusive");
	bool exclusive = json_is_true(json_object_get(check->arguments, "exclusive")) ||
			 json_is_false(inclusive);

	(void)scan;
	(void)error;
	sql_builder_append(builder, "(");
	if (least != NULL) {
		sql_builder_name(builder, first_column(check));
		sql_builder_append(builder, exclusive ? " <= " : " < ");
		sql_builder_value(builder, least);
	}
	if (most != NULL) {
		sql_builder_append(builder, least != NULL ? " OR " : "");
		sql_builder_name(builder, first_column(check));
		sql_builder_append(builder, exclusive ? " >= " : " > ");
		sql_builder_value(builder, most);
	}
	sql_builder_append(builder, ")");
	return true;
}

// ---- relationships: a value must be in the other table's column; NULL passes.

typedef struct {
	char *dataset;
	char *table;
	char *column;
} Reference;

static void reference_clear(Reference *reference)
{
	g_free(reference->dataset);
	g_free(reference->table);
	g_free(reference->column);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reference, reference_clear)

// to: dataset.table.column, or to: dataset.table with field: column.
static bool reference_parse(const Check *check, Reference *reference)
{
	const char *to = json_string_value(json_object_get(check->arguments, "to"));
	const char *field = json_string_value(json_object_get(check->arguments, "field"));
	g_auto(GStrv) parts = to == NULL ? NULL : g_strsplit(to, ".", -1);
	unsigned count = parts == NULL ? 0 : g_strv_length(parts);

	if (count + (field != NULL ? 1 : 0) != 3)
		return false;
	reference->dataset = g_strdup(parts[0]);
	reference->table = g_strdup(parts[1]);
	reference->column = g_strdup(field != NULL ? field : parts[2]);
	return true;
}

static bool verify_relationships(const Check *check, GError **error)
{
	g_auto(Reference) reference = {0};

	if (!reference_parse(check, &reference))
		return refuse(check, error, "needs 'to': dataset.table.column");
	return true;
}

static bool failing_relationships(
	CheckScan *scan, const Check *check, SqlBuilder *builder, GError **error)
{
	g_auto(Reference) reference = {0};
	bool own;

	(void)error;
	if (!reference_parse(check, &reference))
		return verify_relationships(check, error);
	// A reference to the table that is being built means the rows that it will have.
	own = g_ascii_strcasecmp(reference.dataset, scan->target_dataset) == 0 &&
	      g_ascii_strcasecmp(reference.table, scan->target_name) == 0;
	sql_builder_append(builder, "(");
	sql_builder_name(builder, first_column(check));
	sql_builder_append(builder, " IS NOT NULL AND ");
	sql_builder_name(builder, first_column(check));
	sql_builder_append(builder, " NOT IN (SELECT ");
	sql_builder_name(builder, reference.column);
	sql_builder_append(builder, " FROM ");
	sql_builder_table(builder, own ? scan->stage_dataset : reference.dataset,
		own ? scan->stage_name : reference.table);
	sql_builder_append(builder, " WHERE ");
	sql_builder_name(builder, reference.column);
	sql_builder_append(builder, " IS NOT NULL))");
	return true;
}

void check_list_datasets(const GPtrArray *checks, GPtrArray *datasets)
{
	for (unsigned i = 0; i < checks->len; i++) {
		const Check *check = checks->pdata[i];
		g_auto(Reference) reference = {0};

		if (strcmp(check->kind->name, "relationships") == 0 &&
			reference_parse(check, &reference))
			g_ptr_array_add(datasets, g_steal_pointer(&reference.dataset));
	}
}

// ---- row_count: one failure when the number of rows is outside; no row is to blame.

static const char *const ROW_COUNT_KEYS[] = {"equals", "min", "max", NULL};

static bool verify_row_count(const Check *check, GError **error)
{
	bool any = false;

	for (const char *const *key = ROW_COUNT_KEYS; *key != NULL; key++) {
		const json_t *value = json_object_get(check->arguments, *key);

		if (value != NULL && !json_is_integer(value))
			return refuse(
				check, error, "needs whole numbers for 'min', 'max', 'equals'");
		any = any || value != NULL;
	}
	return any ? true : refuse(check, error, "needs 'min', 'max' or 'equals'");
}

static bool append_row_total(
	CheckScan *scan, const Check *check, SqlBuilder *builder, GError **error)
{
	if (check->where == NULL) {
		sql_builder_append(builder, "count(*)");
		return true;
	}
	sql_builder_append(builder, "coalesce(sum(CASE WHEN ");
	if (!check_append_where(scan, check, builder, error))
		return false;
	sql_builder_append(builder, " THEN 1 ELSE 0 END), 0)");
	return true;
}

static bool measure_row_count(
	CheckScan *scan, const Check *check, SqlBuilder *builder, GError **error)
{
	static const char *const OPERATIONS[] = {" <> ", " < ", " > "};
	bool any = false;

	sql_builder_append(builder, "CASE WHEN ");
	for (unsigned i = 0; ROW_COUNT_KEYS[i] != NULL; i++) {
		json_t *value = json_object_get(check->arguments, ROW_COUNT_KEYS[i]);

		if (value == NULL)
			continue;
		sql_builder_append(builder, any ? " OR " : "");
		if (!append_row_total(scan, check, builder, error))
			return false;
		sql_builder_append(builder, OPERATIONS[i]);
		sql_builder_value(builder, value);
		any = true;
	}
	sql_builder_append(builder, " THEN 1 ELSE 0 END");
	return true;
}

// ---- freshness: one failure when the newest value is older than `within`, or there is none.

static bool age_of(const Check *check, int64_t *ret_age)
{
	const char *text = json_string_value(json_object_get(check->arguments, "within"));

	return text != NULL && duration_parse(text, ret_age);
}

static bool verify_freshness(const Check *check, GError **error)
{
	int64_t age;

	if (!age_of(check, &age))
		return refuse(check, error, "needs 'within': a duration such as PT24H");
	return true;
}

static bool measure_freshness(
	CheckScan *scan, const Check *check, SqlBuilder *builder, GError **error)
{
	int64_t age = 0;
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autoptr(GDateTime) oldest = NULL;
	g_autofree char *text = NULL;

	if (!age_of(check, &age))
		return verify_freshness(check, error);
	oldest = g_date_time_add(now, -age);
	text = g_date_time_format(oldest, "%Y-%m-%d %H:%M:%S");
	sql_builder_append(builder, "CASE WHEN coalesce(max(CASE WHEN ");
	if (!check_append_where(scan, check, builder, error))
		return false;
	sql_builder_append(builder, " THEN ");
	sql_builder_name(builder, first_column(check));
	sql_builder_append(builder, " END), '') < ");
	sql_builder_text_value(builder, text);
	sql_builder_append(builder, " THEN 1 ELSE 0 END");
	return true;
}

// ---- expression: a row fails when it is false; NULL passes.

static const char *expression_of(const Check *check)
{
	if (json_is_string(check->arguments))
		return json_string_value(check->arguments);
	return json_string_value(json_object_get(check->arguments, "expression"));
}

static bool verify_expression(const Check *check, GError **error)
{
	const char *text = expression_of(check);

	if (text == NULL || *text == '\0')
		return refuse(check, error, "needs an SQL expression");
	return true;
}

static bool failing_expression(
	CheckScan *scan, const Check *check, SqlBuilder *builder, GError **error)
{
	sql_builder_append(builder, "NOT (");
	if (!sql_text_append(builder, expression_of(check), &scan->host, error))
		return false;
	sql_builder_append(builder, "\n)");
	return true;
}

// ---- sql: each row that it returns is a failure.

static bool verify_sql(const Check *check, GError **error)
{
	const char *text = json_is_string(check->arguments)
				   ? json_string_value(check->arguments)
				   : json_string_value(json_object_get(check->arguments, "sql"));

	if (text == NULL || *text == '\0')
		return refuse(check, error, "needs a SELECT whose rows are the failures");
	return true;
}

// ---- required: as not_null, of a declared REQUIRED column.
// ---- typed: a value must be of the declared type, where the engine itself does not see to it; NULL passes.

// What a good value of a type looks like on SQLite, where a column takes anything. %c is the column.
static const char *const TYPED[DB_FIELD_COUNT] = {
	[DB_FIELD_INT64] = "typeof(%c) = 'integer'",
	[DB_FIELD_FLOAT64] = "typeof(%c) IN ('real', 'integer')",
	[DB_FIELD_NUMERIC] = "typeof(%c) IN ('real', 'integer')",
	[DB_FIELD_BIGNUMERIC] = "typeof(%c) IN ('real', 'integer')",
	[DB_FIELD_BOOL] = "%c IN (0, 1)",
	[DB_FIELD_STRING] = "typeof(%c) = 'text'",
	[DB_FIELD_BYTES] = "typeof(%c) = 'blob'",
	[DB_FIELD_DATE] = "date(%c) = %c",
	[DB_FIELD_DATETIME] = "typeof(%c) = 'text' AND datetime(%c) IS NOT NULL",
	[DB_FIELD_TIME] = "typeof(%c) = 'text' AND time(%c) IS NOT NULL",
	[DB_FIELD_TIMESTAMP] = "typeof(%c) = 'text' AND datetime(%c) IS NOT NULL",
	[DB_FIELD_JSON] = "json_valid(%c)",
	[DB_FIELD_RECORD] = "json_valid(%c)",
	[DB_FIELD_GEOGRAPHY] = "typeof(%c) = 'text'",
};

static void append_typed(SqlBuilder *builder, const char *format, const char *column)
{
	for (const char *p = format; *p != '\0'; p++) {
		if (p[0] == '%' && p[1] == 'c') {
			sql_builder_name(builder, column);
			p++;
		} else {
			g_string_append_c(builder->sql, *p);
		}
	}
}

static void append_size(SqlBuilder *builder, const DbColumn *column)
{
	const DbFieldType *type = &column->type;

	if (type->length > 0) {
		sql_builder_append(builder, " AND length(");
		sql_builder_name(builder, column->name);
		sql_builder_printf(builder, ") <= %u", type->length);
	}
	if (type->precision > 0 && type->precision - type->scale < 300) {
		sql_builder_append(builder, " AND abs(");
		sql_builder_name(builder, column->name);
		sql_builder_printf(builder, ") < 1e%u", type->precision - type->scale);
	}
}

static bool failing_typed(CheckScan *scan, const Check *check, SqlBuilder *builder, GError **error)
{
	const DbColumn *column = db_table_find(scan->table, first_column(check));
	DbFieldKind kind;

	(void)error;
	kind = column->mode == DB_MODE_REPEATED ? DB_FIELD_JSON : column->type.kind;
	sql_builder_append(builder, "(");
	sql_builder_name(builder, column->name);
	sql_builder_append(builder, " IS NOT NULL AND NOT coalesce(");
	append_typed(builder, TYPED[kind] == NULL ? "TRUE" : TYPED[kind], column->name);
	if (column->mode != DB_MODE_REPEATED)
		append_size(builder, column);
	sql_builder_append(builder, ", FALSE))");
	return true;
}

const CheckKind check_kind_required = {
	"required", true, true, NULL, measure_failing, failing_not_null};
const CheckKind check_kind_typed = {"type", true, true, NULL, measure_failing, failing_typed};
const CheckKind check_kind_sql = {"sql", false, false, verify_sql, NULL, NULL};

static const CheckKind KINDS[] = {
	{"not_null", true, true, NULL, measure_failing, failing_not_null},
	{"unique", false, true, NULL, measure_unique, failing_unique},
	{"accepted_values", false, true, verify_values, measure_failing, failing_values},
	{"accepted_range", false, true, verify_range, measure_failing, failing_range},
	{"relationships", false, true, verify_relationships, measure_failing,
		failing_relationships},
	{"row_count", false, false, verify_row_count, measure_row_count, NULL},
	{"freshness", false, true, verify_freshness, measure_freshness, NULL},
	{"expression", false, false, verify_expression, measure_failing, failing_expression},
};

const CheckKind *check_kind_find(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(KINDS); i++)
		if (strcmp(KINDS[i].name, name) == 0)
			return &KINDS[i];
	return strcmp(name, check_kind_sql.name) == 0 ? &check_kind_sql : NULL;
}

char *check_kind_hint(const char *name)
{
	const char *names[G_N_ELEMENTS(KINDS) + 2] = {0};

	for (size_t i = 0; i < G_N_ELEMENTS(KINDS); i++)
		names[i] = KINDS[i].name;
	names[G_N_ELEMENTS(KINDS)] = check_kind_sql.name;
	return nearest_word_hint(name, names);
}
