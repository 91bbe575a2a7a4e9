#include "repo-layout/arena.h"

#include <stdalign.h>
#include <string.h>

enum {
	CHUNK_SIZE = 4000,
};

struct ArenaChunk {
	ArenaChunk *next;
	alignas(max_align_t) char bytes[];
};

static void add_chunk(Arena *arena, size_t size)
{
	ArenaChunk *chunk = g_malloc(sizeof(*chunk) + size);

	chunk->next = arena->chunks;
	arena->chunks = chunk;
	arena->next = chunk->bytes;
	arena->left = size;
}

void *arena_take(Arena *arena, size_t size)
{
	size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	size_t usual = arena->chunk_size != 0 ? arena->chunk_size : CHUNK_SIZE;
	void *taken;

	if (arena->left < rounded)
		add_chunk(arena, rounded > usual ? rounded : usual);
	taken = arena->next;
	arena->next += rounded;
	arena->left -= rounded;
	return taken;
}

char *arena_copy(Arena *arena, const char *text, size_t length)
{
	char *copy = arena_take(arena, length + 1);

	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

void arena_clear(Arena *arena)
{
	while (arena->chunks != NULL) {
		ArenaChunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		g_free(chunk);
	}
	arena->next = NULL;
	arena->left = 0;
}
