// Random flows, written as YAML and run by the runner itself, against the interpreter of flow_oracle.h: conditions, disabled tasks,
// allowed failures, retries of tasks, containers and flows, at any nesting. Nothing here takes time, so what would depend on who is
// first is left out: nothing fails within a dag, or where several values or tasks wait for a limit.
//
// test-random_runs COUNT SEED runs so many; a flow that failed is run again by itself: test-random_runs 1 ITS-SEED.
#include "runner/runner.h"
#include "store/run.h"
#include "store/task_run.h"
#include "tests/runner/flow_oracle.h"
#include "tests/runner/run_bed.h"

#include <stdlib.h>
#include <string.h>

enum { VALUES = 3 }; // x, y, z

// What one task does, for each value that it may stand in (the first: for none).
typedef struct {
	unsigned fails[VALUES + 1]; // so many attempts fail; ALWAYS: all
	bool skipped[VALUES + 1], unknown[VALUES + 1]; // runIf is false, or cannot be told
	unsigned attempts; // its retry allows; 0: it has none
	unsigned alternative, rounds;
	bool closes_failed;
} Part;

enum { ALWAYS = 99 };

typedef struct {
	uint32_t seed;
	char *text;
	SmallFlow *small;
	Part *parts; // by Task.index
	unsigned flow_attempts; // the flow's retry allows; 0: it has none
	char run[27];
} Subject;

// ---- Drawing

// Where the order in which tasks end would decide what begins.
static bool is_ordered(const SmallFlow *small, const Task *task)
{
	const SmallOpening *opening = small->openings->pdata[task->index];
	const char *kind = task->kind->name;

	if (strcmp(kind, "dag") == 0)
		return false;
	if (strcmp(kind, "foreach") == 0)
		return opening->limit == 1 && !opening->flat;
	return strcmp(kind, "parallel") != 0 || opening->limit == 0;
}

static bool may_fail(const SmallFlow *small, const Task *task)
{
	for (const Task *at = task->parent; at != NULL; at = at->parent) {
		if (!is_ordered(small, at))
			return false;
	}
	return is_ordered(small, task);
}

static unsigned drawn(GRand *rand, unsigned below)
{
	return (unsigned)g_rand_int_range(rand, 0, (gint)below);
}

static void part_draw(Subject *subject, GRand *rand, Task *task)
{
	Part *part = &subject->parts[task->index];
	bool leaf = strcmp(task->kind->name, "leaf") == 0;
	bool fails = may_fail(subject->small, task);

	for (unsigned i = 0; i <= VALUES; i++) {
		static const unsigned counts[] = {1, 2, ALWAYS, ALWAYS};
		unsigned number = drawn(rand, 12);

		part->fails[i] =
			leaf && fails && number < G_N_ELEMENTS(counts) ? counts[number] : 0;
		number = drawn(rand, 24);
		part->skipped[i] = number == 0;
		part->unknown[i] = number == 1 && fails;
	}
	part->attempts = drawn(rand, 5) == 0 ? 2 + drawn(rand, 2) : 0;
	part->alternative = drawn(rand, small_flow_alternatives(task) + 1);
	part->rounds = 1 + drawn(rand, 3);
	part->closes_failed =
		fails && strcmp(task->kind->name, "loop-until") == 0 && drawn(rand, 4) == 0;
}

// ---- As YAML

static void task_write(const Subject *subject, const Task *task, GString *yaml);

// In flow style: no indentation to keep.
static void list_write(
	const Subject *subject, const char *key, const GPtrArray *list, GString *yaml)
{
	if (list == NULL)
		return;
	g_string_append_printf(yaml, ", %s: [", key);
	for (guint i = 0; i < list->len; i++) {
		g_string_append(yaml, i > 0 ? ", " : "");
		task_write(subject, list->pdata[i], yaml);
	}
	g_string_append_c(yaml, ']');
}

static bool stands_in_foreach(const Subject *subject, const Task *task)
{
	// errors and finally of a foreach have no value.
	return task->parent != NULL && strcmp(task->parent->kind->name, "foreach") == 0 &&
	       g_ptr_array_find(task->parent->tasks, task, NULL) && subject != NULL;
}

// An expression that gives yes for the values of which `holds` is set, else no.
static char *choice(const Subject *subject, const Task *task, const bool holds[VALUES + 1],
	const char *yes, const char *no)
{
	GString *text = g_string_new(NULL);

	if (!stands_in_foreach(subject, task)) {
		g_string_append(text, holds[0] ? yes : no);
		return g_string_free(text, FALSE);
	}
	for (unsigned i = 1; i <= VALUES; i++) {
		if (holds[i])
			g_string_append_printf(
				text, "taskrun.value == '%c' ? %s : ", 'w' + (int)i, yes);
	}
	g_string_append(text, no);
	return g_string_free(text, FALSE);
}

