// JSON values as YAML that people like to read: block style, text of several lines as it is, short lists in brackets.
#include "repo-layout/yaml_document.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define INDENT	    2
#define WIDEST_LINE 80 // of a list in brackets

static const char *const special_words[] = {
	"null", "true", "false", "yes", "no", "on", "off", "y", "n", "~", NULL};

static bool is_special_word(const char *text)
{
	for (const char *const *word = special_words; *word != NULL; word++) {
		if (g_ascii_strcasecmp(text, *word) == 0)
			return true;
	}
	return false;
}

// Anything that some reader of YAML might take for a number, a date or a time.
static bool looks_like_number(const char *text)
{
	const char *digits = text + strspn(text, "+-.");

	if (g_ascii_strcasecmp(digits, "inf") == 0 || g_ascii_strcasecmp(digits, "nan") == 0)
		return true;
	return g_ascii_isdigit(*digits) &&
	       strspn(digits, "0123456789abcdefABCDEFxXoO_.:+-TZ ") == strlen(digits);
}

static bool is_printable(const char *text, bool lines)
{
	for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
		gunichar character = g_utf8_get_char(at);

		if (lines && (character == '\n' || character == '\t'))
			continue;
		if (g_unichar_iscntrl(character) || character == 0x2028 || character == 0x2029 ||
			character == 0xFEFF || (character & 0xFFFE) == 0xFFFE)
			return false;
	}
	return true;
}

// Whether text can stand without quotes, inside brackets too.
static bool is_plain(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || is_special_word(text) || looks_like_number(text))
		return false;
	if (!g_ascii_isalnum(text[0]) && strchr("_/.($<", text[0]) == NULL &&
		(unsigned char)text[0] < 0x80)
		return false;
	if (text[length - 1] == ' ' || text[length - 1] == ':' || strpbrk(text, ",[]{}") != NULL)
		return false;
	return strstr(text, ": ") == NULL && strstr(text, " #") == NULL &&
	       is_printable(text, false);
}

static void append_double_quoted(GString *yaml, const char *text)
{
	g_string_append_c(yaml, '"');
	for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
		gunichar character = g_utf8_get_char(at);
		char one[8] = {0};

		g_unichar_to_utf8(character, one);
		if (character == '\n')
			g_string_append(yaml, "\\n");
		else if (character == '\t')
			g_string_append(yaml, "\\t");
		else if (character == '"' || character == '\\')
			g_string_append_printf(yaml, "\\%c", (char)character);
		else if (is_printable(one, false))
			g_string_append_unichar(yaml, character);
		else
			g_string_append_printf(yaml, "\\U%08X", character);
	}
	g_string_append_c(yaml, '"');
}

static void append_single_quoted(GString *yaml, const char *text)
{
	g_string_append_c(yaml, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			g_string_append_c(yaml, '\'');
		g_string_append_c(yaml, *text);
	}
	g_string_append_c(yaml, '\'');
}

// Text on one line, with the quotes that read best.
static void append_text(GString *yaml, const char *text)
{
	if (is_plain(text))
		g_string_append(yaml, text);
	else if (strpbrk(text, "\"\\") != NULL && is_printable(text, false))
		append_single_quoted(yaml, text);
	else
		append_double_quoted(yaml, text);
}

// Whether text can stand as lines under a '|'.
static bool is_block(const char *text)
{
	return strchr(text, '\n') != NULL && text[strspn(text, " \t\n")] != '\0' &&
	       is_printable(text, true);
}

// What follows the '|': the indentation when the text's first line hides it, and what its end is like.
static void append_block_header(GString *yaml, const char *text)
{
	size_t length = strlen(text);

	g_string_append_c(yaml, '|');
	if (strchr(" \t\n", text[0]) != NULL)
		g_string_append_printf(yaml, "%d", INDENT);
	if (text[length - 1] != '\n')
		g_string_append_c(yaml, '-');
	else if (text[length - 2] == '\n')
		g_string_append_c(yaml, '+');
}

