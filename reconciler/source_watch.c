#include "reconciler/source_watch.h"

#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
	MAX_WATCHES = 24, // folders on the way to one branch; a branch nested deeper is polled
	MAX_BACK_OFF = 3, // times that the pause is doubled
	LEAST_REST = 10, // of the interval, that lies between a fetch and the next
	LOCAL_RETRY = G_USEC_PER_SEC,
};

#define WATCH_MASK                                                                                 \
	((uint32_t)(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE |         \
		    IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR))

// What counts as news outside refs/: everything else there is objects, hooks and lock files.
static const char *const ROOT_NAMES[] = {"HEAD", "packed-refs", "refs", ".git"};

typedef struct {
	int descriptor;
	bool references; // a folder below refs/: every name counts
} Watched;

struct SourceWatch {
	const Source *source;
	int64_t interval;
	int64_t next; // end of the pause; 0: at once
	guint failures;
	GRand *random;
	int fd;
	Watched watched[MAX_WATCHES];
	guint count;
};

static void watch_folder(SourceWatch *watch, const char *path, bool references)
{
	if (watch->count == MAX_WATCHES)
		return;
	int descriptor = inotify_add_watch(watch->fd, path, WATCH_MASK);
	if (descriptor >= 0)
		watch->watched[watch->count++] = (Watched){descriptor, references};
}

// Watches refs/heads and the folders on the way to what is followed: branch feature/x is a file in
// refs/heads/feature.
static void watch_references(SourceWatch *watch, const char *git_folder)
{
	const char *ref = source_ref(watch->source);
	g_autofree char *refs = g_build_filename(git_folder, "refs", NULL);
	g_autofree char *heads = g_build_filename(refs, "heads", NULL);

	watch_folder(watch, git_folder, false);
	watch_folder(watch, refs, true);
	watch_folder(watch, heads, true);
	for (const char *slash = ref == NULL ? NULL : strchr(ref, '/'); slash != NULL;
		slash = strchr(slash + 1, '/')) {
		g_autofree char *prefix = g_strndup(ref, (gsize)(slash - ref));
		g_autofree char *folder = g_build_filename(git_folder, prefix, NULL);

		watch_folder(watch, folder, true);
	}
}

// Adding a watch that exists already changes nothing, so all of them are simply added again: a
// folder that was removed and made anew is found that way.
static void lay_watches(SourceWatch *watch)
{
	const char *url = source_url(watch->source);
	git_repository *repository = source_repository(watch->source);

	watch->count = 0;
	if (repository != NULL) {
		watch_references(watch, git_repository_commondir(repository));
		return;
	}
	g_autofree char *parent = g_path_get_dirname(url);
	g_autofree char *nested = g_build_filename(url, ".git", NULL);
	watch_folder(watch, parent, true);
	watch_references(watch, url);
	watch_references(watch, nested);
}

SourceWatch *source_watch_new(const Source *source, int64_t interval, uint32_t seed)
{
	SourceWatch *watch = g_new0(SourceWatch, 1);

	watch->source = source;
	watch->interval = interval;
	watch->random = g_rand_new_with_seed(seed);
	watch->fd = source_is_local(source) ? inotify_init1(IN_NONBLOCK | IN_CLOEXEC) : -1;
	if (watch->fd >= 0)
		lay_watches(watch);
	return watch;
}

void source_watch_free(SourceWatch *watch)
{
	if (watch == NULL)
		return;
	if (watch->fd >= 0)
		close(watch->fd);
	g_rand_free(watch->random);
	g_free(watch);
}

int source_watch_fd(const SourceWatch *watch)
{
	return watch->fd;
}

static bool is_news(const SourceWatch *watch, const struct inotify_event *event)
{
	bool references = true;

	if ((event->mask & IN_Q_OVERFLOW) != 0 || event->len == 0)
		return true;
	if (g_str_has_suffix(event->name, ".lock"))
		return false;
	for (guint i = 0; i < watch->count; i++) {
		if (watch->watched[i].descriptor == event->wd)
			references = watch->watched[i].references;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(ROOT_NAMES) && !references; i++) {
		if (g_str_equal(event->name, ROOT_NAMES[i]))
			return true;
	}
	return references;
}

// Empties the descriptor. Returns whether a reference may have moved.
static bool read_events(SourceWatch *watch)
{
	_Alignas(struct inotify_event) char buffer[4096];
	bool news = false;
	ssize_t size;

	while ((size = read(watch->fd, buffer, sizeof(buffer))) > 0) {
		for (ssize_t at = 0; at < size;) {
			const struct inotify_event *event = (const void *)(buffer + at);

			news = is_news(watch, event) || news;
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	}
	return news;
}

// A failing remote is asked ever less often; a local repository is looked for every second, which costs nothing.
static void begin_pause(SourceWatch *watch, int64_t now)
{
	int64_t pause = watch->interval << MIN(watch->failures, MAX_BACK_OFF);

	if (watch->failures > 0 && watch->fd >= 0)
		pause = MIN(watch->interval, LOCAL_RETRY);
	watch->next = now + (int64_t)((double)pause * g_rand_double_range(watch->random, 0.8, 1.0));
}

bool source_watch_due(SourceWatch *watch, int64_t now)
{
	bool due = now >= watch->next;

	if (watch->fd >= 0) {
		due = read_events(watch) || due;
		if (due)
			lay_watches(watch);
	}
	if (due)
		begin_pause(watch, now);
	return due;
}

int64_t source_watch_timeout(const SourceWatch *watch, int64_t now)
{
	return MAX(watch->next - now, 0);
}

void source_watch_back_off(SourceWatch *watch, bool failed, int64_t now)
{
	bool mended = !failed && watch->failures > 0;

	watch->failures = failed ? MIN(watch->failures + 1, MAX_BACK_OFF) : 0;
	if (failed && watch->fd >= 0)
		lay_watches(watch);
	if (failed || mended)
		begin_pause(watch, now);
	// The pause counts from the beginning of a fetch, so that a push is live one pause later at most.
	watch->next = MAX(watch->next, now + watch->interval / LEAST_REST);
}
