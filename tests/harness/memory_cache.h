// A cache of layouts that lives in a hash table, for tests and benchmarks that have no store.
#pragma once

#include "repo-layout/layout.h"

// "kind/key" -> GBytes. Freed with g_hash_table_unref.
static inline GHashTable *memory_cache_new(void)
{
	return g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
}

static inline GBytes *memory_cache_get(void *table, const char *kind, const char *key)
{
	g_autofree char *full = g_strconcat(kind, "/", key, NULL);
	GBytes *bytes = g_hash_table_lookup(table, full);

	return bytes == NULL ? NULL : g_bytes_ref(bytes);
}

static inline void memory_cache_put(
	void *table, const char *kind, const char *key, const void *bytes, size_t length)
{
	g_hash_table_replace(table, g_strconcat(kind, "/", key, NULL), g_bytes_new(bytes, length));
}

// What layout_load() takes; the table stays the caller's.
static inline LayoutCache memory_cache_of(GHashTable *table)
{
	return (LayoutCache){table, memory_cache_get, memory_cache_put};
}
