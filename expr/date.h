// Dates of the expression language: reading and showing them by patterns in the manner of Java's DateTimeFormatter (`yyyy-MM-dd
// HH:mm`). Names of months and days are English. Private to this folder; any thread.
#pragma once

#include "expr/eval.h"

// The zone a name stands for ("Europe/Paris", "UTC", "+02:00"); NULL gives the scope's. NULL after eval_fail().
GTimeZone *expr_date_zone(ExprEval *eval, const json_t *name);

// Reads a date: RFC 3339, ISO 8601 dates and local times (which are in zone), numbers since the epoch (seconds, milli-, micro- or
// nanoseconds by their size), or by a pattern. NULL after eval_fail().
GDateTime *expr_date_read(
	ExprEval *eval, const json_t *value, const char *pattern, GTimeZone *zone);

// Shows a date by a pattern or by the name of a well-known one ("iso", "sql", "rfc_1123_date_time", …): a string value, or NULL
// after eval_fail().
json_t *expr_date_show(ExprEval *eval, GDateTime *date, const char *pattern);

// The pattern that a well-known name stands for; the text itself when it is no name. Private to date_*.c.
const char *expr_date_pattern(const char *name);

// Names of months and days, private to date_*.c.
extern const char *const expr_month_names[12], *const expr_day_names[7];

// The character in a pattern that stands for a fraction of a second of as many digits as it needs, with its point.
enum { PATTERN_FRACTION = '\001' };
