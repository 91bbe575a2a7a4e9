// What the files of the plan share.
#pragma once

#include "reconciler/plan.h"
#include "repo-layout/flow_graph.h"

// Compares two canonical definitions, either of which may be NULL. Appends a PlanPath to paths for each difference, in order.
// Returns the heaviest class, PLAN_COSMETIC when nothing differs.
PlanClass plan_diff_definitions(const json_t *before, const json_t *after, GPtrArray *paths);

// The same of two domains' settings.
PlanClass plan_diff_settings(const json_t *before, const json_t *after, GPtrArray *paths);

// The same of two projects' settings.
PlanClass plan_diff_project(const json_t *before, const json_t *after, GPtrArray *paths);

// Compares two declared schemas (canonical JSON; NULL: none is declared).
PlanClass plan_diff_schemas(const char *before, const char *after, GPtrArray *paths);

// ---- plan_columns.c
// Adds the columns that a script without a declared schema makes no more, under another name, or anew. change: an update of a
// flow, whose paths are there; before and after are its definitions. False when a reader's definition cannot be read.
bool plan_compare_columns(
	Plan *plan, PlanChange *change, const json_t *before, const json_t *after, GError **error);

// ---- plan_project.c
// Lists what changes in weir.yaml, as the first change of the plan. False when the live side cannot be read.
bool plan_compare_project(Plan *plan, PlanLive *live, GError **error);
// The settings that will be, without the passwords in them; a new reference.
json_t *plan_project_after(const Plan *plan);

// ---- plan_diff.c
PlanPath *plan_path_new(const char *path, json_t *before, json_t *after, PlanClass class);
void plan_path_free(PlanPath *path);

// ---- plan_edge.c
// Goes through the live flows and those of a domain of the layout side by side, both in order of id and namespace.
typedef struct {
	const GArray *live; // PlanLiveFlow
	const LayoutDomain *domain; // NULL: none
	size_t i, j;
} PlanMerge;

// The next two of one name, or one alone and NULL. False at the end.
bool plan_merge_next(PlanMerge *merge, const PlanLiveFlow **ret_was, const LayoutFlow **ret_flow);
// The live flows of a domain in that order (PlanLiveFlow); NULL with error. The caller unrefs it.
GArray *plan_list_flows(PlanLive *live, const char *domain, GError **error);
// Notes in what the domain's place among the others differs from what is live.
void plan_note_edges(Plan *plan, PlanLive *live, PlanDomain *domain, const GArray *flows);

// Sorts only what is not in order: the usual case costs one pass.
void plan_ensure_sorted(
	void *base, size_t length, size_t size, int (*compare)(const void *, const void *));
int plan_order(const char *a, const char *b, const char *c, const char *d);

// Where the left and right list stand to each other when both are walked in order: negative, take the left one alone;
// positive, the right one; zero, both. An absent one comes last.
#define MERGE_ORDER(left, right, compare) ((left) == NULL ? 1 : (right) == NULL ? -1 : (compare))

// ---- plan_compare.c
// Lists the changes of a domain, and sets its state.
bool plan_compare_domain(
	Plan *plan, PlanLive *live, PlanDomain *domain, const GArray *flows, GError **error);

// ---- plan.c
// Adds a fault; an error breaks the domain.
void plan_fault(Plan *plan, PlanDomain *domain, DiagnosticSeverity severity, const char *file,
	unsigned line, unsigned column, const char *code, const char *hint, const char *message);
static inline bool plan_stays(const PlanDomain *domain)
{
	return domain->state == PLAN_DOMAIN_BROKEN || domain->state == PLAN_DOMAIN_HELD;
}

// ---- plan_blame.c
// Breaks the domains whose change does not fit with what is live of the others, or with what becomes live of them together:
// those, and no others. What becomes live then is without faults between domains, if what is live is.
void plan_blame(Plan *plan);
// The same after the guards, when domains that are held stay as they were: those that would not fit are refused, too.
void plan_blame_held(Plan *plan);
