#include "sql/lex.h"

#include "sql/template.h"

#include <string.h>

enum {
	BLANK = 1,
	WORD_START = 2,
	DIGIT = 4,
	DELIMITER_LIMIT = 16,
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
	SqlTemplates templates;
	unsigned first_word; // the statement's first keyword
	bool reads_stdin; // STDIN was seen in the statement
	uint8_t flags; // for the next token
	uint8_t classes[256];
	GArray *opens; // indexes of the brackets that wait for their match
} Lexer;

// clang-format off
#define O 0
#define B BLANK
#define D DIGIT
#define W WORD_START
static const uint8_t base_classes[256] = {
	O, O, O, O, O, O, O, O, O, B, B, B, B, B, O, O,
	O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
	B, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
	D, D, D, D, D, D, D, D, D, D, O, O, O, O, O, O,
	O, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
	W, W, W, W, W, W, W, W, W, W, W, O, O, O, O, W,
	O, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
	W, W, W, W, W, W, W, W, W, W, W, O, O, O, O, O,
#define W16 W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W
	W16, W16, W16, W16, W16, W16, W16, W16,
};
#undef O
#undef B
#undef D
#undef W
#undef W16
// clang-format on

static unsigned char byte_at(const Lexer *lexer, size_t at)
{
	return at < lexer->length ? (unsigned char)lexer->text[at] : '\0';
}

static SqlToken *last_token(const Lexer *lexer, guint back)
{
	GArray *tokens = lexer->lex->tokens;

	return tokens->len > back ? &g_array_index(tokens, SqlToken, tokens->len - 1 - back) : NULL;
}

static bool at_statement_start(const Lexer *lexer)
{
	const SqlToken *last = last_token(lexer, 0);

	return last == NULL || last->type == SQL_TOKEN_SEMICOLON ||
	       last->type == SQL_TOKEN_DELIMITER;
}

static bool at_line_start(const Lexer *lexer)
{
	size_t at = lexer->at;

	while (at > 0 && (lexer->text[at - 1] == ' ' || lexer->text[at - 1] == '\t'))
		at--;
	return at == 0 || lexer->text[at - 1] == '\n';
}

static SqlToken *push(Lexer *lexer, SqlTokenType type, size_t start, size_t end, unsigned code)
{
	SqlToken token = {.offset = (uint32_t)start,
		.length = (uint32_t)(end - start),
		.type = (uint8_t)type,
		.code = (uint16_t)code,
		.flags = lexer->flags};

	g_array_append_val(lexer->lex->tokens, token);
	lexer->flags = SQL_TOKEN_ADJACENT;
	lexer->at = end;
	return last_token(lexer, 0);
}

// Remembers the line last looked at, for the clients' commands that look ahead without going there.
static size_t line_end(Lexer *lexer, size_t at)
{
	size_t end = at;

	if (at >= lexer->line_from && at <= lexer->line_to)
		return lexer->line_to;
	while (end < lexer->length && lexer->text[end] != '\n' && lexer->text[end] != '\r')
		end++;
	lexer->line_from = at;
	lexer->line_to = end;
	return end;
}

static void skip_to(Lexer *lexer, size_t at)
{
	lexer->at = at;
	lexer->flags &= (uint8_t)~SQL_TOKEN_ADJACENT;
}

// Statements and brackets

static void close_brackets(Lexer *lexer)
{
	uint32_t end = lexer->lex->tokens->len;

	for (guint i = 0; i < lexer->opens->len; i++) {
		uint32_t open = g_array_index(lexer->opens, uint32_t, i);
		g_array_index(lexer->lex->tokens, SqlToken, open).match = end;
	}
	g_array_set_size(lexer->opens, 0);
}

// Rows follow "COPY … FROM STDIN;" up to a line "\.".
static void skip_copy_data(Lexer *lexer)
{
	const char *from = lexer->text + lexer->at;
	const char *end = memmem(from, lexer->length - lexer->at, "\n\\.", 3);

	if (end != NULL)
		skip_to(lexer, line_end(lexer, (size_t)(end - lexer->text) + 1));
}

