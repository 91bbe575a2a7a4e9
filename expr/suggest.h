// "did you mean": the nearest of some names to one that is unknown. Pure; any thread.
#pragma once

#include <glib.h>

// The best name found so far. Start with {0} and the unknown name.
typedef struct {
	const char *unknown;
	const char *best; // borrowed from the names considered; NULL when none is near enough
	unsigned distance;
} ExprSuggestion;

// Considers one more name: it becomes the best when fewer edits (letters changed, added, left out or swapped; a change of
// case counts as none) lead to it than to the best so far, and no more than a third of the unknown name's length.
void expr_suggestion_consider(ExprSuggestion *suggestion, const char *name);
