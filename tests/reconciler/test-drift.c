#include "reconciler/drift.h"
#include "store/domain.h"
#include "store/drift.h"
#include "store/flow.h"
#include "store/table.h"
#include "tests/harness/text.h"
#include "tests/reconciler/git-fixture.h"

#include <sqlite3.h>
#include <string.h>

// A store that says what is live, and a dataset beside it that people edit with sqlite3.
typedef struct {
	GitFixture *git; // for its folder and shell
	Store *store;
	DriftObserver *observer;
} Story;

static Story story_new(void)
{
	g_autoptr(GError) error = NULL;
	Story story = {.git = git_fixture_new()};
	g_autofree char *url = g_strdup_printf("sqlite:%s/weir.db", story.git->root);
	const DriftOptions options = {.data_folder = story.git->root};

	story.store = store_open(url, STORE_READ_WRITE, &error);
	g_assert_no_error(error);
	story.observer = drift_observer_new(story.store, &options);
	g_free(fixture_run(story.git, "mkdir %s/default", story.git->root));
	return story;
}

static void story_end(Story *story)
{
	drift_observer_free(story->observer);
	store_close(story->store);
	git_fixture_free(story->git);
}

static void by_hand(Story *story, const char *sql)
{
	g_free(fixture_run(story->git, "sqlite3 %s/default/d.db \"%s\"", story->git->root, sql));
}

static void put_definition(Story *story, const char *id, const char *feed, const char *definition)
{
	g_autofree char *name = g_strdup_printf("d.%s", id);
	g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, definition, -1);
	const StoreFlowPut flow = {
		.flow = {.namespace = TEXT("d"),
			.id = TEXT(id),
			.digest = digest,
			.domain = TEXT("d"),
			.kind = TEXT("generated"),
			.feed = TEXT(feed),
			.target = name,
			.path = TEXT("x"),
			.writes = name,
			.commit = TEXT("c")},
		.definition = definition,
	};
	const StoreTable table = {.name = name,
		.view = strcmp(feed, "VIEW") == 0,
		.domain = TEXT("d"),
		.namespace = TEXT("d"),
		.flow = TEXT(id),
		.connection = TEXT("default")};
	g_autoptr(GError) error = NULL;
	int64_t applied = 0;

	g_autoptr(StoreTransaction) transaction = store_transaction_begin(story->store, &error);
	store_apply_begin(story->store, &applied, &error);
	store_flow_put(story->store, &flow, applied, NULL, &error);
	g_assert_no_error(error);
	store_table_put(story->store, &table, &error);
	g_assert_no_error(error);
	g_assert_true(store_transaction_commit(transaction, NULL));
}

static void put(Story *story, const char *id, const char *feed, const char *sql)
{
	g_autofree char *definition = g_strdup_printf("{\"id\":\"%s\",\"tasks\":[{\"id\":\"build\","
						      "\"type\":\"sql.build\",\"sql\":\"%s\"}]}",
		id, sql);

	put_definition(story, id, feed, definition);
}

// shape: what the publication saw of the table, as it records it in the dataset itself.
static void publish(Story *story, const char *id, int64_t revision, const char *shape)
{
	g_autofree char *name = g_strdup_printf("d.%s", id);
	const StorePublish row = {.name = name,
		.namespace = TEXT("d"),
		.flow = TEXT(id),
		.revision = revision,
		.rows = 1};
	g_autoptr(GError) error = NULL;
	g_autofree char *sql = g_strdup_printf(
		"CREATE TABLE IF NOT EXISTS _weir_publish (table_name TEXT, task_run TEXT, shape "
		"TEXT); "
		"INSERT INTO _weir_publish VALUES ('%s', '%" G_GINT64_FORMAT "', '%s')",
		id, revision, shape);

	by_hand(story, sql);
	store_publish_add(story->store, &row, NULL, &error);
	g_assert_no_error(error);
}

