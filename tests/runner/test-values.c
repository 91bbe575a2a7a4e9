// What tasks give to those behind them and to who reads: outputs, lines of the log, and no secret.
#include "tests/runner/run_bed.h"

#include <string.h>

// ---- Values

static const struct {
	const char *name, *tasks, *task, *outputs;
} outputs[] = {
	{"return", "- {id: a, type: return, format: '{{ 1 + 2 }} {{ flow.id }}'}", "a",
		"{\"value\":\"3 f\"}"},
	{"return-of-nothing",
		"- {id: a, type: return}\n- {id: b, type: return, format: \"{{ outputs.a.value ?? "
		"'none' }}|{{ outputs.a }}|{{ outputs.a.value }}\"}",
		"b", "{\"value\":\"none|{\\\"value\\\":null}|\"}"},
	{"functions-over-files",
		"- {id: w, type: shell, outputFiles: ['*.txt'], commands: ['printf four > a.txt', "
		"': > b.txt']}\n"
		"- id: r\n  type: return\n  format: \"{{ fileSize(outputs.w.outputFiles['a.txt']) "
		"}} {{ isFileEmpty(outputs.w.outputFiles['a.txt']) }} {{ "
		"isFileEmpty(outputs.w.outputFiles['b.txt']) }} {{ "
		"fileExists(outputs.w.outputFiles['a.txt']) }} {{ "
		"fileExists('weir:///none') }} {{ fileURI(outputs.w.outputFiles['a.txt']) == "
		"outputs.w.outputFiles['a.txt'] }}\"\n",
		"r", "{\"value\":\"4 false true true false true\"}"},
	{"functions-over-the-run",
		"- id: i\n  type: if\n  condition: 'true'\n  then:\n    - {id: r, type: return, "
		"format: \"{{ parentOutput().evaluationResult }} {{ fetchContext().flow.id }} {{ "
		"fetchContext().tasks.i.state }} {{ fromJson(printContext()).task.id }} {{ "
		"randomPort() > 1023 }} {{ yaml('a: [1, no]').a[1] }}\"}",
		"r", "{\"value\":\"true f RUNNING r true no\"}"},
	{"outputs",
		"- {id: a, type: outputs, values: {n: 1, t: '{{ 1 + 1 }}', o: '{{ {\"k\": 1} }}'}}",
		"a", "{\"values\":{\"n\":1,\"t\":\"2\",\"o\":\"{\\\"k\\\":1}\"}}"},
	{"nested-values",
		"- {id: e, type: foreach, values: [a, b], tasks: [{id: n, type: foreach, values: "
		"[1], tasks: [{id: r, type: return, "
		"format: '{{ parent.taskrun.value }}{{ taskrun.value }}'}]}]}\n"
		"- {id: z, type: return, format: \"{{ outputs.r['a']['1'].value }} {{ "
		"outputs.r['b']['1'].value }}\"}",
		"z", "{\"value\":\"a1 b1\"}"},
	{"outputs-of-this-round-inside-an-if",
		"- id: o\n  type: foreach\n  values: [a, b]\n  tasks:\n"
		"    - {id: t, type: return, format: 'v{{ taskrun.value }}'}\n"
		"    - {id: c, type: if, condition: 'true', then: [{id: d, type: return, format: "
		"'{{ currentEachOutput(outputs.t).value }}'}]}\n"
		"- {id: z, type: return, format: '{{ outputs.d.a.value }} {{ outputs.d.b.value "
		"}}'}",
		"z", "{\"value\":\"va vb\"}"},
	{"taskrun-of-the-working-directory",
		"- {id: e, type: foreach, values: [a], tasks: [{id: w, type: working-directory, "
		"tasks: [{id: r, type: return, format: \"{{ workerTaskrun.value }} {{ "
		"taskrun.value ?? 'none' }}\"}]}]}",
		"r", "{\"value\":\"a none\"}"},
	{"if-child-has-no-value",
		"- {id: e, type: foreach, values: [a], tasks: [{id: i, type: if, condition: "
		"'true', then: [{id: r, type: return, "
		"format: \"{{ taskrun.value ?? 'none' }} {{ parents[0].taskrun.value }} {{ "
		"parents[0].outputs.evaluationResult }}\"}]}]}",
		"r", "{\"value\":\"none a true\"}"},
	{"switch", "- {id: a, type: switch, value: x, defaults: [{id: b, type: log, message: x}]}",
		"a", "{\"value\":\"x\",\"defaults\":true}"},
	{"tasks-state",
		"- {id: a, type: fail, allowFailure: true}\n- {id: b, type: return, format: '{{ "
		"tasks.a.state }}'}",
		"b", "{\"value\":\"WARNING\"}"},
	{"labels",
		"- {id: a, type: labels, labels: {x: 1, y.z: '{{ 2 }}'}}\n- {id: b, type: return, "
		"format: '{{ labels.x }} {{ "
		"labels.y.z }}'}",
		"b", "{\"value\":\"1 2\"}"},
	{"labels-of-any-value",
		"- {id: a, type: labels, labels: [{key: s, value: {n: 1}}, {key: d, value: 4}, "
		"{key: "
		"d, value: 5}]}\n- {id: b, type: labels, labels: {l: [1, x], e: '{{ flow.id }}'}}\n"
		"- {id: c, type: return, format: '{{ labels.s }} {{ labels.d }} {{ labels.l }} {{ "
		"labels.e }}'}",
		"c", "{\"value\":\"{\\\"n\\\":1} 5 [1,\\\"x\\\"] f\"}"},
	{"files-by-their-uris",
		"- {id: a, type: shell, outputFiles: ['*.txt'], commands: ['printf \"x\\ny\\n\" > "
		"a.txt']}\n"
		"- id: b\n  type: shell\n  beforeCommands: [\"N=$(wc -l < {{ "
		"outputs.a.outputFiles['a.txt'] }})\"]\n  commands: [\"L=$(tail -n 1 {{ "
		"outputs.a.outputFiles['a.txt'] }})\", 'echo "
		"\"::{\\\"outputs\\\":{\\\"n\\\":$N,\\\"l\\\":\\\"$L\\\"}}::\"']\n"
		"- {id: c, type: return, format: '{{ outputs.b.vars }}'}",
		"c", "{\"value\":\"{\\\"n\\\":2,\\\"l\\\":\\\"y\\\"}\"}"},
	{"shell",
		"- {id: a, type: shell, env: {N: '{{ 7 }}'}, commands: ['echo "
		"\"::{\\\"outputs\\\":{\\\"n\\\":$N}}::\"', 'echo two', 'echo e >&2']}",
		"a",
		"{\"exitCode\":0,\"vars\":{\"n\":7},\"outputFiles\":{},\"stdOutLineCount\":2,"
		"\"stdErrLineCount\":1}"},
	{"shell-environment",
		"- {id: a, type: shell, commands: ['env | cut -d= -f1 | sort | tr \"\\n\" \" \" > "
		"o', "
		"'echo \"::{\\\"outputs\\\":{\\\"e\\\":\\\"$(cat o)\\\"}}::\"']}",
		"a",
		"{\"exitCode\":0,\"vars\":{\"e\":\"HOME LANG PATH PWD TMPDIR WEIR_TASK_RUN "
		"WORKING_DIR \"},\"outputFiles\":{},\"stdOutLineCount\":1,\"stdErrLineCount\":0}"},
	{"shell-files",
		"- {id: a, type: shell, inputFiles: {in.txt: hello}, outputFiles: ['*.out'], "
		"commands: ['tr a-z A-Z < in.txt > x.out']}\n"
		"- {id: b, type: return, format: \"{{ read(outputs.a.outputFiles['x.out']) }}\"}",
		"b", "{\"value\":\"HELLO\"}"},
};

