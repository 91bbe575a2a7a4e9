// Drift: what was found live that is not as committed. History only grows: an item is begun, and resolved; while it is
// open what it says may be brought up to date.
#pragma once

#include "store/store.h"

// The cause of what is live in no database any more though it was built: somebody else removed it.
#define STORE_DRIFT_REMOVED "removed from outside"

typedef struct {
	int64_t number; // grows; set by the store
	char *kind; // "table"
	char *resource; // "sales.orders"
	char *domain; // NULL
	char *summary;
	char *diff; // NULL
	char *cause; // NULL: not known; STORE_DRIFT_REMOVED
	int64_t onset; // when it was first seen
	int64_t seen_at; // when it was last written
	int64_t resolved_at; // 0: open
	char *resolution; // "reverted", "healed", "committed"; NULL
} StoreDrift;

void store_drift_free(StoreDrift *drift);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreDrift, store_drift_free)

// Begins an item; when one of the same kind and resource is open, its summary, diff and cause are brought up to date
// and its onset stays. *ret_began (may be NULL) says which. number, seen_at, resolved_at and resolution are not looked
// at; onset 0 means now.
bool store_drift_begin(Store *store, const StoreDrift *drift, bool *ret_began, GError **error);
// Resolves the open item of that kind and resource; *ret_resolved (may be NULL) is false when there is none.
bool store_drift_resolve(Store *store, const char *kind, const char *resource,
	const char *resolution, int64_t at, bool *ret_resolved, GError **error);

typedef struct {
	const char *domain; // NULL: all
	const char *kind; // NULL: all
	const char *resource; // NULL: all
	// What was open at that moment; 0: what is open now, unless history is set.
	int64_t at;
	bool history; // all items that ever were, newest first
} StoreDriftFilter;

// Open ones by kind and resource within the page's order of numbers; history newest first.
bool store_drifts_list(Store *store, const StoreDriftFilter *filter, const StorePage *page,
	GPtrArray **ret_drifts, char **ret_next, GError **error);

typedef struct {
	char *kind;
	char *domain; // "" when unknown
	int64_t open;
} StoreDriftCount;

void store_drift_count_free(StoreDriftCount *count);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreDriftCount, store_drift_count_free)
// Open items by kind and domain. Cheap.
bool store_drifts_count(Store *store, GPtrArray **ret_counts, GError **error);
