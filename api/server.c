#include "api/server.h"

#include "api/api.h"
#include "api/listen.h"
#include "api/reader.h"
#include "api/stream.h"
#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_THREADS	 2
#define MOST_CONNECTIONS 1024
#define IDLE_SECONDS	 15
#define CONNECTION_MEMORY                                                                          \
	(16L * 1024) // of a connection while it has a request: the limit of its headers
#define THREAD_STACK (512L * 1024)

struct ApiServer {
	char *store_url;
	char **hosts;
	ListenSocket listening;
	pthread_key_t reader; // ApiReader of the thread
	bool has_reader_key;
	struct MHD_Daemon *daemon;
	ApiStreams *streams;
};

// One request, from its first line to the end of its answer.
typedef struct {
	char *target;
	bool is_checked;
} Request;

static void free_reader(void *reader)
{
	api_reader_free(reader);
}

// The reader of the calling thread, opened when it is first needed.
static ApiReader *thread_reader(ApiServer *server, GError **error)
{
	ApiReader *reader = pthread_getspecific(server->reader);

	if (reader != NULL)
		return reader;
	reader = api_reader_new(server->store_url, error);
	if (reader != NULL && pthread_setspecific(server->reader, reader) != 0)
		g_clear_pointer(&reader, api_reader_free);
	return reader;
}

static enum MHD_Result queue_error(struct MHD_Connection *connection, const GError *error)
{
	g_auto(ApiReply) reply = {.status = API_INTERNAL};
	struct MHD_Response *response;
	enum MHD_Result result;

	api_reply_problem(&reply, error);
	response = api_response_new(&reply);
	result = MHD_queue_response(connection, reply.status, response);
	MHD_destroy_response(response);
	return result;
}

static bool is_address(const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];
	g_autofree char *bare = NULL;

	if (inet_pton(AF_INET, host, address) == 1)
		return true;
	if (host[0] != '[' || !g_str_has_suffix(host, "]"))
		return false;
	bare = g_strndup(host + 1, strlen(host) - 2);
	return inet_pton(AF_INET6, bare, address) == 1;
}

