// The run graph by tables of cases, and thousands of random flows against a slow model that works everything out anew
// from the list of task runs after each event.
#include "tests/runner/small_flow.h"

#include <string.h>

// ---- Driving a graph

typedef struct {
	SmallFlow *small;
	RunGraph *graph;
	GPtrArray *live; // RunNode *: leaves under way, in the order they started
	bool settled, done;
	unsigned started_after_kill;
	unsigned rounds; // how often a loop's body is to run
} Drive;

static void drive_steps(Drive *drive)
{
	RunStep step;

	while (run_graph_next(drive->graph, &step)) {
		RunOpening opening;

		switch (step.kind) {
		case RUN_STEP_START:
			g_assert_cmpint(step.node->state, ==, RUN_CREATED);
			drive->started_after_kill += run_graph_killing(drive->graph);
			if (strcmp(step.node->task->kind->name, "leaf") == 0) {
				step.node->state = RUN_RUNNING;
				g_ptr_array_add(drive->live, step.node);
				break;
			}
			opening = small_flow_opening(drive->small, step.node->task);
			run_graph_open(drive->graph, step.node, &opening);
			break;
		case RUN_STEP_FINISH:
			g_assert_true(run_state_is_ended((RunState)step.node->state));
			break;
		case RUN_STEP_DECIDE:
			if (run_graph_round(step.node) < drive->rounds)
				run_graph_repeat(drive->graph, step.node, NULL, NULL);
			else
				run_graph_close(drive->graph, step.node, RUN_SUCCESS);
			break;
		case RUN_STEP_SETTLE:
			drive->settled = true;
			run_graph_close(drive->graph, step.node, (RunState)step.node->state);
			break;
		case RUN_STEP_DONE: drive->done = true; break;
		}
	}
}

static void drive_init(Drive *drive, const char *text)
{
	*drive = (Drive){.small = small_flow_parse(text), .live = g_ptr_array_new(), .rounds = 3};
	drive->graph = run_graph_new(drive->small->flow, NULL);
	run_graph_begin(drive->graph);
	drive_steps(drive);
}

static void drive_clear(Drive *drive)
{
	g_ptr_array_unref(drive->live);
	run_graph_free(drive->graph);
	small_flow_free(drive->small);
}

static char *graph_text(const RunGraph *graph)
{
	GString *text = g_string_new(NULL);
	const GPtrArray *nodes = run_graph_nodes(graph);

	for (guint i = 0; i < nodes->len; i++) {
		const RunNode *node = nodes->pdata[i];

		if (node == NULL)
			continue;
		g_autofree char *name = small_node_name(node);
		g_string_append_printf(text, "%s%s=%s", text->len > 0 ? " " : "", name,
			run_state_name((RunState)node->state));
	}
	g_string_append_printf(
		text, " run=%s", run_state_name((RunState)run_graph_root(graph)->state));
	return g_string_free(text, FALSE);
}

// ---- Tables: how leaves end ("b=FAILED", all others SUCCESS), in the order they start

