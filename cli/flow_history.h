// How a flow came about: its revisions, newest first, each with its commit and what changed in it.
#pragma once

#include "store/store.h"

// path: of the flow in the API ("/v1/flows/sales/orders"). Prints; returns the exit status.
int flow_history(Store *store, const char *path);
