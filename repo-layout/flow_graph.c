#include "repo-layout/flow_graph.h"

#include "repo-layout/layout_private.h"

#include <string.h>

struct FlowGraph {
	const Layout *layout;
	GHashTable *out; // const LayoutFlow *
	GHashTable *writers,
		*readers; // name of a table, in any letters -> GPtrArray of const LayoutFlow * put in
};

static unsigned hash_name(const void *name)
{
	unsigned hash = 5381;

	for (const char *at = name; *at != '\0'; at++)
		hash = hash * 33 + (unsigned char)g_ascii_tolower(*at);
	return hash;
}

static gboolean same_name(const void *a, const void *b)
{
	return g_ascii_strcasecmp(a, b) == 0;
}

static GHashTable *table_new(void)
{
	return g_hash_table_new_full(hash_name, same_name, NULL, (GDestroyNotify)g_ptr_array_unref);
}

FlowGraph *flow_graph_new(const Layout *layout)
{
	FlowGraph *graph = g_new0(FlowGraph, 1);

	graph->layout = layout;
	graph->out = g_hash_table_new(NULL, NULL);
	graph->writers = table_new();
	graph->readers = table_new();
	return graph;
}

void flow_graph_free(FlowGraph *graph)
{
	if (graph == NULL)
		return;
	g_hash_table_unref(graph->out);
	g_hash_table_unref(graph->writers);
	g_hash_table_unref(graph->readers);
	g_free(graph);
}

void flow_graph_leave_out(FlowGraph *graph, const LayoutFlow *flow)
{
	g_hash_table_add(graph->out, (void *)(uintptr_t)flow);
}

void flow_graph_take_in(FlowGraph *graph, const LayoutFlow *flow)
{
	g_hash_table_remove(graph->out, flow);
}

bool flow_graph_has(const FlowGraph *graph, const LayoutFlow *flow)
{
	return !g_hash_table_contains(graph->out, flow);
}

static void put_name(GHashTable *table, const char *name, const LayoutFlow *flow)
{
	GPtrArray *flows = g_hash_table_lookup(table, name);

	if (flows == NULL) {
		flows = g_ptr_array_new();
		g_hash_table_insert(table, (void *)(uintptr_t)name, flows);
	}
	g_ptr_array_add(flows, (void *)(uintptr_t)flow);
}

void flow_graph_put(FlowGraph *graph, const LayoutFlow *flow)
{
	for (unsigned i = 0; i < flow->writes_length; i++)
		put_name(graph->writers, flow->writes[i], flow);
	for (unsigned i = 0; i < flow->reads_length; i++)
		put_name(graph->readers, flow->reads[i], flow);
}

// The list stays, empty as it may be: its name may be that of another flow's.
static void remove_name(GHashTable *table, const char *name, const LayoutFlow *flow)
{
	GPtrArray *flows = g_hash_table_lookup(table, name);

	if (flows != NULL)
		g_ptr_array_remove(flows, (void *)(uintptr_t)flow);
}

void flow_graph_remove(FlowGraph *graph, const LayoutFlow *flow)
{
	for (unsigned i = 0; i < flow->writes_length; i++)
		remove_name(graph->writers, flow->writes[i], flow);
	for (unsigned i = 0; i < flow->reads_length; i++)
		remove_name(graph->readers, flow->reads[i], flow);
}

static const GPtrArray *lookup(GHashTable *table, const char *name)
{
	return g_hash_table_size(table) == 0 ? NULL : g_hash_table_lookup(table, name);
}

FlowWalk flow_graph_producers(const FlowGraph *graph, const char *table)
{
	return (FlowWalk){.graph = graph,
		.entry = table_index_find(graph->layout->index, table),
		.put = lookup(graph->writers, table)};
}

FlowWalk flow_graph_readers(const FlowGraph *graph, const char *table)
{
	return (FlowWalk){.graph = graph,
		.entry = table_index_find(graph->layout->index, table),
		.put = lookup(graph->readers, table),
		.readers = true};
}

static unsigned own_length(const FlowWalk *walk)
{
	const TableEntry *entry = walk->entry;

	if (entry == NULL)
		return 0;
	if (walk->readers)
		return entry->readers_length;
	return (entry->producer != NULL) + (entry->others == NULL ? 0 : entry->others->len);
}

static const LayoutFlow *own_at(const FlowWalk *walk, unsigned index)
{
	const TableEntry *entry = walk->entry;

	if (walk->readers)
		return entry->readers[index];
	return index == 0 ? &entry->producer->flow
			  : &((const Unit *)entry->others->pdata[index - 1])->flow;
}

const LayoutFlow *flow_walk_next(FlowWalk *walk)
{
	unsigned length = own_length(walk);

	while (walk->at < length) {
		const LayoutFlow *flow = own_at(walk, walk->at++);

		if (g_hash_table_size(walk->graph->out) == 0 ||
			!g_hash_table_contains(walk->graph->out, flow))
			return flow;
	}
	if (walk->put == NULL || walk->at - length >= walk->put->len)
		return NULL;
	return walk->put->pdata[walk->at++ - length];
}
