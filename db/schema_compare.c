#include <string.h>

#include "db/ddl.h"

typedef struct {
	const DbDialect *dialect;
	const DbTable *wanted;
	const DbTable *found;
	GPtrArray *differences;
} Comparison;

void db_difference_free(DbDifference *difference)
{
	if (difference == NULL)
		return;
	g_free(difference->column);
	g_free(difference->wanted);
	g_free(difference->found);
	g_free(difference);
}

char *db_difference_text(const DbDifference *difference)
{
	const char *found = difference->found == NULL ? "missing" : difference->found;
	const char *wanted = difference->wanted == NULL ? "nothing" : difference->wanted;

	if (difference->column == NULL)
		return g_strdup_printf(
			"the table is %s, wanted %s (%s)", found, wanted, difference->code);
	return g_strdup_printf("column '%s' is %s, wanted %s (%s)", difference->column, found,
		wanted, difference->code);
}

static void difference_free_void(void *difference)
{
	db_difference_free(difference);
}

// Takes wanted and found.
static void report(Comparison *comparison, const char *code, DbChangeClass change,
	const char *column, char *wanted, char *found)
{
	DbDifference *difference = g_new0(DbDifference, 1);

	difference->code = code;
	difference->change = change;
	difference->column = g_strdup(column);
	difference->wanted = wanted;
	difference->found = found;
	g_ptr_array_add(comparison->differences, difference);
}

// The engine's spelling, whether the column is live or declared.
static char *engine_type(const DbDialect *dialect, const DbColumn *column)
{
	if (column->engine_type != NULL)
		return g_strdup(column->engine_type);
	return db_field_engine_type(dialect, &column->type, column->mode);
}

static char *column_text(const DbDialect *dialect, const DbColumn *column)
{
	g_autofree char *type = engine_type(dialect, column);

	return g_strconcat(*type == '\0' ? "without a type" : type,
		column->mode == DB_MODE_REQUIRED ? " NOT NULL" : "",
		column->default_value != NULL ? " DEFAULT " : "",
		column->default_value != NULL ? column->default_value : "", NULL);
}

static char *table_text(const DbTable *table)
{
	return g_strdup(table->kind == DB_VIEW ? "a view" : "a table");
}

static const char *blanks_skip(const char *p)
{
	while (g_ascii_isspace(*p))
		p++;
	return p;
}

// Blanks and letter case do not count.
static bool text_same(const char *a, const char *b)
{
	for (;;) {
		a = blanks_skip(a);
		b = blanks_skip(b);
		if (g_ascii_toupper(*a) != g_ascii_toupper(*b))
			return false;
		if (*a == '\0')
			return true;
		a++;
		b++;
	}
}

// Zero means without limit: the widest.
static int size_order(unsigned wanted, unsigned found)
{
	unsigned w = wanted == 0 ? UINT_MAX : wanted;
	unsigned f = found == 0 ? UINT_MAX : found;

	return w < f ? -1 : w > f ? 1 : 0;
}

// Digits before the point and after it; narrower in either one is narrower.
static int decimal_order(const DbFieldType *wanted, const DbFieldType *found)
{
	int whole;
	int fraction;

	if (wanted->precision == 0 || found->precision == 0)
		return size_order(wanted->precision, found->precision);
	whole = (int)(wanted->precision - wanted->scale) - (int)(found->precision - found->scale);
	fraction = (int)wanted->scale - (int)found->scale;
	if (whole < 0 || fraction < 0)
		return -1;
	return whole > 0 || fraction > 0 ? 1 : 0;
}

static void compare_type(Comparison *comparison, const DbColumn *wanted, const DbColumn *found)
{
	g_autofree char *wanted_text = engine_type(comparison->dialect, wanted);
	g_autofree char *found_text = engine_type(comparison->dialect, found);
	DbFieldType wanted_type;
	DbFieldType found_type;
	int order;
	const char *code = "column-type";

	if (text_same(wanted_text, found_text))
		return;
	db_field_from_engine(comparison->dialect, wanted_text, &wanted_type);
	db_field_from_engine(comparison->dialect, found_text, &found_type);
	if (wanted_type.kind == found_type.kind && wanted_type.kind != DB_FIELD_UNKNOWN) {
		order = size_order(wanted_type.length, found_type.length);
		if (order == 0)
			order = decimal_order(&wanted_type, &found_type);
		if (order == 0)
			return;
		code = order < 0 ? "column-narrowed" : "column-widened";
	}
	report(comparison, code,
		strcmp(code, "column-widened") == 0 ? DB_CHANGE_ADDITIVE : DB_CHANGE_BREAKING,
		wanted->name, column_text(comparison->dialect, wanted),
		column_text(comparison->dialect, found));
}

