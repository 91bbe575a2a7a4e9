// What a store forgets, what it keeps however old, and that one node at a time sees to it.
#include "store/backfill.h"
#include "store/drift.h"
#include "store/duty.h"
#include "store/event.h"
#include "store/flow.h"
#include "store/id.h"
#include "store/plan.h"
#include "store/retention.h"
#include "store/run.h"
#include "store/script.h"
#include "store/table.h"
#include "store/task_run.h"
#include "tests/harness/temporary_store.h"
#include "tests/harness/text.h"
#include "tests/store/retention_bed.h"

static void test_old_runs_go_with_all_that_is_theirs(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = retention_store_open(&place);
	g_autofree char *old = retention_run(store, "f", RUN_FAILED);
	int64_t ended[RUN_STATES];

	g_assert_cmpint(retention_rows_of_runs(&place), ==, 5);
	clock_now += 89 * DAY;
	g_autofree char *none = retention_forget(&place, store, 0);
	g_assert_cmpstr(none, ==, "");
	g_assert_true(retention_run_is_there(store, old));
	clock_now += 2 * DAY;
	g_autofree char *dropped = retention_forget(&place, store, 0);
	g_assert_cmpstr(dropped, ==, old);
	g_assert_cmpint(retention_rows_of_runs(&place), ==, 0);
	// The tallies remember.
	g_assert_true(store_runs_count_ended(store, ended, NULL));
	g_assert_cmpint(ended[RUN_FAILED], ==, 1);
}

static void test_newest_and_last_good_runs_stay(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = retention_store_open(&place);
	g_autofree char *older = retention_run(store, "f", RUN_SUCCESS);
	g_autofree char *good = retention_run(store, "f", RUN_SUCCESS);
	g_autofree char *warned = retention_run(store, "f", RUN_WARNING);
	g_autofree char *bad = retention_run(store, "f", RUN_FAILED);
	g_autofree char *newer = retention_run(store, "f", RUN_FAILED);
	g_autofree char *newest = retention_run(store, "f", RUN_KILLED);
	g_autofree char *other = retention_run(store, "g", RUN_FAILED);

	clock_now += 1000 * DAY;
	g_free(retention_forget(&place, store, 2));
	g_assert_false(retention_run_is_there(store, older));
	g_assert_true(retention_run_is_there(store, good));
	g_assert_true(retention_run_is_there(store, warned));
	g_assert_false(retention_run_is_there(store, bad));
	g_assert_true(retention_run_is_there(store, newer));
	g_assert_true(retention_run_is_there(store, newest));
	g_assert_true(retention_run_is_there(store, other));
	// What belongs to them stays as well, logs too.
	g_assert_cmpint(retention_rows_of_runs(&place), ==, 25);
}

static void test_runs_that_go_on_and_their_children_stay(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = retention_store_open(&place);
	StoreLease parent = retention_run_start(
		store, &(StoreRunNew){.namespace = "a", .flow = "p", .revision = 1});
	g_autofree char *child = retention_run_end(store,
		retention_run_start(store, &(StoreRunNew){.namespace = "a",
						   .flow = "c",
						   .revision = 1,
						   .parent_run_id = parent.run_id}),
		RUN_FAILED);
	g_autofree char *restarted = retention_run(store, "r", RUN_FAILED);

	g_assert_true(store_run_restart(store, restarted, 0, NULL));
	clock_now += 1000 * DAY;
	g_free(retention_forget(&place, store, 0));
	g_assert_true(retention_run_is_there(store, parent.run_id));
	g_assert_true(retention_run_is_there(store, child));
	g_assert_true(retention_run_is_there(store, restarted));
	g_free(retention_run_end(store, parent, RUN_FAILED));
	g_free(retention_forget(&place, store, 0));
	g_assert_true(retention_run_is_there(store, parent.run_id));
	g_assert_false(retention_run_is_there(store, child));
}

static void test_logs_go_before_their_runs(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = retention_store_open(&place);
	g_autofree char *old = retention_run(store, "f", RUN_FAILED);
	g_autofree char *kept = retention_run(store, "g", RUN_SUCCESS);

	clock_now += 20 * DAY;
	g_autofree char *young = retention_run(store, "f", RUN_FAILED);
	clock_now += 11 * DAY;
	g_free(retention_forget(&place, store, 0));
	g_assert_true(retention_run_is_there(store, old));
	g_assert_true(retention_run_is_there(store, kept));
	g_assert_true(retention_run_is_there(store, young));
	g_autofree char *sql = g_strdup_printf(
		"SELECT count(*) FROM log_chunk WHERE run_id IN ('%s', '%s')", kept, young);
	g_assert_cmpint(retention_count(&place, sql), ==, 2);
	g_assert_cmpint(retention_count(&place, "SELECT count(*) FROM log_chunk"), ==, 2);
}

