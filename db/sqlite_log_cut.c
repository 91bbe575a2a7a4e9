// The write-ahead log of a file ends with the last commit; what a writer had put behind it before it found no more room stays
// in the file and keeps the disk full, until some later writer writes over it. Cut off here.
//
// The log's format is fixed and published (sqlite.org/walformat.html): a header of 32 bytes, then frames of 24 bytes and a page
// each, chained by checksums. Only the log itself is opened: closing any other file of a database gives up the locks
// that this process has on it.
#include "db/sqlite.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	HEADER = 32,
	FRAME = 24,
	LOCK_WAIT = 1000, // ms; somebody who writes now will write over it anyway
};

static const uint32_t MAGIC = 0x377f0682; // the lowest bit: the checksums are of big-endian words

typedef struct {
	int file;
	uint32_t page;
	uint32_t salt[2];
	uint32_t sum[2];
	bool big_endian;
} Log;

static uint32_t word_at(const uint8_t *bytes, bool big_endian)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return big_endian ? GUINT32_FROM_BE(word) : GUINT32_FROM_LE(word);
}

static void sum_add(Log *log, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i += 8) {
		log->sum[0] += word_at(bytes + i, log->big_endian) + log->sum[1];
		log->sum[1] += word_at(bytes + i + 4, log->big_endian) + log->sum[0];
	}
}

static bool sum_is(const Log *log, const uint8_t *bytes)
{
	return word_at(bytes, true) == log->sum[0] && word_at(bytes + 4, true) == log->sum[1];
}

static bool header_read(Log *log)
{
	uint8_t header[HEADER];
	uint32_t magic;

	if (pread(log->file, header, sizeof(header), 0) != (ssize_t)sizeof(header))
		return false;
	magic = word_at(header, true);
	log->big_endian = (magic & 1) != 0;
	log->page = word_at(header + 8, true);
	log->salt[0] = word_at(header + 16, true);
	log->salt[1] = word_at(header + 20, true);
	sum_add(log, header, HEADER - 8);
	return (magic & ~1U) == MAGIC && log->page >= 512 && log->page <= 65536 &&
	       sum_is(log, header + HEADER - 8);
}

// The end of the last frame that commits; the header's when there is none.
static off_t committed_end(Log *log)
{
	const size_t length = FRAME + (size_t)log->page;
	g_autofree uint8_t *frame = g_malloc(length);
	off_t at = HEADER;
	off_t end = HEADER;

	while (pread(log->file, frame, length, at) == (ssize_t)length &&
		word_at(frame + 8, true) == log->salt[0] &&
		word_at(frame + 12, true) == log->salt[1]) {
		sum_add(log, frame, 8);
		sum_add(log, frame + FRAME, log->page);
		if (!sum_is(log, frame + 16))
			break;
		at += (off_t)length;
		if (word_at(frame + 4, true) != 0) // the size of the database after this commit
			end = at;
	}
	return end;
}

static void log_cut(const char *path)
{
	g_autofree char *name = g_strconcat(path, "-wal", NULL);
	Log log = {.file = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW)};
	struct stat status;

	if (log.file < 0)
		return;
	if (header_read(&log) && fstat(log.file, &status) == 0) {
		const off_t end = committed_end(&log);

		if (status.st_size > end && ftruncate(log.file, end) < 0)
			g_debug("cannot cut '%s'", name);
	}
	close(log.file);
}

void sqlite_log_cut(const char *scheme, const char *url, const char *dataset)
{
	const char *place = url + strlen(scheme);
	g_autofree char *path = strcmp(scheme, "sqlite-dir:") == 0
					? g_strdup_printf("%s/%s.db", place, dataset)
					: g_strdup(place);
	sqlite3 *handle = NULL;

	// With the write lock nobody adds to the log meanwhile. Readers look at what is committed.
	if (sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
			SQLITE_OK &&
		sqlite3_busy_timeout(handle, LOCK_WAIT) == SQLITE_OK &&
		sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK)
		log_cut(path);
	sqlite3_close(handle);
}
