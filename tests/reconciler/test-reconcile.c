#include "reconciler/live_view.h"
#include "reconciler/plan_apply.h"
#include "reconciler/reconcile.h"
#include "store/domain.h"
#include "store/event.h"
#include "store/flow.h"
#include "store/script.h"
#include "store/table.h"
#include "tests/reconciler/git-fixture.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// A repository, a store, and a reconciler between them.
typedef struct {
	GitFixture *git;
	char *url;
	Store *store;
	Reconciler *reconciler;
	PlanPolicy policy;
	LayoutLimits limits; // all zero: the defaults
	int64_t poll_interval;
	bool allow_rewind;
	const char *branch; // NULL: none is named
	bool in_work; // the clone is followed, not the bare repository
} Story;

static void open_reconciler(Story *story)
{
	g_autoptr(GError) error = NULL;
	const ReconcilerOptions options = {
		.store = story->store,
		.source = {.url = story->in_work ? story->git->work : story->git->bare,
			.branch = story->branch,
			.allow_rewind = story->allow_rewind},
		.policy = story->policy,
		.limits = story->limits,
		.poll_interval = story->poll_interval,
		.drift_interval = -1,
	};

	story->reconciler = reconciler_new(&options, &error);
	g_assert_no_error(error);
}

static void open_store(Story *story)
{
	g_autoptr(GError) error = NULL;

	story->store = store_open(story->url, STORE_READ_WRITE, &error);
	g_assert_no_error(error);
}

static void write_retail(GitFixture *git)
{
	fixture_write(git, "weir.yaml", "name: retail\n");
	fixture_write(git, "domains/sales/domain.yaml", "owner: sales\n");
	fixture_write(git, "domains/sales/sql/raw.sql", "SELECT 1 AS id, 2 AS amount\n");
	fixture_write(git, "domains/sales/sql/orders.sql", "SELECT id, amount FROM sales.raw\n");
	fixture_write(git, "domains/finance/domain.yaml", "owner: finance\n");
	fixture_write(git, "domains/finance/sql/revenue.sql",
		"SELECT SUM(amount) AS s FROM sales.orders\n");
}

static Story story_new(void)
{
	Story story = {.git = git_fixture_new()};

	story.url = g_strdup_printf("sqlite:%s/weir.db", story.git->root);
	open_store(&story);
	open_reconciler(&story);
	return story;
}

static void story_restart(Story *story)
{
	reconciler_free(story->reconciler);
	store_close(story->store);
	open_store(story);
	open_reconciler(story);
}

static void story_end(Story *story)
{
	reconciler_free(story->reconciler);
	store_close(story->store);
	g_free(story->url);
	git_fixture_free(story->git);
}

