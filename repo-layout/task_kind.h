// The types of tasks and triggers: names, aliases, keys. The runner has a run function for each
// name; a test holds both tables against each other.
#pragma once

#include "repo-layout/key_table.h"

#include <stdbool.h>

typedef enum {
	TASK_CONTAINER = 1 << 0, // has child tasks; makes no effect of its own
	TASK_ITERATES = 1 << 1, // runs its children once a value (foreach, loop-until)
	TASK_SQL = 1 << 2, // has SQL, whose reads and writes join the graph
	TASK_FILES = 1 << 3, // sees the files of the domain's scripts/
} TaskKindFlags;

typedef struct TaskKind {
	const char *name; // "sql.query"
	const char *summary; // one line, for docs and schema
	const KeyTable *keys; // its own keys; those every task has come on top (keys_task_common)
	unsigned flags; // TaskKindFlags
} TaskKind;

// Another name of a kind: Kestra's current and older ones.
typedef struct TaskAlias {
	const char *name; // "io.kestra.plugin.core.log.Log"
	const char *kind; // "log"
	bool deprecated; // accepted with a warning
	// A JSON object of properties that this name implies, when the task does not give them:
	// {"driver": "postgres"}.
	const char *preset;
} TaskAlias;

extern const TaskKind task_kinds[]; // ended by a row whose name is NULL
extern const TaskAlias task_aliases[]; // likewise
extern const TaskKind trigger_kinds[];
extern const TaskAlias trigger_aliases[];

// Finds a kind by short name or alias; NULL when there is none. ret_alias (may be NULL) receives
// the alias row that matched, or NULL when it was the short name. Thread-safe.
const TaskKind *task_kind_find(const char *name, const TaskAlias **ret_alias);
const TaskKind *trigger_kind_find(const char *name, const TaskAlias **ret_alias);
// A hint for an unknown name ("did you mean …?"), or NULL. The caller frees it.
char *task_kind_hint(const char *name);
char *trigger_kind_hint(const char *name);
