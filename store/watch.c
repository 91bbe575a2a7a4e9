// Wake-ups within a process: every Store of one url shares a group, and each watch has an eventfd.
#include "store/internal.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct StoreWatchGroup {
	char *key;
	unsigned references; // of stores and watches
	GPtrArray *watches;
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

static void group_unref(StoreWatchGroup *group)
{
	if (--group->references > 0)
		return;
	if (group->key != NULL)
		g_hash_table_remove(groups, group->key);
	if (g_hash_table_size(groups) == 0)
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

void watch_group_wake(StoreWatchGroup *group, unsigned topics)
{
	const uint64_t one = 1;

	if (topics == 0)
		return;
	pthread_mutex_lock(&groups_mutex);
	for (unsigned i = 0; i < group->watches->len; i++) {
		StoreWatch *watch = group->watches->pdata[i];

		if ((watch->topics & topics) == 0)
			continue;
		// A watch that has fired already is readable already.
		if (atomic_fetch_or(&watch->fired, watch->topics & topics) == 0 &&
			write(watch->fd, &one, sizeof(one)) < 0)
			continue;
	}
	pthread_mutex_unlock(&groups_mutex);
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
	pthread_mutex_unlock(&groups_mutex);
	return watch;
}

void store_watch_free(StoreWatch *watch)
{
	if (watch == NULL)
		return;
	pthread_mutex_lock(&groups_mutex);
	g_ptr_array_remove_fast(watch->group->watches, watch);
	group_unref(watch->group);
	pthread_mutex_unlock(&groups_mutex);
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
