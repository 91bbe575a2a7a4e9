// Runs at scale: many small commands against xargs, make and ninja; how time and memory grow with a flow; many runs started at once;
// the same speed whatever the store has seen.
//
//	bench-flows [SCALE]     SCALE 1 takes some minutes; 0.02 tells whether it works
#include "bench/bench.h"
#include "bench/run_subject.h"
#include "runner/runner.h"
#include "store/run.h"
#include "store/task_run.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static double scale = 1;

static unsigned scaled(unsigned count)
{
	return MAX((unsigned)(scale * count), 1);
}

// ---- Many commands: make and ninja, each with a file of rules that name nothing that is ever there

typedef struct {
	char *folder;
	unsigned count;
} Rules;

static FILE *rules_open(const Rules *rules, const char *name)
{
	g_autofree char *path = g_build_filename(rules->folder, name, NULL);
	FILE *file = fopen(path, "w");

	bench_check(file != NULL, NULL);
	return file;
}

static void make_write(const Rules *rules)
{
	FILE *file = rules_open(rules, "Makefile");

	fputs("all:\n", file);
	for (unsigned i = 0; i < rules->count; i++)
		fprintf(file, "all: t%u\nt%u:\n\t@/bin/true\n", i, i);
	bench_check(fclose(file) == 0, NULL);
}

static void ninja_write(const Rules *rules)
{
	FILE *file = rules_open(rules, "build.ninja");

	fputs("rule true\n  command = /bin/true\n", file);
	for (unsigned i = 0; i < rules->count; i++)
		fprintf(file, "build t%u: true\n", i);
	bench_check(fclose(file) == 0, NULL);
}

static double command_seconds(const char *command)
{
	double begin = bench_seconds();

	bench_check(system(command) == 0, NULL);
	return bench_seconds() - begin;
}

static double make_loop(void *data)
{
	g_autofree char *command =
		g_strdup_printf("make -s -j2 -C %s", ((const Rules *)data)->folder);

	return command_seconds(command);
}

static double ninja_loop(void *data)
{
	const char *folder = ((const Rules *)data)->folder;
	g_autofree char *command = g_strdup_printf(
		"rm -f %s/.ninja_log && ninja -C %s -j2 >/dev/null", folder, folder);

	return command_seconds(command);
}

static void commands(const char *folder)
{
	unsigned count = scaled(10000);
	g_autofree char *definition = bench_flow_parallel(count);
	g_autofree char *rules_folder = bench_folder_new();
	RunSubject shell = {
		.name = "parallel", .definition = definition, .folder = folder, .slots = 2};
	Rules rules = {rules_folder, count};

	make_write(&rules);
	ninja_write(&rules);
	bench_ratio("parallel of 10,000 /bin/true, against xargs -P2", run_subject_seconds, &shell,
		bench_xargs_loop, &count, 3, 1.0, false);
	bench_ratio("the same, against make -j2", run_subject_seconds, &shell, make_loop, &rules, 3,
		0.8, false);
	bench_ratio("the same, against ninja -j2", run_subject_seconds, &shell, ninja_loop, &rules,
		3, 0.8, false);
	bench_folder_remove(rules_folder);
}

// ---- Memory of an item

// The most memory that a process has had which does the work, in bytes.
static double memory_of(RunSubject *subject)
{
	pid_t pid = fork();
	struct rusage usage;
	int status;

	bench_check(pid >= 0, NULL);
	if (pid == 0) {
		run_subject_seconds(subject);
		_exit(0);
	}
	bench_check(wait4(pid, &status, 0, &usage) == pid && status == 0, NULL);
	return (double)usage.ru_maxrss * 1024;
}

static void memory(const char *folder)
{
	unsigned few = scaled(10000), many = scaled(50000);
	g_autofree char *small = bench_flow_foreach(few);
	g_autofree char *large = bench_flow_foreach(many);
	RunSubject smaller = {.name = "few", .definition = small, .folder = folder, .slots = 2};
	RunSubject larger = {.name = "many", .definition = large, .folder = folder, .slots = 2};
	double before = memory_of(&smaller);

	bench_figure("memory of an item of a foreach", (memory_of(&larger) - before) / (many - few),
		"bytes", 2048);
}

