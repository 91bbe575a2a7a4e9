// Environments of packages (a Python virtual environment, a folder of npm's), built once and used by all runs whose list of
// packages is the same.
//
// In the root folder, for an environment named by a digest:
//   DIGEST         a symbolic link to the folder that counts. rename() of it into place is the commit point of a build:
//                  what a build that was killed left has no link to it and counts for nothing
//   DIGEST.ID      a folder that was built where it stays, because what is installed holds its own path
//   DIGEST.lock    held shared by those who use it, alone by the one who builds or removes it; its time is that of the
//                  last use, its text why the last build failed. The kernel gives it back when a process dies
// Threads and processes on one machine share a root. Thread-safe.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

// An environment that is in use: it is not removed until it is given back.
typedef struct PackageEnv PackageEnv;

typedef struct {
	// Fills the new, empty folder.
	bool (*build)(const char *folder, void *data, GError **error);
	// Called once when another is building it, before waiting for that. May be NULL.
	void (*waits)(void *data);
	// An eventfd that becomes readable when waiting for another builder is to end (TASK_ERROR_CANCELLED).
	int cancel_fd;
	void *data;
} PackageBuilder;

// Gives the environment, building it when it is not there; concurrent first users wait for the one that builds. When it fails
// then, those who have waited fail with the same message: a hundred that want what cannot be built do not try one after the
// other. NULL with the builder's error, a TASK_ERROR_CANCELLED, or a G_FILE_ERROR.
PackageEnv *package_env_take(
	const char *root, const char *digest, const PackageBuilder *builder, GError **error);
const char *package_env_folder(const PackageEnv *env); // borrowed
void package_env_give_back(PackageEnv *env); // NULL is fine
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PackageEnv, package_env_give_back)

#define PACKAGE_ENV_UNUSED (30LL * 24 * 3600 * 1000000) // how long one is kept without being used

// Removes the environments that nobody has used for so many microseconds, and what killed builds left. Those in use, or being
// built, are passed over. Returns how many environments were removed. May take long: not on a thread that others wait for.
unsigned package_env_sweep(const char *root, int64_t unused);
