#include "reconciler/reconcile_internal.h"

#include "reconciler/layout_cache.h"
#include "reconciler/source_names.h"
#include "reconciler/source_verify.h"
#include "store/cache.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define FINGERPRINT_SETTING "reconciler.fingerprint"

enum {
	DEFAULT_POLL = 30 * G_USEC_PER_SEC,
	DEFAULT_DRIFT = G_USEC_PER_SEC,
	DRIFT_PAUSE = 50 * 1000,
};

static const int64_t MOST_RETRY_PAUSE = (int64_t)3600 * G_USEC_PER_SEC;

static const char *const RESULT_NAMES[] = {
	[RECONCILE_UNCHANGED] = "unchanged",
	[RECONCILE_WAITING] = "waiting",
	[RECONCILE_APPLIED] = "applied",
	[RECONCILE_PARTIAL] = "partial",
	[RECONCILE_SUPERSEDED] = "superseded",
};

const char *reconcile_result_name(ReconcileResult result)
{
	return RESULT_NAMES[result];
}

// ---- The steps ----------------------------------------------------------------------------------------------------

// One walk as it goes on.
typedef struct {
	Reconciler *self;
	ReconcileOutcome *outcome;
	SourceTip tip;
	Layout *layout;
	Plan *plan;
	GPtrArray *edited; // DriftItem *: flows to restore; NULL: none
	int64_t lap; // monotonic
} Walk;

static void walk_clear(Walk *walk)
{
	plan_free(walk->plan);
	layout_unref(walk->layout);
	g_clear_pointer(&walk->edited, g_ptr_array_unref);
	source_tip_clear(&walk->tip);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Walk, walk_clear)

static int64_t lap(Walk *walk)
{
	int64_t now = g_get_monotonic_time();
	int64_t passed = now - walk->lap;

	walk->lap = now;
	return passed;
}

// The commit that is live, when it is of this very source.
static const char *known_commit(const Reconciler *self)
{
	return *self->attempted != '\0' ? self->attempted : self->row->commit_live;
}

SourceKnown known_source(const Reconciler *self)
{
	return (SourceKnown){known_commit(self), self->row->ref};
}

// What is followed from the first fetch on, and why; NULL: that was told.
static const char *describe_followed(Reconciler *self, const SourceTip *tip)
{
	const char *before = self->row->commit_live == NULL ? NULL : self->row->ref;

	if (self->follows != NULL)
		return NULL;
	g_autofree char *what =
		g_strdup_printf("follows %s '%s'", ref_kind(tip->ref), ref_short(tip->ref));
	if (before != NULL && strcmp(before, tip->ref) != 0)
		self->follows = g_strdup_printf("%s now, %s; before it was %s '%s'", what,
			source_is_named(self->source) ? "as it is told to" : "since none is named",
			ref_kind(before), ref_short(before));
	else if (source_is_named(self->source))
		self->follows = g_strdup_printf("%s, as it is told to", what);
	else
		self->follows = g_strdup_printf("%s, %s; name another one to follow that", what,
			before == NULL ? "since HEAD names it" : "as before, wherever HEAD is now");
	return self->follows;
}

static bool step_fetch(Walk *walk, GError **error)
{
	Reconciler *self = walk->self;
	const SourceKnown known = known_source(self);
	bool good = source_fetch(self->source, &known, &walk->tip, error);

	if (source_notice(self->source) != NULL) {
		note_notice(self, source_notice(self->source));
		// What could not be read from the old mirror may well be in the new one.
		self->retry_at = 0;
	}
	walk->outcome->notice = source_notice(self->source);
	if (*walk->tip.id != '\0')
		walk->outcome->follows = describe_followed(self, &walk->tip);
	g_strlcpy(walk->outcome->commit, walk->tip.id, SOURCE_TIP_ID_SIZE);
	walk->outcome->rewound = walk->tip.move == SOURCE_REWOUND;
	walk->outcome->fetch_us = lap(walk);
	return good;
}

static bool step_verify(Walk *walk, GError **error)
{
	return source_policies->verify(
		walk->self->source, &walk->tip, known_commit(walk->self), error);
}

static const LayoutLimits *limits_of(const Reconciler *self)
{
	return self->options.limits.entries == 0 ? NULL : &self->options.limits;
}

static bool step_load(Walk *walk, GError **error)
{
	Reconciler *self = walk->self;
	g_autoptr(StoredCache) cache = stored_cache_new(self->store, self->layout == NULL);
	g_autoptr(SourceTree) tree =
		source_tree_open_repository(source_repository(self->source), walk->tip.id, error);

	if (tree == NULL)
		return false;
	walk->layout = layout_load(tree, self->layout, stored_cache_layout(cache), limits_of(self),
		self->environment, error);
	// Connections and variables of no environment are none to go live with.
	if (walk->layout == NULL || !layout_has_environment(walk->layout, self->environment, error))
		return false;
	layout_unref(self->layout);
	self->layout = layout_ref(walk->layout);
	walk->outcome->load_us = lap(walk);
	return true;
}

