// What of an ended run is kept by a restart and by a replay, as a table.
#include "runner/past.h"

#include "repo-layout/flow.h"
#include "runner/task_type.h"

#include <stdlib.h>
#include <string.h>

#define LOG(id) "{id: " id ", type: log, message: x}"
#define ABC	"[" LOG("a") ", " LOG("b") ", " LOG("c") "]"

// Task runs are numbered from 1; "2.a[x]=SUCCESS" stands in number 2, "0.…" at the top.
static const struct {
	const char *name, *flow, *rows;
	const char *from; // NULL: a restart
	const char *expected; // a mark for each row, or why not
} cases[] =
	{
		{"restart", "tasks: " ABC, "0.a=SUCCESS 0.b=FAILED", NULL, "keep anew"},
		{"restart-warning", "tasks: " ABC, "0.a=WARNING 0.b=SKIPPED 0.c=KILLED", NULL,
			"keep keep anew"},
		{"restart-never-began", "tasks: " ABC, "0.a=FAILED 0.b=KILLED", NULL, "anew anew"},
		{"restart-branches",
			"tasks: " ABC "\nerrors: [" LOG("e") "]\nfinally: [" LOG(
				"f") "]\nafterExecution: [" LOG("x") "]",
			"0.a=FAILED 0.e=SUCCESS 0.f=FAILED 0.x=SUCCESS", NULL,
			"anew remove remove remove"},
		// A container that has ended well is over, with what ran in it.
		{"restart-closed",
			"tasks: [{id: s, type: sequential, tasks: [" LOG("a") "], finally: [" LOG(
				"f") "]}, " LOG("b") "]",
			"0.s=SUCCESS 1.a=SUCCESS 1.f=SUCCESS 0.b=FAILED", NULL,
			"keep keep keep anew"},
		{"restart-allowed",
			"tasks: [{id: s, type: allow-failure, tasks: [" LOG("a") "]}, " LOG(
				"b") "]",
			"0.s=WARNING 1.a=FAILED 0.b=FAILED", NULL, "keep keep anew"},
		{"restart-around",
			"tasks: [{id: s, type: sequential, tasks: [" LOG("a") ", " LOG("b") "]}]",
			"0.s=FAILED 1.a=SUCCESS 1.b=FAILED", NULL, "reopen keep anew"},
		{"restart-between",
			"tasks: [{id: s, type: sequential, tasks: [" LOG("a") ", " LOG("b") "]}]",
			"0.s=KILLED 1.a=SUCCESS", NULL, "reopen keep"},
		{"restart-not-opened",
			"tasks: [{id: s, type: foreach, values: x, tasks: [" LOG("a") "]}]",
			"0.s=FAILED", NULL, "anew"},
		{"restart-folder",
			"tasks: [{id: s, type: working-directory, tasks: [" LOG("a") ", " LOG(
				"b") "]}]",
			"0.s=FAILED 1.a=SUCCESS 1.b=FAILED", NULL, "anew remove remove"},

		{"first", "tasks: " ABC, "0.a=SUCCESS 0.b=SUCCESS 0.c=SUCCESS", "a",
			"anew remove remove"},
		{"middle", "tasks: " ABC, "0.a=SUCCESS 0.b=SUCCESS 0.c=SUCCESS", "b",
			"keep anew remove"},
		{"last", "tasks: " ABC, "0.a=SUCCESS 0.b=SUCCESS 0.c=FAILED", "c",
			"keep keep anew"},
		{"by-id", "tasks: " ABC, "0.a=SUCCESS 0.b=SUCCESS 0.c=FAILED", "2",
			"keep anew remove"},
		{"skipped", "tasks: " ABC, "0.a=SUCCESS 0.b=SKIPPED 0.c=SUCCESS", "b",
			"keep anew remove"},
		{"container",
			"tasks: [" LOG("z") ", {id: s, type: sequential, tasks: " ABC
					    "}, " LOG("y") "]",
			"0.z=SUCCESS 0.s=SUCCESS 2.a=SUCCESS 2.b=SUCCESS 2.c=SUCCESS 0.y=SUCCESS",
			"s", "keep anew remove remove remove remove"},
		{"inside",
			"tasks: [" LOG("z") ", {id: s, type: sequential, tasks: " ABC
					    "}, " LOG("y") "]",
			"0.z=SUCCESS 0.s=SUCCESS 2.a=SUCCESS 2.b=SUCCESS 2.c=SUCCESS 0.y=SUCCESS",
			"b", "keep reopen keep anew remove remove"},
		{"inside-folder",
			"tasks: [{id: s, type: working-directory, tasks: [" LOG("a") ", " LOG(
				"b") "]}]",
			"0.s=SUCCESS 1.a=SUCCESS 1.b=SUCCESS", "b", "anew remove remove"},
		{"parallel", "tasks: [{id: p, type: parallel, tasks: " ABC "}, " LOG("y") "]",
			"0.p=SUCCESS 1.a=SUCCESS 1.b=SUCCESS 1.c=SUCCESS 0.y=SUCCESS", "b",
			"reopen keep anew keep remove"},
		// What failed beside it would hold it up.
		{"parallel-failed", "tasks: [{id: p, type: parallel, tasks: " ABC "}]",
			"0.p=FAILED 1.a=FAILED 1.b=SUCCESS 1.c=KILLED", "b",
			"reopen anew anew anew"},
		{"dag",
			"tasks: [{id: d, type: dag, tasks: [{task: " LOG("a") "}, {task: " LOG("b") "}, {task: " LOG(
				"c") ", dependsOn: [a]}, {task: " LOG("e") ", dependsOn: [c]}, "
									   "{task: " LOG("f") ", "
											      "depe"
											      "ndsO"
											      "n: "
											      "[b]}"
											      "]}]",
			"0.d=SUCCESS 1.a=SUCCESS 1.b=SUCCESS 1.c=SUCCESS 1.f=SUCCESS 1.e=SUCCESS",
			"a", "reopen anew keep remove keep remove"},
		{"loop-all", "tasks: [{id: e, type: foreach, values: [x, y], tasks: " ABC "}]",
			"0.e=SUCCESS 1.a[x]=SUCCESS 1.b[x]=SUCCESS 1.c[x]=SUCCESS 1.a[y]=SUCCESS "
			"1.b[y]=SUCCESS 1.c[y]=SUCCESS",
			"b", "reopen keep anew remove remove remove remove"},
		{"loop-one", "tasks: [{id: e, type: foreach, values: [x, y], tasks: " ABC "}]",
			"0.e=SUCCESS 1.a[x]=SUCCESS 1.b[x]=SUCCESS 1.a[y]=SUCCESS 1.b[y]=SUCCESS",
			"5", "reopen keep keep keep anew"},
		{"loop-wide",
			"tasks: [{id: e, type: foreach, concurrencyLimit: 0, values: [x, y], "
			"tasks: " ABC "}]",
			"0.e=SUCCESS 1.a[x]=SUCCESS 1.a[y]=SUCCESS 1.b[x]=SUCCESS 1.b[y]=SUCCESS",
			"2", "reopen anew keep remove keep"},
		{"loop-wide-all",
			"tasks: [{id: e, type: foreach, concurrencyLimit: 2, values: [x, y], "
			"tasks: " ABC "}]",
			"0.e=SUCCESS 1.a[x]=SUCCESS 1.a[y]=SUCCESS 1.b[x]=SUCCESS 1.b[y]=SUCCESS",
			"b", "reopen keep keep anew anew"},
		{"loop-flat",
			"tasks: [{id: e, type: io.kestra.core.tasks.flows.EachParallel, value: [x, "
			"y], tasks: " ABC "}]",
			"0.e=SUCCESS 1.a[x]=SUCCESS 1.b[x]=SUCCESS 1.a[y]=SUCCESS 1.b[y]=SUCCESS",
			"2", "reopen anew keep keep keep"},
		{"branches",
			"tasks: " ABC "\nerrors: [" LOG("e") "]\nfinally: [" LOG(
				"f") "]\nafterExecution: [" LOG("x") "]",
			"0.a=SUCCESS 0.b=FAILED 0.e=SUCCESS 0.f=SUCCESS 0.x=SUCCESS", "a",
			"anew remove remove remove remove"},
		{"in-a-branch", "tasks: " ABC "\nerrors: [" LOG("e") "]", "0.a=FAILED 0.e=SUCCESS",
			"e",
			"nothing can begin at 'e': it stands in errors, finally or afterExecution"},
		{"below-a-branch",
			"tasks: " ABC
			"\nerrors: [{id: s, type: sequential, tasks: [" LOG("e") "]}]",
			"0.a=FAILED 0.s=SUCCESS 2.e=SUCCESS", "e",
			"nothing can begin at 'e': it stands in errors, finally or afterExecution"},
		{"not-reached", "tasks: " ABC, "0.a=FAILED", "b",
			"nothing can begin at 'b': the run did not get there"},
		{"unknown", "tasks: " ABC, "0.a=FAILED", "nope", "the run has no task 'nope'"},
};

