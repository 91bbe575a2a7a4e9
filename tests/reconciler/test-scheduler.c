#include "reconciler/trigger.h"
#include "store/domain.h"
#include "store/flow.h"
#include "store/node.h"
#include "store/run.h"
#include "store/table.h"
#include "store/timestamp.h"
#include "store/trigger.h"
#include "tests/harness/text.h"

#include <string.h>

// A store with flows that are put there as an apply would, and runs that end when the story says so.
typedef struct {
	Store *store;
	Scheduler *scheduler;
	int64_t now;
} Story;

static Story story_new(void)
{
	g_autoptr(GError) error = NULL;
	Story story = {.store = store_open("", STORE_EPHEMERAL, &error)};

	g_assert_no_error(error);
	story.scheduler = scheduler_new(story.store, &error);
	g_assert_no_error(error);
	g_assert_true(timestamp_parse("2026-11-21T10:00:00Z", &story.now));
	const StoreNode node = {.id = TEXT("node"),
		.name = TEXT("node"),
		.version = TEXT("1"),
		.expires_at = INT64_MAX};
	g_assert_true(store_node_put(story.store, &node, &error));
	return story;
}

static void story_end(Story *story)
{
	scheduler_free(story->scheduler);
	store_close(story->store);
}

typedef struct {
	const char *id; // of the namespace "d"
	const char *digest;
	const char *reads; // "d.a\nd.b"
	const char *writes;
	const char *triggers;
	bool script;
} FlowSpec;

static void put(Story *story, const FlowSpec *spec)
{
	g_autoptr(GError) error = NULL;
	int64_t applied = 0;
	g_auto(GStrv) names = g_strsplit(spec->reads != NULL ? spec->reads : "", "\n", -1);
	g_autofree char *all = spec->reads == NULL ? NULL : g_strjoinv("\",\"", names);
	g_autofree char *tables =
		all == NULL ? NULL
			    : g_strdup_printf(
				      "[{\"id\":\"tables\",\"type\":\"tables\",\"all\":[\"%s\"]}]",
				      all);
	const StoreFlowPut row = {
		.flow = {.namespace = TEXT("d"),
			.id = TEXT(spec->id),
			.digest = TEXT(spec->digest),
			.domain = TEXT("d"),
			.kind = TEXT(spec->script ? "generated" : "written"),
			.feed = spec->script ? TEXT("WRITE_TRUNCATE") : NULL,
			.target = spec->script ? TEXT(spec->writes) : NULL,
			.path = TEXT("x"),
			.reads = TEXT(spec->reads),
			.writes = TEXT(spec->writes),
			.triggers = spec->triggers != NULL ? TEXT(spec->triggers)
				    : spec->script	   ? tables
							   : NULL,
			.build_due = spec->script,
			.commit = TEXT("c")},
		.definition = "{}",
	};

	g_autoptr(StoreTransaction) transaction = store_transaction_begin(story->store, &error);
	g_assert_true(store_apply_begin(story->store, &applied, &error));
	store_flow_put(story->store, &row, applied, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(store_transaction_commit(transaction, &error));
}

static void put_script(Story *story, const char *id, const char *digest, const char *reads)
{
	g_autofree char *target = g_strdup_printf("d.%s", id);
	const FlowSpec spec = {
		.id = id, .digest = digest, .reads = reads, .writes = target, .script = true};

	put(story, &spec);
}

static int order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

// The flows that have a run which is not ended, sorted and joined by blanks.
static char *active(Story *story)
{
	const StoreRunFilter filter = STORE_RUN_FILTER_ALL;
	g_autoptr(GPtrArray) runs = NULL;
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	g_assert_true(store_runs_list(story->store, &filter, NULL, &runs, NULL, NULL));
	for (guint i = 0; i < runs->len; i++) {
		const StoreRun *run = runs->pdata[i];

		if (!run_state_is_ended(run->state))
			g_ptr_array_add(names, run->flow);
	}
	g_ptr_array_sort(names, order);
	g_ptr_array_add(names, NULL);
	return g_strjoinv(" ", (char **)names->pdata);
}

static void assert_evaluation(Story *story, const char *expected)
{
	g_autoptr(GError) error = NULL;
	guint runs;
	int64_t next;

	scheduler_evaluate(story->scheduler, story->now, &runs, &next, &error);
	g_assert_no_error(error);
	g_autofree char *names = active(story);
	g_assert_cmpstr(names, ==, expected);
	// Looking again finds nothing more.
	g_assert_true(scheduler_evaluate(story->scheduler, story->now, &runs, &next, &error));
	g_assert_cmpuint(runs, ==, 0);
}

static StoreRun *find_active(Story *story, const char *flow)
{
	const StoreRunFilter filter = {.namespace = "d", .flow = flow, .state = -1};
	g_autoptr(GPtrArray) runs = NULL;
	StoreRun *found = NULL;

	g_assert_true(store_runs_list(story->store, &filter, NULL, &runs, NULL, NULL));
	for (guint i = 0; i < runs->len && found == NULL; i++) {
		const StoreRun *run = runs->pdata[i];

		if (!run_state_is_ended(run->state))
			g_assert_true(store_run_get(story->store, run->id, &found, NULL));
	}
	g_assert_nonnull(found);
	return found;
}

static void publish(Story *story, const char *flow, const char *table)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(StoreRun) run = flow == NULL ? NULL : find_active(story, flow);
	const StorePublish row = {.name = TEXT(table),
		.namespace = flow == NULL ? NULL : TEXT("d"),
		.flow = TEXT(flow),
		.revision = run == NULL ? 0 : run->revision,
		.run_id = run == NULL ? NULL : run->id,
		.rows = 1,
		.rows_changed = 1};

	store_publish_add(story->store, &row, NULL, &error);
	g_assert_no_error(error);
}

