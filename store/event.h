// What happened, for people and followers: few rows, no detail that has a table of its own.
#pragma once

#include "store/store.h"

typedef struct {
	int64_t sequence; // grows; set by the store
	int64_t at; // 0: now
	char *kind; // "synced", "sync-failed", "run-ended", "published", "drift-detected", …
	char *domain; // or namespace; NULL
	char *subject; // "flow sales.orders"; NULL
	char *run_id; // NULL
	char *data; // JSON object; NULL
} StoreEvent;

void store_event_free(StoreEvent *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreEvent, store_event_free)

bool store_event_add(Store *store, const StoreEvent *event, GError **error);
// Events after a sequence, oldest first, at most limit: to follow.
bool store_events_after(
	Store *store, int64_t sequence, unsigned limit, GPtrArray **ret_events, GError **error);
// The last sequence; 0: none.
bool store_event_sequence(Store *store, int64_t *ret_sequence, GError **error);
// Newest first. domain NULL: all.
bool store_events_list(Store *store, const char *domain, const StorePage *page,
	GPtrArray **ret_events, char **ret_next, GError **error);
