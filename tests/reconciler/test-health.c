#include "reconciler/health.h"
#include "store/domain.h"
#include "store/flow.h"
#include "store/node.h"
#include "store/run.h"
#include "tests/harness/temporary_store.h"

#define TEXT(text) ((char *)(uintptr_t)(text))

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
	transaction = store_transaction_begin(story.store, NULL);
	g_assert_true(store_apply_begin(story.store, &applied, NULL));
	g_assert_true(store_flow_delete(story.store, "b", "w", applied, NULL));
	g_assert_true(store_transaction_commit(transaction, NULL));
	assert_health(&story, "a", HEALTH_HEALTHY, NULL);
	assert_health(&story, "b", HEALTH_HEALTHY, NULL);
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
	g_test_add_func("/health/why-it-is-out-of-sync-comes-first",
		test_why_it_is_out_of_sync_comes_first);
	return g_test_run();
}
