#include "api/worker.h"

#include "api/api.h"
#include "api/reader.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define IDLE_SECONDS 15
// Of a connection while it has a request. What libmicrohttpd refuses for lack of it gets its own page: this is far more than
// HEAD_LONGEST, so that nearly all of that is refused by us. No more than that, though: the library fills it with zeros
// after each request, half of it twice.
#define CONNECTION_MEMORY (32L * 1024)
#define THREAD_STACK	  (512UL * 1024)
#define LONGEST_SLEEP_MS  1000

struct Worker {
	const WorkerOptions *options;
	ApiReader *reader;
	struct MHD_Daemon *daemon;
	pthread_t thread;
	bool has_thread;
	int stop; // eventfd
};

// One request, from its first line to the end of its answer.
typedef struct {
	char *target;
	bool is_checked;
} Request;

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

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
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
	(void)reason;
	head_clock_start(connection);
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
	Worker *worker, struct MHD_Connection *connection, const char *target)
{
	const ReadyAnswer *ready = api_reader_answer(worker->reader, target);

	if (ready->not_modified != NULL &&
		api_etag_matches(header_of(connection, MHD_HTTP_HEADER_IF_NONE_MATCH), ready->etag))
		return MHD_queue_response(connection, API_NOT_MODIFIED, ready->not_modified);
	return MHD_queue_response(connection, ready->status, ready->response);
}

static Store *worker_store(void *data, GError **error)
{
	const Worker *worker = data;

	(void)error;
	return api_reader_store(worker->reader);
}

static bool asks_for_stream(
	struct MHD_Connection *connection, const char *method, const char *target)
{
	const char *accept = header_of(connection, MHD_HTTP_HEADER_ACCEPT);

	return accept != NULL && strstr(accept, "text/event-stream") != NULL &&
	       strcmp(method, MHD_HTTP_METHOD_GET) == 0 && streams_can_follow(target);
}

static enum MHD_Result answer_stream(
	Worker *worker, struct MHD_Connection *connection, const char *target)
{
	g_autoptr(GError) error = NULL;
	const char *last_id = header_of(connection, "Last-Event-ID");

	if (streams_follow(worker->options->streams, connection, target, last_id, worker_store,
		    worker, &error))
		return MHD_YES;
	return error != NULL ? queue_error(connection, error) : MHD_NO;
}

// Called twice for each request: once its head is there, and once it is whole. An answer on the first call makes
// libmicrohttpd end the connection: that is for requests that are refused.
static enum MHD_Result answer(void *cls, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **data)
{
	const Worker *worker = cls;
	Request *request = *data;
	g_autoptr(GError) error = NULL;

	(void)url;
	(void)upload;
	*upload_size = 0;
	if (request->is_checked)
		return asks_for_stream(connection, method, request->target)
			       ? answer_stream(cls, connection, request->target)
			       : answer_target(cls, connection, request->target);
	request->is_checked = true;
	head_clock_stop(connection);
	const RequestHead head = {method, request->target, version};
	return request_head_check(&head, connection, &worker->options->head, &error)
		       ? MHD_YES
		       : queue_error(connection, error);
}

static bool start_daemon(Worker *worker, GError **error)
{
	int descriptor = dup(worker->options->listening);
	const struct MHD_OptionItem options[] = {
		{MHD_OPTION_LISTEN_SOCKET, descriptor, NULL},
		{MHD_OPTION_CONNECTION_LIMIT, (intptr_t)worker->options->connections, NULL},
		{MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
		// It would answer with pages of its own; request_head_check() is as strict.
		{MHD_OPTION_STRICT_FOR_CLIENT, 0, NULL},
		{MHD_OPTION_END, 0, NULL},
	};

	worker->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		answer, worker, MHD_OPTION_ARRAY, options, MHD_OPTION_URI_LOG_CALLBACK, keep_target,
		NULL, MHD_OPTION_NOTIFY_COMPLETED, drop_request, NULL, MHD_OPTION_UNESCAPE_CALLBACK,
		keep_escapes, NULL, MHD_OPTION_NOTIFY_CONNECTION, head_clock_connection,
		worker->options->clock, MHD_OPTION_END);
	if (worker->daemon != NULL)
		return true;
	close(descriptor);
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
		"cannot start the HTTP server: libmicrohttpd refused");
	return false;
}

static int sleep_ms(struct MHD_Daemon *daemon)
{
	MHD_UNSIGNED_LONG_LONG timeout;

	if (MHD_get_timeout(daemon, &timeout) != MHD_YES)
		return LONGEST_SLEEP_MS;
	return (int)MIN(timeout, (MHD_UNSIGNED_LONG_LONG)LONGEST_SLEEP_MS);
}

// The loop is the worker's own, not libmicrohttpd's: that one may wait for new events while it holds a full batch of 128
// that it has not looked at, until some other connection stirs.
static void *run_worker(void *data)
{
	Worker *worker = data;
	struct pollfd events[] = {
		{MHD_get_daemon_info(worker->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, POLLIN,
			0},
		{worker->stop, POLLIN, 0},
	};

	while ((events[1].revents & POLLIN) == 0) {
		MHD_run(worker->daemon);
		poll(events, G_N_ELEMENTS(events), sleep_ms(worker->daemon));
	}
	return NULL;
}

static bool start_thread(Worker *worker, GError **error)
{
	pthread_attr_t attributes;
	int failure;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, THREAD_STACK);
	failure = pthread_create(&worker->thread, &attributes, run_worker, worker);
	pthread_attr_destroy(&attributes);
	worker->has_thread = failure == 0;
	if (failure != 0)
		g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(failure),
			"cannot start a thread of the HTTP server: %s", g_strerror(failure));
	return failure == 0;
}

Worker *worker_start(const WorkerOptions *options, GError **error)
{
	Worker *worker = g_new0(Worker, 1);

	worker->options = options;
	worker->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	worker->reader = api_reader_new(options->store_url, options->parts, error);
	if (worker->reader != NULL && start_daemon(worker, error) && start_thread(worker, error))
		return worker;
	worker_stop(worker);
	return NULL;
}

void worker_stop(Worker *worker)
{
	if (worker == NULL)
		return;
	eventfd_write(worker->stop, 1);
	if (worker->has_thread)
		pthread_join(worker->thread, NULL);
	if (worker->daemon != NULL)
		MHD_stop_daemon(worker->daemon);
	api_reader_free(worker->reader);
	close(worker->stop);
	g_free(worker);
}
