// Cron: tables of expressions and the instants at which they fire, and a comparison with an obvious slow model.
#include "reconciler/cron.h"

#include <stdlib.h>
#include <string.h>

// ---- parsing ----

static void test_parse(void)
{
	static const struct {
		const char *text;
		uint64_t minutes;
		uint32_t hours, days;
		uint16_t months;
		uint8_t weekdays;
		bool with_seconds, either_day, wall_clock;
	} cases[] = {
		{"* * * * *", (UINT64_C(1) << 60) - 1, 0xffffff, 0xfffffffe, 0x1ffe, 0x7f, false,
			false, false},
		{"0 0 1 1 0", 1, 1, 2, 2, 1, false, true, true},
		{" 5,10-12 \t 1-7/3 * JAN,mar-MAY mon-fri ", 0x1c20, 0x92, 0xfffffffe, 0x3a, 0x3e,
			false, false, true},
		{"*/15 8/6 * * *", 0x200040008001, 0x104100, 0xfffffffe, 0x1ffe, 0x7f, false, false,
			false},
		{"0 */6 */10 * 7", 1, 0x41041, 0x80200802, 0x1ffe, 1, false, false, false},
		{"0 0 * * 5-7", 1, 1, 0xfffffffe, 0x1ffe, 0x61, false, false, true},
		{"0 0 * * fri-sun", 1, 1, 0xfffffffe, 0x1ffe, 0x61, false, false, true},
		{"0 0 * * sun-tue", 1, 1, 0xfffffffe, 0x1ffe, 0x7, false, false, true},
		{"0 0 * * */2", 1, 1, 0xfffffffe, 0x1ffe, 0x55, false, false, true},
		{"0 0 *,5 * *", 1, 1, 0xfffffffe, 0x1ffe, 0x7f, false, false, true},
		{"0 0 1 * *,1", 1, 1, 2, 0x1ffe, 0x7f, false, true, true},
		{"30 0 0 1 * *", 1, 1, 2, 0x1ffe, 0x7f, true, false, true},
		{"@hourly", 1, 0xffffff, 0xfffffffe, 0x1ffe, 0x7f, false, false, false},
		{"@DAILY", 1, 1, 0xfffffffe, 0x1ffe, 0x7f, true, false, true},
		{"@weekly", 1, 1, 0xfffffffe, 0x1ffe, 1, false, false, true},
		{"@monthly", 1, 1, 2, 0x1ffe, 0x7f, false, false, true},
		{" @yearly ", 1, 1, 2, 2, 0x7f, false, false, true},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		CronExpression cron;

		g_test_message("%s", cases[i].text);
		cron_parse(cases[i].text, cases[i].with_seconds, &cron, &error);
		g_assert_no_error(error);
		g_assert_cmphex(cron.minutes, ==, cases[i].minutes);
		g_assert_cmphex(cron.hours, ==, cases[i].hours);
		g_assert_cmphex(cron.days, ==, cases[i].days);
		g_assert_cmphex(cron.months, ==, cases[i].months);
		g_assert_cmphex(cron.weekdays, ==, cases[i].weekdays);
		g_assert_true(cron.either_day == cases[i].either_day);
		g_assert_true(cron.wall_clock == cases[i].wall_clock);
	}
}

