// The HTTP server of the status API: libmicrohttpd with epoll, a few threads, each with a read-only store of its own.
#pragma once

#include "api/parts.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct ApiServer ApiServer;

typedef struct {
	const char
		*address; // "127.0.0.1:8480", "[::1]:8480", "localhost:0"; port 0 takes a free one
	const char *store_url; // "sqlite:/path/weir.db"; must exist
	unsigned threads; // 0 takes 2
	// Names under which the server may be asked for, besides "localhost" and addresses, ended by NULL. They only matter on
	// a loopback address, where a Host header with any other name is refused, so that no web page can read the
	// API by way of its visitor's browser. NULL for none.
	const char *const *hosts;
	int64_t head_limit; // microseconds that the head of a request may take; 0 takes 30 s
	const ApiParts *parts; // how the server's other parts do; NULL: not told. Borrowed
} ApiServerOptions;

// Listens and answers until api_server_stop(). Fails when the address is wrong or in use (the message says so) or the store
// cannot be opened. The options are copied.
ApiServer *api_server_start(const ApiServerOptions *options, GError **error);

// The port it listens on.
uint16_t api_server_port(const ApiServer *server);

// Stops listening, ends open connections, frees. NULL is ignored.
void api_server_stop(ApiServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ApiServer, api_server_stop)
