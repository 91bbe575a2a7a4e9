// What source.c shares with source_mirror.c.
#pragma once

#include "reconciler/source.h"

struct Source {
	char *url;
	char *wanted_branch; // NULL: what HEAD names
	char *branch; // what the last fetch followed; NULL before
	char *mirror; // path of the bare mirror; NULL for a repository that is read in place
	bool allow_rewind;
	git_repository *repository; // NULL until opened, and after it was found to be gone
	GPtrArray *retired; // repositories that were replaced: snapshots may still read from them
	guint64 device, inode; // of the repository's folder, to notice that it was replaced
};

// Sets an error of FETCH_ERROR: the message, and what libgit2 said last.
void fetch_error_git(GError **error, FetchError code, const char *format, ...) G_GNUC_PRINTF(3, 4);

// Brings the mirror's copy of the tracked branch up to date. ret_branch: its short name. ret_empty:
// the remote has no branch at all. Opens source->repository.
bool source_mirror_fetch(Source *source, char **ret_branch, bool *ret_empty, GError **error);

// Which branch to take when HEAD names one that does not exist: "main" or "master" when it is the
// only one; else NULL.
const char *source_only_branch(const GPtrArray *branches);

// Says that the branch is not there, and which ones are.
void fetch_error_no_branch(
	GError **error, const Source *source, const char *branch, const GPtrArray *branches);
