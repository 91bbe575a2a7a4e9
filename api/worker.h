// One thread of the server: its connections, and a read-only store of its own.
#pragma once

#include "api/head_clock.h"
#include "api/request_head.h"
#include "api/stream.h"

#include <glib.h>
#include <stdbool.h>

typedef struct Worker Worker;

// What the workers of a server share; outlives them.
typedef struct {
	const char *store_url;
	HeadOptions head;
	HeadClock *clock;
	int listening; // the socket; each worker has a copy of it
	unsigned connections; // at most, of one worker
	ApiStreams *streams;
	const ApiParts *parts; // NULL: none
} WorkerOptions;

// Opens the store and begins to answer.
Worker *worker_start(const WorkerOptions *options, GError **error);

// Ends its connections and frees it. The streams have ended. NULL is ignored.
void worker_stop(Worker *worker);