// ---- Growth

static double median_of(RunSubject *subject)
{
	double seconds[3];

	for (size_t i = 0; i < G_N_ELEMENTS(seconds); i++)
		seconds[i] = run_subject_seconds(subject);
	return bench_median(seconds, G_N_ELEMENTS(seconds));
}

static void growth(const char *folder)
{
	unsigned few = scaled(1000), many = scaled(100000);
	const struct {
		const char *name;
		char *small, *large;
	} shapes[] = {
		{"growth of a foreach, 1,000 to 100,000", bench_flow_foreach(few),
			bench_flow_foreach(many)},
		{"growth of a sequence, 1,000 to 100,000",
			bench_flow_sequence(few, "\"type\":\"log\",\"message\":\"x\""),
			bench_flow_sequence(many, "\"type\":\"log\",\"message\":\"x\"")},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
		RunSubject smaller = {.name = "small",
			.definition = shapes[i].small,
			.folder = folder,
			.slots = 2};
		RunSubject larger = {.name = "large",
			.definition = shapes[i].large,
			.folder = folder,
			.slots = 2};
		double ratio = median_of(&larger) / median_of(&smaller);

		bench_figure(shapes[i].name, log(ratio) / log((double)many / few), "slope", 1.03);
		g_free(shapes[i].small);
		g_free(shapes[i].large);
	}
}

// ---- Many runs at once

typedef struct {
	int64_t first; // when its first task began
	unsigned tasks;
} Begun;

static bool begun_note(const StoreTaskRun *row, void *data)
{
	Begun *begun = data;

	begun->first = begun->tasks++ == 0 ? row->started_at : MIN(begun->first, row->started_at);
	return true;
}

static int compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

// Every run is there, has ended well, and has its five task runs.
static void latencies_read(Store *store, char (*ids)[27], unsigned count, double *ret_seconds)
{
	g_autoptr(GError) error = NULL;

	for (unsigned i = 0; i < count; i++) {
		g_autoptr(StoreRun) run = NULL;
		Begun begun = {0};

		bench_check(
			store_run_get(store, ids[i], &run, &error) && run != NULL &&
				run->state == RUN_SUCCESS &&
				store_task_runs_visit(store, ids[i], begun_note, &begun, &error) &&
				begun.tasks == 5,
			error);
		ret_seconds[i] = (double)(begun.first - (run == NULL ? 0 : run->created_at)) / 1e6;
	}
	qsort(ret_seconds, count, sizeof(*ret_seconds), compare_doubles);
}

static void runs_at_once(const char *folder, const char *kind, const char *task)
{
	unsigned count = scaled(1000);
	g_autofree char *definition = bench_flow_sequence(5, task);
	g_autofree char *url = g_strdup_printf("sqlite:%s/at-once-%s.db", folder, kind);
	g_autofree char(*ids)[27] = g_malloc0_n(count, sizeof(*ids));
	g_autofree double *seconds = g_new0(double, count);
	RunnerOptions options = {.slots = 2, .sole = true, .data_folder = folder};
	StoreRunNew new_run = {.namespace = "bench", .flow = "five", .concurrency_limit = -1};
	g_autoptr(GError) error = NULL;
	g_autoptr(Store) store = store_open(url, STORE_READ_WRITE, &error);

	bench_check(store != NULL, error);
	bench_flow_put(store, "five", definition);
	g_autoptr(Runner) runner = runner_new(store, &options, &error);
	bench_check(runner != NULL && runner_start(runner, &error), error);
	double begin = bench_seconds();
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, &error);
	for (unsigned i = 0; i < count; i++)
		bench_check(store_run_create(store, &new_run, ids[i], NULL, &error), error);
	bench_check(store_transaction_commit(transaction, &error), error);
	for (unsigned i = 0; i < count; i++)
		bench_check(runner_wait(runner, ids[i], &error), error);
	g_autofree char *all = g_strdup_printf("1,000 runs of 5 %s tasks at once: all", kind);
	g_autofree char *p50 = g_strdup_printf("1,000 runs of 5 %s: first task, p50", kind);
	g_autofree char *p99 = g_strdup_printf("1,000 runs of 5 %s: first task, p99", kind);
	bench_figure(all, (bench_seconds() - begin) * 1e3, "ms", 0);
	latencies_read(store, ids, count, seconds);
	bench_figure(p50, seconds[count / 2] * 1e3, "ms", 0);
	bench_figure(p99, seconds[count * 99 / 100] * 1e3, "ms", 0);
}

