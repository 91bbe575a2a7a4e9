#include "runner/run_graph_internal.h"

#include <string.h>

static const struct {
	const char *kind;
	Shape shape;
} shapes[] = {
	{"sequential", SHAPE_SEQUENCE},
	{"parallel", SHAPE_PARALLEL},
	{"foreach", SHAPE_FOREACH},
	{"if", SHAPE_SEQUENCE},
	{"switch", SHAPE_SEQUENCE},
	{"dag", SHAPE_DAG},
	{"allow-failure", SHAPE_SEQUENCE},
	{"working-directory", SHAPE_CLOSED},
	{"loop-until", SHAPE_LOOP},
};

static bool has_tasks(const GPtrArray *list)
{
	return list != NULL && list->len > 0;
}

// A pause with nothing in it is a leaf.
static bool is_held(const Task *task)
{
	return strcmp(task->kind->name, "pause") == 0 &&
	       (has_tasks(task->tasks) || has_tasks(task->errors) || has_tasks(task->finally) ||
		       has_tasks(task->aside));
}

static Shape shape_of(const Task *task)
{
	for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
		if (strcmp(shapes[i].kind, task->kind->name) == 0)
			return shapes[i].shape;
	}
	return is_held(task) ? SHAPE_HELD : SHAPE_LEAF;
}

static void container_free(RunContainer *container, uint32_t count)
{
	if (container == NULL)
		return;
	if (container->dependants != NULL) {
		for (uint32_t i = 0; i < count; i++) {
			if (container->dependants[i] != NULL)
				g_array_unref(container->dependants[i]);
		}
	}
	g_free(container->dependants);
	g_clear_pointer(&container->ready, g_array_unref);
	g_free(container->waits);
	g_clear_pointer(&container->values, g_ptr_array_unref);
	g_clear_pointer(&container->tails, g_ptr_array_unref);
	g_clear_pointer(&container->value_index, g_hash_table_unref);
	g_free(container);
}

static uint32_t task_count(const RunContainer *container)
{
	return container->tasks == NULL ? 0 : container->tasks->len;
}

static void node_free(RunGraph *graph, RunNode *node)
{
	if (node == NULL)
		return;
	if (node->container != NULL)
		container_free(node->container, task_count(node->container));
	json_decref(node->outputs);
	if (node->extra != NULL && graph->free_extra != NULL)
		graph->free_extra(node->extra);
	g_free(node);
}

// ---- The places of tasks

static void place_list(RunGraph *graph, const GPtrArray *list, RunBranch branch);

static void place_task(RunGraph *graph, const Task *task, uint32_t position, RunBranch branch)
{
	graph->places[task->index] =
		(TaskPlace){position, (uint8_t)branch, (uint8_t)shape_of(task)};
	place_list(graph, task->tasks, RUN_BRANCH_MAIN);
	place_list(graph, task->otherwise, RUN_BRANCH_MAIN);
	place_list(graph, task->defaults, RUN_BRANCH_MAIN);
	for (guint i = 0; task->cases != NULL && i < task->cases->len; i++)
		place_list(
			graph, ((const TaskCase *)task->cases->pdata[i])->tasks, RUN_BRANCH_MAIN);
	place_list(graph, task->errors, RUN_BRANCH_ERRORS);
	place_list(graph, task->finally, RUN_BRANCH_FINALLY);
	place_list(graph, task->aside, RUN_BRANCH_ASIDE);
}

static void place_list(RunGraph *graph, const GPtrArray *list, RunBranch branch)
{
	for (guint i = 0; list != NULL && i < list->len; i++)
		place_task(graph, list->pdata[i], i, branch);
}

