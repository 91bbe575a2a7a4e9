// weir cron next, as its users call it: arguments in, both outputs and the exit status out.
#include <glib.h>
#include <string.h>

#define YEARS_HINT "hint: times are known from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z\n"

typedef struct {
	const char *arguments[8];
	int status;
	const char *output;
	const char *errors;
} CronCase;

static void check(const CronCase *row)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	g_autofree char *output = NULL, *errors = NULL, *shown = NULL;
	g_autoptr(GError) error = NULL;
	int status = 0;

	g_ptr_array_add(words, (gpointer)(guintptr)WEIR_PROGRAM);
	g_ptr_array_add(words, (gpointer)(guintptr) "cron");
	for (size_t i = 0; i < G_N_ELEMENTS(row->arguments) && row->arguments[i] != NULL; i++)
		g_ptr_array_add(words, (gpointer)(guintptr)row->arguments[i]);
	g_ptr_array_add(words, NULL);
	shown = g_strjoinv(" ", (char **)words->pdata);
	g_test_message("%s", shown);
	g_assert_true(g_spawn_sync(NULL, (char **)words->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL,
		&output, &errors, &status, &error));
	g_assert_no_error(error);
	g_assert_cmpstr(errors, ==, row->errors);
	g_assert_cmpstr(output, ==, row->output);
	g_assert_cmpint(status >> 8, ==, row->status);
}