static void end(Story *story, const char *flow, RunState state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(StoreRun) run = find_active(story, flow);
	StoreLease lease;
	bool claimed = false;

	store_run_claim_one(story->store, "node", run->id, &lease, &claimed, &error);
	g_assert_no_error(error);
	g_assert_true(claimed);
	const StoreRunChange change = {.state = state};
	store_run_end(story->store, &lease, &change, &error);
	g_assert_no_error(error);
}

// A run of a script from beginning to end.
static void build(Story *story, const char *flow)
{
	g_autofree char *table = g_strdup_printf("d.%s", flow);

	publish(story, flow, table);
	end(story, flow, RUN_SUCCESS);
}

static void start_by_hand(Story *story, const char *flow)
{
	g_autoptr(GError) error = NULL;
	const StoreRunNew run = {.namespace = "d", .flow = flow, .concurrency_limit = -1};

	store_run_create(story->store, &run, NULL, NULL, &error);
	g_assert_no_error(error);
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
static void put_diamond(Story *story)
{
	const FlowSpec load = {.id = "load", .digest = "1", .writes = "d.raw"};

	put(story, &load);
	put_script(story, "a", "1", "d.raw");
	put_script(story, "b", "1", "d.raw");
	put_script(story, "c", "1", "d.a\nd.b");
}

static void test_each_once_in_order(void)
{
	Story story = story_new();

	put_diamond(&story);
	assert_evaluation(&story, "");
	for (int day = 0; day < 3; day++) {
		start_by_hand(&story, "load");
		publish(&story, "load", "d.raw");
		assert_evaluation(&story, "a b load");
		end(&story, "load", RUN_SUCCESS);
		build(&story, "a");
		assert_evaluation(&story, "b");
		build(&story, "b");
		assert_evaluation(&story, "c");
		build(&story, "c");
		assert_evaluation(&story, "");
	}
	story_end(&story);
}

// Of a chain of scripts: each is due once the one before it is built, and nothing is at the end.
static void build_in_turn(Story *story, const char *const *ids)
{
	for (; *ids != NULL; ids++) {
		assert_evaluation(story, *ids);
		build(story, *ids);
	}
	assert_evaluation(story, "");
}

// load writes raw, a reads it, c reads both; all of it was loaded and built once.
static Story triangle_new(void)
{
	static const char *const chain[] = {"a", "c", NULL};
	Story story = story_new();
	const FlowSpec load = {.id = "load", .digest = "1", .writes = "d.raw"};

	put(&story, &load);
	put_script(&story, "a", "1", "d.raw");
	put_script(&story, "c", "1", "d.raw\nd.a");
	start_by_hand(&story, "load");
	publish(&story, "load", "d.raw");
	end(&story, "load", RUN_SUCCESS);
	build_in_turn(&story, chain);
	return story;
}

// c reads raw as well, which is published long before a: it waits for a all the same, even when a was published alone in
// between.
static void test_held_back(void)
{
	Story story = triangle_new();

	// By hand, out of turn: c has not seen this build of a, and raw is old.
	start_by_hand(&story, "a");
	build(&story, "a");
	assert_evaluation(&story, "");
	start_by_hand(&story, "load");
	publish(&story, "load", "d.raw");
	assert_evaluation(&story, "a load");
	end(&story, "load", RUN_SUCCESS);
	assert_evaluation(&story, "a");
	build(&story, "a");
	assert_evaluation(&story, "c");
	build(&story, "c");
	assert_evaluation(&story, "");
	story_end(&story);
}

// A failed run upstream lets go of what it held back.
static void test_failure_lets_go(void)
{
	Story story = triangle_new();

	start_by_hand(&story, "a");
	build(&story, "a");
	start_by_hand(&story, "load");
	publish(&story, "load", "d.raw");
	end(&story, "load", RUN_SUCCESS);
	assert_evaluation(&story, "a");
	end(&story, "a", RUN_FAILED);
	assert_evaluation(&story, "c");
	story_end(&story);
}

// A deploy that changes a chain builds it in its order, each script once.
static void test_deploy(void)
{
	static const char *const chain[] = {"a", "b", "c", NULL};
	Story story = story_new();

	put_script(&story, "a", "1", NULL);
	assert_evaluation(&story, "a");
	put_script(&story, "b", "1", "d.a");
	put_script(&story, "c", "1", "d.b\nelsewhere.x");
	build_in_turn(&story, chain);
	put_script(&story, "c", "2", "d.b\nelsewhere.x");
	put_script(&story, "a", "2", NULL);
	build_in_turn(&story, chain);
	story_end(&story);
}

// What was decided before a crash is not decided again by the next process.
static void test_restart(void)
{
	Story story = story_new();
	const FlowSpec notify = {.id = "notify",
		.digest = "1",
		.triggers = "[{\"id\":\"t\",\"type\":\"tables\",\"any\":[\"d.raw\"]}]"};

	put_diamond(&story);
	start_by_hand(&story, "load");
	publish(&story, "load", "d.raw");
	end(&story, "load", RUN_SUCCESS);
	// A written flow that comes later does not care for what was published before.
	put(&story, &notify);
	assert_evaluation(&story, "a b");
	scheduler_free(story.scheduler);
	story.scheduler = scheduler_new(story.store, NULL);
	assert_evaluation(&story, "a b");
	build(&story, "a");
	publish(&story, NULL, "d.raw");
	assert_evaluation(&story, "a b b notify");
	story_end(&story);
}

// A tables trigger may ask for more, and hand values to its run.
static void test_tables_conditions(void)
{
	Story story = story_new();
	const FlowSpec load = {.id = "load", .digest = "1", .writes = "d.raw"};
	const FlowSpec notify = {.id = "notify",
		.digest = "1",
		.triggers = "[{\"id\":\"t\",\"type\":\"tables\",\"any\":[\"d.raw\"],\"when\":\"{{ "
			    "trigger.sequence > 1 }}\",\"inputs\":{\"n\":\"{{ trigger.sequence "
			    "}}\"},\"labels\":{\"by\":\"{{ trigger.type }}\"}}]"};

	put(&story, &load);
	put(&story, &notify);
	assert_evaluation(&story, "");
	publish(&story, NULL, "d.raw");
	assert_evaluation(&story, "");
	publish(&story, NULL, "d.raw");
	assert_evaluation(&story, "notify");
	g_autoptr(StoreRun) run = find_active(&story, "notify");
	g_assert_cmpstr(run->inputs, ==, "{\"n\":2}");
	g_assert_cmpstr(run->labels, ==, "{\"by\":\"tables\"}");
	story_end(&story);
}

// ---- Schedules ----------------------------------------------------------------------------------------------------

static void put_schedule(Story *story, const char *digest, const char *more)
{
	g_autofree char *triggers = g_strdup_printf("[{\"id\":\"s\",\"type\":\"schedule\",\"cron\":"
						    "\"0 * * * *\",\"inputs\":{\"a\":1}%s}]",
		more);
	const FlowSpec spec = {.id = "s", .digest = digest, .triggers = triggers};

	put(story, &spec);
}

static void assert_due(Story *story, const char *at, guint expected, const char *next_expected)
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
	Story story = story_new();

	put_schedule(&story, "1", ",\"allowConcurrent\":true");
	assert_due(&story, "2026-11-21T10:00:00Z", 0, "2026-11-21T11:00:00.000Z");
	assert_due(&story, "2026-11-21T10:59:59Z", 0, "2026-11-21T11:00:00.000Z");
	assert_due(&story, "2026-11-21T11:00:00Z", 1, "2026-11-21T12:00:00.000Z");
	assert_due(&story, "2026-11-21T11:00:00Z", 0, "2026-11-21T12:00:00.000Z");
	g_autoptr(StoreRun) run = find_active(&story, "s");
	g_assert_cmpstr(run->inputs, ==, "{\"a\":1}");
	g_assert_cmpstr(run->trigger, ==,
		"{\"id\":\"s\",\"type\":\"schedule\",\"date\":\"2026-11-21T11:00:00.000Z\","
		"\"next\":\"2026-11-21T12:00:00.000Z\",\"previous\":null}");
	// Three hours away: all are made up for.
	assert_due(&story, "2026-11-21T14:30:00Z", 3, "2026-11-21T15:00:00.000Z");
	put_schedule(&story, "2", ",\"allowConcurrent\":true,\"recoverMissedSchedules\":\"LAST\"");
	assert_due(&story, "2026-11-21T17:30:00Z", 1, "2026-11-21T18:00:00.000Z");
	put_schedule(&story, "3", ",\"allowConcurrent\":true,\"lateMaximumDelay\":\"PT10M\"");
	assert_due(&story, "2026-11-21T18:30:00Z", 0, "2026-11-21T19:00:00.000Z");
	put_schedule(&story, "4", ",\"allowConcurrent\":true,\"disabled\":true");
	assert_due(&story, "2026-11-21T19:00:00Z", 0, "2026-11-21T20:00:00.000Z");
	// None is made up for, but a start that is a little late is no miss.
	put_schedule(&story, "5", ",\"allowConcurrent\":true,\"recoverMissedSchedules\":\"NONE\"");
	assert_due(&story, "2026-11-21T22:01:01Z", 0, "2026-11-21T23:00:00.000Z");
	assert_due(&story, "2026-11-21T23:00:59Z", 1, "2026-11-22T00:00:00.000Z");
	const FlowSpec none = {.id = "s", .digest = "6"};
	put(&story, &none);
	assert_due(&story, "2026-11-22T19:30:00Z", 0, "never");
	story_end(&story);
}