static void test_files_stay_while_any_run_names_them(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = retention_store_open(&place);
	g_autofree char *input = id_new();
	g_autofree char *foreign = id_new();
	g_autofree char *inputs = g_strdup_printf(
		"{\"a\":\"weir:///inputs/%s/x.csv\",\"b\":[\"weir:///inputs/%s/y.csv\"],"
		"\"c\":\"weir:///../../etc/passwd\",\"d\":\"weir:///inputs/short/x\"}",
		input, input);
	g_autofree char *first = retention_run_end(store,
		retention_run_start(store,
			&(StoreRunNew){
				.namespace = "a", .flow = "f", .revision = 1, .inputs = inputs}),
		RUN_FAILED);
	bool used = false;

	clock_now += 50 * DAY;
	g_autofree char *both = g_strdup_printf(
		"{\"a\":\"weir:///inputs/%s/x.csv\",\"b\":\"weir:///%s/t/y.csv\"}", input, first);
	g_autofree char *replay = retention_run_end(store,
		retention_run_start(store,
			&(StoreRunNew){
				.namespace = "a", .flow = "f", .revision = 1, .inputs = both}),
		RUN_FAILED);
	clock_now += 50 * DAY;
	g_autofree char *nothing = retention_forget(&place, store, 0);
	g_assert_cmpstr(nothing, ==, "");
	g_assert_false(retention_run_is_there(store, first));
	g_assert_true(store_files_are_used(store, first, &used, NULL));
	g_assert_true(used);
	g_assert_true(store_files_are_used(store, foreign, &used, NULL));
	g_assert_false(used);
	clock_now += 50 * DAY;
	g_autofree char *wanted = g_strdup_printf("%s %s inputs/%s", replay, first, input);
	g_autofree char *dropped = retention_forget(&place, store, 0);
	g_assert_cmpstr(dropped, ==, wanted);
	g_assert_cmpint(retention_rows_of_runs(&place), ==, 0);
}

static void test_events_go_but_the_sequence_goes_on(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = retention_store_open(&place);
	const StoreEvent event = {.kind = TEXT("synced")};
	int64_t before = 0;
	int64_t after = 0;

	for (int i = 0; i < 500; i++)
		g_assert_true(store_event_add(store, &event, NULL));
	g_assert_true(store_event_sequence(store, &before, NULL));
	clock_now += 31 * DAY;
	g_free(retention_forget(&place, store, 0));
	g_assert_cmpint(retention_count(&place, "SELECT count(*) FROM event"), ==, 1);
	g_assert_true(store_event_add(store, &event, NULL));
	g_assert_true(store_event_sequence(store, &after, NULL));
	g_assert_cmpint(after, ==, before + 1);
}

static void test_newest_publications_stay(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = retention_store_open(&place);

	for (int i = 0; i < 300; i++) {
		g_autofree char *task_run = g_strdup_printf("t%d", i);

		g_assert_true(store_publish_add(store,
			&(StorePublish){.name = i == 0 ? TEXT("s.seldom") : TEXT("s.often"),
				.task_run_id = task_run,
				.at = clock_now},
			NULL, NULL));
	}
	clock_now += 91 * DAY;
	g_free(retention_forget(&place, store, 3));
	g_assert_cmpint(retention_count(&place,
				"SELECT count(*) FROM table_publish WHERE name = 's.seldom'"),
		==, 1);
	g_assert_cmpint(retention_count(&place,
				"SELECT count(*) FROM table_publish WHERE name = 's.often'"),
		==, 3);
	g_assert_cmpint(
		retention_count(&place, "SELECT min(sequence) FROM table_publish WHERE name = "
					"'s.often'"),
		==, 298);
}

static void test_open_drift_stays(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = retention_store_open(&place);

	for (int i = 0; i < 3; i++) {
		g_autofree char *name = g_strdup_printf("s.t%d", i);

		g_assert_true(store_drift_begin(store,
			&(StoreDrift){
				.kind = TEXT("table"), .resource = name, .summary = TEXT("x")},
			NULL, NULL));
	}
	g_assert_true(
		store_drift_resolve(store, "table", "s.t0", "reverted", clock_now, NULL, NULL));
	clock_now += 360 * DAY;
	g_assert_true(
		store_drift_resolve(store, "table", "s.t1", "reverted", clock_now, NULL, NULL));
	clock_now += 10 * DAY;
	g_free(retention_forget(&place, store, 0));
	g_assert_cmpint(
		retention_count(&place, "SELECT count(*) FROM drift WHERE resource = 's.t0'"), ==,
		0);
	g_assert_cmpint(retention_count(&place, "SELECT count(*) FROM drift"), ==, 2);
	clock_now += 1000 * DAY;
	g_free(retention_forget(&place, store, 0));
	g_assert_cmpint(
		retention_count(&place, "SELECT count(*) FROM drift WHERE resource = 's.t2'"), ==,
		1);
	g_assert_cmpint(retention_count(&place, "SELECT count(*) FROM drift"), ==, 1);
}

