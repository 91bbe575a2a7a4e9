#include "sql/lex.h"

#include <string.h>

static void append_code_point(GString *out, const char *digits, size_t length, guint base)
{
	char number[9] = "";
	char utf8[6];

	memcpy(number, digits, MIN(length, sizeof(number) - 1));
	gunichar code = (gunichar)g_ascii_strtoull(number, NULL, base);
	if (code != 0 && g_unichar_validate(code))
		g_string_append_len(out, utf8, g_unichar_to_utf8(code, utf8));
}

static size_t count_digits(const char *at, const char *end, size_t most, bool hexadecimal)
{
	size_t count = 0;

	while (count < most && at + count < end &&
		(hexadecimal ? g_ascii_isxdigit(at[count]) : at[count] >= '0' && at[count] <= '7'))
		count++;
	return count;
}

// Undoes one backslash escape; at stands behind the backslash. Returns where to go on.
static const char *undo_escape(GString *out, const char *at, const char *end)
{
	static const char letters[] = "bfnrtva0Z";
	static const char meanings[] = "\b\f\n\r\t\v\a\0\x1A";
	size_t digits;

	if (*at == 'x' || *at == 'u' || *at == 'U') {
		digits = count_digits(at + 1, end, *at == 'x' ? 2 : *at == 'u' ? 4 : 8, true);
		if (digits > 0) {
			append_code_point(out, at + 1, digits, 16);
			return at + 1 + digits;
		}
	}
	digits = count_digits(at, end, 3, false);
	if (digits == 3) {
		append_code_point(out, at, digits, 8);
		return at + digits;
	}
	const char *letter = *at != '\0' ? strchr(letters, *at) : NULL;
	if (letter != NULL && *at != '0')
		g_string_append_c(out, meanings[letter - letters]);
	else if (*at != '0')
		g_string_append_c(out, *at);
	return at + 1;
}

// Narrows to what stands between the quotes.
static void narrow(SqlInside *inside, bool triple)
{
	const char *end = inside->at + inside->length;
	size_t width = 1;

	if (inside->quote == '$') {
		const char *second = memchr(inside->at + 1, '$', inside->length - 1);
		width = second != NULL ? (size_t)(second - inside->at) + 1 : 1;
	} else if (triple && inside->length >= 6 && inside->at[1] == inside->quote &&
		   inside->at[2] == inside->quote) {
		width = 3;
	}
	char close = inside->quote;

	if (close == '[')
		close = ']';
	inside->at += width;
	inside->length -= width;
	if (inside->length >= width && end[-1] == close)
		inside->length -= width;
}

SqlInside sql_inside_of(const SqlDialect *dialect, const char *literal, size_t length, bool name)
{
	SqlInside inside = {.at = literal,
		.length = length,
		.escapes = name ? dialect->backslash_names : dialect->backslash_text};

	for (; inside.length > 1 && strchr("'\"`[$", *inside.at) == NULL;
		inside.at++, inside.length--) {
		char prefix = g_ascii_tolower(*inside.at);

		if (prefix == 'e' && dialect->escape_prefix)
			inside.escapes = true;
		if (prefix == 'r')
			inside.escapes = false;
	}
	inside.quote = *inside.at;
	inside.doubled = inside.quote != '[' && inside.quote != '$' && dialect->doubled_quotes;
	if (inside.quote == '$')
		inside.escapes = false;
	narrow(&inside, !name && dialect->triple_quotes);
	return inside;
}

const char *sql_inside_undo(const SqlInside *inside, SqlArena *arena, size_t *ret_length)
{
	const char *at = inside->at;
	const char *end = at + inside->length;

	*ret_length = inside->length;
	if (!(inside->escapes && memchr(at, '\\', inside->length) != NULL) &&
		!(inside->doubled && memchr(at, inside->quote, inside->length) != NULL))
		return at;
	g_autoptr(GString) out = g_string_sized_new(inside->length);
	while (at < end) {
		if (*at == '\\' && inside->escapes && at + 1 < end) {
			at = undo_escape(out, at + 1, end);
			continue;
		}
		g_string_append_c(out, *at);
		at += *at == inside->quote && inside->doubled && at + 1 < end &&
				      at[1] == inside->quote
			      ? 2
			      : 1;
	}
	*ret_length = out->len;
	return sql_arena_copy(arena, out->str, out->len);
}

const char *sql_token_unquote(const SqlDialect *dialect, const char *text, const SqlToken *token,
	SqlArena *arena, size_t *ret_length)
{
	SqlInside inside = sql_inside_of(
		dialect, text + token->offset, token->length, token->type == SQL_TOKEN_NAME);

	return sql_inside_undo(&inside, arena, ret_length);
}
