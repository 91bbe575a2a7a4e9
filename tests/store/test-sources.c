// What is known around flows: connections, domains, sources, scripts, drift, triggers and the cache.
#include "store/cache.h"
#include "store/connection.h"
#include "store/domain.h"
#include "store/drift.h"
#include "store/script.h"
#include "store/trigger.h"
#include "tests/harness/temporary_store.h"
#include "tests/harness/text.h"

#include <string.h>

static void assert_bytes(GBytes *bytes, const char *expected, size_t length)
{
	g_assert_nonnull(bytes);
	g_assert_cmpuint(g_bytes_get_size(bytes), ==, length);
	g_assert_cmpint(memcmp(g_bytes_get_data(bytes, NULL), expected, length), ==, 0);
}

static void test_connections_are_replaced(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	const StoreConnection first[] = {
		{TEXT("default"), TEXT("sqlite"), TEXT("sqlite-dir:a"), NULL},
		{TEXT("old"), TEXT("sqlite"), TEXT("sqlite:b"), TEXT("{}")}};
	const StoreConnection second[] = {
		{TEXT("default"), TEXT("sqlite"), TEXT("sqlite-dir:c"), NULL}};
	g_autoptr(GPtrArray) list = NULL;

	g_assert_true(store_connections_replace(store, first, 2, NULL));
	g_assert_true(store_connections_replace(store, second, 1, NULL));
	g_assert_true(store_connections_list(store, &list, NULL));
	g_assert_cmpuint(list->len, ==, 1);
	g_assert_cmpstr(((StoreConnection *)list->pdata[0])->url, ==, "sqlite-dir:c");
}

static void test_domains_and_their_counts(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	g_autoptr(StoreDomain) domain = NULL;
	g_autoptr(GPtrArray) domains = NULL;
	int64_t by_sync[SYNC_STATES];
	int64_t by_health[HEALTH_STATES];
	GError *error = NULL;

	for (int i = 0; i < 3; i++) {
		g_autofree char *name = g_strdup_printf("d%d", i);

		g_assert_true(store_domain_put(store,
			&(StoreDomain){.name = name,
				.source = TEXT("main"),
				.owner = TEXT("team"),
				.sync = i == 0 ? SYNC_OUT_OF_SYNC : SYNC_SYNCED,
				.health = HEALTH_HEALTHY,
				.diagnostics = TEXT("[]"),
				.suspended = i == 1,
				.deleted_at = i == 2 ? 5 : 0},
			&error));
		g_assert_no_error(error);
	}
	g_assert_true(store_domain_get(store, "d1", &domain, &error));
	g_assert_true(domain->suspended);
	g_assert_cmpint(domain->sync, ==, SYNC_SYNCED);
	g_assert_cmpint(domain->changed_at, >, 0);
	g_assert_true(store_domains_list(store, NULL, NULL, &domains, NULL, &error));
	g_assert_cmpuint(domains->len, ==, 2);
	g_assert_true(store_domains_count(store, by_sync, by_health, &error));
	g_assert_cmpint(by_sync[SYNC_SYNCED], ==, 1);
	g_assert_cmpint(by_sync[SYNC_OUT_OF_SYNC], ==, 1);
	g_assert_cmpint(by_health[HEALTH_HEALTHY], ==, 2);
}

static void test_sources(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	g_autoptr(StoreSource) source = NULL;
	g_autoptr(StoreSource) none = NULL;

	g_assert_true(store_source_put(store,
		&(StoreSource){.name = TEXT("main"),
			.url = TEXT("/repo.git"),
			.ref = TEXT("refs/heads/main"),
			.sync = SYNC_OUT_OF_SYNC,
			.error = TEXT("gone")},
		NULL));
	g_assert_true(store_source_get(store, "main", &source, NULL));
	g_assert_cmpstr(source->error, ==, "gone");
	g_assert_cmpint(source->sync, ==, SYNC_OUT_OF_SYNC);
	g_assert_null(source->commit_live);
	g_assert_true(store_source_get(store, "other", &none, NULL));
	g_assert_null(none);
}

