#include "reconciler/reconcile_internal.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

static bool is_worth_telling(const ReconcileOutcome *outcome)
{
	return outcome->result != RECONCILE_UNCHANGED || outcome->drift_began > 0 ||
	       outcome->drift_resolved > 0 || outcome->notice != NULL || outcome->follows != NULL;
}

// What the loop does, each with failures of its own.
typedef enum {
	WALK,
	OBSERVATION,
	JUDGEMENT,
	DEEDS,
} Deed;

// The same failure once a second is told once, unless nobody but the report tells it.
typedef struct {
	GError *failure; // of the last time
	GError *unrecorded; // the same, when the store did not take it
	ReconcileResult result;
} Told;

static void told_clear(Told *told)
{
	g_clear_error(&told->failure);
	g_clear_error(&told->unrecorded);
}

static const GError *trouble_of(const Told *told)
{
	for (Deed deed = 0; deed < DEEDS; deed++) {
		if (told[deed].unrecorded != NULL)
			return told[deed].unrecorded;
	}
	return NULL;
}

static void remember(Told *told, const ReconcileOutcome *outcome, const GError *error)
{
	told_clear(told);
	told->failure = error == NULL ? NULL : g_error_copy(error);
	told->unrecorded = error == NULL || !outcome->unrecorded ? NULL : g_error_copy(error);
	told->result = outcome->result;
}

// told: of all deeds.
static void tell(
	Reconciler *self, Told *told, Deed deed, ReconcileOutcome *outcome, const GError *error)
{
	const GError *last = told[deed].failure;
	bool same = error != NULL ? last != NULL && strcmp(last->message, error->message) == 0
				  : last == NULL && outcome->result == RECONCILE_WAITING &&
					    told[deed].result == RECONCILE_WAITING;
	bool mended = error == NULL && last != NULL;

	remember(&told[deed], outcome, error);
	outcome->trouble = trouble_of(told);
	if ((!same || outcome->unrecorded) && self->options.report != NULL &&
		(error != NULL || mended || is_worth_telling(outcome)))
		self->options.report(outcome, error, self->options.data);
}

// Waits until references may have moved, someone wakes the loop, or it is time to poll or to look for drift.
static void wait_for_news(Reconciler *self)
{
	int64_t now = g_get_monotonic_time();
	int64_t pause =
		MIN(source_watch_timeout(self->watch, now), source_prepare_timeout(self->source));
	bool asked = self->drift_next <= self->drift_earliest;
	struct pollfd waits[] = {
		{.fd = self->wake_fd, .events = POLLIN},
		{.fd = source_watch_fd(self->watch), .events = POLLIN},
		{.fd = self->observer == NULL || asked ? -1 : drift_observer_fd(self->observer),
			.events = POLLIN},
		{.fd = source_prepare_fd(self->source), .events = POLLIN},
		{.fd = health_observer_fd(self->health), .events = POLLIN},
	};
	uint64_t count;

	pause = MIN(pause, health_observer_timeout(self->health, now));
	if (self->observer != NULL)
		pause = MIN(pause, MAX(self->drift_next - now, 0));
	poll(waits, G_N_ELEMENTS(waits), (int)MIN((pause + 999) / 1000, G_MAXINT));
	if ((waits[2].revents & POLLIN) != 0)
		self->drift_next = self->drift_earliest;
	if (read(self->wake_fd, &count, sizeof(count)) < 0)
		count = 0; // nobody woke it
}

// A walk, once what it would wait for has come; *due stays true until then.
static void walk_when_due(Reconciler *self, Told *told, bool *due)
{
	const SourceKnown known = known_source(self);
	g_autoptr(GError) error = NULL;
	ReconcileOutcome outcome;

	if (!*due || !source_prepare(self->source, &known))
		return;
	*due = false;
	reconcile_once(self, &outcome, &error);
	source_watch_back_off(self->watch, error != NULL, g_get_monotonic_time());
	tell(self, told, WALK, &outcome, error);
}

// While the source is fetched from afar, or nothing new is to be fetched, drift is looked for all the same.
static void observe_when_due(Reconciler *self, Told *told)
{
	g_autoptr(GError) error = NULL;
	ReconcileOutcome outcome;

	if (self->observer == NULL || g_get_monotonic_time() < self->drift_next)
		return;
	reconcile_observe(self, &outcome, &error);
	tell(self, told, OBSERVATION, &outcome, error);
}

static void judge_when_due(Reconciler *self, Told *told)
{
	g_autoptr(GError) error = NULL;
	ReconcileOutcome outcome = {.result = RECONCILE_UNCHANGED};

	if (health_observer_timeout(self->health, g_get_monotonic_time()) > 0)
		return;
	outcome.unrecorded = !reconcile_judge(self, &error);
	tell(self, told, JUDGEMENT, &outcome, error);
}

void reconciler_run(Reconciler *self)
{
	Told told[DEEDS] = {0};
	bool due = false;

	while (!atomic_load(&self->stopping)) {
		due = atomic_exchange(&self->woken, false) || due;
		due = source_watch_due(self->watch, g_get_monotonic_time()) || due;
		walk_when_due(self, told, &due);
		observe_when_due(self, told);
		judge_when_due(self, told);
		if (!atomic_load(&self->stopping))
			wait_for_news(self);
	}
	for (Deed deed = 0; deed < DEEDS; deed++)
		told_clear(&told[deed]);
}

static void poke(Reconciler *self)
{
	const uint64_t one = 1;

	// The counter cannot overflow before it is read, and a full one wakes just as well.
	if (write(self->wake_fd, &one, sizeof(one)) < 0)
		return;
}

void reconciler_stop(Reconciler *self)
{
	atomic_store(&self->stopping, true);
	poke(self);
}

void reconciler_wake(Reconciler *self)
{
	atomic_store(&self->woken, true);
	poke(self);
}
