// Makes a plan live in the store: domain by domain, each whole or not at all.
#pragma once

#include "reconciler/live_view.h"
#include "reconciler/plan.h"

typedef struct {
	Store *store;
	LiveView *view; // told what became live; NULL: nobody is
	const char *source; // name of the source
	const char *commit; // 40 digits
	const char *environment; // NULL: none
	// Asked between transactions: true stops there, because a newer commit waits. NULL: never.
	bool (*superseded)(void *data);
	void *data;
	// Flows that were edited in the store (DriftItem *): they are made what the plan's commit says. NULL: none.
	const GPtrArray *edited;
} ApplyOptions;

typedef struct {
	guint created, updated, deleted, cosmetic; // flows, tables, views and schedules
	guint restored; // flows that were edited in the store
	guint domains_applied, domains_broken, domains_held, domains_failed;
	bool superseded;
} ApplyOutcome;

#define APPLY_ERROR apply_error_quark()
GQuark apply_error_quark(void);

typedef enum {
	APPLY_ERROR_STALE, // what was live when the plan was made is no longer live
} ApplyError;

// Applies it. Domains whose live digest moved since the plan was made are refused (APPLY_ERROR_STALE). A domain that
// cannot be written stays as it was and the others go on; the first such error is returned at the end. finish is called in
// the last transaction, so that what the caller notes about the commit becomes durable together with it.
bool plan_apply(const ApplyOptions *options, const Plan *plan, ApplyOutcome *ret_outcome,
	bool (*finish)(const ApplyOutcome *outcome, void *data, GError **error), void *finish_data,
	GError **error);
