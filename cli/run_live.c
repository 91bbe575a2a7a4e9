#include "cli/run_live.h"

#include "api/flow_name.h"
#include "cli/command.h"
#include "cli/live_inputs.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/read_api.h"
#include "cli/run_file.h"
#include "cli/server_lock.h"
#include "cli/store_path.h"
#include "repo-layout/flow.h"
#include "runner/run_report.h"
#include "store/flow.h"
#include "store/json_dump.h"
#include "store/log.h"
#include "store/run.h"
#include "store/timestamp.h"

#include <stdio.h>
#include <string.h>

enum { // microseconds between looks at a run that is followed: a short run is not waited for in vain
	FIRST_LOOK = 5000,
	LOOK = 200000,
};

static bool print_line(const StoreLogLine *line, void *data)
{
	g_autofree char *shown = output_printable(line->text, false);

	(void)data;
	fprintf(stderr, "%-5s %s\n", log_level_name(line->level), shown);
	return true;
}

static bool print_log(const StoreLogLine *line, void *data)
{
	g_autofree char *shown = output_printable(line->text, false);
	char at[TIMESTAMP_SIZE];
	json_t *object;

	(void)data;
	timestamp_format(line->at, at);
	if (!output_is_json()) {
		printf("%s %-5s %s\n", at, log_level_name(line->level), shown);
		return true;
	}
	object = json_pack("{s:s, s:s, s:s, s:I, s:s%}", "at", at, "level",
		log_level_name(line->level), "task_run", line->task_run_id, "attempt",
		(json_int_t)line->attempt, "text", line->text, line->length);
	output_json(object);
	json_decref(object);
	return true;
}

int run_logs(Store *store, const char *id, bool follow)
{
	StoreLogFilter filter = {.run_id = id};
	g_autoptr(GError) error = NULL;

	for (;;) {
		g_autoptr(StoreRun) run = NULL;
		bool ok = store_run_get(store, id, &run, &error);

		if (ok && run == NULL) {
			command_error("'weir runs' lists them", "there is no run '%s'", id);
			return EXIT_FAILED;
		}
		if (!ok ||
			!store_log_read(store, &filter, print_log, NULL, &filter.after, &error)) {
			command_error(store_error_hint(error), "%s", error->message);
			return EXIT_FAILED;
		}
		if (!follow || run_state_is_ended(run->state))
			return EXIT_OK;
		fflush(stdout);
		g_usleep(LOOK);
	}
}

static int exit_status(RunState state)
{
	if (state == RUN_SUCCESS || state == RUN_WARNING)
		return EXIT_OK;
	return state == RUN_PAUSED ? EXIT_PAUSED : EXIT_FAILED;
}

// Prints the log as it comes until the run has ended or rests.
static bool follow_run(Store *store, const char *id, RunState *ret_state, GError **error)
{
	StoreLogFilter filter = {.run_id = id, .level = LOG_LEVEL_INFO};

	for (gulong pause = FIRST_LOOK;; pause = MIN(2 * pause, LOOK)) {
		g_autoptr(StoreRun) run = NULL;
		bool rests;

		if (!store_run_get(store, id, &run, error))
			return false;
		// The state first: lines that were written before it ended are then all there.
		rests = run == NULL || run_state_is_ended(run->state) ||
			(run->state == RUN_PAUSED && run->due_at == 0);
		if (!store_log_read(store, &filter, print_line, NULL, &filter.after, error))
			return false;
		*ret_state = run == NULL ? RUN_FAILED : run->state;
		if (rests)
			return true;
		g_usleep(pause);
	}
}

static bool refuse_disabled(Store *store, const FlowName *name, GError **error)
{
	g_autoptr(StoreFlow) flow = NULL;

	if (!store_flow_get(store, name->namespace, name->id, &flow, error))
		return false;
	if (flow == NULL || flow->deleted_at != 0 || !flow->disabled)
		return true; // one that is not there is named by who creates the run
	g_set_error(error, STORE_ERROR, STORE_ERROR_MISUSE,
		"flow '%s.%s' is disabled: take 'disabled' out of '%s' to run it", name->namespace,
		name->id, flow->path);
	return false;
}

