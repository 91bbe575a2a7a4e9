#include "reconciler/plan_show.h"

#include "reconciler/drift.h"
#include "repo-layout/yaml_document.h"

#include <string.h>

enum {
	VALUE_WIDTH = 60, // characters of a value before it is cut
	DIFF_LINES = 60, // of one value that changed
	DIFF_LINES_ALL = 1500, // of a plan
	DRIFT_LINES = 50,
	RUNS_NAMED = 50,
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
char *plan_short_value(const json_t *value)
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

char *plan_impact_text(const Plan *plan, const PlanChange *change)
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

// A value as lines: a text as it is, anything else as YAML. NULL stays NULL.
static char *value_lines(const json_t *value)
{
	if (value == NULL || json_is_null(value))
		return NULL;
	return json_is_string(value) ? g_strdup(json_string_value(value)) : yaml_write(value);
}

static bool has_lines(const json_t *value)
{
	return json_is_object(value) || json_is_array(value) ||
	       (json_is_string(value) && strchr(json_string_value(value), '\n') != NULL);
}

static bool is_long(const json_t *value)
{
	return json_is_string(value) && g_utf8_strlen(json_string_value(value), -1) > VALUE_WIDTH;
}

bool plan_path_has_lines(const PlanPath *path)
{
	return has_lines(path->before) || has_lines(path->after) || is_long(path->before) ||
	       is_long(path->after);
}

unsigned plan_path_diff(GString *text, const PlanPath *path, const LineDiffOptions *options)
{
	g_autofree char *before = value_lines(path->before);
	g_autofree char *after = value_lines(path->after);

	return line_diff_append(text, before, after, options);
}

// How a plan's text is made.
typedef struct {
	GString *text;
	bool colour;
	unsigned lines_left; // of diffs
} PlanText;

static void append_path_diff(PlanText *out, const PlanPath *path)
{
	const LineDiffOptions options = {
		.indent = "        ",
		.most_lines = MIN(DIFF_LINES, out->lines_left),
		.colour = out->colour,
	};

	g_string_append_printf(out->text, "      %s:\n", path->path);
	unsigned lines = plan_path_diff(out->text, path, &options);
	if (lines == 0)
		g_string_append(out->text, "        (only the newline at its end)\n");
	out->lines_left -= MIN(lines, out->lines_left);
}

char *plan_path_readers(const PlanPath *path)
{
	bool named = path->readers != NULL && path->readers[0] != NULL;

	return named ? g_strjoinv(", ", path->readers) : NULL;
}

static void append_path(PlanText *out, const PlanPath *path)
{
	g_autofree char *before = plan_short_value(path->before);
	g_autofree char *after = plan_short_value(path->after);

	if (path->before == NULL && path->after == NULL)
		g_string_append_printf(out->text, "      %s: changed\n", path->path);
	else
		g_string_append_printf(
			out->text, "      %s: %s -> %s\n", path->path, before, after);
}

static void append_paths(PlanText *out, const PlanChange *change)
{
	for (guint i = 0; change->paths != NULL && i < change->paths->len; i++) {
		const PlanPath *path = change->paths->pdata[i];
		g_autofree char *readers = plan_path_readers(path);

		if (plan_path_has_lines(path))
			append_path_diff(out, path);
		else
			append_path(out, path);
		if (readers != NULL)
			g_string_append_printf(out->text, "        named by: %s\n", readers);
	}
}

static void append_change(PlanText *out, const Plan *plan, const PlanChange *change)
{
	GString *text = out->text;
	const ActionStyle *style = &STYLES[change->action];
	g_autofree char *address = plan_change_address(change);
	g_autofree char *impact = plan_impact_text(plan, change);

	if (out->colour)
		g_string_append_printf(
			text, "  \033[%sm%s %s\033[0m", style->colour, style->sign, address);
	else
		g_string_append_printf(text, "  %s %s", style->sign, address);
	g_string_append_printf(text, " (%s)\n", plan_class_name(change->class));
	append_paths(out, change);
	if (impact != NULL)
		g_string_append_printf(text, "      downstream: %s\n", impact);
}

void plan_append_diagnostics(GString *text, const Plan *plan)
{
	DiagnosticList *diagnostics = plan_diagnostics(plan);

	for (size_t i = 0; i < diagnostic_list_length(diagnostics); i++) {
		g_autofree char *line = diagnostic_text(diagnostic_list_at(diagnostics, i));

		g_string_append_printf(text, "%s\n", line);
	}
	diagnostic_list_free(diagnostics);
}

void plan_append_refusals(GString *text, const Plan *plan)
{
	for (guint i = 0; i < plan->refusals->len; i++) {
		const PlanRefusal *refusal = plan->refusals->pdata[i];

		g_string_append_printf(text, "refused: %s [%s]\n", refusal->message, refusal->code);
		if (refusal->hint != NULL)
			g_string_append_printf(text, "hint: %s\n", refusal->hint);
	}
}

void plan_append_drift(GString *text, const json_t *drift)
{
	size_t length = json_array_size(drift);
	bool flows = false;

	for (size_t i = 0; i < length; i++) {
		const json_t *item = json_array_get(drift, i);
		const char *kind = json_string_value(json_object_get(item, "type"));

		flows = flows || g_strcmp0(kind, drift_kind_name(DRIFT_FLOW)) == 0;
		if (i < DRIFT_LINES)
			g_string_append_printf(text, "drift: %s: %s\n",
				json_string_value(json_object_get(item, "address")),
				json_string_value(json_object_get(item, "summary")));
	}
	if (length > DRIFT_LINES)
		g_string_append_printf(text, "… and %zu more: 'weir drift' lists all of it\n",
			length - DRIFT_LINES);
	if (flows)
		g_string_append(text, "hint: " DRIFT_FLOW_HINT "\n");
}

static void append_reruns(GString *text, const Plan *plan)
{
	g_autoptr(GPtrArray) runs = plan_reruns(plan);

	for (guint i = 0; i < runs->len && i < RUNS_NAMED; i++) {
		const LayoutFlow *flow = runs->pdata[i];

		g_string_append_printf(
			text, "%s%s.%s", i == 0 ? "Will run: " : ", ", flow->namespace, flow->id);
	}
	if (runs->len > RUNS_NAMED)
		g_string_append_printf(text, " and %u more", runs->len - RUNS_NAMED);
	if (runs->len > 0)
		g_string_append(text, ".\n");
}

void plan_append_summary(GString *text, const Plan *plan)
{
	guint held = plan_count_held(plan);

	g_string_append_printf(text,
		"Plan: %u to create, %u to update, %u to replace, %u to delete; %u cosmetic",
		plan_count(plan, PLAN_CREATE), plan_count(plan, PLAN_UPDATE),
		plan_count(plan, PLAN_REPLACE), plan_count(plan, PLAN_DELETE),
		plan_count(plan, PLAN_NONE));
	if (held > 0)
		g_string_append_printf(text, "; %u held", held);
	g_string_append(text, ".\n");
	append_reruns(text, plan);
}

const char *plan_domain_note(PlanDomainState state)
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

char *plan_text(const Plan *plan, const json_t *drift, bool colour)
{
	g_autoptr(GString) text = g_string_new(NULL);
	PlanText out = {text, colour, DIFF_LINES_ALL};
	const PlanChange *project = plan_project_change(plan);

	plan_append_diagnostics(text, plan);
	if (project != NULL) {
		g_string_append_printf(text, "%s\n", project->file);
		append_change(&out, plan, project);
	}
	for (guint i = 0; i < plan->domains->len; i++) {
		const PlanDomain *domain = plan_domain_at(plan, i);

		g_string_append_printf(
			text, "%s%s\n", domain->name, plan_domain_note(domain->state));
		for (guint j = 0; j < domain->count; j++)
			append_change(&out, plan, plan_change_at(plan, domain->first + j));
	}
	plan_append_refusals(text, plan);
	plan_append_drift(text, drift);
	plan_append_summary(text, plan);
	return g_string_free(g_steal_pointer(&text), FALSE);
}
