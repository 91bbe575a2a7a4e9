#include "cli/server.h"

#include "api/server.h"
#include "cli/maintenance.h"
#include "cli/memory.h"
#include "cli/server_lock.h"
#include "cli/server_log.h"
#include "cli/store_path.h"
#include "reconciler/trigger.h"

#include <git2.h>
#include <malloc.h>
#include <pthread.h>

// What the library keeps in memory of a repository between walks.
enum {
	GIT_CACHE_BYTES = 1024 * 1024,
	GIT_WINDOW_BYTES = 1024 * 1024,
	GIT_WINDOWS_BYTES = 16 * 1024 * 1024,
	THREAD_STACK_BYTES = 1024 * 1024,
	LARGE_WALK = 100, // changes
};

struct Server {
	ServerLock *lock;
	Store *store;
	char *data_folder;
	unsigned roles;
	int64_t grace;
	Reconciler *reconciler;
	pthread_t reconciler_thread;
	Scheduler *scheduler;
	pthread_t scheduler_thread;
	Runner *runner;
	ApiServer *api;
	Maintenance *maintenance;
};

// ---- Reports ------------------------------------------------------------------------------------------------------

static void log_number(char *text, size_t size, guint number)
{
	g_snprintf(text, size, "%u", number);
}

static void report_walk(const ReconcileOutcome *outcome, const GError *error, void *data)
{
	char created[16], updated[16], deleted[16], cosmetic[16], broken[16], held[16], took[32];
	int64_t total = outcome->fetch_us + outcome->load_us + outcome->plan_us + outcome->apply_us;
	bool whole = outcome->result != RECONCILE_PARTIAL;

	(void)data;
	if (error != NULL) {
		server_log(G_LOG_LEVEL_WARNING, "reconciler", "cannot reconcile", "error",
			error->message, "commit", *outcome->commit != '\0' ? outcome->commit : NULL,
			NULL);
		return;
	}
	if (outcome->notice != NULL)
		server_log(G_LOG_LEVEL_WARNING, "reconciler", outcome->notice, NULL);
	if (outcome->drift_began + outcome->drift_resolved > 0) {
		log_number(created, sizeof(created), outcome->drift_began);
		log_number(deleted, sizeof(deleted), outcome->drift_resolved);
		server_log(G_LOG_LEVEL_WARNING, "drift", "drift changed", "began", created,
			"resolved", deleted, NULL);
	}
	if (outcome->result == RECONCILE_WAITING)
		server_log(G_LOG_LEVEL_INFO, "reconciler",
			"the repository has no commit yet: waiting for the first push", NULL);
	if (outcome->result == RECONCILE_WAITING || outcome->result == RECONCILE_UNCHANGED)
		return;
	log_number(created, sizeof(created), outcome->created);
	log_number(updated, sizeof(updated), outcome->updated);
	log_number(deleted, sizeof(deleted), outcome->deleted);
	log_number(cosmetic, sizeof(cosmetic), outcome->cosmetic);
	log_number(broken, sizeof(broken), outcome->domains_broken);
	log_number(held, sizeof(held), outcome->domains_held);
	g_snprintf(took, sizeof(took), "%.1f", (double)total / 1000);
	server_log(whole ? G_LOG_LEVEL_INFO : G_LOG_LEVEL_WARNING, "reconciler",
		reconcile_result_name(outcome->result), "commit", outcome->commit, "created",
		created, "updated", updated, "deleted", deleted, "cosmetic", cosmetic, "broken",
		broken, "held", held, "force_pushed", outcome->rewound ? "true" : NULL, "ms", took,
		NULL);
	// A large walk works on far more memory than is kept of it.
	if (outcome->created + outcome->updated + outcome->deleted > LARGE_WALK)
		memory_give_back();
}

static void report_triggers(guint runs, const GError *error, void *data)
{
	char count[16];

	(void)data;
	if (error != NULL) {
		server_log(G_LOG_LEVEL_WARNING, "scheduler", "cannot evaluate triggers", "error",
			error->message, NULL);
		return;
	}
	log_number(count, sizeof(count), runs);
	server_log(G_LOG_LEVEL_INFO, "scheduler", "runs created", "runs", count, NULL);
}

