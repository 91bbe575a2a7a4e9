#include "reconciler/cron.h"

// Instants are seconds since the epoch, UTC. A "wall time" is what clocks on the wall show, written as the seconds that
// would have passed since the epoch had they never been changed.

enum {
	DAY_SECONDS = 86400,
	EPOCH_JULIAN = 719163 // GDate counts days from 1 January of the year 1, its day 1
};

// The first second of the year 1 and the last of the year 9999: times outside of them cannot be written, whether by the
// wall or in UTC, and are not looked for.
#define EARLIEST INT64_C(-62135596800)
#define LATEST	 INT64_C(253402300799)

// ---- wall times that match ----

static unsigned lowest_bit(uint64_t bits)
{
	return (unsigned)__builtin_ctzll(bits);
}

static unsigned highest_bit(uint64_t bits)
{
	return 63 - (unsigned)__builtin_clzll(bits);
}

// The bits from n up; those from n down.
static uint64_t bits_from(uint64_t bits, unsigned n)
{
	return n > 63 ? 0 : bits & ~((UINT64_C(1) << n) - 1);
}

static uint64_t bits_to(uint64_t bits, unsigned n)
{
	return n > 62 ? bits : bits & ((UINT64_C(2) << n) - 1);
}

// The first matching second of a day from a given one on, or -1.
static int next_second(const CronExpression *cron, unsigned from)
{
	unsigned hour = from / 3600, minute = from / 60 % 60, second = from % 60;
	uint64_t hours = bits_from(cron->hours, hour), minutes, seconds;

	for (; hours != 0; hours &= hours - 1) {
		bool same_hour = lowest_bit(hours) == hour;

		minutes = same_hour ? bits_from(cron->minutes, minute) : cron->minutes;
		for (; minutes != 0; minutes &= minutes - 1) {
			bool same_minute = same_hour && lowest_bit(minutes) == minute;

			seconds = same_minute ? bits_from(cron->seconds, second) : cron->seconds;
			if (seconds != 0)
				return (int)(lowest_bit(hours) * 3600 + lowest_bit(minutes) * 60 +
					     lowest_bit(seconds));
		}
	}
	return -1;
}

// The last matching second of a day up to a given one, or -1.
static int previous_second(const CronExpression *cron, unsigned to)
{
	unsigned hour = to / 3600, minute = to / 60 % 60, second = to % 60;
	uint64_t hours = bits_to(cron->hours, hour), minutes, seconds;

	for (; hours != 0; hours &= ~(UINT64_C(1) << highest_bit(hours))) {
		bool same_hour = highest_bit(hours) == hour;

		minutes = same_hour ? bits_to(cron->minutes, minute) : cron->minutes;
		for (; minutes != 0; minutes &= ~(UINT64_C(1) << highest_bit(minutes))) {
			bool same_minute = same_hour && highest_bit(minutes) == minute;

			seconds = same_minute ? bits_to(cron->seconds, second) : cron->seconds;
			if (seconds != 0)
				return (int)(highest_bit(hours) * 3600 + highest_bit(minutes) * 60 +
					     highest_bit(seconds));
		}
	}
	return -1;
}

static bool day_matches(const CronExpression *cron, const GDate *date)
{
	bool by_day = (cron->days & (UINT32_C(1) << g_date_get_day(date))) != 0;
	bool by_weekday = (cron->weekdays & (1u << (g_date_get_weekday(date) % 7))) != 0;

	return cron->either_day ? by_day || by_weekday : by_day && by_weekday;
}

static void split_wall(int64_t wall, GDate *date, unsigned *second)
{
	int64_t day = wall / DAY_SECONDS - (wall % DAY_SECONDS < 0);

	g_date_clear(date, 1);
	g_date_set_julian(date, (guint32)(day + EPOCH_JULIAN));
	*second = (unsigned)(wall - day * DAY_SECONDS);
}

static int64_t join_wall(const GDate *date, int second)
{
	return ((int64_t)g_date_get_julian(date) - EPOCH_JULIAN) * DAY_SECONDS + second;
}

// The first matching wall time from a given one on.
static bool next_wall(const CronExpression *cron, int64_t from, int64_t *wall)
{
	GDate date;
	unsigned second;
	int found;

	split_wall(MAX(from, EARLIEST), &date, &second);
	while (g_date_get_year(&date) <= 9999) {
		if ((cron->months & (1u << g_date_get_month(&date))) == 0) {
			g_date_set_day(&date, 1);
			g_date_add_months(&date, 1);
			second = 0;
			continue;
		}
		found = day_matches(cron, &date) ? next_second(cron, second) : -1;
		if (found >= 0) {
			*wall = join_wall(&date, found);
			return true;
		}
		g_date_add_days(&date, 1);
		second = 0;
	}
	return false;
}

// The last matching wall time up to a given one.
static bool previous_wall(const CronExpression *cron, int64_t to, int64_t *wall)
{
	GDate date;
	unsigned second;
	int found;

	if (to < EARLIEST)
		return false;
	split_wall(MIN(to, LATEST), &date, &second);
	for (;;) {
		bool month_matches = (cron->months & (1u << g_date_get_month(&date))) != 0;

		found = month_matches && day_matches(cron, &date) ? previous_second(cron, second)
								  : -1;
		if (found >= 0) {
			*wall = join_wall(&date, found);
			return true;
		}
		if (!month_matches)
			g_date_set_day(&date, 1);
		if (g_date_get_julian(&date) == 1)
			return false;
		g_date_subtract_days(&date, 1);
		second = DAY_SECONDS - 1;
	}
}

