#include "tests/runner/run_bed.h"

#include "repo-layout/flow.h"
#include "runner/run_report.h"
#include "store/flow.h"
#include "store/log.h"
#include "store/run.h"

#include <string.h>

static Flow *flow_read(const char *text)
{
	g_autoptr(DiagnosticList) diagnostics = diagnostic_list_new();
	Flow *flow = flow_parse("flow.yaml", text, strlen(text), "t", diagnostics);

	for (size_t i = 0; i < diagnostic_list_length(diagnostics); i++) {
		g_autofree char *line = diagnostic_text(diagnostic_list_at(diagnostics, i));

		g_test_message("%s", line);
	}
	g_assert_cmpuint(diagnostic_list_errors(diagnostics), ==, 0);
	return flow;
}

static void flow_put(Store *store, const Flow *flow)
{
	g_autofree char *definition = flow_definition_json(flow);
	g_autofree char *digest = flow_meaning_digest(flow, NULL);
	g_autoptr(GError) error = NULL;
	char kind[] = "written";
	int64_t applied;
	StoreFlowPut put = {
		.flow = {.namespace = flow->namespace,
			.id = flow->id,
			.digest = digest,
			.domain = flow->namespace,
			.kind = kind,
			.concurrency_limit = flow->concurrency_limit},
		.definition = definition,
	};

	store_apply_begin(store, &applied, &error);
	g_assert_no_error(error);
	store_flow_put(store, &put, applied, NULL, &error);
	g_assert_no_error(error);
}

static char *flows_put(Store *store, const char *yaml)
{
	g_auto(GStrv) parts = g_strsplit(yaml, "\n---\n", -1);
	char *first = NULL;

	for (char **part = parts; *part != NULL; part++) {
		g_autoptr(Flow) flow = flow_read(*part);

		flow_put(store, flow);
		if (first == NULL)
			first = g_strdup(flow->id);
	}
	return first;
}

void bed_flows_put(Store *store, const char *yaml)
{
	g_free(flows_put(store, yaml));
}

void bed_run_create(Store *store, const char *flow, const char *inputs, char id[27])
{
	StoreRunNew new_run = {
		.namespace = "t", .flow = flow, .inputs = inputs, .concurrency_limit = -1};
	g_autoptr(GError) error = NULL;

	store_run_create(store, &new_run, id, NULL, &error);
	g_assert_no_error(error);
}

char *bed_flow_of(const char *tasks)
{
	g_auto(GStrv) lines = g_strsplit(tasks, "\n", -1);
	GString *text = g_string_new("id: f\nnamespace: t\ntasks:\n");

	for (char **line = lines; *line != NULL; line++)
		g_string_append_printf(text, "  %s\n", *line);
	return g_string_free(text, FALSE);
}

void bed_run_to_end(Store *store, const char *id, const RunnerOptions *options)
{
	g_autoptr(GError) error = NULL;
	Runner *runner = runner_new(store, options, &error);

	g_assert_no_error(error);
	runner_start(runner, &error);
	g_assert_no_error(error);
	runner_wait(runner, id, &error);
	g_assert_no_error(error);
	runner_free(runner);
}

json_t *bed_run(const char *yaml, const char *inputs)
{
	RunnerOptions options = {.slots = 2, .sole = true};

	return bed_run_with(yaml, inputs, &options);
}

json_t *bed_run_with(const char *yaml, const char *inputs, const RunnerOptions *options)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Store) store = store_open(NULL, STORE_EPHEMERAL, &error);
	json_t *report;
	char id[27];

	g_assert_no_error(error);
	g_autofree char *flow = flows_put(store, yaml);
	bed_run_create(store, flow, inputs, id);
	bed_run_to_end(store, id, options);
	report = run_report(store, id, NULL, &error);
	g_assert_no_error(error);
	g_autofree char *log = bed_log(store, id);
	json_object_set_new(report, "log", json_string(log));
	return report;
}

char *bed_text(const json_t *report)
{
	GString *text = g_string_new(json_string_value(json_object_get(report, "state")));
	json_t *task_run, *attempt;
	size_t i, j;

	g_string_append_c(text, ':');
	json_array_foreach(json_object_get(report, "task_runs"), i, task_run)
	{
		const char *value = json_string_value(json_object_get(task_run, "value"));
		const char *state = json_string_value(json_object_get(task_run, "state"));
		json_t *attempts = json_object_get(task_run, "attempts");
		GString *tried = g_string_new(NULL);

		json_array_foreach(attempts, j, attempt) g_string_append_printf(tried, "%s%s",
			j > 0 ? "," : "", json_string_value(json_object_get(attempt, "state")));
		g_string_append_printf(
			text, " %s", json_string_value(json_object_get(task_run, "task_id")));
		if (value != NULL)
			g_string_append_printf(text, "[%s]", value);
		g_string_append_printf(text, "=%s", state);
		if (strcmp(tried->str, state) != 0)
			g_string_append_printf(text, "(%s)", tried->str);
		g_string_free(tried, TRUE);
	}
	return g_string_free(text, FALSE);
}

static bool line_add(const StoreLogLine *line, void *data)
{
	g_string_append_printf(data, "%s %s\n", log_level_name(line->level), line->text);
	return true;
}

char *bed_log(Store *store, const char *run_id)
{
	GString *text = g_string_new(NULL);
	StoreLogFilter filter = {.run_id = run_id};
	g_autoptr(GError) error = NULL;

	store_log_read(store, &filter, line_add, text, NULL, &error);
	g_assert_no_error(error);
	return g_string_free(text, FALSE);
}

void assert_bed_run(const char *yaml, const char *expected)
{
	json_t *report = bed_run(yaml, NULL);
	g_autofree char *text = bed_text(report);

	g_assert_cmpstr(text, ==, expected);
	json_decref(report);
}
