// Creating and looking at single runs.
#include "store/run.h"

#include "store/event.h"
#include "store/id.h"
#include "store/run_internal.h"

#include <string.h>

static const Field run_fields[] = {
	TEXT_FIELD(StoreRun, id),
	TEXT_FIELD(StoreRun, namespace),
	TEXT_FIELD(StoreRun, flow),
	INT64_FIELD(StoreRun, revision),
	STATE_FIELD(StoreRun, state),
	INT64_FIELD(StoreRun, priority),
	TEXT_FIELD(StoreRun, inputs),
	TEXT_FIELD(StoreRun, outputs),
	TEXT_FIELD(StoreRun, labels),
	TEXT_FIELD(StoreRun, variables),
	TEXT_FIELD(StoreRun, trigger),
	TEXT_FIELD(StoreRun, trigger_type),
	TEXT_FIELD(StoreRun, key),
	TEXT_FIELD(StoreRun, parent_run_id),
	TEXT_FIELD(StoreRun, parent_task_run_id),
	TEXT_FIELD(StoreRun, origin_run_id),
	TEXT_FIELD(StoreRun, message),
	TEXT_FIELD(StoreRun, data),
	INT64_FIELD(StoreRun, attempt),
	INT64_FIELD(StoreRun, created_at),
	INT64_FIELD(StoreRun, due_at),
	INT64_FIELD(StoreRun, started_at),
	INT64_FIELD(StoreRun, ended_at),
};
const RowType run_row = ROW_TYPE(StoreRun, run_fields);

void store_run_free(StoreRun *run)
{
	if (run == NULL)
		return;
	g_free(run->changes);
	row_free(&run_row, run);
}

char *state_change_text(RunState state, int64_t at, char text[64])
{
	g_snprintf(text, 64, "%s %" G_GINT64_FORMAT ";", run_state_name(state), at);
	return text;
}

static void read_changes(StoreRun *run, const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text != NULL ? text : "", ";", -1);
	g_autoptr(GArray) changes = g_array_new(FALSE, TRUE, sizeof(StoreStateChange));

	for (char **part = parts; *part != NULL; part++) {
		char *blank = strchr(*part, ' ');
		StoreStateChange change = {0};

		if (blank == NULL)
			continue;
		*blank = '\0';
		change.at = g_ascii_strtoll(blank + 1, NULL, 10);
		if (run_state_parse(*part, &change.state))
			g_array_append_val(changes, change);
	}
	run->changes_length = changes->len;
	run->changes = (StoreStateChange *)(void *)g_array_free(g_steal_pointer(&changes), FALSE);
}

bool store_run_get(Store *store, const char *id, StoreRun **ret_run, GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	*ret_run = NULL;
	if (!query_begin(&query, store, STATEMENT_RUN_GET, DB_VALUES(DB_TEXT(id)), error))
		return false;
	if (query_step(&query, &failed, error)) {
		*ret_run = row_new(&run_row, query.row);
		read_changes(*ret_run, db_column_text(query.row, G_N_ELEMENTS(run_fields), NULL));
	}
	return !failed;
}

// What a new run of a flow is bound by.
typedef struct {
	int64_t revision;
	int64_t limit;
	char *behavior;
} Limits;

static void limits_clear(Limits *limits)
{
	g_free(limits->behavior);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Limits, limits_clear)

static bool limits_get(Store *store, const StoreRunNew *new_run, Limits *ret_limits, GError **error)
{
	bool live = false;

	if (!flow_limits(store, new_run->namespace, new_run->flow, &live, &ret_limits->revision,
		    &ret_limits->limit, &ret_limits->behavior, error))
		return false;
	if (!live && new_run->revision == 0) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_MISSING, "no flow '%s.%s' is live",
			new_run->namespace, new_run->flow);
		return false;
	}
	if (new_run->revision != 0)
		ret_limits->revision = new_run->revision;
	if (new_run->concurrency_limit > 0) {
		ret_limits->limit = new_run->concurrency_limit;
		g_free(ret_limits->behavior);
		ret_limits->behavior = g_strdup(new_run->concurrency_behavior);
	}
	return true;
}

// The state a run begins in: over a limit that cancels or fails it is ended at once.
static bool first_state(Store *store, const StoreRunNew *new_run, const Limits *limits,
	RunState *ret_state, GError **error)
{
	const bool fails = g_strcmp0(limits->behavior, "FAIL") == 0;
	int64_t active = 0;

	*ret_state = RUN_CREATED;
	if (limits->limit <= 0 || (!fails && g_strcmp0(limits->behavior, "CANCEL") != 0))
		return true;
	if (!statement_int64(store, STATEMENT_LINE_COUNT_NOT_PAUSED,
		    DB_VALUES(DB_TEXT(new_run->namespace), DB_TEXT(new_run->flow),
			    // A retry is made in the transaction that ends the run in whose place it comes.
			    DB_TEXT(new_run->origin_run_id != NULL ? new_run->origin_run_id : "")),
		    0, &active, error))
		return false;
	if (active >= limits->limit)
		*ret_state = fails ? RUN_FAILED : RUN_CANCELLED;
	return true;
}

