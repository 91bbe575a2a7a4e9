#include "api/ingress.h"

#include "api/api.h"
#include "api/head_clock.h"
#include "api/ingress_rate.h"
#include "api/ingress_request.h"
#include "api/listen.h"
#include "api/reader.h"
#include "store/json_dump.h"

#include <string.h>
#include <unistd.h>

enum {
	THREADS = 2,
	CONNECTIONS = 512,
	CONNECTIONS_OF_ADDRESS = 64,
	IDLE_SECONDS = 15,
	CONNECTION_MEMORY = 64 * 1024,
	DEFAULT_RATE = 50,
	DEFAULT_BODY_BYTES = 1024 * 1024,
	// What a request with a key that fits nothing costs beside itself.
	WRONG_KEY = 10,
	RETRY_SECONDS = 1,
};

struct Ingress {
	IngressOptions options;
	ListenSocket listening;
	IngressRate *rate;
	HeadClock *clock;
	struct MHD_Daemon *daemon;
};

// One request, from its first line to the end of its answer.
typedef struct {
	char *raw; // the target as it came
	ApiTarget target;
	IngressCall call;
	char *delivery;
	const IngressRoute *route; // NULL: not let in yet
	GString *body;
	bool seen;
	bool too_large;
} Request;

// Keeps the target as it came: libmicrohttpd hands it to the request handler decoded and cut.
static void *keep_target(void *cls, const char *target, struct MHD_Connection *connection)
{
	Request *request = g_new0(Request, 1);

	(void)cls;
	(void)connection;
	request->raw = g_strdup(target);
	return request;
}

static void drop_request(void *cls, struct MHD_Connection *connection, void **data,
	enum MHD_RequestTerminationCode reason)
{
	Request *request = *data;

	(void)cls, (void)reason;
	head_clock_start(connection);
	*data = NULL;
	if (request == NULL)
		return;
	if (request->route != NULL)
		request->route->free_admitted(request->call.admitted);
	if (request->body != NULL)
		g_string_free(request->body, TRUE);
	json_decref(request->call.headers);
	target_clear(&request->target);
	g_free(request->delivery);
	g_free(request->raw);
	g_free(request);
}

static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *text)
{
	(void)cls;
	(void)connection;
	return strlen(text);
}

// ---- Answers ------------------------------------------------------------------------------------------------------

static enum MHD_Result queue(struct MHD_Connection *connection, const ApiReply *reply)
{
	struct MHD_Response *response = api_response_new(reply);
	g_autofree char *seconds = g_strdup_printf("%d", RETRY_SECONDS);

	if (reply->status == API_TOO_MANY || reply->status == API_UNAVAILABLE)
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
	enum MHD_Result result = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result queue_error(struct MHD_Connection *connection, const GError *error)
{
	g_auto(ApiReply) reply = {.status = API_INTERNAL};

	api_reply_problem(&reply, error);
	return queue(connection, &reply);
}

static enum MHD_Result queue_reply(struct MHD_Connection *connection, const IngressReply *reply)
{
	char *text = reply->body == NULL ? NULL : json_dump_text(reply->body, JSON_COMPACT);
	g_auto(ApiReply) answer = {.status = (ApiStatus)reply->status,
		.content_type = "application/json",
		.body = text == NULL ? g_strdup("") : g_strconcat(text, "\n", NULL)};

	free(text);
	answer.length = strlen(answer.body);
	return queue(connection, &answer);
}

// ---- Requests -----------------------------------------------------------------------------------------------------

static bool take_rate(
	const Ingress *ingress, struct MHD_Connection *connection, unsigned cost, GError **error)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	if (info == NULL || info->client_addr == NULL ||
		ingress_rate_take(ingress->rate, info->client_addr, cost, g_get_monotonic_time()))
		return true;
	api_error_set(error, API_TOO_MANY, "too-many-requests",
		"there were too many requests from this address");
	return false;
}

// All that is decided before the body is read.
static bool admit(const Ingress *ingress, struct MHD_Connection *connection, const char *method,
	Request *request, GError **error)
{
	IngressCall *call = &request->call;
	const IngressRoute *route;

	if (!ingress_request_check(connection, request->raw, ingress->options.body_bytes, error) ||
		!take_rate(ingress, connection, 1, error) ||
		!target_parse(&request->target, request->raw, error))
		return false;
	route = ingress_route_find(method, &request->target, error);
	if (route == NULL)
		return false;
	call->store = ingress->options.store;
	call->rules = ingress->options.rules;
	call->target = &request->target;
	call->limit = ingress->options.body_bytes;
	call->headers = ingress_request_headers(connection);
	request->delivery = ingress_request_delivery(call->headers);
	call->delivery = request->delivery;
	request->route = route;
	if (route->admit(call, error))
		return true;
	take_rate(ingress, connection, WRONG_KEY, NULL);
	return false;
}

