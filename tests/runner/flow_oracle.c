#include "tests/runner/flow_oracle.h"

#include <string.h>

typedef struct {
	const SmallFlow *small;
	const Fates *fates;
	GPtrArray *runs;
} Teller;

// Where a task stands: the values around it, and the round of the nearest loop.
typedef struct {
	const char *values; // "[x][1]"
	uint32_t round; // 0: in no loop
} Place;

typedef struct {
	int64_t at; // when it ended
	RunState state;
	bool handled; // FAILED, but what failed in it had errors of its own
} End;

// What the ends of main tasks come to.
typedef struct {
	bool killed, failed, cancelled, warned, unhandled;
} Sum;

static End task_tell(const Teller *teller, const Task *task, const Place *place, int64_t at);

static bool is_killed(const Teller *teller, int64_t at)
{
	return at >= teller->fates->killed_at;
}

static void sum_add(Sum *sum, const End *end)
{
	sum->killed |= end->state == RUN_KILLED;
	sum->failed |= end->state == RUN_FAILED;
	sum->cancelled |= end->state == RUN_CANCELLED;
	sum->warned |= end->state == RUN_WARNING;
	sum->unhandled |= end->state == RUN_FAILED && !end->handled;
}

static bool sum_stops(const Sum *sum)
{
	return sum->killed || sum->failed || sum->cancelled;
}

static RunState allowed(const Task *task, RunState state)
{
	bool allows = task->allow_failure || strcmp(task->kind->name, "allow-failure") == 0;

	state = state == RUN_FAILED && allows ? RUN_WARNING : state;
	return state == RUN_WARNING && task->allow_warning ? RUN_SUCCESS : state;
}

// ---- Lists of tasks. Each gives the moment when the last of what it started has ended.

// One after the other. Where a failure does not stop (errors, finally, afterExecution), sum is NULL.
static int64_t sequence_tell(
	const Teller *teller, const GPtrArray *list, const Place *place, int64_t at, Sum *sum)
{
	for (guint i = 0; list != NULL && i < list->len; i++) {
		const Task *task = list->pdata[i];

		if (task->disabled)
			continue;
		if (is_killed(teller, at) || (sum != NULL && sum_stops(sum)))
			break;
		End end = task_tell(teller, task, place, at);
		at = end.at;
		if (sum != NULL)
			sum_add(sum, &end);
	}
	return at;
}

// Something that is under way: a task of a parallel or a dag, a task of one value of a foreach.
typedef struct {
	End end;
	guint position, value;
} Going;

static Going going_take_first(GArray *going)
{
	guint first = 0;
	Going taken;

	for (guint i = 1; i < going->len; i++) {
		if (g_array_index(going, Going, i).end.at <
			g_array_index(going, Going, first).end.at)
			first = i;
	}
	taken = g_array_index(going, Going, first);
	g_array_remove_index(going, first);
	return taken;
}

static bool is_done(const GPtrArray *list, const bool *ended, const char *id)
{
	for (guint i = 0; i < list->len; i++) {
		const Task *task = list->pdata[i];

		if (strcmp(task->id, id) == 0)
			return task->disabled || ended[i];
	}
	return true;
}

// The first task of the list that has not begun and may; the length of the list when there is none.
static guint ready_find(const GPtrArray *list, const bool *begun, const bool *ended)
{
	for (guint i = 0; list != NULL && i < list->len; i++) {
		const Task *task = list->pdata[i];
		bool waits = task->disabled || begun[i];

		for (char **id = task->depends_on; id != NULL && *id != NULL; id++)
			waits |= !is_done(list, ended, *id);
		if (!waits)
			return i;
	}
	return list == NULL ? 0 : list->len;
}

// Those of a parallel or a dag: whatever may begin does, as many at once as the limit says.
static int64_t together_tell(
	const Teller *teller, const RunOpening *opening, const Place *place, int64_t at, Sum *sum)
{
	const GPtrArray *list = opening->tasks;
	const guint count = list == NULL ? 0 : list->len;
	g_autoptr(GArray) going = g_array_new(FALSE, FALSE, sizeof(Going));
	g_autofree bool *begun = g_new0(bool, count + 1);
	g_autofree bool *ended = g_new0(bool, count + 1);

	for (;;) {
		guint next = ready_find(list, begun, ended);
		bool room = opening->limit == 0 || going->len < opening->limit;

		if (next < count && room && !sum_stops(sum) && !is_killed(teller, at)) {
			Going one = {task_tell(teller, list->pdata[next], place, at), next, 0};

			begun[next] = true;
			g_array_append_val(going, one);
			continue;
		}
		if (going->len == 0)
			return at;
		Going one = going_take_first(going);
		at = one.end.at;
		ended[one.position] = true;
		sum_add(sum, &one.end);
	}
}