static void test_outputs(gconstpointer data)
{
	const size_t i = GPOINTER_TO_SIZE(data);
	g_autofree char *yaml = bed_flow_of(outputs[i].tasks);
	json_t *report = bed_run(yaml, NULL);
	g_autofree char *got = NULL;
	json_t *task_run;
	size_t j;

	json_array_foreach(json_object_get(report, "task_runs"), j, task_run)
	{
		if (strcmp(json_string_value(json_object_get(task_run, "task_id")),
			    outputs[i].task) == 0)
			got = json_dumps(json_object_get(task_run, "outputs"), JSON_COMPACT);
	}
	if (g_strcmp0(got, outputs[i].outputs) != 0)
		g_test_message("%s", json_string_value(json_object_get(report, "log")));
	g_assert_cmpstr(got, ==, outputs[i].outputs);
	json_decref(report);
}

// ---- Logs

static void test_log(void)
{
	g_autofree char *yaml = bed_flow_of(
		"- {id: a, type: log, level: WARN, message: [one, '{{ 1 + 1 }}']}\n"
		"- {id: b, type: log, logLevel: ERROR, message: hidden}\n"
		"- {id: c, type: shell, commands: ['echo out', 'echo err >&2', \"printf "
		"'bad \\\\377 byte'\"]}\n"
		"- {id: d, type: fail, errorMessage: 'because {{ 3 }}'}");
	json_t *report = bed_run(yaml, NULL);

	g_assert_cmpstr(json_string_value(json_object_get(report, "log")), ==,
		"WARN one\nWARN 2\nINFO out\nERROR err\nINFO bad \xef\xbf\xbd byte\nERROR because "
		"3\n");
	json_decref(report);
}

