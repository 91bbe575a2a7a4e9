#include "api/openapi.h"

#include "api/api.h"
#include "api/route.h"
#include <string.h>

static const char *const parameter_types[] = {
	[PARAMETER_TEXT] = "string",
	[PARAMETER_ENUM] = "string",
	[PARAMETER_INTEGER] = "integer",
	[PARAMETER_BOOLEAN] = "boolean",
	[PARAMETER_TIME] = "string",
};

static json_t *parameter_schema(const ApiParameter *parameter)
{
	json_t *schema = json_pack("{s:s}", "type", parameter_types[parameter->type]);

	if (parameter->type == PARAMETER_TIME)
		json_object_set_new(schema, "format", json_string("date-time"));
	if (parameter->type == PARAMETER_INTEGER) {
		json_object_set_new(schema, "minimum", json_integer(parameter->minimum));
		json_object_set_new(schema, "maximum", json_integer(parameter->maximum));
		json_object_set_new(schema, "default", json_integer(parameter->fallback));
	}
	if (parameter->type == PARAMETER_ENUM) {
		json_t *values = json_array();

		for (const char *const *value = parameter->values; *value != NULL; value++)
			json_array_append_new(values, json_string(*value));
		json_object_set_new(schema, "enum", values);
	}
	return schema;
}

static void append_parameters(json_t *list, const ApiRoute *route, const ApiParameter *parameters)
{
	for (; parameters != NULL && parameters->name != NULL; parameters++) {
		bool in_path = route_has_in_path(route, parameters->name);

		json_array_append_new(list,
			json_pack("{s:s, s:s, s:b, s:s, s:o}", "name", parameters->name, "in",
				in_path ? "path" : "query", "required", in_path, "description",
				parameters->description, "schema", parameter_schema(parameters)));
	}
}

static json_t *list_schema(const ApiSchema *item)
{
	return json_pack("{s:s, s:{s:{s:s, s:o}, s:{s:[s, s], s:s}}, s:[s, s]}", "type", "object",
		"properties", "items", "type", "array", "items",
		json_pack("{s:o}", "$ref", json_sprintf("#/components/schemas/%s", item->name)),
		"next", "type", "string", "null", "description",
		"The cursor of the next page; null on the last one", "required", "items", "next");
}

static json_t *success_content(const ApiRoute *route)
{
	json_t *schema;
	json_t *content;

	if (route->form == ROUTE_TEXT)
		return json_pack("{s:{s:{s:s}}}", route->content_type, "schema", "type", "string");
	if (route_is_list(route))
		schema = list_schema(route->schema);
	else if (route->schema != NULL)
		schema = json_pack("{s:o}", "$ref",
			json_sprintf("#/components/schemas/%s", route->schema->name));
	else
		schema = json_pack("{s:s}", "type", "object");
	content = json_pack("{s:{s:o}}", "application/json", "schema", schema);
	if (route->form == ROUTE_FOLLOWED)
		json_object_set_new(content, "text/event-stream",
			json_pack("{s:{s:s}}", "schema", "type", "string"));
	return content;
}

static json_t *responses(const ApiRoute *route)
{
	json_t *problem = json_pack("{s:s, s:{s:{s:{s:s}}}}", "description", "A problem", "content",
		"application/problem+json", "schema", "$ref", "#/components/schemas/Problem");
	json_t *list = json_pack("{s:{s:s, s:o}, s:{s:s}, s:o}", "200", "description",
		route->summary, "content", success_content(route), "304", "description",
		"What the ETag of If-None-Match names is still right", "default", problem);

	if (route->form == ROUTE_HEALTH)
		json_object_set_new(list, "503",
			json_pack("{s:s, s:o}", "description", "Not ready", "content",
				success_content(route)));
	return list;
}

static json_t *operation(const ApiRoute *route)
{
	json_t *parameters = json_array();

	append_parameters(parameters, route, route->parameters);
	if (route_is_list(route))
		append_parameters(parameters, route, list_parameters);
	return json_pack("{s:s, s:s, s:o, s:o}", "operationId", route->name, "summary",
		route->summary, "parameters", parameters, "responses", responses(route));
}

json_t *openapi_document(void)
{
	json_t *paths = json_object();
	json_t *components = json_object();

	schema_collect(components, &problem_schema);
	for (const ApiRoute *route = api_routes; route->path != NULL; route++) {
		json_object_set_new(
			paths, route->path, json_pack("{s:o}", "get", operation(route)));
		schema_collect(components, route->schema);
	}
	return json_pack("{s:s, s:{s:s, s:s, s:s, s:{s:s}}, s:o, s:{s:o}}", "openapi", "3.1.0",
		"info", "title", "weir status API", "version", WEIR_VERSION, "description",
		"What is committed, what is live, what runs, and what has drifted. Read-only: GET "
		"and "
		"HEAD.",
		"license", "name", "MIT", "paths", paths, "components", "schemas", components);
}
