// A repository for a test: a bare one in a temporary folder, whose commits are made of lists of files.
#pragma once

#include "repo-layout/layout.h"

typedef struct Repository Repository;

Repository *repository_new(void);
void repository_free(Repository *repository);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Repository, repository_free)

const char *repository_path(const Repository *repository);
// Sets a file of the next commit; text NULL removes it.
void repository_set(Repository *repository, const char *path, const char *text);
// Commits what was set. The id is the caller's.
char *repository_commit(Repository *repository);
// Writes a commit whose top tree is these raw bytes below domains/sales/sql, with weir.yaml and a domain around it: for trees
// that git itself would not write.
char *repository_commit_raw(Repository *repository, const void *tree, size_t length);
// The id of a blob with this text, as raw bytes.
void repository_blob(Repository *repository, const char *text, unsigned char id[20]);

// Loads a commit; the test fails when it cannot be read.
Layout *repository_load(const Repository *repository, const char *commit, Layout *previous,
	const LayoutCache *cache);
// All diagnostics as text, a line each ("…\nhint: …"), to compare with.
char *layout_report(const Layout *layout);
// Everything that a layout says, as text: equal layouts give equal texts.
char *layout_print(const Layout *layout);
