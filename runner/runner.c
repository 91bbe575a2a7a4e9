#include "runner/connection_pool.h"
#include "runner/failpoint.h"
#include "runner/folder.h"
#include "runner/net/net_policy.h"
#include "runner/process_strays.h"
#include "runner/runner_internal.h"

#include "runner/run_files.h"
#include "store/flow.h"
#include "store/id.h"
#include "store/timestamp.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

enum { POLL = 1000000 }; // microseconds between looks at what other processes may have written

// ---- Making and freeing

static const char *keep_text(Runner *runner, const char *text)
{
	char *copy = g_strdup(text);

	if (copy != NULL)
		g_ptr_array_add(runner->texts, copy);
	return copy;
}

static void options_copy(Runner *runner, const RunnerOptions *options)
{
	RunnerOptions *mine = &runner->options;

	*mine = *options;
	mine->node_name = keep_text(runner, options->node_name);
	mine->roles = keep_text(runner, options->roles);
	mine->data_folder = keep_text(runner, options->data_folder);
	mine->work_folder = keep_text(runner, options->work_folder);
	mine->environments_folder = keep_text(runner, options->environments_folder);
	if (options->scripts_folder != NULL &&
		g_file_test(options->scripts_folder, G_FILE_TEST_IS_DIR))
		mine->scripts_folder = keep_text(runner, options->scripts_folder);
	else
		mine->scripts_folder = NULL;
	mine->slots = options->slots != 0 ? options->slots : g_get_num_processors();
	mine->max_runs = options->max_runs != 0 ? options->max_runs : 10000;
	mine->beat = options->beat != 0 ? options->beat : 15 * G_USEC_PER_SEC;
	mine->globals = options->globals == NULL ? NULL : json_deep_copy(options->globals);
	mine->pools = NULL;
	mine->private_addresses = NULL;
	for (size_t i = 0; i < options->pool_count; i++) {
		Pool pool = {
			.name = g_strdup(options->pools[i].name), .limit = options->pools[i].limit};

		g_array_append_val(runner->pools, pool);
	}
}

// A folder that is there for all runners with the same data folder; without one it goes with this runner.
static void folder_name(Runner *runner, char **ret_path, const char *name)
{
	const char *data = runner->options.data_folder;

	*ret_path = g_build_filename(data != NULL ? data : runner->work_folder, name, NULL);
}

// One of its own, which others may remove once it is dead.
static bool own_work_folder_make(Runner *runner, GError **error)
{
	const char *data = runner->options.data_folder;

	runner->own_work_folder = true;
	if (data != NULL)
		runner->nodes_folder = g_build_filename(data, "work", NULL);
	do {
		g_free(runner->work_folder);
		runner->work_folder =
			data == NULL ? g_dir_make_tmp("weir-XXXXXX", error)
				     : g_build_filename(data, "work", runner->node_id, NULL);
		if (runner->work_folder == NULL)
			return false;
		if (g_mkdir_with_parents(runner->work_folder, 0700) < 0) {
			g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
				"cannot make the folder '%s': %s", runner->work_folder,
				g_strerror(errno));
			return false;
		}
	} while (!runner_work_folder_hold(runner, runner->work_folder) &&
		 (errno == ENOENT || errno == EWOULDBLOCK));
	return true;
}

static bool folders_make(Runner *runner, GError **error)
{
	const RunnerOptions *options = &runner->options;

	if (options->work_folder != NULL) {
		runner->work_folder = g_strdup(options->work_folder);
		if (g_mkdir_with_parents(runner->work_folder, 0700) < 0) {
			g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
				"cannot make the folder '%s': %s", runner->work_folder,
				g_strerror(errno));
			return false;
		}
	} else if (!own_work_folder_make(runner, error)) {
		return false;
	}
	folder_name(runner, &runner->shared_folder, "shared");
	folder_name(runner, &runner->cache_folder, "cache");
	runner->files_folder = g_build_filename(
		options->data_folder != NULL ? options->data_folder : runner->work_folder, "files",
		NULL);
	if (options->environments_folder != NULL)
		runner->environments_folder = g_strdup(options->environments_folder);
	else
		runner->environments_folder = g_build_filename(
			options->data_folder != NULL ? options->data_folder : runner->work_folder,
			"environments", NULL);
	return true;
}

