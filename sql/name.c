#include "sql/scanner.h"

#include <string.h>

// Words that never name a table where one is expected: the clause before it is empty or broken.
static bool is_reserved(unsigned keyword)
{
	switch (keyword) {
	case KW_SELECT:
	case KW_FROM:
	case KW_WHERE:
	case KW_GROUP:
	case KW_ORDER:
	case KW_HAVING:
	case KW_JOIN:
	case KW_ON:
	case KW_UNION:
	case KW_INTERSECT:
	case KW_EXCEPT:
	case KW_LIMIT:
	case KW_SET:
	case KW_USING:
	case KW_AS:
	case KW_WHEN:
	case KW_INTO:
	case KW_WITH: return true;
	default: return false;
	}
}

bool name_starts(const Scanner *s, guint index)
{
	const SqlToken *token = token_at(s, index);

	switch (token->type) {
	case SQL_TOKEN_WORD: return !is_reserved(token->code);
	case SQL_TOKEN_NAME:
	case SQL_TOKEN_TEMPLATE: return true;
	case SQL_TOKEN_TEXT: return s->dialect->text_as_table && token->code != '$';
	default: return false;
	}
}

static void add_part(Scanner *s, const char *text, size_t length)
{
	NamePart part = {text, length};

	g_array_append_val(s->parts, part);
}

static void add_path(Scanner *s, const char *text, size_t length)
{
	const char *end = text + length;

	for (const char *dot; (dot = memchr(text, '.', (size_t)(end - text))) != NULL;
		text = dot + 1)
		add_part(s, text, (size_t)(dot - text));
	add_part(s, text, (size_t)(end - text));
}

static bool has_template(const SqlToken *token, const char *text)
{
	return memmem(text + token->offset, token->length, "{{", 2) != NULL;
}

// Steps over what is glued to a word by hyphens or an asterisk: my-project, events_*.
static size_t glued_end(Scanner *s, size_t end)
{
	for (;;) {
		const SqlToken *token = token_at(s, s->at);
		bool glued =
			(token->flags & SQL_TOKEN_ADJACENT) != 0 && token->type == SQL_TOKEN_MARK;

		if (glued && token->code == '*' && s->dialect->wildcard_names) {
			s->at++;
			return token->offset + token->length;
		}
		const SqlToken *next = token_at(s, s->at + 1);
		if (!glued || token->code != '-' || !s->dialect->hyphen_paths ||
			(next->flags & SQL_TOKEN_ADJACENT) == 0 ||
			(next->type != SQL_TOKEN_WORD && next->type != SQL_TOKEN_NUMBER))
			return end;
		s->at += 2;
		end = next->offset + next->length;
	}
}

static void parse_part(Scanner *s, Name *name)
{
	const SqlToken *token = this_token(s);
	size_t length;

	s->at++;
	if (token->type == SQL_TOKEN_TEMPLATE) {
		name->dynamic = true;
		add_part(s, s->text + token->offset, token->length);
		return;
	}
	if (token->type == SQL_TOKEN_WORD) {
		size_t end = glued_end(s, token->offset + token->length);
		const SqlToken *next = this_token(s);

		if (next->type == SQL_TOKEN_TEMPLATE && (next->flags & SQL_TOKEN_ADJACENT) != 0)
			name->dynamic = true;
		add_part(s, s->text + token->offset, end - token->offset);
		return;
	}
	if (has_template(token, s->text))
		name->dynamic = true;
	const char *text = sql_token_unquote(s->dialect, s->text, token, s->arena, &length);
	if (token->code == '`' && s->dialect->backtick_paths)
		add_path(s, text, length);
	else
		add_part(s, text, length);
}

// Whether a dot and a further part follow.
static bool part_follows(const Scanner *s)
{
	if (!mark_at(s, s->at, '.'))
		return false;
	const SqlToken *next = token_at(s, s->at + 1);
	switch (next->type) {
	case SQL_TOKEN_WORD:
	case SQL_TOKEN_NAME:
	case SQL_TOKEN_TEMPLATE: return true;
	case SQL_TOKEN_TEXT: return s->dialect->text_as_table && next->code != '$';
	case SQL_TOKEN_MARK:
		return next->code == '.' || (next->code == '*' && s->dialect->wildcard_names);
	default: return false;
	}
}

