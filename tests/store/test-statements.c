// Every statement has a text, and the database takes it.
#include "store/internal.h"
#include "tests/harness/temporary_store.h"

#include <string.h>

static void test_every_statement_prepares(void)
{
	g_autoptr(Store) store = ephemeral_store_open();

	for (unsigned id = 0; id < STATEMENTS; id++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(DbStatement) statement = NULL;

		g_assert_nonnull(statement_sql((StatementId)id));
		statement = db_prepare(store->db, statement_sql((StatementId)id), &error);
		if (error != NULL)
			g_test_message("%s", statement_sql((StatementId)id));
		g_assert_no_error(error);
		g_assert_nonnull(statement);
	}
}

static void test_no_statement_is_there_twice(void)
{
	g_autoptr(GHashTable) texts = g_hash_table_new(g_str_hash, g_str_equal);

	for (unsigned id = 0; id < STATEMENTS; id++)
		g_assert_true(g_hash_table_add(
			texts, (gpointer)(uintptr_t)statement_sql((StatementId)id)));
}

// What a query plan may not say for the statements that run all the time: no scan of a table that grows.
static void test_hot_statements_use_their_indexes(void)
{
	static const StatementId hot[] = {
		STATEMENT_FLOW_BEFORE,
		STATEMENT_TABLE_READERS,
		STATEMENT_FLOW_INPUT,
		STATEMENT_PUBLISHES_AFTER,
		STATEMENT_PUBLISH_OF_TASK_RUN,
		STATEMENT_RUN_OF_KEY,
		STATEMENT_RUNS_LIST,
		STATEMENT_RUNS_OF_FLOW,
		STATEMENT_RUNS_OF_NAMESPACE,
		STATEMENT_RUNS_OF_STATE,
		STATEMENT_LINE_ANYONE,
		STATEMENT_LINE_HEAD,
		STATEMENT_LINE_WAKE,
		STATEMENT_LINE_COUNT_SLOTS,
		STATEMENT_LINE_QUEUED_LIMIT,
		STATEMENT_LINE_LET_IN,
		STATEMENT_LINE_NEXT_DUE,
		STATEMENT_LEASE_CHECK,
		STATEMENT_BACKFILLS_RUNNING,
		STATEMENT_BACKFILL_COUNT_ACTIVE,
		STATEMENT_BACKFILL_RUN_REPLACE,
		STATEMENT_OLD_RUNS,
		STATEMENT_OLD_RUN,
		STATEMENT_TASK_RUNS_FORGET,
		STATEMENT_LOG_FORGET,
		STATEMENT_CHECKS_FORGET,
		STATEMENT_REJECTED_FORGET,
		STATEMENT_NEXT_LOG,
		STATEMENT_EVENTS_WINDOW,
		STATEMENT_PUBLISHES_WINDOW,
		STATEMENT_PUBLISHES_FORGET,
		STATEMENT_DRIFTS_WINDOW,
		STATEMENT_PLANS_FORGET,
		STATEMENT_REVISIONS_WINDOW,
		STATEMENT_OLD_REVISIONS,
		STATEMENT_NEXT_SCRIPT_TREE,
		STATEMENT_SCRIPT_FILE_FORGET,
		STATEMENT_RUN_FILE_IS_USED,
		STATEMENT_REQUESTS_OF_NODE,
		STATEMENT_TASK_RUN_PUT,
		STATEMENT_TASK_RUNS_LIST,
		STATEMENT_LOG_READ,
		STATEMENT_LOG_LAST,
		STATEMENT_TRIGGERS_LIST,
		STATEMENT_TRIGGERS_OF_NAMESPACE,
		STATEMENT_TRIGGERS_OF_FLOW,
		STATEMENT_TRIGGERS_DUE,
		STATEMENT_TRIGGER_NEXT,
		STATEMENT_TRIGGER_KEYS_FORGET,
		STATEMENT_CACHE_GET,
		STATEMENT_CHECKS_OF_TABLE,
		STATEMENT_EVENTS_AFTER,
		STATEMENT_REVISION_GET,
		STATEMENT_REVISIONS_LIST,
	};
	g_autoptr(Store) store = ephemeral_store_open();

	for (size_t i = 0; i < G_N_ELEMENTS(hot); i++) {
		g_autofree char *sql =
			g_strconcat("EXPLAIN QUERY PLAN ", statement_sql(hot[i]), NULL);
		g_autoptr(GError) error = NULL;
		g_autoptr(DbStatement) plan = db_prepare(store->db, sql, &error);

		g_assert_no_error(error);
		while (db_step(plan, &error) == DB_STEP_ROW) {
			const char *detail = db_column_text(plan, 3, NULL);

			// A scan along an index that a LIMIT or a bound ends is a walk, not a search.
			if ((g_str_has_prefix(detail, "SCAN ") &&
				    strstr(detail, "CONSTANT ROW") == NULL &&
				    strstr(detail, "SCAN event") == NULL &&
				    strcmp(detail, "SCAN w") != 0 &&
				    strstr(detail, "COVERING INDEX plan_created") == NULL &&
				    strstr(detail, "trigger_state_next") == NULL) ||
				strstr(detail, "TEMP B-TREE") != NULL)
				g_error("%s\n%s", statement_sql(hot[i]), detail);
		}
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store/statements/every-one-prepares", test_every_statement_prepares);
	g_test_add_func("/store/statements/none-is-there-twice", test_no_statement_is_there_twice);
	g_test_add_func(
		"/store/statements/hot-ones-use-indexes", test_hot_statements_use_their_indexes);
	return g_test_run();
}
