// Rows of a file (CSV, JSON lines) as a BuildSource: typed by the declared schema, bad ones refused or kept aside.
#pragma once

#include "runner/build/build.h"

typedef enum {
	LOAD_CSV,
	LOAD_JSON_LINES,
} LoadFormat;

typedef struct LoadOptions {
	const char *path;
	LoadFormat format;
	bool no_header; // CSV: the first line is a row
	char delimiter; // 0: ','
	char quote; // 0: '"'
	bool no_quote;
	unsigned skip; // lines before the header
	const char *null_text; // NULL: an empty value without quotes
	const json_t *columns; // names of the file's columns, instead of its header; NULL
	bool reject; // bad rows are kept aside
	int64_t max_bad_rows; // -1: no limit
	size_t max_record; // bytes; 0: 16 MiB
} LoadOptions;

// A row that was not loaded.
typedef struct LoadReject {
	uint64_t line;
	char *column; // NULL: the row as a whole
	char *reason;
	char *text; // as it was in the file, cut after 4 KiB
} LoadReject;

typedef struct LoadSource LoadSource;

enum {
	LOAD_REJECTS_KEPT = 1000,
};

// options are borrowed.
LoadSource *load_source_new(const LoadOptions *options);
void load_source_free(LoadSource *load);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LoadSource, load_source_free)

// What to give to build_new().
BuildSource load_source_rows(LoadSource *load);
// After the build ran.
int64_t load_source_rejected(const LoadSource *load);
// The first LOAD_REJECTS_KEPT of them; LoadReject, borrowed.
const GPtrArray *load_source_rejects(const LoadSource *load);
