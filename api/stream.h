// Following a list as server-sent events: its items as they come, for as long as the client stays. Between items a stream holds
// no thread: its connection sleeps until the store changes.
#pragma once

#include "api/request.h"

#include <microhttpd.h>

typedef struct ApiStreams ApiStreams;

// The streams of a server whose store has this URL. Nothing is opened before the first stream.
ApiStreams *streams_new(const char *store_url);
// Ends all streams; then the daemon can be stopped.
void streams_end(ApiStreams *streams);
// After the daemon was stopped.
void streams_free(ApiStreams *streams);

// Whether the target is of a list that can be followed.
bool streams_can_follow(const char *target);

// Answers a request for events: the connection's response is queued. last_id is the Last-Event-ID header (NULL: none), where a
// client that was cut off goes on. thread_store gives the store of the calling thread. Fails with an API_ERROR.
bool streams_follow(ApiStreams *streams, struct MHD_Connection *connection, const char *target,
	const char *last_id, Store *(*thread_store)(void *data, GError **error), void *data,
	GError **error);