static const struct {
	const char *name, *flow, *ends, *expected;
} cases[] = {
	{"one", "a", "", "a=SUCCESS run=SUCCESS"},
	{"none", "a-", "", " run=SUCCESS"},
	{"sequence", "a b c", "", "a=SUCCESS b=SUCCESS c=SUCCESS run=SUCCESS"},
	{"stops-after-failure", "a b c", "b=FAILED", "a=SUCCESS b=FAILED run=FAILED"},
	{"goes-on-after-warning", "a b", "a=WARNING", "a=WARNING b=SUCCESS run=WARNING"},
	{"goes-on-after-skipped", "a b", "a=SKIPPED", "a=SKIPPED b=SUCCESS run=SUCCESS"},
	{"passes-disabled", "a b- c", "", "a=SUCCESS c=SUCCESS run=SUCCESS"},
	{"allow-failure-flag", "a! b", "a=FAILED", "a=WARNING b=SUCCESS run=WARNING"},
	{"allow-warning-flag", "a!? b", "a=FAILED", "a=SUCCESS b=SUCCESS run=SUCCESS"},
	{"nested", "s(a s(b)) c", "",
		"s1=SUCCESS a=SUCCESS s2=SUCCESS b=SUCCESS c=SUCCESS run=SUCCESS"},
	{"nested-failure", "s(a s(b c)) d", "b=FAILED",
		"s1=FAILED a=SUCCESS s2=FAILED b=FAILED run=FAILED"},
	{"container-all-disabled", "s(a-) b", "", "s1=SUCCESS b=SUCCESS run=SUCCESS"},
	{"parallel", "p(a b c)", "", "p1=SUCCESS a=SUCCESS b=SUCCESS c=SUCCESS run=SUCCESS"},
	{"parallel-waits-for-the-others", "p(a b c) d", "a=FAILED",
		"p1=FAILED a=FAILED b=SUCCESS c=SUCCESS run=FAILED"},
	{"parallel-limit-stops", "p1(a b c)", "b=FAILED",
		"p1=FAILED a=SUCCESS b=FAILED run=FAILED"},
	{"worst-of-parallel", "p(a b)", "a=WARNING", "p1=WARNING a=WARNING b=SUCCESS run=WARNING"},
	{"killed-is-worst", "p(a b)", "a=FAILED b=KILLED",
		"p1=KILLED a=FAILED b=KILLED run=KILLED"},
	{"foreach", "f[x,y](a b)", "",
		"f1=SUCCESS a[x]=SUCCESS b[x]=SUCCESS a[y]=SUCCESS b[y]=SUCCESS run=SUCCESS"},
	{"foreach-empty", "f[](a) b", "", "f1=SUCCESS b=SUCCESS run=SUCCESS"},
	{"foreach-stops", "f[x,y,z](a b)", "b[y]=FAILED",
		"f1=FAILED a[x]=SUCCESS b[x]=SUCCESS a[y]=SUCCESS b[y]=FAILED run=FAILED"},
	{"foreach-no-limit", "f0[x,y](a b)", "",
		"f1=SUCCESS a[x]=SUCCESS a[y]=SUCCESS b[x]=SUCCESS b[y]=SUCCESS run=SUCCESS"},
	{"foreach-two-at-once", "f2[x,y,z](a)", "",
		"f1=SUCCESS a[x]=SUCCESS a[y]=SUCCESS a[z]=SUCCESS run=SUCCESS"},
	{"foreach-nested", "f[x,y](f[1,2](a))", "",
		"f1=SUCCESS f2[x]=SUCCESS a[x][1]=SUCCESS a[x][2]=SUCCESS f2[y]=SUCCESS "
		"a[y][1]=SUCCESS a[y][2]=SUCCESS "
		"run=SUCCESS"},
	{"flat", "g[x,y](a b)", "",
		"g1=SUCCESS a[x]=SUCCESS b[x]=SUCCESS a[y]=SUCCESS b[y]=SUCCESS run=SUCCESS"},
	{"dag", "d(a b<a c<a d<b,c)", "",
		"d1=SUCCESS a=SUCCESS b=SUCCESS c=SUCCESS d=SUCCESS run=SUCCESS"},
	{"dag-out-of-order", "d(b<a a)", "", "d1=SUCCESS a=SUCCESS b=SUCCESS run=SUCCESS"},
	{"dag-failure", "d(a b<a c)", "a=FAILED", "d1=FAILED a=FAILED c=SUCCESS run=FAILED"},
	{"dag-disabled-dependency", "d(a- b<a)", "", "d1=SUCCESS b=SUCCESS run=SUCCESS"},
	{"flow-errors", "a b e(x y)", "a=FAILED", "a=FAILED x=SUCCESS y=SUCCESS run=FAILED"},
	{"errors-not-needed", "a e(x)", "", "a=SUCCESS run=SUCCESS"},
	{"errors-go-on-after-failure", "a e(x y)", "a=FAILED x=FAILED",
		"a=FAILED x=FAILED y=SUCCESS run=FAILED"},
	{"local-errors-instead-of-global", "s(a e(x)) b e(y)", "a=FAILED",
		"s1=FAILED a=FAILED x=SUCCESS run=FAILED"},
	{"global-errors-for-others", "p(s(a e(x)) b) e(y)", "a=FAILED b=FAILED",
		"p1=FAILED s2=FAILED b=FAILED a=FAILED x=SUCCESS y=SUCCESS run=FAILED"},
	{"finally", "a z(x)", "", "a=SUCCESS x=SUCCESS run=SUCCESS"},
	{"finally-after-errors", "a e(x) z(y)", "a=FAILED",
		"a=FAILED x=SUCCESS y=SUCCESS run=FAILED"},
	{"finally-does-not-count", "a z(x y)", "x=FAILED",
		"a=SUCCESS x=FAILED y=SUCCESS run=SUCCESS"},
	{"finally-of-container", "s(a z(x)) b", "a=FAILED",
		"s1=FAILED a=FAILED x=SUCCESS run=FAILED"},
	{"allow-failure", "A(a b) c", "a=FAILED", "A1=WARNING a=FAILED c=SUCCESS run=WARNING"},
	{"allow-failure-nested", "A(s(a)) c", "a=FAILED",
		"A1=WARNING s2=FAILED a=FAILED c=SUCCESS run=WARNING"},
	{"allow-failure-errors", "A(a e(x)) c", "a=FAILED",
		"A1=WARNING a=FAILED x=SUCCESS c=SUCCESS run=WARNING"},
	{"allowed-container", "s(a)! c", "a=FAILED", "s1=WARNING a=FAILED c=SUCCESS run=WARNING"},
	{"loop", "l(a b) c", "", "l1=SUCCESS a#3=SUCCESS b#3=SUCCESS c=SUCCESS run=SUCCESS"},
	{"loop-failure", "l(a b) c", "b#2=FAILED", "l1=FAILED a#2=SUCCESS b#2=FAILED run=FAILED"},
	{"loop-in-foreach", "f[x,y](l(a))", "",
		"f1=SUCCESS l2[x]=SUCCESS a[x]#3=SUCCESS l2[y]=SUCCESS a[y]#3=SUCCESS run=SUCCESS"},
};

