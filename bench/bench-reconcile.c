// Reconciling a commit: the whole of it into an empty store, nothing new, and one changed file; each against what libgit2,
// libyaml and SQLite alone need for it.
#include "bench/bench.h"
#include "reconciler/reconcile.h"
#include "store/store.h"

#include <git2.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum {
	DOMAIN_SCRIPTS = 100, // scripts of a domain
	ROUNDS = 5,
};

typedef struct {
	bool own_headers; // no two scripts begin with the same lines
	char *folder;
	char *repository;
	guint scripts;
	guint commits; // made so far
	guint stores; // made so far
	git_repository *git;
	Store *store; // that one changed file is reconciled into
	Reconciler *reconciler;
	sqlite3 *floor; // that the floor writes its row into
} Bench;

// ---- The repository -----------------------------------------------------------------------------------------------

// Ten chains of scripts a domain, which begin at the domain's first; that reads the first of the domain before. One header
// in five has a description of its own.
static void write_script(const Bench *bench, FILE *stream, guint number, guint version)
{
	guint domain = number / DOMAIN_SCRIPTS;
	bool first = number % DOMAIN_SCRIPTS == 0;
	guint source = number == 0	  ? 0
		       : first		  ? number - DOMAIN_SCRIPTS
		       : number % 10 == 0 ? number - number % DOMAIN_SCRIPTS
					  : number - 1;
	g_autofree char *from =
		number == 0 ? g_strdup("(SELECT 1 AS order_id, 2 AS customer_id, 3 AS amount)")
			    : g_strdup_printf("d%04u.t%06u", source / DOMAIN_SCRIPTS, source);
	g_autofree char *description =
		bench->own_headers || number % 5 == 0
			? g_strdup_printf("description: orders of part %u\n", number)
			: g_strdup("");
	g_autofree char *text =
		g_strdup_printf("/* weir\n"
				"%s"
				"feed: MODE_DELTA\n"
				"key: [order_id]\n"
				"checks:\n"
				"  - not_null: [order_id, customer_id]\n"
				"  - unique: [order_id]\n"
				"*/\n"
				"SELECT o.order_id, o.customer_id, o.amount * %u AS amount\n"
				"FROM %s AS o\n"
				"WHERE o.amount > %u\n",
			description, version + 1, from, number);

	fprintf(stream, "M 100644 inline domains/d%04u/sql/t%06u.sql\ndata %zu\n%s\n", domain,
		number, strlen(text), text);
}

static FILE *begin_commit(Bench *bench)
{
	g_autofree char *command =
		g_strdup_printf("git --git-dir=%s fast-import --quiet", bench->repository);
	FILE *stream = popen(command, "w");

	fprintf(stream, "commit refs/heads/main\ncommitter A <a@example.org> %u +0000\ndata 1\nx\n",
		1700000000 + bench->commits);
	if (bench->commits++ > 0)
		fputs("from refs/heads/main^0\n", stream);
	return stream;
}

static void make_repository(Bench *bench)
{
	g_autofree char *init = g_strdup_printf("git init -q --bare -b main %s", bench->repository);

	if (system(init) != 0)
		abort();
	FILE *stream = begin_commit(bench);
	fputs("M 100644 inline weir.yaml\ndata 8\nname: x\n\n", stream);
	for (guint i = 0; i < bench->scripts; i++) {
		if (i % DOMAIN_SCRIPTS == 0)
			fprintf(stream,
				"M 100644 inline domains/d%04u/domain.yaml\ndata 9\nowner: x\n\n",
				i / DOMAIN_SCRIPTS);
		write_script(bench, stream, i, 0);
	}
	if (pclose(stream) != 0 || git_repository_open_bare(&bench->git, bench->repository) != 0)
		abort();
}

static void change_script(Bench *bench)
{
	FILE *stream = begin_commit(bench);

	write_script(bench, stream, bench->scripts / 2, bench->commits);
	if (pclose(stream) != 0)
		abort();
}

// ---- Floors -------------------------------------------------------------------------------------------------------

