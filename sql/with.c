// The WITH list: which names mean its queries, and from where on.
#include "sql/scanner.h"

static int32_t token_symbol(Scanner *s, guint index)
{
	const SqlToken *token = token_at(s, index);
	size_t length = token->length;
	const char *text = s->text + token->offset;

	if (token->type != SQL_TOKEN_WORD)
		text = sql_token_unquote(s->dialect, s->text, token, s->arena, &length);
	return symbol_intern(&s->symbols, text, length);
}

static bool is_name(const Scanner *s, guint index)
{
	SqlTokenType type = (SqlTokenType)token_at(s, index)->type;

	return type == SQL_TOKEN_WORD || type == SQL_TOKEN_NAME ||
	       (type == SQL_TOKEN_TEXT && s->dialect->text_as_table);
}

// Whether "name [(columns)] AS [[NOT] MATERIALIZED] (" stands at a token; ret_body is its bracket.
static bool element_starts(const Scanner *s, guint index, guint *ret_body)
{
	guint at = index + 1;

	if (!is_name(s, index))
		return false;
	if (mark_at(s, at, '(')) {
		guint close = token_at(s, at)->match;

		if (word_at(s, close + 1) != KW_AS) {
			*ret_body = at;
			return query_starts(s, at + 1);
		}
		at = close + 1;
	}
	if (word_at(s, at) != KW_AS)
		return false;
	at++;
	if (word_at(s, at) == KW_NOT)
		at++;
	if (word_at(s, at) == KW_MATERIALIZED)
		at++;
	*ret_body = at;
	return mark_at(s, at, '(');
}

// Whether the list is over at a token: the statement itself begins, or the brackets around it end.
static bool ends_list(const Scanner *s, guint index)
{
	const SqlToken *token = token_at(s, index);

	return token->type >= SQL_TOKEN_SEMICOLON || sql_token_is_mark(token, '(') ||
	       sql_token_is_mark(token, ')') || sql_token_word(token) == KW_SELECT;
}

// Makes all names of the list known before its first query is read.
static void declare_all(Scanner *s, Frame *frame)
{
	guint at = s->at;
	guint body;

	frame->recursive = true;
	while (element_starts(s, at, &body)) {
		guint next;

		with_table_push(s, token_symbol(s, at), false);
		at = token_at(s, body)->match + 1;
		while (at < s->token_count &&
			!(mark_at(s, at, ',') && element_starts(s, at + 1, &next)) &&
			!ends_list(s, at))
			at++;
		if (!mark_at(s, at, ','))
			return;
		at++;
	}
}

void start_with(Scanner *s, Frame *frame)
{
	bool recursive;

	s->at++;
	recursive = word_at(s, s->at) == KW_RECURSIVE && word_at(s, s->at + 1) != KW_AS;
	if (recursive)
		s->at++;
	frame->state = STATE_WITH;
	frame->recursive = false;
	if (recursive || s->dialect->any_order)
		declare_all(s, frame);
}

void state_with(Scanner *s, Frame *frame)
{
	guint body;

	if (element_starts(s, s->at, &body)) {
		frame->name = token_symbol(s, s->at);
		frame->state = STATE_WITH_BODY;
		s->at = body;
		return;
	}
	switch (word_at(s, s->at)) {
	case KW_SELECT:
	case KW_INSERT:
	case KW_UPDATE:
	case KW_DELETE:
	case KW_MERGE: frame->state = STATE_START; return;
	default: break;
	}
	if (s->dialect->expression_with) {
		frame->state = STATE_WITH_VALUE;
		return;
	}
	s->at++;
	frame->state = STATE_WITH_AFTER;
}

void state_with_body(Scanner *s, Frame *frame)
{
	(void)s;
	frame->state = STATE_WITH_AFTER; // its bracket is missing
}

void state_with_value(Scanner *s, Frame *frame)
{
	if (mark_at(s, s->at, ',')) {
		s->at++;
		frame->state = STATE_WITH;
		return;
	}
	switch (word_at(s, s->at)) {
	case KW_SELECT:
	case KW_INSERT:
	case KW_FROM: frame->state = STATE_START; return;
	case KW_AS:
		s->at++;
		if (is_name(s, s->at))
			with_table_push(s, token_symbol(s, s->at), true);
		break;
	default: break;
	}
	s->at++;
}

void state_with_after(Scanner *s, Frame *frame)
{
	if (mark_at(s, s->at, ',')) {
		s->at++;
		frame->state = STATE_WITH;
		return;
	}
	switch (word_at(s, s->at)) {
	case KW_SELECT:
	case KW_WITH:
	case KW_FROM:
	case KW_VALUES:
	case KW_TABLE:
	case KW_INSERT:
	case KW_REPLACE:
	case KW_UPDATE:
	case KW_DELETE:
	case KW_MERGE:
	case KW_CREATE: frame->state = STATE_START; return;
	default: s->at++; return;
	}
}
