// Flows as a whole: inputs and outputs, sub-flows, service levels, and what is done when something failed.
#include "tests/runner/run_bed.h"

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

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(flows); i++) {
		g_autofree char *path = g_strdup_printf("/runner/flows/%s", flows[i].name);

		g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_flow);
	}
	return g_test_run();
}