static ReconcileOutcome walk(Story *story, ReconcileResult expected)
{
	g_autoptr(GError) error = NULL;
	ReconcileOutcome outcome;

	reconcile_once(story->reconciler, &outcome, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(reconcile_result_name(outcome.result), ==, reconcile_result_name(expected));
	return outcome;
}

// Pushes what was written, and walks.
static ReconcileOutcome push(Story *story, const char *message, ReconcileResult expected)
{
	g_free(fixture_push(story->git, message));
	return walk(story, expected);
}

static Story story_of_retail(void)
{
	Story story = story_new();

	write_retail(story.git);
	push(&story, "Begin", RECONCILE_APPLIED);
	return story;
}

static StoreSource *source_row(Story *story)
{
	StoreSource *row = NULL;

	g_assert_true(store_source_get(story->store, "main", &row, NULL));
	return row;
}

static StoreDomain *domain_row(Story *story, const char *name)
{
	StoreDomain *row = NULL;

	g_assert_true(store_domain_get(story->store, name, &row, NULL));
	return row;
}

static StoreFlow *flow_row(Story *story, const char *namespace, const char *id)
{
	StoreFlow *row = NULL;

	g_assert_true(store_flow_get(story->store, namespace, id, &row, NULL));
	return row;
}

static void assert_revision(Story *story, const char *namespace, const char *id, int64_t revision)
{
	g_autoptr(StoreFlow) row = flow_row(story, namespace, id);

	g_assert_nonnull(row);
	g_assert_cmpint(row->deleted_at, ==, 0);
	g_assert_cmpint(row->revision, ==, revision);
}

// ---- From nothing to live -----------------------------------------------------------------------------------------

static void test_first_push(void)
{
	Story story = story_new();

	walk(&story, RECONCILE_WAITING);
	g_autoptr(StoreSource) empty = source_row(&story);
	g_autofree char *waiting = g_strdup_printf(
		"repository '%s' has no commit yet: waiting for the first push", story.git->bare);
	g_assert_cmpstr(empty->error, ==, waiting);
	g_assert_cmpint(empty->sync, ==, SYNC_UNKNOWN);
	write_retail(story.git);
	g_autofree char *commit = fixture_push(story.git, "Begin");
	ReconcileOutcome outcome = walk(&story, RECONCILE_APPLIED);
	g_assert_cmpuint(outcome.created, ==, 6);
	g_autoptr(StoreSource) row = source_row(&story);
	g_assert_cmpstr(row->commit_live, ==, commit);
	g_assert_cmpstr(row->ref, ==, "refs/heads/main");
	g_assert_null(row->error);
	g_assert_cmpint(row->sync, ==, SYNC_SYNCED);
	g_autoptr(StoreFlow) flow = flow_row(&story, "sales", "orders");
	g_assert_cmpstr(flow->kind, ==, "generated");
	g_assert_cmpstr(flow->target, ==, "sales.orders");
	g_assert_cmpstr(flow->reads, ==, "sales.raw");
	g_assert_cmpstr(flow->writes, ==, "sales.orders");
	g_assert_cmpstr(flow->triggers, ==,
		"[{\"all\":[\"sales.raw\"],\"id\":\"tables\",\"type\":\"tables\"}]");
	g_assert_cmpint(flow->concurrency_limit, ==, 1);
	g_assert_true(flow->build_due);
	walk(&story, RECONCILE_UNCHANGED);
	story_end(&story);
}

static void test_restart_does_nothing(void)
{
	Story story = story_of_retail();

	story_restart(&story);
	walk(&story, RECONCILE_UNCHANGED);
	g_assert_null(reconciler_layout(story.reconciler));
	// The next commit finds what is live in the store alone.
	fixture_write(story.git, "domains/sales/sql/raw.sql", "SELECT 2 AS id, 2 AS amount\n");
	ReconcileOutcome outcome = push(&story, "Change", RECONCILE_APPLIED);
	g_assert_cmpuint(outcome.updated, ==, 1);
	g_assert_cmpuint(outcome.created + outcome.deleted + outcome.cosmetic, ==, 0);
	assert_revision(&story, "sales", "raw", 2);
	story_end(&story);
}

static void test_settings_walk_again(void)
{
	Story story = story_of_retail();

	story.policy.max_deletions = 7;
	story_restart(&story);
	ReconcileOutcome outcome = walk(&story, RECONCILE_APPLIED);
	g_assert_cmpuint(outcome.created + outcome.updated + outcome.deleted, ==, 0);
	story_end(&story);
}

// ---- Changes ------------------------------------------------------------------------------------------------------

static void test_cosmetic_makes_no_revision(void)
{
	Story story = story_of_retail();

	fixture_write(story.git, "domains/sales/sql/raw.sql",
		"-- one row\nSELECT 1 AS id,\n  2 AS amount\n");
	g_autofree char *commit = fixture_push(story.git, "Comment");
	ReconcileOutcome outcome = walk(&story, RECONCILE_APPLIED);
	g_assert_cmpuint(outcome.cosmetic, ==, 1);
	g_assert_cmpuint(outcome.updated, ==, 0);
	assert_revision(&story, "sales", "raw", 1);
	g_autoptr(StoreSource) row = source_row(&story);
	g_assert_cmpstr(row->commit_live, ==, commit);
	// And it is not found again by the next commit.
	fixture_write(story.git, "domains/sales/sql/orders.sql",
		"SELECT id, amount FROM sales.raw WHERE id > 0\n");
	outcome = push(&story, "Change", RECONCILE_APPLIED);
	g_assert_cmpuint(outcome.cosmetic, ==, 0);
	g_assert_cmpuint(outcome.updated, ==, 1);
	story_end(&story);
}

// Another value is another revision of the flows that use it, whatever process finds it out.
static void test_variables_make_revisions(void)
{
	Story story = story_new();

	write_retail(story.git);
	fixture_write(story.git, "weir.yaml", "name: retail\nvariables: {rate: 1}\n");
	fixture_write(story.git, "domains/sales/sql/raw.sql",
		"SELECT 1 AS id, {{ vars.rate }} AS amount\n");
	push(&story, "Begin", RECONCILE_APPLIED);
	assert_revision(&story, "sales", "raw", 1);
	for (int64_t revision = 2; revision < 4; revision++) {
		g_autofree char *yaml = g_strdup_printf(
			"name: retail\nvariables: {rate: %" G_GINT64_FORMAT "}\n", revision);

		fixture_write(story.git, "weir.yaml", yaml);
		g_free(fixture_push(story.git, "Another rate"));
		if (revision == 3)
			story_restart(&story);
		ReconcileOutcome outcome = walk(&story, RECONCILE_APPLIED);
		assert_revision(&story, "sales", "raw", (int)revision);
		assert_revision(&story, "sales", "orders", 1);
		assert_revision(&story, "finance", "revenue", 1);
		// The project, the flow, and what says who the other domain is.
		g_assert_cmpuint(outcome.updated, ==, 3);
	}
	g_autoptr(StoreRevision) live = NULL;
	g_assert_true(store_revision_get(story.store, "sales", "raw", 0, &live, NULL));
	g_assert_nonnull(strstr(live->definition, "\"variables\":{\"rate\":3}"));
	story_end(&story);
}

static char *plan_against_store(Story *story)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LiveView) view = live_view_new(story->store);
	g_autoptr(SourceTree) tree = source_tree_open_commit(story->git->work, "HEAD", &error);
	g_assert_no_error(error);
	g_autoptr(Layout) layout = layout_load(tree, NULL, NULL, NULL, NULL, &error);
	g_assert_no_error(error);
	live_view_load(view, &error);
	g_assert_no_error(error);
	g_autoptr(Plan) plan = plan_compute(layout, live_view_plan(view), &error);
	g_assert_no_error(error);
	return plan_text(plan, NULL, false);
}

