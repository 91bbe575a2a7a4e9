// The parts of a server put together: reconciler, scheduler, runner and status API over one store, each on threads of its
// own. Main thread only.
#pragma once

#include "cli/server_config.h"
#include "store/store.h"

typedef struct Server Server;

// What --config, options and defaults come to.
typedef struct {
	const ServerConfig *config;
	const char *store_url;
	const char *listen;
	SourceOptions source; // url NULL: no reconciler
	unsigned roles;
} ServerOptions;

// Locks and opens the store, and starts the roles. NULL with an error; nothing goes on then.
Server *server_start(const ServerOptions *options, GError **error);

// Takes over new settings of the reconciler (source, guards, limits, environment) without a stop of anything else, and
// fetches at once.
bool server_reload(Server *server, const ServerOptions *options, GError **error);

// Stops everything in order: what makes work first, then what does it, then what shows it.
void server_stop(Server *server);

// The port of the status API; 0: it does not listen. The ingress likewise.
guint16 server_port(const Server *server);
guint16 server_ingress_port(const Server *server);
