#include "store/task_run.h"

#include "store/json_dump.h"

#include "store/run_internal.h"

#include <jansson.h>
#include <string.h>

static const Field task_run_fields[] = {
	TEXT_FIELD(StoreTaskRun, run_id),
	TEXT_FIELD(StoreTaskRun, id),
	TEXT_FIELD(StoreTaskRun, task_id),
	TEXT_FIELD(StoreTaskRun, parent_id),
	TEXT_FIELD(StoreTaskRun, value),
	INT64_FIELD(StoreTaskRun, iteration),
	STATE_FIELD(StoreTaskRun, state),
	INT64_FIELD(StoreTaskRun, attempt),
	INT64_FIELD(StoreTaskRun, created_at),
	INT64_FIELD(StoreTaskRun, started_at),
	INT64_FIELD(StoreTaskRun, ended_at),
	INT64_FIELD(StoreTaskRun, due_at),
	TEXT_FIELD(StoreTaskRun, outputs),
	TEXT_FIELD(StoreTaskRun, message),
	TEXT_FIELD(StoreTaskRun, child_run_id),
	TEXT_FIELD(StoreTaskRun, data),
};
static const RowType task_run_row = ROW_TYPE(StoreTaskRun, task_run_fields);

enum {
	COLUMN_ATTEMPTS = G_N_ELEMENTS(task_run_fields),
};

static void task_run_clear(StoreTaskRun *task_run)
{
	for (size_t i = 0; i < task_run->attempts_length; i++)
		g_free(task_run->attempts[i].message);
	g_clear_pointer(&task_run->attempts, g_free);
	task_run->attempts_length = 0;
	row_clear(&task_run_row, task_run);
}

void store_task_run_free(StoreTaskRun *task_run)
{
	if (task_run == NULL)
		return;
	task_run_clear(task_run);
	g_free(task_run);
}

void store_task_run_end_attempt(
	StoreTaskRun *task_run, RunState state, int64_t at, const char *message)
{
	const size_t last = task_run->attempts_length++;

	task_run->attempts = g_renew(StoreAttempt, task_run->attempts, task_run->attempts_length);
	task_run->attempts[last] = (StoreAttempt){
		.number = task_run->attempt,
		.state = state,
		.started_at = task_run->started_at,
		.ended_at = at,
		.message = g_strdup(message),
	};
	task_run->started_at = 0;
}

// [[number, "STATE", started, ended, message or null], …]; NULL when there are none.
static char *write_attempts(const StoreTaskRun *task_run)
{
	json_t *list;
	char *text;

	if (task_run->attempts_length == 0)
		return NULL;
	list = json_array();
	for (size_t i = 0; i < task_run->attempts_length; i++) {
		const StoreAttempt *attempt = &task_run->attempts[i];

		json_array_append_new(list,
			json_pack("[I, s, I, I, s?]", (json_int_t)attempt->number,
				run_state_name(attempt->state), (json_int_t)attempt->started_at,
				(json_int_t)attempt->ended_at, attempt->message));
	}
	text = json_dump_text(list, JSON_COMPACT);
	json_decref(list);
	return text;
}

static void read_attempts(StoreTaskRun *task_run, const char *text)
{
	json_t *list = text != NULL ? json_loads(text, 0, NULL) : NULL;
	const size_t length = json_array_size(list);

	task_run->attempts = length > 0 ? g_new0(StoreAttempt, length) : NULL;
	task_run->attempts_length = length;
	for (size_t i = 0; i < length; i++) {
		const json_t *fields = json_array_get(list, i);
		StoreAttempt *attempt = &task_run->attempts[i];
		const char *state = json_string_value(json_array_get(fields, 1));

		attempt->number = json_integer_value(json_array_get(fields, 0));
		attempt->state = RUN_FAILED;
		if (state != NULL)
			run_state_parse(state, &attempt->state);
		attempt->started_at = json_integer_value(json_array_get(fields, 2));
		attempt->ended_at = json_integer_value(json_array_get(fields, 3));
		attempt->message = g_strdup(json_string_value(json_array_get(fields, 4)));
	}
	json_decref(list);
}

