#include "bench/server_process.h"

#include "bench/bench.h"
#include "bench/http_load.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static uint16_t free_port(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_assert_cmpint(bind(descriptor, (const struct sockaddr *)&address, length), ==, 0);
	g_assert_cmpint(getsockname(descriptor, (struct sockaddr *)&address, &length), ==, 0);
	close(descriptor);
	return ntohs(address.sin_port);
}

static void become_server(
	const char *program, const char *repository, const char *store, uint16_t port, int output)
{
	g_autofree char *listen = g_strdup_printf("127.0.0.1:%u", port);

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	dup2(output, STDERR_FILENO);
	execl(program, program, "serve", repository, "--store", store, "--listen", listen,
		(char *)NULL);
	_exit(127);
}

// What it says after it is ready is of no interest, but somebody must read it.
static void *read_rest(void *data)
{
	FILE *log = data;
	char line[1024];

	while (fgets(line, sizeof line, log) != NULL)
		;
	fclose(log);
	return NULL;
}

static void wait_until_ready(FILE *log)
{
	char line[1024];

	while (fgets(line, sizeof line, log) != NULL) {
		if (strstr(line, " server ready ") != NULL)
			return;
		fputs(line, stderr);
	}
	g_error("the server ended before it was ready");
}

void server_process_start(
	ServerProcess *server, const char *program, const char *repository, const char *store)
{
	int ends[2];
	HttpLoad load;

	server->port = free_port();
	g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
	double began = bench_seconds();
	server->process = fork();
	if (server->process == 0)
		become_server(program, repository, store, server->port, ends[1]);
	close(ends[1]);
	FILE *log = fdopen(ends[0], "r");
	wait_until_ready(log);
	server->ready_seconds = bench_seconds() - began;
	http_load_run(server->port, "/readyz", 1, 1, &load);
	server->answer_seconds = bench_seconds() - began;
	server->reader = g_thread_new("log", read_rest, log);
}

void server_process_stop(ServerProcess *server)
{
	kill(server->process, SIGTERM);
	waitpid(server->process, NULL, 0);
	g_thread_join(server->reader);
}

static double kilobytes(const ServerProcess *server, const char *file, const char *key)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)server->process, file);
	g_autofree char *text = NULL;
	const char *line;

	if (!g_file_get_contents(path, &text, NULL, NULL) || (line = strstr(text, key)) == NULL)
		g_error("%s has no '%s'", path, key);
	return g_ascii_strtod(line + strlen(key), NULL);
}

ProcessMemory server_process_memory(const ServerProcess *server)
{
	return (ProcessMemory){
		.resident = kilobytes(server, "status", "\nVmRSS:") * 1024 / 1e6,
		.proportional = kilobytes(server, "smaps_rollup", "\nPss:") * 1024 / 1e6,
	};
}

char *process_output_of(const char *const *words)
{
	g_autoptr(GError) error = NULL;
	char *output = NULL;
	int status;

	if (!g_spawn_sync(NULL, (char **)(uintptr_t)words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
		    &output, NULL, &status, &error) ||
		!g_spawn_check_wait_status(status, &error))
		g_error("%s: %s", words[0], error->message);
	return output;
}
