// What is live: flows with their revisions and readers, tables with their publications and checks.
#include "store/flow.h"
#include "store/internal.h"
#include "store/run.h"
#include "store/table.h"
#include "tests/harness/temporary_store.h"
#include "tests/harness/text.h"

static int64_t put_flow(Store *store, const char *id, const char *digest, const char *reads)
{
	GError *error = NULL;
	int64_t applied = 0;
	int64_t revision = 0;
	g_autofree char *definition = g_strdup_printf("{\"id\":\"%s\"}", id);
	g_autofree char *target = g_strdup_printf("sales.%s", id);

	g_assert_true(store_apply_begin(store, &applied, &error));
	store_flow_put(store,
		&(StoreFlowPut){.flow = {.namespace = TEXT("sales"),
					.id = TEXT(id),
					.digest = TEXT(digest),
					.domain = TEXT("sales"),
					.kind = TEXT("generated"),
					.target = target,
					.reads = TEXT(reads),
					.build_due = true},
			.definition = definition},
		applied, &revision, &error);
	g_assert_no_error(error);
	store_table_put(store,
		&(StoreTable){.name = target,
			.domain = TEXT("sales"),
			.namespace = TEXT("sales"),
			.flow = TEXT(id)},
		&error);
	g_assert_no_error(error);
	return revision;
}

static void expect_count(Store *store, int64_t count)
{
	int64_t written, generated;

	g_assert_true(store_flows_count(store, &written, &generated, NULL));
	g_assert_cmpint(written + generated, ==, count);
}

// What a hand did to the store is told, and holds up no apply.
static void test_row_of_a_flow_deleted_by_hand(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	g_autoptr(GPtrArray) lost = NULL, none = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(put_flow(store, "orders", "d1", "a.b"), ==, 1);
	g_assert_cmpint(put_flow(store, "orders", "d2", "a.b"), ==, 2);
	g_assert_cmpint(put_flow(store, "others", "d1", NULL), ==, 1);
	g_assert_true(db_execute_script(store->db, "DELETE FROM flow WHERE id = 'orders'", &error));
	g_assert_true(store_flows_lost(store, &lost, &error));
	g_assert_cmpuint(lost->len, ==, 1);
	g_assert_cmpstr(((StoreRevision *)lost->pdata[0])->id, ==, "orders");
	g_assert_cmpint(((StoreRevision *)lost->pdata[0])->revision, ==, 2);
	expect_count(store, 2); // what the rows' coming and going told
	g_assert_true(store_flows_recount(store, &error));
	expect_count(store, 1);
	g_assert_cmpint(put_flow(store, "orders", "d2", "a.b"), ==, 2);
	expect_count(store, 2);
	g_assert_true(store_flows_lost(store, &none, &error));
	g_assert_cmpuint(none->len, ==, 0);
	// Set back by hand.
	g_assert_true(db_execute_script(
		store->db, "UPDATE flow SET revision = 1 WHERE id = 'orders'", &error));
	g_assert_cmpint(put_flow(store, "orders", "d4", "a.b"), ==, 3);
}

static void test_revision_only_for_a_new_meaning(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	g_autoptr(StoreRevision) first = NULL;
	g_autoptr(GPtrArray) revisions = NULL;
	GError *error = NULL;

	g_assert_cmpint(put_flow(store, "orders", "a", NULL), ==, 1);
	g_assert_cmpint(put_flow(store, "orders", "a", NULL), ==, 1);
	g_assert_cmpint(put_flow(store, "orders", "b", NULL), ==, 2);
	g_assert_true(store_revision_get(store, "sales", "orders", 1, &first, &error));
	g_assert_cmpstr(first->digest, ==, "a");
	g_assert_cmpstr(first->definition, ==, "{\"id\":\"orders\"}");
	g_clear_pointer(&first, store_revision_free);
	g_assert_true(store_revision_get(store, "sales", "orders", 0, &first, &error));
	g_assert_cmpint(first->revision, ==, 2);
	g_assert_true(
		store_revisions_list(store, "sales", "orders", NULL, &revisions, NULL, &error));
	g_assert_cmpuint(revisions->len, ==, 2);
	g_assert_cmpint(((StoreRevision *)revisions->pdata[0])->revision, ==, 2);
	g_assert_null(((StoreRevision *)revisions->pdata[0])->definition);
}

