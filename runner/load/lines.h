// Reads text line by line from any source of bytes, in bounded memory. Pure: the bytes come from a function.
// Not thread-safe; each reader is used by one thread.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct LineReader LineReader;

// Fills at most size bytes; the number filled, 0 at the end, -1 with error set.
typedef ssize_t (*LineSource)(void *data, char *buffer, size_t size, GError **error);

typedef struct Line {
	uint64_t number; // from 1
	const char *text; // without its end (LF or CRLF); not NUL-terminated; cut when too long
	size_t length;
	bool too_long;
} Line;

typedef enum {
	LINE_READ,
	LINE_END,
	LINE_FAILED, // the source failed; error is set
} LineStatus;

// max_length: bytes; 0 means 16 MiB. A longer line comes cut, with too_long set.
LineReader *line_reader_new(size_t max_length, LineSource source, void *data);
void line_reader_free(LineReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LineReader, line_reader_free)

// The next line that is not blank; borrowed until the next call. A byte order mark is skipped.
LineStatus line_reader_next(LineReader *reader, const Line **ret_line, GError **error);
