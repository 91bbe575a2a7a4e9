// States of runs and task runs, and the words for levels, sync and health: one table each. Pure.
#pragma once

#include <stdbool.h>

typedef enum {
	RUN_CREATED,
	RUN_QUEUED, // waits for the flow's concurrency limit
	RUN_RUNNING,
	RUN_PAUSED,
	RUN_RETRYING, // waits for its next attempt
	RUN_RESTARTED, // was ended, and is about to run again
	RUN_KILLING,
	// Ended, in any order of the below.
	RUN_SUCCESS,
	RUN_WARNING,
	RUN_FAILED,
	RUN_KILLED,
	RUN_CANCELLED,
	RUN_SKIPPED,
	RUN_RETRIED, // a new run was made in its place
	RUN_STATES, // how many there are
} RunState;

// "RUNNING". Lives as long as the program; "UNKNOWN" for what is no state.
const char *run_state_name(RunState state);
// Finds a state by its name, letter case ignored. False when there is none.
bool run_state_parse(const char *name, RunState *ret_state);
// No further change but by a restart.
bool run_state_is_ended(RunState state);
// SUCCESS, WARNING, SKIPPED: what comes after may go on.
bool run_state_is_good(RunState state);
// FAILED, KILLED, CANCELLED, RETRIED.
bool run_state_is_bad(RunState state);
// Which of two children's states a parent takes: KILLED > FAILED > WARNING > PAUSED > SUCCESS. CANCELLED counts as
// KILLED, RETRIED and SKIPPED as SUCCESS; a state that is not ended (but PAUSED) wins over all: the parent goes on.
RunState run_state_heavier(RunState a, RunState b);

typedef enum {
	LOG_LEVEL_TRACE,
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR,
	LOG_LEVELS,
} LogLevel;

const char *log_level_name(LogLevel level);
bool log_level_parse(const char *name, LogLevel *ret_level); // also "WARNING"

typedef enum {
	SYNC_UNKNOWN,
	SYNC_SYNCED,
	SYNC_OUT_OF_SYNC,
	SYNC_STATES,
} SyncStatus;

const char *sync_status_name(SyncStatus status); // "Synced", "OutOfSync", "Unknown"

typedef enum {
	HEALTH_UNKNOWN,
	HEALTH_HEALTHY,
	HEALTH_PROGRESSING,
	HEALTH_SUSPENDED,
	HEALTH_MISSING,
	HEALTH_DEGRADED,
	HEALTH_STATES,
} Health;

const char *health_name(Health health); // "Healthy", …