// Unless it allows it, a schedule starts nothing while its last run goes on: what came meanwhile is made up for afterwards, one by
// one.
static void test_no_overlap(void)
{
	Story story = story_new();

	put_schedule(&story, "1", "");
	assert_due(&story, "2026-11-21T10:00:00Z", 0, "2026-11-21T11:00:00.000Z");
	assert_due(&story, "2026-11-21T11:00:00Z", 1, "never");
	assert_due(&story, "2026-11-21T13:00:00Z", 0, "never");
	end(&story, "s", RUN_FAILED);
	assert_due(&story, "2026-11-21T13:10:00Z", 1, "never");
	// A restart of the scheduler changes nothing.
	scheduler_free(story.scheduler);
	story.scheduler = scheduler_new(story.store, NULL);
	assert_due(&story, "2026-11-21T13:10:00Z", 0, "never");
	end(&story, "s", RUN_SUCCESS);
	assert_due(&story, "2026-11-21T13:20:00Z", 1, "never");
	end(&story, "s", RUN_SUCCESS);
	assert_due(&story, "2026-11-21T13:30:00Z", 0, "2026-11-21T14:00:00.000Z");
	put_schedule(&story, "2", ",\"recoverMissedSchedules\":\"LAST\"");
	assert_due(&story, "2026-11-21T14:00:00Z", 1, "never");
	assert_due(&story, "2026-11-21T17:00:00Z", 0, "never");
	end(&story, "s", RUN_SUCCESS);
	assert_due(&story, "2026-11-21T17:10:00Z", 1, "never");
	end(&story, "s", RUN_SUCCESS);
	assert_due(&story, "2026-11-21T17:20:00Z", 0, "2026-11-21T18:00:00.000Z");
	story_end(&story);
}