static void test_pruned_flow_keeps_its_history(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	g_autoptr(StoreFlow) flow = NULL;
	g_autoptr(GPtrArray) flows = NULL;
	g_autoptr(GPtrArray) readers = NULL;
	GError *error = NULL;
	int64_t written = -1;
	int64_t generated = -1;

	put_flow(store, "orders", "a", "raw.orders");
	g_assert_true(store_flow_delete(store, "sales", "orders", 9, &error));
	g_assert_true(store_flow_delete(store, "sales", "orders", 10, &error));
	g_assert_true(store_flow_delete(store, "sales", "never", 10, &error));
	g_assert_true(store_flow_get(store, "sales", "orders", &flow, &error));
	g_assert_cmpint(flow->deleted_at, >, 0);
	g_assert_cmpint(flow->applied, ==, 9);
	g_assert_false(flow->build_due);
	g_assert_true(store_flows_list(store, NULL, NULL, &flows, NULL, &error));
	g_assert_cmpuint(flows->len, ==, 0);
	g_assert_true(store_table_readers(store, "raw.orders", &readers, &error));
	g_assert_cmpuint(readers->len, ==, 0);
	g_assert_true(store_flows_count(store, &written, &generated, &error));
	g_assert_cmpint(generated, ==, 0);
	// It goes on with its newest revision when that is what it comes back as.
	g_assert_cmpint(put_flow(store, "orders", "a", "raw.orders"), ==, 1);
	g_clear_pointer(&readers, g_ptr_array_unref);
	g_assert_true(store_table_readers(store, "raw.orders", &readers, &error));
	g_assert_cmpuint(readers->len, ==, 1);
	g_assert_true(store_flows_count(store, &written, &generated, &error));
	g_assert_cmpint(generated, ==, 1);
	g_assert_cmpint(written, ==, 0);
}

static void assert_readers(Store *store, const char *table, const char *expected)
{
	g_autoptr(GPtrArray) readers = NULL;
	g_autoptr(GString) names = g_string_new(NULL);

	g_assert_true(store_table_readers(store, table, &readers, NULL));
	for (unsigned i = 0; i < readers->len; i++)
		g_string_append_printf(names, "%s ", ((StoreReader *)readers->pdata[i])->flow);
	g_assert_cmpstr(names->str, ==, expected);
}

static void test_readers_follow_the_flow(void)
{
	g_autoptr(Store) store = ephemeral_store_open();

	put_flow(store, "a", "1", "raw.x\nraw.y");
	put_flow(store, "b", "1", "raw.y");
	assert_readers(store, "raw.x", "a ");
	assert_readers(store, "raw.y", "a b ");
	put_flow(store, "a", "2", "raw.yy\nraw.x");
	assert_readers(store, "raw.y", "b ");
	assert_readers(store, "raw.yy", "a ");
	put_flow(store, "a", "3", NULL);
	assert_readers(store, "raw.x", "");
}

static void test_applies_can_be_followed(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	g_autoptr(GPtrArray) flows = NULL;
	GError *error = NULL;
	int64_t applied = 0;

	put_flow(store, "a", "1", NULL);
	put_flow(store, "b", "1", NULL);
	put_flow(store, "c", "1", NULL);
	g_assert_true(store_flows_list_applied(store, 0, 2, &flows, &error));
	g_assert_no_error(error);
	g_assert_cmpuint(flows->len, >=, 2);
	applied = ((StoreFlow *)flows->pdata[flows->len - 1])->applied;
	g_clear_pointer(&flows, g_ptr_array_unref);
	g_assert_true(store_flow_delete(store, "sales", "a", applied + 5, &error));
	g_assert_true(store_flows_list_applied(store, applied, 100, &flows, &error));
	g_assert_cmpstr(((StoreFlow *)flows->pdata[flows->len - 1])->id, ==, "a");
	g_clear_pointer(&flows, g_ptr_array_unref);
	g_assert_true(store_flows_list_applied(store, applied + 5, 100, &flows, &error));
	g_assert_cmpuint(flows->len, ==, 0);
}

