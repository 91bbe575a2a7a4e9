#include "tests/repo-layout/repository.h"

#include <git2.h>
#include <glib/gstdio.h>
#include <string.h>

struct Repository {
	char *path;
	git_repository *git;
	GTree *files; // path -> text
};

static void must(int result)
{
	if (result != 0)
		g_error("git: %s", git_error_last()->message);
}

static int compare(const void *a, const void *b, void *data)
{
	(void)data;
	return strcmp(a, b);
}

Repository *repository_new(void)
{
	Repository *repository = g_new0(Repository, 1);

	git_libgit2_init();
	repository->path = g_dir_make_tmp("weir-layout-XXXXXX", NULL);
	must(git_repository_init(&repository->git, repository->path, 1));
	repository->files = g_tree_new_full(compare, NULL, g_free, g_free);
	return repository;
}

void repository_free(Repository *repository)
{
	g_autofree char *command = NULL;

	if (repository == NULL)
		return;
	command = g_strdup_printf("rm -rf '%s'", repository->path);
	git_repository_free(repository->git);
	git_libgit2_shutdown();
	g_tree_unref(repository->files);
	g_assert_cmpint(system(command), ==, 0);
	g_free(repository->path);
	g_free(repository);
}

const char *repository_path(const Repository *repository)
{
	return repository->path;
}

void repository_set(Repository *repository, const char *path, const char *text)
{
	if (text == NULL)
		g_tree_remove(repository->files, path);
	else
		g_tree_replace(repository->files, g_strdup(path), g_strdup(text));
}

void repository_blob(Repository *repository, const char *text, unsigned char id[20])
{
	git_oid oid;

	must(git_blob_create_from_buffer(&oid, repository->git, text, strlen(text)));
	memcpy(id, oid.id, 20);
}

typedef struct Adding {
	Repository *repository;
	git_index *index;
} Adding;

static gboolean add_file(void *path, void *text, void *data)
{
	Adding *adding = data;
	git_index_entry entry = {.mode = GIT_FILEMODE_BLOB, .path = path};

	repository_blob(adding->repository, text, entry.id.id);
	must(git_index_add(adding->index, &entry));
	return FALSE;
}

static char *commit_tree(Repository *repository, const git_oid *tree_id)
{
	git_signature *author;
	git_tree *tree;
	git_oid commit;

	must(git_tree_lookup(&tree, repository->git, tree_id));
	must(git_signature_new(&author, "test", "test@example.com", 1700000000, 0));
	must(git_commit_create(
		&commit, repository->git, NULL, author, author, NULL, "test", tree, 0, NULL));
	git_signature_free(author);
	git_tree_free(tree);
	return g_strdup(git_oid_tostr_s(&commit));
}

char *repository_commit(Repository *repository)
{
	Adding adding = {.repository = repository};
	git_oid tree;

	must(git_index_new(&adding.index));
	g_tree_foreach(repository->files, add_file, &adding);
	must(git_index_write_tree_to(&tree, adding.index, repository->git));
	git_index_free(adding.index);
	return commit_tree(repository, &tree);
}

void tree_append(GByteArray *tree, const char *mode, const char *name, const unsigned char id[20])
{
	g_byte_array_append(tree, (const guint8 *)mode, (guint)strlen(mode));
	g_byte_array_append(tree, (const guint8 *)" ", 1);
	g_byte_array_append(tree, (const guint8 *)name, (guint)strlen(name) + 1);
	g_byte_array_append(tree, id, 20);
}

static void write_object(
	Repository *repository, const void *bytes, size_t length, git_object_t type, git_oid *id)
{
	git_odb *objects;

	must(git_repository_odb(&objects, repository->git));
	must(git_odb_write(id, objects, bytes, length, type));
	git_odb_free(objects);
}

void repository_tree(Repository *repository, const void *tree, size_t length, unsigned char id[20])
{
	git_oid oid;

	write_object(repository, tree, length, GIT_OBJECT_TREE, &oid);
	memcpy(id, oid.id, 20);
}

