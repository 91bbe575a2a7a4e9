// The node dies with SIGKILL at every place where it can matter, one after the other; the next one takes over. Nothing that
// had finished runs again, everything that had not is done, and the run ends.
//
// The node is a child process; the test itself has no threads. Each round begins with a new store, lets the child die at
// its n-th failpoint, looks at what is committed, and has a second child end the run.
#include "runner/failpoint.h"
#include "runner/restart.h"
#include "runner/run_report.h"
#include "store/run.h"
#include "store/task_run.h"
#include "tests/runner/run_bed.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char every_construct[] =
	"id: f\nnamespace: t\ntasks:\n"
	"  - {id: a, type: log, message: x}\n"
	"  - {id: b, type: shell, commands: ['echo b >> FILE'], retry: {type: constant, interval: "
	"PT0.01S, maxAttempts: 9}}\n"
	"  - id: p\n    type: parallel\n    retry: {type: constant, interval: PT0.01S, "
	"maxAttempts: 9}\n    tasks:\n"
	"      - {id: c, type: shell, commands: ['echo c >> FILE']}\n"
	"      - {id: d, type: shell, commands: ['echo d >> FILE']}\n"
	"      - {id: n, type: sleep, duration: PT0.01S}\n"
	"  - id: e\n    type: foreach\n    values: '{{ [\"x\", \"y\"] }}'\n    tasks:\n"
	"      - {id: g, type: if, condition: \"{{ taskrun.value == 'x' }}\", then: [{id: h, type: "
	"return, format: 'h'}]}\n"
	"      - {id: i, type: shell, commands: ['echo i{{ taskrun.value }} >> FILE'], retry: "
	"{type: constant, interval: PT0.01S, maxAttempts: 9}}\n"
	"  - {id: s, type: subflow, flowId: g}\n"
	"  - id: w\n    type: pause\n    delay: PT0.01S\n"
	"    onPause: {id: o, type: shell, commands: ['echo o >> FILE'], retry: {type: constant, "
	"interval: PT0.01S, maxAttempts: 9}}\n"
	"    tasks: [{id: t, type: shell, commands: ['echo t >> FILE'], retry: {type: constant, "
	"interval: PT0.01S, maxAttempts: 9}}]\n"
	"  - {id: v, type: pause, timeout: PT0.01S, allowFailure: true, tasks: [{id: never, type: "
	"log, message: x}], errors: [{id: r, type: log, message: x}], finally: [{id: m, type: "
	"log, message: x}]}\n"
	"  - {id: j, type: fail, allowFailure: true, retry: {type: constant, interval: PT0.01S, "
	"maxAttempts: 2}}\n"
	"  - id: l\n    type: loop-until\n    condition: '{{ outputs.l.iterationCount == 2 }}'\n   "
	" checkFrequency: {interval: PT0.01S}\n"
	"    tasks: [{id: k, type: log, message: x}]\n"
	"finally: [{id: z, type: log, message: x}]\n"
	"afterExecution: [{id: y, type: log, message: x}]\n"
	"---\n"
	"id: g\nnamespace: t\nretry: {type: constant, interval: PT0.01S, maxAttempts: 2, behavior: "
	"CREATE_NEW_EXECUTION}\n"
	"tasks: [{id: u, type: fail, condition: '{{ execution.id == execution.originalId }}'}, "
	"{id: q, type: shell, commands: ['echo q >> FILE'], retry: "
	"{type: constant, interval: PT0.01S, "
	"maxAttempts: 9}}]\n";

static const char expected[] =
	"WARNING: a b p c d n e g[x] h i[x] g[y] i[y] s w o t v r m j l k z y";

static int crash_at; // number of the failpoint; 0: none
static atomic_int passed;

static void die_there(const char *place)
{
	(void)place;
	if (atomic_fetch_add(&passed, 1) + 1 == crash_at)
		kill(getpid(), SIGKILL);
}

// A run that was PAUSED with something under way when its node died looks at rest until it is taken over.
static bool wait_for_end(Runner *runner, Store *store, const char *run_id, GError **error)
{
	for (int i = 0; i < 2000; i++) {
		g_autoptr(StoreRun) run = NULL;

		if (!runner_wait(runner, run_id, error) ||
			!store_run_get(store, run_id, &run, error))
			return false;
		if (run_state_is_ended(run->state))
			return true;
		g_usleep(5000);
	}
	return true; // the test says what it is at
}

