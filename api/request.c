#include "api/route.h"
#include "api/suggest.h"
#include "store/timestamp.h"

#include <errno.h>
#include <string.h>

const ApiParameter list_parameters[] = {
	PARAMETER_RANGE("limit", "How many items a page has at most", 1, 1000, 100),
	PARAMETER("cursor", PARAMETER_TEXT, "Where to go on: 'next' of the page before"),
	PARAMETER_END,
};

static bool append_parameters(ApiRequest *request, const ApiParameter *parameters)
{
	for (; parameters != NULL && parameters->name != NULL; parameters++) {
		if (request->value_count == REQUEST_MOST_VALUES)
			return false;
		request->values[request->value_count++] =
			(RequestValue){parameters, NULL, parameters->fallback};
	}
	return true;
}

static RequestValue *find_value(ApiRequest *request, const char *name)
{
	for (size_t i = 0; i < request->value_count; i++) {
		if (strcmp(request->values[i].parameter->name, name) == 0)
			return &request->values[i];
	}
	return NULL;
}

bool route_is_list(const ApiRoute *route)
{
	return route->form == ROUTE_LIST || route->form == ROUTE_FOLLOWED;
}

bool route_has_in_path(const ApiRoute *route, const char *parameter)
{
	g_autofree char *braced = g_strdup_printf("{%s}", parameter);

	return strstr(route->path, braced) != NULL;
}

static bool read_integer(RequestValue *value, GError **error)
{
	const ApiParameter *parameter = value->parameter;
	char *end;

	errno = 0;
	value->number = g_ascii_strtoll(value->text, &end, 10);
	if (errno == 0 && end != value->text && *end == '\0' && !g_ascii_isspace(*value->text) &&
		*value->text != '+' && value->number >= parameter->minimum &&
		value->number <= parameter->maximum)
		return true;
	api_error_set(error, API_BAD_REQUEST, "bad-parameter",
		"the parameter '%s' is '%s', not a number from %" G_GINT64_FORMAT
		" to %" G_GINT64_FORMAT,
		parameter->name, value->text, parameter->minimum, parameter->maximum);
	return false;
}

static bool read_boolean(RequestValue *value, GError **error)
{
	value->number = strcmp(value->text, "true") == 0;
	if (value->number == 1 || strcmp(value->text, "false") == 0)
		return true;
	api_error_set(error, API_BAD_REQUEST, "bad-parameter",
		"the parameter '%s' is '%s', not 'true' or 'false'", value->parameter->name,
		value->text);
	return false;
}

static bool read_time(RequestValue *value, GError **error)
{
	if (!timestamp_parse(value->text, &value->number)) {
		api_error_set(error, API_BAD_REQUEST, "bad-parameter",
			"the parameter '%s' is '%s', not a time of RFC 3339",
			value->parameter->name, value->text);
		api_error_hint(error, "write it like 2026-01-31T06:00:00Z");
		return false;
	}
	return true;
}

static bool read_enum(RequestValue *value, GError **error)
{
	const char *const *values = value->parameter->values;

	if (g_strv_contains(values, value->text))
		return true;
	const char *meant = suggest_name(value->text, values);
	g_autofree char *known = g_strjoinv(", ", (char **)(uintptr_t)values);
	api_error_set(error, API_BAD_REQUEST, "bad-parameter",
		"the parameter '%s' is '%s', not one of %s", value->parameter->name, value->text,
		known);
	if (meant != NULL)
		api_error_hint(error, "did you mean '%s'?", meant);
	return false;
}

static bool read_text(RequestValue *value, GError **error)
{
	if (*value->text != '\0')
		return true;
	api_error_set(error, API_BAD_REQUEST, "bad-parameter", "the parameter '%s' is empty",
		value->parameter->name);
	return false;
}

typedef bool (*ValueReader)(RequestValue *value, GError **error);

static const ValueReader value_readers[] = {
	[PARAMETER_TEXT] = read_text,
	[PARAMETER_ENUM] = read_enum,
	[PARAMETER_INTEGER] = read_integer,
	[PARAMETER_BOOLEAN] = read_boolean,
	[PARAMETER_TIME] = read_time,
};

static bool report_unknown(const ApiRequest *request, const char *name, GError **error)
{
	const char *names[REQUEST_MOST_VALUES + 1] = {NULL};
	size_t count = 0;
	const char *meant;

	for (size_t i = 0; i < request->value_count; i++) {
		const char *known = request->values[i].parameter->name;

		if (!route_has_in_path(request->route, known))
			names[count++] = known;
	}
	api_error_set(error, API_BAD_REQUEST, "unknown-parameter", "'%s' has no parameter '%s'",
		request->route->path, name);
	meant = suggest_name(name, names);
	if (meant != NULL) {
		api_error_hint(error, "did you mean '%s'?", meant);
	} else if (count > 0) {
		g_autofree char *list = g_strjoinv(", ", (char **)(uintptr_t)names);
		api_error_hint(error, "its parameters are %s", list);
	}
	return false;
}

