// `weir run FLOW`: asks for a run of a live flow in the store, and may follow it.
#pragma once

#include "store/store.h"

#include <stdbool.h>

// Returns the exit status.
int run_live(const char *flow, char **inputs, bool follow);

// Prints the log of a run on stdout, with --output json one object a line; with follow until it has ended. Returns the exit
// status.
int run_logs(Store *store, const char *id, bool follow);
