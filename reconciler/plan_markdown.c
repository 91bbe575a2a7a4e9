// A plan as Markdown, fit for a comment on a pull request.
#include "reconciler/plan_show.h"

#include <string.h>

enum {
	DIFF_LINES = 100, // of one value that changed
	MARKDOWN_LIMIT = 65000, // below the smallest comment that a forge takes
	MARKDOWN_RESERVE = 400, // for the line that says that it was cut
};

static void append_fenced(GString *text, const char *language, const char *content)
{
	// A fence longer than any run of backticks inside cannot be closed by the content.
	guint longest = 2, run = 0;

	for (const char *at = content; *at != '\0'; at++) {
		run = *at == '`' ? run + 1 : 0;
		longest = MAX(longest, run);
	}
	g_autofree char *fence = g_strnfill(longest + 1, '`');
	g_string_append_printf(text, "%s%s\n%s%s%s\n\n", fence, language, content,
		g_str_has_suffix(content, "\n") ? "" : "\n", fence);
}

static void append_markdown_paths(GString *text, const PlanChange *change)
{
	static const LineDiffOptions options = {.most_lines = DIFF_LINES};

	for (guint i = 0; change->paths != NULL && i < change->paths->len; i++) {
		const PlanPath *path = change->paths->pdata[i];
		const char *breaking = path->class == PLAN_BREAKING ? " **breaking**" : "";
		g_autofree char *readers = plan_path_readers(path);
		g_autoptr(GString) diff = g_string_new(NULL);

		g_string_append_printf(text, "`%s`%s%s%s", path->path, breaking,
			readers == NULL ? "" : "; named by: ", readers == NULL ? "" : readers);
		if (!plan_path_has_lines(path) && (path->before != NULL || path->after != NULL)) {
			g_autofree char *before = plan_short_value(path->before);
			g_autofree char *after = plan_short_value(path->after);

			g_string_append_printf(diff, "- %s\n+ %s\n", before, after);
		} else {
			plan_path_diff(diff, path, &options);
		}
		g_string_append(text, "\n\n");
		if (diff->len > 0)
			append_fenced(text, "diff", diff->str);
	}
}

static void append_markdown_change(GString *text, const Plan *plan, const PlanChange *change)
{
	g_autofree char *address = plan_change_address(change);
	g_autofree char *impact = plan_impact_text(plan, change);

	g_string_append_printf(text, "- **%s** `%s` (%s)%s%s\n", plan_action_name(change->action),
		address, plan_class_name(change->class),
		impact == NULL ? "" : "; downstream: ", impact == NULL ? "" : impact);
	if (change->paths == NULL || change->paths->len == 0)
		return;
	g_string_append(text, "\n");
	append_markdown_paths(text, change);
}

static void append_markdown_domain(GString *text, const Plan *plan, const PlanDomain *domain)
{
	g_string_append_printf(text, "### %s%s\n\n", domain->name, plan_domain_note(domain->state));
	for (guint i = 0; i < domain->count; i++)
		append_markdown_change(text, plan, plan_change_at(plan, domain->first + i));
	g_string_append(text, "\n");
}

// One that is too long by itself is left to `weir plan`.
static void append_markdown_project(GString *text, const Plan *plan)
{
	const PlanChange *project = plan_project_change(plan);
	gsize length = text->len;

	if (project == NULL)
		return;
	g_string_append_printf(text, "### %s\n\n", project->file);
	append_markdown_change(text, plan, project);
	g_string_append(text, "\n");
	if (text->len <= MARKDOWN_LIMIT - MARKDOWN_RESERVE)
		return;
	g_string_truncate(text, length);
	g_string_append_printf(
		text, "### %s\n\nToo long for a comment; `weir plan` shows it.\n\n", project->file);
}

char *plan_markdown(const Plan *plan, const json_t *drift)
{
	g_autoptr(GString) text = g_string_new("## weir plan\n\n");
	g_autoptr(GString) faults = g_string_new(NULL);
	guint shown = 0;

	plan_append_summary(text, plan);
	g_string_append_printf(text, "\nRevision `%s`, live `%.12s`.\n\n",
		layout_revision(plan->layout), plan->live_digest);
	plan_append_diagnostics(faults, plan);
	plan_append_refusals(faults, plan);
	plan_append_drift(faults, drift);
	if (faults->len > MARKDOWN_LIMIT / 2)
		g_string_truncate(faults, MARKDOWN_LIMIT / 2);
	if (faults->len > 0)
		append_fenced(text, "", faults->str);
	append_markdown_project(text, plan);
	for (; shown < plan->domains->len; shown++) {
		gsize length = text->len;

		append_markdown_domain(text, plan, plan_domain_at(plan, shown));
		if (text->len > MARKDOWN_LIMIT - MARKDOWN_RESERVE) {
			g_string_truncate(text, length);
			break;
		}
	}
	if (shown < plan->domains->len)
		g_string_append_printf(text,
			"… and %u more domains: too long for a comment; `weir plan` shows all of "
			"it.\n",
			plan->domains->len - shown);
	return g_string_free(g_steal_pointer(&text), FALSE);
}