// Reads the live side anew when someone else has written to the store.
static bool refresh_view(Reconciler *self, GError **error)
{
	int64_t count = 0;

	if (!store_change_count(self->store, &count, error))
		return false;
	if (self->viewed && count == self->change_count)
		return true;
	if (!live_view_load(self->view, error))
		return false;
	self->viewed = true;
	self->change_count = count;
	return true;
}

static bool step_compute(Walk *walk, GError **error)
{
	Reconciler *self = walk->self;

	if (!refresh_view(self, error))
		return false;
	walk->plan = plan_compute(walk->layout, live_view_plan(self->view), error);
	return walk->plan != NULL;
}

static bool step_guard(Walk *walk, GError **error)
{
	(void)error;
	plan_guard(walk->plan, &walk->self->options.policy);
	walk->outcome->plan_us = lap(walk);
	return true;
}

// A push that came meanwhile makes the rest of this apply pointless.
static bool newer_waits(void *data)
{
	const Walk *walk = data;

	return source_has_moved(walk->self->source, &walk->tip.commit);
}

static ReconcileResult result_of(const Walk *walk, const ApplyOutcome *applied)
{
	if (applied->superseded)
		return RECONCILE_SUPERSEDED;
	if (walk->plan->broken || applied->domains_held > 0)
		return RECONCILE_PARTIAL;
	return RECONCILE_APPLIED;
}

// A commit of which an object could not be read is walked again after a while, and less and less often: what is damaged may be
// repaired, and what is missing may come.
static void end_attempt(Walk *walk)
{
	Reconciler *self = walk->self;

	if (!layout_unreadable(walk->layout)) {
		g_strlcpy(self->attempted, walk->tip.id, SOURCE_TIP_ID_SIZE);
		*self->retried = '\0';
		return;
	}
	// It may be our own copy that is damaged: then the next fetch brings another one.
	source_distrust(self->source);
	if (strcmp(self->retried, walk->tip.id) != 0)
		self->retry_pause = self->options.poll_interval;
	else
		self->retry_pause = MIN(2 * self->retry_pause, MOST_RETRY_PAUSE);
	g_strlcpy(self->retried, walk->tip.id, SOURCE_TIP_ID_SIZE);
	self->retry_at = g_get_monotonic_time() + self->retry_pause;
}

static bool step_apply(Walk *walk, GError **error)
{
	Reconciler *self = walk->self;
	CommitNote note = {self, &walk->tip, walk->plan};
	const ApplyOptions options = {
		.store = self->store,
		.view = self->view,
		.source = self->name,
		.commit = walk->tip.id,
		.environment = self->environment,
		.superseded = newer_waits,
		.data = walk,
		.edited = walk->edited,
	};
	ApplyOutcome applied;
	bool good = plan_apply(&options, walk->plan, &applied, note_commit, &note, error);

	walk->outcome->created = applied.created;
	walk->outcome->updated = applied.updated;
	walk->outcome->deleted = applied.deleted;
	walk->outcome->cosmetic = applied.cosmetic;
	walk->outcome->restored = applied.restored;
	walk->outcome->domains_broken = applied.domains_broken;
	walk->outcome->domains_held = applied.domains_held;
	walk->outcome->result = result_of(walk, &applied);
	walk->outcome->apply_us = lap(walk);
	layout_forget_definitions(walk->layout);
	// Only the store is written to: what its database refuses is no domain's fault.
	walk->outcome->unrecorded = !good && (*error)->domain == DB_ERROR;
	if (!good)
		note_forget(self);
	else if (!applied.superseded)
		end_attempt(walk);
	return good;
}

static bool may_not_go_on(void *data)
{
	Reconciler *self = data;
	struct pollfd wait = {.fd = source_watch_fd(self->watch), .events = POLLIN};

	if (atomic_load(&self->stopping) || (wait.fd >= 0 && poll(&wait, 1, 0) == 1))
		return true;
	// A fetch that began before and has ended since brings news, most likely.
	return source_prepare_fd(self->source) >= 0 && source_prepare(self->source, NULL);
}

