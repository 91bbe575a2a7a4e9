// What the ingress takes from a request before its route is asked.
#pragma once

#include "api/ingress_call.h"

#include <microhttpd.h>

// Checks sizes, Host, and the length of the body that is announced. False with an API_ERROR.
bool ingress_request_check(
	struct MHD_Connection *connection, const char *target, uint64_t body_bytes, GError **error);

// Headers as a run sees them: name -> list of texts, without those that hold credentials. A new reference.
json_t *ingress_request_headers(struct MHD_Connection *connection);

// What the sender calls this delivery, by the headers that are known for it. NULL: it has no name, each is a new one. To free with
// g_free().
char *ingress_request_delivery(const json_t *headers);
