#include "reconciler/plan_internal.h"

#include <string.h>

enum {
	VALUE_WIDTH = 60, // characters of a value before it is cut
	MARKDOWN_LIMIT = 65000, // below the smallest comment that a forge takes
	MARKDOWN_RESERVE = 400, // for the line that says that it was cut
};

typedef struct {
	const char *sign;
	const char *colour; // SGR parameters
} ActionStyle;

static const ActionStyle STYLES[] = {
	[PLAN_NONE] = {"=", "2"},
	[PLAN_CREATE] = {"+", "32"},
	[PLAN_UPDATE] = {"~", "33"},
	[PLAN_REPLACE] = {"±", "35"},
	[PLAN_DELETE] = {"-", "31"},
};

// One line for a value: a text as it is, anything else as JSON, cut when long.
static char *short_value(const json_t *value)
{
	g_autofree char *text = NULL;

	if (value == NULL)
		return g_strdup("nothing");
	text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	if (g_utf8_strlen(text, -1) <= VALUE_WIDTH)
		return g_steal_pointer(&text);
	g_autofree char *cut = g_utf8_substring(text, 0, VALUE_WIDTH - 1);
	return g_strconcat(cut, "…", NULL);
}

static char *impact_text(const Plan *plan, const PlanChange *change)
{
	g_autoptr(GPtrArray) flows = plan_change_impact(plan, change, 0);
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < flows->len; i++) {
		const LayoutFlow *flow = flows->pdata[i];

		g_string_append_printf(
			text, "%s%s.%s", i == 0 ? "" : ", ", flow->namespace, flow->id);
	}
	return g_string_free(g_steal_pointer(&text), flows->len == 0);
}

static void append_paths(GString *text, const PlanChange *change)
{
	for (guint i = 0; change->paths != NULL && i < change->paths->len; i++) {
		const PlanPath *path = change->paths->pdata[i];
		g_autofree char *before = short_value(path->before);
		g_autofree char *after = short_value(path->after);

		if (path->before == NULL && path->after == NULL)
			g_string_append_printf(text, "      %s: changed\n", path->path);
		else
			g_string_append_printf(
				text, "      %s: %s -> %s\n", path->path, before, after);
	}
}

static void append_change(GString *text, const Plan *plan, const PlanChange *change, bool colour)
{
	const ActionStyle *style = &STYLES[change->action];
	g_autofree char *address = plan_change_address(change);
	g_autofree char *impact = impact_text(plan, change);

	if (colour)
		g_string_append_printf(
			text, "  \033[%sm%s %s\033[0m", style->colour, style->sign, address);
	else
		g_string_append_printf(text, "  %s %s", style->sign, address);
	g_string_append_printf(text, " (%s)\n", plan_class_name(change->class));
	append_paths(text, change);
	if (impact != NULL)
		g_string_append_printf(text, "      downstream: %s\n", impact);
}

static void append_diagnostics(GString *text, const Plan *plan)
{
	DiagnosticList *diagnostics = plan_diagnostics(plan);

	for (size_t i = 0; i < diagnostic_list_length(diagnostics); i++) {
		g_autofree char *line = diagnostic_text(diagnostic_list_at(diagnostics, i));

		g_string_append_printf(text, "%s\n", line);
	}
	diagnostic_list_free(diagnostics);
}

static void append_refusals(GString *text, const Plan *plan)
{
	for (guint i = 0; i < plan->refusals->len; i++) {
		const PlanRefusal *refusal = plan->refusals->pdata[i];

		g_string_append_printf(text, "refused: %s [%s]\n", refusal->message, refusal->code);
		if (refusal->hint != NULL)
			g_string_append_printf(text, "hint: %s\n", refusal->hint);
	}
}

static void append_summary(GString *text, const Plan *plan)
{
	g_string_append_printf(text,
		"Plan: %u to create, %u to update, %u to replace, %u to delete; %u cosmetic.\n",
		plan_count(plan, PLAN_CREATE), plan_count(plan, PLAN_UPDATE),
		plan_count(plan, PLAN_REPLACE), plan_count(plan, PLAN_DELETE),
		plan_count(plan, PLAN_NONE));
}

static const char *note_of(PlanDomainState state)
{
	static const char *const notes[] = {
		[PLAN_DOMAIN_UNCHANGED] = "",
		[PLAN_DOMAIN_CHANGED] = "",
		[PLAN_DOMAIN_COSMETIC] = " (comments and formatting only)",
		[PLAN_DOMAIN_BROKEN] = " (broken: what is live stays)",
		[PLAN_DOMAIN_HELD] = " (held: what is live stays)",
	};

	return notes[state];
}

char *plan_text(const Plan *plan, bool colour)
{
	g_autoptr(GString) text = g_string_new(NULL);

	append_diagnostics(text, plan);
	for (guint i = 0; i < plan->domains->len; i++) {
		const PlanDomain *domain = plan_domain_at(plan, i);

		g_string_append_printf(text, "%s%s\n", domain->name, note_of(domain->state));
		for (guint j = 0; j < domain->count; j++)
			append_change(text, plan, plan_change_at(plan, domain->first + j), colour);
	}
	append_refusals(text, plan);
	append_summary(text, plan);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

// ---- Markdown -----------------------------------------------------------------------------------------------------

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

static void append_prefixed(GString *text, char sign, const json_t *value)
{
	g_autofree char *dumped =
		json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_INDENT(2));
	g_auto(GStrv) lines =
		g_strsplit(dumped != NULL ? dumped : json_string_value(value), "\n", -1);

	for (char **line = lines; *line != NULL; line++) {
		if (line[1] != NULL || **line != '\0')
			g_string_append_printf(text, "%c %s\n", sign, *line);
	}
}

static void append_markdown_paths(GString *text, const PlanChange *change)
{
	for (guint i = 0; change->paths != NULL && i < change->paths->len; i++) {
		const PlanPath *path = change->paths->pdata[i];
		g_autoptr(GString) diff = g_string_new(NULL);

		if (path->before != NULL)
			append_prefixed(diff, '-', path->before);
		if (path->after != NULL)
			append_prefixed(diff, '+', path->after);
		g_string_append_printf(text, "`%s`%s\n\n", path->path,
			path->class == PLAN_BREAKING ? " **breaking**" : "");
		if (diff->len > 0)
			append_fenced(text, "diff", diff->str);
	}
}

static void append_markdown_change(GString *text, const Plan *plan, const PlanChange *change)
{
	g_autofree char *address = plan_change_address(change);
	g_autofree char *impact = impact_text(plan, change);

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
	g_string_append_printf(text, "### %s%s\n\n", domain->name, note_of(domain->state));
	for (guint i = 0; i < domain->count; i++)
		append_markdown_change(text, plan, plan_change_at(plan, domain->first + i));
	g_string_append(text, "\n");
}

char *plan_markdown(const Plan *plan)
{
	g_autoptr(GString) text = g_string_new("## weir plan\n\n");
	g_autoptr(GString) faults = g_string_new(NULL);
	guint shown = 0;

	append_summary(text, plan);
	g_string_append_printf(text, "\nRevision `%s`, live `%.12s`.\n\n",
		layout_revision(plan->layout), plan->live_digest);
	append_diagnostics(faults, plan);
	append_refusals(faults, plan);
	if (faults->len > MARKDOWN_LIMIT / 2)
		g_string_truncate(faults, MARKDOWN_LIMIT / 2);
	if (faults->len > 0)
		append_fenced(text, "", faults->str);
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
