// Moments, ids and states: tables of cases.
#include "store/id.h"
#include "store/json_dump.h"
#include "store/state.h"
#include "store/timestamp.h"

#include <glib.h>
#include <string.h>

static void test_timestamps_read_and_write(void)
{
	static const struct {
		const char *text;
		int64_t at;
		const char *formatted;
	} cases[] = {
		{"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000Z"},
		{"2026-11-21T09:30:00.123Z", INT64_C(1795253400123000), "2026-11-21T09:30:00.123Z"},
		{"2026-11-21 10:30:00.123456+01:00", INT64_C(1795253400123456),
			"2026-11-21T09:30:00.123Z"},
		{"2026-11-21T00:30-0900", INT64_C(1795253400000000), "2026-11-21T09:30:00.000Z"},
		{"2024-02-29", INT64_C(1709164800000000), "2024-02-29T00:00:00.000Z"},
		{"1969-12-31T23:59:59.9999999Z", -1, "1969-12-31T23:59:59.999Z"},
		{"0001-01-01T00:00:00Z", INT64_C(-62135596800000000), "0001-01-01T00:00:00.000Z"},
		{"9999-12-31T23:59:59Z", INT64_C(253402300799000000), "9999-12-31T23:59:59.000Z"},
		{"2000-02-29t12:00:00z", INT64_C(951825600000000), "2000-02-29T12:00:00.000Z"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		char text[TIMESTAMP_SIZE];
		int64_t at = 42;

		g_test_message("%s", cases[i].text);
		g_assert_true(timestamp_parse(cases[i].text, &at));
		g_assert_cmpint(at, ==, cases[i].at);
		g_assert_cmpstr(timestamp_format(at, text), ==, cases[i].formatted);
	}
}

static void test_bad_timestamps_are_refused(void)
{
	static const char *const cases[] = {"", "now", "2026", "2026-13-01", "2026-00-01",
		"2025-02-29", "1900-02-29", "2026-11-31", "2026-11-21T", "2026-11-21T24:00:00Z",
		"2026-11-21T09:60:00Z", "2026-11-21T09:30:60Z", "2026-11-21T09:30:00",
		"2026-11-21T09:30:00.Z", "2026-11-21T09:30:00.1234567890Z", "2026-11-21T09:30:00+1",
		"2026-11-21T09:30:00+24:00", "2026-11-21T09:30:00Z ", " 2026-11-21", "0000-01-01",
		"2026-1-1", "٢٠٢٦-11-21"};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		int64_t at;

		g_test_message("%s", cases[i]);
		g_assert_false(timestamp_parse(cases[i], &at));
	}
}

// Every day of four centuries there and back, against GLib's calendar.
static void test_calendar_agrees_with_glib(void)
{
	for (guint32 day = 1; day < 146097 * 6; day += 97) {
		GDate date;
		char expected[32];
		char text[TIMESTAMP_SIZE];
		int64_t at;

		g_date_clear(&date, 1);
		g_date_set_julian(&date, day);
		g_snprintf(expected, sizeof(expected), "%04d-%02d-%02dT00:00:00.000Z",
			g_date_get_year(&date), g_date_get_month(&date), g_date_get_day(&date));
		at = ((int64_t)day - 719163) * 86400 * 1000000;
		g_assert_cmpstr(timestamp_format(at, text), ==, expected);
	}
}

static void test_out_of_range_is_clamped(void)
{
	char text[TIMESTAMP_SIZE];

	g_assert_cmpstr(timestamp_format(INT64_MAX, text), ==, "9999-12-31T23:59:59.999Z");
	g_assert_cmpstr(timestamp_format(INT64_MIN, text), ==, "0001-01-01T00:00:00.000Z");
	g_assert_cmpstr(timestamp_format_precise(1, text), ==, "1970-01-01T00:00:00.000001Z");
	g_assert_null(timestamp_dup(0));
}

static int64_t clock_now;

static int64_t test_clock(void *data)
{
	(void)data;
	return clock_now;
}

