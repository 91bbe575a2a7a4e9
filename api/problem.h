// Errors of the API: what RFC 9457 calls a problem.
#pragma once

#include <glib.h>
#include <jansson.h>

// The domain of the errors that become answers; the code is an ApiStatus. Errors of any other domain are answered as 503.
#define API_ERROR (api_error_quark())
GQuark api_error_quark(void);

typedef enum {
	API_OK = 200,
	API_NOT_MODIFIED = 304,
	API_BAD_REQUEST = 400,
	API_FORBIDDEN = 403,
	API_NOT_FOUND = 404,
	API_BAD_METHOD = 405,
	API_REQUEST_TIMEOUT = 408,
	API_CONFLICT = 409,
	API_TOO_LARGE = 413,
	API_TOO_LONG = 414,
	API_MISDIRECTED = 421,
	API_UNPROCESSABLE = 422,
	API_TOO_MANY = 429,
	API_HEADERS_TOO_LARGE = 431,
	API_INTERNAL = 500,
	API_UNAVAILABLE = 503,
} ApiStatus;

// Sets an error whose answer has this status. code is the stable kebab-case name of the problem ("unknown-parameter"). The
// message says what was wrong, in lower case and without a full stop.
void api_error_set(GError **error, ApiStatus status, const char *code, const char *format, ...)
	G_GNUC_PRINTF(4, 5);

// Adds the cure to an error made with api_error_set().
void api_error_hint(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

// The phrase of a status: "Not Found".
const char *api_status_phrase(ApiStatus status);

// The status with which an error is answered.
ApiStatus api_error_status(const GError *error);

// The problem as a JSON object {type, title, status, code, detail, hint?}. A new reference.
json_t *problem_document(const GError *error);
