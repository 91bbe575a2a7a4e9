#include "store/state.h"

#include <glib.h>

enum {
	ENDED = 1 << 0,
	GOOD = 1 << 1,
	BAD = 1 << 2,
};

static const struct {
	const char *name;
	unsigned flags;
	unsigned weight; // in a parent
} states[RUN_STATES] = {
	[RUN_CREATED] = {"CREATED", 0, 9},
	[RUN_QUEUED] = {"QUEUED", 0, 9},
	[RUN_RUNNING] = {"RUNNING", 0, 9},
	[RUN_PAUSED] = {"PAUSED", 0, 1},
	[RUN_RETRYING] = {"RETRYING", 0, 9},
	[RUN_RESTARTED] = {"RESTARTED", 0, 9},
	[RUN_KILLING] = {"KILLING", 0, 9},
	[RUN_SUCCESS] = {"SUCCESS", ENDED | GOOD, 0},
	[RUN_WARNING] = {"WARNING", ENDED | GOOD, 2},
	[RUN_FAILED] = {"FAILED", ENDED | BAD, 3},
	[RUN_KILLED] = {"KILLED", ENDED | BAD, 4},
	[RUN_CANCELLED] = {"CANCELLED", ENDED | BAD, 4},
	[RUN_SKIPPED] = {"SKIPPED", ENDED | GOOD, 0},
	[RUN_RETRIED] = {"RETRIED", ENDED | BAD, 0},
};

static bool has(RunState state, unsigned flag)
{
	return (unsigned)state < RUN_STATES && (states[state].flags & flag) != 0;
}

const char *run_state_name(RunState state)
{
	return (unsigned)state < RUN_STATES ? states[state].name : "UNKNOWN";
}

bool run_state_parse(const char *name, RunState *ret_state)
{
	for (unsigned i = 0; i < RUN_STATES; i++) {
		if (g_ascii_strcasecmp(states[i].name, name) == 0) {
			*ret_state = (RunState)i;
			return true;
		}
	}
	return false;
}

bool run_state_is_ended(RunState state)
{
	return has(state, ENDED);
}

bool run_state_is_good(RunState state)
{
	return has(state, GOOD);
}

bool run_state_is_bad(RunState state)
{
	return has(state, BAD);
}

// What a child's state counts as in its parent.
static RunState counts_as(RunState state)
{
	if (state == RUN_SKIPPED || state == RUN_RETRIED)
		return RUN_SUCCESS;
	return state == RUN_CANCELLED ? RUN_KILLED : state;
}

RunState run_state_heavier(RunState a, RunState b)
{
	a = counts_as(a);
	b = counts_as(b);
	return states[b].weight > states[a].weight ? b : a;
}

static const char *const levels[LOG_LEVELS] = {
	[LOG_LEVEL_TRACE] = "TRACE",
	[LOG_LEVEL_DEBUG] = "DEBUG",
	[LOG_LEVEL_INFO] = "INFO",
	[LOG_LEVEL_WARN] = "WARN",
	[LOG_LEVEL_ERROR] = "ERROR",
};

const char *log_level_name(LogLevel level)
{
	return (unsigned)level < LOG_LEVELS ? levels[level] : "UNKNOWN";
}

bool log_level_parse(const char *name, LogLevel *ret_level)
{
	if (g_ascii_strcasecmp(name, "WARNING") == 0)
		name = "WARN";
	for (unsigned i = 0; i < LOG_LEVELS; i++) {
		if (g_ascii_strcasecmp(levels[i], name) == 0) {
			*ret_level = (LogLevel)i;
			return true;
		}
	}
	return false;
}

const char *sync_status_name(SyncStatus status)
{
	static const char *const names[SYNC_STATES] = {
		[SYNC_UNKNOWN] = "Unknown",
		[SYNC_SYNCED] = "Synced",
		[SYNC_OUT_OF_SYNC] = "OutOfSync",
	};

	return (unsigned)status < SYNC_STATES ? names[status] : "Unknown";
}

const char *health_name(Health health)
{
	static const char *const names[HEALTH_STATES] = {
		[HEALTH_UNKNOWN] = "Unknown",
		[HEALTH_HEALTHY] = "Healthy",
		[HEALTH_PROGRESSING] = "Progressing",
		[HEALTH_SUSPENDED] = "Suspended",
		[HEALTH_MISSING] = "Missing",
		[HEALTH_DEGRADED] = "Degraded",
	};

	return (unsigned)health < HEALTH_STATES ? names[health] : "Unknown";
}
