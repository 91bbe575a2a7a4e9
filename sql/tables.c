#include "sql/scanner.h"

#include <string.h>

enum {
	PENDING_STEPS = 64, // how many pending references one alias looks at
};

void mark_opaque(Scanner *s, const char *reason)
{
	if (s->statement.opaque == NULL)
		s->statement.opaque = reason;
}

void statement_kind(Scanner *s, SqlKind kind)
{
	if (!s->routine)
		s->statement.kind = kind;
}

// WITH tables

void with_table_push(Scanner *s, int32_t symbol, bool value)
{
	WithTable table = {.symbol = symbol,
		.previous = symbol_get(&s->symbols, symbol)->with_table,
		.value = value};

	g_array_append_val(s->with_tables, table);
	symbol_get(&s->symbols, symbol)->with_table = (int32_t)s->with_tables->len - 1;
}

void with_tables_truncate(Scanner *s, guint height)
{
	for (guint i = s->with_tables->len; i > height; i--) {
		const WithTable *table = &g_array_index(s->with_tables, WithTable, i - 1);

		symbol_get(&s->symbols, table->symbol)->with_table = table->previous;
	}
	g_array_set_size(s->with_tables, height);
}

bool symbol_is_with_table(const Scanner *s, int32_t symbol)
{
	int32_t index = symbol_get(&s->symbols, symbol)->with_table;

	return index >= 0 && !g_array_index(s->with_tables, WithTable, index).value;
}

bool symbol_is_with_value(const Scanner *s, int32_t symbol)
{
	int32_t index = symbol_get(&s->symbols, symbol)->with_table;

	return index >= 0 && g_array_index(s->with_tables, WithTable, index).value;
}

// Reads and writes

void reference_read(Scanner *s, int32_t reference)
{
	const SqlTable *table = &g_array_index(s->references, SqlTable, reference);
	Symbol *symbol =
		symbol_get(&s->symbols, g_array_index(s->reference_symbols, int32_t, reference));

	if (symbol->read_in != s->statement_number)
		g_array_append_val(s->reads, *table);
	if (!symbol->read)
		g_array_append_val(s->all_reads, *table);
	symbol->read_in = s->statement_number;
	symbol->read = true;
}

void reference_write(Scanner *s, int32_t reference)
{
	const SqlTable *table = &g_array_index(s->references, SqlTable, reference);
	Symbol *symbol =
		symbol_get(&s->symbols, g_array_index(s->reference_symbols, int32_t, reference));

	if (s->explaining)
		return;
	if (symbol->written_in != s->statement_number)
		g_array_append_val(s->writes, *table);
	if (!symbol->written)
		g_array_append_val(s->all_writes, *table);
	symbol->written_in = s->statement_number;
	symbol->written = true;
}

static bool in_list(const char *const *list, const NamePart *part)
{
	for (; list != NULL && *list != NULL; list++) {
		if (strlen(*list) == part->length &&
			g_ascii_strncasecmp(*list, part->text, part->length) == 0)
			return true;
	}
	return false;
}

// Whether a name means a temporary table: one of the script's, or in a schema of such.
static bool is_temporary(Scanner *s, const Name *name, int32_t reference)
{
	const NamePart *first = &g_array_index(s->parts, NamePart, 0);
	int32_t symbol = g_array_index(s->reference_symbols, int32_t, reference);

	if (name->part_count > 1 && in_list(s->dialect->temporary_schemas, first))
		return true;
	if (first->length > 1 && first->text[0] == '#' && name->part_count == 1)
		return true;
	return symbol_get(&s->symbols, symbol)->temporary;
}

static bool is_dual(const Scanner *s, const Name *name)
{
	const SqlToken *token = token_at(s, name->first);

	return s->dialect->dual && name->part_count == 1 && sql_token_word(token) == KW_DUAL;
}

// Whether "x.y" means a part of the rows of a table called x that comes before it.
static bool is_correlated(Scanner *s, const Name *name)
{
	if (!s->dialect->correlated || name->part_count < 2)
		return false;
	int32_t item = symbol_get(&s->symbols, name_part_symbol(s, 0))->item;
	return item >= 0 && g_array_index(s->items, Item, item).correlates;
}

