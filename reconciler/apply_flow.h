// The rows that an apply writes: of one flow, one table, one domain, and the files of scripts/. Each joins the caller's
// transaction.
#pragma once

#include "reconciler/plan.h"
#include "store/domain.h"
#include "store/flow.h"

typedef struct {
	const char *commit;
	int64_t applied; // number of the transaction
	bool build; // the table that it makes is to be built
	bool first; // no flow of that name was ever there
	bool mends; // somebody edited it in the store (store/flow.h)
} FlowApply;

// Writes a flow's row, and a revision when its meaning changed.
bool apply_flow(Store *store, Layout *layout, const LayoutDomain *domain, const LayoutFlow *flow,
	const FlowApply *how, GError **error);

// first: no table of that name was ever there.
bool apply_table(Store *store, const LayoutTable *table, bool first, GError **error);

// Stores the files below the domain's scripts/, unless that tree is there already.
bool apply_scripts(Store *store, Layout *layout, const LayoutDomain *domain, GError **error);

// Stores the project's connections.
bool apply_connections(Store *store, const Layout *layout, const char *environment, GError **error);
// Stores the project's variables in the environment; those of a domain are in its row.
bool apply_variables(Store *store, const Layout *layout, const char *environment, GError **error);
