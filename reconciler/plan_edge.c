// Which tables the flows of a domain read and write, before and after.
#include "reconciler/plan_internal.h"
#include "repo-layout/layout_reference.h"

#include <stdlib.h>
#include <string.h>

int plan_order(const char *a, const char *b, const char *c, const char *d)
{
	int by_name = a == c ? 0 : strcmp(a, c);

	return by_name != 0 || b == d ? by_name : strcmp(b, d);
}

static int order_live_flows(const void *left, const void *right)
{
	const PlanLiveFlow *a = left, *b = right;

	return plan_order(a->id, a->namespace, b->id, b->namespace);
}

void plan_ensure_sorted(
	void *base, size_t length, size_t size, int (*compare)(const void *, const void *))
{
	for (size_t i = 1; i < length; i++) {
		if (compare((char *)base + (i - 1) * size, (char *)base + i * size) > 0) {
			qsort(base, length, size, compare);
			return;
		}
	}
}

GArray *plan_list_flows(PlanLive *live, const char *domain, GError **error)
{
	GArray *flows = g_array_new(FALSE, FALSE, sizeof(PlanLiveFlow));

	if (!live->flows(live, domain, flows, error)) {
		g_array_unref(flows);
		return NULL;
	}
	plan_ensure_sorted(flows->data, flows->len, sizeof(PlanLiveFlow), order_live_flows);
	return flows;
}

bool plan_merge_next(PlanMerge *merge, const PlanLiveFlow **ret_was, const LayoutFlow **ret_flow)
{
	const PlanLiveFlow *was = merge->i < merge->live->len
					  ? &g_array_index(merge->live, PlanLiveFlow, merge->i)
					  : NULL;
	const LayoutFlow *flow = merge->domain != NULL && merge->j < merge->domain->flows_length
					 ? merge->domain->flows[merge->j]
					 : NULL;
	int by;

	if (was == NULL && flow == NULL)
		return false;
	by = MERGE_ORDER(was, flow, plan_order(was->id, was->namespace, flow->id, flow->namespace));
	*ret_was = by <= 0 ? was : NULL;
	*ret_flow = by >= 0 ? flow : NULL;
	merge->i += by <= 0;
	merge->j += by >= 0;
	return true;
}

// ---- The flow that was, as one of a layout ------------------------------------------------------------------------

static const char *keep(Plan *plan, const char *text)
{
	return text == NULL ? NULL : arena_copy(&plan->arena, text, strlen(text));
}

static const char **keep_names(Plan *plan, const char *const *names, unsigned length)
{
	const char **kept = arena_take(&plan->arena, (length + 1) * sizeof(*kept));

	for (unsigned i = 0; i < length; i++)
		kept[i] = keep(plan, names[i]);
	kept[length] = NULL;
	return kept;
}

static bool names_trigger(const json_t *triggers, const char *table)
{
	static const char *const keys[] = {"all", "any"};
	size_t index, at;
	const json_t *trigger, *name;

	json_array_foreach(triggers, index, trigger)
	{
		const char *type = json_string_value(json_object_get(trigger, "type"));

		if (g_strcmp0(type, "tables") != 0 ||
			json_is_true(json_object_get(trigger, "disabled")))
			continue;
		for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
			json_array_foreach(json_object_get(trigger, keys[i]), at, name)
			{
				if (json_is_string(name) &&
					g_ascii_strcasecmp(json_string_value(name), table) == 0)
					return true;
			}
		}
	}
	return false;
}

// Of a script all reads start it, of others those that a trigger names.
static const bool *keep_starts(Plan *plan, const PlanLiveFlow *was, const LayoutFlow *flow)
{
	bool *starts = arena_take(&plan->arena, flow->reads_length * sizeof(*starts) + 1);
	json_auto_t *triggers = was->triggers == NULL ? NULL : json_loads(was->triggers, 0, NULL);

	for (unsigned i = 0; i < flow->reads_length; i++)
		starts[i] = was->flow != NULL
				    ? was->flow->starts[i]
				    : was->generated || names_trigger(triggers, flow->reads[i]);
	return starts;
}

static unsigned split(Plan *plan, const char *joined, const char *const **ret_names)
{
	g_auto(GStrv) names = g_strsplit(joined != NULL ? joined : "", "\n", -1);
	unsigned length = g_strv_length(names);

	*ret_names = keep_names(plan, (const char *const *)names, length);
	return length;
}

static void keep_list(Plan *plan, LayoutFlow *flow, const LayoutReference *list, unsigned length)
{
	LayoutReference *kept = arena_take(&plan->arena, length * sizeof(*kept) + 1);

	for (unsigned i = 0; i < length; i++) {
		kept[i] = list[i];
		kept[i].table = keep(plan, list[i].table);
		kept[i].connection = keep(plan, list[i].connection);
	}
	flow->references = kept;
	flow->references_length = length;
}