static void compare_rest(Comparison *comparison, const DbColumn *wanted, const DbColumn *found)
{
	const char *wanted_default = wanted->default_value == NULL ? "" : wanted->default_value;
	const char *found_default = found->default_value == NULL ? "" : found->default_value;
	bool wanted_required = wanted->mode == DB_MODE_REQUIRED;
	bool found_required = found->mode == DB_MODE_REQUIRED;
	bool declared = wanted->engine_type == NULL && found->engine_type == NULL;

	if (wanted_required != found_required)
		report(comparison, wanted_required ? "column-required" : "column-nullable",
			wanted_required ? DB_CHANGE_BREAKING : DB_CHANGE_ADDITIVE, wanted->name,
			column_text(comparison->dialect, wanted),
			column_text(comparison->dialect, found));
	if (!text_same(wanted_default, found_default))
		report(comparison, "column-default", DB_CHANGE_ADDITIVE, wanted->name,
			column_text(comparison->dialect, wanted),
			column_text(comparison->dialect, found));
	if (declared && g_strcmp0(wanted->description, found->description) != 0)
		report(comparison, "column-description", DB_CHANGE_METADATA, wanted->name,
			g_strdup(wanted->description == NULL ? "" : wanted->description),
			g_strdup(found->description == NULL ? "" : found->description));
}

static void compare_missing(Comparison *comparison, const DbColumn *wanted)
{
	const DbColumn *previous = wanted->previous_name == NULL ? NULL
								 : db_table_find(comparison->found,
									   wanted->previous_name);
	bool required = wanted->mode == DB_MODE_REQUIRED && wanted->default_value == NULL;

	if (previous != NULL) {
		report(comparison, "column-renamed", DB_CHANGE_BREAKING, wanted->name,
			g_strdup(wanted->name), g_strdup(previous->name));
		return;
	}
	report(comparison, "column-missing", required ? DB_CHANGE_BREAKING : DB_CHANGE_ADDITIVE,
		wanted->name, column_text(comparison->dialect, wanted), NULL);
}

// Whether a found column is the previous name of a wanted one that is itself missing.
static bool is_renamed(const Comparison *comparison, const DbColumn *found)
{
	for (unsigned i = 0; i < comparison->wanted->columns->len; i++) {
		const DbColumn *wanted = comparison->wanted->columns->pdata[i];

		if (wanted->previous_name != NULL &&
			g_ascii_strcasecmp(wanted->previous_name, found->name) == 0 &&
			db_table_find(comparison->found, wanted->name) == NULL)
			return true;
	}
	return false;
}

static void compare_extras(Comparison *comparison)
{
	for (unsigned i = 0; i < comparison->found->columns->len; i++) {
		const DbColumn *found = comparison->found->columns->pdata[i];

		if (db_table_find(comparison->wanted, found->name) == NULL &&
			!is_renamed(comparison, found))
			report(comparison, "column-extra", DB_CHANGE_BREAKING, found->name, NULL,
				column_text(comparison->dialect, found));
	}
}

static char *order_text(const DbTable *table)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < table->columns->len; i++) {
		const DbColumn *column = table->columns->pdata[i];

		g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", column->name);
	}
	return g_string_free(text, FALSE);
}

static bool same_order(const GPtrArray *wanted, const GPtrArray *found)
{
	if (wanted->len != found->len)
		return false;
	for (unsigned i = 0; i < wanted->len; i++) {
		const DbColumn *first = wanted->pdata[i];
		const DbColumn *second = found->pdata[i];

		if (g_ascii_strcasecmp(first->name, second->name) != 0)
			return false;
	}
	return true;
}

static void compare_order(Comparison *comparison)
{
	if (comparison->differences->len == 0 &&
		!same_order(comparison->wanted->columns, comparison->found->columns))
		report(comparison, "column-order", DB_CHANGE_METADATA, NULL,
			order_text(comparison->wanted), order_text(comparison->found));
}

static void compare_columns(Comparison *comparison)
{
	for (unsigned i = 0; i < comparison->wanted->columns->len; i++) {
		const DbColumn *wanted = comparison->wanted->columns->pdata[i];
		const DbColumn *found = db_table_find(comparison->found, wanted->name);

		if (found == NULL) {
			compare_missing(comparison, wanted);
			continue;
		}
		compare_type(comparison, wanted, found);
		compare_rest(comparison, wanted, found);
	}
	compare_extras(comparison);
	compare_order(comparison);
}

GPtrArray *db_schema_compare(const DbDialect *dialect, const DbTable *wanted, const DbTable *found)
{
	Comparison comparison = {
		dialect, wanted, found, g_ptr_array_new_with_free_func(difference_free_void)};
	bool views = wanted->kind == DB_VIEW;

	if (found == NULL)
		report(&comparison, "missing", DB_CHANGE_ADDITIVE, NULL, table_text(wanted), NULL);
	else if (wanted->kind != found->kind)
		report(&comparison, "kind", DB_CHANGE_BREAKING, NULL, table_text(wanted),
			table_text(found));
	else if (!views || (wanted->columns->len > 0 && found->columns->len > 0))
		compare_columns(&comparison);
	return comparison.differences;
}

DbChangeClass db_differences_class(const GPtrArray *differences)
{
	DbChangeClass worst = DB_CHANGE_METADATA;

	for (unsigned i = 0; i < differences->len; i++) {
		const DbDifference *difference = differences->pdata[i];

		worst = MAX(worst, difference->change);
	}
	return worst;
}
