#include "sql/lexer.h"

#include <string.h>

enum {
	FIRST_TOKENS = 256,
};

// clang-format off
#define O 0
#define B SQL_BYTE_BLANK
#define D SQL_BYTE_DIGIT
#define W SQL_BYTE_WORD
const uint8_t sql_byte_classes[256] = {
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

SqlToken *lexer_last(const Lexer *lexer, guint back)
{
	GArray *tokens = lexer->lex->tokens;

	return tokens->len > back ? &g_array_index(tokens, SqlToken, tokens->len - 1 - back) : NULL;
}

static bool at_statement_start(const Lexer *lexer)
{
	const SqlToken *last = lexer_last(lexer, 0);

	return last == NULL || last->type == SQL_TOKEN_SEMICOLON ||
	       last->type == SQL_TOKEN_DELIMITER;
}

bool lexer_at_line_start(const Lexer *lexer)
{
	size_t at = lexer->at;

	while (at > 0 && (lexer->text[at - 1] == ' ' || lexer->text[at - 1] == '\t'))
		at--;
	return at == 0 || lexer->text[at - 1] == '\n';
}

SqlToken *lexer_push(Lexer *lexer, SqlTokenType type, size_t start, size_t end, unsigned code)
{
	GArray *tokens = lexer->lex->tokens;
	guint index = tokens->len;

	// Room is made for many at once: setting the length is all that is left to do for each.
	if (index == lexer->room || tokens->data == NULL) {
		lexer->room = MAX(index * 2, FIRST_TOKENS);
		g_array_set_size(tokens, lexer->room);
	}
	tokens->len = index + 1;
	SqlToken *token = &g_array_index(tokens, SqlToken, index);
	*token = (SqlToken){.offset = (uint32_t)start,
		.length = (uint32_t)(end - start),
		.type = (uint8_t)type,
		.code = (uint16_t)code,
		.flags = lexer->flags};
	lexer->flags = SQL_TOKEN_ADJACENT;
	lexer->at = end;
	return token;
}

// Remembers the line last looked at, for the clients' commands that look ahead without going there.
size_t lexer_line_end(Lexer *lexer, size_t at)
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

void lexer_skip(Lexer *lexer, size_t at)
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

void lexer_end_statement(Lexer *lexer, SqlTokenType type, size_t length)
{
	close_brackets(lexer);
	lexer_push(lexer, type, lexer->at, lexer->at + length, 0);
	if (lexer->dialect->copy_data && lexer->first_word == KW_COPY && lexer->reads_stdin)
		lexer_skip_copy_data(lexer);
	lexer->first_word = KW_NONE;
	lexer->reads_stdin = false;
	lexer->line_end = 0;
}

static void lex_bracket(Lexer *lexer, char mark)
{
	uint32_t index = lexer->lex->tokens->len;

	lexer_push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, (unsigned char)mark);
	if (mark == '(' || mark == '[' || mark == '{') {
		g_array_append_val(lexer->opens, index);
		return;
	}
	char open = sql_bracket_open(mark);
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

void lexer_open(Lexer *lexer, SqlOpen what, size_t at)
{
	lexer->lex->open = what;
	lexer->lex->open_at = at;
}

// A comment that looks like a header, where no header is looked for.
static void note_header(Lexer *lexer)
{
	if (lexer->lex->late_header == SIZE_MAX && lexer->at > 0 &&
		sql_header_looks(lexer->text + lexer->at, lexer->length - lexer->at))
		lexer->lex->late_header = lexer->at;
}

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
	lexer_open(lexer, SQL_OPEN_COMMENT, lexer->at);
	return lexer->length;
}

