#include "sql/scan.h"

#include <string.h>

static const char header_word[] = "weir";

// any_case: whatever the case of the word's letters.
static bool starts_word(const char *text, size_t length, bool any_case)
{
	size_t size = strlen(header_word);

	return length >= size &&
	       (any_case ? g_ascii_strncasecmp(text, header_word, size)
			 : memcmp(text, header_word, size)) == 0 &&
	       (length == size || text[size] == '\n' || text[size] == '\r' || text[size] == ' ' ||
		       text[size] == '\t' || text[size] == '*');
}

// Whether "word:" comes next, with its blanks before it.
static bool starts_key(const char *text, size_t length)
{
	size_t at = 0, word;

	while (at < length && g_ascii_isspace(text[at]))
		at++;
	for (word = at; at < length && (g_ascii_isalpha(text[at]) || text[at] == '_'); at++)
		continue;
	return at > word && at + 1 < length && text[at] == ':' && g_ascii_isspace(text[at + 1]);
}

static bool looks(const char *text, size_t length, bool any_case)
{
	bool block = length > 2 && text[0] == '/' && text[1] == '*';
	size_t at = 2;

	if (!block && (length < 3 || text[0] != '-' || text[1] != '-'))
		return false;

	while (at < length && (text[at] == ' ' || text[at] == '\t' || (block && text[at] == '\n')))
		at++;
	if (at >= length || !starts_word(text + at, length - at, any_case))
		return false;
	at += strlen(header_word);
	if (block)
		return starts_key(text + at, length - at);
	while (at < length && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r'))
		at++;
	return length - at > 3 && memcmp(text + at, "\n--", 3) == 0 &&
	       starts_key(text + at + 3, length - at - 3);
}

bool sql_header_looks(const char *text, size_t length)
{
	return looks(text, length, false);
}

bool sql_header_looks_miscased(const char *text, size_t length)
{
	return looks(text, length, true) && !looks(text, length, false);
}

bool sql_header_find(
	const char *text, size_t length, size_t *ret_offset, size_t *ret_length, unsigned *ret_line)
{
	size_t at = length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
	unsigned line = 1;

	while (at < length && g_ascii_isspace(text[at]))
		line += text[at++] == '\n';
	if (length - at < 4 || text[at] != '/' || text[at + 1] != '*')
		return false;
	for (at += 2; at < length && g_ascii_isspace(text[at]); at++)
		line += text[at] == '\n';
	if (!starts_word(text + at, length - at, false))
		return false;
	at += strlen(header_word);
	const char *end = memmem(text + at, length - at, "*/", 2);
	if (end == NULL)
		return false;
	*ret_offset = at;
	*ret_length = (size_t)(end - text) - at;
	*ret_line = line;
	return true;
}
