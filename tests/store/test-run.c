// The life of runs: created once, claimed in order, driven under a lease, limited, asked for, ended.
#include "store/id.h"
#include "store/node.h"
#include "store/run.h"
#include "store/task_run.h"
#include "store/timestamp.h"
#include "tests/harness/temporary_store.h"

#include <string.h>

static int64_t clock_now;

static int64_t test_clock(void *data)
{
	(void)data;
	return clock_now;
}

static void add_node(Store *store, const char *id)
{
	GError *error = NULL;

	store_node_put(store,
		&(StoreNode){.id = (char *)(uintptr_t)id,
			.name = (char *)(uintptr_t) "test",
			.version = (char *)(uintptr_t) "0",
			.slots = 4,
			.expires_at = clock_now + 10000000},
		&error);
	g_assert_no_error(error);
}

static Store *open_store(void)
{
	Store *store = ephemeral_store_open();

	clock_now = INT64_C(1732180000000000);
	timestamp_set_clock(test_clock, NULL);
	add_node(store, "node-a");
	add_node(store, "node-b");
	return store;
}

static void close_store(Store *store)
{
	store_close(store);
	timestamp_set_clock(NULL, NULL);
}

static StoreRunNew new_run(const char *flow)
{
	return (StoreRunNew){.namespace = "sales", .flow = flow, .revision = 1};
}

static char *create(Store *store, const StoreRunNew *new_run)
{
	char id[ID_SIZE];
	GError *error = NULL;
	bool created = false;

	g_assert_true(store_run_create(store, new_run, id, &created, &error));
	g_assert_no_error(error);
	g_assert_true(created);
	clock_now += 1000;
	return g_strdup(id);
}

static char *create_plain(Store *store, const char *flow)
{
	const StoreRunNew plain = new_run(flow);

	return create(store, &plain);
}

// Claims at most one run; its id, "" when there is none.
static StoreLease claim(Store *store, const char *node)
{
	StoreLease lease = {0};
	GError *error = NULL;
	size_t count = 0;

	g_assert_true(store_run_claim(store, node, 1, &lease, &count, &error));
	g_assert_no_error(error);
	if (count == 0)
		lease.run_id[0] = '\0';
	return lease;
}

static void end(Store *store, const StoreLease *lease, RunState state)
{
	GError *error = NULL;

	store_run_end(store, lease, &(StoreRunChange){.state = state}, &error);
	g_assert_no_error(error);
}

static RunState state_of(Store *store, const char *id)
{
	g_autoptr(StoreRun) run = NULL;
	GError *error = NULL;

	g_assert_true(store_run_get(store, id, &run, &error));
	g_assert_nonnull(run);
	return run->state;
}

static void test_created_once_by_key(void)
{
	Store *store = open_store();
	StoreRunNew keyed = new_run("orders");
	g_autofree char *first = NULL;
	char second[ID_SIZE];
	GError *error = NULL;
	bool created = true;

	keyed.key = "sales.orders/schedule/2026-11-21T06:00:00Z";
	first = create(store, &keyed);
	g_assert_true(store_run_create(store, &keyed, second, &created, &error));
	g_assert_false(created);
	g_assert_cmpstr(first, ==, second);
	g_assert_true(id_check(first));
	close_store(store);
}

static void test_unknown_flow_is_refused(void)
{
	Store *store = open_store();
	const StoreRunNew current = {.namespace = "sales", .flow = "nowhere"};
	GError *error = NULL;

	g_assert_false(store_run_create(store, &current, NULL, NULL, &error));
	assert_error_text(
		error, STORE_ERROR, STORE_ERROR_MISSING, "no flow 'sales.nowhere' is live");
	close_store(store);
}

