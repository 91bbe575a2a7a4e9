// The columns of tables that no schema declares, as far as the text of a script tells. They are read out of canonical
// definitions (flow_definition_json) when somebody asks, and kept nowhere: a load costs nothing for them.
#pragma once

#include <jansson.h>
#include <stdbool.h>

// The names of the columns that a generated flow's script makes, ended by NULL; NULL when they are not certain, or a schema
// declares them. definition may be NULL. Pure; the caller frees it (g_strfreev).
char **script_columns(const json_t *definition);

// Which columns of a table ("dataset.table") that it reads a generated flow's script names: see sql_text_names_columns(). Pure.
void script_names_columns(
	const json_t *definition, const char *table, char *const *columns, bool *ret_named);
