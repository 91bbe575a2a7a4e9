#include "sql/scanner.h"

enum {
	FIND_WORDS = 6, // between TEMPORARY and the name
	STILL_STEPS = 8, // how often the state may change before a token has to be passed
};

typedef void (*StateFunction)(Scanner *s, Frame *frame);

bool accept_word(Scanner *s, SqlKeyword keyword)
{
	if (word_at(s, s->at) != keyword)
		return false;
	s->at++;
	return true;
}

guint lead_of(Scanner *s, guint index)
{
	if (index >= s->lead_start && index < s->lead_end)
		return s->lead_end;
	guint end = index;
	while (mark_at(s, end, '('))
		end++;
	s->lead_start = index;
	s->lead_end = end;
	return end;
}

bool query_starts(const Scanner *s, guint index)
{
	switch (word_at(s, index)) {
	case KW_SELECT:
	case KW_WITH: return true;
	case KW_VALUES: return mark_at(s, index + 1, '(') || word_at(s, index + 1) == KW_ROW;
	case KW_TABLE: return name_starts(s, index + 1) && !mark_at(s, index + 1, '(');
	case KW_FROM:
		return s->dialect->from_first &&
		       (name_starts(s, index + 1) || mark_at(s, index + 1, '('));
	case KW_EXPLAIN: return s->dialect->from_first && !mark_at(s, index + 1, '(');
	default: return false;
	}
}

// Frames

static Frame *push_frame(Scanner *s, State state, char opener)
{
	Frame frame = {.state = (uint8_t)state,
		.opener = opener,
		.tables = s->with_tables->len,
		.items = s->items->len,
		.targets = s->targets->len,
		.pending = s->pending->len,
		.pending_from = s->pending->len,
		.name = -1};

	g_array_append_val(s->frames, frame);
	return top_frame(s);
}

static void finish_frame(Scanner *s)
{
	Frame *frame = top_frame(s);

	if (frame->verb == VERB_UPDATE || frame->verb == VERB_DELETE)
		targets_settle(s, frame);
	if (!frame->shares_items)
		items_truncate(s, frame->items);
	with_tables_truncate(s, frame->tables);
	g_array_set_size(s->frames, s->frames->len - 1);
}

// What the frame below does when brackets in it have closed.
static void after_brackets(Scanner *s, Frame *frame, State inside)
{
	switch (frame->state) {
	case STATE_ITEM:
	case STATE_FUNCTION: {
		int32_t alias;

		if (frame->state == STATE_FUNCTION && word_at(s, s->at) == KW_WITH &&
			word_at(s, s->at + 1) == KW_ORDINALITY)
			s->at += 2;
		alias = alias_parse(s);
		item_push(s, alias, -1, -1, false);
		frame->state = STATE_FROM;
		break;
	}
	case STATE_START:
		if (!frame->after_set || inside != STATE_GROUP)
			frame->state = frame->in_from ? STATE_FROM : STATE_EXPRESSION;
		break;
	case STATE_WITH_BODY:
		if (!frame->recursive && frame->name >= 0)
			with_table_push(s, frame->name, false);
		frame->state = STATE_WITH_AFTER;
		break;
	default: break;
	}
}

static void close_bracket(Scanner *s, char close)
{
	char open = sql_bracket_open(close);

	s->at++;
	if (close != ')' && top_frame(s)->opener != open)
		return;
	while (s->frames->len > 1) {
		char opener = top_frame(s)->opener;
		State inside = (State)top_frame(s)->state;

		finish_frame(s);
		if (opener == open) {
			after_brackets(s, top_frame(s), inside);
			return;
		}
	}
}

// Brackets where a table is expected: a query, or a join.
static void open_item(Scanner *s, char open)
{
	Frame *frame = top_frame(s);
	bool deferred = frame->deferred;

	if (open == '(' && query_starts(s, lead_of(s, s->at))) {
		push_frame(s, STATE_START, open)->in_from = true;
	} else if (open == '(' || (open == '{' && word_at(s, s->at + 1) == KW_OJ)) {
		frame = push_frame(s, STATE_ITEM, open);
		frame->shares_items = true;
		frame->deferred = deferred;
		s->at += open == '{';
	} else {
		mark_opaque(s, "a table is given in a form that is not known");
		push_frame(s, STATE_GROUP, open);
	}
	s->at++;
}