// ---- History

typedef struct {
	Store *store;
	RunSubject subject;
} Past;

static double past_run(void *data)
{
	const Past *past = data;

	return bench_run_once(past->store, &past->subject);
}

static void execute(const char *path, const char *sql)
{
	sqlite3 *handle;
	char *message = NULL;

	bench_check(sqlite3_open(path, &handle) == SQLITE_OK, NULL);
	if (sqlite3_exec(handle, sql, NULL, NULL, &message) != SQLITE_OK)
		fprintf(stderr, "%s\n", message);
	bench_check(message == NULL, NULL);
	sqlite3_close(handle);
}

// Ended runs of five tasks each, with ids before those of today.
static void history_write(const char *path, unsigned task_runs)
{
	g_autofree char *sql = g_strdup_printf(
		"PRAGMA synchronous = OFF; BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
		"SELECT i "
		"+ 1 FROM n WHERE i < %u) INSERT INTO run SELECT printf('00%%024d', i), 'bench', "
		"'hundred', 1, 'SUCCESS', 0, NULL, NULL, NULL, NULL, NULL, 'manual', NULL, NULL, "
		"NULL, NULL, NULL, NULL, 1, i, 0, i, i, '' FROM n; INSERT INTO task_run SELECT "
		"r.id, "
		"printf('00%%024d', t.value), 't' || t.value, NULL, NULL, -1, 'SUCCESS', 1, 1, 1, "
		"1, 0, "
		"'{\"value\":\"something that it gave\"}', NULL, NULL, NULL, NULL FROM run r, "
		"json_each('[1,2,3,4,5]') t; COMMIT; PRAGMA wal_checkpoint(TRUNCATE);",
		MAX(task_runs / 5, 1));

	execute(path, sql);
}

static Past past_open(const char *folder, const char *name, char *definition, unsigned task_runs)
{
	g_autofree char *path = g_strdup_printf("%s/%s.db", folder, name);
	g_autofree char *url = g_strdup_printf("sqlite:%s", path);
	g_autoptr(GError) error = NULL;
	Past past = {.subject = {.name = "hundred", .folder = folder, .slots = 2}};

	past.store = store_open(url, STORE_READ_WRITE, &error);
	bench_check(past.store != NULL, error);
	bench_flow_put(past.store, "hundred", definition);
	if (task_runs == 0)
		return past;
	store_close(past.store);
	history_write(path, task_runs);
	past.store = store_open(url, STORE_READ_WRITE, &error);
	bench_check(past.store != NULL, error);
	return past;
}

static void history(const char *folder)
{
	g_autofree char *definition =
		bench_flow_sequence(1000, "\"type\":\"log\",\"message\":\"x\"");
	Past empty = past_open(folder, "empty", definition, 0);
	Past full = past_open(folder, "full", definition, scaled(5000000));

	bench_ratio("1,000 tasks after 5,000,000, against none", past_run, &full, past_run, &empty,
		11, 1.1, false);
	store_close(empty.store);
	store_close(full.store);
}

int main(int argc, char **argv)
{
	g_autofree char *folder = bench_folder_new();

	if (argc > 1)
		scale = atof(argv[1]);
	// Before there are threads here: it forks.
	memory(folder);
	commands(folder);
	growth(folder);
	runs_at_once(folder, "log", "\"type\":\"log\",\"message\":\"x\"");
	runs_at_once(folder, "shell", "\"type\":\"shell\",\"commands\":[\"/bin/true\"]");
	history(folder);
	bench_folder_remove(folder);
	return 0;
}
