// The jq filter, on libjq where it is built in. Any thread.
#pragma once

#include <glib.h>
#include <jansson.h>

// Runs a jq program over a value: a new list of all its results, of at most limit bytes as JSON. A program is compiled once
// and kept for the next run. NULL with an EXPR_ERROR when it does not compile, fails, or jq is not built in.
json_t *expr_jq_run(const char *program, const json_t *input, size_t limit, GError **error);
