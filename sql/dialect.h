// A SQL dialect: a const table of rules that the scanner follows. Nothing else in weir branches on
// a dialect's name when it reads SQL text.
#pragma once

#include <stdbool.h>

typedef struct SqlDialect SqlDialect;

// Finds a dialect by name, without regard to case: sqlite postgres mysql clickhouse bigquery
// redshift ansi. A few names that connections use are accepted too (postgresql, mariadb, …).
// Returns a constant that is never freed; NULL when no dialect has that name.
const SqlDialect *sql_dialect_find(const char *name);

// The canonical name ("postgres").
const char *sql_dialect_name(const SqlDialect *dialect);

// The canonical names of all dialects, ended by NULL; constant.
const char *const *sql_dialect_names(void);

// Quotes one part of a name as the dialect does, doubling or escaping the quote inside it. The
// caller frees the result.
char *sql_dialect_quote_name(const SqlDialect *dialect, const char *part);