static void pending_push(Scanner *s, int32_t reference)
{
	int32_t symbol = name_part_symbol(s, 0);
	Pending pending = {.symbol = symbol,
		.previous = symbol_get(&s->symbols, symbol)->pending,
		.reference = reference};

	g_array_append_val(s->pending, pending);
	symbol_get(&s->symbols, symbol)->pending = (int32_t)s->pending->len - 1;
}

void table_read(Scanner *s, const Name *name)
{
	if (name->dynamic) {
		mark_opaque(s, "the name of a table is an expression");
		return;
	}
	if (name->part_count == 1 &&
		(symbol_is_with_table(s, name_part_symbol(s, 0)) || is_dual(s, name)))
		return;
	if (is_correlated(s, name))
		return;
	int32_t reference = name_reference(s, name);
	if (is_temporary(s, name, reference))
		return;
	if (s->dialect->correlated && name->part_count > 1 && s->frames->len > 1)
		pending_push(s, reference);
	else
		reference_read(s, reference);
}

int32_t table_deferred(Scanner *s, const Name *name)
{
	if (name->dynamic) {
		mark_opaque(s, "the name of a table is an expression");
		return -1;
	}
	if (name->part_count == 1 && symbol_is_with_table(s, name_part_symbol(s, 0)))
		return -1;
	int32_t reference = name_reference(s, name);
	return is_temporary(s, name, reference) ? -1 : reference;
}

void table_write(Scanner *s, const Name *name, bool made_temporary)
{
	if (name->dynamic) {
		mark_opaque(s, "the name of a table is an expression");
		return;
	}
	int32_t reference = name_reference(s, name);
	if (made_temporary)
		s->temporary = g_array_index(s->reference_symbols, int32_t, reference);
	else if (!is_temporary(s, name, reference))
		reference_write(s, reference);
}

void table_forget(Scanner *s, const Name *name)
{
	int32_t reference = name_reference(s, name);

	symbol_get(&s->symbols, g_array_index(s->reference_symbols, int32_t, reference))
		->temporary = false;
}

void table_drop(Scanner *s, const Name *name)
{
	if (name->dynamic) {
		table_write(s, name, false);
		return;
	}
	int32_t reference = name_reference(s, name);
	int32_t symbol = g_array_index(s->reference_symbols, int32_t, reference);
	if (!symbol_get(&s->symbols, symbol)->will_be_temporary)
		table_write(s, name, false);
	table_forget(s, name);
}

// Items of FROM clauses

// Words that follow a table and are not its alias.
static bool is_no_alias(const Scanner *s, unsigned keyword)
{
	switch (keyword) {
	case KW_SELECT:
	case KW_FROM:
	case KW_WHERE:
	case KW_GROUP:
	case KW_ORDER:
	case KW_HAVING:
	case KW_JOIN:
	case KW_STRAIGHT_JOIN:
	case KW_LEFT:
	case KW_RIGHT:
	case KW_FULL:
	case KW_INNER:
	case KW_CROSS:
	case KW_NATURAL:
	case KW_ON:
	case KW_USING:
	case KW_UNION:
	case KW_INTERSECT:
	case KW_EXCEPT:
	case KW_LIMIT:
	case KW_OFFSET:
	case KW_FETCH:
	case KW_FOR:
	case KW_SET:
	case KW_WHEN:
	case KW_WITH:
	case KW_WINDOW:
	case KW_LATERAL:
	case KW_TABLESAMPLE:
	case KW_PARTITION:
	case KW_VALUES:
	case KW_DEFAULT:
	case KW_RETURNING:
	case KW_NOT:
	case KW_INTO: return true;
	case KW_INSERT: return s->dialect->from_first;
	case KW_ARRAY:
	case KW_FINAL:
	case KW_PREWHERE:
	case KW_SETTINGS:
	case KW_FORMAT:
	case KW_GLOBAL:
	case KW_ANY:
	case KW_ALL:
	case KW_ASOF:
	case KW_SEMI: return s->dialect->array_join;
	default: return false;
	}
}

