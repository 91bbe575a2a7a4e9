#include "reconciler/plan_guard.h"

#include "reconciler/plan_internal.h"

#include "repo-layout/layout.h"

#include <string.h>

static void refuse(Plan *plan, const char *code, const PlanChange *change, const char *hint,
	const char *format, ...) G_GNUC_PRINTF(5, 6);

static void refuse(Plan *plan, const char *code, const PlanChange *change, const char *hint,
	const char *format, ...)
{
	PlanRefusal *refusal = g_new0(PlanRefusal, 1);
	va_list arguments;

	va_start(arguments, format);
	refusal->message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	refusal->code = code;
	refusal->domain = change == NULL ? NULL : change->domain;
	refusal->address = change == NULL ? NULL : plan_change_address(change);
	refusal->hint = g_strdup(hint);
	g_ptr_array_add(plan->refusals, refusal);
}

// The policy 'max_deletions' of checked settings; 0: no limit.
static guint deletions_allowed(const json_t *settings)
{
	const json_t *policies = json_object_get(settings, "policies");
	json_int_t most = json_integer_value(json_object_get(policies, "max_deletions"));

	return (guint)CLAMP(most, 0, G_MAXUINT);
}

static guint domain_deletions(const Plan *plan, const PlanDomain *domain)
{
	guint deletions = 0;

	for (guint i = 0; i < domain->count; i++)
		deletions += plan_change_at(plan, domain->first + i)->action == PLAN_DELETE;
	return deletions;
}

// What a domain allows itself; the project's policy is a domain's, too, that has none.
static void guard_domain_deletions(Plan *plan)
{
	for (guint i = 0; i < plan->domains->len; i++) {
		const PlanDomain *domain = plan_domain_at(plan, i);
		guint deletions = domain_deletions(plan, domain);
		guint most =
			domain->layout == NULL ? 0 : deletions_allowed(domain->layout->settings);

		if (most == 0 || deletions <= most)
			continue;
		refuse(plan, "max-deletions", plan_change_at(plan, domain->first),
			"delete in smaller commits, or raise max_deletions in the policies",
			"%u resources of domain '%s' would be deleted, and its policy "
			"max_deletions allows %u",
			deletions, domain->name, most);
	}
}

static void guard_max_deletions(Plan *plan, const PlanPolicy *policy)
{
	guint deletions = plan_count(plan, PLAN_DELETE);
	guint project = deletions_allowed(layout_settings(plan->layout));

	if (policy->max_deletions > 0 && deletions > policy->max_deletions)
		refuse(plan, "max-deletions", NULL,
			"delete in smaller commits, or raise max_deletions in the server's "
			"configuration",
			"%u resources would be deleted, and max_deletions allows %u", deletions,
			policy->max_deletions);
	else if (project > 0 && deletions > project)
		refuse(plan, "max-deletions", NULL,
			"delete in smaller commits, or raise max_deletions in weir.yaml",
			"%u resources would be deleted, and the project's policy max_deletions "
			"allows %u",
			deletions, project);
	else
		guard_domain_deletions(plan);
}

// The flow of another domain that reads a table; NULL when none does.
static const LayoutFlow *foreign_reader(const Plan *plan, const PlanChange *change)
{
	g_autofree char *table = g_strdup_printf("%s.%s", change->scope, change->name);
	size_t length = 0;
	const LayoutFlow *const *readers = layout_readers(plan->layout, table, &length);

	for (size_t i = 0; i < length; i++) {
		if (strcmp(readers[i]->domain, change->domain) != 0)
			return readers[i];
	}
	return NULL;
}

static void guard_used_elsewhere(Plan *plan, const PlanPolicy *policy)
{
	(void)policy;
	for (guint i = 0; i < plan->changes->len; i++) {
		const PlanChange *change = plan_change_at(plan, i);
		bool removed = change->action == PLAN_DELETE &&
			       (change->resource == PLAN_TABLE || change->resource == PLAN_VIEW);
		const LayoutFlow *reader = removed ? foreign_reader(plan, change) : NULL;

		if (reader == NULL)
			continue;
		refuse(plan, "used-elsewhere", change,
			"keep the script, or change its readers first",
			"'%s.%s' would be removed, and flow '%s.%s' of domain '%s' reads it",
			change->scope, change->name, reader->namespace, reader->id, reader->domain);
	}
}

// Whether what is wrong with a file or folder may be why a domain is not found. Those of a layout's patterns may lie anywhere
// else than in domains/.
static bool may_hide(const Diagnostic *stray, const char *path)
{
	if (stray->severity != DIAGNOSTIC_ERROR)
		return false;
	return *path == '@' ? !path_is_within(stray->file, "domains")
			    : path_is_within(path, stray->file);
}

static const Diagnostic *hiding(const Layout *layout, const char *path)
{
	const DiagnosticList *list = layout_project_diagnostics(layout);
	size_t length = list == NULL || path == NULL ? 0 : diagnostic_list_length(list);

	for (size_t i = 0; i < length; i++) {
		if (may_hide(diagnostic_list_at(list, i), path))
			return diagnostic_list_at(list, i);
	}
	return NULL;
}

