// Flows that run when runs of other flows have ended.
#include "reconciler/trigger.h"
#include "store/domain.h"
#include "store/flow.h"
#include "store/run.h"
#include "tests/harness/text.h"
#include "tests/reconciler/schedule_bed.h"

#include <string.h>

static void schedule_run(ScheduleStory *story, const char *flow, RunState state)
{
	schedule_run_start(story, flow);
	schedule_run_end(story, flow, state);
}

static void put_listener(
	ScheduleStory *story, const char *id, const char *digest, const char *trigger)
{
	g_autofree char *triggers =
		g_strdup_printf("[{\"id\":\"t\",\"type\":\"flow\"%s}]", trigger);
	const ScheduleFlow spec = {.id = id, .digest = digest, .triggers = triggers};

	schedule_flow_put(story, &spec);
}

static void schedule_restart(ScheduleStory *story)
{
	scheduler_free(story->scheduler);
	story->scheduler = scheduler_new(story->store, NULL);
}

static void test_flow_trigger(void)
{
	ScheduleStory story = schedule_story_new();
	const ScheduleFlow plain = {.id = "a", .digest = "1"};

	schedule_flow_put(&story, &plain);
	schedule_run(&story, "a", RUN_SUCCESS);
	put_listener(&story, "l", "1",
		",\"states\":[\"SUCCESS\"],\"inputs\":{\"from\":\"{{ trigger.flowId "
		"}}\",\"how\":\"{{ "
		"execution.state }}\"},\"conditions\":[{\"type\":\"execution-flow\",\"namespace\":"
		"\"d\",\"flowId\":\"a\"}]");
	// What ended before it was there is not its own.
	assert_scheduled(&story, "");
	schedule_run(&story, "a", RUN_FAILED);
	assert_scheduled(&story, "");
	schedule_run(&story, "a", RUN_SUCCESS);
	assert_scheduled(&story, "l");
	g_autoptr(StoreRun) run = schedule_run_active(&story, "l");
	g_assert_cmpstr(run->inputs, ==, "{\"from\":\"a\",\"how\":\"SUCCESS\"}");
	g_assert_cmpstr(run->trigger_type, ==, "flow");
	g_assert_true(strstr(run->trigger, "\"executionId\":") != NULL);
	// Its own end does not start it again, and a restart has nothing looked at twice.
	schedule_run_end(&story, "l", RUN_SUCCESS);
	schedule_restart(&story);
	assert_scheduled(&story, "");
	// What ends while nobody follows is made up for.
	scheduler_free(story.scheduler);
	schedule_run(&story, "a", RUN_SUCCESS);
	schedule_run(&story, "a", RUN_SUCCESS);
	story.scheduler = scheduler_new(story.store, NULL);
	assert_scheduled(&story, "l l");
	schedule_story_end(&story);
}

