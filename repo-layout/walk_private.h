// Walking the folders of a repository; inside of layout_walk.c's module.
#pragma once

#include "repo-layout/arena.h"
#include "repo-layout/layout_private.h"

// What a file is by its place.
typedef enum {
	FOUND_SCRIPT,
	FOUND_SIDECAR,
	FOUND_SCHEMA,
	FOUND_FLOW,
	FOUND_FEED,
	FOUND_SET,
	FOUND_ROWS, // beside a flow set
} FoundKind;

typedef struct Found {
	FoundKind kind;
	SourceId id;
	const char *path;
	const char *dataset; // NULL: the domain's own
	const char *table; // the file's stem
	const char *project; // by a layout pattern, or NULL
	bool used;
} Found;

// The files of one domain.
typedef struct FoundList {
	Arena arena; // of the texts
	GArray *files; // Found
} FoundList;

// Reads a folder, counts its entries and reports those that cannot be used (to diagnostics). NULL with error: unreadable or
// over a limit of the load; NULL without: too deep, which is reported.
SourceFolder *walk_folder(LayoutLoad *load, const char *path, const SourceId *id,
	DiagnosticList *diagnostics, GError **error);
// Makes the units of a domain out of its files, with those of previous (may be NULL) where nothing changed.
bool walk_units(LayoutLoad *load, DomainData *data, const DomainData *previous, FoundList *found,
	GError **error);
// Whether the load is within its limit of time; else error is set.
bool walk_in_time(LayoutLoad *load, GError **error);
// Domains of the layout's patterns.
bool walk_patterns(LayoutLoad *load, const SourceFolder *top, GError **error);
// The last snapshot's domain at this path; NULL when there is none.
DomainData *walk_previous(LayoutLoad *load, const char *path);
// Puts a finished domain into the layout. Takes the reference.
void walk_add(LayoutLoad *load, DomainData *data);
bool ends_with(const char *name, const char *ending);
// The name without its last ending: "orders.sql" -> "orders".
const char *found_stem(FoundList *found, const char *name);
