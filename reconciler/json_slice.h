// Parts of a canonical definition without parsing it: an apply of ten thousand flows looks at three members of each.
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct {
	const char *text; // into the definition; NULL: there is no such member
	size_t length;
} JsonSlice;

// The text of members of the outermost object of compact JSON, of each the first of its name, in one pass. Pure. Text
// that is not JSON gives nothing, nor does NULL.
void json_slice_members(
	const char *json, const char *const *names, size_t count, JsonSlice *ret_slices);

// One member as text to free with g_free(); NULL when there is no such member.
char *json_slice_dup(const char *json, const char *name);
