#include "runner/load/lines.h"

#include <string.h>

enum {
	FIRST_BUFFER = 256 * 1024,
	MAX_LENGTH = 16 * 1024 * 1024,
};

struct LineReader {
	LineSource source;
	void *data;
	size_t max_length;
	char *buffer;
	size_t capacity;
	size_t start; // of what has not been given out
	size_t end; // of what was read
	bool ended;
	uint64_t number; // of the line at start
	Line line;
};

LineReader *line_reader_new(size_t max_length, LineSource source, void *data)
{
	LineReader *reader = g_new0(LineReader, 1);

	reader->source = source;
	reader->data = data;
	reader->max_length = max_length != 0 ? max_length : MAX_LENGTH;
	reader->capacity = MIN(reader->max_length, FIRST_BUFFER) + 2;
	reader->buffer = g_malloc(reader->capacity);
	reader->number = 1;
	return reader;
}

void line_reader_free(LineReader *reader)
{
	if (reader == NULL)
		return;
	g_free(reader->buffer);
	g_free(reader);
}

static bool fill(LineReader *reader, GError **error)
{
	size_t kept = reader->end - reader->start;

	memmove(reader->buffer, reader->buffer + reader->start, kept);
	reader->start = 0;
	reader->end = kept;
	if (kept > reader->capacity / 2 && reader->capacity <= reader->max_length) {
		reader->capacity = MIN(reader->capacity * 2, reader->max_length + 2);
		reader->buffer = g_realloc(reader->buffer, reader->capacity);
	}
	while (reader->end < reader->capacity && !reader->ended) {
		ssize_t count = reader->source(reader->data, reader->buffer + reader->end,
			reader->capacity - reader->end, error);

		if (count < 0)
			return false;
		reader->ended = count == 0;
		reader->end += (size_t)count;
	}
	return true;
}

// Drops the rest of a line that is too long: up to its end, which the buffer does not hold.
static bool skip_rest(LineReader *reader, GError **error)
{
	const char *newline;

	do {
		reader->start = reader->end;
		if (!fill(reader, error))
			return false;
		newline = memchr(reader->buffer, '\n', reader->end);
	} while (newline == NULL && reader->end > 0);
	reader->start = newline == NULL ? reader->end : (size_t)(newline - reader->buffer) + 1;
	return true;
}

static void line_set(LineReader *reader, size_t length)
{
	const char *text = reader->buffer + reader->start;

	reader->line.number = reader->number++;
	reader->line.text = text;
	reader->line.length = length > 0 && text[length - 1] == '\r' ? length - 1 : length;
	reader->line.too_long = reader->line.length > reader->max_length;
	if (reader->line.number == 1 && length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		reader->line.text += 3;
		reader->line.length -= 3;
	}
}

static bool is_blank(const Line *line)
{
	for (size_t i = 0; i < line->length; i++)
		if (line->text[i] != ' ' && line->text[i] != '\t')
			return false;
	return true;
}

// Takes the line that begins at start, if the buffer holds its end.
static bool take_line(LineReader *reader)
{
	char *begin = reader->buffer + reader->start;
	size_t available = reader->end - reader->start;
	char *newline = memchr(begin, '\n', available);

	if (newline == NULL && (!reader->ended || available == 0))
		return false;
	line_set(reader, newline == NULL ? available : (size_t)(newline - begin));
	reader->start =
		newline == NULL ? reader->end : reader->start + (size_t)(newline - begin) + 1;
	return true;
}

// A line that is too long is given out as its kept beginning, which has to survive the reading of its rest.
static LineStatus take_too_long(LineReader *reader, GError **error)
{
	static const size_t KEPT = 4096;
	g_autofree char *kept = g_memdup2(reader->buffer + reader->start, KEPT);

	if (!skip_rest(reader, error))
		return LINE_FAILED;
	// The front of the buffer may be needed for the next line, so grow it by what is kept.
	reader->buffer = g_realloc(reader->buffer, reader->capacity + KEPT);
	memcpy(reader->buffer + reader->capacity, kept, KEPT);
	reader->line = (Line){.number = reader->number++,
		.text = reader->buffer + reader->capacity,
		.length = KEPT,
		.too_long = true};
	return LINE_READ;
}

LineStatus line_reader_next(LineReader *reader, const Line **ret_line, GError **error)
{
	*ret_line = &reader->line;
	for (;;) {
		if (take_line(reader)) {
			if (is_blank(&reader->line))
				continue;
			return LINE_READ;
		}
		if (reader->ended && reader->start == reader->end)
			return LINE_END;
		if (reader->end - reader->start > reader->max_length + 1)
			return take_too_long(reader, error);
		if (!fill(reader, error))
			return LINE_FAILED;
	}
}