static void pool_clear(gpointer data)
{
	g_free(((Pool *)data)->name);
}

static void model_unref(gpointer data)
{
	flow_model_unref(data);
}

static GHashTable *models_new(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, model_unref);
}

Runner *runner_new(Store *store, const RunnerOptions *options, GError **error)
{
	Runner *runner = g_new0(Runner, 1);

	runner->store = store;
	runner->texts = g_ptr_array_new_with_free_func(g_free);
	runner->pools = g_array_new(FALSE, FALSE, sizeof(Pool));
	g_array_set_clear_func(runner->pools, pool_clear);
	options_copy(runner, options);
	pthread_mutex_init(&runner->lock, NULL);
	pthread_mutex_init(&runner->helm, NULL);
	pthread_cond_init(&runner->job_ready, NULL);
	pthread_cond_init(&runner->changed, NULL);
	g_queue_init(&runner->jobs);
	g_queue_init(&runner->ended);
	g_queue_init(&runner->active);
	g_queue_init(&runner->waiting);
	runner->models = models_new();
	runner->old_models = models_new();
	runner->held = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	runner->drives = g_hash_table_new(g_str_hash, g_str_equal);
	runner->children = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	runner->idle_folders = g_ptr_array_new_with_free_func(g_free);
	runner->round = g_ptr_array_new();
	runner->fresh = g_ptr_array_new();
	runner->dispatch = g_ptr_array_new();
	runner->ahead = g_ptr_array_new();
	runner->timers = g_sequence_new(g_free);
	runner->worker_count = runner->options.slots;
	g_queue_init(&runner->swept);
	pthread_cond_init(&runner->swept_ready, NULL);
	runner->work_lock = -1;
	runner->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	id_make(runner->node_id);
	runner->net_policy = net_policy_new(options->private_addresses, error);
	if (runner->net_policy == NULL)
		g_prefix_error(error, "'private_addresses': ");
	if (runner->net_policy == NULL || !folders_make(runner, error))
		g_clear_pointer(&runner, runner_free);
	return runner;
}

void runner_free(Runner *runner)
{
	union {
		const json_t *in;
		json_t *out;
	} globals;

	if (runner == NULL)
		return;
	runner_stop(runner, 0);
	connection_pool_clear();
	for (guint i = 0; i < runner->idle_folders->len; i++)
		rmdir(runner->idle_folders->pdata[i]);
	if (runner->own_work_folder && runner->work_folder != NULL)
		folder_remove(runner->work_folder);
	if (runner->work_lock >= 0)
		close(runner->work_lock);
	g_queue_clear_full(&runner->swept, g_free);
	pthread_cond_destroy(&runner->swept_ready);
	g_ptr_array_unref(runner->idle_folders);
	globals.in = runner->options.globals;
	json_decref(globals.out);
	g_hash_table_unref(runner->models);
	g_hash_table_unref(runner->old_models);
	g_hash_table_unref(runner->held);
	g_hash_table_unref(runner->drives);
	g_hash_table_unref(runner->children);
	g_ptr_array_unref(runner->round);
	g_ptr_array_unref(runner->fresh);
	g_ptr_array_unref(runner->dispatch);
	g_ptr_array_unref(runner->ahead);
	g_sequence_free(runner->timers);
	g_array_unref(runner->pools);
	g_ptr_array_unref(runner->texts);
	pthread_mutex_destroy(&runner->lock);
	pthread_mutex_destroy(&runner->helm);
	pthread_cond_destroy(&runner->job_ready);
	pthread_cond_destroy(&runner->changed);
	if (runner->wake_fd >= 0)
		close(runner->wake_fd);
	net_policy_free(runner->net_policy);
	g_free(runner->node_name);
	g_free(runner->work_folder);
	g_free(runner->files_folder);
	g_free(runner->environments_folder);
	g_free(runner->shared_folder);
	g_free(runner->cache_folder);
	g_free(runner->nodes_folder);
	g_free(runner->broken);
	g_free(runner);
}

// ---- What drives ask of it

Store *runner_store(Runner *runner)
{
	return runner->store;
}

const RunnerOptions *runner_options(const Runner *runner)
{
	return &runner->options;
}

