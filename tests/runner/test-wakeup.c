// A task that ends just when its worker cannot have the helm is not left lying until somebody looks by chance.
#include "runner/failpoint.h"
#include "store/run.h"
#include "tests/runner/run_bed.h"

#include <stdatomic.h>
#include <string.h>

enum {
	TRIES = 5, // a machine may stall
	SOON = 500000, // microseconds; the driver's own look is a second later
};

static Runner *runner;
static atomic_bool held;

// Keeps the helm until the task has ended and its worker has found the helm taken.
static void hold_helm(const char *place)
{
	RunnerFigures figures = {0};

	if (strcmp(place, "dispatched") != 0 || atomic_load(&held))
		return;
	runner_figures(runner, &figures);
	if (figures.started == 0)
		return;
	atomic_store(&held, true);
	while (figures.finished == 0)
		runner_figures(runner, &figures);
	g_usleep(20000);
}

static int64_t run_once(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Store) store = store_open(NULL, STORE_EPHEMERAL, &error);
	RunnerOptions options = {.slots = 2, .sole = true};
	int64_t begin;
	char id[27];

	g_assert_no_error(error);
	bed_flows_put(store, "id: f\ntasks: [{id: a, type: shell, commands: [/bin/true]}]\n");
	bed_run_create(store, "f", NULL, id);
	runner = runner_new(store, &options, &error);
	g_assert_no_error(error);
	atomic_store(&held, false);
	begin = g_get_monotonic_time();
	g_assert_true(runner_start(runner, &error));
	g_assert_true(runner_wait(runner, id, &error));
	begin = g_get_monotonic_time() - begin;
	runner_free(runner);
	g_assert_true(atomic_load(&held));
	return begin;
}

static void test_ended_while_held(void)
{
	int64_t fastest = INT64_MAX;

	runner_failpoint = hold_helm;
	for (int i = 0; i < TRIES && fastest > SOON; i++)
		fastest = MIN(fastest, run_once());
	g_assert_cmpint(fastest, <, SOON);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/runner/wakeup/ended-while-held", test_ended_while_held);
	return g_test_run();
}
