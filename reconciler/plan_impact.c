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

	if (change->resource == PLAN_DOMAIN || change->class == PLAN_COSMETIC)
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