const NetPolicy *runner_net_policy(const Runner *runner)
{
	return runner->net_policy;
}

const char *runner_files_folder(const Runner *runner)
{
	return runner->files_folder;
}

const char *runner_work_folder(const Runner *runner)
{
	return runner->work_folder;
}

const char *runner_shared_folder(const Runner *runner)
{
	return runner->shared_folder;
}

const char *runner_cache_folder(const Runner *runner)
{
	return runner->cache_folder;
}

const char *runner_environments_folder(const Runner *runner)
{
	return runner->environments_folder;
}

static char *model_key(const char *namespace, const char *id, int64_t revision)
{
	return g_strdup_printf("%s/%s/%" G_GINT64_FORMAT, namespace, id, revision);
}

// Those that were not used while MODELS others were go. Lock held.
static void model_keep(Runner *runner, char *key, FlowModel *model)
{
	enum { MODELS = 1024 };

	if (g_hash_table_size(runner->models) >= MODELS) {
		g_hash_table_unref(runner->old_models);
		runner->old_models = runner->models;
		runner->models = models_new();
	}
	g_hash_table_replace(runner->models, key, model);
}

static void model_put(Runner *runner, char *key, FlowModel *model)
{
	pthread_mutex_lock(&runner->lock);
	model_keep(runner, key, model);
	pthread_mutex_unlock(&runner->lock);
}

// A new reference; NULL: not kept.
static FlowModel *model_find(Runner *runner, const char *key)
{
	gpointer old_key, old_model;
	FlowModel *model;

	pthread_mutex_lock(&runner->lock);
	model = g_hash_table_lookup(runner->models, key);
	if (model == NULL &&
		g_hash_table_steal_extended(runner->old_models, key, &old_key, &old_model)) {
		model = old_model;
		model_keep(runner, old_key, model);
	}
	if (model != NULL)
		flow_model_ref(model);
	pthread_mutex_unlock(&runner->lock);
	return model;
}

void runner_flow_put(Runner *runner, int64_t revision, Flow *flow)
{
	model_put(runner, model_key(flow->namespace, flow->id, revision),
		flow_model_new(flow, revision, NULL));
}

FlowModel *runner_model(
	Runner *runner, const char *namespace, const char *id, int64_t revision, GError **error)
{
	g_autofree char *key = model_key(namespace, id, revision);
	g_autoptr(StoreRevision) row = NULL;
	FlowModel *model = model_find(runner, key);
	Flow *flow;

	if (model != NULL ||
		!store_revision_get(runner->store, namespace, id, revision, &row, error))
		return model;
	flow = row == NULL
		       ? NULL
		       : flow_parse(id, row->definition, strlen(row->definition), namespace, NULL);
	if (flow == NULL) {
		g_set_error(error, TASK_ERROR, TASK_ERROR_FAILED,
			"revision %" G_GINT64_FORMAT " of flow '%s.%s' %s", revision, namespace, id,
			row == NULL ? "is not in the store" : "cannot be read");
		return NULL;
	}
	model = flow_model_new(flow, revision, row->scripts_tree);
	model_put(runner, g_steal_pointer(&key), flow_model_ref(model));
	return model;
}

// ---- Workers

static TaskContext *job_take(Runner *runner)
{
	TaskContext *context;

	pthread_mutex_lock(&runner->lock);
	while ((context = g_queue_pop_head(&runner->jobs)) == NULL && !runner->workers_stop)
		pthread_cond_wait(&runner->job_ready, &runner->lock);
	if (context != NULL)
		runner->figures.busy++;
	pthread_mutex_unlock(&runner->lock);
	return context;
}

static bool ended_waits(Runner *runner)
{
	bool waits;

	pthread_mutex_lock(&runner->lock);
	waits = runner->ended.length > 0;
	pthread_mutex_unlock(&runner->lock);
	return waits;
}

static void jobs_signal(Runner *runner)
{
	pthread_mutex_lock(&runner->lock);
	if (runner->jobs.length > 0)
		pthread_cond_signal(&runner->job_ready);
	pthread_mutex_unlock(&runner->lock);
}

