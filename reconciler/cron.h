// Cron expressions: parsing, and the instants at which they fire. Pure: no clock, no I/O beyond the
// time-zone database that GTimeZone has loaded. A CronExpression is a value; reading it from many
// threads is safe.
//
// Fields: [second] minute hour day-of-month month day-of-week. Each is `*`, `*/n`, a number, a
// range `a-b`, a range with a step `a-b/n`, `a/n` (from a to the end), or a list of those with
// commas. Months and weekdays may be names (JAN, mon); Sunday is 0 and 7. @hourly @daily
// (@midnight) @weekly @monthly @yearly (@annually). Nothing else: no `?`, L, W or #. When
// day-of-month and day-of-week are both restricted (not `*` or `*/n`), a day matches when either
// does.
//
// Daylight saving: an expression whose hour and minute are both fixed (not `*` or `*/n`) fires once
// a day at most for each of its times: a time in a gap fires at the first instant after the gap, a
// time in an overlap the first time only. One with a wildcard hour or minute goes by real elapsed
// time: nothing for local times that do not exist, both passes of an overlap.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
	uint64_t seconds; // bit n: second n
	uint64_t minutes; // bit n: minute n
	uint32_t hours; // bit n: hour n
	uint32_t days; // bit n: day n of the month, from 1
	uint16_t months; // bit n: month n, from 1
	uint8_t weekdays; // bit n: weekday n, 0 is Sunday
	bool either_day; // both day fields are restricted: either may match
	bool wall_clock; // hour and minute are both fixed
} CronExpression;

typedef enum {
	CRON_ERROR_SYNTAX, // the text is no cron expression
	CRON_ERROR_IMPOSSIBLE, // it is one, but no time matches it (minute 60, 31 February)
} CronError;

#define CRON_ERROR cron_error_quark()
GQuark cron_error_quark(void);

// Parses an expression of five fields, or of six when with_seconds. On failure sets a CRON_ERROR, whose
// message starts with "column N: " (from 1) when it is about one place.
bool cron_parse(const char *text, bool with_seconds, CronExpression *cron, GError **error);

// Finds the first instant strictly after `after`. Instants are microseconds since the epoch, UTC.
// Returns false when there is none until the end of the year 9999, in UTC and in the zone.
bool cron_next(const CronExpression *cron, GTimeZone *zone, int64_t after, int64_t *next);

// Finds the last instant strictly before `before`. Returns false when there is none since the
// beginning of the year 1, in UTC and in the zone.
bool cron_previous(const CronExpression *cron, GTimeZone *zone, int64_t before, int64_t *previous);

// The time zone a name stands for ("Europe/Berlin", "UTC", "+05:30"; NULL: UTC): a new reference, or
// NULL when it is unknown. Reading a zone's file takes the better part of a millisecond whenever
// nobody holds the zone: each thread holds the one it asked for last.
GTimeZone *cron_zone(const char *name);

// The check that repo-layout calls for each schedule (flow_check_schedule): NULL when the expression
// and the time zone (NULL: UTC) are good, else what is wrong, to be freed with g_free().
char *cron_check(const char *text, bool with_seconds, const char *time_zone);
