// What the files of the plan share.
#pragma once

#include "reconciler/plan.h"

// Compares two canonical definitions, either of which may be NULL. Appends a PlanPath to paths for each difference, in order.
// Returns the heaviest class, PLAN_COSMETIC when nothing differs.
PlanClass plan_diff_definitions(const json_t *before, const json_t *after, GPtrArray *paths);

// Compares two declared schemas (canonical JSON; NULL: none is declared).
PlanClass plan_diff_schemas(const char *before, const char *after, GPtrArray *paths);

PlanPath *plan_path_new(const char *path, json_t *before, json_t *after, PlanClass class);
void plan_path_free(PlanPath *path);

// Whether a definition may hold a trigger of a type, without parsing it: false rules it out.
bool plan_may_have_trigger(const char *definition, const char *type);
