// When flows run: schedules, tables that were published, and scripts that a deploy made or changed.
// Decisions are pure (trigger_decide_*); trigger.c turns them into runs, each made together with
// the note that it was made, in one transaction, so that a crash between two evaluations neither
// loses nor doubles a run.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Store Store;
typedef struct Scheduler Scheduler;

// One table that a flow waits for.
typedef struct {
	bool managed; // something publishes it: a flow produces it, or it has been published before
	int64_t published; // sequence of its last publication; 0: never
	bool building; // its producer is due to be built, or is being built
} TriggerInput;

typedef enum {
	TRIGGER_WAIT,
	TRIGGER_FIRE,
} TriggerVerdict;

// A `tables` trigger with all: fires when every managed table has a publication after consumed, and
// there is at least one managed table. With any: fires when one has.
TriggerVerdict trigger_decide_tables(const TriggerInput *inputs, size_t count, bool any,
	int64_t consumed, int64_t *ret_consumed);

// A script that is new or changed: fires when every managed input has been published at least once
// and none of them is itself about to be built, so that a deploy builds in dependency order.
TriggerVerdict trigger_decide_build(
	const TriggerInput *inputs, size_t count, int64_t *ret_consumed);

// Evaluates every trigger of the store. Woken by commits of others (store_watch_fd) and by the next
// scheduled time.
Scheduler *scheduler_new(Store *store, GError **error);
void scheduler_free(Scheduler *scheduler);

// Makes the runs that are due at now (microseconds since the epoch). ret_runs counts them.
// ret_next: when the next schedule is due, INT64_MAX when none is. One thread at a time.
bool scheduler_evaluate(
	Scheduler *scheduler, int64_t now, guint *ret_runs, int64_t *ret_next, GError **error);

// Repeats scheduler_evaluate() until scheduler_stop(). Meant for a thread of its own.
void scheduler_run(Scheduler *scheduler);

// May be called from any thread and from a signal handler.
void scheduler_stop(Scheduler *scheduler);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scheduler, scheduler_free)
