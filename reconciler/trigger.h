// When flows run: schedules, tables that were published, and scripts that a deploy made or changed. Decisions are pure
// (trigger_decide_*); the scheduler turns them into runs, each made together with the note that it was made, in one
// transaction, so that a crash between two evaluations neither loses nor doubles a run.
#pragma once

#include "store/store.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

// One table that a flow waits for.
typedef struct {
	bool managed; // something publishes it: a flow makes it, or it was published before
	int64_t published; // sequence of its last publication; 0: never
} TriggerInput;

// Whether a `tables` trigger is satisfied: with all, when every managed table has a publication after consumed and there
// is at least one; with any, when one has. ret_consumed: up to which publication its run then has seen. Pure.
bool trigger_decide_tables(const TriggerInput *inputs, size_t count, bool any, int64_t consumed,
	int64_t *ret_consumed);

// Whether a script that is new or changed can be built: every managed input was published at least once. Pure.
bool trigger_decide_build(const TriggerInput *inputs, size_t count, int64_t *ret_consumed);

typedef struct Scheduler Scheduler;

// Evaluates every trigger of the store. Nothing is read yet.
Scheduler *scheduler_new(Store *store, GError **error);
void scheduler_free(Scheduler *scheduler);

// Makes the runs that are due at now (microseconds since the epoch): a flow whose tables were published is held back while
// something upstream of it runs or is about to, so that it runs once and in order. *ret_runs counts them; *ret_next is
// when the next schedule is due, INT64_MAX when none is. One thread at a time.
bool scheduler_evaluate(
	Scheduler *scheduler, int64_t now, guint *ret_runs, int64_t *ret_next, GError **error);

// Repeats scheduler_evaluate() until scheduler_stop(). Meant for a thread of its own. report is called for each
// evaluation that made runs or failed, and for the first good one after a failure; may be NULL.
void scheduler_run(Scheduler *scheduler,
	void (*report)(guint runs, const GError *error, void *data), void *data);

// May be called from any thread and from a signal handler.
void scheduler_stop(Scheduler *scheduler);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scheduler, scheduler_free)
