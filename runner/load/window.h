// A window that moves over a stream: what a reader has not given out yet lies together in memory, however it was read.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

// Reads at most length bytes: their number, 0 at the end, -1 with error.
typedef ssize_t (*WindowSource)(void *data, char *bytes, size_t length, GError **error);

// For one thread at a time.
typedef struct {
	WindowSource source;
	void *data;
	char *buffer;
	size_t capacity;
	size_t limit; // bytes that the window grows up to
	size_t start; // of what has not been given out
	size_t end; // of what was read
	bool ended; // the source has no more
} Window;

void window_init(Window *window, WindowSource source, void *data, size_t limit);
void window_clear(Window *window);

// Reads more behind what is there: makes room by moving that to the front, then, when it fills half of the window and the
// limit allows, by growing.
bool window_fill(Window *window, GError **error);
