// Any bytes are scanned and bound in every dialect, and what comes back holds together; so do the columns.
#include "sql/bind.h"
#include "sql/output.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_tables(
	const SqlScript *script, const SqlTableSet *set, const SqlTableSet *all, size_t size)
{
	for (size_t i = 0; i < set->count; i++) {
		const SqlTable *table = &set->tables[i];

		check(table->part_count > 0 && table->parts[table->part_count] == NULL);
		check(table->offset + table->length <= size && table->line > 0 &&
			table->column > 0);
		check(sql_table_set_contains(all, table->name));
	}
	(void)script;
}

static void check_script(const SqlScript *script, size_t size)
{
	size_t end = 0;

	check(strlen(script->fingerprint) == 64);
	for (size_t i = 0; i < script->statement_count; i++) {
		const SqlStatement *statement = &script->statements[i];

		check(statement->offset >= end && statement->offset + statement->length <= size);
		end = statement->offset + statement->length;
		check_tables(script, &statement->reads, &script->reads, size);
		check_tables(script, &statement->writes, &script->writes, size);
	}
	for (size_t i = 0; i < script->parameter_count; i++) {
		const SqlParameter *parameter = &script->parameters[i];

		check(parameter->literal_offset <= parameter->offset);
		check(parameter->offset + parameter->length <=
			parameter->literal_offset + parameter->literal_length);
		check(parameter->literal_offset + parameter->literal_length <= size);
	}
}

// Columns have different names, of which the text holds some form.
static void check_columns(const SqlDialect *dialect, const char *text, size_t size)
{
	g_auto(GStrv) columns = sql_output_columns(dialect, text, size);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	bool *named;

	if (columns == NULL)
		return;
	check(columns[0] != NULL);
	for (char **name = columns; *name != NULL; name++)
		check(**name != '\0' && g_hash_table_add(seen, *name));
	named = g_new0(bool, g_strv_length(columns));
	sql_text_names_columns(dialect, text, size, "a.b", columns, named);
	g_free(named);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *const *names = sql_dialect_names();
	size_t count = g_strv_length((char **)(uintptr_t)names);

	if (size == 0)
		return 0;
	const SqlDialect *dialect = sql_dialect_find(names[data[0] % count]);
	const char *text = (const char *)data + 1;
	g_autoptr(SqlScript) script = sql_script_scan(dialect, text, size - 1);
	check_script(script, size - 1);
	check_columns(dialect, text, size - 1);
	g_autoptr(SqlBinding) binding = sql_script_bind(
		script, text, size - 1, (SqlPlaceholder)(data[0] / 7 % 4), NULL, NULL);
	for (size_t i = 0; i < binding->slot_count; i++)
		check(binding->slots[i].at <= binding->length && binding->slots[i].piece_count > 0);
	return 0;
}
