// What a driver and its watchers use besides claims: one certain run, pauses, labels, task runs, nodes, events.
#include "store/event.h"
#include "store/id.h"
#include "store/node.h"
#include "store/plan.h"
#include "store/run.h"
#include "store/task_run.h"
#include "store/timestamp.h"
#include "tests/harness/temporary_store.h"
#include "tests/harness/text.h"

#include <string.h>

static Store *open_store(void)
{
	Store *store = ephemeral_store_open();

	temporary_node_put(store, "n");
	return store;
}

static void create(Store *store, int64_t limit, char id[ID_SIZE])
{
	GError *error = NULL;

	store_run_create(store,
		&(StoreRunNew){
			.namespace = "a", .flow = "b", .revision = 1, .concurrency_limit = limit},
		id, NULL, &error);
	g_assert_no_error(error);
}

static bool claim_one(Store *store, const char *id, StoreLease *lease)
{
	GError *error = NULL;
	bool claimed = false;

	store_run_claim_one(store, "n", id, lease, &claimed, &error);
	g_assert_no_error(error);
	return claimed;
}

// A new run, and the node that drives it.
static void begin(Store *store, char id[ID_SIZE], StoreLease *lease)
{
	create(store, 0, id);
	g_assert_true(claim_one(store, id, lease));
}

static void test_one_certain_run(void)
{
	g_autoptr(Store) store = open_store();
	char first[ID_SIZE];
	char second[ID_SIZE];
	StoreLease lease;
	StoreLease other;

	create(store, 1, first);
	create(store, 1, second);
	g_assert_true(claim_one(store, second, &lease));
	g_assert_cmpstr(lease.run_id, ==, second);
	g_assert_false(claim_one(store, second, &other));
	g_assert_false(claim_one(store, first, &other));
	g_assert_false(claim_one(store, "nowhere", &other));
	g_assert_true(store_lease_check(store, &lease, NULL));
	g_assert_true(store_run_end(store, &lease, &(StoreRunChange){.state = RUN_SUCCESS}, NULL));
	g_assert_true(claim_one(store, first, &other));
}

static void test_pause_is_asked_for(void)
{
	g_autoptr(Store) store = open_store();
	g_autoptr(StoreRunRequests) requests = NULL;
	char id[ID_SIZE];
	StoreLease lease;
	bool asked = false;

	begin(store, id, &lease);
	g_assert_true(store_run_pause(store, id, &asked, NULL));
	g_assert_true(asked);
	g_assert_true(store_run_resume(store, id, NULL, &asked, NULL));
	g_assert_false(asked);
	g_assert_true(store_run_requests_get(store, id, &requests, NULL));
	g_assert_cmpuint(requests->requests, ==, RUN_REQUEST_PAUSE);
	g_assert_true(store_run_pause(store, "nowhere", &asked, NULL));
	g_assert_false(asked);
}

static void test_labels_of_any_run(void)
{
	g_autoptr(Store) store = open_store();
	g_autoptr(StoreRun) run = NULL;
	char id[ID_SIZE];
	GError *error = NULL;

	create(store, 0, id);
	g_assert_true(store_run_change_labels(store, id, "{\"team\":\"x\"}", &error));
	g_assert_true(store_run_get(store, id, &run, &error));
	g_assert_cmpstr(run->labels, ==, "{\"team\":\"x\"}");
	g_assert_false(store_run_change_labels(store, "nowhere", "{}", &error));
	assert_error_text(error, STORE_ERROR, STORE_ERROR_MISSING, "there is no run 'nowhere'");
}