static void test_claims_go_by_priority_then_age(void)
{
	Store *store = open_store();
	StoreRunNew urgent = new_run("urgent");
	g_autofree char *first = create_plain(store, "a");
	g_autofree char *second = create_plain(store, "b");
	g_autofree char *third = NULL;
	StoreLease leases[4];
	GError *error = NULL;
	size_t count = 0;

	urgent.priority = 5;
	third = create(store, &urgent);
	g_assert_true(store_run_claim(store, "node-a", 4, leases, &count, &error));
	g_assert_cmpuint(count, ==, 3);
	g_assert_cmpstr(leases[0].run_id, ==, third);
	g_assert_cmpstr(leases[1].run_id, ==, first);
	g_assert_cmpstr(leases[2].run_id, ==, second);
	g_assert_cmpint(leases[1].token, >, leases[0].token);
	g_assert_cmpint(leases[2].token, >, leases[1].token);
	g_assert_cmpint(state_of(store, first), ==, RUN_RUNNING);
	g_assert_cmpstr(claim(store, "node-b").run_id, ==, "");
	close_store(store);
}

static void test_due_runs_wait_for_their_moment(void)
{
	Store *store = open_store();
	StoreRunNew later = new_run("later");
	g_autofree char *id = NULL;
	int64_t due = 0;

	later.due_at = clock_now + 5000000;
	id = create(store, &later);
	g_assert_cmpstr(claim(store, "node-a").run_id, ==, "");
	g_assert_true(store_run_next_due(store, &due, NULL));
	g_assert_cmpint(due, ==, later.due_at);
	clock_now = later.due_at;
	g_assert_cmpstr(claim(store, "node-a").run_id, ==, id);
	g_assert_true(store_run_next_due(store, &due, NULL));
	g_assert_cmpint(due, ==, 0);
	close_store(store);
}

static void test_dead_nodes_are_not_given_runs(void)
{
	Store *store = open_store();
	g_autofree char *id = create_plain(store, "a");
	StoreLease lease;
	GError *error = NULL;
	size_t count;

	g_assert_false(store_run_claim(store, "node-x", 1, &lease, &count, &error));
	assert_error_text(error, STORE_ERROR, STORE_ERROR_FENCED,
		"node 'node-x' is not registered, or has not beaten in time");
	clock_now += 20000000;
	g_assert_false(store_run_claim(store, "node-a", 1, &lease, &count, &error));
	assert_error_text(error, STORE_ERROR, STORE_ERROR_FENCED,
		"node 'node-a' is not registered, or has not beaten in time");
	g_assert_cmpint(state_of(store, id), ==, RUN_CREATED);
	close_store(store);
}

static void test_old_lease_is_refused(void)
{
	Store *store = open_store();
	g_autofree char *id = create_plain(store, "a");
	const StoreLease old = claim(store, "node-a");
	StoreLease lease;
	g_autofree char *text = NULL;
	GError *error = NULL;
	int64_t runs = 0;
	bool alive = true;

	// node-b goes on beating; node-a does not.
	clock_now += 11000000;
	add_node(store, "node-b");
	g_assert_true(store_nodes_expire(store, clock_now, &runs, &error));
	g_assert_cmpint(runs, ==, 1);
	text = g_strdup_printf(
		"run '%s' is no longer driven under lease %" G_GINT64_FORMAT, id, old.token);
	g_assert_false(store_run_put(
		store, &old, &(StoreRunChange){.state = RUN_RUNNING, .outputs = "{}"}, &error));
	assert_error_text(error, STORE_ERROR, STORE_ERROR_FENCED, text);
	lease = claim(store, "node-b");
	g_assert_cmpstr(lease.run_id, ==, id);
	g_assert_cmpint(lease.token, >, old.token);
	g_assert_false(store_run_end(store, &old, &(StoreRunChange){.state = RUN_SUCCESS}, &error));
	assert_error_text(error, STORE_ERROR, STORE_ERROR_FENCED, text);
	g_assert_true(store_node_beat(store, "node-a", 0, clock_now + 1, &alive, &error));
	g_assert_false(alive);
	end(store, &lease, RUN_SUCCESS);
	g_assert_cmpint(state_of(store, id), ==, RUN_SUCCESS);
	close_store(store);
}

