#include "runner/runner_internal.h"

#include "store/timestamp.h"

#include <string.h>

// ---- Slots and pools

static Pool *pool_find(Runner *runner, const char *name)
{
	for (guint i = 0; name != NULL && i < runner->pools->len; i++) {
		Pool *pool = &g_array_index(runner->pools, Pool, i);

		if (strcmp(pool->name, name) == 0)
			return pool;
	}
	return NULL;
}

static bool slot_use(Runner *runner, const RunNode *node)
{
	Pool *pool = pool_find(runner, node->task->pool);

	if (atomic_load(&runner->stopping) != 0 || (pool != NULL && pool->used >= pool->limit))
		return false;
	if (runner->busy >= runner->worker_count &&
		(pool != NULL || !runner_ahead_may(runner, drive_node_type(node))))
		return false;
	runner->busy++;
	if (pool != NULL)
		pool->used++;
	return true;
}

void runner_slot_give_back(Runner *runner, RunNode *node)
{
	Pool *pool = pool_find(runner, node->task->pool);

	runner->busy--;
	if (pool != NULL)
		pool->used--;
}

// ---- Waiting for one. Those of a pool have a line of their own, so that a full pool holds up nobody else, however many wait.

static GQueue *line_of(Runner *runner, const RunNode *node)
{
	Pool *pool = pool_find(runner, node->task->pool);

	return pool != NULL ? &pool->waiting : &runner->waiting;
}

static bool waits_behind(const Waiter *waiter, const Waiter *other)
{
	const int priority = waiter->node->task->priority;
	const int others = other->node->task->priority;

	return priority != others ? priority < others : waiter->number > other->number;
}

static void line_add(Runner *runner, Drive *drive, RunNode *node, int64_t number)
{
	GQueue *line = line_of(runner, node);
	Waiter *waiter = g_new(Waiter, 1);
	GList *at = line->tail;

	*waiter = (Waiter){drive, node, number};
	while (at != NULL && !waits_behind(waiter, at->data))
		at = at->prev;
	if (at == NULL)
		g_queue_push_head(line, waiter);
	else
		g_queue_insert_after(line, at, waiter);
}

// The line whose first is next, of those that no full pool holds back; NULL: nobody waits but for a pool.
static GQueue *line_next(const Runner *runner)
{
	union {
		const GQueue *in;
		GQueue *out;
	} next = {.in = runner->waiting.length > 0 ? &runner->waiting : NULL};

	for (guint i = 0; i < runner->pools->len; i++) {
		const Pool *pool = &g_array_index(runner->pools, Pool, i);

		if (pool->waiting.length > 0 && pool->used < pool->limit &&
			(next.in == NULL ||
				waits_behind(next.in->head->data, pool->waiting.head->data)))
			next.in = &pool->waiting;
	}
	return next.out;
}

bool runner_slots_idle(const Runner *runner)
{
	return runner->busy < runner->worker_count && atomic_load(&runner->stopping) == 0 &&
	       line_next(runner) != NULL;
}

bool runner_slot_take(Runner *runner, Drive *drive, RunNode *node)
{
	// Whoever waits already is first.
	if (line_of(runner, node)->length == 0 && line_next(runner) == NULL &&
		slot_use(runner, node))
		return true;
	line_add(runner, drive, node, ++runner->last_waiter);
	return false;
}

void runner_slot_wait_first(Runner *runner, Drive *drive, RunNode *node)
{
	line_add(runner, drive, node, --runner->first_waiter);
}

// Takes those out that wait for node, or (NULL) for any task of the run. Returns how many.
static unsigned line_forget(GQueue *line, const Drive *drive, const RunNode *node)
{
	unsigned count = 0;

	for (GList *at = line->head, *next; at != NULL; at = next) {
		Waiter *waiter = at->data;

		next = at->next;
		if (waiter->drive != drive || (node != NULL && waiter->node != node))
			continue;
		g_free(waiter);
		g_queue_delete_link(line, at);
		count++;
		if (node != NULL)
			break;
	}
	return count;
}

