// What of a run must not be shown.
#pragma once

#include "store/backfill.h"
#include "store/run.h"
#include <jansson.h>

// The inputs of a run, with those masked that its flow's revision declares as SECRET. A new reference.
bool run_inputs_masked(Store *store, const StoreRun *run, json_t **ret_inputs, GError **error);
// The same of inputs (JSON; NULL: none) for runs that a backfill makes.
bool backfill_inputs_masked(
	Store *store, const StoreBackfill *backfill, json_t **ret_inputs, GError **error);
