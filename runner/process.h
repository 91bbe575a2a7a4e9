// Runs one program in a session of its own, watches it, and leaves nothing of it behind.
//
// Started by vfork and exec, so that the cost does not grow with the size of this process. The program gets its own session
// and process group, no descriptors besides 0, 1 and 2, default signals, the environment it is given and nothing else,
// rlimits, and SIGKILL should the thread that started it die. When it is to stop (timeout, cancel), the whole group gets
// TERM, after a grace period KILL. When the program itself ends, what is left of its group is killed, and of what left
// its session as far as process_strays.h finds it: a task has no processes after its end. Threads: each call is independent.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
	int resource; // RLIMIT_…
	uint64_t value;
} ProcessLimit;

typedef struct {
	const char *const *
		arguments; // [0] is the program: a path, or a name looked for in PATH of environment
	const char *const *environment; // "NAME=value"
	const char *folder; // where it begins
	const char *
		mark; // the entry of its environment that no other command has: what left its session is known by it; NULL: none
	int64_t timeout; // microseconds; 0: none
	int64_t grace; // microseconds between TERM and KILL
	int cancel_fd; // becomes readable when it is to stop; -1: none
	const ProcessLimit *limits;
	size_t limit_count;
	// Called with what it wrote, as it comes; stream is 1 or 2.
	void (*output)(int stream, const char *bytes, size_t length, void *data);
	void *data;
} ProcessSpec;

typedef struct {
	int exit_code; // 0…255; 128 + signal when a signal ended it
	int signal; // 0: it exited
	bool timed_out;
	bool cancelled;
} ProcessEnd;

// Runs it and waits. False when it could not be started (G_SPAWN_ERROR, message names the program) or watched.
bool process_run(const ProcessSpec *spec, ProcessEnd *ret_end, GError **error);

// Kills all processes of this machine whose environment has NAME=value, with their groups: what a dead node left behind.
// Returns how many there were.
unsigned process_kill_marked(const char *name, const char *value);