static void test_scripts_by_content(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	const StoreScriptEntry entries[] = {
		{TEXT("load.sh"), TEXT("b1"), true}, {TEXT("lib/empty"), TEXT("b2"), false}};
	g_autoptr(GPtrArray) list = NULL;
	g_autoptr(GBytes) content = NULL;
	bool there = true;

	g_assert_true(store_script_tree_exists(store, "t1", &there, NULL));
	g_assert_false(there);
	g_assert_true(store_script_file_put(store, "b1", "echo\0x", 6, NULL));
	g_assert_true(store_script_file_put(store, "b1", "other", 5, NULL));
	g_assert_true(store_script_file_put(store, "b2", NULL, 0, NULL));
	g_assert_true(store_script_tree_put(store, "t1", entries, 2, NULL));
	g_assert_true(store_script_tree_exists(store, "t1", &there, NULL));
	g_assert_true(there);
	g_assert_true(store_script_tree_list(store, "t1", &list, NULL));
	g_assert_cmpuint(list->len, ==, 2);
	g_assert_cmpstr(((StoreScriptEntry *)list->pdata[1])->path, ==, "load.sh");
	g_assert_true(((StoreScriptEntry *)list->pdata[1])->executable);
	g_assert_true(store_script_file_get(store, "b1", &content, NULL));
	assert_bytes(content, "echo\0x", 6);
	g_clear_pointer(&content, g_bytes_unref);
	g_assert_true(store_script_file_get(store, "b2", &content, NULL));
	g_assert_cmpuint(g_bytes_get_size(content), ==, 0);
}

static void begin_drift(
	Store *store, const char *resource, const char *diff, int64_t onset, bool began)
{
	bool did = !began;
	GError *error = NULL;

	g_assert_true(store_drift_begin(store,
		&(StoreDrift){.kind = TEXT("table"),
			.resource = TEXT(resource),
			.domain = TEXT("sales"),
			.summary = TEXT("column 'x' was added"),
			.diff = TEXT(diff),
			.onset = onset},
		&did, &error));
	g_assert_no_error(error);
	g_assert_cmpint(did, ==, began);
}

static unsigned count_drift(Store *store, const StoreDriftFilter *filter)
{
	g_autoptr(GPtrArray) list = NULL;

	g_assert_true(store_drifts_list(store, filter, NULL, &list, NULL, NULL));
	return list->len;
}

static void test_drift_answers_at_any_time(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	g_autoptr(GPtrArray) list = NULL;
	g_autoptr(GPtrArray) counts = NULL;
	bool resolved = false;

	begin_drift(store, "sales.orders", "+x", 100, true);
	begin_drift(store, "sales.orders", "+y", 150, false);
	begin_drift(store, "sales.lines", NULL, 120, true);
	g_assert_true(store_drifts_list(store, NULL, NULL, &list, NULL, NULL));
	g_assert_cmpuint(list->len, ==, 2);
	g_assert_cmpint(((StoreDrift *)list->pdata[0])->onset, ==, 100);
	g_assert_cmpstr(((StoreDrift *)list->pdata[0])->diff, ==, "+y");
	g_assert_true(store_drift_resolve(
		store, "table", "sales.orders", "reverted", 200, &resolved, NULL));
	g_assert_true(resolved);
	g_assert_true(store_drift_resolve(
		store, "table", "sales.orders", "reverted", 201, &resolved, NULL));
	g_assert_false(resolved);
	begin_drift(store, "sales.orders", "+z", 300, true);
	g_assert_cmpuint(count_drift(store, NULL), ==, 2);
	g_assert_cmpuint(count_drift(store, &(StoreDriftFilter){.at = 99}), ==, 0);
	g_assert_cmpuint(count_drift(store, &(StoreDriftFilter){.at = 110}), ==, 1);
	g_assert_cmpuint(count_drift(store, &(StoreDriftFilter){.at = 199}), ==, 2);
	g_assert_cmpuint(count_drift(store, &(StoreDriftFilter){.at = 200}), ==, 1);
	g_assert_cmpuint(count_drift(store, &(StoreDriftFilter){.history = true}), ==, 3);
	g_assert_cmpuint(count_drift(store,
				 &(StoreDriftFilter){.history = true, .resource = "sales.orders"}),
		==, 2);
	g_assert_true(store_drifts_count(store, &counts, NULL));
	g_assert_cmpuint(counts->len, ==, 1);
	g_assert_cmpint(((StoreDriftCount *)counts->pdata[0])->open, ==, 2);
}

