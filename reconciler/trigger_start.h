// What the triggers of the scheduler share: looking at a trigger that fired, and making its run.
#pragma once

#include "repo-layout/trigger_rule.h"
#include "store/flow.h"
#include "store/trigger.h"

typedef struct {
	const StoreFlow *flow;
	const json_t *definition; // of the trigger
	json_t *values; // what the run knows as `trigger`
	const char *key; // of the run: a second one of the same key is not made
	int64_t now;
	int64_t date; // see TriggerScope
	const json_t *run; // see TriggerScope; NULL
} TriggerFire;

// Works out conditions, inputs and labels. A trigger that cannot be told is no failure of the store: *ret_fault (to g_free())
// says why, and *ret_start does not hold.
bool trigger_fire_look(Store *store, const TriggerFire *fire, TriggerStart *ret_start,
	char **ret_fault, GError **error);

// Makes the run, notes it as the row's last one, and counts it. Within the transaction that saves the row.
bool trigger_fire_run(Store *store, const TriggerFire *fire, const TriggerStart *start,
	StoreTrigger *row, guint *ret_runs, GError **error);

// A copy of a row to change.
StoreTrigger *trigger_row_copy(const StoreTrigger *row);
// A row of a trigger that has none yet.
StoreTrigger *trigger_row_new(
	const char *namespace, const char *flow, const char *id, const char *type);