static void test_transitions_are_all_kept(void)
{
	Store *store = open_store();
	g_autofree char *id = create_plain(store, "a");
	const StoreLease lease = claim(store, "node-a");
	g_autoptr(StoreRun) run = NULL;
	GError *error = NULL;

	clock_now += 7;
	g_assert_true(store_run_put(store, &lease,
		&(StoreRunChange){.state = RUN_RUNNING, .labels = "{\"a\":\"b\"}"}, &error));
	g_assert_true(store_run_end(store, &lease,
		&(StoreRunChange){
			.state = RUN_FAILED, .outputs = "{\"n\":1}", .message = "task 'x' failed"},
		&error));
	g_assert_true(store_run_get(store, id, &run, &error));
	g_assert_no_error(error);
	g_assert_cmpuint(run->changes_length, ==, 3);
	g_assert_cmpint(run->changes[0].state, ==, RUN_CREATED);
	g_assert_cmpint(run->changes[1].state, ==, RUN_RUNNING);
	g_assert_cmpint(run->changes[2].state, ==, RUN_FAILED);
	g_assert_cmpint(run->changes[2].at - run->changes[1].at, ==, 7);
	g_assert_cmpint(run->ended_at, ==, clock_now);
	g_assert_cmpstr(run->labels, ==, "{\"a\":\"b\"}");
	g_assert_cmpstr(run->outputs, ==, "{\"n\":1}");
	g_assert_cmpstr(run->message, ==, "task 'x' failed");
	g_assert_cmpint(run->attempt, ==, 1);
	close_store(store);
}

static void test_wrong_states_are_misuse(void)
{
	Store *store = open_store();
	g_autofree char *id = create_plain(store, "a");
	const StoreLease lease = claim(store, "node-a");
	GError *error = NULL;

	g_assert_false(
		store_run_end(store, &lease, &(StoreRunChange){.state = RUN_RUNNING}, &error));
	assert_error_text(error, STORE_ERROR, STORE_ERROR_MISUSE, "a run does not end as RUNNING");
	g_assert_false(
		store_run_put(store, &lease, &(StoreRunChange){.state = RUN_SUCCESS}, &error));
	assert_error_text(
		error, STORE_ERROR, STORE_ERROR_MISUSE, "a run goes to SUCCESS by its end only");
	g_assert_cmpint(state_of(store, id), ==, RUN_RUNNING);
	close_store(store);
}

// --- Limits ---------------------------------------------------------------------------------------------------------

static StoreRunNew limited_run(int64_t limit, const char *behavior)
{
	StoreRunNew limited = new_run("limited");

	limited.concurrency_limit = limit;
	limited.concurrency_behavior = behavior;
	return limited;
}

static void test_limit_queues_and_lets_in(void)
{
	Store *store = open_store();
	const StoreRunNew limited = limited_run(1, "QUEUE");
	g_autofree char *first = create(store, &limited);
	g_autofree char *second = create(store, &limited);
	g_autofree char *third = create(store, &limited);
	StoreLease lease = claim(store, "node-a");

	g_assert_cmpstr(lease.run_id, ==, first);
	g_assert_cmpstr(claim(store, "node-b").run_id, ==, "");
	g_assert_cmpint(state_of(store, second), ==, RUN_QUEUED);
	g_assert_cmpint(state_of(store, third), ==, RUN_QUEUED);
	end(store, &lease, RUN_SUCCESS);
	lease = claim(store, "node-b");
	g_assert_cmpstr(lease.run_id, ==, second);
	g_assert_cmpint(state_of(store, second), ==, RUN_RUNNING);
	g_assert_cmpstr(claim(store, "node-a").run_id, ==, "");
	end(store, &lease, RUN_FAILED);
	g_assert_cmpstr(claim(store, "node-a").run_id, ==, third);
	close_store(store);
}

static void test_limit_cancels_or_fails(void)
{
	Store *store = open_store();
	StoreRunNew limited = limited_run(1, "CANCEL");
	g_autofree char *first = create(store, &limited);
	g_autofree char *second = create(store, &limited);
	g_autofree char *third = NULL;
	g_autoptr(StoreRun) run = NULL;

	limited.concurrency_behavior = "FAIL";
	third = create(store, &limited);
	g_assert_cmpint(state_of(store, first), ==, RUN_CREATED);
	g_assert_cmpint(state_of(store, second), ==, RUN_CANCELLED);
	g_assert_cmpint(state_of(store, third), ==, RUN_FAILED);
	g_assert_true(store_run_get(store, third, &run, NULL));
	g_assert_cmpstr(run->message, ==, "the flow's concurrency limit is reached");
	g_assert_cmpint(run->ended_at, >, 0);
	close_store(store);
}