// ---- time zones ----

static int interval_at(GTimeZone *zone, int64_t instant)
{
	return g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, instant);
}

static int64_t offset_at(GTimeZone *zone, int64_t instant)
{
	return g_time_zone_get_offset(zone, interval_at(zone, instant));
}

// The first instant in (from, to] whose interval is not that of from; to + 1 when there is none.
static int64_t first_change(GTimeZone *zone, int64_t from, int64_t to)
{
	int interval = interval_at(zone, from);

	if (from >= to || interval_at(zone, to) == interval)
		return to + 1;
	while (to - from > 1) {
		int64_t middle = from + (to - from) / 2;

		if (interval_at(zone, middle) == interval)
			from = middle;
		else
			to = middle;
	}
	return to;
}

// The first instant of the interval of `to`, or from when the interval reaches back so far.
static int64_t interval_start(GTimeZone *zone, int64_t from, int64_t to)
{
	int interval = interval_at(zone, to);

	if (from >= to || interval_at(zone, from) == interval)
		return from;
	while (to - from > 1) {
		int64_t middle = from + (to - from) / 2;

		if (interval_at(zone, middle) == interval)
			to = middle;
		else
			from = middle;
	}
	return to;
}

// The instant at which the wall shows a time: the first of two in an overlap, the first after it in a gap.
static int64_t instant_of_wall(GTimeZone *zone, int64_t wall)
{
	int64_t start = wall - DAY_SECONDS, last = wall + DAY_SECONDS;

	for (;;) {
		int64_t instant = wall - offset_at(zone, start),
			end = first_change(zone, start, last);

		if (instant < start)
			return start;
		if (instant < end || end > last)
			return instant;
		start = end;
	}
}

// ---- fixed times: by the wall ----

static bool next_by_wall(const CronExpression *cron, GTimeZone *zone, int64_t after, int64_t *next)
{
	int64_t wall = after + offset_at(zone, after);

	do {
		if (!next_wall(cron, wall + 1, &wall))
			return false;
		*next = instant_of_wall(zone, wall);
	} while (*next <= after);
	return true;
}

static bool previous_by_wall(
	const CronExpression *cron, GTimeZone *zone, int64_t before, int64_t *previous)
{
	int64_t last = before - 1, wall = last + offset_at(zone, last);

	// In the second pass of an overlap, later wall times have passed as well.
	for (int hours = 1; hours <= 24; hours++)
		wall = MAX(wall, last + offset_at(zone, last - hours * INT64_C(3600)));
	wall++;
	do {
		if (!previous_wall(cron, wall - 1, &wall))
			return false;
		*previous = instant_of_wall(zone, wall);
	} while (*previous >= before);
	return true;
}

// ---- wildcards: by elapsed time ----

static bool next_by_elapsed(
	const CronExpression *cron, GTimeZone *zone, int64_t after, int64_t *next)
{
	int64_t start = after + 1, wall, change;

	for (;;) {
		int64_t offset = offset_at(zone, start);

		if (!next_wall(cron, start + offset, &wall))
			return false;
		*next = wall - offset;
		change = first_change(zone, start, *next);
		if (change > *next)
			return true;
		start = change;
	}
}

static bool previous_by_elapsed(
	const CronExpression *cron, GTimeZone *zone, int64_t before, int64_t *previous)
{
	int64_t last = before - 1, wall, start;

	for (;;) {
		int64_t offset = offset_at(zone, last);

		if (!previous_wall(cron, last + offset, &wall))
			return false;
		*previous = wall - offset;
		start = interval_start(zone, *previous, last);
		if (start <= *previous)
			return true;
		last = start - 1;
	}
}

// ---- instants in microseconds ----

bool cron_next(const CronExpression *cron, GTimeZone *zone, int64_t after, int64_t *next)
{
	int64_t second = after / G_USEC_PER_SEC - (after % G_USEC_PER_SEC < 0);
	bool found;

	second = MAX(second, EARLIEST - 1);
	if (second >= LATEST)
		return false;
	found = cron->wall_clock ? next_by_wall(cron, zone, second, next)
				 : next_by_elapsed(cron, zone, second, next);
	found = found && *next <= LATEST;
	*next = found ? *next * G_USEC_PER_SEC : 0;
	return found;
}

bool cron_previous(const CronExpression *cron, GTimeZone *zone, int64_t before, int64_t *previous)
{
	int64_t second = before / G_USEC_PER_SEC + (before % G_USEC_PER_SEC > 0);
	bool found;

	second = MIN(second, LATEST + 1);
	if (second <= EARLIEST)
		return false;
	found = cron->wall_clock ? previous_by_wall(cron, zone, second, previous)
				 : previous_by_elapsed(cron, zone, second, previous);
	found = found && *previous >= EARLIEST;
	*previous = found ? *previous * G_USEC_PER_SEC : 0;
	return found;
}
