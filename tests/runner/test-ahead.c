// Tasks that are given out ahead of a free slot: no more run at once than there are slots, what did not begin is taken back,
// and after a crash what had begun is told from what had not.
#include "runner/begun.h"
#include "runner/failpoint.h"
#include "runner/run_report.h"
#include "store/run.h"
#include "store/task_run.h"
#include "tests/runner/run_bed.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
	char *folder, *url, *effects;
	char id[27];
} Place;

static void place_clear(Place *place)
{
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", place->folder);

	g_assert_cmpint(system(command), ==, 0);
	g_free(place->folder);
	g_free(place->url);
	g_free(place->effects);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

static Store *place_open(const Place *place)
{
	g_autoptr(GError) error = NULL;
	Store *store = store_open(place->url, STORE_READ_WRITE, &error);

	g_assert_no_error(error);
	return store;
}

// tasks: of a `parallel`, as YAML; FILE in it is the file of effects.
static void place_begin(Place *place, const char *tasks)
{
	g_autoptr(GString) yaml =
		g_string_new("id: f\ntasks:\n  - id: p\n    type: parallel\n    tasks:\n");
	g_autoptr(Store) store = NULL;

	place->folder = g_dir_make_tmp("weir-ahead-XXXXXX", NULL);
	place->url = g_strdup_printf("sqlite:%s/weir.db", place->folder);
	place->effects = g_build_filename(place->folder, "effects", NULL);
	g_string_append(yaml, tasks);
	g_string_replace(yaml, "FILE", place->effects, 0);
	store = place_open(place);
	bed_flows_put(store, yaml->str);
	bed_run_create(store, "f", NULL, place->id);
}

static Runner *place_start(const Place *place, Store *store, unsigned slots)
{
	RunnerOptions options = {.slots = slots,
		.sole = true,
		.data_folder = place->folder,
		.work_folder = place->folder};
	g_autoptr(GError) error = NULL;
	Runner *runner = runner_new(store, &options, &error);

	g_assert_no_error(error);
	g_assert_true(runner_start(runner, &error));
	return runner;
}

static char *place_effects(const Place *place)
{
	char *text = NULL;

	return g_file_get_contents(place->effects, &text, NULL, NULL) ? text : g_strdup("");
}

// "p=… a=SUCCESS …" of the run.
static char *place_text(const Place *place, Store *store)
{
	g_autoptr(GError) error = NULL;
	json_t *report = run_report(store, place->id, NULL, &error);
	char *text;

	g_assert_no_error(error);
	text = bed_text(report);
	json_decref(report);
	return text;
}

static const char *const QUICK_THEN_LONG =
	"      - {id: a, type: shell, commands: ['/bin/true']}\n"
	"      - {id: b, type: shell, commands: ['/bin/true']}\n"
	"      - {id: long, type: shell, commands: ['echo long >> FILE; sleep 0.6']}\n"
	"      - {id: c, type: shell, commands: ['echo c >> FILE']}\n"
	"      - {id: d, type: shell, commands: ['echo d >> FILE']}\n";

static bool row_note(const StoreTaskRun *row, void *data)
{
	g_string_append_printf(data, "%s=%s/%" G_GINT64_FORMAT "%s ", row->task_id,
		run_state_name(row->state), row->attempt, row->data != NULL ? "!" : "");
	return true;
}

// The rows of the leaves as they are committed: "a=SUCCESS/1"; with '!' when the row is of one given out ahead.
static char *rows_text(Store *store, const char *run_id)
{
	GString *text = g_string_new(NULL);

	g_assert_true(store_task_runs_visit(store, run_id, row_note, text, NULL));
	return g_string_free(text, FALSE);
}

static void wait_for_rows(Store *store, const char *run_id, const char *part)
{
	for (int i = 0; i < 5000; i++) {
		g_autofree char *text = rows_text(store, run_id);

		if (strstr(text, part) != NULL)
			return;
		g_usleep(1000);
	}
	g_error("never saw %s", part);
}

// Behind a long task nothing stays RUNNING that does not run.
static void test_taken_back(void)
{
	g_auto(Place) place = {0};
	g_autoptr(Store) store = NULL;
	g_autoptr(Store) reader = NULL;
	g_autoptr(GError) error = NULL;
	Runner *runner;

	place_begin(&place, QUICK_THEN_LONG);
	store = place_open(&place);
	reader = store_open(place.url, STORE_READ_ONLY, &error);
	g_assert_no_error(error);
	runner = place_start(&place, store, 1);
	wait_for_rows(reader, place.id, "long=RUNNING/1 c=CREATED/0 d=CREATED/0 ");
	g_assert_true(runner_wait(runner, place.id, &error));
	runner_free(runner);
	g_autofree char *text = place_text(&place, store);
	g_assert_cmpstr(text, ==,
		"SUCCESS: p=SUCCESS a=SUCCESS b=SUCCESS long=SUCCESS c=SUCCESS d=SUCCESS");
	g_autofree char *effects = place_effects(&place);
	g_assert_cmpstr(effects, ==, "long\nc\nd\n");
}

// A node that is told to stop leaves what it had given out as it was before.
static void test_stopped(void)
{
	g_auto(Place) place = {0};
	g_autoptr(Store) store = NULL;
	g_autoptr(GError) error = NULL;
	Runner *runner;

	place_begin(&place, QUICK_THEN_LONG);
	store = place_open(&place);
	runner = place_start(&place, store, 1);
	wait_for_rows(store, place.id, "long=RUNNING/1 c=");
	runner_free(runner);
	g_autofree char *rows = rows_text(store, place.id);
	g_assert_cmpstr(rows, ==,
		"p=RUNNING/1 a=SUCCESS/1 b=SUCCESS/1 long=RUNNING/1 c=CREATED/0 d=CREATED/0 ");
	runner = place_start(&place, store, 1);
	g_assert_true(runner_wait(runner, place.id, &error));
	runner_free(runner);
	g_autofree char *text = place_text(&place, store);
	g_assert_cmpstr(
		text, ==, "FAILED: p=FAILED a=SUCCESS b=SUCCESS long=FAILED c=SUCCESS d=SUCCESS");
}

static void test_killed_run(void)
{
	g_auto(Place) place = {0};
	g_autoptr(Store) store = NULL;
	g_autoptr(GError) error = NULL;
	Runner *runner;

	place_begin(&place, QUICK_THEN_LONG);
	store = place_open(&place);
	runner = place_start(&place, store, 1);
	wait_for_rows(store, place.id, "long=RUNNING/1 c=");
	g_assert_true(store_run_kill(store, place.id, NULL, &error));
	g_assert_true(runner_wait(runner, place.id, &error));
	runner_free(runner);
	g_autofree char *text = place_text(&place, store);
	g_assert_cmpstr(
		text, ==, "KILLED: p=KILLED a=SUCCESS b=SUCCESS long=KILLED c=KILLED() d=KILLED()");
	g_autofree char *log = bed_log(store, place.id);
	g_assert_cmpstr(log, ==, "ERROR stopped\n");
}

// ---- The node dies

enum { TASKS = 12 };

static const char *die_at;
static atomic_int passed;
static int die_after;

static void die_there(const char *point)
{
	if (strcmp(point, die_at) == 0 && atomic_fetch_add(&passed, 1) + 1 == die_after)
		kill(getpid(), SIGKILL);
}

static char *many_tasks(void)
{
	GString *text = g_string_new(NULL);

	for (int i = 0; i < TASKS; i++)
		g_string_append_printf(text,
			"      - {id: t%d, type: shell, allowFailure: true, commands: ['echo t%d "
			">> FILE']}\n",
			i, i);
	return g_string_free(text, FALSE);
}

// False when the node got through alive.
static bool node_dies(const Place *place, unsigned slots, const char *point, int after)
{
	pid_t pid = fork();
	int status;

	g_assert_cmpint(pid, >=, 0);
	if (pid == 0) {
		Store *store = place_open(place);
		Runner *runner;

		die_at = point;
		die_after = after;
		runner_failpoint = die_there;
		runner = place_start(place, store, slots);
		runner_wait(runner, place->id, NULL);
		runner_free(runner);
		store_close(store);
		_exit(0);
	}
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	return WIFSIGNALED(status);
}

static unsigned lines_of(const char *text, const char *line)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	unsigned count = 0;

	for (char **one = lines; *one != NULL; one++)
		count += strcmp(*one, line) == 0;
	return count;
}

