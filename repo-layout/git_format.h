// What kind of repository lies in a folder, where libgit2 cannot read it.
#pragma once

#include <glib.h>
#include <stdbool.h>

#define GIT_FORMAT_REFUSED                                                                         \
	"repository '%s' has SHA-256 object names, which are not read: "                           \
	"'git init --object-format=sha1' makes one to push its files to"

// Whether the repository at path (a folder that holds .git, or a bare repository) names its objects by SHA-1, as
// libgit2 does; what is no repository, or cannot be looked at, counts as one that does. Asked before each opening:
// libgit2 1.5 loses some 20 KB of memory for each line of the configuration of a repository whose format it looks at,
// and a server tries again for as long as it runs. Call it between git_libgit2_init() and git_libgit2_shutdown();
// thread-safe; leaves no error of libgit2 behind.
bool git_format_is_known(const char *path);
