// Ids of runs and task runs: 26 characters of Crockford's base 32, 48 bits of milliseconds and 80 random ones. They
// sort by the time they were made; those made by one process sort in exactly that order, also within a millisecond and
// when the clock steps back. Thread-safe.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	ID_SIZE = 27, // with the NUL
};

// Makes a new id. Returns id.
char *id_make(char id[ID_SIZE]);
// A new id to free with g_free().
char *id_new(void);
// True when text is a well-formed id.
bool id_check(const char *text);
// The moment in the id (microseconds, whole milliseconds); 0 for what is no id.
int64_t id_time(const char *id);
// Writes the least id of a moment: every id made then or later sorts at or after it. Returns id.
char *id_least(int64_t at, char id[ID_SIZE]);