// A clock that steps back fires nothing again; one that steps forward misses moments like a server that was down.
static void test_clock_steps(void)
{
	Story story = story_new();

	put_schedule(&story, "1", ",\"allowConcurrent\":true,\"recoverMissedSchedules\":\"LAST\"");
	assert_due(&story, "2026-11-21T10:00:00Z", 0, "2026-11-21T11:00:00.000Z");
	assert_due(&story, "2026-11-21T11:00:00Z", 1, "2026-11-21T12:00:00.000Z");
	assert_due(&story, "2026-11-21T09:00:00Z", 0, "2026-11-21T12:00:00.000Z");
	assert_due(&story, "2026-11-21T11:00:00Z", 0, "2026-11-21T12:00:00.000Z");
	assert_due(&story, "2026-11-21T12:00:00Z", 1, "2026-11-21T13:00:00.000Z");
	assert_due(&story, "2026-11-23T12:30:00Z", 1, "2026-11-23T13:00:00.000Z");
	story_end(&story);
}

// Conditions look at the planned moment, inputs are rendered; what cannot be told is said on the trigger's row and starts nothing.
static void test_schedule_conditions(void)
{
	Story story = story_new();
	g_autoptr(StoreTrigger) row = NULL;
	const FlowSpec odd = {.id = "s",
		.digest = "1",
		.triggers = "[{\"id\":\"s\",\"type\":\"schedule\",\"cron\":\"0 * * * *\","
			    "\"allowConcurrent\":true,\"when\":\"{{ (trigger.date | date('H') | "
			    "number) % 2 == 1 }}\",\"inputs\":{\"day\":\"{{ trigger.date | "
			    "date('yyyy-MM-dd') }}\"}}]"};
	const FlowSpec broken = {.id = "s",
		.digest = "2",
		.triggers = "[{\"id\":\"s\",\"type\":\"schedule\",\"cron\":\"0 * * * *\","
			    "\"when\":\"{{ nothing }}\"}]"};

	put(&story, &odd);
	assert_due(&story, "2026-11-21T10:00:00Z", 0, "2026-11-21T11:00:00.000Z");
	assert_due(&story, "2026-11-21T11:00:00Z", 1, "2026-11-21T12:00:00.000Z");
	g_autoptr(StoreRun) run = find_active(&story, "s");
	g_assert_cmpstr(run->inputs, ==, "{\"day\":\"2026-11-21\"}");
	assert_due(&story, "2026-11-21T12:00:00Z", 0, "2026-11-21T13:00:00.000Z");
	// Of eight missed moments only the odd hours.
	assert_due(&story, "2026-11-21T20:00:00Z", 4, "2026-11-21T21:00:00.000Z");
	end(&story, "s", RUN_SUCCESS);
	put(&story, &broken);
	assert_due(&story, "2026-11-21T20:30:00Z", 0, "2026-11-21T21:00:00.000Z");
	assert_due(&story, "2026-11-21T21:00:00Z", 0, "2026-11-21T22:00:00.000Z");
	g_assert_true(store_trigger_get(story.store, "d", "s", "s", &row, NULL));
	g_assert_cmpstr(row->message, ==, "in 'when': 1:4: undefined variable 'nothing'");
	story_end(&story);
}