static RunState planned_end(char **ends, const RunNode *node)
{
	g_autofree char *name = small_node_name(node);

	for (char **end = ends; *end != NULL; end++) {
		char *equals = strchr(*end, '=');
		RunState state;

		if (equals != NULL && strlen(name) == (size_t)(equals - *end) &&
			strncmp(*end, name, strlen(name)) == 0 &&
			run_state_parse(equals + 1, &state))
			return state;
	}
	return RUN_SUCCESS;
}

static void test_case(gconstpointer data)
{
	const size_t i = GPOINTER_TO_SIZE(data);
	g_auto(GStrv) ends = g_strsplit(cases[i].ends, " ", -1);
	Drive drive;

	drive_init(&drive, cases[i].flow);
	while (drive.live->len > 0) {
		RunNode *node = g_ptr_array_steal_index(drive.live, 0);

		run_graph_end(drive.graph, node, planned_end(ends, node));
		drive_steps(&drive);
	}
	g_assert_true(drive.done);
	g_autofree char *text = graph_text(drive.graph);
	g_assert_cmpstr(text, ==, cases[i].expected);
	drive_clear(&drive);
}

// ---- The slow model: a list of task runs, and what follows from it worked out from nothing

typedef struct ModelRun ModelRun;
struct ModelRun {
	const Task *task; // NULL: the flow
	ModelRun *parent;
	const char *value;
	RunBranch branch;
	RunState state;
	bool handled;
};

