// `weir serve` itself, with a repository of 1,000 scripts live: start, memory at rest, requests a second beside a handler of
// libmicrohttpd that does nothing, and latency while its runner has more to do than it can. `bench-serve [PROGRAM]`
#include "bench/bench.h"
#include "bench/http_floor.h"
#include "bench/http_load.h"
#include "bench/server_process.h"
#include "store/run.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	SCRIPTS = 1000,
	DOMAIN_SCRIPTS = 100,
	CLIENTS = 500,
	REQUESTS = 50000,
	ROUNDS = 5,
	REST_SECONDS = 5, // after which memory is looked at
};

typedef struct {
	const char *program;
	char *folder, *repository, *url;
	HttpFloor floor;
	ServerProcess server;
} Bench;

// ---- The repository -----------------------------------------------------------------------------------------------

static void write_file(const Bench *bench, const char *path, const char *text)
{
	g_autofree char *file = g_build_filename(bench->folder, "work", path, NULL);
	g_autofree char *folder = g_path_get_dirname(file);

	g_mkdir_with_parents(folder, 0700);
	g_assert_true(g_file_set_contents(file, text, -1, NULL));
}

// Nothing of them runs by itself: at rest the server is at rest.
static void write_script(const Bench *bench, unsigned number)
{
	unsigned domain = number / DOMAIN_SCRIPTS;
	g_autofree char *path = g_strdup_printf("domains/d%u/sql/t%u.sql", domain, number);
	g_autofree char *text =
		g_strdup_printf("/* weir\nfeed: MODE_DELTA\nkey: [id]\nschedule: \"0 6 1 1 *\"\n"
				"checks:\n  - not_null: [id]\n*/\n"
				"SELECT %u AS id, 'a script among many' AS text\n",
			number);

	write_file(bench, path, text);
}

// A run of many tasks that end at once: in this process, or as a process of their own.
static const struct {
	const char *flow, *name, *task;
	unsigned items, runs; // queued before each round
} BUSY[] = {
	{"items", "return tasks", "type: return, format: '{{ taskrun.value }}'", 100, 4000},
	{"shells", "shell tasks", "type: shell, commands: ['true']", 10, 2000},
};

static void write_flows(const Bench *bench)
{
	write_file(bench, "domains/busy/domain.yaml", "owner: bench\n");
	for (size_t i = 0; i < G_N_ELEMENTS(BUSY); i++) {
		g_autofree char *path = g_strdup_printf("domains/busy/flows/%s.yaml", BUSY[i].flow);
		g_autofree char *text = g_strdup_printf(
			"id: %s\ntasks:\n  - id: each\n    type: foreach\n    values: '{{ range(1, "
			"%u) }}'\n    tasks:\n      - {id: t, %s}\n",
			BUSY[i].flow, BUSY[i].items, BUSY[i].task);

		write_file(bench, path, text);
	}
}

static void make_repository(Bench *bench)
{
	g_autofree char *work = g_build_filename(bench->folder, "work", NULL);

	write_file(bench, "weir.yaml", "name: bench\n");
	for (unsigned i = 0; i < SCRIPTS; i++) {
		g_autofree char *domain =
			g_strdup_printf("domains/d%u/domain.yaml", i / DOMAIN_SCRIPTS);

		if (i % DOMAIN_SCRIPTS == 0)
			write_file(bench, domain, "owner: bench\n");
		write_script(bench, i);
	}
	write_flows(bench);
	g_free(process_output("git", "init", "-q", "-b", "main", work, NULL));
	g_free(process_output("git", "-C", work, "add", "-A", NULL));
	g_free(process_output("git", "-C", work, "-c", "user.name=Bench", "-c",
		"user.email=bench@example.com", "-c", "commit.gpgsign=false", "commit", "-q", "-m",
		"All", NULL));
	bench->repository = g_steal_pointer(&work);
}

// ---- The server ---------------------------------------------------------------------------------------------------

static void start(Bench *bench)
{
	server_process_start(&bench->server, bench->program, bench->repository, bench->url);
}

static int64_t ask_store(const Bench *bench, const char *question)
{
	sqlite3 *database = NULL;
	sqlite3_stmt *statement = NULL;

	sqlite3_open(bench->url + strlen("sqlite:"), &database);
	sqlite3_prepare_v2(database, question, -1, &statement, NULL);
	g_assert_cmpint(sqlite3_step(statement), ==, SQLITE_ROW);
	int64_t answer = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(database);
	return answer;
}

// How many runs are queued or under way.
static int64_t count_active(const Bench *bench)
{
	return ask_store(bench, "SELECT count(*) FROM run_active");
}

// Synced, and nothing left to run.
static bool is_quiet(const Bench *bench)
{
	g_autofree char *status = process_output(
		bench->program, "status", "--store", bench->url, "--output", "json", NULL);

	return strstr(status, "\"Synced\"") != NULL && count_active(bench) == 0;
}

static void wait_until_quiet(const Bench *bench)
{
	do {
		g_usleep(200000);
	} while (!is_quiet(bench));
}

// ---- Start and rest -----------------------------------------------------------------------------------------------

static double only_exec(const Bench *bench)
{
	double began = bench_seconds();

	g_free(process_output(bench->program, "version", NULL));
	return bench_seconds() - began;
}

