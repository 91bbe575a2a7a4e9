#include "api/server.h"

#include "api/listen.h"
#include "api/worker.h"

#include <stdint.h>
#include <unistd.h>

#define DEFAULT_THREADS	 2
#define MOST_THREADS	 16
#define MOST_CONNECTIONS 2048

struct ApiServer {
	char *store_url;
	char **hosts;
	ListenSocket listening;
	WorkerOptions options;
	Worker *workers[MOST_THREADS];
};

static bool start_workers(ApiServer *server, unsigned threads, GError **error)
{
	for (unsigned i = 0; i < threads; i++) {
		server->workers[i] = worker_start(&server->options, error);
		if (server->workers[i] == NULL)
			return false;
	}
	return true;
}

ApiServer *api_server_start(const ApiServerOptions *options, GError **error)
{
	g_autoptr(ApiServer) server = g_new0(ApiServer, 1);
	unsigned threads = options->threads > 0 ? options->threads : DEFAULT_THREADS;

	threads = MIN(threads, MOST_THREADS);
	server->listening.descriptor = -1;
	server->store_url = g_strdup(options->store_url);
	server->hosts = g_strdupv((char **)(uintptr_t)options->hosts);
	server->options.streams = streams_new(options->store_url);
	if (!listen_socket_open(&server->listening, options->address, error))
		return NULL;
	server->options.store_url = server->store_url;
	server->options.head.hosts = (const char *const *)server->hosts;
	server->options.parts = options->parts;
	server->options.clock = head_clock_new(options->head_limit, 0, error);
	if (server->options.clock == NULL)
		return NULL;
	server->options.head.is_loopback = server->listening.is_loopback;
	server->options.listening = server->listening.descriptor;
	server->options.connections = MOST_CONNECTIONS / threads;
	return start_workers(server, threads, error) ? g_steal_pointer(&server) : NULL;
}

uint16_t api_server_port(const ApiServer *server)
{
	return server->listening.port;
}

void api_server_stop(ApiServer *server)
{
	if (server == NULL)
		return;
	streams_end(server->options.streams);
	for (size_t i = 0; i < MOST_THREADS; i++)
		worker_stop(server->workers[i]);
	head_clock_free(server->options.clock);
	streams_free(server->options.streams);
	if (server->listening.descriptor >= 0)
		close(server->listening.descriptor);
	g_strfreev(server->hosts);
	g_free(server->store_url);
	g_free(server);
}
