// Memory that is given back all at once.
#pragma once

#include <glib.h>
#include <stddef.h>

typedef struct ArenaChunk ArenaChunk;

// Zero-initialise it. Not thread-safe.
typedef struct Arena {
	ArenaChunk *chunks;
	char *next;
	size_t left;
	size_t chunk_size; // 0: 4,000 bytes
} Arena;

// size bytes, aligned for any object, not cleared; never NULL.
void *arena_take(Arena *arena, size_t size);
// A copy ended by NUL.
char *arena_copy(Arena *arena, const char *text, size_t length);
// Gives everything back; the arena can be used again.
void arena_clear(Arena *arena);