typedef struct {
	SmallFlow *small;
	GPtrArray *runs; // ModelRun *; [0] is the flow
	bool killing;
} Model;

static bool model_is_container(const ModelRun *run)
{
	return run->task == NULL || strcmp(run->task->kind->name, "leaf") != 0;
}

static const GPtrArray *model_list(const Model *model, const ModelRun *run, RunBranch branch)
{
	const Flow *flow = model->small->flow;

	if (run->task == NULL)
		return branch == RUN_BRANCH_MAIN     ? flow->tasks
		       : branch == RUN_BRANCH_ERRORS ? flow->errors
						     : flow->finally;
	return branch == RUN_BRANCH_MAIN     ? run->task->tasks
	       : branch == RUN_BRANCH_ERRORS ? run->task->errors
					     : run->task->finally;
}

static ModelRun *model_find(
	const Model *model, const ModelRun *parent, const Task *task, const char *value)
{
	for (guint i = 1; i < model->runs->len; i++) {
		ModelRun *run = model->runs->pdata[i];

		if (run->parent == parent && run->task == task && g_strcmp0(run->value, value) == 0)
			return run;
	}
	return NULL;
}

static bool model_create(
	Model *model, ModelRun *parent, const Task *task, RunBranch branch, const char *value)
{
	ModelRun *run = g_new0(ModelRun, 1);

	*run = (ModelRun){.task = task,
		.parent = parent,
		.branch = branch,
		.value = value,
		.state = RUN_RUNNING};
	g_ptr_array_add(model->runs, run);
	return true;
}

static unsigned model_live(const Model *model, const ModelRun *parent)
{
	unsigned live = 0;

	for (guint i = 1; i < model->runs->len; i++) {
		const ModelRun *run = model->runs->pdata[i];

		live += run->parent == parent && !run_state_is_ended(run->state);
	}
	return live;
}

// Starts the first task of a list that has no run yet, when nothing is under way.
static bool model_sequence(
	Model *model, ModelRun *parent, RunBranch branch, const char *value, bool alone)
{
	const GPtrArray *list = model_list(model, parent, branch);

	for (guint i = 0; list != NULL && i < list->len; i++) {
		const Task *task = list->pdata[i];
		const ModelRun *run = model_find(model, parent, task, value);

		if (task->disabled)
			continue;
		if (run == NULL)
			return model_live(model, parent) == 0 || !alone
				       ? model_create(model, parent, task, branch, value)
				       : false;
		if (!run_state_is_ended(run->state))
			return false;
	}
	return false;
}

static bool model_value_complete(
	const Model *model, const ModelRun *parent, const char *value, bool *ret_begun)
{
	const GPtrArray *list = model_list(model, parent, RUN_BRANCH_MAIN);
	bool complete = true;

	*ret_begun = false;
	for (guint i = 0; i < list->len; i++) {
		const Task *task = list->pdata[i];
		const ModelRun *run = model_find(model, parent, task, value);

		if (task->disabled)
			continue;
		*ret_begun |= run != NULL;
		complete &= run != NULL && run_state_is_ended(run->state);
	}
	return complete;
}

static bool model_foreach(Model *model, ModelRun *parent, const SmallOpening *opening)
{
	unsigned active = 0;

	for (char **value = opening->values; *value != NULL && **value != '\0'; value++) {
		bool begun;
		bool complete = model_value_complete(model, parent, *value, &begun);

		if (complete)
			continue;
		if (!begun && opening->limit > 0 && active >= opening->limit)
			return false;
		active++;
		if (model_sequence(model, parent, RUN_BRANCH_MAIN, *value, false))
			return true;
	}
	return false;
}

