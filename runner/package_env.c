#include "runner/package_env.h"

#include "runner/file_lock.h"
#include "runner/folder.h"
#include "runner/task_type.h"
#include "store/id.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	LOOK = 25, // milliseconds between looks whether another builder is done
	FAILURE = 4096, // longest message of a failure
};

struct PackageEnv {
	int lock;
	char *folder;
};

static bool fail(GError **error, const char *what, const char *path)
{
	int number = errno;

	g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(number),
		"cannot %s '%s': %s", what, path, g_strerror(number));
	return false;
}

static char *path_of(const char *root, const char *digest, const char *suffix)
{
	return g_strdup_printf("%s/%s%s", root, digest, suffix);
}

static int lock_try(const char *root, const char *digest, int operation)
{
	g_autofree char *path = path_of(root, digest, ".lock");

	return file_lock_try(path, operation);
}

// ---- The folder that counts

// Borrowed from nobody: a path to free, or NULL when none has been built.
static char *folder_current(const char *root, const char *digest)
{
	g_autofree char *link = path_of(root, digest, "");
	g_autofree char *name = g_file_read_link(link, NULL);
	g_autofree char *folder = name == NULL ? NULL : g_build_filename(root, name, NULL);

	return folder != NULL && g_file_test(folder, G_FILE_TEST_IS_DIR) ? g_steal_pointer(&folder)
									 : NULL;
}

// Removes the folders of a digest that do not count. The lock is held alone.
static void leftovers_remove(const char *root, const char *digest)
{
	g_autofree char *prefix = g_strdup_printf("%s.", digest);
	g_autofree char *lock = g_strdup_printf("%s.lock", digest);
	g_autofree char *current = folder_current(root, digest);
	g_autoptr(GDir) folder = g_dir_open(root, 0, NULL);
	const char *name;

	while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
		g_autofree char *path = g_build_filename(root, name, NULL);

		if (g_str_has_prefix(name, prefix) && strcmp(name, lock) != 0 &&
			g_strcmp0(path, current) != 0)
			folder_remove(path);
	}
}

static bool folder_commit(const char *root, const char *digest, const char *folder, GError **error)
{
	g_autofree char *link = path_of(root, digest, "");
	g_autofree char *fresh = g_strdup_printf("%s.link", folder);
	g_autofree char *name = g_path_get_basename(folder);

	unlink(fresh);
	if (symlink(name, fresh) < 0)
		return fail(error, "make the link", fresh);
	// The commit point of a build.
	if (rename(fresh, link) < 0) {
		fail(error, "rename", fresh);
		unlink(fresh);
		return false;
	}
	return true;
}

static bool folder_build(
	const char *root, const char *digest, const PackageBuilder *builder, GError **error)
{
	g_autofree char *id = id_new();
	g_autofree char *folder = g_strdup_printf("%s/%s.%s", root, digest, id);

	leftovers_remove(root, digest);
	if (mkdir(folder, 0700) < 0)
		return fail(error, "make the folder", folder);
	if (builder->build(folder, builder->data, error) &&
		folder_commit(root, digest, folder, error))
		return true;
	folder_remove(folder);
	return false;
}

// ---- Failures, told to those who have waited

static void failure_write(int lock, const GError *error)
{
	size_t length;

	// Another may have more time.
	if (error == NULL || g_error_matches(error, TASK_ERROR, TASK_ERROR_CANCELLED))
		return;
	length = MIN(strlen(error->message), (size_t)FAILURE);
	if (pwrite(lock, error->message, length, 0) != (ssize_t)length)
		return; // then they try themselves
}

// Why a build failed since a moment; NULL: none has.
static char *failure_since(int lock, int64_t since)
{
	struct stat status;
	g_autofree char *text = g_malloc0(FAILURE + 1);

	if (since == 0 || fstat(lock, &status) < 0 ||
		(int64_t)status.st_mtim.tv_sec * G_USEC_PER_SEC + status.st_mtim.tv_nsec / 1000 <
			since ||
		pread(lock, text, FAILURE, 0) <= 0)
		return NULL;
	return g_utf8_make_valid(text, -1);
}

// ---- Taking and giving back

// One who wants the environment.
typedef struct {
	const char *root, *digest;
	const PackageBuilder *builder;
	int64_t since; // when it began to wait for another; 0: it has not
} Want;

