// The columns of a query: the list of its first SELECT, read from the outside. What is not known for certain ends the reading.
#include "sql/output.h"

#include "sql/scratch.h"

#include <string.h>

typedef struct {
	const SqlDialect *dialect;
	const char *text;
	const SqlToken *tokens;
	guint count; // without the end
	SqlArena *arena;
	GPtrArray *names; // char *
	GHashTable *seen; // the names in lower case
} Reading;

// One column of the list.
typedef struct {
	guint from, to; // tokens
} Span;

static const SqlToken *token_of(const Reading *r, guint index)
{
	return &r->tokens[MIN(index, r->count)];
}

static unsigned word_of(const Reading *r, guint index)
{
	return sql_token_word(token_of(r, index));
}

static bool is_mark(const Reading *r, guint index, char mark)
{
	return sql_token_is_mark(token_of(r, index), mark);
}

static bool is_opening(const SqlToken *token)
{
	return sql_token_is_mark(token, '(') || sql_token_is_mark(token, '[') ||
	       sql_token_is_mark(token, '{');
}

static bool is_spelt(const Reading *r, guint index, const char *const *words)
{
	const SqlToken *token = token_of(r, index);

	for (; token->type == SQL_TOKEN_WORD && words != NULL && *words != NULL; words++) {
		if (strlen(*words) == token->length &&
			g_ascii_strncasecmp(*words, r->text + token->offset, token->length) == 0)
			return true;
	}
	return false;
}

static bool is_reserved(const Reading *r, guint index)
{
	unsigned word = word_of(r, index);

	return word != KW_NONE && sql_keyword_fold((SqlKeyword)word) == SQL_FOLD_ALWAYS;
}

// A quoted name, or a word that may be one.
static bool is_name(const Reading *r, guint index)
{
	const SqlToken *token = token_of(r, index);

	return token->type == SQL_TOKEN_NAME ||
	       (token->type == SQL_TOKEN_WORD && !is_reserved(r, index));
}

// ---- What makes every answer uncertain

static bool has_raw(const Reading *r, const SqlToken *token)
{
	return token->type == SQL_TOKEN_TEMPLATE &&
	       g_strstr_len(r->text + token->offset, token->length, "raw") != NULL;
}

// UNION ALL BY NAME, UNION CORRESPONDING: the other queries add to the columns.
static bool joins_by_name(const Reading *r, guint index)
{
	static const char *const ways[] = {"corresponding", "strict", "inner", NULL};
	unsigned word = word_of(r, index);

	if (word != KW_UNION && word != KW_EXCEPT && word != KW_INTERSECT)
		return false;
	index++;
	if (word_of(r, index) == KW_ALL || word_of(r, index) == KW_DISTINCT)
		index++;
	return word_of(r, index) == KW_BY || is_spelt(r, index, ways);
}

// A list of types in sharp brackets has commas that separate nothing.
static bool has_sharp_types(const Reading *r, guint index)
{
	static const char *const types[] = {"array", "struct", "range", "map", NULL};

	return is_spelt(r, index, types) && is_mark(r, index + 1, '<');
}

static bool is_pipe(const Reading *r, guint index)
{
	return r->dialect->from_first && is_mark(r, index, '|') && is_mark(r, index + 1, '>');
}

static bool is_uncertain(const Reading *r)
{
	bool ended = false;

	for (guint i = 0; i < r->count; i++) {
		const SqlToken *token = token_of(r, i);

		if ((token->flags & SQL_TOKEN_TAGGED) != 0 ||
			(ended && token->type != SQL_TOKEN_SEMICOLON) || has_raw(r, token) ||
			joins_by_name(r, i) || has_sharp_types(r, i) || is_pipe(r, i) ||
			is_spelt(r, i, r->dialect->column_functions))
			return true;
		ended = ended || token->type >= SQL_TOKEN_SEMICOLON;
	}
	return false;
}

// ---- Forms of a column

// The token behind a dotted name that begins at one; the same one when there is none.
static guint path_end(const Reading *r, guint at, guint to)
{
	guint end = at;

	while (end < to) {
		unsigned type = token_of(r, end)->type;

		if (type != SQL_TOKEN_WORD && type != SQL_TOKEN_NAME)
			return at;
		end++;
		if (end >= to || !is_mark(r, end, '.'))
			return end;
		end++;
	}
	return at;
}

// Words that stand where a column does and are none, or whose column has another name.
static bool is_value_word(const Reading *r, guint index)
{
	static const char *const words[] = {"current_catalog", "current_role", "current_schema",
		"session_user", "system_user", "user", "localtime", "localtimestamp", "sysdate",
		"systimestamp", "utc_date", "utc_time", "utc_timestamp", "rownum", "level", "rowid",
		"oid", "_rowid_", "default", "null", "true", "false", NULL};

	return is_spelt(r, index, words);
}