// What somebody changes while a run goes on holds against whatever its driver writes that does not know of it yet.
static void test_labels_of_a_run_that_goes_on(void)
{
	g_autoptr(Store) store = open_store();
	g_autoptr(StoreRun) run = NULL;
	g_autoptr(StoreRunRequests) requests = NULL;
	StoreRunChange change = {.state = RUN_RUNNING, .labels = "{\"own\":\"1\",\"old\":\"1\"}"};
	GError *error = NULL;
	char id[ID_SIZE];
	StoreLease lease;

	begin(store, id, &lease);
	g_assert_true(store_run_put(store, &lease, &change, &error));
	g_assert_true(store_run_change_labels(store, id, "{\"team\":\"x\",\"old\":null}", &error));
	g_assert_true(store_run_change_labels(store, id, "{\"team\":\"y\"}", &error));
	g_assert_true(store_run_get(store, id, &run, &error));
	g_assert_cmpstr(run->labels, ==, "{\"own\":\"1\",\"team\":\"y\"}");
	g_clear_pointer(&run, store_run_free);
	g_assert_true(store_run_requests_get(store, id, &requests, &error));
	g_assert_cmpuint(requests->requests, ==, RUN_REQUEST_LABELS);
	g_assert_cmpstr(requests->label_changes, ==, "{\"team\":\"y\",\"old\":null}");
	// It ends without having looked.
	change.state = RUN_SUCCESS;
	g_assert_true(store_run_end(store, &lease, &change, &error));
	g_assert_true(store_run_get(store, id, &run, &error));
	g_assert_cmpstr(run->labels, ==, "{\"own\":\"1\",\"team\":\"y\"}");
	g_clear_pointer(&run, store_run_free);
	// And afterwards.
	g_assert_true(store_run_change_labels(store, id, "{\"own\":null}", &error));
	g_assert_true(store_run_get(store, id, &run, &error));
	g_assert_cmpstr(run->labels, ==, "{\"team\":\"y\"}");
}

// Once the driver has them, what it writes counts.
static void test_labels_are_taken(void)
{
	g_autoptr(Store) store = open_store();
	g_autoptr(StoreRun) run = NULL;
	g_autoptr(StoreRunRequests) requests = NULL;
	StoreRunChange change = {.state = RUN_SUCCESS, .labels = "{\"team\":\"z\"}"};
	GError *error = NULL;
	char id[ID_SIZE];
	StoreLease lease;

	begin(store, id, &lease);
	g_assert_true(store_run_change_labels(store, id, "{\"team\":\"y\"}", &error));
	g_assert_true(store_run_put_labels(store, &lease, "{\"team\":\"y\"}", &error));
	g_assert_true(store_run_requests_done(store, &lease, RUN_REQUEST_LABELS, &error));
	g_assert_true(store_run_requests_get(store, id, &requests, &error));
	g_assert_null(requests);
	g_assert_true(store_run_end(store, &lease, &change, &error));
	g_assert_true(store_run_get(store, id, &run, &error));
	g_assert_cmpstr(run->labels, ==, "{\"team\":\"z\"}");
	g_assert_false(store_run_put_labels(store, &lease, "{}", &error));
	g_assert_true(g_error_matches(error, STORE_ERROR, STORE_ERROR_FENCED));
	g_clear_error(&error);
}

static void test_release_at_a_moment(void)
{
	g_autoptr(Store) store = open_store();
	char id[ID_SIZE];
	StoreLease lease;
	int64_t due = 0;
	const int64_t later = timestamp_now() + 60000000;

	create(store, 1, id);
	g_assert_true(claim_one(store, id, &lease));
	g_assert_true(store_run_release(
		store, &lease, &(StoreRunChange){.state = RUN_RETRYING}, later, NULL));
	g_assert_false(claim_one(store, id, &lease));
	g_assert_true(store_run_next_due(store, &due, NULL));
	g_assert_cmpint(due, ==, later);
	// A kill does not wait for it.
	g_assert_true(store_run_kill(store, id, NULL, NULL));
	g_assert_true(claim_one(store, id, &lease));
}

// --- Task runs ------------------------------------------------------------------------------------------------------

static void put_tasks(Store *store, const StoreLease *lease, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		g_autofree char *id = g_strdup_printf("01JD000000000000000000%04u", i);
		g_autofree char *task_id = g_strdup_printf("task-%u", i % 3);
		g_autofree char *value = g_strdup_printf("{\"n\":%u}", i);
		GError *error = NULL;

		store_task_run_put(store, lease,
			&(StoreTaskRun){.run_id = TEXT(lease->run_id),
				.id = id,
				.task_id = task_id,
				.parent_id = i == 0 ? NULL : TEXT("01JD0000000000000000000000"),
				.value = value,
				.iteration = (int64_t)i - 1,
				.state = i % 2 == 0 ? RUN_SUCCESS : RUN_FAILED,
				.attempt = 1,
				.created_at = 1,
				.started_at = 2,
				.ended_at = 3,
				.outputs = value,
				.child_run_id = TEXT("C"),
				.data = TEXT("{}")},
			&error);
		g_assert_no_error(error);
	}
}

static bool check_order(const StoreTaskRun *task_run, void *data)
{
	unsigned *seen = data;
	g_autofree char *id = g_strdup_printf("01JD000000000000000000%04u", *seen);

	g_assert_cmpstr(task_run->id, ==, id);
	g_assert_cmpint(task_run->iteration, ==, (int64_t)*seen - 1);
	g_assert_cmpstr(task_run->outputs, ==, task_run->value);
	return ++*seen < 20;
}

