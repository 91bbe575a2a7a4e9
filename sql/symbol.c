#include "sql/symbol.h"

#include <string.h>

enum {
	FIRST_SLOTS = 64,
};

static void make_slots(SymbolTable *table, uint32_t count)
{
	table->slot_mask = count - 1;
	table->slots = g_renew(int32_t, table->slots, count);
	memset(table->slots, 0xFF, count * sizeof(int32_t));
}

void symbol_table_init(SymbolTable *table)
{
	table->arena = NULL;
	table->symbols = g_array_sized_new(FALSE, FALSE, sizeof(Symbol), FIRST_SLOTS / 4);
	table->slots = NULL;
	make_slots(table, FIRST_SLOTS);
}

void symbol_table_empty(SymbolTable *table)
{
	table->arena = NULL;
	g_array_set_size(table->symbols, 0);
	make_slots(table, FIRST_SLOTS);
}

void symbol_table_clear(SymbolTable *table)
{
	g_clear_pointer(&table->symbols, g_array_unref);
	g_clear_pointer(&table->slots, g_free);
}

static void grow(SymbolTable *table)
{
	make_slots(table, (table->slot_mask + 1) * 4);
	for (guint i = 0; i < table->symbols->len; i++) {
		Symbol *symbol = symbol_get(table, (int32_t)i);

		symbol->next = table->slots[symbol->hash & table->slot_mask];
		table->slots[symbol->hash & table->slot_mask] = (int32_t)i;
	}
}

static uint32_t hash_name(const char *text, size_t length)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)g_ascii_tolower(text[i])) * 16777619u;
	return hash ^ (hash >> 15);
}

int32_t symbol_intern(SymbolTable *table, const char *text, size_t length)
{
	uint32_t hash = hash_name(text, length);

	for (int32_t i = table->slots[hash & table->slot_mask]; i >= 0;
		i = symbol_get(table, i)->next) {
		const Symbol *symbol = symbol_get(table, i);

		if (symbol->hash == hash && symbol->length == length &&
			g_ascii_strncasecmp(symbol->text, text, length) == 0)
			return i;
	}
	if (table->symbols->len > table->slot_mask)
		grow(table);
	Symbol symbol = {.text = sql_arena_copy(table->arena, text, length),
		.length = (uint32_t)length,
		.hash = hash,
		.next = table->slots[hash & table->slot_mask],
		.with_table = -1,
		.item = -1,
		.pending = -1,
		.reference = -1};
	table->slots[hash & table->slot_mask] = (int32_t)table->symbols->len;
	g_array_append_val(table->symbols, symbol);
	return (int32_t)table->symbols->len - 1;
}