// A folder that cannot be read is not a folder that was removed.
static void guard_unreadable(Plan *plan, const PlanPolicy *policy)
{
	(void)policy;
	for (guint i = 0; i < plan->domains->len; i++) {
		const PlanDomain *domain = plan_domain_at(plan, i);
		const Diagnostic *stray;

		if (domain->layout != NULL || domain->state != PLAN_DOMAIN_CHANGED ||
			domain->count == 0)
			continue;
		stray = hiding(plan->layout, domain->live_path);
		if (stray != NULL)
			refuse(plan, "unreadable-domain", plan_change_at(plan, domain->first),
				"mend that first; then what is really removed is removed",
				"domain '%s' would be removed, but '%s' has an error and may be "
				"what hides it",
				domain->name, stray->file);
	}
}

// What a domain's own settings break is told with its tables and flows, and by who may no longer read them (plan_blame.c).
static bool is_allowed(const PlanChange *change)
{
	if (change->resource == PLAN_DOMAIN)
		return true;
	return change->table != NULL && change->table->allow_breaking;
}

// "dataset.table" of a generated flow: whether it is allowed to break what reads it.
static bool is_target_allowed(const Plan *plan, const LayoutFlow *flow)
{
	const char *dot = flow == NULL || flow->target == NULL ? NULL : strrchr(flow->target, '.');
	g_autofree char *dataset = NULL;
	const LayoutTable *table;

	if (dot == NULL)
		return false;
	dataset = g_strndup(flow->target, (gsize)(dot - flow->target));
	table = layout_table_find(plan->layout, dataset, dot + 1);
	return table != NULL && table->allow_breaking;
}

// What stays in the table over a run cannot lose a column on its own: the run would only fail.
static bool keeps_rows(const LayoutFlow *flow)
{
	return flow != NULL && flow->feed != FEED_NONE && flow->feed != FEED_WRITE_TRUNCATE &&
	       flow->feed != FEED_VIEW && flow->feed != FEED_SCRIPT;
}

// No schema promises the columns that only a script's text tells: their loss is refused where a script of the same commit
// would fail of it, or the script itself, and else is only told.
static bool harms(const PlanChange *change, const PlanPath *path)
{
	return path->class == PLAN_BREAKING &&
	       (path->readers == NULL || path->readers[0] != NULL || keeps_rows(change->flow));
}

// The first path that makes a change one to refuse; "" when it is the change itself; NULL: there is none.
static const char *harmful_path(const PlanChange *change)
{
	guint length = change->paths == NULL ? 0 : change->paths->len;

	for (guint i = 0; i < length; i++) {
		if (harms(change, change->paths->pdata[i]))
			return ((const PlanPath *)change->paths->pdata[i])->path;
	}
	return length == 0 ? "" : NULL;
}

static void guard_breaking(Plan *plan, const PlanPolicy *policy)
{
	for (guint i = 0; i < plan->changes->len && !policy->allow_breaking; i++) {
		const PlanChange *change = plan_change_at(plan, i);
		bool changes = change->action == PLAN_UPDATE || change->action == PLAN_REPLACE;
		const char *path = harmful_path(change);

		if (change->class != PLAN_BREAKING || !changes || path == NULL ||
			is_allowed(change) || is_target_allowed(plan, change->flow))
			continue;
		g_autofree char *address = plan_change_address(change);
		g_autofree char *where =
			*path != '\0' ? g_strdup_printf(" at '%s'", path) : g_strdup("");
		refuse(plan, "breaking-change", change,
			"write 'allow_breaking: true' beside the change, or allow it in the "
			"server's "
			"configuration",
			"'%s' changes%s in a way that breaks its readers", address, where);
	}
}

const PlanGuard plan_guards[] = {
	{"max-deletions", "no more deletions at once than allowed", guard_max_deletions},
	{"unreadable-domain", "no domain is removed while a folder cannot be read",
		guard_unreadable},
	{"used-elsewhere", "a table that another domain reads is not removed",
		guard_used_elsewhere},
	{"breaking-change", "changes that break readers are allowed by name", guard_breaking},
	{.code = NULL},
};

static bool deletes(const Plan *plan, const PlanDomain *domain)
{
	for (guint i = 0; i < domain->count; i++) {
		if (plan_change_at(plan, domain->first + i)->action == PLAN_DELETE)
			return true;
	}
	return false;
}

// What is refused of the plan as a whole are its deletions: who deletes nothing goes on.
static void hold(Plan *plan, const PlanRefusal *refusal)
{
	for (guint i = 0; i < plan->domains->len; i++) {
		PlanDomain *domain = plan_domain_at(plan, i);
		bool meant = refusal->domain == NULL ? deletes(plan, domain)
						     : strcmp(refusal->domain, domain->name) == 0;

		if (meant && domain->state == PLAN_DOMAIN_CHANGED)
			domain->state = PLAN_DOMAIN_HELD;
	}
}

bool plan_guard(Plan *plan, const PlanPolicy *policy)
{
	for (const PlanGuard *guard = plan_guards; guard->code != NULL; guard++)
		guard->check(plan, policy);
	for (guint i = 0; i < plan->refusals->len; i++)
		hold(plan, plan->refusals->pdata[i]);
	if (plan->refusals->len > 0)
		plan_blame_held(plan);
	return plan->refusals->len == 0;
}
