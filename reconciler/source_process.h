// A process that fetches, seen from the one that started it. Neither libgit2 nor the programs and libraries under it can be
// stopped while they wait for a server that has fallen silent; a process can. It is watched: each of its lines says that
// something went on, and when none comes for too long it is killed. One thread at a time.
#pragma once

#include "reconciler/source_job.h"

typedef struct FetchProcess FetchProcess;

// Starts this very program anew to do the job. It dies with the thread that started it.
FetchProcess *fetch_process_start(const FetchJob *job, GError **error);

// Kills what is left of it. NULL is nothing.
void fetch_process_free(FetchProcess *process);

// Becomes readable when fetch_process_step() has something to do.
int fetch_process_fd(const FetchProcess *process);

// The monotonic time at which fetch_process_step() has to look whether it still goes on.
int64_t fetch_process_deadline(const FetchProcess *process);

// Reads what it said. Returns whether it has ended, by itself or not.
bool fetch_process_step(FetchProcess *process, int64_t now);

// How it ended; once, after fetch_process_step() was true.
bool fetch_process_answer(FetchProcess *process, FetchAnswer *ret_answer, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FetchProcess, fetch_process_free)
