#include "sql/scanner.h"

#include <string.h>

static void add_table(Scanner *s, const SqlTable *table, const SqlToken *token)
{
	Name name = {.part_count = (guint)table->part_count};

	name.first = name.last = (guint)(token - s->tokens);
	g_array_set_size(s->parts, 0);
	for (size_t i = 0; i < table->part_count; i++) {
		NamePart part = {table->parts[i], strlen(table->parts[i])};
		g_array_append_val(s->parts, part);
	}
	table_read(s, &name);
}

void literal_query_read(Scanner *s, const SqlToken *token)
{
	size_t length;
	const char *text;

	if (s->nested) {
		mark_opaque(s, "a query inside a literal inside a literal is not seen into");
		return;
	}
	text = sql_token_unquote(s->dialect, s->text, token, s->arena, &length);
	g_autoptr(SqlScript) script = script_scan(s->dialect, text, length, true);
	for (size_t i = 0; i < script->reads.count; i++)
		add_table(s, &script->reads.tables[i], token);
	if (script->opaque != NULL)
		mark_opaque(s, script->opaque);
}