static void test_paused_run_gives_its_place_up(void)
{
	Store *store = open_store();
	const StoreRunNew limited = limited_run(1, NULL);
	g_autofree char *first = create(store, &limited);
	g_autofree char *second = create(store, &limited);
	StoreLease lease = claim(store, "node-a");
	StoreLease other;
	g_autoptr(StoreRunRequests) requests = NULL;
	GError *error = NULL;
	bool asked = false;

	g_assert_cmpstr(claim(store, "node-b").run_id, ==, "");
	g_assert_true(store_run_release(
		store, &lease, &(StoreRunChange){.state = RUN_PAUSED}, 0, &error));
	other = claim(store, "node-b");
	g_assert_cmpstr(other.run_id, ==, second);
	g_assert_true(store_run_resume(store, first, "{\"ok\":true}", &asked, &error));
	g_assert_true(asked);
	g_assert_cmpstr(claim(store, "node-b").run_id, ==, "");
	g_assert_cmpint(state_of(store, first), ==, RUN_PAUSED);
	end(store, &other, RUN_SUCCESS);
	lease = claim(store, "node-a");
	g_assert_cmpstr(lease.run_id, ==, first);
	g_assert_true(store_run_requests_get(store, first, &requests, &error));
	g_assert_cmpuint(requests->requests, ==, RUN_REQUEST_RESUME);
	g_assert_cmpstr(requests->resume_inputs, ==, "{\"ok\":true}");
	g_assert_true(store_run_requests_done(store, &lease, RUN_REQUEST_RESUME, &error));
	g_clear_pointer(&requests, store_run_requests_free);
	g_assert_true(store_run_requests_get(store, first, &requests, &error));
	g_assert_null(requests);
	close_store(store);
}

static void test_expired_run_keeps_its_place(void)
{
	Store *store = open_store();
	const StoreRunNew limited = limited_run(1, NULL);
	g_autofree char *first = create(store, &limited);
	StoreRunNew urgent = limited;
	g_autofree char *second = NULL;
	StoreLease lease;

	g_assert_cmpstr(claim(store, "node-a").run_id, ==, first);
	urgent.priority = 100;
	second = create(store, &urgent);
	clock_now += 11000000;
	add_node(store, "node-b");
	g_assert_true(store_nodes_expire(store, clock_now, NULL, NULL));
	// The second one is before it in the line, but the first still counts as running.
	lease = claim(store, "node-b");
	g_assert_cmpstr(lease.run_id, ==, first);
	g_assert_cmpint(state_of(store, second), ==, RUN_QUEUED);
	close_store(store);
}

// --- Requests -------------------------------------------------------------------------------------------------------

static void test_kill_reaches_the_driver(void)
{
	Store *store = open_store();
	g_autofree char *id = create_plain(store, "a");
	const StoreLease lease = claim(store, "node-a");
	g_autoptr(StoreWatch) watch = store_watch_new(store, STORE_TOPIC_RUN_REQUEST, NULL);
	g_autoptr(GPtrArray) list = NULL;
	GError *error = NULL;
	bool asked = false;

	g_assert_true(store_run_kill(store, id, &asked, &error));
	g_assert_true(asked);
	g_assert_cmpuint(store_watch_take(watch), ==, STORE_TOPIC_RUN_REQUEST);
	g_assert_cmpuint(store_watch_take(watch), ==, 0);
	g_assert_true(store_run_requests_list(store, "node-a", &list, &error));
	g_assert_cmpuint(list->len, ==, 1);
	g_assert_cmpstr(((StoreRunRequests *)list->pdata[0])->run_id, ==, id);
	g_assert_cmpuint(((StoreRunRequests *)list->pdata[0])->requests, ==, RUN_REQUEST_KILL);
	end(store, &lease, RUN_KILLED);
	g_assert_true(store_run_kill(store, id, &asked, &error));
	g_assert_false(asked);
	close_store(store);
}

static void test_kill_of_a_queued_run_passes_the_limit(void)
{
	Store *store = open_store();
	const StoreRunNew limited = limited_run(1, NULL);
	g_autofree char *first = create(store, &limited);
	g_autofree char *second = create(store, &limited);
	StoreLease lease;

	g_assert_cmpstr(claim(store, "node-a").run_id, ==, first);
	g_assert_cmpstr(claim(store, "node-a").run_id, ==, "");
	g_assert_true(store_run_kill(store, second, NULL, NULL));
	lease = claim(store, "node-a");
	g_assert_cmpstr(lease.run_id, ==, second);
	end(store, &lease, RUN_KILLED);
	close_store(store);
}

