// Trees that git would not write: every entry that cannot be used is named and refused, and nothing is followed.
#include "tests/repo-layout/repository.h"

#include <git2.h>
#include <string.h>

static void append(GByteArray *tree, const char *mode, const char *name, size_t name_length,
	const unsigned char id[20])
{
	g_byte_array_append(tree, (const guint8 *)mode, (guint)strlen(mode));
	g_byte_array_append(tree, (const guint8 *)" ", 1);
	g_byte_array_append(tree, (const guint8 *)name, (guint)name_length);
	g_byte_array_append(tree, (const guint8 *)"", 1);
	g_byte_array_append(tree, id, 20);
}

// A tree of these entries ("mode name", …) as the scripts of a domain, and what is said about it.
static void expect(const char *const *entries, const char *report)
{
	g_autoptr(Repository) repository = repository_new();
	g_autoptr(GByteArray) tree = g_byte_array_new();
	g_autofree char *commit = NULL;
	g_autofree char *found = NULL;
	g_autoptr(Layout) layout = NULL;
	unsigned char id[20];

	repository_blob(repository, "SELECT 1 AS a", id);
	for (; *entries != NULL; entries++) {
		const char *blank = strchr(*entries, ' ');
		g_autofree char *mode = g_strndup(*entries, (gsize)(blank - *entries));

		append(tree, mode, blank + 1, strlen(blank + 1), id);
	}
	commit = repository_commit_raw(repository, tree->data, tree->len);
	layout = repository_load(repository, commit, NULL, NULL);
	found = layout_report(layout);
	g_assert_cmpstr(found, ==, report);
}

#define ENTRIES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_names(void)
{
	expect(ENTRIES("100644 a.sql"), "");
	expect(ENTRIES("100644 .."),
		"domains/sales/sql/..: error: the entry is refused: its name is reserved\n");
	expect(ENTRIES("100644 .git"),
		"domains/sales/sql/.git: error: the entry is refused: its name is reserved\n");
	expect(ENTRIES("100644 .GiT. "),
		"domains/sales/sql/.GiT. : error: the entry is refused: its name is reserved\n");
	expect(ENTRIES("100644 git~1"),
		"domains/sales/sql/git~1: error: the entry is refused: its name is reserved\n");
	expect(ENTRIES("100644 .git::$DATA"), "domains/sales/sql/.git::$DATA: error: the entry is "
					      "refused: its name is reserved\n");
	expect(ENTRIES("100644 .g\xE2\x80\x8Cit"), "domains/sales/sql/.g\xE2\x80\x8Cit: error: the "
						   "entry is refused: its name is reserved\n");
	expect(ENTRIES("100644 ../a.sql"), "domains/sales/sql/../a.sql: error: the entry is "
					   "refused: its name holds a slash or backslash\n");
	expect(ENTRIES("100644 a\\b.sql"), "domains/sales/sql/a\\b.sql: error: the entry is "
					   "refused: its name holds a slash or backslash\n");
	expect(ENTRIES("100644 a\nb.sql"), "domains/sales/sql/a\\x0ab.sql: error: the entry is "
					   "refused: its name holds a control character\n");
	expect(ENTRIES("100644 a\xFF.sql"), "domains/sales/sql/a\xEF\xBF\xBD.sql: error: the entry "
					    "is refused: its name is not valid UTF-8\n");
	expect(ENTRIES("100644 gitlab.sql"), "");
}

static void test_kinds(void)
{
	expect(ENTRIES("120000 a.sql"), "domains/sales/sql/a.sql: error: the entry is refused: it "
					"is a symbolic link\nhint: put the file itself here\n");
	expect(ENTRIES("160000 a"), "domains/sales/sql/a: error: the entry is refused: it is a "
				    "submodule\nhint: put the files themselves here\n");
	expect(ENTRIES("0100644 a.sql"), "domains/sales/sql/a.sql: error: the entry is refused: "
					 "its mode is not one that git writes\n");
	expect(ENTRIES("100600 a.sql"), "domains/sales/sql/a.sql: error: the entry is refused: its "
					"mode is not one that git writes\n");
}

