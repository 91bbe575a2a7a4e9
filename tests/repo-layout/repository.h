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
// Writes a tree of just these bytes, and a commit whose top tree is one of a given id.
void repository_tree(Repository *repository, const void *tree, size_t length, unsigned char id[20]);
char *repository_commit_tree(Repository *repository, const unsigned char id[20]);
// The id of what lies at a path ("": the top tree) of a commit.
void repository_id(
	Repository *repository, const char *commit, const char *path, unsigned char id[20]);
// Takes an object out of the database.
void repository_lose(Repository *repository, const unsigned char id[20]);
// A commit that is another one with a tree put at a path that it does not have.
char *repository_graft(
	Repository *repository, const char *commit, const char *path, const unsigned char id[20]);
// An entry of a raw tree: mode "100644", and so on.
void tree_append(GByteArray *tree, const char *mode, const char *name, const unsigned char id[20]);
// The id of a blob with this text, as raw bytes.
void repository_blob(Repository *repository, const char *text, unsigned char id[20]);

// Loads a commit; the test fails when it cannot be read.
Layout *repository_load(const Repository *repository, const char *commit, Layout *previous,
	const LayoutCache *cache);
// The same with limits; NULL and error when it cannot be read.
Layout *repository_load_within(const Repository *repository, const char *commit, Layout *previous,
	const LayoutLimits *limits, GError **error);
// All diagnostics as text, a line each ("…\nhint: …"), to compare with.
char *layout_report(const Layout *layout);
// Everything that a layout says, as text: equal layouts give equal texts.
char *layout_print(const Layout *layout);

// A project 'shop' with a domain 'sales' that is ann's, and nothing else; not committed yet.
Repository *repository_small(void);
// Commits what was set: this is all that is to be said of it (as layout_report() has it).
void repository_expect(Repository *repository, const char *report);
// Likewise of repository_small() with one more file.
void repository_expect_file(const char *path, const char *text, const char *report);