static void test_resume_while_releasing_is_not_lost(void)
{
	Store *store = open_store();
	g_autofree char *id = create_plain(store, "a");
	const StoreLease lease = claim(store, "node-a");
	bool asked = false;

	g_assert_true(store_run_put(store, &lease, &(StoreRunChange){.state = RUN_PAUSED}, NULL));
	g_assert_true(store_run_resume(store, id, NULL, &asked, NULL));
	g_assert_true(asked);
	g_assert_true(
		store_run_release(store, &lease, &(StoreRunChange){.state = RUN_PAUSED}, 0, NULL));
	g_assert_cmpstr(claim(store, "node-a").run_id, ==, id);
	close_store(store);
}

static void test_restart_goes_on_with_the_same_run(void)
{
	Store *store = open_store();
	g_autofree char *id = create_plain(store, "a");
	StoreLease lease = claim(store, "node-a");
	StoreTaskRun task = {.run_id = id,
		.id = (char *)(uintptr_t) "01AAAAAAAAAAAAAAAAAAAAAAAA",
		.task_id = (char *)(uintptr_t) "load",
		.state = RUN_FAILED,
		.attempt = 1,
		.started_at = 5,
		.ended_at = 6,
		.message = (char *)(uintptr_t) "boom"};
	g_autoptr(StoreTaskRun) reopened = NULL;
	g_autoptr(StoreRun) run = NULL;
	g_autofree char *text = NULL;
	GError *error = NULL;

	g_assert_true(store_task_run_put(store, &lease, &task, &error));
	g_assert_false(store_run_restart(store, id, 0, &error));
	text = g_strdup_printf(
		"run '%s' cannot be restarted: it is not there, or has not ended", id);
	assert_error_text(error, STORE_ERROR, STORE_ERROR_STALE, text);
	end(store, &lease, RUN_FAILED);
	{
		g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, &error);

		g_assert_true(store_run_restart(store, id, 0, &error));
		g_assert_true(store_task_run_reopen(store, NULL, id, task.id, NULL, &error));
		g_assert_true(store_transaction_commit(transaction, &error));
	}
	lease = claim(store, "node-b");
	g_assert_cmpstr(lease.run_id, ==, id);
	g_assert_true(store_run_get(store, id, &run, &error));
	g_assert_cmpint(run->state, ==, RUN_RESTARTED);
	g_assert_cmpint(run->attempt, ==, 2);
	g_assert_true(store_task_run_get(store, id, task.id, &reopened, &error));
	g_assert_cmpint(reopened->state, ==, RUN_RESTARTED);
	g_assert_cmpint(reopened->ended_at, ==, 0);
	g_assert_cmpuint(reopened->attempts_length, ==, 1);
	g_assert_cmpstr(reopened->attempts[0].message, ==, "boom");
	g_assert_false(store_task_run_reopen(store, NULL, id, task.id, NULL, &error));
	g_assert_error(error, STORE_ERROR, STORE_ERROR_STALE);
	g_clear_error(&error);
	close_store(store);
}

static void test_ended_task_runs_do_not_change(void)
{
	Store *store = open_store();
	g_autofree char *id = create_plain(store, "a");
	const StoreLease lease = claim(store, "node-a");
	StoreTaskRun task = {.run_id = id,
		.id = (char *)(uintptr_t) "01AAAAAAAAAAAAAAAAAAAAAAAA",
		.task_id = (char *)(uintptr_t) "load",
		.iteration = -1,
		.state = RUN_RUNNING};
	g_autofree char *text = g_strdup_printf("task run '%s' of run '%s' has ended: it cannot "
						"become RUNNING",
		task.id, id);
	GError *error = NULL;

	g_assert_true(store_task_run_put(store, &lease, &task, &error));
	task.state = RUN_SUCCESS;
	task.ended_at = 9;
	g_assert_true(store_task_run_put(store, &lease, &task, &error));
	task.state = RUN_RUNNING;
	task.ended_at = 0;
	g_assert_false(store_task_run_put(store, &lease, &task, &error));
	assert_error_text(error, STORE_ERROR, STORE_ERROR_FINAL, text);
	close_store(store);
}

