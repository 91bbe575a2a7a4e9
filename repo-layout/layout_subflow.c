// For people who validate: sub-flows that are not there.
#include "repo-layout/layout_private.h"

#include <string.h>

typedef struct SubflowSearch {
	const Layout *layout;
	DiagnosticList *diagnostics;
	const LayoutFlow *flow; // whose tasks are looked at
	const LayoutDomain *asked; // the domain that was asked about last
	bool in_part; // nobody can know all of its flows: some of it could not be read
} SubflowSearch;

static const char *literal(const Task *task, const char *key)
{
	const char *text = json_string_value(json_object_get(task->properties, key));

	return text == NULL || has_expression(text) ? NULL : text;
}

static bool is_known_in_part(SubflowSearch *search, const LayoutDomain *domain)
{
	const DomainData *data = (const DomainData *)(uintptr_t)domain; // its first member

	if (search->asked == domain)
		return search->in_part;
	search->asked = domain;
	search->in_part = data->cut || data->spoilt;
	for (guint i = 0; i < data->units->len && !search->in_part; i++) {
		const Unit *unit = data->units->pdata[i];

		search->in_part = (unit->kind == UNIT_FLOW || unit->kind == UNIT_SET) &&
				  unit->flow.id == NULL;
	}
	return search->in_part;
}

static char *near_flow(const LayoutDomain *domain, const char *name)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; i < domain->flows_length; i++)
		g_ptr_array_add(names, g_strdup_printf("%s.%s", domain->flows[i]->namespace,
					       domain->flows[i]->id));
	g_ptr_array_add(names, NULL);
	return nearest_word_hint(name, (const char *const *)names->pdata);
}

static void check_task(const Task *task, void *data)
{
	SubflowSearch *search = data;
	const LayoutFlow *flow = search->flow;
	const char *id = literal(task, "flowId");
	bool here = json_object_get(task->properties, "namespace") == NULL;
	const char *namespace = here ? flow->namespace : literal(task, "namespace");
	const LayoutDomain *domain = id == NULL || namespace == NULL
					     ? NULL
					     : layout_domain_find(search->layout, namespace);
	bool written = flow->kind == LAYOUT_FLOW_WRITTEN;
	g_autofree char *name = NULL;
	g_autofree char *hint = NULL;

	// Flows of other namespaces may come from elsewhere.
	if (domain == NULL || task->disabled || diagnostic_list_is_full(search->diagnostics) ||
		layout_flow_find(search->layout, namespace, id) != NULL ||
		is_known_in_part(search, domain))
		return;
	name = g_strdup_printf("%s.%s", namespace, id);
	if (diagnostic_list_wants_hints(search->diagnostics))
		hint = near_flow(domain, name);
	diagnostic_add(search->diagnostics, flow->path, written ? task->line : flow->line,
		written ? task->column : 1, DIAGNOSTIC_WARNING, "unknown-flow", hint,
		"task '%s' runs the flow '%s', which the repository does not have", task->id, name);
}

// As it is written, for the lines; what a flow set makes has none of its own.
static Flow *parse(const Layout *layout, const LayoutFlow *flow, const char *definition)
{
	g_autoptr(GBytes) source =
		flow->kind == LAYOUT_FLOW_WRITTEN ? layout_flow_source(layout, flow, NULL) : NULL;
	size_t length = strlen(definition);
	const char *text = source == NULL ? definition : g_bytes_get_data(source, &length);
	g_autoptr(DiagnosticList) ignored = diagnostic_list_new();

	return text == NULL ? NULL : flow_parse(flow->path, text, length, flow->namespace, ignored);
}

static void check_flow(SubflowSearch *search)
{
	g_autofree char *made = NULL;
	const char *definition =
		layout_flow_definition_peek(search->layout, search->flow, &made, NULL);
	g_autoptr(Flow) flow = NULL;

	// Most flows run no other, and need not be parsed.
	if (definition == NULL || strstr(definition, "\"flowId\":") == NULL)
		return;
	flow = parse(search->layout, search->flow, definition);
	if (flow != NULL)
		flow_tasks_visit(flow, check_task, search);
}

void layout_subflows(const Layout *layout, DiagnosticList *diagnostics)
{
	SubflowSearch search = {.layout = layout, .diagnostics = diagnostics};

	for (guint i = 0; i < layout->domains->len; i++) {
		const DomainData *data = layout->domains->pdata[i];

		for (guint j = 0; j < data->flows->len; j++) {
			search.flow = data->flows->pdata[j];
			if (search.flow->kind != LAYOUT_FLOW_GENERATED)
				check_flow(&search);
		}
	}
}