// Microseconds that this thread has had a processor.
static int64_t processor_time(void)
{
	struct timespec time = {0};

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (int64_t)time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

// Looks for drift when its time has come; an observation that a push cuts short goes on later.
static bool step_observe(Walk *walk, GError **error)
{
	Reconciler *self = walk->self;
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)drift_item_free);
	int64_t began = g_get_monotonic_time();

	if (self->observer == NULL || began < self->drift_next)
		return true;
	walk->lap = began;
	int64_t spent = processor_time();
	bool complete = false;
	bool good = drift_observe(self->observer, may_not_go_on, self, items, &complete, error);
	if (good && complete) {
		good = drift_record(self->observer, items, &walk->outcome->drift_began,
			&walk->outcome->drift_resolved, error);
		walk->outcome->unrecorded |= !good;
	}
	walk->outcome->drift_us = lap(walk);
	// Looking never takes more than a twentieth of a processor. What it waits for, a lock or its turn, puts nothing off: a look
	// that was held up for two seconds would otherwise make the next one 40 seconds late.
	int64_t now = g_get_monotonic_time();
	spent = processor_time() - spent;
	self->drift_earliest = now + MAX(DRIFT_PAUSE, 20 * spent);
	self->drift_next = MAX(now + self->options.drift_interval, self->drift_earliest);
	if (good && !complete)
		self->drift_next = self->drift_earliest;
	return good;
}

// ---- Looking for drift --------------------------------------------------------------------------------------------

static char *resolve_url(const char *name, const char *url, void *data, GError **error)
{
	const Reconciler *self = data;

	return self->options.connection_url(name, url, self->options.data, error);
}

// The definition of a flow at the live commit, for a diff; loads the commit when this process has not yet.
static char *committed_definition(const char *namespace, const char *id, void *data)
{
	Reconciler *self = data;

	if (self->layout == NULL && self->row->commit_live != NULL) {
		g_autoptr(StoredCache) cache = stored_cache_new(self->store, true);
		g_autoptr(SourceTree) tree = source_tree_open_repository(
			source_repository(self->source), self->row->commit_live, NULL);

		if (tree != NULL)
			self->layout = layout_load(tree, NULL, stored_cache_layout(cache),
				limits_of(self), self->environment, NULL);
	}
	const LayoutFlow *flow =
		self->layout == NULL ? NULL : layout_flow_find(self->layout, namespace, id);
	return flow == NULL ? NULL : layout_flow_definition(self->layout, flow, NULL);
}

static DriftOptions drift_options(Reconciler *self)
{
	return (DriftOptions){
		.data_folder = self->data_folder,
		.connection_url = self->options.connection_url == NULL ? NULL : resolve_url,
		.committed = committed_definition,
		.data = self,
	};
}

// Which flows somebody edited in the store, when they are to be restored.
static bool step_survey(Walk *walk, GError **error)
{
	Reconciler *self = walk->self;

	if (!self->options.restore)
		return true;
	const DriftOptions options = drift_options(self);
	g_autoptr(DriftObserver) observer = drift_observer_new(self->store, &options);
	walk->edited = g_ptr_array_new_with_free_func((GDestroyNotify)drift_item_free);
	return drift_look_at_flows(observer, walk->edited, error);
}

// ---- The walk -----------------------------------------------------------------------------------------------------

typedef bool (*Step)(Walk *walk, GError **error);

// What a git push sets going, once it was fetched.
static const Step STEPS[] = {
	step_verify,
	step_load,
	step_compute,
	step_guard,
	step_apply,
};

// *ret_news: whether the fetched commit still has to be walked. Notes in the store when there is nothing to walk.
static bool step_compare(Walk *walk, bool *ret_news, GError **error)
{
	Reconciler *self = walk->self;

	*ret_news = false;
	if (walk->tip.move == SOURCE_EMPTY) {
		walk->outcome->result = RECONCILE_WAITING;
		return note_waiting(self, &walk->tip, error);
	}
	bool edited = walk->edited != NULL && walk->edited->len > 0;
	bool waits =
		strcmp(self->retried, walk->tip.id) == 0 && g_get_monotonic_time() < self->retry_at;
	if (!edited && (waits || strcmp(self->attempted, walk->tip.id) == 0)) {
		walk->outcome->result = RECONCILE_UNCHANGED;
		return note_unchanged(self, &walk->tip, error);
	}
	*ret_news = true;
	return true;
}

bool reconcile_once(Reconciler *self, ReconcileOutcome *ret_outcome, GError **error)
{
	g_auto(Walk) walk = {.self = self, .outcome = ret_outcome, .lap = g_get_monotonic_time()};
	g_autoptr(GError) failure = NULL;
	bool news = false;

	*ret_outcome = (ReconcileOutcome){.result = RECONCILE_UNCHANGED};
	bool good = step_fetch(&walk, &failure) && step_survey(&walk, &failure) &&
		    step_compare(&walk, &news, &failure);
	for (size_t i = 0; good && news && i < G_N_ELEMENTS(STEPS); i++)
		good = STEPS[i](&walk, &failure);
	if (!good && g_error_matches(failure, SOURCE_ERROR, SOURCE_ERROR_UNREADABLE))
		// It may be our own copy that is damaged: then the next fetch brings another one.
		source_distrust(self->source);
	// A store that is kept locked was waited for: waiting as long once more would only tell later.
	if (!good &&
		!(ret_outcome->unrecorded && g_error_matches(failure, DB_ERROR, DB_ERROR_LOCKED)))
		ret_outcome->unrecorded |= !note_failure(self, &walk.tip, failure);
	step_observe(&walk, failure == NULL ? &failure : NULL);
	if (failure == NULL)
		return true;
	g_propagate_error(error, g_steal_pointer(&failure));
	return false;
}

