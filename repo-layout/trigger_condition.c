// The conditions that triggers may have, one row each.
#include "repo-layout/trigger_rule.h"
#include "repo-layout/trigger_window.h"

#include <string.h>

typedef bool (*ConditionHolds)(
	const json_t *condition, const TriggerScope *scope, bool *ret_holds, GError **error);

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool cannot(GError **error, const char *what, const char *text)
{
	g_set_error(error, TRIGGER_ERROR, TRIGGER_ERROR_CONDITION, "'%s' is no %s", text, what);
	return false;
}

// ---- Days and times -----------------------------------------------------------------------------------------------

// The moment that the condition looks at, in the offset that it was written with.
static GDateTime *date_of(const json_t *condition, const TriggerScope *scope, GError **error)
{
	const char *written = text_at(condition, "date");
	g_autofree char *text = NULL;
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	GDateTime *date;

	if (written == NULL) {
		g_autoptr(GDateTime) start = g_date_time_new_from_unix_utc(0);

		return g_date_time_add(start, scope->date);
	}
	text = trigger_text_render(written, scope, error);
	if (text == NULL)
		return NULL;
	date = g_date_time_new_from_iso8601(text, utc);
	if (date == NULL && strlen(text) == strlen("2026-11-21")) {
		g_autofree char *midnight = g_strconcat(text, "T00:00:00Z", NULL);

		date = g_date_time_new_from_iso8601(midnight, utc);
	}
	if (date == NULL)
		cannot(error, "date", text);
	return date;
}

// MONDAY is 1, as in GDateTime; 0: no day.
static int weekday_of(const char *name)
{
	static const char *const names[] = {
		"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"};

	for (size_t i = 0; name != NULL && i < G_N_ELEMENTS(names); i++) {
		if (g_ascii_strcasecmp(names[i], name) == 0)
			return (int)i + 1;
	}
	return 0;
}

static bool weekday_read(const json_t *condition, const TriggerScope *scope, const char *key,
	int *ret_day, GError **error)
{
	const char *written = text_at(condition, key);
	g_autofree char *text = trigger_text_render(written != NULL ? written : "", scope, error);

	if (text == NULL)
		return false;
	*ret_day = weekday_of(text);
	return *ret_day != 0 || cannot(error, "day of the week", text);
}

static bool day_week(
	const json_t *condition, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	g_autoptr(GDateTime) date = date_of(condition, scope, error);
	int day = 0;

	if (date == NULL || !weekday_read(condition, scope, "dayOfWeek", &day, error))
		return false;
	*ret_holds = g_date_time_get_day_of_week(date) == day;
	return true;
}

static bool weekend(
	const json_t *condition, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	g_autoptr(GDateTime) date = date_of(condition, scope, error);

	if (date == NULL)
		return false;
	*ret_holds = g_date_time_get_day_of_week(date) >= 6;
	return true;
}

// Whether the day is the first, …, fourth or last of its weekday in the month.
static bool day_week_in_month(
	const json_t *condition, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	static const char *const places[] = {"FIRST", "SECOND", "THIRD", "FOURTH"};
	g_autoptr(GDateTime) date = date_of(condition, scope, error);
	const char *place = text_at(condition, "dayInMonth");
	int day = 0;

	if (date == NULL || !weekday_read(condition, scope, "dayOfWeek", &day, error))
		return false;
	int of_month = g_date_time_get_day_of_month(date);
	bool right_day = g_date_time_get_day_of_week(date) == day;
	if (g_strcmp0(place, "LAST") == 0) {
		*ret_holds =
			right_day && of_month + 7 > g_date_get_days_in_month(
							    (GDateMonth)g_date_time_get_month(date),
							    (GDateYear)g_date_time_get_year(date));
		return true;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		if (g_strcmp0(place, places[i]) == 0) {
			*ret_holds = right_day && (size_t)(of_month - 1) / 7 == i;
			return true;
		}
	}
	return cannot(error, "place in a month", place != NULL ? place : "");
}

static int64_t moment_of(GDateTime *date)
{
	return g_date_time_to_unix(date) * G_USEC_PER_SEC + g_date_time_get_microsecond(date);
}

// The moment that the condition has under the key, if it has one.
static bool bound_moment(const json_t *condition, const TriggerScope *scope, const char *key,
	int64_t *ret_at, bool *ret_given, GError **error)
{
	json_t *as_date = json_pack("{s:O?}", "date", json_object_get(condition, key));
	g_autoptr(GDateTime) date = NULL;

	*ret_given = text_at(condition, key) != NULL;
	if (*ret_given)
		date = date_of(as_date, scope, error);
	json_decref(as_date);
	if (!*ret_given)
		return true;
	if (date == NULL)
		return false;
	*ret_at = moment_of(date);
	return true;
}

static bool date_time_between(
	const json_t *condition, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	g_autoptr(GDateTime) date = date_of(condition, scope, error);
	int64_t after = 0, before = 0;
	bool has_after, has_before;

	if (date == NULL || !bound_moment(condition, scope, "after", &after, &has_after, error) ||
		!bound_moment(condition, scope, "before", &before, &has_before, error))
		return false;
	int64_t at = moment_of(date);
	*ret_holds = (!has_after || at > after) && (!has_before || at < before);
	return true;
}

// Times of the day compare on the clock of their own offset.
static bool time_side(const json_t *condition, const TriggerScope *scope, const char *key,
	int64_t at, int *ret_side, GError **error)
{
	const char *written = text_at(condition, key);
	int64_t offset, time;

	*ret_side = 0;
	if (written == NULL)
		return true;
	g_autofree char *text = trigger_text_render(written, scope, error);
	if (text == NULL)
		return false;
	if (!trigger_time_of_day(text, &time, &offset))
		return cannot(error, "time of the day", text);
	const int64_t day = 24 * 3600 * (int64_t)G_USEC_PER_SEC;
	int64_t local = (at + offset) % day;
	local = local < 0 ? local + day : local;
	*ret_side = local > time ? 1 : local < time ? -1 : 2;
	return true;
}