// What weir.yaml said is known to the store alone.
static void test_project_is_planned(void)
{
	Story story = story_of_retail();

	fixture_write(story.git, "weir.yaml", "name: retail\nowner: shops\n");
	g_free(fixture_push(story.git, "Name an owner"));
	g_autofree char *before = plan_against_store(&story);
	g_assert_cmpstr(before, ==,
		"weir.yaml\n"
		"  ~ project.retail (metadata)\n"
		"      owner: nothing -> \"shops\"\n"
		"Plan: 0 to create, 1 to update, 0 to replace, 0 to delete; 0 cosmetic.\n");
	ReconcileOutcome outcome = walk(&story, RECONCILE_APPLIED);
	g_assert_cmpuint(outcome.updated, ==, 1);
	g_autofree char *after = plan_against_store(&story);
	g_assert_cmpstr(after, ==,
		"Plan: 0 to create, 0 to update, 0 to replace, 0 to delete; 0 cosmetic.\n");
	story_end(&story);
}

static void test_prune_keeps_history(void)
{
	Story story = story_of_retail();

	g_free(fixture_run(story.git, "git rm -q domains/finance/sql/revenue.sql"));
	ReconcileOutcome outcome = push(&story, "Remove", RECONCILE_APPLIED);
	g_assert_cmpuint(outcome.deleted, ==, 2);
	g_autoptr(StoreFlow) row = flow_row(&story, "finance", "revenue");
	g_assert_cmpint(row->deleted_at, !=, 0);
	g_autoptr(StoreRevision) revision = NULL;
	g_assert_true(store_revision_get(story.store, "finance", "revenue", 1, &revision, NULL));
	g_assert_nonnull(revision);
	fixture_write(story.git, "domains/finance/sql/revenue.sql",
		"SELECT SUM(amount) AS s FROM sales.orders\n");
	push(&story, "Bring it back", RECONCILE_APPLIED);
	assert_revision(&story, "finance", "revenue", 1);
	// A whole domain goes and comes back.
	g_free(fixture_run(story.git, "git rm -rq domains/finance"));
	push(&story, "Remove the domain", RECONCILE_APPLIED);
	g_autoptr(StoreDomain) gone = domain_row(&story, "finance");
	g_assert_cmpint(gone->deleted_at, !=, 0);
	g_free(fixture_run(story.git, "git revert --no-edit HEAD; git push -q origin main"));
	walk(&story, RECONCILE_APPLIED);
	g_autoptr(StoreDomain) back = domain_row(&story, "finance");
	g_assert_cmpint(back->deleted_at, ==, 0);
	assert_revision(&story, "finance", "revenue", 1);
	// What comes back as something else is a new one.
	g_free(fixture_run(story.git, "git rm -q domains/finance/sql/revenue.sql"));
	push(&story, "Remove it again", RECONCILE_APPLIED);
	fixture_write(story.git, "domains/finance/sql/revenue.sql",
		"SELECT MAX(amount) AS s FROM sales.orders\n");
	push(&story, "Bring back another one", RECONCILE_APPLIED);
	assert_revision(&story, "finance", "revenue", 2);
	story_end(&story);
}

// A table that moves to a domain that is applied before the one that it leaves stays the new one's.
static void test_a_table_moves_between_domains(void)
{
	Story story = story_new();
	g_autoptr(StoreTable) table = NULL;
	g_autoptr(GError) error = NULL;

	write_retail(story.git);
	fixture_write(story.git, "domains/sales/sql/shared/t.sql", "SELECT 1 AS id\n");
	push(&story, "Begin", RECONCILE_APPLIED);
	g_free(fixture_run(story.git, "mkdir -p domains/finance/sql/shared && git mv "
				      "domains/sales/sql/shared/t.sql "
				      "domains/finance/sql/shared/t.sql"));
	push(&story, "Move it", RECONCILE_APPLIED);
	g_assert_true(store_table_get(story.store, "shared.t", &table, &error));
	g_assert_nonnull(table);
	g_assert_cmpint(table->deleted_at, ==, 0);
	g_assert_cmpstr(table->domain, ==, "finance");
	story_end(&story);
}

