// A run as JSON, the form that `weir run --output json` prints.
#pragma once

#include "store/store.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

// {"id","namespace","flow","revision","state","states":[{"state","at"}],"inputs","outputs","labels","task_runs":[{"id",
// "task_id","parent_id","value","state","attempts":[{"number","state","started","ended"}],"outputs","started","ended"}]}.
// What SECRET inputs hold is shown as ******: secret_inputs (may be NULL) are their ids, ended by NULL. A new reference;
// NULL with error when the run is not there.
json_t *run_report(
	Store *store, const char *run_id, const char *const *secret_inputs, GError **error);

// Writes the same on a stream, with a newline, one task run after the other: nothing of the size of the run is made.
// retried (may be NULL) is the list of the runs before it, under that key.
bool run_report_write(Store *store, const char *run_id, const char *const *secret_inputs,
	const json_t *retried, FILE *stream, GError **error);