static void end_statement(Lexer *lexer, SqlTokenType type, size_t length)
{
	close_brackets(lexer);
	push(lexer, type, lexer->at, lexer->at + length, 0);
	if (lexer->dialect->copy_data && lexer->first_word == KW_COPY && lexer->reads_stdin)
		skip_copy_data(lexer);
	lexer->first_word = KW_NONE;
	lexer->reads_stdin = false;
	lexer->line_end = 0;
}

static void lex_bracket(Lexer *lexer, char mark)
{
	uint32_t index = lexer->lex->tokens->len;

	push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, (unsigned char)mark);
	if (mark == '(' || mark == '[' || mark == '{') {
		g_array_append_val(lexer->opens, index);
		return;
	}
	char open = mark == ')' ? '(' : mark == ']' ? '[' : '{';
	for (guint i = lexer->opens->len; i > 0; i--) {
		uint32_t candidate = g_array_index(lexer->opens, uint32_t, i - 1);
		SqlToken *token = &g_array_index(lexer->lex->tokens, SqlToken, candidate);

		if (token->code != (unsigned char)open && mark != ')')
			return;
		token->match = index;
		g_array_set_size(lexer->opens, i - 1);
		if (token->code == (unsigned char)open)
			return;
	}
}

// Comments

static size_t block_comment_end(Lexer *lexer)
{
	unsigned depth = 1;
	size_t at = lexer->at + 2;

	while (at + 1 < lexer->length) {
		if (lexer->text[at] == '*' && lexer->text[at + 1] == '/') {
			at += 2;
			if (--depth == 0)
				return at;
		} else if (lexer->dialect->nested_comments && lexer->text[at] == '/' &&
			   lexer->text[at + 1] == '*') {
			at += 2;
			depth++;
		} else {
			at++;
		}
	}
	lexer->lex->unclosed = true;
	return lexer->length;
}

static void lex_slash(Lexer *lexer)
{
	if (byte_at(lexer, lexer->at + 1) != '*') {
		push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, '/');
		return;
	}
	if (lexer->dialect->version_comments) {
		size_t mark = lexer->at + 2 + (byte_at(lexer, lexer->at + 2) == 'M');

		if (byte_at(lexer, mark) == '!') {
			for (mark++; g_ascii_isdigit(byte_at(lexer, mark)); mark++)
				continue;
			lexer->version_depth++;
			skip_to(lexer, mark);
			return;
		}
	}
	skip_to(lexer, block_comment_end(lexer));
}

static void lex_star(Lexer *lexer)
{
	if (lexer->version_depth > 0 && byte_at(lexer, lexer->at + 1) == '/') {
		lexer->version_depth--;
		skip_to(lexer, lexer->at + 2);
		return;
	}
	push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, '*');
}

static void lex_dash(Lexer *lexer)
{
	unsigned char third = byte_at(lexer, lexer->at + 2);

	if (byte_at(lexer, lexer->at + 1) == '-' &&
		(!lexer->dialect->dash_needs_blank || third <= ' '))
		skip_to(lexer, line_end(lexer, lexer->at));
	else
		push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, '-');
}

// Literals and quoted names

// A literal that ends with the given mark, inside which no quote is doubled. Returns the offset after it.
static size_t long_text_end(
	Lexer *lexer, size_t body, const char *mark, size_t mark_length, bool escapes)
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
	lexer->lex->unclosed = true;
	return lexer->length;
}

static void add_parameter(Lexer *lexer, SqlParameterKind kind, SqlContext context, size_t start,
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
		add_parameter(lexer, SQL_PARAMETER_EXPRESSION, context, at, stop, start);
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
			if (!doubled || byte_at(lexer, at + 1) != (unsigned char)close)
				return at + 1;
			at += 2;
		} else if (byte == '\\' && escapes) {
			at += 2;
		} else if (byte == '{' && byte_at(lexer, at + 1) == '{') {
			size_t stop = sql_template_end(&lexer->templates, at, lexer->length, close);

			if (stop != 0)
				add_parameter(
					lexer, SQL_PARAMETER_EXPRESSION, context, at, stop, open);
			at = stop != 0 ? stop : at + 2;
		} else {
			at++;
		}
	}
	lexer->lex->unclosed = true;
	return lexer->length;
}

