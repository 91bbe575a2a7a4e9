// Flows that somebody edits in the store: each edit is drift with a diff, undoing it ends it, and an explicit apply restores
// what the commit says.
#include "reconciler/drift.h"
#include "reconciler/reconcile.h"
#include "store/drift.h"
#include "store/flow.h"
#include "tests/reconciler/git-fixture.h"

#include <string.h>

// A repository, and a store that it is live in, which people edit with sqlite3.
typedef struct {
	GitFixture *git;
	Store *store;
	Reconciler *reconciler; // that restores
	DriftObserver *observer;
} Story;

static const char FLOW[] = "id: f\n"
			   "triggers: [{id: c, type: schedule, cron: \"0 3 * * *\"}]\n"
			   "concurrency: {limit: 1}\n"
			   "tasks: [{id: s, type: sleep, duration: PT1S}]\n";

static void walk(Story *story, guint restored)
{
	g_autoptr(GError) error = NULL;
	ReconcileOutcome outcome;

	reconcile_once(story->reconciler, &outcome, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(outcome.restored, ==, restored);
}

static void push(Story *story, const char *message)
{
	g_free(fixture_push(story->git, message));
	walk(story, 0);
}

static void open_reconciler(Story *story, bool restore)
{
	g_autoptr(GError) error = NULL;
	const ReconcilerOptions options = {
		.store = story->store,
		.source = {.url = story->git->bare},
		.drift_interval = -1,
		.restore = restore,
	};

	reconciler_free(story->reconciler);
	story->reconciler = reconciler_new(&options, &error);
	g_assert_no_error(error);
}

static Story story_new(void)
{
	Story story = {.git = git_fixture_new()};
	g_autofree char *url = g_strdup_printf("sqlite:%s/weir.db", story.git->root);
	const DriftOptions options = {0};
	g_autoptr(GError) error = NULL;

	story.store = store_open(url, STORE_READ_WRITE, &error);
	g_assert_no_error(error);
	story.observer = drift_observer_new(story.store, &options);
	fixture_write(story.git, "weir.yaml", "name: x\n");
	fixture_write(story.git, "domains/a/domain.yaml", "owner: x\n");
	fixture_write(story.git, "domains/a/flows/f.yaml", FLOW);
	fixture_write(story.git, "domains/a/sql/src.sql", "SELECT 1 AS id\n");
	open_reconciler(&story, true);
	push(&story, "Begin");
	return story;
}

static void story_end(Story *story)
{
	drift_observer_free(story->observer);
	reconciler_free(story->reconciler);
	store_close(story->store);
	git_fixture_free(story->git);
}

static void by_hand(Story *story, const char *sql)
{
	fixture_write(story->git, "../edit.sql", sql);
	g_free(fixture_run(story->git, "sqlite3 %s/weir.db <../edit.sql", story->git->root));
}

// What is drift of flows, each with its diff, after it was recorded.
static void assert_drift(Story *story, const char *expected)
{
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)drift_item_free);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	bool complete = false;

	drift_observe(story->observer, NULL, NULL, items, &complete, &error);
	g_assert_no_error(error);
	for (guint i = 0; i < items->len; i++) {
		const DriftItem *item = items->pdata[i];

		g_string_append_printf(text, "%s %s: %s\n", drift_kind_name(item->kind),
			item->resource, item->summary);
		if (item->diff != NULL)
			g_string_append_printf(text, "%s\n", item->diff);
	}
	g_assert_cmpstr(text->str, ==, expected);
	drift_record(story->observer, items, NULL, NULL, &error);
	g_assert_no_error(error);
}

static void assert_live(Story *story, int64_t revision)
{
	g_autoptr(StoreFlow) flow = NULL;
	g_autoptr(StoreRevision) newest = NULL;
	int64_t written = 0, generated = 0;

	g_assert_true(store_flow_get(story->store, "a", "f", &flow, NULL));
	g_assert_nonnull(flow);
	g_assert_cmpint(flow->deleted_at, ==, 0);
	g_assert_cmpint(flow->revision, ==, revision);
	g_assert_true(store_revision_get(story->store, "a", "f", revision + 1, &newest, NULL));
	g_assert_null(newest);
	g_assert_true(store_flows_count(story->store, &written, &generated, NULL));
	g_assert_cmpint(written, ==, 1);
	g_assert_cmpint(generated, ==, 1);
}

