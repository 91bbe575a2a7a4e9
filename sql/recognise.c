#include "sql/scanner.h"

enum {
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
	char open = close == ')' ? '(' : close == ']' ? '[' : '{';

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
	} else if (query_starts(s, lead_of(s, s->at)) &&
		   !(state == STATE_FUNCTION && word_at(s, s->at + 1) == KW_TABLE)) {
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

// Words that mean the same in several states

// "x IN t" where t is a table.
static void read_in_table(Scanner *s, const Frame *frame)
{
	Name name;

	s->at++;
	if (!s->dialect->in_tables || frame->no_in || query_starts(s, s->at) ||
		!name_starts(s, s->at))
		return;
	guint first = s->at;
	if (this_token(s)->type == SQL_TOKEN_TEMPLATE || this_token(s)->type == SQL_TOKEN_TEXT ||
		!name_parse(s, &name))
		return;
	if (mark_at(s, s->at, '(') || (this_token(s)->type == SQL_TOKEN_TEXT)) {
		s->at = first + 1;
		return;
	}
	if (name.part_count == 1 && symbol_is_with_value(s, name_part_symbol(s, 0)))
		return;
	table_read(s, &name);
}

// UNION and its like begin a new branch.
static bool set_operation(Scanner *s, Frame *frame, unsigned word)
{
	guint next = s->at + 1;

	if (word == KW_EXCEPT && s->at > 0 && mark_at(s, s->at - 1, '*') &&
		frame->state == STATE_SELECT)
		return false;
	if (word == KW_MINUS && !query_starts(s, next) && !mark_at(s, next, '(') &&
		word_at(s, next) != KW_ALL && word_at(s, next) != KW_DISTINCT)
		return false;
	s->at++;
	frame->state = STATE_START;
	frame->after_set = true;
	if (!frame->shares_items && frame->verb != VERB_UPDATE && frame->verb != VERB_DELETE)
		items_truncate(s, frame->items);
	return true;
}

static void start_select(Scanner *s, Frame *frame)
{
	s->at++;
	frame->state = STATE_SELECT;
	frame->pending = s->pending->len;
	frame->pending_from = s->pending->len;
	frame->deferred = false;
}

// |> begins a step of a pipe: those that join name tables.
static void start_pipe(Scanner *s, Frame *frame)
{
	s->at += 2;
	switch (word_at(s, s->at)) {
	case KW_JOIN:
	case KW_LEFT:
	case KW_RIGHT:
	case KW_FULL:
	case KW_INNER:
	case KW_CROSS: frame->state = STATE_FROM; break;
	default: frame->state = STATE_EXPRESSION; break;
	}
}

// True when the token at hand meant something in any part of a query, and was dealt with.
static bool query_word(Scanner *s, Frame *frame)
{
	const SqlToken *token = this_token(s);

	if (token->type == SQL_TOKEN_MARK) {
		if (token->code != '|' || !s->dialect->from_first || !mark_at(s, s->at + 1, '>'))
			return false;
		start_pipe(s, frame);
		return true;
	}
	switch (sql_token_word(token)) {
	case KW_UNION:
	case KW_INTERSECT:
	case KW_EXCEPT:
	case KW_MINUS: return set_operation(s, frame, token->code);
	case KW_SELECT: start_select(s, frame); return true;
	case KW_IN: read_in_table(s, frame); return true;
	default: return false;
	}
}

// States

static void state_start(Scanner *s, Frame *frame)
{
	if (frame->after_set) {
		unsigned word = word_at(s, s->at);

		if (word == KW_FROM && (name_starts(s, s->at + 1) || mark_at(s, s->at + 1, '('))) {
			s->at++;
			frame->state = STATE_ITEM;
		} else if (!query_starts(s, s->at) || !head_dispatch(s, frame)) {
			s->at++;
		}
		return;
	}
	if (is_base_frame(s, frame) && frame->verb == VERB_NONE && block_words(s, frame))
		return;
	if (!head_dispatch(s, frame))
		frame->state = STATE_EXPRESSION;
}

static bool is_distinct_from(const Scanner *s)
{
	if (s->at < 2 || word_at(s, s->at - 1) != KW_DISTINCT)
		return false;
	unsigned word = word_at(s, s->at - 2);
	return word == KW_IS || word == KW_NOT;
}

// NTH_VALUE(x, 2) FROM FIRST OVER …
static bool is_from_first_row(const Scanner *s)
{
	unsigned word = word_at(s, s->at + 1);
	unsigned next = word_at(s, s->at + 2);

	return (word == KW_FIRST || word == KW_LAST) &&
	       (next == KW_OVER || next == KW_RESPECT || next == KW_IGNORE);
}

static void start_from(Scanner *s, Frame *frame)
{
	if (!is_distinct_from(s) && !is_from_first_row(s)) {
		frame->state = STATE_ITEM;
		frame->pending_from = s->pending->len;
	}
	s->at++;
}

static void select_into(Scanner *s, Frame *frame)
{
	Name name;
	bool temporary = false;

	s->at++;
	if (!s->dialect->select_into || frame->verb == VERB_INSERT_ALL)
		return;
	for (;; s->at++) {
		unsigned word = word_at(s, s->at);
		const SqlToken *token = this_token(s);
		bool unlogged = token->length == 8 &&
				g_ascii_strncasecmp(s->text + token->offset, "unlogged", 8) == 0;

		temporary |= word == KW_TEMP || word == KW_TEMPORARY;
		if (word != KW_TEMP && word != KW_TEMPORARY && word != KW_LOCAL &&
			word != KW_GLOBAL && word != KW_TABLE &&
			!(unlogged && name_starts(s, s->at + 1)))
			break;
	}
	if (name_parse(s, &name))
		table_write(s, &name, temporary);
}

static void state_select(Scanner *s, Frame *frame)
{
	switch (word_at(s, s->at)) {
	case KW_FROM: start_from(s, frame); return;
	case KW_INTO: select_into(s, frame); return;
	default: break;
	}
	if (!query_word(s, frame))
		s->at++;
}

static void state_expression(Scanner *s, Frame *frame)
{
	if (!query_word(s, frame))
		s->at++;
}

static bool is_opaque_function(const Scanner *s, const Name *name)
{
	const NamePart *part = &g_array_index(s->parts, NamePart, name->part_count - 1);

	for (const char *const *list = s->dialect->opaque_functions; list != NULL && *list != NULL;
		list++) {
		if (strlen(*list) == part->length &&
			g_ascii_strncasecmp(*list, part->text, part->length) == 0)
			return true;
	}
	return false;
}

// UPDATE a SET … FROM t a: the alias is what the target meant.
static bool renames_target(Scanner *s, const Frame *frame, int32_t alias, int32_t reference)
{
	if (frame->verb != VERB_UPDATE || frame->deferred || alias < 0 || reference < 0 ||
		s->items->len != frame->items + 1)
		return false;
	Item *target = &g_array_index(s->items, Item, frame->items);
	if (!target->deferred || target->symbol != alias || target->reference < 0 ||
		g_array_index(s->references, SqlTable, target->reference).part_count != 1 ||
		g_array_index(s->reference_symbols, int32_t, target->reference) != alias ||
		g_array_index(s->reference_symbols, int32_t, reference) == alias)
		return false;
	target->reference = reference;
	return true;
}

static void read_item(Scanner *s, Frame *frame)
{
	Name name;

	if (!name_parse(s, &name)) {
		mark_opaque(s, "a table is given in a form that is not known");
		s->at++;
		frame->state = STATE_FROM;
		return;
	}
	if (mark_at(s, s->at, '(') && !name.dynamic && !frame->deferred) {
		if (is_opaque_function(s, &name))
			mark_opaque(s, "a table function reads tables that are not seen");
		frame->state = STATE_FUNCTION;
		return;
	}
	bool qualified = name.part_count > 1;
	int32_t own = name_part_symbol(s, name.part_count - 1);
	int32_t deferred =
		frame->deferred || frame->verb == VERB_UPDATE ? table_deferred(s, &name) : -1;
	if (mark_at(s, s->at, '*'))
		s->at++;
	guint part_tokens = s->at;
	if (!frame->deferred && frame->verb == VERB_UPDATE) {
		int32_t alias = alias_parse(s);

		s->at = part_tokens;
		if (!renames_target(s, frame, alias, deferred))
			table_read(s, &name);
	} else if (!frame->deferred) {
		table_read(s, &name);
	}
	item_push(s, alias_parse(s), own, frame->deferred ? deferred : -1, qualified);
	frame->state = STATE_FROM;
}

// Words before a table. True when one was passed or changed the state.
static bool item_word(Scanner *s, Frame *frame)
{
	guint next = s->at + 1;

	switch (word_at(s, s->at)) {
	case KW_LATERAL:
		if (word_at(s, next) == KW_VIEW)
			frame->state = STATE_LIST;
		break;
	case KW_UNPIVOT:
		if (!s->dialect->correlated || !name_starts(s, next) || word_at(s, next) == KW_AS)
			return false;
		break;
	case KW_ONLY:
	case KW_EACH:
	case KW_LOW_PRIORITY:
		if (!name_starts(s, next) &&
			!(mark_at(s, next, '(') && word_at(s, s->at) == KW_ONLY))
			return false;
		if (word_at(s, next) == KW_AS ||
			(word_at(s, s->at) != KW_TABLE && word_at(s, s->at) != KW_ONLY &&
				word_at(s, s->at) != KW_EACH && !frame->deferred))
			return false;
		break;
	case KW_ROWS:
		if (word_at(s, next) != KW_FROM)
			return false;
		s->at++;
		frame->state = STATE_FUNCTION;
		break;
	case KW_VALUES:
		if (!mark_at(s, next, '('))
			return false;
		frame->state = STATE_LIST;
		break;
	case KW_USE:
	case KW_FORCE:
	case KW_IGNORE:
		if (word_at(s, next) == KW_INDEX || word_at(s, next) == KW_KEY)
			frame->state = STATE_FROM;
		else if (!frame->deferred || !name_starts(s, next) ||
			 word_at(s, s->at) != KW_IGNORE)
			return false;
		break;
	default: return false;
	}
	s->at++;
	return true;
}

static void state_item(Scanner *s, Frame *frame)
{
	const SqlToken *token = this_token(s);

	if (item_word(s, frame))
		return;
	if (token->type == SQL_TOKEN_PARAMETER || token->type == SQL_TOKEN_TEXT) {
		if (!(token->type == SQL_TOKEN_TEXT && s->dialect->text_as_table)) {
			mark_opaque(s, "a table is given by a value");
			s->at++;
			item_push(s, alias_parse(s), -1, -1, false);
			frame->state = STATE_FROM;
			return;
		}
	}
	if (token->type == SQL_TOKEN_WORD && !name_starts(s, s->at)) {
		frame->state = STATE_FROM;
		if (token->code == KW_FROM)
			s->at++;
		return;
	}
	read_item(s, frame);
}

static void state_function(Scanner *s, Frame *frame)
{
	(void)s;
	frame->state = STATE_FROM; // its bracket was opened elsewhere, or is missing
}

// A word after a table that ends the FROM clause.
static bool ends_from(const Scanner *s, const Frame *frame, unsigned word)
{
	unsigned next = word_at(s, s->at + 1);

	if (next == KW_BY)
		return word != KW_INDEXED;
	switch (word) {
	case KW_WHERE:
	case KW_GROUP:
	case KW_HAVING:
	case KW_LIMIT:
	case KW_FETCH:
	case KW_QUALIFY:
	case KW_RETURNING:
	case KW_WINDOW:
	case KW_INTO:
	case KW_PREWHERE: return true;
	case KW_OFFSET: return s->at == 0 || word_at(s, s->at - 1) != KW_WITH;
	case KW_WITH:
		return next != KW_OFFSET && next != KW_ORDINALITY && !mark_at(s, s->at + 1, '(');
	case KW_ON:
		return next == KW_CONFLICT ||
		       (next == KW_DUPLICATE && word_at(s, s->at + 2) == KW_KEY);
	case KW_SET: return frame->verb != VERB_UPDATE || !frame->deferred;
	case KW_WHEN: return frame->verb == VERB_MERGE && frame->cases == 0;
	case KW_SETTINGS:
	case KW_FORMAT: return s->dialect->array_join;
	default: return false;
	}
}

// FOR UPDATE ends the clause; FOR SYSTEM_TIME AS OF, and FOR JOIN of an index hint, do not.
static void after_for(Scanner *s, Frame *frame)
{
	unsigned before = s->at > 0 ? word_at(s, s->at - 1) : KW_NONE;

	s->at++;
	if (before == KW_INDEX || before == KW_KEY) {
		s->at++;
		return;
	}
	switch (word_at(s, s->at)) {
	case KW_SYSTEM_TIME:
	case KW_SYSTEM:
	case KW_TIMESTAMP:
	case KW_VERSION: break;
	default: frame->state = STATE_EXPRESSION; break;
	}
}

static void start_set(Scanner *s, Frame *frame)
{
	s->at++;
	frame->deferred = false;
	frame->assignment = true;
	frame->state = STATE_SET;
}

static bool from_word(Scanner *s, Frame *frame, unsigned word)
{
	unsigned before = s->at > 0 ? word_at(s, s->at - 1) : KW_NONE;

	switch (word) {
	case KW_JOIN:
	case KW_STRAIGHT_JOIN:
		frame->state =
			before == KW_ARRAY && s->dialect->array_join ? STATE_LIST : STATE_ITEM;
		s->at++;
		return true;
	case KW_APPLY:
		if (before == KW_CROSS || before == KW_OUTER)
			frame->state = STATE_ITEM;
		s->at++;
		return true;
	case KW_LATERAL:
		if (word_at(s, s->at + 1) == KW_VIEW)
			frame->state = STATE_LIST;
		s->at++;
		return true;
	case KW_FOR: after_for(s, frame); return true;
	case KW_USING:
		s->at++;
		if (s->dialect->array_join && !mark_at(s, s->at, '('))
			frame->state = STATE_LIST;
		return true;
	case KW_CASE: frame->cases++; return false;
	case KW_END:
		if (frame->cases > 0)
			frame->cases--;
		return false;
	default: return false;
	}
}

static void state_from(Scanner *s, Frame *frame)
{
	const SqlToken *token = this_token(s);

	if (sql_token_is_mark(token, ',')) {
		s->at++;
		if (frame->state == STATE_FROM)
			frame->state = STATE_ITEM;
		return;
	}
	unsigned word = sql_token_word(token);
	if (token->type == SQL_TOKEN_WORD) {
		if (word == KW_SET && frame->verb == VERB_UPDATE && frame->deferred) {
			start_set(s, frame);
			return;
		}
		if (from_word(s, frame, word))
			return;
		if (ends_from(s, frame, word)) {
			s->at++;
			frame->state = STATE_EXPRESSION;
			return;
		}
	}
	if (!query_word(s, frame))
		s->at++;
}

// What SET assigns to tells which table is the target.
static void note_assignment(Scanner *s, const Frame *frame)
{
	Name name;
	guint first = s->at;

	if (!name_parse(s, &name))
		return;
	if (name.part_count > 1 && !name.dynamic) {
		int32_t item =
			symbol_get(&s->symbols, name_part_symbol(s, name.part_count - 2))->item;

		if (item >= (int32_t)frame->items && g_array_index(s->items, Item, item).deferred)
			g_array_index(s->items, Item, item).target = true;
	}
	if (s->at == first)
		s->at++;
}

static void state_set(Scanner *s, Frame *frame)
{
	const SqlToken *token = this_token(s);

	if (sql_token_is_mark(token, ',')) {
		s->at++;
		frame->assignment = true;
		return;
	}
	if (frame->assignment) {
		frame->assignment = false;
		if (name_starts(s, s->at)) {
			note_assignment(s, frame);
			return;
		}
	}
	switch (sql_token_word(token)) {
	case KW_FROM: start_from(s, frame); return;
	case KW_WHERE:
	case KW_RETURNING:
	case KW_ORDER:
	case KW_LIMIT:
		s->at++;
		frame->state = STATE_EXPRESSION;
		return;
	default: break;
	}
	if (!query_word(s, frame))
		s->at++;
}

// After the target of DELETE or MERGE.
static void state_targets(Scanner *s, Frame *frame)
{
	switch (word_at(s, s->at)) {
	case KW_USING:
		frame->deferred = frame->verb == VERB_DELETE && s->dialect->multi_delete;
		frame->state = STATE_ITEM;
		break;
	case KW_FROM:
		frame->deferred = frame->verb == VERB_DELETE;
		frame->state = STATE_ITEM;
		break;
	case KW_WHERE:
	case KW_ORDER:
	case KW_LIMIT:
	case KW_RETURNING: frame->state = STATE_EXPRESSION; break;
	default: break;
	}
	s->at++;
}

static void state_group(Scanner *s, Frame *frame)
{
	switch (word_at(s, s->at)) {
	case KW_SELECT: start_select(s, frame); return;
	case KW_IN: read_in_table(s, frame); return;
	case KW_TABLE: {
		Name name;
		bool argument = frame->function &&
				(mark_at(s, s->at - 1, '(') || mark_at(s, s->at - 1, ',') ||
					mark_at(s, s->at - 1, '>'));

		s->at++;
		if (argument && name_parse(s, &name))
			table_read(s, &name);
		return;
	}
	default: s->at++; return;
	}
}

static void state_inert(Scanner *s, Frame *frame)
{
	(void)frame;
	s->at++;
}

static void state_explain(Scanner *s, Frame *frame)
{
	switch (word_at(s, s->at)) {
	case KW_ANALYZE:
	case KW_ANALYSE:
		s->explaining = false;
		s->at++;
		return;
	case KW_FORMAT:
		s->at += 1 + mark_at(s, s->at + 1, '=');
		s->at++;
		return;
	case KW_SELECT:
	case KW_WITH:
	case KW_INSERT:
	case KW_UPDATE:
	case KW_DELETE:
	case KW_MERGE:
	case KW_REPLACE:
	case KW_CREATE:
	case KW_VALUES:
	case KW_TABLE:
	case KW_DECLARE:
	case KW_EXECUTE:
	case KW_FROM: frame->state = STATE_START; return;
	default: s->at++; return;
	}
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

void statements_recognise(Scanner *s)
{
	while (s->at < s->token_count) {
		SqlTokenType type = (SqlTokenType)this_token(s)->type;

		if (type == SQL_TOKEN_SEMICOLON || type == SQL_TOKEN_DELIMITER)
			s->at++;
		else
			recognise_statement(s);
	}
}