static void test_secrets(void)
{
	const char *yaml = "id: f\nnamespace: t\ninputs: [{id: key, type: SECRET}]\ntasks:\n"
			   "  - {id: a, type: log, message: 'key {{ inputs.key }} and {{ "
			   "secret(\"TOKEN\") }}'}\n"
			   "  - {id: b, type: shell, env: {K: '{{ inputs.key }}'}, commands: "
			   "['echo got $K']}\n"
			   "  - {id: c, type: fail, errorMessage: 'no {{ inputs.key }}'}\n";
	json_t *report;

	g_setenv("WEIR_SECRET_TOKEN", "t0ken", TRUE);
	report = bed_run(yaml, "{\"key\": \"hunter2\"}");
	g_assert_cmpstr(json_string_value(json_object_get(report, "log")), ==,
		"INFO key ****** and ******\nINFO got ******\nERROR no ******\n");
	json_decref(report);
}

// The flow goes on with what its outputs hold; who reads them sees no secret, also of a sub-flow.
static void test_secrets_in_outputs(void)
{
	const char *yaml =
		"id: f\nnamespace: t\ninputs: [{id: key, type: SECRET}]\ntasks:\n"
		"  - {id: a, type: return, format: 'a {{ inputs.key }}'}\n"
		"  - {id: b, type: sql.query, fetch: ALL, sql: \"SELECT {{ outputs.a.value }} AS "
		"v, "
		"{{ outputs.a.value == 'a hunter2' }} AS same\"}\n"
		"  - {id: c, type: subflow, namespace: t, flowId: g, wait: true}\n"
		"  - {id: d, type: return, format: '{{ outputs.c.outputs.o == \"<t0ken>\" }}'}\n"
		"outputs:\n  - {id: o, type: STRING, value: '{{ outputs.a.value }}'}\n"
		"---\nid: g\nnamespace: t\ntasks: [{id: x, type: return, format: '<{{ "
		"secret(\"TOKEN\") "
		"}}>'}]\noutputs: [{id: o, type: STRING, value: '{{ outputs.x.value }}'}]\n";
	static const char *const expected[] = {"{\"value\":\"a ******\"}",
		"{\"rows\":[{\"v\":\"a ******\",\"same\":1}],\"size\":1}", NULL,
		"{\"value\":\"true\"}"};
	json_t *report, *tasks;
	char *text;

	g_setenv("WEIR_SECRET_TOKEN", "t0ken", TRUE);
	report = bed_run(yaml, "{\"key\": \"hunter2\"}");
	tasks = json_object_get(report, "task_runs");
	for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
		text = json_dumps(
			json_object_get(json_array_get(tasks, i), "outputs"), JSON_COMPACT);
		if (expected[i] != NULL)
			g_assert_cmpstr(text, ==, expected[i]);
		free(text);
	}
	g_assert_cmpstr(json_string_value(json_object_get(json_object_get(report, "outputs"), "o")),
		==, "a ******");
	json_object_del(report, "inputs"); // the caller of a report says which of these are secret
	text = json_dumps(report, 0);
	g_assert_null(strstr(text, "hunter2"));
	g_assert_null(strstr(text, "t0ken"));
	g_assert_nonnull(strstr(text, "<******>"));
	free(text);
	json_decref(report);
}

