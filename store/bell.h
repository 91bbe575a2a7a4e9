// How processes that share a SQLite store wake each other: whoever serves listens to a small file beside the store, and
// whoever commits something that others wait for touches it. (On PostgreSQL LISTEN and NOTIFY do this.) A bell only says
// "look": nothing is lost when it is not heard, the listener looks by itself from time to time.
#pragma once

#include <stdbool.h>

typedef struct StoreBell StoreBell;

// Listens on "<path>.wake", which is made when missing; rung(data) is called from a thread of the bell's own. NULL when
// the system gives no watch: the caller goes without.
StoreBell *bell_listen(const char *path, void (*rung)(void *data), void *data);
// Stops listening; the file stays, for whoever listens next. After that rung is not running and will not be called. Accepts NULL.
void bell_free(StoreBell *bell);

// Rings the bell of a store's file, if anyone listens. Keeps errno.
void bell_ring(const char *path);
