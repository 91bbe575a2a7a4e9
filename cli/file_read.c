#include "cli/file_read.h"

#include <string.h>

bool file_read(
	const char *path, const char *what, char **ret_text, gsize *ret_length, GError **error)
{
	g_autoptr(GError) failure = NULL;

	if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_ISDIR,
			"cannot read %s'%s': it is a folder, name a file", what, path);
		return false;
	}
	if (g_file_get_contents(path, ret_text, ret_length, &failure))
		return true;
	// What the library says ends with the reason, and begins in words and quotes of its own.
	const char *reason = strrchr(failure->message, ':');
	g_set_error(error, failure->domain, failure->code, "cannot read %s'%s':%s", what, path,
		reason != NULL ? reason + 1 : failure->message);
	return false;
}
