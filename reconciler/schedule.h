// Schedule triggers: the store keeps when each is due next, and under which cron expression that was worked out.
#pragma once

#include "store/flow.h"
#include "store/trigger.h"

// Brings the rows of a flow's schedules in line with its live definition: new ones are planned from now on, changed ones
// anew, and those that are gone are removed.
bool schedule_follow(
	Store *store, const char *namespace, const char *flow, int64_t now, GError **error);

// Makes the runs of a trigger that is due at now, and plans its next one. ret_runs grows by the runs made.
bool schedule_fire(
	Store *store, const StoreTrigger *trigger, int64_t now, guint *ret_runs, GError **error);