// A literal or quoted name. start is where its prefix begins, open its quote.
static void lex_quoted(Lexer *lexer, size_t start, size_t open, bool escapes)
{
	const SqlDialect *rules = lexer->dialect;
	char quote = lexer->text[open];
	bool name = quote == '`' || quote == '[' || (quote == '"' && !rules->double_quoted_text);
	guint first = lexer->lex->parameters->len;
	size_t end;

	if (!name && rules->triple_quotes && byte_at(lexer, open + 1) == (unsigned char)quote &&
		byte_at(lexer, open + 2) == (unsigned char)quote) {
		end = long_text_end(lexer, open + 3, lexer->text + open, 3, true);
		find_templates(lexer, open, end, SQL_CONTEXT_STRING);
	} else {
		escapes = name ? rules->backslash_names : escapes || rules->backslash_text;
		end = quoted_end(lexer, open, quote == '[' ? ']' : quote, escapes,
			quote != '[' && rules->doubled_quotes,
			name ? SQL_CONTEXT_NAME : SQL_CONTEXT_STRING);
	}
	set_literal(lexer, first, start, end);
	push(lexer, name ? SQL_TOKEN_NAME : SQL_TOKEN_TEXT, start, end, (unsigned char)quote);
}

static void lex_parameter(Lexer *lexer, size_t end)
{
	add_parameter(lexer, SQL_PARAMETER_NATIVE, SQL_CONTEXT_BARE, lexer->at, end, lexer->at);
	push(lexer, SQL_TOKEN_PARAMETER, lexer->at, end, 0);
}

static size_t word_end(const Lexer *lexer, size_t at)
{
	while (at < lexer->length &&
		(lexer->classes[(unsigned char)lexer->text[at]] & (WORD_START | DIGIT)) != 0)
		at++;
	return at;
}

static size_t digits_end(const Lexer *lexer, size_t at)
{
	while (g_ascii_isdigit(byte_at(lexer, at)))
		at++;
	return at;
}

static void lex_dollar(Lexer *lexer)
{
	size_t start = lexer->at;
	unsigned char next = byte_at(lexer, start + 1);

	if (lexer->dialect->dollar_digits && g_ascii_isdigit(next)) {
		lex_parameter(lexer, digits_end(lexer, start + 1));
		return;
	}
	if (lexer->dialect->dollar_names && (base_classes[next] & WORD_START) != 0) {
		lex_parameter(lexer, word_end(lexer, start + 1));
		return;
	}
	if (lexer->dialect->dollar_quotes &&
		(next == '$' || (base_classes[next] & WORD_START) != 0)) {
		size_t tag = start + 1;

		while ((base_classes[byte_at(lexer, tag)] & (WORD_START | DIGIT)) != 0)
			tag++;
		if (byte_at(lexer, tag) == '$') {
			size_t end = long_text_end(
				lexer, tag + 1, lexer->text + start, tag + 1 - start, false);
			guint first = lexer->lex->parameters->len;

			find_templates(lexer, tag + 1, end, SQL_CONTEXT_DOLLAR);
			set_literal(lexer, first, start, end);
			push(lexer, SQL_TOKEN_TEXT, start, end, '$');
			return;
		}
	}
	push(lexer, SQL_TOKEN_MARK, start, start + 1, '$');
}

// Words and numbers

static bool is_prefix(const Lexer *lexer, size_t start, size_t end)
{
	char first = g_ascii_toupper(lexer->text[start]);
	char second = end - start == 2 ? g_ascii_toupper(lexer->text[start + 1]) : '\0';

	if (lexer->dialect->triple_quotes)
		return second == '\0'
			       ? first == 'R' || first == 'B'
			       : (first == 'R' && second == 'B') || (first == 'B' && second == 'R');
	return second == '\0' && strchr("ENBX", first) != NULL && lexer->text[end] == '\'';
}