RunGraph *run_graph_new(const Flow *flow, GDestroyNotify free_extra)
{
	RunGraph *graph = g_new0(RunGraph, 1);

	graph->flow = flow;
	graph->free_extra = free_extra;
	graph->nodes = g_ptr_array_new();
	graph->places = g_new0(TaskPlace, MAX(flow->task_count, 1));
	place_list(graph, flow->tasks, RUN_BRANCH_MAIN);
	place_list(graph, flow->errors, RUN_BRANCH_ERRORS);
	place_list(graph, flow->finally, RUN_BRANCH_FINALLY);
	place_list(graph, flow->after_execution, RUN_BRANCH_AFTER);
	graph->root = g_new0(RunNode, 1);
	graph->root->state = RUN_RUNNING;
	graph->root->container = g_new0(RunContainer, 1);
	graph->root->container->shape = SHAPE_SEQUENCE;
	graph->root->container->tasks = flow->tasks;
	return graph;
}

void run_graph_free(RunGraph *graph)
{
	if (graph == NULL)
		return;
	// Children refer to the values of their parents: the order does not matter, nothing is read.
	for (guint i = 0; i < graph->nodes->len; i++)
		node_free(graph, graph->nodes->pdata[i]);
	node_free(graph, graph->root);
	g_ptr_array_unref(graph->nodes);
	g_clear_pointer(&graph->restored_values, g_hash_table_unref);
	g_free(graph->places);
	g_free(graph);
}

// ---- Steps that wait

void run_graph_step_push(RunGraph *graph, RunNode *node, RunStepKind kind)
{
	node->step = (uint8_t)kind;
	if (node->queued) // a kill changes what a step that waits is about
		return;
	node->queued = true;
	node->queue_next = NULL;
	if (graph->last != NULL)
		graph->last->queue_next = node;
	else
		graph->first = node;
	graph->last = node;
}

RunNode *run_graph_node_new(RunGraph *graph, RunNode *parent, const Task *task, RunBranch branch)
{
	RunNode *node = g_new0(RunNode, 1);

	node->task = task;
	node->parent = parent;
	node->branch = (uint8_t)branch;
	node->position = graph->places[task->index].position;
	node->state = RUN_CREATED;
	node->iteration =
		parent->container->round > 0 ? parent->container->round : parent->iteration;
	g_ptr_array_add(graph->nodes, node);
	return node;
}

void run_graph_child_start(
	RunGraph *graph, RunNode *parent, const Task *task, RunBranch branch, uint32_t value_index)
{
	RunContainer *container = parent->container;
	RunNode *node = run_graph_node_new(graph, parent, task, branch);

	if (branch == RUN_BRANCH_MAIN && container->values != NULL) {
		node->value = container->values->pdata[value_index];
		node->value_index = value_index;
	}
	container->live++;
	run_graph_step_push(graph, node, RUN_STEP_START);
}

// ---- Starting children. Each starts what may start now and returns; nothing here waits.

// The first task at or after position that is not disabled; the length of the list when there is none.
uint32_t run_graph_next_enabled(const GPtrArray *list, uint32_t position)
{
	while (list != NULL && position < list->len &&
		((const Task *)list->pdata[position])->disabled)
		position++;
	return list == NULL ? 0 : MIN(position, list->len);
}

// Starts the next task of a list that runs one after the other.
static void sequence_advance(
	RunGraph *graph, RunNode *node, const GPtrArray *list, RunBranch branch)
{
	RunContainer *container = node->container;

	if (container->live > 0)
		return;
	container->next = run_graph_next_enabled(list, container->next);
	if (list != NULL && container->next < list->len)
		run_graph_child_start(graph, node, list->pdata[container->next++], branch, 0);
}

static bool has_slot(const RunContainer *container, uint32_t used)
{
	return container->limit == 0 || used < container->limit;
}

static void parallel_advance(RunGraph *graph, RunNode *node)
{
	RunContainer *container = node->container;
	const GPtrArray *list = container->tasks;

	while (has_slot(container, container->live)) {
		container->next = run_graph_next_enabled(list, container->next);
		if (list == NULL || container->next >= list->len)
			return;
		run_graph_child_start(
			graph, node, list->pdata[container->next++], RUN_BRANCH_MAIN, 0);
	}
}

