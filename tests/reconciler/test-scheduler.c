// When tables were refreshed, scripts were deployed, and what waits for what: which runs the scheduler makes.
#include "reconciler/trigger.h"
#include "store/run.h"
#include "tests/reconciler/schedule_bed.h"

// A run of a script from beginning to end.
static void build(ScheduleStory *story, const char *flow)
{
	g_autofree char *table = g_strdup_printf("d.%s", flow);

	schedule_publish(story, flow, table);
	schedule_run_end(story, flow, RUN_SUCCESS);
}

// ---- Decisions ----------------------------------------------------------------------------------------------------

static void test_decisions(void)
{
	static const struct {
		TriggerInput inputs[3];
		size_t count;
		bool any;
		int64_t consumed;
		bool fires;
		int64_t seen;
	} cases[] = {
		{{{true, 5}}, 1, false, 4, true, 5},
		{{{true, 5}}, 1, false, 5, false, 5},
		{{{true, 0}}, 1, false, 0, false, 0},
		{{{true, 5}, {true, 3}}, 2, false, 3, false, 5},
		{{{true, 5}, {true, 3}}, 2, true, 3, true, 5},
		{{{true, 5}, {true, 7}}, 2, false, 4, true, 7},
		{{{true, 5}, {false, 0}}, 2, false, 4, true, 5},
		{{{false, 0}}, 1, false, 0, false, 0},
		{{{false, 0}}, 0, false, 0, false, 0},
	};
	int64_t seen;

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_test_message("case %zu", i);
		g_assert_cmpint(trigger_decide_tables(cases[i].inputs, cases[i].count, cases[i].any,
					cases[i].consumed, &seen),
			==, cases[i].fires);
		if (cases[i].fires)
			g_assert_cmpint(seen, ==, cases[i].seen);
	}
	const TriggerInput built[] = {{true, 5}, {true, 9}, {false, 0}};
	const TriggerInput unbuilt[] = {{true, 5}, {true, 0}};
	g_assert_true(trigger_decide_build(built, 3, &seen));
	g_assert_cmpint(seen, ==, 9);
	g_assert_true(trigger_decide_build(NULL, 0, &seen));
	g_assert_false(trigger_decide_build(unbuilt, 2, &seen));
}

// ---- Stories ------------------------------------------------------------------------------------------------------

// load -> raw -> a, b -> c (reads both)
static void put_diamond(ScheduleStory *story)
{
	const ScheduleFlow load = {.id = "load", .digest = "1", .writes = "d.raw"};

	schedule_flow_put(story, &load);
	schedule_script_put(story, "a", "1", "d.raw");
	schedule_script_put(story, "b", "1", "d.raw");
	schedule_script_put(story, "c", "1", "d.a\nd.b");
}

static void test_each_once_in_order(void)
{
	ScheduleStory story = schedule_story_new();

	put_diamond(&story);
	assert_scheduled(&story, "");
	for (int day = 0; day < 3; day++) {
		schedule_run_start(&story, "load");
		schedule_publish(&story, "load", "d.raw");
		assert_scheduled(&story, "a b load");
		schedule_run_end(&story, "load", RUN_SUCCESS);
		build(&story, "a");
		assert_scheduled(&story, "b");
		build(&story, "b");
		assert_scheduled(&story, "c");
		build(&story, "c");
		assert_scheduled(&story, "");
	}
	schedule_story_end(&story);
}

// Of a chain of scripts: each is due once the one before it is built, and nothing is at the end.
static void build_in_turn(ScheduleStory *story, const char *const *ids)
{
	for (; *ids != NULL; ids++) {
		assert_scheduled(story, *ids);
		build(story, *ids);
	}
	assert_scheduled(story, "");
}

// load writes raw, a reads it, c reads both; all of it was loaded and built once.
static ScheduleStory triangle_new(void)
{
	static const char *const chain[] = {"a", "c", NULL};
	ScheduleStory story = schedule_story_new();
	const ScheduleFlow load = {.id = "load", .digest = "1", .writes = "d.raw"};

	schedule_flow_put(&story, &load);
	schedule_script_put(&story, "a", "1", "d.raw");
	schedule_script_put(&story, "c", "1", "d.raw\nd.a");
	schedule_run_start(&story, "load");
	schedule_publish(&story, "load", "d.raw");
	schedule_run_end(&story, "load", RUN_SUCCESS);
	build_in_turn(&story, chain);
	return story;
}

