#include "store/cache.h"

#include "store/internal.h"

#include <string.h>

// Entries that were put and not written yet: kind and key with a NUL between -> bytes. The mutex lets a loader put
// while another thread is in a transaction of the store.
struct StoreCachePuts {
	pthread_mutex_t mutex;
	GHashTable *entries;
};

// One block: the struct, then kind, key and bytes.
typedef struct {
	const char *kind;
	const char *key;
	const void *bytes;
	size_t length;
} Put;

static Put *put_new(const char *kind, const char *key, const void *bytes, size_t length)
{
	const size_t kind_size = strlen(kind) + 1;
	const size_t key_size = strlen(key) + 1;
	Put *put = g_malloc(sizeof(Put) + kind_size + key_size + length);
	char *rest = (char *)(put + 1);

	memcpy(rest, kind, kind_size);
	memcpy(rest + kind_size, key, key_size);
	if (length > 0)
		memcpy(rest + kind_size + key_size, bytes, length);
	*put = (Put){rest, rest + kind_size, rest + kind_size + key_size, length};
	return put;
}

static unsigned put_hash(gconstpointer data)
{
	const Put *put = data;

	return g_str_hash(put->kind) * 31 + g_str_hash(put->key);
}

static gboolean put_equal(gconstpointer a, gconstpointer b)
{
	return strcmp(((const Put *)a)->key, ((const Put *)b)->key) == 0 &&
	       strcmp(((const Put *)a)->kind, ((const Put *)b)->kind) == 0;
}

void cache_puts_free(StoreCachePuts *puts)
{
	if (puts == NULL)
		return;
	g_hash_table_destroy(puts->entries);
	pthread_mutex_destroy(&puts->mutex);
	g_free(puts);
}

static StoreCachePuts *puts_of(Store *store)
{
	pthread_mutex_lock(&store->mutex);
	if (store->cache == NULL) {
		store->cache = g_new0(StoreCachePuts, 1);
		pthread_mutex_init(&store->cache->mutex, NULL);
		store->cache->entries = g_hash_table_new_full(put_hash, put_equal, g_free, NULL);
	}
	pthread_mutex_unlock(&store->mutex);
	return store->cache;
}

static GBytes *find_put(StoreCachePuts *puts, const char *kind, const char *key)
{
	const Put wanted = {.kind = kind, .key = key};
	GBytes *bytes = NULL;
	Put *found;

	pthread_mutex_lock(&puts->mutex);
	found = g_hash_table_lookup(puts->entries, &wanted);
	if (found != NULL)
		bytes = g_bytes_new(found->bytes, found->length);
	pthread_mutex_unlock(&puts->mutex);
	return bytes;
}

GBytes *store_cache_get(Store *store, const char *kind, const char *key, GError **error)
{
	GBytes *bytes = find_put(puts_of(store), kind, key);
	g_auto(StoreQuery) query = {0};
	bool failed;

	if (bytes != NULL)
		return bytes;
	if (!query_begin(&query, store, STATEMENT_CACHE_GET, DB_VALUES(DB_TEXT(kind), DB_TEXT(key)),
		    error))
		return NULL;
	if (query_step(&query, &failed, error)) {
		size_t length = 0;
		const void *content = db_column_blob(query.row, 0, &length);

		return g_bytes_new(content, length);
	}
	return NULL;
}

bool store_cache_visit(Store *store, const char *kind,
	bool (*visit)(const char *key, const void *bytes, size_t length, void *data), void *data,
	GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed = false;

	if (!query_begin(&query, store, STATEMENT_CACHE_VISIT, DB_VALUES(DB_TEXT(kind)), error))
		return false;
	while (query_step(&query, &failed, error)) {
		size_t length = 0;
		const void *content = db_column_blob(query.row, 1, &length);

		if (!visit(db_column_text(query.row, 0, NULL), content, length, data))
			break;
	}
	return !failed;
}

void store_cache_put(
	Store *store, const char *kind, const char *key, const void *bytes, size_t length)
{
	StoreCachePuts *puts = puts_of(store);
	Put *put = put_new(kind, key, bytes, length);

	pthread_mutex_lock(&puts->mutex);
	g_hash_table_add(puts->entries, put);
	pthread_mutex_unlock(&puts->mutex);
}

static int compare_puts(const void *a, const void *b)
{
	const Put *first = *(Put *const *)a;
	const Put *second = *(Put *const *)b;
	const int kinds = strcmp(first->kind, second->kind);

	return kinds != 0 ? kinds : strcmp(first->key, second->key);
}

// In the order of the index, so that its pages are touched once each.
static GPtrArray *steal_sorted(StoreCachePuts *puts)
{
	GPtrArray *sorted = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	gpointer put;

	pthread_mutex_lock(&puts->mutex);
	g_hash_table_iter_init(&iter, puts->entries);
	while (g_hash_table_iter_next(&iter, &put, NULL))
		g_ptr_array_add(sorted, put);
	g_hash_table_steal_all(puts->entries);
	pthread_mutex_unlock(&puts->mutex);
	g_ptr_array_sort(sorted, compare_puts);
	return sorted;
}

bool store_cache_flush(Store *store, GError **error)
{
	g_autoptr(GPtrArray) puts = steal_sorted(puts_of(store));
	g_autoptr(StoreTransaction) transaction = NULL;

	if (puts->len == 0)
		return true;
	transaction = store_transaction_begin(store, error);
	if (transaction == NULL)
		return false;
	for (unsigned i = 0; i < puts->len; i++) {
		const Put *put = puts->pdata[i];

		if (!statement_run(store, STATEMENT_CACHE_PUT,
			    DB_VALUES(DB_TEXT(put->kind), DB_TEXT(put->key),
				    DB_BLOB(put->bytes, put->length)),
			    NULL, error))
			return false;
	}
	return store_transaction_commit(transaction, error);
}
