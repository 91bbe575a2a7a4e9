// Cutting SQL text into tokens. Private to this folder.
#pragma once

#include "sql/arena.h"
#include "sql/keyword.h"
#include "sql/rules.h"
#include "sql/scan.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
	SQL_TOKEN_WORD, // code: its keyword
	SQL_TOKEN_NAME, // quoted; code: the opening quote
	SQL_TOKEN_TEXT, // a literal with its prefix; code: the opening quote, '$' for dollar quotes
	SQL_TOKEN_NUMBER,
	SQL_TOKEN_PARAMETER, // native, or a variable (@x)
	SQL_TOKEN_TEMPLATE, // {{ … }}
	SQL_TOKEN_MARK, // one byte of punctuation; code: the byte
	SQL_TOKEN_SEMICOLON,
	SQL_TOKEN_DELIMITER, // the client's own end of statement: closes open blocks too
	SQL_TOKEN_END, // one past the last, always there
} SqlTokenType;

enum {
	SQL_TOKEN_ADJACENT = 1, // no blank or comment before it
	SQL_TOKEN_TAGGED = 2, // a template tag {% … %} stands before it
};

typedef struct {
	uint32_t offset;
	uint32_t length;
	uint32_t match; // of an opening bracket: the token that closes it, or the statement's end
	uint16_t code;
	uint8_t type;
	uint8_t flags;
} SqlToken;

typedef struct {
	const SqlDialect *dialect;
	const char *text;
	size_t length;
	GArray *tokens; // of SqlToken
	GArray *opens; // of uint32_t, for the lexer's own use
	GArray *parameters; // of SqlParameter, whose text is in the arena; lines and columns are not filled in
	SqlOpen open; // what runs to the end of the text
	size_t open_at;
	size_t late_header; // the first comment behind the start that looks like a header; SIZE_MAX: none
} SqlLex;

// Texts longer than this are not scanned (offsets are 32 bits wide).
#define SQL_TEXT_LIMIT ((size_t)1 << 30)

// Cuts the text. The caller made the arrays; length is within the limit.
void sql_lex_run(SqlLex *lex, SqlArena *arena);

// The word's or mark's code, 0 for other tokens.
static inline unsigned sql_token_word(const SqlToken *token)
{
	return token->type == SQL_TOKEN_WORD ? token->code : KW_NONE;
}

static inline bool sql_token_is_mark(const SqlToken *token, char mark)
{
	return token->type == SQL_TOKEN_MARK && token->code == (unsigned char)mark;
}

// What stands between the quotes of a literal or a quoted name, and how it is escaped.
typedef struct {
	const char *at;
	size_t length;
	char quote;
	bool escapes; // by backslash
	bool doubled; // a quote is written twice
} SqlInside;

// literal begins with its prefix, if any; length is at least 1.
SqlInside sql_inside_of(const SqlDialect *dialect, const char *literal, size_t length, bool name);

// The opening bracket of a closing one.
static inline char sql_bracket_open(char close)
{
	if (close == ')')
		return '(';
	if (close == ']')
		return '[';
	return '{';
}

// Undoes the escapes. Returns text in the arena, or the inside itself when nothing had to be undone; not ended by NUL.
const char *sql_inside_undo(const SqlInside *inside, SqlArena *arena, size_t *ret_length);

// Both, for a token that is a quoted name or a literal.
const char *sql_token_unquote(const SqlDialect *dialect, const char *text, const SqlToken *token,
	SqlArena *arena, size_t *ret_length);
