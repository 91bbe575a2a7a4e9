#include "api/dashboard.h"
#include "api/handlers.h"
#include "api/lists.h"
#include "api/openapi.h"
#include "api/values.h"
#include "store/node.h"
#include "store/timestamp.h"

static json_t *node_document(const void *row)
{
	const StoreNode *node = row;
	json_t *document = json_object();
	g_auto(GStrv) roles = g_strsplit(node->roles != NULL ? node->roles : "", ",", -1);
	json_t *list = json_array();

	for (char **role = roles; *role != NULL; role++)
		json_array_append_new(list, value_text(*role));
	json_object_set_new(document, "id", value_text(node->id));
	json_object_set_new(document, "name", value_text(node->name));
	json_object_set_new(document, "version", value_text(node->version));
	json_object_set_new(document, "roles", list);
	json_object_set_new(document, "slots", json_integer(node->slots));
	json_object_set_new(document, "busy", json_integer(node->busy));
	json_object_set_new(document, "alive", json_boolean(node->expires_at > timestamp_now()));
	json_object_set_new(document, "started", value_time(node->started_at));
	json_object_set_new(document, "beat", value_time(node->beat_at));
	return document;
}

json_t *get_nodes(const ApiRequest *request, GError **error)
{
	g_autoptr(GPtrArray) nodes = NULL;

	if (!store_nodes_list(request->store, &nodes, error))
		return NULL;
	return list_slice(request, nodes, node_document, error);
}

json_t *get_health(const ApiRequest *request, GError **error)
{
	(void)request;
	(void)error;
	return json_pack("{s:s, s:[o]}", "status", "ok", "parts",
		part_document(&(ApiPart){.name = "process"}));
}

json_t *get_readiness(const ApiRequest *request, GError **error)
{
	g_autoptr(GError) fault = NULL;
	int64_t count;
	bool readable = store_change_count(request->store, &count, &fault) &&
			store_in_place(request->store, &fault);

	const ApiPart store = {.name = "store", .message = readable ? NULL : fault->message};
	json_t *parts = parts_documents(request->parts, json_pack("[o]", part_document(&store)));

	(void)error;
	return json_pack("{s:s, s:o}", "status",
		parts_find_failed(parts, NULL) == NULL ? "ok" : "failed", "parts", parts);
}

json_t *get_openapi(const ApiRequest *request, GError **error)
{
	(void)request;
	(void)error;
	return openapi_document();
}

char *get_dashboard(const ApiRequest *request, GError **error)
{
	(void)request;
	(void)error;
	return g_strdup(dashboard_page());
}