// ---- Runs that end ------------------------------------------------------------------------------------------------

static void run_flow(Story *story, const char *flow, RunState state)
{
	start_by_hand(story, flow);
	end(story, flow, state);
}

static void put_listener(Story *story, const char *id, const char *digest, const char *trigger)
{
	g_autofree char *triggers =
		g_strdup_printf("[{\"id\":\"t\",\"type\":\"flow\"%s}]", trigger);
	const FlowSpec spec = {.id = id, .digest = digest, .triggers = triggers};

	put(story, &spec);
}

static void restart(Story *story)
{
	scheduler_free(story->scheduler);
	story->scheduler = scheduler_new(story->store, NULL);
}

static void test_flow_trigger(void)
{
	Story story = story_new();
	const FlowSpec plain = {.id = "a", .digest = "1"};

	put(&story, &plain);
	run_flow(&story, "a", RUN_SUCCESS);
	put_listener(&story, "l", "1",
		",\"states\":[\"SUCCESS\"],\"inputs\":{\"from\":\"{{ trigger.flowId "
		"}}\",\"how\":\"{{ "
		"execution.state }}\"},\"conditions\":[{\"type\":\"execution-flow\",\"namespace\":"
		"\"d\",\"flowId\":\"a\"}]");
	// What ended before it was there is not its own.
	assert_evaluation(&story, "");
	run_flow(&story, "a", RUN_FAILED);
	assert_evaluation(&story, "");
	run_flow(&story, "a", RUN_SUCCESS);
	assert_evaluation(&story, "l");
	g_autoptr(StoreRun) run = find_active(&story, "l");
	g_assert_cmpstr(run->inputs, ==, "{\"from\":\"a\",\"how\":\"SUCCESS\"}");
	g_assert_cmpstr(run->trigger_type, ==, "flow");
	g_assert_true(strstr(run->trigger, "\"executionId\":") != NULL);
	// Its own end does not start it again, and a restart has nothing looked at twice.
	end(&story, "l", RUN_SUCCESS);
	restart(&story);
	assert_evaluation(&story, "");
	// What ends while nobody follows is made up for.
	scheduler_free(story.scheduler);
	run_flow(&story, "a", RUN_SUCCESS);
	run_flow(&story, "a", RUN_SUCCESS);
	story.scheduler = scheduler_new(story.store, NULL);
	assert_evaluation(&story, "l l");
	story_end(&story);
}

