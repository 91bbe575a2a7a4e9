// What command-line clients add to the language: data between statements, their own commands and delimiters.
#include "sql/lexer.h"

#include <string.h>

enum {
	DELIMITER_LIMIT = 16,
};

// Rows follow "COPY … FROM STDIN;" up to a line "\.".
void lexer_skip_copy_data(Lexer *lexer)
{
	const char *from = lexer->text + lexer->at;
	const char *end =
		lexer->no_copy_end ? NULL : memmem(from, lexer->length - lexer->at, "\n\\.", 3);

	lexer->no_copy_end = end == NULL;
	if (end != NULL)
		lexer_skip(lexer, lexer_line_end(lexer, (size_t)(end - lexer->text) + 1));
}

void lexer_skip_format_data(Lexer *lexer)
{
	while (lexer->at < lexer->length) {
		size_t end = lexer_line_end(lexer, lexer->at);
		size_t last = end;

		while (last > lexer->at && lexer->text[last - 1] <= ' ')
			last--;
		if (last > lexer->at && lexer->text[last - 1] == ';') {
			lexer_skip(lexer, last - 1);
			return;
		}
		lexer_skip(lexer, end < lexer->length ? end + 1 : end);
		if (last == lexer->at || lexer_byte(lexer, lexer->at) == '\n') {
			lexer_end_statement(lexer, SQL_TOKEN_SEMICOLON, 0);
			return;
		}
	}
}

// DELIMITER // : the client's own end of statement from here on.
void lexer_set_delimiter(Lexer *lexer)
{
	size_t start = lexer->at;
	size_t end = lexer_line_end(lexer, start);

	while (start < end && lexer->text[start] <= ' ')
		start++;
	size_t stop = start;
	while (stop < end && lexer->text[stop] > ' ')
		stop++;
	g_array_set_size(lexer->lex->tokens, lexer->lex->tokens->len - 1);
	lexer->first_word = KW_NONE;
	lexer->delimiter_length = stop - start;
	lexer->delimiter = lexer->text + start;
	if (stop - start > DELIMITER_LIMIT || stop == start ||
		(stop - start == 1 && *lexer->delimiter == ';'))
		lexer->delimiter = NULL;
	lexer_skip(lexer, end);
}

// A command of the sqlite3 shell. Those that run or load something else are not seen into.
void lexer_dot_line(Lexer *lexer)
{
	static const char *const opaque[] = {
		".read", ".import", ".restore", ".shell", ".system", ".open", ".load"};
	const char *text = lexer->text + lexer->at;
	size_t end = lexer_line_end(lexer, lexer->at);

	for (size_t i = 0; i < G_N_ELEMENTS(opaque); i++) {
		size_t length = strlen(opaque[i]);

		if (end - lexer->at >= length && memcmp(text, opaque[i], length) == 0) {
			lexer_push(lexer, SQL_TOKEN_WORD, lexer->at, end, KW_INCLUDE);
			lexer_end_statement(lexer, SQL_TOKEN_SEMICOLON, 0);
			return;
		}
	}
	lexer_skip(lexer, end);
}

// A client's command: \g and its like end the statement, \copy is SQL to the end of the line, \i includes a file.
void lexer_backslash(Lexer *lexer)
{
	size_t start = lexer->at + 1;
	size_t end = lexer_word_end(lexer, start);
	size_t stop = lexer_line_end(lexer, lexer->at);
	const char *word = lexer->text + start;
	size_t length = end - start;

	if (lexer->dialect->delimiter_lines && length == 1 && (*word == 'g' || *word == 'G')) {
		lexer_end_statement(lexer, SQL_TOKEN_SEMICOLON, 2);
		return;
	}
	if (!lexer->dialect->backslash_lines || length == 0) {
		lexer_push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, '\\');
		return;
	}
	if (*word == 'g' || *word == 'w' ||
		g_ascii_strncasecmp(word, "crosstabview", length) == 0) {
		lexer_end_statement(lexer, SQL_TOKEN_SEMICOLON, 0);
		lexer_skip(lexer, stop);
	} else if (length == 4 && strncmp(word, "copy", 4) == 0) {
		lexer_push(lexer, SQL_TOKEN_WORD, start, end, KW_COPY);
		lexer->line_end = stop;
	} else if (*word == 'i' &&
		   (length == 1 || strncmp(word, "ir", length) == 0 ||
			   strncmp(word, "include", MIN(length, 7)) == 0) &&
		   !(length >= 2 && word[1] == 'f')) {
		lexer_push(lexer, SQL_TOKEN_WORD, lexer->at, stop, KW_INCLUDE);
		lexer_end_statement(lexer, SQL_TOKEN_SEMICOLON, 0);
	} else {
		lexer_skip(lexer, stop);
	}
}