// Observes, records, and compares what is open with the expected lines. Flows are left out: the definitions of these stories are
// not complete.
static void assert_drift(Story *story, const char *expected)
{
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)drift_item_free);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	bool complete = false;

	drift_observe(story->observer, NULL, NULL, items, &complete, &error);
	g_assert_no_error(error);
	g_assert_true(complete);
	for (guint i = 0; i < items->len; i++) {
		const DriftItem *item = items->pdata[i];

		if (item->kind == DRIFT_FLOW)
			continue;
		g_string_append_printf(text, "%s %s: %s\n", drift_kind_name(item->kind),
			item->resource, item->summary);
		if (item->diff != NULL)
			g_string_append_printf(text, "%s\n", item->diff);
	}
	g_assert_cmpstr(text->str, ==, expected);
	drift_record(story->observer, items, NULL, NULL, &error);
	g_assert_no_error(error);
}

static void test_columns(void)
{
	Story story = story_new();

	put(&story, "t", "WRITE_TRUNCATE", "SELECT 1 AS a");
	assert_drift(&story, "");
	by_hand(&story, "CREATE TABLE t (a INTEGER NOT NULL, b TEXT)");
	publish(&story, "t", 1, "a INTEGER NOT NULL\nb TEXT");
	assert_drift(&story, "");
	by_hand(&story, "INSERT INTO t VALUES (1, 'x')");
	assert_drift(&story, "");
	by_hand(&story, "ALTER TABLE t ADD COLUMN note TEXT");
	assert_drift(&story,
		"table d.t: its columns are not those that were built: + note TEXT\n+ note TEXT\n");
	by_hand(&story, "ALTER TABLE t DROP COLUMN note");
	assert_drift(&story, "");
	by_hand(&story, "DROP TABLE t");
	assert_drift(&story, "table d.t: the table is missing from the database\n");
	by_hand(&story, "CREATE TABLE t (a INTEGER NOT NULL, b TEXT)");
	assert_drift(&story, "");
	story_end(&story);
}

static bool is_interrupted(void *data)
{
	(void)data;
	return true;
}

// A push may come while it looks: what it has seen until then is told by the next look, though nothing changes in between.
static void test_interrupted(void)
{
	Story story = story_new();
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)drift_item_free);
	bool complete = true;

	put(&story, "t", "WRITE_TRUNCATE", "SELECT 1 AS a");
	by_hand(&story, "CREATE TABLE t (a INTEGER)");
	publish(&story, "t", 1, "a INTEGER");
	assert_drift(&story, "");
	by_hand(&story, "ALTER TABLE t ADD COLUMN note TEXT");
	g_assert_true(drift_observe(story.observer, is_interrupted, NULL, items, &complete, NULL));
	g_assert_false(complete);
	assert_drift(&story,
		"table d.t: its columns are not those that were built: + note TEXT\n+ note TEXT\n");
	story_end(&story);
}

static void test_view(void)
{
	Story story = story_new();

	put(&story, "v", "VIEW", "SELECT 1 AS a");
	by_hand(&story, "CREATE VIEW v AS SELECT 1 AS a");
	publish(&story, "v", 1, "SELECT 1 AS a");
	assert_drift(&story, "");
	by_hand(&story, "DROP VIEW v; CREATE VIEW v AS SELECT 2 AS a");
	assert_drift(&story, "view d.v: its query is not the committed one\n@@ -1 +1 @@\n-SELECT 1 "
			     "AS a\n+SELECT 2 AS a\n");
	by_hand(&story, "DROP VIEW v; CREATE VIEW v AS SELECT 1 AS a");
	assert_drift(&story, "");
	by_hand(&story, "DROP VIEW v; CREATE TABLE v (a)");
	assert_drift(&story, "view d.v: it is a table in the database, and a view in the commit\n");
	story_end(&story);
}