static void test_flow_trigger_preconditions(void)
{
	Story story = story_new();
	static const char *const both =
		",\"inputs\":{\"n\":\"{{ trigger.executions | length "
		"}}\"},\"preconditions\":{\"flows\":[{\"namespace\":\"d\",\"flowId\":\"a\","
		"\"states\":"
		"[\"SUCCESS\"]},{\"namespace\":\"d\",\"flowId\":\"b\"}],\"timeWindow\":{\"type\":"
		"\"SLIDING_WINDOW\",\"window\":\"PT1H\"}}";
	const FlowSpec a = {.id = "a", .digest = "1"};
	const FlowSpec b = {.id = "b", .digest = "1"};

	put(&story, &a);
	put(&story, &b);
	put_listener(&story, "l", "1", both);
	assert_evaluation(&story, "");
	run_flow(&story, "a", RUN_SUCCESS);
	assert_evaluation(&story, "");
	// The half that has happened survives a restart.
	restart(&story);
	run_flow(&story, "b", RUN_FAILED);
	assert_evaluation(&story, "l");
	g_autoptr(StoreRun) run = find_active(&story, "l");
	g_assert_true(strstr(run->trigger, "\"executions\":[") != NULL);
	g_assert_cmpstr(run->inputs, ==, "{\"n\":2}");
	end(&story, "l", RUN_SUCCESS);
	run_flow(&story, "b", RUN_SUCCESS);
	assert_evaluation(&story, "");
	run_flow(&story, "a", RUN_SUCCESS);
	assert_evaluation(&story, "l");
	end(&story, "l", RUN_SUCCESS);
	// A changed definition begins anew, and a disabled flow hears nothing.
	run_flow(&story, "a", RUN_SUCCESS);
	assert_evaluation(&story, "");
	put_listener(&story, "l", "2",
		",\"description\":\"x\",\"preconditions\":{\"flows\":[{"
		"\"namespace\":\"d\",\"flowId\":\"b\"},{\"namespace\":"
		"\"d\",\"flowId\":\"a\"}]}");
	assert_evaluation(&story, "");
	run_flow(&story, "b", RUN_SUCCESS);
	assert_evaluation(&story, "");
	run_flow(&story, "a", RUN_SUCCESS);
	assert_evaluation(&story, "l");
	story_end(&story);
}

