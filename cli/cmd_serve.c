#include "cli/commands.h"
#include "cli/memory.h"
#include "cli/server.h"
#include "cli/server_log.h"
#include "cli/source_option.h"
#include "cli/store_path.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_LISTEN "127.0.0.1:8480"

enum {
	START_SECONDS = 1, // after which what only the start needed is given back
	REST_SECONDS = 10, // between two looks whether there was any work
	QUIET_MILLISECONDS = 200, // of processor time in them that count as none
};

static char *config_path;
static char *listen_address;
static char *role_names;
static char *branch_name;
static char *environment_name;
static gboolean allow_rewind;

const GOptionEntry serve_options[] = {
	{"config", 'c', 0, G_OPTION_ARG_FILENAME, &config_path,
		"The server's configuration, a YAML file", "FILE"},
	STORE_OPTION,
	{"listen", 'l', 0, G_OPTION_ARG_STRING, &listen_address,
		"Address of the status API (default: " DEFAULT_LISTEN "; port 0 takes a free one)",
		"ADDRESS:PORT"},
	{"roles", 0, 0, G_OPTION_ARG_STRING, &role_names,
		"Comma-separated: reconciler, scheduler, runner, api, ingress (default: all that "
		"are "
		"configured)",
		"ROLES"},
	{"branch", 'b', 0, G_OPTION_ARG_STRING, &branch_name,
		"The branch to follow (default: the one followed before; at first, HEAD's)",
		"NAME"},
	{"environment", 'e', 0, G_OPTION_ARG_STRING, &environment_name,
		"Which of the repository's environments this server is", "NAME"},
	{"allow-rewind", 0, 0, G_OPTION_ARG_NONE, &allow_rewind, "Follow force-pushes", NULL},
	{NULL},
};

const char serve_details[] =
	"Follows a branch of the repository at PATH (or the one that --config names), makes each "
	"commit live, "
	"runs flows when they are due, and answers the status API. SIGTERM ends it in order; "
	"SIGHUP has it "
	"read --config again and fetch at once.\n\n"
	"Events are written on stderr, one a line: time, level, component, message, key=value.";

// How the repository of the file is reached says nothing about one that the command line names.
static SourceOptions choose_source(const char *path, const ServerConfig *config)
{
	SourceOptions source = config->source;

	if (path != NULL) {
		source.url = path;
		source.access = (SourceAccess){0};
	}
	if (branch_name != NULL) {
		source.branch = branch_name;
		source.tag = source.commit = NULL;
	}
	source.allow_rewind = source.allow_rewind || allow_rewind;
	return source;
}

// The file's settings with those of the command line over them. The texts of options point into config and words.
static bool read_options(
	const char *path, ServerConfig **ret_config, ServerOptions *ret_options, GError **error)
{
	g_autoptr(ServerConfig) config = server_config_read(config_path, error);

	if (config == NULL)
		return false;
	if (store_option == NULL && config->store != NULL)
		store_option = g_strdup(config->store);
	if (environment_name != NULL)
		config->environment = environment_name;
	*ret_options = (ServerOptions){
		.listen = listen_address != NULL   ? listen_address
			  : config->listen != NULL ? config->listen
						   : DEFAULT_LISTEN,
		.source = choose_source(path, config),
		.roles = config->roles,
	};
	if ((role_names != NULL && !server_roles_parse(role_names, &ret_options->roles, error)) ||
		!server_roles_check(config, ret_options->roles, error))
		return false;
	*ret_config = g_steal_pointer(&config);
	ret_options->config = *ret_config;
	return true;
}

static void reload(Server *server, const char *path)
{
	g_autoptr(ServerConfig) config = NULL;
	g_autoptr(GError) error = NULL;
	ServerOptions options;

	if (!read_options(path, &config, &options, &error)) {
		server_log(G_LOG_LEVEL_WARNING, "server",
			"the configuration was not read again; what was set before stays", "error",
			error->message, NULL);
		return;
	}
	// A relative path means the folder that the server was started in.
	g_autofree char *source = source_location(options.source.url);
	options.source.url = source;
	if (!server_reload(server, &options, &error))
		server_log(G_LOG_LEVEL_WARNING, "server",
			"the reconciler could not be started with the new configuration", "error",
			error->message, NULL);
	else
		server_log(G_LOG_LEVEL_INFO, "server", "configuration read again", NULL);
}