char *repository_commit_tree(Repository *repository, const unsigned char id[20])
{
	g_autofree char *text = NULL;
	git_oid tree, commit;

	memcpy(tree.id, id, 20);
	text = g_strdup_printf("tree %s\nauthor t <t@x> 1700000000 +0000\ncommitter t <t@x> "
			       "1700000000 +0000\n\nx\n",
		git_oid_tostr_s(&tree));
	write_object(repository, text, strlen(text), GIT_OBJECT_COMMIT, &commit);
	return g_strdup(git_oid_tostr_s(&commit));
}

void repository_id(
	Repository *repository, const char *commit, const char *path, unsigned char id[20])
{
	g_autofree char *name = g_strdup_printf("%s:%s", commit, path);
	git_object *object;

	must(git_revparse_single(&object, repository->git, name));
	memcpy(id, git_object_id(object)->id, 20);
	git_object_free(object);
}

// The tree at a folder of the commit with one entry more, or another one under that name; id receives its own.
static void graft_one(Repository *repository, const char *commit, const char *folder,
	const char *name, unsigned char id[20])
{
	git_treebuilder *builder;
	git_object *tree = NULL;
	g_autofree char *spec = g_strdup_printf("%s:%s", commit, folder);
	git_oid oid;

	git_revparse_single(&tree, repository->git, spec);
	must(git_treebuilder_new(&builder, repository->git, (git_tree *)tree));
	memcpy(oid.id, id, 20);
	must(git_treebuilder_insert(NULL, builder, name, &oid, GIT_FILEMODE_TREE));
	must(git_treebuilder_write(&oid, builder));
	memcpy(id, oid.id, 20);
	git_treebuilder_free(builder);
	git_object_free(tree);
}

char *repository_graft(
	Repository *repository, const char *commit, const char *path, const unsigned char id[20])
{
	g_autofree char *left = g_strdup(path);
	unsigned char at[20];
	char *slash;

	memcpy(at, id, sizeof(at));
	while ((slash = strrchr(left, '/')) != NULL) {
		*slash = '\0';
		graft_one(repository, commit, left, slash + 1, at);
	}
	graft_one(repository, commit, "", left, at);
	return repository_commit_tree(repository, at);
}

void repository_lose(Repository *repository, const unsigned char id[20])
{
	git_oid oid;
	char text[41];
	g_autofree char *path = NULL;

	memcpy(oid.id, id, 20);
	git_oid_tostr(text, sizeof(text), &oid);
	path = g_strdup_printf("%s/objects/%.2s/%s", repository->path, text, text + 2);
	g_assert_cmpint(g_unlink(path), ==, 0);
}

char *repository_commit_raw(Repository *repository, const void *tree, size_t length)
{
	static const char *const levels[] = {"sql", "sales", "domains"};
	unsigned char id[20], blob[20];

	repository_tree(repository, tree, length, id);
	for (size_t i = 0; i < G_N_ELEMENTS(levels); i++) {
		g_autoptr(GByteArray) above = g_byte_array_new();

		if (i == 0) {
			repository_blob(repository, "owner: x\n", blob);
			tree_append(above, "100644", "domain.yaml", blob);
		}
		tree_append(above, "40000", levels[i], id);
		if (i == 2) {
			repository_blob(repository, "name: x\n", blob);
			tree_append(above, "100644", "weir.yaml", blob);
		}
		repository_tree(repository, above->data, above->len, id);
	}
	return repository_commit_tree(repository, id);
}

Layout *repository_load_within(const Repository *repository, const char *commit, Layout *previous,
	const LayoutLimits *limits, GError **error)
{
	g_autoptr(SourceTree) tree = source_tree_open_commit(repository->path, commit, error);

	return tree == NULL ? NULL : layout_load(tree, previous, NULL, limits, NULL, error);
}