static bool is_plain(const Reading *r, const Span *item)
{
	const SqlToken *last = token_of(r, item->to - 1);
	bool qualified = item->to - item->from > 1;

	if (path_end(r, item->from, item->to) != item->to || is_value_word(r, item->to - 1))
		return false;
	// `a.b` as one quoted name is a path.
	if (r->dialect->backtick_paths && last->type == SQL_TOKEN_NAME &&
		memchr(r->text + last->offset, '.', last->length) != NULL)
		return false;
	return qualified ? !r->dialect->qualified_columns : is_name(r, item->from);
}

// "f(a)", "(a)", "f(a) FILTER (…) OVER (…)": the token behind it, or its first one when it is none of them.
static guint call_end(const Reading *r, const Span *item)
{
	guint at = path_end(r, item->from, item->to);
	bool windowed;

	if (word_of(r, item->from) == KW_INTERVAL || !is_mark(r, at, '('))
		return item->from;
	do {
		at = token_of(r, at)->match + 1;
		windowed = (word_of(r, at) == KW_OVER ||
				   (token_of(r, at)->length == 6 &&
					   g_ascii_strncasecmp(r->text + token_of(r, at)->offset,
						   "filter", 6) == 0)) &&
			   is_mark(r, at + 1, '(');
		at += windowed;
	} while (windowed && at < item->to);
	return at <= item->to ? at : item->from;
}

static guint case_end(const Reading *r, const Span *item)
{
	guint open = 0;

	for (guint i = item->from; i < item->to; i++) {
		unsigned word = i > item->from && is_mark(r, i - 1, '.') ? KW_NONE : word_of(r, i);

		if (is_opening(token_of(r, i)))
			i = token_of(r, i)->match;
		else if (word == KW_CASE)
			open++;
		else if (word == KW_END && --open == 0)
			return i + 1;
	}
	return item->from;
}

static bool is_single_value(const Reading *r, guint index)
{
	switch ((SqlTokenType)token_of(r, index)->type) {
	case SQL_TOKEN_TEXT:
	case SQL_TOKEN_NUMBER:
	case SQL_TOKEN_PARAMETER:
	case SQL_TOKEN_TEMPLATE: return true;
	case SQL_TOKEN_WORD:
	case SQL_TOKEN_NAME:
	case SQL_TOKEN_MARK:
	case SQL_TOKEN_SEMICOLON:
	case SQL_TOKEN_DELIMITER:
	case SQL_TOKEN_END:
	default: return false;
	}
}

// Whether what stands before the last token is an expression of a form that is known, so that the last one names it.
static bool names_without_as(const Reading *r, const Span *item)
{
	static const char *const operators[] = {"binary", "prior", "connect_by_root", NULL};
	const Span value = {item->from, item->to - 1};

	if (value.to <= value.from || !is_name(r, value.to) || is_value_word(r, value.to))
		return false;
	if (value.to - value.from == 1 && is_single_value(r, value.from))
		return (token_of(r, value.to)->flags & SQL_TOKEN_ADJACENT) == 0;
	if (word_of(r, value.from) == KW_CASE)
		return case_end(r, &value) == value.to;
	if (path_end(r, value.from, value.to) == value.to)
		return is_name(r, value.from) && !is_spelt(r, value.from, operators);
	return call_end(r, &value) == value.to;
}

static bool names_with_as(const Reading *r, const Span *item)
{
	const SqlToken *last = token_of(r, item->to - 1);

	if (item->to - item->from < 3 || word_of(r, item->to - 2) != KW_AS)
		return false;
	return last->type == SQL_TOKEN_WORD || last->type == SQL_TOKEN_NAME ||
	       (last->type == SQL_TOKEN_TEXT && last->code != '$' && r->dialect->text_as_table);
}

static bool has_star(const Reading *r, const Span *item)
{
	if (is_mark(r, item->from, '*'))
		return true;
	for (guint i = item->from; i + 1 < item->to; i++) {
		if (is_mark(r, i, '.') && is_mark(r, i + 1, '*'))
			return true;
	}
	return false;
}

static char *token_name(const Reading *r, const SqlToken *token)
{
	size_t length = token->length;
	const char *text = r->text + token->offset;

	if (token->type != SQL_TOKEN_WORD)
		text = sql_token_unquote(r->dialect, r->text, token, r->arena, &length);
	return g_strndup(text, length);
}

// Appends the item's name; false: it is not certain.
static bool add_item(Reading *r, const Span *item)
{
	char *name, *folded;

	if (item->to <= item->from || has_star(r, item) ||
		!(is_plain(r, item) || names_with_as(r, item) || names_without_as(r, item)))
		return false;
	name = token_name(r, token_of(r, item->to - 1));
	g_ptr_array_add(r->names, name);
	if (*name == '\0' || strstr(name, "{{") != NULL)
		return false;
	folded = g_utf8_validate(name, -1, NULL) ? g_utf8_casefold(name, -1) : g_strdup(name);
	return g_hash_table_add(r->seen, folded);
}

