#include "runner/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

// The file may be removed between opening and locking it: then it guards nothing.
static bool lock_counts(int lock)
{
	struct stat status;

	return fstat(lock, &status) == 0 && status.st_nlink > 0;
}

int file_lock_try(const char *path, int operation)
{
	for (;;) {
		int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		int number = 0;

		if (lock < 0)
			return -1;
		if (flock(lock, operation | LOCK_NB) < 0)
			number = errno;
		if (number == 0 && lock_counts(lock))
			return lock;
		if (!lock_counts(lock))
			number = 0;
		close(lock);
		if (number != 0) {
			errno = number;
			return -1;
		}
	}
}