// Whether the Host header names this server: see ApiServerOptions.hosts.
static bool is_own_host(const ApiServer *server, const char *header)
{
	const char *colon;
	g_autofree char *host = NULL;

	if (header == NULL || !server->listening.is_loopback)
		return true;
	colon = strrchr(header, ':');
	if (colon != NULL && strchr(colon, ']') == NULL)
		host = g_strndup(header, (size_t)(colon - header));
	else
		host = g_strdup(header);
	if (is_address(host) || g_ascii_strcasecmp(host, "localhost") == 0)
		return true;
	for (char **known = server->hosts; known != NULL && *known != NULL; known++) {
		if (g_ascii_strcasecmp(host, *known) == 0)
			return true;
	}
	return false;
}

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static bool has_body(struct MHD_Connection *connection)
{
	const char *length = header_of(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return (length != NULL && strcmp(length, "0") != 0) ||
	       header_of(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
}

static bool check_request(
	ApiServer *server, struct MHD_Connection *connection, const char *method, GError **error)
{
	const char *host = header_of(connection, MHD_HTTP_HEADER_HOST);

	if (!is_own_host(server, host)) {
		api_error_set(
			error, API_MISDIRECTED, "unknown-host", "this server is not '%s'", host);
		return false;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		api_error_set(error, API_BAD_METHOD, "read-only",
			"this API only answers GET and HEAD, not '%s'", method);
		return false;
	}
	if (has_body(connection)) {
		api_error_set(
			error, API_BAD_REQUEST, "unwanted-body", "this API reads no request body");
		return false;
	}
	return true;
}

// Keeps the target as it came: libmicrohttpd hands it to the request handler decoded and cut.
static void *keep_target(void *cls, const char *target, struct MHD_Connection *connection)
{
	Request *request = g_new(Request, 1);

	(void)cls;
	(void)connection;
	request->target = g_strdup(target);
	request->is_checked = false;
	return request;
}

static void drop_request(void *cls, struct MHD_Connection *connection, void **data,
	enum MHD_RequestTerminationCode reason)
{
	Request *request = *data;

	(void)cls;
	(void)connection;
	(void)reason;
	if (request != NULL)
		g_free(request->target);
	g_clear_pointer(data, g_free);
}

// Leaves percent escapes to target_parse().
static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *text)
{
	(void)cls;
	(void)connection;
	return strlen(text);
}

static enum MHD_Result answer_target(
	ApiServer *server, struct MHD_Connection *connection, const char *target)
{
	g_autoptr(GError) error = NULL;
	ApiReader *reader = thread_reader(server, &error);
	const ReadyAnswer *ready;

	if (reader == NULL)
		return queue_error(connection, error);
	ready = api_reader_answer(reader, target);
	if (ready->not_modified != NULL &&
		api_etag_matches(header_of(connection, MHD_HTTP_HEADER_IF_NONE_MATCH), ready->etag))
		return MHD_queue_response(connection, API_NOT_MODIFIED, ready->not_modified);
	return MHD_queue_response(connection, ready->status, ready->response);
}

static Store *thread_store(void *server, GError **error)
{
	ApiReader *reader = thread_reader(server, error);

	return reader != NULL ? api_reader_store(reader) : NULL;
}

static bool asks_for_stream(
	struct MHD_Connection *connection, const char *method, const char *target)
{
	const char *accept = header_of(connection, MHD_HTTP_HEADER_ACCEPT);

	return accept != NULL && strstr(accept, "text/event-stream") != NULL &&
	       strcmp(method, MHD_HTTP_METHOD_GET) == 0 && streams_can_follow(target);
}

static enum MHD_Result answer_stream(
	ApiServer *server, struct MHD_Connection *connection, const char *target)
{
	g_autoptr(GError) error = NULL;
	const char *last_id = header_of(connection, "Last-Event-ID");

	if (streams_follow(
		    server->streams, connection, target, last_id, thread_store, server, &error))
		return MHD_YES;
	return error != NULL ? queue_error(connection, error) : MHD_NO;
}

// Called twice for each request: once its head is there, and once it is whole. An answer on the first call makes
// libmicrohttpd end the connection: that is for requests that are refused.
static enum MHD_Result answer(void *cls, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **data)
{
	Request *request = *data;
	g_autoptr(GError) error = NULL;

	(void)url;
	(void)version;
	(void)upload;
	*upload_size = 0;
	if (request->is_checked)
		return asks_for_stream(connection, method, request->target)
			       ? answer_stream(cls, connection, request->target)
			       : answer_target(cls, connection, request->target);
	request->is_checked = true;
	return check_request(cls, connection, method, &error) ? MHD_YES
							      : queue_error(connection, error);
}

static bool start_daemon(ApiServer *server, unsigned threads, GError **error)
{
	const struct MHD_OptionItem options[] = {
		{MHD_OPTION_LISTEN_SOCKET, server->listening.descriptor, NULL},
		{MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL},
		{MHD_OPTION_THREAD_STACK_SIZE, THREAD_STACK, NULL},
		{MHD_OPTION_CONNECTION_LIMIT, MOST_CONNECTIONS, NULL},
		{MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
		{MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
		{MHD_OPTION_END, 0, NULL},
	};

	server->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME,
		0, NULL, NULL, answer, server, MHD_OPTION_ARRAY, options,
		MHD_OPTION_URI_LOG_CALLBACK, keep_target, NULL, MHD_OPTION_NOTIFY_COMPLETED,
		drop_request, NULL, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
		MHD_OPTION_END);
	if (server->daemon != NULL)
		return true;
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
		"cannot start the HTTP server: libmicrohttpd refused");
	return false;
}

ApiServer *api_server_start(const ApiServerOptions *options, GError **error)
{
	g_autoptr(ApiServer) server = g_new0(ApiServer, 1);
	g_autoptr(ApiReader) probe = NULL;

	server->listening.descriptor = -1;
	server->store_url = g_strdup(options->store_url);
	server->streams = streams_new(options->store_url);
	server->hosts = g_strdupv((char **)(uintptr_t)options->hosts);
	probe = api_reader_new(options->store_url, error);
	if (probe == NULL)
		return NULL;
	if (pthread_key_create(&server->reader, free_reader) != 0) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_AGAIN,
			"cannot start the HTTP server: no thread-specific keys are left");
		return NULL;
	}
	server->has_reader_key = true;
	if (!listen_socket_open(&server->listening, options->address, error) ||
		!start_daemon(
			server, options->threads > 0 ? options->threads : DEFAULT_THREADS, error))
		return NULL;
	return g_steal_pointer(&server);
}

uint16_t api_server_port(const ApiServer *server)
{
	return server->listening.port;
}

void api_server_stop(ApiServer *server)
{
	if (server == NULL)
		return;
	streams_end(server->streams);
	if (server->daemon != NULL)
		MHD_stop_daemon(server->daemon); // closes the socket
	else if (server->listening.descriptor >= 0)
		close(server->listening.descriptor);
	streams_free(server->streams);
	if (server->has_reader_key)
		pthread_key_delete(server->reader);
	g_strfreev(server->hosts);
	g_free(server->store_url);
	g_free(server);
}
