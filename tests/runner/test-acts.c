// Acts from outside on a run that goes on: kill, resume, restart, and another node that takes it.
#include "runner/restart.h"
#include "runner/run_report.h"
#include "store/id.h"
#include "store/node.h"
#include "store/run.h"
#include "store/task_run.h"
#include "tests/runner/run_bed.h"

typedef struct {
	Store *store;
	Runner *runner;
	char id[27];
} Bed;

static void bed_begin(Bed *bed, const char *yaml, const char *flow)
{
	RunnerOptions options = {.slots = 2, .sole = true};
	g_autoptr(GError) error = NULL;

	bed->store = store_open(NULL, STORE_EPHEMERAL, &error);
	g_assert_no_error(error);
	bed_flows_put(bed->store, yaml);
	bed_run_create(bed->store, flow, NULL, bed->id);
	bed->runner = runner_new(bed->store, &options, &error);
	runner_start(bed->runner, &error);
	g_assert_no_error(error);
}

static char *bed_end(Bed *bed)
{
	g_autoptr(GError) error = NULL;
	json_t *report;
	char *text;

	runner_wait(bed->runner, bed->id, &error);
	g_assert_no_error(error);
	runner_free(bed->runner);
	report = run_report(bed->store, bed->id, NULL, &error);
	g_assert_no_error(error);
	text = bed_text(report);
	json_decref(report);
	store_close(bed->store);
	return text;
}

// Waits until a task run of the run is in a state.
static void wait_for(const Bed *bed, const char *task, RunState state)
{
	for (int i = 0; i < 2000; i++) {
		StoreTaskRunFilter filter = {
			.run_id = bed->id, .task_id = task, .state = (int)state};
		g_autoptr(GPtrArray) rows = NULL;

		g_assert_true(store_task_runs_list(bed->store, &filter, NULL, &rows, NULL, NULL));
		if (rows->len > 0)
			return;
		g_usleep(5000);
	}
	g_assert_not_reached();
}

static void test_kill(void)
{
	Bed bed;
	g_autofree char *pid_file = g_strdup_printf(
		"%s/weir-test-%d", g_get_tmp_dir(), g_random_int_range(0, G_MAXINT));
	g_autofree char *yaml =
		g_strdup_printf("id: f\nnamespace: t\ntasks:\n"
				"  - {id: p, type: parallel, tasks: [{id: a, type: shell, "
				"commands: ['sleep 60 & echo $! > %s; wait']}, "
				"{id: b, type: sleep, duration: PT60S}, {id: c, type: pause}]}\n"
				"  - {id: l, type: log, message: x}\n",
			pid_file);
	g_autofree char *pid = NULL;

	bed_begin(&bed, yaml, "f");
	wait_for(&bed, "a", RUN_RUNNING);
	wait_for(&bed, "c", RUN_PAUSED);
	for (int i = 0; i < 1000 && (pid == NULL || *pid == '\0'); i++) {
		g_clear_pointer(&pid, g_free);
		g_file_get_contents(pid_file, &pid, NULL, NULL);
		g_usleep(5000);
	}
	g_assert_true(store_run_kill(bed.store, bed.id, NULL, NULL));
	g_autofree char *text = bed_end(&bed);
	g_assert_cmpstr(text, ==, "KILLED: p=KILLED a=KILLED b=KILLED c=KILLED");
	// The grandchild is gone, too.
	g_autofree char *process = g_strdup_printf("/proc/%s", g_strstrip(pid));
	for (int i = 0; i < 400 && g_file_test(process, G_FILE_TEST_EXISTS); i++)
		g_usleep(5000);
	g_assert_false(g_file_test(process, G_FILE_TEST_EXISTS));
	remove(pid_file);
}

static void test_kill_child_run(void)
{
	Bed bed;

	bed_begin(&bed,
		"id: f\nnamespace: t\ntasks: [{id: s, type: subflow, flowId: g}]\n---\n"
		"id: g\nnamespace: t\ntasks: [{id: a, type: sleep, duration: PT60S}]",
		"f");
	wait_for(&bed, "s", RUN_RUNNING);
	g_assert_true(store_run_kill(bed.store, bed.id, NULL, NULL));
	g_autofree char *text = bed_end(&bed);
	g_assert_cmpstr(text, ==, "KILLED: s=KILLED");
}

static void test_resume(void)
{
	Bed bed;
	g_autoptr(GError) error = NULL;

	bed_begin(&bed,
		"id: f\nnamespace: t\ntasks:\n  - {id: p, type: pause, onResume: [{id: why, type: "
		"STRING}]}\n"
		"  - {id: r, type: fail, errorMessage: '{{ outputs.p.onResume.why }}', condition: "
		"\"{{ outputs.p.onResume.why != 'ok' }}\"}\n",
		"f");
	runner_wait(bed.runner, bed.id, &error);
	g_assert_no_error(error);
	g_assert_true(store_run_resume(bed.store, bed.id, "{\"why\": \"ok\"}", NULL, &error));
	for (int i = 0; i < 2000; i++) {
		g_autoptr(StoreRun) run = NULL;

		g_assert_true(store_run_get(bed.store, bed.id, &run, &error));
		if (run_state_is_ended(run->state))
			break;
		g_usleep(5000);
	}
	g_autofree char *text = bed_end(&bed);
	g_assert_cmpstr(text, ==, "SUCCESS: p=SUCCESS r=SUCCESS");
}

