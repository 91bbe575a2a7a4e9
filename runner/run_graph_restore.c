#include "runner/run_graph_internal.h"

// The number of a value among those of an open foreach; UINT32_MAX when it is not one of them.
static uint32_t value_find(RunContainer *container, const char *value)
{
	guint found;

	if (container->value_index == NULL) {
		container->value_index = g_hash_table_new(g_str_hash, g_str_equal);
		for (guint i = 0; i < container->values->len; i++)
			g_hash_table_insert(container->value_index, container->values->pdata[i],
				GUINT_TO_POINTER(i + 1));
	}
	found = GPOINTER_TO_UINT(g_hash_table_lookup(container->value_index, value));
	return found == 0 ? UINT32_MAX : found - 1;
}

static void value_restore(RunGraph *graph, RunNode *parent, RunNode *node, const char *value)
{
	RunContainer *container = parent->container;
	char *copy;

	if (value == NULL)
		return;
	if (container != NULL && container->values != NULL) {
		node->value_index = value_find(container, value);
		if (node->value_index != UINT32_MAX) {
			node->value = container->values->pdata[node->value_index];
			return;
		}
	}
	// Its container has ended: nothing but the text is wanted.
	if (graph->restored_values == NULL)
		graph->restored_values =
			g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	copy = g_hash_table_lookup(graph->restored_values, value);
	if (copy == NULL) {
		copy = g_strdup(value);
		g_hash_table_insert(graph->restored_values, copy, copy);
	}
	node->value = copy;
}

static void tail_set(RunContainer *container, RunNode *node)
{
	guint index = container->shape == SHAPE_FOREACH ? node->value_index : 0;

	if (container->tails == NULL)
		container->tails = g_ptr_array_new();
	if (index >= container->tails->len)
		g_ptr_array_set_size(container->tails, (gint)index + 1);
	container->tails->pdata[index] = node;
}

// Moves the parent's cursor past a child that is there already.
static void parent_restore(RunNode *parent, RunNode *node)
{
	RunContainer *container = parent->container;

	if (container == NULL)
		return;
	container->live++;
	if (node->branch == RUN_BRANCH_ASIDE)
		return;
	if (node->branch > container->branch) {
		container->branch = node->branch;
		container->next = 0;
		container->unhandled &= node->branch != RUN_BRANCH_ERRORS;
	}
	if (node->branch != container->branch)
		return;
	if (node->branch == RUN_BRANCH_MAIN && container->shape == SHAPE_DAG) {
		container->waits[node->position] = UINT32_MAX;
	} else if (node->branch == RUN_BRANCH_MAIN && container->shape == SHAPE_FOREACH) {
		uint32_t next = node->value_index + 1;

		if (container->flat)
			next = node->value_index * container->tasks->len + node->position + 1;
		container->next = MAX(container->next, next);
		if (!container->flat && node->value_index != UINT32_MAX)
			tail_set(container, node);
	} else {
		container->next = MAX(container->next, node->position + 1);
	}
	if (container->shape == SHAPE_LOOP && node->branch == RUN_BRANCH_MAIN)
		container->round = MAX(container->round, node->iteration);
}

RunNode *run_graph_restore(RunGraph *graph, RunNode *parent, const Task *task, RunBranch branch,
	const char *value, uint32_t iteration, RunState state, const RunOpening *opening)
{
	RunNode *node;

	if (parent->container == NULL) {
		// A child of a container that has ended.
		static RunContainer none;

		parent->container = &none;
		node = run_graph_node_new(graph, parent, task, branch);
		parent->container = NULL;
	} else {
		node = run_graph_node_new(graph, parent, task, branch);
	}
	node->state = (uint8_t)state;
	node->iteration = iteration;
	value_restore(graph, parent, node, value);
	parent_restore(parent, node);
	if (opening != NULL) {
		run_graph_attach(graph, node, opening);
		node->container->restored = true;
		node->container->deciding = state == RUN_PAUSED;
	}
	graph->root->container->restored = true;
	return node;
}

void run_graph_restore_closed(RunNode *node, RunState state)
{
	if (state == RUN_WARNING)
		node->container->warned = true;
	else if (state != RUN_SUCCESS)
		run_graph_note_close(node->container, state);
}

