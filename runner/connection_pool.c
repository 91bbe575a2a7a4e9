#include "runner/connection_pool.h"

#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

enum {
	IDLE_MAXIMUM = 8, // over all URLs
	IDLE_MICROSECONDS = 60 * 1000000, // then it is closed, when the pool is next used
};

typedef struct {
	char *path;
	dev_t device;
	ino_t inode;
} PooledFile;

static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static GPtrArray *pool_idle; // PooledConnection, the one used last at the end

static void file_clear(void *data)
{
	g_free(((PooledFile *)data)->path);
}

static void pooled_free(PooledConnection *pooled)
{
	db_close(pooled->connection);
	g_array_free(pooled->files, TRUE);
	g_free(pooled->stage_ddl);
	g_clear_pointer(&pooled->known, g_hash_table_unref);
	g_clear_pointer(&pooled->queries, g_hash_table_unref);
	if (pooled->neighbours != NULL)
		pooled->neighbours_free(pooled->neighbours);
	g_free(pooled->url);
	g_free(pooled);
}

static bool file_is(const PooledFile *file)
{
	struct stat now;

	return stat(file->path, &now) == 0 && now.st_dev == file->device &&
	       now.st_ino == file->inode;
}

// Whether every file that it has open is still the one of that name.
static bool is_current(const PooledConnection *pooled)
{
	for (unsigned i = 0; i < pooled->files->len; i++)
		if (!file_is(&g_array_index(pooled->files, PooledFile, i)))
			return false;
	return true;
}

static PooledConnection *take_idle(const char *url)
{
	PooledConnection *found = NULL;

	pthread_mutex_lock(&pool_lock);
	for (unsigned i = pool_idle == NULL ? 0 : pool_idle->len; i > 0 && found == NULL; i--) {
		PooledConnection *pooled = pool_idle->pdata[i - 1];

		if (strcmp(pooled->url, url) == 0)
			found = g_ptr_array_steal_index(pool_idle, i - 1);
	}
	pthread_mutex_unlock(&pool_lock);
	return found;
}

static PooledConnection *pooled_open(const char *url, GError **error)
{
	DbOptions options = {.create = true, .background_checkpoint = true};
	DbConnection *connection = db_open(url, &options, error);
	PooledConnection *pooled;

	if (connection == NULL)
		return NULL;
	pooled = g_new0(PooledConnection, 1);
	pooled->connection = connection;
	pooled->url = g_strdup(url);
	pooled->files = g_array_new(FALSE, TRUE, sizeof(PooledFile));
	g_array_set_clear_func(pooled->files, file_clear);
	return pooled;
}

PooledConnection *connection_pool_lend(const char *url, GError **error)
{
	PooledConnection *pooled;

	while ((pooled = take_idle(url)) != NULL) {
		if (is_current(pooled))
			return pooled;
		pooled_free(pooled);
	}
	return pooled_open(url, error);
}

static void remember_file(PooledConnection *pooled, const char *dataset)
{
	const char *folder = strchr(pooled->url, ':') + 1;
	g_autofree char *path = g_strdup_printf("%s/%s.db", folder, dataset);
	PooledFile file = {0};
	struct stat now;

	for (unsigned i = 0; i < pooled->files->len; i++)
		if (strcmp(g_array_index(pooled->files, PooledFile, i).path, path) == 0)
			return;
	if (stat(path, &now) < 0)
		return;
	file = (PooledFile){g_steal_pointer(&path), now.st_dev, now.st_ino};
	g_array_append_val(pooled->files, file);
}

bool pooled_connection_use(
	PooledConnection *pooled, const char *const *datasets, bool create, GError **error)
{
	if (!db_use_datasets(pooled->connection, datasets, create, error))
		return false;
	if (g_str_has_prefix(pooled->url, "sqlite-dir:"))
		for (; *datasets != NULL; datasets++)
			remember_file(pooled, *datasets);
	return true;
}

void connection_pool_return(PooledConnection *pooled, bool keep)
{
	g_autoptr(GPtrArray) closed = g_ptr_array_new();

	if (pooled == NULL)
		return;
	db_cancel_reset(pooled->connection);
	// Only folders of datasets are worth keeping; a private database has to end with its borrower.
	if (!keep || !g_str_has_prefix(pooled->url, "sqlite-dir:") ||
		db_in_transaction(pooled->connection)) {
		pooled_free(pooled);
		return;
	}
	pooled->idle_since = g_get_monotonic_time();
	pthread_mutex_lock(&pool_lock);
	if (pool_idle == NULL)
		pool_idle = g_ptr_array_new();
	g_ptr_array_add(pool_idle, pooled);
	while (pool_idle->len > IDLE_MAXIMUM ||
		((PooledConnection *)pool_idle->pdata[0])->idle_since + IDLE_MICROSECONDS <
			pooled->idle_since)
		g_ptr_array_add(closed, g_ptr_array_steal_index(pool_idle, 0));
	pthread_mutex_unlock(&pool_lock);
	for (unsigned i = 0; i < closed->len; i++)
		pooled_free(closed->pdata[i]);
}

void connection_pool_clear(void)
{
	g_autoptr(GPtrArray) closed = NULL;

	pthread_mutex_lock(&pool_lock);
	closed = g_steal_pointer(&pool_idle);
	pthread_mutex_unlock(&pool_lock);
	for (unsigned i = 0; closed != NULL && i < closed->len; i++)
		pooled_free(closed->pdata[i]);
}
