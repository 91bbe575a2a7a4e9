#include "api/head_clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "api/problem.h"
#include "store/json_dump.h"

#define DEFAULT_HEAD (30 * G_USEC_PER_SEC)
#define DEFAULT_BODY (60 * G_USEC_PER_SEC)
#define LONGEST_LOOK G_USEC_PER_SEC

typedef enum {
	WAITS_FOR_HEAD,
	WAITS_FOR_BODY,
	WAITS,
} WaitsFor;

static const char *const waits_names[WAITS] = {"head", "body"};

// One connection. It is freed by the daemon, under the lock.
typedef struct {
	int descriptor;
	_Atomic int64_t since; // monotonic: when it began to wait; 0: it does not
	_Atomic WaitsFor what;
} Waiting;

struct HeadClock {
	int64_t limits[WAITS];
	pthread_mutex_t lock;
	pthread_cond_t changed;
	GHashTable *connections; // Waiting *
	bool stopping;
	bool has_thread;
	pthread_t thread;
};

static Waiting *waiting_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info == NULL ? NULL : info->socket_context;
}

bool head_clock_stop(struct MHD_Connection *connection)
{
	Waiting *waiting = waiting_of(connection);

	return waiting == NULL || atomic_exchange(&waiting->since, 0) != 0;
}

static void start(struct MHD_Connection *connection, WaitsFor what)
{
	Waiting *waiting = waiting_of(connection);

	if (waiting == NULL)
		return;
	atomic_store(&waiting->what, what);
	atomic_store(&waiting->since, g_get_monotonic_time());
}

void head_clock_body(struct MHD_Connection *connection)
{
	start(connection, WAITS_FOR_BODY);
}

void head_clock_start(struct MHD_Connection *connection)
{
	start(connection, WAITS_FOR_HEAD);
}

static void begin(HeadClock *clock, struct MHD_Connection *connection, void **socket_context)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	Waiting *waiting = g_new0(Waiting, 1);

	waiting->descriptor = info == NULL ? -1 : (int)info->connect_fd;
	atomic_store(&waiting->since, g_get_monotonic_time());
	*socket_context = waiting;
	pthread_mutex_lock(&clock->lock);
	g_hash_table_add(clock->connections, waiting);
	if (g_hash_table_size(clock->connections) == 1)
		pthread_cond_signal(&clock->changed);
	pthread_mutex_unlock(&clock->lock);
}

void head_clock_connection(void *data, struct MHD_Connection *connection, void **socket_context,
	enum MHD_ConnectionNotificationCode what)
{
	HeadClock *clock = data;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		begin(clock, connection, socket_context);
		return;
	}
	pthread_mutex_lock(&clock->lock);
	g_hash_table_remove(clock->connections, *socket_context);
	pthread_mutex_unlock(&clock->lock);
	*socket_context = NULL;
}

// Nothing was sent yet in answer to what has come, so the daemon has no part in this one. It closes the connection then.
static void cut_off(const HeadClock *clock, const Waiting *waiting, WaitsFor what)
{
	g_autoptr(GError) error = NULL;

	api_error_set(&error, API_REQUEST_TIMEOUT, "slow-request",
		"the %s of a request may take %" G_GINT64_FORMAT " seconds", waits_names[what],
		clock->limits[what] / G_USEC_PER_SEC);
	json_t *problem = problem_document(error);
	char *body = json_dump_text(problem, JSON_COMPACT);
	g_autofree char *text = g_strdup_printf("HTTP/1.1 %d %s\r\nConnection: close\r\n"
						"Content-Type: application/problem+json\r\n"
						"Content-Length: %zu\r\n\r\n%s",
		API_REQUEST_TIMEOUT, api_status_phrase(API_REQUEST_TIMEOUT), strlen(body), body);

	send(waiting->descriptor, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
	shutdown(waiting->descriptor, SHUT_RDWR);
	free(body);
	json_decref(problem);
}

static void look(HeadClock *clock)
{
	int64_t now = g_get_monotonic_time();
	GHashTableIter iterator;
	void *key;

	g_hash_table_iter_init(&iterator, clock->connections);
	while (g_hash_table_iter_next(&iterator, &key, NULL)) {
		Waiting *waiting = key;
		int64_t since = atomic_load(&waiting->since);
		WaitsFor what = atomic_load(&waiting->what);

		// Who sends the rest at this very moment is not cut off.
		if (since != 0 && now - since > clock->limits[what] &&
			atomic_compare_exchange_strong(&waiting->since, &since, 0))
			cut_off(clock, waiting, what);
	}
}

static void wait(HeadClock *clock)
{
	int64_t shortest = MIN(clock->limits[WAITS_FOR_HEAD], clock->limits[WAITS_FOR_BODY]);
	int64_t pause = CLAMP(shortest / 4, G_USEC_PER_SEC / 100, LONGEST_LOOK);
	int64_t until = g_get_monotonic_time() + pause;
	const struct timespec at = {until / G_USEC_PER_SEC, (until % G_USEC_PER_SEC) * 1000};

	if (g_hash_table_size(clock->connections) == 0)
		pthread_cond_wait(&clock->changed, &clock->lock);
	else
		pthread_cond_timedwait(&clock->changed, &clock->lock, &at);
}

static void *run(void *data)
{
	HeadClock *clock = data;

	pthread_mutex_lock(&clock->lock);
	while (!clock->stopping) {
		look(clock);
		wait(clock);
	}
	pthread_mutex_unlock(&clock->lock);
	return NULL;
}

HeadClock *head_clock_new(int64_t head_limit, int64_t body_limit, GError **error)
{
	HeadClock *clock = g_new0(HeadClock, 1);
	pthread_condattr_t attributes;

	clock->limits[WAITS_FOR_HEAD] = head_limit > 0 ? head_limit : DEFAULT_HEAD;
	clock->limits[WAITS_FOR_BODY] = body_limit > 0 ? body_limit : DEFAULT_BODY;
	clock->connections = g_hash_table_new_full(NULL, NULL, g_free, NULL);
	pthread_mutex_init(&clock->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&clock->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	int failure = pthread_create(&clock->thread, NULL, run, clock);
	clock->has_thread = failure == 0;
	if (failure == 0)
		return clock;
	g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(failure),
		"cannot start a thread of the HTTP server: %s", g_strerror(failure));
	head_clock_free(clock);
	return NULL;
}

void head_clock_free(HeadClock *clock)
{
	if (clock == NULL)
		return;
	pthread_mutex_lock(&clock->lock);
	clock->stopping = true;
	pthread_cond_signal(&clock->changed);
	pthread_mutex_unlock(&clock->lock);
	if (clock->has_thread)
		pthread_join(clock->thread, NULL);
	g_hash_table_unref(clock->connections);
	pthread_cond_destroy(&clock->changed);
	pthread_mutex_destroy(&clock->lock);
	g_free(clock);
}
