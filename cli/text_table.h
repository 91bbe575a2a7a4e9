// A table in columns for the terminal: the first row is the headings, columns are as wide as their
// widest cell.
#pragma once

#include "cli/output.h"

typedef struct TextTable TextTable;

// A table with these headings (ended by NULL). A heading that begins with '>' has its column
// right-aligned. Free with text_table_free().
TextTable *text_table_new(const char *const *headings);
void text_table_free(TextTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TextTable, text_table_free)

// Appends one cell; after the last column the next row begins. text is copied, made printable; NULL
// shows as "-".
void text_table_cell(TextTable *table, const char *text);
// The same with a style of its own; text_table_cell() takes the style of the word.
void text_table_cell_styled(TextTable *table, const char *text, Style style);
// The same for a number, with the digits grouped as people read them.
void text_table_number(TextTable *table, int64_t number);

// The number of whole rows.
size_t text_table_rows(const TextTable *table);

// Prints it. An empty table prints nothing.
void text_table_print(const TextTable *table, FILE *stream);
