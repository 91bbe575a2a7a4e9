// Wake-ups: every Store of one url in this process shares a group, and each watch has an eventfd. Other processes that
// share a SQLite file are reached by its bell.
#include "store/bell.h"
#include "store/internal.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct StoreWatchGroup {
	char *key;
	unsigned references; // of stores and watches
	GPtrArray *watches;
	StoreBell *bell; // since the first watch; NULL: nobody waits here, or no file
};

struct StoreWatch {
	StoreWatchGroup *group;
	unsigned topics;
	atomic_uint fired;
	int fd;
};

// Guards the table of groups and everything in them; held for moments only.
static pthread_mutex_t groups_mutex = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *groups;

// Groups of key NULL (private stores) are in no table.
StoreWatchGroup *watch_group_join(const char *key)
{
	StoreWatchGroup *group = NULL;

	pthread_mutex_lock(&groups_mutex);
	if (groups == NULL)
		groups = g_hash_table_new(g_str_hash, g_str_equal);
	if (key != NULL)
		group = g_hash_table_lookup(groups, key);
	if (group == NULL) {
		group = g_new0(StoreWatchGroup, 1);
		group->key = g_strdup(key);
		group->watches = g_ptr_array_new();
		if (key != NULL)
			g_hash_table_insert(groups, group->key, group);
	}
	group->references++;
	pthread_mutex_unlock(&groups_mutex);
	return group;
}

// The file of the group's store; NULL when it has none.
static const char *group_file(const StoreWatchGroup *group)
{
	static const char prefix[] = "sqlite:";

	if (group->key == NULL || !g_str_has_prefix(group->key, prefix))
		return NULL;
	return group->key + strlen(prefix);
}

static void group_unref(StoreWatchGroup *group)
{
	if (--group->references > 0)
		return;
	if (group->key != NULL)
		g_hash_table_remove(groups, group->key);
	// Groups of private stores are in no table: the last of the others may be gone before them.
	if (groups != NULL && g_hash_table_size(groups) == 0)
		g_clear_pointer(&groups, g_hash_table_destroy);
	g_ptr_array_unref(group->watches);
	g_free(group->key);
	g_free(group);
}

void watch_group_leave(StoreWatchGroup *group)
{
	pthread_mutex_lock(&groups_mutex);
	group_unref(group);
	pthread_mutex_unlock(&groups_mutex);
}

// With the mutex held.
static void group_wake(StoreWatchGroup *group, unsigned topics)
{
	const uint64_t one = 1;

	for (unsigned i = 0; i < group->watches->len; i++) {
		StoreWatch *watch = group->watches->pdata[i];

		if ((watch->topics & topics) == 0)
			continue;
		// A watch that has fired already is readable already.
		if (atomic_fetch_or(&watch->fired, watch->topics & topics) == 0 &&
			write(watch->fd, &one, sizeof(one)) < 0)
			continue;
	}
}

void watch_group_wake(StoreWatchGroup *group, unsigned topics)
{
	bool nobody;

	if (topics == 0)
		return;
	pthread_mutex_lock(&groups_mutex);
	group_wake(group, topics);
	nobody = group->watches->len == 0;
	pthread_mutex_unlock(&groups_mutex);
	// Who waits for nothing is not the server: that one is told.
	if (nobody && group_file(group) != NULL)
		bell_ring(group_file(group));
}

// Another process committed something; what, it cannot say.
static void bell_rung(void *data)
{
	pthread_mutex_lock(&groups_mutex);
	group_wake(data, ~0U);
	pthread_mutex_unlock(&groups_mutex);
}

// With the mutex held: with the first watch.
static void group_listen(StoreWatchGroup *group)
{
	if (group->bell == NULL && group_file(group) != NULL)
		group->bell = bell_listen(group_file(group), bell_rung, group);
}

StoreWatch *store_watch_new(Store *store, unsigned topics, GError **error)
{
	const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	StoreWatch *watch;

	if (fd < 0) {
		g_set_error(error, DB_ERROR, DB_ERROR_FAILED, "cannot watch the store '%s': %s",
			store->url, g_strerror(errno));
		return NULL;
	}
	watch = g_new0(StoreWatch, 1);
	watch->group = store->group;
	watch->topics = topics;
	watch->fd = fd;
	pthread_mutex_lock(&groups_mutex);
	watch->group->references++;
	g_ptr_array_add(watch->group->watches, watch);
	group_listen(watch->group);
	pthread_mutex_unlock(&groups_mutex);
	return watch;
}

void store_watch_free(StoreWatch *watch)
{
	StoreBell *silent = NULL;

	if (watch == NULL)
		return;
	pthread_mutex_lock(&groups_mutex);
	g_ptr_array_remove_fast(watch->group->watches, watch);
	if (watch->group->watches->len == 0)
		silent = g_steal_pointer(&watch->group->bell);
	pthread_mutex_unlock(&groups_mutex);
	bell_free(silent); // its thread may be waiting for the mutex, and needs the group
	watch_group_leave(watch->group);
	close(watch->fd);
	g_free(watch);
}

int store_watch_fd(const StoreWatch *watch)
{
	return watch->fd;
}

unsigned store_watch_take(StoreWatch *watch)
{
	uint64_t count;

	// First the eventfd, then the topics: a wake in between leaves it readable for the next look, never silent.
	while (read(watch->fd, &count, sizeof(count)) < 0 && errno == EINTR)
		continue;
	return atomic_exchange(&watch->fired, 0);
}

void store_wake(Store *store, unsigned topics)
{
	watch_group_wake(store->group, topics);
}
