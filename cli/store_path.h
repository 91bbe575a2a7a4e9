// Where the store is: one rule for `weir serve PATH` and for every command that reads what it
// wrote.
#pragma once

#include <glib.h>
#include <stdbool.h>

// The option of commands that read or write a store.
#define STORE_OPTION                                                                               \
	{                                                                                          \
		"store", 0, 0, G_OPTION_ARG_STRING, &store_option,                                 \
			"The store: a file, or sqlite:FILE (default: $WEIR_STORE, else the "       \
			"user's own)",                                                             \
			"URL"                                                                      \
	}

// The value of --store; NULL when it was not given.
extern char *store_option;

// The URL of the store, "sqlite:/absolute/path": --store if given (a bare path is a SQLite file),
// else $WEIR_STORE, else weir.db in $STATE_DIRECTORY (set by systemd), else /var/lib/weir/weir.db
// when that folder is there and can be written to, else $XDG_DATA_HOME/weir/weir.db
// (~/.local/share/weir/weir.db). Makes nothing. Fails on a scheme that this program does not know.
// Free the result with g_free().
char *store_path_url(GError **error);

// The file of a "sqlite:" URL, a pointer into it; NULL when the URL is of another kind.
const char *store_path_file(const char *url);

// What to do when the store's files or its folder cannot be written to; reason is an errno.
const char *store_path_cure(int reason);

// What to do about a store that a command cannot open, read or write; NULL: the error says it, or is about something else.
const char *store_error_hint(const GError *error);
// Whether there is a store at url; when not, error says so, and STORE_HINT is what to do.
#define STORE_HINT "'weir serve PATH' makes one; '--store' or $WEIR_STORE names another"
bool store_path_exists(const char *url, GError **error);

// The folder in which the embedded SQLite connections keep their data sets: the one of the store's file. The connection
// "default" has its data sets in the folder "default" in there, one file each. Free the result with g_free().
char *store_path_data_folder(const char *url);

// Makes the folder of the store's file (mode 0700) when it is missing.
bool store_path_prepare(const char *url, GError **error);
