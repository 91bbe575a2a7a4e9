// The header of a script: YAML in its leading comment, or in the sidecar beside it.
#include "repo-layout/script_private.h"

#include <string.h>

static size_t skip_blanks(const char *text, size_t length, size_t at)
{
	while (at < length && g_ascii_isspace(text[at]))
		at++;
	return at;
}

// The end of a line, behind its line feed.
static size_t line_end(const char *text, size_t length, size_t at)
{
	const char *feed = memchr(text + at, '\n', length - at);

	return feed == NULL ? length : (size_t)(feed - text) + 1;
}

// Whether a line is "-- weir" and nothing else.
static bool is_line_header(const char *text, size_t length, size_t at)
{
	size_t end = line_end(text, length, at);
	g_autofree char *line = g_strndup(text + at, end - at);

	if (strncmp(line, "--", 2) != 0)
		return false;
	return strcmp(g_strstrip(line + 2), "weir") == 0;
}

// A header in line comments, from the line after "-- weir" to the last that begins with "--". The two dashes of each line
// become blanks in a copy, so that all places stay what they are.
static bool take_line_header(
	ScriptReading *reading, size_t at, size_t *ret_offset, size_t *ret_length)
{
	const char *text = reading->text;
	size_t length = reading->length;
	size_t start;

	if (at + 2 > length || text[at] != '-' || text[at + 1] != '-' ||
		!is_line_header(text, length, at))
		return false;
	start = line_end(text, length, at);
	reading->header_copy = g_strndup(text, length);
	for (at = start; at + 1 < length && text[at] == '-' && text[at + 1] == '-';
		at = line_end(text, length, at))
		memset(reading->header_copy + at, ' ', 2);
	*ret_offset = start;
	*ret_length = at - start;
	reading->sql_offset = at;
	return true;
}

static bool take_block_header(
	ScriptReading *reading, size_t at, size_t *ret_offset, size_t *ret_length)
{
	unsigned line;
	const char *end;

	if (!sql_header_find(
		    reading->text + at, reading->length - at, ret_offset, ret_length, &line))
		return false;
	*ret_offset += at;
	end = reading->text + *ret_offset + *ret_length;
	// Behind the comment's end.
	end = strstr(end, "*/");
	reading->sql_offset = end == NULL ? reading->length : (size_t)(end - reading->text) + 2;
	return true;
}

// Behind the comment that begins at an offset; the offset itself when none begins there.
static size_t skip_comment(const char *text, size_t length, size_t at)
{
	if (at + 2 > length)
		return at;
	if (text[at] == '#' || (text[at] == '-' && text[at + 1] == '-'))
		return line_end(text, length, at);
	if (text[at] == '/' && text[at + 1] == '*') {
		const char *end = memmem(text + at + 2, length - at - 2, "*/", 2);

		return end == NULL ? length : (size_t)(end - text) + 2;
	}
	return at;
}

// The header is the first of the comments before the first statement that is one: a licence or a remark may stand above.
static bool take_header(ScriptReading *reading, size_t *ret_offset, size_t *ret_length)
{
	size_t at, next = 0;

	reading->miscased = SIZE_MAX;
	if (reading->length >= 3 && memcmp(reading->text, "\xEF\xBB\xBF", 3) == 0)
		next = 3; // a byte order mark
	do {
		at = skip_blanks(reading->text, reading->length, next);
		if (take_block_header(reading, at, ret_offset, ret_length) ||
			take_line_header(reading, at, ret_offset, ret_length))
			return true;
		if (reading->miscased == SIZE_MAX &&
			sql_header_looks_miscased(reading->text + at, reading->length - at))
			reading->miscased = at;
		next = skip_comment(reading->text, reading->length, at);
	} while (next > at);
	return false;
}

// Line and column of an offset in the script.
static void place_of(
	const ScriptReading *reading, size_t offset, unsigned *ret_line, unsigned *ret_column)
{
	*ret_line = 1;
	*ret_column = 1;
	for (size_t i = 0; i < offset; i++) {
		if (reading->text[i] == '\n') {
			(*ret_line)++;
			*ret_column = 1;
		} else if (((unsigned char)reading->text[i] & 0xc0) != 0x80) {
			(*ret_column)++;
		}
	}
}

// What a header that was parsed without a fault says; or the header of another file that is the same.
static void take_known(
	ScriptReading *reading, const char *file, const YamlNode *node, json_t *header)
{
	reading->header_node = node;
	reading->header_file = file;
	reading->header_line = strcmp(file, reading->source->path) == 0 ? node->line : 1;
	reading->header = header;
}

