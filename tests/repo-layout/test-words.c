// "Did you mean": the words that count as near are those that a plain computation of the distance says are near.
#include "repo-layout/diagnostic.h"

#include <string.h>

enum {
	LONGEST = 12,
	ROUNDS = 200000,
};

// Insertions, deletions, changes and swaps of neighbours, computed without any shortcut.
static unsigned plain_distance(const char *a, const char *b)
{
	unsigned table[LONGEST + 1][LONGEST + 1];
	size_t rows = strlen(a), columns = strlen(b);

	for (size_t i = 0; i <= rows; i++) {
		for (size_t j = 0; j <= columns; j++) {
			if (i == 0 || j == 0) {
				table[i][j] = (unsigned)(i + j);
				continue;
			}
			bool same = g_ascii_tolower(a[i - 1]) == g_ascii_tolower(b[j - 1]);
			bool swapped = i > 1 && j > 1 &&
				       g_ascii_tolower(a[i - 1]) == g_ascii_tolower(b[j - 2]) &&
				       g_ascii_tolower(a[i - 2]) == g_ascii_tolower(b[j - 1]);
			unsigned least = MIN(table[i - 1][j], table[i][j - 1]) + 1;

			least = MIN(least, table[i - 1][j - 1] + !same);
			table[i][j] = swapped ? MIN(least, table[i - 2][j - 2] + 1) : least;
		}
	}
	return table[rows][columns];
}

static void make_word(char word[LONGEST + 1])
{
	size_t length = (size_t)g_test_rand_int_range(1, LONGEST + 1);

	for (size_t i = 0; i < length; i++)
		word[i] = "abcA"[g_test_rand_int_range(0, 4)];
	word[length] = '\0';
}

static void test_near_words(void)
{
	unsigned near = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		char word[LONGEST + 1], other[LONGEST + 1];
		const char *const candidates[] = {other, NULL};

		make_word(word);
		make_word(other);
		size_t length = strlen(word);
		unsigned allowed = length <= 3 ? 1 : length <= 7 ? 2 : 3;
		unsigned distance = plain_distance(word, other);
		bool expected = distance <= allowed && distance < strlen(other);

		if ((nearest_word(word, candidates) != NULL) != expected)
			g_error("'%s' and '%s' are %u apart", word, other, distance);
		near += expected;
	}
	g_assert_cmpuint(near, >, ROUNDS / 50);
}

static void test_the_nearest_counts(void)
{
	static const char *const candidates[] = {
		"accepted", "acceptd_values", "accepted_value", "accepted_values_2", NULL};

	g_assert_cmpstr(nearest_word("accepted_values", candidates), ==, "acceptd_values");
	g_assert_cmpstr(nearest_word("ACCEPTED_VALUE", candidates), ==, "accepted_value");
	g_assert_null(nearest_word("rejected", candidates));
	g_assert_null(nearest_word("", candidates));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/words/near", test_near_words);
	g_test_add_func("/words/nearest", test_the_nearest_counts);
	return g_test_run();
}