static void run_if_write(const Subject *subject, const Task *task, GString *yaml)
{
	const Part *part = &subject->parts[task->index];
	g_autofree char *skips = choice(subject, task, part->skipped, "false", "true");
	g_autofree char *text = g_strdup_printf("(%s)", skips);
	g_autofree char *whole = choice(subject, task, part->unknown, "nobody.knows", text);

	if (strcmp(whole, "(true)") != 0)
		g_string_append_printf(yaml, ", runIf: \"{{ %s }}\"", whole);
}

static void leaf_write(const Subject *subject, const Task *task, GString *yaml)
{
	const Part *part = &subject->parts[task->index];
	bool once[VALUES + 1], twice[VALUES + 1], always[VALUES + 1];

	for (unsigned i = 0; i <= VALUES; i++) {
		once[i] = part->fails[i] == 1;
		twice[i] = part->fails[i] == 2;
		always[i] = part->fails[i] == ALWAYS;
	}
	g_autofree char *first = choice(subject, task, once, "taskrun.attemptsCount < 1", "false");
	g_autofree char *second =
		choice(subject, task, twice, "taskrun.attemptsCount < 2", "false");
	g_autofree char *third = choice(subject, task, always, "true", "false");
	g_string_append_printf(yaml, ", type: fail, condition: \"{{ (%s) or (%s) or (%s) }}\"",
		first, second, third);
}

static void dag_write(const Subject *subject, const Task *task, GString *yaml)
{
	g_string_append(yaml, ", type: dag, tasks: [");
	for (guint i = 0; i < task->tasks->len; i++) {
		const Task *child = task->tasks->pdata[i];

		g_string_append(yaml, i > 0 ? ", {task: " : "{task: ");
		task_write(subject, child, yaml);
		if (child->depends_on != NULL) {
			g_autofree char *names = g_strjoinv(", ", child->depends_on);

			g_string_append_printf(yaml, ", dependsOn: [%s]", names);
		}
		g_string_append_c(yaml, '}');
	}
	g_string_append_c(yaml, ']');
}

static void switch_write(const Subject *subject, const Task *task, GString *yaml)
{
	const guint cases = task->cases == NULL ? 1 : task->cases->len;

	// One beyond the cases: the defaults, or, with none, the only case.
	g_string_append_printf(yaml, ", type: switch, value: c%u, cases: {",
		task->cases == NULL ? 0 : subject->parts[task->index].alternative);
	for (guint i = 0; i < cases; i++) {
		const GPtrArray *list = task->cases == NULL
						? task->tasks
						: ((const TaskCase *)task->cases->pdata[i])->tasks;

		g_string_append_printf(yaml, "%sc%u: [", i > 0 ? ", " : "", i);
		for (guint j = 0; j < list->len; j++) {
			g_string_append(yaml, j > 0 ? ", " : "");
			task_write(subject, list->pdata[j], yaml);
		}
		g_string_append_c(yaml, ']');
	}
	g_string_append_c(yaml, '}');
	list_write(subject, "defaults", task->defaults, yaml);
}

static void foreach_write(const Subject *subject, const Task *task, GString *yaml)
{
	const SmallOpening *opening = subject->small->openings->pdata[task->index];
	g_autofree char *values = g_strjoinv(", ", opening->values);

	g_string_append_printf(yaml, ", type: foreach, values: [%s], concurrencyLimit: %u%s",
		values, opening->limit, opening->flat ? ", flat: true" : "");
	list_write(subject, "tasks", task->tasks, yaml);
}

static void container_write(const Subject *subject, const Task *task, GString *yaml)
{
	const SmallOpening *opening = subject->small->openings->pdata[task->index];
	const Part *part = &subject->parts[task->index];
	const char *kind = task->kind->name;

	if (strcmp(kind, "if") == 0) {
		g_string_append_printf(yaml, ", type: if, condition: %s",
			part->alternative == 0 ? "true" : "false");
		list_write(subject, "then", task->tasks, yaml);
		list_write(subject, "else", task->otherwise, yaml);
		return;
	}
	g_string_append_printf(yaml, ", type: %s", kind);
	if (strcmp(kind, "parallel") == 0)
		g_string_append_printf(yaml, ", concurrent: %u", opening->limit);
	if (strcmp(kind, "loop-until") == 0)
		g_string_append_printf(yaml,
			", condition: false, checkFrequency: {interval: PT0S, maxIterations: %u}, "
			"failOnMaxReached: %s",
			part->rounds, part->closes_failed ? "true" : "false");
	list_write(subject, "tasks", task->tasks, yaml);
}

