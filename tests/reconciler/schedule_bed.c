#include "tests/reconciler/schedule_bed.h"

#include "store/flow.h"
#include "store/table.h"
#include "store/timestamp.h"
#include "tests/harness/temporary_store.h"
#include "tests/harness/text.h"

#include <string.h>

ScheduleStory schedule_story_new(void)
{
	g_autoptr(GError) error = NULL;
	ScheduleStory story = {.store = ephemeral_store_open()};

	story.scheduler = scheduler_new(story.store, &error);
	g_assert_no_error(error);
	g_assert_true(timestamp_parse("2026-11-21T10:00:00Z", &story.now));
	temporary_node_put(story.store, "node");
	return story;
}

void schedule_story_end(ScheduleStory *story)
{
	scheduler_free(story->scheduler);
	store_close(story->store);
}

void schedule_flow_put(ScheduleStory *story, const ScheduleFlow *spec)
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

void schedule_script_put(
	ScheduleStory *story, const char *id, const char *digest, const char *reads)
{
	g_autofree char *target = g_strdup_printf("d.%s", id);
	const ScheduleFlow spec = {
		.id = id, .digest = digest, .reads = reads, .writes = target, .script = true};

	schedule_flow_put(story, &spec);
}

static int order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

// The flows that have a run which is not ended, sorted and joined by blanks.
static char *active(ScheduleStory *story)
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

void assert_scheduled(ScheduleStory *story, const char *expected)
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

StoreRun *schedule_run_active(ScheduleStory *story, const char *flow)
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

void schedule_publish(ScheduleStory *story, const char *flow, const char *table)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(StoreRun) run = flow == NULL ? NULL : schedule_run_active(story, flow);
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

void schedule_run_end(ScheduleStory *story, const char *flow, RunState state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(StoreRun) run = schedule_run_active(story, flow);
	StoreLease lease;
	bool claimed = false;

	store_run_claim_one(story->store, "node", run->id, &lease, &claimed, &error);
	g_assert_no_error(error);
	g_assert_true(claimed);
	const StoreRunChange change = {.state = state};
	store_run_end(story->store, &lease, &change, &error);
	g_assert_no_error(error);
}

void schedule_run_start(ScheduleStory *story, const char *flow)
{
	g_autoptr(GError) error = NULL;
	const StoreRunNew run = {.namespace = "d", .flow = flow, .concurrency_limit = -1};

	store_run_create(story->store, &run, NULL, NULL, &error);
	g_assert_no_error(error);
}
