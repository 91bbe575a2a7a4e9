// What the task runs of a run wait for, and the state of the run that follows from it.
#include "runner/drive.h"

void drive_timer_set(Drive *drive, RunNode *node, int64_t at)
{
	NodeExtra *extra = node_extra(node);

	extra->timer = runner_timer_add(drive->runner, at, drive, node);
}

void drive_timer_clear(Drive *drive, RunNode *node)
{
	NodeExtra *extra = node->extra;

	if (extra != NULL && extra->timer != NULL)
		runner_timer_remove(drive->runner, extra->timer);
	if (extra != NULL)
		extra->timer = NULL;
}

void drive_wait_begin(Drive *drive, RunNode *node, Wait wait)
{
	node_extra(node)->wait = wait;
	if (wait == WAIT_SLOT)
		drive->waiting_slot++;
	else if (node->state == RUN_PAUSED)
		drive->paused++;
	else
		drive->waiting++;
}

// Ends whatever it waits for.
void drive_wait_end(Drive *drive, RunNode *node)
{
	NodeExtra *extra = node->extra;

	if (extra == NULL || extra->wait == WAIT_NONE)
		return;
	if (extra->wait == WAIT_SLOT)
		drive->waiting_slot--;
	else if (node->state == RUN_PAUSED)
		drive->paused--;
	else
		drive->waiting--;
	extra->wait = WAIT_NONE;
	extra->due_at = 0;
	drive_timer_clear(drive, node);
}

// The run's state as its task runs have it.
void drive_state_follow(Drive *drive)
{
	if (drive->settled != 0 || drive->state == RUN_KILLING)
		return;
	if (drive->paused > 0)
		drive_set_state(drive, RUN_PAUSED);
	else if (drive->retrying > 0 && drive->under_way == 0)
		drive_set_state(drive, RUN_RETRYING);
	else
		drive_set_state(drive, RUN_RUNNING);
}