void runner_slot_forget(Runner *runner, Drive *drive, RunNode *node)
{
	line_forget(line_of(runner, node), drive, node);
}

void runner_slots_fill(Runner *runner)
{
	GQueue *line;

	while ((line = line_next(runner)) != NULL &&
		slot_use(runner, ((const Waiter *)line->head->data)->node)) {
		Waiter *waiter = g_queue_pop_head(line);

		drive_slot_free(waiter->drive, waiter->node);
		runner_active(runner, waiter->drive);
		g_free(waiter);
	}
}

// ---- Timers

static int timer_order(gconstpointer a, gconstpointer b, gpointer data)
{
	int64_t first = ((const Timer *)a)->at;
	int64_t second = ((const Timer *)b)->at;

	(void)data;
	return first < second ? -1 : first > second;
}

GSequenceIter *runner_timer_add(Runner *runner, int64_t at, Drive *drive, RunNode *node)
{
	Timer *timer = g_new(Timer, 1);

	*timer = (Timer){at, drive, node};
	drive->timed++;
	return g_sequence_insert_sorted(runner->timers, timer, timer_order, NULL);
}

void runner_timer_remove(Runner *runner, GSequenceIter *timer)
{
	(void)runner;
	((Timer *)g_sequence_get(timer))->drive->timed--;
	g_sequence_remove(timer);
}

int64_t runner_timers_next(const Runner *runner)
{
	GSequenceIter *first = g_sequence_get_begin_iter(runner->timers);

	return g_sequence_iter_is_end(first) ? 0 : ((const Timer *)g_sequence_get(first))->at;
}

bool runner_timers_fire(Runner *runner)
{
	int64_t now = timestamp_now();
	bool fired = false;

	for (int64_t at = runner_timers_next(runner); at != 0 && at <= now;
		at = runner_timers_next(runner)) {
		GSequenceIter *first = g_sequence_get_begin_iter(runner->timers);
		Timer timer = *(const Timer *)g_sequence_get(first);

		runner_timer_remove(runner, first);
		drive_timer(timer.drive, timer.node);
		runner_active(runner, timer.drive);
		fired = true;
	}
	return fired;
}

// ---- Children

void runner_child_watch(Runner *runner, const char *child_run, Drive *drive, RunNode *node)
{
	Waiter *waiter = g_new(Waiter, 1);

	*waiter = (Waiter){.drive = drive, .node = node};
	drive->watches = true;
	g_hash_table_replace(runner->children, g_strdup(child_run), waiter);
	runner->next_children = MIN(runner->next_children, timestamp_now() + G_USEC_PER_SEC / 2);
}

void runner_child_forget(Runner *runner, const char *child_run)
{
	g_hash_table_remove(runner->children, child_run);
}

static gboolean child_is_of(gpointer key, gpointer value, gpointer data)
{
	(void)key;
	return ((const Waiter *)value)->drive == data;
}

void runner_drive_forget(Runner *runner, Drive *drive)
{
	GSequenceIter *iterator = g_sequence_get_begin_iter(runner->timers);

	while (drive->timed > 0 && !g_sequence_iter_is_end(iterator)) {
		GSequenceIter *next = g_sequence_iter_next(iterator);

		if (((const Timer *)g_sequence_get(iterator))->drive == drive)
			runner_timer_remove(runner, iterator);
		iterator = next;
	}
	if (drive->waiting_slot > 0)
		drive->waiting_slot -= line_forget(&runner->waiting, drive, NULL);
	for (guint i = 0; drive->waiting_slot > 0 && i < runner->pools->len; i++)
		drive->waiting_slot -=
			line_forget(&g_array_index(runner->pools, Pool, i).waiting, drive, NULL);
	if (drive->watches)
		g_hash_table_foreach_remove(runner->children, child_is_of, drive);
}
