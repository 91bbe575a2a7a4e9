// Which columns of a table that it reads a text names.
#include "sql/output.h"

#include "sql/scratch.h"

#include <string.h>

typedef struct {
	const SqlDialect *dialect;
	const char *text;
	const SqlToken *tokens;
	guint count;
	SqlArena *arena;
	GHashTable *own,
		*others; // names in lower case that stand for the table, and for other tables
} Search;

static const SqlToken *token_of(const Search *s, guint index)
{
	return &s->tokens[MIN(index, s->count)];
}

static bool is_name(const Search *s, guint index)
{
	const SqlToken *token = token_of(s, index);
	unsigned word = sql_token_word(token);

	return token->type == SQL_TOKEN_NAME ||
	       (token->type == SQL_TOKEN_WORD &&
		       (word == KW_NONE || sql_keyword_fold((SqlKeyword)word) != SQL_FOLD_ALWAYS));
}

// The name of a token in lower case; the caller frees it.
static char *folded(const Search *s, guint index)
{
	const SqlToken *token = token_of(s, index);
	size_t length = token->length;
	const char *text = s->text + token->offset;

	if (token->type == SQL_TOKEN_NAME)
		text = sql_token_unquote(s->dialect, s->text, token, s->arena, &length);
	return g_ascii_strdown(text, (gssize)length);
}

static char *last_part(const char *table)
{
	const char *dot = strrchr(table, '.');

	return g_ascii_strdown(dot == NULL ? table : dot + 1, -1);
}

// "orders", "sales.orders", and `sales.orders` as one name.
static GHashTable *meant_by(const Search *s, const char *name)
{
	g_autofree char *last = last_part(name);

	if (g_hash_table_contains(s->own, last))
		return s->own;
	return g_hash_table_contains(s->others, last) ? s->others : NULL;
}

// Adds the aliases of tables: "orders o", "orders AS o".
static void find_aliases(const Search *s)
{
	for (guint i = 0; i + 1 < s->count; i++) {
		g_autofree char *name = is_name(s, i) ? folded(s, i) : NULL;
		GHashTable *means = name == NULL ? NULL : meant_by(s, name);
		guint next = i + 1;

		if (means == NULL)
			continue;
		if (sql_token_word(token_of(s, next)) == KW_AS)
			next++;
		if (is_name(s, next))
			g_hash_table_add(means, folded(s, next));
	}
}

// Whether the token names what stands before it, rather than something itself.
static bool is_alias(const Search *s, guint index)
{
	const SqlToken *before;

	if (index == 0)
		return false;
	before = token_of(s, index - 1);
	return sql_token_word(before) == KW_AS || sql_token_word(before) == KW_END ||
	       sql_token_is_mark(before, ')') || before->type == SQL_TOKEN_NUMBER ||
	       before->type == SQL_TOKEN_TEXT || is_name(s, index - 1);
}

static bool is_qualified_by_other(const Search *s, guint index)
{
	g_autofree char *qualifier = NULL;

	if (index < 2 || !sql_token_is_mark(token_of(s, index - 1), '.') || !is_name(s, index - 2))
		return false;
	qualifier = folded(s, index - 2);
	return g_hash_table_contains(s->others, qualifier) &&
	       !g_hash_table_contains(s->own, qualifier);
}

// Whether the token qualifies what follows, as a table.
static bool is_qualifier(const Search *s, guint index, const char *name)
{
	return sql_token_is_mark(token_of(s, index + 1), '.') &&
	       (g_hash_table_contains(s->own, name) || g_hash_table_contains(s->others, name));
}

static bool is_column(const Search *s, guint index, const char *name)
{
	return !is_alias(s, index) && !sql_token_is_mark(token_of(s, index + 1), '(') &&
	       !is_qualifier(s, index, name) && !is_qualified_by_other(s, index);
}

// Notes what the tables of the text are called, and where they are first named: those words are no columns.
static void note_tables(const Search *s, const SqlScript *script, const char *table, GHashTable *at)
{
	g_autofree char *wanted = last_part(table);

	g_hash_table_add(s->own, g_strdup(wanted));
	for (size_t i = 0; i < script->reads.count; i++) {
		const SqlTable *read = &script->reads.tables[i];
		char *last = g_ascii_strdown(read->parts[read->part_count - 1], -1);

		for (size_t j = 0; j < read->length; j++)
			g_hash_table_add(at, GSIZE_TO_POINTER(read->offset + j));
		if (strcmp(last, wanted) == 0)
			g_free(last);
		else
			g_hash_table_add(s->others, last);
	}
}

// Numbers of the columns by their names in lower case, from 1.
static GHashTable *number_columns(char *const *columns)
{
	GHashTable *numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (size_t i = 0; columns[i] != NULL; i++)
		g_hash_table_insert(
			numbers, g_ascii_strdown(columns[i], -1), GSIZE_TO_POINTER(i + 1));
	return numbers;
}

static void search(const Search *s, GHashTable *at, char *const *columns, bool *ret_named)
{
	g_autoptr(GHashTable) numbers = number_columns(columns);

	find_aliases(s);
	for (guint i = 0; i < s->count; i++) {
		g_autofree char *name = is_name(s, i) ? folded(s, i) : NULL;
		size_t number =
			name == NULL ? 0 : GPOINTER_TO_SIZE(g_hash_table_lookup(numbers, name));

		if (number > 0 &&
			!g_hash_table_contains(at, GSIZE_TO_POINTER(token_of(s, i)->offset)) &&
			is_column(s, i, name))
			ret_named[number - 1] = true;
	}
}

static GHashTable *name_set(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void sql_text_names_columns(const SqlDialect *dialect, const char *text, size_t length,
	const char *table, char *const *columns, bool *ret_named)
{
	g_autoptr(SqlScript) script = NULL;
	g_autoptr(GHashTable) at = NULL, own = NULL, others = NULL;
	ScanScratch *scratch;
	SqlArena arena = {0};

	for (size_t i = 0; columns[i] != NULL; i++)
		ret_named[i] = false;
	if (dialect == NULL || text == NULL || length > SQL_TEXT_LIMIT)
		return;
	script = sql_script_scan(dialect, text, length);
	at = g_hash_table_new(NULL, NULL);
	own = name_set();
	others = name_set();
	scratch = scan_scratch_take();
	SqlLex lex = scan_scratch_lex(scratch, dialect, text, length);
	sql_lex_run(&lex, &arena);
	const Search s = {.dialect = dialect,
		.text = text,
		.tokens = (const SqlToken *)(void *)lex.tokens->data,
		.count = lex.tokens->len - 1,
		.arena = &arena,
		.own = own,
		.others = others};
	note_tables(&s, script, table, at);
	search(&s, at, columns, ret_named);
	scan_scratch_give(scratch);
	sql_arena_clear(&arena);
}