// Gives memory back once after each time of work: when a pause has passed in which next to nothing was done.
static void rest(int64_t *worked)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	int64_t now = (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
	bool quiet = *worked >= 0 && now - *worked < QUIET_MILLISECONDS;
	// Negative once it was done, until there is work again.
	if (quiet)
		memory_give_back();
	if (quiet || (*worked < 0 && now + *worked < QUIET_MILLISECONDS))
		*worked = -now - 1;
	else
		*worked = now;
}

static void let_second_signal_end(void)
{
	sigset_t again;

	sigemptyset(&again);
	sigaddset(&again, SIGINT);
	sigaddset(&again, SIGTERM);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	pthread_sigmask(SIG_UNBLOCK, &again, NULL);
}

// Until SIGTERM or SIGINT; a second one ends the process at once.
static void wait_for_signals(Server *server, const sigset_t *signals, const char *path)
{
	struct timespec pause = {.tv_sec = START_SECONDS};
	int64_t worked = 0;
	int number;

	for (;;) {
		number = sigtimedwait(signals, NULL, &pause);
		if (number == SIGHUP)
			reload(server, path);
		if (number == SIGTERM || number == SIGINT)
			break;
		rest(&worked);
		pause.tv_sec = REST_SECONDS;
	}
	server_log(G_LOG_LEVEL_INFO, "server", "stopping", "signal",
		number == SIGTERM ? "TERM" : "INT", NULL);
	let_second_signal_end();
}

static void block_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void log_start(const Server *server, const ServerOptions *options)
{
	g_autofree char *roles = server_roles_text(options->roles);
	g_autofree char *port = g_strdup_printf("%u", server_port(server));
	g_autofree char *ingress = g_strdup_printf("%u", server_ingress_port(server));
	g_autofree char *pid = g_strdup_printf("%d", (int)getpid());

	server_log(G_LOG_LEVEL_INFO, "server", "ready", "version", WEIR_VERSION, "pid", pid,
		"roles", roles, "store", options->store_url, "source", options->source.url,
		"listen", server_port(server) != 0 ? options->listen : NULL, "port",
		server_port(server) != 0 ? port : NULL, "ingress",
		server_ingress_port(server) != 0 ? ingress : NULL, NULL);
}

static int serve(const char *path, const ServerOptions *options)
{
	g_autoptr(GError) error = NULL;
	sigset_t signals;

	server_log_start();
	block_signals(&signals);
	Server *server = server_start(options, &error);
	if (server == NULL) {
		command_error(store_error_hint(error), "%s", error->message);
		return error->domain == G_OPTION_ERROR ? EXIT_USAGE : EXIT_FAILED;
	}
	log_start(server, options);
	wait_for_signals(server, &signals, path);
	server_stop(server);
	server_log(G_LOG_LEVEL_INFO, "server", "stopped", NULL);
	return EXIT_OK;
}

int cmd_serve(const Command *command, char **arguments)
{
	g_autoptr(ServerConfig) config = NULL;
	g_autoptr(GError) error = NULL;
	ServerOptions options;

	if (!read_options(arguments[0], &config, &options, &error)) {
		command_error(NULL, "%s", error->message);
		return EXIT_USAGE;
	}
	if (options.source.url == NULL && (options.roles & ROLE_RECONCILER) != 0)
		return command_usage(command,
			"name the repository to serve: 'weir serve PATH', or 'source' in --config");
	g_autofree char *url = store_path_url(&error);
	if (url == NULL) {
		command_error(NULL, "%s", error->message);
		return EXIT_USAGE;
	}
	// A relative path means the folder that the server was started in.
	g_autofree char *source = source_location(options.source.url);
	options.source.url = source;
	options.store_url = url;
	return serve(arguments[0], &options);
}
