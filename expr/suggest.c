#include "expr/suggest.h"

#include <string.h>

enum { LONGEST_NAME = 64 };

// Edits from a to b (the optimal string alignment distance), without regard to case.
static unsigned edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	unsigned rows[3][LONGEST_NAME + 1];
	unsigned *before = rows[0], *previous = rows[1], *current = rows[2];

	for (unsigned j = 0; j <= b_length; j++)
		previous[j] = j;
	for (unsigned i = 1; i <= a_length; i++) {
		current[0] = i;
		for (unsigned j = 1; j <= b_length; j++) {
			char x = g_ascii_tolower(a[i - 1]), y = g_ascii_tolower(b[j - 1]);
			unsigned best = previous[j - 1] + (x != y);

			best = MIN(best, previous[j] + 1);
			best = MIN(best, current[j - 1] + 1);
			if (i > 1 && j > 1 && x == g_ascii_tolower(b[j - 2]) &&
				y == g_ascii_tolower(a[i - 2]))
				best = MIN(best, before[j - 2] + 1);
			current[j] = best;
		}
		unsigned *oldest = before;
		before = previous;
		previous = current;
		current = oldest;
	}
	return previous[b_length];
}

void expr_suggestion_consider(ExprSuggestion *suggestion, const char *name)
{
	size_t unknown_length = strlen(suggestion->unknown), length = strlen(name);
	unsigned distance;

	if (unknown_length == 0 || unknown_length > LONGEST_NAME || length > LONGEST_NAME)
		return;
	distance = edit_distance(suggestion->unknown, unknown_length, name, length);
	if (distance > MAX(1, unknown_length / 3) || distance >= MAX(unknown_length, length))
		return;
	if (suggestion->best == NULL || distance < suggestion->distance) {
		suggestion->best = name;
		suggestion->distance = distance;
	}
}
