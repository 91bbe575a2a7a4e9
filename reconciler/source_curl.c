#include "reconciler/source_curl.h"

#include <dlfcn.h>
#include <string.h>

#define LIBRARY "libcurl.so.4"

typedef struct {
	const char *name;
	size_t offset;
} Symbol;

#define SYMBOL(member)                                                                             \
	{                                                                                          \
		"curl_" #member, offsetof(CurlLibrary, member)                                     \
	}

static const Symbol SYMBOLS[] = {
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

static bool load(CurlLibrary *library)
{
	void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; handle != NULL && i < G_N_ELEMENTS(SYMBOLS); i++) {
		void *symbol = dlsym(handle, SYMBOLS[i].name);

		if (symbol == NULL)
			return false;
		memcpy((char *)library + SYMBOLS[i].offset, &symbol, sizeof(symbol));
	}
	return handle != NULL;
}

const CurlLibrary *curl_library(char **ret_message)
{
	static CurlLibrary library;

	if (library.multi_cleanup != NULL || load(&library))
		return &library;
	const char *reason = dlerror();
	*ret_message = g_strdup(reason != NULL ? reason : LIBRARY);
	return NULL;
}
