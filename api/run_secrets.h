// What of a run must not be shown.
#pragma once

#include "store/run.h"
#include <jansson.h>

// The inputs of a run, with those masked that its flow's revision declares as SECRET. A new reference.
bool run_inputs_masked(Store *store, const StoreRun *run, json_t **ret_inputs, GError **error);
