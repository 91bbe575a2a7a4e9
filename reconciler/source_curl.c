#include "reconciler/source_curl.h"

#include "db/shared_library.h"

#define LIBRARY "libcurl.so.4"

#define SYMBOL(member) SHARED_SYMBOL("curl_" #member, CurlLibrary, member)

static const SharedSymbol SYMBOLS[] = {
	SYMBOL(easy_init),
	SYMBOL(easy_setopt),
	SYMBOL(easy_getinfo),
	SYMBOL(easy_cleanup),
	SYMBOL(easy_strerror),
	SYMBOL(slist_append),
	SYMBOL(slist_free_all),
	SYMBOL(multi_init),
	SYMBOL(multi_add_handle),
	SYMBOL(multi_remove_handle),
	SYMBOL(multi_perform),
	SYMBOL(multi_poll),
	SYMBOL(multi_info_read),
	SYMBOL(multi_cleanup),
};

const CurlLibrary *curl_library(char **ret_message)
{
	static CurlLibrary library;
	static bool loaded;

	if (!loaded) {
		*ret_message =
			shared_library_load(LIBRARY, SYMBOLS, G_N_ELEMENTS(SYMBOLS), &library);
		loaded = *ret_message == NULL;
	}
	return loaded ? &library : NULL;
}