bool reconcile_observe(Reconciler *self, ReconcileOutcome *ret_outcome, GError **error)
{
	g_auto(Walk) walk = {.self = self, .outcome = ret_outcome};

	*ret_outcome = (ReconcileOutcome){.result = RECONCILE_UNCHANGED};
	return step_observe(&walk, error);
}

bool reconcile_judge(Reconciler *self, GError **error)
{
	return health_observe(self->health, error);
}

// ---- The reconciler -----------------------------------------------------------------------------------------------

static void copy_options(Reconciler *self, const ReconcilerOptions *options)
{
	self->options = *options;
	self->store = options->store;
	self->url = g_strdup(options->source.url);
	self->options.source = (SourceOptions){0}; // the source keeps what it needs
	self->options.name = self->name = g_strdup(options->name != NULL ? options->name : "main");
	self->options.environment = self->environment = g_strdup(options->environment);
	self->options.data_folder = self->data_folder = g_strdup(options->data_folder);
	if (self->options.poll_interval == 0)
		self->options.poll_interval = DEFAULT_POLL;
	if (self->options.drift_interval == 0)
		self->options.drift_interval = DEFAULT_DRIFT;
}

char *walk_fingerprint(const Reconciler *self)
{
	const PlanPolicy *policy = &self->options.policy;
	g_autofree char *limits = layout_limits_text(limits_of(self));

	return g_strdup_printf("%s %s %d %u %d %s %s", WEIR_VERSION, layout_reading_digest(),
		store_version_known(), policy->max_deletions, policy->allow_breaking,
		self->environment != NULL ? self->environment : "", limits);
}

// Takes up where an earlier process ended: a commit that it walked to the end, under the same settings, is not walked again.
static bool recall(Reconciler *self, GError **error)
{
	g_autofree char *fingerprint = walk_fingerprint(self);
	g_autofree char *recorded = NULL;

	if (!store_source_get(self->store, self->name, &self->row, error) ||
		!store_setting_get(self->store, FINGERPRINT_SETTING, &recorded, error))
		return false;
	bool same = self->row != NULL && strcmp(self->row->url, self->url) == 0;
	if (!same) {
		store_source_free(self->row);
		self->row = g_new0(StoreSource, 1);
		self->row->name = g_strdup(self->name);
		self->row->url = g_strdup(self->url);
	}
	if (same && self->row->commit_live != NULL && g_strcmp0(recorded, fingerprint) == 0)
		g_strlcpy(self->attempted, self->row->commit_live, SOURCE_TIP_ID_SIZE);
	return true;
}

// The branch that was followed last, when a commit of it was found.
static const char *noted_ref(const StoreSource *row)
{
	return row->commit_live != NULL || row->commit_wanted != NULL ? row->ref : NULL;
}

Reconciler *reconciler_new(const ReconcilerOptions *options, GError **error)
{
	g_autoptr(Reconciler) self = g_new0(Reconciler, 1);

	self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	copy_options(self, options);
	if (!recall(self, error))
		return NULL;
	SourceOptions source = options->source;
	source.noted = noted_ref(self->row);
	self->source = source_new(&source, error);
	if (self->source == NULL || !store_prepare_apply(self->store, error))
		return NULL;
	self->watch = source_watch_new(
		self->source, self->options.poll_interval, (uint32_t)g_random_int());
	self->view = live_view_new(self->store);
	self->health = health_observer_new(self->store);
	const DriftOptions drift = drift_options(self);
	if (self->options.drift_interval > 0)
		self->observer = drift_observer_new(self->store, &drift);
	return g_steal_pointer(&self);
}

void reconciler_free(Reconciler *self)
{
	if (self == NULL)
		return;
	drift_observer_free(self->observer);
	health_observer_free(self->health);
	live_view_free(self->view);
	layout_unref(self->layout);
	source_watch_free(self->watch);
	source_free(self->source);
	store_source_free(self->row);
	if (self->wake_fd >= 0)
		close(self->wake_fd);
	g_free(self->url);
	g_free(self->name);
	g_free(self->environment);
	g_free(self->data_folder);
	g_free(self->follows);
	g_free(self);
}

Layout *reconciler_layout(const Reconciler *self)
{
	return self->layout;
}
