#include "cli/run_file.h"
#include "cli/file_read.h"

#include "cli/command.h"
#include "cli/output.h"
#include "repo-layout/flow.h"
#include "runner/inputs.h"
#include "runner/run_report.h"
#include "runner/runner.h"
#include "store/flow.h"
#include "store/json_dump.h"
#include "store/log.h"
#include "store/run.h"
#include "store/task_run.h"
#include "store/timestamp.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
	const RunFile *request;
	Store *store;
	Runner *runner;
	Flow *flow; // borrowed once the runner has it
	char id[27];
	int64_t revision;
	json_t *inputs;
} Job;

// ---- The flows

// Prints the diagnostics; true when there is no error among them.
static bool diagnostics_report(DiagnosticList *list)
{
	diagnostic_list_sort(list);
	for (size_t i = 0; i < diagnostic_list_length(list); i++) {
		g_autofree char *text = diagnostic_text(diagnostic_list_at(list, i));

		fprintf(stderr, "%s\n", text);
	}
	return diagnostic_list_errors(list) == 0;
}

static Flow *flow_load(const char *file)
{
	g_autoptr(DiagnosticList) diagnostics = diagnostic_list_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(Flow) flow = NULL;
	g_autofree char *text = NULL;
	gsize length;

	if (!file_read(file, "", &text, &length, &error)) {
		command_error(
			g_file_test(file, G_FILE_TEST_EXISTS)
				? NULL
				: "name the YAML file of a flow; 'weir run FLOW' runs a live one",
			"%s", error->message);
		return NULL;
	}
	flow = flow_parse(file, text, length, "default", diagnostics);
	return diagnostics_report(diagnostics) ? g_steal_pointer(&flow) : NULL;
}

static bool flow_store(
	Store *store, const Flow *flow, int64_t applied, int64_t *ret_revision, GError **error)
{
	g_autofree char *definition = flow_definition_json(flow);
	g_autofree char *digest = flow_meaning_digest(flow, NULL);
	StoreFlowPut put = {
		.flow = {.namespace = flow->namespace,
			.id = flow->id,
			.digest = digest,
			.domain = flow->namespace,
			.kind = (char[]){"written"},
			.concurrency_limit = flow->concurrency_limit,
			.disabled = flow->disabled},
		.definition = definition,
	};
	static const char *const behaviors[] = {"QUEUE", "CANCEL", "FAIL"};
	g_autofree char *behavior = g_strdup(behaviors[flow->concurrency_behavior]);

	put.flow.concurrency_behavior = behavior;
	return store_flow_put(store, &put, applied, ret_revision, error);
}

static int order_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void folder_collect(const char *path, GPtrArray *files)
{
	g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
	const char *name;

	while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
		g_autofree char *full = g_build_filename(path, name, NULL);

		if (g_file_test(full, G_FILE_TEST_IS_DIR) &&
			!g_file_test(full, G_FILE_TEST_IS_SYMLINK))
			folder_collect(full, files);
		else if (g_str_has_suffix(name, ".yaml") || g_str_has_suffix(name, ".yml"))
			g_ptr_array_add(files, g_steal_pointer(&full));
	}
}

// The flows that this one may call. One with errors is told about and left out: calling it then says that it is missing.
static bool others_store(const Job *job, int64_t applied, GError **error)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);

	if (job->request->flows == NULL)
		return true;
	if (!g_file_test(job->request->flows, G_FILE_TEST_IS_DIR)) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOTDIR, "there is no folder '%s'",
			job->request->flows);
		return false;
	}
	folder_collect(job->request->flows, files);
	g_ptr_array_sort(files, order_names);
	for (guint i = 0; i < files->len; i++) {
		g_autoptr(Flow) flow = flow_load(files->pdata[i]);

		if (flow == NULL || (strcmp(flow->namespace, job->flow->namespace) == 0 &&
					    strcmp(flow->id, job->flow->id) == 0))
			continue;
		if (!flow_store(job->store, flow, applied, NULL, error))
			return false;
	}
	return true;
}

static bool flows_store(Job *job, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(job->store, error);
	int64_t applied;

	return transaction != NULL && store_apply_begin(job->store, &applied, error) &&
	       others_store(job, applied, error) &&
	       flow_store(job->store, job->flow, applied, &job->revision, error) &&
	       store_transaction_commit(transaction, error);
}

// ---- Inputs

