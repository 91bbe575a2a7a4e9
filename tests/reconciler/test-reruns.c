// What a plan says will run is what runs: each story is planned against the live store and between the two revisions, applied, and
// driven to its end.
#include "reconciler/live_view.h"
#include "reconciler/plan.h"
#include "reconciler/reconcile.h"
#include "reconciler/source.h"
#include "tests/reconciler/git-fixture.h"
#include "tests/reconciler/schedule_bed.h"

#include <string.h>

enum {
	MOST_FILES = 5,
};

typedef struct {
	const char *path, *text; // below domains/d/
} File;

typedef struct {
	const char *name;
	File before[MOST_FILES];
	File after[MOST_FILES]; // what changes
	const char *runs; // "d.a d.b"
} Case;

#define READS_SRC(header) "/* weir\n" header "\n*/\nSELECT id FROM d.src\n"

#define CHANGED_SRC                                                                                \
	{                                                                                          \
		"sql/src.sql", "SELECT 2 AS id\n"                                                  \
	}
#define FILE_SRC                                                                                   \
	{                                                                                          \
		"sql/src.sql", "SELECT 1 AS id\n"                                                  \
	}

static const Case cases[] = {
	{.name = "append",
		.before = {{"sql/ap.sql", "/* weir\nfeed: WRITE_APPEND\n*/\nSELECT 1 AS id\n"}},
		.after = {{"sql/ap.sql", "/* weir\nfeed: WRITE_APPEND\n*/\nSELECT 2 AS id\n"}},
		.runs = ""},
	{.name = "a-new-append",
		.before = {FILE_SRC},
		.after = {{"sql/ap.sql", "/* weir\nfeed: WRITE_APPEND\n*/\nSELECT 2 AS id\n"}},
		.runs = "d.ap"},
	{.name = "enabled",
		.before = {{"sql/a.sql", "/* weir\ndisabled: true\n*/\nSELECT 1 AS id\n"},
			{"sql/b.sql", "SELECT id FROM d.a\n"}},
		.after = {{"sql/a.sql", "/* weir\ndisabled: false\n*/\nSELECT 1 AS id\n"}},
		.runs = "d.a d.b"},
	{.name = "disabled",
		.before = {{"sql/a.sql", "SELECT 1 AS id\n"}},
		.after = {{"sql/a.sql", "/* weir\ndisabled: true\n*/\nSELECT 2 AS id\n"}},
		.runs = ""},
	{.name = "changed-while-disabled",
		.before = {{"sql/a.sql", "/* weir\ndisabled: true\n*/\nSELECT 1 AS id\n"}},
		.after = {{"sql/a.sql", "/* weir\ndisabled: true\n*/\nSELECT 2 AS id\n"}},
		.runs = ""},
	{.name = "downstream",
		.before = {FILE_SRC, {"sql/mid.sql", "SELECT id FROM d.src\n"},
			{"sql/end.sql", "SELECT id FROM d.mid\n"},
			{"flows/w.yaml", "id: w\ntriggers: [{id: t, type: tables, any: [d.end]}]\n"
					 "tasks: [{id: l, type: log, message: x}]\n"}},
		.after = {CHANGED_SRC},
		.runs = "d.end d.mid d.src d.w"},
	{.name = "downstream-that-waits-for-others",
		.before = {FILE_SRC, {"sql/scheduled.sql", READS_SRC("schedule: \"0 3 * * *\"")},
			{"sql/manual.sql", READS_SRC("refresh: manual")},
			{"sql/off.sql", READS_SRC("disabled: true")},
			{"sql/after.sql", "SELECT id FROM d.scheduled\n"}},
		.after = {CHANGED_SRC},
		.runs = "d.src"},
	{.name = "one-of-two",
		.before = {FILE_SRC, {"sql/other.sql", "SELECT 1 AS id\n"},
			{"sql/all.sql", "SELECT s.id FROM d.src s JOIN d.other o ON s.id = o.id\n"},
			{"sql/any.sql", "/* weir\nrefresh: any\n*/\n"
					"SELECT s.id FROM d.src s JOIN d.other o ON s.id = o.id\n"},
			{"sql/outer.sql",
				"SELECT s.id FROM d.src s JOIN x.foreign o ON s.id = o.id\n"}},
		.after = {CHANGED_SRC},
		.runs = "d.any d.outer d.src"},
	{.name = "diamond",
		.before = {FILE_SRC, {"sql/l.sql", "SELECT id FROM d.src\n"},
			{"sql/r.sql", "SELECT id FROM d.src\n"},
			{"sql/end.sql", "SELECT l.id FROM d.l l JOIN d.r r ON l.id = r.id\n"}},
		.after = {CHANGED_SRC},
		.runs = "d.end d.l d.r d.src"},
	{.name = "a-new-manual",
		.before = {FILE_SRC},
		.after = {{"sql/m.sql", "/* weir\nrefresh: manual\n*/\nSELECT 1 AS id\n"},
			{"sql/n.sql", READS_SRC("refresh: manual")}},
		.runs = ""},
	{.name = "a-changed-manual",
		.before = {FILE_SRC, {"sql/m.sql", READS_SRC("refresh: manual")}},
		.after = {{"sql/m.sql",
			"/* weir\nrefresh: manual\n*/\nSELECT id, 2 AS x FROM d.src\n"}},
		.runs = ""},
	{.name = "only-said-otherwise",
		.before = {FILE_SRC},
		.after = {{"sql/src.sql", "/* weir\ndescription: x\n*/\nSELECT 1 AS id\n"}},
		.runs = ""},
};

