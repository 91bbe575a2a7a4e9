#include "repo-layout/sql_template.h"

#include <string.h>

#include "sql/bind.h"
#include "sql/output.h"
#include "sql/scan.h"

static void piece_free(void *data)
{
	SqlPartPiece *piece = data;

	g_free(piece->text);
	g_free(piece);
}

static void part_free(void *data)
{
	SqlPart *part = data;

	g_free(part->text);
	g_clear_pointer(&part->pieces, g_ptr_array_unref);
	g_free(part);
}

void sql_template_free(SqlTemplate *template)
{
	if (template == NULL)
		return;
	g_ptr_array_unref(template->parts);
	g_free(template->fault);
	g_free(template);
}

static const SqlDialect *dialect_of(const char *name)
{
	const SqlDialect *dialect = sql_dialect_find(name);

	return dialect != NULL ? dialect : sql_dialect_find("ansi");
}

// Where the last filter of an expression begins (at its bar), outside of texts; NULL when it has none.
static const char *last_filter(const char *expression)
{
	const char *bar = NULL;
	char quote = 0;

	for (const char *p = expression; *p != '\0'; p++) {
		if (quote != 0) {
			if (*p == '\\' && p[1] != '\0')
				p++;
			else if (*p == quote)
				quote = 0;
		} else if (*p == '\'' || *p == '"') {
			quote = *p;
		} else if (*p == '|') {
			bar = p;
		}
	}
	return bar;
}

static bool filter_is(const char *bar, const char *name)
{
	g_autofree char *filter = bar == NULL ? NULL : g_strstrip(g_strdup(bar + 1));

	return filter != NULL && strcmp(filter, name) == 0;
}

static SqlUse use_of(const char *expression, void *data)
{
	const char *bar = last_filter(expression);

	(void)data;
	if (filter_is(bar, "identifier"))
		return SQL_USE_IDENTIFIER;
	return filter_is(bar, "raw") ? SQL_USE_RAW : SQL_USE_VALUE;
}

// The expression without the filter that only says how it is used.
static char *expression_text(const SqlPiece *piece)
{
	const char *bar;

	if (!piece->expression)
		return g_strndup(piece->text, piece->length);
	bar = last_filter(piece->text);
	if (filter_is(bar, "identifier") || filter_is(bar, "raw"))
		return g_strchomp(g_strndup(piece->text, (size_t)(bar - piece->text)));
	return g_strndup(piece->text, piece->length);
}

static void add_text(SqlTemplate *template, const char *text, size_t length)
{
	SqlPart *part;

	if (length == 0)
		return;
	part = g_new0(SqlPart, 1);
	part->kind = SQL_PART_TEXT;
	part->text = g_strndup(text, length);
	g_ptr_array_add(template->parts, part);
}

static void add_slot(SqlTemplate *template, const SqlSlot *slot)
{
	static const SqlPartKind KINDS[] = {
		[SQL_USE_VALUE] = SQL_PART_VALUE,
		[SQL_USE_TEXT] = SQL_PART_JOINED,
		[SQL_USE_IDENTIFIER] = SQL_PART_IDENTIFIER,
		[SQL_USE_RAW] = SQL_PART_RAW,
	};
	SqlPart *part = g_new0(SqlPart, 1);

	part->kind = KINDS[slot->use];
	part->line = slot->line;
	part->column = slot->column;
	part->pieces = g_ptr_array_new_with_free_func(piece_free);
	for (size_t i = 0; i < slot->piece_count; i++) {
		SqlPartPiece *piece = g_new0(SqlPartPiece, 1);

		piece->expression = slot->pieces[i].expression;
		piece->text = expression_text(&slot->pieces[i]);
		g_ptr_array_add(part->pieces, piece);
	}
	g_ptr_array_add(template->parts, part);
}

// How many bytes the placeholder of a slot takes in the binding's text: "$12".
static size_t placeholder_length(const SqlBinding *binding, const SqlSlot *slot)
{
	size_t length = 1;

	if (slot->number == 0)
		return 0;
	while (slot->at + length < binding->length &&
		g_ascii_isdigit(binding->text[slot->at + length]))
		length++;
	return length;
}

SqlTemplate *sql_template_new(const char *dialect, const char *text)
{
	SqlTemplate *template = g_new0(SqlTemplate, 1);
	size_t length = strlen(text);
	g_autoptr(SqlScript) script = sql_script_scan(dialect_of(dialect), text, length);
	g_autoptr(SqlBinding) binding =
		sql_script_bind(script, text, length, SQL_PLACEHOLDER_DOLLAR, use_of, NULL);
	size_t position = 0;

	template->parts = g_ptr_array_new_with_free_func(part_free);
	if (binding->fault_count > 0)
		template->fault = g_strdup_printf("%u:%u: %s", binding->faults[0].line,
			binding->faults[0].column, binding->faults[0].message);
	for (size_t i = 0; i < binding->slot_count; i++) {
		const SqlSlot *slot = &binding->slots[i];

		add_text(template, binding->text + position, slot->at - position);
		add_slot(template, slot);
		position = slot->at + placeholder_length(binding, slot);
	}
	add_text(template, binding->text + position, binding->length - position);
	return template;
}

