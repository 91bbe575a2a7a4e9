// Whole runs: flows as people write them, and what becomes of them.
#include "runner/restart.h"
#include "runner/run_report.h"
#include "runner/task_type.h"
#include "store/id.h"
#include "store/node.h"
#include "store/run.h"
#include "store/task_run.h"
#include "tests/runner/run_bed.h"

#include "repo-layout/task_kind.h"

#include <string.h>

static const struct {
	const char *name, *tasks, *expected;
} cases[] = {
	{"log", "- {id: a, type: log, message: hello}", "SUCCESS: a=SUCCESS"},
	{"kestra-names",
		"- {id: a, type: io.kestra.plugin.core.log.Log, message: hello}\n"
		"- {id: b, type: io.kestra.core.tasks.debugs.Return, format: x}",
		"SUCCESS: a=SUCCESS b=SUCCESS"},
	{"fail", "- {id: a, type: fail}\n- {id: b, type: log, message: x}", "FAILED: a=FAILED"},
	{"fail-condition", "- {id: a, type: fail, condition: '{{ 1 > 2 }}'}", "SUCCESS: a=SUCCESS"},
	{"undefined-variable", "- {id: a, type: log, message: '{{ outputs.nope.x }}'}",
		"FAILED: a=FAILED"},
	{"run-if",
		"- {id: a, type: log, message: x, runIf: '{{ 1 == 2 }}'}\n- {id: b, type: log, "
		"message: x}",
		"SUCCESS: a=SKIPPED() b=SUCCESS"},
	{"run-if-error", "- {id: a, type: log, message: x, runIf: '{{ nope }}'}",
		"FAILED: a=FAILED"},
	{"run-if-container",
		"- {id: s, type: sequential, runIf: 'false', tasks: [{id: a, type: log, message: "
		"x}]}",
		"SUCCESS: s=SKIPPED()"},
	{"allow-failure-flag",
		"- {id: a, type: fail, allowFailure: true}\n- {id: b, type: log, message: x}",
		"WARNING: a=WARNING(FAILED) b=SUCCESS"},
	{"retry",
		"- {id: a, type: fail, retry: {type: constant, interval: PT0.01S, maxAttempts: 3}}",
		"FAILED: a=FAILED(FAILED,FAILED,FAILED)"},
	{"retry-of-a-container",
		"- {id: s, type: sequential, retry: {type: constant, interval: PT0.01S, "
		"maxAttempts: 2}, tasks: [{id: a, type: fail}]}",
		"FAILED: s=FAILED a=FAILED(FAILED,FAILED)"},
	// What could not be told is asked again; the task does not run without an answer.
	{"retry-asks-run-if-again",
		"- {id: a, type: log, message: x, runIf: '{{ nobody.knows }}', retry: {type: "
		"constant, "
		"interval: PT0.01S, maxAttempts: 3}}",
		"FAILED: a=FAILED(FAILED,FAILED,FAILED)"},
	{"retry-opens-a-container-again",
		"- {id: e, type: foreach, values: '{{ nobody.knows }}', retry: {type: constant, "
		"interval: PT0.01S, maxAttempts: 2}, tasks: [{id: a, type: log, message: x}]}",
		"FAILED: e=FAILED(FAILED,FAILED)"},
	{"retry-then-a-container-opens",
		"- {id: e, type: foreach, values: '{{ taskrun.attemptsCount == 0 ? nobody.knows : "
		"[1] }}', retry: {type: constant, interval: PT0.01S, maxAttempts: 2}, tasks: [{id: "
		"a, type: log, message: x}]}",
		"SUCCESS: e=SUCCESS(FAILED,SUCCESS) a[1]=SUCCESS"},
	{"retry-of-what-is-not-built",
		"- {id: a, type: avro.read, from: x, retry: {type: constant, interval: PT0.01S, "
		"maxAttempts: 2}}",
		"FAILED: a=FAILED(FAILED,FAILED)"},
	{"retry-then-good",
		"- {id: a, type: fail, condition: '{{ taskrun.attemptsCount < 1 }}', "
		"retry: {type: constant, interval: PT0.01S, maxAttempts: 3}}",
		"SUCCESS: a=SUCCESS(FAILED,SUCCESS)"},
	{"warning-on-retry",
		"- {id: a, type: fail, condition: '{{ taskrun.attemptsCount < 1 }}', "
		"retry: {type: constant, interval: PT0.01S, maxAttempts: 3, warningOnRetry: true}}",
		"WARNING: a=WARNING(FAILED,SUCCESS)"},
	{"allowed-after-retries",
		"- {id: a, type: fail, allowFailure: true, retry: {type: constant, interval: "
		"PT0.01S, maxAttempts: 2}}",
		"WARNING: a=WARNING(FAILED,FAILED)"},
	{"foreach",
		"- {id: e, type: foreach, values: [x, 1, {k: v}, x], tasks: [{id: a, type: log, "
		"message: hi}]}",
		"SUCCESS: e=SUCCESS a[x]=SUCCESS a[1]=SUCCESS a[{\"k\":\"v\"}]=SUCCESS"},
	{"foreach-text",
		"- {id: e, type: foreach, values: '[\"x\", \"y\"]', tasks: [{id: a, type: log, "
		"message: hi}]}",
		"SUCCESS: e=SUCCESS a[x]=SUCCESS a[y]=SUCCESS"},
	{"foreach-null",
		"- {id: e, type: foreach, values: '[\"x\", null]', tasks: [{id: a, type: log, "
		"message: hi}]}",
		"FAILED: e=FAILED"},
	{"foreach-empty",
		"- {id: e, type: foreach, values: '[]', tasks: [{id: a, type: log, message: hi}]}",
		"SUCCESS: e=SUCCESS"},
	{"foreach-no-list",
		"- {id: e, type: foreach, values: 'x', tasks: [{id: a, type: log, message: hi}]}",
		"FAILED: e=FAILED"},
	{"foreach-batch",
		"- {id: e, type: foreach, values: [1, 2, 3], batch: 2, tasks: [{id: a, type: log, "
		"message: hi}]}",
		"SUCCESS: e=SUCCESS a[[1,2]]=SUCCESS a[[3]]=SUCCESS"},
	{"each-parallel",
		"- {id: e, type: io.kestra.core.tasks.flows.EachParallel, value: [x, y], "
		"tasks: [{id: a, type: log, message: hi}, {id: b, type: log, message: hi}]}",
		"SUCCESS: e=SUCCESS a[x]=SUCCESS b[x]=SUCCESS a[y]=SUCCESS b[y]=SUCCESS"},
	{"if",
		"- {id: i, type: if, condition: '{{ true }}', then: [{id: a, type: log, message: "
		"x}]}\n"
		"- {id: j, type: if, condition: '0', then: [{id: b, type: log, message: x}], else: "
		"[{id: c, type: log, message: x}]}\n"
		"- {id: k, type: if, condition: \"{{ '' }}\", then: [{id: d, type: log, message: "
		"x}]}",
		"SUCCESS: i=SUCCESS a=SUCCESS j=SUCCESS c=SUCCESS k=SUCCESS"},
	{"if-error",
		"- {id: i, type: if, condition: '{{ nope }}', then: [{id: a, type: log, message: "
		"x}]}",
		"FAILED: i=FAILED"},
	{"switch",
		"- {id: s, type: switch, value: '2', cases: {1: [{id: a, type: log, message: x}], "
		"2: [{id: b, type: log, message: "
		"x}]}}",
		"SUCCESS: s=SUCCESS b=SUCCESS"},
	{"switch-defaults",
		"- {id: s, type: switch, value: 'z', cases: {a: [{id: a, type: log, message: x}]}, "
		"defaults: [{id: b, type: log, message: x}]}",
		"SUCCESS: s=SUCCESS b=SUCCESS"},
	{"switch-no-match",
		"- {id: s, type: switch, value: 'z', cases: {a: [{id: a, type: log, message: x}]}}",
		"FAILED: s=FAILED"},
	{"dag",
		"- {id: d, type: dag, tasks: [{task: {id: a, type: log, message: x}, dependsOn: "
		"[b]}, {task: {id: b, type: log, "
		"message: x}}]}",
		"SUCCESS: d=SUCCESS b=SUCCESS a=SUCCESS"},
	{"loop-until",
		"- {id: l, type: loop-until, condition: '{{ outputs.l.iterationCount == 3 }}', "
		"checkFrequency: {interval: PT0.01S}, "
		"tasks: [{id: a, type: log, message: x}]}",
		"SUCCESS: l=SUCCESS a=SUCCESS"},
	{"loop-until-most",
		"- {id: l, type: loop-until, condition: 'false', failOnMaxReached: true, "
		"checkFrequency: {interval: PT0.01S, "
		"maxIterations: 2}, tasks: [{id: a, type: log, message: x}]}",
		"FAILED: l=FAILED a=SUCCESS"},
	{"loop-until-most-is-good",
		"- {id: l, type: loop-until, condition: 'false', checkFrequency: {interval: "
		"PT0.01S, maxIterations: 2}, "
		"tasks: [{id: a, type: log, message: x}]}",
		"SUCCESS: l=SUCCESS a=SUCCESS"},
	{"sleep", "- {id: a, type: sleep, duration: PT0.02S}", "SUCCESS: a=SUCCESS"},
	{"sleep-timeout", "- {id: a, type: sleep, duration: PT10S, timeout: PT0.02S}",
		"FAILED: a=FAILED"},
	{"pause-delay", "- {id: a, type: pause, delay: PT0.02S}\n- {id: b, type: log, message: x}",
		"SUCCESS: a=SUCCESS b=SUCCESS"},
	{"pause-timeout", "- {id: a, type: pause, timeout: PT0.02S}", "FAILED: a=FAILED"},
	{"pause-timeout-before-delay",
		"- {id: a, type: pause, delay: PT20S, timeout: PT0.02S}\n- {id: b, type: log, "
		"message: x}",
		"FAILED: a=FAILED"},
	{"pause-timeout-is-no-delay",
		"- {id: a, type: pause, behavior: WARN, timeout: PT0.02S}\n- {id: b, type: log, "
		"message: x}",
		"FAILED: a=FAILED"},
	{"pause-behavior",
		"- {id: a, type: pause, behavior: WARN, delay: PT0.02S, timeout: PT20S}\n"
		"- {id: b, type: pause, behavior: CANCEL, pauseDuration: PT0.02S}",
		"CANCELLED: a=WARNING b=CANCELLED"},
	{"pause-behavior-by-expression",
		"- {id: a, type: pause, behavior: \"{{ 'FAIL' }}\", delay: PT0.02S}",
		"FAILED: a=FAILED"},
	{"pause-with-tasks",
		"- {id: a, type: pause, delay: PT0.02S, tasks: [{id: b, type: log, message: x}, "
		"{id: c, type: fail}, {id: no, type: log, message: x}], errors: [{id: d, type: "
		"log, "
		"message: x}], finally: [{id: e, type: log, message: x}]}",
		"FAILED: a=FAILED b=SUCCESS c=FAILED d=SUCCESS e=SUCCESS"},
	{"pause-with-tasks-warns",
		"- {id: a, type: pause, delay: PT0.02S, behavior: WARN, tasks: [{id: b, type: log, "
		"message: x}]}\n- {id: c, type: log, message: x}",
		"WARNING: a=WARNING b=SUCCESS c=SUCCESS"},
	{"pause-fails-into-its-errors",
		"- {id: a, type: pause, timeout: PT0.02S, tasks: [{id: no, type: log, message: "
		"x}], "
		"errors: [{id: b, type: log, message: x}], finally: [{id: c, type: log, message: "
		"x}]}",
		"FAILED: a=FAILED b=SUCCESS c=SUCCESS"},
	{"pause-and-what-runs-beside-it",
		"- {id: a, type: pause, delay: PT0.02S, onPause: {id: b, type: shell, commands: "
		"['sleep 0.1']}, tasks: [{id: c, type: log, message: x}]}\n- {id: d, type: log, "
		"message: x}",
		"SUCCESS: a=SUCCESS b=SUCCESS c=SUCCESS d=SUCCESS"},
	{"pause-is-not-what-fails-beside-it",
		"- {id: a, type: pause, delay: PT0.02S, onPause: {id: b, type: fail}}",
		"SUCCESS: a=SUCCESS b=FAILED"},
	{"pause-cancels-with-something-in-it",
		"- {id: a, type: pause, delay: PT0.02S, behavior: CANCEL, onPause: {id: b, type: "
		"log, message: x}}\n- {id: c, type: log, message: x}",
		"CANCELLED: a=CANCELLED b=SUCCESS"},
	{"pause-for-ever-with-something-beside-it",
		"- {id: a, type: pause, onPause: {id: b, type: log, message: x}}",
		"PAUSED: a=PAUSED b=SUCCESS"},
	{"pause-for-ever", "- {id: a, type: pause}\n- {id: b, type: log, message: x}",
		"PAUSED: a=PAUSED"},
	{"shell", "- {id: a, type: shell, commands: ['true', 'exit 3', 'true']}",
		"FAILED: a=FAILED"},
	{"shell-of-a-file-that-is-not-there",
		"- {id: a, type: shell, commands: ['cat weir:///none/x.txt']}", "FAILED: a=FAILED"},
	{"labels-without-a-key", "- {id: a, type: labels, labels: [{value: x}]}",
		"FAILED: a=FAILED"},
	{"shell-fail-fast", "- {id: a, type: shell, commands: ['false', 'true']}",
		"FAILED: a=FAILED"},
	{"shell-not-fail-fast",
		"- {id: a, type: shell, failFast: false, commands: ['false', 'true']}",
		"SUCCESS: a=SUCCESS"},
	{"shell-warning", "- {id: a, type: shell, warningOnStdErr: true, commands: ['echo x >&2']}",
		"WARNING: a=WARNING"},
	{"shell-timeout", "- {id: a, type: shell, timeout: PT0.1S, commands: ['sleep 20']}",
		"FAILED: a=FAILED"},
	{"shell-no-program", "- {id: a, type: shell, commands: ['/no/such/program']}",
		"FAILED: a=FAILED"},
	{"parallel-shells",
		"- {id: p, type: parallel, tasks: [{id: a, type: shell, commands: [/bin/true]}, "
		"{id: b, type: shell, commands: "
		"[/bin/true]}, {id: c, type: shell, commands: [/bin/true]}]}",
		"SUCCESS: p=SUCCESS a=SUCCESS b=SUCCESS c=SUCCESS"},
	{"not-built", "- {id: a, type: avro.read, from: x}", "FAILED: a=FAILED"},
};