static bool read_query(ApiRequest *request, const TargetParameter *given, GError **error)
{
	RequestValue *value = find_value(request, given->name);

	if (value == NULL || route_has_in_path(request->route, given->name))
		return report_unknown(request, given->name, error);
	if (value->text != NULL) {
		api_error_set(error, API_BAD_REQUEST, "repeated-parameter",
			"the parameter '%s' is given twice", given->name);
		return false;
	}
	value->text = given->value;
	return value_readers[value->parameter->type](value, error);
}

// The segments of the path that stand where the route's path has braces.
static bool read_path(ApiRequest *request, GError **error)
{
	g_auto(GStrv) pattern = g_strsplit(request->route->path + 1, "/", -1);

	for (guint i = 0; i < request->target->segments->len; i++) {
		size_t length = strlen(pattern[i]);

		if (pattern[i][0] != '{')
			continue;
		pattern[i][length - 1] = '\0';
		RequestValue *value = find_value(request, pattern[i] + 1);
		if (value == NULL)
			continue;
		value->text = g_ptr_array_index(request->target->segments, i);
		if (!value_readers[value->parameter->type](value, error))
			return false;
	}
	return true;
}

bool request_read(ApiRequest *request, GError **error)
{
	const ApiRoute *route = request->route;

	if (!append_parameters(request, route->parameters) ||
		(route_is_list(route) && !append_parameters(request, list_parameters))) {
		api_error_set(error, API_INTERNAL, "too-many-parameters",
			"the route '%s' has more than %d parameters", route->path,
			REQUEST_MOST_VALUES);
		return false;
	}
	if (!read_path(request, error))
		return false;
	for (guint i = 0; i < request->target->parameters->len; i++) {
		if (!read_query(request,
			    &g_array_index(request->target->parameters, TargetParameter, i), error))
			return false;
	}
	return true;
}

static const RequestValue *value_of(const ApiRequest *request, const char *name)
{
	for (size_t i = 0; i < request->value_count; i++) {
		if (strcmp(request->values[i].parameter->name, name) == 0)
			return &request->values[i];
	}
	g_error("the route '%s' has no parameter '%s'", request->route->path, name);
}

const char *request_text(const ApiRequest *request, const char *name)
{
	return value_of(request, name)->text;
}

bool request_has(const ApiRequest *request, const char *name)
{
	return value_of(request, name)->text != NULL;
}

int64_t request_number(const ApiRequest *request, const char *name)
{
	return value_of(request, name)->number;
}

// A number that differs between lists with other routes or filters, so that a cursor of one is refused by the other.
static guint list_fingerprint(const ApiRequest *request)
{
	g_autoptr(GString) text = g_string_new(request->route->path);

	for (size_t i = 0; i < request->value_count; i++) {
		const RequestValue *value = &request->values[i];

		if (value->text != NULL && strcmp(value->parameter->name, "limit") != 0 &&
			strcmp(value->parameter->name, "cursor") != 0)
			g_string_append_printf(
				text, "\x1f%s=%s", value->parameter->name, value->text);
	}
	return g_str_hash(text->str);
}

enum {
	FINGERPRINT_SIZE = 8, // characters at the beginning of a cursor
};

bool request_refuse_cursor(const ApiRequest *request, GError **error)
{
	api_error_set(error, API_BAD_REQUEST, "bad-cursor",
		"the cursor '%s' was not made by this list with these filters",
		request_text(request, "cursor"));
	api_error_hint(error, "begin again without 'cursor'");
	return false;
}

bool request_page(const ApiRequest *request, StorePage *page, GError **error)
{
	const char *cursor = request_text(request, "cursor");

	page->limit = (unsigned)request_number(request, "limit");
	page->after = NULL;
	if (cursor == NULL)
		return true;
	g_autofree char *fingerprint = g_strdup_printf("%08x", list_fingerprint(request));
	if (!g_str_has_prefix(cursor, fingerprint) || cursor[FINGERPRINT_SIZE] == '\0')
		return request_refuse_cursor(request, error);
	page->after = cursor + FINGERPRINT_SIZE;
	return true;
}

json_t *list_document(const ApiRequest *request, json_t *items, const char *next)
{
	g_autofree char *cursor =
		next != NULL ? g_strdup_printf("%08x%s", list_fingerprint(request), next) : NULL;

	return json_pack("{s:o, s:s?}", "items", items, "next", cursor);
}
