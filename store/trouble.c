#include "store/trouble.h"

#include "store/internal.h"

#include <string.h>

static const Field trouble_fields[] = {
	TEXT_FIELD(StoreTrouble, connection),
	TEXT_FIELD(StoreTrouble, dataset),
	TEXT_FIELD(StoreTrouble, domain),
	TEXT_FIELD(StoreTrouble, kind),
	TEXT_FIELD(StoreTrouble, message),
	TEXT_FIELD(StoreTrouble, hint),
	BOOL_FIELD(StoreTrouble, looked),
	INT64_FIELD(StoreTrouble, since),
	INT64_FIELD(StoreTrouble, changed_at),
};
static const RowType trouble_row = ROW_TYPE(StoreTrouble, trouble_fields);

void store_trouble_free(StoreTrouble *trouble)
{
	row_free(&trouble_row, trouble);
}

const StoreTrouble *store_trouble_find(
	const GPtrArray *troubles, const char *connection, const char *dataset)
{
	for (guint i = 0; i < troubles->len; i++) {
		const StoreTrouble *known = troubles->pdata[i];

		if (strcmp(known->connection, connection) == 0 &&
			strcmp(known->dataset, dataset) == 0)
			return known;
	}
	return NULL;
}

static bool says_the_same(const StoreTrouble *known, const StoreTrouble *trouble)
{
	return strcmp(known->kind, trouble->kind) == 0 &&
	       strcmp(known->message, trouble->message) == 0 &&
	       g_strcmp0(known->hint, trouble->hint) == 0;
}

bool store_trouble_put(Store *store, const StoreTrouble *trouble, GError **error)
{
	g_autoptr(GPtrArray) troubles = NULL;

	if (!store_troubles_list(store, &troubles, error))
		return false;
	const StoreTrouble *known =
		store_trouble_find(troubles, trouble->connection, trouble->dataset);
	if (known != NULL && says_the_same(known, trouble))
		return true;
	return statement_write(store, STATEMENT_TROUBLE_PUT, STORE_TOPIC_LIVE,
		DB_VALUES(DB_TEXT(trouble->connection), DB_TEXT(trouble->dataset),
			DB_TEXT(trouble->domain), DB_TEXT(trouble->kind), DB_TEXT(trouble->message),
			DB_TEXT(trouble->hint), DB_INTEGER(trouble->looked),
			DB_INTEGER(timestamp_now())),
		NULL, error);
}

bool store_trouble_end(Store *store, const char *connection, const char *dataset, GError **error)
{
	return statement_write(store, STATEMENT_TROUBLE_DELETE, STORE_TOPIC_LIVE,
		DB_VALUES(DB_TEXT(connection), DB_TEXT(dataset)), NULL, error);
}

bool store_troubles_list(Store *store, GPtrArray **ret_troubles, GError **error)
{
	return rows_list(store, STATEMENT_TROUBLES_LIST, DB_NO_VALUES, &trouble_row,
		(GDestroyNotify)store_trouble_free, ret_troubles, error);
}

bool store_trouble_meets(const StoreTrouble *trouble, const char *domain, const char *connection,
	const char *dataset)
{
	bool own = g_strcmp0(trouble->connection, connection) == 0 &&
		   (*trouble->dataset == '\0' || g_strcmp0(trouble->dataset, dataset) == 0);

	return own || g_strcmp0(trouble->domain, domain) == 0;
}
