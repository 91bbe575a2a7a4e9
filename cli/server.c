#include "cli/server.h"

#include "api/ingress.h"
#include "api/server.h"
#include "cli/ingress_rules.h"
#include "cli/maintenance.h"
#include "cli/memory.h"
#include "cli/server_health.h"
#include "cli/server_lock.h"
#include "cli/server_reports.h"
#include "cli/store_path.h"
#include "reconciler/trigger.h"
#include "runner/poller.h"

#include <git2.h>
#include <malloc.h>
#include <pthread.h>

// What the library keeps in memory of a repository between walks.
enum {
	GIT_CACHE_BYTES = 1024 * 1024,
	GIT_WINDOW_BYTES = 1024 * 1024,
	GIT_WINDOWS_BYTES = 16 * 1024 * 1024,
	THREAD_STACK_BYTES = 1024 * 1024,
};

struct Server {
	ServerLock *lock;
	ServerHealth *health;
	Store *store;
	char *data_folder;
	unsigned roles;
	int64_t grace;
	Reconciler *reconciler;
	pthread_t git_thread;
	bool git_starts; // git_thread is to be joined
	pthread_t reconciler_thread;
	Scheduler *scheduler;
	pthread_t scheduler_thread;
	Runner *runner;
	Poller *poller;
	ApiServer *api;
	RunnerOptions secrets; // for the ingress
	IngressRules rules;
	Ingress *ingress;
	Maintenance *maintenance;
};

// ---- Threads ------------------------------------------------------------------------------------------------------

static void *reconciler_main(void *data)
{
	pthread_setname_np(pthread_self(), "reconciler");
	reconciler_run(data);
	return NULL;
}

static void *scheduler_main(void *data)
{
	const Server *server = data;

	pthread_setname_np(pthread_self(), "scheduler");
	scheduler_run(server->scheduler, report_triggers, server->health);
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

// ---- libgit2 ------------------------------------------------------------------------------------------------------

static void *start_git(void *data)
{
	git_libgit2_init();
	git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)GIT_CACHE_BYTES);
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, (size_t)GIT_WINDOW_BYTES);
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, (size_t)GIT_WINDOWS_BYTES);
	return data;
}

// Meanwhile the other parts start: it reads the certificates of the system, which takes as long as all of the rest.
static void begin_git(Server *server)
{
	server->git_starts = start_thread(&server->git_thread, start_git, NULL, NULL);
	if (!server->git_starts)
		start_git(NULL);
}

static void await_git(Server *server)
{
	if (server->git_starts)
		pthread_join(server->git_thread, NULL);
	server->git_starts = false;
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
		.data = server->health,
	};

	if ((options->roles & ROLE_RECONCILER) == 0)
		return true;
	if (options->source.url == NULL) {
		server_health_remove(server->health, PART_RECONCILER);
		return true;
	}
	reconciler.source.mirror_folder = mirrors;
	await_git(server);
	g_autoptr(Reconciler) created = reconciler_new(&reconciler, error);
	if (created == NULL ||
		!start_thread(&server->reconciler_thread, reconciler_main, created, error))
		return false;
	server->reconciler = g_steal_pointer(&created);
	server_health_add(server->health, PART_RECONCILER);
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
	server->scheduler = scheduler_new(server->store, error);
	if (server->scheduler == NULL)
		return false;
	if (start_thread(&server->scheduler_thread, scheduler_main, server, error)) {
		server_health_add(server->health, PART_SCHEDULER);
		return true;
	}
	g_clear_pointer(&server->scheduler, scheduler_free);
	return false;
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
		.nice = options->config->nice,
		.pools = options->config->pools,
		.pool_count = options->config->pool_count,
		.private_addresses = options->config->private_addresses,
		.roles = roles,
		.data_folder = server->data_folder,
		.sole = true,
		.trouble = report_runner,
		.data = server->health,
	};

	if ((options->roles & ROLE_RUNNER) == 0)
		return true;
	server->runner = runner_new(server->store, &runner, error);
	if (server->runner == NULL || !runner_start(server->runner, error))
		return false;
	server->poller = poller_start(server->store, &runner, error);
	if (server->poller == NULL)
		return false;
	server_health_add(server->health, PART_RUNNER);
	return true;
}