// Words joined by hyphens or starting with a digit, where a path may hold them.
static bool continues_path(const Lexer *lexer)
{
	const SqlToken *last = last_token(lexer, 0);
	const SqlToken *before = last_token(lexer, 1);

	if (last == NULL || before == NULL || (lexer->flags & SQL_TOKEN_ADJACENT) == 0 ||
		last->type != SQL_TOKEN_MARK || (last->flags & SQL_TOKEN_ADJACENT) == 0)
		return false;
	bool name = before->type == SQL_TOKEN_WORD || before->type == SQL_TOKEN_NAME;
	if (last->code == '.')
		return name && (lexer->dialect->hyphen_paths || lexer->dialect->digit_words);
	return last->code == '-' && lexer->dialect->hyphen_paths && before->type == SQL_TOKEN_WORD;
}

// A word after a dot or before one is a name, whatever it spells.
static bool follows_dot(const Lexer *lexer)
{
	const SqlToken *last = last_token(lexer, 0);

	return last != NULL && sql_token_is_mark(last, '.');
}

static void skip_format_data(Lexer *lexer)
{
	while (lexer->at < lexer->length) {
		size_t end = line_end(lexer, lexer->at);
		size_t last = end;

		while (last > lexer->at && lexer->text[last - 1] <= ' ')
			last--;
		if (last > lexer->at && lexer->text[last - 1] == ';') {
			skip_to(lexer, last - 1);
			return;
		}
		skip_to(lexer, end < lexer->length ? end + 1 : end);
		if (last == lexer->at || byte_at(lexer, lexer->at) == '\n') {
			end_statement(lexer, SQL_TOKEN_SEMICOLON, 0);
			return;
		}
	}
}

static void note_word(Lexer *lexer, const SqlToken *token)
{
	const SqlToken *before = last_token(lexer, 1);

	if (lexer->first_word == KW_NONE)
		lexer->first_word = token->code != KW_NONE ? token->code : KW_COUNT;
	if (token->code == KW_STDIN)
		lexer->reads_stdin = true;
	if (lexer->dialect->format_data && lexer->first_word == KW_INSERT && before != NULL &&
		sql_token_word(before) == KW_FORMAT &&
		!(token->length == 6 &&
			g_ascii_strncasecmp(lexer->text + token->offset, "values", 6) == 0))
		skip_format_data(lexer);
}

// DELIMITER // : the client's own end of statement from here on.
static void set_delimiter(Lexer *lexer)
{
	size_t start = lexer->at;
	size_t end = line_end(lexer, start);

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
	skip_to(lexer, end);
}

static void lex_word(Lexer *lexer)
{
	size_t start = lexer->at;
	size_t end = start;
	unsigned hash = SQL_WORD_HASH_START;

	while (end < lexer->length &&
		(lexer->classes[(unsigned char)lexer->text[end]] & (WORD_START | DIGIT)) != 0) {
		if (lexer->delimiter != NULL && lexer->text[end] == lexer->delimiter[0] &&
			lexer->length - end >= lexer->delimiter_length && end > start &&
			memcmp(lexer->text + end, lexer->delimiter, lexer->delimiter_length) == 0)
			break;
		hash = SQL_WORD_HASH_STEP(hash, lexer->text[end]);
		end++;
	}
	unsigned char next = byte_at(lexer, end);
	if (end - start <= 2 &&
		(next == '\'' || (next == '"' && lexer->dialect->double_quoted_text)) &&
		is_prefix(lexer, start, end)) {
		lex_quoted(lexer, start, end,
			lexer->dialect->escape_prefix && (lexer->text[start] | 0x20) == 'e');
		return;
	}
	bool path = follows_dot(lexer);
	SqlKeyword keyword =
		path ? KW_NONE : sql_keyword_find(lexer->text + start, end - start, hash);
	bool starts = at_statement_start(lexer);
	SqlToken *token = push(lexer, SQL_TOKEN_WORD, start, end, keyword);
	if (keyword == KW_DELIMITER && lexer->dialect->delimiter_lines && starts)
		set_delimiter(lexer);
	else
		note_word(lexer, token);
}

