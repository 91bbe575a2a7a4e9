// What is live but not as committed. Each kind of drift is a row in a table of observers; an observation is compared
// with the open rows of the store: what is new begins, what is gone is resolved, history only grows.
#pragma once

#include "store/store.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
	DRIFT_FLOW, // a live flow's definition or row is not what its commit made of it
	DRIFT_TABLE, // a live table's columns are not the declared or built ones, or the table is missing
	DRIFT_VIEW, // a live view is not the committed query, or missing
	DRIFT_ORPHAN, // a table in a managed dataset that no commit names
	DRIFT_STALE, // a table last built by an older script
	DRIFT_SOURCE, // a commit is not yet live: pending, not counted as drift
	DRIFT_KINDS,
} DriftKind;

const char *drift_kind_name(DriftKind kind);
bool drift_kind_parse(const char *name, DriftKind *ret_kind);
// All but DRIFT_SOURCE.
bool drift_kind_counts(DriftKind kind);

// What ends drift of flows other than undoing it.
#define DRIFT_FLOW_HINT                                                                            \
	"push a change of the flow, or stop the server and run 'weir apply': either writes what "  \
	"the commit says over what was edited in the store"

typedef struct {
	DriftKind kind;
	char *resource; // "sales.orders"
	char *domain; // or NULL
	char *namespace, *id; // of a flow that is not as committed; NULL for other kinds
	char *summary; // "column 'note' was added"
	char *diff; // lines that begin with '-' (committed) or '+' (live); may be NULL
	const char *cause; // constant; NULL: not known
} DriftItem;

void drift_item_free(DriftItem *item);

typedef struct {
	const char *
		data_folder; // the embedded connection `default` is sqlite-dir below it; NULL: it is not looked at
	// Turns the URL of a connection as the store has it (NULL: none of that name) into one to open; the caller frees it.
	// NULL: taken as it is.
	char *(*connection_url)(const char *name, const char *url, void *data, GError **error);
	// The committed definition of a live flow, for diffs; the caller frees it. NULL, or giving NULL: diffs show what is
	// live only.
	char *(*committed)(const char *namespace, const char *id, void *data);
	void *data;
} DriftOptions;

typedef struct DriftObserver DriftObserver;

// Remembers what it saw of each database (file times, schema versions, columns), so that an observation of what did not
// change costs next to nothing. options are copied, but for the texts. One thread at a time.
DriftObserver *drift_observer_new(Store *store, const DriftOptions *options);
void drift_observer_free(DriftObserver *observer);

// A descriptor that is readable when this process has published a table, or changed what is live, since the last
// observation: what a table looks like is best seen right after it was built. -1: there is none.
int drift_observer_fd(const DriftObserver *observer);

// Whether the last observation could look at everything. If not, error says at what it could not, for now, and why: a database
// that is in use or out of reach. (What is damaged, or may not be read, is drift.)
bool drift_observer_saw_all(const DriftObserver *observer, GError **error);

// Looks at everything that may have changed since the last call. items receives a DriftItem for all that is drift now.
// The store is written to only to remember what tables looked like when they were built, and not at all when it is read-only.
// interrupted (may be NULL) is asked now and then; when it says true the observation ends early: *ret_complete is then
// false and items are not to be recorded.
bool drift_observe(DriftObserver *observer, bool (*interrupted)(void *data), void *data,
	GPtrArray *items, bool *ret_complete, GError **error);

// Looks at flows alone, whatever was seen before. items receives a DriftItem for each that is not as committed now. Nothing is
// recorded.
bool drift_look_at_flows(DriftObserver *observer, GPtrArray *items, GError **error);

// Records a complete observation: begins what is new, resolves what is gone, in one transaction, and only when something
// changed. What lies in a database that could not be read stays open. The counters may be NULL.
bool drift_record(DriftObserver *observer, const GPtrArray *items, guint *ret_began,
	guint *ret_resolved, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DriftItem, drift_item_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DriftObserver, drift_observer_free)
