// Databases that cannot be used at the moment, as those found them who tried: one row for each dataset of a connection, from
// the first failure until it works again.
#pragma once

#include "store/store.h"

typedef struct {
	char *connection; // "default"
	char *dataset; // "": the connection as a whole
	char *domain; // in whose work it was found; NULL
	char *kind; // a stable word: "locked"
	char *message; // what is wrong
	char *hint; // the cure
	bool looked; // found by who only looks: then it is over as soon as a look does not find it
	int64_t since; // kept by the store for as long as the kind is the same
	int64_t changed_at; // set by the store
} StoreTrouble;

void store_trouble_free(StoreTrouble *trouble);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreTrouble, store_trouble_free)

// Notes it; 'since' and 'changed_at' are not read. Writes nothing, and wakes nobody, when it is known with these words.
bool store_trouble_put(Store *store, const StoreTrouble *trouble, GError **error);
// It works again. Nothing happens when nothing was wrong.
bool store_trouble_end(Store *store, const char *connection, const char *dataset, GError **error);
// By connection and dataset.
bool store_troubles_list(Store *store, GPtrArray **ret_troubles, GError **error);

// The one of the list (StoreTrouble *) with these names; NULL: none.
const StoreTrouble *store_trouble_find(
	const GPtrArray *troubles, const char *connection, const char *dataset);

// Whether a domain suffers from it, whose own connection and dataset these are.
bool store_trouble_meets(const StoreTrouble *trouble, const char *domain, const char *connection,
	const char *dataset);
