// Triggers that look somewhere: how often, what they make of what they find, and that a run is made once whatever dies when.
#include "runner/failpoint.h"
#include "runner/poll_look.h"
#include "runner/poller.h"
#include "store/duty.h"
#include "store/flow.h"
#include "store/run.h"
#include "store/timestamp.h"
#include "store/trigger.h"
#include "tests/harness/temporary_store.h"
#include "tests/harness/text.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND ((int64_t)G_USEC_PER_SEC)

// ---- The pure part ------------------------------------------------------------------------------------------------

static void test_delays(void)
{
	static const struct {
		int64_t interval, failures, delay; // seconds
	} cases[] = {
		{60, 0, 60},
		{60, 1, 120},
		{60, 3, 480},
		{60, 4, 900},
		{60, 400, 900},
		{1, 5, 32},
		{3600, 0, 3600},
		{3600, 9, 3600},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpint(poll_delay(cases[i].interval * SECOND, cases[i].failures), ==,
			cases[i].delay * SECOND);
}

static json_t *parse(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);

	g_assert_nonnull(value);
	return value;
}

static void test_intervals(void)
{
	static const struct {
		const char *trigger;
		int64_t milliseconds;
	} cases[] = {
		{"{}", 60000},
		{"{\"interval\":\"PT5M\"}", 300000},
		{"{\"interval\":\"PT0.2S\"}", 200},
		{"{\"interval\":\"PT0S\"}", 60000},
		{"{\"interval\":\"often\"}", 60000},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		json_t *trigger = parse(cases[i].trigger);

		g_assert_cmpint(poll_interval(trigger), ==, cases[i].milliseconds * 1000);
		json_decref(trigger);
	}
}

static void test_values(void)
{
	static const struct {
		const char *trigger, *outputs;
		bool found;
		const char *values; // behind id, type and date
	} cases[] = {
		{"{\"id\":\"t\",\"type\":\"sql\"}", "{\"rows\":[{\"a\":1}],\"size\":1}", true,
			"\"rows\":[{\"a\":1}],\"size\":1"},
		{"{\"id\":\"t\",\"type\":\"sql\"}", "{\"rows\":[],\"size\":0}", false,
			"\"rows\":[],\"size\":0"},
		{"{\"id\":\"t\",\"type\":\"sql\",\"fetch\":\"ONE\"}",
			"{\"row\":{\"a\":1},\"size\":1}", true, "\"row\":{\"a\":1},\"size\":1"},
		{"{\"id\":\"t\",\"type\":\"sql\",\"fetch\":\"NONE\"}",
			"{\"row\":{\"a\":1},\"size\":1}", true, "\"size\":1"},
		{"{\"id\":\"t\",\"type\":\"sql\",\"fetch\":\"STORE\"}",
			"{\"uri\":\"weir:///x/y\",\"size\":2}", true,
			"\"size\":2,\"uri\":\"weir:///x/y\""},
		{"{\"id\":\"t\",\"type\":\"http\"}", "{\"code\":200,\"body\":\"x\"}", true,
			"\"code\":200,\"body\":\"x\""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		json_t *trigger = parse(cases[i].trigger);
		json_t *outputs = parse(cases[i].outputs);
		bool found;
		json_t *values = poll_values(trigger, outputs, 0, &found);
		char *text = json_dumps(values, JSON_COMPACT);
		g_autofree char *expected = g_strdup_printf(
			"{\"id\":\"t\",\"type\":\"%s\",\"date\":\"1970-01-01T00:00:00.000Z\",%s}",
			json_string_value(json_object_get(trigger, "type")), cases[i].values);

		g_assert_cmpstr(text, ==, expected);
		g_assert_cmpint(found, ==, cases[i].found);
		free(text);
		json_decref(values);
		json_decref(outputs);
		json_decref(trigger);
	}
}

static void test_flow(void)
{
	json_t *sql =
		parse("{\"id\":\"t\",\"type\":\"sql\",\"sql\":\"SELECT 1\",\"interval\":\"PT1S\","
		      "\"when\":\"x\",\"inputs\":{}}");
	json_t *http = parse("{\"id\":\"t\",\"type\":\"http\",\"uri\":\"http://x\",\"options\":{"
			     "\"followRedirects\":false},\"responseCondition\":\"x\"}");
	g_autofree char *query = poll_flow_json(sql, "n", "f.t", "lake", NULL);
	g_autofree char *request = poll_flow_json(http, "n", "f.t", "lake", NULL);

	g_assert_cmpstr(query, ==,
		"{\"id\":\"f.t\",\"namespace\":\"n\",\"tasks\":[{\"id\":\"look\",\"type\":\"sql."
		"query\","
		"\"sql\":\"SELECT "
		"1\",\"timeout\":\"PT600S\",\"fetch\":\"ALL\",\"connection\":\"lake\"}]}");
	g_assert_cmpstr(request, ==,
		"{\"id\":\"f.t\",\"namespace\":\"n\",\"tasks\":[{\"id\":\"look\",\"type\":"
		"\"http.request\",\"uri\":\"http://x\",\"options\":{\"followRedirects\":false,"
		"\"allowFailed\":true},\"timeout\":\"PT60S\"}]}");
	json_decref(sql);
	json_decref(http);
}

// ---- A poller -----------------------------------------------------------------------------------------------------

// A store with one flow, whose trigger finds a row at each look. The next look is due at once, and then in an hour.
static void put_flow(Store *store, const char *more)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *triggers = g_strdup_printf("[{\"id\":\"look\",\"type\":\"sql\",\"sql\":"
						    "\"SELECT 1 AS a\",\"interval\":\"PT1H\"%s}]",
		more);
	int64_t applied;
	const StoreFlowPut put = {
		.flow = {.namespace = TEXT("d"),
			.id = TEXT("f"),
			.digest = TEXT("1"),
			.domain = TEXT("d"),
			.kind = TEXT("written"),
			.path = TEXT("x"),
			.triggers = triggers},
		.definition = "{\"variables\":{\"v\":\"V\"}}",
	};
	const StoreTrigger row = {.namespace = TEXT("d"),
		.flow = TEXT("f"),
		.id = TEXT("look"),
		.type = TEXT("sql"),
		.next_at = 1};

	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, &error);
	g_assert_true(store_apply_begin(store, &applied, &error));
	g_assert_true(store_flow_put(store, &put, applied, NULL, &error));
	g_assert_true(store_trigger_put(store, &row, &error));
	g_assert_true(store_transaction_commit(transaction, &error));
}