static void task_write(const Subject *subject, const Task *task, GString *yaml)
{
	static const struct {
		const char *kind;
		void (*write)(const Subject *subject, const Task *task, GString *yaml);
	} writers[] = {
		{"leaf", leaf_write},
		{"dag", dag_write},
		{"switch", switch_write},
		{"foreach", foreach_write},
	};
	const Part *part = &subject->parts[task->index];
	void (*write)(const Subject *, const Task *, GString *) = container_write;

	for (size_t i = 0; i < G_N_ELEMENTS(writers); i++) {
		if (strcmp(writers[i].kind, task->kind->name) == 0)
			write = writers[i].write;
	}
	g_string_append_printf(yaml, "{id: %s%s%s%s", task->id,
		task->disabled ? ", disabled: true" : "",
		task->allow_failure ? ", allowFailure: true" : "",
		task->allow_warning ? ", allowWarning: true" : "");
	if (part->attempts > 0)
		g_string_append_printf(yaml,
			", retry: {type: constant, interval: PT0S, maxAttempts: %u}",
			part->attempts);
	run_if_write(subject, task, yaml);
	write(subject, task, yaml);
	list_write(subject, "errors", task->errors, yaml);
	list_write(subject, "finally", task->finally, yaml);
	g_string_append_c(yaml, '}');
}

static char *flow_write(const Subject *subject)
{
	const Flow *flow = subject->small->flow;
	GString *yaml = g_string_new(NULL);

	g_string_printf(yaml, "{id: f%u, namespace: t", subject->seed);
	if (subject->flow_attempts > 0)
		g_string_append_printf(yaml,
			", retry: {type: constant, interval: PT0S, maxAttempts: %u}",
			subject->flow_attempts);
	list_write(subject, "tasks", flow->tasks, yaml);
	list_write(subject, "errors", flow->errors, yaml);
	list_write(subject, "finally", flow->finally, yaml);
	list_write(subject, "afterExecution", flow->after_execution, yaml);
	g_string_append(yaml, "}\n");
	return g_string_free(yaml, FALSE);
}

// ---- What is wanted

// The value that stands last in "t1[x][y]#2", as a number from 1; 0: the task stands directly in no foreach.
static unsigned value_of(const Subject *subject, const Task *task, const char *name)
{
	const char *close = strrchr(name, ']');

	return stands_in_foreach(subject, task) && close != NULL ? (unsigned)(close[-1] - 'w') : 0;
}

// How often a leaf is tried, by the nearest retry. Of afterExecution nothing is tried again.
static unsigned attempts_allowed(const Subject *subject, const Task *task)
{
	for (const Task *at = task; at != NULL; at = at->parent) {
		if (subject->parts[at->index].attempts > 0)
			return subject->parts[at->index].attempts;
	}
	return MAX(subject->flow_attempts, 1);
}

static bool is_after(const Subject *subject, const Task *task)
{
	const GPtrArray *after = subject->small->flow->after_execution;

	return after != NULL && g_ptr_array_find((GPtrArray *)(uintptr_t)after, task, NULL);
}

static Fate fate_tell(const Task *task, const char *name, void *data)
{
	const Subject *subject = data;
	const Part *part = &subject->parts[task->index];
	unsigned value = value_of(subject, task, name);
	unsigned allowed = is_after(subject, task) ? 1 : attempts_allowed(subject, task);
	bool leaf = strcmp(task->kind->name, "leaf") == 0;
	bool begins = !part->skipped[value] && !part->unknown[value];

	return (Fate){
		.state = part->unknown[value]		 ? RUN_FAILED
			 : part->skipped[value]		 ? RUN_SKIPPED
			 : part->fails[value] >= allowed ? RUN_FAILED
							 : RUN_SUCCESS,
		.lasts = 1,
		.opens = !leaf && begins,
		.alternative = part->alternative,
		.rounds = part->rounds,
		.pause = 1,
		.closes = part->closes_failed ? RUN_FAILED : RUN_SUCCESS,
	};
}

static char *wanted_text(Subject *subject)
{
	const Fates fates = {fate_tell, subject, INT64_MAX};
	g_autoptr(Oracle) oracle = oracle_tell(subject->small, &fates);
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < oracle->runs->len; i++) {
		const OracleRun *run = oracle->runs->pdata[i];

		g_ptr_array_add(
			lines, g_strdup_printf("%s=%s", run->name, run_state_name(run->state)));
	}
	g_ptr_array_add(lines, g_strdup_printf("the run=%s", run_state_name(oracle->state)));
	return small_texts_sorted(lines, "\n");
}

// ---- What there is

typedef struct {
	GHashTable *values; // id → "[x][1]" of the task run and those around it
	GPtrArray *lines;
} Reading;