static void test_attempts_are_kept(void)
{
	Store *store = open_store();
	g_autofree char *id = create_plain(store, "a");
	const StoreLease lease = claim(store, "node-a");
	StoreTaskRun *task = g_new0(StoreTaskRun, 1);
	g_autoptr(StoreTaskRun) stored = NULL;

	task->run_id = g_strdup(id);
	task->id = id_new();
	task->task_id = g_strdup("load");
	for (int i = 1; i <= 2; i++) {
		task->attempt = i;
		task->started_at = INT64_C(10) * i;
		store_task_run_end_attempt(
			task, RUN_FAILED, 10 * i + 5, i == 1 ? "it's \"broken\"\n" : NULL);
	}
	task->state = RUN_RETRYING;
	task->due_at = 99;
	g_assert_true(store_task_run_put(store, &lease, task, NULL));
	g_assert_true(store_task_run_get(store, id, task->id, &stored, NULL));
	g_assert_cmpuint(stored->attempts_length, ==, 2);
	g_assert_cmpint(stored->attempts[0].number, ==, 1);
	g_assert_cmpint(stored->attempts[0].started_at, ==, 10);
	g_assert_cmpint(stored->attempts[0].ended_at, ==, 15);
	g_assert_cmpint(stored->attempts[0].state, ==, RUN_FAILED);
	g_assert_cmpstr(stored->attempts[0].message, ==, "it's \"broken\"\n");
	g_assert_null(stored->attempts[1].message);
	g_assert_cmpint(stored->due_at, ==, 99);
	store_task_run_free(task);
	close_store(store);
}

// --- Lists and counts -----------------------------------------------------------------------------------------------

static void test_lists_page_and_filter(void)
{
	Store *store = open_store();
	StoreRunFilter filter = STORE_RUN_FILTER_ALL;
	g_autofree char *cursor = NULL;
	unsigned seen = 0;
	char *last = NULL;
	GError *error = NULL;

	for (int i = 0; i < 25; i++) {
		g_free(create_plain(store, i % 5 == 0 ? "five" : "other"));
	}
	do {
		const StorePage page = {.limit = 10, .after = cursor};
		g_autoptr(GPtrArray) runs = NULL;
		char *next = NULL;

		g_assert_true(store_runs_list(store, &filter, &page, &runs, &next, &error));
		g_assert_no_error(error);
		for (unsigned i = 0; i < runs->len; i++) {
			const StoreRun *run = runs->pdata[i];

			g_assert_true(last == NULL || strcmp(run->id, last) < 0);
			g_free(last);
			last = g_strdup(run->id);
			seen++;
		}
		g_free(cursor);
		cursor = next;
	} while (cursor != NULL);
	g_free(last);
	g_assert_cmpuint(seen, ==, 25);
	filter.namespace = "sales";
	filter.flow = "five";
	for (int up = 0; up < 2; up++) {
		g_autoptr(GPtrArray) runs = NULL;

		filter.oldest_first = up != 0;
		g_assert_true(store_runs_list(store, &filter, NULL, &runs, NULL, &error));
		g_assert_cmpuint(runs->len, ==, 5);
	}
	close_store(store);
}

static void test_filters_by_state_and_time(void)
{
	Store *store = open_store();
	StoreRunFilter filter = STORE_RUN_FILTER_ALL;
	g_autofree char *first = create_plain(store, "a");
	g_autofree char *second = create_plain(store, "a");
	const StoreLease lease = claim(store, "node-a");
	g_autoptr(GPtrArray) runs = NULL;
	g_autoptr(StoreRun) run = NULL;
	GError *error = NULL;

	end(store, &lease, RUN_FAILED);
	filter.state = RUN_FAILED;
	g_assert_true(store_runs_list(store, &filter, NULL, &runs, NULL, &error));
	g_assert_cmpuint(runs->len, ==, 1);
	g_assert_cmpstr(((StoreRun *)runs->pdata[0])->id, ==, first);
	g_clear_pointer(&runs, g_ptr_array_unref);
	filter.state = -1;
	g_assert_true(store_run_get(store, second, &run, &error));
	filter.since = run->created_at;
	g_assert_true(store_runs_list(store, &filter, NULL, &runs, NULL, &error));
	g_assert_cmpuint(runs->len, ==, 1);
	g_assert_cmpstr(((StoreRun *)runs->pdata[0])->id, ==, second);
	g_clear_pointer(&runs, g_ptr_array_unref);
	filter.until = filter.since;
	filter.since = 0;
	g_assert_true(store_runs_list(store, &filter, NULL, &runs, NULL, &error));
	g_assert_cmpuint(runs->len, ==, 1);
	g_assert_cmpstr(((StoreRun *)runs->pdata[0])->id, ==, first);
	close_store(store);
}

