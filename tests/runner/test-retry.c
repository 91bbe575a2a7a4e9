// When a failed attempt is tried again.
#include "runner/retry.h"

#include <glib.h>

#define SECOND ((int64_t)G_USEC_PER_SEC)

static const struct {
	const char *name;
	Retry retry;
	RetryPast past;
	int64_t at; // seconds; -1: no more
} cases[] = {
	{"constant", {.kind = RETRY_CONSTANT, .interval = 5 * SECOND}, {1, 0, 10 * SECOND, 0}, 15},
	{"most-attempts-count-the-first",
		{.kind = RETRY_CONSTANT, .interval = SECOND, .max_attempts = 2},
		{2, 0, 10 * SECOND, 0}, -1},
	{"one-attempt-left", {.kind = RETRY_CONSTANT, .interval = SECOND, .max_attempts = 2},
		{1, 0, 10 * SECOND, 0}, 11},
	{"longest-time-bounds-the-start",
		{.kind = RETRY_CONSTANT, .interval = 5 * SECOND, .max_duration = 14 * SECOND},
		{1, 0, 10 * SECOND, 0}, -1},
	{"within-the-longest-time",
		{.kind = RETRY_CONSTANT, .interval = 5 * SECOND, .max_duration = 15 * SECOND},
		{1, 0, 10 * SECOND, 0}, 15},
	{"exponential-first",
		{.kind = RETRY_EXPONENTIAL, .interval = 2 * SECOND, .delay_factor = 3},
		{1, 0, 0, 0}, 2},
	{"exponential-second",
		{.kind = RETRY_EXPONENTIAL, .interval = 2 * SECOND, .delay_factor = 3},
		{2, 0, 0, 0}, 6},
	{"exponential-third",
		{.kind = RETRY_EXPONENTIAL, .interval = 2 * SECOND, .delay_factor = 3},
		{3, 0, 0, 0}, 18},
	{"exponential-capped",
		{.kind = RETRY_EXPONENTIAL,
			.interval = 2 * SECOND,
			.delay_factor = 3,
			.max_interval = 10 * SECOND},
		{3, 0, 0, 0}, 10},
};

static void test_case(gconstpointer data)
{
	const size_t i = GPOINTER_TO_SIZE(data);
	int64_t at = 0;
	bool again = retry_next(&cases[i].retry, &cases[i].past, &at);

	g_assert_cmpint(again ? at / SECOND : -1, ==, cases[i].at);
}

static void test_random(void)
{
	Retry retry = {.kind = RETRY_RANDOM, .interval = 2 * SECOND, .max_interval = 4 * SECOND};
	int64_t first = 0, same = 0, least = INT64_MAX, most = 0;

	for (uint64_t seed = 0; seed < 1000; seed++) {
		RetryPast past = {1, 0, 0, seed};
		int64_t at;

		g_assert_true(retry_next(&retry, &past, &at));
		least = MIN(least, at);
		most = MAX(most, at);
	}
	g_assert_cmpint(least, >=, 2 * SECOND);
	g_assert_cmpint(least, <, 2 * SECOND + SECOND / 10);
	g_assert_cmpint(most, <=, 4 * SECOND);
	g_assert_cmpint(most, >, 4 * SECOND - SECOND / 10);
	// Worked out again, it is the same: a crash in between changes nothing.
	RetryPast past = {1, 0, 0, 42};
	g_assert_true(retry_next(&retry, &past, &first) && retry_next(&retry, &past, &same));
	g_assert_cmpint(first, ==, same);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strdup_printf("/retry/%s", cases[i].name);

		g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_case);
	}
	g_test_add_func("/retry/random", test_random);
	return g_test_run();
}