static void test_scripts_are_kept(void)
{
	Story story = story_new();

	write_retail(story.git);
	fixture_write(story.git, "domains/sales/scripts/bin/hello.sh", "echo hello\n");
	fixture_write(story.git, "domains/sales/flows/greet.yaml",
		"id: greet\ntasks:\n  - {id: say, type: shell, commands: [sh bin/hello.sh]}\n");
	push(&story, "Begin", RECONCILE_APPLIED);
	g_autoptr(StoreDomain) row = domain_row(&story, "sales");
	g_autoptr(GPtrArray) entries = NULL;
	g_assert_true(store_script_tree_list(story.store, row->scripts_tree, &entries, NULL));
	g_assert_cmpuint(entries->len, ==, 1);
	const StoreScriptEntry *entry = entries->pdata[0];
	g_assert_cmpstr(entry->path, ==, "bin/hello.sh");
	g_autoptr(GBytes) content = NULL;
	g_assert_true(store_script_file_get(story.store, entry->blob, &content, NULL));
	g_assert_cmpuint(g_bytes_get_size(content), ==, 11);
	g_assert_cmpint(memcmp(g_bytes_get_data(content, NULL), "echo hello\n", 11), ==, 0);
	fixture_write(story.git, "domains/sales/scripts/bin/hello.sh", "echo good day\n");
	ReconcileOutcome outcome = push(&story, "Change the script", RECONCILE_APPLIED);
	g_assert_cmpuint(outcome.updated, ==, 1);
	assert_revision(&story, "sales", "greet", 2);
	story_end(&story);
}

// The first file of scripts/, a changed one and its end each make a revision of the flow that sees it.
static void test_scripts_come_and_go(void)
{
	static const char *const deeds[] = {
		"mkdir domains/sales/scripts; echo one > domains/sales/scripts/hello.sh",
		"echo two > domains/sales/scripts/hello.sh",
		"git rm -qr domains/sales/scripts",
		"mkdir domains/sales/scripts; echo three > domains/sales/scripts/hello.sh",
	};
	Story story = story_new();

	write_retail(story.git);
	fixture_write(story.git, "domains/sales/flows/greet.yaml",
		"id: greet\ntasks:\n  - {id: say, type: shell, commands: [sh hello.sh]}\n");
	push(&story, "Begin", RECONCILE_APPLIED);
	for (size_t i = 0; i < G_N_ELEMENTS(deeds); i++) {
		// Both from the last model and from what the store kept of it.
		if (i % 2 == 0)
			story_restart(&story);
		g_free(fixture_run(story.git, "%s", deeds[i]));
		push(&story, "Change scripts/", RECONCILE_APPLIED);
		assert_revision(&story, "sales", "greet", (int64_t)i + 2);
	}
	story_end(&story);
}

// ---- Faults -------------------------------------------------------------------------------------------------------

static void test_broken_domain_holds_up_no_other(void)
{
	Story story = story_new();

	write_retail(story.git);
	g_autofree char *first = fixture_push(story.git, "Begin");
	walk(&story, RECONCILE_APPLIED);
	fixture_write(story.git, "domains/finance/sql/revenue.sql",
		"/* weir\nfeeed: VIEW\n*/\nSELECT 1 AS s\n");
	fixture_write(story.git, "domains/sales/sql/raw.sql", "SELECT 3 AS id, 2 AS amount\n");
	g_autofree char *second = fixture_push(story.git, "One bad, one good");
	ReconcileOutcome outcome = walk(&story, RECONCILE_PARTIAL);
	g_assert_cmpuint(outcome.domains_broken, ==, 1);
	g_assert_cmpuint(outcome.updated, ==, 1);
	assert_revision(&story, "sales", "raw", 2);
	assert_revision(&story, "finance", "revenue", 1);
	g_autoptr(StoreDomain) finance = domain_row(&story, "finance");
	g_assert_cmpint(finance->sync, ==, SYNC_OUT_OF_SYNC);
	g_assert_cmpstr(finance->commit_live, ==, first);
	g_assert_cmpstr(finance->commit_wanted, ==, second);
	g_assert_cmpstr(finance->message, ==, "1 fault in its files: what was live stays");
	g_assert_nonnull(strstr(finance->diagnostics, "\"line\":2"));
	g_autoptr(StoreDomain) sales = domain_row(&story, "sales");
	g_assert_cmpint(sales->sync, ==, SYNC_SYNCED);
	g_assert_cmpstr(sales->commit_live, ==, second);
	walk(&story, RECONCILE_UNCHANGED);
	// Back to what is live: nothing to change, but no longer out of sync.
	fixture_write(story.git, "domains/finance/sql/revenue.sql",
		"SELECT SUM(amount) AS s FROM sales.orders\n");
	g_autofree char *third = fixture_push(story.git, "Mend it");
	outcome = walk(&story, RECONCILE_APPLIED);
	g_assert_cmpuint(outcome.updated, ==, 0);
	g_autoptr(StoreDomain) mended = domain_row(&story, "finance");
	g_assert_cmpint(mended->sync, ==, SYNC_SYNCED);
	g_assert_cmpstr(mended->commit_live, ==, third);
	g_assert_null(mended->diagnostics);
	story_end(&story);
}

// Takes the file's object out of the repository, or puts it back.
static void hide(Story *story, const char *path, bool hidden)
{
	g_autofree char *id = fixture_run(story->git, "git rev-parse HEAD:%s", path);
	g_autofree char *object =
		g_strdup_printf("%s/objects/%.2s/%s", story->git->bare, id, id + 2);

	g_free(fixture_run(story->git, hidden ? "mv %s %s.away" : "mv %s.away %s", object, object));
}