// How a query is written is not what it means.
static void test_view_by_meaning(void)
{
	static const struct {
		const char *live;
		bool same;
	} cases[] = {
		{"select 1 as a, 'X' as b", true},
		{"SELECT 1 AS a,\n\n  'X'   AS b -- that is all", true},
		{"/* the two */ SELECT 1 AS a, 'X' AS b;", true},
		{"SELECT 1 AS a, 'x' AS b", false},
		{"SELECT 1 AS a, 'X' AS b WHERE 1 = 0", false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		Story story = story_new();
		g_autofree char *sql =
			g_strdup_printf("DROP VIEW v; CREATE VIEW v AS %s", cases[i].live);
		g_autoptr(GPtrArray) items =
			g_ptr_array_new_with_free_func((GDestroyNotify)drift_item_free);
		bool complete = false;
		guint views = 0;

		put_definition(&story, "v", "VIEW",
			"{\"id\":\"v\",\"tasks\":[{\"id\":\"build\",\"type\":\"sql.build\","
			"\"dialect\":\"sqlite\",\"feed\":\"VIEW\",\"sql\":\"SELECT 1 AS a, 'X' "
			"AS b\"}]}");
		by_hand(&story, "CREATE VIEW v AS SELECT 1 AS a, 'X' AS b");
		publish(&story, "v", 1, "SELECT 1 AS a, ''X'' AS b");
		by_hand(&story, sql);
		g_assert_true(drift_observe(story.observer, NULL, NULL, items, &complete, NULL));
		for (guint j = 0; j < items->len; j++)
			views += ((DriftItem *)items->pdata[j])->kind == DRIFT_VIEW;
		g_assert_cmpuint(views, ==, cases[i].same ? 0 : 1);
		story_end(&story);
	}
}

// A database that is damaged is not as it was built, and says so; what is mended is resolved.
static void test_damaged(void)
{
	Story story = story_new();
	g_autofree char *said = g_strdup_printf("table d.t: the table cannot be read: database "
						"'%s/default/d.db' is not an SQLite database\n",
		story.git->root);

	put(&story, "t", "WRITE_TRUNCATE", "SELECT 1 AS a");
	put(&story, "new", "WRITE_TRUNCATE", "SELECT 1 AS a");
	by_hand(&story, "CREATE TABLE t (a INTEGER)");
	publish(&story, "t", 1, "a INTEGER");
	assert_drift(&story, "");
	g_free(fixture_run(story.git, "cd %s/default && mv d.db good && printf '%%5000d' 1 >d.db",
		story.git->root));
	assert_drift(&story, said);
	assert_drift(&story, said);
	g_assert_true(drift_observer_saw_all(story.observer, NULL));
	g_free(fixture_run(story.git, "cd %s/default && mv good d.db", story.git->root));
	assert_drift(&story, "");
	story_end(&story);
}

// What is in use is neither as it was, nor drift: it was not looked at.
static void test_locked(void)
{
	Story story = story_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *file = g_strdup_printf("%s/default/d.db", story.git->root);
	g_autofree char *said =
		g_strdup_printf("cannot look at dataset 'd': database '%s/default' is locked by "
				"another connection or process: waited 100 ms",
			story.git->root);
	sqlite3 *other = NULL;

	put(&story, "t", "WRITE_TRUNCATE", "SELECT 1 AS a");
	by_hand(&story, "CREATE TABLE t (a INTEGER)");
	publish(&story, "t", 1, "b INTEGER");
	g_assert_cmpint(sqlite3_open(file, &other), ==, SQLITE_OK);
	g_assert_cmpint(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), ==, SQLITE_OK);
	assert_drift(&story, "");
	g_assert_false(drift_observer_saw_all(story.observer, &error));
	g_assert_cmpstr(error->message, ==, said);
	sqlite3_close(other);
	assert_drift(&story, "table d.t: its columns are not those that were built: - b INTEGER,"
			     "+ a INTEGER\n- b INTEGER\n+ a INTEGER\n");
	g_assert_true(drift_observer_saw_all(story.observer, NULL));
	story_end(&story);
}

