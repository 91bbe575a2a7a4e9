// What one thread of the server has: a read-only store, and the answers it gave last.
#pragma once

#include "api/api.h"
#include <microhttpd.h>

typedef struct ApiReader ApiReader;

// An answer ready to be queued. Both responses may be queued any number of times, also after the answer has left the cache.
typedef struct {
	ApiStatus status;
	char etag[40];
	struct MHD_Response *response;
	struct MHD_Response *not_modified; // NULL when the answer has no ETag
} ReadyAnswer;

// Opens the store; parts is borrowed and may be NULL. One thread at a time uses a reader. Free with api_reader_free().
ApiReader *api_reader_new(const char *store_url, const ApiParts *parts, GError **error);
void api_reader_free(ApiReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ApiReader, api_reader_free)

// The answer to a GET or HEAD of the target. It is rendered anew when the store has changed since it was last, but never more
// than a fifth of the time, so that a store that changes all the time cannot fill a thread with rendering. The result
// belongs to the reader, and is valid until the next call.
const ReadyAnswer *api_reader_answer(ApiReader *reader, const char *target);

// The store of the reader.
Store *api_reader_store(const ApiReader *reader);

// A response made from a reply, with all headers. Destroy it with MHD_destroy_response().
struct MHD_Response *api_response_new(const ApiReply *reply);