static void test_restart(void)
{
	Bed bed;
	g_autoptr(GError) error = NULL;
	g_autofree char *flag = g_strdup_printf(
		"%s/weir-flag-%d", g_get_tmp_dir(), g_random_int_range(0, G_MAXINT));
	g_autofree char *yaml =
		g_strdup_printf("id: f\nnamespace: t\ntasks:\n  - {id: a, type: log, message: x}\n"
				"  - {id: s, type: sequential, tasks: [{id: b, type: shell, "
				"commands: ['test -e %s']}, {id: c, type: log, message: x}]}\n"
				"errors: [{id: e, type: log, message: x}]\n",
			flag);

	bed_begin(&bed, yaml, "f");
	runner_wait(bed.runner, bed.id, &error);
	g_assert_no_error(error);
	g_file_set_contents(flag, "", 0, NULL);
	run_restart(bed.store, bed.id, &error);
	g_assert_no_error(error);
	g_autofree char *text = bed_end(&bed);
	g_assert_cmpstr(text, ==,
		"SUCCESS: a=SUCCESS s=SUCCESS(FAILED,SUCCESS) b=SUCCESS(FAILED,SUCCESS) c=SUCCESS");
	remove(flag);
}

// A node whose leases were taken away while a task of it was under way writes nothing any more.
static void test_fenced(void)
{
	Bed bed;
	g_autoptr(GError) error = NULL;
	g_autoptr(StoreRun) run = NULL;
	char id[27], name[] = "other", version[] = "0";
	StoreNode other = {
		.id = id_make(id), .name = name, .version = version, .expires_at = INT64_MAX};
	StoreRunChange change = {.state = RUN_CANCELLED, .message = "taken over"};
	StoreLease lease;
	bool claimed;

	bed_begin(&bed,
		"id: f\nnamespace: t\ntasks: [{id: a, type: shell, commands: ['sleep 0.3']}, {id: "
		"b, type: log, message: x}]",
		"f");
	wait_for(&bed, "a", RUN_RUNNING);
	g_assert_true(store_nodes_expire(bed.store, INT64_MAX, NULL, &error));
	g_assert_true(store_node_put(bed.store, &other, &error));
	g_assert_true(store_run_claim_one(bed.store, id, bed.id, &lease, &claimed, &error));
	g_assert_true(claimed);
	g_assert_true(store_run_end(bed.store, &lease, &change, &error));
	g_usleep(600000);
	g_autofree char *text = bed_end(&bed);
	g_assert_cmpstr(text, ==, "CANCELLED: a=RUNNING");
}

// Pools hold back more than their limit; others go on.
static void test_pool(void)
{
	RunnerPool pool = {"one", 1};
	RunnerOptions options = {.slots = 4, .sole = true, .pools = &pool, .pool_count = 1};
	g_autoptr(GError) error = NULL;
	Store *store = store_open(NULL, STORE_EPHEMERAL, &error);
	g_autofree char *lock = g_strdup_printf(
		"%s/weir-pool-%d", g_get_tmp_dir(), g_random_int_range(0, G_MAXINT));
	g_autofree char *task = g_strdup_printf(
		"type: shell, pool: one, commands: ['mkdir %s', 'sleep 0.05', 'rmdir %s']", lock,
		lock);
	g_autofree char *yaml = g_strdup_printf("id: f\nnamespace: t\ntasks: [{id: p, type: "
						"parallel, tasks: [{id: a, %s}, {id: b, %s}, "
						"{id: c, %s}]}]",
		task, task, task);
	Bed bed = {.store = store};

	bed_flows_put(store, yaml);
	bed_run_create(store, "f", NULL, bed.id);
	bed.runner = runner_new(store, &options, &error);
	g_assert_true(runner_start(bed.runner, &error));
	g_autofree char *text = bed_end(&bed);
	g_assert_cmpstr(text, ==, "SUCCESS: p=SUCCESS a=SUCCESS b=SUCCESS c=SUCCESS");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/runner/kill", test_kill);
	g_test_add_func("/runner/kill-child-run", test_kill_child_run);
	g_test_add_func("/runner/resume", test_resume);
	g_test_add_func("/runner/restart", test_restart);
	g_test_add_func("/runner/fenced", test_fenced);
	g_test_add_func("/runner/pool", test_pool);
	return g_test_run();
}
