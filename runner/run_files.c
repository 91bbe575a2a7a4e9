#include "runner/run_files.h"

#include "store/id.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1 << 20 };

#define PART_PREFIX ".part-"

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

// ---- Files that appear whole

// Where the file system has no files without a name: those that a killed attempt left go first.
static void parts_remove(const char *folder)
{
	g_autoptr(GDir) entries = g_dir_open(folder, 0, NULL);
	const char *name;

	while (entries != NULL && (name = g_dir_read_name(entries)) != NULL) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (g_str_has_prefix(name, PART_PREFIX))
			unlink(path);
	}
}

bool run_file_begin(const char *folder, RunFileNew *ret, GError **error)
{
	*ret = (RunFileNew){.file = -1};
	if (g_mkdir_with_parents(folder, 0700) < 0)
		return fail(error, "make the folder", folder);
	ret->folder = g_strdup(folder);
	ret->file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (ret->file >= 0)
		return true;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)
		return fail(error, "make a file in", folder);
	parts_remove(folder);
	ret->part = g_build_filename(folder, PART_PREFIX "XXXXXX", NULL);
	ret->file = g_mkstemp_full(ret->part, O_RDWR | O_CLOEXEC, 0600);
	return ret->file >= 0 || fail(error, "make", ret->part);
}

// Gives a file without a name the one that it has meanwhile: a link replaces nothing, a rename does.
static bool part_link(RunFileNew *file)
{
	g_autofree char *self = g_strdup_printf("/proc/self/fd/%d", file->file);
	g_autofree char *id = id_new();

	if (file->part != NULL)
		return true;
	file->part = g_strdup_printf("%s/" PART_PREFIX "%s", file->folder, id);
	return linkat(AT_FDCWD, self, AT_FDCWD, file->part, AT_SYMLINK_FOLLOW) == 0;
}

static bool folder_sync(const char *folder)
{
	int opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool synced = opened >= 0 && fsync(opened) == 0;

	if (opened >= 0)
		close(opened);
	return synced;
}

bool run_file_finish(RunFileNew *file, const char *name, GError **error)
{
	g_autofree char *target = g_build_filename(file->folder, name, NULL);

	if (fsync(file->file) < 0 || !part_link(file) || rename(file->part, target) < 0)
		return fail(error, "make", target);
	g_clear_pointer(&file->part, g_free);
	return folder_sync(file->folder) || fail(error, "write", target);
}

void run_file_clear(RunFileNew *file)
{
	if (file->file >= 0)
		close(file->file);
	if (file->part != NULL)
		unlink(file->part);
	if (file->folder != NULL)
		rmdir(file->folder);
	g_free(file->part);
	g_free(file->folder);
	*file = (RunFileNew){.file = -1};
}

char *run_file_uri_name(const char *name)
{
	// What a URI in the text of a script ends at: see tasks/script_uris.c.
	return g_uri_escape_string(name, "/+=#", TRUE);
}

char *run_file_put(const char *files_folder, const char *path, GError **error)
{
	g_autofree char *id = id_new();
	g_autofree char *given = g_path_get_basename(path);
	g_autofree char *name = run_file_uri_name(given);
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