// ---- The list

static bool ends_list(const Reading *r, const Span *item, guint at)
{
	if (at > item->from && is_mark(r, at - 1, '.'))
		return false;
	switch (word_of(r, at)) {
	case KW_FROM: return at == item->from || word_of(r, at - 1) != KW_DISTINCT;
	case KW_WHERE:
	case KW_GROUP:
	case KW_HAVING:
	case KW_ORDER:
	case KW_LIMIT:
	case KW_UNION:
	case KW_INTERSECT:
	case KW_EXCEPT: return true;
	default: return token_of(r, at)->type >= SQL_TOKEN_SEMICOLON || is_mark(r, at, ')');
	}
}

// Reads the list that begins at a token.
static bool read_list(Reading *r, guint at)
{
	Span item = {at, at};

	for (;; at++) {
		const SqlToken *token = token_of(r, at);

		item.to = at;
		if (ends_list(r, &item, at))
			return add_item(r, &item);
		if (sql_token_is_mark(token, ',')) {
			if (!add_item(r, &item))
				return false;
			item.from = at + 1;
		} else if (is_opening(token)) {
			at = token->match;
			if (token_of(r, at)->type != SQL_TOKEN_MARK)
				return false; // its bracket is never closed
		}
	}
}

// Steps over SELECT and what stands between it and the list. False: the columns are not those of the list.
static bool skip_select(const Reading *r, guint *at)
{
	++*at;
	if (word_of(r, *at) == KW_ALL)
		++*at;
	else if (word_of(r, *at) == KW_DISTINCT) {
		++*at;
		if (word_of(r, *at) == KW_ON && is_mark(r, *at + 1, '('))
			*at = token_of(r, *at + 1)->match + 1;
	}
	return word_of(r, *at) != KW_AS && word_of(r, *at) != KW_WITH;
}

// Steps over "name [(columns)] AS [[NOT] MATERIALIZED] (…)".
static bool skip_element(const Reading *r, guint *at)
{
	if (token_of(r, *at)->type != SQL_TOKEN_WORD && token_of(r, *at)->type != SQL_TOKEN_NAME)
		return false;
	++*at;
	if (is_mark(r, *at, '('))
		*at = token_of(r, *at)->match + 1;
	if (word_of(r, *at) != KW_AS)
		return false;
	++*at;
	if (word_of(r, *at) == KW_NOT)
		++*at;
	if (word_of(r, *at) == KW_MATERIALIZED)
		++*at;
	if (!is_mark(r, *at, '('))
		return false;
	*at = token_of(r, *at)->match + 1;
	return true;
}

static bool skip_with(const Reading *r, guint *at)
{
	++*at;
	if (word_of(r, *at) == KW_RECURSIVE && word_of(r, *at + 1) != KW_AS)
		++*at;
	while (skip_element(r, at)) {
		if (!is_mark(r, *at, ','))
			return true;
		++*at;
	}
	return false;
}

static bool read_query(Reading *r)
{
	guint at = 0;

	while (at < r->count) {
		if (is_mark(r, at, '('))
			at++;
		else if (word_of(r, at) == KW_WITH) {
			if (!skip_with(r, &at))
				return false;
		} else
			return word_of(r, at) == KW_SELECT && skip_select(r, &at) &&
			       read_list(r, at);
	}
	return false;
}

static bool read_columns(Reading *r)
{
	bool known;

	r->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	known = !is_uncertain(r) && read_query(r);
	g_hash_table_destroy(r->seen);
	return known;
}

char **sql_output_columns(const SqlDialect *dialect, const char *text, size_t length)
{
	ScanScratch *scratch;
	SqlArena arena = {0};
	bool known;

	if (dialect == NULL || text == NULL || length > SQL_TEXT_LIMIT)
		return NULL;
	scratch = scan_scratch_take();
	SqlLex lex = scan_scratch_lex(scratch, dialect, text, length);
	sql_lex_run(&lex, &arena);
	Reading reading = {.dialect = dialect,
		.text = text,
		.tokens = (const SqlToken *)(void *)lex.tokens->data,
		.count = lex.tokens->len - 1,
		.arena = &arena,
		.names = g_ptr_array_new_with_free_func(g_free)};
	known = lex.open == SQL_OPEN_NOTHING && read_columns(&reading);
	scan_scratch_give(scratch);
	sql_arena_clear(&arena);
	if (!known) {
		g_ptr_array_unref(reading.names);
		return NULL;
	}
	g_ptr_array_add(reading.names, NULL);
	return (char **)g_ptr_array_free(reading.names, FALSE);
}
