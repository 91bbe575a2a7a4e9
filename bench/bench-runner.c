// The runner against what it cannot beat: sequential commands against a bare loop of posix_spawn and wait, and the cost of a
// task that does nothing, with a durable store (a commit for each transition that is promised) and with one in memory.
#include "bench/bench.h"
#include "runner/runner.h"
#include "store/flow.h"
#include "store/run.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

typedef struct {
	const char *name;
	unsigned tasks;
	char *definition; // canonical JSON
	const char *folder; // of the durable store; NULL: in memory
	unsigned slots;
	unsigned round;
} Subject;

static void check(bool ok, const GError *error)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", error != NULL ? error->message : "failed");
	exit(1);
}

static double run_once(Store *store, const char *flow, unsigned slots, const char *data_folder)
{
	RunnerOptions options = {.slots = slots, .sole = true, .data_folder = data_folder};
	g_autoptr(GError) error = NULL;
	g_autoptr(Runner) runner = runner_new(store, &options, &error);
	g_autoptr(StoreRun) run = NULL;
	StoreRunNew new_run = {.namespace = "bench", .flow = flow, .concurrency_limit = -1};
	char id[27];
	double begin;

	check(runner != NULL && runner_start(runner, &error), error);
	begin = bench_seconds();
	check(store_run_create(store, &new_run, id, NULL, &error) &&
			runner_wait(runner, id, &error),
		error);
	double seconds = bench_seconds() - begin;
	check(store_run_get(store, id, &run, &error) && run->state == RUN_SUCCESS, error);
	return seconds;
}

static double subject_run(void *data)
{
	Subject *subject = data;
	g_autoptr(GError) error = NULL;
	g_autofree char *url = subject->folder == NULL
				       ? NULL
				       : g_strdup_printf("sqlite:%s/%s-%u.db", subject->folder,
						 subject->name, subject->round++);
	g_autoptr(Store) store =
		store_open(url, url == NULL ? STORE_EPHEMERAL : STORE_READ_WRITE, &error);
	g_autofree char *id = g_strdup(subject->name);
	g_autofree char *digest = g_strdup("d");
	char text[] = "bench", kind[] = "written";
	StoreFlowPut put = {.flow = {.namespace = text,
				    .id = id,
				    .digest = digest,
				    .domain = text,
				    .kind = kind},
		.definition = subject->definition};
	int64_t applied;

	check(store != NULL && store_apply_begin(store, &applied, &error) &&
			store_flow_put(store, &put, applied, NULL, &error),
		error);
	return run_once(store, subject->name, subject->slots, subject->folder);
}

static double spawn_loop(void *data)
{
	char program[] = "/bin/true";
	char *arguments[] = {program, NULL};
	double begin = bench_seconds();

	for (unsigned i = 0; i < *(const unsigned *)data; i++) {
		pid_t pid;
		int status;

		check(posix_spawn(&pid, program, NULL, NULL, arguments, environ) == 0, NULL);
		waitpid(pid, &status, 0);
	}
	return bench_seconds() - begin;
}

static double xargs_loop(void *data)
{
	g_autofree char *command =
		g_strdup_printf("seq %u | xargs -P2 -n1 /bin/true", *(const unsigned *)data);
	double begin = bench_seconds();

	check(system(command) == 0, NULL);
	return bench_seconds() - begin;
}

static char *sequence(unsigned count, const char *task)
{
	GString *text = g_string_new("{\"id\":\"x\",\"namespace\":\"bench\",\"tasks\":[");

	for (unsigned i = 0; i < count; i++)
		g_string_append_printf(text, "%s{\"id\":\"t%u\",%s}", i > 0 ? "," : "", i, task);
	g_string_append(text, "]}");
	return g_string_free(text, FALSE);
}

static char *parallel(unsigned count)
{
	GString *text = g_string_new("{\"id\":\"x\",\"namespace\":\"bench\",\"tasks\":[{\"id\":"
				     "\"p\",\"type\":\"parallel\",\"tasks\":[");

	for (unsigned i = 0; i < count; i++)
		g_string_append_printf(text,
			"%s{\"id\":\"t%u\",\"type\":\"shell\",\"commands\":[\"/bin/true\"]}",
			i > 0 ? "," : "", i);
	g_string_append(text, "]}]}");
	return g_string_free(text, FALSE);
}

static char *foreach (unsigned count)
{
	return g_strdup_printf("{\"id\":\"x\",\"namespace\":\"bench\",\"tasks\":[{\"id\":\"e\","
			       "\"type\":\"foreach\",\"values\":"
			       "\"{{ range(1, %u) "
			       "}}\",\"tasks\":[{\"id\":\"l\",\"type\":\"log\",\"message\":\"value "
			       "{{ taskrun.value }}\"}]}]}",
		count);
}

static double median_run(Subject *subject)
{
	double seconds[5];

	for (size_t i = 0; i < G_N_ELEMENTS(seconds); i++)
		seconds[i] = subject_run(subject);
	return bench_median(seconds, G_N_ELEMENTS(seconds));
}

static void figures_of(const char *folder, const char *where)
{
	g_autofree char *logs = sequence(10000, "\"type\":\"log\",\"message\":\"a line\"");
	g_autofree char *few = foreach (1000);
	g_autofree char *many = foreach (10000);
	g_autofree char *shells = sequence(1000, "\"type\":\"shell\",\"commands\":[\"/bin/true\"]");
	g_autofree char *name = g_strdup_printf("1,000 sequential /bin/true, %s", where);
	unsigned count = 1000;
	Subject log = {.name = "log", .definition = logs, .folder = folder, .slots = 2};
	Subject each = {.name = "few", .definition = few, .folder = folder, .slots = 2};
	Subject eaches = {.name = "many", .definition = many, .folder = folder, .slots = 2};
	Subject shell = {.name = "shell", .definition = shells, .folder = folder, .slots = 2};

	bench_ratio(name, subject_run, &shell, spawn_loop, &count, 5, 1.6, false);
	g_autofree char *log_name = g_strdup_printf("log task of 10,000 in a row, %s", where);
	bench_figure(log_name, median_run(&log) / 10000 * 1e6, "µs", 40);
	double small = median_run(&each) / 1000 * 1e6;
	double large = median_run(&eaches) / 10000 * 1e6;
	g_autofree char *item_name = g_strdup_printf("item of a foreach over 10,000, %s", where);
	bench_figure(item_name, large, "µs", 40);
	g_autofree char *growth_name = g_strdup_printf("item at 10,000 / item at 1,000, %s", where);
	bench_figure(growth_name, large / small, "x", 1.2);
}

int main(int argc, char **argv)
{
	g_autofree char *folder = bench_folder_new();
	unsigned count = argc > 1 ? (unsigned)atoi(argv[1]) : 2000;
	g_autofree char *shells = parallel(count);
	Subject shell = {.name = "parallel", .definition = shells, .folder = folder, .slots = 2};
	g_autofree char *name = g_strdup_printf(
		"parallel over %u /bin/true with 2 slots, durable, against xargs -P2", count);

	figures_of(NULL, "in memory");
	figures_of(folder, "durable");
	bench_ratio(name, subject_run, &shell, xargs_loop, &count, 3, 1.0, false);
	bench_folder_remove(folder);
	return 0;
}