static void foreach_advance(RunGraph *graph, RunNode *node)
{
	RunContainer *container = node->container;
	uint32_t first = run_graph_next_enabled(container->tasks, 0);

	if (first >= task_count(container))
		return;
	while (container->next < container->values->len && has_slot(container, container->groups)) {
		container->groups++;
		run_graph_child_start(graph, node, container->tasks->pdata[first], RUN_BRANCH_MAIN,
			container->next++);
	}
}

// Every task of every value at once: the number of a child is value × tasks + position.
static void flat_advance(RunGraph *graph, RunNode *node)
{
	RunContainer *container = node->container;
	uint32_t tasks = task_count(container);

	while (tasks > 0 && container->next < container->values->len * tasks &&
		has_slot(container, container->live)) {
		const Task *task = container->tasks->pdata[container->next % tasks];
		uint32_t value = container->next++ / tasks;

		if (!task->disabled)
			run_graph_child_start(graph, node, task, RUN_BRANCH_MAIN, value);
	}
}

static void dag_advance(RunGraph *graph, RunNode *node)
{
	RunContainer *container = node->container;

	while (container->next < container->ready->len && has_slot(container, container->live)) {
		uint32_t position = g_array_index(container->ready, uint32_t, container->next++);

		run_graph_child_start(
			graph, node, container->tasks->pdata[position], RUN_BRANCH_MAIN, 0);
	}
}

// Keeps those that wait for a slot in the order of the file.
static void dag_ready_add(RunContainer *container, uint32_t position)
{
	guint at = container->ready->len;

	while (at > container->next && g_array_index(container->ready, uint32_t, at - 1) > position)
		at--;
	g_array_insert_val(container->ready, at, position);
}

void run_graph_dag_release(RunContainer *container, uint32_t position)
{
	GArray *dependants = container->dependants[position];

	for (guint i = 0; dependants != NULL && i < dependants->len; i++) {
		uint32_t dependant = g_array_index(dependants, uint32_t, i);

		if (--container->waits[dependant] == 0)
			dag_ready_add(container, dependant);
	}
}

// Counts what each child of a dag waits for. Disabled and unknown tasks are not waited for.
static void dag_prepare(RunContainer *container)
{
	uint32_t count = task_count(container);
	g_autoptr(GHashTable) positions = g_hash_table_new(g_str_hash, g_str_equal);

	container->waits = g_new0(uint32_t, MAX(count, 1));
	container->dependants = g_new0(GArray *, MAX(count, 1));
	container->ready = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	for (uint32_t i = 0; i < count; i++) {
		const Task *task = container->tasks->pdata[i];

		if (!task->disabled)
			g_hash_table_insert(positions, task->id, GUINT_TO_POINTER(i + 1));
	}
	for (uint32_t i = 0; i < count; i++) {
		const Task *task = container->tasks->pdata[i];

		for (char **id = task->depends_on; !task->disabled && id != NULL && *id != NULL;
			id++) {
			guint found = GPOINTER_TO_UINT(g_hash_table_lookup(positions, *id));

			if (found == 0)
				continue;
			if (container->dependants[found - 1] == NULL)
				container->dependants[found - 1] =
					g_array_new(FALSE, FALSE, sizeof(uint32_t));
			g_array_append_val(container->dependants[found - 1], i);
			container->waits[i]++;
		}
		if (!task->disabled && container->waits[i] == 0)
			g_array_append_val(container->ready, i);
	}
}

// ---- The end of a container

RunState run_state_allowed(const Task *task, RunState state)
{
	if (state == RUN_FAILED &&
		(task->allow_failure || strcmp(task->kind->name, "allow-failure") == 0))
		state = RUN_WARNING;
	if (state == RUN_WARNING && task->allow_warning)
		state = RUN_SUCCESS;
	return state;
}

