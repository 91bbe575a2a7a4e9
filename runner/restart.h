// Acts on runs that have ended.
#pragma once

#include "store/store.h"

// Puts an ended run back into the line, to go on from what failed: task runs that ended well stay as they are, those that did
// not run again with a new attempt, what ran in errors, finally and afterExecution is removed. One transaction. False with
// error when there is no such run or it has not ended.
bool run_restart(Store *store, const char *run_id, GError **error);

// The data of a task run that begins as if it never had, though there is a row of it.
#define RUN_PAST_ANEW "{\"anew\":true}"

// Makes a new run of one that has ended: same revision, inputs, labels, variables and trigger. What does not wait for the task from
// is there as it ended (runner/past.h says what from may be and what is kept); NULL: everything runs again. ret_id receives its
// id. One transaction. False with error when there is no such run, it has not ended, or nothing can begin there.
bool run_replay(
	Store *store, const char *run_id, const char *from, char ret_id[27], GError **error);
