#include "repo-layout/key_pages.h"

#include "repo-layout/check.h"
#include "repo-layout/schema.h"

#include <stdint.h>
#include <string.h>

// clang-format off
const KeyPage key_pages[] = {
	{"project", "weir.yaml", "weir.yaml", "The project: its name, databases, environments and policies. The smallest one is `name: x`.", &keys_project},
	{"domain", "domain.yaml", "domains/<domain>/domain.yaml", "A domain: a folder with an owner. Its name is its path below `domains/`, joined by dots. The smallest one is `owner: x`.", &keys_domain},
	{"script", "Script header", "domains/<domain>/sql/[<dataset>/]<table>.sql", "How a script's table is built: YAML in a comment at the top of the script (`/* weir … */`, or lines of `--` comments after a line `-- weir`), or in a file beside it with the ending `.yaml`. A script without a header is built with the domain's defaults.", &keys_script_header},
	{"flow", "Flow", "domains/<domain>/flows/<flow>.yaml", "A flow written by hand. Type names of Kestra are accepted; the last column of the tables of types says which.", &keys_flow},
	{"schema", "Declared schema", "domains/<domain>/schemas/[<dataset>/]<table>.json or .yaml", "What a table looks like: the output of `bq show --format=prettyjson`, just its list of fields, or the short form, in which `fields` is a mapping of name to type: `order_id: INT64 required`.", &keys_schema},
	{"feed", "Feed", "domains/<domain>/feeds/<feed>.yaml", "Data that arrives from outside under a contract.", &keys_feed},
	{"flowset", "Flow set", "domains/<domain>/flowsets/<set>.yaml", "One flow for each of many rows.", &keys_flow_set},
	{.name = NULL},
};
// clang-format on

const KeyPage *key_page_find(const char *name)
{
	for (const KeyPage *page = key_pages; page->name != NULL; page++) {
		if (strcmp(page->name, name) == 0)
			return page;
	}
	return NULL;
}

static const char *kind_words(const KeyRow *row)
{
	static const char *const words[] = {
		[KEY_STRING] = "text",
		[KEY_TEXT] = "text with expressions",
		[KEY_SQL] = "SQL",
		[KEY_INTEGER] = "whole number",
		[KEY_NUMBER] = "number",
		[KEY_BOOLEAN] = "true or false",
		[KEY_DURATION] = "duration",
		[KEY_CHOICE] = "",
		[KEY_ANY] = "anything",
		[KEY_PLAIN] = "anything",
		[KEY_MAP] = "mapping",
		[KEY_OBJECT] = "mapping",
		[KEY_LIST] = "list",
		[KEY_STRINGS] = "list of text",
		[KEY_TASKS] = "list of tasks",
		[KEY_CASES] = "mapping to lists of tasks",
		[KEY_TASK] = "task",
		[KEY_INPUTS] = "list of inputs",
		[KEY_LABELS] = "labels",
		[KEY_CHECKS] = "list of checks",
		[KEY_SCHEMA] = "schema",
	};

	if (row->kind == KEY_TASKS && strcmp(row->name, "triggers") == 0)
		return "list of triggers";
	return words[row->kind];
}

static void append_cell(GString *text, const char *words)
{
	for (; *words != '\0'; words++) {
		if (*words == '|')
			g_string_append_c(text, '\\');
		g_string_append_c(text, *words);
	}
}

static void append_row(GString *text, const KeyRow *row)
{
	g_string_append_printf(text, "| `%s` | ", row->name);
	if (row->kind == KEY_CHOICE && row->values != NULL) {
		for (const char *const *value = row->values; *value != NULL; value++)
			g_string_append_printf(
				text, "%s`%s`", value == row->values ? "" : " ", *value);
	} else {
		append_cell(text, kind_words(row));
	}
	g_string_append(text, " | ");
	if ((row->flags & KEY_REQUIRED) != 0)
		g_string_append(text, "**required**; ");
	append_cell(text, row->summary);
	g_string_append(text, " |\n");
}

