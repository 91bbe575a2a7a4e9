#include "runner/net/net_curl.h"

#include "runner/task_type.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#define LIBRARY "libcurl.so.4"

typedef struct {
	const char *name;
	size_t offset;
} Symbol;

#define S(member)                                                                                  \
	{                                                                                          \
		"curl_" #member, offsetof(NetCurl, member)                                         \
	}

// clang-format off
static const Symbol symbols[] = {
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
	void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	const char *reason = handle == NULL ? dlerror() : NULL;

	if (handle == NULL) {
		shared.reason = g_strdup(reason != NULL ? reason : "it cannot be loaded");
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(symbols); i++) {
		void *symbol = dlsym(handle, symbols[i].name);

		if (symbol == NULL) {
			shared.reason = g_strdup_printf("it has no '%s'", symbols[i].name);
			return;
		}
		memcpy((char *)&shared.curl + symbols[i].offset, &symbol, sizeof(symbol));
	}
	if (shared.curl.global_init(CURL_GLOBAL_ALL) != CURLE_OK)
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
