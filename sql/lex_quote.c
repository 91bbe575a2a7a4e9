// Literals and quoted names, and the parameters inside them.
#include "sql/lexer.h"

#include <string.h>

// A literal from start on that ends with the given mark, inside which no quote is doubled. Returns the offset after it.
static size_t long_text_end(
	Lexer *lexer, size_t start, size_t body, const char *mark, size_t mark_length, bool escapes)
{
	size_t at = body;

	while (at + mark_length <= lexer->length) {
		const char *found = memchr(lexer->text + at, mark[0], lexer->length - at);

		if (found == NULL)
			break;
		size_t stop = (size_t)(found - lexer->text);
		if (escapes) {
			const char *escape = memchr(lexer->text + at, '\\', stop - at);

			if (escape != NULL) {
				at = (size_t)(escape - lexer->text) + 2;
				continue;
			}
		}
		if (stop + mark_length <= lexer->length && memcmp(found, mark, mark_length) == 0)
			return stop + mark_length;
		at = stop + 1;
	}
	lexer_open(lexer, *mark == '$' ? SQL_OPEN_DOLLAR : SQL_OPEN_TEXT, start);
	return lexer->length;
}

void lexer_add_parameter(Lexer *lexer, SqlParameterKind kind, SqlContext context, size_t start,
	size_t end, size_t literal)
{
	const char *text = lexer->text + start;
	size_t length = end - start;

	if (kind == SQL_PARAMETER_EXPRESSION)
		sql_template_inside(&text, &length);
	SqlParameter parameter = {.kind = kind,
		.context = context,
		.offset = start,
		.length = end - start,
		.literal_offset = literal,
		.literal_length = end - start,
		.text = sql_arena_copy(lexer->arena, text, length)};
	g_array_append_val(lexer->lex->parameters, parameter);
}

// Templates inside a literal whose bounds are known.
static void find_templates(Lexer *lexer, size_t start, size_t end, SqlContext context)
{
	size_t at = start;

	while (at + 1 < end) {
		const char *found = memmem(lexer->text + at, end - at, "{{", 2);

		if (found == NULL)
			return;
		at = (size_t)(found - lexer->text);
		size_t stop = sql_template_end(&lexer->templates, at, end, '\0');
		if (stop == 0) {
			at += 2;
			continue;
		}
		lexer_add_parameter(lexer, SQL_PARAMETER_EXPRESSION, context, at, stop, start);
		at = stop;
	}
}

static void set_literal(Lexer *lexer, guint first, size_t start, size_t end)
{
	for (guint i = first; i < lexer->lex->parameters->len; i++) {
		SqlParameter *parameter = &g_array_index(lexer->lex->parameters, SqlParameter, i);

		parameter->literal_offset = start;
		parameter->literal_length = end - start;
	}
}

// A literal or name between single quotes of any kind; open is where the quote stands. Returns the offset after it.
static size_t quoted_end(
	Lexer *lexer, size_t open, char close, bool escapes, bool doubled, SqlContext context)
{
	const char *text = lexer->text;
	size_t at = open + 1;

	while (at < lexer->length) {
		char byte = text[at];

		if (byte == close) {
			if (!doubled || lexer_byte(lexer, at + 1) != (unsigned char)close)
				return at + 1;
			at += 2;
		} else if (byte == '\\' && escapes) {
			at += 2;
		} else if (byte == '{' && lexer_byte(lexer, at + 1) == '{') {
			size_t stop = sql_template_end(&lexer->templates, at, lexer->length, close);

			if (stop != 0)
				lexer_add_parameter(
					lexer, SQL_PARAMETER_EXPRESSION, context, at, stop, open);
			at = stop != 0 ? stop : at + 2;
		} else {
			at++;
		}
	}
	lexer_open(lexer, context == SQL_CONTEXT_NAME ? SQL_OPEN_NAME : SQL_OPEN_TEXT, open);
	return lexer->length;
}

// A literal or quoted name. start is where its prefix begins, open its quote.
void lexer_quoted(Lexer *lexer, size_t start, size_t open, bool escapes)
{
	const SqlDialect *rules = lexer->dialect;
	char quote = lexer->text[open];
	bool name = quote == '`' || quote == '[' || (quote == '"' && !rules->double_quoted_text);
	guint first = lexer->lex->parameters->len;
	char close = quote;
	size_t end;

	if (quote == '[')
		close = ']';

	if (!name && rules->triple_quotes && lexer_byte(lexer, open + 1) == (unsigned char)quote &&
		lexer_byte(lexer, open + 2) == (unsigned char)quote) {
		end = long_text_end(lexer, open, open + 3, lexer->text + open, 3, true);
		find_templates(lexer, open, end, SQL_CONTEXT_STRING);
	} else {
		escapes = name ? rules->backslash_names : escapes || rules->backslash_text;
		end = quoted_end(lexer, open, close, escapes, quote != '[' && rules->doubled_quotes,
			name ? SQL_CONTEXT_NAME : SQL_CONTEXT_STRING);
	}
	set_literal(lexer, first, start, end);
	lexer_push(lexer, name ? SQL_TOKEN_NAME : SQL_TOKEN_TEXT, start, end, (unsigned char)quote);
}

void lexer_parameter(Lexer *lexer, size_t end)
{
	lexer_add_parameter(
		lexer, SQL_PARAMETER_NATIVE, SQL_CONTEXT_BARE, lexer->at, end, lexer->at);
	lexer_push(lexer, SQL_TOKEN_PARAMETER, lexer->at, end, 0);
}

void lexer_dollar(Lexer *lexer)
{
	size_t start = lexer->at;
	unsigned char next = lexer_byte(lexer, start + 1);

	if (lexer->dialect->dollar_digits && g_ascii_isdigit(next)) {
		lexer_parameter(lexer, lexer_digits_end(lexer, start + 1));
		return;
	}
	if (lexer->dialect->dollar_names && (sql_byte_classes[next] & SQL_BYTE_WORD) != 0) {
		lexer_parameter(lexer, lexer_word_end(lexer, start + 1));
		return;
	}
	if (lexer->dialect->dollar_quotes &&
		(next == '$' || (sql_byte_classes[next] & SQL_BYTE_WORD) != 0)) {
		size_t tag = start + 1;

		while ((sql_byte_classes[lexer_byte(lexer, tag)] &
			       (SQL_BYTE_WORD | SQL_BYTE_DIGIT)) != 0)
			tag++;
		if (lexer_byte(lexer, tag) == '$') {
			size_t end = long_text_end(
				lexer, start, tag + 1, lexer->text + start, tag + 1 - start, false);
			guint first = lexer->lex->parameters->len;

			find_templates(lexer, tag + 1, end, SQL_CONTEXT_DOLLAR);
			set_literal(lexer, first, start, end);
			lexer_push(lexer, SQL_TOKEN_TEXT, start, end, '$');
			return;
		}
	}
	lexer_push(lexer, SQL_TOKEN_MARK, start, start + 1, '$');
}