static char *flow_of(const char *tasks)
{
	g_auto(GStrv) lines = g_strsplit(tasks, "\n", -1);
	GString *text = g_string_new("id: f\nnamespace: t\ntasks:\n");

	for (char **line = lines; *line != NULL; line++)
		g_string_append_printf(text, "  %s\n", *line);
	return g_string_free(text, FALSE);
}

static void test_case(gconstpointer data)
{
	const size_t i = GPOINTER_TO_SIZE(data);
	g_autofree char *yaml = flow_of(cases[i].tasks);
	json_t *report = bed_run(yaml, NULL);
	g_autofree char *text = bed_text(report);

	g_assert_cmpstr(text, ==, cases[i].expected);
	json_decref(report);
}

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
	g_autofree char *yaml = flow_of(outputs[i].tasks);
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
	g_autofree char *yaml =
		flow_of("- {id: a, type: log, level: WARN, message: [one, '{{ 1 + 1 }}']}\n"
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

// ---- Flows as a whole

static const struct {
	const char *name, *yaml, *inputs, *expected, *outputs;
} flows[] = {
	{"errors-and-finally",
		"id: f\nnamespace: t\ntasks: [{id: a, type: fail}]\nerrors: [{id: e, type: log, "
		"message: x}]\n"
		"finally: [{id: z, type: log, message: x}]\nafterExecution: [{id: y, type: return, "
		"format: '{{ execution.state }}'}]",
		NULL, "FAILED: a=FAILED e=SUCCESS z=SUCCESS y=SUCCESS", "{}"},
	{"outputs",
		"id: f\nnamespace: t\ninputs: [{id: n, type: INT, defaults: 4}]\ntasks: [{id: a, "
		"type: return, format: '{{ inputs.n }}'}]\n"
		"outputs: [{id: text, type: STRING, value: '{{ outputs.a.value }}'}, {id: number, "
		"type: INT, value: '{{ outputs.a.value "
		"}}'}]",
		NULL, "SUCCESS: a=SUCCESS", "{\"text\":\"4\",\"number\":4}"},
	{"output-that-fails",
		"id: f\nnamespace: t\ntasks: [{id: a, type: log, message: x}]\n"
		"outputs: [{id: o, type: STRING, value: '{{ outputs.nope.value }}'}]",
		NULL, "FAILED: a=SUCCESS", "{}"},
	{"bad-inputs",
		"id: f\nnamespace: t\ninputs: [{id: n, type: INT}, {id: d, type: DATE}]\ntasks: "
		"[{id: a, type: log, message: x}]",
		"{\"n\": \"x\", \"d\": \"2026-13-01\"}", "FAILED:", "{}"},
	{"nested-inputs",
		"id: f\nnamespace: t\ninputs: [{id: a.b, type: STRING}]\ntasks: [{id: r, type: "
		"log, message: x}]\n"
		"outputs: [{id: o, type: STRING, value: '{{ inputs.a.b }}'}]",
		"{\"a.b\": \"x\"}", "SUCCESS: r=SUCCESS", "{\"o\":\"x\"}"},
	{"subflow",
		"id: f\nnamespace: t\ntasks: [{id: s, type: subflow, flowId: g, inputs: {n: 2}}]\n"
		"outputs: [{id: o, type: STRING, value: '{{ outputs.s.outputs.o }} {{ "
		"outputs.s.state }}'}]\n---\n"
		"id: g\nnamespace: t\ninputs: [{id: n, type: INT}]\ntasks: [{id: r, type: log, "
		"message: x}]\n"
		"outputs: [{id: o, type: STRING, value: 'n{{ inputs.n }}'}]",
		NULL, "SUCCESS: s=SUCCESS", "{\"o\":\"n2 SUCCESS\"}"},
	{"subflow-fails",
		"id: f\nnamespace: t\ntasks: [{id: s, type: subflow, flowId: g}, {id: l, type: "
		"log, message: x}]\n---\n"
		"id: g\nnamespace: t\ntasks: [{id: r, type: fail}]",
		NULL, "FAILED: s=FAILED", "{}"},
	{"subflow-failure-not-passed-on",
		"id: f\nnamespace: t\ntasks: [{id: s, type: subflow, flowId: g, transmitFailed: "
		"false}]\n"
		"outputs: [{id: o, type: STRING, value: '{{ outputs.s.state }}'}]\n---\n"
		"id: g\nnamespace: t\ntasks: [{id: r, type: fail}]",
		NULL, "SUCCESS: s=SUCCESS", "{\"o\":\"FAILED\"}"},
	{"subflow-cancelled",
		"id: f\nnamespace: t\ntasks: [{id: s, type: subflow, flowId: g}]\n"
		"outputs: [{id: o, type: STRING, value: '{{ outputs.s.state }}'}]\n---\n"
		"id: g\nnamespace: t\n"
		"sla: [{id: m, type: MAX_DURATION, duration: PT0.05S, behavior: CANCEL}]\n"
		"tasks: [{id: r, type: sleep, duration: PT20S}]",
		NULL, "SUCCESS: s=SUCCESS", "{\"o\":\"CANCELLED\"}"},
	{"subflow-missing", "id: f\nnamespace: t\ntasks: [{id: s, type: subflow, flowId: nope}]",
		NULL, "FAILED: s=FAILED", "{}"},
	{"new-run-for-a-failed-one",
		"id: f\nnamespace: t\nretry: {type: constant, interval: PT0.01S, maxAttempts: 2, "
		"behavior: CREATE_NEW_EXECUTION}\n"
		"tasks: [{id: a, type: fail}]",
		NULL, "RETRIED: a=FAILED", "{}"},
	{"sla",
		"id: f\nnamespace: t\nsla: [{id: quick, type: MAX_DURATION, duration: PT0.05S, "
		"behavior: CANCEL}]\n"
		"tasks: [{id: a, type: sleep, duration: PT20S}]",
		NULL, "CANCELLED: a=KILLED", "{}"},
	{"subflow-with-a-new-run",
		"id: f\nnamespace: t\ntasks: [{id: s, type: subflow, flowId: g}]\n"
		"outputs: [{id: o, type: STRING, value: '{{ outputs.s.state }} {{ "
		"outputs.s.outputs.id == outputs.s.executionId }}'}]\n---\n"
		"id: g\nnamespace: t\nretry: {type: constant, interval: PT0.01S, maxAttempts: 3, "
		"behavior: CREATE_NEW_EXECUTION}\n"
		"tasks: [{id: a, type: fail, condition: '{{ execution.id == execution.originalId "
		"}}'}]\n"
		"outputs: [{id: id, type: STRING, value: '{{ execution.id }}'}]",
		NULL, "SUCCESS: s=SUCCESS", "{\"o\":\"SUCCESS true\"}"},
	{"sla-shortest-first",
		"id: f\nnamespace: t\nsla: [{id: slow, type: MAX_DURATION, duration: PT1H, "
		"behavior: FAIL}, {id: quick, type: MAX_DURATION, duration: PT0.05S, behavior: "
		"CANCEL}]\n"
		"tasks: [{id: a, type: sleep, duration: PT20S}]",
		NULL, "CANCELLED: a=KILLED", "{}"},
	{"sla-two-in-turn",
		"id: f\nnamespace: t\nsla: [{id: two, type: MAX_DURATION, duration: PT0.1S, "
		"behavior: FAIL, labels: {b: 2}}, {id: one, type: MAX_DURATION, duration: "
		"PT0.02S, behavior: NONE, labels: {a: 1}}]\n"
		"tasks: [{id: a, type: sleep, duration: PT20S}]\n"
		"afterExecution: [{id: z, type: return, format: '{{ labels.a }}{{ labels.b }}'}]\n",
		NULL, "FAILED: a=KILLED z=SUCCESS", "{}"},
	{"sla-assertion-at-once",
		"id: f\nnamespace: t\nsla: [{id: sure, type: EXECUTION_ASSERTION, assert: '{{ "
		"(outputs.a.value ?? 1) == 1 }}', behavior: CANCEL}]\n"
		"tasks: [{id: a, type: return, format: 2}, {id: b, type: sleep, duration: PT20S}]\n"
		"afterExecution: [{id: z, type: return, format: '{{ execution.state }}'}]",
		NULL, "CANCELLED: a=SUCCESS z=SUCCESS", "{}"},
	{"sla-assertion-of-what-comes",
		"id: f\nnamespace: t\nsla: [{id: sure, type: EXECUTION_ASSERTION, assert: '{{ "
		"outputs.b.value == \"2\" }}', behavior: FAIL}]\n"
		"tasks: [{id: a, type: log, message: x}, {id: b, type: return, format: 2}]",
		NULL, "SUCCESS: a=SUCCESS b=SUCCESS", "{}"},
	{"sla-assertion-of-what-never-comes",
		"id: f\nnamespace: t\nsla: [{id: sure, type: EXECUTION_ASSERTION, assert: '{{ "
		"outputs.b.value == \"2\" }}', behavior: FAIL}]\n"
		"tasks: [{id: a, type: log, message: x}, {id: b, type: return, format: 2, runIf: "
		"'false'}]",
		NULL, "FAILED: a=SUCCESS b=SKIPPED()", "{}"},
	{"sla-assertion-adds-labels-once",
		"id: f\nnamespace: t\nsla: [{id: sure, type: EXECUTION_ASSERTION, assert: '{{ 1 == "
		"2 }}', behavior: NONE, labels: [{key: late, value: 'yes'}]}]\n"
		"tasks: [{id: a, type: log, message: x}, {id: b, type: return, format: '{{ "
		"labels.late }}'}]\n"
		"outputs: [{id: o, type: STRING, value: '{{ outputs.b.value }}'}]",
		NULL, "SUCCESS: a=SUCCESS b=SUCCESS", "{\"o\":\"yes\"}"},
	{"sub-flow-and-what-it-takes-out-of-it",
		"id: f\nnamespace: t\ntasks: [{id: s, type: subflow, namespace: t, flowId: g, "
		"inputs: "
		"{i: in}, outputs: {o: '{{ outputs.a.value }} {{ inputs.i }} {{ flow.id }} {{ "
		"execution.state }}', n: \"{{ outputs.c['x']['1'].value }}\"}}]\n"
		"outputs: [{id: o, type: JSON, value: '{{ outputs.s.outputs }}'}]\n"
		"---\nid: g\nnamespace: t\ninputs: [{id: i, type: STRING}]\ntasks: [{id: a, type: "
		"return, format: A}, {id: b, type: foreach, values: [x, y], tasks: [{id: d, type: "
		"foreach, values: [1], tasks: [{id: c, type: return, format: 'C{{ "
		"parent.taskrun.value }}'}]}]}]\n",
		NULL, "SUCCESS: s=SUCCESS", "{\"o\":{\"o\":\"A in g SUCCESS\",\"n\":\"Cx\"}}"},
	{"sub-flow-that-declares-what-it-gives",
		"id: f\nnamespace: t\ntasks: [{id: s, type: subflow, namespace: t, flowId: g, "
		"outputs: "
		"{o: '{{ outputs.nope.value }}'}}]\n"
		"outputs: [{id: o, type: JSON, value: '{{ outputs.s.outputs }}'}]\n"
		"---\nid: g\nnamespace: t\ntasks: [{id: a, type: return, format: A}]\noutputs: "
		"[{id: "
		"d, type: STRING, value: '{{ outputs.a.value }}'}]\n",
		NULL, "SUCCESS: s=SUCCESS", "{\"o\":{\"d\":\"A\"}}"},
	{"sub-flow-that-has-not-what-is-taken",
		"id: f\nnamespace: t\ntasks: [{id: s, type: subflow, namespace: t, flowId: g, "
		"outputs: "
		"{o: '{{ outputs.nope.value }}'}, allowFailure: true}]\n"
		"outputs: [{id: o, value: '{{ outputs.s.state }}{{ outputs.s.outputs ?? \"\" "
		"}}'}]\n"
		"---\nid: g\nnamespace: t\ntasks: [{id: a, type: return, format: A}]\n",
		NULL, "WARNING: s=WARNING(FAILED)", "{\"o\":\"SUCCESS\"}"},
	{"errors-ask-what-failed",
		"id: f\nnamespace: t\ntasks: [{id: e, type: foreach, values: [x, y], "
		"concurrencyLimit: 0, tasks: [{id: a, type: fail, errorMessage: 'no {{ "
		"taskrun.value }}'}]}]\n"
		"errors: [{id: r, type: return, format: '{% for l in errorLogs() %}{{ l.taskId }} "
		"{{ "
		"l.value }} {{ l.message }};{% endfor %}{{ tasksWithState(\"failed\") }}'}]\n"
		"outputs: [{id: o, type: STRING, value: '{{ outputs.r.value }}'}]",
		NULL, "FAILED: e=FAILED a[x]=FAILED a[y]=FAILED r=SUCCESS",
		"{\"o\":\"a x no x;a y no "
		"y;[{\\\"taskId\\\":\\\"e\\\",\\\"state\\\":\\\"FAILED\\\"},"
		"{\\\"taskId\\\":\\\"a\\\",\\\"state\\\":\\\"FAILED\\\",\\\"value\\\":\\\"x\\\"},"
		"{\\\"taskId\\\":\\\"a\\\",\\\"state\\\":\\\"FAILED\\\",\\\"value\\\":\\\"y\\\"}]"
		"\"}"},
	{"scripts-ask-what-failed",
		"id: f\nnamespace: t\ntasks: [{id: ok, type: log, message: x}, {id: a, type: fail, "
		"errorMessage: broken}]\n"
		"errors: [{id: r, type: shell, env: {E: '{{ errorLogs()[0].message }}', S: '{{ "
		"tasks.ok.state }}', N: '{{ tasksWithState(\"FAILED\") | length }}'}, commands: "
		"['echo \"::{\\\"outputs\\\":{\\\"o\\\":\\\"$E $S $N\\\"}}::\"']}]\n"
		"outputs: [{id: o, type: STRING, value: '{{ outputs.r.vars.o }}'}]",
		NULL, "FAILED: ok=SUCCESS a=FAILED r=SUCCESS", "{\"o\":\"broken SUCCESS 1\"}"},
	{"sla-assertion",
		"id: f\nnamespace: t\nsla: [{id: sure, type: EXECUTION_ASSERTION, assert: '{{ 1 == "
		"2 }}', behavior: FAIL}]\n"
		"tasks: [{id: a, type: log, message: x}]",
		NULL, "FAILED:", "{}"},
};

static void test_flow(gconstpointer data)
{
	const size_t i = GPOINTER_TO_SIZE(data);
	json_t *report = bed_run(flows[i].yaml, flows[i].inputs);
	g_autofree char *text = bed_text(report);
	g_autofree char *got = json_dumps(json_object_get(report, "outputs"), JSON_COMPACT);

	g_assert_cmpstr(text, ==, flows[i].expected);
	g_assert_cmpstr(got, ==, flows[i].outputs);
	json_decref(report);
}

// ---- Acts from outside

typedef struct {
	Store *store;
	Runner *runner;
	char id[27];
} Bed;

static void bed_begin(Bed *bed, const char *yaml, const char *flow)
{
	RunnerOptions options = {.slots = 2, .sole = true};
	g_autoptr(GError) error = NULL;

	bed->store = store_open(NULL, STORE_EPHEMERAL, &error);
	g_assert_no_error(error);
	bed_flows_put(bed->store, yaml);
	bed_run_create(bed->store, flow, NULL, bed->id);
	bed->runner = runner_new(bed->store, &options, &error);
	runner_start(bed->runner, &error);
	g_assert_no_error(error);
}

static char *bed_end(Bed *bed)
{
	g_autoptr(GError) error = NULL;
	json_t *report;
	char *text;

	runner_wait(bed->runner, bed->id, &error);
	g_assert_no_error(error);
	runner_free(bed->runner);
	report = run_report(bed->store, bed->id, NULL, &error);
	g_assert_no_error(error);
	text = bed_text(report);
	json_decref(report);
	store_close(bed->store);
	return text;
}

// Waits until a task run of the run is in a state.
static void wait_for(const Bed *bed, const char *task, RunState state)
{
	for (int i = 0; i < 2000; i++) {
		StoreTaskRunFilter filter = {
			.run_id = bed->id, .task_id = task, .state = (int)state};
		g_autoptr(GPtrArray) rows = NULL;

		g_assert_true(store_task_runs_list(bed->store, &filter, NULL, &rows, NULL, NULL));
		if (rows->len > 0)
			return;
		g_usleep(5000);
	}
	g_assert_not_reached();
}

static void test_kill(void)
{
	Bed bed;
	g_autofree char *pid_file = g_strdup_printf(
		"%s/weir-test-%d", g_get_tmp_dir(), g_random_int_range(0, G_MAXINT));
	g_autofree char *yaml =
		g_strdup_printf("id: f\nnamespace: t\ntasks:\n"
				"  - {id: p, type: parallel, tasks: [{id: a, type: shell, "
				"commands: ['sleep 60 & echo $! > %s; wait']}, "
				"{id: b, type: sleep, duration: PT60S}, {id: c, type: pause}]}\n"
				"  - {id: l, type: log, message: x}\n",
			pid_file);
	g_autofree char *pid = NULL;

	bed_begin(&bed, yaml, "f");
	wait_for(&bed, "a", RUN_RUNNING);
	wait_for(&bed, "c", RUN_PAUSED);
	for (int i = 0; i < 1000 && (pid == NULL || *pid == '\0'); i++) {
		g_clear_pointer(&pid, g_free);
		g_file_get_contents(pid_file, &pid, NULL, NULL);
		g_usleep(5000);
	}
	g_assert_true(store_run_kill(bed.store, bed.id, NULL, NULL));
	g_autofree char *text = bed_end(&bed);
	g_assert_cmpstr(text, ==, "KILLED: p=KILLED a=KILLED b=KILLED c=KILLED");
	// The grandchild is gone, too.
	g_autofree char *process = g_strdup_printf("/proc/%s", g_strstrip(pid));
	for (int i = 0; i < 400 && g_file_test(process, G_FILE_TEST_EXISTS); i++)
		g_usleep(5000);
	g_assert_false(g_file_test(process, G_FILE_TEST_EXISTS));
	remove(pid_file);
}

static void test_kill_child_run(void)
{
	Bed bed;

	bed_begin(&bed,
		"id: f\nnamespace: t\ntasks: [{id: s, type: subflow, flowId: g}]\n---\n"
		"id: g\nnamespace: t\ntasks: [{id: a, type: sleep, duration: PT60S}]",
		"f");
	wait_for(&bed, "s", RUN_RUNNING);
	g_assert_true(store_run_kill(bed.store, bed.id, NULL, NULL));
	g_autofree char *text = bed_end(&bed);
	g_assert_cmpstr(text, ==, "KILLED: s=KILLED");
}

static void test_resume(void)
{
	Bed bed;
	g_autoptr(GError) error = NULL;

	bed_begin(&bed,
		"id: f\nnamespace: t\ntasks:\n  - {id: p, type: pause, onResume: [{id: why, type: "
		"STRING}]}\n"
		"  - {id: r, type: fail, errorMessage: '{{ outputs.p.onResume.why }}', condition: "
		"\"{{ outputs.p.onResume.why != 'ok' }}\"}\n",
		"f");
	runner_wait(bed.runner, bed.id, &error);
	g_assert_no_error(error);
	g_assert_true(store_run_resume(bed.store, bed.id, "{\"why\": \"ok\"}", NULL, &error));
	for (int i = 0; i < 2000; i++) {
		g_autoptr(StoreRun) run = NULL;

		g_assert_true(store_run_get(bed.store, bed.id, &run, &error));
		if (run_state_is_ended(run->state))
			break;
		g_usleep(5000);
	}
	g_autofree char *text = bed_end(&bed);
	g_assert_cmpstr(text, ==, "SUCCESS: p=SUCCESS r=SUCCESS");
}

static void test_restart(void)
{
	Bed bed;
	g_autoptr(GError) error = NULL;
	g_autofree char *flag = g_strdup_printf(
		"%s/weir-flag-%d", g_get_tmp_dir(), g_random_int_range(0, G_MAXINT));
	g_autofree char *yaml =
		g_strdup_printf("id: f\nnamespace: t\ntasks:\n  - {id: a, type: log, message: x}\n"
				"  - {id: s, type: sequential, tasks: [{id: b, type: shell, "
				"commands: ['test -e %s']}, {id: c, type: log, message: x}]}\n"
				"errors: [{id: e, type: log, message: x}]\n",
			flag);

	bed_begin(&bed, yaml, "f");
	runner_wait(bed.runner, bed.id, &error);
	g_assert_no_error(error);
	g_file_set_contents(flag, "", 0, NULL);
	run_restart(bed.store, bed.id, &error);
	g_assert_no_error(error);
	g_autofree char *text = bed_end(&bed);
	g_assert_cmpstr(text, ==,
		"SUCCESS: a=SUCCESS s=SUCCESS(FAILED,SUCCESS) b=SUCCESS(FAILED,SUCCESS) c=SUCCESS");
	remove(flag);
}

// A node whose leases were taken away while a task of it was under way writes nothing any more.
static void test_fenced(void)
{
	Bed bed;
	g_autoptr(GError) error = NULL;
	g_autoptr(StoreRun) run = NULL;
	char id[27], name[] = "other", version[] = "0";
	StoreNode other = {
		.id = id_make(id), .name = name, .version = version, .expires_at = INT64_MAX};
	StoreRunChange change = {.state = RUN_CANCELLED, .message = "taken over"};
	StoreLease lease;
	bool claimed;

	bed_begin(&bed,
		"id: f\nnamespace: t\ntasks: [{id: a, type: shell, commands: ['sleep 0.3']}, {id: "
		"b, type: log, message: x}]",
		"f");
	wait_for(&bed, "a", RUN_RUNNING);
	g_assert_true(store_nodes_expire(bed.store, INT64_MAX, NULL, &error));
	g_assert_true(store_node_put(bed.store, &other, &error));
	g_assert_true(store_run_claim_one(bed.store, id, bed.id, &lease, &claimed, &error));
	g_assert_true(claimed);
	g_assert_true(store_run_end(bed.store, &lease, &change, &error));
	g_usleep(600000);
	g_autofree char *text = bed_end(&bed);
	g_assert_cmpstr(text, ==, "CANCELLED: a=RUNNING");
}

// Pools hold back more than their limit; others go on.
static void test_pool(void)
{
	RunnerPool pool = {"one", 1};
	RunnerOptions options = {.slots = 4, .sole = true, .pools = &pool, .pool_count = 1};
	g_autoptr(GError) error = NULL;
	Store *store = store_open(NULL, STORE_EPHEMERAL, &error);
	g_autofree char *lock = g_strdup_printf(
		"%s/weir-pool-%d", g_get_tmp_dir(), g_random_int_range(0, G_MAXINT));
	g_autofree char *task = g_strdup_printf(
		"type: shell, pool: one, commands: ['mkdir %s', 'sleep 0.05', 'rmdir %s']", lock,
		lock);
	g_autofree char *yaml = g_strdup_printf("id: f\nnamespace: t\ntasks: [{id: p, type: "
						"parallel, tasks: [{id: a, %s}, {id: b, %s}, "
						"{id: c, %s}]}]",
		task, task, task);
	Bed bed = {.store = store};

	bed_flows_put(store, yaml);
	bed_run_create(store, "f", NULL, bed.id);
	bed.runner = runner_new(store, &options, &error);
	g_assert_true(runner_start(bed.runner, &error));
	g_autofree char *text = bed_end(&bed);
	g_assert_cmpstr(text, ==, "SUCCESS: p=SUCCESS a=SUCCESS b=SUCCESS c=SUCCESS");
}

// ---- The two tables of task types

static void test_types(void)
{
	static const char *const built[] = {"log", "return", "fail", "sleep", "labels", "outputs",
		"subflow", "pause", "shell", "sql.build", "sql.load"};

	for (size_t i = 0; i < G_N_ELEMENTS(built); i++) {
		const TaskType *type = task_type_find(built[i]);

		g_assert_nonnull(type);
		g_assert_nonnull(type->run);
		g_assert_nonnull(task_kind_find(built[i], NULL));
	}
	g_assert_null(task_type_find("avro.read"));
	g_assert_nonnull(task_kind_find("avro.read", NULL));
	g_autofree char *yaml = flow_of("- {id: a, type: avro.read, from: x}");
	json_t *report = bed_run(yaml, NULL);
	g_assert_cmpstr(json_string_value(json_object_get(report, "log")), ==,
		"ERROR task type 'avro.read' is not built into this version\n");
	json_decref(report);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strdup_printf("/runner/tasks/%s", cases[i].name);

		g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_case);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(outputs); i++) {
		g_autofree char *path = g_strdup_printf("/runner/outputs/%s", outputs[i].name);

		g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_outputs);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(flows); i++) {
		g_autofree char *path = g_strdup_printf("/runner/flows/%s", flows[i].name);

		g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_flow);
	}
	g_test_add_func("/runner/log", test_log);
	g_test_add_func("/runner/secrets", test_secrets);
	g_test_add_func("/runner/secrets-in-outputs", test_secrets_in_outputs);
	g_test_add_func("/runner/kill", test_kill);
	g_test_add_func("/runner/kill-child-run", test_kill_child_run);
	g_test_add_func("/runner/resume", test_resume);
	g_test_add_func("/runner/restart", test_restart);
	g_test_add_func("/runner/fenced", test_fenced);
	g_test_add_func("/runner/pool", test_pool);
	g_test_add_func("/runner/types", test_types);
	return g_test_run();
}
