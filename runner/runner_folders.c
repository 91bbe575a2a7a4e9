// The folders that tasks run in. Making and removing a folder waits for the file system's journal, which takes longer than
// many a task: one that a task left empty is given to the next.
#include "runner/folder.h"
#include "runner/runner_internal.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
		folder_remove(folder);
		g_free(folder);
		return;
	}
	pthread_mutex_lock(&runner->lock);
	g_ptr_array_add(runner->idle_folders, folder);
	pthread_mutex_unlock(&runner->lock);
}