typedef struct {
	GitFixture *git;
	ScheduleStory schedule;
	Reconciler *reconciler;
} Story;

static void push(Story *story, const File files[MOST_FILES])
{
	g_autoptr(GError) error = NULL;
	ReconcileOutcome outcome;

	for (int i = 0; i < MOST_FILES && files[i].path != NULL; i++) {
		g_autofree char *path = g_strconcat("domains/d/", files[i].path, NULL);

		fixture_write(story->git, path, files[i].text);
	}
	g_free(fixture_push(story->git, "Change"));
	if (story->reconciler == NULL)
		return;
	reconcile_once(story->reconciler, &outcome, &error);
	g_assert_no_error(error);
	g_assert_cmpint(outcome.result, ==, RECONCILE_APPLIED);
}

static Story story_new(void)
{
	Story story = {.git = git_fixture_new(), .schedule = schedule_story_new()};
	const ReconcilerOptions options = {.store = story.schedule.store,
		.source = {.url = story.git->bare},
		.drift_interval = -1};
	g_autoptr(GError) error = NULL;

	fixture_write(story.git, "weir.yaml", "name: x\n");
	fixture_write(story.git, "domains/d/domain.yaml", "owner: x\n");
	story.reconciler = reconciler_new(&options, &error);
	g_assert_no_error(error);
	return story;
}

static void story_end(Story *story)
{
	reconciler_free(story->reconciler);
	schedule_story_end(&story->schedule);
	git_fixture_free(story->git);
}

static int order(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

// Sorted, joined by blanks; names are taken over.
static char *join(GPtrArray *names)
{
	g_ptr_array_sort(names, order);
	g_ptr_array_add(names, NULL);
	return g_strjoinv(" ", (char **)names->pdata);
}

// Ends the runs that go on, each with the publication of what its script makes. False when there was none.
static bool end_runs(ScheduleStory *story, GPtrArray *names)
{
	const StoreRunFilter filter = STORE_RUN_FILTER_ALL;
	g_autoptr(GPtrArray) runs = NULL;
	bool any = false;

	g_assert_true(store_runs_list(story->store, &filter, NULL, &runs, NULL, NULL));
	for (guint i = 0; i < runs->len; i++) {
		const StoreRun *run = runs->pdata[i];
		g_autofree char *name = g_strdup_printf("d.%s", run->flow);

		if (run_state_is_ended(run->state))
			continue;
		any = true;
		if (strcmp(run->flow, "w") != 0)
			schedule_publish(story, run->flow, name);
		schedule_run_end(story, run->flow, RUN_SUCCESS);
		g_ptr_array_add(names, g_steal_pointer(&name));
	}
	return any;
}

// Everything that runs, until nothing does.
static char *drive(Story *story)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	ScheduleStory *schedule = &story->schedule;
	guint made;
	int64_t next;

	do
		g_assert_true(
			scheduler_evaluate(schedule->scheduler, schedule->now, &made, &next, NULL));
	while (end_runs(schedule, names));
	return join(names);
}

