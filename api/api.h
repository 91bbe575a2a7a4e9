// The status API without its sockets: one call in, one reply out. The HTTP server, the commands that print what is known
// (`weir status`, `weir runs`, …) and the tests all go through here, so that there is one shape of each answer.
#pragma once

#include "api/parts.h"
#include "api/problem.h"
#include "store/store.h"
#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
	const char *method; // "GET" or "HEAD"; all others are answered with 405
	const char *target; // as it came, still percent-encoded: "/v1/runs?limit=5"
	Store *store; // opened read-only; used by this call alone while it lasts
	const ApiParts *parts; // of the server; NULL: none is known
} ApiCall;

typedef struct {
	ApiStatus status;
	const char *content_type; // static
	char *body; // owned; never NULL
	size_t length;
	char etag[40]; // with its quotes; "" when the answer has none
	bool is_dashboard; // the page that may run its own script
} ApiReply;

// Answers a call. Never fails: errors are replies. Free with api_reply_clear().
void api_answer(const ApiCall *call, ApiReply *reply);
void api_reply_clear(ApiReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ApiReply, api_reply_clear)

// Makes the reply a problem from an error.
void api_reply_problem(ApiReply *reply, const GError *error);

// The document of a GET, for commands: NULL with error set (message, and hint where there is one) when the reply is a
// problem. parts may be NULL. A new reference.
json_t *api_get(Store *store, const ApiParts *parts, const char *path, GError **error);

// True when an If-None-Match header names the tag.
bool api_etag_matches(const char *if_none_match, const char *etag);
