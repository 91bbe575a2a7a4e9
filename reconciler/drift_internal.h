// What the observers of drift share.
#pragma once

#include "db/schema.h"
#include "reconciler/drift.h"
#include "store/domain.h"
#include "store/flow.h"
#include "store/table.h"

struct DriftObserver {
	Store *store;
	DriftOptions options;
	StoreWatch *watch; // LIVE and PUBLISH; NULL on a store that cannot be watched
	int64_t change_count; // of other processes' commits
	bool observed; // at least once, to the end
	bool live_changed; // since the last observation: flows, tables or publications may differ
	bool edited; // another process wrote to the store since
	GHashTable *datasets; // "connection/dataset" -> DatasetSeen *
	GHashTable *compared; // name of a table -> what the observer of stale tables knows
	GHashTable *
		unreadable; // names of datasets that could not be read this time -> why, or NULL for what is listed as drift
	GHashTable *used; // "connection/dataset" of all that live tables and domains are in
	GPtrArray *troubles; // StoreTrouble *: databases that could not be read this time
	GPtrArray
		*found[DRIFT_KINDS]; // DriftItem *: what the last complete look of that kind found
	char *flow_cursor; // where the look at flows goes on; NULL: at the beginning
	bool (*interrupted)(void *data);
	void *interrupted_data;
};

bool drift_is_interrupted(DriftObserver *observer);

// Adds an item; summary and diff are taken over.
DriftItem *drift_add(GPtrArray *items, DriftKind kind, const char *domain, const char *resource,
	char *summary, char *diff);

// Lists of columns, one a line, as a diff: '-' for those that only before has, '+' for those that only after has, in order,
// with nothing in common shown. NULL when there are none. The caller frees it.
char *drift_diff_lines(const char *before, const char *after);
// Texts as a diff with its surroundings (reconciler/line_diff.h). NULL when they are equal. The caller frees it.
char *drift_diff_text(const char *before, const char *after);

// The observers. Each replaces its kinds' lists in observer->found. *ret_complete is false when it was interrupted.
bool drift_observe_flows(DriftObserver *observer, bool *ret_complete, GError **error);
bool drift_observe_datasets(DriftObserver *observer, bool *ret_complete, GError **error);
bool drift_observe_stale(DriftObserver *observer, bool *ret_complete, GError **error);
bool drift_observe_troubles(DriftObserver *observer, bool *ret_complete, GError **error);
bool drift_observe_source(DriftObserver *observer, bool *ret_complete, GError **error);

// A dataset ("connection/dataset") could not be looked into. url: of the connection; NULL: it is for want of that.
void drift_note_trouble(DriftObserver *observer, const char *key, const char *domain,
	const char *url, const GError *failure);
// The URL of a connection, to be freed.
char *drift_connection_url(DriftObserver *observer, const char *name, GError **error);

void drift_datasets_free(void *seen);

// Every live table and view of the store (StoreTable *), by name; with former also those that no commit names any more. The
// caller unrefs it.
GPtrArray *drift_list_tables(Store *store, bool former, GError **error);
// Every live domain of the store (StoreDomain *), by name. The caller unrefs it.
GPtrArray *drift_list_domains(Store *store, GError **error);
