// A table that a query names without a dataset is the target's neighbour, whatever else is attached: a temporary view of
// that name is found before everything else.
#pragma once

#include "runner/build/build.h"

// Makes the views that the request's unqualified names need; those of the last build on this connection are kept as long
// as they mean the same.
bool neighbours_set(Build *build, GError **error);
// Drops them: for a borrower of the connection that makes its own.
bool neighbours_clear(PooledConnection *pooled, GError **error);