static bool set_final(const StoreTaskRun *task_run, GError **error)
{
	g_set_error(error, STORE_ERROR, STORE_ERROR_FINAL,
		"task run '%s' of run '%s' has ended: it cannot become %s", task_run->id,
		task_run->run_id, run_state_name(task_run->state));
	return false;
}

static bool check_same_run(const StoreLease *lease, const StoreTaskRun *task_run, GError **error)
{
	if (strcmp(lease->run_id, task_run->run_id) == 0)
		return true;
	g_set_error(error, STORE_ERROR, STORE_ERROR_MISUSE,
		"task run '%s' is of run '%s', not of the lease's '%s'", task_run->id,
		task_run->run_id, lease->run_id);
	return false;
}

static bool write_row(Store *store, const StoreTaskRun *task_run, GError **error)
{
	DbValue values[ROW_FIELDS_MAX];
	int64_t changes = 0;
	char *attempts = write_attempts(task_run);
	bool done;

	row_values(&task_run_row, task_run, values);
	values[COLUMN_ATTEMPTS] = DB_TEXT(attempts);
	done = statement_run(
		store, STATEMENT_TASK_RUN_PUT, values, COLUMN_ATTEMPTS + 1, &changes, error);
	free(attempts);
	return done && (changes > 0 || set_final(task_run, error));
}

bool store_task_run_put(
	Store *store, const StoreLease *lease, const StoreTaskRun *task_run, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);

	return transaction != NULL && check_same_run(lease, task_run, error) &&
	       store_lease_check(store, lease, error) && write_row(store, task_run, error) &&
	       store_transaction_commit(transaction, error);
}

bool store_task_run_add(Store *store, const StoreTaskRun *task_run, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	int64_t is_new = 0;

	if (transaction == NULL || !statement_int64(store, STATEMENT_RUN_IS_NEW,
					   DB_VALUES(DB_TEXT(task_run->run_id)), 0, &is_new, error))
		return false;
	if (is_new == 0) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_STALE,
			"run '%s' is not there, or has begun already", task_run->run_id);
		return false;
	}
	return write_row(store, task_run, error) &&
	       run_files_note(store, task_run->run_id, task_run->outputs, error) &&
	       store_transaction_commit(transaction, error);
}

// A run that nobody drives and that was restarted may be changed without a lease.
static bool check_may_reopen(
	Store *store, const StoreLease *lease, const char *run_id, GError **error)
{
	int64_t restarted = 0;

	if (lease != NULL)
		return store_lease_check(store, lease, error);
	if (!statement_int64(store, STATEMENT_RUN_IS_RESTARTED, DB_VALUES(DB_TEXT(run_id)), 0,
		    &restarted, error))
		return false;
	if (restarted != 0)
		return true;
	g_set_error(error, STORE_ERROR, STORE_ERROR_STALE,
		"run '%s' was not restarted, or is driven already", run_id);
	return false;
}

static StoreTaskRun *task_run_read(const DbStatement *row)
{
	StoreTaskRun *task_run = row_new(&task_run_row, row);

	read_attempts(task_run, db_column_text(row, COLUMN_ATTEMPTS, NULL));
	return task_run;
}