// What was drift before its database was locked stays drift: nobody has seen that it ended.
static void test_drift_of_a_locked_dataset_stays(void)
{
	static const char said[] =
		"table d.t: its columns are not those that were built: - b INTEGER,+ a INTEGER\n"
		"- b INTEGER\n+ a INTEGER\n";
	Story story = story_new();
	const DriftOptions options = {.data_folder = story.git->root};
	g_autofree char *file = g_strdup_printf("%s/default/d.db", story.git->root);
	g_autoptr(GPtrArray) rows = NULL;
	sqlite3 *other = NULL;

	put(&story, "t", "WRITE_TRUNCATE", "SELECT 1 AS a");
	by_hand(&story, "CREATE TABLE t (a INTEGER)");
	publish(&story, "t", 1, "b INTEGER");
	assert_drift(&story, said);
	// The next server finds it locked.
	drift_observer_free(story.observer);
	story.observer = drift_observer_new(story.store, &options);
	g_assert_cmpint(sqlite3_open(file, &other), ==, SQLITE_OK);
	g_assert_cmpint(
		sqlite3_exec(other, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT",
			NULL, NULL, NULL),
		==, SQLITE_OK);
	assert_drift(&story, "");
	g_assert_false(drift_observer_saw_all(story.observer, NULL));
	g_assert_true(store_drifts_list(story.store,
		&(StoreDriftFilter){.kind = "table", .resource = "d.t"}, NULL, &rows, NULL, NULL));
	g_assert_cmpuint(rows->len, ==, 1);
	const StoreDrift *open = rows->pdata[0];
	g_assert_cmpint(open->resolved_at, ==, 0);
	sqlite3_close(other);
	assert_drift(&story, said);
	g_clear_pointer(&rows, g_ptr_array_unref);
	g_assert_true(store_drifts_list(story.store,
		&(StoreDriftFilter){.history = true, .kind = "table"}, NULL, &rows, NULL, NULL));
	g_assert_cmpuint(rows->len, ==, 1);
	story_end(&story);
}

static void test_orphan(void)
{
	Story story = story_new();

	put(&story, "t", "WRITE_TRUNCATE", "SELECT 1 AS a");
	by_hand(&story, "CREATE TABLE t (a INTEGER); CREATE TABLE scratch (a)");
	publish(&story, "t", 1, "a INTEGER");
	assert_drift(&story, "orphan d.scratch: the table 'd.scratch' is in no commit\n");
	by_hand(&story, "DROP TABLE scratch");
	assert_drift(&story, "");
	story_end(&story);
}

// What weir made stays weir's to report when no commit names it any more, also when nothing else of its dataset is left.
static void test_former_tables_are_orphans(void)
{
	Story story = story_new();

	put(&story, "t", "WRITE_TRUNCATE", "SELECT 1 AS a");
	put(&story, "never_built", "WRITE_TRUNCATE", "SELECT 1 AS a");
	by_hand(&story, "CREATE TABLE t (a INTEGER); CREATE TABLE never_built (a)");
	publish(&story, "t", 1, "a INTEGER");
	assert_drift(&story, "");
	g_assert_true(store_table_delete(story.store, "d.t", NULL));
	g_assert_true(store_table_delete(story.store, "d.never_built", NULL));
	assert_drift(&story, "orphan d.t: the table 'd.t' is in no commit any more\n");
	put(&story, "t", "WRITE_TRUNCATE", "SELECT 1 AS a");
	g_assert_true(store_table_delete(story.store, "d.never_built", NULL));
	assert_drift(&story, "orphan d.never_built: the table 'd.never_built' is in no commit\n");
	g_assert_true(store_table_delete(story.store, "d.t", NULL));
	by_hand(&story, "DROP TABLE t");
	assert_drift(&story, "");
	story_end(&story);
}

static void put_domain(Story *story, const char *settings, SyncStatus sync, const char *message)
{
	const StoreDomain row = {.name = TEXT("d"),
		.source = TEXT("main"),
		.commit_wanted = TEXT("0123456789abcdef"),
		.sync = sync,
		.message = TEXT(message),
		.settings = TEXT(settings)};

	g_assert_true(store_domain_put(story->store, &row, NULL));
}