// One store in a folder of its own, and the run in it that a test is about.
typedef struct {
	char *folder, *url, *effects;
	bool keeps_files; // the node has the folder for its data, too
	char id[27];
} Round;

static Store *round_open(const Round *round)
{
	g_autoptr(GError) error = NULL;
	Store *store = store_open(round->url, STORE_READ_WRITE, &error);

	g_assert_no_error(error);
	return store;
}

// Puts the flows of a text, in which FILE is the file of effects; the round is about a new run of one of them.
static void round_flows_put(Round *round, const char *flows, const char *flow)
{
	g_autoptr(Store) store = round_open(round);
	g_autoptr(GString) yaml = g_string_new(flows);

	g_string_replace(yaml, "FILE", round->effects, 0);
	bed_flows_put(store, yaml->str);
	bed_run_create(store, flow, NULL, round->id);
}

static void round_begin(Round *round)
{
	g_autoptr(GError) error = NULL;

	round->folder = g_dir_make_tmp("weir-crash-XXXXXX", &error);
	g_assert_no_error(error);
	round->url = g_strdup_printf("sqlite:%s/weir.db", round->folder);
	round->effects = g_strdup_printf("%s/effects", round->folder);
	round->keeps_files = false;
	round_flows_put(round, every_construct, "f");
}

static void round_end(Round *round)
{
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", round->folder);

	g_assert_cmpint(system(command), ==, 0);
	g_free(round->folder);
	g_free(round->url);
	g_free(round->effects);
}

// The node: a child process that may die.
static bool node_died(pid_t pid)
{
	int status;

	waitpid(pid, &status, 0);
	g_assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return WIFSIGNALED(status);
}

// Drives until the run has ended, or until the failpoint of that number (0: none). True when it died.
static bool node_run(const Round *round, const char *run_id, int at)
{
	pid_t pid = fork();

	g_assert_cmpint(pid, >=, 0);
	if (pid == 0) {
		g_autoptr(GError) error = NULL;
		Store *store = store_open(round->url, STORE_READ_WRITE, &error);
		RunnerOptions options = {.slots = 2,
			.sole = true,
			.data_folder = round->keeps_files ? round->folder : NULL};
		Runner *runner;

		crash_at = at;
		runner_failpoint = die_there;
		runner = store == NULL ? NULL : runner_new(store, &options, &error);
		if (runner == NULL || !runner_start(runner, &error) ||
			!wait_for_end(runner, store, run_id, &error))
			_exit(2);
		runner_free(runner);
		store_close(store);
		_exit(0);
	}
	return node_died(pid);
}

// A node that dies at that place, and where it did, another that ends the run. True when the first died.
static bool nodes_run(const Round *round, int at)
{
	bool died = node_run(round, round->id, at);

	if (died)
		g_assert_false(node_run(round, round->id, 0));
	return died;
}

// A node that the run itself takes with it, and another that ends the run.
static void nodes_run_deadly(const Round *round)
{
	g_assert_true(node_run(round, round->id, 0));
	g_assert_false(node_run(round, round->id, 0));
}

// Task runs that have ended, as texts that must not change any more.
static bool ended_note(const StoreTaskRun *row, void *data)
{
	if (run_state_is_ended(row->state))
		g_hash_table_insert(data, g_strdup(row->id),
			g_strdup_printf("%s %s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT,
				row->task_id, run_state_name(row->state), row->attempt,
				row->started_at));
	return true;
}

static GHashTable *ended_rows(Store *store, const char *run_id)
{
	GHashTable *rows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autoptr(GError) error = NULL;

	store_task_runs_visit(store, run_id, ended_note, rows, &error);
	g_assert_no_error(error);
	return rows;
}

static unsigned count_lines(const char *text, const char *line)
{
	unsigned count = 0;
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **one = lines; *one != NULL; one++)
		count += strcmp(*one, line) == 0;
	return count;
}

// How often each command's effect is there.
static const char *const effects[] = {"b", "c", "d", "ix", "iy", "q"};

static void effects_count(const char *file, unsigned counts[G_N_ELEMENTS(effects)])
{
	g_autofree char *text = NULL;

	if (!g_file_get_contents(file, &text, NULL, NULL))
		text = g_strdup("");
	for (size_t i = 0; i < G_N_ELEMENTS(effects); i++)
		counts[i] = count_lines(text, effects[i]);
}

