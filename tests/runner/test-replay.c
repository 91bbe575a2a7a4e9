// Runs that go on or are done once more: what is there of the past, and that the rest runs as it should.
#include "runner/failpoint.h"
#include "runner/folder.h"
#include "runner/restart.h"
#include "runner/run_report.h"
#include "store/run.h"
#include "store/task_run.h"
#include "tests/runner/run_bed.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WHO(id) "{id: " id ", type: return, format: '{{ execution.id }}'}"

static const struct {
	const char *name, *flow;
	const char *from; // NULL: a restart; "": a replay of all of it
	const char *expected; // "*" behind what ran in the new run
} cases[] = {
	{"all", "tasks: [" WHO("a") ", " WHO("b") "]", "", "SUCCESS: a* b*"},
	{"middle", "tasks: [" WHO("a") ", " WHO("b") ", " WHO("c") "]", "b", "SUCCESS: a b* c*"},
	{"outputs",
		"tasks: [" WHO("a") ", " WHO("b") ", {id: c, type: fail, condition: '{{ "
						  "outputs.a.value != outputs.b.value and "
						  "outputs.b.value == execution.id }}'}]",
		"b", "FAILED: a b* c=FAILED"},
	{"finally",
		"tasks: [" WHO("a") ", " WHO("b") "]\nfinally: [" WHO(
			"f") "]\nafterExecution: [" WHO("x") "]",
		"b", "SUCCESS: a b* f* x*"},
	{"parallel",
		"tasks: [{id: p, type: parallel, tasks: [" WHO("a") ", " WHO("b") ", " WHO(
			"c") "]}, " WHO("d") "]",
		"b", "SUCCESS: p a b* c d*"},
	{"parallel-failed",
		"tasks: [{id: p, type: parallel, concurrent: 1, tasks: [" WHO(
			"a") ", {id: b, type: fail}, " WHO("c") "]}]",
		"a", "FAILED: p=FAILED a* b=FAILED"},
	{"foreach",
		"tasks: [{id: e, type: foreach, values: [x, y, z], tasks: [" WHO("a") ", " WHO(
			"b") "]}, " WHO("d") "]",
		"b", "SUCCESS: e a[x] b[x]* a[y]* b[y]* a[z]* b[z]* d*"},
	{"foreach-whole",
		"tasks: [{id: e, type: foreach, values: '{{ [1, 2] }}', tasks: [" WHO("a") "]}]",
		"e", "SUCCESS: e a[1]* a[2]*"},
	{"nested",
		"tasks: [{id: e, type: foreach, values: [x, y], concurrencyLimit: 0, tasks: [{id: "
		"s, type: "
		"sequential, tasks: [" WHO("a") ", " WHO("b") "]}]}]",
		"b", "SUCCESS: e s[x] s[y] a a b* b*"},
	{"if",
		"tasks: [{id: i, type: if, condition: 'true', then: [" WHO("a") ", " WHO(
			"b") "], else: [" WHO("c") "]}]",
		"b", "SUCCESS: i a b*"},
	{"switch",
		"tasks: [{id: i, type: switch, value: k, cases: {k: [" WHO("a") ", " WHO(
			"b") "]}}]",
		"b", "SUCCESS: i a b*"},
	{"dag",
		"tasks: [{id: d, type: dag, tasks: [{task: " WHO("a") "}, {task: " WHO(
			"b") "}, {task: " WHO("c") ", dependsOn: [a]}, {task: " WHO("e") ", "
											 "dependsOn"
											 ": [b, "
											 "c]}]}]",
		"c", "SUCCESS: d a b c* e*"},
	{"run-if",
		"tasks: [" WHO("a") ", {id: b, type: log, message: x, runIf: 'false'}, " WHO(
			"c") "]",
		"b", "SUCCESS: a b=SKIPPED c*"},
	{"loop",
		"tasks: [" WHO("z") ", {id: l, type: loop-until, condition: '{{ "
				    "outputs.l.iterationCount >= 2 }}', "
				    "checkFrequency: {interval: PT0S}, tasks: [" WHO("a") ", " WHO(
					    "b") "]}]",
		"l", "SUCCESS: z l a* b*"},

	// What could not begin is asked again, and is not taken for done.
	{"restart-run-if", "tasks: [{id: a, type: log, message: x, runIf: '{{ nope }}'}]", NULL,
		"FAILED: a=FAILED"},
	{"restart-if", "tasks: [{id: i, type: if, condition: '{{ nope }}', then: [" WHO("a") "]}]",
		NULL, "FAILED: i=FAILED"},
	{"restart-foreach",
		"tasks: [{id: e, type: foreach, values: '{{ nope }}', tasks: [" WHO("a") "]}]",
		NULL, "FAILED: e=FAILED"},
	{"restart-switch",
		"tasks: [{id: i, type: switch, value: k, cases: {other: [" WHO("a") "]}}]", NULL,
		"FAILED: i=FAILED"},
	// A container that has ended well keeps what ran in its finally, and what it allowed to fail.
	{"restart-closed",
		"tasks: [{id: s, type: sequential, tasks: [" WHO("a") "], finally: [" WHO(
			"f") "]}, {id: w, type: "
			     "allow-failure, tasks: [{id: g, type: fail}]}, {id: b, type: fail}]",
		NULL, "FAILED: s a* f* w=WARNING g=FAILED b=FAILED"},
};