static void test_managed_datasets(void)
{
	Story story = story_new();

	by_hand(&story, "CREATE TABLE anything (a)");
	put_domain(&story, "{}", SYNC_SYNCED, NULL);
	assert_drift(&story, "");
	put_domain(&story, "{\"policies\":{\"managed_datasets\":[\"d\",\"not_there\"]}}",
		SYNC_SYNCED, NULL);
	assert_drift(&story, "orphan d.anything: the table 'd.anything' is in no commit\n");
	put_domain(&story, "{}", SYNC_SYNCED, NULL);
	assert_drift(&story, "");
	story_end(&story);
}

static void test_domain_that_stays_behind(void)
{
	Story story = story_new();

	put_domain(&story, NULL, SYNC_SYNCED, NULL);
	assert_drift(&story, "");
	put_domain(&story, NULL, SYNC_OUT_OF_SYNC, "2 faults in its files: what was live stays");
	assert_drift(&story,
		"source main/d: commit 0123456789ab is not live in domain 'd': 2 faults in its "
		"files: what was live stays\n");
	put_domain(&story, NULL, SYNC_SYNCED, NULL);
	assert_drift(&story, "");
	story_end(&story);
}

static void test_stale(void)
{
	Story story = story_new();

	put(&story, "t", "WRITE_TRUNCATE", "SELECT 1 AS a");
	by_hand(&story, "CREATE TABLE t (a INTEGER)");
	publish(&story, "t", 1, "a INTEGER");
	put(&story, "t", "WRITE_TRUNCATE", "SELECT 2 AS a");
	assert_drift(
		&story, "stale d.t: last built by revision 1 of its script; revision 2 is live\n");
	publish(&story, "t", 2, "a INTEGER");
	assert_drift(&story, "");
	// What is added to was added by the older script until the next run, which the change does not start.
	put(&story, "t", "WRITE_APPEND", "SELECT 3 AS a");
	assert_drift(
		&story, "stale d.t: last built by revision 2 of its script; revision 3 is live\n");
	publish(&story, "t", 3, "a INTEGER");
	assert_drift(&story, "");
	put(&story, "t", "WRITE_EMPTY", "SELECT 4 AS a");
	assert_drift(&story, "");
	story_end(&story);
}

// What a table is built of counts, by its meaning, and nothing else of its flow.
static void test_stale_by_meaning(void)
{
	static const char before[] =
		"{\"id\":\"t\",\"tasks\":[{\"dialect\":\"sqlite\",\"feed\":\"WRITE_TRUNCATE\","
		"\"id\":\"build\",\"sql\":\"SELECT 1 AS a\",\"type\":\"sql.build\"}]}";
	static const struct {
		const char *after;
		bool stale;
	} cases[] = {
		{"{\"description\":\"x\",\"id\":\"t\",\"tasks\":[{\"dialect\":\"sqlite\",\"feed\":"
		 "\"WRITE_TRUNCATE\",\"id\":\"build\",\"sql\":\"-- one\\nselect  1 as "
		 "a;\",\"type\":\"sql.build\"}]}",
			false},
		{"{\"id\":\"t\",\"tasks\":[{\"dialect\":\"sqlite\",\"feed\":\"WRITE_TRUNCATE\","
		 "\"id\":\"build\",\"pool\":\"p\",\"sql\":\"SELECT 1 AS "
		 "a\",\"timeout\":\"PT1H\",\"type\":\"sql.build\"}],\"triggers\":[{\"cron\":\"0 6 "
		 "* * *\",\"id\":\"s\",\"type\":\"schedule\"}]}",
			false},
		{"{\"id\":\"t\",\"tasks\":[{\"dialect\":\"sqlite\",\"feed\":\"WRITE_TRUNCATE\","
		 "\"id\":\"build\",\"sql\":\"SELECT 1 AS b\",\"type\":\"sql.build\"}]}",
			true},
		{"{\"id\":\"t\",\"tasks\":[{\"dialect\":\"sqlite\",\"feed\":\"MODE_DELTA\","
		 "\"id\":\"build\",\"key\":[\"a\"],\"sql\":\"SELECT 1 AS "
		 "a\",\"type\":\"sql.build\"}]}",
			true},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		Story story = story_new();

		put_definition(&story, "t", "WRITE_TRUNCATE", before);
		by_hand(&story, "CREATE TABLE t (a INTEGER)");
		publish(&story, "t", 1, "a INTEGER");
		put_definition(&story, "t", "WRITE_TRUNCATE", cases[i].after);
		// Twice: the second time it is known already.
		for (int look = 0; look < 2; look++)
			assert_drift(&story, cases[i].stale
						     ? "stale d.t: last built by revision 1 of its "
						       "script; revision 2 is live\n"
						     : "");
		publish(&story, "t", 2, "a INTEGER");
		assert_drift(&story, "");
		story_end(&story);
	}
}

