#include "reconciler/health.h"
#include "store/domain.h"
#include "store/drift.h"
#include "store/flow.h"
#include "store/node.h"
#include "store/run.h"
#include "store/table.h"
#include "tests/harness/temporary_store.h"
#include "tests/harness/text.h"

typedef struct {
	Store *store;
	HealthObserver *observer;
} Story;

static void put_domain(Story *story, const char *name, SyncStatus sync, const char *message)
{
	const StoreDomain row = {.name = TEXT(name),
		.source = TEXT("main"),
		.sync = sync,
		.health = HEALTH_HEALTHY,
		.message = TEXT(message)};

	g_assert_true(store_domain_put(story->store, &row, NULL));
}

static void put_flow(Story *story, const char *domain, const char *id, bool disabled)
{
	const StoreFlowPut flow = {.flow = {.namespace = TEXT(domain),
					   .id = TEXT(id),
					   .digest = TEXT(disabled ? "off" : "on"),
					   .domain = TEXT(domain),
					   .kind = TEXT("written"),
					   .path = TEXT("x"),
					   .disabled = disabled,
					   .commit = TEXT("c")},
		.definition = "{}"};
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(story->store, NULL);
	int64_t applied = 0;

	g_assert_true(store_apply_begin(story->store, &applied, NULL));
	g_assert_true(store_flow_put(story->store, &flow, applied, NULL, NULL));
	g_assert_true(store_transaction_commit(transaction, NULL));
}

static Story story_new(void)
{
	const StoreNode node = {.id = TEXT("node"),
		.name = TEXT("n"),
		.version = TEXT("1"),
		.expires_at = INT64_MAX};
	Story story = {.store = ephemeral_store_open()};

	g_assert_true(store_node_put(story.store, &node, NULL));
	put_domain(&story, "a", SYNC_SYNCED, NULL);
	put_domain(&story, "b", SYNC_SYNCED, NULL);
	for (const char *id = "xyz"; *id != '\0'; id++)
		put_flow(&story, "a", (char[]){*id, '\0'}, false);
	put_flow(&story, "b", "w", false);
	story.observer = health_observer_new(story.store);
	return story;
}

static void story_end(Story *story)
{
	health_observer_free(story->observer);
	store_close(story->store);
}

// A run of a flow from beginning to end.
static void run(Story *story, const char *domain, const char *flow, RunState state)
{
	const StoreRunNew new_run = {.namespace = domain, .flow = flow, .concurrency_limit = -1};
	const StoreRunChange change = {.state = state};
	StoreLease lease;
	char id[27];
	bool claimed = false;

	g_assert_true(store_run_create(story->store, &new_run, id, NULL, NULL));
	g_assert_true(store_run_claim_one(story->store, "node", id, &lease, &claimed, NULL));
	g_assert_true(claimed);
	g_assert_true(store_run_end(story->store, &lease, &change, NULL));
}

static void assert_health(Story *story, const char *domain, Health health, const char *message)
{
	g_autoptr(StoreDomain) row = NULL;
	g_autoptr(GError) error = NULL;
	int64_t pause;

	while ((pause = health_observer_timeout(story->observer, g_get_monotonic_time())) !=
		G_MAXINT64) {
		g_usleep((gulong)pause);
		health_observe(story->observer, &error);
		g_assert_no_error(error);
	}
	g_assert_true(store_domain_get(story->store, domain, &row, NULL));
	g_assert_cmpstr(health_name(row->health), ==, health_name(health));
	g_assert_cmpstr(row->message, ==, message);
}

static void test_the_last_run_counts(void)
{
	Story story = story_new();

	assert_health(&story, "a", HEALTH_HEALTHY, NULL);
	run(&story, "a", "x", RUN_SUCCESS);
	run(&story, "a", "y", RUN_FAILED);
	assert_health(&story, "a", HEALTH_DEGRADED, "the last run of 'a.y' failed");
	assert_health(&story, "b", HEALTH_HEALTHY, NULL);
	run(&story, "a", "x", RUN_FAILED);
	assert_health(
		&story, "a", HEALTH_DEGRADED, "the last runs of 2 flows failed, 'a.x' among them");
	run(&story, "a", "x", RUN_KILLED);
	run(&story, "a", "y", RUN_WARNING);
	assert_health(&story, "a", HEALTH_DEGRADED, "the last run of 'a.x' failed");
	run(&story, "a", "x", RUN_SUCCESS);
	assert_health(&story, "a", HEALTH_HEALTHY, NULL);
	story_end(&story);
}

static void test_flows_that_are_gone_or_disabled_do_not_count(void)
{
	Story story = story_new();
	g_autoptr(StoreTransaction) transaction = NULL;
	int64_t applied = 0;

	run(&story, "a", "x", RUN_FAILED);
	run(&story, "b", "w", RUN_FAILED);
	assert_health(&story, "a", HEALTH_DEGRADED, "the last run of 'a.x' failed");
	assert_health(&story, "b", HEALTH_DEGRADED, "the last run of 'b.w' failed");
	put_flow(&story, "a", "x", true);
	assert_health(&story, "a", HEALTH_SUSPENDED, "flow 'a.x' is disabled");
	put_flow(&story, "a", "x", false);
	run(&story, "a", "x", RUN_SUCCESS);
	transaction = store_transaction_begin(story.store, NULL);
	g_assert_true(store_apply_begin(story.store, &applied, NULL));
	g_assert_true(store_flow_delete(story.store, "b", "w", applied, NULL));
	g_assert_true(store_transaction_commit(transaction, NULL));
	assert_health(&story, "a", HEALTH_HEALTHY, NULL);
	assert_health(&story, "b", HEALTH_HEALTHY, NULL);
	story_end(&story);
}