static char *run_text(Store *store, const char *id)
{
	g_autoptr(GError) error = NULL;
	json_t *report = run_report(store, id, NULL, &error);
	GString *text = g_string_new(json_string_value(json_object_get(report, "state")));
	json_t *task;
	size_t i;

	g_assert_no_error(error);
	g_string_append_c(text, ':');
	json_array_foreach(json_object_get(report, "task_runs"), i, task)
	{
		const char *value = json_string_value(json_object_get(task, "value"));
		const char *state = json_string_value(json_object_get(task, "state"));
		const char *ran_in = json_string_value(
			json_object_get(json_object_get(task, "outputs"), "value"));

		g_string_append_printf(
			text, " %s", json_string_value(json_object_get(task, "task_id")));
		if (value != NULL)
			g_string_append_printf(text, "[%s]", value);
		if (strcmp(state, "SUCCESS") != 0)
			g_string_append_printf(text, "=%s", state);
		if (g_strcmp0(ran_in, id) == 0)
			g_string_append_c(text, '*');
	}
	json_decref(report);
	return g_string_free(text, FALSE);
}

static void run_to_end(Store *store, const char *id)
{
	bed_run_to_end(store, id, &(RunnerOptions){.slots = 2, .sole = true});
}

static void test_case(gconstpointer data)
{
	const size_t at = (size_t)GPOINTER_TO_UINT(data);
	const char *from = cases[at].from;
	g_autofree char *yaml = g_strdup_printf("id: f\nnamespace: t\n%s\n", cases[at].flow);
	g_autoptr(GError) error = NULL;
	g_autoptr(Store) store = store_open(NULL, STORE_EPHEMERAL, &error);
	char id[27], new_id[27];

	g_assert_no_error(error);
	bed_flows_put(store, yaml);
	bed_run_create(store, "f", NULL, id);
	run_to_end(store, id);
	g_strlcpy(new_id, id, sizeof(new_id));
	if (from == NULL)
		run_restart(store, id, &error);
	else
		run_replay(store, id, *from == '\0' ? NULL : from, new_id, &error);
	g_assert_no_error(error);
	run_to_end(store, new_id);
	g_autofree char *text = run_text(store, new_id);
	g_assert_cmpstr(text, ==, cases[at].expected);
}

