// weir cron next: when a cron expression fires, as the scheduler would reckon it.
#include "cli/commands.h"
#include "cli/output.h"
#include "reconciler/cron.h"

#include <stdio.h>
#include <string.h>

static char *option_time_zone;
static char *option_from;
static int option_count = 1;
static gboolean option_with_seconds;

const char cron_details[] = "Prints the next times at which EXPRESSION fires, strictly after "
			    "--from, one RFC 3339 time a line in the "
			    "time zone's offset.\n\n"
			    "EXPRESSION has five fields (minute, hour, day of month, month, day of "
			    "week), with --with-seconds six, the "
			    "second first; or it is @hourly, @daily, @weekly, @monthly or @yearly. "
			    "Exits with 1 when it can never fire.";

const GOptionEntry cron_options[] = {
	{"timezone", 0, 0, G_OPTION_ARG_STRING, &option_time_zone,
		"The time zone of the schedule (default: UTC)", "ZONE"},
	{"from", 0, 0, G_OPTION_ARG_STRING, &option_from, "Start after this time (default: now)",
		"RFC3339"},
	{"count", 'n', 0, G_OPTION_ARG_INT, &option_count, "How many times to print (default: 1)",
		"N"},
	{"with-seconds", 0, 0, G_OPTION_ARG_NONE, &option_with_seconds,
		"The expression has six fields, the second first", NULL},
	OUTPUT_OPTION,
	{NULL},
};

// Reads the options. False after an error was printed.
static bool read_options(GTimeZone **zone, int64_t *from)
{
	g_autoptr(GDateTime) start = NULL;

	*zone = cron_zone(option_time_zone);
	if (*zone == NULL) {
		command_error("use a name such as Europe/Berlin, UTC, or an offset such as +05:30",
			"unknown time zone '%s'", option_time_zone);
		return false;
	}
	start = option_from == NULL ? g_date_time_new_now_utc()
				    : g_date_time_new_from_iso8601(option_from, NULL);
	if (start == NULL) {
		command_error("write it with its offset, such as 2026-03-29T01:30:00+01:00 or "
			      "2026-03-29T00:30:00Z",
			"'%s' is no RFC 3339 time", option_from);
		return false;
	}
	if (option_count < 1) {
		command_error(NULL, "--count must be at least 1, not %d", option_count);
		return false;
	}
	*from = g_date_time_to_unix(start) * G_USEC_PER_SEC + g_date_time_get_microsecond(start);
	return true;
}

// An offset of odd seconds has no RFC 3339 form: such a time is shown in UTC.
static char *show_time(GTimeZone *zone, int64_t at)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(at / G_USEC_PER_SEC);
	g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, zone);

	if (g_date_time_get_utc_offset(local) % G_TIME_SPAN_MINUTE != 0)
		return g_date_time_format(utc, "%Y-%m-%dT%H:%M:%SZ");
	return g_date_time_format(local, "%Y-%m-%dT%H:%M:%S%:z");
}

static void print_times(const CronExpression *cron, GTimeZone *zone, const char *text, int64_t from)
{
	json_t *times = json_array(), *document;
	int64_t at = from;

	for (int i = 0; i < option_count && cron_next(cron, zone, at, &at); i++) {
		g_autofree char *shown = show_time(zone, at);

		if (output_is_json())
			json_array_append_new(times, json_string(shown));
		else
			puts(shown);
	}
	document = json_pack("{s:s, s:s, s:o}", "expression", text, "timezone",
		option_time_zone == NULL ? "UTC" : option_time_zone, "times", times);
	if (output_is_json())
		output_json(document);
	json_decref(document);
}

int cmd_cron(const Command *command, char **arguments)
{
	g_autoptr(GTimeZone) zone = NULL;
	g_autoptr(GError) error = NULL;
	CronExpression cron;
	int64_t from;

	(void)command;
	if (strcmp(arguments[0], "next") != 0) {
		command_error("the only one is 'weir cron next EXPRESSION'",
			"unknown subcommand '%s'", arguments[0]);
		return EXIT_USAGE;
	}
	if (!read_options(&zone, &from))
		return EXIT_USAGE;
	if (!cron_parse(arguments[1], option_with_seconds, &cron, &error)) {
		command_error(NULL, "%s", error->message);
		return g_error_matches(error, CRON_ERROR, CRON_ERROR_IMPOSSIBLE) ? EXIT_FAILED
										 : EXIT_USAGE;
	}
	print_times(&cron, zone, arguments[1], from);
	if (!output_finish(&error)) {
		command_error(NULL, "%s", error->message);
		return EXIT_FAILED;
	}
	return EXIT_OK;
}
