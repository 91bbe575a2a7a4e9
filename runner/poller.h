// Triggers that look somewhere: `sql` (a query that gives rows) and `http` (an address whose answer fits). When one is due, its look
// is run as a flow of one task (sql.query, http.request) in a store of the poller's own, so that it has all that tasks have:
// connections, secrets, limits, the policy about private addresses. What it found becomes a run of the trigger's flow.
//
// One poller at a time does it for all nodes (a duty in the store). EXACTLY ONCE: a look changes nothing in the store; the run that
// it makes, and the plan of the next look, are one transaction, in which the poller also makes sure that the plan is still the one
// that it began with and that the duty is still its own. Who dies before the commit has done nothing, and the next one looks again;
// who dies after it has done all. What `afterSQL` does in its database is committed there before: a death between the two commits
// leaves it done without a run.
#pragma once

#include "runner/runner.h"

typedef struct Poller Poller;

// The store is that of the triggers. options as for the runner; data_folder is not NULL. Borrowed are the store and the texts of
// the options, but for the roles. Nothing is started until a trigger is due.
Poller *poller_start(Store *store, const RunnerOptions *options, GError **error);
// Looks under way are given up. NULL is allowed.
void poller_stop(Poller *poller);
