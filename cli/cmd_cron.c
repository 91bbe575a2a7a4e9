// weir cron next: when a cron expression fires, as the scheduler would reckon it.
#include "cli/commands.h"
#include "cli/output.h"
#include "reconciler/cron.h"
#include "repo-layout/time_zone.h"

#include <stdio.h>
#include <string.h>

static char *option_time_zone;
static char *option_from;
static int option_count = 1;
static gboolean option_with_seconds;

const char cron_details[] =
	"Prints the next times at which EXPRESSION fires, strictly after "
	"--from, one RFC 3339 time a line in the "
	"time zone's offset.\n\n"
	"EXPRESSION has five fields (minute, hour, day of month, month, day of "
	"week), with --with-seconds six, the "
	"second first; or it is @hourly, @daily, @weekly, @monthly or @yearly. "
	"Exits with 1 when it can never fire, or not that often before the year 9999 ends.";

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

// What the answer is made from.
typedef struct {
	const char *expression;
	CronExpression cron;
	GTimeZone *zone;
	int64_t from;
} CronQuestion;

static void question_clear(CronQuestion *question)
{
	g_clear_pointer(&question->zone, g_time_zone_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CronQuestion, question_clear)

// Whether a text that is no time for GLib would be one in a year that has four digits and is not 0000.
static bool is_out_of_years(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	g_autofree char *other = g_strconcat("2000", text + digits, NULL);
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(other, NULL);

	return time != NULL && (digits > 4 || strncmp(text, "0000", 4) == 0);
}

static int read_from(int64_t *from)
{
	g_autoptr(GDateTime) start = NULL;

	if (option_from == NULL) {
		*from = g_get_real_time();
		return EXIT_OK;
	}
	start = g_date_time_new_from_iso8601(option_from, NULL);
	if (start == NULL && is_out_of_years(option_from)) {
		command_error("times are known from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z",
			"--from '%s' is outside of the years 1 to 9999", option_from);
		return EXIT_USAGE;
	}
	if (start == NULL) {
		command_error("write it with its offset, such as 2026-03-29T01:30:00+01:00 or "
			      "2026-03-29T00:30:00Z",
			"'%s' is no RFC 3339 time", option_from);
		return EXIT_USAGE;
	}
	*from = g_date_time_to_unix(start) * G_USEC_PER_SEC + g_date_time_get_microsecond(start);
	return EXIT_OK;
}

// Reads options and expression. Anything but EXIT_OK: an error was printed.
static int read_question(CronQuestion *question)
{
	g_autoptr(GError) error = NULL;

	question->zone = cron_zone(option_time_zone);
	if (question->zone == NULL) {
		g_autofree char *hint = flow_time_zone_hint(option_time_zone);

		command_error(hint != NULL ? hint
					   : "use a name such as Europe/Berlin, UTC, or an offset "
					     "such as +05:30",
			"unknown time zone '%s'", option_time_zone);
		return EXIT_USAGE;
	}
	if (option_count < 1) {
		command_error(NULL, "--count must be at least 1, not %d", option_count);
		return EXIT_USAGE;
	}
	if (!cron_parse(question->expression, option_with_seconds, &question->cron, &error)) {
		command_error(NULL, "%s", error->message);
		return g_error_matches(error, CRON_ERROR, CRON_ERROR_IMPOSSIBLE) ? EXIT_FAILED
										 : EXIT_USAGE;
	}
	return read_from(&question->from);
}

// An offset of odd seconds has no RFC 3339 form: such a time is shown in UTC.
static char *show_time(GTimeZone *zone, int64_t at)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(at / G_USEC_PER_SEC);
	g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, zone);
	bool odd = g_date_time_get_utc_offset(local) % G_TIME_SPAN_MINUTE != 0;
	GDateTime *shown = odd ? utc : local;

	// GLib's %Y has as many digits as the year needs.
	g_autofree char *rest =
		g_date_time_format(shown, odd ? "-%m-%dT%H:%M:%SZ" : "-%m-%dT%H:%M:%S%:z");
	return g_strdup_printf("%04d%s", g_date_time_get_year(shown), rest);
}

static void print_times(const CronQuestion *question, json_t *times)
{
	const json_t *time;
	size_t index;

	if (output_is_json()) {
		json_t *document = json_pack("{s:s, s:s, s:O}", "expression", question->expression,
			"timezone", option_time_zone == NULL ? "UTC" : option_time_zone, "times",
			times);

		output_json(document);
		json_decref(document);
		return;
	}
	json_array_foreach(times, index, time) puts(json_string_value(time));
}

// Prints the times, and says so when there are fewer than were asked for.
static int answer(const CronQuestion *question)
{
	int64_t at = question->from;
	json_t *times = json_array();
	int count;

	for (count = 0; count < option_count; count++) {
		if (!cron_next(&question->cron, question->zone, at, &at))
			break;
		g_autofree char *shown = show_time(question->zone, at);
		json_array_append_new(times, json_string(shown));
	}
	print_times(question, times);
	json_decref(times);
	if (count == option_count)
		return EXIT_OK;
	command_error("times are known from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z",
		"'%s' does not fire%s before the year 9999 ends", question->expression,
		count > 0 ? " again" : "");
	return EXIT_FAILED;
}

int cmd_cron(const Command *command, char **arguments)
{
	g_auto(CronQuestion) question = {.expression = arguments[1]};
	int status;

	(void)command;
	if (strcmp(arguments[0], "next") != 0) {
		command_error("the only one is 'weir cron next EXPRESSION'",
			"unknown subcommand '%s'", arguments[0]);
		return EXIT_USAGE;
	}
	status = read_question(&question);
	return status == EXIT_OK ? answer(&question) : status;
}