static void split_free(void *data)
{
	SqlSplit *split = data;

	g_free(split->text);
	g_free(split);
}

GPtrArray *sql_script_split(const char *dialect, const char *text)
{
	GPtrArray *statements = g_ptr_array_new_with_free_func(split_free);
	g_autoptr(SqlScript) script = sql_script_scan(dialect_of(dialect), text, strlen(text));

	for (size_t i = 0; i < script->statement_count; i++) {
		const SqlStatement *statement = &script->statements[i];
		SqlSplit *split = g_new0(SqlSplit, 1);

		split->text = g_strndup(text + statement->offset, statement->length);
		split->line = statement->line;
		split->transaction = statement->kind == SQL_KIND_TRANSACTION;
		g_ptr_array_add(statements, split);
	}
	return statements;
}

static GStrv names_of(const SqlTableSet *set)
{
	GStrv names = g_new0(char *, set->count + 1);

	for (size_t i = 0; i < set->count; i++)
		names[i] = g_strdup(set->tables[i].name);
	return names;
}

SqlFacts *sql_facts_new(const char *dialect, const char *text)
{
	g_autoptr(SqlScript) script = sql_script_scan(dialect_of(dialect), text, strlen(text));
	SqlFacts *facts = g_new(SqlFacts, 1);

	*facts = (SqlFacts){
		.reads = names_of(&script->reads),
		.writes = names_of(&script->writes),
		.fingerprint = g_strdup(script->fingerprint),
	};
	return facts;
}

char **sql_query_columns(const char *dialect, const char *text)
{
	return sql_output_columns(dialect_of(dialect), text, strlen(text));
}

void sql_facts_free(SqlFacts *facts)
{
	if (facts == NULL)
		return;
	g_strfreev(facts->reads);
	g_strfreev(facts->writes);
	g_free(facts->fingerprint);
	g_free(facts);
}

// ---- Taking the own dataset off

static bool is_name_byte(char c)
{
	return g_ascii_isalnum(c) || c == '_' || c == '$' || (c & 0x80) != 0;
}

// The end of the token at p: a quoted thing, a comment, a word, or one byte.
static const char *token_end(const char *p)
{
	static const char OPENING[] = "\"'`[";
	static const char CLOSING[] = "\"'`]";
	const char *quote = *p == '\0' ? NULL : strchr(OPENING, *p);
	const char *end = NULL;

	if (quote != NULL)
		end = strchr(p + 1, CLOSING[quote - OPENING]);
	else if (strncmp(p, "/*", 2) == 0)
		end = strstr(p + 2, "*/") == NULL ? NULL : strstr(p + 2, "*/") + 1;
	else if (strncmp(p, "--", 2) == 0)
		return p + strcspn(p, "\n");
	else if (!is_name_byte(*p))
		return p + 1;
	else {
		while (is_name_byte(*p))
			p++;
		return p;
	}
	return end == NULL ? p + strlen(p) : end + 1;
}

// The name that a token is, without its quotes; NULL when it is none.
static char *token_name(const char *p, const char *end)
{
	if (*p == '"' || *p == '`' || *p == '[')
		return end - p < 2 ? NULL : g_strndup(p + 1, (size_t)(end - p - 2));
	return is_name_byte(*p) ? g_strndup(p, (size_t)(end - p)) : NULL;
}

// Whether "dataset." stands at p, with the name of one of the tables behind it; then *ret_next is where that name begins.
static bool is_qualifier(
	const SqlTableSet *reads, const char *dataset, const char *p, const char **ret_next)
{
	const char *end = token_end(p);
	g_autofree char *first = token_name(p, end);
	g_autofree char *second = NULL;
	g_autofree char *whole = NULL;

	if (first == NULL || g_ascii_strcasecmp(first, dataset) != 0)
		return false;
	end += strspn(end, " \t\r\n");
	if (*end != '.')
		return false;
	end++;
	end += strspn(end, " \t\r\n");
	second = token_name(end, token_end(end));
	if (second == NULL)
		return false;
	whole = g_strconcat(first, ".", second, NULL);
	*ret_next = end;
	return sql_table_set_contains(reads, whole);
}

char *sql_script_localise(const char *dialect, const char *text, const char *dataset)
{
	g_autoptr(SqlScript) script = sql_script_scan(dialect_of(dialect), text, strlen(text));
	GString *local = g_string_new(NULL);
	bool after_dot = false;

	for (const char *p = text; *p != '\0';) {
		const char *next = NULL;
		const char *end = token_end(p);

		if (!after_dot && is_qualifier(&script->reads, dataset, p, &next))
			end = token_end(p = next);
		g_string_append_len(local, p, end - p);
		after_dot = *p == '.' || (after_dot && g_ascii_isspace(*p));
		p = end;
	}
	return g_string_free(local, FALSE);
}
