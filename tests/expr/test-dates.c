// Dates: reading, showing, adding, zones.
#include "tests/expr/scope.h"

static void test_show(void)
{
	static const RenderCase cases[] = {
		{"{{ now() }} {{ now(timeZone='Europe/Paris') }}",
			"2024-06-01T12:05:06.789012Z 2024-06-01T14:05:06.789012+02:00", NULL},
		{"{{ now() | date('yyyy-MM-dd HH:mm:ss.SSS') }}", "2024-06-01 12:05:06.789", NULL},
		{"{{ taskrun.startDate | date(\"yyyy-MM-dd'T'HH:mm:ss.SSSXXX\") }}",
			"2024-05-01T10:15:30.123Z", NULL},
		{"{{ taskrun.startDate | date(\"yyyy-MM-dd'T'HH:mm:ss.SSSXXX\", "
		 "timeZone='America/New_York') }}",
			"2024-05-01T06:15:30.123-04:00", NULL},
		{"{{ inputs.day | date('yyyyMMdd') }} {{ inputs.day | date('d.M.yy') }} {{ "
		 "inputs.day | date('EEEE, d MMMM yyyy') }} {{ inputs.day | date('E MMM') }}",
			"20240229 29.2.24 Thursday, 29 February 2024 Thu Feb", NULL},
		{"{{ inputs.day | date('DDD ww YYYY e Q QQQ G') }}", "060 09 2024 4 1 Q1 AD", NULL},
		{"{{ now() | date('h:mm a|K|k|H|hh') }} {{ inputs.day | date('h a k K') }}",
			"12:05 PM|0|12|12|12 12 AM 24 0", NULL},
		{"{{ now() | date(\"hh 'o''clock' ''a''\") }}", "12 o'clock 'PM'", NULL},
		{"{{ now() | date('X XX XXX x xx xxx Z ZZZZ ZZZZZ O OOOO z VV', "
		 "timeZone='Asia/Kolkata') }}",
			"+0530 +0530 +05:30 +0530 +0530 +05:30 +0530 GMT+05:30 +05:30 GMT+5:30 "
			"GMT+05:30 IST Asia/Kolkata",
			NULL},
		{"{{ now() | date('X XXX x Z ZZZZ O') }}", "Z Z +00 +0000 GMT GMT", NULL},
		{"{{ now() | date('n A SSSSSSSSS') }}", "789012000 43506789 789012000", NULL},
		{"{{ now() | date('iso') }} {{ now() | date('iso_sec') }} {{ now() | date('sql') "
		 "}} {{ now() | date('sql_seq') }}",
			"2024-06-01T12:05:06.789012Z 2024-06-01T12:05:06Z 2024-06-01 "
			"12:05:06.789012 2024-06-01 12:05:06",
			NULL},
		{"{{ now() | date('iso_local_date') }} {{ now() | date('ISO_LOCAL_TIME') }} {{ "
		 "inputs.day | date('iso_local_date_time') }} {{ now() | date('basic_iso_date') }}",
			"2024-06-01 12:05:06.789012 2024-02-29T00:00:00 20240601Z", NULL},
		{"{{ now() | date('rfc_1123_date_time') }} {{ now() | date('iso_zoned_date_time', "
		 "timeZone='Europe/Paris') }}",
			"Sat, 1 Jun 2024 12:05:06 GMT "
			"2024-06-01T14:05:06.789012+02:00[Europe/Paris]",
			NULL},
		{"{{ now() | date('short') }} {{ now() | date('medium') }} {{ now() | "
		 "date('iso_week_date') }}",
			"6/1/24, 12:05 PM Jun 1, 2024, 12:05:06 PM 2024-W22-6Z", NULL},
		{"{{ inputs.day | date }}", "2024-02-29T00:00:00.000000Z", NULL},
		{"[{{ inputs.none | date('yyyy') }}]", "[]", NULL},
		{"{{ now() | date('bb') }}", NULL,
			"1:12: the letter 'b' has no meaning in a date format; quote it: 'b'"},
		{"{{ now() | date('ddd') }}", NULL,
			"1:12: a date format has at most 2 letters 'd' in a row"},
		{"{{ now() | date('yyyy', timeZone='Mars/Base') }}", NULL,
			"1:12: unknown time zone 'Mars/Base'"},
		{"{{ now() | date('EEE', locale='fr') }}", NULL,
			"1:12: dates are shown in English only"},
		{"{{ now() | date('dd', locale='fr') }}", "01", NULL},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}

static void test_read(void)
{
	static const RenderCase cases[] = {
		{"{{ 'July 24, 2001' | date('yyyy-MM-dd', existingFormat='MMMM dd, yyyy') }}",
			"2001-07-24", NULL},
		{"{{ '24/Jul/01 3:07 pm' | date('sql_seq', existingFormat='dd/MMM/yy h:mm a') }}",
			"2001-07-24 15:07:00", NULL},
		{"{{ '20240102030405678' | date('iso', existingFormat='yyyyMMddHHmmssSSS') }}",
			"2024-01-02T03:04:05.678000Z", NULL},
		{"{{ 'Sat, 1 Jun 2024 12:05:06 GMT' | date('iso_sec', "
		 "existingFormat='rfc_1123_date_time') }}",
			"2024-06-01T12:05:06Z", NULL},
		{"{{ '2024-060' | date('iso_local_date', existingFormat='yyyy-DDD') }} {{ "
		 "'5-3-2024' | date('iso_local_date', existingFormat='d-M-yyyy') }}",
			"2024-02-29 2024-03-05", NULL},
		{"{{ '2024-06-01T12:00+02:00' | date('iso_sec') }} {{ '2024-06-01T12:00:00.5+0200' "
		 "| date('iso') }}",
			"2024-06-01T10:00:00Z 2024-06-01T10:00:00.500000Z", NULL},
		{"{{ '2024-06-01 12:00:00' | date('iso_sec') }} {{ '2024-06-01T12:00:00' | "
		 "date('iso_sec', timeZone='Europe/Berlin') }}",
			"2024-06-01T12:00:00Z 2024-06-01T12:00:00+02:00", NULL},
		{"{{ '2024-06-01T12:00:00+02:00[Europe/Paris]' | date('iso_sec') }}",
			"2024-06-01T10:00:00Z", NULL},
		{"{{ '2024-06-01T12:00 Tokyo' | date('iso_sec', "
		 "existingFormat=\"yyyy-MM-dd'T'HH:mm' Tokyo'\", timeZone='Asia/Tokyo') }}",
			"2024-06-01T12:00:00+09:00", NULL},
		{"{{ '1.6.2024 Asia/Tokyo' | date('iso_sec', existingFormat='d.M.yyyy VV') }}",
			"2024-05-31T15:00:00Z", NULL},
		{"{{ 1717243506 | date('iso_sec') }} {{ 1717243506789 | date('iso') }} {{ "
		 "1717243506789012 | date('iso') }} {{ 1717243506789012345 | date('iso') }}",
			"2024-06-01T12:05:06Z 2024-06-01T12:05:06.789000Z "
			"2024-06-01T12:05:06.789012Z 2024-06-01T12:05:06.789012Z",
			NULL},
		{"{{ 'tomorrow' | date('yyyy') }}", NULL,
			"1:17: 'tomorrow' is no date; tell its format with existingFormat="},
		{"{{ '2023-02-29' | date('yyyy') }}", NULL,
			"1:19: '2023-02-29' is no date; tell its format with existingFormat="},
		{"{{ '2023' | date('yyyy', existingFormat='yyyy-MM') }}", NULL,
			"1:13: '2023' is no date in the format 'yyyy-MM'"},
		{"{{ [1] | date('yyyy') }}", NULL,
			"1:10: the date is a list, not a string or a number"},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}

static void test_arithmetic(void)
{
	static const RenderCase cases[] = {
		{"{{ taskrun.startDate | dateAdd(-1, 'DAYS') }}", "2024-04-30T10:15:30.123000Z",
			NULL},
		{"{{ inputs.day | dateAdd(1, 'YEARS', format='yyyy-MM-dd') }} {{ inputs.day | "
		 "dateAdd(amount=1, unit='MONTHS') | date('yyyy-MM-dd') }}",
			"2025-02-28 2024-03-29", NULL},
		{"{{ '2024-01-31' | dateAdd(1, 'MONTHS', 'yyyy-MM-dd') }} {{ '2024-01-31' | "
		 "dateAdd(2, 'week', 'yyyy-MM-dd') }}",
			"2024-02-29 2024-02-14", NULL},
		{"{{ inputs.day | dateAdd(90, 'MINUTES', 'HH:mm') }} {{ inputs.day | dateAdd(-1, "
		 "'MILLIS', 'iso') }} {{ inputs.day | dateAdd(3, 'HALF_DAYS', 'sql_seq') }}",
			"01:30 2024-02-28T23:59:59.999000Z 2024-03-01 12:00:00", NULL},
		// A day is a day of the calendar, also when it has 23 hours.
		{"{{ '2024-03-30T12:00:00' | dateAdd(1, 'DAYS', 'iso_sec', "
		 "timeZone='Europe/Berlin') }} {{ '2024-03-30T12:00:00' | dateAdd(24, 'HOURS', "
		 "'iso_sec', timeZone='Europe/Berlin') }}",
			"2024-03-31T12:00:00+02:00 2024-03-31T13:00:00+02:00", NULL},
		{"{{ taskrun.startDate | timestamp }} {{ taskrun.startDate | timestampMilli }} {{ "
		 "taskrun.startDate | timestampMicro }} {{ taskrun.startDate | timestampNano }}",
			"1714558530 1714558530123 1714558530123000 1714558530123000000", NULL},
		{"{{ '1969-12-31T23:59:59.5Z' | timestampMilli }} {{ '2024-06-01T00:00:00' | "
		 "timestamp(timeZone='Europe/Berlin') }}",
			"-500 1717192800", NULL},
		{"{{ isWeekend('2024-06-01') }} {{ isWeekend(inputs.day) }} {{ "
		 "dayOfWeek('2025-01-06T00:30:00+02:00') }} {{ dayOfMonth(inputs.day) }} {{ "
		 "monthOfYear(inputs.day) }} {{ hourOfDay(taskrun.startDate) }}",
			"true false MONDAY 29 2 10", NULL},
		{"{{ isDateBefore(inputs.day, now()) }} {{ isDateAfter(inputs.day, now()) }} {{ "
		 "isDateBetween(inputs.day, '2024-01-01', '2024-12-31') }}",
			"true false true", NULL},
		{"{{ isDayWeekInMonth('2024-06-03', 'MONDAY', 'FIRST') }} {{ "
		 "isDayWeekInMonth('2024-06-24', 'monday', 'LAST') }} {{ "
		 "isDayWeekInMonth('2024-06-24', 'MONDAY', 'THIRD') }}",
			"true true false", NULL},
		{"{{ now() | dateAdd(1, 'PARSECS') }}", NULL,
			"1:12: unknown unit 'PARSECS': use MICROS, MILLIS, SECONDS, MINUTES, "
			"HOURS, DAYS, WEEKS, MONTHS or YEARS"},
		{"{{ now() | dateAdd(9999, 'YEARS') }}", NULL,
			"1:12: the date is beyond the years 1 to 9999"},
		{"{{ now() | dateAdd(9223372036854775807, 'HOURS') }}", NULL,
			"1:12: the date is beyond the years 1 to 9999"},
		{"{{ now() | dateAdd('x', 'DAYS') }}", NULL,
			"1:12: the amount is a string, not an integer"},
		{NULL, NULL, NULL},
	};

	check_render_cases(cases);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/show", test_show);
	g_test_add_func("/read", test_read);
	g_test_add_func("/arithmetic", test_arithmetic);
	return g_test_run();
}