static RunState container_state(const RunGraph *graph, const RunContainer *container)
{
	if (container->killed || graph->killing)
		return RUN_KILLED;
	if (container->failed)
		return RUN_FAILED;
	if (container->cancelled)
		return RUN_CANCELLED;
	return container->warned ? RUN_WARNING : RUN_SUCCESS;
}

void run_graph_count_end(RunContainer *container, const RunNode *child)
{
	container->live--;
	if (child->branch != RUN_BRANCH_MAIN)
		return;
	container->killed |= child->state == RUN_KILLED;
	container->failed |= child->state == RUN_FAILED;
	container->unhandled |= child->state == RUN_FAILED && !child->handled;
	container->cancelled |= child->state == RUN_CANCELLED;
	container->warned |= child->state == RUN_WARNING;
	container->stopped |= container->killed || container->failed || container->cancelled;
}

// What a child's good end lets start besides what its container starts anyway.
static void child_succeeded(RunGraph *graph, RunNode *parent, const RunNode *child)
{
	RunContainer *container = parent->container;

	if (child->branch != RUN_BRANCH_MAIN)
		return;
	if (container->shape == SHAPE_DAG) {
		run_graph_dag_release(container, child->position);
	} else if (container->shape == SHAPE_FOREACH && !container->flat) {
		uint32_t position = run_graph_next_enabled(container->tasks, child->position + 1);

		if (position < task_count(container))
			run_graph_child_start(graph, parent, container->tasks->pdata[position],
				RUN_BRANCH_MAIN, child->value_index);
		else
			container->groups--;
	}
}

static void child_ended(RunGraph *graph, const RunNode *child)
{
	RunNode *parent = child->parent;
	RunContainer *container = parent->container;

	if (container == NULL)
		return;
	run_graph_count_end(container, child);
	if (container->restored)
		return;
	if (!container->stopped && !graph->killing)
		child_succeeded(graph, parent, child);
	run_graph_container_step(graph, parent);
}

static void node_finish(RunGraph *graph, RunNode *node, RunState state)
{
	node->state = (uint8_t)state;
	run_graph_step_push(graph, node, RUN_STEP_FINISH);
	child_ended(graph, node);
}

static void container_finish(RunGraph *graph, RunNode *node)
{
	RunContainer *container = node->container;
	RunState state = container_state(graph, container);

	if (node == graph->root) {
		node->state = (uint8_t)state;
		graph->settling = true;
		run_graph_step_push(graph, node, RUN_STEP_SETTLE);
		return;
	}
	node->handled = state == RUN_FAILED && !container->unhandled;
	node_finish(graph, node, run_state_allowed(node->task, state));
}

static const GPtrArray *branch_list(const RunGraph *graph, const RunNode *node, RunBranch branch)
{
	if (branch == RUN_BRANCH_MAIN)
		return node->container->tasks;
	if (branch == RUN_BRANCH_AFTER)
		return graph->flow->after_execution;
	if (node->task == NULL)
		return branch == RUN_BRANCH_ERRORS ? graph->flow->errors : graph->flow->finally;
	return branch == RUN_BRANCH_ERRORS ? node->task->errors : node->task->finally;
}

static bool branch_enter(const RunGraph *graph, RunNode *node, RunBranch branch)
{
	const GPtrArray *list = branch_list(graph, node, branch);

	if (list == NULL || run_graph_next_enabled(list, 0) >= list->len)
		return false;
	node->container->branch = (uint8_t)branch;
	node->container->next = 0;
	return true;
}

// The branch after the one that has just ended; false: the container has ended.
static bool branch_leave(const RunGraph *graph, RunNode *node)
{
	RunContainer *container = node->container;

	if (graph->killing)
		return false;
	if (container->branch == RUN_BRANCH_MAIN && container->unhandled &&
		branch_enter(graph, node, RUN_BRANCH_ERRORS)) {
		container->unhandled = false;
		return true;
	}
	return container->branch < RUN_BRANCH_FINALLY &&
	       branch_enter(graph, node, RUN_BRANCH_FINALLY);
}

