#include "sql/scratch.h"

enum {
	KEPT_TOKENS = 16 * 1024, // a longer script's memory is given back
};

// The arrays of a scanner, and the size of what they hold.
static const struct {
	size_t offset;
	guint size;
} arrays[] = {
	{G_STRUCT_OFFSET(Scanner, frames), sizeof(Frame)},
	{G_STRUCT_OFFSET(Scanner, items), sizeof(Item)},
	{G_STRUCT_OFFSET(Scanner, with_tables), sizeof(WithTable)},
	{G_STRUCT_OFFSET(Scanner, pending), sizeof(Pending)},
	{G_STRUCT_OFFSET(Scanner, references), sizeof(SqlTable)},
	{G_STRUCT_OFFSET(Scanner, reference_symbols), sizeof(int32_t)},
	{G_STRUCT_OFFSET(Scanner, targets), sizeof(int32_t)},
	{G_STRUCT_OFFSET(Scanner, parts), sizeof(NamePart)},
	{G_STRUCT_OFFSET(Scanner, statements), sizeof(SqlStatement)},
	{G_STRUCT_OFFSET(Scanner, reads), sizeof(SqlTable)},
	{G_STRUCT_OFFSET(Scanner, writes), sizeof(SqlTable)},
	{G_STRUCT_OFFSET(Scanner, all_reads), sizeof(SqlTable)},
	{G_STRUCT_OFFSET(Scanner, all_writes), sizeof(SqlTable)},
};

static GArray **array_at(Scanner *scanner, size_t index)
{
	return (GArray **)G_STRUCT_MEMBER_P(scanner, arrays[index].offset);
}

static void scratch_free(void *data)
{
	ScanScratch *scratch = data;

	if (scratch == NULL)
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
		g_array_unref(*array_at(&scratch->scanner, i));
	g_string_free(scratch->scanner.dotted, TRUE);
	symbol_table_clear(&scratch->scanner.symbols);
	g_array_unref(scratch->tokens);
	g_array_unref(scratch->parameters);
	g_array_unref(scratch->opens);
	g_free(scratch);
}

static GPrivate kept = G_PRIVATE_INIT(scratch_free);

static ScanScratch *scratch_new(void)
{
	ScanScratch *scratch = g_new0(ScanScratch, 1);

	for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
		*array_at(&scratch->scanner, i) =
			g_array_sized_new(FALSE, FALSE, arrays[i].size, 8);
	scratch->scanner.dotted = g_string_sized_new(256);
	symbol_table_init(&scratch->scanner.symbols);
	scratch->tokens = g_array_sized_new(FALSE, FALSE, sizeof(SqlToken), 256);
	scratch->parameters = g_array_new(FALSE, FALSE, sizeof(SqlParameter));
	scratch->opens = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	return scratch;
}

ScanScratch *scan_scratch_take(void)
{
	ScanScratch *scratch = g_private_get(&kept);

	if (scratch == NULL)
		return scratch_new();
	g_private_set(&kept, NULL);
	return scratch;
}

SqlLex scan_scratch_lex(
	ScanScratch *scratch, const SqlDialect *dialect, const char *text, size_t length)
{
	return (SqlLex){.dialect = dialect,
		.text = text != NULL ? text : "",
		.length = length,
		.tokens = scratch->tokens,
		.parameters = scratch->parameters,
		.opens = scratch->opens};
}

void scan_scratch_give(ScanScratch *scratch)
{
	if (scratch->tokens->len > KEPT_TOKENS || g_private_get(&kept) != NULL) {
		scratch_free(scratch);
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
		g_array_set_size(*array_at(&scratch->scanner, i), 0);
	g_array_set_size(scratch->tokens, 0);
	g_array_set_size(scratch->parameters, 0);
	g_array_set_size(scratch->opens, 0);
	symbol_table_empty(&scratch->scanner.symbols);
	g_private_set(&kept, scratch);
}
