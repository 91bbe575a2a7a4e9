#include "sql/arena.h"

#include <glib.h>
#include <stdalign.h>
#include <string.h>

enum {
	BLOCK_SIZE = 4096 - 64,
};

struct SqlArenaBlock {
	SqlArenaBlock *next;
	alignas(max_align_t) char bytes[];
};

static size_t round_up(size_t size)
{
	return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

void *sql_arena_alloc(SqlArena *arena, size_t size)
{
	size = round_up(size);
	if ((size_t)(arena->end - arena->next) < size || arena->next == NULL) {
		size_t capacity = MAX(size, (size_t)BLOCK_SIZE);
		SqlArenaBlock *block = g_malloc(sizeof(SqlArenaBlock) + capacity);

		block->next = arena->blocks;
		arena->blocks = block;
		arena->next = block->bytes;
		arena->end = block->bytes + capacity;
	}
	void *memory = arena->next;
	arena->next += size;
	return memory;
}

char *sql_arena_copy(SqlArena *arena, const char *text, size_t length)
{
	char *copy = sql_arena_alloc(arena, length + 1);

	if (length > 0)
		memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

void *sql_arena_array(SqlArena *arena, const void *elements, size_t count, size_t size)
{
	if (count == 0)
		return NULL;
	void *copy = sql_arena_alloc(arena, count * size);
	memcpy(copy, elements, count * size);
	return copy;
}

void sql_arena_clear(SqlArena *arena)
{
	while (arena->blocks != NULL) {
		SqlArenaBlock *block = arena->blocks;

		arena->blocks = block->next;
		g_free(block);
	}
	arena->next = NULL;
	arena->end = NULL;
}