// How many of the run's tasks are FAILED as lost. None has run twice; what was lost had begun, but for those that the
// node was at when it died.
static unsigned check_recovered(const Place *place, unsigned unseen_allowed)
{
	g_autofree char *effects = place_effects(place);
	g_autoptr(Store) store = place_open(place);
	g_autofree char *text = NULL;
	unsigned lost = 0;
	unsigned unseen = 0;

	text = place_text(place, store);
	for (int i = 0; i < TASKS; i++) {
		g_autofree char *line = g_strdup_printf("t%d", i);
		g_autofree char *failed = g_strdup_printf(" t%d=WARNING(FAILED)", i);
		bool is_lost = strstr(text, failed) != NULL;

		g_assert_cmpuint(lines_of(effects, line), <=, 1);
		lost += is_lost;
		unseen += is_lost && lines_of(effects, line) == 0;
		if (!is_lost)
			g_assert_cmpuint(lines_of(effects, line), ==, 1);
	}
	g_assert_cmpuint(unseen, <=, unseen_allowed);
	return lost;
}

static void check_death(unsigned slots, const char *point, unsigned unseen_allowed)
{
	g_autofree char *tasks = many_tasks();
	unsigned deaths = 0;

	for (int after = 1; after <= TASKS; after++) {
		g_auto(Place) place = {0};

		place_begin(&place, tasks);
		if (!node_dies(&place, slots, point, after))
			continue;
		deaths++;
		g_assert_false(node_dies(&place, slots, "nowhere", 0));
		// What ran, and what had ended but was not committed: of each slot its one and the one ahead.
		g_assert_cmpuint(check_recovered(&place, unseen_allowed), <=, 2 * slots);
	}
	g_assert_cmpuint(deaths, >=, 3);
}

