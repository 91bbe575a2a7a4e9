// The bytes of a log chunk. Only store/ and its tests include this. Pure.
//
// A record is: level (1 byte; bit 7: it stands for bytes left out), attempt, time since the record before (zigzag; the
// first: since 1970), task run (0: as the record before; n: the chunk's nth, and when that is one more than there were,
// its 26 characters follow, or 26 zero bytes for the run itself), length (or bytes left out), text. Numbers are
// little-endian base 128.
#pragma once

#include "store/log.h"

#include <glib.h>

enum {
	LOG_CODEC_PLAIN = 0,
	LOG_CODEC_DEFLATE = 1, // raw deflate
	LOG_CHUNK_BYTES = 64 << 10, // a chunk is closed when its records pass this
	LOG_CHUNK_MAX = 16 << 20, // a stored chunk that claims more is damaged
};

// Writes records into one chunk.
typedef struct {
	GByteArray *bytes;
	GHashTable *task_runs; // id -> its number in the chunk
	char only[27]; // the task run, as long as there is but one
	unsigned last; // number of the task run of the last record
	int64_t at; // of the last record
	int64_t lines;
	LogLevel level; // the highest
} LogChunk;

void log_chunk_init(LogChunk *chunk);
void log_chunk_clear(LogChunk *chunk);
// left_out more than 0: a record for bytes that were not kept; text is not looked at.
void log_chunk_add(LogChunk *chunk, const char *task_run_id, int64_t attempt, LogLevel level,
	int64_t at, const char *text, size_t length, int64_t left_out);

// Packs: what is stored, and with which codec. Small chunks stay plain.
GBytes *log_chunk_pack(const LogChunk *chunk, int *ret_codec);
// Unpacks what is stored. NULL when it is damaged. size: of the records, as stored beside them.
GBytes *log_chunk_unpack(int codec, const void *data, size_t length, int64_t size);
// Calls visit for each record of unpacked bytes; *ret_stopped tells that it returned false. False: damaged.
bool log_chunk_visit(const void *data, size_t length,
	bool (*visit)(const StoreLogLine *line, void *data), void *user_data, bool *ret_stopped);
