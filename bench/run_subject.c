#include "bench/run_subject.h"

#include "bench/bench.h"
#include "runner/runner.h"
#include "store/flow.h"
#include "store/run.h"

#include <stdio.h>
#include <stdlib.h>

void bench_check(bool ok, const GError *error)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", error != NULL ? error->message : "failed");
	exit(1);
}

void bench_flow_put(Store *store, const char *name, char *definition)
{
	g_autofree char *id = g_strdup(name);
	g_autoptr(GError) error = NULL;
	char text[] = "bench", kind[] = "written", digest[] = "d";
	StoreFlowPut put = {.flow = {.namespace = text,
				    .id = id,
				    .digest = digest,
				    .domain = text,
				    .kind = kind},
		.definition = definition};
	int64_t applied;

	bench_check(store_apply_begin(store, &applied, &error) &&
			    store_flow_put(store, &put, applied, NULL, &error),
		error);
}

double bench_run_once(Store *store, const RunSubject *subject)
{
	RunnerOptions options = {
		.slots = subject->slots, .sole = true, .data_folder = subject->folder};
	g_autoptr(GError) error = NULL;
	g_autoptr(Runner) runner = runner_new(store, &options, &error);
	g_autoptr(StoreRun) run = NULL;
	StoreRunNew new_run = {
		.namespace = "bench", .flow = subject->name, .concurrency_limit = -1};
	char id[27];
	double begin;

	bench_check(runner != NULL && runner_start(runner, &error), error);
	begin = bench_seconds();
	bench_check(store_run_create(store, &new_run, id, NULL, &error) &&
			    runner_wait(runner, id, &error),
		error);
	double seconds = bench_seconds() - begin;
	bench_check(store_run_get(store, id, &run, &error) && run->state == RUN_SUCCESS, error);
	return seconds;
}

double run_subject_seconds(void *data)
{
	RunSubject *subject = data;
	g_autoptr(GError) error = NULL;
	g_autofree char *url = subject->folder == NULL
				       ? NULL
				       : g_strdup_printf("sqlite:%s/%s-%u.db", subject->folder,
						 subject->name, subject->round++);
	g_autoptr(Store) store =
		store_open(url, url == NULL ? STORE_EPHEMERAL : STORE_READ_WRITE, &error);

	bench_check(store != NULL, error);
	bench_flow_put(store, subject->name, subject->definition);
	return bench_run_once(store, subject);
}

double bench_xargs_loop(void *data)
{
	g_autofree char *command =
		g_strdup_printf("seq %u | xargs -P2 -n1 /bin/true", *(const unsigned *)data);
	double begin = bench_seconds();

	bench_check(system(command) == 0, NULL);
	return bench_seconds() - begin;
}

char *bench_flow_sequence(unsigned count, const char *task)
{
	GString *text = g_string_new("{\"id\":\"x\",\"namespace\":\"bench\",\"tasks\":[");

	for (unsigned i = 0; i < count; i++)
		g_string_append_printf(text, "%s{\"id\":\"t%u\",%s}", i > 0 ? "," : "", i, task);
	g_string_append(text, "]}");
	return g_string_free(text, FALSE);
}

char *bench_flow_parallel(unsigned count)
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

char *bench_flow_foreach(unsigned count)
{
	return g_strdup_printf("{\"id\":\"x\",\"namespace\":\"bench\",\"tasks\":[{\"id\":\"e\","
			       "\"type\":\"foreach\",\"values\":"
			       "\"{{ range(1, %u) "
			       "}}\",\"tasks\":[{\"id\":\"l\",\"type\":\"log\",\"message\":\"value "
			       "{{ taskrun.value }}\"}]}]}",
		count);
}
