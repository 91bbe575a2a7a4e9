#include "tests/reconciler/git-fixture.h"

#include <glib/gstdio.h>
#include <stdarg.h>
#include <string.h>

static char *shell(const char *command)
{
	g_autofree char *errors = NULL;
	g_autoptr(GError) error = NULL;
	char *output = NULL;
	char *words[] = {g_strdup("/bin/sh"), g_strdup("-ec"), g_strdup(command), NULL};
	int status = 0;

	if (!g_spawn_sync(NULL, words, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, &errors, &status,
		    &error))
		g_error("%s", error->message);
	for (int i = 0; i < 3; i++)
		g_free(words[i]);
	if (!g_spawn_check_wait_status(status, NULL))
		g_error("command failed: %s\n%s%s", command, output, errors);
	return g_strchomp(output);
}

GitFixture *git_fixture_new(void)
{
	GitFixture *fixture = g_new0(GitFixture, 1);
	g_auto(GStrv) names = g_listenv();

	// Nothing of who runs the tests, and of where from (a hook of Git), counts.
	for (char **name = names; *name != NULL; name++) {
		if (g_str_has_prefix(*name, "GIT_"))
			g_unsetenv(*name);
	}
	g_setenv("GIT_CONFIG_GLOBAL", "/dev/null", TRUE);
	g_setenv("GIT_CONFIG_SYSTEM", "/dev/null", TRUE);
	for (int i = 0; i < 2; i++) {
		g_setenv(i == 0 ? "GIT_AUTHOR_NAME" : "GIT_COMMITTER_NAME", "Ada", TRUE);
		g_setenv(i == 0 ? "GIT_AUTHOR_EMAIL" : "GIT_COMMITTER_EMAIL", "ada@example.org",
			TRUE);
	}
	fixture->root = g_dir_make_tmp("weir-git-XXXXXX", NULL);
	fixture->bare = g_build_filename(fixture->root, "origin.git", NULL);
	fixture->work = g_build_filename(fixture->root, "work", NULL);
	g_autofree char *command = g_strdup_printf("git init -q --bare -b main %s && git init -q "
						   "-b main %s && git -C %s remote add origin %s",
		fixture->bare, fixture->work, fixture->work, fixture->bare);
	g_free(shell(command));
	return fixture;
}

void git_fixture_free(GitFixture *fixture)
{
	if (fixture == NULL)
		return;
	g_autofree char *command = g_strdup_printf("rm -rf %s", fixture->root);
	g_free(shell(command));
	g_free(fixture->root);
	g_free(fixture->bare);
	g_free(fixture->work);
	g_free(fixture);
}

char *fixture_run(GitFixture *fixture, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *command = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_autofree char *whole = g_strdup_printf("cd %s; %s", fixture->work, command);
	return shell(whole);
}

void fixture_write(GitFixture *fixture, const char *path, const char *text)
{
	g_autofree char *whole = g_build_filename(fixture->work, path, NULL);
	g_autofree char *folder = g_path_get_dirname(whole);

	g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
	g_assert_true(g_file_set_contents(whole, text, (gssize)strlen(text), NULL));
}

char *fixture_push(GitFixture *fixture, const char *message)
{
	return fixture_run(fixture,
		"git add -A; git commit -q --allow-empty -m '%s'; git push -q origin HEAD; git "
		"rev-parse HEAD",
		message);
}