static void test_faults(void)
{
	static const struct {
		const char *text;
		bool with_seconds;
		const char *message;
	} cases[] = {
		{"", false,
			"column 1: the expression is empty: it has 5 fields, minute hour "
			"day-of-month month day-of-week"},
		{"* * * *", false,
			"column 8: the expression has 4 fields, not 5 (minute hour day-of-month "
			"month day-of-week)"},
		{"*", false,
			"column 2: the expression has 1 field, not 5 (minute hour day-of-month "
			"month day-of-week)"},
		{"* * * * * *", false,
			"column 11: the expression has 6 fields, not 5 (minute hour day-of-month "
			"month day-of-week); one with seconds needs withSeconds"},
		{"* * * * *", true,
			"column 10: the expression has 5 fields, not 6 (second minute hour "
			"day-of-month month day-of-week)"},
		{"* * * jna *", false, "column 7: unknown month 'jna'; the names are JAN to DEC"},
		{"* * * * monday", false,
			"column 9: unknown day of week 'monday'; the names are SUN to SAT"},
		{"*/x * * * *", false, "column 3: a number must follow the '/'"},
		{"1,,2 * * * *", false, "column 3: ',' is not available in the minute"},
		{"1, * * * *", false, "column 3: the minute ends where a value should follow"},
		{"1- * * * *", false, "column 3: the minute ends where a value should follow"},
		{"-1 * * * *", false, "column 1: '-' is not available in the minute"},
		{"*5 * * * *", false, "column 2: '5' is not available in the minute"},
		{"0 0 L * *", false, "column 5: 'L' is not available in the day of month"},
		{"0 0 15W * *", false, "column 7: 'W' is not available in the day of month"},
		{"0 0 ? * *", false, "column 5: '?' is not available in the day of month"},
		{"0 0 * * 2#1", false, "column 10: '#' is not available in the day of week"},
		{"0 0 * * 5L", false, "column 10: 'L' is not available in the day of week"},
		{"0 0 é * *", false, "column 5: 'é' is not available in the day of month"},
		{"@reboot", false,
			"column 1: unknown name '@reboot': use @hourly, @daily, @weekly, @monthly "
			"or @yearly"},
		{"@daily 5", false, "column 8: nothing can follow '@daily'"},
		{"\xff", false, "column 1: the expression is not valid UTF-8"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		CronExpression cron;

		g_assert_false(cron_parse(cases[i].text, cases[i].with_seconds, &cron, &error));
		g_assert_cmpstr(error->message, ==, cases[i].message);
		g_assert_error(error, CRON_ERROR, CRON_ERROR_SYNTAX);
	}
}

static void check_impossible(const char *text, const char *wanted)
{
	g_autofree char *checked = cron_check(text, false, NULL);
	g_autoptr(GError) error = NULL;
	CronExpression cron;

	g_assert_false(cron_parse(text, false, &cron, &error));
	g_assert_cmpstr(error->message, ==, wanted);
	g_assert_error(error, CRON_ERROR, CRON_ERROR_IMPOSSIBLE);
	g_assert_cmpstr(checked, ==, wanted);
}

static void test_impossible(void)
{
	static const char *const without_a_day[] = {
		"0 0 31 2 *", "0 0 30 FEB *", "0 0 31 4,6,9,11 *", "0 0 31 2 */2"};
	static const char *const cases[][2] = {
		{"60 * * * *", "column 1: the minute 60 is not between 0 and 59"},
		{"* 24 * * *", "column 3: the hour 24 is not between 0 and 23"},
		{"* * 0 * *", "column 5: the day of month 0 is not between 1 and 31"},
		{"* * 1-32 * *", "column 7: the day of month 32 is not between 1 and 31"},
		{"* * * 13 *", "column 7: the month 13 is not between 1 and 12"},
		{"* * * * 8", "column 9: the day of week 8 is not between 0 and 7"},
		{"99999999999999999999 * * * *",
			"column 1: the minute 99999999999999999999 is not between 0 and 59"},
		{"5-2 * * * *", "column 1: the range 5-2 of the minute goes backwards"},
		{"* * * * fri-mon",
			"column 9: the range fri-mon of the day of week goes backwards"},
		{"*/0 * * * *", "column 3: the step 0 of the minute is not between 1 and 60"},
		{"* */25 * * *", "column 5: the step 25 of the hour is not between 1 and 24"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(without_a_day); i++) {
		g_autofree char *wanted = g_strdup_printf(
			"the expression '%s' never fires: none of its months has any of its days",
			without_a_day[i]);

		check_impossible(without_a_day[i], wanted);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		check_impossible(cases[i][0], cases[i][1]);
}

static void test_check(void)
{
	g_autofree char *zone = cron_check("@daily", false, "Mars/Base");

	g_assert_null(cron_check("0 0 31 2 1", false, "Europe/Berlin"));
	g_assert_cmpstr(zone, ==, "unknown time zone 'Mars/Base'");
}

// A zone's name comes from users' files: it must not lead to any file, and not to one of the system's that is no zone.
static void test_zone_names(void)
{
	static const char *const refused[] = {"", "/etc/hostname", "../../../etc/hostname",
		"Europe/../../etc", "leapseconds", "zone.tab", "Europe", "Europe/", ":UTC",
		"Europe/Berlin\n"};
	static const char *const known[] = {"UTC", "GMT", "Z", "Europe/Berlin",
		"America/Argentina/Buenos_Aires", "Etc/GMT+5", "+05:30", "-0930", "EST5EDT"};

	for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
		g_autoptr(GTimeZone) zone = cron_zone(refused[i]);

		g_assert_null(zone);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
		g_autoptr(GTimeZone) zone = cron_zone(known[i]);

		g_assert_nonnull(zone);
	}
}

// ---- instants ----

typedef struct {
	const char *text;
	const char *zone;
	const char *from;
	const char *fires[8]; // local times of the zone
} FireCase;

static int64_t read_time(const char *text)
{
	g_autoptr(GDateTime) date = g_date_time_new_from_iso8601(text, NULL);

	g_assert_nonnull(date);
	return g_date_time_to_unix(date) * G_USEC_PER_SEC + g_date_time_get_microsecond(date);
}

static char *show_time(GTimeZone *zone, int64_t at)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(at / G_USEC_PER_SEC);
	g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, zone);

	return g_date_time_format(local, "%Y-%m-%dT%H:%M:%S%:z");
}

