// The fingerprint of a script's tokens. Private to this folder.
#pragma once

#include "sql/lex.h"

// Writes 64 hex digits and a NUL. tokens holds count tokens; scratch is overwritten.
void sql_fingerprint(const SqlDialect *dialect, const char *text, const SqlToken *tokens,
	guint count, GString *scratch, char *ret_digest);