static void skip_glued_templates(Scanner *s, Name *name)
{
	for (;;) {
		const SqlToken *token = this_token(s);

		if ((token->flags & SQL_TOKEN_ADJACENT) == 0 || !name->dynamic ||
			(token->type != SQL_TOKEN_TEMPLATE && token->type != SQL_TOKEN_WORD))
			return;
		s->at++;
	}
}

bool name_parse(Scanner *s, Name *name)
{
	guint first = s->at;

	if (mark_at(s, s->at, '.') && name_starts(s, s->at + 1))
		s->at++;
	if (!name_starts(s, s->at)) {
		s->at = first;
		return false;
	}
	*name = (Name){.first = s->at};
	g_array_set_size(s->parts, 0);
	parse_part(s, name);
	skip_glued_templates(s, name);
	while (part_follows(s)) {
		s->at++;
		if (mark_at(s, s->at, '.'))
			continue;
		if (mark_at(s, s->at, '*')) {
			add_part(s, "*", 1);
			s->at++;
			break;
		}
		parse_part(s, name);
		skip_glued_templates(s, name);
	}
	name->last = s->at - 1;
	name->part_count = s->parts->len;
	return true;
}

int32_t name_part_symbol(Scanner *s, guint part)
{
	const NamePart *found = &g_array_index(s->parts, NamePart, part);

	return symbol_intern(&s->symbols, found->text, found->length);
}

static void copy_name(Scanner *s, const Name *name, SqlTable *table)
{
	const char **parts = sql_arena_alloc(s->arena, (name->part_count + 1) * sizeof(char *));

	for (guint i = 0; i < name->part_count; i++) {
		const NamePart *part = &g_array_index(s->parts, NamePart, i);
		parts[i] = sql_arena_copy(s->arena, part->text, part->length);
	}
	parts[name->part_count] = NULL;
	table->parts = parts;
	table->part_count = name->part_count;
	table->name = name->part_count == 1
			      ? parts[0]
			      : sql_arena_copy(s->arena, s->dotted->str, s->dotted->len);
}

// A table as this statement first names it; known is what an earlier statement called it, or NULL.
static int32_t make_reference(Scanner *s, const Name *name, const SqlTable *known)
{
	const SqlToken *first = token_at(s, name->first);
	const SqlToken *last = token_at(s, name->last);
	SqlTable table = {0};

	if (known != NULL)
		table = *known;
	else
		copy_name(s, name, &table);
	table.offset = first->offset;
	table.length = last->offset + last->length - first->offset;
	position_of(s, table.offset, &table.line, &table.column);
	g_array_append_val(s->references, table);
	return (int32_t)s->references->len - 1;
}

int32_t name_reference(Scanner *s, const Name *name)
{
	int32_t symbol;

	g_string_truncate(s->dotted, 0);
	if (name->part_count == 1) {
		symbol = name_part_symbol(s, 0);
	} else {
		for (guint i = 0; i < name->part_count; i++) {
			const NamePart *part = &g_array_index(s->parts, NamePart, i);

			if (i > 0)
				g_string_append_c(s->dotted, '.');
			g_string_append_len(s->dotted, part->text, (gssize)part->length);
		}
		symbol = symbol_intern(&s->symbols, s->dotted->str, s->dotted->len);
	}
	int32_t reference = symbol_get(&s->symbols, symbol)->reference;
	if (reference < s->statement_references) {
		const SqlTable *known =
			reference < 0 ? NULL : &g_array_index(s->references, SqlTable, reference);

		reference = make_reference(s, name, known);
		symbol_get(&s->symbols, symbol)->reference = reference;
		g_array_append_val(s->reference_symbols, symbol);
	}
	return reference;
}

void position_of(Scanner *s, size_t offset, unsigned *line, unsigned *column)
{
	const char *newline;

	if (offset < s->position) {
		s->position = 0;
		s->line = 1;
		s->column = 1;
	}
	while ((newline = memchr(s->text + s->position, '\n', offset - s->position)) != NULL) {
		s->position = (size_t)(newline - s->text) + 1;
		s->line++;
		s->column = 1;
	}
	for (; s->position < offset; s->position++)
		s->column += ((unsigned char)s->text[s->position] & 0xC0) != 0x80;
	*line = s->line;
	*column = s->column;
}
