// Copies the write-ahead log back into the file on a thread of its own, so that a commit costs its
// one fsync and no more. Passive checkpoints never hold up anyone; when commits come so fast that
// the log is never read to its end, a short restarting one holds the writer for a moment, so that
// the log begins anew. When the thread does not get its turn, on a busy machine, the writer copies
// the log back itself: it does not grow without bound.
#include "db/sqlite.h"

#include <pthread.h>

enum {
	LOG_PAGES = 2000, // copy back from here on
	LOG_PAGES_MAX = 16000, // make the log begin anew from here on
	LOG_PAGES_LATE = 20000, // the thread has had its chance
	RESTART_WAIT = 20, // ms that readers may hold up a restart
};

struct SqliteCheckpointer {
	char *path;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	pthread_t thread;
	bool started;
	bool wanted;
	bool ending;
};

static void checkpoint(sqlite3 *handle)
{
	int pages = 0;
	int copied = 0;

	if (sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied) !=
		SQLITE_OK)
		return;
	if (pages > LOG_PAGES_MAX)
		sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
}

static void *checkpoint_thread(void *data)
{
	SqliteCheckpointer *own = data;
	sqlite3 *handle = NULL;

	if (sqlite3_open_v2(own->path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
		    NULL) == SQLITE_OK) {
		sqlite3_busy_timeout(handle, RESTART_WAIT);
		sqlite3_wal_autocheckpoint(handle, 0);
		sqlite3_exec(handle, "PRAGMA synchronous=FULL", NULL, NULL, NULL);
	}
	pthread_mutex_lock(&own->mutex);
	while (!own->ending) {
		if (!own->wanted) {
			pthread_cond_wait(&own->wake, &own->mutex);
			continue;
		}
		own->wanted = false;
		pthread_mutex_unlock(&own->mutex);
		checkpoint(handle);
		pthread_mutex_lock(&own->mutex);
	}
	pthread_mutex_unlock(&own->mutex);
	sqlite3_close(handle);
	return NULL;
}

SqliteCheckpointer *sqlite_checkpointer_new(const char *path)
{
	SqliteCheckpointer *own = g_new0(SqliteCheckpointer, 1);

	own->path = g_strdup(path);
	pthread_mutex_init(&own->mutex, NULL);
	pthread_cond_init(&own->wake, NULL);
	return own;
}

void sqlite_checkpointer_free(SqliteCheckpointer *own)
{
	if (own == NULL)
		return;
	pthread_mutex_lock(&own->mutex);
	own->ending = true;
	pthread_cond_signal(&own->wake);
	pthread_mutex_unlock(&own->mutex);
	if (own->started)
		pthread_join(own->thread, NULL);
	pthread_cond_destroy(&own->wake);
	pthread_mutex_destroy(&own->mutex);
	g_free(own->path);
	g_free(own);
}

int sqlite_checkpointer_hook(void *data, sqlite3 *handle, const char *database, int pages)
{
	SqliteCheckpointer *own = data;

	if (pages < LOG_PAGES)
		return SQLITE_OK;
	pthread_mutex_lock(&own->mutex);
	own->wanted = true;
	if (!own->started)
		own->started = pthread_create(&own->thread, NULL, checkpoint_thread, own) == 0;
	pthread_cond_signal(&own->wake);
	pthread_mutex_unlock(&own->mutex);
	if (pages >= LOG_PAGES_LATE)
		sqlite3_wal_checkpoint_v2(handle, database, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return SQLITE_OK;
}