static void test_triggers_plan_ahead(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	StoreTrigger trigger = {.namespace = TEXT("sales"),
		.flow = TEXT("load"),
		.id = TEXT("daily"),
		.type = TEXT("schedule"),
		.next_at = 500};
	g_autoptr(GPtrArray) due = NULL;
	g_autoptr(StoreTrigger) stored = NULL;
	int64_t next = -1;

	g_assert_true(store_trigger_next(store, STORE_TRIGGER_CLOCK, 0, &next, NULL, NULL));
	g_assert_cmpint(next, ==, 0);
	g_assert_true(store_trigger_put(store, &trigger, NULL));
	trigger.id = TEXT("tables");
	trigger.next_at = 0;
	trigger.consumed = 42;
	g_assert_true(store_trigger_put(store, &trigger, NULL));
	g_assert_true(store_trigger_next(store, STORE_TRIGGER_CLOCK, 0, &next, NULL, NULL));
	g_assert_cmpint(next, ==, 500);
	g_assert_true(store_triggers_due(store, STORE_TRIGGER_CLOCK, 499, 10, &due, NULL));
	g_assert_cmpuint(due->len, ==, 0);
	g_clear_pointer(&due, g_ptr_array_unref);
	g_assert_true(store_triggers_due(store, STORE_TRIGGER_CLOCK, 500, 10, &due, NULL));
	g_assert_cmpuint(due->len, ==, 1);
	g_assert_true(store_trigger_get(store, "sales", "load", "tables", &stored, NULL));
	g_assert_cmpint(stored->consumed, ==, 42);
	g_assert_true(store_trigger_delete(store, "sales", "load", "daily", NULL));
	g_assert_true(store_trigger_next(store, STORE_TRIGGER_CLOCK, 0, &next, NULL, NULL));
	g_assert_cmpint(next, ==, 0);
}

static bool count_entry(const char *key, const void *bytes, size_t length, void *data)
{
	(void)key;
	(void)bytes;
	*(size_t *)data += length;
	return true;
}

static void test_cache_is_written_together(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	g_autoptr(GBytes) bytes = NULL;
	size_t total = 0;
	GError *error = NULL;

	store_cache_put(store, "script", "k1", "one", 3);
	store_cache_put(store, "script", "k1", "uno!", 4);
	store_cache_put(store, "script", "k2", "", 0);
	store_cache_put(store, "schema", "k1", "other", 5);
	bytes = store_cache_get(store, "script", "k1", &error);
	assert_bytes(bytes, "uno!", 4);
	g_assert_true(store_cache_visit(store, "script", count_entry, &total, &error));
	g_assert_cmpuint(total, ==, 0);
	g_assert_true(store_cache_flush(store, &error));
	g_assert_true(store_cache_visit(store, "script", count_entry, &total, &error));
	g_assert_cmpuint(total, ==, 4);
	g_clear_pointer(&bytes, g_bytes_unref);
	bytes = store_cache_get(store, "schema", "k1", &error);
	g_assert_cmpuint(g_bytes_get_size(bytes), ==, 5);
	g_assert_null(store_cache_get(store, "script", "k3", &error));
	g_assert_no_error(error);
}

static const struct {
	const char *path;
	void (*run)(void);
} tests[] = {
	{"/store/live/connections-are-replaced", test_connections_are_replaced},
	{"/store/live/domains-and-their-counts", test_domains_and_their_counts},
	{"/store/live/sources", test_sources},
	{"/store/live/scripts-by-content", test_scripts_by_content},
	{"/store/live/drift-answers-at-any-time", test_drift_answers_at_any_time},
	{"/store/live/triggers-plan-ahead", test_triggers_plan_ahead},
	{"/store/live/cache-is-written-together", test_cache_is_written_together},
};

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add_func(tests[i].path, tests[i].run);
	return g_test_run();
}
