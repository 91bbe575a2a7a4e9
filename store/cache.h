// What was worked out from a blob, by kind and key: a lost entry costs time only. Puts are collected in memory and
// written together.
#pragma once

#include "store/store.h"

// The bytes that were put last, also when they are not written yet; NULL when there are none. Free with
// g_bytes_unref(). An unreadable store gives NULL and an error.
GBytes *store_cache_get(Store *store, const char *kind, const char *key, GError **error);
// Calls visit for each entry of a kind, in the order they were written: the quick way to have them all. Lent for the
// call. visit returns false to stop. Entries not written yet are left out.
bool store_cache_visit(Store *store, const char *kind,
	bool (*visit)(const char *key, const void *bytes, size_t length, void *data), void *data,
	GError **error);
// Copies bytes to what the next store_cache_flush() writes. Nothing is written yet.
void store_cache_put(
	Store *store, const char *kind, const char *key, const void *bytes, size_t length);
// Writes them, within the caller's transaction or its own. After a rollback they are lost.
bool store_cache_flush(Store *store, GError **error);
