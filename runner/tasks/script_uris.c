// The URIs of kept files in the text of a script: the shell and its programs know paths.
#include "runner/tasks/script_files.h"

#include <string.h>

static const char scheme[] = "weir:///";
static const char uri_bytes[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-%._+~#=/";

static size_t uri_length(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0' &&
		((unsigned char)text[length] >= 0x80 || strchr(uri_bytes, text[length]) != NULL))
		length++;
	return length;
}

// A copy of the file below the folder, under its own name; one for each URI, however often it is named.
static char *path_of(TaskContext *context, const char *folder, const char *uri, GError **error)
{
	g_autofree char *name = g_path_get_basename(uri);
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, uri, -1);
	g_autofree char *below = g_strdup_printf(".files/%.16s/%s", sum, name);
	g_autofree char *path = g_build_filename(folder, below, NULL);

	if (!g_file_test(path, G_FILE_TEST_EXISTS) &&
		!script_file_copy(context, folder, below, uri, error))
		return NULL;
	return g_steal_pointer(&path);
}

bool script_uris_resolve(TaskContext *context, const char *folder, char **text, GError **error)
{
	g_autoptr(GString) resolved = NULL;
	const char *from = *text, *at;

	while (from != NULL && (at = strstr(from, scheme)) != NULL) {
		size_t length = strlen(scheme) + uri_length(at + strlen(scheme));
		g_autofree char *uri = g_strndup(at, length);
		g_autofree char *path = NULL;

		// A full stop behind it ends the sentence.
		if (length > strlen(scheme) && uri[length - 1] == '.')
			uri[--length] = '\0';
		path = length > strlen(scheme) ? path_of(context, folder, uri, error)
					       : g_strdup(uri);
		if (path == NULL)
			return false;
		if (resolved == NULL)
			resolved = g_string_new(NULL);
		g_string_append_len(resolved, from, at - from);
		g_string_append(resolved, path);
		from = at + length;
	}
	if (resolved != NULL) {
		g_string_append(resolved, from);
		g_free(*text);
		*text = g_string_free(g_steal_pointer(&resolved), FALSE);
	}
	return true;
}
