// Names of files by pattern, as outputFiles and namespaceFiles give them. Pure.
#pragma once

#include <glib.h>
#include <stdbool.h>

// Whether a path below a folder ("a/b.csv", no leading "./") matches: * and ? stand for anything within one part, [ab] for
// one of these, {a,b} for either, ** for any number of parts. A part that begins with a dot is matched only by a pattern
// whose part does.
bool file_pattern_matches(const char *pattern, const char *path);
