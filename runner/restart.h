// Acts on runs that have ended.
#pragma once

#include "store/store.h"

// Puts an ended run back into the line, to go on from what failed: task runs that ended well stay as they are, those that did
// not run again with a new attempt, what ran in errors, finally and afterExecution is removed. One transaction. False with
// error when there is no such run or it has not ended.
bool run_restart(Store *store, const char *run_id, GError **error);