// A worker that has ended a task takes the helm itself when it is free, commits, and goes on with what follows: no thread
// has to be woken between two tasks. When the helm is taken, its holder sees what has ended before it lets go for good.
static void steer(Runner *runner)
{
	while (ended_waits(runner)) {
		if (pthread_mutex_trylock(&runner->helm) != 0)
			return;
		runner_round(runner, true);
		// The driver sleeps until what it knew was next.
		if (runner->active.length > 0 || atomic_load(&runner->stopping) != 0 ||
			runner_next_moment(runner) < atomic_load(&runner->sleeps_until))
			eventfd_write(runner->wake_fd, 1);
		pthread_mutex_unlock(&runner->helm);
		// More has ended meanwhile: while this one commits that, another begins what it would have taken.
		if (ended_waits(runner))
			jobs_signal(runner);
	}
}

// Leaves it to whoever has the helm next. True: there is no job to go on with, so that may as well be us.
static bool job_end(Runner *runner, TaskContext *context)
{
	unsigned left;

	context->ended = timestamp_now();
	pthread_mutex_lock(&runner->lock);
	runner->figures.busy--;
	runner->figures.finished++;
	g_queue_push_tail(&runner->ended, context);
	left = runner->jobs.length;
	pthread_mutex_unlock(&runner->lock);
	if (left == 0)
		return true;
	if (left <= atomic_load(&runner->jobs_low) && !atomic_load(&runner->awake))
		eventfd_write(runner->wake_fd, 1);
	return false;
}

// By so much behind the server itself, which may stand back for others already. Linux counts by thread.
static void nice_stand_back(int by)
{
	if (by > 0)
		setpriority(PRIO_PROCESS, 0, MIN(getpriority(PRIO_PROCESS, 0) + by, 19));
}

static void *worker_main(void *data)
{
	Runner *runner = data;
	TaskContext *context;

	// Of this thread alone: who asks for the status or pushes a commit does not stand in line with a thousand commands.
	nice_stand_back(runner->options.nice);
	while ((context = job_take(runner)) != NULL) {
		if (runner_ahead_begin(runner, context))
			task_context_run(context);
		failpoint("ran");
		if (job_end(runner, context))
			steer(runner);
	}
	return NULL;
}

// ---- The driver

static bool node_put(Runner *runner, GError **error)
{
	int64_t now = timestamp_now();
	g_autofree char *name = g_strdup_printf("%s/%d", g_get_host_name(), (int)getpid());
	g_autofree char *given = g_strdup(runner->options.node_name);
	g_autofree char *version = g_strdup(WEIR_VERSION);
	g_autofree char *roles = g_strdup(runner->options.roles);
	StoreNode node = {
		.id = runner->node_id,
		.name = given != NULL ? given : name,
		.version = version,
		.roles = roles,
		.slots = runner->worker_count,
		.started_at = now,
		.beat_at = now,
		.expires_at = now + runner->options.beat,
	};

	runner->next_beat = now + runner->options.beat / 3;
	return store_node_put(runner->store, &node, error);
}

// A node whose beat came too late has lost its runs: whatever it still does is refused, so it lets go of them.
static void lost_all(Runner *runner)
{
	g_autoptr(GError) error = NULL;

	fprintf(stderr, "weir: warning: this node did not beat in time and has lost its runs; it "
			"claims anew\n");
	runner_give_back(runner);
	if (!node_put(runner, &error))
		fprintf(stderr, "weir: warning: %s\n", error->message);
	runner->claim_wanted = true;
}

static void beat(Runner *runner)
{
	int64_t now = timestamp_now();
	bool alive = true;
	g_autoptr(GError) error = NULL;

	if (now < runner->next_beat)
		return;
	runner->next_beat = now + runner->options.beat / 3;
	// SQLite writes on into a file that is gone from its folder.
	if (!store_in_place(runner->store, &error) ||
		!store_node_beat(runner->store, runner->node_id, runner->busy,
			now + runner->options.beat, &alive, &error) ||
		!store_nodes_expire(runner->store, now, NULL, &error)) {
		runner_trouble(runner, "the node cannot beat", error);
		return;
	}
	runner_trouble(runner, NULL, NULL);
	if (!alive)
		lost_all(runner);
}

