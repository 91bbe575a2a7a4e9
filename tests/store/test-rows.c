// Rows that are put by and written several at once: a refused one is the end of the transaction, and nothing is written twice.
#include "store/table.h"
#include "tests/harness/temporary_store.h"

#include <string.h>

enum {
	ROWS = 4000, // far beyond what is written row by row
	REFUSED = 3900,
};

static bool add_table(Store *store, unsigned number, GError **error)
{
	g_autofree char *name = g_strdup_printf("shop.t%08x", number * 2654435761u);
	char domain[] = "shop";
	const StoreTable table = {.name = name, .domain = domain, .flow = name};

	return store_table_add(store, &table, error);
}

static int64_t tables_of(Store *store)
{
	int64_t count = -1;

	g_assert_true(store_tables_count(store, &count, NULL));
	return count;
}

static void test_refused_row_ends_the_transaction(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = temporary_store_open(&place, STORE_READ_WRITE);
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, NULL);
	g_autoptr(GError) error = NULL;
	bool refused = false;

	// Whoever goes on after it cannot commit what stood before it.
	for (unsigned i = 0; i < ROWS; i++)
		refused |= !add_table(store, i == REFUSED ? REFUSED - 3 : i, NULL);
	g_assert_true(refused);
	g_assert_false(store_transaction_commit(transaction, &error));
	g_assert_cmpstr(error->message, ==, "a part of the transaction has failed");
	g_clear_pointer(&transaction, store_transaction_free);
	g_assert_cmpint(tables_of(store), ==, 0);

	transaction = store_transaction_begin(store, NULL);
	g_assert_true(add_table(store, 1, NULL));
	g_assert_true(store_transaction_commit(transaction, NULL));
	g_assert_cmpint(tables_of(store), ==, 1);
}

// How often this process has asked the system to write.
static int64_t writes(void)
{
	g_autofree char *text = NULL;

	g_assert_true(g_file_get_contents("/proc/self/io", &text, NULL, NULL));
	return g_ascii_strtoll(strstr(text, "syscw: ") + strlen("syscw: "), NULL, 10);
}

// The pages of an INSERT that might be undone alone would go to a temporary file, some two for each row.
static void test_rows_are_written_once(void)
{
	g_auto(TemporaryStore) place = temporary_store_new();
	g_autoptr(Store) store = temporary_store_open(&place, STORE_READ_WRITE);
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, NULL);
	int64_t before = writes();

	for (unsigned i = 0; i < ROWS; i++)
		g_assert_true(add_table(store, i, NULL));
	g_assert_true(store_transaction_commit(transaction, NULL));
	g_assert_cmpint(tables_of(store), ==, ROWS);
	g_assert_cmpint(writes() - before, <, ROWS / 8);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store/rows/refused-row-ends-the-transaction",
		test_refused_row_ends_the_transaction);
	g_test_add_func("/store/rows/are-written-once", test_rows_are_written_once);
	return g_test_run();
}
