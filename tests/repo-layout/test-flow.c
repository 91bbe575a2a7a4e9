// Flows: what is accepted, what it becomes, and what is said about what is wrong.
#include "repo-layout/flow.h"

#include <string.h>

static char *report_of(const DiagnosticList *diagnostics)
{
	GString *text = g_string_new(NULL);

	for (size_t i = 0; i < diagnostic_list_length(diagnostics); i++) {
		g_autofree char *line = diagnostic_text(diagnostic_list_at(diagnostics, i));

		g_string_append_printf(text, "%s\n", line);
	}
	return g_string_free(text, FALSE);
}

static Flow *parse(const char *yaml, char **ret_report)
{
	g_autoptr(DiagnosticList) diagnostics = diagnostic_list_new();
	Flow *flow = flow_parse("f.yaml", yaml, strlen(yaml), "ns", diagnostics);

	diagnostic_list_sort(diagnostics);
	*ret_report = report_of(diagnostics);
	return flow;
}

// What is said about a flow.
static void expect(const char *yaml, const char *report)
{
	g_autofree char *found = NULL;
	g_autoptr(Flow) flow = parse(yaml, &found);

	g_assert_cmpstr(found, ==, report);
}

// What one task becomes; nothing may be said but warnings.
static void expect_task(const char *task, const char *definition)
{
	g_auto(GStrv) lines = g_strsplit(task, "\n", -1);
	g_autofree char *indented = g_strjoinv("\n    ", lines);
	g_autofree char *yaml = g_strdup_printf("id: f\ntasks:\n  - id: t\n    %s\n", indented);
	g_autofree char *expected = g_strdup_printf(
		"{\"id\":\"f\",\"namespace\":\"ns\",\"tasks\":[{\"id\":\"t\",%s}]}", definition);
	g_autofree char *report = NULL;
	g_autofree char *found = NULL;
	g_autoptr(Flow) flow = parse(yaml, &report);
	g_autoptr(Flow) stored = NULL;
	g_autofree char *again = NULL;
	g_autofree char *digest = NULL;
	g_autofree char *second = NULL;

	if (strstr(report, "error: ") != NULL)
		g_test_fail_printf("%s", report);
	found = flow_definition_json(flow);
	g_assert_cmpstr(found, ==, expected);
	// What is stored says the same when it is read back.
	stored = flow_parse("stored", found, strlen(found), NULL, NULL);
	g_assert_nonnull(stored);
	again = flow_definition_json(stored);
	g_assert_cmpstr(again, ==, found);
	digest = flow_meaning_digest(flow, NULL);
	second = flow_meaning_digest(stored, NULL);
	g_assert_cmpstr(digest, ==, second);
}

