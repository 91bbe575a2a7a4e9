#include "reconciler/source.h"
#include "reconciler/source_fetcher.h"
#include "tests/reconciler/git-fixture.h"

#include <string.h>

static Source *open_source(GitFixture *git, const char *branch, bool allow_rewind)
{
	g_autoptr(GError) error = NULL;
	const SourceOptions options = {
		.url = git->bare, .branch = branch, .allow_rewind = allow_rewind};
	Source *source = source_new(&options, &error);

	g_assert_no_error(error);
	return source;
}

static void assert_tip(Source *source, const char *known, SourceMove move, const char *id)
{
	g_autoptr(GError) error = NULL;
	g_auto(SourceTip) tip = {0};
	const SourceKnown what = {known, NULL};

	source_fetch(source, &what, &tip, &error);
	g_assert_no_error(error);
	g_assert_cmpint(tip.move, ==, move);
	g_assert_cmpstr(tip.id, ==, id);
}

static void assert_refused(Source *source, const char *known, FetchError code, const char *message)
{
	g_autoptr(GError) error = NULL;
	g_auto(SourceTip) tip = {0};
	const SourceKnown what = {known, NULL};

	g_assert_false(source_fetch(source, &what, &tip, &error));
	g_assert_error(error, FETCH_ERROR, (int)code);
	g_assert_cmpstr(error->message, ==, message);
}

static void test_first_push(void)
{
	g_autoptr(GitFixture) git = git_fixture_new();
	g_autoptr(Source) source = open_source(git, NULL, false);

	assert_tip(source, NULL, SOURCE_EMPTY, "");
	fixture_write(git, "weir.yaml", "name: x\n");
	g_autofree char *first = fixture_push(git, "Begin");
	assert_tip(source, NULL, SOURCE_FORWARD, first);
	assert_tip(source, first, SOURCE_UNCHANGED, first);
	g_autofree char *second = fixture_push(git, "Go on");
	g_autofree char *third = fixture_push(git, "And on");
	assert_tip(source, first, SOURCE_FORWARD, third);
	assert_tip(source, second, SOURCE_FORWARD, third);

	g_auto(SourceTip) tip = {0};
	g_assert_true(source_fetch(source, NULL, &tip, NULL));
	g_assert_cmpstr(tip.ref, ==, "refs/heads/main");
	g_assert_cmpstr(tip.author, ==, "Ada <ada@example.org>");
	g_assert_cmpstr(tip.summary, ==, "And on");
	g_assert_cmpint(tip.committed_at, >, INT64_C(1500000000000000));
}

static void test_force_push(void)
{
	g_autoptr(GitFixture) git = git_fixture_new();
	g_autoptr(Source) source = open_source(git, "main", false);
	g_autofree char *first = fixture_push(git, "Begin");
	g_autofree char *second = fixture_push(git, "Go on");
	g_autofree char *other = fixture_run(git,
		"git reset -q --hard %s; git commit -q --allow-empty -m Other; git push -qf origin "
		"main; "
		"git rev-parse HEAD",
		first);
	g_autofree char *message = g_strdup_printf(
		"branch 'main' of repository '%s' was force-pushed: %.12s does not contain %.12s, "
		"which is "
		"live; push a commit on top of that one, or allow it with allow_rewind",
		git->bare, other, second);

	assert_refused(source, second, FETCH_ERROR_REWOUND, message);
	assert_tip(source, first, SOURCE_FORWARD, other);
	g_autoptr(Source) lenient = open_source(git, "main", true);
	assert_tip(lenient, second, SOURCE_REWOUND, other);
	// A commit that is nowhere any more is no ancestor either.
	assert_tip(lenient, "1234567890123456789012345678901234567890", SOURCE_REWOUND, other);
}

static void test_branches(void)
{
	g_autoptr(GitFixture) git = git_fixture_new();
	g_autoptr(Source) other = open_source(git, "prod", false);
	g_autoptr(Source) head = open_source(git, NULL, false);
	g_autofree char *pushed = fixture_run(git, "git checkout -q -b team/a; git commit -q "
						   "--allow-empty -m A; git push -q origin HEAD; "
						   "git rev-parse HEAD");
	g_autofree char *message = g_strdup_printf(
		"branch 'prod' is not in repository '%s'; it has 'team/a': push the branch, "
		"or name another one to track",
		git->bare);
	g_autofree char *head_message =
		g_strdup_printf("branch 'main' is not in repository '%s', though its HEAD names "
				"it; it has 'team/a': push "
				"the branch, or name another one to track",
			git->bare);

	assert_refused(other, NULL, FETCH_ERROR_NO_BRANCH, message);
	assert_refused(head, NULL, FETCH_ERROR_NO_BRANCH, head_message);
	g_autoptr(Source) nested = open_source(git, "team/a", false);
	assert_tip(nested, NULL, SOURCE_FORWARD, pushed);
	g_free(fixture_run(git, "git -C %s pack-refs --all", git->bare));
	assert_tip(nested, pushed, SOURCE_UNCHANGED, pushed);
}

