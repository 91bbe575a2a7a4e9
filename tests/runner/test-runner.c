// Each task and each container by itself: what becomes of its run.
#include "repo-layout/task_kind.h"
#include "runner/task_type.h"
#include "tests/runner/run_bed.h"

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

static void test_case(gconstpointer data)
{
	const size_t i = GPOINTER_TO_SIZE(data);
	g_autofree char *yaml = bed_flow_of(cases[i].tasks);
	assert_bed_run(yaml, cases[i].expected);
}

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
	g_autofree char *yaml = bed_flow_of("- {id: a, type: avro.read, from: x}");
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
	g_test_add_func("/runner/types", test_types);
	return g_test_run();
}