static void test_old_names(void)
{
	expect_task("type: io.kestra.core.tasks.flows.EachParallel\nvalue: '[\"a\"]'\ntasks: [{id: "
		    "l, type: io.kestra.core.tasks.log.Log, message: x}]",
		"\"type\":\"foreach\",\"values\":\"[\\\"a\\\"]\",\"tasks\":[{\"id\":\"l\",\"type\":"
		"\"log\",\"message\":\"x\"}],\"concurrencyLimit\":0,\"flat\":true");
	expect_task("type: io.kestra.plugin.core.flow.EachSequential\nvalue: [1, {a: 2}]\ntasks: "
		    "[{id: l, type: log, message: x}]",
		"\"type\":\"foreach\",\"values\":[1,{\"a\":2}],\"tasks\":[{\"id\":\"l\",\"type\":"
		"\"log\",\"message\":\"x\"}]");
	expect_task("type: io.kestra.plugin.jdbc.postgresql.Query\nurl: jdbc:x\nsql: SELECT "
		    "1\nfetchOne: true",
		"\"type\":\"sql.query\",\"url\":\"jdbc:x\",\"sql\":\"SELECT "
		"1\",\"driver\":\"postgres\",\"fetch\":\"ONE\"");
	expect_task("type: io.kestra.plugin.jdbc.mysql.Query\nsql: SELECT 1\nfetchType: FETCH",
		"\"type\":\"sql.query\",\"sql\":\"SELECT "
		"1\",\"driver\":\"mysql\",\"fetch\":\"ALL\"");
	expect_task("type: io.kestra.plugin.scripts.shell.Commands\ntaskRunner: {type: "
		    "io.kestra.plugin.core.runner.Process}\ncommands: [\"true\"]",
		"\"type\":\"shell\",\"commands\":[\"true\"],\"runner\":\"local\"");
	expect_task(
		"type: io.kestra.plugin.scripts.python.Script\nrunner: DOCKER\nscript: print(1)",
		"\"type\":\"python\",\"runner\":\"container\",\"script\":\"print(1)\"");
	expect_task("type: io.kestra.plugin.core.flow.WaitFor\ncondition: \"{{ true }}\"\ntasks: "
		    "[{id: l, type: log, message: x}]",
		"\"type\":\"loop-until\",\"condition\":\"{{ true "
		"}}\",\"tasks\":[{\"id\":\"l\",\"type\":\"log\",\"message\":\"x\"}]");
	expect_task("type: io.kestra.plugin.fs.http.Request\nuri: http://x\nmethod: post\noptions: "
		    "{connectTimeout: PT1S}",
		"\"type\":\"http.request\",\"uri\":\"http://"
		"x\",\"method\":\"POST\",\"options\":{\"connectTimeout\":\"PT1S\"}");
	expect_task("type: io.kestra.core.tasks.flows.Flow\nnamespace: a\nflowId: b",
		"\"type\":\"subflow\",\"namespace\":\"a\",\"flowId\":\"b\",\"wait\":false,"
		"\"transmitFailed\":false");
	expect_task("type: io.kestra.plugin.core.debug.Echo\nformat: hi\nlevel: debug",
		"\"type\":\"log\",\"message\":\"hi\",\"level\":\"DEBUG\"");
	expect_task("type: pause\npauseDuration: pt0.25s\nonResume: [{id: ok, type: BOOL, "
		    "defaults: true}]",
		"\"type\":\"pause\",\"delay\":\"pt0.25s\",\"onResume\":[{\"id\":\"ok\",\"type\":"
		"\"BOOLEAN\",\"defaults\":true}]");
	expect_task("type: log\nmessage: x\nretry: {type: exponential, interval: PT1S, "
		    "maxInterval: PT9S, maxAttempt: 3}\nlogToFile: true",
		"\"type\":\"log\",\"message\":\"x\",\"retry\":{\"type\":\"exponential\","
		"\"interval\":\"PT1S\",\"maxInterval\":\"PT9S\",\"maxAttempts\":3}");
	expect_task(
		"type: switch\nvalue: \"{{ 1 }}\"\ncases:\n  1: [{id: a, type: log, message: x}]",
		"\"type\":\"switch\",\"value\":\"{{ 1 "
		"}}\",\"cases\":{\"1\":[{\"id\":\"a\",\"type\":\"log\",\"message\":\"x\"}]}");
	expect_task("type: dag\ntasks:\n  - task: {id: a, type: log, message: x}\n  - {id: b, "
		    "type: log, message: x, dependsOn: [a]}",
		"\"type\":\"dag\",\"tasks\":[{\"task\":{\"id\":\"a\",\"type\":\"log\",\"message\":"
		"\"x\"}},{\"task\":{\"id\":\"b\",\"type\":\"log\",\"message\":\"x\"},\"dependsOn\":"
		"[\"a\"]}]");
}