// A flow of the domain "e", whose domain.yaml says who may follow it.
static void put_elsewhere(Story *story, const char *settings)
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

static void run_elsewhere(Story *story)
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
		Story story = story_new();

		put_elsewhere(&story, cases[i].settings);
		put_listener(&story, "l", "1", "");
		assert_evaluation(&story, "");
		run_elsewhere(&story);
		g_test_message("%s", cases[i].settings);
		assert_evaluation(&story, cases[i].active);
		story_end(&story);
	}
}

static void test_stop_after(void)
{
	Story story = story_new();
	g_autoptr(StoreTrigger) row = NULL;

	put_schedule(&story, "1", ",\"stopAfter\":[\"FAILED\"]");
	assert_due(&story, "2026-11-21T10:00:00Z", 0, "2026-11-21T11:00:00.000Z");
	assert_due(&story, "2026-11-21T11:00:00Z", 1, "never");
	end(&story, "s", RUN_SUCCESS);
	assert_due(&story, "2026-11-21T12:00:00Z", 1, "never");
	end(&story, "s", RUN_FAILED);
	assert_due(&story, "2026-11-21T12:30:00Z", 0, "2026-11-21T13:00:00.000Z");
	assert_due(&story, "2026-11-21T13:00:00Z", 0, "2026-11-21T14:00:00.000Z");
	g_assert_true(store_trigger_get(story.store, "d", "s", "s", &row, NULL));
	g_assert_true(row->disabled);
	g_assert_true(g_str_has_prefix(row->message, "stopped by 'stopAfter': the run '"));
	story_end(&story);
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
	g_test_add_func("/scheduler/schedule", test_schedule);
	g_test_add_func("/scheduler/no-overlap", test_no_overlap);
	g_test_add_func("/scheduler/clock-steps", test_clock_steps);
	g_test_add_func("/scheduler/schedule-conditions", test_schedule_conditions);
	g_test_add_func("/scheduler/flow-trigger", test_flow_trigger);
	g_test_add_func("/scheduler/flow-trigger-preconditions", test_flow_trigger_preconditions);
	g_test_add_func("/scheduler/flow-trigger-admission", test_flow_trigger_admission);
	g_test_add_func("/scheduler/stop-after", test_stop_after);
	return g_test_run();
}