static void test_node_dies(void)
{
	check_death(1, "taken ahead", 0);
	check_death(1, "ran", 0);
	check_death(2, "taken ahead", 1);
	check_death(2, "committed", 2);
}

// The attempts of a task run in the store; the run's report counts them.
static unsigned attempts_of(const json_t *report, const char *task)
{
	const json_t *task_run;
	size_t i;

	json_array_foreach(json_object_get(report, "task_runs"), i,
		task_run) if (strcmp(json_string_value(json_object_get(task_run, "task_id")),
				      task) == 0) return (unsigned)
		json_array_size(json_object_get(task_run, "attempts"));
	return 0;
}

// A node after the other dies, and what was lost is tried again: each time a task ran is an attempt of its own.
static void test_nodes_die(void)
{
	// Mostly where a task has run and its end is not committed: it is lost, and may be lost again.
	static const char *const POINTS[] = {"ran", "ran", "ran", "taken ahead", "written"};
	g_autofree char *plain = many_tasks();
	g_autoptr(GString) tasks = g_string_new(plain);
	unsigned deaths = 0;

	g_string_replace(tasks, "allowFailure: true",
		"retry: {type: constant, interval: PT0.001S, maxAttempts: 99}", 0);
	for (unsigned round = 0; round < 12; round++) {
		g_auto(Place) place = {0};
		const unsigned slots = 1 + round % 2;

		place_begin(&place, tasks->str);
		for (unsigned i = 0; i < 60; i++) {
			const char *point = POINTS[g_test_rand_int_range(0, G_N_ELEMENTS(POINTS))];

			if (!node_dies(&place, slots, point, g_test_rand_int_range(1, 4)))
				break;
			deaths++;
		}
		node_dies(&place, slots, "nowhere", 0);
		g_autofree char *effects = place_effects(&place);
		g_autoptr(Store) store = place_open(&place);
		json_t *report = run_report(store, place.id, NULL, NULL);
		for (int i = 0; i < TASKS; i++) {
			g_autofree char *name = g_strdup_printf("t%d", i);

			g_assert_cmpuint(lines_of(effects, name), >=, 1);
			g_assert_cmpuint(lines_of(effects, name), <=, attempts_of(report, name));
		}
		json_decref(report);
	}
	g_test_message("%u deaths", deaths);
	g_assert_cmpuint(deaths, >, 20);
}

