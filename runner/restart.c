#include "runner/restart.h"

#include "runner/failpoint.h"
#include "runner/past.h"
#include "runner/task_type.h"
#include "store/flow.h"
#include "store/id.h"
#include "store/json_dump.h"
#include "store/run.h"
#include "store/task_run.h"

#include <string.h>

enum { COPIED_AT_ONCE = 500 };

static bool row_note(const StoreTaskRun *task_run, void *data)
{
	run_past_add(data, task_run);
	return true;
}

static bool rows_write(Store *store, const char *run_id, const RunPast *past, GError **error)
{
	const GPtrArray *rows = run_past_rows(past);

	for (guint i = rows->len; i-- > 0;) {
		const PastRow *row = rows->pdata[i];

		if (row->mark == PAST_REMOVE &&
			!store_task_run_delete(store, NULL, run_id, row->id, error))
			return false;
		// What a dead node left under way is taken up by whoever claims the run.
		if (row->mark == PAST_REMOVE || row->mark == PAST_KEEP ||
			!run_state_is_ended(row->state))
			continue;
		if (!store_task_run_reopen(store, NULL, run_id, row->id,
			    row->mark == PAST_ANEW ? RUN_PAST_ANEW : NULL, error))
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

// The run, which must have ended, and its flow.
static bool ended_get(
	Store *store, const char *run_id, StoreRun **ret_run, Flow **ret_flow, GError **error)
{
	if (!store_run_get(store, run_id, ret_run, error))
		return false;
	if (*ret_run == NULL || !run_state_is_ended((*ret_run)->state)) {
		g_set_error(error, STORE_ERROR,
			*ret_run == NULL ? STORE_ERROR_MISSING : STORE_ERROR_STALE, "%s '%s'%s",
			*ret_run == NULL ? "there is no run" : "run", run_id,
			*ret_run == NULL ? "" : " has not ended");
		return false;
	}
	*ret_flow = flow_of(store, *ret_run, error);
	return *ret_flow != NULL;
}

static bool past_read(Store *store, const StoreRun *run, RunPast *past, GError **error)
{
	return store_task_runs_visit(store, run->id, row_note, past, error);
}

bool run_restart(Store *store, const char *run_id, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	g_autoptr(StoreRun) run = NULL;
	g_autoptr(Flow) flow = NULL;

	if (transaction == NULL || !ended_get(store, run_id, &run, &flow, error))
		return false;
	g_autoptr(RunPast) past = run_past_new(flow);
	if (!past_read(store, run, past, error))
		return false;
	run_past_mark_restart(past);
	return store_run_restart(store, run->id, 0, error) &&
	       rows_write(store, run->id, past, error) &&
	       store_transaction_commit(transaction, error);
}

// ---- Replay

typedef struct {
	Store *store;
	const char *run_id; // the new one
	const RunPast *past;
	guint next; // row of the past that comes next
	GHashTable *ids; // id in the old run → id in the new one
} Copying;

// Begins again in the new run: nothing of its past attempts is the new run's.
static void copy_reopen(StoreTaskRun *copy, PastMark mark)
{
	copy->state = RUN_RESTARTED;
	copy->attempt = 0;
	copy->attempts_length = 0;
	copy->started_at = copy->ended_at = copy->due_at = 0;
	copy->message = copy->child_run_id = NULL;
	if (mark != PAST_ANEW)
		return;
	copy->outputs = NULL;
	copy->data = (char *)(uintptr_t)RUN_PAST_ANEW;
}

static bool row_copy(Copying *copying, const StoreTaskRun *task_run, GError **error)
{
	const PastRow *row = run_past_rows(copying->past)->pdata[copying->next++];
	StoreTaskRun copy = *task_run;
	char *id;

	if (row->mark == PAST_REMOVE)
		return true;
	id = id_new();
	g_hash_table_insert(copying->ids, g_strdup(task_run->id), id);
	copy.id = id;
	copy.run_id = (char *)(uintptr_t)copying->run_id;
	if (task_run->parent_id != NULL)
		copy.parent_id = g_hash_table_lookup(copying->ids, task_run->parent_id);
	if (row->mark != PAST_KEEP)
		copy_reopen(&copy, row->mark);
	return store_task_run_add(copying->store, &copy, error);
}

// Page by page: no statement is open while rows are added.
static bool rows_copy(Copying *copying, const char *from_run, GError **error)
{
	const StoreTaskRunFilter filter = {.run_id = from_run, .state = -1};
	g_autofree char *cursor = NULL;

	do {
		g_autoptr(GPtrArray) rows = NULL;
		StorePage page = {.limit = COPIED_AT_ONCE, .after = cursor};
		char *next = NULL;

		if (!store_task_runs_list(copying->store, &filter, &page, &rows, &next, error))
			return false;
		g_free(cursor);
		cursor = next;
		for (guint i = 0; i < rows->len; i++) {
			if (!row_copy(copying, rows->pdata[i], error))
				return false;
		}
	} while (cursor != NULL);
	return true;
}

// What the old run worked out once, when it began, holds for the new one. NULL: it never began.
static char *data_of(const StoreRun *run, char **ret_inputs)
{
	static const char *const handed_on[] = {"inputs", "depth"};
	json_t *kept = run->data == NULL ? NULL : json_loads(run->data, 0, NULL);
	json_t *data = json_pack("{s:b}", "begun", 1);
	char *text = NULL;

	*ret_inputs = g_strdup(run->inputs);
	for (size_t i = 0; i < G_N_ELEMENTS(handed_on); i++) {
		json_t *value = json_object_get(kept, handed_on[i]);

		if (value != NULL)
			json_object_set(data, handed_on[i], value);
	}
	if (json_is_true(json_object_get(kept, "begun")))
		text = json_dump_text(data, JSON_COMPACT);
	if (json_object_get(data, "inputs") != NULL) {
		g_free(*ret_inputs);
		*ret_inputs = json_dump_text(json_object_get(data, "inputs"), JSON_COMPACT);
	}
	json_decref(data);
	json_decref(kept);
	return text;
}

static bool create(Store *store, const StoreRun *run, char ret_id[RUN_ID_SIZE], RunState *ret_state,
	GError **error)
{
	g_autofree char *inputs = NULL;
	g_autofree char *data = data_of(run, &inputs);
	g_autoptr(StoreRun) created = NULL;
	StoreRunNew new_run = {
		.namespace = run->namespace,
		.flow = run->flow,
		.revision = run->revision,
		.priority = run->priority,
		.inputs = inputs,
		.labels = run->labels,
		.variables = run->variables,
		.trigger = run->trigger,
		.trigger_type = run->trigger_type,
		.data = data,
		.origin_run_id = run->id,
	};

	if (!store_run_create(store, &new_run, ret_id, NULL, error) ||
		!store_run_get(store, ret_id, &created, error))
		return false;
	*ret_state = created->state;
	return true;
}

// Makes the run, and copies what is kept; from NULL: nothing is.
static bool replay_create(Store *store, const StoreRun *run, const char *from, RunPast *past,
	char ret_id[RUN_ID_SIZE], GError **error)
{
	Copying copying = {.store = store, .run_id = ret_id, .past = past};
	RunState state;
	bool ok;

	if (!create(store, run, ret_id, &state, error))
		return false;
	// Over the flow's limit it may have ended as it was made.
	if (from == NULL || run_state_is_ended(state))
		return true;
	copying.ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	ok = rows_copy(&copying, run->id, error);
	g_hash_table_unref(copying.ids);
	return ok;
}

bool run_replay(Store *store, const char *run_id, const char *from, char ret_id[RUN_ID_SIZE],
	GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	g_autoptr(StoreRun) run = NULL;
	g_autoptr(Flow) flow = NULL;

	if (transaction == NULL || !ended_get(store, run_id, &run, &flow, error))
		return false;
	g_autoptr(RunPast) past = run_past_new(flow);
	if (!past_read(store, run, past, error) ||
		(from != NULL && !run_past_mark_replay(past, from, error)) ||
		!replay_create(store, run, from, past, ret_id, error))
		return false;
	// Until this commit there is no run; from it on there is one with all that it begins with, for whoever claims it.
	failpoint("replayed");
	return store_transaction_commit(transaction, error);
}
