// The states of a query: what each word means in a select list, a FROM clause, SET and elsewhere.
#include "sql/scanner.h"

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

// FROM t INSERT INTO a SELECT x INSERT INTO b SELECT y
static bool insert_after_from(Scanner *s, Frame *frame)
{
	unsigned next = word_at(s, s->at + 1);

	if (word_at(s, s->statement_first) != KW_FROM || (next != KW_INTO && next != KW_OVERWRITE))
		return false;
	statement_kind(s, SQL_KIND_INSERT);
	return head_dispatch(s, frame);
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
	case KW_INSERT:
		if (!s->dialect->from_first || !is_base_frame(s, frame) || s->routine)
			return false;
		return insert_after_from(s, frame);
	default: return false;
	}
}

// States

void state_start(Scanner *s, Frame *frame)
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

void state_select(Scanner *s, Frame *frame)
{
	switch (word_at(s, s->at)) {
	case KW_FROM: start_from(s, frame); return;
	case KW_INTO: select_into(s, frame); return;
	default: break;
	}
	if (!query_word(s, frame))
		s->at++;
}

void state_expression(Scanner *s, Frame *frame)
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

void state_item(Scanner *s, Frame *frame)
{
	const SqlToken *token = this_token(s);

	if (item_word(s, frame))
		return;
	if (sql_token_is_mark(token, '@') && mark_at(s, s->at + 1, '{')) {
		s->at = token_at(s, s->at + 1)->match + 1; // a hint of the optimiser
		return;
	}
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

void state_function(Scanner *s, Frame *frame)
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

void state_from(Scanner *s, Frame *frame)
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

void state_set(Scanner *s, Frame *frame)
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
void state_targets(Scanner *s, Frame *frame)
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

void state_group(Scanner *s, Frame *frame)
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

void state_inert(Scanner *s, Frame *frame)
{
	(void)frame;
	s->at++;
}

void state_explain(Scanner *s, Frame *frame)
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