// What comes beyond the limit is read on for as much again, so that the sender hears why; then the connection ends.
static enum MHD_Result take_body(Request *request, const char *part, size_t *length)
{
	uint64_t all = request->body->len + *length;

	if (request->too_large && all > 2 * request->call.limit)
		return MHD_NO;
	request->too_large = request->too_large || all > request->call.limit;
	g_string_append_len(request->body, part, (gssize)*length);
	*length = 0;
	return MHD_YES;
}

static enum MHD_Result take(struct MHD_Connection *connection, Request *request)
{
	g_autoptr(GError) error = NULL;
	IngressReply reply = {0};

	if (request->too_large)
		api_error_set(&error, API_TOO_LARGE, "body-too-large",
			"the body is longer than %" G_GUINT64_FORMAT " bytes", request->call.limit);
	else if (request->route->take(&request->call, request->body, &reply, &error)) {
		enum MHD_Result result = queue_reply(connection, &reply);

		json_decref(reply.body);
		return result;
	}
	json_decref(reply.body);
	return queue_error(connection, error);
}

// Called once the head is there, for each part of the body, and once all of it has come.
static enum MHD_Result answer(void *cls, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **data)
{
	const Ingress *ingress = cls;
	Request *request = *data;
	g_autoptr(GError) error = NULL;

	(void)url;
	(void)version;
	if (request->seen && *upload_size > 0)
		return take_body(request, upload, upload_size);
	// Who was cut off does not hear what becomes of the call: nothing does.
	if (!head_clock_stop(connection))
		return MHD_NO;
	if (request->seen)
		return take(connection, request);
	request->seen = true;
	request->body = g_string_new(NULL);
	if (!admit(ingress, connection, method, request, &error))
		return queue_error(connection, error);
	head_clock_body(connection);
	return MHD_YES;
}

// ---- The listener -------------------------------------------------------------------------------------------------

static bool start_daemon(Ingress *ingress, GError **error)
{
	const struct MHD_OptionItem options[] = {
		{MHD_OPTION_LISTEN_SOCKET, ingress->listening.descriptor, NULL},
		{MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS, NULL},
		{MHD_OPTION_PER_IP_CONNECTION_LIMIT, CONNECTIONS_OF_ADDRESS, NULL},
		{MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
		{MHD_OPTION_THREAD_POOL_SIZE, THREADS, NULL},
		{MHD_OPTION_STRICT_FOR_CLIENT, 0, NULL},
		{MHD_OPTION_END, 0, NULL},
	};

	ingress->daemon = MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD, 0, NULL, NULL, answer,
		ingress, MHD_OPTION_ARRAY, options, MHD_OPTION_URI_LOG_CALLBACK, keep_target, NULL,
		MHD_OPTION_NOTIFY_COMPLETED, drop_request, NULL, MHD_OPTION_UNESCAPE_CALLBACK,
		keep_escapes, NULL, MHD_OPTION_NOTIFY_CONNECTION, head_clock_connection,
		ingress->clock, MHD_OPTION_END);
	if (ingress->daemon == NULL) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
			"cannot start the ingress: libmicrohttpd refused");
		return false;
	}
	// The daemon closes it.
	ingress->listening.descriptor = -1;
	return true;
}

Ingress *ingress_start(const IngressOptions *options, GError **error)
{
	Ingress *ingress = g_new0(Ingress, 1);

	ingress->options = *options;
	if (ingress->options.body_bytes == 0)
		ingress->options.body_bytes = DEFAULT_BODY_BYTES;
	ingress->rate = ingress_rate_new(options->rate > 0 ? options->rate : DEFAULT_RATE);
	ingress->listening.descriptor = -1;
	ingress->clock = head_clock_new(options->head_limit, options->body_limit, error);
	if (ingress->clock != NULL &&
		listen_socket_open(&ingress->listening, options->address, error) &&
		start_daemon(ingress, error))
		return ingress;
	ingress_stop(ingress);
	return NULL;
}

uint16_t ingress_port(const Ingress *ingress)
{
	return ingress->listening.port;
}

void ingress_stop(Ingress *ingress)
{
	if (ingress == NULL)
		return;
	if (ingress->daemon != NULL)
		MHD_stop_daemon(ingress->daemon);
	if (ingress->listening.descriptor >= 0)
		close(ingress->listening.descriptor);
	head_clock_free(ingress->clock);
	ingress_rate_free(ingress->rate);
	g_free(ingress);
}
