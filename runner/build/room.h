// When the disk is full: what it means for a build, in words, and the room that its failure gives back.
#pragma once

#include "runner/build/build.h"

// Puts what, where and the cure in the place of a DB_ERROR_FULL; leaves other errors as they are.
void room_explain(const Build *build, GError **error);
// The same of a query: url is where it writes; NULL: it only reads.
void room_explain_query(const char *url, GError **error);
// After a DB_ERROR_FULL and the end of the build's connection: nothing of the failed publish stays on the disk.
void room_give_back(const Build *build);