// What tasks under way have written is to be seen while they run.
static void logs_flush(Runner *runner)
{
	GHashTableIter iterator;
	gpointer value;

	g_hash_table_iter_init(&iterator, runner->drives);
	while (g_hash_table_iter_next(&iterator, NULL, &value)) {
		Drive *drive = value;

		if (drive->under_way > 0 && store_log_pending(drive->log) > 0)
			runner_active(runner, drive);
	}
}

static void topics_take(Runner *runner)
{
	unsigned topics = store_watch_take(runner->watch);
	int64_t now = timestamp_now();
	int64_t count = 0;

	runner->claim_wanted |= (topics & STORE_TOPIC_RUN_READY) != 0;
	runner->requests_wanted |= (topics & STORE_TOPIC_RUN_REQUEST) != 0;
	if (now < runner->next_poll)
		return;
	runner->next_poll = now + POLL;
	logs_flush(runner);
	// Commits of other processes wake nobody here.
	if (store_change_count(runner->store, &count, NULL) && count != runner->change_count) {
		runner->change_count = count;
		runner->claim_wanted = true;
		runner->requests_wanted = true;
	}
}

int64_t runner_next_moment(const Runner *runner)
{
	int64_t next = MIN(runner->next_poll, runner->next_beat);
	int64_t timer = runner_timers_next(runner);

	if (runner->active.length > 0 || runner_slots_idle(runner) ||
		(runner->claim_wanted && atomic_load(&runner->stopping) == 0))
		return 0;
	if (timer != 0)
		next = MIN(next, timer);
	if (runner->next_due != 0)
		next = MIN(next, runner->next_due);
	if (g_hash_table_size(runner->children) > 0)
		next = MIN(next, runner->next_children);
	return MIN(next, runner_ahead_next(runner));
}

static void driver_wait(Runner *runner)
{
	struct pollfd fds[] = {
		{.fd = runner->wake_fd, .events = POLLIN},
		{.fd = store_watch_fd(runner->watch), .events = POLLIN},
	};
	int64_t next, now;
	eventfd_t value;

	pthread_mutex_lock(&runner->helm);
	next = runner_next_moment(runner);
	atomic_store(&runner->sleeps_until, next);
	pthread_mutex_unlock(&runner->helm);
	// A worker that found the helm taken, or us awake, has left what it ended to us, whatever we were at.
	atomic_store(&runner->awake, false);
	if (ended_waits(runner)) {
		atomic_store(&runner->awake, true);
		return;
	}
	now = timestamp_now();
	poll(fds, G_N_ELEMENTS(fds), next <= now ? 0 : (int)MIN((next - now + 999) / 1000, 1000));
	atomic_store(&runner->awake, true);
	if (fds[0].revents != 0)
		eventfd_read(runner->wake_fd, &value);
}

static void cancel_all(Runner *runner)
{
	GHashTableIter iterator;
	gpointer value;

	g_hash_table_iter_init(&iterator, runner->drives);
	while (g_hash_table_iter_next(&iterator, NULL, &value)) {
		const GPtrArray *nodes = run_graph_nodes(((Drive *)value)->graph);

		for (guint i = 0; i < nodes->len; i++) {
			const RunNode *node = nodes->pdata[i];
			const NodeExtra *extra = node == NULL ? NULL : node->extra;

			if (extra != NULL && extra->context != NULL)
				task_context_cancel(extra->context, CANCEL_STOP);
		}
	}
}

// One turn at the helm. False when the node is to end.
static bool driver_turn(Runner *runner, bool *cancelled)
{
	bool goes_on;

	pthread_mutex_lock(&runner->helm);
	if (atomic_load(&runner->stopping) == 2 && !*cancelled) {
		cancel_all(runner);
		*cancelled = true;
	}
	topics_take(runner);
	beat(runner);
	runner_round(runner, false);
	goes_on = atomic_load(&runner->stopping) == 0 || runner->busy > 0;
	pthread_mutex_unlock(&runner->helm);
	return goes_on;
}

static void *driver_main(void *data)
{
	Runner *runner = data;
	g_autoptr(GError) error = NULL;
	bool cancelled = false;

	do
		driver_wait(runner);
	while (driver_turn(runner, &cancelled) || ended_waits(runner));
	pthread_mutex_lock(&runner->helm);
	runner_give_back(runner);
	pthread_mutex_unlock(&runner->helm);
	if (!store_node_delete(runner->store, runner->node_id, &error))
		fprintf(stderr, "weir: warning: %s\n", error->message);
	return NULL;
}

