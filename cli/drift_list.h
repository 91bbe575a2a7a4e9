// The open drift of a store, as `weir drift` and `weir diff` show it.
#pragma once

#include <jansson.h>
#include <stdbool.h>

// The document of /v1/drift, a new reference. When no server looks after the store, drift is looked for first. Says on
// stderr what is wrong, and returns NULL.
json_t *drift_list(void);

// Whether an item counts as drift: a commit that is on its way does not.
bool drift_list_counts(const json_t *item);

// Prints one item for people, with its diff.
void drift_list_print(const json_t *item);

// Prints what ends drift of flows.
void drift_list_hint(void);
