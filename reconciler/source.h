// Where the committed truth comes from: one branch, tag or commit of one Git repository. A local repository (bare or not) is
// read in place; any other URL is fetched incrementally into a bare mirror under the server's data folder, by a process of
// its own, so that a server that stands still holds nothing up. Only the object database and the references are read: no work
// tree, hooks, filters, attributes or submodules.
#pragma once

#include "reconciler/source_access.h"

#include <git2.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define FETCH_ERROR fetch_error_quark()
GQuark fetch_error_quark(void);

typedef enum {
	FETCH_ERROR_GONE, // no repository at that place (any more)
	FETCH_ERROR_NO_BRANCH, // what is followed does not exist, though the repository does
	FETCH_ERROR_REWOUND, // the branch was force-pushed, and that is not allowed
	FETCH_ERROR_CORRUPT, // an object or a reference cannot be read
	FETCH_ERROR_UNREACHABLE, // the remote did not answer, or stopped to
	FETCH_ERROR_REFUSED, // the remote wants other credentials, or its host key or certificate
	// is not trusted
	FETCH_ERROR_BAD_URL, // the URL or the settings make no sense
} FetchError;

typedef struct {
	const char *url; // a path or a URL
	// What is followed; one of them at most.
	const char *branch; // short name
	const char *tag; // short name
	const char *commit; // 40 hexadecimal digits
	// When none of them is named: the branch that was followed before, as SourceTip.ref (anything else counts as NULL).
	// NULL: the one that HEAD names when a commit is found first. That one is followed from then on, wherever HEAD goes.
	const char *noted;
	const char *mirror_folder; // where mirrors of remote repositories are kept; may be NULL for
		// local ones
	bool allow_rewind; // follow force-pushes (they are reported all the same)
	SourceAccess access; // of remote repositories
} SourceOptions;

// The commit that was accepted last, and what was followed then; texts may be NULL.
typedef struct {
	const char *commit;
	const char *ref;
} SourceKnown;

// How what is followed stands against the commit that was known before.
typedef enum {
	SOURCE_EMPTY, // the repository has no commit yet: wait for the first push
	SOURCE_UNCHANGED, // still at the known commit
	SOURCE_FORWARD, // new commits on top of the known one, the first ones, or other settings
	SOURCE_REWOUND, // it no longer contains the known commit, and that is allowed
} SourceMove;

enum { SOURCE_TIP_ID_SIZE = GIT_OID_HEXSZ + 1 };

// What source_fetch() found. Plain values; strings are owned by the structure (source_tip_clear).
typedef struct {
	SourceMove move;
	git_oid commit;
	char id[SOURCE_TIP_ID_SIZE]; // of the commit, in hexadecimal; "" when empty
	char *ref; // what is followed: "refs/heads/main", "refs/tags/v1", or the id of a commit
	char *author; // "Name <mail>"
	char *summary; // first line of the commit's message
	int64_t committed_at; // microseconds since the epoch
} SourceTip;

typedef struct Source Source;

// Opens nothing yet: a repository that is not there is an error of source_fetch(), so that a server
// waits for it to come back. Fails on a malformed URL and on settings that do not fit it. A Source belongs to one thread at
// a time.
Source *source_new(const SourceOptions *options, GError **error);
void source_free(Source *source);

// Brings what is followed up to date and describes its tip. Errors are of FETCH_ERROR, with a message that names the
// repository, what is followed, the reason and the cure; never a secret. A repository that disappeared and came back is
// opened anew. Waits for a remote repository (see source_prepare()), at most as long as its time-outs.
bool source_fetch(Source *source, const SourceKnown *known, SourceTip *ret_tip, GError **error);

// Does what source_fetch() would wait for, in the background. Returns true when there is nothing (more) to wait for: then
// source_fetch() answers at once. Else it is to be called again when source_prepare_fd() becomes readable, or after
// source_prepare_timeout() microseconds.
bool source_prepare(Source *source, const SourceKnown *known);
int source_prepare_fd(const Source *source); // -1: nothing is under way
int64_t source_prepare_timeout(const Source *source);

// Describes a commit (its id in hexadecimal) of what is there already: nothing is fetched. False when it is not there, or
// the repository cannot be opened.
bool source_describe(Source *source, const char *commit, SourceTip *ret_tip);

// What the last fetch has to tell though it went well: a damaged mirror was set aside, say. Borrowed until the next fetch;
// NULL: nothing.
const char *source_notice(const Source *source);

// To be told when an object that the fetched commit needs cannot be read: a mirror is then looked through at the next fetch,
// and if it is damaged set aside and fetched anew. Returns whether that is going to happen.
bool source_distrust(Source *source);

// Whether what is followed of a repository that is read in place is no longer at commit: a look at one reference. Any
// doubt, and a mirror, count as no.
bool source_has_moved(const Source *source, const git_oid *commit);

// Moves the commit that rev names (any revision expression of libgit2, NULL: what is followed)
// into ret_tip. A mirror fetches what rev names. For plans between two revisions.
bool source_resolve(Source *source, const char *rev, SourceTip *ret_tip, GError **error);

// The open repository; borrowed, until the next source_fetch(). NULL before the first one that
// succeeded.
git_repository *source_repository(const Source *source);

const char *source_url(const Source *source);

// What the last fetch followed (see SourceTip), or what the options name; NULL before that is known.
const char *source_ref(const Source *source);

// Whether the options name what is followed: else it is the branch that HEAD named once.
bool source_is_named(const Source *source);

// Whether the repository is read in place, and its references can be watched.
bool source_is_local(const Source *source);

void source_tip_clear(SourceTip *tip);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Source, source_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SourceTip, source_tip_clear)
