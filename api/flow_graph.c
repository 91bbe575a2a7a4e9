#include "api/flow_graph.h"

#include <stdbool.h>
#include <string.h>

#define DEEPEST 64

typedef struct {
	json_t *nodes;
	json_t *edges;
	int depth;
} Graph;

// The keys under which a flow or a task has tasks.
static const char *const branches[] = {
	"tasks", "errors", "finally", "afterExecution", "then", "else", "defaults", "cases", NULL};

// Types whose children do not wait for one another.
static const char *const unordered_types[] = {"parallel", "dag", NULL};

static void add_children(Graph *graph, const json_t *owner);

static bool is_ordered(const json_t *owner, const char *branch)
{
	const char *type = json_string_value(json_object_get(owner, "type"));

	if (type == NULL || strcmp(branch, "tasks") != 0)
		return true;
	for (const char *const *unordered = unordered_types; *unordered != NULL; unordered++) {
		if (strcmp(type, *unordered) == 0)
			return false;
	}
	return true;
}

static void add_edge(Graph *graph, const char *from, const char *to)
{
	json_array_append_new(graph->edges, json_pack("{s:s, s:s}", "from", from, "to", to));
}

static void add_dependencies(Graph *graph, const json_t *task, const char *id)
{
	const json_t *name;
	size_t i;

	json_array_foreach(json_object_get(task, "dependsOn"), i, name)
	{
		if (json_is_string(name))
			add_edge(graph, json_string_value(name), id);
	}
}

// Adds one task and what is in it; returns its id, NULL for what is no task.
static const char *add_task(
	Graph *graph, const json_t *task, const json_t *owner, const char *branch)
{
	const json_t *inner = json_object_get(task, "task"); // of a dag: {task, dependsOn}
	const char *parent = json_string_value(json_object_get(owner, "id"));
	const char *id;
	const char *type;

	if (json_is_object(inner)) {
		id = add_task(graph, inner, owner, branch);
		if (id != NULL)
			add_dependencies(graph, task, id);
		return id;
	}
	id = json_string_value(json_object_get(task, "id"));
	type = json_string_value(json_object_get(task, "type"));
	if (id == NULL || type == NULL)
		return NULL;
	json_array_append_new(graph->nodes,
		json_pack("{s:s, s:s, s:s?, s:s}", "id", id, "type", type, "parent",
			json_object_get(owner, "type") != NULL ? parent : NULL, "branch", branch));
	add_dependencies(graph, task, id);
	add_children(graph, task);
	return id;
}

static void add_list(Graph *graph, const json_t *list, const json_t *owner, const char *branch)
{
	const char *before = NULL;
	const json_t *task;
	size_t i;

	json_array_foreach(list, i, task)
	{
		const char *id = add_task(graph, task, owner, branch);

		if (id == NULL)
			continue;
		if (before != NULL && is_ordered(owner, branch))
			add_edge(graph, before, id);
		before = id;
	}
}

static void add_children(Graph *graph, const json_t *owner)
{
	if (graph->depth == DEEPEST)
		return;
	graph->depth++;
	for (const char *const *branch = branches; *branch != NULL; branch++) {
		json_t *list = json_object_get(owner, *branch);
		const char *name;
		json_t *one;

		if (json_is_array(list))
			add_list(graph, list, owner, *branch);
		json_object_foreach(list, name, one) add_list(graph, one, owner, name);
	}
	graph->depth--;
}

json_t *flow_graph_document(const json_t *definition)
{
	Graph graph = {json_array(), json_array(), 0};

	add_children(&graph, definition);
	return json_pack("{s:o, s:o}", "nodes", graph.nodes, "edges", graph.edges);
}
