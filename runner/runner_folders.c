// The folders that tasks run in. Making and removing a folder waits for the file system's journal, which takes longer than
// many a task: one that a task left empty is given to the next.
#include "runner/runner_internal.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

void runner_folder_remove(const char *path)
{
	// A task may have taken the right to look into a folder away: the second walk sees what the first has opened.
	for (int i = 0; i < 2 && access(path, F_OK) == 0; i++)
		nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static bool folder_is_fresh(const char *path)
{
	struct stat status;
	DIR *folder;
	unsigned entries = 0;

	if (lstat(path, &status) < 0 || !S_ISDIR(status.st_mode) ||
		(status.st_mode & 07777) != 0700)
		return false;
	folder = opendir(path);
	if (folder == NULL)
		return false;
	while (entries < 3 && readdir(folder) != NULL)
		entries++;
	closedir(folder);
	return entries == 2; // itself and its parent
}

char *runner_folder_take(Runner *runner, GError **error)
{
	char *folder = NULL;
	unsigned number;

	pthread_mutex_lock(&runner->lock);
	if (runner->idle_folders->len > 0)
		folder = g_ptr_array_steal_index(
			runner->idle_folders, runner->idle_folders->len - 1);
	number = ++runner->folders;
	pthread_mutex_unlock(&runner->lock);
	if (folder != NULL)
		return folder;
	folder = g_strdup_printf("%s/task-%d-%u", runner->work_folder, (int)getpid(), number);
	if (mkdir(folder, 0700) == 0)
		return folder;
	g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED, "cannot make the folder '%s': %s", folder,
		g_strerror(errno));
	g_free(folder);
	return NULL;
}

void runner_folder_return(Runner *runner, char *folder)
{
	if (!folder_is_fresh(folder)) {
		runner_folder_remove(folder);
		g_free(folder);
		return;
	}
	pthread_mutex_lock(&runner->lock);
	g_ptr_array_add(runner->idle_folders, folder);
	pthread_mutex_unlock(&runner->lock);
}
