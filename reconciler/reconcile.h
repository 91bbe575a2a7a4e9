// The reconciler: makes known match said. reconcile_once() is the walk of a git push, step by step; reconciler_run()
// repeats it whenever the source moves, and observes drift in between.
#pragma once

#include "reconciler/plan.h"
#include "reconciler/plan_guard.h"
#include "reconciler/source.h"
#include "store/store.h"

typedef struct Reconciler Reconciler;

typedef enum {
	RECONCILE_UNCHANGED, // nothing new
	RECONCILE_WAITING, // the repository has no commit yet
	RECONCILE_APPLIED, // the commit is live in every domain
	RECONCILE_PARTIAL, // live, but for domains that are broken or held
	RECONCILE_SUPERSEDED, // stopped between two transactions, because a newer commit waits
} ReconcileResult;

const char *reconcile_result_name(ReconcileResult result);

// Of the store's settings: the environment that it was last brought up to date for; none: none was named.
#define ENVIRONMENT_SETTING "reconciler.environment"

typedef struct {
	ReconcileResult result;
	// The store did not take what this walk had for it: its report is what tells, for as long as that lasts.
	bool unrecorded;
	// What stands of that, of this or an earlier walk or look at drift; borrowed, for the report alone.
	const GError *trouble;
	bool rewound; // the branch was force-pushed, and that is allowed
	char commit[SOURCE_TIP_ID_SIZE]; // "" when waiting
	guint created, updated, deleted, cosmetic;
	guint restored; // flows that were edited in the store
	guint domains_broken, domains_held;
	guint drift_began, drift_resolved;
	const char *
		notice; // what the fetch has to tell though it went well; NULL; borrowed until the next walk
	const char *
		follows; // what is followed and why, once, when it is known first; else NULL; borrowed like that
	int64_t fetch_us, load_us, plan_us, apply_us, drift_us; // where the time went
} ReconcileOutcome;

typedef struct {
	Store *store; // borrowed; the writer
	SourceOptions source; // copied
	PlanPolicy policy;
	LayoutLimits limits; // all zero: the defaults
	const char *name; // of the source; NULL: "main"
	const char *environment; // NULL: none
	const char *
		data_folder; // where embedded connections keep their data sets; NULL: none is looked at
	// Turns the URL of a connection as the store has it (NULL: none of that name) into one to open; see drift.h.
	char *(*connection_url)(const char *name, const char *url, void *data, GError **error);
	bool restore; // each walk also makes flows that were edited in the store what the commit says
	int64_t poll_interval; // microseconds; 0: the default, 30 s
	int64_t drift_interval; // microseconds; 0: the default, 1 s; negative: drift is not observed
	// Called after each walk that changed anything or failed, from the thread that walks; may be NULL. error is NULL
	// when it went well.
	void (*report)(const ReconcileOutcome *outcome, const GError *error, void *data);
	void *data;
} ReconcilerOptions;

// Nothing is fetched yet. Fails when the source's URL is malformed or the store cannot be read.
Reconciler *reconciler_new(const ReconcilerOptions *options, GError **error);
void reconciler_free(Reconciler *reconciler);

// One walk: source_fetch, the policy's verify, layout_load, plan_compute, plan_guard, plan_apply, drift_observe. On an error the
// last good state stays live, and the error is noted in the store where status shows it. One thread at a time.
bool reconcile_once(Reconciler *reconciler, ReconcileOutcome *ret_outcome, GError **error);

// Brings the health of the domains up to date (reconciler/health.h), when something has changed and the last look was not just now.
bool reconcile_judge(Reconciler *reconciler, GError **error);

// Repeats both until reconciler_stop(). Meant for a thread of its own.
void reconciler_run(Reconciler *reconciler);

// Both may be called from any thread and from a signal handler.
void reconciler_stop(Reconciler *reconciler);
void reconciler_wake(Reconciler *reconciler); // fetch now

// The snapshot of the last commit that was loaded; borrowed until the next walk; NULL before the first.
Layout *reconciler_layout(const Reconciler *reconciler);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reconciler, reconciler_free)