// f(TABLE t) and trim(FROM x) are arguments, though queries may begin with these words.
static bool is_argument(const Scanner *s, State state)
{
	unsigned word = word_at(s, s->at + 1);

	if (word == KW_TABLE)
		return state == STATE_FUNCTION;
	return word == KW_FROM && s->at > 0 && token_at(s, s->at - 1)->type == SQL_TOKEN_WORD &&
	       word_at(s, s->at - 1) == KW_NONE;
}

static void open_bracket(Scanner *s, char open)
{
	Frame *frame = top_frame(s);
	State state = (State)frame->state;
	bool in_from = frame->in_from;

	if (state == STATE_ITEM) {
		open_item(s, open);
		return;
	}
	if (state == STATE_WITH)
		frame->state = STATE_WITH_VALUE;
	if (state == STATE_WITH_AFTER)
		frame->state = state = STATE_START;
	if (open != '(') {
		push_frame(s, STATE_GROUP, open);
	} else if (state == STATE_WITH_BODY) {
		push_frame(s, STATE_START, open)->table_body = true;
	} else if (query_starts(s, lead_of(s, s->at)) && !is_argument(s, state)) {
		if (state == STATE_START && is_base_frame(s, frame) &&
			s->statement.kind == SQL_KIND_UNKNOWN)
			statement_kind(s, SQL_KIND_SELECT);
		push_frame(s, STATE_START, open)->in_from = state == STATE_START && in_from;
	} else {
		bool columns = state == STATE_TAIL || state == STATE_COLUMNS;
		bool position = s->at > 0 && word_at(s, s->at - 1) == KW_POSITION;

		frame = push_frame(s, columns ? STATE_COLUMNS : STATE_GROUP, open);
		frame->function = state == STATE_FUNCTION;
		frame->no_in = position;
	}
	s->at++;
}

static const StateFunction states[STATE_COUNT] = {
	[STATE_START] = state_start,
	[STATE_WITH] = state_with,
	[STATE_WITH_BODY] = state_with_body,
	[STATE_WITH_VALUE] = state_with_value,
	[STATE_WITH_AFTER] = state_with_after,
	[STATE_SELECT] = state_select,
	[STATE_ITEM] = state_item,
	[STATE_FUNCTION] = state_function,
	[STATE_FROM] = state_from,
	[STATE_LIST] = state_from,
	[STATE_EXPRESSION] = state_expression,
	[STATE_SET] = state_set,
	[STATE_TARGETS] = state_targets,
	[STATE_TAIL] = state_tail,
	[STATE_GROUP] = state_group,
	[STATE_COLUMNS] = state_columns,
	[STATE_INERT] = state_inert,
	[STATE_ALTER] = state_alter,
	[STATE_EXPLAIN] = state_explain,
	[STATE_DECLARE] = state_declare,
	[STATE_ROUTINE] = state_routine,
	[STATE_RULE] = state_rule,
	[STATE_CONDITION] = state_condition,
};

// One token, or one change of state.
static void step(Scanner *s)
{
	const SqlToken *token = this_token(s);

	if (token->type == SQL_TOKEN_MARK) {
		switch (token->code) {
		case '(':
		case '[':
		case '{': open_bracket(s, (char)token->code); return;
		case ')':
		case ']':
		case '}': close_bracket(s, (char)token->code); return;
		default: break;
		}
	}
	Frame *frame = top_frame(s);
	states[frame->state](s, frame);
}

// Statements

static void reset_frames(Scanner *s)
{
	while (s->frames->len > 0)
		finish_frame(s);
	push_frame(s, STATE_START, '\0');
}

void statement_restart(Scanner *s)
{
	if (s->routine)
		reset_frames(s);
	else
		s->statement_done = true;
}

