// Whether a piece of SQL that is put into a statement (a condition, a query in brackets) is whole. Pure and thread-safe, linear in
// the text, without recursion, as sql/scan.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef enum {
	SQL_PIECE_WHOLE, // for all that is sure
	SQL_PIECE_EMPTY, // nothing but blanks and comments
	SQL_PIECE_OPEN, // a text, a name or a comment has no end
	SQL_PIECE_UNCLOSED, // a bracket has no end
	SQL_PIECE_UNOPENED, // a bracket ends that did not begin
	SQL_PIECE_LACKS_BEHIND, // an operator, or its like, has nothing behind it
	SQL_PIECE_LACKS_BEFORE, // an operator has nothing before it
	SQL_PIECE_ENDED, // of a condition: a semicolon
} SqlPieceFault;

// What keeps the piece from being taken by whatever engine: a fault that is one in all dialects, at the same place. A piece that
// pastes ({{ x | raw }}) may be anything. ret_offset and ret_length receive the place in the text, in bytes; 0 and 0 of WHOLE and
// EMPTY.
SqlPieceFault sql_piece_fault(
	const char *text, size_t length, bool condition, size_t *ret_offset, size_t *ret_length);
