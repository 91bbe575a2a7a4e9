// Where the committed truth comes from: one branch of one Git repository. A local repository (bare
// or not) is read in place; any other URL that libgit2 opens is fetched incrementally into a bare
// mirror under the server's data folder. Only the object database and the references are read: no
// work tree, hooks, filters, attributes or submodules.
#pragma once

#include <git2.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define FETCH_ERROR fetch_error_quark()
GQuark fetch_error_quark(void);

typedef enum {
	FETCH_ERROR_GONE, // no repository at that place (any more)
	FETCH_ERROR_NO_BRANCH, // the tracked branch does not exist, though others do
	FETCH_ERROR_REWOUND, // the branch was force-pushed, and that is not allowed
	FETCH_ERROR_CORRUPT, // an object or a reference cannot be read
	FETCH_ERROR_UNREACHABLE, // the remote did not answer
	FETCH_ERROR_REFUSED, // the remote wants credentials, or its host key or certificate is not
	// trusted
	FETCH_ERROR_BAD_URL,
} FetchError;

typedef struct {
	const char *url; // a path or a URL
	const char *branch; // short name; NULL: the branch that the remote's HEAD names
	const char *mirror_folder; // where mirrors of remote repositories are kept; may be NULL for
		// local ones
	bool allow_rewind; // follow force-pushes (they are reported all the same)
} SourceOptions;

// How the tracked branch stands against the commit that was known before.
typedef enum {
	SOURCE_EMPTY, // the repository has no commit yet: wait for the first push
	SOURCE_UNCHANGED, // still at the known commit
	SOURCE_FORWARD, // new commits on top of the known one (or the first ones)
	SOURCE_REWOUND, // the branch no longer contains the known commit, and that is allowed
} SourceMove;

enum { SOURCE_TIP_ID_SIZE = GIT_OID_HEXSZ + 1 };

// What source_fetch() found. Plain values; strings are owned by the structure (source_tip_clear).
typedef struct {
	SourceMove move;
	git_oid commit;
	char id[SOURCE_TIP_ID_SIZE]; // of the commit, in hexadecimal; "" when empty
	char *branch; // short name of the tracked branch
	char *author; // "Name <mail>"
	char *summary; // first line of the commit's message
	int64_t committed_at; // microseconds since the epoch
} SourceTip;

typedef struct Source Source;

// Opens nothing yet: a repository that is not there is an error of source_fetch(), so that a server
// waits for it to come back. Fails on a malformed URL. A Source belongs to one thread at a time.
Source *source_new(const SourceOptions *options, GError **error);
void source_free(Source *source);

// Brings the tracked branch up to date and describes its tip. known is the id of the last accepted
// commit, or NULL. Errors are of FETCH_ERROR, with a message that names the repository, the branch
// and the cure. A repository that disappeared and came back is opened anew.
bool source_fetch(Source *source, const char *known, SourceTip *ret_tip, GError **error);

// Whether the tracked branch of a repository that is read in place is no longer at commit: a look at one reference. Any
// doubt, and a mirror, count as no.
bool source_has_moved(const Source *source, const git_oid *commit);

// Moves the commit that rev names (any revision expression of libgit2, NULL: the tracked branch)
// into ret_tip, without fetching. For plans between two revisions.
bool source_resolve(Source *source, const char *rev, SourceTip *ret_tip, GError **error);

// The open repository; borrowed, until the next source_fetch(). NULL before the first one that
// succeeded.
git_repository *source_repository(const Source *source);

const char *source_url(const Source *source);

// The branch that the last fetch followed, or the one that the options name; NULL before that is
// known.
const char *source_branch(const Source *source);

// Whether the repository is read in place, and its references can be watched.
bool source_is_local(const Source *source);

void source_tip_clear(SourceTip *tip);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Source, source_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SourceTip, source_tip_clear)
