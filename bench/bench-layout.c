// Loading a repository of N scripts: cold, nothing changed, one file changed, and after a restart. The floor of the cold
// load is libgit2 reading those blobs, libyaml parsing those headers and one SQLite row each, measured in between. That of one
// changed file is libgit2's bare diff of the two trees.
#include "repo-layout/layout.h"
#include "tests/harness/memory_cache.h"

#include <git2.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yaml.h>

enum {
	ROUNDS = 5,
	DOMAIN_SIZE = 500,
};

typedef struct Bench {
	git_repository *repository;
	git_oid first, second; // commits: the second has one script changed
	git_oid *blobs;
	unsigned scripts;
	char *folder;
} Bench;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void must(int result, const char *what)
{
	if (result == 0)
		return;
	fprintf(stderr, "%s: %s\n", what, git_error_last()->message);
	exit(1);
}

static char *script_text(unsigned number, const char *remark)
{
	unsigned domain = number / DOMAIN_SIZE;
	unsigned inside = number % DOMAIN_SIZE;
	g_autofree char *source =
		inside < 50 ? g_strdup_printf("landing.table_%u", number % 97)
			    : g_strdup_printf("d%04u.table_%04u", domain, inside - 1 - inside % 49);

	return g_strdup_printf(
		"/* weir\nfeed: MODE_DELTA\nkey: [order_id]\ndescription: Orders of part "
		"%u\nchecks:\n"
		"  - not_null: [order_id, customer_id]\n  - unique: [order_id]\n*/\n%s"
		"SELECT\n\to.order_id,\n\to.customer_id,\n\tc.country,\n\tSUM(o.quantity * "
		"o.unit_price) AS amount,\n"
		"\tCOUNT(*) AS lines -- of the order\nFROM %s AS o\nJOIN reference.customers AS c "
		"ON c.customer_id = "
		"o.customer_id\nWHERE o.status <> 'cancelled' AND o.day >= '2024-01-01'\nGROUP BY "
		"o.order_id, o.customer_id, "
		"c.country\n",
		number, remark, source);
}

static void insert(
	git_treebuilder *builder, const char *name, const git_oid *id, git_filemode_t mode)
{
	must(git_treebuilder_insert(NULL, builder, name, id, mode), "insert");
}

static void write_blob(Bench *bench, const char *text, git_oid *id)
{
	must(git_blob_create_from_buffer(id, bench->repository, text, strlen(text)), "blob");
}

// One tree; changed is the script that differs, or none.
static void write_commit(Bench *bench, unsigned changed, git_oid *commit)
{
	git_treebuilder *top, *domains;
	git_oid id, tree_id;
	git_signature *author;
	git_tree *tree;

	must(git_treebuilder_new(&domains, bench->repository, NULL), "tree");
	for (unsigned start = 0; start < bench->scripts; start += DOMAIN_SIZE) {
		git_treebuilder *domain, *sql;
		char name[32];

		must(git_treebuilder_new(&domain, bench->repository, NULL), "tree");
		must(git_treebuilder_new(&sql, bench->repository, NULL), "tree");
		for (unsigned i = start; i < start + DOMAIN_SIZE && i < bench->scripts; i++) {
			if (i == changed || bench->blobs[i].id[0] == 0) {
				g_autofree char *text = script_text(
					i, i == changed ? "-- changed\nSELECT * FROM (" : "");

				if (i == changed) {
					g_autofree char *closed = g_strconcat(text, ")\n", NULL);

					write_blob(bench, closed, &id);
				} else {
					write_blob(bench, text, &id);
					bench->blobs[i] = id;
				}
			} else {
				id = bench->blobs[i];
			}
			g_snprintf(name, sizeof(name), "table_%04u.sql", i % DOMAIN_SIZE);
			insert(sql, name, &id, GIT_FILEMODE_BLOB);
		}
		must(git_treebuilder_write(&id, sql), "write");
		insert(domain, "sql", &id, GIT_FILEMODE_TREE);
		write_blob(bench, "owner: team\n", &id);
		insert(domain, "domain.yaml", &id, GIT_FILEMODE_BLOB);
		must(git_treebuilder_write(&id, domain), "write");
		g_snprintf(name, sizeof(name), "d%04u", start / DOMAIN_SIZE);
		insert(domains, name, &id, GIT_FILEMODE_TREE);
		git_treebuilder_free(domain);
		git_treebuilder_free(sql);
	}
	must(git_treebuilder_new(&top, bench->repository, NULL), "tree");
	must(git_treebuilder_write(&id, domains), "write");
	insert(top, "domains", &id, GIT_FILEMODE_TREE);
	write_blob(bench, "name: bench\n", &id);
	insert(top, "weir.yaml", &id, GIT_FILEMODE_BLOB);
	must(git_treebuilder_write(&tree_id, top), "write");
	must(git_tree_lookup(&tree, bench->repository, &tree_id), "lookup");
	must(git_signature_new(&author, "bench", "bench@example.com", 1700000000, 0), "signature");
	must(git_commit_create(
		     commit, bench->repository, NULL, author, author, NULL, "bench", tree, 0, NULL),
		"commit");
	git_signature_free(author);
	git_tree_free(tree);
	git_treebuilder_free(top);
	git_treebuilder_free(domains);
}

