#include "runner/load/csv.h"

#include "runner/load/window.h"
#include "runner/task_type.h"

#include <string.h>

enum {
	MAX_RECORD = 16 * 1024 * 1024,
	MAX_FIELDS = 10000,
	RAW_KEPT = 4096, // of a record that is too long
};

// What a byte means in an unquoted field.
enum {
	BYTE_PLAIN,
	BYTE_DELIMITER,
	BYTE_NEWLINE,
	BYTE_NUL,
};

// What became of an attempt to read one record out of the buffer.
typedef enum {
	PARSE_DONE,
	PARSE_MORE, // the record goes on behind the end of the buffer
} Parse;

struct CsvReader {
	char delimiter;
	char quote; // 0: none
	size_t max_record;
	unsigned max_fields;
	unsigned char classes[256];

	Window window;
	bool begun;
	uint64_t line; // of start

	CsvRecord record;
	GArray *fields;
	GString *unescaped; // texts of fields with doubled quotes
	GString *raw; // the kept beginning of a record that is too long
};

CsvReader *csv_reader_new(const CsvOptions *options, CsvSource source, void *data)
{
	static const CsvOptions DEFAULTS = {0};
	CsvReader *reader = g_new0(CsvReader, 1);

	if (options == NULL)
		options = &DEFAULTS;
	reader->delimiter = ',';
	if (options->delimiter != 0)
		reader->delimiter = options->delimiter;
	reader->quote = '"';
	if (options->quote != 0)
		reader->quote = options->quote;
	if (options->no_quote)
		reader->quote = 0;
	reader->max_record = options->max_record != 0 ? options->max_record : MAX_RECORD;
	reader->max_fields = options->max_fields != 0 ? options->max_fields : MAX_FIELDS;
	reader->classes[0] = BYTE_NUL;
	reader->classes['\n'] = BYTE_NEWLINE;
	reader->classes[(unsigned char)reader->delimiter] = BYTE_DELIMITER;
	window_init(&reader->window, source, data, reader->max_record + 1);
	reader->line = 1;
	reader->fields = g_array_new(FALSE, FALSE, sizeof(CsvField));
	reader->unescaped = g_string_new(NULL);
	reader->raw = g_string_new(NULL);
	return reader;
}

void csv_reader_free(CsvReader *reader)
{
	if (reader == NULL)
		return;
	window_clear(&reader->window);
	g_array_free(reader->fields, TRUE);
	g_string_free(reader->unescaped, TRUE);
	g_string_free(reader->raw, TRUE);
	g_free(reader);
}

// The first fault of a record stays.
static void fault(CsvReader *reader, const char *text, unsigned column)
{
	if (reader->record.fault != NULL)
		return;
	reader->record.fault = text;
	reader->record.fault_column = column;
}

static void add_field(CsvReader *reader, const char *text, size_t length, bool quoted)
{
	CsvField field = {text, length, quoted};

	if (reader->fields->len >= reader->max_fields) {
		fault(reader, "too many fields", 0);
		return;
	}
	g_array_append_val(reader->fields, field);
}

// Without the doubled quotes. The texts move when the buffer of unescaped ones grows, so only their offset is kept until
// the record is whole: text is NULL-based.
static void add_unescaped(CsvReader *reader, const char *text, size_t length)
{
	size_t offset = reader->unescaped->len;

	for (size_t i = 0; i < length; i++) {
		g_string_append_c(reader->unescaped, text[i]);
		if (text[i] == reader->quote)
			i++;
	}
	add_field(reader, NULL, reader->unescaped->len - offset, true);
}

// Unescaped texts lie one behind the other, in the order of their fields.
static void place_unescaped(CsvReader *reader)
{
	size_t offset = 0;

	for (unsigned i = 0; i < reader->fields->len && reader->unescaped->len > 0; i++) {
		CsvField *field = &g_array_index(reader->fields, CsvField, i);

		if (field->text != NULL)
			continue;
		field->text = reader->unescaped->str + offset;
		offset += field->length;
	}
}

