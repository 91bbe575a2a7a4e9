// When to fetch: inotify on the references of a local repository, a timer with jitter for every
// source. Git replaces references by renaming a lock file over them and makes and removes folders
// at will, so folders are watched, not files, and the watches are laid anew after each event. One
// thread at a time.
#pragma once

#include "reconciler/source.h"

typedef struct SourceWatch SourceWatch;

// interval is the longest pause between polls in microseconds; each is drawn from 80 to 100 % of it, so that many servers do
// not ask at once.
// seed makes the draw repeatable.
SourceWatch *source_watch_new(const Source *source, int64_t interval, uint32_t seed);
void source_watch_free(SourceWatch *watch);

// A descriptor that becomes readable when references may have moved; -1 when only polling is
// possible.
int source_watch_fd(const SourceWatch *watch);

// Empties the descriptor and lays the watches anew. Returns whether a fetch is due: a reference
// moved, or now (any monotonic clock, microseconds) is past the end of the pause. The next pause
// then begins.
bool source_watch_due(SourceWatch *watch, int64_t now);

// Microseconds until the end of the pause, seen from now; 0 when it has passed.
int64_t source_watch_timeout(const SourceWatch *watch, int64_t now);

// How the fetch went. After failures a remote is asked after ever longer pauses (two intervals, four, then eight), a local
// repository every second, and its place is watched for its return. A success makes pauses ordinary again.
void source_watch_back_off(SourceWatch *watch, bool failed, int64_t now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SourceWatch, source_watch_free)