static bool start_api(Server *server, const ServerOptions *options, GError **error)
{
	const ApiServerOptions api = {
		.address = options->listen,
		.store_url = options->store_url,
		.hosts = options->config->hosts,
		.parts = server_health_parts(server->health),
		.head_limit = options->config->head_limit,
	};

	if ((options->roles & ROLE_API) == 0)
		return true;
	server->api = api_server_start(&api, error);
	return server->api != NULL;
}

// Deliveries become rows of the store at once, whoever runs them.
static bool start_ingress(Server *server, const ServerOptions *options, GError **error)
{
	const IngressOptions ingress = {
		.address = options->config->ingress,
		.store = server->store,
		.rules = &server->rules,
		.body_bytes = options->config->ingress_body_bytes,
		.rate = options->config->ingress_rate,
		.body_limit = options->config->body_limit,
		.head_limit = options->config->head_limit,
	};

	if ((options->roles & ROLE_INGRESS) == 0 || options->config->ingress == NULL)
		return true;
	server->rules = ingress_rules(&server->secrets);
	server->ingress = ingress_start(&ingress, error);
	return server->ingress != NULL;
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
		.data = server->health,
	};

	if (!maintenance.rows && !runs)
		return true;
	server->maintenance = maintenance_start(&maintenance, error);
	if (server->maintenance == NULL)
		return false;
	server_health_add(server->health, PART_MAINTENANCE);
	return true;
}

typedef bool (*StartPart)(Server *server, const ServerOptions *options, GError **error);

// The API first: it answers while the rest begins. What does work comes before what makes it.
static const StartPart PARTS[] = {
	start_api,
	start_runner,
	start_scheduler,
	start_reconciler,
	start_ingress,
	start_maintenance,
};

// ---- The whole ----------------------------------------------------------------------------------------------------

static bool open_store(Server *server, const ServerOptions *options, GError **error)
{
	if (!store_path_prepare(options->store_url, error))
		return false;
	server->lock = server_lock_new(options->store_url, error);
	if (server->lock == NULL)
		return false;
	server->health = server_health_new(server->lock);
	server->data_folder = store_path_data_folder(options->store_url);
	server->store = store_open(options->store_url, STORE_READ_WRITE, error);
	return server->store != NULL;
}

// The API answers before the others have started: it says so.
static void expect_parts(Server *server, const ServerOptions *options)
{
	static const struct {
		ServerPart part;
		unsigned roles; // any of them
	} expected[] = {
		{PART_RECONCILER, ROLE_RECONCILER},
		{PART_SCHEDULER, ROLE_SCHEDULER},
		{PART_RUNNER, ROLE_RUNNER},
		{PART_MAINTENANCE, ROLE_SCHEDULER | ROLE_RUNNER},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
		if ((options->roles & expected[i].roles) != 0)
			server_health_expect(server->health, expected[i].part);
	}
}

Server *server_start(const ServerOptions *options, GError **error)
{
	Server *server = g_new0(Server, 1);

	mallopt(M_ARENA_MAX, 2);
	begin_git(server);
	server->roles = options->roles;
	server->grace = options->config->grace;
	bool good = open_store(server, options, error);
	if (good)
		expect_parts(server, options);
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
	server_health_remove(server->health, PART_RECONCILER);
	g_autoptr(GError) failure = NULL;
	if (start_reconciler(server, options, &failure))
		return true;
	server_health_add(server->health, PART_RECONCILER);
	server_health_report(server->health, PART_RECONCILER, failure);
	g_propagate_error(error, g_steal_pointer(&failure));
	return false;
}

void server_stop(Server *server)
{
	if (server == NULL)
		return;
	ingress_stop(server->ingress);
	await_git(server);
	maintenance_stop(server->maintenance);
	stop_reconciler(server);
	stop_scheduler(server);
	poller_stop(server->poller);
	if (server->runner != NULL)
		runner_stop(server->runner, server->grace);
	runner_free(server->runner);
	api_server_stop(server->api);
	store_close(server->store);
	server_health_free(server->health);
	server_lock_free(server->lock);
	g_free(server->data_folder);
	g_free(server);
}

guint16 server_port(const Server *server)
{
	return server->api == NULL ? 0 : api_server_port(server->api);
}

guint16 server_ingress_port(const Server *server)
{
	return server->ingress == NULL ? 0 : ingress_port(server->ingress);
}
