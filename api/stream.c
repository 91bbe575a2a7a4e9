#include "api/stream.h"

#include "api/api.h"
#include "api/route.h"
#include "store/json_dump.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MOST_STREAMS  64
#define PAGE_ITEMS    500
#define BLOCK_BYTES   16384
#define WAKER_STACK   (128L * 1024)
#define TICK_MS	      500 // looks for what other processes wrote
#define COALESCE_US   20000
#define HEARTBEAT_US  (15LL * G_USEC_PER_SEC)
#define WAKING_TOPICS (STORE_TOPIC_RUN | STORE_TOPIC_LOG | STORE_TOPIC_EVENT)

typedef struct {
	ApiStreams *streams;
	struct MHD_Connection *connection;
	Store *(*thread_store)(void *data, GError **error);
	void *data;
	char *base; // the target without limit and cursor, ready for more parameters
	char *cursor; // NULL: from the start
	GString *text; // events that are not sent yet
	size_t sent; // of text
	int64_t sent_at; // monotonic
	bool over; // nothing comes after text
	bool asleep; // its connection is suspended; under the mutex
} Stream;

struct ApiStreams {
	char *store_url;
	pthread_mutex_t mutex;
	GPtrArray *list; // of Stream, owned by their responses
	pthread_t waker;
	bool has_waker;
	bool ending;
	int stop; // eventfd
};

ApiStreams *streams_new(const char *store_url)
{
	ApiStreams *streams = g_new0(ApiStreams, 1);

	streams->store_url = g_strdup(store_url);
	pthread_mutex_init(&streams->mutex, NULL);
	streams->list = g_ptr_array_new();
	streams->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return streams;
}

static void wake_all(ApiStreams *streams)
{
	pthread_mutex_lock(&streams->mutex);
	for (guint i = 0; i < streams->list->len; i++) {
		Stream *stream = g_ptr_array_index(streams->list, i);

		if (stream->asleep)
			MHD_resume_connection(stream->connection);
		stream->asleep = false;
	}
	pthread_mutex_unlock(&streams->mutex);
}

static bool is_ending(ApiStreams *streams)
{
	pthread_mutex_lock(&streams->mutex);
	bool ending = streams->ending;
	pthread_mutex_unlock(&streams->mutex);
	return ending;
}

// The thread that wakes sleeping connections when the store has changed.
static void *run_waker(void *data)
{
	ApiStreams *streams = data;
	g_autoptr(Store) store = store_open(streams->store_url, STORE_READ_ONLY, NULL);
	StoreWatch *watch = store != NULL ? store_watch_new(store, WAKING_TOPICS, NULL) : NULL;
	struct pollfd events[] = {
		{streams->stop, POLLIN, 0},
		{watch != NULL ? store_watch_fd(watch) : -1, POLLIN, 0},
	};

	while (!is_ending(streams)) {
		poll(events, G_N_ELEMENTS(events), TICK_MS);
		if (watch != NULL)
			store_watch_take(watch);
		wake_all(streams);
		g_usleep(COALESCE_US);
	}
	store_watch_free(watch);
	return NULL;
}

// With the mutex held.
static bool start_waker(ApiStreams *streams)
{
	pthread_attr_t attributes;

	if (streams->has_waker)
		return true;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, WAKER_STACK);
	streams->has_waker = pthread_create(&streams->waker, &attributes, run_waker, streams) == 0;
	pthread_attr_destroy(&attributes);
	return streams->has_waker;
}

void streams_end(ApiStreams *streams)
{
	pthread_mutex_lock(&streams->mutex);
	streams->ending = true;
	bool has_waker = streams->has_waker;
	pthread_mutex_unlock(&streams->mutex);
	eventfd_write(streams->stop, 1);
	if (has_waker)
		pthread_join(streams->waker, NULL);
	wake_all(streams);
}

void streams_free(ApiStreams *streams)
{
	if (streams == NULL)
		return;
	close(streams->stop);
	g_ptr_array_unref(streams->list);
	pthread_mutex_destroy(&streams->mutex);
	g_free(streams->store_url);
	g_free(streams);
}

static void append_event(GString *text, const char *kind, const char *id, const json_t *value)
{
	char *data = json_dump_text(value, JSON_COMPACT);

	g_string_append_printf(text, "event: %s\n", kind);
	if (id != NULL)
		g_string_append_printf(text, "id: %s\n", id);
	g_string_append_printf(text, "data: %s\n\n", data);
	free(data);
}

// The events of a page. Only the last has an id: a client that was cut off gets its page again, never less.
static void append_page(Stream *stream, const json_t *page)
{
	const json_t *items = json_object_get(page, "items");
	const char *next = json_string_value(json_object_get(page, "next"));
	size_t count = json_array_size(items);
	json_t *nothing;

	for (size_t i = 0; i < count; i++)
		append_event(stream->text, "item", i + 1 == count ? next : NULL,
			json_array_get(items, i));
	if (next != NULL) {
		g_free(stream->cursor);
		stream->cursor = g_strdup(next);
		return;
	}
	nothing = json_object();
	append_event(stream->text, "end", NULL, nothing);
	json_decref(nothing);
	stream->over = true;
}

static void append_failure(Stream *stream, const GError *error)
{
	json_t *problem = problem_document(error);

	append_event(stream->text, "problem", NULL, problem);
	json_decref(problem);
	stream->over = true;
}

