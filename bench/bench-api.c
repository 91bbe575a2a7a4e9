// The status API under 500 clients: requests a second against a handler of libmicrohttpd that does nothing, and latency while
// runs change the store as fast as it takes it.
#include "api/server.h"
#include "bench/bench.h"
#include "bench/http_floor.h"
#include "bench/http_load.h"
#include "store/store.h"
#include "tests/api/seed.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define CLIENTS	 500
#define REQUESTS 100000
#define ROUNDS	 5

typedef struct {
	char *folder;
	char *url;
	Store *store;
	ApiServer *server;
	HttpFloor floor;
	atomic_bool stop;
	atomic_ulong commits;
} Bench;

static void start(Bench *bench)
{
	g_autoptr(GError) error = NULL;
	Seed seed;

	http_floor_start(&bench->floor); // a process of its own: before there are threads here
	bench->folder = bench_folder_new();
	bench->url = g_strdup_printf("sqlite:%s/weir.db", bench->folder);
	bench->store = store_open(bench->url, STORE_READ_WRITE, &error);
	g_assert_no_error(error);
	seed_fill(bench->store, &seed);
	const ApiServerOptions options = {.address = "127.0.0.1:0", .store_url = bench->url};
	bench->server = api_server_start(&options, &error);
	g_assert_no_error(error);
}

static void stop(Bench *bench)
{
	http_floor_stop(&bench->floor);
	api_server_stop(bench->server);
	store_close(bench->store);
	bench_folder_remove(bench->folder);
	g_free(bench->folder);
	g_free(bench->url);
}

// What a busy runner does to the store: one committed change after another.
static void *change_store(void *data)
{
	Bench *bench = data;

	while (!atomic_load(&bench->stop)) {
		seed_run(bench->store, NULL);
		atomic_fetch_add(&bench->commits, 1);
	}
	return NULL;
}

static void ask_while_changing(Bench *bench)
{
	HttpLoad load;
	pthread_t writer;
	double begun = bench_seconds();

	g_assert_cmpint(pthread_create(&writer, NULL, change_store, bench), ==, 0);
	http_load_run(api_server_port(bench->server), "/v1/status", CLIENTS, REQUESTS, &load);
	atomic_store(&bench->stop, true);
	pthread_join(writer, NULL);
	bench_figure("commits a second meanwhile",
		(double)bench->commits / (bench_seconds() - begun), "/s", 0);
	bench_figure(
		"/v1/status while the store changes", (double)load.answers / load.seconds, "/s", 0);
	bench_figure("p50", load.p50_ms, "ms", 0);
	bench_figure("p99", load.p99_ms, "ms", 25);
	bench_figure("worst", load.worst_ms, "ms", 0);
}

static double resident_megabytes(void)
{
	g_autofree char *statm = NULL;
	unsigned long pages = 0;

	if (g_file_get_contents("/proc/self/statm", &statm, NULL, NULL))
		(void)sscanf(statm, "%*u %lu", &pages);
	return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

int main(void)
{
	Bench bench = {0};
	double before = resident_megabytes();

	start(&bench);
	bench_figure("resident memory of store and server, idle", resident_megabytes() - before,
		"MB", 0);
	HttpAsk status = {api_server_port(bench.server), "/v1/status", CLIENTS, REQUESTS};
	HttpAsk floor = {bench.floor.port, "/", CLIENTS, REQUESTS};
	// 0.7 times the requests a second are 1 / 0.7 times the seconds.
	bench_ratio("100,000 of /v1/status, 500 clients", http_ask, &status, http_ask, &floor,
		ROUNDS, 1 / 0.7, false);
	ask_while_changing(&bench);
	stop(&bench);
	return 0;
}
