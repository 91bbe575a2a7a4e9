#include "db/sqlite_wal.h"

#include <glib.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

enum {
	BUFFER_SIZE = 128 * 1024,
	SMALL_COMMIT = 16 * 1024, // after one that is no larger the log is filled ahead
	AHEAD = 512 * 1024,
};

// A log as SQLite sees it, with the system's own file behind. The bytes of the buffer belong at "start".
typedef struct {
	sqlite3_file base;
	sqlite3_int64 start;
	int length;
	char *buffer; // NULL: nothing is waiting
	bool fills; // ahead of small commits
	sqlite3_int64 written; // bytes since the last sync
	sqlite3_int64 end; // of the last of them
	sqlite3_file file; // as large as the system's VFS wants it: last
} LogFile;

static sqlite3_vfs *system_vfs;
static sqlite3_vfs own_vfs;
static sqlite3_vfs filling_vfs;
static bool is_registered;

static sqlite3_file *behind(sqlite3_file *file)
{
	return &((LogFile *)(void *)file)->file;
}

static void forget(LogFile *log)
{
	sqlite3_free(log->buffer);
	log->buffer = NULL;
	log->length = 0;
}

// What cannot be written is given up with the commit that it belongs to.
static int flush(LogFile *log)
{
	int code = SQLITE_OK;

	if (log->length > 0)
		code = log->file.pMethods->xWrite(&log->file, log->buffer, log->length, log->start);
	forget(log);
	return code;
}

static int log_close(sqlite3_file *file)
{
	LogFile *log = (LogFile *)(void *)file;

	// What was never synced was never committed.
	forget(log);
	return log->file.pMethods->xClose(&log->file);
}

static int log_read(sqlite3_file *file, void *bytes, int length, sqlite3_int64 offset)
{
	LogFile *log = (LogFile *)(void *)file;

	// Pages that a large transaction moved out of memory, wanted back.
	if (log->length > 0 && offset + length > log->start) {
		int code = flush(log);

		if (code != SQLITE_OK)
			return code;
	}
	return log->file.pMethods->xRead(&log->file, bytes, length, offset);
}

static int log_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
	LogFile *log = (LogFile *)(void *)file;

	log->written += length;
	log->end = offset + length;
	if (log->length > 0 &&
		(offset != log->start + log->length || length > BUFFER_SIZE - log->length)) {
		int code = flush(log);

		if (code != SQLITE_OK)
			return code;
	}
	if (length > BUFFER_SIZE)
		return log->file.pMethods->xWrite(&log->file, bytes, length, offset);
	if (log->buffer == NULL) {
		log->buffer = sqlite3_malloc(BUFFER_SIZE);
		if (log->buffer == NULL)
			return SQLITE_IOERR_NOMEM;
		log->start = offset;
	}
	memcpy(log->buffer + log->length, bytes, (size_t)length);
	log->length += length;
	return SQLITE_OK;
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	LogFile *log = (LogFile *)(void *)file;
	int code = flush(log);

	return code != SQLITE_OK ? code : log->file.pMethods->xTruncate(&log->file, size);
}

// Syncing bytes that make the file longer takes the disk twice as long as syncing bytes of a file that is long enough: the
// file system has to write down its new length, too. So a log that grows by small commits is filled with zeros beyond its
// end; the next commits lie in them, and whoever recovers the log stops at the first frame that is none. The writer holds
// the log's lock: nobody else writes behind the end. Where there is no room nothing is filled. Larger commits would
// pay more for the zeros than they gain.
static void fill_ahead(LogFile *log)
{
	static const char zeros[64 * 1024];
	const sqlite3_io_methods *real = log->file.pMethods;
	sqlite3_int64 size = 0;
	int code = SQLITE_OK;

	if (log->written == 0 || log->written > SMALL_COMMIT ||
		real->xFileSize(&log->file, &size) != SQLITE_OK || size != log->end)
		return;
	for (int at = 0; code == SQLITE_OK && at < AHEAD; at += (int)sizeof(zeros))
		code = real->xWrite(&log->file, zeros, (int)sizeof(zeros), size + at);
	if (code != SQLITE_OK)
		real->xTruncate(&log->file, size);
}

static int log_sync(sqlite3_file *file, int flags)
{
	LogFile *log = (LogFile *)(void *)file;
	int code = flush(log);

	if (code == SQLITE_OK && log->fills)
		fill_ahead(log);
	log->written = 0;
	return code != SQLITE_OK ? code : log->file.pMethods->xSync(&log->file, flags);
}

static int log_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
	LogFile *log = (LogFile *)(void *)file;
	int code = log->file.pMethods->xFileSize(&log->file, ret_size);

	if (code == SQLITE_OK && log->length > 0 && *ret_size < log->start + log->length)
		*ret_size = log->start + log->length;
	return code;
}

static int log_lock(sqlite3_file *file, int level)
{
	return behind(file)->pMethods->xLock(behind(file), level);
}

static int log_unlock(sqlite3_file *file, int level)
{
	return behind(file)->pMethods->xUnlock(behind(file), level);
}

static int log_check_lock(sqlite3_file *file, int *ret_locked)
{
	return behind(file)->pMethods->xCheckReservedLock(behind(file), ret_locked);
}

static int log_control(sqlite3_file *file, int operation, void *argument)
{
	return behind(file)->pMethods->xFileControl(behind(file), operation, argument);
}

static int log_sector_size(sqlite3_file *file)
{
	return behind(file)->pMethods->xSectorSize(behind(file));
}

static int log_characteristics(sqlite3_file *file)
{
	return behind(file)->pMethods->xDeviceCharacteristics(behind(file));
}

// Version 1: shared memory and mapping are the database's, not the log's.
static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = log_close,
	.xRead = log_read,
	.xWrite = log_write,
	.xTruncate = log_truncate,
	.xSync = log_sync,
	.xFileSize = log_size,
	.xLock = log_lock,
	.xUnlock = log_unlock,
	.xCheckReservedLock = log_check_lock,
	.xFileControl = log_control,
	.xSectorSize = log_sector_size,
	.xDeviceCharacteristics = log_characteristics,
};

// Any other file is the system's own, with nothing in between.
static int open_file(
	sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	LogFile *log = (LogFile *)(void *)file;
	int code;

	if ((flags & SQLITE_OPEN_WAL) == 0)
		return system_vfs->xOpen(system_vfs, name, file, flags, ret_flags);
	memset(log, 0, sizeof(*log));
	log->fills = vfs == &filling_vfs;
	code = system_vfs->xOpen(system_vfs, name, &log->file, flags, ret_flags);
	if (log->file.pMethods != NULL)
		log->base.pMethods = &methods;
	return code;
}

static bool register_one(sqlite3_vfs *vfs, const char *name)
{
	*vfs = *system_vfs;
	vfs->zName = name;
	vfs->pNext = NULL;
	vfs->szOsFile = (int)G_STRUCT_OFFSET(LogFile, file) + system_vfs->szOsFile;
	vfs->xOpen = open_file;
	return sqlite3_vfs_register(vfs, 0) == SQLITE_OK;
}

static void register_own(void)
{
	system_vfs = sqlite3_vfs_find(NULL);
	is_registered = system_vfs != NULL && register_one(&own_vfs, "weir") &&
			register_one(&filling_vfs, "weir-filling");
}

const char *sqlite_wal_vfs(bool fills)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, register_own);
	if (!is_registered)
		return NULL;
	return fills ? filling_vfs.zName : own_vfs.zName;
}
