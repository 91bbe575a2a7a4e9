#include "api/handlers.h"
#include "api/lists.h"
#include "api/values.h"
#include "store/flow.h"
#include "store/table.h"
#include <string.h>

#define MOST_ITEMS 1000

// A walk away from a table, ring by ring, in one of both directions.
typedef struct {
	const ApiRequest *request;
	json_t *items;
	GHashTable *seen; // what is in items: "table flow"
	int64_t depth;
	bool truncated;
} Walk;

// Gives the neighbours of one table to the walk, and the names of the tables where it goes on to next (of char *).
typedef bool (*Step)(Walk *walk, const char *table, GPtrArray *next, GError **error);

static void add_item(Walk *walk, const char *table, const StoreFlow *flow, GPtrArray *next)
{
	g_autofree char *key = g_strdup_printf("%s %s.%s", table != NULL ? table : "",
		flow != NULL ? flow->namespace : "", flow != NULL ? flow->id : "");

	if (json_array_size(walk->items) == MOST_ITEMS) {
		walk->truncated = true;
		return;
	}
	if (!g_hash_table_add(walk->seen, g_steal_pointer(&key)))
		return;
	json_array_append_new(walk->items,
		json_pack("{s:o, s:o, s:o, s:I}", "table", value_text(table), "flow",
			flow != NULL ? value_flow_name(flow->namespace, flow->id) : json_null(),
			"domain", value_text(flow != NULL ? flow->domain : NULL), "depth",
			(json_int_t)walk->depth));
	if (table != NULL)
		g_ptr_array_add(next, g_strdup(table));
}

static bool flow_of(
	Walk *walk, const char *namespace, const char *id, StoreFlow **ret_flow, GError **error)
{
	*ret_flow = NULL;
	return id == NULL || store_flow_get(walk->request->store, namespace, id, ret_flow, error);
}

// The tables that a flow reads, each with the flow that makes it.
static bool add_inputs(Walk *walk, const StoreTable *table, GPtrArray *next, GError **error)
{
	g_autoptr(GPtrArray) inputs = NULL;

	if (!store_flow_inputs(walk->request->store, table->namespace, table->flow, &inputs, error))
		return false;
	for (guint i = 0; i < inputs->len; i++) {
		const StoreFlowInput *input = g_ptr_array_index(inputs, i);
		g_autoptr(StoreFlow) maker = NULL;

		if (!flow_of(walk, input->namespace, input->flow, &maker, error))
			return false;
		add_item(walk, input->name, maker, next);
	}
	return true;
}

static bool step_upstream(Walk *walk, const char *name, GPtrArray *next, GError **error)
{
	g_autoptr(StoreTable) table = NULL;

	if (!store_table_get(walk->request->store, name, &table, error))
		return false;
	return table == NULL || table->flow == NULL || add_inputs(walk, table, next, error);
}

static bool add_reader(Walk *walk, const StoreReader *reader, GPtrArray *next, GError **error)
{
	g_autoptr(StoreFlow) flow = NULL;

	if (!flow_of(walk, reader->namespace, reader->flow, &flow, error))
		return false;
	if (flow == NULL)
		return true;
	if (flow->writes == NULL || *flow->writes == '\0') {
		add_item(walk, flow->target, flow, next);
		return true;
	}
	g_auto(GStrv) writes = g_strsplit(flow->writes, "\n", -1);
	for (char **table = writes; *table != NULL; table++) {
		if (**table != '\0')
			add_item(walk, *table, flow, next);
	}
	return true;
}

static bool step_downstream(Walk *walk, const char *name, GPtrArray *next, GError **error)
{
	g_autoptr(GPtrArray) readers = NULL;

	if (!store_table_readers(walk->request->store, name, &readers, error))
		return false;
	for (guint i = 0; i < readers->len; i++) {
		if (!add_reader(walk, g_ptr_array_index(readers, i), next, error))
			return false;
	}
	return true;
}

static bool walk_from(Walk *walk, const char *table, Step step, GError **error)
{
	g_autoptr(GPtrArray) ring = g_ptr_array_new_with_free_func(g_free);
	int64_t deepest = request_number(walk->request, "depth");

	g_ptr_array_add(ring, g_strdup(table));
	for (walk->depth = 1; walk->depth <= deepest && ring->len > 0; walk->depth++) {
		g_autoptr(GPtrArray) next = g_ptr_array_new_with_free_func(g_free);

		for (guint i = 0; i < ring->len; i++) {
			if (!step(walk, g_ptr_array_index(ring, i), next, error))
				return false;
		}
		g_ptr_array_unref(ring);
		ring = g_steal_pointer(&next);
	}
	return true;
}

static json_t *walk_document(
	const ApiRequest *request, const char *table, Step step, bool *truncated, GError **error)
{
	Walk walk = {.request = request, .items = json_array()};
	bool done;

	walk.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	done = walk_from(&walk, table, step, error);
	g_hash_table_unref(walk.seen);
	*truncated |= walk.truncated;
	if (!done)
		g_clear_pointer(&walk.items, json_decref);
	return walk.items;
}

json_t *get_table_lineage(const ApiRequest *request, GError **error)
{
	g_autofree char *name = g_strdup_printf(
		"%s.%s", request_text(request, "dataset"), request_text(request, "table"));
	g_autoptr(StoreTable) table = NULL;
	g_autoptr(GPtrArray) readers = NULL;
	bool truncated = false;
	json_t *upstream;
	json_t *downstream;

	if (!store_table_get(request->store, name, &table, error) ||
		!store_table_readers(request->store, name, &readers, error))
		return NULL;
	if (table == NULL && readers->len == 0) {
		api_error_set(
			error, API_NOT_FOUND, "unknown-table", "there is no table '%s'", name);
		return NULL;
	}
	upstream = walk_document(request, name, step_upstream, &truncated, error);
	downstream = upstream != NULL
			     ? walk_document(request, name, step_downstream, &truncated, error)
			     : NULL;
	if (downstream == NULL) {
		json_decref(upstream);
		return NULL;
	}
	return json_pack("{s:o, s:o, s:o, s:b}", "table", value_text(name), "upstream", upstream,
		"downstream", downstream, "truncated", truncated);
}

static json_t *edges_document(const void *row)
{
	const StoreFlow *flow = row;

	return json_pack("{s:o, s:o, s:o, s:o, s:b}", "flow",
		value_flow_name(flow->namespace, flow->id), "domain", value_text(flow->domain),
		"reads", value_lines(flow->reads), "writes", value_lines(flow->writes), "opaque",
		flow->opaque);
}

json_t *get_lineage(const ApiRequest *request, GError **error)
{
	const StoreFlowFilter filter = {.namespace = request_text(request, "namespace")};

	return list_flows(request, &filter, edges_document, error);
}
