// Folders and what is in them.
#pragma once

#include <glib.h>
#include <stdbool.h>

// Removes a folder with everything in it, also what nobody may read. Links are removed, not followed.
void folder_remove(const char *path);

// Calls visit for each regular file below folder, in the order of names, with its path relative to the folder. Links are not
// followed, neither to files nor to folders. Ends when visit returns false, and returns false then.
bool folder_walk(const char *folder, bool (*visit)(const char *path, gpointer data), gpointer data);