static void test_flow_trigger_preconditions(void)
{
	ScheduleStory story = schedule_story_new();
	static const char *const both =
		",\"inputs\":{\"n\":\"{{ trigger.executions | length "
		"}}\"},\"preconditions\":{\"flows\":[{\"namespace\":\"d\",\"flowId\":\"a\","
		"\"states\":"
		"[\"SUCCESS\"]},{\"namespace\":\"d\",\"flowId\":\"b\"}],\"timeWindow\":{\"type\":"
		"\"SLIDING_WINDOW\",\"window\":\"PT1H\"}}";
	const ScheduleFlow a = {.id = "a", .digest = "1"};
	const ScheduleFlow b = {.id = "b", .digest = "1"};

	schedule_flow_put(&story, &a);
	schedule_flow_put(&story, &b);
	put_listener(&story, "l", "1", both);
	assert_scheduled(&story, "");
	schedule_run(&story, "a", RUN_SUCCESS);
	assert_scheduled(&story, "");
	// The half that has happened survives a restart.
	schedule_restart(&story);
	schedule_run(&story, "b", RUN_FAILED);
	assert_scheduled(&story, "l");
	g_autoptr(StoreRun) run = schedule_run_active(&story, "l");
	g_assert_true(strstr(run->trigger, "\"executions\":[") != NULL);
	g_assert_cmpstr(run->inputs, ==, "{\"n\":2}");
	schedule_run_end(&story, "l", RUN_SUCCESS);
	schedule_run(&story, "b", RUN_SUCCESS);
	assert_scheduled(&story, "");
	schedule_run(&story, "a", RUN_SUCCESS);
	assert_scheduled(&story, "l");
	schedule_run_end(&story, "l", RUN_SUCCESS);
	// A changed definition begins anew, and a disabled flow hears nothing.
	schedule_run(&story, "a", RUN_SUCCESS);
	assert_scheduled(&story, "");
	put_listener(&story, "l", "2",
		",\"description\":\"x\",\"preconditions\":{\"flows\":[{"
		"\"namespace\":\"d\",\"flowId\":\"b\"},{\"namespace\":"
		"\"d\",\"flowId\":\"a\"}]}");
	assert_scheduled(&story, "");
	schedule_run(&story, "b", RUN_SUCCESS);
	assert_scheduled(&story, "");
	schedule_run(&story, "a", RUN_SUCCESS);
	assert_scheduled(&story, "l");
	schedule_story_end(&story);
}

// A flow of the domain "e", whose domain.yaml says who may follow it.
static void put_elsewhere(ScheduleStory *story, const char *settings)
{
	g_autoptr(GError) error = NULL;
	int64_t applied;
	const StoreDomain domain = {.name = TEXT("e"),
		.source = TEXT("main"),
		.connection = TEXT("default"),
		.dataset = TEXT("e"),
		.settings = TEXT(settings)};
	const StoreFlowPut row = {
		.flow = {.namespace = TEXT("e"),
			.id = TEXT("x"),
			.digest = TEXT("1"),
			.domain = TEXT("e"),
			.kind = TEXT("written"),
			.path = TEXT("x")},
		.definition = "{}",
	};

	g_autoptr(StoreTransaction) transaction = store_transaction_begin(story->store, &error);
	g_assert_true(store_domain_put(story->store, &domain, &error));
	g_assert_true(store_apply_begin(story->store, &applied, &error));
	g_assert_true(store_flow_put(story->store, &row, applied, NULL, &error));
	g_assert_true(store_transaction_commit(transaction, &error));
	g_assert_no_error(error);
}

static void run_elsewhere(ScheduleStory *story)
{
	const StoreRunNew run = {.namespace = "e", .flow = "x", .concurrency_limit = -1};
	const StoreRunChange change = {.state = RUN_SUCCESS};
	StoreLease lease;
	bool claimed = false;
	char id[27];

	g_assert_true(store_run_create(story->store, &run, id, NULL, NULL));
	g_assert_true(store_run_claim_one(story->store, "node", id, &lease, &claimed, NULL));
	g_assert_true(claimed);
	g_assert_true(store_run_end(story->store, &lease, &change, NULL));
}

// A domain that names its consumers is followed by them alone.
static void test_flow_trigger_admission(void)
{
	static const struct {
		const char *settings, *active;
	} cases[] = {
		{"{\"consumers\":[\"other\",\"dd\"]}", ""},
		{"{\"consumers\":[]}", ""},
		{"{\"consumers\":[\"other\",\"d\"]}", "l"},
		{"{}", "l"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		ScheduleStory story = schedule_story_new();

		put_elsewhere(&story, cases[i].settings);
		put_listener(&story, "l", "1", "");
		assert_scheduled(&story, "");
		run_elsewhere(&story);
		g_test_message("%s", cases[i].settings);
		assert_scheduled(&story, cases[i].active);
		schedule_story_end(&story);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/scheduler/flow-trigger", test_flow_trigger);
	g_test_add_func("/scheduler/flow-trigger-preconditions", test_flow_trigger_preconditions);
	g_test_add_func("/scheduler/flow-trigger-admission", test_flow_trigger_admission);
	return g_test_run();
}
