#include "runner/process_strays.h"

#include <glib.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ROUNDS = 2000, // looks, a millisecond apart, for what a kill sets free
};

static atomic_bool adopting;
// Held for reading while a child is started and noted, for writing while orphans that nobody knows are reaped: a child that
// has ended before it was noted must not be taken for one.
static pthread_rwlock_t starting = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t children_lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *children; // pids that have not been waited for

void process_adopt_orphans(void)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
		atomic_store(&adopting, true);
}

void process_child_starting(void)
{
	pthread_rwlock_rdlock(&starting);
}

void process_child_started(pid_t pid)
{
	pthread_mutex_lock(&children_lock);
	if (children == NULL)
		children = g_hash_table_new(NULL, NULL);
	if (pid > 0)
		g_hash_table_add(children, GINT_TO_POINTER(pid));
	pthread_mutex_unlock(&children_lock);
	pthread_rwlock_unlock(&starting);
}

void process_child_gone(pid_t pid)
{
	pthread_mutex_lock(&children_lock);
	g_hash_table_remove(children, GINT_TO_POINTER(pid));
	pthread_mutex_unlock(&children_lock);
}

static bool is_child(pid_t pid)
{
	bool known;

	pthread_mutex_lock(&children_lock);
	known = g_hash_table_contains(children, GINT_TO_POINTER(pid));
	pthread_mutex_unlock(&children_lock);
	return known;
}

bool process_has_entry(pid_t pid, const char *entry)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/environ", (int)pid);
	g_autofree char *content = NULL;
	gsize length = 0;

	if (!g_file_get_contents(path, &content, &length, NULL))
		return false;
	for (const char *at = content; at < content + length; at += strlen(at) + 1) {
		if (strcmp(at, entry) == 0)
			return true;
	}
	return false;
}

static bool belongs(pid_t pid, pid_t leader, const char *mark)
{
	return getsid(pid) == leader || getpgid(pid) == leader ||
	       (mark != NULL && process_has_entry(pid, mark));
}

static void reap(pid_t pid)
{
	siginfo_t info;

	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG);
}

static void stray_kill(pid_t pid)
{
	pid_t group;

	// Not one that is just being started: it is noted once the lock is free.
	pthread_rwlock_wrlock(&starting);
	group = is_child(pid) ? -1 : getpgid(pid);
	pthread_rwlock_unlock(&starting);
	if (group < 0)
		return;
	if (group > 1 && group != getpgrp())
		kill(-group, SIGKILL);
	kill(pid, SIGKILL);
	reap(pid);
}

// An orphan of a task that has ended before: of another session than ours, where all that others start stays.
static void unknown_reap(pid_t pid)
{
	pthread_rwlock_wrlock(&starting);
	if (!is_child(pid) && getsid(pid) != getsid(0))
		reap(pid);
	pthread_rwlock_unlock(&starting);
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == pid;
}

// One look. Returns whether anything of the command was there.
static bool strays_look(pid_t leader, const char *mark)
{
	g_autofree char *path = g_strdup_printf("/proc/self/task/%d/children", (int)getpid());
	g_autofree char *list = NULL;
	bool any = false;

	if (!g_file_get_contents(path, &list, NULL, NULL))
		return false;
	for (char *at = list, *end; *at != '\0'; at = end) {
		pid_t pid = (pid_t)strtol(at, &end, 10);

		if (end == at)
			break;
		if (pid == leader || is_child(pid))
			continue;
		if (belongs(pid, leader, mark)) {
			any = true;
			stray_kill(pid);
		} else if (has_ended(pid)) {
			unknown_reap(pid);
		}
	}
	return any;
}

void process_strays_end(pid_t leader, const char *mark)
{
	if (!atomic_load(&adopting))
		return;
	// What is killed gives its own children to us.
	for (int i = 0; i < ROUNDS && strays_look(leader, mark); i++)
		g_usleep(1000);
}