static void lex_number(Lexer *lexer)
{
	size_t at = lexer->at;

	if (continues_path(lexer)) {
		push(lexer, SQL_TOKEN_WORD, at, word_end(lexer, at), KW_NONE);
		return;
	}
	if (byte_at(lexer, at) == '0' && strchr("xXbBoO", byte_at(lexer, at + 1)) != NULL &&
		g_ascii_isxdigit(byte_at(lexer, at + 2))) {
		push(lexer, SQL_TOKEN_NUMBER, at, word_end(lexer, at), 0);
		return;
	}
	size_t end = digits_end(lexer, at);
	bool exponent = (byte_at(lexer, end) | 0x20) == 'e' &&
			(g_ascii_isdigit(byte_at(lexer, end + 1)) ||
				byte_at(lexer, end + 1) == '+' || byte_at(lexer, end + 1) == '-');
	if (lexer->dialect->digit_words && !exponent && word_end(lexer, end) > end) {
		push(lexer, SQL_TOKEN_WORD, at, word_end(lexer, end), KW_NONE);
		return;
	}
	if (byte_at(lexer, end) == '.' && byte_at(lexer, end + 1) != '.')
		end = digits_end(lexer, end + 1);
	if ((byte_at(lexer, end) | 0x20) == 'e') {
		size_t digits = end + 1 +
				(byte_at(lexer, end + 1) == '+' || byte_at(lexer, end + 1) == '-');

		if (g_ascii_isdigit(byte_at(lexer, digits)))
			end = digits_end(lexer, digits);
	}
	while (byte_at(lexer, end) == '_' && g_ascii_isdigit(byte_at(lexer, end + 1)))
		end = digits_end(lexer, end + 1);
	push(lexer, SQL_TOKEN_NUMBER, at, end, 0);
}

// A command of the sqlite3 shell. Those that run or load something else are not seen into.
static void lex_dot_line(Lexer *lexer)
{
	static const char *const opaque[] = {
		".read", ".import", ".restore", ".shell", ".system", ".open", ".load"};
	const char *text = lexer->text + lexer->at;
	size_t end = line_end(lexer, lexer->at);

	for (size_t i = 0; i < G_N_ELEMENTS(opaque); i++) {
		size_t length = strlen(opaque[i]);

		if (end - lexer->at >= length && memcmp(text, opaque[i], length) == 0) {
			push(lexer, SQL_TOKEN_WORD, lexer->at, end, KW_INCLUDE);
			end_statement(lexer, SQL_TOKEN_SEMICOLON, 0);
			return;
		}
	}
	skip_to(lexer, end);
}

static void lex_dot(Lexer *lexer)
{
	SqlToken *last = last_token(lexer, 0);
	bool adjacent = (lexer->flags & SQL_TOKEN_ADJACENT) != 0;

	if (lexer->dialect->dot_lines && at_statement_start(lexer) && at_line_start(lexer)) {
		lex_dot_line(lexer);
		return;
	}
	bool path = last != NULL && adjacent && last->type != SQL_TOKEN_NUMBER &&
		    (last->type != SQL_TOKEN_MARK || last->code == ')' || last->code == ']');
	if (!path && g_ascii_isdigit(byte_at(lexer, lexer->at + 1))) {
		lex_number(lexer);
		return;
	}
	if (last != NULL && last->type == SQL_TOKEN_WORD)
		last->code = KW_NONE;
	push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, '.');
}

// Other signs

static void lex_hash(Lexer *lexer)
{
	unsigned char next = byte_at(lexer, lexer->at + 1);
	SqlHash hash = lexer->dialect->hash;
	bool named = (base_classes[next] & (WORD_START | DIGIT)) != 0;

	if (hash == SQL_HASH_COMMENT ||
		(hash == SQL_HASH_EITHER && (!named || at_line_start(lexer))))
		skip_to(lexer, line_end(lexer, lexer->at));
	else if (hash != SQL_HASH_OPERATOR && named)
		push(lexer, SQL_TOKEN_WORD, lexer->at, word_end(lexer, lexer->at + 1), KW_NONE);
	else
		push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, '#');
}

static void lex_question(Lexer *lexer)
{
	size_t end =
		lexer->dialect->question_digits ? digits_end(lexer, lexer->at + 1) : lexer->at + 1;

	if (lexer->dialect->question)
		lex_parameter(lexer, end);
	else
		push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, '?');
}