// History has when each began and ended, also over a restart.
static void test_history(void)
{
	Story story = story_new();
	const DriftOptions options = {.data_folder = story.git->root};
	const StoreDriftFilter history = {.history = true, .kind = "orphan"};
	g_autoptr(GPtrArray) rows = NULL;

	put(&story, "t", "WRITE_TRUNCATE", "SELECT 1 AS a");
	by_hand(&story, "CREATE TABLE t (a INTEGER); CREATE TABLE scratch (a)");
	publish(&story, "t", 1, "a INTEGER");
	assert_drift(&story, "orphan d.scratch: the table 'd.scratch' is in no commit\n");
	drift_observer_free(story.observer);
	story.observer = drift_observer_new(story.store, &options);
	assert_drift(&story, "orphan d.scratch: the table 'd.scratch' is in no commit\n");
	by_hand(&story, "DROP TABLE scratch");
	assert_drift(&story, "");
	g_assert_true(store_drifts_list(story.store, &history, NULL, &rows, NULL, NULL));
	g_assert_cmpuint(rows->len, ==, 1);
	const StoreDrift *row = rows->pdata[0];
	g_assert_cmpint(row->onset, >, 0);
	g_assert_cmpint(row->resolved_at, >=, row->onset);
	g_assert_cmpstr(row->resolution, ==, "removed");
	story_end(&story);
}

// What was in no commit comes into one.
static void test_an_orphan_is_committed(void)
{
	Story story = story_new();
	const StoreDriftFilter history = {.history = true, .kind = "orphan"};
	g_autoptr(GPtrArray) rows = NULL;

	put(&story, "t", "WRITE_TRUNCATE", "SELECT 1 AS a");
	by_hand(&story, "CREATE TABLE t (a INTEGER); CREATE TABLE u (a INTEGER)");
	publish(&story, "t", 1, "a INTEGER");
	assert_drift(&story, "orphan d.u: the table 'd.u' is in no commit\n");
	put(&story, "u", "WRITE_TRUNCATE", "SELECT 1 AS a");
	publish(&story, "u", 1, "a INTEGER");
	assert_drift(&story, "");
	g_assert_true(store_drifts_list(story.store, &history, NULL, &rows, NULL, NULL));
	g_assert_cmpuint(rows->len, ==, 1);
	g_assert_cmpstr(((const StoreDrift *)rows->pdata[0])->resolution, ==, "committed");
	story_end(&story);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/drift/columns", test_columns);
	g_test_add_func("/drift/interrupted", test_interrupted);
	g_test_add_func("/drift/view", test_view);
	g_test_add_func("/drift/view-by-meaning", test_view_by_meaning);
	g_test_add_func("/drift/damaged", test_damaged);
	g_test_add_func("/drift/locked", test_locked);
	g_test_add_func(
		"/drift/drift-of-a-locked-dataset-stays", test_drift_of_a_locked_dataset_stays);
	g_test_add_func("/drift/orphan", test_orphan);
	g_test_add_func("/drift/former-tables-are-orphans", test_former_tables_are_orphans);
	g_test_add_func("/drift/managed-datasets", test_managed_datasets);
	g_test_add_func("/drift/domain-that-stays-behind", test_domain_that_stays_behind);
	g_test_add_func("/drift/stale", test_stale);
	g_test_add_func("/drift/stale-by-meaning", test_stale_by_meaning);
	g_test_add_func("/drift/history", test_history);
	g_test_add_func("/drift/an-orphan-is-committed", test_an_orphan_is_committed);
	return g_test_run();
}