// The times forwards, and the same times backwards.
static void check_fires(const FireCase *row, bool with_seconds)
{
	g_autoptr(GTimeZone) zone = cron_zone(row->zone);
	int64_t at = read_time(row->from), back;
	g_autoptr(GError) error = NULL;
	CronExpression cron;

	g_assert_nonnull(zone);
	cron_parse(row->text, with_seconds, &cron, &error);
	g_assert_no_error(error);
	for (size_t i = 0; i < G_N_ELEMENTS(row->fires) && row->fires[i] != NULL; i++) {
		int64_t before = at;
		g_autofree char *shown = NULL;

		g_assert_true(cron_next(&cron, zone, at, &at));
		shown = show_time(zone, at);
		if (strcmp(shown, row->fires[i]) != 0) {
			g_test_message("%s %s: fire %zu is %s, not %s", row->text, row->zone, i,
				shown, row->fires[i]);
			g_test_fail();
		}
		g_assert_true(cron_previous(&cron, zone, at + 1, &back));
		g_assert_cmpint(back, ==, at);
		g_assert_true(cron_previous(&cron, zone, at, &back));
		g_assert_cmpint(back, <=, before);
		if (i > 0)
			g_assert_cmpint(back, ==, before);
	}
}

static void test_calendar(void)
{
	static const FireCase cases[] = {
		{"* * * * *", "UTC", "2024-01-01T00:00:00Z",
			{"2024-01-01T00:01:00+00:00", "2024-01-01T00:02:00+00:00"}},
		{"* * * * *", "UTC", "2023-12-31T23:59:59.999999Z", {"2024-01-01T00:00:00+00:00"}},
		{"0 0 * * *", "UTC", "2024-02-28T00:00:00Z",
			{"2024-02-29T00:00:00+00:00", "2024-03-01T00:00:00+00:00"}},
		{"0 0 29 2 *", "UTC", "2096-02-29T00:00:00Z", {"2104-02-29T00:00:00+00:00"}},
		{"30 6 * * MON-FRI", "UTC", "2024-06-07T06:30:00Z",
			{"2024-06-10T06:30:00+00:00", "2024-06-11T06:30:00+00:00"}},
		{"0 12 13 * 5", "UTC", "2024-06-01T00:00:00Z",
			{"2024-06-07T12:00:00+00:00", "2024-06-13T12:00:00+00:00",
				"2024-06-14T12:00:00+00:00", "2024-06-21T12:00:00+00:00"}},
		{"0 12 */10 * 5", "UTC", "2024-06-01T00:00:00Z",
			{"2024-06-21T12:00:00+00:00", "2024-10-11T12:00:00+00:00"}},
		{"0 0 31 * *", "UTC", "2024-01-31T00:00:00Z",
			{"2024-03-31T00:00:00+00:00", "2024-05-31T00:00:00+00:00"}},
		{"0 0 1 1 *", "UTC", "1970-01-01T00:00:00Z", {"1971-01-01T00:00:00+00:00"}},
		{"59 23 31 12 *", "UTC", "1969-01-01T00:00:00Z",
			{"1969-12-31T23:59:00+00:00", "1970-12-31T23:59:00+00:00"}},
		{"0 9 * * *", "Asia/Kolkata", "2024-01-01T03:30:00Z",
			{"2024-01-02T09:00:00+05:30"}},
		{"*/20 * * * *", "Asia/Kathmandu", "2024-01-01T00:00:00Z",
			{"2024-01-01T06:00:00+05:45", "2024-01-01T06:20:00+05:45"}},
		{"0 12 * * *", "+05:30", "2024-01-01T00:00:00Z", {"2024-01-01T12:00:00+05:30"}},
		{"0 12 1 7 *", "Europe/Berlin", "2099-12-31T00:00:00Z",
			{"2100-07-01T12:00:00+02:00", "2101-07-01T12:00:00+02:00"}},
		{"0 0 30 12 *", "Pacific/Apia", "2010-12-31T00:00:00Z",
			{"2011-12-31T00:00:00+14:00", "2012-12-30T00:00:00+14:00"}},
		{"0 */12 30,31 12 *", "Pacific/Apia", "2011-12-29T12:00:00Z",
			{"2011-12-31T00:00:00+14:00", "2011-12-31T12:00:00+14:00",
				"2012-12-30T00:00:00+14:00"}},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		check_fires(&cases[i], false);
}

static void test_gaps(void)
{
	static const FireCase cases[] = {
		// Fixed times in a gap: once, at the first instant after it.
		{"30 2 * * *", "Europe/Berlin", "2024-03-30T00:00:00Z",
			{"2024-03-30T02:30:00+01:00", "2024-03-31T03:00:00+02:00",
				"2024-04-01T02:30:00+02:00"}},
		{"0,15,30 2 * * *", "Europe/Berlin", "2024-03-31T00:00:00Z",
			{"2024-03-31T03:00:00+02:00", "2024-04-01T02:00:00+02:00"}},
		{"0 2,3 * * *", "Europe/Berlin", "2024-03-31T00:00:00Z",
			{"2024-03-31T03:00:00+02:00", "2024-04-01T02:00:00+02:00"}},
		{"30 2 * * *", "America/New_York", "2024-03-10T00:00:00Z",
			{"2024-03-10T03:00:00-04:00", "2024-03-11T02:30:00-04:00"}},
		{"15 2 * * *", "Australia/Lord_Howe", "2024-10-05T00:00:00Z",
			{"2024-10-06T02:30:00+11:00", "2024-10-07T02:15:00+11:00"}},
		{"45 2 * * *", "Australia/Lord_Howe", "2024-10-05T00:00:00Z",
			{"2024-10-06T02:45:00+11:00"}},
		{"0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z",
			{"2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"}},
		{"30 2 31 3 *", "Europe/Berlin", "2024-01-01T00:00:00Z",
			{"2024-03-31T03:00:00+02:00", "2025-03-31T02:30:00+02:00"}},
		// Wildcards: nothing for times that do not exist, and real time goes on.
		{"*/20 2 * * *", "Europe/Berlin", "2024-03-30T01:20:00Z",
			{"2024-03-30T02:40:00+01:00", "2024-04-01T02:00:00+02:00"}},
		{"30 * * * *", "Europe/Berlin", "2024-03-31T00:00:00Z",
			{"2024-03-31T01:30:00+01:00", "2024-03-31T03:30:00+02:00"}},
		{"*/30 * * * *", "Europe/Berlin", "2024-03-31T00:30:00Z",
			{"2024-03-31T03:00:00+02:00", "2024-03-31T03:30:00+02:00"}},
		{"0 */2 * * *", "Europe/Berlin", "2024-03-30T23:00:00Z",
			{"2024-03-31T04:00:00+02:00"}},
		{"*/15 * * * *", "Australia/Lord_Howe", "2024-10-05T15:15:00Z",
			{"2024-10-06T02:30:00+11:00", "2024-10-06T02:45:00+11:00"}},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		check_fires(&cases[i], false);
}

static void test_overlaps(void)
{
	static const FireCase cases[] = {
		// Fixed times in an overlap: the first time only.
		{"30 2 * * *", "Europe/Berlin", "2024-10-26T12:00:00Z",
			{"2024-10-27T02:30:00+02:00", "2024-10-28T02:30:00+01:00"}},
		{"30 2 * * *", "Europe/Berlin", "2024-10-27T00:45:00Z",
			{"2024-10-28T02:30:00+01:00"}},
		{"0 2,3 * * *", "Europe/Berlin", "2024-10-26T22:00:00Z",
			{"2024-10-27T02:00:00+02:00", "2024-10-27T03:00:00+01:00",
				"2024-10-28T02:00:00+01:00"}},
		{"30 1 * * *", "America/New_York", "2024-11-03T00:00:00Z",
			{"2024-11-03T01:30:00-04:00", "2024-11-04T01:30:00-05:00"}},
		{"45 1 * * *", "Australia/Lord_Howe", "2024-04-06T00:00:00Z",
			{"2024-04-07T01:45:00+11:00", "2024-04-08T01:45:00+10:30"}},
		// Wildcards: both passes.
		{"30 * * * *", "Europe/Berlin", "2024-10-27T00:00:00Z",
			{"2024-10-27T02:30:00+02:00", "2024-10-27T02:30:00+01:00",
				"2024-10-27T03:30:00+01:00"}},
		{"*/30 2 * * *", "Europe/Berlin", "2024-10-26T22:00:00Z",
			{"2024-10-27T02:00:00+02:00", "2024-10-27T02:30:00+02:00",
				"2024-10-27T02:00:00+01:00", "2024-10-27T02:30:00+01:00",
				"2024-10-28T02:00:00+01:00"}},
		{"*/15 * * * *", "Australia/Lord_Howe", "2024-04-06T14:30:00Z",
			{"2024-04-07T01:45:00+11:00", "2024-04-07T01:30:00+10:30",
				"2024-04-07T01:45:00+10:30", "2024-04-07T02:00:00+10:30"}},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		check_fires(&cases[i], false);
}

static void test_seconds(void)
{
	static const FireCase cases[] = {
		{"*/20 * * * * *", "UTC", "2024-01-01T00:00:05Z",
			{"2024-01-01T00:00:20+00:00", "2024-01-01T00:00:40+00:00",
				"2024-01-01T00:01:00+00:00"}},
		{"15 30 2 * * *", "Europe/Berlin", "2024-03-30T12:00:00Z",
			{"2024-03-31T03:00:00+02:00", "2024-04-01T02:30:15+02:00"}},
		{"* 30 2 * * *", "Europe/Berlin", "2024-03-30T12:00:00Z",
			{"2024-03-31T03:00:00+02:00", "2024-04-01T02:30:00+02:00",
				"2024-04-01T02:30:01+02:00"}},
		{"59 59 23 31 12 *", "UTC", "2024-01-01T00:00:00Z",
			{"2024-12-31T23:59:59+00:00", "2025-12-31T23:59:59+00:00"}},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		check_fires(&cases[i], true);
}

// Nothing before the year 1 or after the year 9999, neither in UTC nor by the wall.
static void test_ends(void)
{
	static const struct {
		const char *text, *zone, *first, *last;
	} cases[] = {
		{"* * * * *", "UTC", "0001-01-01T00:00:00Z", "9999-12-31T23:59:00Z"},
		{"0 0 * * *", "UTC", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"},
		{"* * * * *", "+05:30", "0001-01-01T00:00:00Z", "9999-12-31T18:29:00Z"},
		{"0 0 * * *", "+05:30", "0001-01-01T18:30:00Z", "9999-12-30T18:30:00Z"},
		{"* * * * *", "-05:00", "0001-01-01T05:00:00Z", "9999-12-31T23:59:00Z"},
		{"0 20 * * *", "-05:00", "0001-01-02T01:00:00Z", "9999-12-31T01:00:00Z"},
		{"59 23 31 12 *", "-05:00", "0002-01-01T04:59:00Z", "9999-01-01T04:59:00Z"},
		{"0 0 29 2 *", "UTC", "0004-02-29T00:00:00Z", "9996-02-29T00:00:00Z"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GTimeZone) zone = cron_zone(cases[i].zone);
		CronExpression cron;
		int64_t at;

		g_assert_true(cron_parse(cases[i].text, false, &cron, NULL));
		g_assert_true(cron_next(&cron, zone, INT64_MIN, &at));
		g_assert_cmpint(at, ==, read_time(cases[i].first));
		g_assert_false(cron_previous(&cron, zone, at, &at));
		g_assert_true(cron_previous(&cron, zone, INT64_MAX, &at));
		g_assert_cmpint(at, ==, read_time(cases[i].last));
		g_assert_false(cron_next(&cron, zone, at, &at));
		g_assert_false(cron_next(&cron, zone, INT64_MAX, &at));
		g_assert_false(cron_previous(&cron, zone, INT64_MIN, &at));
	}
}

// ---- the slow model ----

static int read_int(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

// Whether a value is in a field, read from the field's text each time.
static bool field_has(const char *field, int value, int min, int max)
{
	g_auto(GStrv) items = g_strsplit(field, ",", -1);

	for (char **item = items; *item != NULL; item++) {
		int from = min, to = max, step = 1;
		const char *slash = strchr(*item, '/');

		if (slash != NULL)
			step = read_int(slash + 1);
		if (**item != '*') {
			const char *dash = strchr(*item, '-');

			from = read_int(*item);
			to = dash != NULL ? read_int(dash + 1) : slash != NULL ? max : from;
		}
		for (int i = from; i <= to; i += step) {
			if (i == value)
				return true;
		}
	}
	return false;
}

static bool is_wildcard(const char *field)
{
	return *field == '*' && strchr(field, ',') == NULL;
}

static bool model_matches(char **fields, GDateTime *wall)
{
	bool day = field_has(fields[2], g_date_time_get_day_of_month(wall), 1, 31);
	int number = g_date_time_get_day_of_week(wall) % 7;
	bool weekday = field_has(fields[4], number, 0, 6) ||
		       (number == 0 && field_has(fields[4], 7, 7, 7) && *fields[4] != '*');

	if (!field_has(fields[0], g_date_time_get_minute(wall), 0, 59) ||
		!field_has(fields[1], g_date_time_get_hour(wall), 0, 23) ||
		!field_has(fields[3], g_date_time_get_month(wall), 1, 12))
		return false;
	return !is_wildcard(fields[2]) && !is_wildcard(fields[4]) ? day || weekday : day && weekday;
}

// What the wall shows at an instant, as a date of UTC.
static GDateTime *wall_at(GTimeZone *zone, int64_t second)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(second);
	g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, zone);

	return g_date_time_add(utc, g_date_time_get_utc_offset(local));
}

// Whether the expression fires at a whole minute, seen only with the minute before and the highest wall time so far.
static bool model_fires(char **fields, GTimeZone *zone, int64_t second, int64_t *highest)
{
	g_autoptr(GDateTime) wall = wall_at(zone, second), before = wall_at(zone, second - 60);
	int64_t now = g_date_time_to_unix(wall), last = g_date_time_to_unix(before);
	bool fixed = !is_wildcard(fields[0]) && !is_wildcard(fields[1]), fires = false;

	if (!fixed)
		return model_matches(fields, wall);
	if (now > *highest)
		fires = model_matches(fields, wall);
	for (int64_t skipped = last + 60; skipped < now && !fires; skipped += 60) {
		g_autoptr(GDateTime) in_gap = g_date_time_new_from_unix_utc(skipped);

		fires = model_matches(fields, in_gap);
	}
	*highest = MAX(*highest, now);
	return fires;
}

static char *random_field(int min, int max)
{
	int a = g_test_rand_int_range(min, max + 1), b = g_test_rand_int_range(min, max + 1);

	switch (g_test_rand_int_range(0, 7)) {
	case 0: return g_strdup("*");
	case 1: return g_strdup_printf("*/%d", g_test_rand_int_range(1, MIN(max - min + 1, 7) + 1));
	case 2: return g_strdup_printf("%d-%d", MIN(a, b), MAX(a, b));
	case 3: return g_strdup_printf("%d,%d", a, b);
	case 4:
		return g_strdup_printf(
			"%d-%d/%d", MIN(a, b), MAX(a, b), g_test_rand_int_range(1, 6));
	case 5: return g_strdup_printf("%d/%d", a, g_test_rand_int_range(1, 6));
	default: return g_strdup_printf("%d", a);
	}
}

// A moment some hours before a change of the clocks, or any moment.
static int64_t random_start(void)
{
	static const char *const changes[] = {"2024-03-31T01:00:00Z", "2024-10-27T01:00:00Z",
		"2024-03-10T07:00:00Z", "2024-11-03T06:00:00Z", "2024-10-05T15:30:00Z",
		"2024-04-06T15:00:00Z", "2011-12-30T10:00:00Z", "2018-11-04T03:00:00Z",
		"2018-02-18T02:00:00Z", "2099-03-29T01:00:00Z"};

	if (g_test_rand_bit())
		return (int64_t)g_test_rand_int_range(0, 68000000) * 60;
	return read_time(changes[g_test_rand_int_range(0, G_N_ELEMENTS(changes))]) /
		       G_USEC_PER_SEC -
	       g_test_rand_int_range(1, 2000) * INT64_C(60);
}

static void compare_once(void)
{
	static const char *const zones[] = {"Europe/Berlin", "America/New_York",
		"Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata", "UTC", "America/Sao_Paulo"};
	const char *zone_name = zones[g_test_rand_int_range(0, G_N_ELEMENTS(zones))];
	g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(zone_name);
	bool any_month = g_test_rand_int_range(0, 3) > 0;
	g_autofree char *minute = random_field(0, 59),
			*hour = random_field(0, g_test_rand_bit() ? 3 : 23);
	g_autofree char *day = any_month && g_test_rand_bit() ? g_strdup("*") : random_field(1, 31);
	g_autofree char *month = any_month ? g_strdup("*") : random_field(1, 12),
			*weekday = random_field(0, 6);
	g_autofree char *text = g_strjoin(" ", minute, hour, day, month, weekday, NULL);
	char *fields[] = {minute, hour, day, month, weekday, NULL};
	int64_t start = random_start(), at = start * G_USEC_PER_SEC, highest = INT64_MIN, previous;
	CronExpression cron;

	if (!cron_parse(text, false, &cron, NULL))
		return;
	for (int64_t second = start - INT64_C(172800); second <= start; second += 60)
		model_fires(fields, zone, second, &highest);
	previous = INT64_MIN;
	for (int64_t second = start + 60; second < start + INT64_C(259200); second += 60) {
		bool fires = model_fires(fields, zone, second, &highest);
		int64_t back;

		if (at <= (second - 1) * G_USEC_PER_SEC &&
			!cron_next(&cron, zone, (second - 1) * G_USEC_PER_SEC, &at))
			return;
		if (fires != (at == second * G_USEC_PER_SEC)) {
			g_autofree char *shown = show_time(zone, second * G_USEC_PER_SEC);

			g_test_message(
				"%s in %s at %s: the model says %d", text, zone_name, shown, fires);
			g_test_fail();
			return;
		}
		if (!fires)
			continue;
		g_assert_true(cron_previous(&cron, zone, at + 1, &back));
		g_assert_cmpint(back, ==, at);
		if (previous != INT64_MIN) {
			g_assert_true(cron_previous(&cron, zone, at, &back));
			g_assert_cmpint(back, ==, previous);
		}
		previous = at;
	}
}

static void test_model(void)
{
	int rounds = g_test_slow() ? 20000 : 150;

	for (int i = 0; i < rounds && !g_test_failed(); i++)
		compare_once();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/parse", test_parse);
	g_test_add_func("/faults", test_faults);
	g_test_add_func("/impossible", test_impossible);
	g_test_add_func("/check", test_check);
	g_test_add_func("/zone-names", test_zone_names);
	g_test_add_func("/calendar", test_calendar);
	g_test_add_func("/gaps", test_gaps);
	g_test_add_func("/overlaps", test_overlaps);
	g_test_add_func("/seconds", test_seconds);
	g_test_add_func("/ends", test_ends);
	g_test_add_func("/model", test_model);
	return g_test_run();
}