bool run_inputs_parse(char **inputs, json_t *ret_object)
{
	for (; inputs != NULL && *inputs != NULL; inputs++) {
		const char *equals = strchr(*inputs, '=');

		g_assert(equals != NULL); // an option of NAME=VALUE is refused without
		g_autofree char *name = g_strndup(*inputs, (gsize)(equals - *inputs));
		if (json_object_set_new(ret_object, name, json_string(equals + 1)) != 0) {
			command_error(NULL, "the value of input '%s' is not valid UTF-8", name);
			return false;
		}
	}
	return true;
}

// A file of this machine, given or the default, becomes one that the run keeps.
static bool file_input_keep(Job *job, const Input *input, json_t *given, GPtrArray *faults)
{
	json_t *value = inputs_get(given, input->id);
	const char *path = json_string_value(value != NULL ? value : input->defaults);
	g_autoptr(GError) error = NULL;
	g_autofree char *kept = NULL;

	if (strcmp(input->type, "FILE") != 0 || path == NULL || strstr(path, "{{") != NULL)
		return true;
	kept = runner_file_put(job->runner, path, &error);
	if (kept != NULL)
		return json_object_set_new(given, input->id, json_string(kept)) == 0;
	g_ptr_array_add(faults, g_strdup_printf("input '%s' %s", input->id, error->message));
	return false;
}

// What can be known before the run; defaults that ask for more are worked out when it begins.
static bool inputs_work_out(Job *job)
{
	g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
	InputsRequest request = {.inputs = job->flow->inputs, .given = json_object()};
	bool ok = run_inputs_parse(job->request->inputs, request.given) &&
		  inputs_check_given(&request, faults);

	for (guint i = 0; ok && i < job->flow->inputs->len; i++)
		ok = file_input_keep(job, job->flow->inputs->pdata[i], request.given, faults);
	for (guint i = 0; i < faults->len; i++)
		command_error(NULL, "%s", (const char *)faults->pdata[i]);
	job->inputs = request.given;
	return ok;
}

static bool run_create(Job *job, GError **error)
{
	g_autofree char *inputs = json_dump_text(job->inputs, JSON_COMPACT);
	StoreRunNew new_run = {.namespace = job->flow->namespace,
		.flow = job->flow->id,
		.revision = job->revision,
		.inputs = inputs,
		.concurrency_limit = -1};

	return store_run_create(job->store, &new_run, job->id, NULL, error);
}

// ---- Running

// An interrupt kills the run, which then ends as runs do.
static void *signals_wait(void *data)
{
	const Job *job = data;
	sigset_t signals;
	int number;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	while (sigwait(&signals, &number) == 0)
		store_run_kill(job->store, job->id, NULL, NULL);
	return NULL;
}

