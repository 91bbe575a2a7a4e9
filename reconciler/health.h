// The health of domains, as their rows have it, the first that holds:
// - Degraded: a database of theirs cannot be used, or the last run of a live flow of theirs has failed.
// - Missing: a table was never built, or somebody removed it, and no run that builds it is due or going on.
// - Progressing: a run that builds the newest revision of a script is due or going on.
// - Suspended: a flow is disabled, or the domain is suspended.
// - Healthy.
// It is looked at when runs ended, drift began or ended, or something was applied, and written only when it changed.
#pragma once

#include "store/store.h"

typedef struct HealthObserver HealthObserver;

// The store is borrowed. Not thread-safe: one thread uses an observer.
HealthObserver *health_observer_new(Store *store);
// Accepts NULL.
void health_observer_free(HealthObserver *observer);

// Readable when something has happened; -1 when there is no such descriptor, or a look is due anyway.
int health_observer_fd(const HealthObserver *observer);
// Microseconds until the next look is due; G_MAXINT64 when only the descriptor tells.
int64_t health_observer_timeout(HealthObserver *observer, int64_t now);

// Looks if it is due, and writes what changed in one transaction. On failure it is due again after a while.
bool health_observe(HealthObserver *observer, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HealthObserver, health_observer_free)
