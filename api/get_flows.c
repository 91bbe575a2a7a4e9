#include "api/flow_graph.h"
#include "api/handlers.h"
#include "api/hook_keys.h"
#include "api/lists.h"
#include "api/values.h"
#include "store/flow.h"

static json_t *flow_document(const void *row)
{
	const StoreFlow *flow = row;
	json_t *document = json_object();

	json_object_set_new(document, "namespace", value_text(flow->namespace));
	json_object_set_new(document, "id", value_text(flow->id));
	json_object_set_new(document, "revision", json_integer(flow->revision));
	json_object_set_new(document, "kind", value_text(flow->kind));
	json_object_set_new(document, "domain", value_text(flow->domain));
	json_object_set_new(document, "path", value_text(flow->path));
	json_object_set_new(document, "line", json_integer(flow->line));
	json_object_set_new(document, "feed", value_text(flow->feed));
	json_object_set_new(document, "table", value_text(flow->target));
	json_object_set_new(document, "connection", value_text(flow->connection));
	json_object_set_new(document, "reads", value_lines(flow->reads));
	json_object_set_new(document, "writes", value_lines(flow->writes));
	json_object_set_new(document, "opaque", json_boolean(flow->opaque));
	json_object_set_new(document, "disabled", json_boolean(flow->disabled));
	json_object_set_new(document, "labels", value_json_object(flow->labels));
	json_object_set_new(document, "commit", value_text(flow->commit));
	json_object_set_new(document, "changed", value_time(flow->changed_at));
	json_object_set_new(document, "deleted", value_time(flow->deleted_at));
	return document;
}

json_t *get_flows(const ApiRequest *request, GError **error)
{
	const StoreFlowFilter filter = {
		.namespace = request_text(request, "namespace"),
		.domain = request_text(request, "domain"),
		.kind = request_text(request, "kind"),
		.deleted = request_number(request, "deleted") == 1,
	};
	g_autoptr(GPtrArray) flows = NULL;
	g_autofree char *next = NULL;
	StorePage page;

	if (!request_page(request, &page, error))
		return NULL;
	if (!store_flows_list(request->store, &filter, &page, &flows, &next, error))
		return list_failed(request, error);
	return list_page(request, flows, flow_document, next);
}

static bool find_flow(const ApiRequest *request, StoreFlow **ret_flow, GError **error)
{
	const char *namespace = request_text(request, "namespace");
	const char *id = request_text(request, "id");

	if (!store_flow_get(request->store, namespace, id, ret_flow, error))
		return false;
	if (*ret_flow != NULL)
		return true;
	api_error_set(error, API_NOT_FOUND, "unknown-flow",
		"there is no flow '%s' in the namespace '%s'", id, namespace);
	return false;
}

static bool find_revision(const ApiRequest *request, StoreRevision **ret_revision, GError **error)
{
	const char *namespace = request_text(request, "namespace");
	const char *id = request_text(request, "id");
	int64_t revision = request_number(request, "revision");

	if (!store_revision_get(request->store, namespace, id, revision, ret_revision, error))
		return false;
	if (*ret_revision != NULL)
		return true;
	if (revision == 0)
		api_error_set(error, API_NOT_FOUND, "unknown-flow",
			"there is no flow '%s' in the namespace '%s'", id, namespace);
	else
		api_error_set(error, API_NOT_FOUND, "unknown-revision",
			"the flow '%s.%s' has no revision %" G_GINT64_FORMAT, namespace, id,
			revision);
	return false;
}

json_t *get_flow(const ApiRequest *request, GError **error)
{
	g_autoptr(StoreFlow) flow = NULL;
	g_autoptr(StoreRevision) revision = NULL;
	json_t *document;

	if (!find_flow(request, &flow, error) || !find_revision(request, &revision, error))
		return NULL;
	document = flow_document(flow);
	json_object_set_new(document, "revision", json_integer(revision->revision));
	json_object_set_new(document, "commit", value_text(revision->commit));
	json_object_set_new(document, "triggers", value_json_list(flow->triggers));
	json_object_set_new(document, "concurrency",
		flow->concurrency_limit > 0 ? json_integer(flow->concurrency_limit) : json_null());
	json_object_set_new(document, "definition", value_json(revision->definition));
	hook_keys_mask(json_object_get(document, "triggers"));
	hook_keys_mask(json_object_get(json_object_get(document, "definition"), "triggers"));
	return document;
}

static json_t *revision_document(const void *row)
{
	const StoreRevision *revision = row;

	return json_pack("{s:I, s:o, s:o, s:o}", "revision", (json_int_t)revision->revision,
		"digest", value_text(revision->digest), "commit", value_text(revision->commit),
		"created", value_time(revision->created_at));
}

json_t *get_flow_revisions(const ApiRequest *request, GError **error)
{
	g_autoptr(StoreFlow) flow = NULL;
	g_autoptr(GPtrArray) revisions = NULL;
	g_autofree char *next = NULL;
	StorePage page;

	if (!request_page(request, &page, error) || !find_flow(request, &flow, error))
		return NULL;
	if (!store_revisions_list(
		    request->store, flow->namespace, flow->id, &page, &revisions, &next, error))
		return list_failed(request, error);
	return list_page(request, revisions, revision_document, next);
}

char *get_flow_source(const ApiRequest *request, GError **error)
{
	g_autoptr(StoreRevision) revision = NULL;

	if (!find_revision(request, &revision, error))
		return NULL;
	if (revision->source == NULL) {
		api_error_set(error, API_NOT_FOUND, "no-source",
			"the text of revision %" G_GINT64_FORMAT " was not kept",
			revision->revision);
		return NULL;
	}
	g_autofree char *text = g_utf8_make_valid(revision->source, -1);
	return hook_keys_mask_text(text, revision->definition);
}

json_t *get_flow_graph(const ApiRequest *request, GError **error)
{
	g_autoptr(StoreRevision) revision = NULL;
	json_t *definition;
	json_t *graph;

	if (!find_revision(request, &revision, error))
		return NULL;
	definition = value_json(revision->definition);
	graph = flow_graph_document(definition);
	json_decref(definition);
	return graph;
}
