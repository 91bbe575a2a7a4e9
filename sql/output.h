// The columns that a query makes, and the columns that it names, as far as the text alone tells. Nothing here is on the path
// of a load: it is asked when a change is looked at. Pure and thread-safe, linear in the text, without recursion, as sql/scan.h.
#pragma once

#include "sql/scan.h"

// The names of the columns that a text's only query makes, in their order and as they are written, ended by NULL: aliases,
// and plain references to columns. NULL unless all of them are certain: "*", an expression without a name, a name given
// twice, or anything that the reader does not know makes the whole answer "not known". The caller frees it (g_strfreev).
char **sql_output_columns(const SqlDialect *dialect, const char *text, size_t length);

// Which columns of a table ("dataset.table") a text that reads it names: some word of it outside literals and comments is the
// column's name, is not an alias, a function or a part of a table's name, and is not qualified by another table of the text.
// Without regard to letter case. columns is ended by NULL; ret_named gets one value for each, in their order.
void sql_text_names_columns(const SqlDialect *dialect, const char *text, size_t length,
	const char *table, char *const *columns, bool *ret_named);