static void test_times(void)
{
	static const CronCase cases[] = {
		{{"next", "30 2 * * *", "--timezone=Europe/Berlin",
			 "--from=2024-03-30T12:00:00+01:00", "--count=2"},
			0, "2024-03-31T03:00:00+02:00\n2024-04-01T02:30:00+02:00\n", ""},
		{{"next", "@monthly", "--from", "2024-01-01T00:00:00Z"}, 0,
			"2024-02-01T00:00:00+00:00\n", ""},
		{{"next", "--with-seconds", "*/30 0 0 1 1 *", "--from=2024-01-01T00:00:00Z", "-n",
			 "2"},
			0, "2024-01-01T00:00:30+00:00\n2025-01-01T00:00:00+00:00\n", ""},
		// Liberia's clocks stood 44 minutes and 30 seconds behind UTC: no RFC 3339 offset says so.
		{{"next", "0 12 * * *", "--timezone=Africa/Monrovia",
			 "--from=1971-01-01T00:00:00Z"},
			0, "1971-01-01T12:44:30Z\n", ""},
		{{"next", "0 0 * * *", "--from=2024-01-01T00:00:00Z", "--output=json"}, 0,
			"{\"expression\":\"0 0 * * "
			"*\",\"timezone\":\"UTC\",\"times\":[\"2024-01-02T00:00:00+00:00\"]}\n",
			""},
		// The first times and the last ones that can be written.
		{{"next", "* * * * *", "--from=0001-01-01T00:00:00Z"}, 0,
			"0001-01-01T00:01:00+00:00\n", ""},
		{{"next", "0 0 1 1 *", "--from=0001-01-01T00:00:00Z", "--timezone=-05:00"}, 0,
			"0001-01-01T00:00:00-05:00\n", ""},
		{{"next", "0 */12 1 1 *", "--from=0001-01-01T00:00:00Z", "--timezone=+05:30",
			 "--count=2"},
			0, "0001-01-01T12:00:00+05:30\n0002-01-01T00:00:00+05:30\n", ""},
		{{"next", "* * * * *", "--from=9999-12-31T23:58:00Z"}, 0,
			"9999-12-31T23:59:00+00:00\n", ""},
		{{"next", "@hourly", "--from=9999-12-31T13:59:59Z", "--timezone=Asia/Tokyo"}, 0,
			"9999-12-31T23:00:00+09:00\n", ""},
		{{"next", "--with-seconds", "59 59 18 * * *", "--from=9999-12-31T00:00:00Z",
			 "--timezone=-05:00"},
			0, "9999-12-31T18:59:59-05:00\n", ""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		check(&cases[i]);
}

static void test_errors(void)
{
	static const CronCase cases[] = {
		{{"next", "0 0 31 2 *"}, 1, "",
			"weir: error: the expression '0 0 31 2 *' never fires: none of its months "
			"has any of its days\n"},
		{{"next", "0 0 30 2 *"}, 1, "",
			"weir: error: the expression '0 0 30 2 *' never fires: none of its months "
			"has any of its days\n"},
		{{"next", "60 * * * *"}, 1, "",
			"weir: error: column 1: the minute 60 is not between 0 and 59\n"},
		{{"next", "0 61 * * *"}, 1, "",
			"weir: error: column 3: the hour 61 is not between 0 and 23\n"},
		{{"next", "*/70 * * * *"}, 1, "",
			"weir: error: column 3: the step 70 of the minute is not between 1 and "
			"60\n"},
		{{"next", "0 17-9 * * *"}, 1, "",
			"weir: error: column 3: the range 17-9 of the hour goes backwards\n"},
		{{"next", "0 0 * smarch *"}, 64, "",
			"weir: error: column 7: unknown month 'smarch'; the names are JAN to "
			"DEC\n"},
		{{"next", "@daily", "--timezone=Mars"}, 64, "",
			"weir: error: unknown time zone 'Mars'\nhint: use a name such as "
			"Europe/Berlin, UTC, or an offset such as +05:30\n"},
		{{"next", "@daily", "--from=2024-01-01"}, 64, "",
			"weir: error: '2024-01-01' is no RFC 3339 time\n"
			"hint: write it with its offset, such as 2026-03-29T01:30:00+01:00 or "
			"2026-03-29T00:30:00Z\n"},
		{{"next", "@daily", "--from=0000-01-01T00:00:00Z"}, 64, "",
			"weir: error: --from '0000-01-01T00:00:00Z' is outside of the years 1 to "
			"9999\n" YEARS_HINT},
		{{"next", "@daily", "--from=10000-01-01T00:00:00Z"}, 64, "",
			"weir: error: --from '10000-01-01T00:00:00Z' is outside of the years 1 to "
			"9999\n" YEARS_HINT},
		{{"next", "* * * * *", "--from=9999-12-31T23:59:00Z"}, 1, "",
			"weir: error: '* * * * *' does not fire before the year 9999 "
			"ends\n" YEARS_HINT},
		{{"next", "@daily", "--from=9999-12-31T23:59:59-10:00"}, 1, "",
			"weir: error: '@daily' does not fire before the year 9999 "
			"ends\n" YEARS_HINT},
		{{"next", "@hourly", "--from=9999-12-31T14:00:00Z", "--timezone=Asia/Tokyo"}, 1, "",
			"weir: error: '@hourly' does not fire before the year 9999 "
			"ends\n" YEARS_HINT},
		{{"next", "@yearly", "--from=9997-12-01T00:00:00Z", "--count=3"}, 1,
			"9998-01-01T00:00:00+00:00\n9999-01-01T00:00:00+00:00\n",
			"weir: error: '@yearly' does not fire again before the year 9999 "
			"ends\n" YEARS_HINT},
		{{"next", "0 0 29 2 *", "--from=9996-03-01T00:00:00Z", "--output=json"}, 1,
			"{\"expression\":\"0 0 29 2 *\",\"timezone\":\"UTC\",\"times\":[]}\n",
			"weir: error: '0 0 29 2 *' does not fire before the year 9999 "
			"ends\n" YEARS_HINT},
		{{"next", "@daily", "--count=0"}, 64, "",
			"weir: error: --count must be at least 1, not 0\n"},
		{{"last", "@daily"}, 64, "",
			"weir: error: unknown subcommand 'last'\nhint: the only one is 'weir cron "
			"next EXPRESSION'\n"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		check(&cases[i]);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/times", test_times);
	g_test_add_func("/errors", test_errors);
	return g_test_run();
}
