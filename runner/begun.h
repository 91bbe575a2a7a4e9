// Which tasks have really begun, of those that were given out ahead of a free slot.
//
// Such a task is committed as RUNNING before its turn has come. When the node dies the next one has to know whether it had
// begun: a ring in a file of the data folder says so, which outlives the process, though not the machine (it is never
// synced; the kernel's boot id in it tells). The ring is longer than there can be tasks whose rows may still ask for it.
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct BegunLog BegunLog;

// Makes the file of a node in folder, and removes those that nobody asks for any more. NULL when that cannot be.
BegunLog *begun_log_open(const char *folder, const char *node_id);
// Notes that an attempt of a task run is about to begin. Any thread.
void begun_log_add(BegunLog *log, const char *task_run_id, unsigned attempt);
// Closes it and removes the file: nothing of the node is under way. NULL is allowed.
void begun_log_close(BegunLog *log);

typedef enum {
	BEGUN_UNKNOWN, // the file is not there, not whole, or of before the machine started
	BEGUN_NO,
	BEGUN_YES,
} Begun;

// What the file of a node that has died says.
Begun begun_look(
	const char *folder, const char *node_id, const char *task_run_id, unsigned attempt);