static bool effect_ended(GHashTable *rows, const char *effect)
{
	GHashTableIter iterator;
	gpointer value;
	unsigned ended = 0;
	g_autofree char *prefix = g_strdup_printf("%c ", effect[0]);

	g_hash_table_iter_init(&iterator, rows);
	while (g_hash_table_iter_next(&iterator, NULL, &value))
		ended += g_str_has_prefix(value, prefix) ? 1 : 0;
	// Of a loop, the values go one after the other.
	return ended > (effect[1] == 'y');
}

// What became of the run, as text_of() tells it.
static char *round_text(const Round *round, Store *store, char *(*text_of)(const json_t *report))
{
	g_autoptr(GError) error = NULL;
	json_t *report = run_report(store, round->id, NULL, &error);
	char *text;

	g_assert_no_error(error);
	text = text_of(report);
	json_decref(report);
	return text;
}

static char *names_of(const json_t *report)
{
	GString *text = g_string_new(json_string_value(json_object_get(report, "state")));
	json_t *row;
	size_t i;

	g_string_append_c(text, ':');
	json_array_foreach(json_object_get(report, "task_runs"), i, row)
	{
		const char *value = json_string_value(json_object_get(row, "value"));

		g_string_append_printf(
			text, " %s", json_string_value(json_object_get(row, "task_id")));
		if (value != NULL)
			g_string_append_printf(text, "[%s]", value);
	}
	return g_string_free(text, FALSE);
}

// What was there when it died is still there, as it was.
static void check_kept(GHashTable *before, GHashTable *after)
{
	GHashTableIter iterator;
	gpointer key, value;

	g_hash_table_iter_init(&iterator, before);
	while (g_hash_table_iter_next(&iterator, &key, &value)) {
		const char *now = g_hash_table_lookup(after, key);

		// A loop's next round drops the last one's rows.
		if (now != NULL || !g_str_has_prefix(value, "k "))
			g_assert_cmpstr(now, ==, value);
	}
}

static void check_end(
	const Round *round, Store *store, GHashTable *before, const unsigned counts_before[])
{
	unsigned counts[G_N_ELEMENTS(effects)];
	g_autoptr(GError) error = NULL;
	g_autoptr(GHashTable) after = ended_rows(store, round->id);
	g_autofree char *names = round_text(round, store, names_of);

	g_assert_cmpstr(names, ==, expected);
	check_kept(before, after);
	effects_count(round->effects, counts);
	for (size_t i = 0; i < G_N_ELEMENTS(effects); i++) {
		g_assert_cmpuint(counts[i], >=, 1);
		if (effect_ended(before, effects[i]))
			g_assert_cmpuint(counts[i], ==, counts_before[i]);
	}
	store_check_integrity(store, &error);
	g_assert_no_error(error);
}

static bool round_run(int at)
{
	Round round;
	unsigned counts[G_N_ELEMENTS(effects)];
	bool died;

	round_begin(&round);
	died = node_run(&round, round.id, at);
	Store *store = round_open(&round);
	g_autoptr(GHashTable) before = ended_rows(store, round.id);
	store_close(store);
	effects_count(round.effects, counts);
	if (died)
		g_assert_false(node_run(&round, round.id, 0));
	store = round_open(&round);
	check_end(&round, store, before, counts);
	store_close(store);
	round_end(&round);
	return died;
}

static void test_every_place(void)
{
	int at = 1;

	// Until it gets through alive; the number of places differs a little from one time to the next.
	while (round_run(at))
		at++;
	g_test_message("died at %d places", at - 1);
	g_assert_cmpint(at, >, 40);
}

