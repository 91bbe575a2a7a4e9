// Parts of a canonical definition without parsing it: an apply of ten thousand flows looks at three members of each.
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct {
	const char *text; // into the definition; NULL: there is no such member
	size_t length;
} JsonSlice;

// The text of a member of the outermost object of compact JSON. Pure. Text that is not JSON gives nothing.
JsonSlice json_slice_member(const char *json, const char *name);

// The same as text to free with g_free(); NULL when there is no such member.
char *json_slice_dup(const char *json, const char *name);