// Where an unquoted field ends: at a delimiter, a newline, or the end of the buffer.
static const char *plain_end(CsvReader *reader, const char *p, const char *limit)
{
	const unsigned char *classes = reader->classes;

	for (; p < limit; p++) {
		unsigned char class = classes[(unsigned char)*p];

		if (class == BYTE_PLAIN)
			continue;
		if (class != BYTE_NUL)
			break;
		fault(reader, "a NUL byte", reader->fields->len + 1);
	}
	return p;
}

// The closing quote of the field whose text begins at p; NULL when it is not in the buffer (or may be a doubled one).
static const char *quoted_end(
	CsvReader *reader, const char *p, const char *limit, bool *ret_doubled)
{
	const char *begin = p;

	*ret_doubled = false;
	for (;;) {
		p = memchr(p, reader->quote, (size_t)(limit - p));
		if (p == NULL)
			return NULL;
		if (p + 1 == limit)
			break;
		if (p[1] != reader->quote)
			break;
		*ret_doubled = true;
		p += 2;
	}
	if (p + 1 == limit && !reader->window.ended)
		return NULL;
	if (memchr(begin, '\0', (size_t)(p - begin)) != NULL)
		fault(reader, "a NUL byte", reader->fields->len + 1);
	return p;
}

// One quoted field; *p is behind its opening quote and moves to what ends it.
static Parse parse_quoted(CsvReader *reader, const char **p, const char *limit)
{
	bool doubled;
	const char *begin = *p;
	const char *end = quoted_end(reader, begin, limit, &doubled);
	const char *after;

	if (end == NULL) {
		if (!reader->window.ended)
			return PARSE_MORE;
		fault(reader, "a quoted field is not closed before the end of the file",
			reader->fields->len + 1);
		*p = limit;
		return PARSE_DONE;
	}
	if (doubled)
		add_unescaped(reader, begin, (size_t)(end - begin));
	else
		add_field(reader, begin, (size_t)(end - begin), true);
	after = end + 1;
	if (after + 1 == limit && *after == '\r' && !reader->window.ended)
		return PARSE_MORE;
	if (after < limit && *after == '\r' && (after + 1 == limit || after[1] == '\n'))
		after++;
	*p = plain_end(reader, after, limit);
	if (*p > after)
		fault(reader, "text after the closing quote", reader->fields->len);
	return PARSE_DONE;
}

static void parse_plain(CsvReader *reader, const char **p, const char *limit)
{
	const char *begin = *p;
	const char *end = plain_end(reader, begin, limit);
	size_t length = (size_t)(end - begin);

	*p = end;
	if (length > 0 && end[-1] == '\r' && (end == limit || *end == '\n'))
		length--;
	add_field(reader, begin, length, false);
}

static void record_begin(CsvReader *reader)
{
	reader->record = (CsvRecord){.line = reader->line};
	g_array_set_size(reader->fields, 0);
	g_string_truncate(reader->unescaped, 0);
}

// Everything between start and p is the record; p is at its newline or the end.
static void record_end(CsvReader *reader, const char *p, const char *limit)
{
	const char *begin = reader->window.buffer + reader->window.start;
	size_t length = (size_t)(p - begin);

	place_unescaped(reader);
	reader->record.fields = (CsvField *)(void *)reader->fields->data;
	reader->record.count = reader->fields->len;
	reader->record.raw = begin;
	reader->record.raw_length = length > 0 && p[-1] == '\r' ? length - 1 : length;
	for (const char *q = begin; (q = memchr(q, '\n', (size_t)(p - q))) != NULL; q++)
		reader->line++;
	if (p < limit)
		reader->line++;
	reader->window.start += length + (p < limit ? 1 : 0);
}

// Reads one record out of the buffer.
static Parse parse_record(CsvReader *reader)
{
	const char *limit = reader->window.buffer + reader->window.end;
	const char *p = reader->window.buffer + reader->window.start;

	record_begin(reader);
	for (;;) {
		if (p < limit && reader->quote != 0 && *p == reader->quote) {
			p++;
			if (parse_quoted(reader, &p, limit) == PARSE_MORE)
				return PARSE_MORE;
		} else {
			parse_plain(reader, &p, limit);
		}
		if (p == limit && !reader->window.ended)
			return PARSE_MORE;
		if (p == limit || *p == '\n')
			break;
		p++;
	}
	record_end(reader, p, limit);
	return PARSE_DONE;
}

