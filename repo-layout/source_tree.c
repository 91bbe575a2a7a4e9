#include "repo-layout/source_private.h"

#include <string.h>

GQuark source_error_quark(void)
{
	return g_quark_from_static_string("weir-source-error");
}

SourceTree *source_tree_new(const SourceTable *table, const char *path)
{
	SourceTree *tree = g_new0(SourceTree, 1);

	tree->references = 1;
	tree->table = table;
	tree->folder = -1;
	tree->path = g_strdup(path);
	return tree;
}

SourceTree *source_tree_ref(SourceTree *tree)
{
	g_atomic_int_inc(&tree->references);
	return tree;
}

void source_tree_unref(SourceTree *tree)
{
	if (tree == NULL || !g_atomic_int_dec_and_test(&tree->references))
		return;
	tree->table->close(tree);
	g_free(tree->path);
	g_free(tree);
}

const char *source_tree_revision(const SourceTree *tree)
{
	return tree->revision;
}

int64_t source_tree_time(const SourceTree *tree)
{
	return tree->time;
}

const SourceId *source_tree_root(const SourceTree *tree)
{
	return &tree->root;
}

SourceFolder *source_tree_folder(
	SourceTree *tree, const char *path, const SourceId *id, GError **error)
{
	return tree->table->folder(tree, path, id, NULL, error);
}

SourceFolder *source_tree_folder_again(SourceTree *tree, const char *path, const SourceId *id,
	const SourceFolder *before, GError **error)
{
	return tree->table->folder(tree, path, id, before, error);
}

bool source_tree_blob_size(
	SourceTree *tree, const char *path, const SourceId *id, uint64_t *ret_size, GError **error)
{
	return tree->table->size(tree, path, id, ret_size, error);
}

GBytes *source_too_large(const char *path, uint64_t size, uint64_t limit, GError **error)
{
	g_set_error(error, SOURCE_ERROR, SOURCE_ERROR_LIMIT,
		"'%s' has %" G_GUINT64_FORMAT " bytes: the limit of %" G_GUINT64_FORMAT
		" is passed",
		path, size, limit);
	return NULL;
}

GBytes *source_tree_blob(
	SourceTree *tree, const char *path, const SourceId *id, uint64_t limit, GError **error)
{
	return tree->table->blob(tree, path, id, limit, error);
}

void source_folder_free(SourceFolder *folder)
{
	if (folder == NULL)
		return;
	g_free(folder->entries);
	g_free(folder->storage);
	g_free(folder);
}

void source_id_text(const SourceId *id, char text[41])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SOURCE_ID_SIZE; i++) {
		text[2 * i] = digits[id->bytes[i] >> 4];
		text[2 * i + 1] = digits[id->bytes[i] & 15];
	}
	text[40] = '\0';
}

bool source_id_equal(const SourceId *a, const SourceId *b)
{
	return memcmp(a->bytes, b->bytes, SOURCE_ID_SIZE) == 0;
}

bool source_id_is_zero(const SourceId *id)
{
	static const SourceId zero;

	return source_id_equal(id, &zero);
}

unsigned source_id_hash(const void *id)
{
	unsigned hash;

	memcpy(&hash, id, sizeof(hash));
	return hash;
}

gboolean source_id_same(const void *a, const void *b)
{
	return source_id_equal(a, b);
}

SourceTree *source_tree_open(const char *path, const char *revision, GError **error)
{
	g_autofree char *git = g_build_filename(path, ".git", NULL);
	g_autofree char *objects = g_build_filename(path, "objects", NULL);
	g_autofree char *head = g_build_filename(path, "HEAD", NULL);
	bool bare =
		g_file_test(objects, G_FILE_TEST_IS_DIR) && g_file_test(head, G_FILE_TEST_EXISTS);

	if (revision != NULL || (bare && !g_file_test(git, G_FILE_TEST_EXISTS)))
		return source_tree_open_commit(path, revision != NULL ? revision : "HEAD", error);
	return source_tree_open_folder(path, error);
}