static void begin_statement(Scanner *s)
{
	s->statement = (SqlStatement){.kind = SQL_KIND_UNKNOWN};
	s->statement_first = s->at;
	s->statement_number++;
	s->statement_references = (int32_t)s->references->len;
	s->temporary = -1;
	s->statement_done = false;
	s->explaining = false;
	s->routine = false;
	s->blocks = 0;
	g_array_set_size(s->reads, 0);
	g_array_set_size(s->writes, 0);
	push_frame(s, STATE_START, '\0');
}

static int compare_tables(const void *first, const void *second)
{
	const SqlTable *a = first;
	const SqlTable *b = second;

	return (a->offset > b->offset) - (a->offset < b->offset);
}

static SqlTableSet take_tables(Scanner *s, GArray *tables)
{
	SqlTableSet set = {.count = tables->len};

	if (tables->len > 1)
		g_array_sort(tables, compare_tables);
	set.tables = sql_arena_array(s->arena, tables->data, tables->len, sizeof(SqlTable));
	return set;
}

static void end_statement(Scanner *s)
{
	const SqlToken *first = token_at(s, s->statement_first);
	const SqlToken *last = token_at(s, s->at - 1);
	SqlStatement *statement = &s->statement;

	while (s->frames->len > 0)
		finish_frame(s);
	pending_settle(s);
	if (s->temporary >= 0)
		symbol_get(&s->symbols, s->temporary)->temporary = true;
	if (s->at <= s->statement_first)
		return;
	statement->offset = first->offset;
	statement->length = last->offset + last->length - first->offset;
	statement->reads = take_tables(s, s->reads);
	statement->writes = take_tables(s, s->writes);
	if (statement->kind == SQL_KIND_UNKNOWN)
		mark_opaque(s, "this kind of statement is not known");
	for (guint i = s->statement_first; i < s->at; i++) {
		if ((s->tokens[i].flags & SQL_TOKEN_TAGGED) != 0) {
			mark_opaque(s, "a template tag decides what the statement is");
			break;
		}
	}
	g_array_append_val(s->statements, *statement);
}

static bool ends_statement(Scanner *s, const SqlToken *token)
{
	if (token->type == SQL_TOKEN_DELIMITER)
		return true;
	if (token->type != SQL_TOKEN_SEMICOLON)
		return false;
	if (!s->routine || s->blocks == 0)
		return true;
	reset_frames(s);
	s->at++;
	return false;
}

static void recognise_statement(Scanner *s)
{
	begin_statement(s);
	position_of(s, this_token(s)->offset, &s->statement.line, &s->statement.column);
	while (s->at < s->token_count && !s->statement_done) {
		guint before = s->at;

		if (ends_statement(s, this_token(s)))
			break;
		for (unsigned still = 0; s->at == before && !s->statement_done; still++) {
			if (still == STILL_STEPS)
				s->at++;
			else
				step(s);
		}
	}
	end_statement(s);
}

// Notes the names that the script makes as temporary tables somewhere, so that a DROP of one before that is no write.
static void find_temporary(Scanner *s)
{
	Name name;

	for (guint i = 0; i < s->token_count; i++) {
		if (word_at(s, i) != KW_TEMP && word_at(s, i) != KW_TEMPORARY)
			continue;
		for (s->at = i + 1; s->at < i + FIND_WORDS; s->at++) {
			unsigned word = word_at(s, s->at);

			if (word != KW_TABLE && word != KW_VIEW && word != KW_IF &&
				word != KW_NOT && word != KW_EXISTS)
				break;
		}
		if (word_at(s, i - (i > 0)) != KW_DROP && name_parse(s, &name) && !name.dynamic) {
			int32_t reference = name_reference(s, &name);
			int32_t symbol = g_array_index(s->reference_symbols, int32_t, reference);

			symbol_get(&s->symbols, symbol)->will_be_temporary = true;
		}
	}
	s->at = 0;
}

void statements_recognise(Scanner *s)
{
	find_temporary(s);
	while (s->at < s->token_count) {
		SqlTokenType type = (SqlTokenType)this_token(s)->type;

		if (type == SQL_TOKEN_SEMICOLON || type == SQL_TOKEN_DELIMITER)
			s->at++;
		else
			recognise_statement(s);
	}
}
