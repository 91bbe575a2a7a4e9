// Memory that is freed all at once. Not thread-safe. Private to this folder.
#pragma once

#include <stddef.h>

typedef struct SqlArenaBlock SqlArenaBlock;

typedef struct {
	SqlArenaBlock *blocks;
	char *next;
	char *end;
} SqlArena;

// Gives size bytes, aligned for any type, not zeroed. Aborts when memory runs out, as g_malloc().
void *sql_arena_alloc(SqlArena *arena, size_t size);

// Copies length bytes and ends them with NUL.
char *sql_arena_copy(SqlArena *arena, const char *text, size_t length);

// Copies count elements; NULL for none.
void *sql_arena_array(SqlArena *arena, const void *elements, size_t count, size_t size);

// Frees everything. A zeroed arena is fine.
void sql_arena_clear(SqlArena *arena);
