// What the forms in which people see a plan share: plan_text.c and plan_markdown.c.
#pragma once

#include "reconciler/line_diff.h"
#include "reconciler/plan_internal.h"

// One line for a value: a text in quotes, anything else as JSON, cut when long. The caller frees it.
char *plan_short_value(const json_t *value);
// The flows that name the column, joined by commas; NULL: none. The caller frees it.
char *plan_path_readers(const PlanPath *path);
// Whether a changed value is shown as a diff of lines.
bool plan_path_has_lines(const PlanPath *path);
// Appends that diff; how many lines it has.
unsigned plan_path_diff(GString *text, const PlanPath *path, const LineDiffOptions *options);
// The flows downstream of a change, by name with commas; NULL: none. The caller frees it.
char *plan_impact_text(const Plan *plan, const PlanChange *change);
// What is behind a domain's name: "" or " (broken: …)".
const char *plan_domain_note(PlanDomainState state);
void plan_append_diagnostics(GString *text, const Plan *plan);
void plan_append_refusals(GString *text, const Plan *plan);
// What is live but not as committed (resource_drift entries; NULL: none), a line each.
void plan_append_drift(GString *text, const json_t *drift);
void plan_append_summary(GString *text, const Plan *plan);
