// When a failed task run is tried again. Pure.
#pragma once

#include "repo-layout/flow.h"

#include <stdbool.h>
#include <stdint.h>

// What happened so far. Times are microseconds since the epoch.
typedef struct {
	uint32_t attempts; // begun, the first counted
	int64_t first_started; // of the first attempt
	int64_t last_ended; // of the last one
	uint64_t
		seed; // the same for one task run: random waits come out the same when worked out again
} RetryPast;

// The policy that a failure of a task falls under: its own, that of the nearest container around it which has one, or the
// flow's when that tries failed tasks again. NULL: none.
const Retry *retry_policy(const Flow *flow, const Task *task);

// Whether and when the next attempt starts.
bool retry_next(const Retry *retry, const RetryPast *past, int64_t *ret_at);