// Numbers, true and false, keys, lists: a secret is one however a value holds it.
static void test_secrets_of_other_kinds(void)
{
	const char *yaml =
		"id: f\nnamespace: t\ninputs: [{id: pin, type: SECRET}, {id: rate, type: SECRET}]\n"
		"tasks:\n"
		"  - {id: a, type: shell, env: {P: '{{ inputs.pin }}', R: '{{ inputs.rate }}'}, "
		"commands: ['echo \"::{\\\"outputs\\\":{\\\"pin\\\":$P,\\\"list\\\":[1,[$P]],"
		"\\\"real\\\":$P.0,\\\"big\\\":1$P,\\\"k$P\\\":{\\\"$P\\\":7},\\\"rate\\\":0.5,"
		"\\\"r\\\":$R,\\\"yes\\\":true}}::\"']}\n"
		"  - {id: b, type: return, format: '{{ outputs.a.vars.pin + 1 }}'}\n"
		"  - {id: c, type: labels, labels: {pin: '{{ outputs.a.vars.pin }}'}}\n"
		"outputs:\n  - {id: o, type: INT, value: '{{ outputs.a.vars.pin }}'}\n";
	json_t *report, *task;
	g_autofree char *first = NULL;
	char *text;

	report = bed_run(yaml, "{\"pin\": \"48151623\", \"rate\": \"0.50\"}");
	task = json_array_get(json_object_get(report, "task_runs"), 0);
	text = json_dumps(json_object_get(json_object_get(task, "outputs"), "vars"), JSON_COMPACT);
	first = g_strdup(text);
	free(text);
	g_assert_cmpstr(first, ==,
		"{\"pin\":\"******\",\"list\":[1,[\"******\"]],\"real\":\"******.0\","
		"\"big\":\"1******\",\"k******\":{\"******\":7},\"rate\":\"******\","
		"\"r\":\"******\",\"yes\":true}");
	json_object_del(report, "inputs");
	text = json_dumps(report, 0);
	g_assert_null(strstr(text, "48151623"));
	g_assert_nonnull(strstr(text, "48151624")); // what the flow makes of it
	free(text);
	json_decref(report);
}

static void test_secret_words(void)
{
	const char *yaml = "id: f\nnamespace: t\ninputs: [{id: flag, type: SECRET}]\ntasks:\n"
			   "  - {id: a, type: outputs, values: {x: true, y: false, z: '{{ "
			   "inputs.flag }}'}}\n";
	json_t *report = bed_run(yaml, "{\"flag\": \"true\"}");
	json_t *task = json_array_get(json_object_get(report, "task_runs"), 0);
	g_autofree char *text = json_dumps(json_object_get(task, "outputs"), JSON_COMPACT);

	g_assert_cmpstr(text, ==, "{\"values\":{\"x\":\"******\",\"y\":false,\"z\":\"******\"}}");
	json_decref(report);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(outputs); i++) {
		g_autofree char *path = g_strdup_printf("/runner/outputs/%s", outputs[i].name);

		g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_outputs);
	}
	g_test_add_func("/runner/log", test_log);
	g_test_add_func("/runner/secrets", test_secrets);
	g_test_add_func("/runner/secrets-in-outputs", test_secrets_in_outputs);
	g_test_add_func("/runner/secrets-of-other-kinds", test_secrets_of_other_kinds);
	g_test_add_func("/runner/secret-words", test_secret_words);
	return g_test_run();
}
