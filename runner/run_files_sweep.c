// Removing kept files that no run names any more.
#include "runner/folder.h"
#include "runner/run_files.h"

#include "store/id.h"
#include "store/retention.h"

#include <string.h>

void run_files_remove(const char *files_folder, const char *folder)
{
	g_autofree char *path = g_build_filename(files_folder, folder, NULL);

	folder_remove(path);
}

typedef struct {
	const char *files_folder;
	Store *store;
	int64_t before;
	bool (*rest)(void *data);
	void *data;
	unsigned removed;
} Sweep;

// Anything that is not named like a run or an input is somebody else's.
static bool is_old(const Sweep *sweep, const char *name)
{
	return id_check(name) && id_time(name) < sweep->before;
}

// The entries of a folder below the kept files ("", "inputs"). False when the search is to end.
static bool sweep_folder(Sweep *sweep, const char *below)
{
	g_autofree char *path = g_build_filename(sweep->files_folder, below, NULL);
	g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
	const char *name;

	while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
		g_autofree char *entry =
			*below == '\0' ? g_strdup(name) : g_strconcat(below, "/", name, NULL);
		bool used = true;

		if (!is_old(sweep, name))
			continue;
		if (!sweep->rest(sweep->data) ||
			!store_files_are_used(sweep->store, entry, &used, NULL))
			return false;
		if (used)
			continue;
		run_files_remove(sweep->files_folder, entry);
		sweep->removed++;
	}
	return true;
}

unsigned run_files_sweep(const char *files_folder, Store *store, int64_t before,
	bool (*rest)(void *data), void *data)
{
	Sweep sweep = {files_folder, store, before, rest, data, 0};

	if (sweep_folder(&sweep, ""))
		sweep_folder(&sweep, "inputs");
	return sweep.removed;
}