static bool create_run(
	Store *store, const FlowName *name, const json_t *given, char id[27], GError **error)
{
	g_autofree char *text = json_dump_text(given, JSON_COMPACT);
	StoreRunNew new_run = {.namespace = name->namespace,
		.flow = name->id,
		.inputs = text,
		.concurrency_limit = -1};

	return store_run_create(store, &new_run, id, NULL, error);
}

static bool prepare_inputs(
	Store *store, const char *url, const FlowName *name, json_t *given, GError **error)
{
	g_autoptr(Flow) flow = NULL;

	return live_flow_read(store, name, &flow, error) &&
	       (flow == NULL || live_inputs_prepare(url, flow, NULL, given, error));
}

static bool create(Store *store, const char *url, const FlowName *name, char **inputs, char id[27],
	GError **error)
{
	json_t *given = json_object();
	bool ok = refuse_disabled(store, name, error) && run_inputs_parse(inputs, given) &&
		  prepare_inputs(store, url, name, given, error) &&
		  create_run(store, name, given, id, error);

	json_decref(given);
	if (ok)
		return true;
	if (g_error_matches(*error, STORE_ERROR, STORE_ERROR_MISSING)) {
		g_clear_error(error);
		g_set_error(error, STORE_ERROR, STORE_ERROR_MISSING,
			"there is no live flow '%s.%s'", name->namespace, name->id);
	}
	return false;
}

static bool print_report(Store *store, const FlowName *name, const char *id, GError **error)
{
	g_autoptr(Flow) flow = NULL;

	if (!live_flow_read(store, name, &flow, error))
		return false;
	g_auto(GStrv) secrets = flow == NULL ? NULL : run_secret_names(flow);
	json_t *report = run_report(store, id, (const char *const *)secrets, error);
	if (report == NULL)
		return false;
	output_json(report);
	json_decref(report);
	return true;
}

static bool finish(Store *store, const FlowName *name, const char *id, bool follow, int *ret_status,
	GError **error)
{
	RunState state = RUN_CREATED;

	*ret_status = EXIT_OK;
	if (follow) {
		if (!follow_run(store, id, &state, error))
			return false;
		*ret_status = exit_status(state);
	}
	if (!output_is_json()) {
		printf("%s%s%s\n", id, follow ? " " : "", follow ? run_state_name(state) : "");
		return true;
	}
	return print_report(store, name, id, error);
}

// A run that nobody would begin is there all the same: a server that comes later takes it.
static bool tell_who_runs_it(const char *url)
{
	if (!server_lock_is_held(url))
		fputs("weir: no server runs on this store: the run waits until 'weir serve' does\n",
			stderr);
	return true;
}

int run_live(const char *flow, char **inputs, bool follow)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *url = store_path_url(&error);
	g_autoptr(Store) store = url == NULL || !store_path_exists(url, &error)
					 ? NULL
					 : store_open(url, STORE_READ_WRITE, &error);
	g_auto(FlowName) name = {NULL, NULL};
	char id[27];
	int status;

	if (store != NULL && flow_name_split(store, flow, &name, &error) &&
		create(store, url, &name, inputs, id, &error) && tell_who_runs_it(url) &&
		finish(store, &name, id, follow, &status, &error))
		return status;
	if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT) && store == NULL)
		command_error(STORE_HINT, "%s", error->message);
	else if (strchr(flow, '.') == NULL && store != NULL)
		return names_unknown(store, NAMES_FLOWS, flow);
	else if (g_error_matches(error, STORE_ERROR, STORE_ERROR_MISSING)) {
		g_autofree char *hint = names_hint(store, NAMES_FLOWS, flow);

		command_error(hint, "%s", error->message);
	} else if (error != NULL)
		read_api_report(error);
	return EXIT_FAILED;
}
