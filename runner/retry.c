#include "runner/retry.h"

#include <glib.h>
#include <math.h>

const Retry *retry_policy(const Flow *flow, const Task *task)
{
	for (; task != NULL; task = task->parent) {
		if (task->retry != NULL)
			return task->retry;
	}
	if (flow->retry != NULL && flow->retry->behavior == RETRY_FAILED_TASK)
		return flow->retry;
	return NULL;
}

// splitmix64: any seed gives well spread bits.
static uint64_t spread(uint64_t value)
{
	value += 0x9e3779b97f4a7c15U;
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
	value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
	return value ^ (value >> 31);
}

static int64_t retry_wait(const Retry *retry, const RetryPast *past)
{
	double wait = (double)retry->interval;

	switch (retry->kind) {
	case RETRY_CONSTANT: return retry->interval;
	case RETRY_EXPONENTIAL:
		wait *= pow(retry->delay_factor, past->attempts - 1);
		if (retry->max_interval > 0)
			wait = MIN(wait, (double)retry->max_interval);
		return wait < (double)(INT64_MAX / 4) ? (int64_t)wait : INT64_MAX / 4;
	case RETRY_RANDOM:
		if (retry->max_interval <= retry->interval)
			return retry->interval;
		return retry->interval +
		       (int64_t)(spread(past->seed + past->attempts) %
				 (uint64_t)(retry->max_interval - retry->interval + 1));
	}
	return retry->interval;
}

bool retry_next(const Retry *retry, const RetryPast *past, int64_t *ret_at)
{
	int64_t at;

	if (retry->max_attempts > 0 && past->attempts >= retry->max_attempts)
		return false;
	at = past->last_ended + retry_wait(retry, past);
	if (retry->max_duration > 0 && at > past->first_started + retry->max_duration)
		return false;
	*ret_at = at;
	return true;
}