bool store_task_run_reopen(Store *store, const StoreLease *lease, const char *run_id,
	const char *id, const char *data, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	g_autoptr(StoreTaskRun) task_run = NULL;
	char *attempts;
	bool done;

	if (transaction == NULL || !check_may_reopen(store, lease, run_id, error) ||
		!store_task_run_get(store, run_id, id, &task_run, error))
		return false;
	if (task_run == NULL || task_run->ended_at == 0) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_STALE,
			"task run '%s' of run '%s' cannot be reopened: it %s", id, run_id,
			task_run == NULL ? "is not there" : "has not ended");
		return false;
	}
	store_task_run_end_attempt(
		task_run, task_run->state, task_run->ended_at, task_run->message);
	attempts = write_attempts(task_run);
	done = statement_run(store, STATEMENT_TASK_RUN_REOPEN,
		DB_VALUES(DB_TEXT(run_id), DB_TEXT(id), DB_TEXT(run_state_name(RUN_RESTARTED)),
			DB_TEXT(attempts), DB_TEXT(data)),
		NULL, error);
	free(attempts);
	return done && store_transaction_commit(transaction, error);
}

bool store_task_run_delete(
	Store *store, const StoreLease *lease, const char *run_id, const char *id, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);

	return transaction != NULL && check_may_reopen(store, lease, run_id, error) &&
	       statement_run(store, STATEMENT_TASK_RUN_DELETE,
		       DB_VALUES(DB_TEXT(run_id), DB_TEXT(id)), NULL, error) &&
	       store_transaction_commit(transaction, error);
}

bool store_task_run_get(Store *store, const char *run_id, const char *id,
	StoreTaskRun **ret_task_run, GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	*ret_task_run = NULL;
	if (!query_begin(&query, store, STATEMENT_TASK_RUN_GET,
		    DB_VALUES(DB_TEXT(run_id), DB_TEXT(id)), error))
		return false;
	if (query_step(&query, &failed, error))
		*ret_task_run = task_run_read(query.row);
	return !failed;
}

bool store_task_runs_visit(Store *store, const char *run_id,
	bool (*visit)(const StoreTaskRun *task_run, void *data), void *data, GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed = false;
	bool goes_on = true;

	if (!query_begin(
		    &query, store, STATEMENT_TASK_RUNS_VISIT, DB_VALUES(DB_TEXT(run_id)), error))
		return false;
	while (goes_on && query_step(&query, &failed, error)) {
		g_autoptr(StoreTaskRun) task_run = task_run_read(query.row);

		goes_on = visit(task_run, data);
	}
	return !failed;
}

static void task_run_key(const void *row, const char *parts[CURSOR_PARTS], char number[32])
{
	(void)number;
	parts[0] = ((const StoreTaskRun *)row)->id;
}

bool store_task_runs_list(Store *store, const StoreTaskRunFilter *filter, const StorePage *page,
	GPtrArray **ret_task_runs, char **ret_next, GError **error)
{
	g_autoptr(GPtrArray) rows =
		g_ptr_array_new_with_free_func((GDestroyNotify)store_task_run_free);
	const RunState state = filter->state >= 0 ? (RunState)filter->state : RUN_STATES;
	g_auto(PageStart) start = {0};
	g_auto(StoreQuery) query = {0};
	bool failed;

	*ret_task_runs = NULL;
	if (!page_begin(page, 1, &start, error) ||
		!query_begin(&query, store, STATEMENT_TASK_RUNS_LIST,
			DB_VALUES(DB_TEXT(filter->run_id), DB_TEXT(start.after[0]),
				DB_TEXT(filter->task_id), DB_TEXT(filter->parent_id),
				DB_TEXT(state < RUN_STATES ? run_state_name(state) : NULL),
				DB_INTEGER(filter->without_outputs), page_limit(&start)),
			error))
		return false;
	while (query_step(&query, &failed, error))
		g_ptr_array_add(rows, task_run_read(query.row));
	if (failed)
		return false;
	page_end(&start, rows, task_run_key, ret_next);
	*ret_task_runs = g_steal_pointer(&rows);
	return true;
}

bool store_task_runs_count(
	Store *store, const char *run_id, int64_t by_state[RUN_STATES], GError **error)
{
	return states_count(
		store, STATEMENT_TASK_RUNS_COUNT, DB_VALUES(DB_TEXT(run_id)), by_state, error);
}
