// The lexer's own state and steps, shared by its files. Private to this folder.
#pragma once

#include "sql/lex.h"
#include "sql/template.h"

enum {
	SQL_BYTE_BLANK = 1,
	SQL_BYTE_WORD = 2,
	SQL_BYTE_DIGIT = 4,
};

// What one run of the lexer knows beyond what it hands out.
typedef struct {
	SqlLex *lex;
	SqlArena *arena;
	const SqlDialect *dialect;
	const char *text;
	size_t length;
	size_t at;
	size_t line_end; // where a client's one-line command ends its statement; 0: none
	size_t line_from, line_to; // what line_end() found last
	const char *delimiter; // of the client, when it is not ";"
	size_t delimiter_length;
	unsigned version_depth; // open /*! comments
	size_t version_at; // where the outermost begins
	SqlTemplates templates;
	unsigned first_word; // the statement's first keyword
	bool no_copy_end; // no line "\." is left
	bool reads_stdin; // STDIN was seen in the statement
	uint8_t flags; // for the next token
	uint8_t classes[256];
	guint room; // tokens that there is memory for
	GArray *opens; // indexes of the brackets that wait for their match
} Lexer;

// The class of each byte, before a dialect adds to it.
extern const uint8_t sql_byte_classes[256];

// The byte at an offset; NUL behind the end.
static inline unsigned char lexer_byte(const Lexer *lexer, size_t at)
{
	return at < lexer->length ? (unsigned char)lexer->text[at] : '\0';
}

// The last token but "back"; NULL when there are not as many.
SqlToken *lexer_last(const Lexer *lexer, guint back);

// Whether only blanks stand before the place in its line.
bool lexer_at_line_start(const Lexer *lexer);

// Appends a token, and goes on behind it.
SqlToken *lexer_push(Lexer *lexer, SqlTokenType type, size_t start, size_t end, unsigned code);

// Notes what begins at a place and has no end.
void lexer_open(Lexer *lexer, SqlOpen what, size_t at);

// Goes on somewhere else; the next token is not adjacent.
void lexer_skip(Lexer *lexer, size_t at);

// Ends of a line, a word, digits.
size_t lexer_line_end(Lexer *lexer, size_t at);
size_t lexer_word_end(const Lexer *lexer, size_t at);
size_t lexer_digits_end(const Lexer *lexer, size_t at);

// Ends the statement with a token of length bytes.
void lexer_end_statement(Lexer *lexer, SqlTokenType type, size_t length);

// lex_quote.c

// A literal or quoted name. start is where its prefix begins, open its quote.
void lexer_quoted(Lexer *lexer, size_t start, size_t open, bool escapes);
void lexer_dollar(Lexer *lexer);

// A native parameter, and any.
void lexer_parameter(Lexer *lexer, size_t end);
void lexer_add_parameter(Lexer *lexer, SqlParameterKind kind, SqlContext context, size_t start,
	size_t end, size_t literal);

// lex_client.c

void lexer_skip_copy_data(Lexer *lexer);
void lexer_skip_format_data(Lexer *lexer);
void lexer_set_delimiter(Lexer *lexer);
void lexer_dot_line(Lexer *lexer);
void lexer_backslash(Lexer *lexer);