static void test_faults(void)
{
	expect("", "f.yaml:1:1: error: the flow is empty\nhint: the least is: id, and tasks with "
		   "one task\n");
	expect("id: f\n", "f.yaml:1:1: error: flow needs the key 'tasks'\n");
	expect("id: f\ntasks: []\n", "f.yaml:2:8: error: 'tasks' has no task\n");
	expect("id: f\ntasks:\n  - id: a\n", "f.yaml:3:5: error: task needs the key 'type'\n");
	expect("id: f\ntasks:\n  - {id: a, type: lgo}\n",
		"f.yaml:3:19: error: unknown task type 'lgo'\nhint: did you mean 'log'?\n");
	expect("id: f\ntasks:\n  - {id: a, type: log}\n",
		"f.yaml:3:5: error: log task needs the key 'message'\n");
	expect("id: f\ntasks:\n  - {id: a, type: log, mesage: x}\n",
		"f.yaml:3:5: error: log task needs the key 'message'\n"
		"f.yaml:3:24: error: unknown key 'mesage' in log task\nhint: did you mean "
		"'message'?\n");
	expect("id: f\ntasks:\n  - {id: a, type: shell, script: x, namespaceFiles: {enabeld: true, "
	       "overwrite: true}}\n",
		"f.yaml:3:54: error: unknown key 'enabeld' in namespaceFiles\nhint: did you mean "
		"'enabled'?\n"
		"f.yaml:3:69: warning: 'overwrite' has no effect: a task sees the files of its own "
		"domain's scripts/\n");
	expect("id: f\ntasks:\n  - {id: a, type: log, message: x}\n  - {id: a, type: log, message: "
	       "y}\n",
		"f.yaml:4:10: error: the id 'a' is already that of the task in line 3\nhint: ids "
		"are unique in the whole flow\n");
	expect("id: f\ntasks:\n  - {id: a, type: sleep, duration: 5s}\n",
		"f.yaml:3:36: error: 'duration' is not a duration: '5s'\nhint: durations are ISO "
		"8601: PT30S, PT0.25S, PT1H30M, P1D\n");
	expect("id: f\ndisabled: no\ntasks:\n  - {id: a, type: log, message: x}\n",
		"f.yaml:2:11: error: 'disabled' must be true or false, not no\nhint: write "
		"false\n");
	expect("id: f\ntasks:\n  - {id: a, type: log, message: x}\n\ttab: 1\n",
		"f.yaml:4:1: error: not valid YAML: found character that cannot start any token, "
		"while scanning for the next token\n"
		"hint: tabs cannot indent YAML, and text that begins with @, ` or % needs "
		"quotes\n");
}

// Values that no run would take are said before there is one.
static void test_values(void)
{
	static const struct {
		const char *keys, *report;
	} inputs[] = {
		{"type: INT, defaults: abc",
			"39: error: the default of input 'x' is no whole number: 'abc'\n"},
		{"type: INT, defaults: 12, max: 9",
			"39: error: the default of input 'x' is more than the most allowed, 9\n"},
		{"type: INT, defaults: 9, max: 9", NULL},
		{"type: FLOAT, defaults: 1.5x",
			"41: error: the default of input 'x' is no number: '1.5x'\n"},
		{"type: BOOLEAN, defaults: maybe",
			"43: error: the default of input 'x' is neither true nor false: 'maybe'\n"},
		{"type: BOOL, defaults: true", NULL},
		{"type: DATE, defaults: 2024-13-01", "40: error: the default of input 'x' is no "
						     "date like 2026-01-31: '2024-13-01'\n"},
		{"type: DATE, defaults: 2024-12-01, after: '2025-01-01'",
			"40: error: the default of input 'x' must be after 2025-01-01\n"},
		{"type: DATE, defaults: '{{ now() }}'", NULL},
		{"type: DATETIME, defaults: noon", "44: error: the default of input 'x' is no date "
						   "and time like 2026-01-31T08:00:00Z: 'noon'\n"},
		{"type: DATETIME, defaults: '2026-01-31T08:00:00Z', before: '2026-01-01T00:00:00Z'",
			"44: error: the default of input 'x' must be before "
			"2026-01-01T00:00:00Z\n"},
		{"type: TIME, defaults: '25:00'", "40: error: the default of input 'x' is no time "
						  "of day like 08:30:00: '25:00'\n"},
		{"type: DURATION, defaults: 5m",
			"44: error: the default of input 'x' is no duration like PT1H30M: '5m'\n"},
		{"type: DURATION, defaults: PT5M, max: PT1M",
			"44: error: the default of input 'x' is more than the most allowed, "
			"PT1M\n"},
		{"type: EMAIL, defaults: ann",
			"41: error: the default of input 'x' is no e-mail address: 'ann'\n"},
		{"type: STRING, defaults: abc, validator: '[0-9]+'",
			"42: error: the default of input 'x' does not match '[0-9]+'\n"},
		{"type: STRING, defaults: '12', validator: '[0-9]+'", NULL},
		{"type: SELECT, values: [a, b], defaults: c",
			"58: error: the default of input 'x' is none of [\"a\",\"b\"]: 'c'\n"},
		{"type: SELECT, values: [a, b], defaults: c, allowInput: true", NULL},
		{"type: SELECT, values: [a, '{{ vars.b }}'], defaults: c", NULL},
		{"type: SELECT, expression: '{{ vars.all }}', defaults: c", NULL},
		{"type: MULTISELECT, values: [a, b], defaults: [a, c]",
			"63: error: the default of input 'x' is none of [\"a\",\"b\"]: 'c'\n"},
		{"type: MULTISELECT, values: [a, b], defaults: [b, a]", NULL},
		{"type: ARRAY, itemType: INT, defaults: [1, b]",
			"56: error: the default of input 'x' item 2 is no whole number: 'b'\n"},
		{"type: JSON, defaults: '{'", "40: error: the default of input 'x' is no JSON: "},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(inputs); i++) {
		g_autofree char *yaml = g_strdup_printf("id: f\ntasks: [{id: a, type: log, "
							"message: x}]\nvariables: {b: 1, all: []}\n"
							"inputs: [{id: x, %s}]\n",
			inputs[i].keys);
		g_autofree char *found = NULL;
		g_autoptr(Flow) flow = parse(yaml, &found);
		g_autofree char *start = g_strconcat("f.yaml:4:", inputs[i].report, NULL);

		if (inputs[i].report == NULL)
			g_assert_cmpstr(found, ==, "");
		else if (!g_str_has_prefix(found, start))
			g_error("%s: %s", inputs[i].keys, found);
	}
}

