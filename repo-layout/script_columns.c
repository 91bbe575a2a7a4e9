#include "repo-layout/script_columns.h"

#include "sql/output.h"

#include <string.h>

// What a script's flow does: its one task.
static const json_t *build_of(const json_t *definition)
{
	const json_t *tasks = json_object_get(definition, "tasks");
	const json_t *task = json_array_get(tasks, 0);
	const char *type = json_string_value(json_object_get(task, "type"));

	return json_array_size(tasks) == 1 && g_strcmp0(type, "sql.build") == 0 ? task : NULL;
}

static const char *text_of(const json_t *build, const char *key)
{
	return json_string_value(json_object_get(build, key));
}

char **script_columns(const json_t *definition)
{
	const json_t *build = build_of(definition);
	const char *sql = text_of(build, "sql");

	if (sql == NULL || json_object_get(build, "schema") != NULL ||
		g_strcmp0(text_of(build, "feed"), "SCRIPT") == 0)
		return NULL;
	return sql_output_columns(sql_dialect_find(text_of(build, "dialect")), sql, strlen(sql));
}

void script_names_columns(
	const json_t *definition, const char *table, char *const *columns, bool *ret_named)
{
	const json_t *build = build_of(definition);
	const char *sql = text_of(build, "sql");

	sql_text_names_columns(sql_dialect_find(text_of(build, "dialect")), sql,
		sql == NULL ? 0 : strlen(sql), table, columns, ret_named);
}
