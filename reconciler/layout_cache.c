#include "reconciler/layout_cache.h"

#include "store/cache.h"

struct StoredCache {
	LayoutCache layout;
	Store *store;
	bool whole;
	GHashTable *kinds; // kind -> GHashTable of key -> GBytes
	size_t puts;
};

static bool keep_entry(const char *key, const void *bytes, size_t length, void *data)
{
	g_hash_table_insert(data, g_strdup(key), g_bytes_new(bytes, length));
	return true;
}

// Every entry of a kind. A store that cannot be read gives none: a lost entry costs time only.
static GHashTable *entries_of(StoredCache *cache, const char *kind)
{
	GHashTable *entries = g_hash_table_lookup(cache->kinds, kind);

	if (entries != NULL)
		return entries;
	entries = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
	g_hash_table_insert(cache->kinds, g_strdup(kind), entries);
	store_cache_visit(cache->store, kind, keep_entry, entries, NULL);
	return entries;
}

static GBytes *cache_get(void *data, const char *kind, const char *key)
{
	StoredCache *cache = data;

	if (!cache->whole)
		return store_cache_get(cache->store, kind, key, NULL);
	GBytes *bytes = g_hash_table_lookup(entries_of(cache, kind), key);
	return bytes == NULL ? NULL : g_bytes_ref(bytes);
}

static void cache_put(
	void *data, const char *kind, const char *key, const void *bytes, size_t length)
{
	StoredCache *cache = data;

	cache->puts++;
	store_cache_put(cache->store, kind, key, bytes, length);
}

StoredCache *stored_cache_new(Store *store, bool whole)
{
	StoredCache *cache = g_new0(StoredCache, 1);

	cache->layout = (LayoutCache){.data = cache, .get = cache_get, .put = cache_put};
	cache->store = store;
	cache->whole = whole;
	cache->kinds = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
	return cache;
}

void stored_cache_free(StoredCache *cache)
{
	if (cache == NULL)
		return;
	g_hash_table_unref(cache->kinds);
	g_free(cache);
}

const LayoutCache *stored_cache_layout(StoredCache *cache)
{
	return &cache->layout;
}

size_t stored_cache_puts(const StoredCache *cache)
{
	return cache->puts;
}
