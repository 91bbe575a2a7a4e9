// What the files of a source share.
#pragma once

#include "reconciler/source.h"
#include "reconciler/source_process.h"

// The file in a mirror whose presence says that an object could not be read from it.
#define MIRROR_SUSPECT "suspect"

struct Source {
	char *url;
	char *wanted; // what the options name, as SourceTip.ref; NULL: nothing
	char *noted; // the branch that is followed when they name nothing; NULL: what HEAD names
	char *ref; // what the last fetch followed; NULL before
	char *mirror; // path of the bare mirror; NULL for a repository that is read in place
	bool allow_rewind;
	SourceAccess access;
	FetchProcess *process; // the fetch under way; NULL: none
	char *notice; // NULL: nothing to tell
	bool sound; // the last fetch made the mirror or looked through it: what it lacks the remote lacks
	git_repository *repository; // NULL until opened, and after it was found to be gone

	guint64 device, inode; // of the repository's folder, to notice that it was replaced
};

// Sets an error of FETCH_ERROR: the message, and what libgit2 said last.
void fetch_error_git(GError **error, FetchError code, const char *format, ...) G_GNUC_PRINTF(3, 4);

// Only the repository itself is read: no configuration of the machine or the user changes what is
// fetched, and a repository of another user is readable because nothing in it is ever executed.
void source_prepare_library(void);

// What is to be followed; NULL: the branch that HEAD names. Borrowed.
const char *source_followed(const Source *source);

// The commit that the options name, in the open repository; *ret_ref is its id.
bool source_find_pinned(const Source *source, char **ret_ref, GError **error);

// ---- source_local.c

// Opens the repository, or opens it anew when another one now stands at its place.
bool source_local_open(Source *source, GError **error);
// Finds what is followed. *ret_ref with *ret_empty: the repository has no branch at all.
bool source_local_find(
	Source *source, const SourceKnown *known, char **ret_ref, bool *ret_empty, GError **error);

// ---- source_mirror.c

// Begins a fetch in the background. revision: what to fetch in place of what is followed; NULL: that.
bool source_mirror_begin(
	Source *source, const SourceKnown *known, const char *revision, GError **error);
// Waits for the fetch under way, or for a new one. ret_ref: what was fetched; ret_empty: the remote has no branch at all.
// Opens source->repository.
bool source_mirror_fetch(Source *source, const SourceKnown *known, const char *revision,
	char **ret_ref, bool *ret_empty, GError **error);
