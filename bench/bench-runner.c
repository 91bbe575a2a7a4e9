// The runner against what it cannot beat: sequential commands against a bare loop of posix_spawn and wait, and the cost of a
// task that does nothing, with a durable store (a commit for each transition that is promised) and with one in memory.
#include "bench/bench.h"
#include "bench/run_subject.h"

#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

extern char **environ;

static double spawn_loop(void *data)
{
	char program[] = "/bin/true";
	char *arguments[] = {program, NULL};
	double begin = bench_seconds();

	for (unsigned i = 0; i < *(const unsigned *)data; i++) {
		pid_t pid;
		int status;

		bench_check(posix_spawn(&pid, program, NULL, NULL, arguments, environ) == 0, NULL);
		waitpid(pid, &status, 0);
	}
	return bench_seconds() - begin;
}

static double median_run(RunSubject *subject)
{
	double seconds[5];

	for (size_t i = 0; i < G_N_ELEMENTS(seconds); i++)
		seconds[i] = run_subject_seconds(subject);
	return bench_median(seconds, G_N_ELEMENTS(seconds));
}

static void figures_of(const char *folder, const char *where)
{
	g_autofree char *logs =
		bench_flow_sequence(10000, "\"type\":\"log\",\"message\":\"a line\"");
	g_autofree char *few = bench_flow_foreach(1000);
	g_autofree char *many = bench_flow_foreach(10000);
	g_autofree char *shells =
		bench_flow_sequence(1000, "\"type\":\"shell\",\"commands\":[\"/bin/true\"]");
	g_autofree char *name = g_strdup_printf("1,000 sequential /bin/true, %s", where);
	unsigned count = 1000;
	RunSubject log = {.name = "log", .definition = logs, .folder = folder, .slots = 2};
	RunSubject each = {.name = "few", .definition = few, .folder = folder, .slots = 2};
	RunSubject eaches = {.name = "many", .definition = many, .folder = folder, .slots = 2};
	RunSubject shell = {.name = "shell", .definition = shells, .folder = folder, .slots = 2};

	bench_ratio(name, run_subject_seconds, &shell, spawn_loop, &count, 5, 1.6, false);
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
	g_autofree char *shells = bench_flow_parallel(count);
	RunSubject shell = {.name = "parallel", .definition = shells, .folder = folder, .slots = 2};
	g_autofree char *name = g_strdup_printf(
		"parallel over %u /bin/true with 2 slots, durable, against xargs -P2", count);

	figures_of(NULL, "in memory");
	figures_of(folder, "durable");
	bench_ratio(name, run_subject_seconds, &shell, bench_xargs_loop, &count, 3, 1.0, false);
	bench_folder_remove(folder);
	return 0;
}
