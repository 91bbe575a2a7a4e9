// How soon drift is looked for again.
#include "reconciler/reconcile_internal.h"
#include "tests/reconciler/git-fixture.h"

#include <pthread.h>
#include <sqlite3.h>
#include <string.h>

enum { HELD = 800 * 1000 }; // µs

typedef struct {
	GitFixture *git;
	char *path;
	Store *store;
	Reconciler *reconciler;
	sqlite3 *hand; // somebody else at the store
} Scene;

static void by_hand(Scene *scene, const char *sql)
{
	g_assert_cmpint(sqlite3_exec(scene->hand, sql, NULL, NULL, NULL), ==, SQLITE_OK);
}

static Scene scene_new(void)
{
	Scene scene = {.git = git_fixture_new()};
	g_autofree char *url = g_strdup_printf("sqlite:%s/weir.db", scene.git->root);
	g_autoptr(GError) error = NULL;
	ReconcileOutcome outcome;

	scene.path = g_strdup(url + strlen("sqlite:"));
	scene.store = store_open(url, STORE_READ_WRITE, &error);
	g_assert_no_error(error);
	fixture_write(scene.git, "weir.yaml", "name: retail\n");
	fixture_write(scene.git, "domains/sales/domain.yaml", "owner: sales\n");
	fixture_write(scene.git, "domains/sales/sql/raw.sql", "SELECT 1 AS id\n");
	g_free(fixture_push(scene.git, "first"));

	const ReconcilerOptions options = {
		.store = scene.store, .source = {.url = scene.git->bare}, .drift_interval = 1000};

	scene.reconciler = reconciler_new(&options, &error);
	g_assert_no_error(error);
	g_assert_true(reconcile_once(scene.reconciler, &outcome, &error));
	// News would cut a look short.
	source_watch_due(scene.reconciler->watch, g_get_monotonic_time());
	g_assert_cmpint(sqlite3_open(scene.path, &scene.hand), ==, SQLITE_OK);
	return scene;
}

static void scene_clear(Scene *scene)
{
	sqlite3_close(scene->hand);
	reconciler_free(scene->reconciler);
	store_close(scene->store);
	git_fixture_free(scene->git);
	g_free(scene->path);
}

static void *let_go(void *data)
{
	g_usleep(HELD);
	by_hand(data, "COMMIT");
	return NULL;
}

// What a look waits for puts off the next one no further than what it does.
static void test_waiting_puts_nothing_off(void)
{
	Scene scene = scene_new();
	ReconcileOutcome outcome;
	g_autoptr(GError) error = NULL;
	pthread_t thread;

	by_hand(&scene, "UPDATE revision SET definition = '{}'");
	by_hand(&scene, "BEGIN IMMEDIATE");
	g_assert_cmpint(pthread_create(&thread, NULL, let_go, &scene), ==, 0);
	scene.reconciler->drift_next = 0;
	g_assert_true(reconcile_observe(scene.reconciler, &outcome, &error));
	pthread_join(thread, NULL);
	g_assert_cmpint(outcome.drift_began, ==, 1);
	g_assert_cmpint(outcome.drift_us, >=, HELD / 2);
	g_assert_cmpint(scene.reconciler->drift_earliest - g_get_monotonic_time(), <, 5 * HELD);
	scene_clear(&scene);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func(
		"/reconciler/drift-pace/waiting-puts-nothing-off", test_waiting_puts_nothing_off);
	return g_test_run();
}