static void test_builds_are_due_once(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	g_autoptr(GPtrArray) flows = NULL;

	put_flow(store, "a", "1", NULL);
	g_assert_true(store_flows_list_build_due(store, &flows, NULL));
	g_assert_cmpuint(flows->len, ==, 1);
	g_clear_pointer(&flows, g_ptr_array_unref);
	g_assert_true(store_flow_build_started(store, "sales", "a", NULL));
	g_assert_true(store_flows_list_build_due(store, &flows, NULL));
	g_assert_cmpuint(flows->len, ==, 0);
}

static void test_publications_number_on_and_are_idempotent(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	StorePublish publish = {.name = TEXT("sales.orders"),
		.run_id = TEXT("R1"),
		.task_run_id = TEXT("T1"),
		.revision = 3,
		.fingerprint = TEXT("f1"),
		.rows = 7,
		.rows_changed = 7,
		.at = 100};
	g_autoptr(StoreTable) table = NULL;
	g_autoptr(GPtrArray) publishes = NULL;
	int64_t first = 0;
	int64_t again = 0;
	int64_t second = 0;
	GError *error = NULL;

	put_flow(store, "orders", "a", NULL);
	g_assert_true(store_publish_add(store, &publish, &first, &error));
	g_assert_true(store_publish_add(store, &publish, &again, &error));
	g_assert_cmpint(first, ==, again);
	publish.task_run_id = TEXT("T2");
	publish.rows = 9;
	g_assert_true(store_publish_add(store, &publish, &second, &error));
	g_assert_cmpint(second, >, first);
	g_assert_true(store_table_get(store, "sales.orders", &table, &error));
	g_assert_cmpint(table->published, ==, second);
	g_assert_cmpint(table->rows, ==, 9);
	g_assert_cmpstr(table->domain, ==, "sales");
	g_assert_cmpstr(table->published_task_run, ==, "T2");
	// Declaring it anew keeps what was published.
	put_flow(store, "orders", "b", NULL);
	g_clear_pointer(&table, store_table_free);
	g_assert_true(store_table_get(store, "sales.orders", &table, &error));
	g_assert_cmpint(table->published, ==, second);
	g_assert_true(store_publishes_after(store, first, 10, &publishes, &error));
	g_assert_cmpuint(publishes->len, ==, 1);
	g_assert_cmpint(((StorePublish *)publishes->pdata[0])->rows, ==, 9);
}

static void test_inputs_of_a_flow(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	g_autoptr(GPtrArray) inputs = NULL;
	const StoreFlowInput *input;
	GError *error = NULL;

	put_flow(store, "lines", "a", NULL);
	put_flow(store, "orders", "a", "raw.file\nsales.lines");
	g_assert_true(store_publish_add(
		store, &(StorePublish){.name = TEXT("sales.lines"), .rows = -1}, NULL, &error));
	g_assert_true(store_run_create(
		store, &(StoreRunNew){.namespace = "sales", .flow = "lines"}, NULL, NULL, &error));
	g_assert_true(store_flow_inputs(store, "sales", "orders", &inputs, &error));
	g_assert_no_error(error);
	g_assert_cmpuint(inputs->len, ==, 2);
	input = inputs->pdata[0];
	g_assert_cmpstr(input->name, ==, "raw.file");
	g_assert_cmpint(input->published, ==, 0);
	g_assert_null(input->flow);
	input = inputs->pdata[1];
	g_assert_cmpstr(input->name, ==, "sales.lines");
	g_assert_cmpint(input->published, ==, 1);
	g_assert_cmpstr(input->flow, ==, "lines");
	g_assert_true(input->build_due);
	g_assert_true(input->running);
	g_clear_pointer(&inputs, g_ptr_array_unref);
	g_assert_true(store_flow_inputs(store, "sales", "nowhere", &inputs, &error));
	g_assert_cmpuint(inputs->len, ==, 0);
}

