#include "expr/lexer.h"

#include <string.h>

typedef struct {
	char text[4];
	TokenKind kind;
} Symbol;

// Longer symbols stand before those they start with.
static const Symbol symbols[] = {
	{"-}}", TOKEN_CLOSE_OUTPUT},
	{"-%}", TOKEN_CLOSE_TAG},
	{"%}", TOKEN_CLOSE_TAG},
	{"???", TOKEN_COALESCE_UNDEFINED},
	{"??", TOKEN_COALESCE},
	{"?", TOKEN_QUESTION},
	{"==", TOKEN_EQUAL},
	{"=", TOKEN_ASSIGN},
	{"!=", TOKEN_NOT_EQUAL},
	{"<=", TOKEN_LESS_EQUAL},
	{"<", TOKEN_LESS},
	{">=", TOKEN_GREATER_EQUAL},
	{">", TOKEN_GREATER},
	{"..", TOKEN_RANGE},
	{".", TOKEN_DOT},
	{"(", TOKEN_LEFT_PARENTHESIS},
	{")", TOKEN_RIGHT_PARENTHESIS},
	{"[", TOKEN_LEFT_BRACKET},
	{"]", TOKEN_RIGHT_BRACKET},
	{"{", TOKEN_LEFT_BRACE},
	{"}", TOKEN_RIGHT_BRACE},
	{",", TOKEN_COMMA},
	{":", TOKEN_COLON},
	{"|", TOKEN_BAR},
	{"+", TOKEN_PLUS},
	{"-", TOKEN_MINUS},
	{"*", TOKEN_STAR},
	{"/", TOKEN_SLASH},
	{"%", TOKEN_PERCENT},
	{"~", TOKEN_TILDE},
	{"'", TOKEN_STRING},
	{"\"", TOKEN_STRING},
};

bool lexer_is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

bool lexer_is_name_byte(char c)
{
	return g_ascii_isalnum(c) || c == '_' || (c & 0x80) != 0;
}

static Token number(const char *text, size_t at, size_t end)
{
	Token token = {.kind = TOKEN_INTEGER, .offset = at};
	size_t stop = at;

	while (stop < end && g_ascii_isdigit(text[stop]))
		stop++;
	if (stop + 1 < end && text[stop] == '.' && g_ascii_isdigit(text[stop + 1])) {
		token.kind = TOKEN_FLOAT;
		stop++;
		while (stop < end && g_ascii_isdigit(text[stop]))
			stop++;
	}
	token.length = stop - at;
	return token;
}

static Token symbol(const char *text, size_t at, size_t end)
{
	Token token = {.kind = TOKEN_UNKNOWN, .offset = at, .length = 1};

	for (size_t i = 0; i < G_N_ELEMENTS(symbols); i++) {
		size_t length;

		if (symbols[i].text[0] != text[at])
			continue;
		length = strlen(symbols[i].text);
		if (length > end - at || memcmp(symbols[i].text, text + at, length) != 0)
			continue;
		token.kind = symbols[i].kind;
		token.length = length;
		break;
	}
	return token;
}

Token lexer_next(const char *text, size_t at, size_t end, bool inside_brackets)
{
	Token token = {.kind = TOKEN_END};

	while (at < end && lexer_is_blank(text[at]))
		at++;
	token.offset = at;
	if (at >= end)
		return token;
	if (g_ascii_isdigit(text[at]))
		return number(text, at, end);
	if (lexer_is_name_byte(text[at])) {
		token.kind = TOKEN_NAME;
		while (at < end && lexer_is_name_byte(text[at]))
			at++;
		token.length = at - token.offset;
		return token;
	}
	if (!inside_brackets && end - at >= 2 && text[at] == '}' && text[at + 1] == '}')
		return (Token){.kind = TOKEN_CLOSE_OUTPUT, .offset = at, .length = 2};
	token = symbol(text, at, end);
	if (inside_brackets && token.kind == TOKEN_CLOSE_OUTPUT) {
		token.kind = TOKEN_MINUS;
		token.length = 1;
	}
	token.trims = token.length == 3 && text[at] == '-';
	return token;
}
