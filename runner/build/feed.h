// Feed types: what a publish does with the staged rows. One row a type; the functions are in feed_<type>.c.
#pragma once

#include "runner/build/build.h"

enum {
	FEED_REPLACES = 1 << 0, // the table holds nothing but the staged rows afterwards
	FEED_NEEDS_KEY = 1 << 1,
	FEED_VIEW = 1 << 2, // nothing is staged: the query itself is published
	FEED_SCRIPT = 1 << 3, // nothing is staged: statements are run
};

struct Feed {
	const char *name;
	unsigned flags;
	// Adds what the table has beyond the staged columns (to build->wanted). NULL: nothing.
	bool (*shape)(Build *build, GError **error);
	// Looks at the staged rows before they are checked; may change them. NULL: nothing.
	bool (*verify)(Build *build, GError **error);
	// Inside the publish transaction, with the table there in its wanted form. Sets inserted, updated, deleted.
	bool (*publish)(Build *build, GError **error);
};

const Feed *feed_find(const char *name);
// "did you mean …?" or NULL. Free with g_free.
char *feed_hint(const char *name);

bool feed_truncate_publish(Build *build, GError **error);
bool feed_append_publish(Build *build, GError **error);
bool feed_empty_publish(Build *build, GError **error);
bool feed_delta_verify(Build *build, GError **error);
bool feed_delta_publish(Build *build, GError **error);
// Removes the index that a MODE_DELTA of before needed.
bool feed_delta_drop_index(Build *build, GError **error);
bool feed_view_publish(Build *build, GError **error);
bool feed_script_publish(Build *build, GError **error);
// Adds valid_from and valid_to, where they are not there.
void feed_snapshot_add_validity(DbTable *table);
bool feed_snapshot_shape(Build *build, GError **error);
bool feed_snapshot_verify(Build *build, GError **error);
bool feed_snapshot_publish(Build *build, GError **error);

// Appends all staged rows to the table.
bool feed_insert_all(Build *build, int64_t *ret_count, GError **error);
