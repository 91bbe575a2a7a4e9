// What a connection knows of its datasets' tables: each is read once, and again only when the schema of its dataset has
// changed since. Kept with the pooled connection; used by the one build that has it.
#pragma once

#include "runner/build/build.h"

// A table or view as it was read.
typedef struct KnownTable {
	DbTable *table; // NULL: there is none of that name
	char *shape; // what the marker keeps of it: db_table_text(), "" when there is none
	bool unindexed; // has no index that a MODE_DELTA of before needed
} KnownTable;

// The number of a dataset's schema, which differs when it was changed; -1: the engine has none.
bool known_version(const Build *build, const char *dataset, int64_t *ret_version, GError **error);

// ---- What a query gives

// The columns of a query (its text with parameters) that was described when all of the build's datasets were as they are
// now. *ret_columns is a copy, or NULL when it is not known. Inside the transaction of the staging.
bool known_query_find(Build *build, const char *sql, DbTable **ret_columns, GError **error);
// Keeps them for the next time, with the versions that known_query_find() saw.
void known_query_keep(Build *build, const char *sql, const DbTable *columns);

// ---- What the target is

// Inside the publish transaction, so that all is of one moment: what the target is now. Borrowed until known_end().
// NULL with error.
const KnownTable *known_begin(Build *build, GError **error);
// What it is after the feed's publish. Borrowed until known_end().
const KnownTable *known_after(Build *build, GError **error);
// The transaction has ended.
void known_end(Build *build, bool committed);