// What the checks of a flow looked into that only the store knows: asked for when those of its new form do.
static void keep_stored_references(
	Plan *plan, PlanLive *live, LayoutFlow *flow, const LayoutFlow *after)
{
	g_autoptr(GArray) list = NULL;
	g_autofree char *text = NULL;
	json_auto_t *definition = NULL;
	const json_t *task;
	size_t index;

	if (after == NULL || after->references_length == 0)
		return;
	text = live->definition(live, flow->namespace, flow->id, NULL);
	definition = text == NULL ? NULL : json_loads(text, 0, NULL);
	list = g_array_new(FALSE, FALSE, sizeof(LayoutReference));
	json_array_foreach(json_object_get(definition, "tasks"), index, task)
	{
		const char *connection = json_string_value(json_object_get(task, "connection"));

		references_of_checks(json_object_get(task, "checks"),
			connection != NULL ? connection : "default", list);
	}
	keep_list(plan, flow, (const LayoutReference *)(const void *)list->data, list->len);
	references_clear(list);
}

// A copy of what counts: the live side may be gone before the plan.
static const LayoutFlow *keep_flow(Plan *plan, PlanLive *live, const PlanLiveFlow *was,
	const LayoutFlow *after, const char *domain)
{
	LayoutFlow *flow = arena_take(&plan->arena, sizeof(*flow));
	const LayoutFlow *made = was->flow;

	memset(flow, 0, sizeof(*flow));
	flow->namespace = keep(plan, was->namespace);
	flow->id = keep(plan, was->id);
	flow->path = keep(plan, was->path != NULL ? was->path : "");
	flow->line = made != NULL ? made->line : was->line;
	flow->domain = domain;
	flow->target = keep(plan, made != NULL ? made->target : was->target);
	if (made != NULL) {
		flow->reads_length = made->reads_length;
		flow->writes_length = made->writes_length;
		flow->reads = keep_names(plan, made->reads, made->reads_length);
		flow->writes = keep_names(plan, made->writes, made->writes_length);
		keep_list(plan, flow, made->references, made->references_length);
	} else {
		flow->reads_length = split(plan, was->reads, &flow->reads);
		flow->writes_length = split(plan, was->writes, &flow->writes);
		keep_stored_references(plan, live, flow, after);
	}
	flow->references_path = flow->path;
	flow->connection = keep(plan, made != NULL ? made->connection : was->connection);
	flow->starts = keep_starts(plan, was, flow);
	return flow;
}

// ---- What differs -------------------------------------------------------------------------------------------------

static bool same_names(const char *const *a, const char *const *b, unsigned length)
{
	for (unsigned i = 0; i < length; i++) {
		if (strcmp(a[i], b[i]) != 0)
			return false;
	}
	return true;
}

static bool same_references(const LayoutFlow *a, const LayoutFlow *b)
{
	if (a->references_length != b->references_length)
		return false;
	for (unsigned i = 0; i < a->references_length; i++) {
		if (strcmp(a->references[i].table, b->references[i].table) != 0 ||
			strcmp(a->references[i].connection, b->references[i].connection) != 0)
			return false;
	}
	return true;
}

static bool same_edges(const LayoutFlow *a, const LayoutFlow *b)
{
	return g_strcmp0(a->connection, b->connection) == 0 && same_references(a, b) &&
	       a->reads_length == b->reads_length && a->writes_length == b->writes_length &&
	       same_names(a->reads, b->reads, a->reads_length) &&
	       same_names(a->writes, b->writes, a->writes_length) &&
	       (a->reads_length == 0 || memcmp(a->starts, b->starts, a->reads_length) == 0);
}

static void add_edge(Plan *plan, const LayoutFlow *before, const LayoutFlow *after)
{
	const PlanEdge edge = {before, after};

	g_array_append_val(plan->edges, edge);
}

static void note_flow(Plan *plan, PlanLive *live, const PlanDomain *domain, const PlanLiveFlow *was,
	const LayoutFlow *flow)
{
	const LayoutFlow *before;

	if (was == NULL) {
		add_edge(plan, NULL, flow);
		return;
	}
	// The same meaning reads and writes the same.
	if (flow != NULL && (was->digest == flow->digest || strcmp(was->digest, flow->digest) == 0))
		return;
	if (flow != NULL && was->flow != NULL && same_edges(was->flow, flow))
		return;
	before = keep_flow(plan, live, was, flow, domain->name);
	if (flow == NULL || !same_edges(before, flow))
		add_edge(plan, before, flow);
}

void plan_note_edges(Plan *plan, PlanLive *live, PlanDomain *domain, const GArray *flows)
{
	PlanMerge merge = {flows, domain->layout, 0, 0};
	const PlanLiveFlow *was;
	const LayoutFlow *flow;

	domain->first_edge = plan->edges->len;
	domain->edges_known = true;
	while (plan_merge_next(&merge, &was, &flow))
		note_flow(plan, live, domain, was, flow);
	domain->edges = plan->edges->len - domain->first_edge;
}