static void lex_slash(Lexer *lexer)
{
	if (lexer_byte(lexer, lexer->at + 1) != '*') {
		lexer_push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, '/');
		return;
	}
	if (lexer->dialect->version_comments) {
		size_t mark = lexer->at + 2 + (lexer_byte(lexer, lexer->at + 2) == 'M');

		if (lexer_byte(lexer, mark) == '!') {
			for (mark++; g_ascii_isdigit(lexer_byte(lexer, mark)); mark++)
				continue;
			if (lexer->version_depth++ == 0)
				lexer->version_at = lexer->at;
			lexer_skip(lexer, mark);
			return;
		}
	}
	note_header(lexer);
	lexer_skip(lexer, block_comment_end(lexer));
}

static void lex_star(Lexer *lexer)
{
	if (lexer->version_depth > 0 && lexer_byte(lexer, lexer->at + 1) == '/') {
		lexer->version_depth--;
		lexer_skip(lexer, lexer->at + 2);
		return;
	}
	lexer_push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, '*');
}

// Where "--" needs a blank behind it, "a--1" subtracts a negative number; "--word" is taken for the comment that was
// meant all the same, since two signs before a word say nothing.
static bool is_dash_comment(const Lexer *lexer)
{
	unsigned char third = lexer_byte(lexer, lexer->at + 2);

	if (lexer_byte(lexer, lexer->at + 1) != '-')
		return false;
	if (!lexer->dialect->dash_needs_blank || third <= ' ')
		return true;
	return (lexer->flags & SQL_TOKEN_ADJACENT) == 0 && !g_ascii_isdigit(third) &&
	       third != '(' && third != '.';
}

static void lex_dash(Lexer *lexer)
{
	if (is_dash_comment(lexer)) {
		note_header(lexer);
		lexer_skip(lexer, lexer_line_end(lexer, lexer->at));
	} else {
		lexer_push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, '-');
	}
}

size_t lexer_word_end(const Lexer *lexer, size_t at)
{
	while (at < lexer->length && (lexer->classes[(unsigned char)lexer->text[at]] &
					     (SQL_BYTE_WORD | SQL_BYTE_DIGIT)) != 0)
		at++;
	return at;
}

size_t lexer_digits_end(const Lexer *lexer, size_t at)
{
	while (g_ascii_isdigit(lexer_byte(lexer, at)))
		at++;
	return at;
}

// Words and numbers

static bool is_prefix(const Lexer *lexer, size_t start, size_t end)
{
	char first = g_ascii_toupper(lexer->text[start]);
	char second = '\0';

	if (end - start == 2)
		second = g_ascii_toupper(lexer->text[start + 1]);
	if (lexer->dialect->triple_quotes)
		return second == '\0'
			       ? first == 'R' || first == 'B'
			       : (first == 'R' && second == 'B') || (first == 'B' && second == 'R');
	return second == '\0' && strchr("ENBX", first) != NULL && lexer->text[end] == '\'';
}

// Words joined by hyphens or starting with a digit, where a path may hold them.
static bool continues_path(const Lexer *lexer)
{
	const SqlToken *last = lexer_last(lexer, 0);
	const SqlToken *before = lexer_last(lexer, 1);

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
	const SqlToken *last = lexer_last(lexer, 0);

	return last != NULL && sql_token_is_mark(last, '.');
}

static void note_word(Lexer *lexer, const SqlToken *token)
{
	const SqlToken *before = lexer_last(lexer, 1);

	if (lexer->first_word == KW_NONE)
		lexer->first_word = token->code != KW_NONE ? token->code : KW_COUNT;
	if (token->code == KW_STDIN)
		lexer->reads_stdin = true;
	if (lexer->dialect->format_data && lexer->first_word == KW_INSERT && before != NULL &&
		sql_token_word(before) == KW_FORMAT &&
		!(token->length == 6 &&
			g_ascii_strncasecmp(lexer->text + token->offset, "values", 6) == 0))
		lexer_skip_format_data(lexer);
}

