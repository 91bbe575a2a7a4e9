#include "api/problem.h"

#include <stdarg.h>
#include <string.h>

// A GError has room for a message only, so that code and hint travel in it, set apart by this byte, which no message has.
#define SEPARATOR "\x1f"

G_DEFINE_QUARK(weir - api - error - quark, api_error)

typedef struct {
	ApiStatus status;
	const char *phrase;
} Phrase;

static const Phrase phrases[] = {
	{API_OK, "OK"},
	{API_NOT_MODIFIED, "Not Modified"},
	{API_BAD_REQUEST, "Bad Request"},
	{API_FORBIDDEN, "Forbidden"},
	{API_NOT_FOUND, "Not Found"},
	{API_BAD_METHOD, "Method Not Allowed"},
	{API_REQUEST_TIMEOUT, "Request Timeout"},
	{API_CONFLICT, "Conflict"},
	{API_TOO_LARGE, "Content Too Large"},
	{API_TOO_LONG, "URI Too Long"},
	{API_MISDIRECTED, "Misdirected Request"},
	{API_UNPROCESSABLE, "Unprocessable Content"},
	{API_TOO_MANY, "Too Many Requests"},
	{API_HEADERS_TOO_LARGE, "Request Header Fields Too Large"},
	{API_INTERNAL, "Internal Server Error"},
	{API_UNAVAILABLE, "Service Unavailable"},
};

void api_error_set(GError **error, ApiStatus status, const char *code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, API_ERROR, (int)status, "%s" SEPARATOR "%s", code, message);
}

void api_error_hint(GError **error, const char *format, ...)
{
	va_list arguments;
	char *message;

	if (error == NULL || *error == NULL)
		return;
	va_start(arguments, format);
	g_autofree char *hint = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	message = g_strconcat((*error)->message, SEPARATOR, hint, NULL);
	g_free((*error)->message);
	(*error)->message = message;
}

const char *api_status_phrase(ApiStatus status)
{
	for (size_t i = 0; i < G_N_ELEMENTS(phrases); i++) {
		if (phrases[i].status == status)
			return phrases[i].phrase;
	}
	return "Error";
}

ApiStatus api_error_status(const GError *error)
{
	return error->domain == API_ERROR ? (ApiStatus)error->code : API_UNAVAILABLE;
}

static json_t *problem_new(ApiStatus status, const char *code, const char *detail, const char *hint)
{
	g_autofree char *valid = g_utf8_make_valid(detail, -1);
	json_t *problem = json_pack("{s:s, s:s, s:i, s:s, s:s}", "type", "about:blank", "title",
		api_status_phrase(status), "status", (int)status, "code", code, "detail", valid);

	if (hint != NULL)
		json_object_set_new(problem, "hint", json_string(hint));
	return problem;
}

json_t *problem_document(const GError *error)
{
	ApiStatus status = api_error_status(error);

	if (error->domain != API_ERROR)
		return problem_new(status, "store-unavailable", error->message, NULL);
	g_auto(GStrv) parts = g_strsplit(error->message, SEPARATOR, 3);
	if (parts[0] == NULL || parts[1] == NULL)
		return problem_new(status, "error", error->message, NULL);
	return problem_new(status, parts[0], parts[1], parts[2]);
}
