// The memory that a scan works in, kept for the next scan of the same thread: most scripts are short, and making a dozen
// arrays for each would cost more than scanning it. Private to this folder.
#pragma once

#include "sql/scanner.h"

typedef struct {
	Scanner scanner; // its arrays are there, and empty
	GArray *tokens; // of SqlToken
	GArray *parameters; // of SqlParameter
	GArray *opens; // see SqlLex
} ScanScratch;

// One that nobody else uses: a scan within a scan gets another. Give it back with scan_scratch_give().
ScanScratch *scan_scratch_take(void);

// A lexer, not run yet, whose tokens go into it. text is borrowed and may be NULL, which is empty.
SqlLex scan_scratch_lex(
	ScanScratch *scratch, const SqlDialect *dialect, const char *text, size_t length);

// Keeps it for the thread's next scan, or frees it when it has grown large or another is kept already.
void scan_scratch_give(ScanScratch *scratch);
