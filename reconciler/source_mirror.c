// A remote repository: a process fetches it into a mirror, which is then read like any other repository.
#include "reconciler/source_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Whether what is to be fetched is a commit: its id, that is, and no name.
static bool is_pinned(const Source *source)
{
	return source->wanted != NULL && !g_str_has_prefix(source->wanted, "refs/");
}

bool source_mirror_begin(
	Source *source, const SourceKnown *known, const char *revision, GError **error)
{
	const FetchJob job = {
		.url = source->url,
		.mirror = source->mirror,
		.ref = is_pinned(source) ? NULL : source_followed(source),
		.revision = revision == NULL && is_pinned(source) ? source->wanted : revision,
		.known = known == NULL ? (SourceKnown){0} : *known,
		.look = source->repository == NULL,
		.parent = getpid(),
		.access = source->access,
	};

	g_clear_pointer(&source->notice, g_free);
	source->process = fetch_process_start(&job, error);
	return source->process != NULL;
}

static int64_t time_left(const FetchProcess *process)
{
	return MAX(fetch_process_deadline(process) - g_get_monotonic_time(), 0);
}

static void wait_for(FetchProcess *process)
{
	struct pollfd wait = {.fd = fetch_process_fd(process), .events = POLLIN};

	while (!fetch_process_step(process, g_get_monotonic_time()))
		poll(&wait, 1, (int)MIN(time_left(process) / 1000 + 1, G_MAXINT));
}

// Opens the mirror, or opens it anew when another one now stands at its place.
static bool open_mirror(Source *source, bool anew, GError **error)
{
	struct stat status = {0};

	if (stat(source->mirror, &status) == 0 && source->repository != NULL && !anew &&
		source->device == status.st_dev && source->inode == status.st_ino)
		return true;
	g_clear_pointer(&source->repository, git_repository_free);
	source->device = status.st_dev;
	source->inode = status.st_ino;
	if (git_repository_open_bare(&source->repository, source->mirror) == 0)
		return true;
	fetch_error_git(error, FETCH_ERROR_CORRUPT,
		"the mirror '%s' of repository '%s' cannot be opened; see to the disk, and to who "
		"may "
		"read it",
		source->mirror, source->url);
	return false;
}

bool source_mirror_fetch(Source *source, const SourceKnown *known, const char *revision,
	char **ret_ref, bool *ret_empty, GError **error)
{
	g_auto(FetchAnswer) answer = {0};

	if (source->process == NULL && !source_mirror_begin(source, known, revision, error))
		return false;
	wait_for(source->process);
	bool good = fetch_process_answer(source->process, &answer, error);
	g_clear_pointer(&source->process, fetch_process_free);
	if (!good)
		return false;
	source->notice = g_steal_pointer(&answer.notice);
	source->sound = answer.sound;
	*ret_empty = answer.empty;
	if (!open_mirror(source, answer.tidied || answer.renewed, error))
		return false;
	if (revision == NULL && is_pinned(source) && !answer.empty)
		return source_find_pinned(source, ret_ref, error);
	*ret_ref = g_strdup(answer.ref != NULL ? answer.ref : source_followed(source));
	return true;
}

// ---- In the background --------------------------------------------------------------------------------------------

bool source_prepare(Source *source, const SourceKnown *known)
{
	if (source->mirror == NULL)
		return true;
	// When it cannot be begun, source_fetch() tries the same and tells why.
	if (source->process == NULL && !source_mirror_begin(source, known, NULL, NULL))
		return true;
	return fetch_process_step(source->process, g_get_monotonic_time());
}

int source_prepare_fd(const Source *source)
{
	return source->process == NULL ? -1 : fetch_process_fd(source->process);
}

int64_t source_prepare_timeout(const Source *source)
{
	return source->process == NULL ? INT64_MAX : time_left(source->process);
}

bool source_distrust(Source *source)
{
	if (source->mirror == NULL || source->sound)
		return false;
	g_autofree char *path = g_build_filename(source->mirror, MIRROR_SUSPECT, NULL);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	g_clear_pointer(&source->repository, git_repository_free);
	return fd >= 0;
}