static void signals_block(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

// A run that a flow's retry made in place of the last one; waits for it, and for those after it.
static bool follow_retries(Job *job, GPtrArray *retried, GError **error)
{
	for (;;) {
		g_autoptr(StoreRun) run = NULL;
		g_autoptr(GPtrArray) runs = NULL;
		StoreRunFilter filter = STORE_RUN_FILTER_ALL;
		bool found = false;

		if (!runner_wait(job->runner, job->id, error) ||
			!store_run_get(job->store, job->id, &run, error))
			return false;
		if (run == NULL || run->state != RUN_RETRIED)
			return true;
		filter.namespace = job->flow->namespace;
		filter.flow = job->flow->id;
		if (!store_runs_list(job->store, &filter, NULL, &runs, NULL, error))
			return false;
		for (guint i = 0; i < runs->len && !found; i++) {
			const StoreRun *other = runs->pdata[i];

			found = g_strcmp0(other->origin_run_id, job->id) == 0;
			if (!found)
				continue;
			g_ptr_array_add(retried, g_strdup(job->id));
			g_strlcpy(job->id, other->id, sizeof(job->id));
		}
		if (!found)
			return true;
	}
}

GStrv run_secret_names(const Flow *flow)
{
	GPtrArray *names = g_ptr_array_new();

	for (guint i = 0; i < flow->inputs->len; i++) {
		const Input *input = flow->inputs->pdata[i];

		if (strcmp(input->type, "SECRET") == 0)
			g_ptr_array_add(names, g_strdup(input->id));
	}
	g_ptr_array_add(names, NULL);
	return (GStrv)g_ptr_array_free(names, FALSE);
}

// ---- What is printed

static bool print_log_line(const StoreLogLine *line, void *data)
{
	g_autofree char *shown = output_printable(line->text, false);

	(void)data;
	fprintf(stderr, "%-5s %s\n", log_level_name(line->level), shown);
	return true;
}

static bool print_task_run(const StoreTaskRun *row, void *data)
{
	Style style = style_of_word(run_state_name(row->state));

	(void)data;
	printf("  %s%-9s%s %s%s%s%s%s%s\n", style_begin(stdout, style), run_state_name(row->state),
		style_end(stdout, style), row->task_id, row->value != NULL ? " [" : "",
		row->value != NULL ? row->value : "", row->value != NULL ? "]" : "",
		row->message != NULL ? ": " : "", row->message != NULL ? row->message : "");
	return true;
}

static bool print_text(const Job *job, RunState state, GError **error)
{
	StoreLogFilter filter = {.run_id = job->id, .level = LOG_LEVEL_INFO};

	if (!store_log_read(job->store, &filter, print_log_line, NULL, NULL, error))
		return false;
	printf("%s.%s %s\n", job->flow->namespace, job->flow->id, run_state_name(state));
	return store_task_runs_visit(job->store, job->id, print_task_run, NULL, error);
}

// Warnings and errors go to standard error: standard output holds the report alone.
static bool print_json(const Job *job, const GPtrArray *retried, GError **error)
{
	StoreLogFilter warnings = {.run_id = job->id, .level = LOG_LEVEL_WARN};
	g_auto(GStrv) secrets = run_secret_names(job->flow);
	json_t *earlier = NULL;
	bool ok;

	if (!store_log_read(job->store, &warnings, print_log_line, NULL, NULL, error))
		return false;
	if (retried->len > 0)
		earlier = json_array();
	for (guint i = 0; i < retried->len; i++)
		json_array_append_new(earlier, run_report(job->store, retried->pdata[i],
						       (const char *const *)secrets, NULL));
	ok = run_report_write(
		job->store, job->id, (const char *const *)secrets, earlier, stdout, error);
	json_decref(earlier);
	return ok;
}

static int exit_status(RunState state)
{
	if (state == RUN_SUCCESS || state == RUN_WARNING)
		return EXIT_OK;
	return state == RUN_PAUSED ? EXIT_PAUSED : EXIT_FAILED;
}

static bool job_run(Job *job, int *ret_status, GError **error)
{
	g_autoptr(GPtrArray) retried = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(StoreRun) run = NULL;
	pthread_t signals;

	if (!run_create(job, error) || !runner_start(job->runner, error))
		return false;
	pthread_create(&signals, NULL, signals_wait, job);
	bool ok = follow_retries(job, retried, error) &&
		  store_run_get(job->store, job->id, &run, error);
	pthread_cancel(signals);
	pthread_join(signals, NULL);
	if (!ok)
		return false;
	*ret_status = exit_status(run->state);
	return job->request->json ? print_json(job, retried, error)
				  : print_text(job, run->state, error);
}

static char *scripts_folder(const char *file)
{
	g_autofree char *absolute = g_canonicalize_filename(file, NULL);
	g_autofree char *folder = g_path_get_dirname(absolute);

	return g_build_filename(folder, "scripts", NULL);
}

// Environments of packages outlive the store, which is gone afterwards. NULL when there is no place for them.
static char *environments_folder(void)
{
	const char *cache = g_get_user_cache_dir();

	if (access(g_get_home_dir(), W_OK) < 0 && access(cache, W_OK) < 0)
		return NULL;
	return g_build_filename(cache, "weir", "environments", NULL);
}

int run_file(const RunFile *request)
{
	g_autofree char *scripts = scripts_folder(request->file);
	g_autofree char *environments = environments_folder();
	// Alone on a laptop, the flow may reach what its user may.
	static const char *const everywhere[] = {"allow", NULL};
	RunnerOptions options = {.scripts_folder = scripts,
		.environments_folder = environments,
		.roles = "runner",
		.private_addresses = everywhere,
		.sole = true};
	Job job = {.request = request, .flow = flow_load(request->file)};
	g_autoptr(GError) error = NULL;
	int status = EXIT_FAILED;

	if (job.flow == NULL)
		return EXIT_FAILED;
	signals_block();
	job.store = store_open(NULL, STORE_EPHEMERAL, &error);
	job.runner = job.store == NULL ? NULL : runner_new(job.store, &options, &error);
	if (job.runner == NULL || !flows_store(&job, &error) || job.flow->disabled) {
		command_error(NULL, "%s", error != NULL ? error->message : "the flow is disabled");
		flow_free(job.flow);
	} else {
		runner_flow_put(job.runner, job.revision, job.flow);
		if (inputs_work_out(&job) && !job_run(&job, &status, &error)) {
			command_error(NULL, "%s", error->message);
			status = EXIT_FAILED;
		}
	}
	json_decref(job.inputs);
	runner_free(job.runner);
	store_close(job.store);
	return status;
}
