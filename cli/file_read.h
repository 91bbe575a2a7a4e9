// Reading a file that the user named.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

enum {
	FILE_READ_MOST = 1 << 20, // bytes of a flow or a configuration, as a repository's files
};

// The whole of a file of at most FILE_READ_MOST bytes, ended by a NUL that does not count; to be freed. what stands before the
// file's name in the error: "", or like "the configuration ". Any thread.
bool file_read(
	const char *path, const char *what, char **ret_text, gsize *ret_length, GError **error);

// The same in two steps, for files of another limit: opens one, which the caller closes; NULL with an error that names it.
FILE *file_open(const char *path, const char *what, GError **error);
// Appends all that is left of an open file; false with an error when that has more bytes than limit.
bool file_read_open(FILE *file, const char *path, const char *what, size_t limit, GString *text,
	GError **error);
