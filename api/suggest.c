#include "api/suggest.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#define LONGEST_WORD 64

// The number of single-byte edits (insert, delete, replace, swap of neighbours) from one word to
// the other.
static size_t edit_distance(const char *from, const char *to)
{
	size_t from_length = strlen(from);
	size_t to_length = strlen(to);
	size_t rows[3][LONGEST_WORD + 1];

	for (size_t j = 0; j <= to_length; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= from_length; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		const size_t *above_that = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= to_length; j++) {
			bool same = from[i - 1] == to[j - 1];

			row[j] = MIN(above[j - 1] + (same ? 0 : 1), MIN(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
				row[j] = MIN(row[j], above_that[j - 2] + 1);
		}
	}
	return rows[from_length % 3][to_length];
}

const char *suggest_name(const char *word, const char *const *names)
{
	size_t length = strlen(word);
	size_t allowed = length <= 3 ? 1 : length <= 7 ? 2 : 3;
	const char *closest = NULL;

	if (length == 0 || length > LONGEST_WORD)
		return NULL;
	for (; *names != NULL; names++) {
		if (strlen(*names) > LONGEST_WORD)
			continue;
		size_t distance = edit_distance(word, *names);

		if (distance < length && distance <= allowed) {
			closest = *names;
			if (distance == 0)
				break;
			allowed = distance - 1;
		}
	}
	return closest;
}
