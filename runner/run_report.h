// A run as JSON, the form that `weir run --output json` prints.
#pragma once

#include "store/store.h"

#include <jansson.h>

// {"id","namespace","flow","revision","state","states":[{"state","at"}],"inputs","outputs","labels","task_runs":[{"id",
// "task_id","parent_id","value","state","attempts":[{"number","state","started","ended"}],"outputs","started","ended"}]}.
// What SECRET inputs hold is shown as ******: secret_inputs (may be NULL) are their ids, ended by NULL. A new reference;
// NULL with error when the run is not there.
json_t *run_report(
	Store *store, const char *run_id, const char *const *secret_inputs, GError **error);