static void report_maintenance(const StoreRetention *retention, const GError *error, void *data)
{
	char counts[RETENTION_KINDS][24];
	const char *shown[RETENTION_KINDS];
	int64_t all = 0;

	(void)data;
	if (error != NULL) {
		server_log(G_LOG_LEVEL_WARNING, "maintenance", "cannot keep house", "error",
			error->message, NULL);
		return;
	}
	for (RetentionKind kind = 0; kind < RETENTION_KINDS; kind++) {
		int64_t forgotten = store_retention_forgotten(retention, kind);

		g_snprintf(counts[kind], sizeof(counts[kind]), "%" G_GINT64_FORMAT, forgotten);
		shown[kind] = forgotten > 0 ? counts[kind] : NULL;
		all += forgotten;
	}
	if (all > 0)
		server_log(G_LOG_LEVEL_INFO, "maintenance", "forgot what had grown old", "runs",
			shown[RETENTION_RUNS], "logs", shown[RETENTION_LOGS], "events",
			shown[RETENTION_EVENTS], "publications", shown[RETENTION_PUBLICATIONS],
			"drift", shown[RETENTION_DRIFT], "plans", shown[RETENTION_PLANS],
			"revisions", shown[RETENTION_REVISIONS], "scripts",
			shown[RETENTION_SCRIPTS], "cache", shown[RETENTION_CACHE], "bytes",
			shown[RETENTION_ROOM], NULL);
}

// ---- Threads ------------------------------------------------------------------------------------------------------

static void *reconciler_main(void *data)
{
	pthread_setname_np(pthread_self(), "reconciler");
	reconciler_run(data);
	return NULL;
}

static void *scheduler_main(void *data)
{
	pthread_setname_np(pthread_self(), "scheduler");
	scheduler_run(data, report_triggers, NULL);
	return NULL;
}

static bool start_thread(
	pthread_t *thread, void *(*function)(void *data), void *data, GError **error)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
	int code = pthread_create(thread, &attributes, function, data);
	pthread_attr_destroy(&attributes);
	if (code == 0)
		return true;
	g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(code),
		"a thread cannot be started: %s", g_strerror(code));
	return false;
}

// ---- The parts ----------------------------------------------------------------------------------------------------

static bool start_reconciler(Server *server, const ServerOptions *options, GError **error)
{
	g_autofree char *mirrors = g_build_filename(server->data_folder, "mirrors", NULL);
	const ServerConfig *config = options->config;
	ReconcilerOptions reconciler = {
		.store = server->store,
		.source = options->source,
		.policy = config->policy,
		.limits = config->limits,
		.environment = config->environment,
		.data_folder = server->data_folder,
		.poll_interval = config->poll_interval,
		.drift_interval = config->drift_interval,
		.report = report_walk,
	};

	if (options->source.url == NULL || (options->roles & ROLE_RECONCILER) == 0)
		return true;
	reconciler.source.mirror_folder = mirrors;
	g_autoptr(Reconciler) created = reconciler_new(&reconciler, error);
	if (created == NULL ||
		!start_thread(&server->reconciler_thread, reconciler_main, created, error))
		return false;
	server->reconciler = g_steal_pointer(&created);
	return true;
}

static void stop_reconciler(Server *server)
{
	if (server->reconciler == NULL)
		return;
	reconciler_stop(server->reconciler);
	pthread_join(server->reconciler_thread, NULL);
	g_clear_pointer(&server->reconciler, reconciler_free);
}

static bool start_scheduler(Server *server, const ServerOptions *options, GError **error)
{
	if ((options->roles & ROLE_SCHEDULER) == 0)
		return true;
	g_autoptr(Scheduler) created = scheduler_new(server->store, error);
	if (created == NULL ||
		!start_thread(&server->scheduler_thread, scheduler_main, created, error))
		return false;
	server->scheduler = g_steal_pointer(&created);
	return true;
}