static sqlite3 *open_floor(Bench *bench)
{
	g_autofree char *path = g_strdup_printf("%s/floor%u.db", bench->folder, bench->stores++);
	sqlite3 *database = NULL;

	sqlite3_open(path, &database);
	sqlite3_exec(database,
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE r (path TEXT "
		"PRIMARY KEY, text TEXT) WITHOUT ROWID",
		NULL, NULL, NULL);
	return database;
}

static void parse_header(const char *text, size_t length)
{
	const char *end = g_strstr_len(text, (gssize)length, "*/");
	yaml_parser_t parser;
	yaml_document_t document;

	yaml_parser_initialize(&parser);
	if (end != NULL) {
		yaml_parser_set_input_string(
			&parser, (const unsigned char *)text + 8, (size_t)(end - text) - 8);
		if (yaml_parser_load(&parser, &document))
			yaml_document_delete(&document);
	}
	yaml_parser_delete(&parser);
}

typedef struct {
	git_repository *git;
	sqlite3_stmt *insert;
} FloorWalk;

static int visit_entry(const char *root, const git_tree_entry *entry, void *data)
{
	FloorWalk *walk = data;
	git_blob *blob = NULL;

	if (git_tree_entry_type(entry) != GIT_OBJECT_BLOB)
		return 0;
	if (git_blob_lookup(&blob, walk->git, git_tree_entry_id(entry)) != 0)
		abort();
	g_autofree char *path = g_strconcat(root, git_tree_entry_name(entry), NULL);
	const char *text = git_blob_rawcontent(blob);
	size_t length = (size_t)git_blob_rawsize(blob);
	if (g_str_has_suffix(path, ".sql"))
		parse_header(text, length);
	sqlite3_bind_text(walk->insert, 1, path, -1, SQLITE_STATIC);
	sqlite3_bind_text(walk->insert, 2, text, (int)length, SQLITE_STATIC);
	sqlite3_step(walk->insert);
	sqlite3_reset(walk->insert);
	git_blob_free(blob);
	return 0;
}

static git_tree *tree_of(git_repository *git, const char *rev)
{
	git_object *object = NULL, *tree = NULL;

	if (git_revparse_single(&object, git, rev) != 0 ||
		git_object_peel(&tree, object, GIT_OBJECT_TREE) != 0)
		abort();
	git_object_free(object);
	return (git_tree *)tree;
}

static double floor_cold(void *data)
{
	Bench *bench = data;
	FloorWalk walk = {0};
	sqlite3 *database = open_floor(bench);
	double began = bench_seconds();

	git_repository_open_bare(&walk.git, bench->repository);
	sqlite3_exec(database, "BEGIN", NULL, NULL, NULL);
	sqlite3_prepare_v2(database, "INSERT INTO r VALUES (?1, ?2)", -1, &walk.insert, NULL);
	git_tree *tree = tree_of(walk.git, "refs/heads/main");
	git_tree_walk(tree, GIT_TREEWALK_PRE, visit_entry, &walk);
	sqlite3_finalize(walk.insert);
	sqlite3_exec(database, "COMMIT", NULL, NULL, NULL);
	git_tree_free(tree);
	git_repository_free(walk.git);
	double took = bench_seconds() - began;
	sqlite3_close(database);
	return took;
}

// A bare tree diff, and the one durable commit that makes anything known at all.
static double floor_change(void *data)
{
	Bench *bench = data;
	git_diff *diff = NULL;
	double began = bench_seconds();

	git_tree *before = tree_of(bench->git, "refs/heads/main~1");
	git_tree *after = tree_of(bench->git, "refs/heads/main");
	git_diff_tree_to_tree(&diff, bench->git, before, after, NULL);
	sqlite3_exec(bench->floor, "INSERT OR REPLACE INTO r VALUES ('x', hex(randomblob(300)))",
		NULL, NULL, NULL);
	double took = bench_seconds() - began;
	if (git_diff_num_deltas(diff) != 1)
		abort();
	git_diff_free(diff);
	git_tree_free(before);
	git_tree_free(after);
	return took;
}

// ---- Subjects -----------------------------------------------------------------------------------------------------

static Reconciler *open_reconciler(Bench *bench, Store **ret_store)
{
	g_autofree char *url =
		g_strdup_printf("sqlite:%s/weir%u.db", bench->folder, bench->stores++);
	g_autoptr(GError) error = NULL;
	ReconcilerOptions options = {.source = {.url = bench->repository}, .drift_interval = -1};

	*ret_store = store_open(url, STORE_READ_WRITE, &error);
	if (*ret_store == NULL)
		g_error("%s", error->message);
	options.store = *ret_store;
	Reconciler *reconciler = reconciler_new(&options, &error);
	if (reconciler == NULL)
		g_error("%s", error->message);
	return reconciler;
}

static void walk_once(Reconciler *reconciler, ReconcileOutcome *outcome)
{
	g_autoptr(GError) error = NULL;

	if (!reconcile_once(reconciler, outcome, &error))
		g_error("%s", error->message);
}

static double subject_cold(void *data)
{
	Bench *bench = data;
	Store *store;
	Reconciler *reconciler = open_reconciler(bench, &store);
	ReconcileOutcome outcome;
	double began = bench_seconds();

	walk_once(reconciler, &outcome);
	double took = bench_seconds() - began;
	if (outcome.created != 2 * bench->scripts || outcome.result != RECONCILE_APPLIED)
		g_error("%u created", outcome.created);
	printf("#   load %.1f ms, plan %.1f ms, apply %.1f ms\n", (double)outcome.load_us / 1000,
		(double)outcome.plan_us / 1000, (double)outcome.apply_us / 1000);
	reconciler_free(reconciler);
	store_close(store);
	return took;
}

static double subject_change(void *data)
{
	Bench *bench = data;
	ReconcileOutcome outcome;
	double began = bench_seconds();

	walk_once(bench->reconciler, &outcome);
	double took = bench_seconds() - began;
	if (outcome.updated != 1)
		g_error("%u updated", outcome.updated);
	printf("#   fetch %.2f ms, load %.2f ms, plan %.2f ms, apply %.2f ms\n",
		(double)outcome.fetch_us / 1000, (double)outcome.load_us / 1000,
		(double)outcome.plan_us / 1000, (double)outcome.apply_us / 1000);
	change_script(bench);
	return took;
}

static void measure_change(Bench *bench)
{
	ReconcileOutcome outcome;
	double quiet[ROUNDS];
	g_autofree char *name = g_strdup_printf("one changed file of %u", bench->scripts);
	g_autofree char *none = g_strdup_printf("nothing new in %u", bench->scripts);

	bench->reconciler = open_reconciler(bench, &bench->store);
	bench->floor = open_floor(bench);
	walk_once(bench->reconciler, &outcome);
	for (int i = 0; i < ROUNDS; i++) {
		double began = bench_seconds();

		walk_once(bench->reconciler, &outcome);
		quiet[i] = (bench_seconds() - began) * 1000;
	}
	bench_figure(none, bench_median(quiet, ROUNDS), "ms", 1);
	change_script(bench);
	bench_ratio(name, subject_change, bench, floor_change, bench, ROUNDS, 2, false);
	reconciler_free(bench->reconciler);
	store_close(bench->store);
	sqlite3_close(bench->floor);
}

static void measure(guint scripts)
{
	g_autofree char *folder = bench_folder_new();
	g_autofree char *repository = g_build_filename(folder, "r.git", NULL);
	g_autofree char *name = g_strdup_printf("cold reconcile of %u scripts", scripts);
	Bench bench = {.folder = folder, .repository = repository, .scripts = scripts};

	make_repository(&bench);
	bench_ratio(name, subject_cold, &bench, floor_cold, &bench, ROUNDS, 2.5, false);
	measure_change(&bench);
	git_repository_free(bench.git);
	bench_folder_remove(folder);
}

// The same when nothing can be shared between headers.
static void measure_own_headers(guint scripts)
{
	g_autofree char *folder = bench_folder_new();
	g_autofree char *repository = g_build_filename(folder, "r.git", NULL);
	Bench bench = {.folder = folder,
		.own_headers = true,
		.repository = repository,
		.scripts = scripts};

	make_repository(&bench);
	bench_ratio("the same, each with a header of its own", subject_cold, &bench, floor_cold,
		&bench, ROUNDS, 2.5, false);
	git_repository_free(bench.git);
	bench_folder_remove(folder);
}

int main(int argc, char **argv)
{
	git_libgit2_init();
	if (argc < 2) {
		measure(100);
		measure(1000);
		measure(10000);
		measure_own_headers(10000);
		measure(100000);
	}
	// "own1000": with a header of its own in each of a thousand.
	for (int i = 1; i < argc; i++) {
		if (g_str_has_prefix(argv[i], "own"))
			measure_own_headers((guint)strtoul(argv[i] + 3, NULL, 10));
		else
			measure((guint)strtoul(argv[i], NULL, 10));
	}
	return 0;
}