static void test_ids_sort_by_time(void)
{
	char before[ID_SIZE];
	char after[ID_SIZE];
	char least[ID_SIZE];

	timestamp_set_clock(test_clock, NULL);
	clock_now = INT64_C(4000000000000000);
	id_make(before);
	for (int i = 0; i < 10000; i++) {
		// Also when the clock stands still or goes back.
		clock_now += i % 3 == 0 ? -5000 : i % 3 == 1 ? 0 : 7000;
		id_make(after);
		g_assert_true(id_check(after));
		g_assert_cmpint(strcmp(before, after), <, 0);
		memcpy(before, after, ID_SIZE);
	}
	clock_now = INT64_C(4100000000000000);
	id_make(after);
	g_assert_cmpint(id_time(after), ==, clock_now);
	g_assert_cmpint(strcmp(id_least(clock_now, least), after), <=, 0);
	g_assert_cmpint(strcmp(id_least(clock_now + 1000, least), after), >, 0);
	timestamp_set_clock(NULL, NULL);
}

static void test_bad_ids_are_refused(void)
{
	static const char *const cases[] = {"", "01JD000000000000000000000",
		"01JD00000000000000000000000", "01JD000000000000000000000i",
		"01JD000000000000000000000U", "81JD0000000000000000000000"};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_assert_false(id_check(cases[i]));
		g_assert_cmpint(id_time(cases[i]), ==, 0);
	}
	g_assert_true(id_check("01JD0000000000000000000000"));
}

static void test_states(void)
{
	static const struct {
		const char *name;
		bool ended, good, bad;
	} cases[RUN_STATES] = {
		[RUN_CREATED] = {"CREATED", false, false, false},
		[RUN_QUEUED] = {"QUEUED", false, false, false},
		[RUN_RUNNING] = {"RUNNING", false, false, false},
		[RUN_PAUSED] = {"PAUSED", false, false, false},
		[RUN_RETRYING] = {"RETRYING", false, false, false},
		[RUN_RESTARTED] = {"RESTARTED", false, false, false},
		[RUN_KILLING] = {"KILLING", false, false, false},
		[RUN_SUCCESS] = {"SUCCESS", true, true, false},
		[RUN_WARNING] = {"WARNING", true, true, false},
		[RUN_FAILED] = {"FAILED", true, false, true},
		[RUN_KILLED] = {"KILLED", true, false, true},
		[RUN_CANCELLED] = {"CANCELLED", true, false, true},
		[RUN_SKIPPED] = {"SKIPPED", true, true, false},
		[RUN_RETRIED] = {"RETRIED", true, false, true},
	};

	for (unsigned i = 0; i < RUN_STATES; i++) {
		RunState state = RUN_STATES;

		g_assert_cmpstr(run_state_name((RunState)i), ==, cases[i].name);
		g_assert_true(run_state_parse(cases[i].name, &state));
		g_assert_cmpint(state, ==, i);
		g_assert_cmpint(run_state_is_ended(state), ==, cases[i].ended);
		g_assert_cmpint(run_state_is_good(state), ==, cases[i].good);
		g_assert_cmpint(run_state_is_bad(state), ==, cases[i].bad);
	}
	g_assert_false(run_state_parse("DONE", &(RunState){RUN_CREATED}));
	g_assert_cmpstr(run_state_name(RUN_STATES), ==, "UNKNOWN");
}

static void test_heavier_states_win(void)
{
	static const RunState order[] = {
		RUN_SUCCESS, RUN_PAUSED, RUN_WARNING, RUN_FAILED, RUN_KILLED};

	for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
		for (size_t j = 0; j < G_N_ELEMENTS(order); j++)
			g_assert_cmpint(
				run_state_heavier(order[i], order[j]), ==, order[MAX(i, j)]);
	}
	g_assert_cmpint(run_state_heavier(RUN_SKIPPED, RUN_RETRIED), ==, RUN_SUCCESS);
	g_assert_cmpint(run_state_heavier(RUN_CANCELLED, RUN_FAILED), ==, RUN_KILLED);
	g_assert_cmpint(run_state_heavier(RUN_RUNNING, RUN_KILLED), ==, RUN_RUNNING);
}