static void lex_colon(Lexer *lexer)
{
	const SqlToken *last = last_token(lexer, 0);
	bool value_before = last != NULL && (lexer->flags & SQL_TOKEN_ADJACENT) != 0 &&
			    (last->type != SQL_TOKEN_MARK || last->code == ':' ||
				    last->code == ')' || last->code == ']' || last->code == '[');
	unsigned char next = byte_at(lexer, lexer->at + 1);

	if (lexer->dialect->colon_names && !value_before && (base_classes[next] & WORD_START) != 0)
		lex_parameter(lexer, word_end(lexer, lexer->at + 1));
	else
		push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, ':');
}

static void lex_at(Lexer *lexer)
{
	size_t name = lexer->at + 1 + (byte_at(lexer, lexer->at + 1) == '@');
	size_t end = word_end(lexer, name);
	bool system = name == lexer->at + 2;

	if (end == name)
		push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, '@');
	else if (lexer->dialect->at_names && !system)
		lex_parameter(lexer, end);
	else
		push(lexer, SQL_TOKEN_PARAMETER, lexer->at, end, 0);
}

static bool lex_typed_parameter(Lexer *lexer)
{
	size_t at = word_end(lexer, lexer->at + 1);

	if (!lexer->dialect->brace_types || at == lexer->at + 1)
		return false;
	while (byte_at(lexer, at) == ' ')
		at++;
	if (byte_at(lexer, at) != ':')
		return false;
	for (size_t end = at + 1; end < lexer->length && end < at + 200; end++) {
		char byte = lexer->text[end];

		if (byte == '}') {
			lex_parameter(lexer, end + 1);
			return true;
		}
		if (byte == '{' || byte == ';' || byte == '\n')
			return false;
	}
	return false;
}

static void lex_brace(Lexer *lexer)
{
	unsigned char next = byte_at(lexer, lexer->at + 1);
	size_t end = next == '{'
			     ? sql_template_end(&lexer->templates, lexer->at, lexer->length, '\0')
			     : 0;

	if (end != 0) {
		add_parameter(lexer, SQL_PARAMETER_EXPRESSION, SQL_CONTEXT_BARE, lexer->at, end,
			lexer->at);
		push(lexer, SQL_TOKEN_TEMPLATE, lexer->at, end, 0);
		return;
	}
	if (next == '%' || next == '#') {
		end = sql_template_tag_end(&lexer->templates, lexer->at);
		if (end != 0) {
			if (next == '%')
				lexer->flags |= SQL_TOKEN_TAGGED;
			skip_to(lexer, end);
			return;
		}
	}
	if (!lex_typed_parameter(lexer))
		lex_bracket(lexer, '{');
}

// A client's command: \g and its like end the statement, \copy is SQL to the end of the line, \i includes a file.
static void lex_backslash(Lexer *lexer)
{
	size_t start = lexer->at + 1;
	size_t end = word_end(lexer, start);
	size_t stop = line_end(lexer, lexer->at);
	const char *word = lexer->text + start;
	size_t length = end - start;

	if (lexer->dialect->delimiter_lines && length == 1 && (*word == 'g' || *word == 'G')) {
		end_statement(lexer, SQL_TOKEN_SEMICOLON, 2);
		return;
	}
	if (!lexer->dialect->backslash_lines || length == 0) {
		push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, '\\');
		return;
	}
	if (*word == 'g' || *word == 'w' ||
		g_ascii_strncasecmp(word, "crosstabview", length) == 0) {
		end_statement(lexer, SQL_TOKEN_SEMICOLON, 0);
		skip_to(lexer, stop);
	} else if (length == 4 && strncmp(word, "copy", 4) == 0) {
		push(lexer, SQL_TOKEN_WORD, start, end, KW_COPY);
		lexer->line_end = stop;
	} else if (*word == 'i' &&
		   (length == 1 || strncmp(word, "ir", length) == 0 ||
			   strncmp(word, "include", MIN(length, 7)) == 0) &&
		   !(length >= 2 && word[1] == 'f')) {
		push(lexer, SQL_TOKEN_WORD, lexer->at, stop, KW_INCLUDE);
		end_statement(lexer, SQL_TOKEN_SEMICOLON, 0);
	} else {
		skip_to(lexer, stop);
	}
}