static Flow *flow_read(const char *body)
{
	g_autoptr(DiagnosticList) diagnostics = diagnostic_list_new();
	g_autofree char *text = g_strdup_printf("id: f\nnamespace: t\n%s\n", body);
	Flow *flow = flow_parse("flow.yaml", text, strlen(text), "t", diagnostics);

	g_assert_cmpuint(diagnostic_list_errors(diagnostics), ==, 0);
	return flow;
}

static void row_add(RunPast *past, const char *text, guint number)
{
	g_auto(GStrv) parts =
		g_regex_split_simple("^(\\d+)\\.([^\\[=]+)(?:\\[(.*)\\])?=([A-Z]+)$", text, 0, 0);
	g_autofree char *id = g_strdup_printf("%u", number);
	StoreTaskRun row = {.id = id,
		.task_id = parts[2],
		.parent_id = strcmp(parts[1], "0") == 0 ? NULL : parts[1],
		.value = *parts[3] == '\0' ? NULL : parts[3]};

	g_assert_true(run_state_parse(parts[4], &row.state));
	run_past_add(past, &row);
}

static char *marks_text(const RunPast *past)
{
	static const char *const names[] = {"keep", "reopen", "anew", "remove"};
	const GPtrArray *rows = run_past_rows(past);
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < rows->len; i++)
		g_string_append_printf(
			text, "%s%s", i > 0 ? " " : "", names[((PastRow *)rows->pdata[i])->mark]);
	return g_string_free(text, FALSE);
}

static void test_case(gconstpointer data)
{
	const size_t at = (size_t)GPOINTER_TO_UINT(data);
	g_autoptr(Flow) flow = flow_read(cases[at].flow);
	g_autoptr(RunPast) past = run_past_new(flow);
	g_auto(GStrv) rows = g_strsplit(cases[at].rows, " ", -1);
	g_autoptr(GError) error = NULL;

	for (guint i = 0; rows[i] != NULL; i++)
		row_add(past, rows[i], i + 1);
	if (cases[at].from == NULL)
		run_past_mark_restart(past);
	else
		run_past_mark_replay(past, cases[at].from, &error);
	g_autofree char *text = error != NULL ? g_strdup(error->message) : marks_text(past);
	g_assert_cmpstr(text, ==, cases[at].expected);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strdup_printf("/runner/past/%s", cases[i].name);

		g_test_add_data_func(path, GUINT_TO_POINTER(i), test_case);
	}
	return g_test_run();
}