Layout *repository_load(const Repository *repository, const char *commit, Layout *previous,
	const LayoutCache *cache)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SourceTree) tree = source_tree_open_commit(repository->path, commit, &error);
	Layout *layout;

	g_assert_no_error(error);
	layout = layout_load(tree, previous, cache, NULL, NULL, &error);
	g_assert_no_error(error);
	return layout;
}

char *layout_report(const Layout *layout)
{
	g_autoptr(DiagnosticList) diagnostics = layout_diagnostics(layout);
	GString *text = g_string_new(NULL);

	for (size_t i = 0; i < diagnostic_list_length(diagnostics); i++) {
		g_autofree char *line = diagnostic_text(diagnostic_list_at(diagnostics, i));

		g_string_append_printf(text, "%s\n", line);
	}
	return g_string_free(text, FALSE);
}

static void print_names(GString *text, const char *what, const char *const *names)
{
	g_string_append_printf(text, " %s", what);
	for (; *names != NULL; names++)
		g_string_append_printf(text, " %s", *names);
}

static void print_domain(GString *text, const Layout *layout, const LayoutDomain *domain)
{
	g_string_append_printf(text, "%s %s %s %s %s %s %s\n", domain->name, domain->path,
		domain->owner, domain->connection, domain->dataset, domain->digest,
		domain->broken ? "broken" : "good");
	for (size_t i = 0; i < domain->flows_length; i++) {
		const LayoutFlow *flow = domain->flows[i];
		g_autofree char *definition = layout_flow_definition(layout, flow, NULL);

		g_string_append_printf(text, "  flow %s.%s %s:%u %s %s %s %s", flow->namespace,
			flow->id, flow->path, flow->line, flow->digest,
			layout_feed_name(flow->feed), flow->target, flow->connection);
		print_names(text, "reads", flow->reads);
		print_names(text, "writes", flow->writes);
		g_string_append_printf(text, "\n    %s\n", definition);
	}
	for (size_t i = 0; i < domain->tables_length; i++) {
		const LayoutTable *table = domain->tables[i];

		g_string_append_printf(text, "  table %s.%s %d %s %s %s %s\n", table->dataset,
			table->name, table->kind, table->flow, table->path, table->schema_digest,
			table->drift_policy);
	}
}

static void collect(const char *table, const LayoutFlow *producer, size_t readers, void *data)
{
	g_ptr_array_add(data, g_strdup_printf("%s <- %s, %zu readers", table,
				      producer == NULL ? "nothing" : producer->path, readers));
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *layout_print(const Layout *layout)
{
	GString *text = g_string_new(NULL);
	g_autoptr(GPtrArray) tables = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *report = layout_report(layout);

	g_string_append_printf(
		text, "%s %s\n%s", layout_name(layout), layout_digest(layout), report);
	for (size_t i = 0; i < layout_domains_length(layout); i++)
		print_domain(text, layout, layout_domain_at(layout, i));
	layout_tables_visit(layout, collect, tables);
	g_ptr_array_sort(tables, compare_lines);
	for (guint i = 0; i < tables->len; i++)
		g_string_append_printf(text, "%s\n", (char *)tables->pdata[i]);
	return g_string_free(text, FALSE);
}

Repository *repository_small(void)
{
	Repository *repository = repository_new();

	repository_set(repository, "weir.yaml", "name: shop\n");
	repository_set(repository, "domains/sales/domain.yaml", "owner: ann\n");
	return repository;
}

void repository_expect(Repository *repository, const char *report)
{
	g_autofree char *commit = repository_commit(repository);
	g_autoptr(Layout) layout = repository_load(repository, commit, NULL, NULL);
	g_autofree char *found = layout_report(layout);

	g_assert_cmpstr(found, ==, report);
}

void repository_expect_file(const char *path, const char *text, const char *report)
{
	g_autoptr(Repository) repository = repository_small();

	repository_set(repository, path, text);
	repository_expect(repository, report);
}
