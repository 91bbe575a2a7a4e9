// Processes that left the session of the command that started them (setsid, daemons), and are found again because the kernel
// gives orphans to this process: as children of its first thread, whose list is short.
//
// Known as a task's by the entry of their environment that marks it, or by its session or group. Who leaves its session,
// loses its parent and changes its environment is not found. Thread-safe.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

// Has orphans given to this process from now on (PR_SET_CHILD_SUBREAPER). Whoever starts children must wait for them by number.
void process_adopt_orphans(void);

// Around the starting of a child: between the two, no child is taken for an orphan. pid may be -1: none was started.
void process_child_starting(void);
void process_child_started(pid_t pid);
// The child has been waited for.
void process_child_gone(pid_t pid);

// Kills and reaps the orphans that belong to a command: those of the session and group of leader, which has ended but not been
// waited for, and those whose environment has mark ("NAME=value"; NULL: none). Reaps all other orphans that have ended.
void process_strays_end(pid_t leader, const char *mark);

// Whether the environment of a process has an entry "NAME=value".
bool process_has_entry(pid_t pid, const char *entry);
