#include "runner/net/net_curl.h"

#include "db/shared_library.h"
#include "runner/task_type.h"

#include <pthread.h>

#define LIBRARY "libcurl.so.4"

#define S(member) SHARED_SYMBOL("curl_" #member, NetCurl, member)

// clang-format off
static const SharedSymbol symbols[] = {
	S(global_init), S(easy_init), S(easy_setopt), S(easy_getinfo), S(easy_reset), S(easy_cleanup), S(easy_strerror),
	S(free), S(slist_append), S(slist_free_all), S(multi_init), S(multi_add_handle), S(multi_remove_handle),
	S(multi_perform), S(multi_poll), S(multi_info_read), S(multi_cleanup), S(url), S(url_set), S(url_get),
	S(url_cleanup), S(mime_init), S(mime_free), S(mime_addpart), S(mime_name), S(mime_type), S(mime_data),
	S(mime_filedata), S(mime_filename), S(mime_encoder), S(mime_headers), S(mime_subparts),
};
// clang-format on

static struct {
	pthread_once_t once;
	NetCurl curl;
	char *reason; // why it is not there; NULL: it is
} shared = {.once = PTHREAD_ONCE_INIT};

static void load(void)
{
	shared.reason = shared_library_load(LIBRARY, symbols, G_N_ELEMENTS(symbols), &shared.curl);
	if (shared.reason == NULL && shared.curl.global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		shared.reason = g_strdup("it cannot be initialised");
}

const NetCurl *net_curl(GError **error)
{
	pthread_once(&shared.once, load);
	if (shared.reason == NULL)
		return &shared.curl;
	g_set_error(error, TASK_ERROR, TASK_ERROR_NOT_BUILT,
		"cannot use the library '%s': %s; install it (Debian: libcurl4)", LIBRARY,
		shared.reason);
	return NULL;
}