// The new run has what the old one was given, and names it; the old one stays as it was.
static void test_given(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Store) store = store_open(NULL, STORE_EPHEMERAL, &error);
	g_autoptr(StoreRun) old = NULL;
	g_autoptr(StoreRun) run = NULL;
	char id[27], new_id[27];

	bed_flows_put(store,
		"id: f\nnamespace: t\ninputs: [{id: day, type: STRING, defaults: monday}]\n"
		"labels: {kept: 'yes'}\n"
		"tasks: [{id: a, type: return, format: '{{ inputs.day }}'}]\n"
		"outputs: [{id: o, type: STRING, value: '{{ outputs.a.value }}'}]\n");
	bed_run_create(store, "f", "{\"day\": \"friday\"}", id);
	run_to_end(store, id);
	g_assert_true(run_replay(store, id, "a", new_id, &error));
	run_to_end(store, new_id);
	g_assert_true(store_run_get(store, id, &old, &error));
	g_assert_true(store_run_get(store, new_id, &run, &error));
	g_assert_cmpstr(run->outputs, ==, "{\"o\":\"friday\"}");
	g_assert_cmpstr(run->origin_run_id, ==, id);
	g_assert_cmpstr(run->labels, ==, old->labels);
	g_assert_cmpint(run->revision, ==, old->revision);
	g_assert_cmpint(old->state, ==, RUN_SUCCESS);
	g_assert_cmpint(old->attempt, ==, 1);
}

// Nothing is made when nothing can begin there, and nothing of a run that goes on.
static void test_refused(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Store) store = store_open(NULL, STORE_EPHEMERAL, &error);
	char id[27], new_id[27], oldest[27];
	int64_t runs;

	bed_flows_put(store, "id: f\nnamespace: t\ntasks: [{id: a, type: log, message: x}]\n");
	bed_run_create(store, "f", NULL, id);
	g_assert_false(run_replay(store, id, "a", new_id, &error));
	g_autofree char *early = g_strdup_printf("run '%s' has not ended", id);
	g_assert_cmpstr(error->message, ==, early);
	g_clear_error(&error);
	run_to_end(store, id);
	g_assert_false(run_replay(store, id, "b", new_id, &error));
	g_assert_cmpstr(error->message, ==, "the run has no task 'b'");
	g_clear_error(&error);
	g_assert_false(run_replay(store, "nope", "b", new_id, &error));
	g_assert_cmpstr(error->message, ==, "there is no run 'nope'");
	g_clear_error(&error);
	g_assert_true(store_runs_count(store, &runs, oldest, &error));
	g_assert_cmpint(runs, ==, 1);
}

// ---- Kills on both sides of the commit

static void die_before(const char *place)
{
	if (strcmp(place, "replayed") == 0)
		_exit(9);
}

// Replays in a process of its own, which dies before the commit or right behind it.
static void replay_and_die(const char *url, const char *id, bool before)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		Store *store = store_open(url, STORE_READ_WRITE, NULL);
		char new_id[27];

		if (before)
			runner_failpoint = die_before;
		_exit(run_replay(store, id, "b", new_id, NULL) ? 7 : 1);
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_cmpint(WEXITSTATUS(status), ==, before ? 9 : 7);
}

static void test_killed(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *folder = g_dir_make_tmp("weir-replay-XXXXXX", &error);
	g_autofree char *file = g_build_filename(folder, "weir.db", NULL);
	g_autofree char *url = g_strconcat("sqlite:", file, NULL);
	g_autoptr(GPtrArray) runs = NULL;
	StoreRunFilter filter = STORE_RUN_FILTER_ALL;
	char id[27];

	Store *store = store_open(url, STORE_READ_WRITE, &error);
	g_assert_no_error(error);
	bed_flows_put(store, "id: f\nnamespace: t\ntasks: [" WHO("a") ", " WHO("b") "]\n");
	bed_run_create(store, "f", NULL, id);
	run_to_end(store, id);
	store_close(store);
	replay_and_die(url, id, true);
	replay_and_die(url, id, false);
	store = store_open(url, STORE_READ_WRITE, &error);
	g_assert_true(store_runs_list(store, &filter, &(StorePage){0}, &runs, NULL, &error));
	g_assert_cmpuint(runs->len, ==, 2);
	const StoreRun *made = runs->pdata[0];
	run_to_end(store, made->id);
	g_autofree char *text = run_text(store, made->id);
	g_assert_cmpstr(text, ==, "SUCCESS: a b*");
	store_close(store);
	folder_remove(folder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strdup_printf("/runner/replay/%s", cases[i].name);

		g_test_add_data_func(path, GUINT_TO_POINTER(i), test_case);
	}
	g_test_add_func("/runner/replay/killed", test_killed);
	g_test_add_func("/runner/replay/given", test_given);
	g_test_add_func("/runner/replay/refused", test_refused);
	return g_test_run();
}
