// sql.load of a CSV file, with typing, row errors and staging, against `sqlite3 .import` of the same file into the same table.
#include <glib/gstdio.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "runner/load/load_source.h"

extern char **environ;

enum {
	ROWS = 400000,
	ROUNDS = 5,
};

typedef struct {
	char *folder;
	char *file;
	unsigned runs;
	json_t *schema;
	json_t *properties;
} Bench;

static void write_file(const Bench *bench)
{
	FILE *file = fopen(bench->file, "w");

	g_assert_nonnull(file);
	fputs("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n",
		file);
	for (int i = 0; i < ROWS; i++)
		fprintf(file,
			"%d,%d%c,\"%s, NO %d\",%d,2010-12-%02d %02d:%02d:00,%d.%02d,%d.0,%s\n",
			536365 + i / 20, 20000 + i % 4000, 'A' + i % 26, "WHITE HANGING HEART",
			i % 1000, i % 48, 1 + i % 28, 8 + i % 10, i % 60, i % 20, i % 100,
			12000 + i % 5000, i % 9 == 0 ? "France" : "United Kingdom");
	fclose(file);
}

static void prepare(Bench *bench)
{
	bench->folder = bench_folder_new();
	bench->file = g_build_filename(bench->folder, "input.csv", NULL);
	bench->schema = json_loads(
		"[{\"name\": \"InvoiceNo\", \"type\": \"STRING\", \"mode\": \"REQUIRED\"},"
		" {\"name\": \"StockCode\", \"type\": \"STRING\", \"mode\": \"REQUIRED\"},"
		" {\"name\": \"Description\", \"type\": \"STRING\"},"
		" {\"name\": \"Quantity\", \"type\": \"INTEGER\", \"mode\": \"REQUIRED\"},"
		" {\"name\": \"InvoiceDate\", \"type\": \"DATETIME\", \"mode\": \"REQUIRED\"},"
		" {\"name\": \"UnitPrice\", \"type\": \"NUMERIC\", \"mode\": \"REQUIRED\"},"
		" {\"name\": \"CustomerID\", \"type\": \"STRING\"},"
		" {\"name\": \"Country\", \"type\": \"STRING\", \"mode\": \"REQUIRED\"}]",
		0, NULL);
	bench->properties = json_object();
	write_file(bench);
}

static void load_file(const Bench *bench, const char *url, const char *task_run)
{
	LoadOptions options = {.path = bench->file, .reject = true, .max_bad_rows = 0};
	g_autoptr(LoadSource) load = load_source_new(&options);
	BuildSource source = load_source_rows(load);
	BuildRequest request = {
		.url = url,
		.table = "sales.landing",
		.run_id = "run",
		.task_run_id = task_run,
		.attempt = 1,
		.revision = 1,
		.properties = bench->properties,
		.schema = bench->schema,
		.sample_limit = 100,
	};
	g_autoptr(GError) error = NULL;
	g_autoptr(Build) build = build_new(&request, &source, &error);

	if (build == NULL || !build_run(build, &error))
		g_error("%s", error->message);
	g_assert_cmpint(build->rows, ==, ROWS);
}

// Into a new folder of datasets each time; closing it counts.
static double subject_run(void *data)
{
	Bench *bench = data;
	g_autofree char *task_run = g_strdup_printf("taskrun%08u", ++bench->runs);
	g_autofree char *folder = g_build_filename(bench->folder, task_run, NULL);
	g_autofree char *url = g_strconcat("sqlite-dir:", folder, NULL);
	double start;

	g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
	start = bench_seconds();
	load_file(bench, url, task_run);
	connection_pool_clear();
	start = bench_seconds() - start;
	bench_folder_remove(folder);
	return start;
}

static double floor_run(void *data)
{
	Bench *bench = data;
	g_autofree char *path = g_strdup_printf("%s/floor-%u.db", bench->folder, ++bench->runs);
	g_autofree char *import = g_strdup_printf(".import --csv --skip 1 %s landing", bench->file);
	char *arguments[] = {(char[]){"sqlite3"}, path,
		(char[]){"PRAGMA journal_mode=WAL; CREATE TABLE landing (InvoiceNo TEXT NOT NULL, "
			 "StockCode TEXT NOT NULL, Description TEXT, Quantity INTEGER NOT NULL, "
			 "InvoiceDate DATETIME NOT NULL, UnitPrice NUMERIC NOT NULL, CustomerID "
			 "TEXT, Country TEXT NOT NULL)"},
		import, NULL};
	posix_spawn_file_actions_t actions;
	double start = bench_seconds();
	pid_t child;
	int status = 0;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1, 0);
	g_assert_cmpint(posix_spawnp(&child, "sqlite3", &actions, NULL, arguments, environ), ==, 0);
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	start = bench_seconds() - start;
	posix_spawn_file_actions_destroy(&actions);
	if (status != 0)
		g_error("the sqlite3 shell could not import the file");
	g_remove(path);
	return start;
}

int main(void)
{
	Bench bench = {0};

	prepare(&bench);
	bench_ratio("sql.load of 400,000 rows, against sqlite3 .import", subject_run, &bench,
		floor_run, &bench, ROUNDS, 1.25, false);
	bench_folder_remove(bench.folder);
	return 0;
}
