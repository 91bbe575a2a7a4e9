// What is checked of a request before anything else is done for it: size, Host, method, and that it has no body. What
// libmicrohttpd refuses by itself before that (no HTTP version or one other than 1.x, a header without a colon, a
// Content-Length that is no number, more than some 30 KiB) gets its short HTML page, or an end of the connection.
#pragma once

#include <glib.h>
#include <microhttpd.h>
#include <stdbool.h>

enum {
	HEAD_LONGEST = 16 * 1024, // bytes of the request line and the headers
};

typedef struct {
	const char *method;
	const char *target; // as it came
	const char *version; // "HTTP/1.1"
} RequestHead;

typedef struct {
	bool is_loopback; // the server listens on such an address
	const char *const *hosts; // see ApiServerOptions; ended by NULL; NULL: none
} HeadOptions;

// False with an API_ERROR (api/problem.h) when the request is refused.
bool request_head_check(const RequestHead *head, struct MHD_Connection *connection,
	const HeadOptions *options, GError **error);