// All objects into one pack, as after a fetch.
static void pack(Bench *bench)
{
	git_packbuilder *builder;
	g_autofree char *path = g_build_filename(bench->folder, "objects", "pack", NULL);

	must(git_packbuilder_new(&builder, bench->repository), "pack");
	git_packbuilder_set_threads(builder, 2);
	must(git_packbuilder_insert_commit(builder, &bench->first), "pack");
	must(git_packbuilder_insert_commit(builder, &bench->second), "pack");
	must(git_packbuilder_write(builder, path, 0, NULL, NULL), "pack");
	git_packbuilder_free(builder);
}

static void remove_loose(const Bench *bench)
{
	g_autofree char *objects = g_build_filename(bench->folder, "objects", NULL);
	g_autofree char *command = g_strdup_printf(
		"find '%s' -path '*/pack' -prune -o -type f -exec rm {} +", objects);

	if (system(command) != 0)
		exit(1);
}

static void make_repository(Bench *bench, unsigned scripts)
{
	bench->scripts = scripts;
	bench->blobs = g_new0(git_oid, scripts);
	bench->folder = g_dir_make_tmp("weir-bench-XXXXXX", NULL);
	git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 0);
	must(git_repository_init(&bench->repository, bench->folder, 1), "init");
	write_commit(bench, G_MAXUINT, &bench->first);
	write_commit(bench, scripts / 2, &bench->second);
	pack(bench);
	git_repository_free(bench->repository);
	remove_loose(bench);
	must(git_repository_open(&bench->repository, bench->folder), "open");
}

static void drop_repository(Bench *bench)
{
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", bench->folder);

	git_repository_free(bench->repository);
	if (system(command) != 0)
		exit(1);
	g_free(bench->blobs);
	g_free(bench->folder);
}

