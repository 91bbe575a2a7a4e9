// Publications of tables, results of their checks, and rows that were rejected.
#include "store/internal.h"
#include "store/table.h"

static const Field publish_fields[] = {
	INT64_FIELD(StorePublish, sequence),
	TEXT_FIELD(StorePublish, name),
	TEXT_FIELD(StorePublish, namespace),
	TEXT_FIELD(StorePublish, flow),
	INT64_FIELD(StorePublish, revision),
	TEXT_FIELD(StorePublish, run_id),
	TEXT_FIELD(StorePublish, task_run_id),
	TEXT_FIELD(StorePublish, fingerprint),
	INT64_FIELD(StorePublish, rows),
	INT64_FIELD(StorePublish, rows_changed),
	INT64_FIELD(StorePublish, at),
};
static const RowType publish_row = ROW_TYPE(StorePublish, publish_fields);

static const Field check_fields[] = {
	TEXT_FIELD(StoreCheck, run_id),
	TEXT_FIELD(StoreCheck, task_run_id),
	INT64_FIELD(StoreCheck, number),
	TEXT_FIELD(StoreCheck, table),
	TEXT_FIELD(StoreCheck, name),
	TEXT_FIELD(StoreCheck, kind),
	TEXT_FIELD(StoreCheck, severity),
	TEXT_FIELD(StoreCheck, result),
	INT64_FIELD(StoreCheck, failures),
	TEXT_FIELD(StoreCheck, message),
	TEXT_FIELD(StoreCheck, sample),
	INT64_FIELD(StoreCheck, at),
};
static const RowType check_row = ROW_TYPE(StoreCheck, check_fields);

static const Field rejected_fields[] = {
	TEXT_FIELD(StoreRejectedRow, run_id),
	TEXT_FIELD(StoreRejectedRow, task_run_id),
	INT64_FIELD(StoreRejectedRow, number),
	TEXT_FIELD(StoreRejectedRow, file),
	INT64_FIELD(StoreRejectedRow, line),
	TEXT_FIELD(StoreRejectedRow, column),
	TEXT_FIELD(StoreRejectedRow, reason),
	TEXT_FIELD(StoreRejectedRow, text),
};
static const RowType rejected_row = ROW_TYPE(StoreRejectedRow, rejected_fields);

void store_publish_free(StorePublish *publish)
{
	row_free(&publish_row, publish);
}

void store_check_free(StoreCheck *check)
{
	row_free(&check_row, check);
}

void store_rejected_row_free(StoreRejectedRow *row)
{
	row_free(&rejected_row, row);
}

static bool insert_publish(
	Store *store, const StorePublish *publish, int64_t sequence, GError **error)
{
	StorePublish row = *publish;
	DbValue values[ROW_FIELDS_MAX];

	row.sequence = sequence;
	row_values(&publish_row, &row, values);
	return statement_run(store, STATEMENT_PUBLISH_ADD, values, G_N_ELEMENTS(publish_fields),
		       NULL, error) &&
	       statement_run(store, STATEMENT_TABLE_PUBLISHED,
		       DB_VALUES(DB_TEXT(row.name), DB_INTEGER(sequence), DB_INTEGER(row.at),
			       DB_TEXT(row.run_id), DB_TEXT(row.task_run_id),
			       DB_INTEGER(row.revision), DB_TEXT(row.fingerprint),
			       DB_INTEGER(row.rows), DB_INTEGER(timestamp_now())),
		       NULL, error);
}

bool store_publish_add(
	Store *store, const StorePublish *publish, int64_t *ret_sequence, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	int64_t sequence = 0;

	if (transaction == NULL)
		return false;
	if (publish->task_run_id != NULL &&
		!statement_int64(store, STATEMENT_PUBLISH_OF_TASK_RUN,
			DB_VALUES(DB_TEXT(publish->name), DB_TEXT(publish->task_run_id)), 0,
			&sequence, error))
		return false;
	if (sequence == 0) {
		if (!counter_next(store, "publish", &sequence, error) ||
			!insert_publish(store, publish, sequence, error))
			return false;
		store->topics |= STORE_TOPIC_PUBLISH;
	}
	if (ret_sequence != NULL)
		*ret_sequence = sequence;
	return store_transaction_commit(transaction, error);
}

