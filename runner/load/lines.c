#include "runner/load/lines.h"

#include "runner/load/window.h"

#include <string.h>

enum {
	MAX_LENGTH = 16 * 1024 * 1024,
};

struct LineReader {
	size_t max_length;
	Window window;
	uint64_t number; // of the line at start
	Line line;
};

LineReader *line_reader_new(size_t max_length, LineSource source, void *data)
{
	LineReader *reader = g_new0(LineReader, 1);

	reader->max_length = max_length != 0 ? max_length : MAX_LENGTH;
	window_init(&reader->window, source, data, reader->max_length + 2);
	reader->number = 1;
	return reader;
}

void line_reader_free(LineReader *reader)
{
	if (reader == NULL)
		return;
	window_clear(&reader->window);
	g_free(reader);
}

// Drops the rest of a line that is too long: up to its end, which the buffer does not hold.
static bool skip_rest(LineReader *reader, GError **error)
{
	const char *newline;

	do {
		reader->window.start = reader->window.end;
		if (!window_fill(&reader->window, error))
			return false;
		newline = memchr(reader->window.buffer, '\n', reader->window.end);
	} while (newline == NULL && reader->window.end > 0);
	reader->window.start = newline == NULL ? reader->window.end
					       : (size_t)(newline - reader->window.buffer) + 1;
	return true;
}

static void line_set(LineReader *reader, size_t length)
{
	const char *text = reader->window.buffer + reader->window.start;

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
	char *begin = reader->window.buffer + reader->window.start;
	size_t available = reader->window.end - reader->window.start;
	char *newline = memchr(begin, '\n', available);

	if (newline == NULL && (!reader->window.ended || available == 0))
		return false;
	line_set(reader, newline == NULL ? available : (size_t)(newline - begin));
	reader->window.start = newline == NULL
				       ? reader->window.end
				       : reader->window.start + (size_t)(newline - begin) + 1;
	return true;
}

// A line that is too long is given out as its kept beginning, which has to survive the reading of its rest.
static LineStatus take_too_long(LineReader *reader, GError **error)
{
	static const size_t KEPT = 4096;
	g_autofree char *kept = g_memdup2(reader->window.buffer + reader->window.start, KEPT);

	if (!skip_rest(reader, error))
		return LINE_FAILED;
	// The front of the buffer may be needed for the next line, so grow it by what is kept.
	reader->window.buffer = g_realloc(reader->window.buffer, reader->window.capacity + KEPT);
	memcpy(reader->window.buffer + reader->window.capacity, kept, KEPT);
	reader->line = (Line){.number = reader->number++,
		.text = reader->window.buffer + reader->window.capacity,
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
		if (reader->window.ended && reader->window.start == reader->window.end)
			return LINE_END;
		if (reader->window.end - reader->window.start > reader->max_length + 1)
			return take_too_long(reader, error);
		if (!window_fill(&reader->window, error))
			return LINE_FAILED;
	}
}