static void parse_header(const char *text)
{
	yaml_parser_t parser;
	yaml_event_t event;
	const char *start = text + strlen("/* weir");
	bool end = false;

	yaml_parser_initialize(&parser);
	yaml_parser_set_input_string(
		&parser, (const unsigned char *)start, (size_t)(strstr(start, "*/") - start));
	while (!end) {
		if (!yaml_parser_parse(&parser, &event))
			exit(1);
		end = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
}

static double floor_cold(const Bench *bench, double *ret_blobs)
{
	g_autofree char *file = g_build_filename(bench->folder, "floor.db", NULL);
	sqlite3 *database;
	sqlite3_stmt *row;
	git_repository *repository;
	git_odb *objects;
	double start = now(), reading = 0;

	must(git_repository_open(&repository, bench->folder), "open");
	must(git_repository_odb(&objects, repository), "odb");
	sqlite3_open(file, &database);
	sqlite3_exec(database,
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (id INTEGER "
		"PRIMARY KEY, name "
		"TEXT, body TEXT); BEGIN",
		NULL, NULL, NULL);
	sqlite3_prepare_v2(database, "INSERT INTO t (name, body) VALUES (?, ?)", -1, &row, NULL);
	for (unsigned i = 0; i < bench->scripts; i++) {
		git_odb_object *object;
		double before = now();

		must(git_odb_read(&object, objects, &bench->blobs[i]), "read");
		reading += now() - before;
		parse_header(git_odb_object_data(object));
		sqlite3_bind_text(row, 1, "a name", -1, SQLITE_STATIC);
		sqlite3_bind_text(row, 2, git_odb_object_data(object),
			(int)git_odb_object_size(object), SQLITE_STATIC);
		sqlite3_step(row);
		sqlite3_reset(row);
		git_odb_object_free(object);
	}
	sqlite3_finalize(row);
	sqlite3_exec(database, "COMMIT", NULL, NULL, NULL);
	sqlite3_close(database);
	git_odb_free(objects);
	git_repository_free(repository);
	g_unlink(file);
	*ret_blobs = reading;
	return now() - start;
}

static double floor_diff(const Bench *bench)
{
	git_repository *repository;
	git_commit *a, *b;
	git_tree *x, *y;
	git_diff *diff;
	double start;

	must(git_repository_open(&repository, bench->folder), "open");
	must(git_commit_lookup(&a, repository, &bench->first), "commit");
	must(git_commit_lookup(&b, repository, &bench->second), "commit");
	start = now();
	must(git_commit_tree(&x, a), "tree");
	must(git_commit_tree(&y, b), "tree");
	must(git_diff_tree_to_tree(&diff, repository, x, y, NULL), "diff");
	if (git_diff_num_deltas(diff) != 1)
		exit(1);
	start = now() - start;
	git_diff_free(diff);
	git_tree_free(x);
	git_tree_free(y);
	git_commit_free(a);
	git_commit_free(b);
	git_repository_free(repository);
	return start;
}

static size_t resident(void)
{
	g_autofree char *text = NULL;
	long pages = 0;

	if (g_file_get_contents("/proc/self/statm", &text, NULL, NULL))
		sscanf(text, "%*s %ld", &pages);
	return (size_t)pages * 4096;
}

static SourceTree *open_tree(const Bench *bench, const git_oid *commit)
{
	g_autoptr(GError) error = NULL;
	char id[GIT_OID_HEXSZ + 1];
	SourceTree *tree;

	git_oid_tostr(id, sizeof(id), commit);
	tree = source_tree_open_commit(bench->folder, id, &error);
	if (tree == NULL) {
		fprintf(stderr, "%s\n", error->message);
		exit(1);
	}
	return tree;
}

static Layout *load(
	SourceTree *tree, Layout *previous, const LayoutCache *cache, double *ret_seconds)
{
	g_autoptr(GError) error = NULL;
	double start = now();
	Layout *layout = layout_load(tree, previous, cache, NULL, NULL, &error);

	*ret_seconds = now() - start;
	if (layout == NULL || layout_errors(layout) > 0) {
		fprintf(stderr, "%s\n", error != NULL ? error->message : "the layout has errors");
		exit(1);
	}
	return layout;
}

typedef struct Times {
	double floor, blobs, cold, diff, changed, same, restart;
} Times;

static void run_round(const Bench *bench, Times *times, size_t *ret_memory)
{
	g_autoptr(GHashTable) table = memory_cache_new();
	LayoutCache cache = memory_cache_of(table);
	g_autoptr(SourceTree) first = open_tree(bench, &bench->first);
	g_autoptr(SourceTree) second = open_tree(bench, &bench->second);
	g_autoptr(SourceTree) again = open_tree(bench, &bench->first);
	size_t before = resident();
	g_autoptr(Layout) cold = load(first, NULL, NULL, &times->cold);
	g_autoptr(Layout) same = NULL;
	g_autoptr(Layout) changed = NULL;
	g_autoptr(Layout) stored = NULL;
	g_autoptr(Layout) restarted = NULL;
	double ignored;

	layout_forget_definitions(cold);
	*ret_memory = resident() - before;
	// What the cold load gave back is sorted out by the allocator at the next one: not what is measured here.
	layout_unref(load(first, cold, NULL, &ignored));
	same = load(first, cold, NULL, &times->same);
	changed = load(second, cold, NULL, &times->changed);
	stored = load(again, NULL, &cache, &ignored);
	restarted = load(first, NULL, &cache, &times->restart);
	times->floor = floor_cold(bench, &times->blobs);
	times->diff = floor_diff(bench);
}

static int compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static double median(const Times *times, size_t offset)
{
	double values[ROUNDS];

	for (unsigned i = 0; i < ROUNDS; i++)
		memcpy(&values[i], (const char *)&times[i] + offset, sizeof(double));
	qsort(values, ROUNDS, sizeof(double), compare_doubles);
	return values[ROUNDS / 2];
}

#define MEDIAN(member) median(times, offsetof(Times, member))

static void run(unsigned scripts)
{
	Bench bench = {0};
	Times times[ROUNDS];
	size_t memory = 0, ignored;
	double n = scripts;

	make_repository(&bench, scripts);
	for (unsigned i = 0; i < ROUNDS; i++)
		run_round(&bench, &times[i], i == 0 ? &memory : &ignored);
	printf("%7u scripts: cold %8.2f ms = %5.2f us each, %4.2fx the floor of %8.2f ms (blobs "
	       "alone %7.2f ms); "
	       "restart %7.2f ms; same %6.3f ms; one changed %6.3f ms = %4.2fx the bare diff of "
	       "%6.3f ms; %5.0f bytes each\n",
		scripts, MEDIAN(cold) * 1e3, MEDIAN(cold) * 1e6 / n, MEDIAN(cold) / MEDIAN(floor),
		MEDIAN(floor) * 1e3, MEDIAN(blobs) * 1e3, MEDIAN(restart) * 1e3, MEDIAN(same) * 1e3,
		MEDIAN(changed) * 1e3, MEDIAN(changed) / MEDIAN(diff), MEDIAN(diff) * 1e3,
		(double)memory / n);
	drop_repository(&bench);
}

int main(int argc, char **argv)
{
	static const unsigned sizes[] = {100, 1000, 10000, 100000};

	git_libgit2_init();
	for (int i = 1; i < argc; i++)
		run((unsigned)atoi(argv[i]));
	for (size_t i = 0; argc == 1 && i < G_N_ELEMENTS(sizes); i++)
		run(sizes[i]);
	git_libgit2_shutdown();
	return 0;
}