// Every construct that the flow above has not, with the state of each task run, which it keeps whoever ends the run.
static const struct {
	const char *name, *flow, *expected;
	int least; // so many places there are at which it may die
} states[] = {
	{"containers",
		"id: c\nnamespace: t\ntasks:\n"
		"  - {id: off, type: log, message: x, disabled: true}\n"
		"  - {id: no, type: log, message: x, runIf: '{{ false }}'}\n"
		"  - id: sw\n    type: switch\n    value: two\n    cases: {one: [{id: o, type: "
		"log, message: x}], two: "
		"[{id: p, type: shell, commands: ['true'], RETRY}]}\n"
		"  - id: d\n    type: dag\n    tasks:\n"
		"      - {task: {id: d1, type: shell, commands: ['true'], RETRY}}\n"
		"      - {task: {id: d2, type: shell, commands: ['true'], RETRY}, dependsOn: "
		"[d1]}\n"
		"      - {task: {id: d3, type: log, message: x}, dependsOn: [d2]}\n"
		"  - id: al\n    type: allow-failure\n    tasks:\n"
		"      - id: s\n        type: sequential\n        tasks: [{id: f1, type: fail}, "
		"{id: never, type: "
		"log, message: x}]\n        errors: [{id: er, type: shell, commands: ['true'], "
		"RETRY}]\n        "
		"finally: [{id: fi, type: shell, commands: ['true'], RETRY}]\n"
		"  - {id: aw, type: fail, allowFailure: true, allowWarning: true}\n"
		"  - id: wd\n    type: working-directory\n    tasks: [{id: in, type: shell, "
		"commands: ['true'], "
		"RETRY}]\n",
		"WARNING: no=SKIPPED() sw=SUCCESS p=SUCCESS d=SUCCESS d1=SUCCESS d2=SUCCESS "
		"d3=SUCCESS "
		"al=WARNING s=FAILED f1=FAILED er=SUCCESS fi=SUCCESS aw=SUCCESS(FAILED) wd=SUCCESS "
		"in=SUCCESS",
		30},
	// What a loop was told to end with is in none of its task runs.
	{"closed-failed",
		"id: c\nnamespace: t\ntasks:\n"
		"  - id: l\n    type: loop-until\n    condition: '{{ false }}'\n    "
		"failOnMaxReached: true\n"
		"    checkFrequency: {interval: PT0.001S, maxIterations: 2}\n"
		"    tasks: [{id: k, type: log, message: x}]\n"
		"    finally: [{id: z, type: shell, commands: ['true'], RETRY}, {id: y, type: "
		"shell, commands: "
		"['true'], RETRY}]\n"
		"errors: [{id: e, type: shell, commands: ['true'], RETRY}]\n",
		"FAILED: l=FAILED k=SUCCESS z=SUCCESS y=SUCCESS e=SUCCESS", 15},
};

// Each attempt that a crash cut short is there, too: only what became of it is compared.
static char *text_of_states(const json_t *report)
{
	g_autofree char *text = bed_text(report);
	g_autoptr(GRegex) tried = g_regex_new("\\((FAILED,)+SUCCESS\\)", 0, 0, NULL);

	return g_regex_replace(tried, text, -1, 0, "", 0, NULL);
}

static bool states_run(size_t index, int at)
{
	Round round;
	g_autoptr(GString) yaml = g_string_new(states[index].flow);
	bool died;

	round_begin(&round);
	round.keeps_files = true;
	g_string_replace(
		yaml, "RETRY", "retry: {type: constant, interval: PT0.001S, maxAttempts: 9}", 0);
	round_flows_put(&round, yaml->str, "c");
	died = nodes_run(&round, at);
	Store *store = round_open(&round);
	g_autofree char *text = round_text(&round, store, text_of_states);
	g_assert_cmpstr(text, ==, states[index].expected);
	store_close(store);
	round_end(&round);
	return died;
}

static void test_states(gconstpointer data)
{
	const size_t index = GPOINTER_TO_SIZE(data);
	int at = 1;

	while (states_run(index, at))
		at++;
	g_assert_cmpint(at, >, states[index].least);
}

// ---- A kill that the node does not live to carry out

static const char killing[] =
	"id: k\nnamespace: t\ntasks:\n"
	"  - id: p\n    type: parallel\n    tasks:\n"
	"      - {id: a, type: shell, commands: ['echo begun >> FILE; sleep 30; echo late >> "
	"FILE']}\n"
	"      - {id: b, type: subflow, flowId: kk}\n"
	"      - {id: c, type: pause}\n"
	"      - {id: d, type: fail, retry: {type: constant, interval: PT1H, maxAttempts: 2}}\n"
	"      - {id: f, type: foreach, values: [x, y], tasks: [{id: g, type: sleep, duration: "
	"PT1H}]}\n"
	"    finally: [{id: n, type: log, message: x}]\n"
	"errors: [{id: e, type: log, message: x}]\n"
	"afterExecution: [{id: y, type: log, message: x}]\n"
	"---\n"
	"id: kk\nnamespace: t\ntasks: [{id: q, type: shell, commands: ['echo begun >> FILE; sleep "
	"30; "
	"echo late >> FILE']}]\n";