static void lex_word(Lexer *lexer)
{
	size_t start = lexer->at;
	size_t end = start;
	unsigned hash = SQL_WORD_HASH_START;

	while (end < lexer->length && (lexer->classes[(unsigned char)lexer->text[end]] &
					      (SQL_BYTE_WORD | SQL_BYTE_DIGIT)) != 0) {
		if (lexer->delimiter != NULL && lexer->text[end] == lexer->delimiter[0] &&
			lexer->length - end >= lexer->delimiter_length && end > start &&
			memcmp(lexer->text + end, lexer->delimiter, lexer->delimiter_length) == 0)
			break;
		hash = SQL_WORD_HASH_STEP(hash, lexer->text[end]);
		end++;
	}
	unsigned char next = lexer_byte(lexer, end);
	if (end - start <= 2 &&
		(next == '\'' || (next == '"' && lexer->dialect->double_quoted_text)) &&
		is_prefix(lexer, start, end)) {
		lexer_quoted(lexer, start, end,
			lexer->dialect->escape_prefix && (lexer->text[start] | 0x20) == 'e');
		return;
	}
	bool path = follows_dot(lexer);
	SqlKeyword keyword =
		path ? KW_NONE : sql_keyword_find(lexer->text + start, end - start, hash);
	bool starts = at_statement_start(lexer);
	SqlToken *token = lexer_push(lexer, SQL_TOKEN_WORD, start, end, keyword);
	if (keyword == KW_DELIMITER && lexer->dialect->delimiter_lines && starts)
		lexer_set_delimiter(lexer);
	else
		note_word(lexer, token);
}

static void lex_number(Lexer *lexer)
{
	size_t at = lexer->at;

	if (continues_path(lexer)) {
		lexer_push(lexer, SQL_TOKEN_WORD, at, lexer_word_end(lexer, at), KW_NONE);
		return;
	}
	if (lexer_byte(lexer, at) == '0' && strchr("xXbBoO", lexer_byte(lexer, at + 1)) != NULL &&
		g_ascii_isxdigit(lexer_byte(lexer, at + 2))) {
		lexer_push(lexer, SQL_TOKEN_NUMBER, at, lexer_word_end(lexer, at), 0);
		return;
	}
	size_t end = lexer_digits_end(lexer, at);
	bool exponent =
		(lexer_byte(lexer, end) | 0x20) == 'e' &&
		(g_ascii_isdigit(lexer_byte(lexer, end + 1)) || lexer_byte(lexer, end + 1) == '+' ||
			lexer_byte(lexer, end + 1) == '-');
	if (lexer->dialect->digit_words && !exponent && lexer_word_end(lexer, end) > end) {
		lexer_push(lexer, SQL_TOKEN_WORD, at, lexer_word_end(lexer, end), KW_NONE);
		return;
	}
	if (lexer_byte(lexer, end) == '.' && lexer_byte(lexer, end + 1) != '.')
		end = lexer_digits_end(lexer, end + 1);
	if ((lexer_byte(lexer, end) | 0x20) == 'e') {
		size_t digits =
			end + 1 +
			(lexer_byte(lexer, end + 1) == '+' || lexer_byte(lexer, end + 1) == '-');

		if (g_ascii_isdigit(lexer_byte(lexer, digits)))
			end = lexer_digits_end(lexer, digits);
	}
	while (lexer_byte(lexer, end) == '_' && g_ascii_isdigit(lexer_byte(lexer, end + 1)))
		end = lexer_digits_end(lexer, end + 1);
	lexer_push(lexer, SQL_TOKEN_NUMBER, at, end, 0);
}

static void lex_dot(Lexer *lexer)
{
	SqlToken *last = lexer_last(lexer, 0);
	bool adjacent = (lexer->flags & SQL_TOKEN_ADJACENT) != 0;

	if (lexer->dialect->dot_lines && at_statement_start(lexer) && lexer_at_line_start(lexer)) {
		lexer_dot_line(lexer);
		return;
	}
	bool path = last != NULL && adjacent && last->type != SQL_TOKEN_NUMBER &&
		    (last->type != SQL_TOKEN_MARK || last->code == ')' || last->code == ']');
	if (!path && g_ascii_isdigit(lexer_byte(lexer, lexer->at + 1))) {
		lex_number(lexer);
		return;
	}
	if (last != NULL && last->type == SQL_TOKEN_WORD)
		last->code = KW_NONE;
	lexer_push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, '.');
}

