// Throw-away repositories for stories, made with the real git.
#pragma once

#include <glib.h>

typedef struct {
	char *root; // everything lives below; removed by git_fixture_free()
	char *bare; // the repository that is tracked
	char *work; // a clone to commit in
} GitFixture;

// A bare repository without commits whose HEAD is main, and a clone of it.
GitFixture *git_fixture_new(void);
void git_fixture_free(GitFixture *fixture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GitFixture, git_fixture_free)

// Runs a shell command in the clone; aborts the test when it fails. Returns its output without the last newline.
char *fixture_run(GitFixture *fixture, const char *format, ...) G_GNUC_PRINTF(2, 3);

// Writes a file of the clone, making its folders.
void fixture_write(GitFixture *fixture, const char *path, const char *text);

// Commits everything and pushes. Returns the commit's id.
char *fixture_push(GitFixture *fixture, const char *message);