static guint enabled_from(const GPtrArray *list, guint position)
{
	while (position < list->len && ((const Task *)list->pdata[position])->disabled)
		position++;
	return position;
}

// A task of a value, beginning now.
static void value_go(const Teller *teller, const RunOpening *opening, const Place *place,
	int64_t at, Going one, GArray *going)
{
	g_autofree char *values = g_strdup_printf(
		"%s[%s]", place->values, (const char *)opening->values->pdata[one.value]);
	const Place inside = {values, place->round};

	one.end = task_tell(teller, opening->tasks->pdata[one.position], &inside, at);
	g_array_append_val(going, one);
}

// A foreach: a sequence for each value, as many values at once as the limit says.
static int64_t foreach_tell(
	const Teller *teller, const RunOpening *opening, const Place *place, int64_t at, Sum *sum)
{
	g_autoptr(GArray) going = g_array_new(FALSE, FALSE, sizeof(Going));
	const guint first = enabled_from(opening->tasks, 0);
	guint value = 0;

	while (first < opening->tasks->len) {
		bool room = opening->limit == 0 || going->len < opening->limit;

		if (value < opening->values->len && room && !sum_stops(sum) &&
			!is_killed(teller, at)) {
			value_go(teller, opening, place, at,
				(Going){.position = first, .value = value}, going);
			value++;
			continue;
		}
		if (going->len == 0)
			break;
		Going one = going_take_first(going);
		at = one.end.at;
		sum_add(sum, &one.end);
		one.position = enabled_from(opening->tasks, one.position + 1);
		if (one.position < opening->tasks->len && !sum_stops(sum) && !is_killed(teller, at))
			value_go(teller, opening, place, at, one, going);
	}
	return at;
}

// EachParallel: every task of every value at once, as many tasks at once as the limit says.
static int64_t flat_tell(
	const Teller *teller, const RunOpening *opening, const Place *place, int64_t at, Sum *sum)
{
	const guint tasks = opening->tasks->len;
	g_autoptr(GArray) going = g_array_new(FALSE, FALSE, sizeof(Going));

	for (guint next = 0;;) {
		bool room = opening->limit == 0 || going->len < opening->limit;

		if (next < opening->values->len * tasks && room && !sum_stops(sum) &&
			!is_killed(teller, at)) {
			const Task *task = opening->tasks->pdata[next % tasks];

			if (!task->disabled)
				value_go(teller, opening, place, at,
					(Going){.position = next % tasks, .value = next / tasks},
					going);
			next++;
			continue;
		}
		if (going->len == 0)
			return at;
		Going one = going_take_first(going);
		at = one.end.at;
		sum_add(sum, &one.end);
	}
}

// ---- Containers

// When the answer to "again, or is it over?" comes; a kill comes before it.
static int64_t pause_tell(const Teller *teller, const Fate *fate, int64_t at)
{
	return MIN(at + fate->pause, MAX(at, teller->fates->killed_at));
}

static void closed_add(const Fate *fate, Sum *sum)
{
	const End end = {0, fate->closes, false};

	sum_add(sum, &end);
}

// The rounds count in place, for what follows, too.
static int64_t loop_tell(const Teller *teller, const RunOpening *opening, const Fate *fate,
	Place *place, int64_t at, Sum *sum)
{
	const guint before = teller->runs->len;

	for (place->round = 1;; place->round++) {
		*sum = (Sum){0};
		at = sequence_tell(teller, opening->tasks, place, at, sum);
		if (sum_stops(sum) || is_killed(teller, at))
			return at;
		at = pause_tell(teller, fate, at);
		if (is_killed(teller, at))
			return at;
		if (place->round == fate->rounds)
			break;
		// Of a loop, the task runs of the last round are kept.
		g_ptr_array_set_size(teller->runs, (gint)before);
	}
	closed_add(fate, sum);
	return at;
}

static int64_t folder_tell(const Teller *teller, const RunOpening *opening, const Fate *fate,
	const Place *place, int64_t at, Sum *sum)
{
	at = sequence_tell(teller, opening->tasks, place, at, sum);
	if (sum_stops(sum) || is_killed(teller, at))
		return at;
	at = pause_tell(teller, fate, at);
	if (!is_killed(teller, at))
		closed_add(fate, sum);
	return at;
}

