// The layout's cache of parse results, kept in the store: read entry by entry while little changes, and all at once for
// the first load of a process. What was put is written with the caller's next transaction.
#pragma once

#include "repo-layout/layout.h"
#include "store/store.h"

typedef struct StoredCache StoredCache;

// whole: entries are read kind by kind, all at once. One thread at a time, for one load.
StoredCache *stored_cache_new(Store *store, bool whole);
void stored_cache_free(StoredCache *cache);

// The table to hand to layout_load(); lives as long as the cache.
const LayoutCache *stored_cache_layout(StoredCache *cache);

// How many entries were put.
size_t stored_cache_puts(const StoredCache *cache);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoredCache, stored_cache_free)
