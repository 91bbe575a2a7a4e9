#include "reconciler/source_watch.h"
#include "tests/reconciler/git-fixture.h"

#include <poll.h>

#define HOUR (INT64_C(3600) * G_USEC_PER_SEC)

// A local source that was fetched once, and its watch. The pause is so long that only inotify can end it.
typedef struct {
	GitFixture *git;
	Source *source;
	SourceWatch *watch;
} Story;

static void fetch(Story *story)
{
	g_auto(SourceTip) tip = {0};

	bool good = source_fetch(story->source, NULL, &tip, NULL);
	if (story->watch != NULL)
		source_watch_back_off(story->watch, !good, 0);
}

static Story story_new(const char *branch)
{
	Story story = {.git = git_fixture_new()};
	const SourceOptions options = {.url = story.git->bare, .branch = branch};

	story.source = source_new(&options, NULL);
	fetch(&story);
	story.watch = source_watch_new(story.source, HOUR, 1);
	g_assert_true(source_watch_due(story.watch, 0));
	fetch(&story);
	return story;
}

static void story_end(Story *story)
{
	source_watch_free(story->watch);
	source_free(story->source);
	git_fixture_free(story->git);
}

// Whether the watch asks for a fetch within a second of a change.
static bool noticed(Story *story)
{
	struct pollfd wait = {.fd = source_watch_fd(story->watch), .events = POLLIN};
	bool due = false;

	while (!due && poll(&wait, 1, 300) == 1)
		due = source_watch_due(story->watch, 1);
	if (due)
		fetch(story);
	return due;
}

static void test_pushes(void)
{
	Story story = story_new(NULL);

	g_assert_false(noticed(&story));
	for (int i = 0; i < 3; i++) {
		g_free(fixture_push(story.git, "Push"));
		g_assert_true(noticed(&story));
		while (noticed(&story))
			;
	}
	g_free(fixture_run(story.git, "git -C %s pack-refs --all", story.git->bare));
	g_assert_true(noticed(&story));
	story_end(&story);
}

static void test_objects_are_no_news(void)
{
	Story story = story_new(NULL);

	g_free(fixture_run(story.git,
		"echo x | git -C %s hash-object -w --stdin; touch %s/refs/heads/main.lock",
		story.git->bare, story.git->bare));
	g_assert_false(noticed(&story));
	story_end(&story);
}

static void test_nested_branch(void)
{
	Story story = story_new("team/a/b");

	g_free(fixture_run(story.git, "git checkout -q -b team/a/b"));
	for (int i = 0; i < 3; i++) {
		g_free(fixture_push(story.git, "Push"));
		g_assert_true(noticed(&story));
		while (noticed(&story))
			;
		// Packing removes the folders, the next push makes them anew.
		g_free(fixture_run(
			story.git, "git -C %s pack-refs --all --prune", story.git->bare));
		g_assert_true(noticed(&story));
		while (noticed(&story))
			;
	}
	story_end(&story);
}

static void test_gone_and_back(void)
{
	Story story = story_new(NULL);

	g_free(fixture_run(story.git, "rm -rf %s", story.git->bare));
	g_assert_true(noticed(&story));
	while (noticed(&story))
		;
	g_free(fixture_run(story.git, "git init -q --bare -b main %s", story.git->bare));
	g_assert_true(noticed(&story));
	while (noticed(&story))
		;
	g_free(fixture_push(story.git, "Push"));
	g_assert_true(noticed(&story));
	story_end(&story);
}

static void test_pauses(void)
{
	const SourceOptions options = {.url = "file:///nowhere", .mirror_folder = "/nowhere"};
	g_autoptr(Source) source = source_new(&options, NULL);
	g_autoptr(SourceWatch) watch = source_watch_new(source, 1000, 7);
	int64_t shortest = INT64_MAX, longest = 0;

	g_assert_cmpint(source_watch_fd(watch), ==, -1);
	g_assert_cmpint(source_watch_timeout(watch, 5), ==, 0);
	for (int i = 0; i < 1000; i++) {
		g_assert_true(source_watch_due(watch, i * 10000));
		int64_t pause = source_watch_timeout(watch, i * 10000);

		g_assert_false(source_watch_due(watch, i * 10000 + pause - 1));
		shortest = MIN(shortest, pause);
		longest = MAX(longest, pause);
	}
	g_assert_cmpint(shortest, >=, 799);
	g_assert_cmpint(shortest, <, 820);
	g_assert_cmpint(longest, <=, 1000);
	g_assert_cmpint(longest, >, 980);
	static const int factors[] = {2, 4, 8, 8, 8};
	for (size_t i = 0; i < G_N_ELEMENTS(factors); i++) {
		source_watch_back_off(watch, true, 0);
		g_assert_cmpint(source_watch_timeout(watch, 0), >=, factors[i] * 799);
		g_assert_cmpint(source_watch_timeout(watch, 0), <=, factors[i] * 1000);
	}
	source_watch_back_off(watch, false, 0);
	g_assert_cmpint(source_watch_timeout(watch, 0), <=, 1000);
	// A fetch that took half the pause leaves half of it; one that took longer, a short rest.
	g_assert_true(source_watch_due(watch, 5000));
	source_watch_back_off(watch, false, 5500);
	g_assert_cmpint(source_watch_timeout(watch, 5500), >=, 299);
	g_assert_cmpint(source_watch_timeout(watch, 5500), <=, 500);
	source_watch_back_off(watch, false, 9000);
	g_assert_cmpint(source_watch_timeout(watch, 9000), ==, 100);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/source-watch/pushes", test_pushes);
	g_test_add_func("/source-watch/objects-are-no-news", test_objects_are_no_news);
	g_test_add_func("/source-watch/nested-branch", test_nested_branch);
	g_test_add_func("/source-watch/gone-and-back", test_gone_and_back);
	g_test_add_func("/source-watch/pauses", test_pauses);
	return g_test_run();
}