static int64_t main_tell(const Teller *teller, const Task *task, const Fate *fate, Place *place,
	int64_t at, Sum *sum)
{
	RunOpening opening = small_flow_opening_of(teller->small, task, fate->alternative);
	const char *kind = task->kind->name;

	if (strcmp(kind, "parallel") == 0 || strcmp(kind, "dag") == 0)
		at = together_tell(teller, &opening, place, at, sum);
	else if (strcmp(kind, "foreach") == 0)
		at = (opening.flat ? flat_tell : foreach_tell)(teller, &opening, place, at, sum);
	else if (strcmp(kind, "loop-until") == 0)
		at = loop_tell(teller, &opening, fate, place, at, sum);
	else if (strcmp(kind, "working-directory") == 0)
		at = folder_tell(teller, &opening, fate, place, at, sum);
	else
		at = sequence_tell(teller, opening.tasks, place, at, sum);
	g_clear_pointer(&opening.values, g_ptr_array_unref);
	return at;
}

static bool any_enabled(const GPtrArray *list)
{
	return list != NULL && enabled_from(list, 0) < list->len;
}

// What follows the main tasks: errors, if anything failed that nothing inside has handled; finally; and the state.
static End branches_tell(const Teller *teller, const GPtrArray *errors, const GPtrArray *finally,
	const Place *place, int64_t at, Sum *sum)
{
	if (sum->unhandled && any_enabled(errors) && !is_killed(teller, at)) {
		sum->unhandled = false;
		at = sequence_tell(teller, errors, place, at, NULL);
	}
	if (!is_killed(teller, at))
		at = sequence_tell(teller, finally, place, at, NULL);
	RunState state = sum->killed || is_killed(teller, at) ? RUN_KILLED
			 : sum->failed			      ? RUN_FAILED
			 : sum->cancelled		      ? RUN_CANCELLED
			 : sum->warned			      ? RUN_WARNING
							      : RUN_SUCCESS;
	return (End){at, state, state == RUN_FAILED && !sum->unhandled};
}

static End container_tell(
	const Teller *teller, const Task *task, const Fate *fate, const Place *place, int64_t at)
{
	Place inside = *place;
	Sum sum = {0};

	at = main_tell(teller, task, fate, &inside, at, &sum);
	return branches_tell(teller, task->errors, task->finally, &inside, at, &sum);
}

static End leaf_tell(const Teller *teller, const Fate *fate, int64_t at)
{
	const int64_t end = at + fate->lasts;

	if (is_killed(teller, end) && !fate->stubborn)
		return (End){teller->fates->killed_at, RUN_KILLED, false};
	return (End){end, fate->state, false};
}

static void run_free(gpointer data)
{
	OracleRun *run = data;

	g_free(run->name);
	g_free(run);
}

static End task_tell(const Teller *teller, const Task *task, const Place *place, int64_t at)
{
	OracleRun *run = g_new0(OracleRun, 1);
	Fate fate;
	End end;

	run->name = place->round > 1
			    ? g_strdup_printf("%s%s#%u", task->id, place->values, place->round)
			    : g_strconcat(task->id, place->values, NULL);
	run->started = at;
	g_ptr_array_add(teller->runs, run);
	fate = teller->fates->tell(task, run->name, teller->fates->data);
	end = fate.opens ? container_tell(teller, task, &fate, place, at)
			 : leaf_tell(teller, &fate, at);
	end.state = allowed(task, end.state);
	run->state = end.state;
	run->ended = end.at;
	return end;
}

Oracle *oracle_tell(const SmallFlow *small, const Fates *fates)
{
	const Flow *flow = small->flow;
	const Place top = {"", 0};
	Oracle *oracle = g_new0(Oracle, 1);
	Teller teller = {small, fates, g_ptr_array_new_with_free_func(run_free)};
	Sum sum = {0};
	Fates unkilled = *fates;
	End end;

	oracle->runs = teller.runs;
	end = (End){.at = sequence_tell(&teller, flow->tasks, &top, 0, &sum)};
	end = branches_tell(&teller, flow->errors, flow->finally, &top, end.at, &sum);
	oracle->state = end.state;
	oracle->settled = end.at;
	// What has been decided is not killed any more.
	unkilled.killed_at = INT64_MAX;
	teller.fates = &unkilled;
	oracle->ended = sequence_tell(&teller, flow->after_execution, &top, end.at, NULL);
	return oracle;
}

void oracle_free(Oracle *oracle)
{
	if (oracle == NULL)
		return;
	g_ptr_array_unref(oracle->runs);
	g_free(oracle);
}