static bool model_flat(Model *model, ModelRun *parent, const SmallOpening *opening)
{
	const GPtrArray *list = model_list(model, parent, RUN_BRANCH_MAIN);

	for (char **value = opening->values; *value != NULL && **value != '\0'; value++) {
		for (guint i = 0; i < list->len; i++) {
			const Task *task = list->pdata[i];

			if (task->disabled || model_find(model, parent, task, *value) != NULL)
				continue;
			if (opening->limit > 0 && model_live(model, parent) >= opening->limit)
				return false;
			return model_create(model, parent, task, RUN_BRANCH_MAIN, *value);
		}
	}
	return false;
}

static bool model_depends_met(const Model *model, const ModelRun *parent, const Task *task)
{
	const GPtrArray *list = model_list(model, parent, RUN_BRANCH_MAIN);

	for (char **id = task->depends_on; id != NULL && *id != NULL; id++) {
		for (guint i = 0; i < list->len; i++) {
			const Task *other = list->pdata[i];
			const ModelRun *run = model_find(model, parent, other, NULL);

			if (strcmp(other->id, *id) == 0 && !other->disabled &&
				(run == NULL || !run_state_is_ended(run->state)))
				return false;
		}
	}
	return true;
}

static bool model_parallel(Model *model, ModelRun *parent, const SmallOpening *opening)
{
	const GPtrArray *list = model_list(model, parent, RUN_BRANCH_MAIN);

	if (opening->limit > 0 && model_live(model, parent) >= opening->limit)
		return false;
	for (guint i = 0; i < list->len; i++) {
		const Task *task = list->pdata[i];

		if (!task->disabled && model_find(model, parent, task, NULL) == NULL &&
			model_depends_met(model, parent, task))
			return model_create(model, parent, task, RUN_BRANCH_MAIN, NULL);
	}
	return false;
}

static bool model_main(Model *model, ModelRun *run)
{
	const char *kind = run->task == NULL ? "sequential" : run->task->kind->name;
	const SmallOpening *opening =
		run->task == NULL ? NULL : model->small->openings->pdata[run->task->index];

	if (strcmp(kind, "parallel") == 0 || strcmp(kind, "dag") == 0)
		return model_parallel(model, run, opening);
	if (strcmp(kind, "foreach") == 0)
		return opening->flat ? model_flat(model, run, opening)
				     : model_foreach(model, run, opening);
	return model_sequence(model, run, RUN_BRANCH_MAIN, NULL, true);
}

typedef struct {
	bool failed, killed, warned, unhandled, errors_begun, finally_begun;
} Tally;

static Tally model_tally(const Model *model, const ModelRun *parent)
{
	Tally tally = {0};

	for (guint i = 1; i < model->runs->len; i++) {
		const ModelRun *run = model->runs->pdata[i];

		if (run->parent != parent)
			continue;
		tally.errors_begun |= run->branch == RUN_BRANCH_ERRORS;
		tally.finally_begun |= run->branch == RUN_BRANCH_FINALLY;
		if (run->branch != RUN_BRANCH_MAIN)
			continue;
		tally.failed |= run->state == RUN_FAILED;
		tally.killed |= run->state == RUN_KILLED;
		tally.warned |= run->state == RUN_WARNING;
		tally.unhandled |= run->state == RUN_FAILED && !run->handled;
	}
	return tally;
}

// One change of one container; false when nothing follows for it.
static bool model_container(Model *model, ModelRun *run)
{
	Tally tally = model_tally(model, run);

	if (!model->killing && !tally.failed && !tally.killed && !tally.errors_begun &&
		!tally.finally_begun && model_main(model, run))
		return true;
	if (model_live(model, run) > 0)
		return false;
	if (!model->killing && (tally.errors_begun || tally.unhandled) && !tally.finally_begun &&
		model_sequence(model, run, RUN_BRANCH_ERRORS, NULL, true))
		return true;
	if (!model->killing && model_sequence(model, run, RUN_BRANCH_FINALLY, NULL, true))
		return true;
	run->state = tally.killed || model->killing ? RUN_KILLED
		     : tally.failed		    ? RUN_FAILED
		     : tally.warned		    ? RUN_WARNING
						    : RUN_SUCCESS;
	run->handled = run->state == RUN_FAILED && (tally.errors_begun || !tally.unhandled);
	if (run->task != NULL)
		run->state = run_state_allowed(run->task, run->state);
	return true;
}