static void test_retries(void)
{
	static const struct {
		const char *keys, *report;
	} retries[] = {
		{"maxAttempts: 3",
			"error: constant retry needs the key 'interval'\nhint: interval: PT30S\n"},
		{"type: constant, interval: PT1S", ""},
		{"type: exponential, maxInterval: PT1M", "error: exponential retry needs the key "
							 "'interval'\nhint: interval: PT1S\n"},
		{"type: exponential, interval: PT1S", "error: exponential retry needs the key "
						      "'maxInterval'\nhint: maxInterval: PT10M\n"},
		{"type: exponential, interval: PT1S, maxInterval: PT1M", ""},
		{"type: random, maxInterval: PT1M", "error: random retry needs the key "
						    "'minInterval'\nhint: minInterval: PT1S\n"},
		{"type: random, minInterval: PT1S", "error: random retry needs the key "
						    "'maxInterval'\nhint: maxInterval: PT1M\n"},
		{"type: random, minInterval: PT1S, maxInterval: PT1M", ""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(retries); i++) {
		g_autofree char *yaml = g_strdup_printf(
			"id: f\ntasks:\n  - {id: a, type: log, message: x, retry: {%s}}\n",
			retries[i].keys);
		g_autofree char *report = g_strdup_printf("%s%s",
			*retries[i].report == '\0' ? "" : "f.yaml:3:43: ", retries[i].report);

		expect(yaml, report);
	}
}

// What is counted begins at 1.
static void test_counts(void)
{
	expect("id: f\ntasks:\n  - {id: a, type: log, message: x, retry: {interval: PT1S, "
	       "maxAttempts: 0}}\n",
		"f.yaml:3:73: error: 'maxAttempts' is at least 1\nhint: 1 is no retry; without the "
		"key "
		"there is no such limit\n");
	expect("id: f\nretry: {interval: PT1S, maxAttempt: -1}\ntasks: [{id: a, type: log, "
	       "message: x}]\n",
		"f.yaml:2:25: warning: 'maxAttempt' is an old name of 'maxAttempts'\nhint: write "
		"'maxAttempts'\n"
		"f.yaml:2:37: error: 'maxAttempts' is at least 1\nhint: 1 is no retry; without the "
		"key "
		"there is no such limit\n");
	expect("id: f\nconcurrency: {limit: 0}\ntasks: [{id: a, type: log, message: x}]\n",
		"f.yaml:2:22: error: 'limit' is at least 1\n");
	expect("id: f\nconcurrency: {limit: 1}\nretry: {interval: PT1S, maxAttempts: 1}\n"
	       "tasks: [{id: a, type: log, message: x}]\n",
		"");
}

static void test_dag(void)
{
	expect("id: f\ntasks:\n  - id: d\n    type: dag\n    tasks:\n      - task: {id: extract, "
	       "type: log, message: x}\n"
	       "      - task: {id: load, type: log, message: x}\n        dependsOn: [extrct]\n",
		"f.yaml:8:21: error: task 'load' depends on unknown task 'extrct'\nhint: did you "
		"mean 'extract'?\n");
	expect("id: f\ntasks:\n  - id: d\n    type: dag\n    tasks:\n      - task: {id: a, type: "
	       "log, message: x}\n        dependsOn: b\n"
	       "      - task: {id: b, type: log, message: x}\n        dependsOn: [c]\n      - "
	       "task: {id: c, type: log, message: x}\n"
	       "        dependsOn: [b]\n",
		"f.yaml:8:9: error: tasks depend on each other in a ring: b → c → b\n");
}

static void test_expressions(void)
{
	expect("id: f\ninputs: [{id: day, type: DATE}]\ntasks:\n  - id: a\n    type: log\n    "
	       "message: |\n      first\n"
	       "        x {{ inputs.dya }} {{ outputs.b.value }} {{ outputs.zz ?? 1 }}\n  - {id: "
	       "bb, type: return, format: x}\n",
		"f.yaml:8:14: warning: 'inputs.dya' names no input of this flow\nhint: did you "
		"mean 'day'?\n"
		"f.yaml:8:31: warning: 'outputs.b' names no task of this flow\nhint: did you mean "
		"'bb'?\n");
	expect("id: f\ntasks:\n  - id: a\n    type: log\n    message: \"a\\tb {{ 1 | nofilter "
	       "}}\"\n",
		"f.yaml:5:27: error: unknown filter 'nofilter'\n");
	expect("id: f\ntasks:\n  - id: a\n    type: sql.query\n    sql: |\n      SELECT 1 -- {{ "
	       "nothing here\n      WHERE a = {{ inptus.x }}\n",
		"f.yaml:7:20: warning: unknown variable 'inptus'\nhint: did you mean 'inputs'?\n");
}

static void test_defaults(void)
{
	g_autofree char *report = NULL;
	g_autofree char *definition = NULL;
	g_autoptr(Flow) flow =
		parse("id: f\npluginDefaults:\n  - type: log\n    values: {level: WARN}\n  - type: "
		      "sql\n    values: {connection: lake, nokey: 1}\n"
		      "  - type: io.kestra.plugin.core.log.Log\n    forced: true\n    values: "
		      "{message: forced}\n"
		      "tasks:\n  - {id: a, type: log, message: own}\n  - {id: q, type: sql.query, "
		      "sql: SELECT 1, connection: own}\n"
		      "  - {id: r, type: io.kestra.plugin.jdbc.sqlite.Query, sql: SELECT 1}\n",
			&report);

	g_assert_cmpstr(report, ==, "");
	definition = flow_definition_json(flow);
	g_assert_cmpstr(definition, ==,
		"{\"id\":\"f\",\"namespace\":\"ns\",\"tasks\":[{\"id\":\"a\",\"type\":\"log\","
		"\"message\":\"forced\",\"level\":\"WARN\"},"
		"{\"id\":\"q\",\"type\":\"sql.query\",\"sql\":\"SELECT 1\",\"connection\":\"own\"},"
		"{\"id\":\"r\",\"type\":\"sql.query\",\"sql\":\"SELECT "
		"1\",\"connection\":\"lake\",\"driver\":\"sqlite\"}]}");
}

static void test_model(void)
{
	g_autofree char *report = NULL;
	g_autoptr(Flow) flow =
		parse("id: f\nnamespace: a.b\nlabels: [{key: team, value: 7}]\nconcurrency: "
		      "{limit: 2, behavior: fail}\nretry: {interval: PT1M, "
		      "maxAttempts: 3, behavior: CREATE_NEW_EXECUTION}\ninputs: [{id: x, type: "
		      "INT, defaults: 3, min: 1}]\ntasks:\n  - id: if\n    type: if\n"
		      "    condition: \"{{ inputs.x }}\"\n    then: [{id: a, type: log, message: "
		      "x, timeout: PT5S, allowFailure: true}]\n"
		      "    else: [{id: b, type: log, message: x}]\n    errors: [{id: c, type: log, "
		      "message: x}]\nerrors: [{id: e, type: log, message: x}]\n"
		      "sla: [{id: s, type: MAX_DURATION, duration: PT1H, behavior: CANCEL}]\n"
		      "triggers: [{id: t, type: schedule, cron: \"0 0 * * *\", inputs: {x: 4}, "
		      "stopAfter: [FAILED]}]\n",
			&report);
	const Task *container = flow->tasks->pdata[0];
	const Task *child = container->tasks->pdata[0];
	const Input *input = flow->inputs->pdata[0];
	const Sla *sla = flow->sla->pdata[0];
	const Trigger *trigger = flow->triggers->pdata[0];

	g_assert_cmpstr(report, ==, "");
	g_assert_cmpstr(flow->namespace, ==, "a.b");
	g_assert_cmpstr(json_string_value(json_object_get(flow->labels, "team")), ==, "7");
	g_assert_cmpint(flow->concurrency_limit, ==, 2);
	g_assert_cmpint(flow->concurrency_behavior, ==, CONCURRENCY_FAIL);
	g_assert_cmpint(flow->retry->interval, ==, 60000000);
	g_assert_cmpint(flow->retry->behavior, ==, RETRY_NEW_EXECUTION);
	g_assert_cmpuint(flow->task_count, ==, 5);
	g_assert_cmpstr(child->id, ==, "a");
	g_assert_true(child->parent == container);
	g_assert_cmpuint(child->line, ==, 11);
	g_assert_cmpstr(child->timeout, ==, "PT5S");
	g_assert_true(child->allow_failure);
	g_assert_null(json_object_get(child->properties, "timeout"));
	g_assert_cmpstr(((const Task *)container->otherwise->pdata[0])->id, ==, "b");
	g_assert_cmpstr(((const Task *)container->errors->pdata[0])->id, ==, "c");
	g_assert_true(flow_task_find(flow, "e") != NULL && flow_task_find(flow, "zz") == NULL);
	g_assert_cmpint(json_integer_value(json_object_get(input->properties, "min")), ==, 1);
	g_assert_cmpint(sla->duration, ==, 3600000000);
	g_assert_cmpstr(trigger->kind->name, ==, "schedule");
	g_assert_cmpint(json_integer_value(json_object_get(trigger->inputs, "x")), ==, 4);
}

static void test_durations(void)
{
	static const struct {
		const char *text;
		int64_t microseconds; // -1: none
	} cases[] = {{"PT1S", 1000000}, {"pt0.25s", 250000}, {"P1DT2H", 93600000000},
		{"P1W", 604800000000}, {"PT1H30M", 5400000000}, {"P1M", 2592000000000}, {"P", -1},
		{"PT", -1}, {"5s", -1}, {"PT5", -1}, {"P1S", -1}, {"PT1D", -1}, {"", -1}};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		int64_t found = -1;

		if (!duration_parse(cases[i].text, &found))
			found = -1;
		g_assert_cmpint(found, ==, cases[i].microseconds);
	}
}