bool store_publishes_after(
	Store *store, int64_t sequence, unsigned limit, GPtrArray **ret_publishes, GError **error)
{
	return rows_list(store, STATEMENT_PUBLISHES_AFTER,
		DB_VALUES(DB_INTEGER(sequence), DB_INTEGER(limit)), &publish_row,
		(GDestroyNotify)store_publish_free, ret_publishes, error);
}

bool store_publish_sequence(Store *store, int64_t *ret_sequence, GError **error)
{
	return statement_int64(store, STATEMENT_COUNTER_GET, DB_VALUES(DB_TEXT("publish")), 0,
		ret_sequence, error);
}

static void publish_key(const void *row, const char *parts[CURSOR_PARTS], char number[32])
{
	g_snprintf(number, 32, "%" G_GINT64_FORMAT, ((const StorePublish *)row)->sequence);
	parts[0] = number;
}

bool store_publishes_list(Store *store, const char *name, const StorePage *page,
	GPtrArray **ret_publishes, char **ret_next, GError **error)
{
	g_auto(PageStart) start = {0};

	return page_begin(page, 1, &start, error) &&
	       page_list(store, STATEMENT_PUBLISHES_LIST, &start,
		       DB_VALUES(DB_TEXT(name), DB_INTEGER(start.first ? INT64_MAX : start.number),
			       page_limit(&start)),
		       &publish_row, (GDestroyNotify)store_publish_free, publish_key, ret_publishes,
		       ret_next, error);
}

bool store_check_put(Store *store, const StoreCheck *check, GError **error)
{
	DbValue values[ROW_FIELDS_MAX];

	row_values(&check_row, check, values);
	return statement_write(
		store, STATEMENT_CHECK_PUT, 0, values, G_N_ELEMENTS(check_fields), NULL, error);
}

bool store_checks_of_run(Store *store, const char *run_id, GPtrArray **ret_checks, GError **error)
{
	return rows_list(store, STATEMENT_CHECKS_OF_RUN, DB_VALUES(DB_TEXT(run_id)), &check_row,
		(GDestroyNotify)store_check_free, ret_checks, error);
}

bool store_checks_of_table(Store *store, const char *name, GPtrArray **ret_checks, GError **error)
{
	return rows_list(store, STATEMENT_CHECKS_OF_TABLE, DB_VALUES(DB_TEXT(name)), &check_row,
		(GDestroyNotify)store_check_free, ret_checks, error);
}

bool store_rejected_row_put(Store *store, const StoreRejectedRow *row, GError **error)
{
	DbValue values[ROW_FIELDS_MAX];

	row_values(&rejected_row, row, values);
	return statement_write(store, STATEMENT_REJECTED_PUT, 0, values,
		G_N_ELEMENTS(rejected_fields), NULL, error);
}

static void rejected_key(const void *row, const char *parts[CURSOR_PARTS], char number[32])
{
	g_snprintf(number, 32, "%" G_GINT64_FORMAT, ((const StoreRejectedRow *)row)->number);
	parts[0] = ((const StoreRejectedRow *)row)->task_run_id;
	parts[1] = number;
}

bool store_rejected_rows_list(Store *store, const char *run_id, const char *task_run_id,
	const StorePage *page, GPtrArray **ret_rows, char **ret_next, GError **error)
{
	g_auto(PageStart) start = {0};

	return page_begin(page, 2, &start, error) &&
	       page_list(store, STATEMENT_REJECTED_LIST, &start,
		       DB_VALUES(DB_TEXT(run_id), DB_TEXT(start.after[0]),
			       DB_INTEGER(g_ascii_strtoll(start.after[1], NULL, 10)),
			       DB_TEXT(task_run_id), page_limit(&start)),
		       &rejected_row, (GDestroyNotify)store_rejected_row_free, rejected_key,
		       ret_rows, ret_next, error);
}