// A script's flow in the domain "a" with its table, as an apply leaves them: its build is due.
static void put_script(Story *story, const char *id, const char *digest)
{
	g_autofree char *target = g_strdup_printf("a.%s", id);
	const StoreFlowPut flow = {.flow = {.namespace = TEXT("a"),
					   .id = TEXT(id),
					   .digest = TEXT(digest),
					   .domain = TEXT("a"),
					   .kind = TEXT("generated"),
					   .target = target,
					   .path = TEXT("x"),
					   .build_due = true,
					   .commit = TEXT("c")},
		.definition = "{}"};
	const StoreTable table = {
		.name = target, .domain = TEXT("a"), .namespace = TEXT("a"), .flow = TEXT(id)};
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(story->store, NULL);
	int64_t applied = 0;

	g_assert_true(store_apply_begin(story->store, &applied, NULL));
	g_assert_true(store_flow_put(story->store, &flow, applied, NULL, NULL));
	g_assert_true(store_table_put(story->store, &table, NULL));
	g_assert_true(store_transaction_commit(transaction, NULL));
}

// What the scheduler and the runner do: a run that publishes the table, if it ends well.
static void build(Story *story, const char *id, int revision, RunState state)
{
	const StoreRunNew new_run = {
		.namespace = "a", .flow = id, .revision = revision, .concurrency_limit = -1};
	const StoreRunChange change = {.state = state};
	g_autofree char *name = g_strdup_printf("a.%s", id);
	g_autofree char *task_run = g_strdup_printf("%s-%d-%d", id, revision, state);
	const StorePublish publish = {.name = name,
		.namespace = TEXT("a"),
		.flow = TEXT(id),
		.revision = revision,
		.task_run_id = task_run};
	StoreLease lease;
	char run_id[27];
	bool claimed = false;

	g_assert_true(store_run_create(story->store, &new_run, run_id, NULL, NULL));
	g_assert_true(store_flow_build_started(story->store, "a", id, NULL));
	assert_health(story, "a", HEALTH_PROGRESSING, NULL);
	g_assert_true(store_run_claim_one(story->store, "node", run_id, &lease, &claimed, NULL));
	g_assert_true(claimed);
	assert_health(story, "a", HEALTH_PROGRESSING, NULL);
	if (state == RUN_SUCCESS)
		g_assert_true(store_publish_add(story->store, &publish, NULL, NULL));
	g_assert_true(store_run_end(story->store, &lease, &change, NULL));
}

static void test_a_script_is_built(void)
{
	Story story = story_new();

	put_script(&story, "s", "1");
	assert_health(&story, "a", HEALTH_PROGRESSING, NULL);
	assert_health(&story, "b", HEALTH_HEALTHY, NULL);
	build(&story, "s", 1, RUN_KILLED);
	// Nothing is going to make it.
	assert_health(&story, "a", HEALTH_MISSING, "table 'a.s' does not exist");
	put_script(&story, "s", "2");
	assert_health(&story, "a", HEALTH_PROGRESSING, NULL);
	build(&story, "s", 2, RUN_SUCCESS);
	assert_health(&story, "a", HEALTH_HEALTHY, NULL);
	// A run as planned builds nothing that is new.
	run(&story, "a", "s", RUN_SUCCESS);
	assert_health(&story, "a", HEALTH_HEALTHY, NULL);
	story_end(&story);
}

static void test_a_table_was_removed(void)
{
	Story story = story_new();
	const StoreDrift removed = {.kind = TEXT("table"),
		.resource = TEXT("a.s"),
		.domain = TEXT("a"),
		.summary = TEXT("the table is missing from the database"),
		.cause = TEXT(STORE_DRIFT_REMOVED)};
	const StoreDrift other = {.kind = TEXT("table"),
		.resource = TEXT("b.t"),
		.domain = TEXT("b"),
		.summary = TEXT("column 'x' was added")};

	put_script(&story, "s", "1");
	build(&story, "s", 1, RUN_SUCCESS);
	assert_health(&story, "a", HEALTH_HEALTHY, NULL);
	g_assert_true(store_drift_begin(story.store, &removed, NULL, NULL));
	g_assert_true(store_drift_begin(story.store, &other, NULL, NULL));
	assert_health(&story, "a", HEALTH_MISSING, "table 'a.s' does not exist");
	assert_health(&story, "b", HEALTH_HEALTHY, NULL);
	g_assert_true(store_drift_resolve(story.store, "table", "a.s", "reverted", 0, NULL, NULL));
	assert_health(&story, "a", HEALTH_HEALTHY, NULL);
	story_end(&story);
}

static void test_why_it_is_out_of_sync_comes_first(void)
{
	Story story = story_new();

	run(&story, "a", "x", RUN_FAILED);
	put_domain(&story, "a", SYNC_OUT_OF_SYNC, "1 fault");
	assert_health(&story, "a", HEALTH_DEGRADED, "1 fault");
	put_domain(&story, "a", SYNC_SYNCED, NULL);
	assert_health(&story, "a", HEALTH_DEGRADED, "the last run of 'a.x' failed");
	story_end(&story);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/health/the-last-run-counts", test_the_last_run_counts);
	g_test_add_func("/health/flows-that-are-gone-or-disabled-do-not-count",
		test_flows_that_are_gone_or_disabled_do_not_count);
	g_test_add_func("/health/a-script-is-built", test_a_script_is_built);
	g_test_add_func("/health/a-table-was-removed", test_a_table_was_removed);
	g_test_add_func("/health/why-it-is-out-of-sync-comes-first",
		test_why_it_is_out_of_sync_comes_first);
	return g_test_run();
}