// Every alias names a kind that there is, and every required table has a name.
static void test_tables(void)
{
	for (const TaskAlias *alias = task_aliases; alias->name != NULL; alias++)
		g_assert_nonnull(task_kind_find(alias->kind, NULL));
	for (const TaskAlias *alias = trigger_aliases; alias->name != NULL; alias++)
		g_assert_nonnull(trigger_kind_find(alias->kind, NULL));
	for (const TaskKind *kind = task_kinds; kind->name != NULL; kind++) {
		for (const KeyTable *table = kind->keys; table != NULL; table = table->base) {
			for (const KeyRow *row = table->rows; row->name != NULL; row++)
				g_assert_true(row->alias_of == NULL ||
					      key_table_find(kind->keys, row->alias_of) != NULL);
		}
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_set_nonfatal_assertions();
	g_test_add_func("/flow/old-names", test_old_names);
	g_test_add_func("/flow/faults", test_faults);
	g_test_add_func("/flow/values", test_values);
	g_test_add_func("/flow/retries", test_retries);
	g_test_add_func("/flow/counts", test_counts);
	g_test_add_func("/flow/dag", test_dag);
	g_test_add_func("/flow/expressions", test_expressions);
	g_test_add_func("/flow/defaults", test_defaults);
	g_test_add_func("/flow/model", test_model);
	g_test_add_func("/flow/durations", test_durations);
	g_test_add_func("/flow/tables", test_tables);
	return g_test_run();
}