// Reads what has come since the last page.
static bool refill(Stream *stream, GError **error)
{
	g_autofree char *target = g_strdup_printf("%slimit=%d%s%s", stream->base, PAGE_ITEMS,
		stream->cursor != NULL ? "&cursor=" : "",
		stream->cursor != NULL ? stream->cursor : "");
	Store *store = stream->thread_store(stream->data, error);
	json_t *page = store != NULL ? api_get(store, NULL, target, error) : NULL;

	if (page == NULL)
		return false;
	g_string_truncate(stream->text, 0);
	stream->sent = 0;
	append_page(stream, page);
	json_decref(page);
	if (stream->text->len == 0 && g_get_monotonic_time() - stream->sent_at > HEARTBEAT_US)
		g_string_append(stream->text, ":\n\n");
	return true;
}

static ssize_t put_to_sleep(Stream *stream)
{
	pthread_mutex_lock(&stream->streams->mutex);
	if (!stream->streams->ending) {
		stream->asleep = true;
		MHD_suspend_connection(stream->connection);
	}
	pthread_mutex_unlock(&stream->streams->mutex);
	return 0;
}

static ssize_t read_stream(void *data, uint64_t position, char *buffer, size_t size)
{
	Stream *stream = data;
	g_autoptr(GError) error = NULL;
	size_t length;

	(void)position;
	if (is_ending(stream->streams))
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (stream->sent == stream->text->len && !stream->over && !refill(stream, &error))
		append_failure(stream, error);
	length = MIN(size, stream->text->len - stream->sent);
	if (length == 0)
		return stream->over ? MHD_CONTENT_READER_END_OF_STREAM : put_to_sleep(stream);
	memcpy(buffer, stream->text->str + stream->sent, length);
	stream->sent += length;
	stream->sent_at = g_get_monotonic_time();
	return (ssize_t)length;
}

static void free_stream(void *data)
{
	Stream *stream = data;

	pthread_mutex_lock(&stream->streams->mutex);
	g_ptr_array_remove_fast(stream->streams->list, stream);
	pthread_mutex_unlock(&stream->streams->mutex);
	g_string_free(stream->text, TRUE);
	g_free(stream->base);
	g_free(stream->cursor);
	g_free(stream);
}

static const ApiRoute *route_of(const char *raw, ApiTarget *target)
{
	return target_parse(target, raw, NULL) ? route_match(target) : NULL;
}

bool streams_can_follow(const char *raw)
{
	g_auto(ApiTarget) target = {NULL, NULL};
	const ApiRoute *route = route_of(raw, &target);

	return route != NULL && route->form == ROUTE_FOLLOWED;
}

static char *escaped(const char *text)
{
	GString *result = g_string_new(NULL);

	target_append_escaped(result, text);
	return g_string_free(result, FALSE);
}

static void set_cursor(Stream *stream, const char *cursor)
{
	g_free(stream->cursor);
	stream->cursor = escaped(cursor);
}

static void append_parameter(GString *base, const TargetParameter *parameter)
{
	target_append_escaped(base, parameter->name);
	g_string_append_c(base, '=');
	target_append_escaped(base, parameter->value);
	g_string_append_c(base, '&');
}

// Splits the target into its base and its cursor.
static void set_target(Stream *stream, const ApiTarget *target)
{
	GString *base = g_string_new(NULL);

	for (guint i = 0; i < target->segments->len; i++) {
		g_string_append_c(base, '/');
		target_append_escaped(base, g_ptr_array_index(target->segments, i));
	}
	g_string_append_c(base, '?');
	for (guint i = 0; i < target->parameters->len; i++) {
		const TargetParameter *parameter =
			&g_array_index(target->parameters, TargetParameter, i);

		if (strcmp(parameter->name, "cursor") == 0)
			set_cursor(stream, parameter->value);
		else if (strcmp(parameter->name, "limit") != 0)
			append_parameter(base, parameter);
	}
	stream->base = g_string_free(base, FALSE);
}

static bool add_stream(ApiStreams *streams, Stream *stream, GError **error)
{
	bool added;

	pthread_mutex_lock(&streams->mutex);
	added = streams->list->len < MOST_STREAMS && start_waker(streams);
	if (added)
		g_ptr_array_add(streams->list, stream);
	pthread_mutex_unlock(&streams->mutex);
	if (!added)
		api_error_set(error, API_UNAVAILABLE, "too-many-streams",
			"%d streams are open already", MOST_STREAMS);
	return added;
}

static bool queue_stream(Stream *stream)
{
	struct MHD_Response *response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, stream, free_stream);
	enum MHD_Result result;

	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(response, MHD_HTTP_HEADER_X_CONTENT_TYPE_OPTIONS, "nosniff");
	result = MHD_queue_response(stream->connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result == MHD_YES;
}

bool streams_follow(ApiStreams *streams, struct MHD_Connection *connection, const char *raw,
	const char *last_id, Store *(*thread_store)(void *data, GError **error), void *data,
	GError **error)
{
	g_auto(ApiTarget) target = {NULL, NULL};
	Stream *stream;

	if (!target_parse(&target, raw, error))
		return false;
	stream = g_new0(Stream, 1);
	stream->streams = streams;
	stream->connection = connection;
	stream->thread_store = thread_store;
	stream->data = data;
	stream->text = g_string_new(NULL);
	stream->sent_at = g_get_monotonic_time();
	set_target(stream, &target);
	if (last_id != NULL && *last_id != '\0')
		set_cursor(stream, last_id);
	if (!refill(stream, error) || !add_stream(streams, stream, error)) {
		free_stream(stream);
		return false;
	}
	return queue_stream(stream);
}
