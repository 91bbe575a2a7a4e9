// Plans that were made, by their digest, and what became of them.
#pragma once

#include "store/store.h"

typedef struct {
	char *digest;
	char *commit;
	char *json; // what it changed, in short
	char *result; // "applied", "partial", "held", "failed"; NULL: not applied
	char *message; // NULL
	int64_t created_at;
	int64_t ended_at; // of the apply; 0
} StorePlan;

void store_plan_free(StorePlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StorePlan, store_plan_free)

// Writes the whole row by digest.
bool store_plan_put(Store *store, const StorePlan *plan, GError **error);
bool store_plan_get(Store *store, const char *digest, StorePlan **ret_plan, GError **error);
// Newest first; json comes as NULL.
bool store_plans_list(Store *store, const StorePage *page, GPtrArray **ret_plans, char **ret_next,
	GError **error);
