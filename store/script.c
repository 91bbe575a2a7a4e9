#include "store/script.h"

#include "store/internal.h"

static const Field entry_fields[] = {
	TEXT_FIELD(StoreScriptEntry, path),
	TEXT_FIELD(StoreScriptEntry, blob),
	BOOL_FIELD(StoreScriptEntry, executable),
};
static const RowType entry_row = ROW_TYPE(StoreScriptEntry, entry_fields);

void store_script_entry_free(StoreScriptEntry *entry)
{
	row_free(&entry_row, entry);
}

static bool exists(
	Store *store, StatementId statement, const char *id, bool *ret_there, GError **error)
{
	int64_t there = 0;

	if (!statement_int64(store, statement, DB_VALUES(DB_TEXT(id)), 0, &there, error))
		return false;
	*ret_there = there != 0;
	return true;
}

bool store_script_tree_exists(Store *store, const char *tree, bool *ret_there, GError **error)
{
	return exists(store, STATEMENT_SCRIPT_TREE_EXISTS, tree, ret_there, error);
}

bool store_script_file_exists(Store *store, const char *blob, bool *ret_there, GError **error)
{
	return exists(store, STATEMENT_SCRIPT_FILE_EXISTS, blob, ret_there, error);
}

bool store_script_file_put(
	Store *store, const char *blob, const void *content, size_t length, GError **error)
{
	return statement_write(store, STATEMENT_SCRIPT_FILE_PUT, 0,
		DB_VALUES(DB_TEXT(blob), DB_BLOB(content != NULL ? content : "", length)), NULL,
		error);
}

bool store_script_tree_put(Store *store, const char *tree, const StoreScriptEntry *entries,
	size_t count, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);

	if (transaction == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!statement_run(store, STATEMENT_SCRIPT_ENTRY_PUT,
			    DB_VALUES(DB_TEXT(tree), DB_TEXT(entries[i].path),
				    DB_TEXT(entries[i].blob), DB_INTEGER(entries[i].executable)),
			    NULL, error))
			return false;
	}
	return store_transaction_commit(transaction, error);
}

bool store_script_tree_list(Store *store, const char *tree, GPtrArray **ret_entries, GError **error)
{
	return rows_list(store, STATEMENT_SCRIPT_TREE_LIST, DB_VALUES(DB_TEXT(tree)), &entry_row,
		(GDestroyNotify)store_script_entry_free, ret_entries, error);
}

bool store_script_file_get(Store *store, const char *blob, GBytes **ret_content, GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	*ret_content = NULL;
	if (!query_begin(&query, store, STATEMENT_SCRIPT_FILE_GET, DB_VALUES(DB_TEXT(blob)), error))
		return false;
	if (query_step(&query, &failed, error)) {
		size_t length = 0;
		const void *content = db_column_blob(query.row, 0, &length);

		*ret_content = g_bytes_new(content, length);
	}
	return !failed;
}