static void test_lists_of_tables_by_dataset(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	g_autoptr(GPtrArray) tables = NULL;
	int64_t count = 0;

	put_flow(store, "a", "1", NULL);
	put_flow(store, "b", "1", NULL);
	g_assert_true(store_table_put(
		store, &(StoreTable){.name = TEXT("sales2.a"), .domain = TEXT("x")}, NULL));
	g_assert_true(store_tables_list(
		store, &(StoreTableFilter){.dataset = "sales"}, NULL, &tables, NULL, NULL));
	g_assert_cmpuint(tables->len, ==, 2);
	g_assert_true(store_tables_count(store, &count, NULL));
	g_assert_cmpint(count, ==, 3);
	g_assert_true(store_table_delete(store, "sales.a", NULL));
	g_assert_true(store_tables_count(store, &count, NULL));
	g_assert_cmpint(count, ==, 2);
}

static void test_checks_of_the_last_build(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	StoreCheck check = {.run_id = TEXT("R1"),
		.task_run_id = TEXT("T1"),
		.number = 1,
		.table = TEXT("sales.orders"),
		.name = TEXT("unique(id)"),
		.kind = TEXT("unique"),
		.severity = TEXT("error"),
		.result = TEXT("failed"),
		.failures = 2,
		.sample = TEXT("[{\"id\":1}]")};
	g_autoptr(GPtrArray) checks = NULL;

	g_assert_true(store_check_put(store, &check, NULL));
	check.task_run_id = TEXT("T2");
	check.result = TEXT("passed");
	g_assert_true(store_check_put(store, &check, NULL));
	g_assert_true(store_checks_of_table(store, "sales.orders", &checks, NULL));
	g_assert_cmpuint(checks->len, ==, 1);
	g_assert_cmpstr(((StoreCheck *)checks->pdata[0])->result, ==, "passed");
	g_clear_pointer(&checks, g_ptr_array_unref);
	g_assert_true(store_checks_of_run(store, "R1", &checks, NULL));
	g_assert_cmpuint(checks->len, ==, 2);
}

static void test_rejected_rows_page(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	g_autoptr(GPtrArray) rows = NULL;
	g_autofree char *next = NULL;
	StorePage page = {.limit = 2};

	for (int i = 1; i <= 3; i++)
		g_assert_true(store_rejected_row_put(store,
			&(StoreRejectedRow){.run_id = TEXT("R"),
				.task_run_id = TEXT("T"),
				.number = i,
				.line = i * INT64_C(10),
				.reason = TEXT("not a number"),
				.text = TEXT("x,y")},
			NULL));
	g_assert_true(store_rejected_rows_list(store, "R", "T", &page, &rows, &next, NULL));
	g_assert_cmpuint(rows->len, ==, 2);
	page.after = next;
	g_clear_pointer(&rows, g_ptr_array_unref);
	g_assert_true(store_rejected_rows_list(store, "R", "T", &page, &rows, NULL, NULL));
	g_assert_cmpuint(rows->len, ==, 1);
	g_assert_cmpint(((StoreRejectedRow *)rows->pdata[0])->line, ==, 30);
}

