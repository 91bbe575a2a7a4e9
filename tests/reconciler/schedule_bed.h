// What tests of the scheduler share: flows that are put into a store as an apply would, and runs that end when the story says so.
#pragma once

#include "reconciler/trigger.h"
#include "store/run.h"

#include <glib.h>

// A store with a scheduler and its own time.
typedef struct {
	Store *store;
	Scheduler *scheduler;
	int64_t now;
} ScheduleStory;

// An empty one, at ten o'clock of some day; node "node" runs what is due.
ScheduleStory schedule_story_new(void);

// Frees it.
void schedule_story_end(ScheduleStory *story);

// What a flow is to the scheduler.
typedef struct {
	const char *id; // of the namespace "d"
	const char *digest;
	const char *reads; // "d.a\nd.b"
	const char *writes;
	const char *triggers;
	bool script;
} ScheduleFlow;

// Puts it as an apply would.
void schedule_flow_put(ScheduleStory *story, const ScheduleFlow *spec);

// A script that makes the table d.<id>, and runs when what it reads was refreshed.
void schedule_script_put(
	ScheduleStory *story, const char *id, const char *digest, const char *reads);

// Evaluates what is due: these flows have a run that goes on (sorted, joined by blanks), and looking again finds no more.
void assert_scheduled(ScheduleStory *story, const char *expected);

// The run of a flow that goes on; there is one. To be freed.
StoreRun *schedule_run_active(ScheduleStory *story, const char *flow);

// The run of a flow (NULL: somebody) publishes a table.
void schedule_publish(ScheduleStory *story, const char *flow, const char *table);

// Ends the run of a flow that goes on.
void schedule_run_end(ScheduleStory *story, const char *flow, RunState state);

// Somebody starts a flow.
void schedule_run_start(ScheduleStory *story, const char *flow);
