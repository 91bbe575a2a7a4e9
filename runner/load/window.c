#include "runner/load/window.h"

#include <string.h>

enum {
	FIRST_BUFFER = 256 * 1024,
};

void window_init(Window *window, WindowSource source, void *data, size_t limit)
{
	*window = (Window){.source = source,
		.data = data,
		.limit = limit,
		.capacity = MIN(limit, (size_t)FIRST_BUFFER)};
	window->buffer = g_malloc(window->capacity);
}

void window_clear(Window *window)
{
	g_clear_pointer(&window->buffer, g_free);
}

bool window_fill(Window *window, GError **error)
{
	size_t kept = window->end - window->start;

	memmove(window->buffer, window->buffer + window->start, kept);
	window->start = 0;
	window->end = kept;
	if (kept > window->capacity / 2 && window->capacity < window->limit) {
		window->capacity = MIN(window->capacity * 2, window->limit);
		window->buffer = g_realloc(window->buffer, window->capacity);
	}
	while (window->end < window->capacity && !window->ended) {
		ssize_t count = window->source(window->data, window->buffer + window->end,
			window->capacity - window->end, error);

		if (count < 0)
			return false;
		window->ended = count == 0;
		window->end += (size_t)count;
	}
	return true;
}