// A foreach whose values stopped between two tasks goes on with them.
static void foreach_resume(RunGraph *graph, RunNode *node)
{
	RunContainer *container = node->container;

	for (guint i = 0; container->tails != NULL && i < container->tails->len; i++) {
		const RunNode *tail = container->tails->pdata[i];
		uint32_t position;

		if (tail == NULL)
			continue;
		if (!run_state_is_ended((RunState)tail->state)) {
			container->groups++;
			continue;
		}
		position = run_graph_next_enabled(container->tasks, tail->position + 1);
		if (position >= container->tasks->len || container->stopped || graph->killing)
			continue;
		container->groups++;
		run_graph_child_start(
			graph, node, container->tasks->pdata[position], RUN_BRANCH_MAIN, i);
	}
}

// The children of a dag that became ready and were not started yet. Their counts were taken down as the ends of the others
// were counted; those already there are marked.
static void dag_resume(RunContainer *container)
{
	GArray *ready = container->ready;
	guint kept = 0;

	for (guint i = 0; i < ready->len; i++) {
		uint32_t position = g_array_index(ready, uint32_t, i);

		if (container->waits[position] == 0)
			g_array_index(ready, uint32_t, kept++) = position;
	}
	g_array_set_size(ready, kept);
	container->next = 0;
}

static void container_resume(RunGraph *graph, RunNode *node)
{
	RunContainer *container = node->container;

	container->restored = false;
	if (container->branch == RUN_BRANCH_MAIN && container->shape == SHAPE_FOREACH &&
		!container->flat)
		foreach_resume(graph, node);
	if (container->branch == RUN_BRANCH_MAIN && container->shape == SHAPE_DAG)
		dag_resume(container);
	g_clear_pointer(&container->tails, g_ptr_array_unref);
	g_clear_pointer(&container->value_index, g_hash_table_unref);
	run_graph_container_step(graph, node);
}

// Whether a child that ended did so inside a container that handled its failure: one whose errors have run.
static bool was_handled(const RunNode *node, GHashTable *handlers)
{
	return node->state == RUN_FAILED && g_hash_table_contains(handlers, node);
}

// Containers that had errors run below or in them without a failure outside: known from the task runs themselves.
static void handlers_collect(RunGraph *graph, GHashTable *handlers)
{
	for (guint i = 0; i < graph->nodes->len; i++) {
		RunNode *node = graph->nodes->pdata[i];

		if (node->branch == RUN_BRANCH_ERRORS)
			g_hash_table_add(handlers, node->parent);
	}
	// Upwards, deepest first: a container whose failed main tasks were all handled is handled itself.
	for (guint i = graph->nodes->len; i-- > 0;) {
		RunNode *node = graph->nodes->pdata[i];

		if (node->branch == RUN_BRANCH_MAIN && was_handled(node, handlers))
			g_hash_table_add(handlers, node->parent);
	}
	for (guint i = 0; i < graph->nodes->len; i++) {
		RunNode *node = graph->nodes->pdata[i];

		if (node->branch == RUN_BRANCH_MAIN && node->state == RUN_FAILED &&
			!was_handled(node, handlers) && node->parent->task != NULL &&
			node->parent->task->errors == NULL)
			g_hash_table_remove(handlers, node->parent);
	}
}

void run_graph_resume(RunGraph *graph, bool settled, RunState state)
{
	g_autoptr(GHashTable) handlers = g_hash_table_new(NULL, NULL);
	guint restored = graph->nodes->len;

	handlers_collect(graph, handlers);
	for (guint i = 0; i < restored; i++) {
		RunNode *node = graph->nodes->pdata[i];
		RunContainer *container = node->parent->container;

		node->handled = was_handled(node, handlers);
		if (container == NULL || !run_state_is_ended((RunState)node->state))
			continue;
		run_graph_count_end(container, node);
		if (container->shape == SHAPE_DAG && node->branch == RUN_BRANCH_MAIN &&
			!container->stopped)
			run_graph_dag_release(container, node->position);
	}
	// The errors of a container that has entered them have taken over what failed.
	for (guint i = restored; i-- > 0;) {
		RunNode *node = graph->nodes->pdata[i];

		if (node->container != NULL && node->container->branch != RUN_BRANCH_MAIN &&
			g_hash_table_contains(handlers, node))
			node->container->unhandled = false;
	}
	for (guint i = restored; i-- > 0;) {
		RunNode *node = graph->nodes->pdata[i];

		if (node->container != NULL)
			container_resume(graph, node);
	}
	if (g_hash_table_contains(handlers, graph->root) &&
		graph->root->container->branch != RUN_BRANCH_MAIN)
		graph->root->container->unhandled = false;
	if (settled && graph->root->container->branch != RUN_BRANCH_AFTER) {
		graph->root->container->restored = false;
		run_graph_close(graph, graph->root, state);
		return;
	}
	graph->root->state = (uint8_t)(settled ? state : RUN_RUNNING);
	container_resume(graph, graph->root);
}