// The newest of what was drift has its end, and that is called so.
static void assert_ended(Story *story, guint count, const char *resolution)
{
	const StoreDriftFilter history = {.history = true, .kind = "flow"};
	g_autoptr(GPtrArray) rows = NULL;

	g_assert_true(store_drifts_list(story->store, &history, NULL, &rows, NULL, NULL));
	g_assert_cmpuint(rows->len, ==, count);
	const StoreDrift *row = rows->pdata[0];
	g_assert_cmpint(row->onset, >, 0);
	g_assert_cmpint(row->resolved_at, >=, row->onset);
	g_assert_cmpstr(row->resolution, ==, resolution);
}

typedef struct {
	const char *edit, *undo, *drift;
} Edit;

#define EDITED(columns, diff) "flow a.f: its row in the store was edited: " columns "\n" diff "\n"

static const Edit edits[] = {
	{"concurrency_limit = 50", "concurrency_limit = 1",
		EDITED("concurrency_limit", "- concurrency_limit: 1\n+ concurrency_limit: 50")},
	{"concurrency_behavior = 'FAIL'", "concurrency_behavior = NULL",
		EDITED("concurrency_behavior", "+ concurrency_behavior: FAIL")},
	{"triggers = replace(triggers, '0 3', '* *')",
		"triggers = replace(triggers, '* * * * *', '0 3 * * *')",
		EDITED("triggers", "- triggers: [{\"id\":\"c\",\"type\":\"schedule\",\"cron\":\"0 "
				   "3 * * *\"}]\n"
				   "+ triggers: [{\"id\":\"c\",\"type\":\"schedule\",\"cron\":\"* "
				   "* * * *\"}]")},
	{"triggers = NULL",
		"triggers = '[{\"id\":\"c\",\"type\":\"schedule\",\"cron\":\"0 3 * * *\"}]'",
		EDITED("triggers", "- triggers: [{\"id\":\"c\",\"type\":\"schedule\",\"cron\":\"0 "
				   "3 * * *\"}]")},
	{"deleted_at = 5", "deleted_at = 0", EDITED("deleted_at", "+ deleted_at: 5")},
	{"disabled = 1", "disabled = 0", EDITED("disabled", "+ disabled: 1")},
	{"opaque = 1", "opaque = 0", EDITED("opaque", "+ opaque: 1")},
	{"reads = 'a.x' || char(10) || 'a.y'", "reads = NULL",
		EDITED("reads", "+ reads: a.x\n+ reads: a.y")},
	{"writes = 'a.x'", "writes = NULL", EDITED("writes", "+ writes: a.x")},
	{"target = 'a.x'", "target = NULL", EDITED("target", "+ target: a.x")},
	{"feed = 'VIEW'", "feed = NULL", EDITED("feed", "+ feed: VIEW")},
	{"connection = 'w'", "connection = NULL", EDITED("connection", "+ connection: w")},
	{"labels = '{\"a\":\"b\"}'", "labels = NULL", EDITED("labels", "+ labels: {\"a\":\"b\"}")},
	{"kind = 'generated'", "kind = 'written'",
		EDITED("kind", "- kind: written\n+ kind: generated")},
	{"path = 'x'", "path = 'domains/a/flows/f.yaml'",
		EDITED("path", "- path: domains/a/flows/f.yaml\n+ path: x")},
	{"line = 9", "line = 1", EDITED("line", "- line: 1\n+ line: 9")},
	{"domain = 'b'", "domain = 'a'", EDITED("domain", "- domain: a\n+ domain: b")},
	{"revision = 7", "revision = 1", EDITED("revision", "- revision: 1\n+ revision: 7")},
};

static void edit_row(Story *story, const char *assignment)
{
	g_autofree char *sql = g_strdup_printf("UPDATE flow SET %s WHERE id = 'f';", assignment);

	by_hand(story, sql);
}

static void test_undone(void)
{
	Story story = story_new();

	assert_drift(&story, "");
	for (guint i = 0; i < G_N_ELEMENTS(edits); i++) {
		edit_row(&story, edits[i].edit);
		assert_drift(&story, edits[i].drift);
		edit_row(&story, edits[i].undo);
		assert_drift(&story, "");
		assert_ended(&story, i + 1, "reverted");
	}
	story_end(&story);
}

// Also when nobody had looked before: the history has both times.
static void test_restored(void)
{
	Story story = story_new();

	for (guint i = 0; i < G_N_ELEMENTS(edits); i++) {
		edit_row(&story, edits[i].edit);
		if (i % 2 == 0)
			assert_drift(&story, edits[i].drift);
		walk(&story, 1);
		assert_live(&story, 1);
		assert_ended(&story, i + 1, "restored");
		assert_drift(&story, "");
	}
	walk(&story, 0);
	story_end(&story);
}