static bool time_between(
	const json_t *condition, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	g_autoptr(GDateTime) date = date_of(condition, scope, error);
	int after, before;

	if (date == NULL || !time_side(condition, scope, "after", moment_of(date), &after, error) ||
		!time_side(condition, scope, "before", moment_of(date), &before, error))
		return false;
	*ret_holds = (after == 0 || after == 1) && (before == 0 || before == -1);
	return true;
}

// ---- The run that ended -------------------------------------------------------------------------------------------

// How a name is compared: equal, or with `comparison`/`prefix` by its beginning or end.
static bool name_holds(const json_t *condition, const char *wanted, const char *name)
{
	const char *comparison = text_at(condition, "comparison");
	bool prefix = json_is_true(json_object_get(condition, "prefix")) ||
		      g_strcmp0(comparison, "PREFIX") == 0;

	if (wanted == NULL || name == NULL)
		return wanted == NULL;
	if (prefix)
		return g_str_has_prefix(name, wanted);
	if (g_strcmp0(comparison, "SUFFIX") == 0)
		return g_str_has_suffix(name, wanted);
	return strcmp(wanted, name) == 0;
}

static bool execution_flow(
	const json_t *condition, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	const char *flow = text_at(condition, "flowId");

	(void)error;
	*ret_holds = scope->run != NULL &&
		     name_holds(NULL, text_at(condition, "namespace"),
			     text_at(scope->run, "namespace")) &&
		     name_holds(NULL, flow, text_at(scope->run, "flowId"));
	return true;
}

static bool execution_namespace(
	const json_t *condition, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	(void)error;
	*ret_holds = scope->run != NULL && name_holds(condition, text_at(condition, "namespace"),
						   text_at(scope->run, "namespace"));
	return true;
}

static bool execution_status(
	const json_t *condition, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	const json_t *in = json_object_get(condition, "in");
	const json_t *not_in = json_object_get(condition, "notIn");
	const char *state = text_at(scope->run, "state");

	(void)error;
	*ret_holds = scope->run != NULL && (in == NULL || trigger_list_has(in, state)) &&
		     (not_in == NULL || !trigger_list_has(not_in, state));
	return true;
}

static bool execution_labels(
	const json_t *condition, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	(void)error;
	*ret_holds = scope->run != NULL &&
		     trigger_labels_hold(json_object_get(condition, "labels"), scope->run);
	return true;
}

static bool expression(
	const json_t *condition, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	const char *text = text_at(condition, "expression");

	return trigger_text_holds(text != NULL ? text : "", scope, ret_holds, error);
}

static bool execution_outputs(
	const json_t *condition, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	*ret_holds = false;
	return scope->run == NULL || expression(condition, scope, ret_holds, error);
}

static bool has_retry_attempt(
	const json_t *condition, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	(void)condition, (void)error;
	*ret_holds = json_integer_value(json_object_get(scope->run, "attempt")) > 1;
	return true;
}

// ---- Of conditions ------------------------------------------------------------------------------------------------

static bool any_holds(
	const json_t *condition, const TriggerScope *scope, bool *ret_found, GError **error)
{
	const json_t *inner;
	size_t index;

	*ret_found = false;
	json_array_foreach(json_object_get(condition, "conditions"), index, inner)
	{
		bool holds = false;

		if (!trigger_condition_holds(inner, scope, &holds, error))
			return false;
		*ret_found = *ret_found || holds;
	}
	return true;
}

static bool or_conditions(
	const json_t *condition, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	return any_holds(condition, scope, ret_holds, error);
}

// None of them may hold.
static bool not_conditions(
	const json_t *condition, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	bool found = false;
	bool told = any_holds(condition, scope, &found, error);

	*ret_holds = told && !found;
	return told;
}

static bool unknown_holidays(
	const json_t *condition, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	(void)condition, (void)scope;
	*ret_holds = false;
	g_set_error(error, TRIGGER_ERROR, TRIGGER_ERROR_CONDITION,
		"weir knows no public holidays; list the days in an expression in 'when'");
	return false;
}

static const struct {
	const char *type;
	ConditionHolds holds;
} kinds[] = {
	{"date-time-between", date_time_between},
	{"day-week", day_week},
	{"day-week-in-month", day_week_in_month},
	{"execution-flow", execution_flow},
	{"execution-labels", execution_labels},
	{"execution-namespace", execution_namespace},
	{"execution-outputs", execution_outputs},
	{"execution-status", execution_status},
	{"expression", expression},
	{"flow", execution_flow},
	{"flow-namespace", execution_namespace},
	{"has-retry-attempt", has_retry_attempt},
	{"not", not_conditions},
	{"or", or_conditions},
	{"public-holiday", unknown_holidays},
	{"time-between", time_between},
	{"variable", expression},
	{"weekend", weekend},
};

bool trigger_condition_holds(
	const json_t *condition, const TriggerScope *scope, bool *ret_holds, GError **error)
{
	const char *type = text_at(condition, "type");

	*ret_holds = false;
	for (size_t i = 0; type != NULL && i < G_N_ELEMENTS(kinds); i++) {
		if (strcmp(kinds[i].type, type) == 0)
			return kinds[i].holds(condition, scope, ret_holds, error);
	}
	return cannot(error, "condition that can be told here", type != NULL ? type : "");
}
