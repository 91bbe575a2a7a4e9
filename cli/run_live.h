// `weir run FLOW`: asks for a run of a live flow in the store, and may follow it.
#pragma once

#include <stdbool.h>

// Returns the exit status.
int run_live(const char *flow, char **inputs, bool follow);
