#include "runner/restart.h"

#include "runner/run_graph.h"
#include "runner/task_type.h"
#include "store/flow.h"
#include "store/run.h"
#include "store/task_run.h"

#include <string.h>

typedef struct {
	char id[RUN_ID_SIZE], parent[RUN_ID_SIZE];
	RunBranch branch;
	RunState state;
	bool has_children, reopen, remove;
	bool whole; // a working-directory: its folder went with its end, so it begins anew
} Row;

typedef struct {
	RunGraph *graph;
	const Flow *flow;
	GPtrArray *rows; // Row *, in the order of creation
	GHashTable *by_id; // id → Row *
} Restart;

static bool row_note(const StoreTaskRun *task_run, void *data)
{
	Restart *restart = data;
	const Task *task = flow_task_find(restart->flow, task_run->task_id);
	Row *row = g_new0(Row, 1);
	Row *parent;

	g_strlcpy(row->id, task_run->id, sizeof(row->id));
	g_strlcpy(row->parent, task_run->parent_id != NULL ? task_run->parent_id : "",
		sizeof(row->parent));
	row->state = task_run->state;
	row->whole = task != NULL && strcmp(task->kind->name, "working-directory") == 0;
	row->branch = task == NULL ? RUN_BRANCH_MAIN : run_graph_branch_of(restart->graph, task);
	g_ptr_array_add(restart->rows, row);
	g_hash_table_insert(restart->by_id, row->id, row);
	parent = g_hash_table_lookup(restart->by_id, row->parent);
	if (parent != NULL)
		parent->has_children = true;
	// What stands in a branch that is removed goes with it.
	row->remove = row->branch != RUN_BRANCH_MAIN || (parent != NULL && parent->remove);
	return true;
}

// Marks what failed, and everything around it.
static void rows_mark(Restart *restart)
{
	for (guint i = restart->rows->len; i-- > 0;) {
		Row *row = restart->rows->pdata[i];
		bool failed = run_state_is_bad(row->state) && !row->has_children;
		Row *parent = g_hash_table_lookup(restart->by_id, row->parent);

		if (row->remove || (!failed && !row->reopen))
			continue;
		row->reopen = true;
		if (parent != NULL)
			parent->reopen = true;
	}
	for (guint i = 0; i < restart->rows->len; i++) {
		Row *row = restart->rows->pdata[i];
		const Row *parent = g_hash_table_lookup(restart->by_id, row->parent);

		if (parent != NULL && (parent->remove || (parent->whole && parent->reopen)))
			row->remove = true;
	}
}

static bool rows_write(Store *store, const char *run_id, const Restart *restart, GError **error)
{
	for (guint i = restart->rows->len; i-- > 0;) {
		const Row *row = restart->rows->pdata[i];

		if (row->remove && !store_task_run_delete(store, NULL, run_id, row->id, error))
			return false;
		if (!row->remove && row->reopen &&
			!store_task_run_reopen(store, NULL, run_id, row->id, error))
			return false;
	}
	return true;
}

static Flow *flow_of(Store *store, const StoreRun *run, GError **error)
{
	g_autoptr(StoreRevision) revision = NULL;
	Flow *flow;

	if (!store_revision_get(store, run->namespace, run->flow, run->revision, &revision, error))
		return NULL;
	flow = revision == NULL ? NULL
				: flow_parse(run->flow, revision->definition,
					  strlen(revision->definition), run->namespace, NULL);
	if (flow == NULL)
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
			"revision %" G_GINT64_FORMAT " of flow '%s.%s' cannot be read",
			run->revision, run->namespace, run->flow);
	return flow;
}

static bool restart_in(Store *store, const StoreRun *run, Restart *restart, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);

	if (transaction == NULL || !store_task_runs_visit(store, run->id, row_note, restart, error))
		return false;
	rows_mark(restart);
	return store_run_restart(store, run->id, 0, error) &&
	       rows_write(store, run->id, restart, error) &&
	       store_transaction_commit(transaction, error);
}

bool run_restart(Store *store, const char *run_id, GError **error)
{
	g_autoptr(StoreRun) run = NULL;
	g_autoptr(Flow) flow = NULL;
	Restart restart = {0};
	bool ok;

	if (!store_run_get(store, run_id, &run, error))
		return false;
	if (run == NULL || !run_state_is_ended(run->state)) {
		g_set_error(error, STORE_ERROR,
			run == NULL ? STORE_ERROR_MISSING : STORE_ERROR_STALE, "%s '%s'%s",
			run == NULL ? "there is no run" : "run", run_id,
			run == NULL ? "" : " has not ended");
		return false;
	}
	flow = flow_of(store, run, error);
	if (flow == NULL)
		return false;
	restart.flow = flow;
	restart.graph = run_graph_new(flow, NULL);
	restart.rows = g_ptr_array_new_with_free_func(g_free);
	restart.by_id = g_hash_table_new(g_str_hash, g_str_equal);
	ok = restart_in(store, run, &restart, error);
	g_hash_table_unref(restart.by_id);
	g_ptr_array_unref(restart.rows);
	run_graph_free(restart.graph);
	return ok;
}
