#include "cli/file_read.h"

#include <errno.h>

FILE *file_open(const char *path, const char *what, GError **error)
{
	FILE *file;

	if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_ISDIR,
			"cannot read %s'%s': it is a folder, name a file", what, path);
		return NULL;
	}
	file = fopen(path, "re");
	if (file == NULL)
		g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno),
			"cannot read %s'%s': %s", what, path, g_strerror(errno));
	return file;
}

// What is read may have no end, or give its size as nothing: it is read until it has more than it may.
bool file_read_open(
	FILE *file, const char *path, const char *what, size_t limit, GString *text, GError **error)
{
	char buffer[16384];
	size_t count;

	while (text->len <= limit && (count = fread(buffer, 1, sizeof(buffer), file)) > 0)
		g_string_append_len(text, buffer, (gssize)count);
	if (ferror(file) != 0) {
		g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno),
			"cannot read %s'%s': %s", what, path, g_strerror(errno));
		return false;
	}
	if (text->len > limit) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC,
			"cannot read %s'%s': it has more than %zu bytes, which is the limit", what,
			path, limit);
		return false;
	}
	return true;
}

bool file_read(
	const char *path, const char *what, char **ret_text, gsize *ret_length, GError **error)
{
	FILE *file = file_open(path, what, error);
	g_autoptr(GString) text = g_string_new(NULL);
	bool good;

	if (file == NULL)
		return false;
	good = file_read_open(file, path, what, FILE_READ_MOST, text, error);
	fclose(file);
	if (!good)
		return false;
	*ret_length = text->len;
	*ret_text = g_string_free(g_steal_pointer(&text), FALSE);
	return true;
}
