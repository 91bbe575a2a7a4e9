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

static const char *undo_quotes(const char *at, const char *end, char quote, bool escapes,
	bool doubled, SqlArena *arena, size_t *ret_length)
{
	g_autoptr(GString) out = g_string_sized_new((gsize)(end - at));

	while (at < end) {
		if (*at == '\\' && escapes && at + 1 < end) {
			at = undo_escape(out, at + 1, end);
			continue;
		}
		g_string_append_c(out, *at);
		at += *at == quote && doubled && at + 1 < end && at[1] == quote ? 2 : 1;
	}
	*ret_length = out->len;
	return sql_arena_copy(arena, out->str, out->len);
}

// Narrows a token to what stands between its quotes.
static void inside(const char **at, const char **end, char quote, bool triple)
{
	size_t width = 1;

	if (quote == '$') {
		const char *second = memchr(*at + 1, '$', (size_t)(*end - *at) - 1);
		width = second != NULL ? (size_t)(second - *at) + 1 : 1;
	} else if (triple && *end - *at >= 6 && (*at)[1] == quote && (*at)[2] == quote) {
		width = 3;
	}
	char close = quote == '[' ? ']' : quote;
	*at += MIN(width, (size_t)(*end - *at));
	if ((size_t)(*end - *at) >= width && (*end)[-1] == close)
		*end -= width;
}

const char *sql_token_unquote(const SqlDialect *dialect, const char *text, const SqlToken *token,
	SqlArena *arena, size_t *ret_length)
{
	char quote = (char)token->code;
	bool name = token->type == SQL_TOKEN_NAME;
	const char *at = text + token->offset;
	const char *end = at + token->length;
	bool escapes = name ? dialect->backslash_names : dialect->backslash_text;

	for (; at < end && *at != quote; at++) {
		char prefix = g_ascii_tolower(*at);

		if (prefix == 'e' && dialect->escape_prefix)
			escapes = true;
		if (prefix == 'r')
			escapes = false;
	}
	inside(&at, &end, quote, !name && dialect->triple_quotes);
	bool doubled = quote != '[' && quote != '$' && dialect->doubled_quotes;
	escapes = escapes && quote != '$';
	if ((escapes && memchr(at, '\\', (size_t)(end - at)) != NULL) ||
		(doubled && memchr(at, quote, (size_t)(end - at)) != NULL))
		return undo_quotes(at, end, quote, escapes, doubled, arena, ret_length);
	*ret_length = (size_t)(end - at);
	return at;
}