// Other signs

static void lex_hash(Lexer *lexer)
{
	unsigned char next = lexer_byte(lexer, lexer->at + 1);
	SqlHash hash = lexer->dialect->hash;
	bool named = (sql_byte_classes[next] & (SQL_BYTE_WORD | SQL_BYTE_DIGIT)) != 0;

	if (hash == SQL_HASH_COMMENT ||
		(hash == SQL_HASH_EITHER && (!named || lexer_at_line_start(lexer))))
		lexer_skip(lexer, lexer_line_end(lexer, lexer->at));
	else if (hash != SQL_HASH_OPERATOR && named)
		lexer_push(lexer, SQL_TOKEN_WORD, lexer->at, lexer_word_end(lexer, lexer->at + 1),
			KW_NONE);
	else
		lexer_push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, '#');
}

static void lex_question(Lexer *lexer)
{
	size_t end = lexer->dialect->question_digits ? lexer_digits_end(lexer, lexer->at + 1)
						     : lexer->at + 1;

	if (lexer->dialect->question)
		lexer_parameter(lexer, end);
	else
		lexer_push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, '?');
}

static void lex_colon(Lexer *lexer)
{
	const SqlToken *last = lexer_last(lexer, 0);
	bool value_before = last != NULL && (lexer->flags & SQL_TOKEN_ADJACENT) != 0 &&
			    (last->type != SQL_TOKEN_MARK || last->code == ':' ||
				    last->code == ')' || last->code == ']' || last->code == '[');
	unsigned char next = lexer_byte(lexer, lexer->at + 1);

	if (lexer->dialect->colon_names && !value_before &&
		(sql_byte_classes[next] & SQL_BYTE_WORD) != 0)
		lexer_parameter(lexer, lexer_word_end(lexer, lexer->at + 1));
	else
		lexer_push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, ':');
}

static void lex_at(Lexer *lexer)
{
	size_t name = lexer->at + 1 + (lexer_byte(lexer, lexer->at + 1) == '@');
	size_t end = lexer_word_end(lexer, name);
	bool system = name == lexer->at + 2;

	if (end == name)
		lexer_push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, '@');
	else if (lexer->dialect->at_names && !system)
		lexer_parameter(lexer, end);
	else
		lexer_push(lexer, SQL_TOKEN_PARAMETER, lexer->at, end, 0);
}

static bool lex_typed_parameter(Lexer *lexer)
{
	size_t at = lexer_word_end(lexer, lexer->at + 1);

	if (!lexer->dialect->brace_types || at == lexer->at + 1)
		return false;
	while (lexer_byte(lexer, at) == ' ')
		at++;
	if (lexer_byte(lexer, at) != ':')
		return false;
	for (size_t end = at + 1; end < lexer->length && end < at + 200; end++) {
		char byte = lexer->text[end];

		if (byte == '}') {
			lexer_parameter(lexer, end + 1);
			return true;
		}
		if (byte == '{' || byte == ';' || byte == '\n')
			return false;
	}
	return false;
}

static void lex_brace(Lexer *lexer)
{
	unsigned char next = lexer_byte(lexer, lexer->at + 1);
	size_t end = next == '{'
			     ? sql_template_end(&lexer->templates, lexer->at, lexer->length, '\0')
			     : 0;

	if (end != 0) {
		lexer_add_parameter(lexer, SQL_PARAMETER_EXPRESSION, SQL_CONTEXT_BARE, lexer->at,
			end, lexer->at);
		lexer_push(lexer, SQL_TOKEN_TEMPLATE, lexer->at, end, 0);
		return;
	}
	if (next == '%' || next == '#') {
		end = sql_template_tag_end(&lexer->templates, lexer->at);
		if (end != 0) {
			if (next == '%')
				lexer->flags |= SQL_TOKEN_TAGGED;
			lexer_skip(lexer, end);
			return;
		}
	}
	if (!lex_typed_parameter(lexer))
		lex_bracket(lexer, '{');
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
			lexer_skip(lexer, lexer->at + length);
			return true;
		}
	}
	if (left >= 3 && memcmp(at, "\xE2\x80", 2) == 0 && (unsigned char)at[2] <= 0x8A) {
		lexer_skip(lexer, lexer->at + 3);
		return true;
	}
	return false;
}