static void append_rows(GString *text, const KeyTable *table)
{
	g_string_append(text, "| key | value | |\n|---|---|---|\n");
	for (const KeyRow *row = table->rows; row->name != NULL; row++) {
		if ((row->flags & (KEY_IGNORED | KEY_DEPRECATED)) == 0)
			append_row(text, row);
	}
	g_string_append_c(text, '\n');
}

// Tables in tables, each once, behind the one they stand in.
static void append_table(GString *text, const KeyTable *table, const char *level, GHashTable *seen)
{
	if (!g_hash_table_add(seen, (void *)(uintptr_t)table))
		return;
	append_rows(text, table);
	for (const KeyRow *row = table->rows; row->name != NULL; row++) {
		if (row->table == NULL || (row->flags & KEY_DEPRECATED) != 0 ||
			g_hash_table_contains(seen, row->table))
			continue;
		g_string_append_printf(
			text, "%s `%s`\n\n%s.\n\n", level, row->name, row->table->summary);
		append_table(text, row->table, level, seen);
	}
}

static void append_aliases(GString *text, const TaskKind *kind, const TaskAlias *aliases)
{
	bool first = true;

	for (; aliases->name != NULL; aliases++) {
		if (strcmp(aliases->kind, kind->name) != 0)
			continue;
		g_string_append_printf(text, "%s`%s`%s", first ? "Also known as " : ", ",
			aliases->name, aliases->deprecated ? " (old)" : "");
		first = false;
	}
	if (!first)
		g_string_append(text, ".\n\n");
}

static void append_kinds(GString *text, const TaskKind *kinds, const TaskAlias *aliases,
	const KeyTable *common, GHashTable *seen)
{
	g_hash_table_add(seen, (void *)(uintptr_t)common);
	for (const TaskKind *kind = kinds; kind->name != NULL; kind++) {
		g_string_append_printf(text, "### `%s`\n\n%s.\n\n", kind->name, kind->summary);
		append_aliases(text, kind, aliases);
		for (const KeyTable *table = kind->keys; table != NULL && table != common;
			table = table->base) {
			if (table->rows->name != NULL)
				append_rows(text, table);
		}
	}
}

static void append_flow_parts(GString *text, GHashTable *seen)
{
	g_string_append(text, "## Every task\n\n");
	append_table(text, &keys_task_common, "###", seen);
	g_string_append(text, "## Types of tasks\n\n");
	append_kinds(text, task_kinds, task_aliases, &keys_task_common, seen);
	g_string_append(text, "## Every trigger\n\n");
	append_table(text, &keys_trigger_common, "###", seen);
	g_string_append(text, "## Types of triggers\n\n");
	append_kinds(text, trigger_kinds, trigger_aliases, &keys_trigger_common, seen);
}

static void append_checks(GString *text)
{
	g_string_append(text, "## Checks\n\nWritten `- not_null: [a, b]`, or with more keys `- "
			      "not_null: {columns: [a, b], "
			      "severity: warn}`.\n\n");
	g_string_append(text, "Every check has:\n\n");
	append_rows(text, &keys_check_common);
	for (const KeyTable *const *table = check_tables; *table != NULL; table++) {
		g_string_append_printf(
			text, "### `%s`\n\n%s.\n\n", (*table)->name, (*table)->summary);
		append_rows(text, *table);
	}
}

char *key_page_text(const KeyPage *page)
{
	GString *text = g_string_new(NULL);
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

	g_string_append_printf(text, "# %s\n\n", page->title);
	g_string_append_printf(text, "`%s`\n\n%s\n\n", page->place, page->intro);
	g_string_append_printf(text,
		"This page is written by `weir reference %s` from the table that checks the files; "
		"`weir schema %s` "
		"prints the same as JSON Schema.\n\n",
		page->name, page->name);
	g_string_append(text, "## Keys\n\n");
	append_table(text, page->table, "###", seen);
	if (page->table == &keys_flow)
		append_flow_parts(text, seen);
	if (page->table == &keys_script_header)
		append_checks(text);
	if (page->table == &keys_schema) {
		g_string_append(text, "### A field\n\n");
		append_table(text, &keys_schema_field, "####", seen);
	}
	g_string_truncate(text, text->len - 1);
	return g_string_free(text, FALSE);
}