static void stop_scheduler(Server *server)
{
	if (server->scheduler == NULL)
		return;
	scheduler_stop(server->scheduler);
	pthread_join(server->scheduler_thread, NULL);
	g_clear_pointer(&server->scheduler, scheduler_free);
}

static bool start_runner(Server *server, const ServerOptions *options, GError **error)
{
	g_autofree char *roles = server_roles_text(options->roles);
	const RunnerOptions runner = {
		.slots = options->config->slots,
		.pools = options->config->pools,
		.pool_count = options->config->pool_count,
		.private_addresses = options->config->private_addresses,
		.roles = roles,
		.data_folder = server->data_folder,
		.sole = true,
	};

	if ((options->roles & ROLE_RUNNER) == 0)
		return true;
	server->runner = runner_new(server->store, &runner, error);
	return server->runner != NULL && runner_start(server->runner, error);
}

static bool start_api(Server *server, const ServerOptions *options, GError **error)
{
	const ApiServerOptions api = {
		.address = options->listen,
		.store_url = options->store_url,
		.hosts = options->config->hosts,
	};

	if ((options->roles & ROLE_API) == 0)
		return true;
	server->api = api_server_start(&api, error);
	return server->api != NULL;
}

// What is of no use without rows or files of this node's own.
static bool start_maintenance(Server *server, const ServerOptions *options, GError **error)
{
	const bool runs = (options->roles & ROLE_RUNNER) != 0;
	g_autofree char *files = g_build_filename(server->data_folder, "files", NULL);
	const MaintenanceOptions maintenance = {
		.store = server->store,
		.store_url = options->store_url,
		.files_folder = runs ? files : NULL,
		.rows = (options->roles & ROLE_SCHEDULER) != 0,
		.policy = options->config->retention,
		.interval = options->config->retention_interval,
		.report = report_maintenance,
	};

	if (!maintenance.rows && !runs)
		return true;
	server->maintenance = maintenance_start(&maintenance, error);
	return server->maintenance != NULL;
}

typedef bool (*StartPart)(Server *server, const ServerOptions *options, GError **error);

// The API first: it answers while the rest begins. What does work comes before what makes it.
static const StartPart PARTS[] = {
	start_api,
	start_runner,
	start_scheduler,
	start_reconciler,
	start_maintenance,
};

// ---- The whole ----------------------------------------------------------------------------------------------------

static void save_memory(void)
{
	mallopt(M_ARENA_MAX, 2);
	git_libgit2_init();
	git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)GIT_CACHE_BYTES);
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, (size_t)GIT_WINDOW_BYTES);
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, (size_t)GIT_WINDOWS_BYTES);
}

static bool open_store(Server *server, const ServerOptions *options, GError **error)
{
	if (!store_path_prepare(options->store_url, error))
		return false;
	server->lock = server_lock_new(options->store_url, error);
	if (server->lock == NULL)
		return false;
	server->data_folder = store_path_data_folder(options->store_url);
	server->store = store_open(options->store_url, STORE_READ_WRITE, error);
	return server->store != NULL;
}

Server *server_start(const ServerOptions *options, GError **error)
{
	Server *server = g_new0(Server, 1);

	save_memory();
	server->roles = options->roles;
	server->grace = options->config->grace;
	bool good = open_store(server, options, error);
	for (size_t i = 0; good && i < G_N_ELEMENTS(PARTS); i++)
		good = PARTS[i](server, options, error);
	if (good)
		return server;
	server_stop(server);
	return NULL;
}

bool server_reload(Server *server, const ServerOptions *options, GError **error)
{
	stop_reconciler(server);
	return start_reconciler(server, options, error);
}

void server_stop(Server *server)
{
	if (server == NULL)
		return;
	maintenance_stop(server->maintenance);
	stop_reconciler(server);
	stop_scheduler(server);
	if (server->runner != NULL)
		runner_stop(server->runner, server->grace);
	runner_free(server->runner);
	api_server_stop(server->api);
	store_close(server->store);
	server_lock_free(server->lock);
	g_free(server->data_folder);
	g_free(server);
}

guint16 server_port(const Server *server)
{
	return server->api == NULL ? 0 : api_server_port(server->api);
}