// The record is longer than allowed: skips it, with the same idea of quotes as the parser has.
static bool skip_record(CsvReader *reader, GError **error)
{
	bool quoted = false;
	bool field_begins = true;
	size_t position = reader->window.start;

	record_begin(reader);
	g_string_truncate(reader->raw, 0);
	g_string_append_len(reader->raw, reader->window.buffer + reader->window.start,
		(gssize)MIN(reader->window.end - reader->window.start, RAW_KEPT));
	for (;; position++) {
		char c;

		if (position == reader->window.end) {
			reader->window.start = reader->window.end;
			if (!window_fill(&reader->window, error))
				return false;
			position = reader->window.start;
			if (reader->window.start == reader->window.end)
				break;
		}
		c = reader->window.buffer[position];
		if (c == '\n') {
			reader->line++;
			if (!quoted)
				break;
		}
		if (reader->quote != 0 && c == reader->quote && (quoted || field_begins))
			quoted = !quoted;
		field_begins = c == reader->delimiter || (c == reader->quote && !quoted);
	}
	reader->window.start = MIN(position + 1, reader->window.end);
	reader->record.raw = reader->raw->str;
	reader->record.raw_length = reader->raw->len;
	fault(reader, "the record is longer than allowed", 0);
	return true;
}

static bool is_blank(const CsvRecord *record)
{
	return record->fault == NULL && record->count == 1 && record->fields[0].length == 0 &&
	       !record->fields[0].quoted;
}

// Says which field is not UTF-8.
static void check_utf8(CsvReader *reader)
{
	const CsvRecord *record = &reader->record;

	if (record->fault != NULL || g_utf8_validate(record->raw, (gssize)record->raw_length, NULL))
		return;
	for (unsigned i = 0; i < record->count; i++)
		if (!g_utf8_validate(
			    record->fields[i].text, (gssize)record->fields[i].length, NULL))
			fault(reader, "not UTF-8", i + 1);
	fault(reader, "not UTF-8", 0);
}

// UTF-16 begins with a mark of its own, or with a NUL beside its first character.
static bool is_utf16(const Window *window)
{
	const unsigned char *p = (const unsigned char *)window->buffer + window->start;

	return window->end - window->start >= 2 &&
	       ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff) ||
		       (p[0] == 0) != (p[1] == 0));
}

static bool skip_byte_order_mark(CsvReader *reader, GError **error)
{
	while (!reader->begun) {
		if (reader->window.end < 3 && !reader->window.ended) {
			if (!window_fill(&reader->window, error))
				return false;
			continue;
		}
		if (reader->window.end >= 3 &&
			memcmp(reader->window.buffer, "\xef\xbb\xbf", 3) == 0)
			reader->window.start = 3;
		reader->begun = true;
		if (is_utf16(&reader->window)) {
			g_set_error_literal(error, TASK_ERROR, TASK_ERROR_FAILED,
				"line 1: the file is UTF-16, and only UTF-8 is read; convert it: "
				"iconv -f UTF-16 -t UTF-8");
			return false;
		}
	}
	return true;
}

CsvStatus csv_reader_next(CsvReader *reader, const CsvRecord **ret_record, GError **error)
{
	*ret_record = &reader->record;
	if (!skip_byte_order_mark(reader, error))
		return CSV_FAILED;
	for (;;) {
		if (reader->window.start == reader->window.end && reader->window.ended)
			return CSV_END;
		if (reader->window.start < reader->window.end &&
			parse_record(reader) == PARSE_DONE) {
			if (is_blank(&reader->record))
				continue;
			check_utf8(reader);
			return CSV_RECORD;
		}
		if (reader->window.end - reader->window.start > reader->max_record)
			return skip_record(reader, error) ? CSV_RECORD : CSV_FAILED;
		if (!window_fill(&reader->window, error))
			return CSV_FAILED;
	}
}
