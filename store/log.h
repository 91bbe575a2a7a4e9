// Logs of runs: lines collected in memory, written as compressed chunks. One StoreLog a run that is being driven; any
// thread may append to it at any time without touching the store, and its driver flushes it with the commits it makes
// anyway, so that a chatty task never slows the store.
#pragma once

#include "store/run.h"

typedef struct StoreLog StoreLog;

// Where a task run's lines go; lives in its owner's own memory, zeroed and then filled by store_log_task_init(). One
// thread at a time uses it.
typedef struct {
	char task_run_id[27];
	int64_t attempt;
	int64_t bytes; // of text kept so far
	int64_t left_out; // bytes that came after the limit and were not kept
} StoreLogTask;

enum {
	STORE_LOG_LIMIT = 16 << 20, // default bytes of text kept per task run
	STORE_LOG_LINE = 64 << 10, // longer lines are cut there; the rest counts as left out
	STORE_LOG_PENDING = 1 << 20, // flush when more bytes than this are pending
};

// Opens the log of a run. limit: bytes per task run; 0 means STORE_LOG_LIMIT.
StoreLog *store_log_open(Store *store, const char *run_id, int64_t limit, GError **error);
// Lines that were not flushed are lost.
void store_log_close(StoreLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreLog, store_log_close)

// task_run_id NULL: lines of the run itself. What an earlier attempt or driver has logged of the task run counts
// towards its limit only within this StoreLog.
void store_log_task_init(StoreLogTask *task, const char *task_run_id, int64_t attempt);
// Adds a line (no newline needed; invalid UTF-8 is replaced). Returns the bytes that are pending now: the caller has
// the driver flush when they pass STORE_LOG_PENDING. Thread-safe; does not block on the store.
size_t store_log_append(StoreLog *log, StoreLogTask *task, LogLevel level, int64_t at,
	const char *text, size_t length);
// The task run's attempt is over: notes how many bytes were left out, if any, as a line of its own.
void store_log_task_end(StoreLog *log, StoreLogTask *task, int64_t at);
size_t store_log_pending(StoreLog *log); // bytes; thread-safe

// Writes what is pending as chunks, within the caller's transaction (or its own). Nothing pending: does nothing.
// When the transaction is rolled back afterwards, call store_log_unflush() to have the lines pending again;
// store_log_flushed() forgets them once it is committed. Driver's thread.
bool store_log_flush(StoreLog *log, const StoreLease *lease, GError **error);
void store_log_flushed(StoreLog *log);
void store_log_unflush(StoreLog *log);

// --- Reading --------------------------------------------------------------------------------------------------------

typedef struct {
	const char *task_run_id; // "" for lines of the run itself
	int64_t attempt;
	LogLevel level;
	int64_t at;
	const char *text; // NUL-terminated
	size_t length;
	int64_t left_out; // more than 0: the line stands for this many bytes that were not kept
	int64_t chunk; // number of the chunk it is in: what filter.after counts
} StoreLogLine;

typedef struct {
	const char *run_id; // needed
	const char *task_run_id; // NULL: all of the run
	LogLevel level; // this and above
	int64_t after; // chunks after this number: what the last read gave, to follow; 0: from the start
} StoreLogFilter;

// Streams lines in the order they were flushed; each is lent for the call. visit returns false to stop after it.
// *ret_after (may be NULL) is what to pass as filter.after to go on; stopping by visit's wish within a chunk makes the
// next read give that chunk again. visit must not write to this store.
bool store_log_read(Store *store, const StoreLogFilter *filter,
	bool (*visit)(const StoreLogLine *line, void *data), void *data, int64_t *ret_after,
	GError **error);
// Calls visit for the lines of at least this level that are not flushed yet; it must not call back into the log. Thread-safe.
void store_log_read_pending(StoreLog *log, LogLevel level,
	bool (*visit)(const StoreLogLine *line, void *data), void *data);
// Bytes of text and lines kept of a run.
bool store_log_size(
	Store *store, const char *run_id, int64_t *ret_bytes, int64_t *ret_lines, GError **error);