static void test_task_runs_are_visited_and_listed(void)
{
	g_autoptr(Store) store = open_store();
	StoreTaskRunFilter filter = {.state = -1, .without_outputs = true};
	g_autoptr(GPtrArray) rows = NULL;
	g_autofree char *next = NULL;
	int64_t by_state[RUN_STATES];
	char id[ID_SIZE];
	StoreLease lease;
	unsigned seen = 0;
	GError *error = NULL;

	begin(store, id, &lease);
	put_tasks(store, &lease, 30);
	g_assert_true(store_task_runs_visit(store, id, check_order, &seen, &error));
	g_assert_cmpuint(seen, ==, 20);
	filter.run_id = id;
	g_assert_true(store_task_runs_list(
		store, &filter, &(StorePage){.limit = 25}, &rows, &next, &error));
	g_assert_cmpuint(rows->len, ==, 25);
	g_assert_null(((StoreTaskRun *)rows->pdata[0])->outputs);
	g_assert_cmpstr(((StoreTaskRun *)rows->pdata[3])->value, ==, "{\"n\":3}");
	g_clear_pointer(&rows, g_ptr_array_unref);
	g_assert_true(store_task_runs_list(
		store, &filter, &(StorePage){.after = next}, &rows, NULL, &error));
	g_assert_cmpuint(rows->len, ==, 5);
	g_clear_pointer(&rows, g_ptr_array_unref);
	filter.task_id = "task-1";
	filter.state = RUN_FAILED;
	g_assert_true(store_task_runs_list(store, &filter, NULL, &rows, NULL, &error));
	g_assert_cmpuint(rows->len, ==, 5);
	g_assert_true(store_task_runs_count(store, id, by_state, &error));
	g_assert_cmpint(by_state[RUN_SUCCESS], ==, 15);
	g_assert_cmpint(by_state[RUN_FAILED], ==, 15);
}

static void test_task_run_of_another_run_is_misuse(void)
{
	g_autoptr(Store) store = open_store();
	char id[ID_SIZE];
	StoreLease lease;
	g_autofree char *text = NULL;
	GError *error = NULL;

	begin(store, id, &lease);
	text = g_strdup_printf("task run 't' is of run 'r', not of the lease's '%s'", id);
	g_assert_false(store_task_run_put(store, &lease,
		&(StoreTaskRun){.run_id = TEXT("r"), .id = TEXT("t"), .task_id = TEXT("x")},
		&error));
	assert_error_text(error, STORE_ERROR, STORE_ERROR_MISUSE, text);
}

static void test_task_runs_go_only_for_a_restart(void)
{
	g_autoptr(Store) store = open_store();
	g_autoptr(StoreTaskRun) task_run = NULL;
	char id[ID_SIZE];
	StoreLease lease;
	g_autofree char *text = NULL;
	GError *error = NULL;

	begin(store, id, &lease);
	put_tasks(store, &lease, 1);
	text = g_strdup_printf("run '%s' was not restarted, or is driven already", id);
	g_assert_false(
		store_task_run_delete(store, NULL, id, "01JD0000000000000000000000", &error));
	assert_error_text(error, STORE_ERROR, STORE_ERROR_STALE, text);
	g_assert_true(
		store_task_run_delete(store, &lease, id, "01JD0000000000000000000000", &error));
	g_assert_true(
		store_task_run_get(store, id, "01JD0000000000000000000000", &task_run, &error));
	g_assert_null(task_run);
}

// --- Nodes and events -----------------------------------------------------------------------------------------------

static void test_node_that_leaves_gives_its_runs_back(void)
{
	g_autoptr(Store) store = open_store();
	g_autoptr(StoreWatch) watch = NULL;
	g_autoptr(GPtrArray) nodes = NULL;
	char id[ID_SIZE];
	StoreLease lease;
	StoreLease next;
	size_t count = 0;
	bool alive = false;
	int64_t runs = -1;

	begin(store, id, &lease);
	watch = store_watch_new(store, STORE_TOPIC_RUN_READY, NULL);
	g_assert_true(store_node_beat(store, "n", 1, INT64_MAX, &alive, NULL));
	g_assert_true(alive);
	g_assert_true(store_nodes_list(store, &nodes, NULL));
	g_assert_cmpuint(nodes->len, ==, 1);
	g_assert_cmpint(((StoreNode *)nodes->pdata[0])->busy, ==, 1);
	g_assert_true(store_node_delete(store, "n", NULL));
	g_assert_cmpuint(store_watch_take(watch), ==, STORE_TOPIC_RUN_READY);
	g_assert_true(store_nodes_expire(store, timestamp_now(), &runs, NULL));
	g_assert_cmpint(runs, ==, 0);
	temporary_node_put(store, "m");
	g_assert_true(store_run_claim(store, "m", 1, &next, &count, NULL));
	g_assert_cmpuint(count, ==, 1);
	g_assert_cmpint(next.token, >, lease.token);
}

