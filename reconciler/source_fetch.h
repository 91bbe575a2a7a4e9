// One fetch as it goes on in its process: the job, what came of it, and the transports that carry it.
#pragma once

#include "reconciler/source_job.h"

#include <git2/sys/transport.h>

// A reference of the mirror that keeps the commit that is live, whatever becomes of its branch.
#define MIRROR_KNOWN "refs/weir/known"

typedef struct {
	FetchJob job;
	SourceUrl url; // of the job, parsed
	git_repository *mirror; // NULL until opened
	int lock; // descriptor; -1: not taken
	bool fresh; // the mirror was made here
	bool moved; // there was something to bring
	FetchAnswer answer;
	GError *failure; // what a transport found out; says more than what libgit2 makes of it
	GString *said; // what the server told on the side
	FetchPhase phase;
	int64_t told; // monotonic: when the last line was written
} Fetch;

// Tells the parent that the fetch goes on. Cheap: lines are written at most ten times a second, or when the phase changes.
void fetch_beat(Fetch *fetch, FetchPhase phase);

// Keeps the first failure that a transport reports. Returns -1, as libgit2 wants it.
int fetch_fail(Fetch *fetch, FetchError code, const char *format, ...) G_GNUC_PRINTF(3, 4);

// Does the job. Errors are of FETCH_ERROR.
bool fetch_run(Fetch *fetch, GError **error);

// ---- source_upkeep.c: the mirror

// Locks the mirror against other processes, removes what a killed one left, and opens it; one that is missing is made, one
// that is damaged is set aside first.
bool mirror_open(Fetch *fetch, GError **error);
// Notes that the fetch came to its end.
void mirror_close(Fetch *fetch);
// Looks through everything in the mirror. Why it has to be set aside, or NULL; the caller frees it.
char *mirror_damage(Fetch *fetch);
// Sets the mirror aside because of reason, and makes a new one.
bool mirror_renew(Fetch *fetch, const char *reason, GError **error);
// Puts many packs together into one, when there are many and nothing waits for the fetch; a failure is of no consequence.
void mirror_tidy(Fetch *fetch);

// ---- source_check.c

// Whether something that commit (or the commit that a tag names) needs is not in the mirror; reads each object, and all of
// history, when thorough. NULL: nothing, else what it is; the caller frees it. What base (NULL: none) has is taken to be there.
char *mirror_lacks(Fetch *fetch, const git_oid *commit, const git_oid *base, bool thorough);

// ---- The transports (git_transport_cb; param is the Fetch)

int fetch_transport_http(git_transport **ret, git_remote *owner, void *fetch);
int fetch_transport_ssh(git_transport **ret, git_remote *owner, void *fetch);
