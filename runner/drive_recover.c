// Task runs that had not ended when their node died, or gave the run up.
#include "runner/drive.h"

#include "runner/process.h"
#include "runner/retry.h"
#include "store/timestamp.h"

static void lost(Drive *drive, RunNode *node, const TaskType *type)
{
	static const char message[] = "lost: the node that ran it died";
	const Retry *retry = retry_policy(drive_flow(drive), node->task);
	bool again = retry == NULL && type != NULL && (type->flags & TASK_REPEATABLE) != 0;

	if (!runner_had_begun(drive->runner, node)) {
		drive_attempt_undo(drive, node);
		drive_leaf_start(drive, node);
		return;
	}
	drive_ahead_unmark(node);
	process_kill_marked("WEIR_TASK_RUN", node->id);
	if (drive->state == RUN_KILLING) {
		drive_leaf_end(drive, node, RUN_KILLED, NULL);
	} else if (again) {
		drive_attempt_end(node, RUN_FAILED, timestamp_now(), message);
		drive_leaf_start(drive, node);
	} else {
		g_autoptr(GError) error = g_error_new_literal(TASK_ERROR, TASK_ERROR_LOST, message);

		drive_leaf_fail(drive, node, error);
	}
}

void drive_recover(Drive *drive, RunNode *node)
{
	NodeExtra *extra = node_extra(node);
	const TaskType *type = drive_node_type(node);
	bool paused = node->state == RUN_PAUSED;

	if (extra->anew) {
		extra->anew = false;
		if (drive->state == RUN_KILLING)
			drive_leaf_end(drive, node, RUN_KILLED, NULL);
		else
			drive_node_start(drive, node);
	} else if (node->state == RUN_RETRYING) {
		drive_retry_later(drive, node, extra->due_at);
	} else if (node->state == RUN_CREATED || node->state == RUN_RESTARTED) {
		drive_leaf_start(drive, node);
	} else if (type == NULL || type->effects == TASK_OUTSIDE) {
		lost(drive, node, type);
	} else if (paused || extra->child_run[0] != '\0') {
		TaskResult result = {
			.wait = paused ? TASK_WAIT_PAUSE : TASK_WAIT_RUN,
			.wait_until = extra->due_at,
		};

		g_strlcpy(result.wait_run, extra->child_run, sizeof(result.wait_run));
		drive_wait_for(drive, node, &result);
	} else {
		drive_internal_run(drive, node, type);
	}
	if (drive->state == RUN_KILLING && !run_state_is_ended((RunState)node->state))
		drive_node_kill(drive, node);
}
