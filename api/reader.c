#include "api/reader.h"

#include "api/dashboard.h"
#include "store/store.h"
#include <string.h>

#define CACHED_ANSWERS 64

// For how long an answer is good without a look at the store, and how much longer than rendering it took it must at least
// serve. The last one bounds what does not depend on the store alone, like ages.
#define UNCHECKED_US	 1000
#define RENDERING_FACTOR 4
#define LONGEST_LIFE_US	 G_USEC_PER_SEC

typedef struct {
	ReadyAnswer answer;
	int64_t changes; // the store's count when it was rendered
	int64_t rendered; // monotonic
	int64_t good_until; // monotonic
} CachedAnswer;

struct ApiReader {
	Store *store;
	const ApiParts *parts;
	GHashTable *answers; // target -> CachedAnswer
};

static const char security_policy[] = "default-src 'none'; frame-ancestors 'none'";

static void destroy_responses(ReadyAnswer *answer)
{
	g_clear_pointer(&answer->response, MHD_destroy_response);
	g_clear_pointer(&answer->not_modified, MHD_destroy_response);
}

static void cached_answer_free(void *data)
{
	CachedAnswer *cached = data;

	destroy_responses(&cached->answer);
	g_free(cached);
}

ApiReader *api_reader_new(const char *store_url, const ApiParts *parts, GError **error)
{
	g_autoptr(ApiReader) reader = g_new0(ApiReader, 1);

	reader->parts = parts;
	reader->store = store_open(store_url, STORE_READ_ONLY, error);
	if (reader->store == NULL)
		return NULL;
	reader->answers =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, cached_answer_free);
	return g_steal_pointer(&reader);
}

void api_reader_free(ApiReader *reader)
{
	if (reader == NULL)
		return;
	g_clear_pointer(&reader->answers, g_hash_table_unref);
	store_close(reader->store);
	g_free(reader);
}

Store *api_reader_store(const ApiReader *reader)
{
	return reader->store;
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
	MHD_add_response_header(response, name, value);
}

static void add_common_headers(struct MHD_Response *response, const ApiReply *reply)
{
	add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
	add_header(response, MHD_HTTP_HEADER_X_CONTENT_TYPE_OPTIONS, "nosniff");
	add_header(response, "Referrer-Policy", "no-referrer");
	add_header(response, "Cross-Origin-Resource-Policy", "same-origin");
	add_header(response, "Content-Security-Policy",
		reply->is_dashboard ? dashboard_security_policy() : security_policy);
	if (*reply->etag != '\0')
		add_header(response, MHD_HTTP_HEADER_ETAG, reply->etag);
	if (reply->status == API_BAD_METHOD)
		add_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	if (reply->status == API_UNAVAILABLE)
		add_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
}

struct MHD_Response *api_response_new(const ApiReply *reply)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(reply->length, reply->body, MHD_RESPMEM_MUST_COPY);

	add_common_headers(response, reply);
	add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type);
	return response;
}

static struct MHD_Response *not_modified_new(const ApiReply *reply)
{
	static char nothing[1];
	struct MHD_Response *response =
		MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);

	add_common_headers(response, reply);
	return response;
}

// The store's count of changes; one that never matches when it cannot be read.
static int64_t store_changes(Store *store)
{
	int64_t count;

	return store_change_count(store, &count, NULL) ? count : INT64_MIN;
}

static void render(ApiReader *reader, const char *target, CachedAnswer *cached)
{
	g_auto(ApiReply) reply = {.status = API_INTERNAL};
	ApiCall call = {"GET", target, reader->store, reader->parts};
	int64_t begun = g_get_monotonic_time();
	int64_t life;

	destroy_responses(&cached->answer);
	cached->changes = store_changes(reader->store);
	api_answer(&call, &reply);
	cached->answer.status = reply.status;
	g_strlcpy(cached->answer.etag, reply.etag, sizeof cached->answer.etag);
	cached->answer.response = api_response_new(&reply);
	if (*reply.etag != '\0')
		cached->answer.not_modified = not_modified_new(&reply);
	cached->rendered = g_get_monotonic_time();
	life = (cached->rendered - begun) * RENDERING_FACTOR;
	cached->good_until = cached->rendered + CLAMP(life, UNCHECKED_US, LONGEST_LIFE_US);
}

static bool is_current(ApiReader *reader, CachedAnswer *cached)
{
	int64_t now = g_get_monotonic_time();

	if (cached->answer.response == NULL)
		return false;
	if (now < cached->good_until)
		return true;
	if (now - cached->rendered > LONGEST_LIFE_US ||
		store_changes(reader->store) != cached->changes)
		return false;
	cached->good_until = now + UNCHECKED_US;
	return true;
}

const ReadyAnswer *api_reader_answer(ApiReader *reader, const char *target)
{
	CachedAnswer *cached = g_hash_table_lookup(reader->answers, target);

	if (cached == NULL) {
		if (g_hash_table_size(reader->answers) >= CACHED_ANSWERS)
			g_hash_table_remove_all(reader->answers);
		cached = g_new0(CachedAnswer, 1);
		g_hash_table_insert(reader->answers, g_strdup(target), cached);
	}
	if (!is_current(reader, cached))
		render(reader, target, cached);
	return &cached->answer;
}
