// Which databases cannot be used: those that could not be looked into, and those that a run could not write to, until they can be.
#include "reconciler/drift_internal.h"

#include "db/trouble.h"
#include "store/connection.h"
#include "store/trouble.h"

#include <string.h>

// A URL with a secret in it is only known to tasks: they tell how such a database does.
static bool is_resolved(const char *url)
{
	return strstr(url, "{{") == NULL;
}

void drift_note_trouble(DriftObserver *observer, const char *key, const char *domain,
	const char *url, const GError *failure)
{
	bool has_url = url != NULL;
	const DbTrouble *kind = has_url ? db_trouble_of(failure) : db_trouble_of_url();
	const char *slash = strchr(key, '/');

	if (kind == NULL || (has_url && !is_resolved(url)))
		return;
	StoreTrouble *trouble = g_new0(StoreTrouble, 1);
	trouble->connection = g_strndup(key, (gsize)(slash - key));
	trouble->dataset = g_strdup(has_url ? slash + 1 : "");
	trouble->looked = true;
	trouble->domain = g_strdup(domain);
	trouble->kind = g_strdup(kind->kind);
	trouble->message = g_strdup(failure->message);
	trouble->hint = g_strdup(kind->cure);
	g_ptr_array_add(observer->troubles, trouble);
}

// Whether it can be written to. Nobody is held up by the trial: it neither waits for a lock nor keeps one.
static bool try_write(const char *url, const char *dataset, GError **error)
{
	const DbOptions options = {.cache_bytes = 64 * 1024, .busy_timeout = 1};
	g_autoptr(DbConnection) connection = db_open(url, &options, error);
	g_autoptr(DbTransaction) transaction = NULL;

	if (connection == NULL || *dataset == '\0')
		return connection != NULL;
	if (!db_use_dataset(connection, dataset, false, error))
		return g_error_matches(*error, DB_ERROR, DB_ERROR_MISSING_OBJECT);
	transaction = db_transaction_begin(connection, DB_BEGIN_WRITE, error);
	return transaction != NULL;
}

static bool is_known(const GPtrArray *connections, const char *name)
{
	for (guint i = 0; i < connections->len; i++) {
		const StoreConnection *connection = connections->pdata[i];

		if (strcmp(connection->name, name) == 0)
			return true;
	}
	return strcmp(name, "default") == 0;
}

// Whether anything live is in the dataset: a run may have noted what no commit uses any more.
static bool is_used(const DriftObserver *observer, const StoreTrouble *trouble)
{
	g_autofree char *key = g_strdup_printf("%s/%s", trouble->connection, trouble->dataset);

	return *trouble->dataset == '\0' || g_hash_table_contains(observer->used, key);
}

// Whether what was noted is over.
static bool is_over(
	DriftObserver *observer, const GPtrArray *connections, const StoreTrouble *trouble)
{
	g_autoptr(GError) failure = NULL;

	if (trouble->looked || !is_used(observer, trouble) ||
		!is_known(connections, trouble->connection))
		return true;
	g_autofree char *url = drift_connection_url(observer, trouble->connection, &failure);
	return url != NULL && is_resolved(url) && try_write(url, trouble->dataset, &failure);
}

bool drift_observe_troubles(DriftObserver *observer, bool *ret_complete, GError **error)
{
	g_autoptr(GPtrArray) noted = NULL, connections = NULL;

	(void)ret_complete;
	for (guint i = 0; i < observer->troubles->len; i++) {
		if (!store_trouble_put(observer->store, observer->troubles->pdata[i], error))
			return false;
	}
	if (!store_troubles_list(observer->store, &noted, error))
		return false;
	if (noted->len == 0)
		return true;
	if (!store_connections_list(observer->store, &connections, error))
		return false;
	for (guint i = 0; i < noted->len; i++) {
		const StoreTrouble *trouble = noted->pdata[i];

		if (store_trouble_find(observer->troubles, trouble->connection, trouble->dataset) ==
				NULL &&
			is_over(observer, connections, trouble) &&
			!store_trouble_end(
				observer->store, trouble->connection, trouble->dataset, error))
			return false;
	}
	return true;
}
