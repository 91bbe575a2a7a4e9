// Bringing the live table into its wanted form, inside the publish transaction.
#pragma once

#include "runner/build/build.h"

// Creates the table, adds columns, or makes it anew with its rows; refuses breaking changes unless
// the request allows them.
bool evolve_table(Build *build, GError **error);
