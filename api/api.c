#include "api/api.h"

#include "api/route.h"
#include "api/suggest.h"
#include "store/json_dump.h"
#include <string.h>

#define JSON_TYPE    "application/json"
#define PROBLEM_TYPE "application/problem+json"

static void set_body(ApiReply *reply, ApiStatus status, const char *content_type, char *body)
{
	g_free(reply->body);
	reply->status = status;
	reply->content_type = content_type;
	reply->body = body;
	reply->length = strlen(body);
}

static void set_document(
	ApiReply *reply, ApiStatus status, const char *content_type, json_t *document)
{
	char *text = json_dump_text(document, JSON_COMPACT);

	set_body(reply, status, content_type, g_strconcat(text, "\n", NULL));
	free(text);
	json_decref(document);
}

void api_reply_problem(ApiReply *reply, const GError *error)
{
	set_document(reply, api_error_status(error), PROBLEM_TYPE, problem_document(error));
}

void api_reply_clear(ApiReply *reply)
{
	g_clear_pointer(&reply->body, g_free);
}

static bool segment_matches(const char **pattern, const char *segment)
{
	size_t length = strcspn(*pattern + 1, "/");
	const char *text = *pattern + 1;

	*pattern = text + length;
	return text[0] == '{' || (strlen(segment) == length && memcmp(text, segment, length) == 0);
}

static bool path_matches(const char *pattern, const GPtrArray *segments)
{
	if (strcmp(pattern, "/") == 0)
		return segments->len == 0;
	for (guint i = 0; i < segments->len; i++) {
		if (*pattern == '\0' || !segment_matches(&pattern, g_ptr_array_index(segments, i)))
			return false;
	}
	return *pattern == '\0';
}

const ApiRoute *route_match(const ApiTarget *target)
{
	for (const ApiRoute *route = api_routes; route->path != NULL; route++) {
		if (path_matches(route->path, target->segments))
			return route;
	}
	return NULL;
}

static void report_unknown_path(const ApiTarget *target, GError **error)
{
	const char *paths[64] = {NULL};
	size_t count = 0;
	g_autoptr(GString) path = g_string_new(NULL);
	const char *meant;

	for (guint i = 0; i < target->segments->len; i++)
		g_string_append_printf(
			path, "/%s", (const char *)g_ptr_array_index(target->segments, i));
	for (const ApiRoute *route = api_routes;
		route->path != NULL && count + 1 < G_N_ELEMENTS(paths); route++)
		paths[count++] = route->path;
	api_error_set(error, API_NOT_FOUND, "unknown-path", "there is no '%s'", path->str);
	meant = suggest_name(path->str, paths);
	if (meant != NULL)
		api_error_hint(error, "did you mean '%s'?", meant);
	else
		api_error_hint(error, "'/openapi.json' lists the paths");
}

static void set_etag(ApiReply *reply)
{
	g_autofree char *digest = g_compute_checksum_for_data(
		G_CHECKSUM_SHA256, (const guchar *)reply->body, reply->length);

	digest[32] = '\0';
	g_snprintf(reply->etag, sizeof reply->etag, "\"%s\"", digest);
}

// Runs the handler of a document; all it reads is of one moment. Whether the server is well must be told without the store.
static json_t *run_handler(const ApiRequest *request, GError **error)
{
	const ApiRoute *route = request->route;
	json_t *document;

	if (route->schema == NULL || route->form == ROUTE_HEALTH)
		return route->document(request, error);
	if (!store_snapshot_begin(request->store, error))
		return NULL;
	document = route->document(request, error);
	store_snapshot_end(request->store);
	return document;
}

// What /readyz says when not all parts work: the first fault, and all parts. The document is taken over.
static json_t *health_problem(json_t *document)
{
	json_t *parts = json_object_get(document, "parts");
	const json_t *part = parts_find_failed(parts, NULL);
	const char *hint = json_string_value(json_object_get(part, "hint"));
	g_autoptr(GError) error = NULL;

	api_error_set(&error, API_UNAVAILABLE, "not-ready", "%s: %s",
		json_string_value(json_object_get(part, "name")),
		json_string_value(json_object_get(part, "message")));
	if (hint != NULL)
		api_error_hint(&error, "%s", hint);
	json_t *problem = problem_document(error);
	json_object_set(problem, "parts", parts);
	json_decref(document);
	return problem;
}

static bool answer_document(const ApiRequest *request, ApiReply *reply, GError **error)
{
	json_t *document = run_handler(request, error);
	const char *status;

	if (document == NULL)
		return false;
	status = json_string_value(json_object_get(document, "status"));
	if (request->route->form == ROUTE_HEALTH && g_strcmp0(status, "ok") != 0)
		set_document(reply, API_UNAVAILABLE, PROBLEM_TYPE, health_problem(document));
	else
		set_document(reply, API_OK, JSON_TYPE, document);
	return true;
}

static bool answer_text(const ApiRequest *request, ApiReply *reply, GError **error)
{
	char *text = request->route->text(request, error);

	if (text == NULL)
		return false;
	set_body(reply, API_OK, request->route->content_type, text);
	reply->is_dashboard = strcmp(request->route->path, "/") == 0;
	return true;
}

// Everything up to the handler: target, route, method, parameters.
static bool prepare(const ApiCall *call, ApiTarget *target, ApiRequest *request, GError **error)
{
	if (!target_parse(target, call->target, error))
		return false;
	request->route = route_match(target);
	if (request->route == NULL) {
		report_unknown_path(target, error);
		return false;
	}
	if (strcmp(call->method, "GET") != 0 && strcmp(call->method, "HEAD") != 0) {
		api_error_set(error, API_BAD_METHOD, "read-only",
			"this API only answers GET and HEAD, not '%s'", call->method);
		return false;
	}
	return request_read(request, error);
}

void api_answer(const ApiCall *call, ApiReply *reply)
{
	g_auto(ApiTarget) target = {NULL, NULL};
	ApiRequest request = {.target = &target, .store = call->store, .parts = call->parts};
	g_autoptr(GError) error = NULL;
	bool done;

	memset(reply, 0, sizeof *reply);
	done = prepare(call, &target, &request, &error) &&
	       (request.route->text != NULL ? answer_text(&request, reply, &error)
					    : answer_document(&request, reply, &error));
	if (done)
		set_etag(reply);
	else
		api_reply_problem(reply, error);
}

json_t *api_get(Store *store, const ApiParts *parts, const char *path, GError **error)
{
	ApiCall call = {"GET", path, store, parts};
	g_auto(ApiTarget) target = {NULL, NULL};
	ApiRequest request = {.target = &target, .store = store, .parts = parts};

	if (!prepare(&call, &target, &request, error))
		return NULL;
	g_return_val_if_fail(request.route->document != NULL, NULL);
	return run_handler(&request, error);
}

bool api_etag_matches(const char *if_none_match, const char *etag)
{
	if (if_none_match == NULL || *etag == '\0')
		return false;
	g_auto(GStrv) tags = g_strsplit(if_none_match, ",", 64);
	for (char **tag = tags; *tag != NULL; tag++) {
		const char *opaque = g_strstrip(*tag);

		if (strcmp(opaque, "*") == 0)
			return true;
		if (g_str_has_prefix(opaque, "W/"))
			opaque += 2;
		if (strcmp(opaque, etag) == 0)
			return true;
	}
	return false;
}