static void convert(ScriptReading *reading, const char *file, DiagnosticList *faults)
{
	KeyContext context = {.file = file, .diagnostics = faults};
	const YamlNode *root = yaml_document_root(reading->document);

	if (root->kind == YAML_NULL)
		return;
	take_known(reading, file, root, NULL);
	if (root->kind != YAML_MAPPING)
		diagnostic_add(faults, file, root->line, root->column, DIAGNOSTIC_ERROR,
			"wrong-type",
			"write 'feed: MODE_DELTA' and its like, each on a line of its own",
			"a script header must be a mapping, not %s", yaml_kind_name(root->kind));
	else
		reading->header = key_table_convert(&keys_script_header, root, &context);
}

static void parse(ScriptReading *reading, const char *file, const char *text, size_t length,
	unsigned line, unsigned column, const LayoutLimits *limits)
{
	HeaderMemo *memo = reading->source->headers;
	const KnownHeader *known = header_memo_find(memo, text, length, line, column);
	g_autoptr(DiagnosticList) faults = NULL;

	if (known != NULL) {
		take_known(reading, file, known->node, json_incref(known->header));
		return;
	}
	faults = diagnostic_list_new();
	reading->document =
		yaml_document_parse(file, text, length, line, column, &limits->yaml, faults);
	if (reading->document != NULL)
		convert(reading, file, faults);
	if (diagnostic_list_length(faults) > 0)
		diagnostic_list_append(script_faults(reading), faults);
	else if (reading->header != NULL && header_memo_add(memo, text, length, line, column,
						    reading->document, reading->header))
		reading->document = NULL; // the memo's now
}

static void read_sidecar(ScriptReading *reading, const LayoutLimits *limits)
{
	const UnitSource *source = reading->source;
	size_t length;
	const char *text = g_bytes_get_data(source->texts[1], &length);

	parse(reading, source->paths[1], text, length, 1, 1, limits);
}

// Whether there is nothing but ASCII, and no NUL: eight bytes at a time, since nearly all scripts are.
static bool is_plain(const char *text, size_t length)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t suspect = 0;
	size_t at = 0;

	for (; at + 8 <= length; at += 8) {
		uint64_t word;

		memcpy(&word, text + at, sizeof(word));
		// The top bit of a byte is set when it is not ASCII, or (by borrowing) when it is zero.
		suspect |= word | (word - ones);
	}
	for (; at < length; at++)
		suspect |= text[at] > 0 ? 0 : UINT64_C(0x80);
	return (suspect & (ones << 7)) == 0;
}

// SQL is text: a byte that is none would end what the engine sees of it, or be told as something else.
static void check_text(ScriptReading *reading)
{
	const char *end;
	unsigned line, column;

	if (is_plain(reading->text, reading->length) ||
		g_utf8_validate_len(reading->text, reading->length, &end))
		return;
	place_of(reading, (size_t)(end - reading->text), &line, &column);
	if (*end == '\0')
		diagnostic_add(script_faults(reading), reading->source->path, line, column,
			DIAGNOSTIC_ERROR, "nul-byte", "remove it", "the script holds a NUL byte");
	else
		diagnostic_add(script_faults(reading), reading->source->path, line, column,
			DIAGNOSTIC_ERROR, "invalid-utf8", "save the file as UTF-8",
			"the script is not valid UTF-8");
}

static void warn_miscased(ScriptReading *reading)
{
	unsigned line, column;

	place_of(reading, reading->miscased, &line, &column);
	diagnostic_add(script_faults(reading), reading->source->path, line, column,
		DIAGNOSTIC_WARNING, "miscased-header",
		"write the word 'weir' in small letters, or leave it out of the comment",
		"a comment that looks like a header is not read as one");
}

void script_read_header(ScriptReading *reading, const LayoutLimits *limits)
{
	const UnitSource *source = reading->source;
	size_t offset = 0, length = 0;
	bool found = take_header(reading, &offset, &length);

	check_text(reading);
	if (found && source->texts[1] != NULL) {
		diagnostic_add(script_faults(reading), source->path, 1, 1, DIAGNOSTIC_ERROR,
			"two-headers", "keep one of the two",
			"the script has a header, and a sidecar '%s'", source->paths[1]);
	} else if (found) {
		const char *text =
			reading->header_copy != NULL ? reading->header_copy : reading->text;
		unsigned line, column;

		place_of(reading, offset, &line, &column);
		parse(reading, source->path, text + offset, length, line, column, limits);
	} else if (source->texts[1] != NULL) {
		read_sidecar(reading, limits);
	}
	if (!found && reading->miscased != SIZE_MAX)
		warn_miscased(reading);
	reading->sql_offset = skip_blanks(reading->text, reading->length, reading->sql_offset);
	reading->sql = reading->text + reading->sql_offset;
	reading->sql_length = reading->length - reading->sql_offset;
	place_of(reading, reading->sql_offset, &reading->sql_line, &reading->sql_column);
}
