#include "reconciler/plan_internal.h"

#include <string.h>

static int order_flows(const void *left, const void *right)
{
	const LayoutFlow *const *a = left, *const *b = right;
	int by = strcmp((*a)->namespace, (*b)->namespace);

	return by != 0 ? by : strcmp((*a)->id, (*b)->id);
}

// The flows that the plan creates: nobody reads what they make yet, so that looking further ends there.
static GHashTable *created_flows(const Plan *plan)
{
	GHashTable *created = g_hash_table_new(NULL, NULL);

	for (guint i = 0; i < plan->changes->len; i++) {
		const PlanChange *change = plan_change_at(plan, i);

		if (change->resource == PLAN_FLOW && change->action == PLAN_CREATE)
			g_hash_table_add(created, (void *)(uintptr_t)change->flow);
	}
	return created;
}

static void add_readers(const Plan *plan, const char *table, GHashTable *seen, GHashTable *created,
	GPtrArray *found)
{
	size_t length = 0;
	const LayoutFlow *const *readers = layout_readers(plan->layout, table, &length);

	for (size_t i = 0; i < length; i++) {
		void *reader = (void *)(uintptr_t)readers[i];

		if (!g_hash_table_contains(created, reader) && g_hash_table_add(seen, reader))
			g_ptr_array_add(found, reader);
	}
}

GPtrArray *plan_change_impact(const Plan *plan, const PlanChange *change, guint limit)
{
	GPtrArray *found = g_ptr_array_new();
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
	g_autoptr(GHashTable) created = created_flows(plan);
	bool is_table = change->resource == PLAN_TABLE || change->resource == PLAN_VIEW;

	if (*change->scope == '\0' || change->class == PLAN_COSMETIC)
		return found;
	if (change->flow != NULL) {
		g_hash_table_add(seen, (void *)(uintptr_t)change->flow);
		for (unsigned i = 0; i < change->flow->writes_length; i++)
			add_readers(plan, change->flow->writes[i], seen, created, found);
	} else if (is_table || change->resource == PLAN_FLOW) {
		// A generated flow has the name of the table that it makes.
		g_autofree char *table = g_strdup_printf("%s.%s", change->scope, change->name);

		add_readers(plan, table, seen, created, found);
	}
	for (guint i = 0; i < found->len && (limit == 0 || found->len < limit); i++) {
		const LayoutFlow *flow = found->pdata[i];

		for (unsigned j = 0; j < flow->writes_length; j++)
			add_readers(plan, flow->writes[j], seen, created, found);
	}
	if (limit > 0 && found->len > limit)
		g_ptr_array_set_size(found, (gint)limit);
	g_ptr_array_sort(found, order_flows);
	return found;
}

// ---- What runs ----------------------------------------------------------------------------------------------------

// What runs because of a plan, found wave by wave.
typedef struct {
	const Plan *plan;
	GHashTable *running; // LayoutFlow *
	GHashTable *published; // names of the tables that these make
	GPtrArray *found; // LayoutFlow *, in the order they were found
} Runs;

// What nobody makes does not hold a flow up.
static bool all_published(const Runs *runs, const json_t *tables)
{
	bool any = false;
	const json_t *table;
	size_t i;

	json_array_foreach(tables, i, table)
	{
		const char *name = json_string_value(table);
		bool there = name != NULL && g_hash_table_contains(runs->published, name);

		if (!there && name != NULL && layout_producer(runs->plan->layout, name) != NULL)
			return false;
		any = any || there;
	}
	return any;
}

static bool any_published(const Runs *runs, const json_t *tables)
{
	const json_t *table;
	size_t i;

	json_array_foreach(tables, i, table)
	{
		if (json_is_string(table) &&
			g_hash_table_contains(runs->published, json_string_value(table)))
			return true;
	}
	return false;
}

// Whether what is published satisfies one of the flow's triggers (reconciler/trigger.h has the same rule over sequences).
static bool is_started(const Runs *runs, const LayoutFlow *flow)
{
	g_autofree char *made = NULL;
	const char *text = layout_flow_definition_peek(runs->plan->layout, flow, &made, NULL);
	json_auto_t *definition = text == NULL ? NULL : json_loads(text, 0, NULL);
	const json_t *trigger;
	size_t i;

	json_array_foreach(json_object_get(definition, "triggers"), i, trigger)
	{
		if (g_strcmp0(json_string_value(json_object_get(trigger, "type")), "tables") == 0 &&
			!json_is_true(json_object_get(trigger, "disabled")) &&
			(all_published(runs, json_object_get(trigger, "all")) ||
				any_published(runs, json_object_get(trigger, "any"))))
			return true;
	}
	return false;
}

static void add_run(Runs *runs, const LayoutFlow *flow)
{
	if (!g_hash_table_add(runs->running, (void *)(uintptr_t)flow))
		return;
	g_ptr_array_add(runs->found, (void *)(uintptr_t)flow);
	for (unsigned i = 0; i < flow->writes_length; i++)
		g_hash_table_add(runs->published, (void *)(uintptr_t)flow->writes[i]);
}

static void add_built(Runs *runs)
{
	for (guint i = 0; i < runs->plan->domains->len; i++) {
		const PlanDomain *domain = plan_domain_at(runs->plan, i);

		for (guint j = 0; j < domain->count && !plan_stays(domain); j++) {
			const PlanChange *change = plan_change_at(runs->plan, domain->first + j);

			if (change->reruns)
				add_run(runs, change->flow);
		}
	}
}

// Those that what the flow makes starts. One that waits for more is looked at again when that is published.
static void add_started(Runs *runs, const LayoutFlow *flow)
{
	for (unsigned i = 0; i < flow->writes_length; i++) {
		size_t length = 0;
		const LayoutFlow *const *readers =
			layout_readers(runs->plan->layout, flow->writes[i], &length);

		for (size_t j = 0; j < length; j++) {
			if (!readers[j]->disabled &&
				!g_hash_table_contains(runs->running, readers[j]) &&
				is_started(runs, readers[j]))
				add_run(runs, readers[j]);
		}
	}
}

GPtrArray *plan_reruns(const Plan *plan)
{
	g_autoptr(GHashTable) running = g_hash_table_new(NULL, NULL);
	g_autoptr(GHashTable) published = g_hash_table_new(g_str_hash, g_str_equal);
	Runs runs = {plan, running, published, g_ptr_array_new()};

	add_built(&runs);
	for (guint i = 0; i < runs.found->len; i++)
		add_started(&runs, runs.found->pdata[i]);
	g_ptr_array_sort(runs.found, order_flows);
	return runs.found;
}