// A lost object is its domain's affair. It may come back: the same commit is looked at again, by this process and the next.
static void test_lost_object(void)
{
	Story story = story_of_retail();

	fixture_write(story.git, "domains/finance/sql/revenue.sql", "SELECT 9 AS s\n");
	fixture_write(story.git, "domains/sales/sql/raw.sql", "SELECT 3 AS id, 2 AS amount\n");
	g_free(fixture_push(story.git, "Change both"));
	hide(&story, "domains/finance/sql/revenue.sql", true);
	walk(&story, RECONCILE_PARTIAL);
	assert_revision(&story, "sales", "raw", 2);
	assert_revision(&story, "finance", "revenue", 1);
	g_autoptr(StoreDomain) broken = domain_row(&story, "finance");
	g_assert_nonnull(strstr(broken->diagnostics, "\"code\":\"unreadable\""));
	// Not at once: an object that stays away must not keep the server busy.
	walk(&story, RECONCILE_UNCHANGED);
	story_restart(&story);
	walk(&story, RECONCILE_PARTIAL);
	story.poll_interval = 1000;
	story_restart(&story);
	walk(&story, RECONCILE_PARTIAL);
	hide(&story, "domains/finance/sql/revenue.sql", false);
	g_usleep(2000);
	walk(&story, RECONCILE_APPLIED);
	assert_revision(&story, "finance", "revenue", 2);
	walk(&story, RECONCILE_UNCHANGED);
	story_end(&story);
}

// A limit that was raised counts for the commit that passed it.
static void test_raised_limit(void)
{
	Story story = story_new();

	write_retail(story.git);
	fixture_write(story.git, "domains/finance/sql/long.sql",
		"SELECT 'a text that makes this script longer than others' AS s\n");
	g_free(fixture_push(story.git, "Begin"));
	story.limits = layout_limits_default;
	story.limits.file_bytes = 60;
	story_restart(&story);
	ReconcileOutcome outcome = walk(&story, RECONCILE_PARTIAL);
	g_assert_cmpuint(outcome.domains_broken, ==, 1);
	story_restart(&story);
	walk(&story, RECONCILE_UNCHANGED);
	story.limits.file_bytes = 70;
	story_restart(&story);
	walk(&story, RECONCILE_APPLIED);
	assert_revision(&story, "finance", "long", 1);
	story_end(&story);
}

static void test_domain_comes_back_broken(void)
{
	Story story = story_of_retail();

	g_free(fixture_run(story.git, "git rm -rq domains/finance"));
	push(&story, "Remove the domain", RECONCILE_APPLIED);
	g_free(fixture_run(story.git, "git revert --no-commit HEAD"));
	fixture_write(story.git, "domains/finance/sql/revenue.sql", "DELETE FROM x\n");
	push(&story, "Back, and broken", RECONCILE_PARTIAL);
	g_autoptr(StoreDomain) broken = domain_row(&story, "finance");
	g_assert_cmpint(broken->deleted_at, ==, 0);
	g_assert_cmpint(broken->sync, ==, SYNC_OUT_OF_SYNC);
	g_assert_null(broken->commit_live);
	g_assert_nonnull(broken->diagnostics);
	// And is forgotten again when it goes for good.
	g_free(fixture_run(story.git, "git rm -rq domains/finance"));
	push(&story, "Remove it again", RECONCILE_APPLIED);
	g_autoptr(StoreDomain) gone = domain_row(&story, "finance");
	g_assert_cmpint(gone->deleted_at, !=, 0);
	g_assert_null(gone->diagnostics);
	story_end(&story);
}

static void test_broken_project(void)
{
	Story story = story_new();

	write_retail(story.git);
	g_autofree char *first = fixture_push(story.git, "Begin");
	walk(&story, RECONCILE_APPLIED);
	fixture_write(story.git, "weir.yaml", "nmae: retail\n");
	fixture_write(story.git, "domains/sales/sql/raw.sql", "SELECT 3 AS id, 2 AS amount\n");
	g_autofree char *second = fixture_push(story.git, "Break it");
	walk(&story, RECONCILE_PARTIAL);
	assert_revision(&story, "sales", "raw", 1);
	g_autoptr(StoreSource) row = source_row(&story);
	g_assert_cmpstr(row->commit_live, ==, first);
	g_assert_cmpstr(row->commit_wanted, ==, second);
	g_assert_cmpint(row->sync, ==, SYNC_OUT_OF_SYNC);
	g_assert_nonnull(strstr(row->diagnostics, "nmae"));
	fixture_write(story.git, "weir.yaml", "name: retail\n");
	push(&story, "Mend it", RECONCILE_APPLIED);
	assert_revision(&story, "sales", "raw", 2);
	story_end(&story);
}

