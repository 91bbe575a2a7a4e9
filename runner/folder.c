#include "runner/folder.h"

#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- Removing

static int remove_entry(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
	(void)walk;
	if (flag == FTW_DNR && chmod(path, status->st_mode | 0700) == 0)
		return 0; // tried again by the caller
	if (flag == FTW_DP || flag == FTW_DNR)
		rmdir(path);
	else
		unlink(path);
	return 0;
}

void folder_remove(const char *path)
{
	// A task may have taken the right to look into a folder away: the second walk sees what the first has opened.
	for (int i = 0; i < 2 && access(path, F_OK) == 0; i++)
		nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

// ---- Walking

static int order_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *folder_names(const char *path)
{
	g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	const char *name;

	while (folder != NULL && (name = g_dir_read_name(folder)) != NULL)
		g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, order_names);
	return names;
}

static bool walk(const char *root, const char *below,
	bool (*visit)(const char *path, gpointer data), gpointer data)
{
	g_autofree char *path = g_build_filename(root, below, NULL);
	g_autoptr(GPtrArray) names = folder_names(path);

	for (guint i = 0; i < names->len; i++) {
		g_autofree char *entry = *below == '\0'
						 ? g_strdup(names->pdata[i])
						 : g_build_filename(below, names->pdata[i], NULL);
		g_autofree char *full = g_build_filename(root, entry, NULL);
		struct stat status;

		if (lstat(full, &status) < 0)
			continue;
		if (S_ISDIR(status.st_mode) && !walk(root, entry, visit, data))
			return false;
		if (S_ISREG(status.st_mode) && !visit(entry, data))
			return false;
	}
	return true;
}

bool folder_walk(const char *folder, bool (*visit)(const char *path, gpointer data), gpointer data)
{
	return walk(folder, "", visit, data);
}
