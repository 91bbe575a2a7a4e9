// What to say of a name that there is not: which may have been meant, or where those that there are are listed.
#pragma once

#include "store/store.h"

typedef enum {
	NAMES_FLOWS,
	NAMES_TABLES,
	NAMES_DOMAINS,
	NAMES_RUNS,
} NamesKind;

// The hint. A name without its first part ("orders") is taken for the last part of one ("sales.orders"). store may be NULL. The
// caller frees it.
char *names_hint(Store *store, NamesKind kind, const char *name);

// Says on stderr that there is none of that name; returns EXIT_FAILED.
int names_unknown(Store *store, NamesKind kind, const char *name);