static void test_a_server_takes_over_at_its_start(void)
{
	g_autoptr(Store) store = open_store();
	char id[ID_SIZE];
	StoreLease lease;
	int64_t runs = 0;

	begin(store, id, &lease);
	g_assert_true(store_nodes_expire(store, INT64_MAX, &runs, NULL));
	g_assert_cmpint(runs, ==, 1);
}

static void test_events_are_followed(void)
{
	g_autoptr(Store) store = open_store();
	g_autoptr(GPtrArray) events = NULL;
	g_autofree char *next = NULL;
	int64_t last = 0;

	for (int i = 0; i < 10; i++)
		g_assert_true(store_event_add(store,
			&(StoreEvent){.kind = TEXT("synced"),
				.domain = i % 2 == 0 ? TEXT("a") : NULL,
				.data = TEXT("{}")},
			NULL));
	g_assert_true(store_event_sequence(store, &last, NULL));
	g_assert_true(store_events_after(store, last - 3, 100, &events, NULL));
	g_assert_cmpuint(events->len, ==, 3);
	g_clear_pointer(&events, g_ptr_array_unref);
	g_assert_true(
		store_events_list(store, "a", &(StorePage){.limit = 3}, &events, &next, NULL));
	g_assert_cmpuint(events->len, ==, 3);
	g_clear_pointer(&events, g_ptr_array_unref);
	g_assert_true(store_events_list(
		store, "a", &(StorePage){.limit = 3, .after = next}, &events, NULL, NULL));
	g_assert_cmpuint(events->len, ==, 2);
}

static void test_settings_and_plans(void)
{
	g_autoptr(Store) store = open_store();
	g_autoptr(StorePlan) plan = NULL;
	g_autofree char *value = NULL;

	g_assert_true(store_setting_put(store, "pin", "abc", NULL));
	g_assert_true(store_setting_put(store, "pin", "def", NULL));
	g_assert_true(store_setting_get(store, "pin", &value, NULL));
	g_assert_cmpstr(value, ==, "def");
	g_free(value);
	g_assert_true(store_setting_put(store, "pin", NULL, NULL));
	g_assert_true(store_setting_get(store, "pin", &value, NULL));
	g_assert_null(value);
	g_assert_true(store_plan_put(store,
		&(StorePlan){.digest = TEXT("d"), .json = TEXT("{}"), .result = TEXT("applied")},
		NULL));
	g_assert_true(store_plan_get(store, "d", &plan, NULL));
	g_assert_cmpstr(plan->json, ==, "{}");
	g_assert_cmpstr(plan->result, ==, "applied");
}

static const struct {
	const char *path;
	void (*run)(void);
} tests[] = {
	{"/store/driving/one-certain-run", test_one_certain_run},
	{"/store/driving/pause-is-asked-for", test_pause_is_asked_for},
	{"/store/driving/labels-of-any-run", test_labels_of_any_run},
	{"/store/driving/labels-of-a-run-that-goes-on", test_labels_of_a_run_that_goes_on},
	{"/store/driving/labels-are-taken", test_labels_are_taken},
	{"/store/driving/release-at-a-moment", test_release_at_a_moment},
	{"/store/driving/task-runs-are-visited-and-listed", test_task_runs_are_visited_and_listed},
	{"/store/driving/task-run-of-another-run-is-misuse",
		test_task_run_of_another_run_is_misuse},
	{"/store/driving/task-runs-go-only-for-a-restart", test_task_runs_go_only_for_a_restart},
	{"/store/driving/node-that-leaves-gives-its-runs-back",
		test_node_that_leaves_gives_its_runs_back},
	{"/store/driving/a-server-takes-over-at-its-start", test_a_server_takes_over_at_its_start},
	{"/store/driving/events-are-followed", test_events_are_followed},
	{"/store/driving/settings-and-plans", test_settings_and_plans},
};

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add_func(tests[i].path, tests[i].run);
	return g_test_run();
}