// Those of all task runs of a run, and of no other run.
static void test_rejected_rows_of_run(void)
{
	static const char *const places[][2] = {{"R", "T"}, {"R", "U"}, {"S", "T"}};
	g_autoptr(Store) store = ephemeral_store_open();
	g_autoptr(GString) seen = g_string_new(NULL);
	g_autofree char *next = NULL;
	StorePage page = {.limit = 3};

	for (int i = 0; i < 6; i++)
		g_assert_true(store_rejected_row_put(store,
			&(StoreRejectedRow){.run_id = TEXT(places[i % 3][0]),
				.task_run_id = TEXT(places[i % 3][1]),
				.number = 1 + i / 3,
				.reason = TEXT("not a number")},
			NULL));
	do {
		g_autoptr(GPtrArray) rows = NULL;
		g_autofree char *after = g_steal_pointer(&next);

		page.after = after;
		g_assert_true(
			store_rejected_rows_list(store, "R", NULL, &page, &rows, &next, NULL));
		for (guint i = 0; i < rows->len; i++) {
			const StoreRejectedRow *row = rows->pdata[i];

			g_string_append_printf(seen, " %s%s%" G_GINT64_FORMAT, row->run_id,
				row->task_run_id, row->number);
		}
	} while (next != NULL);
	g_assert_cmpstr(seen->str, ==, " RT1 RT2 RU1 RU2");
}

static void test_cursor_of_another_list_is_refused(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	g_autoptr(GPtrArray) flows = NULL;
	GError *error = NULL;

	g_assert_false(store_flows_list(
		store, NULL, &(StorePage){.after = "only-one"}, &flows, NULL, &error));
	assert_error_text(
		error, STORE_ERROR, STORE_ERROR_MISUSE, "'only-one' is no cursor of this list");
	g_assert_false(store_flows_list(
		store, NULL, &(StorePage){.after = "a~zz!b"}, &flows, NULL, &error));
	assert_error_text(
		error, STORE_ERROR, STORE_ERROR_MISUSE, "'a~zz!b' is no cursor of this list");
}

static void test_pages_of_flows_with_odd_names(void)
{
	g_autoptr(Store) store = ephemeral_store_open();
	static const char *const names[] = {"a!b", "a~b", "a b", "é", "a.b", "a"};
	g_autofree char *cursor = NULL;
	unsigned seen = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		put_flow(store, names[i], "1", NULL);
	do {
		const StorePage page = {.limit = 1, .after = cursor};
		g_autoptr(GPtrArray) flows = NULL;
		char *next = NULL;

		g_assert_true(store_flows_list(store, &(StoreFlowFilter){.namespace = "sales"},
			&page, &flows, &next, NULL));
		seen += flows->len;
		g_free(cursor);
		cursor = next;
	} while (cursor != NULL);
	g_assert_cmpuint(seen, ==, G_N_ELEMENTS(names));
}

static const struct {
	const char *path;
	void (*run)(void);
} tests[] = {
	{"/store/live/revision-only-for-a-new-meaning", test_revision_only_for_a_new_meaning},
	{"/store/live/pruned-flow-keeps-its-history", test_pruned_flow_keeps_its_history},
	{"/store/live/readers-follow-the-flow", test_readers_follow_the_flow},
	{"/store/live/applies-can-be-followed", test_applies_can_be_followed},
	{"/store/live/builds-are-due-once", test_builds_are_due_once},
	{"/store/live/publications-number-on-and-are-idempotent",
		test_publications_number_on_and_are_idempotent},
	{"/store/live/inputs-of-a-flow", test_inputs_of_a_flow},
	{"/store/live/lists-of-tables-by-dataset", test_lists_of_tables_by_dataset},
	{"/store/live/checks-of-the-last-build", test_checks_of_the_last_build},
	{"/store/live/rejected-rows-page", test_rejected_rows_page},
	{"/store/live/rejected-rows-of-run", test_rejected_rows_of_run},
	{"/store/live/cursor-of-another-list-is-refused", test_cursor_of_another_list_is_refused},
	{"/store/live/pages-of-flows-with-odd-names", test_pages_of_flows_with_odd_names},
	{"/store/live/row-of-a-flow-deleted-by-hand", test_row_of_a_flow_deleted_by_hand},
};

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add_func(tests[i].path, tests[i].run);
	return g_test_run();
}
