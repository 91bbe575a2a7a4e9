// The target of a request ("/v1/flows/sales/orders?limit=5") taken apart: segments of the path and parameters of the query,
// percent-decoded once. Pure.
#pragma once

#include <glib.h>
#include <stdbool.h>

// Targets longer than this are refused with 414.
#define TARGET_LONGEST 4096

typedef struct {
	char *name;
	char *value;
} TargetParameter;

typedef struct {
	GPtrArray *segments; // of char *: "/" has none, "/a/b" has two
	GArray *parameters; // of TargetParameter, in the order of the query
} ApiTarget;

// Takes raw apart. Refuses, with an API_ERROR (api/problem.h) of status 400 or 414 that says why: broken percent escapes,
// invalid UTF-8, control characters, encoded slashes, and the segments "." and "..". Free with target_clear() in either case.
bool target_parse(ApiTarget *target, const char *raw, GError **error);
void target_clear(ApiTarget *target);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ApiTarget, target_clear)

// Appends text to a path or query with everything but unreserved characters percent-encoded.
void target_append_escaped(GString *target, const char *text);