static bool insert_run(Store *store, const StoreRunNew *new_run, const char *id,
	const Limits *limits, RunState state, GError **error)
{
	const int64_t now = timestamp_now();
	const bool ended = run_state_is_ended(state);
	char created[64];
	char last[64] = "";
	g_autofree char *changes = NULL;

	if (ended)
		state_change_text(state, now, last);
	changes = g_strconcat(state_change_text(RUN_CREATED, now, created), last, NULL);
	return statement_run(store, STATEMENT_RUN_ADD,
		DB_VALUES(DB_TEXT(id), DB_TEXT(new_run->namespace), DB_TEXT(new_run->flow),
			DB_INTEGER(limits->revision), DB_TEXT(run_state_name(state)),
			DB_INTEGER(new_run->priority), DB_TEXT(new_run->inputs),
			DB_TEXT(new_run->labels), DB_TEXT(new_run->variables),
			DB_TEXT(new_run->trigger),
			DB_TEXT(new_run->trigger_type != NULL ? new_run->trigger_type : "manual"),
			DB_TEXT(new_run->key), DB_TEXT(new_run->parent_run_id),
			DB_TEXT(new_run->parent_task_run_id), DB_TEXT(new_run->origin_run_id),
			DB_TEXT(ended ? "the flow's concurrency limit is reached" : NULL),
			DB_TEXT(new_run->data), DB_INTEGER(now), DB_INTEGER(new_run->due_at),
			DB_INTEGER(ended ? now : 0), DB_TEXT(changes)),
		NULL, error);
}

bool store_run_of_key(Store *store, const char *key, char ret_id[ID_SIZE], GError **error)
{
	g_auto(StoreQuery) query = {0};
	bool failed;

	ret_id[0] = '\0';
	if (key == NULL)
		return true;
	if (!query_begin(&query, store, STATEMENT_RUN_OF_KEY, DB_VALUES(DB_TEXT(key)), error))
		return false;
	if (query_step(&query, &failed, error))
		g_strlcpy(ret_id, db_column_text(query.row, 0, NULL), ID_SIZE);
	return !failed;
}

static bool create(Store *store, const StoreRunNew *new_run, const char *id, GError **error)
{
	g_auto(Limits) limits = {0};
	RunState state;

	if (!limits_get(store, new_run, &limits, error) ||
		!first_state(store, new_run, &limits, &state, error) ||
		!insert_run(store, new_run, id, &limits, state, error) ||
		!run_files_note(store, id, new_run->inputs, error) ||
		!run_files_note(store, id, new_run->variables, error) ||
		!run_files_note(store, id, new_run->trigger, error))
		return false;
	if (run_state_is_ended(state))
		return run_note_end(store, id, state, timestamp_now(), error);
	store->topics |= STORE_TOPIC_RUN | STORE_TOPIC_RUN_READY;
	return line_add(store, id, new_run->namespace, new_run->flow, state, new_run->priority,
		new_run->due_at, limits.limit, error);
}

bool store_run_create(Store *store, const StoreRunNew *new_run, char ret_id[ID_SIZE],
	bool *ret_created, GError **error)
{
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, error);
	char id[ID_SIZE];
	bool known;

	if (transaction == NULL || !store_run_of_key(store, new_run->key, id, error))
		return false;
	known = id[0] != '\0';
	if (!known) {
		if (new_run->id != NULL)
			g_strlcpy(id, new_run->id, ID_SIZE);
		else
			id_make(id);
		if (!create(store, new_run, id, error))
			return false;
	}
	if (ret_id != NULL)
		g_strlcpy(ret_id, id, ID_SIZE);
	if (ret_created != NULL)
		*ret_created = !known;
	return store_transaction_commit(transaction, error);
}

static bool add_tally(Store *store, const char *run_id, RunState state, int64_t ended_at,
	char **ret_subject, char **ret_namespace, GError **error)
{
	g_autofree char *namespace = NULL;
	g_autofree char *flow = NULL;
	int64_t started_at = 0;
	{
		g_auto(StoreQuery) query = {0};
		bool failed;

		if (!query_begin(
			    &query, store, STATEMENT_RUN_FLOW, DB_VALUES(DB_TEXT(run_id)), error))
			return false;
		if (query_step(&query, &failed, error)) {
			namespace = db_column_dup_text(query.row, 0);
			flow = db_column_dup_text(query.row, 1);
			started_at = db_column_int64(query.row, 2);
		}
		if (failed)
			return false;
	}
	*ret_subject = g_strdup_printf("flow %s.%s", namespace, flow);
	*ret_namespace = g_strdup(namespace);
	return statement_run(store, STATEMENT_TALLY_ADD,
		DB_VALUES(DB_TEXT(namespace), DB_TEXT(flow), DB_TEXT(run_state_name(state)),
			DB_INTEGER(started_at > 0 ? ended_at - started_at : 0), DB_TEXT(run_id),
			DB_INTEGER(ended_at)),
		NULL, error);
}

bool run_note_end(
	Store *store, const char *run_id, RunState state, int64_t ended_at, GError **error)
{
	g_autofree char *subject = NULL;
	g_autofree char *namespace = NULL;
	g_autofree char *data = NULL;

	if (!add_tally(store, run_id, state, ended_at, &subject, &namespace, error))
		return false;
	data = g_strdup_printf("{\"state\":\"%s\"}", run_state_name(state));
	store->topics |= STORE_TOPIC_RUN;
	return store_event_add(store,
		&(StoreEvent){.at = ended_at,
			.kind = (char *)(uintptr_t) "run-ended",
			.domain = namespace,
			.subject = subject,
			.run_id = (char *)(uintptr_t)run_id,
			.data = data},
		error);
}

static json_t *object_of(const char *text)
{
	return text == NULL ? NULL : json_loads(text, 0, NULL);
}

json_t *store_outputs_shown(const char *outputs, const char *data)
{
	// The key is looked for in the text first: hardly any data has it.
	json_t *own = data == NULL || strstr(data, "\"" STORE_SHOWN "\"") == NULL ? NULL
										  : object_of(data);
	json_t *value = json_incref(json_object_get(own, STORE_SHOWN));

	json_decref(own);
	if (value == NULL)
		value = object_of(outputs);
	return value != NULL ? value : json_object();
}
