// Reading a file that the user named.
#pragma once

#include <glib.h>
#include <stdbool.h>

// The whole of a file, ended by a NUL that does not count; to be freed. what stands before the file's name in the error: "",
// or like "the configuration ". Any thread.
bool file_read(
	const char *path, const char *what, char **ret_text, gsize *ret_length, GError **error);