static void main_advance(RunGraph *graph, RunNode *node)
{
	RunContainer *container = node->container;

	switch (container->shape) {
	case SHAPE_PARALLEL: parallel_advance(graph, node); break;
	case SHAPE_DAG: dag_advance(graph, node); break;
	case SHAPE_FOREACH:
		if (container->flat)
			flat_advance(graph, node);
		else
			foreach_advance(graph, node);
		break;
	case SHAPE_SEQUENCE:
	case SHAPE_LOOP:
	case SHAPE_CLOSED:
	case SHAPE_HELD:
	case SHAPE_LEAF: sequence_advance(graph, node, container->tasks, RUN_BRANCH_MAIN); break;
	}
}

void run_graph_container_step(RunGraph *graph, RunNode *node)
{
	RunContainer *container = node->container;

	if (container->deciding)
		return;
	do {
		bool starts = !graph->killing &&
			      (container->branch != RUN_BRANCH_MAIN || !container->stopped);

		if (starts && container->branch == RUN_BRANCH_MAIN)
			main_advance(graph, node);
		else if (starts)
			sequence_advance(graph, node, branch_list(graph, node, container->branch),
				container->branch);
		if (container->live > 0)
			return;
		if (starts && container->branch == RUN_BRANCH_MAIN &&
			(container->shape == SHAPE_LOOP || container->shape == SHAPE_CLOSED)) {
			container->deciding = true;
			run_graph_step_push(graph, node, RUN_STEP_DECIDE);
			return;
		}
	} while (branch_leave(graph, node));
	if (container->branch == RUN_BRANCH_AFTER) {
		graph->done = true;
		run_graph_step_push(graph, node, RUN_STEP_DONE);
	} else {
		container_finish(graph, node);
	}
}

// ---- Events

void run_graph_begin(RunGraph *graph)
{
	run_graph_container_step(graph, graph->root);
}

void run_graph_attach(RunGraph *graph, RunNode *node, const RunOpening *opening)
{
	RunContainer *container = g_new0(RunContainer, 1);

	container->shape = (Shape)graph->places[node->task->index].shape;
	container->tasks = opening->tasks;
	container->values = opening->values;
	container->limit = opening->limit;
	container->flat = opening->flat;
	container->round = container->shape == SHAPE_LOOP ? MAX(opening->round, 1) : 0;
	node->container = container;
	if (container->shape == SHAPE_DAG)
		dag_prepare(container);
}

void run_graph_open(RunGraph *graph, RunNode *node, const RunOpening *opening)
{
	node->state = RUN_RUNNING;
	run_graph_attach(graph, node, opening);
	run_graph_container_step(graph, node);
}

void run_graph_hold(RunGraph *graph, RunNode *node, const RunOpening *opening)
{
	const GPtrArray *aside = node->task->aside;
	uint32_t first = run_graph_next_enabled(aside, 0);

	run_graph_attach(graph, node, opening);
	node->container->deciding = true;
	if (aside != NULL && first < aside->len)
		run_graph_child_start(graph, node, aside->pdata[first], RUN_BRANCH_ASIDE, 0);
}

void run_graph_release(RunGraph *graph, RunNode *node, RunState state)
{
	node->state = RUN_RUNNING;
	node->container->deciding = false;
	run_graph_restore_closed(node, state);
	run_graph_container_step(graph, node);
}

void run_graph_end(RunGraph *graph, RunNode *node, RunState state)
{
	node->state = (uint8_t)run_state_allowed(node->task, state);
	child_ended(graph, node);
}

