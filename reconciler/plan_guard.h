// Refusals: what a plan may not do without being asked twice. A table of guards; each looks at the
// whole plan and adds refusals. A refused domain is held: its old revision stays live and the
// others go on. Pure.
#pragma once

#include "reconciler/plan.h"

typedef struct {
	guint max_deletions; // of flows, tables and views a plan; 0: no limit
	bool allow_breaking; // let breaking changes through
	bool allow_data_loss; // let tables that hold data go out of management when others read
		// them
} PlanPolicy;

typedef struct {
	const char *code; // "max-deletions"
	const char *summary;
	void (*check)(Plan *plan, const PlanPolicy *policy);
} PlanGuard;

extern const PlanGuard plan_guards[]; // ended by a row whose code is NULL

// Runs every guard, and marks the domains that were refused as held. Returns whether nothing was
// refused.
bool plan_guard(Plan *plan, const PlanPolicy *policy);