// c reads raw as well, which is published long before a: it waits for a all the same, even when a was published alone in
// between.
static void test_held_back(void)
{
	ScheduleStory story = triangle_new();

	// By hand, out of turn: c has not seen this build of a, and raw is old.
	schedule_run_start(&story, "a");
	build(&story, "a");
	assert_scheduled(&story, "");
	schedule_run_start(&story, "load");
	schedule_publish(&story, "load", "d.raw");
	assert_scheduled(&story, "a load");
	schedule_run_end(&story, "load", RUN_SUCCESS);
	assert_scheduled(&story, "a");
	build(&story, "a");
	assert_scheduled(&story, "c");
	build(&story, "c");
	assert_scheduled(&story, "");
	schedule_story_end(&story);
}

// A failed run upstream lets go of what it held back.
static void test_failure_lets_go(void)
{
	ScheduleStory story = triangle_new();

	schedule_run_start(&story, "a");
	build(&story, "a");
	schedule_run_start(&story, "load");
	schedule_publish(&story, "load", "d.raw");
	schedule_run_end(&story, "load", RUN_SUCCESS);
	assert_scheduled(&story, "a");
	schedule_run_end(&story, "a", RUN_FAILED);
	assert_scheduled(&story, "c");
	schedule_story_end(&story);
}

// A deploy that changes a chain builds it in its order, each script once.
static void test_deploy(void)
{
	static const char *const chain[] = {"a", "b", "c", NULL};
	ScheduleStory story = schedule_story_new();

	schedule_script_put(&story, "a", "1", NULL);
	assert_scheduled(&story, "a");
	schedule_script_put(&story, "b", "1", "d.a");
	schedule_script_put(&story, "c", "1", "d.b\nelsewhere.x");
	build_in_turn(&story, chain);
	schedule_script_put(&story, "c", "2", "d.b\nelsewhere.x");
	schedule_script_put(&story, "a", "2", NULL);
	build_in_turn(&story, chain);
	schedule_story_end(&story);
}

// What was decided before a crash is not decided again by the next process.
static void test_restart(void)
{
	ScheduleStory story = schedule_story_new();
	const ScheduleFlow notify = {.id = "notify",
		.digest = "1",
		.triggers = "[{\"id\":\"t\",\"type\":\"tables\",\"any\":[\"d.raw\"]}]"};

	put_diamond(&story);
	schedule_run_start(&story, "load");
	schedule_publish(&story, "load", "d.raw");
	schedule_run_end(&story, "load", RUN_SUCCESS);
	// A written flow that comes later does not care for what was published before.
	schedule_flow_put(&story, &notify);
	assert_scheduled(&story, "a b");
	scheduler_free(story.scheduler);
	story.scheduler = scheduler_new(story.store, NULL);
	assert_scheduled(&story, "a b");
	build(&story, "a");
	schedule_publish(&story, NULL, "d.raw");
	assert_scheduled(&story, "a b b notify");
	schedule_story_end(&story);
}

// A tables trigger may ask for more, and hand values to its run.
static void test_tables_conditions(void)
{
	ScheduleStory story = schedule_story_new();
	const ScheduleFlow load = {.id = "load", .digest = "1", .writes = "d.raw"};
	const ScheduleFlow notify = {.id = "notify",
		.digest = "1",
		.triggers = "[{\"id\":\"t\",\"type\":\"tables\",\"any\":[\"d.raw\"],\"when\":\"{{ "
			    "trigger.sequence > 1 }}\",\"inputs\":{\"n\":\"{{ trigger.sequence "
			    "}}\"},\"labels\":{\"by\":\"{{ trigger.type }}\"}}]"};

	schedule_flow_put(&story, &load);
	schedule_flow_put(&story, &notify);
	assert_scheduled(&story, "");
	schedule_publish(&story, NULL, "d.raw");
	assert_scheduled(&story, "");
	schedule_publish(&story, NULL, "d.raw");
	assert_scheduled(&story, "notify");
	g_autoptr(StoreRun) run = schedule_run_active(&story, "notify");
	g_assert_cmpstr(run->inputs, ==, "{\"n\":2}");
	g_assert_cmpstr(run->labels, ==, "{\"by\":\"tables\"}");
	schedule_story_end(&story);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/scheduler/decisions", test_decisions);
	g_test_add_func("/scheduler/each-once-in-order", test_each_once_in_order);
	g_test_add_func("/scheduler/held-back", test_held_back);
	g_test_add_func("/scheduler/failure-lets-go", test_failure_lets_go);
	g_test_add_func("/scheduler/deploy", test_deploy);
	g_test_add_func("/scheduler/restart", test_restart);
	g_test_add_func("/scheduler/tables-conditions", test_tables_conditions);
	return g_test_run();
}
