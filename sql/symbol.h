// Names of one scan, interned without regard to ASCII case. Private to this folder.
#pragma once

#include "sql/arena.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
	const char *text; // in lower case, in the arena
	uint32_t length;
	uint32_t hash;
	int32_t next; // in the same slot, -1: none
	int32_t with_table; // the WITH table that the name means now, -1: none
	int32_t item; // the item of a FROM clause that it means now
	int32_t pending; // the last pending reference that begins with it
	int32_t reference; // the table of this dotted name
	int32_t read_in, written_in; // the last statement that reads, writes it; 0: none
	bool read, written; // by any statement
	bool temporary;
	bool will_be_temporary; // some statement of the script makes it so
} Symbol;

typedef struct {
	SqlArena *arena;
	GArray *symbols; // of Symbol
	int32_t *slots;
	uint32_t slot_mask;
} SymbolTable;

// The arena, where names are kept, is set before the first symbol is interned.
void symbol_table_init(SymbolTable *table);
void symbol_table_empty(SymbolTable *table);
void symbol_table_clear(SymbolTable *table);

// The symbol of a name, made when it is new.
int32_t symbol_intern(SymbolTable *table, const char *text, size_t length);

// Valid until the next intern.
static inline Symbol *symbol_get(const SymbolTable *table, int32_t symbol)
{
	return &g_array_index(table->symbols, Symbol, symbol);
}
