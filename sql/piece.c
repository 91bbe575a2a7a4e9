// What is sure to be missing in a piece of SQL. No grammar: only brackets, quotes, and operators at an end.
#include "sql/piece.h"

#include "sql/scratch.h"

#include <string.h>

typedef struct {
	SqlPieceFault fault;
	size_t offset, length;
} Finding;

typedef struct {
	const char *text;
	const SqlToken *tokens;
	guint count; // without the end
	bool condition;
} Piece;

static const SqlToken *token_of(const Piece *piece, guint index)
{
	return &piece->tokens[index];
}

static unsigned word_of(const Piece *piece, guint index)
{
	return sql_token_word(token_of(piece, index));
}

static bool is_mark_of(const SqlToken *token, const char *marks)
{
	return token->type == SQL_TOKEN_MARK && strchr(marks, (int)token->code) != NULL;
}

static Finding at_token(SqlPieceFault fault, const SqlToken *token)
{
	return (Finding){fault, token->offset, token->length};
}

// Pasted text may be anything, and so may what template tags leave.
static bool is_uncertain(const Piece *piece)
{
	for (guint i = 0; i < piece->count; i++) {
		const SqlToken *token = token_of(piece, i);

		if ((token->flags & SQL_TOKEN_TAGGED) != 0 ||
			(token->type == SQL_TOKEN_TEMPLATE &&
				g_strstr_len(piece->text + token->offset, token->length, "raw") !=
					NULL))
			return true;
	}
	return (token_of(piece, piece->count)->flags & SQL_TOKEN_TAGGED) != 0;
}

// What cannot be the last of an operand, in any dialect. "*" may be (count(*)), and "!" was an operator behind its operand.
static bool waits_for_more(const Piece *piece, guint index)
{
	switch (word_of(piece, index)) {
	case KW_AND:
	case KW_OR:
	case KW_NOT:
	case KW_BETWEEN:
	case KW_CASE:
	case KW_WHEN:
	case KW_THEN:
	case KW_ELSE: return true;
	case KW_FROM:
	case KW_WHERE:
	case KW_HAVING:
	case KW_ON: return !piece->condition;
	case KW_IN:
	case KW_IS:
	case KW_LIKE: return index > 0;
	default: return is_mark_of(token_of(piece, index), "<>=+-/%|&^~.");
	}
}

// What cannot be the first of an operand: "<" and its like only when it is no part of a longer operator, which may stand there.
static bool waits_for_less(const Piece *piece, guint index)
{
	unsigned word = word_of(piece, index);
	const SqlToken *next = token_of(piece, index + 1);
	bool longer = next->type == SQL_TOKEN_MARK && (next->flags & SQL_TOKEN_ADJACENT) != 0;

	if (word == KW_AND || word == KW_OR)
		return true;
	return is_mark_of(token_of(piece, index), "<>=/,") && (!longer || is_mark_of(next, "()[]"));
}

// Whether the operand before a token ends with it.
static bool ends_operand(const Piece *piece, guint index)
{
	unsigned word = word_of(piece, index);

	return index == piece->count || is_mark_of(token_of(piece, index), ")]}") ||
	       word == KW_AND || word == KW_OR;
}

static Finding find_operators(const Piece *piece)
{
	if (piece->condition && waits_for_less(piece, 0))
		return at_token(SQL_PIECE_LACKS_BEFORE, token_of(piece, 0));
	for (guint i = 0; i < piece->count; i++) {
		const SqlToken *token = token_of(piece, i);

		if (piece->condition && token->type == SQL_TOKEN_SEMICOLON)
			return at_token(SQL_PIECE_ENDED, token);
		if (waits_for_more(piece, i) && ends_operand(piece, i + 1))
			return at_token(SQL_PIECE_LACKS_BEHIND, token);
	}
	// A query may end with either: FROM t |> SELECT *
	return piece->condition && is_mark_of(token_of(piece, piece->count - 1), "*,")
		       ? at_token(SQL_PIECE_LACKS_BEHIND, token_of(piece, piece->count - 1))
		       : (Finding){SQL_PIECE_WHOLE, 0, 0};
}

static Finding find_brackets(const Piece *piece)
{
	g_autoptr(GArray) open = g_array_new(FALSE, FALSE, sizeof(guint));

	for (guint i = 0; i < piece->count; i++) {
		const SqlToken *token = token_of(piece, i);

		if (is_mark_of(token, "([{")) {
			g_array_append_val(open, i);
		} else if (is_mark_of(token, ")]}")) {
			guint last = open->len == 0 ? 0 : g_array_index(open, guint, open->len - 1);

			if (open->len == 0 || !sql_token_is_mark(token_of(piece, last),
						      sql_bracket_open((char)token->code)))
				return at_token(SQL_PIECE_UNOPENED, token);
			g_array_set_size(open, open->len - 1);
		}
	}
	return open->len == 0 ? (Finding){SQL_PIECE_WHOLE, 0, 0}
			      : at_token(SQL_PIECE_UNCLOSED,
					token_of(piece, g_array_index(open, guint, open->len - 1)));
}

static Finding find_fault(const Piece *piece, const SqlLex *lex)
{
	Finding found;

	if (is_uncertain(piece))
		return (Finding){SQL_PIECE_WHOLE, 0, 0};
	// A statement's last comment needs no end on SQLite.
	if (lex->open != SQL_OPEN_NOTHING && (piece->condition || lex->open != SQL_OPEN_COMMENT))
		return (Finding){SQL_PIECE_OPEN, lex->open_at, 1};
	if (piece->count == 0)
		return (Finding){SQL_PIECE_EMPTY, 0, 0};
	found = find_brackets(piece);
	return found.fault != SQL_PIECE_WHOLE ? found : find_operators(piece);
}

static Finding look(const char *dialect, const char *text, size_t length, bool condition)
{
	SqlArena arena = {0};
	ScanScratch *scratch = scan_scratch_take();
	SqlLex lex = scan_scratch_lex(scratch, sql_dialect_find(dialect), text, length);
	Finding found;

	sql_lex_run(&lex, &arena);
	Piece piece = {
		text, (const SqlToken *)(void *)lex.tokens->data, lex.tokens->len - 1, condition};
	found = find_fault(&piece, &lex);
	scan_scratch_give(scratch);
	sql_arena_clear(&arena);
	return found;
}

SqlPieceFault sql_piece_fault(
	const char *text, size_t length, bool condition, size_t *ret_offset, size_t *ret_length)
{
	const char *const *dialects = sql_dialect_names();
	Finding found = {SQL_PIECE_WHOLE, 0, 0};

	*ret_offset = *ret_length = 0;
	if (length > SQL_TEXT_LIMIT)
		return SQL_PIECE_WHOLE;
	for (size_t i = 0; dialects[i] != NULL; i++) {
		Finding other = look(dialects[i], text, length, condition);

		if (other.fault == SQL_PIECE_WHOLE || (i > 0 && other.fault != found.fault) ||
			(i > 0 && other.offset != found.offset))
			return SQL_PIECE_WHOLE;
		found = other;
	}
	*ret_offset = found.offset;
	*ret_length = found.length;
	return found.fault;
}
