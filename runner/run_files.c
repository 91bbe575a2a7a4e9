#include "runner/run_files.h"

#include "store/id.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1 << 20 };

static bool fail(GError **error, const char *what, const char *path)
{
	int number = errno;

	g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(number),
		"cannot %s '%s': %s", what, path, g_strerror(number));
	return false;
}

static bool copy_blocks(int from, int to, const char *path, GError **error)
{
	for (;;) {
		ssize_t sent = sendfile(to, from, NULL, BLOCK);

		if (sent == 0)
			return fsync(to) == 0 || fail(error, "write", path);
		if (sent < 0 && errno != EINTR)
			return fail(error, "copy to", path);
	}
}

static bool open_source(const char *path, int *ret_file, GError **error)
{
	struct stat status;

	*ret_file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*ret_file < 0)
		return fail(error, "read", path);
	if (fstat(*ret_file, &status) == 0 && S_ISREG(status.st_mode))
		return true;
	close(*ret_file);
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "'%s' is not a regular file", path);
	return false;
}

bool run_file_copy(const char *from, const char *to, GError **error)
{
	int source, target;
	bool copied;

	if (!open_source(from, &source, error))
		return false;
	target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (target < 0) {
		fail(error, "make", to);
		close(source);
		return false;
	}
	copied = copy_blocks(source, target, to, error);
	close(source);
	close(target);
	if (!copied)
		unlink(to);
	return copied;
}

char *run_file_put(const char *files_folder, const char *path, GError **error)
{
	g_autofree char *id = id_new();
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *folder = g_build_filename(files_folder, "inputs", id, NULL);
	g_autofree char *target = g_build_filename(folder, name, NULL);

	if (g_mkdir_with_parents(folder, 0700) < 0) {
		fail(error, "make the folder", folder);
		return NULL;
	}
	if (!run_file_copy(path, target, error)) {
		rmdir(folder);
		return NULL;
	}
	return g_strdup_printf("weir:///inputs/%s/%s", id, name);
}
