// What reconcile.c (the walk) shares with reconcile_loop.c (its repetition) and reconcile_note.c (what the store is told).
#pragma once

#include "reconciler/drift.h"
#include "reconciler/health.h"
#include "reconciler/live_view.h"
#include "reconciler/plan_apply.h"
#include "reconciler/reconcile.h"
#include "reconciler/source_watch.h"
#include "store/domain.h"

#include <stdatomic.h>

struct Reconciler {
	ReconcilerOptions options; // its strings belong to the fields below
	char *url, *name, *environment, *data_folder;
	Store *store;
	Source *source;
	SourceWatch *watch;
	LiveView *view;
	bool viewed; // the view was read
	int64_t change_count; // of the store, when the view was read
	Layout *layout; // of the last commit that was loaded; NULL before
	StoreSource *row; // the source's row as it is in the store
	char *follows; // what is followed and why, as it was told; NULL: not yet
	char attempted
		[SOURCE_TIP_ID_SIZE]; // the commit whose walk ended, well or with faults in files
	char retried[SOURCE_TIP_ID_SIZE]; // a commit of which some objects could not be read
	int64_t retry_at; // monotonic: when it is walked again
	int64_t retry_pause; // microseconds
	HealthObserver *health;
	DriftObserver *observer; // NULL: nobody looks for drift
	int64_t drift_next; // monotonic
	int64_t drift_earliest; // not before then, whatever was published
	int wake_fd; // eventfd
	atomic_bool stopping;
	atomic_bool woken;
};

// What is known of the source: the commit that is live, or was tried last, and what was followed then.
SourceKnown known_source(const Reconciler *self);

// Looks for drift when its time has come, without a look at the source.
bool reconcile_observe(Reconciler *self, ReconcileOutcome *ret_outcome, GError **error);

// Tells the store what a fetch that went well has to say.
void note_notice(Reconciler *self, const char *notice);
// Tells the store that the walk could not go on. The last good state stays.
// False: the store could not be written to.
bool note_failure(Reconciler *self, const SourceTip *tip, const GError *error);
// Tells it that the repository has no commit yet.
bool note_waiting(Reconciler *self, const SourceTip *tip, GError **error);
// Tells it that a fetch worked again and brought nothing new.
bool note_unchanged(Reconciler *self, const SourceTip *tip, GError **error);
// The source's row was made ready for what did not happen: what the store has counts.
void note_forget(Reconciler *self);

// What is noted about a commit in the last transaction of its apply.
typedef struct {
	Reconciler *self;
	const SourceTip *tip;
	const Plan *plan;
} CommitNote;

bool note_commit(const ApplyOutcome *outcome, void *data, GError **error);

// What has to be equal for a walk of an earlier process to count as done: the program and its settings.
char *walk_fingerprint(const Reconciler *self);
