#include "runner/past.h"

#include "runner/task_type.h"

#include <string.h>

struct RunPast {
	const Flow *flow;
	RunGraph *graph;
	GPtrArray *rows; // PastRow *, owned
	GHashTable *by_id;
	PastRow top; // stands for the flow
};

static void row_clear(PastRow *row)
{
	if (row->again != NULL)
		g_hash_table_unref(row->again);
	g_free(row->value);
}

static void row_free(gpointer data)
{
	row_clear(data);
	g_free(data);
}

RunPast *run_past_new(const Flow *flow)
{
	RunPast *past = g_new0(RunPast, 1);

	past->flow = flow;
	past->graph = run_graph_new(flow, NULL);
	past->rows = g_ptr_array_new_with_free_func(row_free);
	past->by_id = g_hash_table_new(g_str_hash, g_str_equal);
	past->top.mark = PAST_REOPEN;
	return past;
}

void run_past_free(RunPast *past)
{
	if (past == NULL)
		return;
	g_hash_table_unref(past->by_id);
	g_ptr_array_unref(past->rows);
	row_clear(&past->top);
	run_graph_free(past->graph);
	g_free(past);
}

void run_past_add(RunPast *past, const StoreTaskRun *task_run)
{
	PastRow *row = g_new0(PastRow, 1);

	g_strlcpy(row->id, task_run->id, sizeof(row->id));
	row->task = flow_task_find(past->flow, task_run->task_id);
	row->branch =
		row->task == NULL ? RUN_BRANCH_MAIN : run_graph_branch_of(past->graph, row->task);
	row->state = task_run->state;
	row->value = g_strdup(task_run->value);
	if (task_run->parent_id != NULL)
		row->parent = g_hash_table_lookup(past->by_id, task_run->parent_id);
	if (row->parent != NULL)
		row->parent->has_children = true;
	g_ptr_array_add(past->rows, row);
	g_hash_table_insert(past->by_id, row->id, row);
}

const GPtrArray *run_past_rows(const RunPast *past)
{
	return past->rows;
}

// ---- What both have in common

static bool is_container(const RunPast *past, const PastRow *row)
{
	return row->task != NULL && run_graph_is_container(past->graph, row->task);
}

// Its folder went with its end: it goes on with nothing that was in it.
static bool is_whole(const PastRow *row)
{
	return row->task != NULL && strcmp(row->task->kind->name, "working-directory") == 0;
}

static bool did_not_end_well(const PastRow *row)
{
	return run_state_is_bad(row->state) || !run_state_is_ended(row->state);
}

// What is around a row decides first: false when the row's mark is known by it.
static bool parent_goes_on(RunPast *past, PastRow *row, PastRow **ret_parent)
{
	PastRow *parent = row->parent != NULL ? row->parent : &past->top;

	*ret_parent = parent;
	row->mark = PAST_KEEP;
	if (parent->mark == PAST_KEEP)
		return false;
	if (parent->mark == PAST_REOPEN && row->branch == RUN_BRANCH_MAIN)
		return true;
	row->mark = PAST_REMOVE;
	return false;
}

// How what did not end well, or holds what is to begin, goes on. A container without children could not be opened, or did not
// get that far.
static PastMark again(const RunPast *past, const PastRow *row)
{
	return is_container(past, row) && row->has_children && !is_whole(row) ? PAST_REOPEN
									      : PAST_ANEW;
}

void run_past_mark_restart(RunPast *past)
{
	PastRow *parent;

	for (guint i = 0; i < past->rows->len; i++) {
		PastRow *row = past->rows->pdata[i];

		if (parent_goes_on(past, row, &parent) && did_not_end_well(row))
			row->mark = again(past, row);
	}
}

// ---- Replay: what waits for what

static bool has_limit_one(const Task *task)
{
	const json_t *limit = json_object_get(task->properties, "concurrencyLimit");

	// An expression counts as one: rather too much is done again than too little.
	if (json_is_string(limit))
		return g_ascii_strtoull(json_string_value(limit), NULL, 10) <= 1;
	return limit == NULL || json_integer_value(limit) == 1;
}

