#include "api/reference.h"

#include "api/route.h"
#include <glib.h>
#include <stdint.h>

static const char *const type_phrases[] = {
	[API_STRING] = "text",
	[API_TIME] = "time",
	[API_INTEGER] = "integer",
	[API_NUMBER] = "number",
	[API_BOOLEAN] = "boolean",
	[API_ENUM] = "one of",
	[API_OBJECT] = "a",
	[API_OBJECTS] = "list of",
	[API_STRINGS] = "list of text",
	[API_MAP] = "object",
	[API_COUNTS] = "object of integers",
	[API_ANY] = "anything",
};

static const char head[] =
	"# The status API\n\n"
	"Written from the route table by `script/docs`; do not edit by hand.\n\n"
	"`weir serve` answers GET and HEAD, by default on `127.0.0.1:8480`; every other method "
	"gets "
	"405. Answers are JSON\nunless said otherwise, carry an `ETag`, and are answered with 304 "
	"when "
	"`If-None-Match` names it. Errors are\n`application/problem+json`, see "
	"[Problem](#problem). Times are RFC 3339 in UTC with milliseconds.\n\n"
	"A list has `items` and `next`. When `next` is not null, the same request with "
	"`cursor=NEXT` gives the next page; what\nis added meanwhile neither repeats nor hides an "
	"item. A parameter that a route does not know is an error.\n\n"
	"Some lists can be followed: with `Accept: text/event-stream` the answer is a stream of "
	"server-sent events. Each `item`\nholds an item of the list, `end` ends the stream, "
	"`problem` "
	"too. A client that was cut off goes on where it was with\n`Last-Event-ID`.\n\n"
	"`/openapi.json` is the same as an OpenAPI 3.1 document, `/` is the status page.\n\n"
	"## Paths\n";

// To the section of a schema: headings have anchors in small letters.
static void append_link(GString *text, const char *before, const char *name)
{
	g_autofree char *anchor = g_ascii_strdown(name, -1);

	g_string_append_printf(text, "%s [%s](#%s)", before, name, anchor);
}

static void append_values(GString *text, const char *const *values)
{
	for (const char *const *value = values; value != NULL && *value != NULL; value++)
		g_string_append_printf(text, "%s`%s`", value == values ? " " : ", ", *value);
}

static void append_parameter(GString *text, const ApiRoute *route, const ApiParameter *parameter)
{
	bool in_path = route_has_in_path(route, parameter->name);

	g_string_append_printf(text, "| `%s` | %s | %s", parameter->name,
		in_path ? "path" : "query", parameter->description);
	if (parameter->type == PARAMETER_ENUM)
		g_string_append(text, ":");
	append_values(text, parameter->values);
	if (parameter->type == PARAMETER_INTEGER)
		g_string_append_printf(text,
			" (%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ", default %" G_GINT64_FORMAT
			")",
			parameter->minimum, parameter->maximum, parameter->fallback);
	g_string_append(text, " |\n");
}

static void append_parameters(GString *text, const ApiRoute *route, const ApiParameter *parameters)
{
	for (; parameters != NULL && parameters->name != NULL; parameters++)
		append_parameter(text, route, parameters);
}

static void append_answer(GString *text, const ApiRoute *route)
{
	const char *name = route->schema != NULL ? route->schema->name : NULL;

	if (route->form == ROUTE_TEXT)
		g_string_append_printf(text, " Answers `%s`.", route->content_type);
	else if (name != NULL)
		append_link(text, route_is_list(route) ? " Answers a page of" : " Answers a", name);
	if (route->form != ROUTE_TEXT && name != NULL)
		g_string_append_c(text, '.');
	if (route->form == ROUTE_FOLLOWED)
		g_string_append(text, " Can be followed.");
	g_string_append_c(text, '\n');
}

static void append_route(GString *text, const ApiRoute *route)
{
	g_string_append_printf(text, "\n### `%s`\n\n%s.", route->path, route->summary);
	append_answer(text, route);
	if (route->parameters == NULL && !route_is_list(route))
		return;
	g_string_append(text, "\n| parameter | in | |\n|---|---|---|\n");
	append_parameters(text, route, route->parameters);
	if (route_is_list(route))
		append_parameters(text, route, list_parameters);
}

static void append_field(GString *text, const ApiField *field)
{
	g_string_append_printf(text, "| `%s` | %s", field->name, type_phrases[field->type]);
	if (field->of != NULL)
		append_link(text, "", field->of->name);
	append_values(text, field->values);
	if ((field->flags & API_NULLABLE) != 0)
		g_string_append(text, " or null");
	if ((field->flags & API_OPTIONAL) != 0)
		g_string_append(text, ", may be left out");
	g_string_append_printf(text, " | %s |\n", field->description);
}

static void append_schema(GString *text, const ApiSchema *schema)
{
	g_string_append_printf(text,
		"\n<a id=\"%s\"></a>\n\n### %s\n\n%s.\n\n| field | type | |\n|---|---|---|\n",
		schema->name, schema->name, schema->description);
	for (const ApiField *field = schema->fields; field->name != NULL; field++)
		append_field(text, field);
}

static void collect(GPtrArray *schemas, const ApiSchema *schema)
{
	if (schema == NULL || g_ptr_array_find(schemas, schema, NULL))
		return;
	g_ptr_array_add(schemas, (void *)(uintptr_t)schema);
	for (const ApiField *field = schema->fields; field->name != NULL; field++)
		collect(schemas, field->of);
}

char *api_reference(void)
{
	GString *text = g_string_new(head);
	g_autoptr(GPtrArray) schemas = g_ptr_array_new();

	collect(schemas, &problem_schema);
	for (const ApiRoute *route = api_routes; route->path != NULL; route++) {
		append_route(text, route);
		collect(schemas, route->schema);
	}
	g_string_append(text, "\n## Answers\n");
	for (guint i = 0; i < schemas->len; i++)
		append_schema(text, g_ptr_array_index(schemas, i));
	return g_string_free(text, FALSE);
}