int32_t alias_parse(Scanner *s)
{
	bool as = accept_word(s, KW_AS);
	const SqlToken *token = this_token(s);
	size_t length;

	if (token->type != SQL_TOKEN_NAME && token->type != SQL_TOKEN_WORD &&
		!(as && token->type == SQL_TOKEN_TEXT && token->code != '$'))
		return -1;
	if (token->type == SQL_TOKEN_WORD && !as &&
		(is_no_alias(s, token->code) || word_at(s, s->at + 1) == KW_BY))
		return -1;
	if (as && word_at(s, s->at) == KW_OF)
		return -1;
	s->at++;
	if (token->type == SQL_TOKEN_WORD)
		return symbol_intern(&s->symbols, s->text + token->offset, token->length);
	const char *text = sql_token_unquote(s->dialect, s->text, token, s->arena, &length);
	return symbol_intern(&s->symbols, text, length);
}

static void explain_pending(Scanner *s, const Frame *frame, int32_t symbol)
{
	int32_t index = symbol_get(&s->symbols, symbol)->pending;

	for (unsigned step = 0; index >= (int32_t)frame->pending && step < PENDING_STEPS; step++) {
		Pending *pending = &g_array_index(s->pending, Pending, index);

		if ((guint)index < frame->pending_from)
			pending->explained = true;
		index = pending->previous;
	}
}

void item_push(Scanner *s, int32_t alias, int32_t own_symbol, int32_t reference, bool qualified)
{
	const Frame *frame = top_frame(s);
	int32_t symbol = alias >= 0 ? alias : own_symbol;
	Item item = {.symbol = symbol,
		.previous = -1,
		.reference = reference,
		.deferred = frame->deferred,
		.correlates = alias >= 0 || !qualified || s->dialect->correlated_paths};

	if (symbol >= 0) {
		item.previous = symbol_get(&s->symbols, symbol)->item;
		symbol_get(&s->symbols, symbol)->item = (int32_t)s->items->len;
		if (s->dialect->correlated && item.correlates)
			explain_pending(s, frame, symbol);
	}
	g_array_append_val(s->items, item);
}

void items_truncate(Scanner *s, guint height)
{
	for (guint i = s->items->len; i > height; i--) {
		const Item *item = &g_array_index(s->items, Item, i - 1);

		if (item->symbol >= 0)
			symbol_get(&s->symbols, item->symbol)->item = item->previous;
	}
	g_array_set_size(s->items, MIN(height, s->items->len));
}

void pending_settle(Scanner *s)
{
	for (guint i = 0; i < s->pending->len; i++) {
		const Pending *pending = &g_array_index(s->pending, Pending, i);

		symbol_get(&s->symbols, pending->symbol)->pending = -1;
		if (!pending->explained)
			reference_read(s, pending->reference);
	}
	g_array_set_size(s->pending, 0);
}

// UPDATE and DELETE

static void settle_deletes(Scanner *s, const Frame *frame)
{
	for (guint i = frame->targets; i < s->targets->len; i++) {
		int32_t reference = g_array_index(s->targets, int32_t, i);
		const SqlTable *table = &g_array_index(s->references, SqlTable, reference);
		const char *last = table->parts[table->part_count - 1];
		int32_t symbol = symbol_intern(&s->symbols, last, strlen(last));
		int32_t found = symbol_get(&s->symbols, symbol)->item;

		if (found >= (int32_t)frame->items && g_array_index(s->items, Item, found).deferred)
			g_array_index(s->items, Item, found).target = true;
		else
			reference_write(s, reference);
	}
	g_array_set_size(s->targets, frame->targets);
}

void targets_settle(Scanner *s, Frame *frame)
{
	bool found = false;

	if (frame->verb == VERB_DELETE)
		settle_deletes(s, frame);
	for (guint i = frame->items; i < s->items->len; i++)
		found |= g_array_index(s->items, Item, i).target;
	for (guint i = frame->items; i < s->items->len; i++) {
		Item *item = &g_array_index(s->items, Item, i);

		if (!item->deferred)
			continue;
		bool target = item->target || (!found && frame->verb == VERB_UPDATE);
		found |= target;
		if (item->reference < 0)
			continue;
		if (target)
			reference_write(s, item->reference);
		else
			reference_read(s, item->reference);
	}
}