// By the clock that times of files are taken from, which is behind the exact one by up to a tick.
static int64_t file_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return (int64_t)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static bool wait_look(Want *want, GError **error)
{
	const PackageBuilder *builder = want->builder;
	struct pollfd poll_fd = {.fd = builder->cancel_fd, .events = POLLIN};

	if (want->since == 0) {
		want->since = file_clock();
		if (builder->waits != NULL)
			builder->waits(builder->data);
	}
	if (poll(&poll_fd, 1, LOOK) <= 0)
		return true;
	g_set_error(error, TASK_ERROR, TASK_ERROR_CANCELLED,
		"stopped while another task was building the environment");
	return false;
}

// Uses the one that is there. False: there is none, or it is being built.
static bool use(const char *root, const char *digest, PackageEnv *env, int *ret_errno)
{
	const struct timespec now[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};

	*ret_errno = 0;
	env->lock = lock_try(root, digest, LOCK_SH);
	if (env->lock < 0) {
		*ret_errno = errno;
		return false;
	}
	env->folder = folder_current(root, digest);
	if (env->folder != NULL) {
		futimens(env->lock, now);
		return true;
	}
	close(env->lock);
	env->lock = -1;
	return false;
}

// With the lock held alone.
static bool build(const Want *want, int lock, GError **error)
{
	g_autofree char *current = folder_current(want->root, want->digest);
	g_autofree char *failure = current != NULL ? NULL : failure_since(lock, want->since);
	GError *cause = NULL;

	if (current != NULL)
		return true;
	if (failure != NULL) {
		g_set_error_literal(error, TASK_ERROR, TASK_ERROR_FAILED, failure);
		return false;
	}
	if (ftruncate(lock, 0) == 0 &&
		folder_build(want->root, want->digest, want->builder, &cause))
		return true;
	if (cause == NULL)
		return fail(error, "lock the environment in", want->root);
	failure_write(lock, cause);
	g_propagate_error(error, cause);
	return false;
}

// Builds it unless another is about it. False with error when the building failed.
static bool build_or_leave(Want *want, GError **error)
{
	int lock = lock_try(want->root, want->digest, LOCK_EX);
	bool ok;

	if (lock < 0)
		return errno == EWOULDBLOCK ? wait_look(want, error)
					    : fail(error, "lock the environment in", want->root);
	ok = build(want, lock, error);
	close(lock);
	return ok;
}

PackageEnv *package_env_take(
	const char *root, const char *digest, const PackageBuilder *builder, GError **error)
{
	g_autoptr(PackageEnv) env = g_new0(PackageEnv, 1);
	Want want = {root, digest, builder, 0};
	int number;

	env->lock = -1;
	if (g_mkdir_with_parents(root, 0700) < 0) {
		fail(error, "make the folder", root);
		return NULL;
	}
	while (!use(root, digest, env, &number)) {
		if (number != 0 && number != EWOULDBLOCK) {
			errno = number;
			fail(error, "lock the environment in", root);
			return NULL;
		}
		if (!build_or_leave(&want, error))
			return NULL;
	}
	return g_steal_pointer(&env);
}

const char *package_env_folder(const PackageEnv *env)
{
	return env->folder;
}

void package_env_give_back(PackageEnv *env)
{
	if (env == NULL)
		return;
	if (env->lock >= 0)
		close(env->lock);
	g_free(env->folder);
	g_free(env);
}

// ---- Removing

static bool is_old(int lock, int64_t unused)
{
	struct stat status;

	return fstat(lock, &status) == 0 &&
	       g_get_real_time() - (int64_t)status.st_mtime * G_USEC_PER_SEC >= unused;
}

// Returns whether the environment was removed.
static bool sweep_one(const char *root, const char *digest, int64_t unused)
{
	g_autofree char *link = path_of(root, digest, "");
	g_autofree char *file = path_of(root, digest, ".lock");
	int lock = lock_try(root, digest, LOCK_EX);
	bool old;

	if (lock < 0)
		return false;
	old = is_old(lock, unused);
	if (old)
		unlink(link); // from here on it does not count
	leftovers_remove(root, digest);
	if (old)
		unlink(file);
	close(lock);
	return old;
}

unsigned package_env_sweep(const char *root, int64_t unused)
{
	g_autoptr(GPtrArray) digests = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) folder = g_dir_open(root, 0, NULL);
	const char *name;
	unsigned removed = 0;

	while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
		if (g_str_has_suffix(name, ".lock"))
			g_ptr_array_add(digests, g_strndup(name, strlen(name) - strlen(".lock")));
	}
	for (guint i = 0; i < digests->len; i++)
		removed += sweep_one(root, digests->pdata[i], unused) ? 1 : 0;
	return removed;
}