static void measure_starts(Bench *bench)
{
	double ready[ROUNDS], answer[ROUNDS], exec[ROUNDS], resident[ROUNDS], proportional[ROUNDS];

	for (unsigned i = 0; i < ROUNDS; i++) {
		exec[i] = only_exec(bench) * 1e3;
		start(bench);
		ready[i] = bench->server.ready_seconds * 1e3;
		answer[i] = bench->server.answer_seconds * 1e3;
		sleep(REST_SECONDS);
		ProcessMemory memory = server_process_memory(&bench->server);
		resident[i] = memory.resident;
		proportional[i] = memory.proportional;
		server_process_stop(&bench->server);
	}
	bench_figure("exec and end of 'weir version'", bench_median(exec, ROUNDS), "ms", 0);
	bench_figure(
		"from exec to ready, 1,000 scripts live", bench_median(ready, ROUNDS), "ms", 30);
	bench_figure("from exec to the answer of /readyz", bench_median(answer, ROUNDS), "ms", 30);
	bench_figure("resident at rest (VmRSS)", bench_median(resident, ROUNDS), "MB", 12);
	bench_figure("its share of it (Pss)", bench_median(proportional, ROUNDS), "MB", 0);
}

// ---- Requests -----------------------------------------------------------------------------------------------------

// ---- Under load ---------------------------------------------------------------------------------------------------

// Fills the line up to the row's number of runs.
static void queue_runs(const Bench *bench, size_t kind)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Store) store = store_open(bench->url, STORE_READ_WRITE, &error);
	StoreRunNew new_run = {
		.namespace = "busy", .flow = BUSY[kind].flow, .concurrency_limit = -1};

	g_assert_no_error(error);
	g_autoptr(StoreTransaction) transaction = store_transaction_begin(store, &error);
	for (int64_t i = count_active(bench); i < BUSY[kind].runs; i++)
		store_run_create(store, &new_run, NULL, NULL, &error);
	g_assert_no_error(error);
	store_transaction_commit(transaction, &error);
	g_assert_no_error(error);
}

static double milliseconds_of_floor(const Bench *bench)
{
	HttpLoad load;

	http_load_run(bench->floor.port, "/", CLIENTS, REQUESTS, &load);
	return load.p99_ms;
}

static int64_t count_tasks(const Bench *bench, int64_t from, int64_t to)
{
	g_autofree char *question =
		g_strdup_printf("SELECT count(*) FROM task_run WHERE task_id = 't' AND ended_at "
				"BETWEEN %" G_GINT64_FORMAT " AND %" G_GINT64_FORMAT,
			from, to);

	return ask_store(bench, question);
}

typedef struct {
	double p50[ROUNDS], p99[ROUNDS], worst[ROUNDS], floor[ROUNDS], ratio[ROUNDS];
	double answers[ROUNDS], tasks[ROUNDS]; // a second
} UnderLoad;

static void load_round(const Bench *bench, size_t kind, unsigned round, UnderLoad *figures)
{
	HttpLoad load;

	queue_runs(bench, kind);
	g_usleep(500000);
	figures->floor[round] = milliseconds_of_floor(bench);
	int64_t began = g_get_real_time();
	http_load_run(bench->server.port, "/v1/status", CLIENTS, REQUESTS, &load);
	int64_t ended = g_get_real_time();
	if (count_active(bench) == 0)
		g_error("the runner had nothing left to do: queue more runs");
	figures->p50[round] = load.p50_ms;
	figures->p99[round] = load.p99_ms;
	figures->worst[round] = load.worst_ms;
	figures->ratio[round] = load.p99_ms / figures->floor[round];
	figures->answers[round] = (double)load.answers / load.seconds;
	figures->tasks[round] = (double)count_tasks(bench, began, ended) / load.seconds;
}

static void measure_under_load(const Bench *bench, size_t kind)
{
	UnderLoad figures;

	for (unsigned i = 0; i < ROUNDS; i++)
		load_round(bench, kind, i, &figures);
	printf("with the runner at its limit, %s:\n", BUSY[kind].name);
	bench_figure("  tasks meanwhile", bench_median(figures.tasks, ROUNDS), "/s", 0);
	bench_figure("  /v1/status", bench_median(figures.answers, ROUNDS), "/s", 0);
	bench_figure("  p50", bench_median(figures.p50, ROUNDS), "ms", 0);
	bench_figure("  p99", bench_median(figures.p99, ROUNDS), "ms", 25);
	bench_figure("  p99 of the empty handler", bench_median(figures.floor, ROUNDS), "ms", 0);
	bench_figure("  p99 / that", bench_median(figures.ratio, ROUNDS), "x", 1 / 0.7);
	bench_figure("  worst", bench_median(figures.worst, ROUNDS), "ms", 0);
}

int main(int argc, char **argv)
{
	Bench bench = {.program = argc > 1 ? argv[1] : WEIR_PROGRAM};

	http_floor_start(&bench.floor);
	bench.folder = bench_folder_new();
	// What servers that were killed have left in the common one is none of this one's business.
	g_setenv("TMPDIR", bench.folder, TRUE);
	bench.url = g_strdup_printf("sqlite:%s/data/weir.db", bench.folder);
	make_repository(&bench);
	start(&bench);
	wait_until_quiet(&bench);
	server_process_stop(&bench.server);
	measure_starts(&bench);
	start(&bench);
	HttpAsk status = {bench.server.port, "/v1/status", CLIENTS, REQUESTS};
	HttpAsk floor = {bench.floor.port, "/", CLIENTS, REQUESTS};
	// 0.7 times the requests a second are 1 / 0.7 times the seconds.
	bench_ratio("50,000 of /v1/status, 500 clients", http_ask, &status, http_ask, &floor,
		ROUNDS, 1 / 0.7, false);
	for (size_t i = 0; i < G_N_ELEMENTS(BUSY); i++)
		measure_under_load(&bench, i);
	server_process_stop(&bench.server);
	http_floor_stop(&bench.floor);
	bench_folder_remove(bench.folder);
	g_free(bench.folder);
	g_free(bench.repository);
	g_free(bench.url);
	return 0;
}
