#include "runner/tasks/tasks.h"

// Waits without a slot. Called again after a restart of the node, it waits for what is left.
TASK_RUN(sleep)
{
	int64_t duration;

	if (!task_context_duration(context, "duration", 0, &duration, error))
		return false;
	result->wait = TASK_WAIT_UNTIL;
	result->wait_until = task_context_started(context) + duration;
	return true;
}
