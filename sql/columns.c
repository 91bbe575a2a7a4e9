// The names that a query gives its columns, as far as they are sure: enough to see one twice. An item of the select list counts
// when it ends in AS name, or is a name alone; all else may have any name.
#include "sql/rules.h"
#include "sql/scanner.h"

enum {
	// Each name is compared with those before it.
	COLUMN_LIMIT = 256,
};

typedef struct {
	const SqlToken *token;
	const char *text; // without its quotes
	guint length;
	bool quoted;
} Column;

static guint behind(const Scanner *s, guint at)
{
	const SqlToken *token = token_at(s, at);
	bool opens = token->type == SQL_TOKEN_MARK &&
		     (token->code == '(' || token->code == '[' || token->code == '{');

	return opens ? token->match + 1 : at + 1;
}

static bool ends(const Scanner *s, guint at)
{
	return at >= s->token_count || token_at(s, at)->type >= SQL_TOKEN_SEMICOLON;
}

// The words that end a select list, or the query before it.
static bool ends_list(unsigned word)
{
	switch (word) {
	case KW_FROM:
	case KW_INTO:
	case KW_WHERE:
	case KW_GROUP:
	case KW_HAVING:
	case KW_ORDER:
	case KW_LIMIT:
	case KW_OFFSET:
	case KW_FETCH:
	case KW_FOR:
	case KW_UNION:
	case KW_EXCEPT:
	case KW_INTERSECT:
	case KW_MINUS:
	case KW_VALUES:
	case KW_TABLE: return true;
	default: return false;
	}
}

// The first item of the list whose names are the result's; 0 when that is not plain to see.
static guint first_item(const Scanner *s)
{
	guint at = 0;

	if (word_at(s, 0) != KW_SELECT && word_at(s, 0) != KW_WITH)
		return 0;
	while (word_at(s, at) != KW_SELECT) {
		if (ends(s, at) || ends_list(word_at(s, at)))
			return 0;
		at = behind(s, at);
	}
	at++;
	if (word_at(s, at) == KW_ALL || word_at(s, at) == KW_DISTINCT)
		at++;
	if (word_at(s, at) == KW_ON && mark_at(s, at + 1, '('))
		at = behind(s, at + 1);
	return word_at(s, at) == KW_AS ? 0 : at;
}

static bool take_name(const Scanner *s, const SqlToken *token, Column *ret_column)
{
	*ret_column =
		(Column){.token = token, .text = s->text + token->offset, .length = token->length};
	if (token->type == SQL_TOKEN_WORD)
		return true;
	if (token->type != SQL_TOKEN_NAME || token->length < 3)
		return false;
	ret_column->text++;
	ret_column->length -= 2;
	ret_column->quoted = true;
	// An escape, an expression and a path in one pair of quotes need more than a look.
	for (guint i = 0; i < ret_column->length; i++) {
		if (strchr("\\\"`[]{.", ret_column->text[i]) != NULL)
			return false;
	}
	return true;
}

// Names joined by dots, and nothing else.
static bool is_path(const Scanner *s, guint from, guint to)
{
	for (guint i = from; i < to; i++) {
		const SqlToken *token = token_at(s, i);
		bool name = token->type == SQL_TOKEN_WORD || token->type == SQL_TOKEN_NAME;

		if ((i - from) % 2 == 0 ? !name : !sql_token_is_mark(token, '.'))
			return false;
	}
	// A keyword alone is a value (NULL, CURRENT_DATE).
	return (to - from) % 2 == 1 && (to - from > 1 || word_at(s, from) == KW_NONE);
}

static bool item_name(const Scanner *s, guint from, guint to, Column *ret_column)
{
	bool named = to - from > 2 && word_at(s, to - 2) == KW_AS;

	if (to <= from || (!named && !is_path(s, from, to)))
		return false;
	return take_name(s, token_at(s, to - 1), ret_column);
}

// Names without quotes are those in small letters, as in PostgreSQL. Where letter case never counts this misses some.
static bool same_name(const Column *one, const Column *other)
{
	if (one->length != other->length)
		return false;
	for (guint i = 0; i < one->length; i++) {
		char first = one->quoted ? one->text[i] : g_ascii_tolower(one->text[i]);
		char second = other->quoted ? other->text[i] : g_ascii_tolower(other->text[i]);

		if (first != second)
			return false;
	}
	return true;
}

// A step of a pipe behind the list may drop or rename its columns.
static bool has_pipe(const Scanner *s, guint at)
{
	for (; !ends(s, at); at = behind(s, at)) {
		if (mark_at(s, at, '|') && mark_at(s, at + 1, '>'))
			return true;
	}
	return false;
}

const SqlToken *column_twice(const Scanner *s)
{
	Column columns[COLUMN_LIMIT];
	guint count = 0;
	guint at, from;

	if (!s->dialect->unique_columns)
		return NULL;
	at = from = first_item(s);
	while (at > 0 && count < COLUMN_LIMIT) {
		const SqlToken *token = token_at(s, at);
		bool last = ends(s, at) || ends_list(sql_token_word(token));

		// A template's tag may take a part of the list away.
		if ((token->flags & SQL_TOKEN_TAGGED) != 0)
			return NULL;
		if (last || sql_token_is_mark(token, ',')) {
			if (item_name(s, from, at, &columns[count])) {
				for (guint i = 0; i < count; i++) {
					if (same_name(&columns[i], &columns[count]))
						return has_pipe(s, at) ? NULL
								       : columns[count].token;
				}
				count++;
			}
			from = at + 1;
		}
		if (last)
			return NULL;
		at = behind(s, at);
	}
	return NULL;
}
