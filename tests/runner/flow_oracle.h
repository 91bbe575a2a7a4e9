// What becomes of a flow, told by a plain recursive interpreter: obvious, slow, and made without the run graph. It knows the
// semantics of containers, errors, finally and afterExecution, and nothing of steps, events or crashes. Time is a number; what each
// task run does, and how long it takes, is asked of a Fate. Two leaves must not end at the same moment.
#pragma once

#include "tests/runner/small_flow.h"

// What one task run does: a leaf, or a container that does not begin (opens is false), takes `lasts` and ends with state.
typedef struct {
	RunState state;
	int64_t lasts; // more than 0
	bool opens; // a container: its children run
	unsigned alternative; // of an if or a switch
	uint32_t rounds; // of a loop-until, from 1
	int64_t pause; // before the next round of a loop, before what was opened is closed
	RunState closes; // what a loop or a working-directory whose tasks ended well ends with
	bool stubborn; // goes on to its own end when the run is killed
} Fate;

typedef struct {
	// name as small_node_name() gives it.
	Fate (*tell)(const Task *task, const char *name, void *data);
	void *data;
	int64_t killed_at; // INT64_MAX: never
} Fates;

typedef struct {
	char *name;
	RunState state;
	int64_t started, ended;
} OracleRun;

typedef struct {
	GPtrArray *runs; // OracleRun *
	RunState state; // of the run as a whole
	int64_t settled, ended; // before and after afterExecution
} Oracle;

Oracle *oracle_tell(const SmallFlow *small, const Fates *fates);
void oracle_free(Oracle *oracle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Oracle, oracle_free)
