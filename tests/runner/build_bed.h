// A folder of datasets, and builds into it without a runner: for the tests of feeds, checks and loads.
#pragma once

#include "runner/build/build.h"
#include "runner/load/load_source.h"

typedef struct Bed {
	char *folder;
	char *url;
	json_t *variables; // what expressions evaluate to, by their text
	unsigned task_runs; // numbers them
	GString *log;

	// Of the last build.
	json_t *outputs;
	char *error; // NULL: it was done
	GPtrArray *checks; // char *: messages of those that did not pass
	json_t *samples; // of the first check that did not pass
	bool replayed;
} Bed;

void bed_open(Bed *bed);
void bed_close(Bed *bed);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Bed, bed_close)

// Runs statements as somebody else would: with a connection of its own, over all datasets named.
void bed_execute(const Bed *bed, const char *dataset, const char *sql);
// Rows as text: columns joined by '|', rows by ' '.
char *bed_query(const Bed *bed, const char *dataset, const char *sql);
// Asserts what a query gives.
void bed_assert(const Bed *bed, const char *dataset, const char *sql, const char *rows);

// Builds with a new task run. properties: JSON text with table, feed, sql, schema, checks, … True when it was published.
bool bed_build(Bed *bed, const char *properties);
// The same as task run number n (to try one again).
bool bed_build_as(Bed *bed, unsigned n, const char *properties);
// Loads a text as a file. options: format and how it is read; path is set here.
bool bed_load(Bed *bed, const char *properties, LoadOptions options, const char *content);
// The same of bytes, of which some may be 0.
bool bed_load_bytes(
	Bed *bed, const char *properties, LoadOptions options, const char *content, gssize length);
// How often a rejected row was kept, and the first ones: "line column reason" joined by newlines, of the last load.
extern GString *bed_rejects;