static void test_words(void)
{
	LogLevel level;

	g_assert_true(log_level_parse("warning", &level));
	g_assert_cmpint(level, ==, LOG_LEVEL_WARN);
	g_assert_false(log_level_parse("LOUD", &level));
	g_assert_cmpstr(log_level_name(LOG_LEVEL_TRACE), ==, "TRACE");
	g_assert_cmpstr(sync_status_name(SYNC_OUT_OF_SYNC), ==, "OutOfSync");
	g_assert_cmpstr(health_name(HEALTH_PROGRESSING), ==, "Progressing");
}

static const struct {
	const char *path;
	void (*run)(void);
} tests[] = {
	{"/store/pure/timestamps-read-and-write", test_timestamps_read_and_write},
	{"/store/pure/bad-timestamps-are-refused", test_bad_timestamps_are_refused},
	{"/store/pure/calendar-agrees-with-glib", test_calendar_agrees_with_glib},
	{"/store/pure/out-of-range-is-clamped", test_out_of_range_is_clamped},
	{"/store/pure/ids-sort-by-time", test_ids_sort_by_time},
	{"/store/pure/bad-ids-are-refused", test_bad_ids_are_refused},
	{"/store/pure/states", test_states},
	{"/store/pure/heavier-states-win", test_heavier_states_win},
	{"/store/pure/words", test_words},
};

// ---- JSON as text

static const struct {
	const char *json;
	const char *text;
} DUMPS[] = {
	{"[0.1,1.1,-0.1,0.30000000000000004,1e22,1.5,3.0,-0.0]",
		"[0.1,1.1,-0.1,0.30000000000000004,1e22,1.5,3.0,-0.0]"},
	{"[1.7976931348623157e308,2.2250738585072014e-308,5e-324,1e-7,1.1e-7,123456789012345680.0]",
		"[1.7976931348623157e308,2.2250738585072014e-308,5e-324,1e-7,1.1e-7,"
		"1.2345678901234568e17]"},
	{"{\"0.10000000000000001\":\"0.10000000000000001\",\"a\\\"1.1000000000000001\":"
	 "[\"\\\"\",\"\\\\\",0.1]}",
		"{\"0.10000000000000001\":\"0.10000000000000001\",\"a\\\"1.1000000000000001\":"
		"[\"\\\"\",\"\\\\\",0.1]}"},
	{"[9223372036854775807,-9223372036854775808,true,null,{},[]]",
		"[9223372036854775807,-9223372036854775808,true,null,{},[]]"},
};

static void test_json_dump(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(DUMPS); i++) {
		json_t *value = json_loads(DUMPS[i].json, 0, NULL);
		g_autofree char *text = json_dump_text(value, JSON_COMPACT);

		g_assert_cmpstr(text, ==, DUMPS[i].text);
		json_decref(value);
	}
	g_assert_null(json_dump_text(NULL, JSON_ENCODE_ANY));
}

// Whatever the double, it is read back as itself, and never longer than 17 digits would be.
static void test_json_dump_doubles(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(5);

	for (int i = 0; i < 20000; i++) {
		uint64_t bits = (uint64_t)g_rand_int(random) << 32 | g_rand_int(random);
		double real;
		json_t *value;
		g_autofree char *text = NULL;
		g_autofree char *exact = NULL;

		memcpy(&real, &bits, sizeof(real));
		if (i % 2 == 0)
			real = (double)g_rand_int_range(random, -1000000, 1000000) / 1000;
		value = json_real(real);
		if (value == NULL) // not a number, or endless
			continue;
		text = json_dump_text(value, JSON_ENCODE_ANY);
		exact = json_dumps(value, JSON_ENCODE_ANY);
		g_assert_true(g_ascii_strtod(text, NULL) == real);
		g_assert_cmpuint(strlen(text), <=, strlen(exact));
		g_assert_nonnull(strpbrk(text, ".e"));
		json_decref(value);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add_func(tests[i].path, tests[i].run);
	g_test_add_func("/store/json-dump", test_json_dump);
	g_test_add_func("/store/json-dump-doubles", test_json_dump_doubles);
	return g_test_run();
}