static bool skip_wide_blank(Lexer *lexer)
{
	static const char *const wide[] = {"\xC2\xA0", "\xE3\x80\x80", "\xEF\xBB\xBF",
		"\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x80\x8B"};
	const char *at = lexer->text + lexer->at;
	size_t left = lexer->length - lexer->at;

	for (size_t i = 0; i < G_N_ELEMENTS(wide); i++) {
		size_t length = strlen(wide[i]);

		if (left >= length && memcmp(at, wide[i], length) == 0) {
			skip_to(lexer, lexer->at + length);
			return true;
		}
	}
	if (left >= 3 && memcmp(at, "\xE2\x80", 2) == 0 && (unsigned char)at[2] <= 0x8A) {
		skip_to(lexer, lexer->at + 3);
		return true;
	}
	return false;
}

static void lex_sign(Lexer *lexer, unsigned char byte)
{
	switch (byte) {
	case ';': end_statement(lexer, SQL_TOKEN_SEMICOLON, 1); return;
	case '\'':
	case '"': lex_quoted(lexer, lexer->at, lexer->at, false); return;
	case '`':
		if (lexer->dialect->backticks) {
			lex_quoted(lexer, lexer->at, lexer->at, false);
			return;
		}
		break;
	case '[':
		if (lexer->dialect->brackets) {
			lex_quoted(lexer, lexer->at, lexer->at, false);
			return;
		}
		lex_bracket(lexer, '[');
		return;
	case '(':
	case ')':
	case ']':
	case '}': lex_bracket(lexer, (char)byte); return;
	case '{': lex_brace(lexer); return;
	case '-': lex_dash(lexer); return;
	case '/': lex_slash(lexer); return;
	case '*': lex_star(lexer); return;
	case '.': lex_dot(lexer); return;
	case '#': lex_hash(lexer); return;
	case '?': lex_question(lexer); return;
	case ':': lex_colon(lexer); return;
	case '@': lex_at(lexer); return;
	case '$': lex_dollar(lexer); return;
	case '\\': lex_backslash(lexer); return;
	default: break;
	}
	push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, byte);
}

static bool lex_delimiter(Lexer *lexer)
{
	if (lexer->line_end != 0 && lexer->at >= lexer->line_end) {
		end_statement(lexer, SQL_TOKEN_SEMICOLON, 0);
		return true;
	}
	if (lexer->delimiter == NULL || lexer->length - lexer->at < lexer->delimiter_length ||
		memcmp(lexer->text + lexer->at, lexer->delimiter, lexer->delimiter_length) != 0)
		return false;
	end_statement(lexer, SQL_TOKEN_DELIMITER, lexer->delimiter_length);
	return true;
}

static void lex_all(Lexer *lexer)
{
	while (lexer->at < lexer->length) {
		unsigned char byte = (unsigned char)lexer->text[lexer->at];
		uint8_t class = lexer->classes[byte];

		if (class == BLANK) {
			skip_to(lexer, lexer->at + 1);
			continue;
		}
		if ((lexer->delimiter != NULL || lexer->line_end != 0) && lex_delimiter(lexer))
			continue;
		if (byte >= 0x80 && lexer->dialect->wide_blanks && skip_wide_blank(lexer))
			continue;
		if (class == WORD_START && byte != '$')
			lex_word(lexer);
		else if (class == DIGIT)
			lex_number(lexer);
		else
			lex_sign(lexer, byte);
	}
}

void sql_lex_run(SqlLex *lex, SqlArena *arena)
{
	g_autoptr(GArray) opens = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	Lexer lexer = {.lex = lex,
		.arena = arena,
		.dialect = lex->dialect,
		.text = lex->text,
		.length = lex->length,
		.opens = opens,
		.line_from = 1,
		.templates = {.text = lex->text, .length = lex->length}};

	memcpy(lexer.classes, base_classes, sizeof(base_classes));
	if (lex->dialect->dollar_words)
		lexer.classes['$'] = WORD_START;
	if (lex->length >= 3 && memcmp(lex->text, "\xEF\xBB\xBF", 3) == 0)
		lexer.at = 3;
	lex_all(&lexer);
	close_brackets(&lexer);
	lexer.at = lex->length;
	push(&lexer, SQL_TOKEN_END, lex->length, lex->length, 0);
}
