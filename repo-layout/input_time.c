#include "repo-layout/input_read.h"

#include "expr/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Texts of dates and times of one kind order as they are written, once in the same form.
static bool check_order(const Input *input, const char *text, GError **error)
{
	const char *after = input_property(input, "after");
	const char *before = input_property(input, "before");

	if (after != NULL && strcmp(text, after) <= 0) {
		input_refuse(error, "must be after %s", after);
		return false;
	}
	if (before != NULL && strcmp(text, before) >= 0) {
		input_refuse(error, "must be before %s", before);
		return false;
	}
	return true;
}

json_t *input_read_date(const Input *input, json_t *value, GError **error)
{
	const char *text = json_string_value(value);
	int year, month, day, used = 0;

	if (text == NULL || strlen(text) != 10 ||
		sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3 || used != 10 ||
		year < 1 || month < 1 || month > 12 || day < 1 ||
		!g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year)) {
		g_autofree char *shown = expr_value_text(value);
		return input_refuse(error, "is no date like 2026-01-31: '%s'", shown);
	}
	return check_order(input, text, error) ? json_string(text) : NULL;
}

// The fraction of a second with three, six or no digits.
static void append_fraction(GString *text, int microseconds)
{
	if (microseconds % 1000 != 0)
		g_string_append_printf(text, ".%06d", microseconds);
	else if (microseconds != 0)
		g_string_append_printf(text, ".%03d", microseconds / 1000);
}

// A moment is the same text wherever it was written: in UTC.
static json_t *instant_text(GDateTime *time)
{
	g_autoptr(GDateTime) utc = g_date_time_to_utc(time);
	g_autofree char *seconds = g_date_time_format(utc, "%Y-%m-%dT%H:%M:%S");
	g_autoptr(GString) text = g_string_new(seconds);

	append_fraction(text, g_date_time_get_microsecond(utc));
	g_string_append_c(text, 'Z');
	return json_string(text->str);
}

json_t *input_read_datetime(const Input *input, json_t *value, GError **error)
{
	const char *text = json_string_value(value);
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autoptr(GDateTime) time = text == NULL ? NULL : g_date_time_new_from_iso8601(text, utc);

	if (time == NULL) {
		g_autofree char *shown = expr_value_text(value);
		return input_refuse(
			error, "is no date and time like 2026-01-31T08:00:00Z: '%s'", shown);
	}
	for (int i = 0; i < 2; i++) {
		const char *bound = input_property(input, i == 0 ? "after" : "before");
		g_autoptr(GDateTime) limit =
			bound == NULL ? NULL : g_date_time_new_from_iso8601(bound, utc);
		int order = limit == NULL ? 0 : g_date_time_compare(time, limit);

		if (limit != NULL && (i == 0 ? order <= 0 : order >= 0))
			return input_refuse(
				error, "must be %s %s", i == 0 ? "after" : "before", bound);
	}
	return instant_text(time);
}

// Reads HH:MM[:SS[.fraction]] into the form that all have, so that they order as texts.
static bool time_read(const char *text, GString *ret_time)
{
	int hour = 0, minute = 0, second = 0, used = 0;
	int fields = text == NULL ? 0
				  : sscanf(text, "%2d:%2d%n:%2d%n", &hour, &minute, &used, &second,
					    &used);
	const char *rest = fields < 2 ? "?" : text + used;
	size_t digits = *rest == '.' ? strspn(rest + 1, "0123456789") : 0;
	char fraction[] = "000000";

	if (*rest == '.' && fields == 3 && digits > 0 && digits <= 9) {
		memcpy(fraction, rest + 1, MIN(digits, strlen(fraction)));
		rest += 1 + digits;
	}
	if (*rest != '\0' || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
		second > 59)
		return false;
	g_string_printf(ret_time, "%02d:%02d:%02d", hour, minute, second);
	append_fraction(ret_time, atoi(fraction));
	return true;
}

json_t *input_read_time(const Input *input, json_t *value, GError **error)
{
	static const struct {
		const char *key;
		int sign;
	} bounds[] = {{"after", 1}, {"before", -1}};
	g_autoptr(GString) time = g_string_new(NULL), limit = g_string_new(NULL);

	if (!time_read(json_string_value(value), time)) {
		g_autofree char *shown = expr_value_text(value);
		return input_refuse(error, "is no time of day like 08:30:00: '%s'", shown);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(bounds); i++) {
		const char *bound = input_property(input, bounds[i].key);
		int order = bound != NULL && time_read(bound, limit) ? strcmp(time->str, limit->str)
								     : bounds[i].sign;

		if (order * bounds[i].sign <= 0)
			return input_refuse(error, "must be %s %s", bounds[i].key, bound);
	}
	return json_string(time->str);
}

// One text for each length: hours, minutes and seconds, each where it is not 0.
static json_t *duration_json(int64_t duration)
{
	g_autoptr(GString) text = g_string_new(duration < 0 ? "-PT" : "PT");
	uint64_t rest = duration < 0 ? 0 - (uint64_t)duration : (uint64_t)duration;
	uint64_t seconds = rest / G_USEC_PER_SEC;
	unsigned fraction = (unsigned)(rest % G_USEC_PER_SEC);

	if (seconds >= 3600)
		g_string_append_printf(text, "%" G_GUINT64_FORMAT "H", seconds / 3600);
	if (seconds / 60 % 60 > 0)
		g_string_append_printf(text, "%uM", (unsigned)(seconds / 60 % 60));
	if (fraction > 0) {
		g_string_append_printf(text, "%u.%06u", (unsigned)(seconds % 60), fraction);
		while (text->str[text->len - 1] == '0')
			g_string_truncate(text, text->len - 1);
		g_string_append_c(text, 'S');
	} else if (seconds % 60 > 0 || seconds == 0) {
		g_string_append_printf(text, "%uS", (unsigned)(seconds % 60));
	}
	return json_string(text->str);
}

json_t *input_read_duration(const Input *input, json_t *value, GError **error)
{
	const char *text = json_string_value(value);
	int64_t duration, limit;

	if (text == NULL || !duration_parse(text, &duration)) {
		g_autofree char *shown = expr_value_text(value);
		return input_refuse(error, "is no duration like PT1H30M: '%s'", shown);
	}
	if (input_property(input, "min") != NULL &&
		duration_parse(input_property(input, "min"), &limit) && duration < limit)
		return input_refuse(
			error, "is less than the least allowed, %s", input_property(input, "min"));
	if (input_property(input, "max") != NULL &&
		duration_parse(input_property(input, "max"), &limit) && duration > limit)
		return input_refuse(
			error, "is more than the most allowed, %s", input_property(input, "max"));
	return duration_json(duration);
}
