#include "api/ingress_flow.h"

#include <string.h>

// clang-format off
const IngressRoute ingress_routes[] = {
	{"POST", "/hooks/flows/{namespace}/{id}/{key}", ingress_flow_admit, ingress_flow_take, ingress_flow_free},
	{NULL, NULL, NULL, NULL, NULL},
};
// clang-format on

static bool path_matches(const char *pattern, const GPtrArray *segments)
{
	g_auto(GStrv) parts = g_strsplit(pattern + 1, "/", -1);

	if (g_strv_length(parts) != segments->len)
		return false;
	for (guint i = 0; i < segments->len; i++) {
		if (parts[i][0] != '{' && strcmp(parts[i], segments->pdata[i]) != 0)
			return false;
	}
	return true;
}

const IngressRoute *ingress_route_find(const char *method, const ApiTarget *target, GError **error)
{
	const IngressRoute *other = NULL;

	for (const IngressRoute *route = ingress_routes; route->path != NULL; route++) {
		if (!path_matches(route->path, target->segments))
			continue;
		if (strcmp(route->method, method) == 0)
			return route;
		other = route;
	}
	if (other != NULL)
		api_error_set(error, API_BAD_METHOD, "bad-method", "this address answers %s only",
			other->method);
	else
		api_error_set(error, API_NOT_FOUND, "unknown-hook", "there is no such hook");
	return NULL;
}

const char *ingress_header(const json_t *headers, const char *name)
{
	const char *key;
	json_t *values;

	json_object_foreach((json_t *)(uintptr_t)headers, key, values)
	{
		if (g_ascii_strcasecmp(key, name) == 0)
			return json_string_value(json_array_get(values, 0));
	}
	return NULL;
}
