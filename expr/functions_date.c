// Functions of the calendar: now, isWeekend, dayOfWeek, ….
#include "expr/date.h"

#include <string.h>

static json_t *apply_now(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autoptr(GTimeZone) zone = expr_date_zone(eval, arguments[0]);
	g_autoptr(GDateTime) epoch = g_date_time_new_from_unix_utc(0);
	g_autoptr(GDateTime) now = NULL, local = NULL;
	const char *format = "iso";

	(void)input;
	(void)count;
	if (zone == NULL)
		return NULL;
	if (eval->scope->clock == NULL)
		return eval_fail(eval, EXPR_ERROR_HOST, "there is no clock here");
	now = g_date_time_add(epoch, eval->scope->clock(eval->scope->data));
	local = now == NULL ? NULL : g_date_time_to_timezone(now, zone);
	if (local == NULL)
		return eval_fail(eval, EXPR_ERROR_HOST, "the clock is beyond the year 9999");
	if (arguments[1] != NULL && !json_is_null(arguments[1]))
		format = json_string_value(arguments[1]);
	if (format == NULL)
		return eval_fail(eval, EXPR_ERROR_TYPE, "the format is %s, not a string",
			expr_value_described(arguments[1]));
	return expr_date_show(eval, local, format);
}

// Reads the date argument as it is written: its own offset counts, and the scope's zone for one without.
static GDateTime *date_argument(ExprEval *eval, const json_t *value)
{
	g_autoptr(GTimeZone) zone = expr_date_zone(eval, NULL);

	return zone == NULL ? NULL : expr_date_read(eval, value, NULL, zone);
}

// A property of a date.
typedef json_t *(*DateProperty)(GDateTime *date);

static json_t *property_of(ExprEval *eval, const json_t *value, DateProperty property)
{
	g_autoptr(GDateTime) date = date_argument(eval, value);

	return date == NULL ? NULL : property(date);
}

static json_t *weekend(GDateTime *date)
{
	return json_boolean(g_date_time_get_day_of_week(date) >= 6);
}

static json_t *weekday_name(GDateTime *date)
{
	g_autofree char *name =
		g_ascii_strup(expr_day_names[g_date_time_get_day_of_week(date) - 1], -1);

	return json_string(name);
}

static json_t *day_of_month(GDateTime *date)
{
	return json_integer(g_date_time_get_day_of_month(date));
}

static json_t *month_of_year(GDateTime *date)
{
	return json_integer(g_date_time_get_month(date));
}

static json_t *hour_of_day(GDateTime *date)
{
	return json_integer(g_date_time_get_hour(date));
}

#define PROPERTY_FUNCTION(name, property)                                                          \
	static json_t *name(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count) \
	{                                                                                          \
		(void)input;                                                                       \
		(void)count;                                                                       \
		return property_of(eval, arguments[0], property);                                  \
	}

PROPERTY_FUNCTION(apply_is_weekend, weekend)
PROPERTY_FUNCTION(apply_day_of_week, weekday_name)
PROPERTY_FUNCTION(apply_day_of_month, day_of_month)
PROPERTY_FUNCTION(apply_month_of_year, month_of_year)
PROPERTY_FUNCTION(apply_hour_of_day, hour_of_day)

// ---- comparison ----

// Sets *order below, at or above 0. False after eval_fail().
static bool compare_dates(ExprEval *eval, const json_t *a, const json_t *b, int *order)
{
	g_autoptr(GDateTime) left = date_argument(eval, a);
	g_autoptr(GDateTime) right = left == NULL ? NULL : date_argument(eval, b);

	if (right == NULL)
		return false;
	*order = g_date_time_compare(left, right);
	return true;
}

static json_t *apply_is_date_before(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	int order;

	(void)input;
	(void)count;
	return compare_dates(eval, arguments[0], arguments[1], &order) ? json_boolean(order < 0)
								       : NULL;
}

static json_t *apply_is_date_after(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	int order;

	(void)input;
	(void)count;
	return compare_dates(eval, arguments[0], arguments[1], &order) ? json_boolean(order > 0)
								       : NULL;
}

static json_t *apply_is_date_between(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	int after, before;

	(void)input;
	(void)count;
	if (!compare_dates(eval, arguments[0], arguments[1], &after) ||
		!compare_dates(eval, arguments[0], arguments[2], &before))
		return NULL;
	return json_boolean(after > 0 && before < 0);
}

// ---- the nth weekday of a month ----

static const char *const positions[] = {"FIRST", "SECOND", "THIRD", "FOURTH", "LAST"};

static int index_of(const char *text, const char *const *names, int count)
{
	for (int i = 0; text != NULL && i < count; i++) {
		if (g_ascii_strcasecmp(text, names[i]) == 0)
			return i;
	}
	return -1;
}

static json_t *apply_is_day_week_in_month(
	ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	g_autoptr(GDateTime) date = date_argument(eval, arguments[0]);
	int weekday = index_of(
		json_string_value(arguments[1]), expr_day_names, G_N_ELEMENTS(expr_day_names));
	int position =
		index_of(json_string_value(arguments[2]), positions, G_N_ELEMENTS(positions));
	g_autoptr(GDateTime) next = NULL;

	(void)input;
	(void)count;
	if (date == NULL)
		return NULL;
	if (weekday < 0)
		return eval_fail(eval, EXPR_ERROR_VALUE, "the day of the week is MONDAY to SUNDAY");
	if (position < 0)
		return eval_fail(eval, EXPR_ERROR_VALUE,
			"the position is FIRST, SECOND, THIRD, FOURTH or LAST");
	if (g_date_time_get_day_of_week(date) != weekday + 1)
		return json_false();
	if (position < 4)
		return json_boolean((g_date_time_get_day_of_month(date) - 1) / 7 == position);
	next = g_date_time_add_days(date, 7);
	return json_boolean(
		next == NULL || g_date_time_get_month(next) != g_date_time_get_month(date));
}

const ExprCallee functions_date[] = {
	{"now", {"timeZone", "format"}, 0, 2, 0, apply_now},
	{"isWeekend", {"date"}, 1, 1, 0, apply_is_weekend},
	{"dayOfWeek", {"date"}, 1, 1, 0, apply_day_of_week},
	{"dayOfMonth", {"date"}, 1, 1, 0, apply_day_of_month},
	{"monthOfYear", {"date"}, 1, 1, 0, apply_month_of_year},
	{"hourOfDay", {"date"}, 1, 1, 0, apply_hour_of_day},
	{"isDateBefore", {"date", "before"}, 2, 2, 0, apply_is_date_before},
	{"isDateAfter", {"date", "after"}, 2, 2, 0, apply_is_date_after},
	{"isDateBetween", {"date", "after", "before"}, 3, 3, 0, apply_is_date_between},
	{"isDayWeekInMonth", {"date", "dayOfWeek", "position"}, 3, 3, 0,
		apply_is_day_week_in_month},
	{.name = NULL},
};
