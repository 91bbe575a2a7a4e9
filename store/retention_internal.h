// What the files of retention share; nobody else includes this.
#pragma once

#include "store/id.h"
#include "store/internal.h"
#include "store/retention.h"

struct StoreRetention {
	Store *store;
	Store *reader;
	StoreRetentionPolicy policy;
	void (*drop)(const char *folder, void *data);
	void *data;
	RetentionKind kind; // that the pass is at
	int64_t cursor; // in the numbers of that kind
	char cursor_text[72]; // in its ids
	unsigned limit; // rows of a step
	int64_t write_began; // monotonic
	int64_t took; // what the step held the writer for; 0: it has not written
	int64_t forgotten[RETENTION_KINDS];
	GPtrArray *emptied; // runs of which nothing but the note is left
	GHashTable *used; // "namespace.flow" -> set of revisions that runs were made from
};

// A step of one kind: does a bounded piece, *ret_done when the kind is through.
typedef bool (*RetentionStep)(
	StoreRetention *retention, int64_t now, bool *ret_done, GError **error);

// The transaction of a step, whose time is measured in between.
StoreTransaction *retention_begin(StoreRetention *retention, GError **error);
bool retention_commit(StoreRetention *retention, StoreTransaction *transaction, GError **error);
// The next rows of the kind's table to look at: up to *ret_last. *ret_any is false when there are none, or none that is older
// than before.
bool retention_window(StoreRetention *retention, StatementId statement, int64_t before,
	int64_t *ret_last, bool *ret_any, GError **error);
static inline int64_t retention_before(const StoreRetention *retention, int64_t now)
{
	return now - retention->policy.age[retention->kind];
}

bool retention_runs(StoreRetention *retention, int64_t now, bool *ret_done, GError **error);
bool retention_logs(StoreRetention *retention, int64_t now, bool *ret_done, GError **error);
bool retention_revisions(StoreRetention *retention, int64_t now, bool *ret_done, GError **error);
bool retention_scripts(StoreRetention *retention, int64_t now, bool *ret_done, GError **error);
