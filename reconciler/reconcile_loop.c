#include "reconciler/reconcile_internal.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

static bool is_worth_telling(const ReconcileOutcome *outcome)
{
	return outcome->result != RECONCILE_UNCHANGED || outcome->drift_began > 0 ||
	       outcome->drift_resolved > 0 || outcome->notice != NULL;
}

// The same failure once a second is told once, unless nobody but the report tells it.
typedef struct {
	char *failure;
	ReconcileResult result;
} Told;

static void tell(Reconciler *self, Told *told, const ReconcileOutcome *outcome, const GError *error)
{
	bool same = error != NULL ? g_strcmp0(told->failure, error->message) == 0
				  : told->failure == NULL && outcome->result == RECONCILE_WAITING &&
					    told->result == RECONCILE_WAITING;
	bool mended = error == NULL && told->failure != NULL;

	if ((!same || outcome->unrecorded) && self->options.report != NULL &&
		(error != NULL || mended || is_worth_telling(outcome)))
		self->options.report(outcome, error, self->options.data);
	g_free(told->failure);
	told->failure = error == NULL ? NULL : g_strdup(error->message);
	told->result = outcome->result;
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
	tell(self, told, &outcome, error);
}

// While the source is fetched from afar, or nothing new is to be fetched, drift is looked for all the same.
static void observe_when_due(Reconciler *self, Told *told)
{
	g_autoptr(GError) error = NULL;
	ReconcileOutcome outcome;

	if (self->observer == NULL || g_get_monotonic_time() < self->drift_next)
		return;
	reconcile_observe(self, &outcome, &error);
	tell(self, told, &outcome, error);
}

static void judge_when_due(Reconciler *self, Told *told)
{
	g_autoptr(GError) error = NULL;
	const ReconcileOutcome nothing = {.result = RECONCILE_UNCHANGED};

	if (health_observer_timeout(self->health, g_get_monotonic_time()) > 0)
		return;
	health_observe(self->health, &error);
	tell(self, told, &nothing, error);
}

void reconciler_run(Reconciler *self)
{
	Told walks = {0}, observations = {0}, judgements = {0};
	bool due = false;

	while (!atomic_load(&self->stopping)) {
		due = atomic_exchange(&self->woken, false) || due;
		due = source_watch_due(self->watch, g_get_monotonic_time()) || due;
		walk_when_due(self, &walks, &due);
		observe_when_due(self, &observations);
		judge_when_due(self, &judgements);
		if (!atomic_load(&self->stopping))
			wait_for_news(self);
	}
	g_free(walks.failure);
	g_free(observations.failure);
	g_free(judgements.failure);
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