// Their parent's sequence in which a row stands: what comes later in the same one waits for it. NULL: it stands alone.
static const char *sequence_of_foreach(const PastRow *parent, const PastRow *row)
{
	if (json_is_true(json_object_get(parent->task->properties, "flat")))
		return NULL;
	// One value at a time is one sequence; else each value is one of its own.
	return has_limit_one(parent->task) || row->value == NULL ? "" : row->value;
}

static const char *sequence_of_parallel(const PastRow *parent, const PastRow *row)
{
	(void)parent;
	(void)row;
	return NULL;
}

static const char *sequence_of_dag(const PastRow *parent, const PastRow *row)
{
	(void)parent;
	return row->task->id;
}

static const struct {
	const char *kind;
	const char *(*sequence_of)(const PastRow *parent, const PastRow *row);
} shapes[] = {
	{"foreach", sequence_of_foreach},
	{"parallel", sequence_of_parallel},
	{"dag", sequence_of_dag},
};

static const char *sequence_of(const PastRow *parent, const PastRow *row)
{
	for (size_t i = 0; parent->task != NULL && i < G_N_ELEMENTS(shapes); i++) {
		if (strcmp(shapes[i].kind, parent->task->kind->name) == 0)
			return shapes[i].sequence_of(parent, row);
	}
	return "";
}

// Whether it waited for something in its parent that is done again. Rows come in the order of their creation: what it waited
// for came before it.
static bool waits_for_again(const PastRow *parent, const PastRow *row)
{
	const char *key = sequence_of(parent, row);

	if (parent->again == NULL || key == NULL)
		return false;
	if (g_hash_table_contains(parent->again, key))
		return true;
	// In a dag each task is a sequence of its own.
	for (char **id = row->task->depends_on; id != NULL && *id != NULL; id++) {
		if (g_hash_table_contains(parent->again, *id))
			return true;
	}
	return false;
}

static void note_again(PastRow *parent, const PastRow *row)
{
	const char *key = sequence_of(parent, row);

	if (key == NULL)
		return;
	if (parent->again == NULL)
		parent->again = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_hash_table_add(parent->again, g_strdup(key));
}

static PastMark replay_mark(const RunPast *past, const PastRow *parent, const PastRow *row)
{
	if (waits_for_again(parent, row))
		return PAST_REMOVE;
	if (row->target)
		return PAST_ANEW;
	return row->holds_target || did_not_end_well(row) ? again(past, row) : PAST_KEEP;
}

static void replay_mark_all(RunPast *past)
{
	PastRow *parent;

	for (guint i = 0; i < past->rows->len; i++) {
		PastRow *row = past->rows->pdata[i];

		if (!parent_goes_on(past, row, &parent))
			continue;
		row->mark = row->task == NULL ? PAST_REMOVE : replay_mark(past, parent, row);
		if (row->mark != PAST_KEEP)
			note_again(parent, row);
	}
}

// ---- Replay: where it begins

// Whether nothing around it is an errors, finally or afterExecution.
static bool is_of_main(const PastRow *row)
{
	while (row != NULL && row->branch == RUN_BRANCH_MAIN)
		row = row->parent;
	return row == NULL;
}

static void targets_find(RunPast *past, const char *from, guint *ret_found, guint *ret_main)
{
	*ret_found = *ret_main = 0;
	for (guint i = 0; i < past->rows->len; i++) {
		PastRow *row = past->rows->pdata[i];

		if (strcmp(row->id, from) != 0 &&
			(row->task == NULL || strcmp(row->task->id, from) != 0))
			continue;
		(*ret_found)++;
		if (!is_of_main(row))
			continue;
		(*ret_main)++;
		row->target = true;
		for (PastRow *around = row->parent; around != NULL; around = around->parent)
			around->holds_target = true;
	}
}

bool run_past_mark_replay(RunPast *past, const char *from, GError **error)
{
	guint found, of_main;

	targets_find(past, from, &found, &of_main);
	if (of_main > 0) {
		replay_mark_all(past);
		return true;
	}
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
		found > 0 ? "nothing can begin at '%s': it stands in errors, finally or "
			    "afterExecution"
		: flow_task_find(past->flow, from) != NULL
			? "nothing can begin at '%s': the run did not get there"
			: "the run has no task '%s'",
		from);
	return false;
}