// As node_run(), but the run is killed once both commands have begun; at counts from there.
static bool node_run_killed(const Round *round, int at)
{
	pid_t pid = fork();

	g_assert_cmpint(pid, >=, 0);
	if (pid == 0) {
		g_autoptr(GError) error = NULL;
		Store *store = store_open(round->url, STORE_READ_WRITE, &error);
		RunnerOptions options = {.slots = 2, .sole = true};
		Runner *runner = store == NULL ? NULL : runner_new(store, &options, &error);
		g_autofree char *text = NULL;

		if (runner == NULL || !runner_start(runner, &error))
			_exit(2);
		while (text == NULL || count_lines(text, "begun") < 2) {
			g_usleep(2000);
			g_clear_pointer(&text, g_free);
			g_file_get_contents(round->effects, &text, NULL, NULL);
		}
		crash_at = at;
		atomic_store(&passed, 0);
		runner_failpoint = die_there;
		if (!store_run_kill(store, round->id, NULL, &error) ||
			!runner_wait(runner, round->id, &error))
			_exit(2);
		runner_free(runner);
		store_close(store);
		_exit(0);
	}
	return node_died(pid);
}

// Of a command that was under way, it depends on what was committed first: the kill, or that its node died.
static char *text_of_killed(const json_t *report)
{
	g_autofree char *text = bed_text(report);
	g_autoptr(GRegex) commands = g_regex_new("\\b([abq])=FAILED", 0, 0, NULL);
	g_autofree char *same = g_regex_replace(commands, text, -1, 0, "\\1=KILLED", 0, NULL);
	g_autoptr(GRegex) tried = g_regex_new("\\([A-Z,]*\\)", 0, 0, NULL);

	return g_regex_replace(tried, same, -1, 0, "", 0, NULL);
}

// The one run of the sub-flow.
static StoreRun *child_get(Store *store)
{
	const StoreRunFilter filter = {.namespace = "t", .flow = "kk", .state = -1};
	const StorePage page = {.limit = 9};
	g_autoptr(GPtrArray) children = NULL;

	g_assert_true(store_runs_list(store, &filter, &page, &children, NULL, NULL));
	g_assert_cmpuint(children->len, ==, 1);
	return g_ptr_array_steal_index(children, 0);
}

static void check_killed(const Round *round)
{
	g_autofree char *said = NULL;
	g_autoptr(Store) store = round_open(round);
	g_autoptr(StoreRun) child = child_get(store);
	g_autofree char *text = round_text(round, store, text_of_killed);

	g_assert_cmpstr(text, ==,
		"KILLED: p=KILLED a=KILLED b=KILLED c=KILLED d=KILLED f=KILLED g[x]=KILLED "
		"y=SUCCESS");
	// Its command was lost before the kill came to it, or not.
	g_assert_true(child->state == RUN_KILLED || child->state == RUN_FAILED);
	g_file_get_contents(round->effects, &said, NULL, NULL);
	g_assert_cmpuint(count_lines(said, "begun"), ==, 2);
	g_assert_cmpuint(count_lines(said, "late"), ==, 0);
}

static bool killing_run(int at)
{
	Round round;
	g_autoptr(GError) error = NULL;
	bool died;

	round_begin(&round);
	Store *store = round_open(&round);
	// The other run is not this test's.
	store_run_kill(store, round.id, NULL, &error);
	store_close(store);
	round_flows_put(&round, killing, "k");
	died = node_run_killed(&round, at);
	if (died)
		g_assert_false(node_run(&round, round.id, 0));
	// The sub-flow may end after it.
	store = round_open(&round);
	g_autoptr(StoreRun) child = child_get(store);
	store_close(store);
	g_assert_false(node_run(&round, child->id, 0));
	check_killed(&round);
	round_end(&round);
	return died;
}

static void test_killing(void)
{
	int at = 1;

	while (killing_run(at))
		at++;
	g_assert_cmpint(at, >, 4);
}

// A command that was under way when its node died, and that nothing says may run again, is FAILED as lost.
static void test_lost(void)
{
	Round round;

	round_begin(&round);
	round_flows_put(&round,
		"id: lost\nnamespace: t\ntasks: [{id: a, type: shell, commands: "
		"['kill -9 $PPID; sleep 60']}]\n",
		"lost");
	nodes_run_deadly(&round);
	Store *store = round_open(&round);
	g_autofree char *text = round_text(&round, store, bed_text);
	g_assert_cmpstr(text, ==, "FAILED: a=FAILED");
	g_autofree char *log = bed_log(store, round.id);
	g_assert_cmpstr(log, ==, "ERROR lost: the node that ran it died\n");
	store_close(store);
	round_end(&round);
}