static void assert_plan(Layout *head, PlanLive *live, const char *expected)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Plan) plan = plan_compute(head, live, &error);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	g_assert_no_error(error);
	g_autoptr(GPtrArray) flows = plan_reruns(plan);
	for (guint i = 0; i < flows->len; i++) {
		const LayoutFlow *flow = flows->pdata[i];

		g_ptr_array_add(names, g_strdup_printf("%s.%s", flow->namespace, flow->id));
	}
	g_autofree char *text = join(names);
	g_assert_cmpstr(text, ==, expected);
}

static Layout *load(Story *story, const char *revision)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SourceTree) tree = source_tree_open_commit(story->git->bare, revision, &error);
	Layout *layout = tree == NULL ? NULL : layout_load(tree, NULL, NULL, NULL, NULL, &error);

	g_assert_no_error(error);
	return layout;
}

// Pushes the change and plans it before the server has seen it, then has the server apply it.
static void check(
	Story *story, const File change[MOST_FILES], const char *runs, const char *between)
{
	Reconciler *reconciler = g_steal_pointer(&story->reconciler);
	g_autoptr(GError) error = NULL;
	ReconcileOutcome outcome;

	push(story, change);
	story->reconciler = reconciler;
	g_autoptr(Layout) base = load(story, "main~1");
	g_autoptr(Layout) head = load(story, "main");
	g_autoptr(PlanLive) revisions = plan_live_layout_new(base);
	g_autoptr(LiveView) view = live_view_new(story->schedule.store);
	g_assert_true(live_view_load(view, NULL));
	assert_plan(head, live_view_plan(view), runs);
	assert_plan(head, revisions, between);
	reconcile_once(story->reconciler, &outcome, &error);
	g_assert_no_error(error);
	g_autofree char *ran = drive(story);
	g_assert_cmpstr(ran, ==, runs);
}

static void test_case(const void *data)
{
	const Case *one = data;
	Story story = story_new();

	push(&story, one->before);
	g_free(drive(&story));
	check(&story, one->after, one->runs, one->runs);
	story_end(&story);
}

// What was built before it was disabled is built when it is enabled only if it has changed since. Two revisions alone do not tell.
static void test_enabled_again(void)
{
	static const File built[MOST_FILES] = {{"sql/a.sql", "SELECT 1 AS id\n"}};
	static const File disabled[MOST_FILES] = {
		{"sql/a.sql", "/* weir\ndisabled: true\n*/\nSELECT 1 AS id\n"}};
	static const File changed[MOST_FILES] = {
		{"sql/a.sql", "/* weir\ndisabled: true\n*/\nSELECT 2 AS id\n"}};
	static const File enabled[MOST_FILES] = {
		{"sql/a.sql", "/* weir\ndisabled: false\n*/\nSELECT 2 AS id\n"}};
	Story story = story_new();

	push(&story, built);
	g_free(drive(&story));
	push(&story, disabled);
	check(&story, built, "", "d.a");
	push(&story, disabled);
	push(&story, changed);
	check(&story, enabled, "d.a", "d.a");
	story_end(&story);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strconcat("/reruns/", cases[i].name, NULL);

		g_test_add_data_func(path, &cases[i], test_case);
	}
	g_test_add_func("/reruns/enabled-again", test_enabled_again);
	return g_test_run();
}
