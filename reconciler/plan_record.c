// What is kept of a plan that was applied: which resources it changed and how. The documents before and after are revisions.
#include "reconciler/plan_internal.h"
#include "repo-layout/json_text.h"

#include <string.h>

enum {
	RECORD_CHANGES = 1000, // of a larger plan only the summary is kept
};

static void append_text(GString *text, const char *value)
{
	if (value == NULL)
		g_string_append(text, "null");
	else
		json_text_append_string(text, value, strlen(value));
}

// The text's member of an object that has others before it.
static void append_member(GString *text, const char *name, const char *value)
{
	g_string_append_printf(text, ",\"%s\":", name);
	append_text(text, value);
}

static void append_paths(GString *text, const PlanChange *change)
{
	g_string_append(text, ",\"changed_paths\":[");
	for (guint i = 0; change->paths != NULL && i < change->paths->len; i++) {
		const PlanPath *path = change->paths->pdata[i];

		if (i > 0)
			g_string_append_c(text, ',');
		append_text(text, path->path);
	}
	g_string_append_c(text, ']');
}

static void append_change(GString *text, const PlanChange *change)
{
	g_autofree char *address = plan_change_address(change);

	g_string_append(text, "{\"address\":");
	append_text(text, address);
	append_member(text, "action", plan_action_name(change->action));
	append_member(text, "class", plan_class_name(change->class));
	append_member(text, "domain", change->domain);
	append_member(text, "file", change->file);
	if (change->paths != NULL && change->paths->len > 0)
		append_paths(text, change);
	if (change->reruns)
		g_string_append(text, ",\"reruns\":true");
	g_string_append_c(text, '}');
}

static void append_domains(GString *text, const Plan *plan)
{
	g_string_append(text, ",\"domains\":[");
	for (guint i = 0; i < plan->domains->len; i++) {
		const PlanDomain *domain = plan_domain_at(plan, i);

		g_string_append(text, i > 0 ? ",{\"name\":" : "{\"name\":");
		append_text(text, domain->name);
		append_member(text, "state", plan_domain_state_name(domain->state));
		g_string_append_printf(text, ",\"changes\":%u}", domain->count);
	}
	g_string_append_c(text, ']');
}

static void append_summary(GString *text, const Plan *plan)
{
	static const struct {
		const char *name;
		PlanAction action;
	} rows[] = {
		{"create", PLAN_CREATE},
		{"update", PLAN_UPDATE},
		{"replace", PLAN_REPLACE},
		{"delete", PLAN_DELETE},
		{"cosmetic", PLAN_NONE},
	};

	g_string_append(text, ",\"summary\":{");
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		g_string_append_printf(text, "%s\"%s\":%u", i > 0 ? "," : "", rows[i].name,
			plan_count(plan, rows[i].action));
	g_string_append_c(text, '}');
}

char *plan_record(const Plan *plan)
{
	guint kept = plan->changes->len <= RECORD_CHANGES ? plan->changes->len : 0;
	GString *text = g_string_sized_new(512 + 192 * (gsize)kept);

	g_string_append(text, "{\"format_version\":\"1.0\"");
	append_member(text, "revision", layout_revision(plan->layout));
	append_member(text, "layout_digest", plan->layout_digest);
	append_member(text, "live_digest", plan->live_digest);
	append_summary(text, plan);
	append_domains(text, plan);
	g_string_append_printf(text, ",\"truncated\":%s,\"changes\":[",
		kept < plan->changes->len ? "true" : "false");
	for (guint i = 0; i < kept; i++) {
		if (i > 0)
			g_string_append_c(text, ',');
		append_change(text, plan_change_at(plan, i));
	}
	g_string_append(text, "]}");
	return g_string_free(text, FALSE);
}
