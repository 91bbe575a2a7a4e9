// Removing what nobody needs any more, on a thread of its own: nobody waits for it.
//
// First what dead runners left: their work folders (each runner holds a lock on its own), the folders of working-directories
// whose runs have ended, and environments that nobody has used for long. Then what this runner is done with.
#include "runner/file_lock.h"
#include "runner/folder.h"
#include "runner/package_env.h"
#include "runner/runner_internal.h"
#include "store/id.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char LOCK[] = ".weir-node"; // in a work folder

// ---- Work folders

bool runner_work_folder_hold(Runner *runner, const char *path)
{
	g_autofree char *lock = g_build_filename(path, LOCK, NULL);

	runner->work_lock = file_lock_try(lock, LOCK_EX);
	return runner->work_lock >= 0;
}

// Removes a work folder whose runner is dead.
static void work_folder_sweep(const char *path)
{
	g_autofree char *file = g_build_filename(path, LOCK, NULL);
	struct stat status;
	int lock;

	// Only what a runner of this user has made: anybody may make folders in the temporary one.
	if (lstat(path, &status) < 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid() ||
		access(file, F_OK) < 0)
		return;
	lock = file_lock_try(file, LOCK_EX);
	if (lock < 0)
		return;
	folder_remove(path);
	close(lock);
}

static void work_folders_sweep(const char *parent, const char *prefix)
{
	g_autoptr(GDir) folder = g_dir_open(parent, 0, NULL);
	const char *name;

	while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
		g_autofree char *path = g_build_filename(parent, name, NULL);

		if (g_str_has_prefix(name, prefix))
			work_folder_sweep(path);
	}
}

static void nodes_sweep(const Runner *runner)
{
	if (runner->nodes_folder != NULL)
		work_folders_sweep(runner->nodes_folder, "");
}

// ---- Folders of working-directories

// Whether a run may still want its folders. One that cannot be looked up is left alone.
static bool run_lives(Runner *runner, const char *id)
{
	g_autoptr(StoreRun) run = NULL;
	g_autoptr(GError) error = NULL;

	if (!store_run_get(runner->store, id, &run, &error))
		return true;
	return run != NULL && !run_state_is_ended(run->state);
}

// Folders that were being made, below another name than the one that counts, when their runner died.
static bool is_unfinished(const Runner *runner, const char *name)
{
	const char *mark = strstr(name, ".new-");

	return mark != NULL && runner->options.sole &&
	       id_time(mark + strlen(".new-")) < id_time(runner->node_id);
}

static void unfinished_sweep(const Runner *runner, const char *parent)
{
	g_autoptr(GDir) folder = g_dir_open(parent, 0, NULL);
	const char *name;

	while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
		g_autofree char *path = g_build_filename(parent, name, NULL);

		if (is_unfinished(runner, name))
			folder_remove(path);
	}
}

static void shared_folders_sweep(Runner *runner)
{
	g_autoptr(GDir) folder = g_dir_open(runner->shared_folder, 0, NULL);
	const char *name;

	while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
		g_autofree char *path = g_build_filename(runner->shared_folder, name, NULL);
		g_autofree char *id = g_strndup(name, strcspn(name, "."));

		if (id_check(id) && !run_lives(runner, id))
			folder_remove(path);
	}
}

// ---- The thread

static char *next_path(Runner *runner)
{
	char *path;

	pthread_mutex_lock(&runner->lock);
	while ((path = g_queue_pop_head(&runner->swept)) == NULL && !runner->sweeper_stop)
		pthread_cond_wait(&runner->swept_ready, &runner->lock);
	pthread_mutex_unlock(&runner->lock);
	return path;
}

static void *sweeper_main(void *data)
{
	Runner *runner = data;
	char *path;

	work_folders_sweep(g_get_tmp_dir(), "weir-");
	nodes_sweep(runner);
	shared_folders_sweep(runner);
	unfinished_sweep(runner, runner->shared_folder);
	unfinished_sweep(runner, runner->cache_folder);
	package_env_sweep(runner->environments_folder, PACKAGE_ENV_UNUSED);
	while ((path = next_path(runner)) != NULL) {
		folder_remove(path);
		g_free(path);
	}
	// A command that a dead runner was about to begin holds its lock a moment longer than itself.
	nodes_sweep(runner);
	return NULL;
}

void runner_sweeper_start(Runner *runner)
{
	pthread_create(&runner->sweeper, NULL, sweeper_main, runner);
}

void runner_sweeper_stop(Runner *runner)
{
	pthread_mutex_lock(&runner->lock);
	runner->sweeper_stop = true;
	pthread_cond_signal(&runner->swept_ready);
	pthread_mutex_unlock(&runner->lock);
	pthread_join(runner->sweeper, NULL);
}

void runner_sweep_folder(Runner *runner, char *path)
{
	pthread_mutex_lock(&runner->lock);
	g_queue_push_tail(&runner->swept, path);
	pthread_cond_signal(&runner->swept_ready);
	pthread_mutex_unlock(&runner->lock);
}
