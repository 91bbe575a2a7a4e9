// The first flows of a store, which are written many in a statement.
#include "store/flow.h"
#include "store/table.h"
#include "tests/harness/temporary_store.h"
#include "tests/harness/text.h"

// The first flows of a store, each with two reads and a table; at most so many are written in one statement.
static bool put_first_flows(Store *store, guint count, const char *namespace, GError **error)
{
	int64_t applied = 0;

	if (!store_apply_begin(store, &applied, error))
		return false;
	for (guint i = 0; i < count; i++) {
		g_autofree char *id = g_strdup_printf("t%03u", i);
		g_autofree char *target = g_strdup_printf("%s.%s", namespace, id);
		g_autofree char *reads = g_strdup_printf("raw.a%u\nraw.b", i % 3);
		const StoreTable table = {
			.name = target, .domain = TEXT(namespace), .flow = id, .view = i % 2 == 1};
		const StoreFlowPut put = {.flow = {.namespace = TEXT(namespace),
						  .id = id,
						  .digest = target,
						  .domain = TEXT(namespace),
						  .kind = TEXT("generated"),
						  .target = i % 2 == 0 ? target : NULL,
						  .line = i,
						  .reads = reads},
			.definition = "{}",
			.first = true};

		if (!store_flow_put(store, &put, applied, NULL, error) ||
			!store_table_add(store, &table, error))
			return false;
	}
	return true;
}

// Each is there with its own values for whatever is asked next, within the transaction and after it.
static void assert_first_flows(Store *store, guint count, const char *namespace)
{
	for (guint i = 0; i < count; i++) {
		g_autofree char *id = g_strdup_printf("t%03u", i);
		g_autofree char *target = g_strdup_printf("%s.%s", namespace, id);
		g_autofree char *first_read = g_strdup_printf("raw.a%u", i % 3);
		g_autoptr(StoreFlow) flow = NULL;
		g_autoptr(StoreRevision) revision = NULL;
		g_autoptr(StoreTable) table = NULL;

		g_assert_true(store_flow_get(store, namespace, id, &flow, NULL));
		g_assert_nonnull(flow);
		g_assert_cmpint(flow->line, ==, i);
		g_assert_cmpstr(flow->target, ==, i % 2 == 0 ? target : NULL);
		g_assert_true(g_str_has_prefix(flow->reads, first_read));
		g_assert_true(store_revision_get(store, namespace, id, 0, &revision, NULL));
		g_assert_cmpstr(revision->digest, ==, target);
		g_assert_true(store_table_get(store, target, &table, NULL));
		g_assert_cmpint(table->view, ==, i % 2 == 1);
		g_assert_cmpstr(table->flow, ==, id);
	}
}

static guint count_flows(Store *store)
{
	g_autoptr(GPtrArray) flows = NULL;
	g_autofree char *next = NULL;
	const StorePage page = {.limit = 1000};

	g_assert_true(store_flows_list(store, &(StoreFlowFilter){0}, &page, &flows, &next, NULL));
	return flows->len;
}

static void test_first_flows_together(void)
{
	// Around the number that one statement writes.
	static const guint counts[] = {1, 7, 8, 9, 16, 23, 128, 129, 160, 203};

	for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
		g_autoptr(Store) store = ephemeral_store_open();
		g_autoptr(GError) error = NULL;

		for (int round = 0; round < 2; round++) {
			g_autoptr(StoreTransaction) transaction = NULL;
			const char *namespace = round == 0 ? "sales" : "stock";

			transaction = store_transaction_begin(store, &error);
			g_assert_true(put_first_flows(store, counts[i], namespace, &error));
			assert_first_flows(store, counts[i], namespace);
			g_assert_true(store_transaction_commit(transaction, &error));
			assert_first_flows(store, counts[i], namespace);
		}
		g_assert_cmpuint(count_flows(store), ==, 2 * counts[i]);
	}
}

// What waits is not written when the transaction is left, and nothing of it turns up in the next one.
static void test_first_flows_left(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	g_autoptr(GError) error = NULL;

	for (guint count = 1; count < 20; count += 6) {
		g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, &error);

		g_assert_true(put_first_flows(store, count, "sales", &error));
	}
	g_assert_cmpuint(count_flows(store), ==, 0);
	g_assert_true(put_first_flows(store, 3, "sales", &error));
	g_assert_cmpuint(count_flows(store), ==, 3);
}

// One that was there after all is an error, at the latest when the transaction is to be committed, and leaves nothing.
static void test_first_flows_not_first(void)
{
	for (guint count = 1; count < 20; count += 6) {
		g_autoptr(Store) store = ephemeral_store_open();
		g_autoptr(GError) error = NULL;
		bool good;

		g_assert_true(put_first_flows(store, 1, "sales", &error));
		{
			g_autoptr(StoreTransaction) transaction =
				store_transaction_begin(store, &error);

			good = put_first_flows(store, count, "sales", &error) &&
			       store_transaction_commit(transaction, &error);
		}
		g_assert_false(good);
		g_assert_nonnull(error);
		g_assert_cmpuint(count_flows(store), ==, 1);
	}
}

static const struct {
	const char *path;
	void (*run)(void);
} tests[] = {
	{"/live/first-flows/together", test_first_flows_together},
	{"/live/first-flows/left", test_first_flows_left},
	{"/live/first-flows/not-first", test_first_flows_not_first},
};

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add_func(tests[i].path, tests[i].run);
	return g_test_run();
}