// git init --bare names master, people push main: the only branch there is is the one that is meant.
static void test_only_branch(void)
{
	g_autoptr(GitFixture) git = git_fixture_new();
	g_free(fixture_run(git, "git -C %s symbolic-ref HEAD refs/heads/master", git->bare));
	g_autoptr(Source) source = open_source(git, NULL, false);
	g_autofree char *first = fixture_push(git, "Begin");

	assert_tip(source, NULL, SOURCE_FORWARD, first);
}

static void test_gone_and_back(void)
{
	g_autoptr(GitFixture) git = git_fixture_new();
	g_autoptr(Source) source = open_source(git, NULL, false);
	g_autofree char *first = fixture_push(git, "Begin");
	assert_tip(source, NULL, SOURCE_FORWARD, first);
	g_free(fixture_run(git, "mv %s %s.away", git->bare, git->bare));
	g_autofree char *gone =
		g_strdup_printf("repository '%s' cannot be reached: No such file or "
				"directory; put it back, or correct the path",
			git->bare);
	assert_refused(source, first, FETCH_ERROR_GONE, gone);
	g_free(fixture_run(git, "mkdir %s", git->bare));
	g_autofree char *none =
		g_strdup_printf("'%s' is not a Git repository: give the folder that holds "
				".git, or a bare repository",
			git->bare);
	assert_refused(source, first, FETCH_ERROR_GONE, none);
	g_free(fixture_run(git, "rmdir %s; mv %s.away %s", git->bare, git->bare, git->bare));
	assert_tip(source, first, SOURCE_UNCHANGED, first);
}

static void test_corrupt(void)
{
	g_autoptr(GitFixture) git = git_fixture_new();
	g_autofree char *first = fixture_push(git, "Begin");
	g_autofree char *object =
		g_strdup_printf("%s/objects/%.2s/%s", git->bare, first, first + 2);
	g_autoptr(GError) error = NULL;
	g_auto(SourceTip) tip = {0};

	g_free(fixture_run(git, "chmod u+w %s; printf damaged > %s", object, object));
	g_autoptr(Source) source = open_source(git, NULL, false);
	g_assert_false(source_fetch(source, NULL, &tip, &error));
	g_assert_error(error, FETCH_ERROR, FETCH_ERROR_CORRUPT);
	g_autofree char *begin =
		g_strdup_printf("the commit of branch 'main' of repository '%s' cannot be read; "
				"'git -C %s/ fsck' tells "
				"which objects are damaged, and pushing again mends them (",
			git->bare, git->bare);
	g_assert_cmpstr(strstr(error->message, begin), ==, error->message);
}