static void append_indent(GString *yaml, int indent)
{
	g_string_append_printf(yaml, "%*s", indent, "");
}

static void append_block(GString *yaml, const char *text, int indent)
{
	append_block_header(yaml, text);
	for (const char *line = text; *line != '\0';) {
		size_t length = strcspn(line, "\n");

		g_string_append_c(yaml, '\n');
		if (length > 0)
			append_indent(yaml, indent);
		g_string_append_len(yaml, line, (gssize)length);
		line += length;
		if (*line == '\n')
			line++;
	}
}

static void append_scalar(GString *yaml, const json_t *value, int indent)
{
	char *text;

	if (json_is_string(value) && is_block(json_string_value(value))) {
		append_block(yaml, json_string_value(value), indent);
	} else if (json_is_string(value)) {
		append_text(yaml, json_string_value(value));
	} else {
		text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		g_string_append(yaml, text);
		free(text);
	}
}

static bool is_empty_collection(const json_t *value)
{
	return (json_is_object(value) && json_object_size(value) == 0) ||
	       (json_is_array(value) && json_array_size(value) == 0);
}

// A list of short scalars as "[a, b]"; NULL when it does not fit.
static char *brackets(const json_t *list)
{
	g_autoptr(GString) yaml = g_string_new("[");
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (json_is_object(item) || json_is_array(item) ||
			(json_is_string(item) && is_block(json_string_value(item))))
			return NULL;
		g_string_append(yaml, i > 0 ? ", " : "");
		append_scalar(yaml, item, 0);
		if (yaml->len > WIDEST_LINE)
			return NULL;
	}
	g_string_append_c(yaml, ']');
	return g_strdup(yaml->str);
}

static void append_value(GString *yaml, const json_t *value, int indent);

// The members of an object, the first one where the line already stands.
static void append_object(GString *yaml, const json_t *object, int indent)
{
	const char *key;
	const json_t *value;
	bool first = true;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		if (!first) {
			g_string_append_c(yaml, '\n');
			append_indent(yaml, indent);
		}
		first = false;
		append_text(yaml, key);
		g_string_append_c(yaml, ':');
		append_value(yaml, value, indent + INDENT);
	}
}

static void append_items(GString *yaml, const json_t *list, int indent)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (i > 0) {
			g_string_append_c(yaml, '\n');
			append_indent(yaml, indent);
		}
		g_string_append_c(yaml, '-');
		if (json_is_object(item) && !is_empty_collection(item)) {
			g_string_append_c(yaml, ' ');
			append_object(yaml, item, indent + INDENT);
		} else {
			append_value(yaml, item, indent + INDENT);
		}
	}
}

// A value behind "key:" or "-": on the same line, or in lines of its own that begin at indent.
static void append_value(GString *yaml, const json_t *value, int indent)
{
	g_autofree char *short_list = json_is_array(value) ? brackets(value) : NULL;

	if (short_list != NULL) {
		g_string_append_printf(yaml, " %s", short_list);
	} else if (is_empty_collection(value)) {
		g_string_append(yaml, json_is_object(value) ? " {}" : " []");
	} else if (json_is_object(value) || json_is_array(value)) {
		g_string_append_c(yaml, '\n');
		append_indent(yaml, indent);
		if (json_is_object(value))
			append_object(yaml, value, indent);
		else
			append_items(yaml, value, indent);
	} else {
		g_string_append_c(yaml, ' ');
		append_scalar(yaml, value, indent);
	}
}

char *yaml_write(const json_t *value)
{
	GString *yaml = g_string_new(NULL);

	if (json_is_object(value) && !is_empty_collection(value))
		append_object(yaml, value, 0);
	else if (json_is_array(value) && !is_empty_collection(value))
		append_items(yaml, value, 0);
	else if (json_is_object(value) || json_is_array(value))
		g_string_append(yaml, json_is_object(value) ? "{}" : "[]");
	else
		append_scalar(yaml, value, INDENT);
	g_string_append_c(yaml, '\n');
	return g_string_free(yaml, FALSE);
}
