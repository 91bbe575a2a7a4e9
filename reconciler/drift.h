// What is live but not as committed. Each kind of drift is a row in a table of observers; an
// observation is compared with the open rows of the store: what is new begins, what is gone is
// resolved, history only grows.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Store Store;

typedef enum {
	DRIFT_FLOW, // a live flow's definition is not its commit's
	DRIFT_TABLE, // a live table's schema is not the declared one, or the table is missing
	DRIFT_VIEW, // a live view is not the committed query
	DRIFT_ORPHAN, // a table in a managed dataset that no commit names
	DRIFT_STALE, // a table last built by an older script
	DRIFT_SOURCE, // a commit is not yet live: pending, not counted as drift
} DriftKind;

const char *drift_kind_name(DriftKind kind);

typedef struct {
	DriftKind kind;
	char *resource; // "sales.orders"
	char *domain;
	char *summary; // "column 'note' was added"
	char *diff; // lines that begin with '-' (committed) or '+' (live); may be NULL
	int64_t onset; // microseconds since the epoch; when it was first seen
} DriftItem;

DriftItem *drift_item_new(DriftKind kind, const char *domain, const char *resource);
void drift_item_free(DriftItem *item);

typedef struct DriftObserver DriftObserver;

// Remembers what it saw of each database (schema versions, file changes), so that an observation of
// what did not change costs next to nothing. One thread at a time.
DriftObserver *drift_observer_new(Store *store);
void drift_observer_free(DriftObserver *observer);

// Looks at everything that may have changed since the last call. items receives every DriftItem
// that is open now, old ones with their onset. The store is only read.
bool drift_observe(DriftObserver *observer, GPtrArray *items, GError **error);

// Records an observation: begins what is new, resolves what is gone, in one transaction, and only
// when something changed. Returns how many began and ended through the two counters, which may be
// NULL.
bool drift_record(Store *store, const GPtrArray *items, guint *ret_began, guint *ret_resolved,
	GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DriftItem, drift_item_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DriftObserver, drift_observer_free)