static void test_held(void)
{
	Story story = story_of_retail();

	g_free(fixture_run(story.git, "git rm -q domains/sales/sql/orders.sql"));
	ReconcileOutcome outcome = push(&story, "Remove what finance reads", RECONCILE_PARTIAL);
	g_assert_cmpuint(outcome.domains_held, ==, 1);
	assert_revision(&story, "sales", "orders", 1);
	g_autoptr(StoreDomain) row = domain_row(&story, "sales");
	g_assert_cmpint(row->sync, ==, SYNC_OUT_OF_SYNC);
	g_assert_cmpstr(row->message, ==,
		"'sales.orders' would be removed, and flow 'finance.revenue' of domain 'finance' "
		"reads it (keep the script, or change its readers first)");
	story_end(&story);
}

// A branch that is removed by mistake takes nothing with it.
static void test_branch_gone_and_back(void)
{
	Story story = story_new();

	write_retail(story.git);
	g_autofree char *first = fixture_push(story.git, "Begin");
	walk(&story, RECONCILE_APPLIED);
	g_free(fixture_run(story.git, "git -C %s update-ref -d refs/heads/main", story.git->bare));
	walk(&story, RECONCILE_WAITING);
	{
		g_autofree char *message =
			g_strdup_printf("'refs/heads/main' is gone from repository '%s': what was "
					"live stays; push it "
					"again, or name another branch",
				story.git->bare);
		g_autoptr(StoreSource) row = source_row(&story);
		g_assert_cmpstr(row->error, ==, message);
		g_assert_cmpstr(row->commit_live, ==, first);
		g_assert_cmpint(row->sync, ==, SYNC_UNKNOWN);
	}
	assert_revision(&story, "sales", "raw", 1);
	g_free(fixture_run(story.git, "git push -q origin main"));
	walk(&story, RECONCILE_UNCHANGED);
	g_autoptr(StoreSource) row = source_row(&story);
	g_assert_null(row->error);
	g_assert_cmpint(row->sync, ==, SYNC_SYNCED);
	story_end(&story);
}

static void assert_walk_fails(Story *story, const char *message)
{
	g_autoptr(GError) error = NULL;
	ReconcileOutcome outcome;

	g_assert_false(reconcile_once(story->reconciler, &outcome, &error));
	g_assert_cmpstr(error->message, ==, message);
	g_autoptr(StoreSource) row = source_row(story);
	g_assert_cmpstr(row->error, ==, message);
}

static void test_force_push(void)
{
	Story story = story_new();

	write_retail(story.git);
	g_autofree char *first = fixture_push(story.git, "Begin");
	walk(&story, RECONCILE_APPLIED);
	g_autofree char *other = fixture_run(story.git,
		"git commit -q --amend -m Other; git push -qf origin main; git rev-parse HEAD");
	g_autofree char *message = g_strdup_printf(
		"branch 'main' of repository '%s' was force-pushed: %.12s does not contain %.12s, "
		"which is "
		"live; push a commit on top of that one, or allow it with allow_rewind",
		story.git->bare, other, first);
	assert_walk_fails(&story, message);
	assert_revision(&story, "sales", "raw", 1);
	story.allow_rewind = true;
	story_restart(&story);
	ReconcileOutcome outcome = walk(&story, RECONCILE_APPLIED);
	g_assert_true(outcome.rewound);
	g_autoptr(StoreSource) row = source_row(&story);
	g_assert_cmpstr(row->commit_live, ==, other);
	g_assert_null(row->error);
	story_end(&story);
}

static gint64 count_events(Story *story, const char *kind)
{
	g_autoptr(GPtrArray) events = NULL;
	gint64 count = 0;

	g_assert_true(store_events_list(story->store, NULL, NULL, &events, NULL, NULL));
	for (guint i = 0; i < events->len; i++) {
		const StoreEvent *event = g_ptr_array_index(events, i);

		count += strcmp(event->kind, kind) == 0;
	}
	return count;
}

static void assert_followed(Story *story, const char *ref, const char *commit)
{
	g_autoptr(StoreSource) row = source_row(story);

	g_assert_cmpstr(row->ref, ==, ref);
	g_assert_cmpstr(row->commit_live, ==, commit);
	g_assert_null(row->error);
	g_assert_cmpint(row->sync, ==, SYNC_SYNCED);
}

// Somebody works in the repository that is served: another branch is checked out, and committed to. Nothing of it is live.
static void test_head_moves(void)
{
	Story story = story_new();

	reconciler_free(story.reconciler);
	story.in_work = true;
	open_reconciler(&story);
	write_retail(story.git);
	g_autofree char *first = fixture_push(story.git, "Begin");
	ReconcileOutcome outcome = walk(&story, RECONCILE_APPLIED);
	g_assert_cmpstr(outcome.follows, ==,
		"follows branch 'main', since HEAD names it; name another one to follow that");
	g_free(fixture_run(story.git, "git checkout -q -b feature; rm domains/sales/sql/raw.sql; "
				      "git commit -qam Unmerged"));
	outcome = walk(&story, RECONCILE_UNCHANGED);
	g_assert_null(outcome.follows);
	story_restart(&story);
	outcome = walk(&story, RECONCILE_UNCHANGED);
	g_assert_cmpstr(outcome.follows, ==,
		"follows branch 'main', as before, wherever HEAD is now; name another one to "
		"follow that");
	assert_followed(&story, "refs/heads/main", first);
	g_free(fixture_run(story.git, "git checkout -q main"));
	g_autofree char *second =
		fixture_run(story.git, "git commit -q --allow-empty -m On; git rev-parse HEAD");
	walk(&story, RECONCILE_APPLIED);
	assert_followed(&story, "refs/heads/main", second);
	assert_revision(&story, "sales", "raw", 1);
	g_assert_cmpint(count_events(&story, "ref-changed"), ==, 0);
	story_end(&story);
}

