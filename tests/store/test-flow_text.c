// What is kept of a flow's row, so that an edited one is told: the same whoever wrote it, and all of it can be read back.
#include "store/flow.h"
#include "tests/harness/temporary_store.h"

#include <sqlite3.h>
#include <string.h>

#define TEXT(literal) ((char *)(uintptr_t)(literal))

#define USUAL                                                                                      \
	.domain = TEXT("a"), .kind = TEXT("generated"), .feed = TEXT("WRITE_TRUNCATE"),            \
	.target = TEXT("a.f"), .connection = TEXT("default"), .path = TEXT("domains/a/sql/f.sql"), \
	.line = 1, .writes = TEXT("a.f"), .labels = TEXT("{\"system.generated\":\"true\"}"),       \
	.concurrency_limit = 1, .concurrency_behavior = TEXT("QUEUE")

static const struct {
	StoreFlow flow;
	const char *kept, *text;
} cases[] = {
	{{USUAL}, "",
		"revision: 1\ndomain: a\nkind: generated\nfeed: WRITE_TRUNCATE\ntarget: "
		"a.f\nconnection: "
		"default\npath: domains/a/sql/f.sql\nline: 1\nwrites: a.f\nlabels: "
		"{\"system.generated\":\"true\"}\nconcurrency_limit: 1\nconcurrency_behavior: "
		"QUEUE\n"},
	{{.domain = TEXT("b"),
		 .kind = TEXT("flow"),
		 .path = TEXT("domains/a/flows/f.yaml"),
		 .line = -7},
		"domain: b\nkind: flow\nfeed:\ntarget:\nconnection:\npath: "
		"domains/a/flows/f.yaml\nline: "
		"-7\nwrites:\nlabels:\nconcurrency_limit:\nconcurrency_behavior:\n",
		"revision: 1\ndomain: b\nkind: flow\npath: domains/a/flows/f.yaml\nline: -7\n"},
	{{.domain = TEXT(""),
		 .kind = TEXT("generatedx"),
		 .feed = TEXT("WRITE_TRUNCAT"),
		 .target = TEXT("a.ff"),
		 .connection = TEXT("Default"),
		 .path = TEXT("domains/a/sql/f"),
		 .line = INT64_MAX,
		 .reads = TEXT("a.b\nc.d"),
		 .writes = TEXT("a.f\na.g"),
		 .triggers = TEXT("[{\"id\":\"f: x\"}]"),
		 .labels = TEXT("{}"),
		 .concurrency_limit = 50,
		 .concurrency_behavior = TEXT("FAIL"),
		 .opaque = true,
		 .disabled = true},
		"domain: \nkind: generatedx\nfeed: WRITE_TRUNCAT\ntarget: a.ff\nconnection: "
		"Default\npath: "
		"domains/a/sql/f\nline: 9223372036854775807\nreads: a.b\nreads: c.d\nwrites: "
		"a.f\nwrites: "
		"a.g\ntriggers: [{\"id\":\"f: x\"}]\nlabels: {}\nconcurrency_limit: 50\n"
		"concurrency_behavior: FAIL\nopaque: 1\ndisabled: 1\n",
		"revision: 1\ndomain: \nkind: generatedx\nfeed: WRITE_TRUNCAT\ntarget: "
		"a.ff\nconnection: "
		"Default\npath: domains/a/sql/f\nline: 9223372036854775807\nreads: a.b\nreads: "
		"c.d\nwrites: "
		"a.f\nwrites: a.g\ntriggers: [{\"id\":\"f: x\"}]\nlabels: {}\nconcurrency_limit: "
		"50\n"
		"concurrency_behavior: FAIL\nopaque: 1\ndisabled: 1\n"},
};

static StoreFlow *flow_of(Store *store)
{
	const StorePage page = {.limit = 10};
	g_autoptr(GPtrArray) flows = NULL;
	g_autofree char *next = NULL;

	g_assert_true(store_flows_list_committed(store, &page, &flows, &next, NULL));
	g_assert_cmpuint(flows->len, ==, 1);
	return g_ptr_array_steal_index(flows, 0);
}

static void by_hand(const TemporaryStore *place, const char *sql)
{
	sqlite3 *handle = NULL;

	g_assert_cmpint(sqlite3_open(place->path, &handle), ==, SQLITE_OK);
	g_assert_cmpint(sqlite3_exec(handle, sql, NULL, NULL, NULL), ==, SQLITE_OK);
	sqlite3_close(handle);
}

static void put(Store *store, const StoreFlow *flow)
{
	StoreFlowPut put = {.flow = *flow, .definition = "{}", .first = true};
	g_autoptr(GError) error = NULL;

	put.flow.namespace = TEXT("a");
	put.flow.id = TEXT("f");
	put.flow.digest = TEXT("digest");
	g_assert_true(store_flow_put(store, &put, 1, NULL, &error));
	g_assert_no_error(error);
}

static void assert_kept(Store *store, size_t i)
{
	g_autoptr(StoreFlow) flow = flow_of(store);
	g_autofree char *text = store_flow_text(flow);
	g_autofree char *committed = store_flow_committed_text(flow);

	g_assert_cmpstr(flow->committed, ==, cases[i].kept);
	g_assert_cmpstr(text, ==, cases[i].text);
	g_assert_cmpstr(committed, ==, cases[i].text);
	g_assert_true(store_flow_is_as_committed(flow));
}

// A put and the step that brings an older store up to date keep the same.
static void test_kept(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_auto(TemporaryStore) place = temporary_store_new();
		Store *store = temporary_store_open(&place, STORE_READ_WRITE);

		put(store, &cases[i].flow);
		assert_kept(store, i);
		store_close(store);
		by_hand(&place, "ALTER TABLE flow DROP COLUMN committed; DELETE FROM migration "
				"WHERE version >= 8");
		store = temporary_store_open(&place, STORE_READ_WRITE);
		assert_kept(store, i);
		store_close(store);
	}
}

// Every column that is edited is told, whatever it was before.
static void test_edited(void)
{
	static const char *const edits[] = {"revision = 2", "domain = 'c'", "kind = 'x'",
		"feed = NULL", "feed = 'WRITE_APPEND'", "target = 'x'", "connection = ''",
		"path = 'p'", "line = 3", "reads = 'z'", "writes = NULL", "triggers = '[]'",
		"labels = ''", "concurrency_limit = 51", "concurrency_behavior = 'CANCEL'",
		"opaque = 1 - opaque", "disabled = 1 - disabled"};

	for (size_t i = 0; i < 2 * G_N_ELEMENTS(edits); i++) {
		g_auto(TemporaryStore) place = temporary_store_new();
		g_autoptr(Store) store = temporary_store_open(&place, STORE_READ_WRITE);
		g_autofree char *sql = g_strconcat("UPDATE flow SET ", edits[i / 2], NULL);
		// The second has none of them already.
		bool same = i % 2 == 1 && strstr(edits[i / 2], "NULL") != NULL;

		put(store, &cases[i % 2].flow);
		by_hand(&place, sql);
		g_autoptr(StoreFlow) flow = flow_of(store);
		g_autofree char *text = store_flow_text(flow);
		g_autofree char *committed = store_flow_committed_text(flow);

		g_assert_cmpint(store_flow_is_as_committed(flow), ==, same);
		g_assert_cmpstr(committed, ==, cases[i % 2].text);
		g_assert_cmpint(g_str_equal(text, committed), ==, same);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store/flow-text/kept", test_kept);
	g_test_add_func("/store/flow-text/edited", test_edited);
	return g_test_run();
}