static void test_old_plans_go(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = retention_store_open(&place);

	for (int i = 0; i < 5; i++) {
		g_autofree char *digest = g_strdup_printf("p%d", i);

		clock_now += 1000;
		g_assert_true(store_plan_put(store,
			&(StorePlan){.digest = digest, .json = TEXT("{}"), .created_at = clock_now},
			NULL));
	}
	clock_now += 91 * DAY;
	g_free(retention_forget(&place, store, 2));
	g_assert_cmpint(
		retention_count(&place, "SELECT count(*) FROM plan WHERE digest IN ('p3', 'p4')"),
		==, 2);
	g_assert_cmpint(retention_count(&place, "SELECT count(*) FROM plan"), ==, 2);
}

// One that has not ended stays, with the notes of its runs.
static void test_ended_backfills_go(void)
{
	static const char *const ids[] = {"b-ended", "b-going"};
	static const BackfillState going[] = {BACKFILL_RUNNING, BACKFILL_RUNNING};
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = retention_store_open(&place);
	bool done = false;

	for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
		g_assert_true(store_backfill_create(store,
			&(StoreBackfill){.id = TEXT(ids[i]),
				.namespace = TEXT("a"),
				.flow = TEXT("f"),
				.trigger_id = TEXT("t")},
			NULL));
		for (int64_t at = 1; at <= 300; at++)
			g_assert_true(store_backfill_run_add(store, ids[i], at, "r", NULL));
	}
	// A due time has one run.
	g_assert_false(store_backfill_run_add(store, "b-going", 1, "other", NULL));
	g_assert_true(store_backfill_set(store, "b-ended", BACKFILL_CANCELLED, going, &done, NULL));
	g_assert_true(done);
	clock_now += 91 * DAY;
	g_free(retention_forget(&place, store, 0));
	g_assert_cmpint(
		retention_count(&place, "SELECT count(*) FROM backfill WHERE id = 'b-going'"), ==,
		1);
	g_assert_cmpint(retention_count(&place, "SELECT count(*) FROM backfill"), ==, 1);
	g_assert_cmpint(retention_count(&place, "SELECT count(*) FROM backfill_run"), ==, 300);
}

// Makes the n-th revision of a flow live, with a scripts/ folder of its own.
static void put_revision(Store *store, const char *flow, int n)
{
	g_autofree char *digest = g_strdup_printf("d%d", n);
	g_autofree char *tree = g_strdup_printf("tree-%s-%d", flow, n);
	g_autofree char *blob = g_strdup_printf("blob-%s-%d", flow, n);
	StoreScriptEntry entries[] = {
		{TEXT("own.sh"), blob, true}, {TEXT("shared.sh"), TEXT("shared"), false}};
	int64_t applied = 0;

	g_assert_true(store_script_file_put(store, blob, "x", 1, NULL));
	g_assert_true(store_script_file_put(store, "shared", "y", 1, NULL));
	g_assert_true(store_script_tree_put(store, tree, entries, 2, NULL));
	g_assert_true(store_apply_begin(store, &applied, NULL));
	g_assert_true(store_flow_put(store,
		&(StoreFlowPut){.flow = {.namespace = TEXT("a"),
					.id = TEXT(flow),
					.digest = digest,
					.domain = TEXT("a"),
					.kind = TEXT("written")},
			.definition = "{}",
			.scripts_tree = tree},
		applied, NULL, NULL));
}

static void test_revisions_and_their_scripts_go(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = retention_store_open(&place);

	for (int i = 1; i <= 6; i++)
		put_revision(store, "f", i);
	g_free(retention_run_end(store,
		retention_run_start(
			store, &(StoreRunNew){.namespace = "a", .flow = "f", .revision = 2}),
		RUN_SUCCESS));
	clock_now += 366 * DAY;
	put_revision(store, "f", 7);
	g_free(retention_forget(&place, store, 3));
	// Of the current one and the two before, and the one that the last good run was made from.
	g_assert_cmpint(retention_count(&place,
				"SELECT count(*) FROM revision WHERE revision IN (2, 5, 6, 7)"),
		==, 4);
	g_assert_cmpint(retention_count(&place, "SELECT count(*) FROM revision"), ==, 4);
	g_assert_cmpint(
		retention_count(&place, "SELECT count(DISTINCT tree) FROM script_entry"), ==, 4);
	g_assert_cmpint(retention_count(&place, "SELECT count(*) FROM script_file"), ==, 5);
	g_assert_cmpint(
		retention_count(&place, "SELECT count(*) FROM script_file WHERE blob = 'blob-f-4'"),
		==, 0);
}

