// The rows that triggers have in the store, in line with the live definitions: the store keeps when each is due next, and from
// which definition that was worked out.
#pragma once

#include "store/flow.h"
#include "store/trigger.h"

#include <jansson.h>

// Whether a flow has triggers that have rows of this kind.
bool trigger_rows_wanted(const StoreFlow *flow);

// Brings the rows of a flow in line: new ones are planned from now on, changed ones anew (a trigger that stopped by `stopAfter`
// may fire again), and those that are gone are removed. `tables` triggers keep theirs elsewhere.
bool trigger_rows_follow(
	Store *store, const char *namespace, const char *flow, int64_t now, GError **error);

// The live definition of a trigger, in triggers (the list of flow->triggers, parsed). NULL: it is gone.
const json_t *trigger_rows_find(const json_t *triggers, const char *id, const char *type);