// What is not in the row: the revision itself, and the row as a whole.
static void test_history_is_edited(void)
{
	static const char *const edited[] = {
		"UPDATE revision SET definition = replace(definition, 'PT1S', 'PT9S') WHERE flow = "
		"'f';",
		"UPDATE revision SET definition = 'x' WHERE flow = 'f';",
		"UPDATE revision SET digest = 'x' WHERE flow = 'f';",
		"UPDATE flow SET digest = 'x' WHERE id = 'f';",
		"DELETE FROM flow WHERE id = 'f';",
	};
	Story story = story_new();

	for (guint i = 0; i < G_N_ELEMENTS(edited); i++) {
		g_autoptr(StoreRevision) revision = NULL;

		by_hand(&story, edited[i]);
		walk(&story, 1);
		assert_live(&story, 1);
		g_assert_true(store_revision_get(story.store, "a", "f", 1, &revision, NULL));
		g_assert_nonnull(strstr(revision->definition, "PT1S"));
		assert_ended(&story, i + 1, "restored");
		assert_drift(&story, "");
	}
	story_end(&story);
}

// What is live though no commit has it goes, and what a commit has removed since it was edited is not missed.
static void test_in_no_commit(void)
{
	Story story = story_new();

	by_hand(&story,
		"INSERT INTO flow SELECT namespace, 'g', revision, digest, source_digest, domain, "
		"kind, feed, target, connection, path, line, reads, writes, triggers, labels, "
		"concurrency_limit, concurrency_behavior, opaque, disabled, build_due, commit_id, "
		"applied, changed_at, deleted_at, NULL FROM flow WHERE id = 'f';");
	walk(&story, 1);
	assert_live(&story, 1);
	assert_drift(&story, "");
	edit_row(&story, "deleted_at = 5");
	g_free(fixture_run(story.git, "git rm -q domains/a/flows/f.yaml"));
	g_free(fixture_push(story.git, "Remove it"));
	walk(&story, 1);
	assert_drift(&story, "");
	story_end(&story);
}

// A server leaves it as it is, until a commit changes that flow.
static void test_a_change_restores(void)
{
	Story story = story_new();

	open_reconciler(&story, false);
	edit_row(&story, "concurrency_limit = 50, disabled = 1");
	walk(&story, 0);
	fixture_write(story.git, "domains/a/sql/other.sql", "SELECT 1 AS id\n");
	push(&story, "Something else");
	assert_drift(
		&story, EDITED("concurrency_limit, disabled",
				"- concurrency_limit: 1\n+ concurrency_limit: 50\n+ disabled: 1"));
	fixture_write(story.git, "domains/a/flows/f.yaml",
		"id: f\n# A comment\nconcurrency: {limit: 1}\n"
		"triggers: [{id: c, type: schedule, cron: \"0 3 * * *\"}]\n"
		"tasks: [{id: s, type: sleep, duration: PT1S}]\n");
	push(&story, "Comment on it");
	assert_drift(&story, "");
	assert_ended(&story, 1, "reverted");
	story_end(&story);
}

// A store of before the texts were kept takes what it has as committed.
static void test_of_an_older_version(void)
{
	Story story = story_new();
	g_autofree char *url = g_strdup_printf("sqlite:%s/weir.db", story.git->root);
	g_autoptr(GError) error = NULL;

	by_hand(&story, "UPDATE flow SET reads = 'a.x' || char(10) || 'a.y', opaque = 1 WHERE id = "
			"'f'; ALTER TABLE flow DROP COLUMN committed; DELETE FROM migration WHERE "
			"version >= 8;");
	drift_observer_free(story.observer);
	reconciler_free(g_steal_pointer(&story.reconciler));
	store_close(story.store);
	story.store = store_open(url, STORE_READ_WRITE, &error);
	g_assert_no_error(error);
	story.observer = drift_observer_new(story.store, &(DriftOptions){0});
	assert_drift(&story, "");
	edit_row(&story, "reads = 'a.x'");
	assert_drift(&story, EDITED("reads", "- reads: a.y"));
	story_end(&story);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/edited-flows/undone", test_undone);
	g_test_add_func("/edited-flows/restored", test_restored);
	g_test_add_func("/edited-flows/history-is-edited", test_history_is_edited);
	g_test_add_func("/edited-flows/in-no-commit", test_in_no_commit);
	g_test_add_func("/edited-flows/a-change-restores", test_a_change_restores);
	g_test_add_func("/edited-flows/of-an-older-version", test_of_an_older_version);
	return g_test_run();
}
