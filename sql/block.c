// Blocks of scripts and routines: BEGIN … END, IF … THEN, loops, handlers.
#include "sql/scanner.h"

static void open_block(Scanner *s)
{
	if (s->routine)
		s->blocks++;
}

// END [IF | LOOP | WHILE | CASE | FOR | REPEAT] [label]
static void close_block(Scanner *s, Frame *frame)
{
	s->at++;
	switch (word_at(s, s->at)) {
	case KW_IF:
	case KW_LOOP:
	case KW_WHILE:
	case KW_CASE:
	case KW_FOR:
	case KW_REPEAT: s->at++; break;
	default: break;
	}
	if (s->blocks > 0)
		s->blocks--;
	frame->state = STATE_INERT;
	if (!s->routine && s->statement.kind == SQL_KIND_UNKNOWN)
		s->statement.kind = SQL_KIND_CONTROL;
}

// BEGIN of a transaction, not of a block.
static bool begins_transaction(const Scanner *s)
{
	const SqlToken *next = token_at(s, s->at + 1);

	if (next->type >= SQL_TOKEN_SEMICOLON)
		return !s->routine;
	switch (sql_token_word(next)) {
	case KW_TRANSACTION:
	case KW_WORK:
	case KW_DEFERRED:
	case KW_IMMEDIATE:
	case KW_EXCLUSIVE:
	case KW_ISOLATION:
	case KW_READ: return true;
	case KW_NOT: return word_at(s, s->at + 2) != KW_ATOMIC;
	default: return false;
	}
}

static bool is_block_start(unsigned word)
{
	return word == KW_BEGIN || word == KW_LOOP || word == KW_WHILE || word == KW_REPEAT ||
	       word == KW_FOR;
}

// A word that only leads to a statement: the statement begins behind it.
static bool pass(Scanner *s, guint count)
{
	s->at += count;
	if (!s->routine && s->statement.kind == SQL_KIND_UNKNOWN &&
		this_token(s)->type < SQL_TOKEN_SEMICOLON) {
		s->statement_first = s->at;
		position_of(s, this_token(s)->offset, &s->statement.line, &s->statement.column);
	} else if (!s->routine && s->statement.kind == SQL_KIND_UNKNOWN) {
		s->statement.kind = SQL_KIND_CONTROL;
	}
	return true;
}

bool block_words(Scanner *s, Frame *frame)
{
	const SqlToken *token = this_token(s);

	if (mark_at(s, s->at + 1, ':') && token->type <= SQL_TOKEN_NAME &&
		is_block_start(word_at(s, s->at + 2)))
		return pass(s, 2);
	switch (sql_token_word(token)) {
	case KW_BEGIN:
		if (begins_transaction(s))
			return false;
		open_block(s);
		pass(s, 1);
		if (word_at(s, s->at) == KW_NOT && word_at(s, s->at + 1) == KW_ATOMIC)
			pass(s, 2);
		else if (word_at(s, s->at) == KW_ATOMIC)
			pass(s, 1);
		return true;
	case KW_LOOP:
	case KW_REPEAT: open_block(s); return pass(s, 1);
	case KW_ELSE: return pass(s, 1);
	case KW_IF:
	case KW_WHILE:
	case KW_FOR:
	case KW_CASE: open_block(s); return false;
	case KW_END: close_block(s, frame); return true;
	default: return false;
	}
}

// After IF, WHILE, FOR, WHEN, UNTIL: THEN or DO ends the condition and starts a statement.
void state_condition(Scanner *s, Frame *frame)
{
	switch (word_at(s, s->at)) {
	case KW_CASE:
		frame->cases++;
		s->at++;
		return;
	case KW_THEN:
	case KW_DO:
		s->at++;
		if (frame->cases == 0)
			statement_restart(s);
		return;
	case KW_END:
		if (frame->cases == 0) {
			statement_restart(s);
			return;
		}
		frame->cases--;
		s->at++;
		return;
	default: s->at++; return;
	}
}

// DECLARE c CURSOR FOR query; DECLARE … HANDLER FOR condition statement
void state_declare(Scanner *s, Frame *frame)
{
	switch (word_at(s, s->at)) {
	case KW_FOR:
		s->at++;
		if (query_starts(s, s->at) || mark_at(s, s->at, '('))
			frame->state = STATE_START;
		return;
	case KW_BEGIN:
	case KW_SET:
	case KW_SELECT:
	case KW_INSERT:
	case KW_UPDATE:
	case KW_DELETE:
	case KW_CALL:
	case KW_ROLLBACK:
	case KW_LEAVE:
	case KW_IF:
		if (s->routine)
			statement_restart(s);
		else
			s->at++;
		return;
	default: s->at++; return;
	}
}
