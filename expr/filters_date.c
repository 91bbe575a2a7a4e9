// Filters over dates: date, dateAdd, timestamp….
#include "expr/date.h"

#include <string.h>

// The arguments that the date filters share; NULL where left out.
typedef struct {
	const json_t *format, *time_zone, *existing_format, *locale;
} DateArguments;

// The text of an optional argument, or the fallback; NULL after eval_fail().
static const char *optional_text(
	ExprEval *eval, const json_t *value, const char *what, const char *fallback)
{
	if (value == NULL || json_is_null(value))
		return fallback;
	if (!json_is_string(value))
		eval_fail(eval, EXPR_ERROR_TYPE, "%s is %s, not a string", what,
			expr_value_described(value));
	return json_string_value(value);
}

// Dates are shown in English; another locale is refused where it would show.
static bool check_locale(ExprEval *eval, const json_t *locale, const char *format)
{
	const char *text = optional_text(eval, locale, "the locale", "en");

	if (text == NULL)
		return false;
	if (g_str_has_prefix(text, "en") || strpbrk(expr_date_pattern(format), "Ea") == NULL)
		return strstr(expr_date_pattern(format), "MMM") == NULL ||
		       g_str_has_prefix(text, "en");
	return false;
}

// Reads the input by the arguments; NULL after eval_fail().
static GDateTime *read_input(
	ExprEval *eval, const json_t *input, const DateArguments *arguments, GTimeZone *zone)
{
	const char *existing =
		optional_text(eval, arguments->existing_format, "the existing format", NULL);

	if (eval->error != NULL)
		return NULL;
	return expr_date_read(eval, input, existing, zone);
}

static json_t *show_date(
	ExprEval *eval, GDateTime *date, const DateArguments *arguments, GTimeZone *zone)
{
	const char *format = optional_text(eval, arguments->format, "the format", "iso");
	g_autoptr(GDateTime) shown = format == NULL ? NULL : g_date_time_to_timezone(date, zone);

	if (format == NULL)
		return NULL;
	if (shown == NULL)
		return eval_fail(eval, EXPR_ERROR_VALUE, "the date is beyond the year 9999");
	if (!check_locale(eval, arguments->locale, format))
		return eval_fail(eval, EXPR_ERROR_VALUE, "dates are shown in English only");
	return expr_date_show(eval, shown, format);
}

static json_t *apply_date(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	DateArguments named = {arguments[0], arguments[1], arguments[2], arguments[3]};
	g_autoptr(GTimeZone) zone = expr_date_zone(eval, named.time_zone);
	g_autoptr(GDateTime) date = zone == NULL ? NULL : read_input(eval, input, &named, zone);

	(void)count;
	return date == NULL ? NULL : show_date(eval, date, &named, zone);
}

// ---- dateAdd ----

typedef struct {
	const char *name;
	int64_t microseconds; // of one; 0 for units of the calendar
	int days, months;
} UnitRow;

static const UnitRow units[] = {
	{"MICRO", 1, 0, 0},
	{"MILLI", 1000, 0, 0},
	{"SECOND", G_TIME_SPAN_SECOND, 0, 0},
	{"MINUTE", G_TIME_SPAN_MINUTE, 0, 0},
	{"HOUR", G_TIME_SPAN_HOUR, 0, 0},
	{"HALF_DAY", 12 * G_TIME_SPAN_HOUR, 0, 0},
	{"DAY", 0, 1, 0},
	{"WEEK", 0, 7, 0},
	{"MONTH", 0, 0, 1},
	{"YEAR", 0, 0, 12},
	{"DECADE", 0, 0, 120},
	{"CENTURY", 0, 0, 1200},
};

static const UnitRow *find_unit(ExprEval *eval, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t length = text == NULL ? 0 : strlen(text);

	for (size_t i = 0; text != NULL && i < G_N_ELEMENTS(units); i++) {
		size_t known = strlen(units[i].name);

		if (g_ascii_strncasecmp(text, units[i].name, known) == 0 &&
			(length == known ||
				(length == known + 1 && g_ascii_tolower(text[known]) == 's')))
			return &units[i];
	}
	if (text != NULL && g_ascii_strcasecmp(text, "CENTURIES") == 0)
		return &units[G_N_ELEMENTS(units) - 1];
	eval_fail(eval, EXPR_ERROR_VALUE,
		"unknown unit '%s': use MICROS, MILLIS, SECONDS, MINUTES, HOURS, DAYS, WEEKS, "
		"MONTHS or YEARS",
		text == NULL ? expr_value_kind(value) : text);
	return NULL;
}

