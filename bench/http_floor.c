#include "bench/http_floor.h"

#include "api/listen.h"

#include <glib.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// As in api/server.c and api/worker.c.
#define THREADS		  2
#define CONNECTIONS	  1024U
#define IDLE_SECONDS	  15U
#define CONNECTION_MEMORY ((size_t)32 * 1024)

static struct MHD_Response *nothing;

static enum MHD_Result answer_nothing(void *cls, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **request)
{
	(void)cls;
	(void)url;
	(void)method;
	(void)version;
	(void)upload;
	(void)upload_size;
	if (*request != NULL)
		return MHD_queue_response(connection, 200, nothing);
	*request = nothing;
	return MHD_YES;
}

// libmicrohttpd's own epoll thread can stand still with 128 requests at hand: see api/worker.c.
static void *run_floor(void *data)
{
	struct MHD_Daemon *daemon = data;
	struct pollfd events = {
		MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, POLLIN, 0};

	for (;;) {
		MHD_run(daemon);
		poll(&events, 1, 100);
	}
	return NULL;
}

static void serve(int listening)
{
	static char none[1];
	pthread_t threads[THREADS];

	nothing = MHD_create_response_from_buffer(0, none, MHD_RESPMEM_PERSISTENT);
	for (int i = 0; i < THREADS; i++) {
		struct MHD_Daemon *daemon = MHD_start_daemon(
			MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, answer_nothing,
			NULL, MHD_OPTION_LISTEN_SOCKET, dup(listening), MHD_OPTION_CONNECTION_LIMIT,
			CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_END);

		g_assert_nonnull(daemon);
		g_assert_cmpint(pthread_create(&threads[i], NULL, run_floor, daemon), ==, 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

void http_floor_start(HttpFloor *floor)
{
	g_autoptr(GError) error = NULL;
	ListenSocket listening;

	g_assert_true(listen_socket_open(&listening, "127.0.0.1:0", &error));
	floor->port = listening.port;
	floor->process = fork();
	g_assert_cmpint(floor->process, >=, 0);
	if (floor->process == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(listening.descriptor);
		_exit(0);
	}
	close(listening.descriptor);
}

void http_floor_stop(const HttpFloor *floor)
{
	kill(floor->process, SIGKILL);
	waitpid(floor->process, NULL, 0);
}