void run_graph_repeat(
	RunGraph *graph, RunNode *node, void (*removed)(RunNode *node, void *data), void *data)
{
	RunContainer *container = node->container;

	// Descendants were created after the node and those created after them are theirs or of its siblings': walking
	// from the end meets the deepest first.
	for (guint i = graph->nodes->len; i-- > 0 && graph->nodes->pdata[i] != node;) {
		RunNode *other = graph->nodes->pdata[i];
		const RunNode *ancestor = other == NULL ? NULL : other->parent;

		while (ancestor != NULL && ancestor != node)
			ancestor = ancestor->parent;
		if (ancestor == NULL)
			continue;
		if (removed != NULL)
			removed(other, data);
		node_free(graph, other);
		graph->nodes->pdata[i] = NULL;
	}
	while (graph->nodes->len > 0 && graph->nodes->pdata[graph->nodes->len - 1] == NULL)
		g_ptr_array_set_size(graph->nodes, (gint)graph->nodes->len - 1);
	container->deciding = false;
	container->warned = false;
	container->next = 0;
	container->round++;
	run_graph_container_step(graph, node);
}

static void root_close(RunGraph *graph, RunState state)
{
	graph->root->state = (uint8_t)state;
	graph->settling = false;
	graph->killing = false; // afterExecution runs after a kill, too
	if (branch_enter(graph, graph->root, RUN_BRANCH_AFTER)) {
		run_graph_container_step(graph, graph->root);
		return;
	}
	graph->done = true;
	run_graph_step_push(graph, graph->root, RUN_STEP_DONE);
}

void run_graph_note_close(RunContainer *container, RunState state)
{
	container->deciding = false;
	container->stopped = true;
	container->failed |= state == RUN_FAILED;
	container->unhandled |= state == RUN_FAILED;
	container->warned |= state == RUN_WARNING;
	container->killed |= state == RUN_KILLED;
	container->cancelled |= state == RUN_CANCELLED;
}

void run_graph_close(RunGraph *graph, RunNode *node, RunState state)
{
	RunContainer *container = node->container;

	if (node == graph->root) {
		root_close(graph, state);
		return;
	}
	run_graph_note_close(container, state);
	run_graph_container_step(graph, node);
}

bool run_graph_next(RunGraph *graph, RunStep *ret_step)
{
	RunNode *node = graph->first;

	if (node == NULL)
		return false;
	graph->first = node->queue_next;
	if (graph->first == NULL)
		graph->last = NULL;
	node->queue_next = NULL;
	node->queued = false;
	if (graph->killing && node->step == RUN_STEP_START) {
		node->state = RUN_KILLED;
		*ret_step = (RunStep){RUN_STEP_FINISH, node};
		child_ended(graph, node);
		return true;
	}
	*ret_step = (RunStep){(RunStepKind)node->step, node};
	return true;
}

void run_graph_kill(RunGraph *graph)
{
	if (graph->killing || graph->settling || graph->done)
		return;
	graph->killing = true;
	// A container with nothing under way is waiting for an answer (RUN_STEP_DECIDE), or for its first child to be taken
	// from the queue, which then ends KILLED. The first kind ends here.
	for (guint i = graph->nodes->len; i-- > 0;) {
		RunNode *node = graph->nodes->pdata[i];

		if (node != NULL && node->container != NULL && node->container->deciding &&
			node->state == RUN_RUNNING) {
			node->container->deciding = false;
			run_graph_container_step(graph, node);
		}
	}
}

bool run_graph_killing(const RunGraph *graph)
{
	return graph->killing;
}

RunNode *run_graph_root(const RunGraph *graph)
{
	return graph->root;
}

const GPtrArray *run_graph_nodes(const RunGraph *graph)
{
	return graph->nodes;
}

RunBranch run_graph_branch_of(const RunGraph *graph, const Task *task)
{
	return (RunBranch)graph->places[task->index].branch;
}

bool run_graph_is_container(const RunGraph *graph, const Task *task)
{
	return graph->places[task->index].shape != SHAPE_LEAF;
}

uint32_t run_graph_round(const RunNode *node)
{
	return node->container == NULL ? 0 : node->container->round;
}
