// Files that belong to runs: FILE inputs and what tasks keep. They live below one folder of the node (data folder /files) and
// are named by URIs, weir:///…, whose path is the path below that folder.
#pragma once

#include "store/store.h"

#include <glib.h>
#include <stdbool.h>

// Copies a file to one that does not exist yet, by blocks. Errors of domain G_FILE_ERROR name the file.
bool run_file_copy(const char *from, const char *to, GError **error);

// A file being made in a folder, which is made when missing. It has no name until it is whole and on disk, so that neither a
// failure nor a kill leaves a part of it. Starts as {.file = -1}; owns all its members.
typedef struct {
	int file; // to write to; -1: none
	char *folder;
	char *part; // its name meanwhile, where the file system knows no files without; NULL
} RunFileNew;

bool run_file_begin(const char *folder, RunFileNew *ret, GError **error);
// Gives it its name, in place of what has that name; a name has no '/'.
bool run_file_finish(RunFileNew *file, const char *name, GError **error);
// Closes it; one that was not finished is gone, and so is its folder when nothing else is in it.
void run_file_clear(RunFileNew *file);

// The name that a file is kept under: the given one, with what would end a URI in the text of a script (blanks, quotes, …)
// as %20 and the like. Two names stay two. The caller frees it. Pure.
char *run_file_uri_name(const char *name);
// Takes a file in as an input: copies it into a folder of its own below files_folder, which is made when missing. Returns its
// URI, to free with g_free(). What has been copied when it fails is removed. Thread-safe.
char *run_file_put(const char *files_folder, const char *path, GError **error);

// Removes a folder of kept files ("<run>", "inputs/<id>") with everything in it, if it is there. Only after the rows that
// name it are gone.
void run_files_remove(const char *files_folder, const char *folder);

// Looks through the kept files for folders that were made before a moment and that no run of the store names, and removes
// them. rest is called before each: it may sleep, and ends the search by returning false. Returns how many went.
unsigned run_files_sweep(const char *files_folder, Store *store, int64_t before,
	bool (*rest)(void *data), void *data);