static void model_settle(Model *model)
{
	for (bool changed = true; changed;) {
		changed = false;
		for (guint i = 0; i < model->runs->len && !changed; i++) {
			ModelRun *run = model->runs->pdata[i];

			changed = model_is_container(run) && !run_state_is_ended(run->state) &&
				  model_container(model, run);
		}
	}
}

static char *model_name(const ModelRun *run)
{
	GString *values = g_string_new(NULL);

	for (const ModelRun *at = run; at != NULL; at = at->parent) {
		if (at->value != NULL) {
			g_autofree char *text = g_strdup_printf("[%s]", at->value);
			g_string_prepend(values, text);
		}
	}
	g_string_prepend(values, run->task == NULL ? "run" : run->task->id);
	return g_string_free(values, FALSE);
}

static char *model_text(const Model *model)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < model->runs->len; i++) {
		const ModelRun *run = model->runs->pdata[i];
		g_autofree char *name = model_name(run);

		g_ptr_array_add(lines, g_strdup_printf("%s=%s", name, run_state_name(run->state)));
	}
	return small_texts_sorted(lines, " ");
}

static char *graph_sorted_text(const RunGraph *graph)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	const GPtrArray *nodes = run_graph_nodes(graph);

	for (guint i = 0; i <= nodes->len; i++) {
		const RunNode *node = i < nodes->len ? nodes->pdata[i] : run_graph_root(graph);
		g_autofree char *name = small_node_name(node);

		g_ptr_array_add(lines,
			g_strdup_printf("%s=%s", name, run_state_name((RunState)node->state)));
	}
	return small_texts_sorted(lines, " ");
}

static ModelRun *model_named(const Model *model, const char *name)
{
	for (guint i = 0; i < model->runs->len; i++) {
		g_autofree char *other = model_name(model->runs->pdata[i]);

		if (strcmp(other, name) == 0)
			return model->runs->pdata[i];
	}
	g_assert_not_reached();
}

// ---- A graph built again from its task runs, as after a crash

static void drive_restore(Drive *drive)
{
	const GPtrArray *nodes = run_graph_nodes(drive->graph);
	g_autoptr(GHashTable) twins = g_hash_table_new(NULL, NULL);
	bool killing = run_graph_killing(drive->graph);
	RunGraph *graph = run_graph_new(drive->small->flow, NULL);

	g_hash_table_insert(twins, run_graph_root(drive->graph), run_graph_root(graph));
	g_ptr_array_set_size(drive->live, 0);
	if (killing)
		run_graph_kill(graph);
	for (guint i = 0; i < nodes->len; i++) {
		const RunNode *node = nodes->pdata[i];
		bool leaf = strcmp(node->task->kind->name, "leaf") == 0;
		bool open = !leaf && node->state == RUN_RUNNING;
		RunOpening opening =
			open ? small_flow_opening(drive->small, node->task) : (RunOpening){0};
		RunNode *twin = run_graph_restore(graph, g_hash_table_lookup(twins, node->parent),
			node->task, (RunBranch)node->branch, node->value, node->iteration,
			(RunState)node->state, open ? &opening : NULL);

		g_hash_table_insert(twins, nodes->pdata[i], twin);
		if (leaf && node->state == RUN_RUNNING)
			g_ptr_array_add(drive->live, twin);
	}
	run_graph_resume(graph, false, RUN_RUNNING);
	run_graph_free(drive->graph);
	drive->graph = graph;
	drive_steps(drive);
}

static RunState random_end(GRand *rand)
{
	static const RunState states[] = {RUN_FAILED, RUN_WARNING, RUN_SKIPPED};
	int number = g_rand_int_range(rand, 0, 12);

	return number < 3 ? states[number] : RUN_SUCCESS;
}

