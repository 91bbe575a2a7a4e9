#include "api/flow_graph.h"
#include "api/handlers.h"
#include "api/hook_keys.h"
#include "api/lists.h"
#include "api/values.h"
#include "store/flow.h"
#include "store/json_dump.h"

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

	return list_flows(request, &filter, flow_document, error);
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

// The query of a flow that was generated from a script, NULL of others.
static const char *script_of(const json_t *definition)
{
	const json_t *tasks = json_object_get(definition, "tasks");
	const json_t *task = json_array_get(tasks, 0);
	const char *type = json_string_value(json_object_get(task, "type"));

	if (json_array_size(tasks) != 1 || g_strcmp0(type, "sql.build") != 0)
		return NULL;
	return json_string_value(json_object_get(task, "sql"));
}

// What was not kept as a file is in the definition: a script's own text, or the flow as it was made from its set's template.
static char *source_of_definition(const char *text)
{
	json_t *definition = value_json(text);
	const char *script = script_of(definition);
	char *source;

	if (script != NULL) {
		source = g_strconcat(script, g_str_has_suffix(script, "\n") ? "" : "\n", NULL);
	} else {
		hook_keys_mask(json_object_get(definition, "triggers"));
		g_autofree char *indented = json_dump_text(definition, JSON_INDENT(2));
		source = g_strconcat(indented, "\n", NULL);
	}
	json_decref(definition);
	return source;
}

char *get_flow_source(const ApiRequest *request, GError **error)
{
	g_autoptr(StoreRevision) revision = NULL;

	if (!find_revision(request, &revision, error))
		return NULL;
	if (revision->source == NULL)
		return source_of_definition(revision->definition);
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
