#include "cli/server_lock.h"

#include "cli/store_path.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

// The file begins with the number of the holder's process on a line of its own; its note follows, filled up with blanks. The
// whole of it is written when the lock is taken, so that a note needs no room that a full disk does not have.
enum {
	FILE_SIZE = 4096,
	PID_SIZE = 16, // with its newline
};

struct ServerLock {
	int fd; // -1: the store is not a file
};

// Who holds it, as written by the holder itself; 0 when that cannot be read.
static pid_t holder(int fd)
{
	char text[32] = "";
	ssize_t length = pread(fd, text, sizeof(text) - 1, 0);

	return length > 0 ? (pid_t)g_ascii_strtoll(text, NULL, 10) : 0;
}

// Takes the lock. A server that was killed while it started a process leaves the lock with that process until it has
// executed its program: then the holder is dead, and the lock is worth a moment's wait.
static bool take(int fd)
{
	enum { TRIES = 100, PAUSE = 20000 }; // two seconds

	for (unsigned try = 0; try < TRIES; try++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		bool held = errno == EWOULDBLOCK;
		pid_t process = holder(fd);
		if (!held || process == 0 || kill(process, 0) == 0 || errno != ESRCH)
			return false;
		g_usleep(PAUSE);
	}
	return false;
}

static void refuse(const char *path, int fd, GError **error)
{
	pid_t process = holder(fd);
	g_autofree char *who =
		process == 0 ? g_strdup("") : g_strdup_printf(", process %d", (int)process);

	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_AGAIN,
		"the store is in use by another weir%s (lock file '%s'): stop it, or use another "
		"--store",
		who, path);
}

ServerLock *server_lock_new(const char *url, GError **error)
{
	g_autoptr(ServerLock) lock = g_new0(ServerLock, 1);
	const char *file = store_path_file(url);

	lock->fd = -1;
	if (file == NULL)
		return g_steal_pointer(&lock);
	g_autofree char *path = g_strconcat(file, ".lock", NULL);
	lock->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock->fd < 0) {
		int reason = errno;

		g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(reason),
			"cannot make the lock file '%s': %s: %s", path, g_strerror(reason),
			store_path_cure(reason));
		return NULL;
	}
	if (!take(lock->fd)) {
		refuse(path, lock->fd, error);
		return NULL;
	}
	// The number is for people; the lock itself is the kernel's.
	server_lock_note(lock, "");
	return g_steal_pointer(&lock);
}

void server_lock_note(ServerLock *lock, const char *note)
{
	char text[FILE_SIZE];
	size_t length = strlen(note);

	if (lock->fd < 0)
		return;
	memset(text, ' ', sizeof(text));
	g_snprintf(text, PID_SIZE, "%-*d\n", PID_SIZE - 2, (int)getpid());
	text[PID_SIZE - 1] = ' ';
	text[FILE_SIZE - 1] = '\n';
	if (length < FILE_SIZE - PID_SIZE)
		memcpy(text + PID_SIZE, note, length);
	// Without it others are told less: the lock holds all the same.
	if (pwrite(lock->fd, text, sizeof(text), 0) < 0)
		return;
}

static int open_lock(const char *file)
{
	g_autofree char *path = g_strconcat(file, ".lock", NULL);

	return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

static bool is_held(int fd)
{
	pid_t process = holder(fd);

	return process != 0 && (kill(process, 0) == 0 || errno == EPERM) &&
	       flock(fd, LOCK_SH | LOCK_NB) != 0;
}

bool server_lock_is_held(const char *url)
{
	const char *file = store_path_file(url);
	int fd = file == NULL ? -1 : open_lock(file);
	bool held = file == NULL || (fd >= 0 && is_held(fd));

	if (fd >= 0)
		close(fd);
	return held;
}

char *server_lock_read(const char *url)
{
	const char *file = store_path_file(url);
	char text[FILE_SIZE + 1] = "";
	int fd = file == NULL ? -1 : open_lock(file);

	if (fd < 0)
		return NULL;
	ssize_t length = is_held(fd) ? pread(fd, text, FILE_SIZE, 0) : 0;
	close(fd);
	return length > PID_SIZE ? g_strdup(g_strstrip(text + PID_SIZE)) : NULL;
}

void server_lock_free(ServerLock *lock)
{
	if (lock == NULL)
		return;
	if (lock->fd >= 0)
		close(lock->fd);
	g_free(lock);
}
