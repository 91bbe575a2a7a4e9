// Schedule triggers: when one fires, and what becomes of moments that were missed.
#pragma once

#include "store/flow.h"
#include "store/trigger.h"

#include <jansson.h>

// The first moment of the schedule after `after`; 0 when there is none, or it is wrong.
int64_t schedule_next(const json_t *definition, int64_t after);

// The last one before `before`; likewise.
int64_t schedule_previous(const json_t *definition, int64_t before);

// Plans those triggers anew that a clock which went ahead planned further ahead than an hour, and than one of their moments. seen:
// the clock was seen to step back; else only those that started what is still to come.
bool schedules_step_back(Store *store, int64_t now, bool seen, GError **error);

// Makes the runs of a trigger that is due at now, and plans its next one. ret_runs grows by the runs made. Of a trigger that does
// not allow an overlap it makes one; the store holds it back until that one has ended.
bool schedule_fire(
	Store *store, const StoreTrigger *trigger, int64_t now, guint *ret_runs, GError **error);
