#include "runner/net/mail_text.h"

#include "runner/task_type.h"

#include <string.h>

enum {
	WORD_BYTES = 42, // of text in an encoded word: 75 characters with what is around it
	LINE_BYTES = 76, // a header line is folded before it is longer, where it can be
	NAME_BYTES = 900, // longest plain text on one line: RFC 5322 ends lines at 998
};

void mail_address_free(MailAddress *address)
{
	if (address == NULL)
		return;
	g_free(address->name);
	g_free(address->address);
	g_free(address);
}

// Text without control characters, valid, without blanks at its ends.
static char *clean(const char *text)
{
	char *valid = g_utf8_make_valid(text, -1);

	for (char *at = valid; *at != '\0'; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = ' ';
	}
	return g_strstrip(valid);
}

// ---- Encoded words (RFC 2047)

static bool is_plain(const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		if ((unsigned char)*at >= 0x7f)
			return false;
	}
	// What looks like an encoded word would be read as one.
	return strstr(text, "=?") == NULL && strlen(text) <= NAME_BYTES;
}

static void append_words(GString *line, const char *text)
{
	while (*text != '\0') {
		const char *end = text;

		while (*end != '\0' && g_utf8_next_char(end) - text <= WORD_BYTES)
			end = g_utf8_next_char(end);
		g_autofree char *coded = g_base64_encode((const guchar *)text, (gsize)(end - text));
		g_string_append_printf(
			line, "=?UTF-8?B?%s?=%s", coded, *end != '\0' ? "\r\n " : "");
		text = end;
	}
}

char *mail_text_header(const char *name, const char *text)
{
	g_autofree char *cleaned = clean(text);
	GString *line = g_string_new(name);

	g_string_append(line, ": ");
	if (is_plain(cleaned))
		g_string_append(line, cleaned);
	else
		append_words(line, cleaned);
	return g_string_free(line, FALSE);
}

// ---- Addresses

static bool is_atom(const char *text, const char *also)
{
	for (; *text != '\0'; text++) {
		if (!g_ascii_isalnum(*text) && strchr("!#$%&'*+-/=?^_`{|}~", *text) == NULL &&
			strchr(also, *text) == NULL)
			return false;
	}
	return true;
}

// user@host in ASCII; NULL when it is none.
static char *checked_address(const char *text)
{
	const char *at = strrchr(text, '@');

	if (at == NULL || at == text || at[1] == '\0')
		return NULL;
	g_autofree char *user = g_strndup(text, (gsize)(at - text));
	g_autofree char *host = g_hostname_to_ascii(at + 1);
	if (!is_atom(user, ".") || host == NULL || *host == '\0' || !is_atom(host, ".:[]") ||
		strlen(user) > 64 || strlen(host) > 255)
		return NULL;
	return g_strdup_printf("%s@%s", user, host);
}

static char *unquoted(const char *name)
{
	GString *text = g_string_new(NULL);

	for (; *name != '\0'; name++) {
		if (*name == '"')
			continue;
		if (*name == '\\' && name[1] != '\0')
			name++;
		g_string_append_c(text, *name);
	}
	return g_strstrip(g_string_free(text, FALSE));
}

static bool has_control(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	}
	return false;
}

static bool parse_one(const char *key, const char *text, GPtrArray *list, GError **error)
{
	const char *open = strrchr(text, '<');
	const char *close = open == NULL ? NULL : strchr(open, '>');
	g_autofree char *bare = open == NULL	? g_strdup(text)
				: close == NULL ? g_strdup("")
						: g_strndup(open + 1, (gsize)(close - open - 1));
	g_autofree char *name = open == NULL ? NULL : g_strndup(text, (gsize)(open - text));
	g_autofree char *address = checked_address(g_strstrip(bare));

	if (address == NULL || has_control(text) || !g_utf8_validate(text, -1, NULL) ||
		(close != NULL && close[1] != '\0')) {
		g_autofree char *shown = clean(text);

		g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY,
			"property '%s': '%s' is no address like ann@example.com or Ann "
			"<ann@example.com>",
			key, shown);
		return false;
	}
	MailAddress *one = g_new0(MailAddress, 1);
	one->address = g_steal_pointer(&address);
	one->name = name == NULL ? NULL : unquoted(name);
	g_ptr_array_add(list, one);
	return true;
}

// Where the address ends that begins at text: at a separator that is in neither quotes nor brackets.
static const char *address_end(const char *text)
{
	bool quoted = false, bracketed = false;

	for (; *text != '\0'; text++) {
		if (*text == '\\' && quoted && text[1] != '\0')
			text++;
		else if (*text == '"')
			quoted = !quoted;
		else if (!quoted && (*text == '<' || *text == '>'))
			bracketed = *text == '<';
		else if (!quoted && !bracketed && (*text == ',' || *text == ';'))
			break;
	}
	return text;
}

bool mail_addresses_parse(const char *key, const char *text, GPtrArray *list, GError **error)
{
	while (*text != '\0') {
		const char *end = address_end(text);
		g_autofree char *one = g_strstrip(g_strndup(text, (gsize)(end - text)));

		if (*one != '\0' && !parse_one(key, one, list, error))
			return false;
		text = *end != '\0' ? end + 1 : end;
	}
	return true;
}

static void append_name(GString *line, const char *name)
{
	g_autofree char *cleaned = clean(name);

	if (*cleaned == '\0')
		return;
	if (!is_plain(cleaned)) {
		append_words(line, cleaned);
	} else if (is_atom(cleaned, " ")) {
		g_string_append(line, cleaned);
	} else {
		g_string_append_c(line, '"');
		for (const char *at = cleaned; *at != '\0'; at++)
			g_string_append_printf(
				line, "%s%c", *at == '"' || *at == '\\' ? "\\" : "", *at);
		g_string_append_c(line, '"');
	}
	g_string_append_c(line, ' ');
}

char *mail_addresses_header(const char *name, const GPtrArray *list)
{
	GString *line = g_string_new(name);

	g_string_append(line, ": ");
	for (guint i = 0; i < list->len; i++) {
		const MailAddress *one = list->pdata[i];

		if (i > 0)
			g_string_append(line, ",\r\n ");
		if (one->name != NULL)
			append_name(line, one->name);
		g_string_append_printf(line, one->name != NULL ? "<%s>" : "%s", one->address);
	}
	return g_string_free(line, FALSE);
}

// ---- Files and lines

char *mail_disposition_header(const char *kind, const char *file_name)
{
	g_autofree char *base = g_path_get_basename(file_name);
	g_autofree char *cleaned = clean(base);
	g_autofree char *escaped = g_uri_escape_string(cleaned, NULL, FALSE);

	// Not both forms: readers there are take the first and miss the name.
	if (is_atom(cleaned, " ,;()[]:@"))
		return g_strdup_printf(
			"Content-Disposition: %s;\r\n filename=\"%s\"", kind, cleaned);
	return g_strdup_printf("Content-Disposition: %s;\r\n filename*=UTF-8''%s", kind, escaped);
}

char *mail_lines(const char *text)
{
	GString *lines = g_string_new(NULL);

	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '\r' && at[1] == '\n')
			continue;
		g_string_append(lines, *at == '\n' || *at == '\r' ? "\r\n" : "");
		if (*at != '\n' && *at != '\r')
			g_string_append_c(lines, *at);
	}
	return g_string_free(lines, FALSE);
}
