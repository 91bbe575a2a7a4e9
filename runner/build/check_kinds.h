// The table of kinds of checks; for check.c and check_scan.c.
#pragma once

#include "runner/build/check.h"

struct CheckKind {
	const char *name;
	// Splits a list of columns into one check each.
	bool each_column;
	// Whether it needs at least one column (`columns:`, `column:` or the list itself).
	bool needs_columns;
	// Reads what else it needs from the arguments; NULL: nothing to check.
	bool (*verify)(const Check *check, GError **error);
	// Writes an aggregate that counts the failures over the scanned rows. NULL: has a statement of its own.
	bool (*measure)(CheckScan *scan, const Check *check, SqlBuilder *builder, GError **error);
	// Writes the condition that is true for a failing row (without WHERE). NULL: no row is to blame.
	bool (*failing)(CheckScan *scan, const Check *check, SqlBuilder *builder, GError **error);
};

const CheckKind *check_kind_find(const char *name);
// "did you mean …?" over the names, or NULL. Free with g_free.
char *check_kind_hint(const char *name);
extern const CheckKind check_kind_required;
extern const CheckKind check_kind_typed;
extern const CheckKind check_kind_sql;

// Appends the check's own `where` as a condition ("TRUE" when it has none).
bool check_append_where(CheckScan *scan, const Check *check, SqlBuilder *builder, GError **error);
