// The inside of source trees.
#pragma once

#include "repo-layout/source_tree.h"

typedef struct SourceTable {
	// before (may be NULL): as the folder was; an implementation may do without.
	SourceFolder *(*folder)(SourceTree *tree, const char *path, const SourceId *id,
		const SourceFolder *before, GError **error);
	bool (*size)(SourceTree *tree, const char *path, const SourceId *id, uint64_t *ret_size,
		GError **error);
	// The content, or SOURCE_ERROR_LIMIT when there is more of it than limit.
	GBytes *(*blob)(SourceTree *tree, const char *path, const SourceId *id, uint64_t limit,
		GError **error);
	void (*close)(SourceTree *tree);
} SourceTable;

struct SourceTree {
	gint references;
	const SourceTable *table;
	char revision[64];
	int64_t time;
	SourceId root;
	void *repository; // git_repository *
	bool owned; // the repository is closed with the tree
	void *objects; // git_odb *
	int folder; // descriptor of the top folder
	char *path; // as given, for messages
};

SourceTree *source_tree_new(const SourceTable *table, const char *path);
// SOURCE_ERROR_LIMIT; returns NULL.
GBytes *source_too_large(const char *path, uint64_t size, uint64_t limit, GError **error);
// Marks entries whose names are the same, or the same without letter case.
void source_folder_check(SourceFolder *folder);
