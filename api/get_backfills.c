#include "api/flow_name.h"
#include "api/handlers.h"
#include "api/lists.h"
#include "api/run_secrets.h"
#include "api/values.h"
#include "store/backfill.h"

static json_t *backfill_document(const void *row)
{
	const StoreBackfill *backfill = row;
	json_t *document = json_object();

	json_object_set_new(document, "id", value_text(backfill->id));
	json_object_set_new(document, "namespace", value_text(backfill->namespace));
	json_object_set_new(document, "flow", value_text(backfill->flow));
	json_object_set_new(document, "trigger", value_text(backfill->trigger_id));
	json_object_set_new(document, "state", value_text(backfill_state_name(backfill->state)));
	json_object_set_new(document, "from", value_time(backfill->from_at));
	json_object_set_new(document, "to", value_time(backfill->to_at));
	json_object_set_new(document, "next", value_time(backfill->next_at));
	json_object_set_new(document, "concurrency", json_integer(backfill->concurrency));
	json_object_set_new(document, "total", json_integer(backfill->total));
	json_object_set_new(document, "made", json_integer(backfill->made));
	json_object_set_new(document, "left_out", json_integer(backfill->left_out));
	json_object_set_new(document, "message", value_text(backfill->message));
	json_object_set_new(document, "created", value_time(backfill->created_at));
	json_object_set_new(document, "ended", value_time(backfill->ended_at));
	return document;
}

json_t *get_backfills(const ApiRequest *request, GError **error)
{
	g_auto(FlowName) name = {NULL, NULL};
	g_autoptr(GPtrArray) backfills = NULL;
	g_autofree char *next = NULL;
	StorePage page;

	if (!request_page(request, &page, error) || !flow_name_read(request, &name, error))
		return NULL;
	const StoreBackfillFilter filter = {.namespace = name.namespace, .flow = name.id};
	if (!store_backfills_list(request->store, &filter, &page, &backfills, &next, error))
		return list_failed(request, error);
	return list_page(request, backfills, backfill_document, next);
}

json_t *get_backfill(const ApiRequest *request, GError **error)
{
	const char *id = request_text(request, "id");
	g_autoptr(StoreBackfill) backfill = NULL;
	int64_t runs[RUN_STATES];
	json_t *document, *inputs;

	if (!store_backfill_get(request->store, id, &backfill, error))
		return NULL;
	if (backfill == NULL) {
		api_error_set(
			error, API_NOT_FOUND, "unknown-backfill", "there is no backfill '%s'", id);
		return NULL;
	}
	if (!store_backfill_count(request->store, id, runs, error) ||
		!backfill_inputs_masked(request->store, backfill, &inputs, error))
		return NULL;
	document = backfill_document(backfill);
	json_object_set_new(document, "inputs", inputs);
	json_object_set_new(document, "labels", value_json_object(backfill->labels));
	json_object_set_new(document, "runs", value_state_counts(runs));
	return document;
}