static void test_urls(void)
{
	static const char *const bad[][2] = {
		{"", "'' is not the URL of a repository: give a path, or a URL that begins with "
		     "file://, "
		     "https:// or ssh://"},
		{"ftp://example.org/x",
			"'ftp://example.org/x' is not the URL of a repository: give a path, "
			"or a URL that begins with file://, https:// or ssh://"},
		{"https://example.org/x", "'https://example.org/x' is remote and there is no "
					  "folder to mirror it into"},
		{"git@example.org:x",
			"'git@example.org:x' is remote and there is no folder to mirror it into"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		const SourceOptions options = {.url = bad[i][0]};

		g_assert_null(source_new(&options, &error));
		g_assert_cmpstr(error->message, ==, bad[i][1]);
	}
	g_autoptr(GError) error = NULL;
	const SourceOptions options = {.url = "/x", .branch = "a..b"};
	g_assert_null(source_new(&options, &error));
	g_assert_cmpstr(error->message, ==, "'a..b' cannot be the name of a branch");
}

// A file:// URL goes through the same mirror as https:// and ssh://.
static void test_mirror(void)
{
	g_autoptr(GitFixture) git = git_fixture_new();
	g_autofree char *url = g_strdup_printf("file://%s", git->bare);
	g_autofree char *mirrors = g_build_filename(git->root, "mirrors", NULL);
	const SourceOptions options = {.url = url, .mirror_folder = mirrors};
	g_autoptr(Source) source = source_new(&options, NULL);

	assert_tip(source, NULL, SOURCE_EMPTY, "");
	fixture_write(git, "weir.yaml", "name: x\n");
	g_autofree char *first = fixture_push(git, "Begin");
	assert_tip(source, NULL, SOURCE_FORWARD, first);
	g_autofree char *second = fixture_push(git, "Go on");
	assert_tip(source, first, SOURCE_FORWARD, second);
	assert_tip(source, second, SOURCE_UNCHANGED, second);
	g_autofree char *other =
		fixture_run(git, "git commit -q --amend --allow-empty -m Other; git "
				 "push -qf origin main; git rev-parse HEAD");
	g_autofree char *message = g_strdup_printf(
		"branch 'main' of repository '%s' was force-pushed: %.12s does not contain %.12s, "
		"which is "
		"live; push a commit on top of that one, or allow it with allow_rewind",
		url, other, second);
	assert_refused(source, second, FETCH_ERROR_REWOUND, message);
	g_free(fixture_run(git, "mv %s %s.away", git->bare, git->bare));
	g_autoptr(GError) error = NULL;
	g_auto(SourceTip) tip = {0};
	const SourceKnown known = {second, "refs/heads/main"};
	g_assert_false(source_fetch(source, &known, &tip, &error));
	g_assert_nonnull(strstr(error->message, "cannot be reached"));
	g_assert_cmpstr(git_repository_path(source_repository(source)), !=, git->bare);
}

// A remote's HEAD counts once, when a commit is found first; what was followed before counts more.
static void test_mirror_head(void)
{
	g_autoptr(GitFixture) git = git_fixture_new();
	g_autofree char *url = g_strdup_printf("file://%s", git->bare);
	g_autofree char *mirrors = g_build_filename(git->root, "mirrors", NULL);
	SourceOptions options = {.url = url, .mirror_folder = mirrors};
	g_autoptr(Source) source = source_new(&options, NULL);

	assert_tip(source, NULL, SOURCE_EMPTY, "");
	g_autofree char *first = fixture_push(git, "Begin");
	assert_tip(source, NULL, SOURCE_FORWARD, first);
	g_autofree char *other = fixture_run(git,
		"git commit -q --allow-empty -m Other; git push -q origin HEAD:other; git -C %s "
		"symbolic-ref HEAD refs/heads/other; git rev-parse HEAD",
		git->bare);
	assert_tip(source, first, SOURCE_UNCHANGED, first);
	g_assert_false(source_is_named(source));
	options.noted = "refs/heads/main";
	g_autoptr(Source) again = source_new(&options, NULL);
	assert_tip(again, first, SOURCE_UNCHANGED, first);
	// What was followed was no branch: HEAD tells.
	options.noted = "refs/tags/v1";
	g_autoptr(Source) anew = source_new(&options, NULL);
	assert_tip(anew, first, SOURCE_FORWARD, other);
	g_assert_cmpstr(source_ref(anew), ==, "refs/heads/other");
}

static void test_resolve(void)
{
	g_autoptr(GitFixture) git = git_fixture_new();
	g_autofree char *first = fixture_push(git, "Begin");
	g_autofree char *second = fixture_push(git, "Go on");
	g_autoptr(Source) source = open_source(git, NULL, false);
	g_autoptr(GError) error = NULL;
	g_auto(SourceTip) tip = {0};

	g_assert_true(source_resolve(source, "main~1", &tip, NULL));
	g_assert_cmpstr(tip.id, ==, first);
	source_tip_clear(&tip);
	g_assert_true(source_resolve(source, NULL, &tip, NULL));
	g_assert_cmpstr(tip.id, ==, second);
	source_tip_clear(&tip);
	g_assert_false(source_resolve(source, "nowhere", &tip, &error));
	g_assert_nonnull(strstr(error->message, "revision 'nowhere' is not in repository '"));
}

int main(int argc, char **argv)
{
	int status = source_fetcher_main(argc, argv);

	if (status >= 0)
		return status;
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/source/first-push", test_first_push);
	g_test_add_func("/source/force-push", test_force_push);
	g_test_add_func("/source/branches", test_branches);
	g_test_add_func("/source/only-branch", test_only_branch);
	g_test_add_func("/source/gone-and-back", test_gone_and_back);
	g_test_add_func("/source/corrupt", test_corrupt);
	g_test_add_func("/source/urls", test_urls);
	g_test_add_func("/source/mirror", test_mirror);
	g_test_add_func("/source/mirror-head", test_mirror_head);
	g_test_add_func("/source/resolve", test_resolve);
	return g_test_run();
}