// The default branch of a forge is another one now: that, too, has to be asked for, and is no force-push when it is.
static void test_other_branch(void)
{
	Story story = story_of_retail();

	g_free(fixture_run(story.git,
		"git commit -q --amend -m Trunk; git push -q origin HEAD:trunk; git -C %s "
		"symbolic-ref HEAD refs/heads/trunk",
		story.git->bare));
	g_autofree char *trunk = fixture_run(story.git, "git rev-parse HEAD");
	story_restart(&story);
	walk(&story, RECONCILE_UNCHANGED);
	story.branch = "trunk";
	story_restart(&story);
	ReconcileOutcome outcome = walk(&story, RECONCILE_APPLIED);
	g_assert_false(outcome.rewound);
	g_assert_cmpstr(outcome.follows, ==,
		"follows branch 'trunk' now, as it is told to; before it was branch 'main'");
	assert_followed(&story, "refs/heads/trunk", trunk);
	g_assert_cmpint(count_events(&story, "ref-changed"), ==, 1);
	g_assert_cmpint(count_events(&story, "force-pushed"), ==, 0);
	// Once it is live, it need not be named any more.
	story.branch = NULL;
	g_free(fixture_run(
		story.git, "git -C %s symbolic-ref HEAD refs/heads/main", story.git->bare));
	story_restart(&story);
	walk(&story, RECONCILE_UNCHANGED);
	assert_followed(&story, "refs/heads/trunk", trunk);
	g_assert_cmpint(count_events(&story, "ref-changed"), ==, 1);
	story_end(&story);
}

// The first commit has faults: what HEAD named then is followed all the same.
static void test_head_of_the_first_commit(void)
{
	Story story = story_new();

	fixture_write(story.git, "weir.yaml", "nome: x\n");
	g_free(fixture_push(story.git, "Begin"));
	walk(&story, RECONCILE_PARTIAL);
	g_free(fixture_run(story.git,
		"git checkout -q -b other; echo 'name: x' > weir.yaml; git commit -qam Good; git "
		"push -q origin other; git -C %s symbolic-ref HEAD refs/heads/other",
		story.git->bare));
	story_restart(&story);
	walk(&story, RECONCILE_PARTIAL);
	g_autoptr(StoreSource) row = source_row(&story);
	g_assert_cmpstr(row->ref, ==, "refs/heads/main");
	story_end(&story);
}

static void test_gone_and_back(void)
{
	Story story = story_new();

	write_retail(story.git);
	g_autofree char *first = fixture_push(story.git, "Begin");
	walk(&story, RECONCILE_APPLIED);
	g_free(fixture_run(story.git, "mv %s %s.away", story.git->bare, story.git->bare));
	g_autofree char *message =
		g_strdup_printf("repository '%s' cannot be reached: No such file or directory; put "
				"it back, or correct the path",
			story.git->bare);
	assert_walk_fails(&story, message);
	assert_walk_fails(&story, message);
	g_free(fixture_run(story.git, "mv %s.away %s", story.git->bare, story.git->bare));
	walk(&story, RECONCILE_UNCHANGED);
	g_autoptr(StoreSource) row = source_row(&story);
	g_assert_null(row->error);
	g_assert_cmpint(row->sync, ==, SYNC_SYNCED);
	fixture_write(story.git, "domains/sales/sql/raw.sql", "SELECT 3 AS id, 2 AS amount\n");
	push(&story, "Change", RECONCILE_APPLIED);
	story_end(&story);
}

// ---- Applying -----------------------------------------------------------------------------------------------------

static Layout *load_tip(Story *story, SourceTree **ret_tree)
{
	*ret_tree = source_tree_open_commit(story->git->bare, "main", NULL);
	return layout_load(*ret_tree, NULL, NULL, NULL, NULL, NULL);
}

static void test_stale_plan(void)
{
	Story story = story_new();
	g_autoptr(SourceTree) tree = NULL;
	g_autoptr(GError) error = NULL;
	ApplyOutcome outcome;

	write_retail(story.git);
	push(&story, "Begin", RECONCILE_APPLIED);
	fixture_write(story.git, "domains/sales/sql/raw.sql", "SELECT 3 AS id, 2 AS amount\n");
	g_free(fixture_push(story.git, "Change"));
	g_autoptr(Layout) layout = load_tip(&story, &tree);
	g_autoptr(LiveView) view = live_view_new(story.store);
	g_assert_true(live_view_load(view, NULL));
	g_autoptr(Plan) plan = plan_compute(layout, live_view_plan(view), NULL);
	walk(&story, RECONCILE_APPLIED);
	const ApplyOptions options = {
		.store = story.store, .view = view, .source = "main", .commit = "x"};
	g_assert_false(plan_apply(&options, plan, &outcome, NULL, NULL, &error));
	g_assert_error(error, APPLY_ERROR, APPLY_ERROR_STALE);
	g_assert_cmpstr(error->message, ==,
		"domain 'sales' has changed since the plan was made; make a new plan");
	assert_revision(&story, "sales", "raw", 2);
	story_end(&story);
}

