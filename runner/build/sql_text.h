// SQL as a flow's author wrote it, made ready to run: each {{ … }} becomes a bound value, never pasted text.
#pragma once

#include "runner/build/sql_builder.h"

// Who evaluates the expressions, and what `{{ this }}` stands for.
typedef struct SqlHost {
	// A new reference, or NULL with error set.
	json_t *(*evaluate)(void *data, const char *expression, GError **error);
	void *data;
	const char *this_dataset; // NULL: no dataset part
	const char *this_table; // NULL: `this` has no special meaning
	const json_t *parameters; // values of :name; NULL: there are none
	bool allow_raw; // {{ x | raw }} is pasted as it is
	bool literals; // write values as literals: for text that cannot have parameters
} SqlHost;

// Appends text with its expressions bound (or as literals). What is quoted as a name or pasted:
// `{{ x | identifier }}` is quoted; `{{ x | raw }}` is refused unless allowed. A TASK_ERROR_PROPERTY otherwise.
bool sql_text_append(SqlBuilder *builder, const char *text, const SqlHost *host, GError **error);
