#include "store/bell.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { STACK = 64 * 1024 };

struct StoreBell {
	char *file;
	void (*rung)(void *data);
	void *data;
	int inotify;
	int stop; // an eventfd
	pthread_t thread;
};

static char *bell_file(const char *path)
{
	return g_strconcat(path, ".wake", NULL);
}

static void *listen_main(void *argument)
{
	StoreBell *bell = argument;
	struct pollfd waits[] = {{bell->inotify, POLLIN, 0}, {bell->stop, POLLIN, 0}};
	char events[1024] __attribute__((aligned(__alignof__(struct inotify_event))));

	for (;;) {
		if (poll(waits, G_N_ELEMENTS(waits), -1) < 0 && errno != EINTR)
			return NULL;
		if (waits[1].revents != 0)
			return NULL;
		// Many rings are one: what was heard until now is taken at once.
		if (read(bell->inotify, events, sizeof(events)) > 0)
			bell->rung(bell->data);
	}
}

static bool bell_start(StoreBell *bell)
{
	pthread_attr_t attributes;
	int file = open(bell->file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
	int code;

	if (file < 0)
		return false;
	close(file);
	bell->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	bell->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (bell->inotify < 0 || bell->stop < 0 ||
		inotify_add_watch(bell->inotify, bell->file, IN_CLOSE_WRITE) < 0)
		return false;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	code = pthread_create(&bell->thread, &attributes, listen_main, bell);
	pthread_attr_destroy(&attributes);
	return code == 0;
}

static void bell_dispose(StoreBell *bell)
{
	if (bell->inotify >= 0)
		close(bell->inotify);
	if (bell->stop >= 0)
		close(bell->stop);
	g_free(bell->file);
	g_free(bell);
}

StoreBell *bell_listen(const char *path, void (*rung)(void *data), void *data)
{
	StoreBell *bell = g_new0(StoreBell, 1);

	bell->file = bell_file(path);
	bell->rung = rung;
	bell->data = data;
	bell->inotify = bell->stop = -1;
	if (bell_start(bell))
		return bell;
	bell_dispose(bell);
	return NULL;
}

void bell_free(StoreBell *bell)
{
	const uint64_t one = 1;

	if (bell == NULL)
		return;
	while (write(bell->stop, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
	pthread_join(bell->thread, NULL);
	bell_dispose(bell);
}

void bell_ring(const char *path)
{
	int kept = errno;
	g_autofree char *file = bell_file(path);
	int bell = open(file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW); // closing it is the ring

	if (bell >= 0)
		close(bell);
	errno = kept;
}
