#include "cli/text_table.h"

#include <string.h>

typedef struct {
	char *text;
	Style style;
} Cell;

struct TextTable {
	const char *const *headings;
	size_t columns;
	GArray *cells; // of Cell, row by row
};

static void cell_clear(void *data)
{
	Cell *cell = data;

	g_free(cell->text);
}

TextTable *text_table_new(const char *const *headings)
{
	TextTable *table = g_new0(TextTable, 1);

	table->headings = headings;
	while (headings[table->columns] != NULL)
		table->columns++;
	table->cells = g_array_new(FALSE, FALSE, sizeof(Cell));
	g_array_set_clear_func(table->cells, cell_clear);
	return table;
}

void text_table_free(TextTable *table)
{
	if (table == NULL)
		return;
	g_array_free(table->cells, TRUE);
	g_free(table);
}

void text_table_cell_styled(TextTable *table, const char *text, Style style)
{
	Cell cell = {output_printable(text != NULL ? text : "-", false), style};

	g_array_append_val(table->cells, cell);
}

void text_table_cell(TextTable *table, const char *text)
{
	text_table_cell_styled(table, text, style_of_word(text));
}

void text_table_number(TextTable *table, int64_t number)
{
	g_autofree char *digits = g_strdup_printf("%" G_GINT64_FORMAT, number);
	g_autoptr(GString) grouped = g_string_new(digits);
	size_t first = number < 0 ? 1 : 0;

	for (size_t at = grouped->len; at > first + 3;) {
		at -= 3;
		g_string_insert_c(grouped, (gssize)at, ',');
	}
	text_table_cell_styled(table, grouped->str, STYLE_PLAIN);
}

size_t text_table_rows(const TextTable *table)
{
	return table->cells->len / table->columns;
}

// The columns that a text takes on a terminal: wide characters two, combining ones none.
static size_t text_width(const char *text)
{
	size_t width = 0;

	for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
		gunichar character = g_utf8_get_char(at);

		if (!g_unichar_iszerowidth(character))
			width += g_unichar_iswide(character) ? 2 : 1;
	}
	return width;
}

static bool is_right_aligned(const TextTable *table, size_t column)
{
	return table->headings[column][0] == '>';
}

static const char *heading_text(const TextTable *table, size_t column)
{
	return table->headings[column] + (is_right_aligned(table, column) ? 1 : 0);
}

static size_t column_width(const TextTable *table, size_t column)
{
	size_t width = text_width(heading_text(table, column));

	for (size_t i = column; i < table->cells->len; i += table->columns)
		width = MAX(width, text_width(g_array_index(table->cells, Cell, i).text));
	return width;
}

static void print_cell(const TextTable *table, FILE *stream, size_t column, size_t width,
	const char *text, Style style)
{
	bool last = column + 1 == table->columns;
	int padding = (int)(width - text_width(text));

	if (is_right_aligned(table, column))
		fprintf(stream, "%*s", padding, "");
	fprintf(stream, "%s%s%s", style_begin(stream, style), text, style_end(stream, style));
	if (!is_right_aligned(table, column) && !last)
		fprintf(stream, "%*s", padding, "");
	fputs(last ? "\n" : "  ", stream);
}

void text_table_print(const TextTable *table, FILE *stream)
{
	g_autofree size_t *widths = g_new(size_t, table->columns);
	size_t rows = text_table_rows(table);

	if (rows == 0)
		return;
	for (size_t column = 0; column < table->columns; column++)
		widths[column] = column_width(table, column);
	for (size_t column = 0; column < table->columns; column++)
		print_cell(table, stream, column, widths[column], heading_text(table, column),
			STYLE_BOLD);
	for (size_t i = 0; i < rows * table->columns; i++) {
		const Cell *cell = &g_array_index(table->cells, Cell, i);
		size_t column = i % table->columns;

		print_cell(table, stream, column, widths[column], cell->text, cell->style);
	}
}