static void test_older_store_learns_which_files_are_named(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autofree char *input = id_new();
	g_autofree char *run_folder = id_new();
	g_autofree char *inputs = g_strdup_printf(
		"{\"a\":\"weir:///inputs/%s/x.csv\",\"b\":[{\"c\":\"weir:///%s/t/y.csv\"}]}", input,
		run_folder);
	g_autofree char *named = g_strconcat("inputs/", input, NULL);
	Store *store = retention_store_open(&place);
	bool used = false;

	g_free(retention_run_end(store,
		retention_run_start(store,
			&(StoreRunNew){
				.namespace = "a", .flow = "f", .revision = 1, .inputs = inputs}),
		RUN_SUCCESS));
	store_close(store);
	retention_execute(&place,
		"DROP TABLE run_file; DROP TABLE run_trash; DROP TABLE duty; DROP INDEX "
		"revision_scripts; DROP INDEX script_entry_blob; DROP INDEX flow_disabled; "
		"ALTER TABLE domain DROP COLUMN unsettled; ALTER TABLE flow DROP COLUMN committed; "
		"ALTER TABLE "
		"trigger_state DROP COLUMN overlaps; ALTER TABLE run_active DROP COLUMN "
		"label_changes; DROP TABLE trouble; DROP TABLE backfill; DROP TABLE "
		"backfill_run; DELETE FROM "
		"migration WHERE version > "
		"1");
	store = retention_store_open(&place);
	g_assert_cmpint(retention_count(&place, "SELECT count(*) FROM run_file"), ==, 2);
	g_assert_true(store_files_are_used(store, named, &used, NULL));
	g_assert_true(used);
	g_assert_true(store_files_are_used(store, run_folder, &used, NULL));
	g_assert_true(used);
	store_close(store);
}

static void test_a_duty_has_one_holder(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	bool taken = false;

	g_assert_true(store_duty_take(store, "house", "a", clock_now + 100, &taken, NULL));
	g_assert_true(taken);
	g_assert_true(store_duty_take(store, "house", "b", clock_now + 100, &taken, NULL));
	g_assert_false(taken);
	g_assert_true(store_duty_take(store, "house", "a", clock_now + 200, &taken, NULL));
	g_assert_true(taken);
	g_assert_true(store_duty_take(store, "garden", "b", clock_now + 100, &taken, NULL));
	g_assert_true(taken);
	clock_now += 200;
	g_assert_true(store_duty_take(store, "house", "b", clock_now + 100, &taken, NULL));
	g_assert_true(taken);
	g_assert_true(store_duty_give(store, "house", "a", NULL));
	g_assert_true(store_duty_take(store, "house", "a", clock_now + 100, &taken, NULL));
	g_assert_false(taken);
	g_assert_true(store_duty_give(store, "house", "b", NULL));
	g_assert_true(store_duty_take(store, "house", "a", clock_now + 100, &taken, NULL));
	g_assert_true(taken);
}

static const RetentionTest tests[] = {
	{"/runs-go-with-all-that-is-theirs", test_old_runs_go_with_all_that_is_theirs},
	{"/newest-and-last-good-runs-stay", test_newest_and_last_good_runs_stay},
	{"/runs-that-go-on-stay", test_runs_that_go_on_and_their_children_stay},
	{"/logs-go-before-their-runs", test_logs_go_before_their_runs},
	{"/files-stay-while-named", test_files_stay_while_any_run_names_them},
	{"/events-go", test_events_go_but_the_sequence_goes_on},
	{"/newest-publications-stay", test_newest_publications_stay},
	{"/open-drift-stays", test_open_drift_stays},
	{"/old-plans-go", test_old_plans_go},
	{"/ended-backfills-go", test_ended_backfills_go},
	{"/revisions-and-scripts-go", test_revisions_and_their_scripts_go},
	{"/older-store-learns-named-files", test_older_store_learns_which_files_are_named},
	{"/a-duty-has-one-holder", test_a_duty_has_one_holder},
};

int main(int argc, char **argv)
{
	return retention_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