static bool row_read(const StoreTaskRun *row, void *data)
{
	Reading *reading = data;
	const char *around =
		row->parent_id == NULL ? "" : g_hash_table_lookup(reading->values, row->parent_id);
	char *values = row->value == NULL ? g_strdup(around)
					  : g_strdup_printf("%s[%s]", around, row->value);
	g_autofree char *round =
		row->iteration > 0 ? g_strdup_printf("#%d", (int)row->iteration + 1) : g_strdup("");

	g_hash_table_insert(reading->values, g_strdup(row->id), values);
	g_ptr_array_add(reading->lines, g_strdup_printf("%s%s%s=%s", row->task_id, values, round,
						run_state_name(row->state)));
	return true;
}

static char *got_text(Store *store, const char *run_id)
{
	g_autoptr(GHashTable) values =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	Reading reading = {values, lines};
	g_autoptr(StoreRun) run = NULL;
	g_autoptr(GError) error = NULL;

	store_task_runs_visit(store, run_id, row_read, &reading, &error);
	g_assert_no_error(error);
	store_run_get(store, run_id, &run, &error);
	g_assert_no_error(error);
	g_ptr_array_add(lines, g_strdup_printf("the run=%s", run_state_name(run->state)));
	return small_texts_sorted(lines, "\n");
}

// ---- Many at once, on one node

static Subject subject_draw(uint32_t seed)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	Subject subject = {.seed = seed};

	subject.text = small_flow_random(rand, g_rand_int_range(rand, 3, 16), SMALL_FLOW_WHOLE);
	subject.small = small_flow_parse(subject.text);
	subject.parts = g_new0(Part, subject.small->flow->task_count);
	subject.flow_attempts = drawn(rand, 4) == 0 ? 2 : 0;
	return subject;
}

typedef struct {
	Subject *subject;
	GRand *rand;
} Drawing;

static void task_draw(const Task *task, void *data)
{
	const Drawing *drawing = data;

	part_draw(drawing->subject, drawing->rand, (Task *)(uintptr_t)task);
}

static void subject_check(Store *store, Subject *subject)
{
	g_autofree char *wanted = wanted_text(subject);
	g_autofree char *got = got_text(store, subject->run);

	if (strcmp(got, wanted) != 0) {
		g_autofree char *yaml = flow_write(subject);

		g_error("seed %u, flow '%s'\n%s-- wanted:\n%s\n-- got:\n%s", subject->seed,
			subject->text, yaml, wanted, got);
	}
}

static void subject_clear(gpointer data)
{
	Subject *subject = data;

	small_flow_free(subject->small);
	g_free(subject->parts);
	g_free(subject->text);
}

static void runs_try(uint32_t seed, uint32_t count)
{
	RunnerOptions options = {.slots = 2, .sole = true};
	g_autoptr(GError) error = NULL;
	g_autoptr(Store) store = store_open(NULL, STORE_EPHEMERAL, &error);
	g_autoptr(GArray) subjects = g_array_new(FALSE, FALSE, sizeof(Subject));

	g_assert_no_error(error);
	g_array_set_clear_func(subjects, subject_clear);
	for (uint32_t i = 0; i < count; i++) {
		Subject subject = subject_draw(seed + i);
		g_autoptr(GRand) rand = g_rand_new_with_seed(~(seed + i));
		Drawing drawing = {&subject, rand};

		flow_tasks_visit(subject.small->flow, task_draw, &drawing);
		g_autofree char *yaml = flow_write(&subject);
		bed_flows_put(store, yaml);
		g_autofree char *id = g_strdup_printf("f%u", subject.seed);
		bed_run_create(store, id, NULL, subject.run);
		g_array_append_val(subjects, subject);
	}
	Runner *runner = runner_new(store, &options, &error);
	g_assert_no_error(error);
	g_assert_true(runner_start(runner, &error));
	for (uint32_t i = 0; i < count; i++)
		g_assert_true(runner_wait(runner, g_array_index(subjects, Subject, i).run, &error));
	runner_free(runner);
	for (uint32_t i = 0; i < count; i++)
		subject_check(store, &g_array_index(subjects, Subject, i));
}

static void test_random(void)
{
	for (uint32_t i = 0; i < 5; i++)
		runs_try(20261121 + 200 * i, 200);
}

int main(int argc, char **argv)
{
	if (argc == 3 && g_ascii_isdigit(argv[1][0])) {
		const uint32_t count = (uint32_t)strtoul(argv[1], NULL, 10);
		const uint32_t seed = (uint32_t)strtoul(argv[2], NULL, 10);

		for (uint32_t done = 0; done < count; done += 200)
			runs_try(seed + done, MIN(200, count - done));
		printf("%u flows run; seeds from %u\n", count, seed);
		return 0;
	}
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/random_runs/random", test_random);
	return g_test_run();
}
