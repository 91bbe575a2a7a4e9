#include "store/table.h"

#include "store/internal.h"

static const Field table_fields[] = {
	TEXT_FIELD(StoreTable, name),
	BOOL_FIELD(StoreTable, view),
	TEXT_FIELD(StoreTable, domain),
	TEXT_FIELD(StoreTable, namespace),
	TEXT_FIELD(StoreTable, flow),
	TEXT_FIELD(StoreTable, connection),
	TEXT_FIELD(StoreTable, path),
	TEXT_FIELD(StoreTable, schema),
	TEXT_FIELD(StoreTable, schema_digest),
	BOOL_FIELD(StoreTable, allow_breaking),
	TEXT_FIELD(StoreTable, drift_policy),
	INT64_FIELD(StoreTable, published),
	INT64_FIELD(StoreTable, published_at),
	TEXT_FIELD(StoreTable, published_run),
	TEXT_FIELD(StoreTable, published_task_run),
	INT64_FIELD(StoreTable, published_revision),
	TEXT_FIELD(StoreTable, published_fingerprint),
	INT64_FIELD(StoreTable, rows),
	INT64_FIELD(StoreTable, changed_at),
	INT64_FIELD(StoreTable, deleted_at),
};
static const RowType table_row = ROW_TYPE(StoreTable, table_fields);

static const Field reader_fields[] = {
	TEXT_FIELD(StoreReader, namespace),
	TEXT_FIELD(StoreReader, flow),
};
static const RowType reader_row = ROW_TYPE(StoreReader, reader_fields);

static const Field input_fields[] = {
	INT64_FIELD(StoreFlowInput, published),
	TEXT_FIELD(StoreFlowInput, namespace),
	TEXT_FIELD(StoreFlowInput, flow),
	BOOL_FIELD(StoreFlowInput, build_due),
	BOOL_FIELD(StoreFlowInput, running),
};
static const RowType input_row = ROW_TYPE(StoreFlowInput, input_fields);

void store_table_free(StoreTable *table)
{
	row_free(&table_row, table);
}

void store_reader_free(StoreReader *reader)
{
	row_free(&reader_row, reader);
}

void store_flow_input_free(StoreFlowInput *input)
{
	if (input == NULL)
		return;
	g_free(input->name);
	row_free(&input_row, input);
}

#define TABLE_VALUES(table)                                                                        \
	DB_VALUES(DB_TEXT((table)->name), DB_INTEGER((table)->view), DB_TEXT((table)->domain),     \
		DB_TEXT((table)->namespace), DB_TEXT((table)->flow), DB_TEXT((table)->connection), \
		DB_TEXT((table)->path), DB_TEXT((table)->schema), DB_TEXT((table)->schema_digest), \
		DB_INTEGER((table)->allow_breaking), DB_TEXT((table)->drift_policy),               \
		DB_INTEGER(timestamp_now()))

bool store_table_put(Store *store, const StoreTable *table, GError **error)
{
	return statement_write(
		store, STATEMENT_TABLE_PUT, STORE_TOPIC_LIVE, TABLE_VALUES(table), NULL, error);
}

bool store_table_add(Store *store, const StoreTable *table, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);

	if (transaction == NULL ||
		!statement_add_row(store, STATEMENT_TABLE_ADD, TABLE_VALUES(table), error))
		return false;
	store->topics |= STORE_TOPIC_LIVE;
	return store_transaction_commit(transaction, error);
}

bool store_table_delete(Store *store, const char *name, GError **error)
{
	return statement_write(store, STATEMENT_TABLE_DELETE, STORE_TOPIC_LIVE,
		DB_VALUES(DB_TEXT(name), DB_INTEGER(timestamp_now())), NULL, error);
}

bool store_tables_count(Store *store, int64_t *ret_tables, GError **error)
{
	return statement_int64(store, STATEMENT_TABLES_COUNT, DB_NO_VALUES, 0, ret_tables, error);
}

bool store_table_get(Store *store, const char *name, StoreTable **ret_table, GError **error)
{
	return row_get(store, STATEMENT_TABLE_GET, DB_VALUES(DB_TEXT(name)), &table_row,
		(void **)ret_table, error);
}

static void table_key(const void *row, const char *parts[CURSOR_PARTS], char number[32])
{
	(void)number;
	parts[0] = ((const StoreTable *)row)->name;
}

bool store_tables_list(Store *store, const StoreTableFilter *filter, const StorePage *page,
	GPtrArray **ret_tables, char **ret_next, GError **error)
{
	const StoreTableFilter all = {0};
	g_auto(PageStart) start = {0};
	g_autofree char *low = NULL;
	g_autofree char *high = NULL;

	if (!page_begin(page, 1, &start, error))
		return false;
	if (filter == NULL)
		filter = &all;
	// Every "dataset.x" lies between "dataset." and "dataset/".
	if (filter->dataset != NULL) {
		low = g_strdup_printf("%s.", filter->dataset);
		high = g_strdup_printf("%s/", filter->dataset);
	}
	return page_list(store, STATEMENT_TABLES_LIST, &start,
		DB_VALUES(DB_TEXT(start.after[0]), DB_TEXT(filter->domain),
			DB_TEXT(low != NULL ? low : ""), DB_TEXT(high != NULL ? high : "\x7f"),
			DB_INTEGER(filter->deleted), page_limit(&start)),
		&table_row, (GDestroyNotify)store_table_free, table_key, ret_tables, ret_next,
		error);
}

bool store_table_readers(Store *store, const char *name, GPtrArray **ret_readers, GError **error)
{
	return rows_list(store, STATEMENT_TABLE_READERS, DB_VALUES(DB_TEXT(name)), &reader_row,
		(GDestroyNotify)store_reader_free, ret_readers, error);
}

static bool add_input(Store *store, const char *name, GPtrArray *inputs, GError **error)
{
	StoreFlowInput *input = NULL;

	if (!row_get(store, STATEMENT_FLOW_INPUT, DB_VALUES(DB_TEXT(name)), &input_row,
		    (void **)&input, error))
		return false;
	if (input == NULL)
		input = g_new0(StoreFlowInput, 1);
	input->name = g_strdup(name);
	g_ptr_array_add(inputs, input);
	return true;
}

bool store_flow_inputs(Store *store, const char *namespace, const char *flow,
	GPtrArray **ret_inputs, GError **error)
{
	g_autoptr(GPtrArray) inputs =
		g_ptr_array_new_with_free_func((GDestroyNotify)store_flow_input_free);
	static const Field name_fields[] = {{FIELD_TEXT, 0}};
	static const RowType name_row = {sizeof(char *), name_fields, 1};
	char **list = NULL;
	g_auto(GStrv) names = NULL;

	*ret_inputs = NULL;
	if (!row_get(store, STATEMENT_FLOW_READS, DB_VALUES(DB_TEXT(namespace), DB_TEXT(flow)),
		    &name_row, (void **)&list, error))
		return false;
	names = g_strsplit(list != NULL && *list != NULL ? *list : "", "\n", -1);
	row_free(&name_row, list);
	for (char **name = names; *name != NULL; name++) {
		if (**name != '\0' && !add_input(store, *name, inputs, error))
			return false;
	}
	*ret_inputs = g_steal_pointer(&inputs);
	return true;
}
