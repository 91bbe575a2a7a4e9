// Tokens of an expression. Private to this folder.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum {
	TOKEN_END, // of the text
	TOKEN_CLOSE_OUTPUT, // }} or -}}
	TOKEN_CLOSE_TAG, // %} or -%}
	TOKEN_NAME,
	TOKEN_INTEGER,
	TOKEN_FLOAT,
	TOKEN_STRING, // only its opening quote: the parser reads on, for it may hold #{ … }
	TOKEN_LEFT_PARENTHESIS,
	TOKEN_RIGHT_PARENTHESIS,
	TOKEN_LEFT_BRACKET,
	TOKEN_RIGHT_BRACKET,
	TOKEN_LEFT_BRACE,
	TOKEN_RIGHT_BRACE,
	TOKEN_COMMA,
	TOKEN_COLON,
	TOKEN_DOT,
	TOKEN_RANGE,
	TOKEN_BAR,
	TOKEN_ASSIGN,
	TOKEN_QUESTION,
	TOKEN_COALESCE,
	TOKEN_COALESCE_UNDEFINED,
	TOKEN_EQUAL,
	TOKEN_NOT_EQUAL,
	TOKEN_LESS,
	TOKEN_LESS_EQUAL,
	TOKEN_GREATER,
	TOKEN_GREATER_EQUAL,
	TOKEN_PLUS,
	TOKEN_MINUS,
	TOKEN_STAR,
	TOKEN_SLASH,
	TOKEN_PERCENT,
	TOKEN_TILDE,
	TOKEN_UNKNOWN, // a character that no expression has
} TokenKind;

typedef struct {
	TokenKind kind;
	size_t offset;
	size_t length;
	bool trims; // a close with a dash before it
} Token;

// Reads the token that starts at or after `at` (blanks are skipped). inside_brackets: a `}` closes a brace, not the
// output. text ends with a NUL at end.
Token lexer_next(const char *text, size_t at, size_t end, bool inside_brackets);

// Whether a byte can be part of a name (letters, digits, _ and all beyond ASCII).
bool lexer_is_name_byte(char c);

// Blanks of the language.
bool lexer_is_blank(char c);