// The folder of a working-directory is there for who takes the run over, whole, and gone at the end with all that the dead
// node had begun.
static const char sharing[] = "id: shared\nnamespace: t\ntasks:\n"
			      "  - id: w\n    type: working-directory\n    inputFiles: {in: 'x'}\n "
			      "   outputFiles: ['*.out']\n"
			      "    cache: {patterns: [kept]}\n    tasks:\n"
			      "      - {id: a, type: shell, commands: ['test $(cat in) = x', 'echo "
			      "a > a'], retry: {type: "
			      "constant, interval: PT0.01S, maxAttempts: 9}}\n"
			      "      - {id: b, type: shell, commands: ['cat a > b.out', 'echo > "
			      "kept'], retry: {type: constant, "
			      "interval: PT0.01S, maxAttempts: 9}}\n"
			      "  - {id: c, type: return, format: \"{{ "
			      "read(outputs.w.outputFiles['b.out']) | trim }}\"}\n";

static unsigned entries_below(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_autoptr(GDir) listing = g_dir_open(path, 0, NULL);
	unsigned count = 0;

	while (listing != NULL && g_dir_read_name(listing) != NULL)
		count++;
	return count;
}

static bool sharing_run(int at)
{
	Round round;
	bool died;

	round_begin(&round);
	round.keeps_files = true;
	round_flows_put(&round, sharing, "shared");
	died = nodes_run(&round, at);
	Store *store = round_open(&round);
	g_autofree char *names = round_text(&round, store, names_of);
	g_assert_cmpstr(names, ==, "SUCCESS: w a b c");
	store_close(store);
	g_assert_cmpuint(entries_below(round.folder, "shared"), ==, 0);
	// A command that the dead node was about to begin may hold its folder for a moment; the next node finds it free.
	for (int i = 0; i < 20 && entries_below(round.folder, "work") > 0; i++)
		g_assert_false(node_run(&round, round.id, 0));
	g_assert_cmpuint(entries_below(round.folder, "work"), ==, 0);
	g_assert_cmpuint(entries_below(round.folder, "cache"), ==, 1);
	round_end(&round);
	return died;
}

static void test_shared_folder(void)
{
	int at = 1;

	while (sharing_run(at))
		at++;
	g_assert_cmpint(at, >, 10);
}

// On another machine, or when somebody has removed it, it is not begun anew in silence.
static void test_shared_folder_lost(void)
{
	Round round;
	g_autoptr(GError) error = NULL;

	round_begin(&round);
	round.keeps_files = true;
	round_flows_put(&round,
		"id: gone\nnamespace: t\ntasks:\n  - id: w\n    type: working-directory\n"
		"    tasks:\n      - {id: a, type: shell, commands: ['echo > a']}\n"
		"      - {id: b, type: shell, retry: {type: constant, interval: PT0S, "
		"maxAttempts: 2}, commands: ['rm -rf \"$PWD\"; kill -9 $PPID; sleep 60']}\n",
		"gone");
	nodes_run_deadly(&round);
	Store *store = round_open(&round);
	g_autofree char *text = round_text(&round, store, bed_text);
	g_assert_cmpstr(text, ==, "FAILED: w=FAILED a=SUCCESS b=FAILED(FAILED,FAILED)");
	g_autofree char *log = bed_log(store, round.id);
	g_assert_cmpstr(log, ==,
		"ERROR lost: the node that ran it died\nERROR lost: the folder of "
		"working-directory 'w' was "
		"on the node that died; restart the run to begin it anew\n");
	// The restart begins it anew, with all its tasks.
	g_assert_true(run_restart(store, round.id, &error));
	store_close(store);
	g_assert_true(node_run(&round, round.id, 0)); // b kills it again: a has run
	store = round_open(&round);
	g_autofree char *names = round_text(&round, store, names_of);
	g_assert_true(g_str_has_suffix(names, ": w a b"));
	store_close(store);
	round_end(&round);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/crash/every-place", test_every_place);
	for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
		g_autofree char *path = g_strdup_printf("/crash/states/%s", states[i].name);

		g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_states);
	}
	g_test_add_func("/crash/killing", test_killing);
	g_test_add_func("/crash/lost", test_lost);
	g_test_add_func("/crash/shared-folder", test_shared_folder);
	g_test_add_func("/crash/shared-folder-lost", test_shared_folder_lost);
	return g_test_run();
}
