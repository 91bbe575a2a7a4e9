// Checks of a table's rows: the many ways of writing one, and the one canonical form.
#pragma once

#include "repo-layout/key_table.h"

// One row per type of check; the table's name is the type.
extern const KeyTable *const check_tables[]; // ended by NULL

// Converts a list of checks to the canonical form, a list of objects that each have "type" and, as the type has them:
//
//   not_null {columns}   unique {columns}   accepted_values {column, values}   accepted_range {column, min, max, inclusive}
//   relationships {column, to: "dataset.table.column"}   row_count {min, max, equals}   freshness {column, within}
//   expression {expression}   sql {sql}
//
// and, where given, name, description, severity ("error" or "warn"), error_if and warn_if (">10"), store_failures, where.
// Written `- not_null: [a, b]` or `- not_null: {columns: [a, b], severity: warn}`; the keys that every check has may also stand
// beside the type. A new reference; never NULL.
json_t *checks_convert(const YamlNode *node, KeyContext *context);
// Reports SQL that surely cannot stand where `key` has it: as a condition, or as a query. It is told at the node, which is text.
void check_sql_piece(const YamlNode *node, KeyContext *context, const char *key, bool condition);
