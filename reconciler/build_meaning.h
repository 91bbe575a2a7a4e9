// What a script's flow builds, whatever else its definition says: who is told, when and how it runs.
#pragma once

#include "repo-layout/layout.h"

#include <jansson.h>
#include <stdbool.h>

// Whether two definitions build the same. SQL counts by its meaning. Pure.
bool build_is_same(const json_t *before, const json_t *after);
// The same of their texts; what is no JSON is like nothing.
bool build_is_same_text(const char *before, const char *after);

// Whether the feed of a changed script may simply be run again: what appends would append twice.
bool feed_is_rebuilt(LayoutFeed feed);