static void lex_sign(Lexer *lexer, unsigned char byte)
{
	switch (byte) {
	case ';': lexer_end_statement(lexer, SQL_TOKEN_SEMICOLON, 1); return;
	case '\'':
	case '"': lexer_quoted(lexer, lexer->at, lexer->at, false); return;
	case '`':
		if (lexer->dialect->backticks) {
			lexer_quoted(lexer, lexer->at, lexer->at, false);
			return;
		}
		break;
	case '[':
		if (lexer->dialect->brackets) {
			lexer_quoted(lexer, lexer->at, lexer->at, false);
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
	case '$': lexer_dollar(lexer); return;
	case '\\': lexer_backslash(lexer); return;
	default: break;
	}
	lexer_push(lexer, SQL_TOKEN_MARK, lexer->at, lexer->at + 1, byte);
}

static bool lex_delimiter(Lexer *lexer)
{
	if (lexer->line_end != 0 && lexer->at >= lexer->line_end) {
		lexer_end_statement(lexer, SQL_TOKEN_SEMICOLON, 0);
		return true;
	}
	if (lexer->delimiter == NULL || lexer->length - lexer->at < lexer->delimiter_length ||
		memcmp(lexer->text + lexer->at, lexer->delimiter, lexer->delimiter_length) != 0)
		return false;
	lexer_end_statement(lexer, SQL_TOKEN_DELIMITER, lexer->delimiter_length);
	return true;
}

static void lex_all(Lexer *lexer)
{
	while (lexer->at < lexer->length) {
		unsigned char byte = (unsigned char)lexer->text[lexer->at];
		uint8_t class = lexer->classes[byte];

		if (class == SQL_BYTE_BLANK) {
			lexer_skip(lexer, lexer->at + 1);
			continue;
		}
		if ((lexer->delimiter != NULL || lexer->line_end != 0) && lex_delimiter(lexer))
			continue;
		if (byte >= 0x80 && lexer->dialect->wide_blanks && skip_wide_blank(lexer))
			continue;
		if (class == SQL_BYTE_WORD && byte != '$')
			lex_word(lexer);
		else if (class == SQL_BYTE_DIGIT)
			lex_number(lexer);
		else
			lex_sign(lexer, byte);
	}
}

void sql_lex_run(SqlLex *lex, SqlArena *arena)
{
	Lexer lexer = {.lex = lex,
		.arena = arena,
		.dialect = lex->dialect,
		.text = lex->text,
		.length = lex->length,
		.opens = lex->opens,
		.line_from = 1,
		.templates = {.text = lex->text, .length = lex->length}};

	memcpy(lexer.classes, sql_byte_classes, sizeof(sql_byte_classes));
	if (lex->dialect->dollar_words)
		lexer.classes['$'] = SQL_BYTE_WORD;
	if (lex->length >= 3 && memcmp(lex->text, "\xEF\xBB\xBF", 3) == 0)
		lexer.at = 3;
	lex->late_header = SIZE_MAX;
	lex_all(&lexer);
	if (lexer.version_depth > 0 && lex->open == SQL_OPEN_NOTHING)
		lexer_open(&lexer, SQL_OPEN_COMMENT, lexer.version_at);
	close_brackets(&lexer);
	lexer.at = lex->length;
	lexer_push(&lexer, SQL_TOKEN_END, lex->length, lex->length, 0);
}
