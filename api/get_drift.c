#include "api/handlers.h"
#include "api/lists.h"
#include "api/values.h"
#include "store/drift.h"
#include "store/trigger.h"

static json_t *drift_document(const void *row)
{
	const StoreDrift *drift = row;
	json_t *document = json_object();

	json_object_set_new(document, "number", json_integer(drift->number));
	json_object_set_new(document, "kind", value_text(drift->kind));
	json_object_set_new(document, "resource", value_text(drift->resource));
	json_object_set_new(document, "domain", value_text(drift->domain));
	json_object_set_new(document, "summary", value_text(drift->summary));
	json_object_set_new(document, "diff", value_text(drift->diff));
	json_object_set_new(document, "cause", value_text(drift->cause));
	json_object_set_new(document, "onset", value_time(drift->onset));
	json_object_set_new(document, "seen", value_time(drift->seen_at));
	json_object_set_new(document, "resolved", value_time(drift->resolved_at));
	json_object_set_new(document, "resolution", value_text(drift->resolution));
	return document;
}

static json_t *list_drift(const ApiRequest *request, const StoreDriftFilter *filter, GError **error)
{
	g_autoptr(GPtrArray) drifts = NULL;
	g_autofree char *next = NULL;
	StorePage page;

	if (!request_page(request, &page, error))
		return NULL;
	if (!store_drifts_list(request->store, filter, &page, &drifts, &next, error))
		return list_failed(request, error);
	return list_page(request, drifts, drift_document, next);
}

json_t *get_drift(const ApiRequest *request, GError **error)
{
	const StoreDriftFilter filter = {
		.domain = request_text(request, "domain"),
		.kind = request_text(request, "kind"),
		.at = request_number(request, "at"),
	};

	return list_drift(request, &filter, error);
}

json_t *get_drift_history(const ApiRequest *request, GError **error)
{
	const StoreDriftFilter filter = {
		.domain = request_text(request, "domain"),
		.kind = request_text(request, "kind"),
		.resource = request_text(request, "resource"),
		.history = true,
	};

	return list_drift(request, &filter, error);
}

static json_t *trigger_document(const void *row)
{
	const StoreTrigger *trigger = row;
	json_t *document = json_object();

	json_object_set_new(document, "namespace", value_text(trigger->namespace));
	json_object_set_new(document, "flow", value_text(trigger->flow));
	json_object_set_new(document, "id", value_text(trigger->id));
	json_object_set_new(document, "type", value_text(trigger->type));
	json_object_set_new(document, "disabled", json_boolean(trigger->disabled));
	json_object_set_new(document, "next", value_time(trigger->next_at));
	json_object_set_new(document, "last", value_time(trigger->last_at));
	json_object_set_new(document, "last_run", value_text(trigger->last_run_id));
	json_object_set_new(document, "message", value_text(trigger->message));
	return document;
}

json_t *get_triggers(const ApiRequest *request, GError **error)
{
	const StoreTriggerFilter filter = {
		.namespace = request_text(request, "namespace"),
		.flow = request_text(request, "flow"),
	};
	g_autoptr(GPtrArray) triggers = NULL;
	g_autofree char *next = NULL;
	StorePage page;

	if (!request_page(request, &page, error))
		return NULL;
	if (!store_triggers_list(request->store, &filter, &page, &triggers, &next, error))
		return list_failed(request, error);
	return list_page(request, triggers, trigger_document, next);
}