bool runner_start(Runner *runner, GError **error)
{
	if (runner->options.sole && !store_nodes_expire(runner->store, INT64_MAX, NULL, error))
		return false;
	if (!node_put(runner, error))
		return false;
	runner->watch = store_watch_new(
		runner->store, STORE_TOPIC_RUN_READY | STORE_TOPIC_RUN_REQUEST, error);
	if (runner->watch == NULL)
		return false;
	runner->claim_wanted = true;
	runner_ahead_open(runner);
	process_adopt_orphans();
	runner->workers = g_new0(pthread_t, runner->worker_count);
	for (unsigned i = 0; i < runner->worker_count; i++)
		pthread_create(&runner->workers[i], NULL, worker_main, runner);
	pthread_create(&runner->driver, NULL, driver_main, runner);
	runner_sweeper_start(runner);
	runner->started = true;
	return true;
}

void runner_stop(Runner *runner, int64_t grace)
{
	int64_t end = g_get_monotonic_time() + grace;
	RunnerFigures figures;

	if (!runner->started)
		return;
	atomic_store(&runner->stopping, grace > 0 ? 1 : 2);
	eventfd_write(runner->wake_fd, 1);
	while (grace > 0 && g_get_monotonic_time() < end) {
		runner_figures(runner, &figures);
		if (figures.busy == 0)
			break;
		g_usleep(5000);
	}
	atomic_store(&runner->stopping, 2);
	eventfd_write(runner->wake_fd, 1);
	pthread_join(runner->driver, NULL);
	pthread_mutex_lock(&runner->lock);
	runner->workers_stop = true;
	pthread_cond_broadcast(&runner->job_ready);
	pthread_mutex_unlock(&runner->lock);
	for (unsigned i = 0; i < runner->worker_count; i++)
		pthread_join(runner->workers[i], NULL);
	runner_sweeper_stop(runner);
	g_free(runner->workers);
	g_clear_pointer(&runner->watch, store_watch_free);
	g_clear_pointer(&runner->begun, begun_log_close);
	runner->started = false;
}

// ---- For others

char *runner_file_put(Runner *runner, const char *path, GError **error)
{
	return run_file_put(runner->files_folder, path, error);
}

// Whether there is nothing to wait for.
static bool run_rests(Runner *runner, const char *run_id, bool *ret_there, GError **error)
{
	g_autoptr(StoreRun) run = NULL;
	bool held;

	*ret_there = true;
	if (!store_run_get(runner->store, run_id, &run, error))
		*ret_there = false;
	else if (run == NULL) {
		g_set_error(
			error, STORE_ERROR, STORE_ERROR_MISSING, "there is no run '%s'", run_id);
		*ret_there = false;
	}
	if (run == NULL || run_state_is_ended(run->state))
		return true;
	// PAUSED with other tasks under way is no rest.
	pthread_mutex_lock(&runner->lock);
	held = g_hash_table_contains(runner->held, run_id);
	pthread_mutex_unlock(&runner->lock);
	return !held && run->state == RUN_PAUSED && run->due_at == 0;
}

bool runner_wait(Runner *runner, const char *run_id, GError **error)
{
	bool there;

	for (;;) {
		struct timespec until;
		uint64_t seen;

		// The lock is never held while the store is asked: the driver takes them in the other order.
		pthread_mutex_lock(&runner->lock);
		seen = runner->changes;
		pthread_mutex_unlock(&runner->lock);
		if (run_rests(runner, run_id, &there, error))
			return there;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec++;
		pthread_mutex_lock(&runner->lock);
		if (seen == runner->changes)
			pthread_cond_timedwait(&runner->changed, &runner->lock, &until);
		pthread_mutex_unlock(&runner->lock);
	}
}

void runner_figures(Runner *runner, RunnerFigures *ret_figures)
{
	pthread_mutex_lock(&runner->lock);
	*ret_figures = runner->figures;
	ret_figures->slots = runner->worker_count;
	pthread_mutex_unlock(&runner->lock);
}