static void random_step(Drive *drive, Model *model, GRand *rand)
{
	guint index = (guint)g_rand_int_range(rand, 0, (gint)drive->live->len);
	RunNode *node = g_ptr_array_steal_index(drive->live, index);
	g_autofree char *name = small_node_name(node);
	ModelRun *run = model_named(model, name);
	RunState state = random_end(rand);

	if (model->killing && g_rand_boolean(rand))
		state = RUN_KILLED;
	run_graph_end(drive->graph, node, state);
	drive_steps(drive);
	run->state = run_state_allowed(run->task, state);
	model_settle(model);
}

static void random_run(GRand *rand, const char *text, bool restores, bool kills)
{
	Drive drive;
	Model model = {.runs = g_ptr_array_new_with_free_func(g_free)};

	drive_init(&drive, text);
	model.small = drive.small;
	g_ptr_array_add(model.runs, g_new0(ModelRun, 1));
	((ModelRun *)model.runs->pdata[0])->state = RUN_RUNNING;
	model_settle(&model);
	while (true) {
		g_autofree char *got = graph_sorted_text(drive.graph);
		g_autofree char *wanted = model_text(&model);

		if (strcmp(got, wanted) != 0)
			g_test_message("flow: %s", text);
		g_assert_cmpstr(got, ==, wanted);
		if (drive.live->len == 0)
			break;
		if (restores && g_rand_int_range(rand, 0, 3) == 0) {
			drive_restore(&drive);
			continue;
		}
		if (kills && !model.killing && g_rand_int_range(rand, 0, 6) == 0) {
			run_graph_kill(drive.graph);
			drive_steps(&drive);
			model.killing = true;
			model_settle(&model);
			continue;
		}
		random_step(&drive, &model, rand);
	}
	g_assert_true(drive.done);
	g_assert_cmpuint(drive.started_after_kill, ==, 0);
	g_ptr_array_unref(model.runs);
	drive_clear(&drive);
}

static void test_random(gconstpointer data)
{
	const int mode = GPOINTER_TO_INT(data);
	g_autoptr(GRand) rand = g_rand_new_with_seed(20260101);

	for (int i = 0; i < (g_test_slow() ? 3000 : 800); i++) {
		g_autofree char *text = small_flow_random(rand, 14, SMALL_FLOW_PLAIN);

		random_run(rand, text, (mode & 1) != 0, (mode & 2) != 0);
	}
}

// Ten times as many values cost about ten times as long, not a hundred times: measured in steps, not in seconds, by
// counting how much memory is there at the end and by the test ending at all.
static void test_many(void)
{
	GString *text = g_string_new("f0[0");
	Drive drive;

	for (int i = 1; i < 100000; i++)
		g_string_append_printf(text, ",%d", i);
	g_string_append(text, "](a b)");
	drive_init(&drive, text->str);
	g_assert_cmpuint(drive.live->len, ==, 100000);
	for (guint i = 0; i < drive.live->len; i++) {
		run_graph_end(drive.graph, drive.live->pdata[i], RUN_SUCCESS);
		drive_steps(&drive);
	}
	g_assert_true(drive.done);
	g_assert_cmpuint(run_graph_nodes(drive.graph)->len, ==, 200001);
	drive_clear(&drive);
	g_string_free(text, TRUE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strdup_printf("/run_graph/cases/%s", cases[i].name);

		g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_case);
	}
	g_test_add_data_func("/run_graph/random", GINT_TO_POINTER(0), test_random);
	g_test_add_data_func("/run_graph/random-restored", GINT_TO_POINTER(1), test_random);
	g_test_add_data_func("/run_graph/random-killed", GINT_TO_POINTER(2), test_random);
	g_test_add_data_func(
		"/run_graph/random-killed-and-restored", GINT_TO_POINTER(3), test_random);
	g_test_add_func("/run_graph/many", test_many);
	return g_test_run();
}
