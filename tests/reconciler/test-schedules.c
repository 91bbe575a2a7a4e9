// Schedules of flows: due times, what is missed, clocks that step, and conditions.
#include "reconciler/trigger.h"
#include "store/run.h"
#include "store/timestamp.h"
#include "store/trigger.h"
#include "tests/reconciler/schedule_bed.h"

static void schedule_put(ScheduleStory *story, const char *digest, const char *more)
{
	g_autofree char *triggers = g_strdup_printf("[{\"id\":\"s\",\"type\":\"schedule\",\"cron\":"
						    "\"0 * * * *\",\"inputs\":{\"a\":1}%s}]",
		more);
	const ScheduleFlow spec = {.id = "s", .digest = digest, .triggers = triggers};

	schedule_flow_put(story, &spec);
}

static void assert_due(
	ScheduleStory *story, const char *at, guint expected, const char *next_expected)
{
	g_autoptr(GError) error = NULL;
	char text[TIMESTAMP_SIZE];
	guint runs;
	int64_t next;

	g_assert_true(timestamp_parse(at, &story->now));
	scheduler_evaluate(story->scheduler, story->now, &runs, &next, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(runs, ==, expected);
	g_assert_cmpstr(
		next == INT64_MAX ? "never" : timestamp_format(next, text), ==, next_expected);
}

static void test_schedule(void)
{
	ScheduleStory story = schedule_story_new();

	schedule_put(&story, "1", ",\"allowConcurrent\":true");
	assert_due(&story, "2026-11-21T10:00:00Z", 0, "2026-11-21T11:00:00.000Z");
	assert_due(&story, "2026-11-21T10:59:59Z", 0, "2026-11-21T11:00:00.000Z");
	assert_due(&story, "2026-11-21T11:00:00Z", 1, "2026-11-21T12:00:00.000Z");
	assert_due(&story, "2026-11-21T11:00:00Z", 0, "2026-11-21T12:00:00.000Z");
	g_autoptr(StoreRun) run = schedule_run_active(&story, "s");
	g_assert_cmpstr(run->inputs, ==, "{\"a\":1}");
	g_assert_cmpstr(run->trigger, ==,
		"{\"id\":\"s\",\"type\":\"schedule\",\"date\":\"2026-11-21T11:00:00.000Z\","
		"\"next\":\"2026-11-21T12:00:00.000Z\",\"previous\":null}");
	// Three hours away: all are made up for.
	assert_due(&story, "2026-11-21T14:30:00Z", 3, "2026-11-21T15:00:00.000Z");
	schedule_put(&story, "2", ",\"allowConcurrent\":true,\"recoverMissedSchedules\":\"LAST\"");
	assert_due(&story, "2026-11-21T17:30:00Z", 1, "2026-11-21T18:00:00.000Z");
	schedule_put(&story, "3", ",\"allowConcurrent\":true,\"lateMaximumDelay\":\"PT10M\"");
	assert_due(&story, "2026-11-21T18:30:00Z", 0, "2026-11-21T19:00:00.000Z");
	schedule_put(&story, "4", ",\"allowConcurrent\":true,\"disabled\":true");
	assert_due(&story, "2026-11-21T19:00:00Z", 0, "2026-11-21T20:00:00.000Z");
	// None is made up for, but a start that is a little late is no miss.
	schedule_put(&story, "5", ",\"allowConcurrent\":true,\"recoverMissedSchedules\":\"NONE\"");
	assert_due(&story, "2026-11-21T22:01:01Z", 0, "2026-11-21T23:00:00.000Z");
	assert_due(&story, "2026-11-21T23:00:59Z", 1, "2026-11-22T00:00:00.000Z");
	const ScheduleFlow none = {.id = "s", .digest = "6"};
	schedule_flow_put(&story, &none);
	assert_due(&story, "2026-11-22T19:30:00Z", 0, "never");
	schedule_story_end(&story);
}

// Unless it allows it, a schedule starts nothing while its last run goes on: what came meanwhile is made up for afterwards, one by
// one.
static void test_no_overlap(void)
{
	ScheduleStory story = schedule_story_new();

	schedule_put(&story, "1", "");
	assert_due(&story, "2026-11-21T10:00:00Z", 0, "2026-11-21T11:00:00.000Z");
	assert_due(&story, "2026-11-21T11:00:00Z", 1, "never");
	assert_due(&story, "2026-11-21T13:00:00Z", 0, "never");
	schedule_run_end(&story, "s", RUN_FAILED);
	assert_due(&story, "2026-11-21T13:10:00Z", 1, "never");
	// A restart of the scheduler changes nothing.
	scheduler_free(story.scheduler);
	story.scheduler = scheduler_new(story.store, NULL);
	assert_due(&story, "2026-11-21T13:10:00Z", 0, "never");
	schedule_run_end(&story, "s", RUN_SUCCESS);
	assert_due(&story, "2026-11-21T13:20:00Z", 1, "never");
	schedule_run_end(&story, "s", RUN_SUCCESS);
	assert_due(&story, "2026-11-21T13:30:00Z", 0, "2026-11-21T14:00:00.000Z");
	schedule_put(&story, "2", ",\"recoverMissedSchedules\":\"LAST\"");
	assert_due(&story, "2026-11-21T14:00:00Z", 1, "never");
	assert_due(&story, "2026-11-21T17:00:00Z", 0, "never");
	schedule_run_end(&story, "s", RUN_SUCCESS);
	assert_due(&story, "2026-11-21T17:10:00Z", 1, "never");
	schedule_run_end(&story, "s", RUN_SUCCESS);
	assert_due(&story, "2026-11-21T17:20:00Z", 0, "2026-11-21T18:00:00.000Z");
	schedule_story_end(&story);
}

// A clock that steps back fires nothing again; one that steps forward misses moments like a server that was down.
static void test_clock_steps(void)
{
	ScheduleStory story = schedule_story_new();

	schedule_put(&story, "1", ",\"allowConcurrent\":true,\"recoverMissedSchedules\":\"LAST\"");
	assert_due(&story, "2026-11-21T10:00:00Z", 0, "2026-11-21T11:00:00.000Z");
	assert_due(&story, "2026-11-21T11:00:00Z", 1, "2026-11-21T12:00:00.000Z");
	assert_due(&story, "2026-11-21T10:30:00Z", 0, "2026-11-21T12:00:00.000Z");
	assert_due(&story, "2026-11-21T11:00:00Z", 0, "2026-11-21T12:00:00.000Z");
	assert_due(&story, "2026-11-21T12:00:00Z", 1, "2026-11-21T13:00:00.000Z");
	assert_due(&story, "2026-11-23T12:30:00Z", 1, "2026-11-23T13:00:00.000Z");
	schedule_story_end(&story);
}

// A clock that was a day ahead, and is right again: schedules do not stand still until the day has passed, and what was started
// ahead of its time is started when it comes. So it is also when the server was started anew in between.
static void test_clock_goes_right(void)
{
	for (int restart = 0; restart < 2; restart++) {
		ScheduleStory story = schedule_story_new();
		g_autoptr(GError) error = NULL;

		schedule_put(&story, "1",
			",\"allowConcurrent\":true,\"recoverMissedSchedules\":\"LAST\"");
		assert_due(&story, "2026-11-21T10:00:00Z", 0, "2026-11-21T11:00:00.000Z");
		assert_due(&story, "2026-11-21T11:00:00Z", 1, "2026-11-21T12:00:00.000Z");
		assert_due(&story, "2026-11-22T11:10:00Z", 1, "2026-11-22T12:00:00.000Z");
		assert_due(&story, "2026-11-22T12:00:00Z", 1, "2026-11-22T13:00:00.000Z");
		if (restart) {
			scheduler_free(story.scheduler);
			story.scheduler = scheduler_new(story.store, &error);
			g_assert_no_error(error);
		}
		assert_due(&story, "2026-11-21T11:30:00Z", 0, "2026-11-21T12:00:00.000Z");
		assert_due(&story, "2026-11-21T12:00:00Z", 1, "2026-11-21T13:00:00.000Z");
		assert_due(&story, "2026-11-21T11:59:00Z", 0, "2026-11-21T13:00:00.000Z");
		assert_due(&story, "2026-11-21T12:00:00Z", 0, "2026-11-21T13:00:00.000Z");
		assert_due(&story, "2026-11-22T11:00:30Z", 1, "2026-11-22T12:00:00.000Z");
		assert_due(&story, "2026-11-22T12:00:00Z", 1, "2026-11-22T13:00:00.000Z");
		schedule_story_end(&story);
	}
}

// Conditions look at the planned moment, inputs are rendered; what cannot be told is said on the trigger's row and starts nothing.
static void test_schedule_conditions(void)
{
	ScheduleStory story = schedule_story_new();
	g_autoptr(StoreTrigger) row = NULL;
	const ScheduleFlow odd = {.id = "s",
		.digest = "1",
		.triggers = "[{\"id\":\"s\",\"type\":\"schedule\",\"cron\":\"0 * * * *\","
			    "\"allowConcurrent\":true,\"when\":\"{{ (trigger.date | date('H') | "
			    "number) % 2 == 1 }}\",\"inputs\":{\"day\":\"{{ trigger.date | "
			    "date('yyyy-MM-dd') }}\"}}]"};
	const ScheduleFlow broken = {.id = "s",
		.digest = "2",
		.triggers = "[{\"id\":\"s\",\"type\":\"schedule\",\"cron\":\"0 * * * *\","
			    "\"when\":\"{{ nothing }}\"}]"};

	schedule_flow_put(&story, &odd);
	assert_due(&story, "2026-11-21T10:00:00Z", 0, "2026-11-21T11:00:00.000Z");
	assert_due(&story, "2026-11-21T11:00:00Z", 1, "2026-11-21T12:00:00.000Z");
	g_autoptr(StoreRun) run = schedule_run_active(&story, "s");
	g_assert_cmpstr(run->inputs, ==, "{\"day\":\"2026-11-21\"}");
	assert_due(&story, "2026-11-21T12:00:00Z", 0, "2026-11-21T13:00:00.000Z");
	// Of eight missed moments only the odd hours.
	assert_due(&story, "2026-11-21T20:00:00Z", 4, "2026-11-21T21:00:00.000Z");
	schedule_run_end(&story, "s", RUN_SUCCESS);
	schedule_flow_put(&story, &broken);
	assert_due(&story, "2026-11-21T20:30:00Z", 0, "2026-11-21T21:00:00.000Z");
	assert_due(&story, "2026-11-21T21:00:00Z", 0, "2026-11-21T22:00:00.000Z");
	g_assert_true(store_trigger_get(story.store, "d", "s", "s", &row, NULL));
	g_assert_cmpstr(row->message, ==, "in 'when': 1:4: undefined variable 'nothing'");
	schedule_story_end(&story);
}

static void test_stop_after(void)
{
	ScheduleStory story = schedule_story_new();
	g_autoptr(StoreTrigger) row = NULL;

	schedule_put(&story, "1", ",\"stopAfter\":[\"FAILED\"]");
	assert_due(&story, "2026-11-21T10:00:00Z", 0, "2026-11-21T11:00:00.000Z");
	assert_due(&story, "2026-11-21T11:00:00Z", 1, "never");
	schedule_run_end(&story, "s", RUN_SUCCESS);
	assert_due(&story, "2026-11-21T12:00:00Z", 1, "never");
	schedule_run_end(&story, "s", RUN_FAILED);
	assert_due(&story, "2026-11-21T12:30:00Z", 0, "2026-11-21T13:00:00.000Z");
	assert_due(&story, "2026-11-21T13:00:00Z", 0, "2026-11-21T14:00:00.000Z");
	g_assert_true(store_trigger_get(story.store, "d", "s", "s", &row, NULL));
	g_assert_true(row->disabled);
	g_assert_true(g_str_has_prefix(row->message, "stopped by 'stopAfter': the run '"));
	schedule_story_end(&story);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/scheduler/schedule", test_schedule);
	g_test_add_func("/scheduler/no-overlap", test_no_overlap);
	g_test_add_func("/scheduler/clock-steps", test_clock_steps);
	g_test_add_func("/scheduler/clock-goes-right", test_clock_goes_right);
	g_test_add_func("/scheduler/schedule-conditions", test_schedule_conditions);
	g_test_add_func("/scheduler/stop-after", test_stop_after);
	return g_test_run();
}
