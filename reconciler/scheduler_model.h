// The graph of flows and tables as the scheduler keeps it in memory: which flow waits for which table. It follows the
// store by two numbers, that of the last apply and that of the last publication.
#pragma once

#include "reconciler/flow_trigger.h"
#include "reconciler/trigger.h"
#include "store/flow.h"

#include <jansson.h>

typedef struct ModelFlow ModelFlow;

typedef struct {
	char *name; // "sales.orders"
	int64_t published; // sequence of its last publication; 0: never
	GPtrArray *
		readers; // ModelFlow *, not owned: flows with a tables trigger on it, and scripts that read it
	GPtrArray *producers; // ModelFlow *, not owned
} ModelTable;

// A `tables` trigger.
typedef struct {
	char *id;
	bool any;
	bool known; // consumed was read, or decided
	bool unsaved; // consumed was decided, and is not in the store yet
	int64_t consumed;
	GPtrArray *tables; // ModelTable *, not owned
	json_t *definition; // NULL: it says nothing of conditions, inputs or labels
} ModelTrigger;

struct ModelFlow {
	char *key; // "sales.orders"
	char *namespace;
	char *id; // both point into key or are their own
	int64_t revision;
	int64_t applied;
	bool disabled;
	bool build_due;
	bool asked; // is in Model.asked
	GPtrArray *reads; // ModelTable *
	GPtrArray *writes; // ModelTable *
	GPtrArray *triggers; // ModelTrigger *; NULL: none
};

typedef struct {
	Store *store;
	GHashTable *flows; // key -> ModelFlow *, owned
	GHashTable *tables; // name -> ModelTable *, owned
	int64_t applied; // followed up to this apply
	int64_t sequence; // followed up to this publication
	bool loaded;
	GPtrArray *asked; // ModelFlow *: flows that have to be looked at
	GPtrArray *scheduled; // char *: keys of flows whose triggers' rows have to be looked at
	FlowTriggers *ended; // what the ends of runs matter to
} Model;

Model *model_new(Store *store);
void model_free(Model *model);

// Follows the store: flows that were applied, tables that were published. Flows that may be due now are asked for.
bool model_follow(Model *model, GError **error);

// Has the flow looked at in the next evaluation.
void model_ask(Model *model, ModelFlow *flow);
