#include "repo-layout/trigger_window.h"

#include "repo-layout/flow.h"

#include <string.h>

#define SECOND ((int64_t)G_USEC_PER_SEC)
#define DAY    (24 * 3600 * SECOND)

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool wrong(GError **error, const char *key, const char *text, const char *like)
{
	g_set_error(error, TRIGGER_ERROR, TRIGGER_ERROR_CONDITION,
		"'%s' is '%s'; it is written like %s", key, text != NULL ? text : "", like);
	return false;
}

// ---- Times of the day ---------------------------------------------------------------------------------------------

// Two digits up to a limit; the text moves on.
static bool two_digits(const char **text, int limit, int64_t *ret_number)
{
	const char *at = *text;

	if (!g_ascii_isdigit(at[0]) || !g_ascii_isdigit(at[1]))
		return false;
	*ret_number = (at[0] - '0') * 10 + (at[1] - '0');
	*text += 2;
	return *ret_number <= limit;
}

// ".5": microseconds; digits beyond them are dropped.
static bool fraction(const char **text, int64_t *ret_microseconds)
{
	int64_t unit = SECOND / 10;

	*ret_microseconds = 0;
	if (**text != '.')
		return true;
	(*text)++;
	if (!g_ascii_isdigit(**text))
		return false;
	for (; g_ascii_isdigit(**text); (*text)++, unit /= 10)
		*ret_microseconds += (**text - '0') * unit;
	return true;
}

static bool offset_read(const char *text, int64_t *ret_offset)
{
	int64_t hours, minutes = 0;
	bool west = *text == '-';

	*ret_offset = 0;
	if (*text == '\0' || strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
		return true;
	if (*text != '+' && *text != '-')
		return false;
	text++;
	if (!two_digits(&text, 18, &hours))
		return false;
	text += *text == ':';
	if (*text != '\0' && !two_digits(&text, 59, &minutes))
		return false;
	*ret_offset = (hours * 60 + minutes) * 60 * SECOND * (west ? -1 : 1);
	return *text == '\0';
}

bool trigger_time_of_day(const char *text, int64_t *ret_time, int64_t *ret_offset)
{
	int64_t hours, minutes, seconds = 0, part = 0;

	if (!two_digits(&text, 23, &hours) || *text++ != ':' || !two_digits(&text, 59, &minutes))
		return false;
	if (*text == ':') {
		text++;
		if (!two_digits(&text, 59, &seconds) || !fraction(&text, &part))
			return false;
	}
	*ret_time = ((hours * 60 + minutes) * 60 + seconds) * SECOND + part;
	return offset_read(text, ret_offset);
}

// ---- Windows ------------------------------------------------------------------------------------------------------

static int64_t floor_to(int64_t at, int64_t step)
{
	int64_t rest = at % step;

	return at - (rest < 0 ? rest + step : rest);
}

static bool duration_at(const json_t *window, const char *key, int64_t fallback,
	int64_t *ret_duration, GError **error)
{
	const char *text = text_at(window, key);
	bool backwards = text != NULL && *text == '-';

	*ret_duration = fallback;
	if (text == NULL)
		return true;
	if (!duration_parse(text + backwards, ret_duration))
		return wrong(error, key, text, "PT1H");
	if (backwards)
		*ret_duration = -*ret_duration;
	return true;
}

static bool time_at(const json_t *window, const char *key, int64_t *ret_time, int64_t *ret_offset,
	GError **error)
{
	const char *text = text_at(window, key);

	return (text != NULL && trigger_time_of_day(text, ret_time, ret_offset)) ||
	       wrong(error, key, text, "09:00:00+01:00");
}

static bool length_at(const json_t *window, int64_t *ret_length, GError **error)
{
	if (!duration_at(window, "window", DAY, ret_length, error))
		return false;
	return *ret_length > 0 || wrong(error, "window", text_at(window, "window"), "PT1H");
}

static bool duration_window(const json_t *window, int64_t at, TriggerWindow *ret_window,
	bool *ret_inside, GError **error)
{
	int64_t length, advance;

	if (!length_at(window, &length, error) ||
		!duration_at(window, "windowAdvance", 0, &advance, error))
		return false;
	ret_window->begin = floor_to(at - advance, length) + advance;
	ret_window->end = ret_window->begin + length;
	*ret_inside = true;
	return true;
}

static bool sliding_window(const json_t *window, int64_t at, TriggerWindow *ret_window,
	bool *ret_inside, GError **error)
{
	int64_t length;

	if (!length_at(window, &length, error))
		return false;
	*ret_window = (TriggerWindow){at - length, at + 1};
	*ret_inside = true;
	return true;
}

static bool deadline_window(const json_t *window, int64_t at, TriggerWindow *ret_window,
	bool *ret_inside, GError **error)
{
	int64_t time, offset;

	if (!time_at(window, "deadline", &time, &offset, error))
		return false;
	ret_window->begin = floor_to(at + offset, DAY) - offset;
	ret_window->end = ret_window->begin + time;
	*ret_inside = at < ret_window->end;
	return true;
}

// The last beginning at or before the moment decides which of two days' windows it is.
static bool daily_window(const json_t *window, int64_t at, TriggerWindow *ret_window,
	bool *ret_inside, GError **error)
{
	int64_t start, start_offset, end, end_offset;

	if (!time_at(window, "startTime", &start, &start_offset, error) ||
		!time_at(window, "endTime", &end, &end_offset, error))
		return false;
	const int64_t first = start - start_offset; // after midnight UTC
	ret_window->begin = floor_to(at - first, DAY) + first;
	int64_t length = (end - end_offset - first) % DAY;
	ret_window->end = ret_window->begin + (length > 0 ? length : length + DAY);
	*ret_inside = at < ret_window->end;
	return true;
}

static const struct {
	const char *type;
	bool (*at)(const json_t *window, int64_t at, TriggerWindow *ret_window, bool *ret_inside,
		GError **error);
} window_kinds[] = {
	{"DURATION_WINDOW", duration_window},
	{"SLIDING_WINDOW", sliding_window},
	{"DAILY_TIME_DEADLINE", deadline_window},
	{"DAILY_TIME_WINDOW", daily_window},
};

bool trigger_window_at(const json_t *time_window, int64_t at, TriggerWindow *ret_window,
	bool *ret_inside, GError **error)
{
	const char *type = text_at(time_window, "type");

	*ret_window = (TriggerWindow){0};
	*ret_inside = false;
	if (type == NULL)
		type = "DURATION_WINDOW";
	for (size_t i = 0; i < G_N_ELEMENTS(window_kinds); i++) {
		if (strcmp(window_kinds[i].type, type) == 0)
			return window_kinds[i].at(time_window, at, ret_window, ret_inside, error);
	}
	return wrong(error, "type", type,
		"DURATION_WINDOW, SLIDING_WINDOW, DAILY_TIME_DEADLINE or DAILY_TIME_WINDOW");
}