static void test_neighbours(void)
{
	expect(ENTRIES("100644 a.sql", "100644 a.sql"),
		"domains/sales/sql/a.sql: error: the entry is refused: the folder has two entries "
		"of this name\n"
		"domains/sales/sql/a.sql: error: the entry is refused: the folder has two entries "
		"of this name\n");
	expect(ENTRIES("100644 A.sql", "100644 a.sql"),
		"domains/sales/sql/A.sql: error: the entry is refused: its name differs from "
		"another one's in letter case only\n"
		"domains/sales/sql/a.sql: error: the entry is refused: its name differs from "
		"another one's in letter case only\n");
	expect(ENTRIES("100644 b.sql", "100644 a.sql"),
		"domains/sales/sql/a.sql: error: the entry is refused: the folder's entries are "
		"not in git's order\n");
}

// A tree that ends in the middle, and objects that are not there: the revision and the object are named.
static void test_broken_objects(void)
{
	g_autoptr(Repository) repository = repository_new();
	g_autofree char *commit = repository_commit_raw(repository, "100644 a.sql\0abc", 16);
	g_autoptr(GError) error = NULL;
	g_autoptr(SourceTree) tree =
		source_tree_open_commit(repository_path(repository), commit, &error);
	g_autoptr(Layout) layout = layout_load(tree, NULL, NULL, NULL, &error);
	g_autofree char *end = g_strdup_printf(
		"of revision %s in '%s': the tree is cut short or not in git's form", commit,
		repository_path(repository));

	g_assert_null(layout);
	g_assert_true(g_str_has_prefix(error->message, "cannot read 'domains/sales/sql' (object "));
	g_assert_true(g_str_has_suffix(error->message, end));
}

static void test_missing_blob(void)
{
	static const unsigned char nothing[20] = {1, 2, 3};
	g_autoptr(Repository) repository = repository_new();
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autofree char *commit = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(SourceTree) tree = NULL;
	g_autoptr(Layout) layout = NULL;

	append(bytes, "100644", "a.sql", 5, nothing);
	commit = repository_commit_raw(repository, bytes->data, bytes->len);
	tree = source_tree_open_commit(repository_path(repository), commit, &error);
	layout = layout_load(tree, NULL, NULL, NULL, &error);
	g_assert_null(layout);
	g_assert_true(g_str_has_prefix(error->message,
		"cannot read 'domains/sales/sql/a.sql' (object "
		"0102030000000000000000000000000000000000) of revision "));
}

static void test_limits(void)
{
	g_autoptr(Repository) repository = repository_new();
	LayoutLimits limits = layout_limits_default;
	g_autofree char *commit = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(SourceTree) tree = NULL;
	g_autoptr(Layout) layout = NULL;
	g_autofree char *message = NULL;

	repository_set(repository, "weir.yaml", "name: x\n");
	repository_set(repository, "domains/a/domain.yaml", "owner: x\n");
	for (int i = 0; i < 20; i++) {
		g_autofree char *path = g_strdup_printf("domains/a/sql/t%d.sql", i);

		repository_set(repository, path, "SELECT 1");
	}
	commit = repository_commit(repository);
	tree = source_tree_open_commit(repository_path(repository), commit, &error);
	limits.entries = 10;
	layout = layout_load(tree, NULL, NULL, &limits, &error);
	message = g_strdup_printf(
		"revision %s has more than 10 entries: the limit 'entries' is passed", commit);
	g_assert_null(layout);
	g_assert_cmpstr(error->message, ==, message);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_set_nonfatal_assertions();
	// libgit2 itself refuses some of these when it writes them.
	git_libgit2_init();
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 0);
	g_test_add_func("/trees/names", test_names);
	g_test_add_func("/trees/kinds", test_kinds);
	g_test_add_func("/trees/neighbours", test_neighbours);
	g_test_add_func("/trees/broken-objects", test_broken_objects);
	g_test_add_func("/trees/missing-blob", test_missing_blob);
	g_test_add_func("/trees/limits", test_limits);
	return g_test_run();
}