static bool die(const ApplyOutcome *outcome, void *data, GError **error)
{
	(void)outcome;
	(void)data;
	(void)error;
	raise(SIGKILL);
	return true;
}

// Walks in a child that is killed: just before the commit of the apply, or just after it.
static void walk_and_die(Story *story, bool before)
{
	reconciler_free(story->reconciler);
	store_close(story->store);
	pid_t child = fork();
	if (child == 0) {
		g_autoptr(SourceTree) tree = NULL;
		ApplyOutcome outcome;

		open_store(story);
		open_reconciler(story);
		if (before) {
			g_autofree char *commit = fixture_run(story->git, "git rev-parse HEAD");
			Layout *layout = load_tip(story, &tree);
			LiveView *view = live_view_new(story->store);

			live_view_load(view, NULL);
			Plan *plan = plan_compute(layout, live_view_plan(view), NULL);
			const ApplyOptions options = {
				.store = story->store, .source = "main", .commit = commit};
			plan_apply(&options, plan, &outcome, die, NULL, NULL);
			_exit(1);
		}
		walk(story, RECONCILE_APPLIED);
		raise(SIGKILL);
	}
	int status = 0;
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_true(WIFSIGNALED(status));
	open_store(story);
	open_reconciler(story);
}

static void test_killed_around_the_commit(void)
{
	Story story = story_new();
	g_autoptr(GError) error = NULL;

	write_retail(story.git);
	g_autofree char *first = fixture_push(story.git, "Begin");
	walk_and_die(&story, true);
	g_autoptr(StoreFlow) none = flow_row(&story, "sales", "raw");
	g_autoptr(StoreDomain) nobody = domain_row(&story, "sales");
	g_assert_null(none);
	g_assert_null(nobody);
	ReconcileOutcome outcome = walk(&story, RECONCILE_APPLIED);
	g_assert_cmpuint(outcome.created, ==, 6);
	fixture_write(story.git, "domains/sales/sql/raw.sql", "SELECT 3 AS id, 2 AS amount\n");
	fixture_write(story.git, "domains/finance/sql/more.sql", "SELECT id FROM sales.orders\n");
	g_autofree char *second = fixture_push(story.git, "Change");
	walk_and_die(&story, false);
	assert_revision(&story, "sales", "raw", 2);
	assert_revision(&story, "finance", "more", 1);
	g_autoptr(StoreSource) row = source_row(&story);
	g_assert_cmpstr(row->commit_live, ==, second);
	walk(&story, RECONCILE_UNCHANGED);
	store_check_integrity(story.store, &error);
	g_assert_no_error(error);
	story_end(&story);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/reconcile/first-push", test_first_push);
	g_test_add_func("/reconcile/restart-does-nothing", test_restart_does_nothing);
	g_test_add_func("/reconcile/settings-walk-again", test_settings_walk_again);
	g_test_add_func("/reconcile/project-is-planned", test_project_is_planned);
	g_test_add_func("/reconcile/cosmetic-makes-no-revision", test_cosmetic_makes_no_revision);
	g_test_add_func("/reconcile/variables-make-revisions", test_variables_make_revisions);
	g_test_add_func("/reconcile/prune-keeps-history", test_prune_keeps_history);
	g_test_add_func(
		"/reconcile/a-table-moves-between-domains", test_a_table_moves_between_domains);
	g_test_add_func("/reconcile/scripts-are-kept", test_scripts_are_kept);
	g_test_add_func(
		"/reconcile/broken-domain-holds-up-no-other", test_broken_domain_holds_up_no_other);
	g_test_add_func("/reconcile/lost-object", test_lost_object);
	g_test_add_func("/reconcile/raised-limit", test_raised_limit);
	g_test_add_func("/reconcile/scripts-come-and-go", test_scripts_come_and_go);
	g_test_add_func("/reconcile/domain-comes-back-broken", test_domain_comes_back_broken);
	g_test_add_func("/reconcile/broken-project", test_broken_project);
	g_test_add_func("/reconcile/held", test_held);
	g_test_add_func("/reconcile/branch-gone-and-back", test_branch_gone_and_back);
	g_test_add_func("/reconcile/force-push", test_force_push);
	g_test_add_func("/reconcile/head-moves", test_head_moves);
	g_test_add_func("/reconcile/other-branch", test_other_branch);
	g_test_add_func("/reconcile/head-of-the-first-commit", test_head_of_the_first_commit);
	g_test_add_func("/reconcile/gone-and-back", test_gone_and_back);
	g_test_add_func("/reconcile/stale-plan", test_stale_plan);
	g_test_add_func("/reconcile/killed-around-the-commit", test_killed_around_the_commit);
	return g_test_run();
}
