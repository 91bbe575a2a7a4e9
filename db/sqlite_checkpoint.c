// Copies the write-ahead log back into the file on a thread of its own, so that a commit costs its
// one fsync and no more. Passive checkpoints never hold up anyone; when commits come so fast that
// the log is never read to its end, a short restarting one holds the writer for a moment, so that
// the log begins anew. When the thread does not get its turn, on a busy machine, or another process
// is copying, the writer waits for it: the log does not grow without bound. Only who reads on and on
// in one transaction keeps the log from beginning anew; the writer then waits a moment each so
// many pages, and goes on.
#include "db/sqlite.h"

#include <pthread.h>
#include <time.h>

enum {
	LOG_PAGES = 2000, // copy back from here on
	LOG_PAGES_MAX = 16000, // make the log begin anew from here on
	LOG_PAGES_LATE = 20000, // the thread has had its chance: the writer waits for it
	LOG_PAGES_AGAIN = 1000, // when that was in vain it waits again after so many more
	RESTART_WAIT = 20, // ms that readers may hold up a restart
	LATE_WAIT = 5000, // ms that a writer waits for the thread
	LATE_PAUSE = 5, // ms between two tries of the thread while somebody else copies
};

struct SqliteCheckpointer {
	char *path;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	pthread_t thread;
	bool started;
	bool late; // the writer waits
	bool ending;
	uint64_t asked,
		done; // rounds: for how many it was asked, and up to which of them all is done
	pthread_cond_t ended; // a round has
	int late_from; // pages from which the writer waits; its own
};

// False: somebody else is at it.
static bool checkpoint(sqlite3 *handle)
{
	int pages = 0;
	int copied = 0;
	int code =
		sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);

	// Who still reads is not waited for again.
	if (code == SQLITE_OK && pages > LOG_PAGES_MAX)
		sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
	return code != SQLITE_BUSY;
}

// Copying is nobody's twice: while another process does it, this one would only be turned away.
static void checkpoint_late(sqlite3 *handle)
{
	for (int waited = 0; !checkpoint(handle) && waited < LATE_WAIT; waited += LATE_PAUSE)
		g_usleep(LATE_PAUSE * 1000);
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
		if (own->done == own->asked) {
			pthread_cond_wait(&own->wake, &own->mutex);
			continue;
		}
		uint64_t round = own->asked;
		bool late = own->late;
		own->late = false;
		pthread_mutex_unlock(&own->mutex);
		if (late)
			checkpoint_late(handle);
		else
			checkpoint(handle);
		pthread_mutex_lock(&own->mutex);
		own->done = round;
		pthread_cond_signal(&own->ended);
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
	pthread_cond_init(&own->ended, NULL);
	own->late_from = LOG_PAGES_LATE;
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
	pthread_cond_destroy(&own->ended);
	pthread_mutex_destroy(&own->mutex);
	g_free(own->path);
	g_free(own);
}

// Waits until the thread has done what it was asked for last; own->mutex is held.
static void wait_for_round(SqliteCheckpointer *own)
{
	const uint64_t wanted = own->asked;
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LATE_WAIT / 1000;
	while (own->done < wanted && pthread_cond_timedwait(&own->ended, &own->mutex, &until) == 0)
		continue;
}

int sqlite_checkpointer_hook(void *data, sqlite3 *handle, const char *database, int pages)
{
	SqliteCheckpointer *own = data;
	bool late = pages >= own->late_from;

	if (late)
		own->late_from = pages + LOG_PAGES_AGAIN;
	else if (pages < LOG_PAGES_LATE)
		own->late_from = LOG_PAGES_LATE;
	if (pages < LOG_PAGES)
		return SQLITE_OK;
	pthread_mutex_lock(&own->mutex);
	own->asked++;
	own->late |= late;
	if (!own->started)
		own->started = pthread_create(&own->thread, NULL, checkpoint_thread, own) == 0;
	pthread_cond_signal(&own->wake);
	if (late && own->started)
		wait_for_round(own);
	pthread_mutex_unlock(&own->mutex);
	if (late && !own->started)
		sqlite3_wal_checkpoint_v2(handle, database, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return SQLITE_OK;
}