static StoreTrigger *row_of(Store *store)
{
	StoreTrigger *row = NULL;

	g_assert_true(store_trigger_get(store, "d", "f", "look", &row, NULL));
	g_assert_nonnull(row);
	return row;
}

static GPtrArray *runs_of(Store *store)
{
	const StoreRunFilter filter = STORE_RUN_FILTER_ALL;
	GPtrArray *runs = NULL;

	g_assert_true(store_runs_list(store, &filter, NULL, &runs, NULL, NULL));
	return runs;
}

// Whether the look that was due has been done.
static bool is_done(Store *store)
{
	g_autoptr(StoreTrigger) row = row_of(store);

	return row->next_at > 1;
}

static void wait_until_done(Store *store)
{
	for (int i = 0; i < 1000 && !is_done(store); i++)
		g_usleep(10000);
	g_assert_true(is_done(store));
}

static Poller *start(Store *store, const char *folder)
{
	g_autoptr(GError) error = NULL;
	const RunnerOptions options = {.data_folder = folder, .sole = true};
	Poller *poller = poller_start(store, &options, &error);

	g_assert_no_error(error);
	return poller;
}

static void remove_folder(const char *folder)
{
	g_autofree char *quoted = g_shell_quote(folder);
	g_autofree char *command = g_strdup_printf("rm -rf %s", quoted);

	g_assert_true(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
}

static void test_a_row_makes_a_run(void)
{
	g_autofree char *folder = g_dir_make_tmp("weir-poller-XXXXXX", NULL);
	g_autoptr(Store) store = ephemeral_store_open();

	put_flow(store, ",\"inputs\":{\"a\":\"{{ trigger.rows[0].a }}\",\"v\":\"{{ vars.v }}\"}");
	Poller *poller = start(store, folder);
	wait_until_done(store);
	poller_stop(poller);
	g_autoptr(GPtrArray) runs = runs_of(store);
	g_autoptr(StoreTrigger) row = row_of(store);
	g_autoptr(StoreRun) run = NULL;
	g_assert_cmpuint(runs->len, ==, 1);
	g_assert_true(store_run_get(store, ((StoreRun *)runs->pdata[0])->id, &run, NULL));
	g_assert_cmpstr(run->inputs, ==, "{\"a\":1,\"v\":\"V\"}");
	g_assert_cmpstr(run->trigger_type, ==, "sql");
	g_assert_cmpstr(row->last_run_id, ==, run->id);
	g_assert_null(row->message);
	remove_folder(folder);
}

// While another has the duty, nothing is looked at.
static void test_one_poller_at_a_time(void)
{
	g_autofree char *folder = g_dir_make_tmp("weir-poller-XXXXXX", NULL);
	g_autoptr(Store) store = ephemeral_store_open();
	bool taken = false;

	put_flow(store, "");
	g_assert_true(store_duty_take(
		store, "poller", "another", timestamp_now() + 60 * SECOND, &taken, NULL));
	g_assert_true(taken);
	Poller *poller = start(store, folder);
	g_usleep(300000);
	g_assert_false(is_done(store));
	g_assert_true(store_duty_give(store, "poller", "another", NULL));
	wait_until_done(store);
	poller_stop(poller);
	remove_folder(folder);
}

// A trigger whose flow is gone, or disabled, is planned on without a look.
static void test_disabled_ones_are_left_alone(void)
{
	g_autofree char *folder = g_dir_make_tmp("weir-poller-XXXXXX", NULL);
	g_autoptr(Store) store = ephemeral_store_open();

	put_flow(store, ",\"disabled\":true");
	Poller *poller = start(store, folder);
	wait_until_done(store);
	poller_stop(poller);
	g_autoptr(GPtrArray) runs = runs_of(store);
	g_assert_cmpuint(runs->len, ==, 0);
	remove_folder(folder);
}

// What cannot be told is said, and tried again later.
static void test_faults_are_said(void)
{
	static const struct {
		const char *more, *message;
	} cases[] = {
		{",\"sql\":\"SELECT a FROM nowhere\"", "the look ended FAILED: "},
		{",\"when\":\"{{ nothing }}\"", "in 'when': 1:4: undefined variable 'nothing'"},
		{",\"connection\":\"absent\"", "the look ended FAILED: there is no connection "
					       "'absent'; there are: default"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *folder = g_dir_make_tmp("weir-poller-XXXXXX", NULL);
		g_autoptr(Store) store = ephemeral_store_open();

		put_flow(store, cases[i].more);
		Poller *poller = start(store, folder);
		wait_until_done(store);
		poller_stop(poller);
		g_autoptr(GPtrArray) runs = runs_of(store);
		g_autoptr(StoreTrigger) row = row_of(store);
		g_assert_cmpuint(runs->len, ==, 0);
		g_test_message("%s", row->message);
		g_assert_true(g_str_has_prefix(row->message, cases[i].message));
		g_assert_nonnull(strstr(row->state, "\"failures\":1"));
		remove_folder(folder);
	}
}

// ---- Deaths -------------------------------------------------------------------------------------------------------

static const char *die_place;

static void die_there(const char *place)
{
	if (die_place != NULL && strcmp(place, die_place) == 0)
		kill(getpid(), SIGKILL);
}

// A node in a process of its own; it lives until it dies at the place, or its look is done.
static bool node_dies(const char *url, const char *folder, const char *place)
{
	pid_t pid = fork();
	int status;

	g_assert_cmpint(pid, >=, 0);
	if (pid == 0) {
		die_place = place;
		runner_failpoint = die_there;
		Store *store = store_open(url, STORE_READ_WRITE, NULL);
		Poller *poller = start(store, folder);
		wait_until_done(store);
		poller_stop(poller);
		store_close(store);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	g_assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return WIFSIGNALED(status);
}

// On each side of the commit, and within it: the look is done again, or was done; there is one run.
static void test_one_run_whatever_dies(void)
{
	static const struct {
		const char *place;
		guint runs; // that are there after the death
	} places[] = {{"looked", 0}, {"polled", 0}, {"poll committed", 1}};

	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		g_autofree char *folder = g_dir_make_tmp("weir-poller-XXXXXX", NULL);
		g_autofree char *url = g_strdup_printf("sqlite:%s/weir.db", folder);
		g_autoptr(GError) error = NULL;

		{
			g_autoptr(Store) store = store_open(url, STORE_READ_WRITE, &error);

			g_assert_no_error(error);
			put_flow(store, "");
		}
		g_assert_true(node_dies(url, folder, places[i].place));
		{
			g_autoptr(Store) store = store_open(url, STORE_READ_WRITE, &error);
			g_autoptr(GPtrArray) runs = runs_of(store);

			g_assert_cmpuint(runs->len, ==, places[i].runs);
			g_assert_cmpint(is_done(store), ==, places[i].runs > 0);
		}
		g_assert_false(node_dies(url, folder, NULL));
		g_autoptr(Store) store = store_open(url, STORE_READ_WRITE, &error);
		g_autoptr(GPtrArray) runs = runs_of(store);
		g_assert_cmpuint(runs->len, ==, 1);
		g_assert_true(is_done(store));
		remove_folder(folder);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	// First: a process that forks has no threads.
	g_test_add_func("/poller/one-run-whatever-dies", test_one_run_whatever_dies);
	g_test_add_func("/poller/delays", test_delays);
	g_test_add_func("/poller/intervals", test_intervals);
	g_test_add_func("/poller/values", test_values);
	g_test_add_func("/poller/flow", test_flow);
	g_test_add_func("/poller/a-row-makes-a-run", test_a_row_makes_a_run);
	g_test_add_func("/poller/one-poller-at-a-time", test_one_poller_at_a_time);
	g_test_add_func("/poller/disabled-ones-are-left-alone", test_disabled_ones_are_left_alone);
	g_test_add_func("/poller/faults-are-said", test_faults_are_said);
	return g_test_run();
}
