// Moments: int64_t microseconds since 1970-01-01T00:00:00Z. Thread-safe.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	TIMESTAMP_SIZE = 32, // holds every formatted moment with its NUL
};

// The present moment: of the system, or of the clock that a test has set.
int64_t timestamp_now(void);
// Has timestamp_now() call clock(data); NULL restores the system's. For tests, before other threads start.
void timestamp_set_clock(int64_t (*clock)(void *data), void *data);

// Writes RFC 3339 in UTC with milliseconds: "2026-11-21T09:30:00.123Z". Moments outside of the years 1 to 9999 are
// clamped to them. Returns text.
char *timestamp_format(int64_t at, char text[TIMESTAMP_SIZE]);
// The same with microseconds.
char *timestamp_format_precise(int64_t at, char text[TIMESTAMP_SIZE]);
// A copy to free with g_free(); NULL when at is 0 (never).
char *timestamp_dup(int64_t at);
// Reads RFC 3339 with any offset, up to nine digits of a second (cut to microseconds), 'T' or a blank between date and
// time; also a date alone (midnight UTC). False when the text is anything else, or no such day or time exists.
bool timestamp_parse(const char *text, int64_t *ret_at);