// Without the file (another machine, a restart of this one) whatever was RUNNING counts as begun.
static void test_without_evidence(void)
{
	g_autofree char *tasks = many_tasks();
	unsigned lost = 0;

	for (int after = 3; after < TASKS; after += 2) {
		g_auto(Place) place = {0};
		g_autofree char *command = NULL;

		place_begin(&place, tasks);
		if (!node_dies(&place, 1, "taken ahead", after))
			continue;
		command = g_strdup_printf("rm -r '%s/begun'", place.folder);
		g_assert_cmpint(system(command), ==, 0);
		g_assert_false(node_dies(&place, 1, "nowhere", 0));
		lost += check_recovered(&place, 2);
	}
	g_assert_cmpuint(lost, >, 0);
}

static void test_begun_log(void)
{
	g_autofree char *folder = g_dir_make_tmp("weir-begun-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "node", NULL);
	BegunLog *log = begun_log_open(folder, "node");

	g_assert_nonnull(log);
	begun_log_add(log, "01TASKRUN", 2);
	g_assert_cmpint(begun_look(folder, "node", "01TASKRUN", 2), ==, BEGUN_YES);
	g_assert_cmpint(begun_look(folder, "node", "01TASKRUN", 1), ==, BEGUN_NO);
	g_assert_cmpint(begun_look(folder, "node", "01OTHER", 2), ==, BEGUN_NO);
	g_assert_cmpint(begun_look(folder, "other", "01TASKRUN", 2), ==, BEGUN_UNKNOWN);
	g_assert_cmpint(begun_look(folder, "../node", "01TASKRUN", 2), ==, BEGUN_UNKNOWN);
	// Of a machine that has started anew since.
	g_autofree char *content = NULL;
	gsize length;
	g_assert_true(g_file_get_contents(path, &content, &length, NULL));
	content[20] ^= 1;
	g_assert_true(g_file_set_contents(path, content, (gssize)length, NULL));
	g_assert_cmpint(begun_look(folder, "node", "01TASKRUN", 2), ==, BEGUN_UNKNOWN);
	g_assert_true(g_file_set_contents(path, content, 100, NULL));
	g_assert_cmpint(begun_look(folder, "node", "01TASKRUN", 2), ==, BEGUN_UNKNOWN);
	begun_log_close(log);
	g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
	g_assert_cmpint(g_rmdir(folder), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	runner_brisk = 300000; // sanitizers and other tests at the same time
	g_test_add_func("/runner/ahead/node-dies", test_node_dies);
	g_test_add_func("/runner/ahead/nodes-die", test_nodes_die);
	g_test_add_func("/runner/ahead/without-evidence", test_without_evidence);
	g_test_add_func("/runner/ahead/taken-back", test_taken_back);
	g_test_add_func("/runner/ahead/stopped", test_stopped);
	g_test_add_func("/runner/ahead/killed-run", test_killed_run);
	g_test_add_func("/runner/ahead/begun-log", test_begun_log);
	return g_test_run();
}
