#include "db/shared_library.h"

#include <dlfcn.h>
#include <glib.h>
#include <string.h>

char *shared_library_load(
	const char *library, const SharedSymbol *symbols, size_t count, void *functions)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	const char *reason = handle == NULL ? dlerror() : NULL;

	if (handle == NULL)
		return g_strdup(reason != NULL ? reason : "it cannot be loaded");
	for (size_t i = 0; i < count; i++) {
		void *symbol = dlsym(handle, symbols[i].name);

		if (symbol == NULL)
			return g_strdup_printf("it has no '%s'", symbols[i].name);
		memcpy((char *)functions + symbols[i].offset, &symbol, sizeof(symbol));
	}
	return NULL;
}