static GDateTime *add_to_date(
	ExprEval *eval, GDateTime *date, json_int_t amount, const UnitRow *unit)
{
	GDateTime *sum = NULL;

	// Some 300,000 years in every unit, which is beyond what dates hold.
	if (amount > -INT64_C(120000000) && amount < INT64_C(120000000) &&
		unit->microseconds == 0) {
		if (unit->months != 0 && ABS(amount) < 120000)
			sum = g_date_time_add_months(date, (int)amount * unit->months);
		else if (unit->days != 0 && ABS(amount) < 4000000)
			sum = g_date_time_add_days(date, (int)amount * unit->days);
	} else if (unit->microseconds != 0 &&
		   ABS(amount) < INT64_C(315360000000000000) / unit->microseconds) {
		sum = g_date_time_add(date, amount * unit->microseconds);
	}
	if (sum == NULL)
		eval_fail(eval, EXPR_ERROR_VALUE, "the date is beyond the years 1 to 9999");
	return sum;
}

static json_t *apply_date_add(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count)
{
	DateArguments named = {arguments[2], arguments[3], arguments[4], arguments[5]};
	const UnitRow *unit = find_unit(eval, arguments[1]);
	g_autoptr(GTimeZone) zone = unit == NULL ? NULL : expr_date_zone(eval, named.time_zone);
	g_autoptr(GDateTime) date = zone == NULL ? NULL : read_input(eval, input, &named, zone);
	g_autoptr(GDateTime) sum = NULL;
	json_int_t amount;

	(void)count;
	if (date == NULL || !eval_integer(eval, arguments[0], "the amount", 0, &amount))
		return NULL;
	sum = add_to_date(eval, date, amount, unit);
	return sum == NULL ? NULL : show_date(eval, sum, &named, zone);
}

// ---- timestamps ----

static json_t *timestamp(
	ExprEval *eval, const json_t *input, json_t *const *arguments, int64_t per_second)
{
	DateArguments named = {.time_zone = arguments[0], .existing_format = arguments[1]};
	g_autoptr(GTimeZone) zone = expr_date_zone(eval, named.time_zone);
	g_autoptr(GDateTime) date = zone == NULL ? NULL : read_input(eval, input, &named, zone);
	int64_t seconds, result;

	if (date == NULL)
		return NULL;
	seconds = g_date_time_to_unix(date);
	if (__builtin_mul_overflow(seconds, per_second, &result))
		return eval_fail(eval, EXPR_ERROR_VALUE, "the timestamp does not fit an integer");
	if (per_second > G_USEC_PER_SEC)
		result +=
			(int64_t)g_date_time_get_microsecond(date) * (per_second / G_USEC_PER_SEC);
	else
		result += g_date_time_get_microsecond(date) / (G_USEC_PER_SEC / per_second);
	return json_integer(result);
}

#define TIMESTAMP_FILTER(name, per_second)                                                         \
	static json_t *name(ExprEval *eval, json_t *input, json_t *const *arguments, size_t count) \
	{                                                                                          \
		(void)count;                                                                       \
		return timestamp(eval, input, arguments, per_second);                              \
	}

TIMESTAMP_FILTER(apply_timestamp, 1)
TIMESTAMP_FILTER(apply_timestamp_milli, 1000)
TIMESTAMP_FILTER(apply_timestamp_micro, 1000000)
TIMESTAMP_FILTER(apply_timestamp_nano, 1000000000)

const ExprCallee filters_date[] = {
	{"date", {"format", "timeZone", "existingFormat", "locale"}, 0, 4, 0, apply_date},
	{"dateAdd", {"amount", "unit", "format", "timeZone", "existingFormat", "locale"}, 2, 6, 0,
		apply_date_add},
	{"timestamp", {"timeZone", "existingFormat"}, 0, 2, 0, apply_timestamp},
	{"timestampMilli", {"timeZone", "existingFormat"}, 0, 2, 0, apply_timestamp_milli},
	{"timestampMicro", {"timeZone", "existingFormat"}, 0, 2, 0, apply_timestamp_micro},
	{"timestampNano", {"timeZone", "existingFormat"}, 0, 2, 0, apply_timestamp_nano},
	{.name = NULL},
};
