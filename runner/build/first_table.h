// The first run of a query that reads its own target: there is no such table yet. It sees an empty one, of the declared
// columns or those that the query's text tells, which lives as long as the rows are staged: a run that fails leaves nothing.
#pragma once

#include "runner/build/build.h"

// Before the staging's transaction, which is to begin by taking the dataset's write lock if it needs one: says in build->first
// what to make. Nothing when the target is there, or is not read.
bool first_table_plan(Build *build, GError **error);
// First statement of the staging's transaction.
bool first_table_make(Build *build, GError **error);
// Last statement of it.
bool first_table_drop(Build *build, GError **error);
