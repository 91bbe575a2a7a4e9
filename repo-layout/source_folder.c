// A folder on disk, by the same rules as a commit. Every step is an openat that refuses links.
#include "repo-layout/source_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void path_error(GError **error, SourceTree *tree, const char *path, const char *why)
{
	g_set_error(error, SOURCE_ERROR, SOURCE_ERROR_UNREADABLE, "cannot read '%s' in '%s': %s",
		*path == '\0' ? "/" : path, tree->path, why);
}

// Opens what a path names, one component after the other, never through a link. -1 and errno when it cannot.
static int open_below(SourceTree *tree, const char *path, int flags)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);
	int folder = fcntl(tree->folder, F_DUPFD_CLOEXEC, 3);

	if (*path == '\0')
		return folder;
	for (size_t i = 0; folder >= 0 && parts[i] != NULL; i++) {
		int mode = parts[i + 1] != NULL ? O_RDONLY | O_DIRECTORY : flags;
		int next = openat(folder, parts[i], mode | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
		int problem = errno;

		close(folder);
		errno = problem;
		folder = next;
	}
	return folder;
}

static SourceKind kind_of(mode_t mode)
{
	if (S_ISREG(mode))
		return SOURCE_FILE;
	if (S_ISDIR(mode))
		return SOURCE_FOLDER;
	return S_ISLNK(mode) ? SOURCE_LINK : SOURCE_OTHER;
}

static int compare_entries(const void *left, const void *right)
{
	const SourceEntry *a = left;
	const SourceEntry *b = right;
	g_autofree char *name_a = g_strconcat(a->name, a->kind == SOURCE_FOLDER ? "/" : "", NULL);
	g_autofree char *name_b = g_strconcat(b->name, b->kind == SOURCE_FOLDER ? "/" : "", NULL);

	return strcmp(name_a, name_b);
}

// The names go into one block, whose place is known only at the end: offsets first.
static SourceFolder *read_entries(DIR *stream)
{
	GArray *entries = g_array_new(FALSE, TRUE, sizeof(SourceEntry));
	GString *names = g_string_new(NULL);
	SourceFolder *folder = g_new0(SourceFolder, 1);
	struct dirent *found;

	while ((found = readdir(stream)) != NULL) {
		SourceEntry entry = {0};
		struct stat status;

		if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0 ||
			strcmp(found->d_name, ".git") == 0)
			continue;
		if (fstatat(dirfd(stream), found->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		entry.name = GSIZE_TO_POINTER(names->len);
		entry.kind = kind_of(status.st_mode);
		entry.executable = (status.st_mode & S_IXUSR) != 0;
		entry.fault = entry_name_fault(found->d_name, strlen(found->d_name));
		g_string_append_len(names, found->d_name, (gssize)strlen(found->d_name) + 1);
		g_array_append_val(entries, entry);
	}
	folder->length = entries->len;
	folder->entries = (SourceEntry *)(void *)g_array_free(entries, FALSE);
	folder->storage = g_string_free(names, FALSE);
	for (size_t i = 0; i < folder->length; i++)
		folder->entries[i].name =
			folder->storage + GPOINTER_TO_SIZE(folder->entries[i].name);
	return folder;
}

static SourceFolder *disk_folder(SourceTree *tree, const char *path, const SourceId *id,
	const SourceFolder *before, GError **error)
{
	int descriptor = open_below(tree, path, O_RDONLY | O_DIRECTORY);
	DIR *stream = descriptor < 0 ? NULL : fdopendir(descriptor);
	SourceFolder *folder;

	(void)id;
	(void)before;
	if (stream == NULL) {
		path_error(error, tree, path, g_strerror(errno));
		if (descriptor >= 0)
			close(descriptor);
		return NULL;
	}
	rewinddir(stream);
	folder = read_entries(stream);
	closedir(stream);
	if (folder->length > 1)
		qsort(folder->entries, folder->length, sizeof(SourceEntry), compare_entries);
	source_folder_check(folder);
	return folder;
}

static int open_file(SourceTree *tree, const char *path, struct stat *status, GError **error)
{
	int descriptor = open_below(tree, path, O_RDONLY);

	if (descriptor < 0 || fstat(descriptor, status) != 0 || !S_ISREG(status->st_mode)) {
		path_error(error, tree, path, descriptor < 0 ? g_strerror(errno) : "it is no file");
		if (descriptor >= 0)
			close(descriptor);
		return -1;
	}
	return descriptor;
}

static bool disk_size(
	SourceTree *tree, const char *path, const SourceId *id, uint64_t *ret_size, GError **error)
{
	struct stat status;
	int descriptor = open_file(tree, path, &status, error);

	(void)id;
	if (descriptor < 0)
		return false;
	close(descriptor);
	*ret_size = (uint64_t)status.st_size;
	return true;
}

static GBytes *disk_blob(
	SourceTree *tree, const char *path, const SourceId *id, uint64_t limit, GError **error)
{
	struct stat status;
	int descriptor = open_file(tree, path, &status, error);
	size_t size, filled = 0;
	char *bytes;

	(void)id;
	if (descriptor < 0)
		return NULL;
	size = (size_t)status.st_size;
	if (size > limit) {
		close(descriptor);
		return source_too_large(path, size, limit, error);
	}
	bytes = g_malloc(size + 1);
	while (filled < size) {
		ssize_t count = read(descriptor, bytes + filled, size - filled);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		filled += (size_t)count;
	}
	close(descriptor);
	bytes[filled] = '\0';
	return g_bytes_new_take(bytes, filled);
}

static void disk_close(SourceTree *tree)
{
	if (tree->folder >= 0)
		close(tree->folder);
}

static const SourceTable disk_table = {disk_folder, disk_size, disk_blob, disk_close};

SourceTree *source_tree_open_folder(const char *path, GError **error)
{
	g_autoptr(SourceTree) tree = source_tree_new(&disk_table, path);

	tree->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tree->folder < 0) {
		g_set_error(error, SOURCE_ERROR, SOURCE_ERROR_UNREADABLE, "cannot open '%s': %s",
			path, g_strerror(errno));
		return NULL;
	}
	g_strlcpy(tree->revision, "folder", sizeof(tree->revision));
	return g_steal_pointer(&tree);
}
