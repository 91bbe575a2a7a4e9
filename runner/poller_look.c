// The poller's own store: what is looked at is a flow of one task in it.
#include "runner/poll_look.h"
#include "runner/poller_internal.h"
#include "runner/task_type.h"
#include "store/connection.h"
#include "store/domain.h"
#include "store/json_dump.h"
#include "store/retention.h"
#include "store/task_run.h"
#include "store/timestamp.h"

#include <string.h>

// Connections as they are now; the default one is where the runner's is.
static bool copy_connections(Poller *poller, GError **error)
{
	g_autofree char *folder = g_build_filename(poller->options.data_folder, "default", NULL);
	g_autofree char *url = g_strdup_printf("sqlite-dir:%s", folder);
	g_autoptr(GPtrArray) rows = NULL;
	g_autoptr(GArray) copies = g_array_new(FALSE, FALSE, sizeof(StoreConnection));
	bool has_default = false;

	if (!store_connections_list(poller->store, &rows, error))
		return false;
	for (guint i = 0; i < rows->len; i++) {
		const StoreConnection *row = rows->pdata[i];

		has_default = has_default || strcmp(row->name, "default") == 0;
		g_array_append_val(copies, *row);
	}
	if (!has_default) {
		const StoreConnection own = {.name = (char *)(uintptr_t) "default",
			.driver = (char *)(uintptr_t) "sqlite",
			.url = url};

		g_mkdir_with_parents(folder, 0700);
		g_array_append_val(copies, own);
	}
	return store_connections_replace(
		poller->own, (const StoreConnection *)(void *)copies->data, copies->len, error);
}

// The domain's connection, and all variables that the flow sees.
static bool read_surroundings(
	Poller *poller, Look *look, char **ret_connection, json_t **ret_variables, GError **error)
{
	const StoreFlow *flow = look->flow;
	g_autoptr(StoreDomain) domain = NULL;
	g_autoptr(StoreRevision) revision = NULL;

	if (!store_domain_get(poller->store, flow->domain, &domain, error) ||
		!store_revision_get(poller->store, flow->namespace, flow->id, 0, &revision, error))
		return false;
	*ret_connection = g_strdup(domain == NULL ? NULL : domain->connection);
	json_t *definition = revision == NULL ? NULL : json_loads(revision->definition, 0, NULL);
	bool done =
		store_variables_get(poller->store, flow->namespace, flow->id, ret_variables, error);
	if (done)
		json_object_update(*ret_variables, json_object_get(definition, "variables"));
	json_decref(definition);
	return done;
}

// The flow of the look. Its name is the flow's and the trigger's: a flow may have several.
static bool put_flow(Poller *poller, const char *namespace, const char *id, const char *definition,
	GError **error)
{
	g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, definition, -1);
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(poller->own, error);
	int64_t applied;
	const StoreFlowPut put = {
		.flow = {.namespace = (char *)(uintptr_t) namespace,
			.id = (char *)(uintptr_t)id,
			.digest = digest,
			.domain = (char *)(uintptr_t) namespace,
			.kind = (char *)(uintptr_t) "written",
			.path = (char *)(uintptr_t) "",
			.line = 1},
		.definition = definition,
	};

	return transaction != NULL && store_apply_begin(poller->own, &applied, error) &&
	       store_flow_put(poller->own, &put, applied, NULL, error) &&
	       store_transaction_commit(transaction, error);
}

static bool create_run(
	Poller *poller, Look *look, const char *namespace, const char *id, GError **error)
{
	char at[TIMESTAMP_SIZE];
	json_t *values = json_pack("{s:s, s:s, s:s}", "id", look->row->id, "type", look->row->type,
		"date", timestamp_format(look->row->next_at, at));
	char *text = json_dump_text(values, JSON_COMPACT);
	const StoreRunNew run = {.namespace = namespace,
		.flow = id,
		.trigger = text,
		.trigger_type = look->row->type};
	bool done = store_run_create(poller->own, &run, look->run_id, NULL, error);

	free(text);
	json_decref(values);
	return done;
}

bool poller_look_begin(Poller *poller, Look *look, GError **error)
{
	const StoreFlow *flow = look->flow;
	g_autofree char *id = g_strdup_printf("%s.%s", flow->id, look->row->id);
	g_autofree char *connection = NULL;
	json_t *variables = NULL;
	bool done = copy_connections(poller, error) &&
		    read_surroundings(poller, look, &connection, &variables, error);

	if (done) {
		g_autofree char *definition =
			poll_flow_json(look->trigger, flow->namespace, id, connection, variables);

		done = put_flow(poller, flow->namespace, id, definition, error) &&
		       create_run(poller, look, flow->namespace, id, error);
	}
	if (done && variables != NULL) {
		char *text = json_dump_text(variables, JSON_COMPACT);

		look->variables = g_strdup(text);
		free(text);
	}
	json_decref(variables);
	return done;
}

static bool keep_outputs(const StoreTaskRun *task_run, void *data)
{
	json_t **outputs = data;

	if (strcmp(task_run->task_id, "look") == 0 && task_run->outputs != NULL)
		*outputs = json_loads(task_run->outputs, 0, NULL);
	return true;
}

typedef struct {
	char *message;
} Failure;

static bool keep_message(const StoreTaskRun *task_run, void *data)
{
	Failure *failure = data;

	if (failure->message == NULL && task_run->message != NULL)
		failure->message = g_strdup(task_run->message);
	return true;
}

bool poller_look_ended(Poller *poller, const Look *look, json_t **ret_outputs, GError **error)
{
	g_autoptr(StoreRun) run = NULL;
	Failure failure = {NULL};

	*ret_outputs = NULL;
	if (!store_run_get(poller->own, look->run_id, &run, NULL) || run == NULL ||
		!run_state_is_ended(run->state))
		return false;
	if (run_state_is_good(run->state)) {
		store_task_runs_visit(poller->own, look->run_id, keep_outputs, ret_outputs, NULL);
		if (*ret_outputs == NULL)
			*ret_outputs = json_object();
		return true;
	}
	store_task_runs_visit(poller->own, look->run_id, keep_message, &failure, NULL);
	g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "the look ended %s: %s",
		run_state_name(run->state),
		failure.message != NULL ? failure.message
		: run->message != NULL	? run->message
					: "it does not say why");
	g_free(failure.message);
	return true;
}

void poller_looks_forget(Poller *poller)
{
	// All that has ended, however young; the flows and their newest revisions stay.
	StoreRetentionPolicy policy = {.newest = 0};
	g_autoptr(StoreRetention) retention = NULL;
	int64_t runs = 0;
	char oldest[27];
	bool more = true;

	enum { ENOUGH = 200 };
	if (!store_runs_count(poller->own, &runs, oldest, NULL) || runs < ENOUGH)
		return;
	retention = store_retention_new(poller->own, poller->own, &policy, NULL, NULL);
	while (more && store_retention_step(retention, timestamp_now(), &more, NULL))
		continue;
}