static void test_tallies_add_up(void)
{
	Store *store = open_store();
	int64_t active[RUN_STATES];
	int64_t ended[RUN_STATES];
	g_autoptr(GPtrArray) tallies = NULL;
	GError *error = NULL;

	for (int i = 0; i < 3; i++) {
		g_autofree char *id = create_plain(store, "a");
		const StoreLease lease = claim(store, "node-a");

		g_assert_cmpstr(lease.run_id, ==, id);
		clock_now += 100;
		end(store, &lease, i == 0 ? RUN_FAILED : RUN_SUCCESS);
	}
	g_free(create_plain(store, "a"));
	g_assert_true(store_runs_count_active(store, active, &error));
	g_assert_cmpint(active[RUN_CREATED], ==, 1);
	g_assert_true(store_runs_count_ended(store, ended, &error));
	g_assert_cmpint(ended[RUN_FAILED], ==, 1);
	g_assert_cmpint(ended[RUN_SUCCESS], ==, 2);
	g_assert_true(store_tallies_list(store, "sales", "a", &tallies, &error));
	g_assert_cmpuint(tallies->len, ==, 2);
	g_assert_cmpint(((StoreTally *)tallies->pdata[1])->runs, ==, 2);
	g_assert_cmpint(((StoreTally *)tallies->pdata[1])->duration, ==, 200);
	close_store(store);
}

static const struct {
	const char *path;
	void (*run)(void);
} tests[] = {
	{"/store/run/created-once-by-key", test_created_once_by_key},
	{"/store/run/unknown-flow-is-refused", test_unknown_flow_is_refused},
	{"/store/run/claims-go-by-priority-then-age", test_claims_go_by_priority_then_age},
	{"/store/run/due-runs-wait-for-their-moment", test_due_runs_wait_for_their_moment},
	{"/store/run/dead-nodes-are-not-given-runs", test_dead_nodes_are_not_given_runs},
	{"/store/run/old-lease-is-refused", test_old_lease_is_refused},
	{"/store/run/transitions-are-all-kept", test_transitions_are_all_kept},
	{"/store/run/wrong-states-are-misuse", test_wrong_states_are_misuse},
	{"/store/run/limit-queues-and-lets-in", test_limit_queues_and_lets_in},
	{"/store/run/limit-cancels-or-fails", test_limit_cancels_or_fails},
	{"/store/run/paused-run-gives-its-place-up", test_paused_run_gives_its_place_up},
	{"/store/run/expired-run-keeps-its-place", test_expired_run_keeps_its_place},
	{"/store/run/kill-reaches-the-driver", test_kill_reaches_the_driver},
	{"/store/run/kill-of-a-queued-run-passes-the-limit",
		test_kill_of_a_queued_run_passes_the_limit},
	{"/store/run/resume-while-releasing-is-not-lost", test_resume_while_releasing_is_not_lost},
	{"/store/run/restart-goes-on-with-the-same-run", test_restart_goes_on_with_the_same_run},
	{"/store/run/ended-task-runs-do-not-change", test_ended_task_runs_do_not_change},
	{"/store/run/attempts-are-kept", test_attempts_are_kept},
	{"/store/run/lists-page-and-filter", test_lists_page_and_filter},
	{"/store/run/filters-by-state-and-time", test_filters_by_state_and_time},
	{"/store/run/tallies-add-up", test_tallies_add_up},
};

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add_func(tests[i].path, tests[i].run);
	return g_test_run();
}
