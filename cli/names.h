// What to say of a name that there is not: which may have been meant, or where those that there are are listed.
#pragma once

#include "api/flow_name.h"
#include "store/store.h"

typedef enum {
	NAMES_FLOWS,
	NAMES_TABLES,
	NAMES_DOMAINS,
	NAMES_RUNS,
	NAMES_NAMESPACES,
	NAMES_DATASETS,
} NamesKind;

// The hint. A name without its first part ("orders") is taken for the last part of one ("sales.orders"). store may be NULL. The
// caller frees it.
char *names_hint(Store *store, NamesKind kind, const char *name);

// Finds a flow that is live or was once. False after telling that there is none of that name.
bool names_find_flow(Store *store, const char *text, FlowName *ret_name);
// Only whether there is one: of a flow that was live once there may be runs, or none; of one that never was there is nothing to list.
bool names_flow_is_known(Store *store, const char *text);

// Whether there is a namespace or dataset of that name, be it one of a domain that has nothing in it yet. True also where it cannot
// be told.
bool names_is_known(Store *store, NamesKind kind, const char *name);

// Says on stderr that there is none of that name; returns EXIT_FAILED.
int names_unknown(Store *store, NamesKind kind, const char *name);
