// Retention: forgetting what has grown old, bit by bit, so that nobody waits for it and the store does not grow for ever.
//
// A pass goes through the kinds in order, in steps. A step looks for what is old through a reader of its own, then removes it
// in one transaction of a few milliseconds: how much goes into one is found out by measuring. Whoever calls the steps makes
// the pauses between them.
//
// What is kept, however old: runs that have not ended, and the ended children of such; the newest runs of each flow, and its
// last good one, with all that belongs to them; the newest publications of each table; the current and the newest revisions of
// each flow, those that a kept run was made from, and the files of scripts/ that a kept revision sees; drift that is open. The
// tallies of runs stay as well.
//
// CRASHES. A run goes in two steps. The commit of the first takes its row away and leaves a note of what is left of it: from
// then on nobody can name it or its files. Only after that its rows and files go, and last the note. Whoever comes after a
// crash goes on from the notes; a crash before the first commit has changed nothing.
#pragma once

#include "store/store.h"

typedef enum {
	RETENTION_RUNS, // ended ones, with task runs, logs, check results, rejected rows and files
	RETENTION_LOGS, // of ended runs that are still kept
	RETENTION_EVENTS,
	RETENTION_PUBLICATIONS, // of tables
	RETENTION_DRIFT, // resolved
	RETENTION_PLANS,
	RETENTION_BACKFILLS, // ended ones; their runs are runs like others
	RETENTION_REVISIONS, // of flows
	RETENTION_SCRIPTS, // trees of scripts/ that no kept revision sees
	RETENTION_CACHE, // what was worked out from files
	RETENTION_ROOM, // bytes of the file given back to the system
	RETENTION_KINDS,
} RetentionKind;

// "runs"; lives as long as the program.
const char *retention_kind_name(RetentionKind kind);

typedef struct {
	// How old a thing of that kind is when it is forgotten, in microseconds. SCRIPTS, CACHE and ROOM have no age.
	int64_t age[RETENTION_KINDS];
	unsigned newest; // of each flow or table, kept however old
} StoreRetentionPolicy;

extern const StoreRetentionPolicy store_retention_default;

typedef struct StoreRetention StoreRetention;

// store is the writer; reader a read-only one of the same url for the caller's thread, so that looking delays nobody (it may
// be the writer). Both are borrowed. drop removes a folder of kept files ("<run>" or "inputs/<id>", which need not be there)
// of which no row is left; it is called with no transaction open, possibly again after a crash, and may be NULL.
StoreRetention *store_retention_new(Store *store, Store *reader, const StoreRetentionPolicy *policy,
	void (*drop)(const char *folder, void *data), void *data);
void store_retention_free(StoreRetention *retention);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreRetention, store_retention_free)

// Does a step. *ret_more is false at the end of a pass; the next call begins another one. After an error the pass goes on
// where it was. One thread at a time.
bool store_retention_step(StoreRetention *retention, int64_t now, bool *ret_more, GError **error);
// How much has been forgotten of a kind since the pass began: rows (whole runs, trees), bytes of ROOM.
int64_t store_retention_forgotten(const StoreRetention *retention, RetentionKind kind);

// Whether a folder of kept files is named by a run that the store has, or may be about to be: for who looks for folders that
// nobody names.
bool store_files_are_used(Store *store, const char *folder, bool *ret_used, GError **error);
