#include "api/api.h"
#include "api/target.h"
#include "cli/commands.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/read_api.h"
#include "cli/store_path.h"
#include "cli/text_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static char *option_dataset;

const GOptionEntry tables_options[] = {
	{"dataset", 'd', 0, G_OPTION_ARG_STRING, &option_dataset,
		"list: only tables of this dataset", "NAME"},
	STORE_OPTION,
	OUTPUT_OPTION,
	{NULL},
};

static void number_cell(TextTable *table, const json_t *document, const char *name)
{
	if (json_is_integer(json_object_get(document, name)))
		text_table_number(table, document_number(document, name));
	else
		text_table_cell(table, NULL);
}

static void print_list(const json_t *tables)
{
	static const char *const headings[] = {"TABLE", "KIND", "FLOW", ">ROWS", "PUBLISHED", NULL};
	g_autoptr(TextTable) lines = text_table_new(headings);
	const json_t *table;
	size_t i;

	json_array_foreach(tables, i, table)
	{
		g_autofree char *name = g_strdup_printf(
			"%s.%s", document_text(table, "dataset"), document_text(table, "name"));
		g_autofree char *age = document_age(table, "published");

		text_table_cell_styled(lines, name, STYLE_BOLD);
		text_table_cell_styled(lines, document_text(table, "kind"), STYLE_PLAIN);
		text_table_cell(lines, document_text(table, "flow"));
		number_cell(lines, table, "rows");
		text_table_cell(lines, age);
	}
	text_table_print(lines, stdout);
}

static void print_member(const char *name, const char *text)
{
	if (text != NULL) {
		g_autofree char *printable = output_printable(text, true);

		printf("%-11s %s\n", name, printable);
	}
}

static void print_fields(const json_t *schema, int depth)
{
	const json_t *fields = json_is_object(schema) ? json_object_get(schema, "fields") : schema;
	const json_t *field;
	size_t i;

	json_array_foreach(fields, i, field)
	{
		const char *mode = document_text(field, "mode");

		printf("%*s%s %s%s%s\n", 12 + 2 * depth, "", document_text(field, "name"),
			document_text(field, "type"), mode != NULL ? " " : "",
			mode != NULL ? mode : "");
		if (depth < 15)
			print_fields(json_object_get(field, "fields"), depth + 1);
	}
}

static void print_publications(const json_t *publications)
{
	static const char *const headings[] = {
		"PUBLISHED", ">ROWS", ">CHANGED", "REVISION", "RUN", NULL};
	g_autoptr(TextTable) lines = text_table_new(headings);
	const json_t *one;
	size_t i;

	json_array_foreach(publications, i, one)
	{
		text_table_cell(lines, document_text(one, "at"));
		number_cell(lines, one, "rows");
		number_cell(lines, one, "rows_changed");
		number_cell(lines, one, "revision");
		text_table_cell(lines, document_text(one, "run"));
	}
	if (text_table_rows(lines) > 0)
		putchar('\n');
	text_table_print(lines, stdout);
}

static void print_checks(const json_t *checks)
{
	static const char *const headings[] = {"CHECK", "RESULT", ">FAILURES", "MESSAGE", NULL};
	g_autoptr(TextTable) lines = text_table_new(headings);
	const json_t *one;
	size_t i;

	json_array_foreach(checks, i, one)
	{
		const char *result = document_text(one, "result");

		text_table_cell(lines, document_text(one, "name"));
		text_table_cell_styled(
			lines, result, g_strcmp0(result, "failed") == 0 ? STYLE_BAD : STYLE_PLAIN);
		number_cell(lines, one, "failures");
		text_table_cell(lines, document_text(one, "message"));
	}
	if (text_table_rows(lines) > 0)
		putchar('\n');
	text_table_print(lines, stdout);
}

static void print_table(const json_t *table, const json_t *checks)
{
	print_member("kind", document_text(table, "kind"));
	print_member("domain", document_text(table, "domain"));
	print_member("flow", document_text(table, "flow"));
	print_member("connection", document_text(table, "connection"));
	print_member("path", document_text(table, "path"));
	if (json_is_object(json_object_get(table, "schema")) ||
		json_is_array(json_object_get(table, "schema")))
		puts("schema");
	print_fields(json_object_get(table, "schema"), 0);
	print_publications(json_object_get(table, "publications"));
	print_checks(json_object_get(checks, "items"));
}

static int show_table(Store *store, const char *name)
{
	const char *dot = strchr(name, '.');
	g_autoptr(GString) path = g_string_new("/v1/tables/");
	g_autofree char *dataset =
		dot != NULL ? g_strndup(name, (size_t)(dot - name)) : g_strdup(name);
	json_t *table;
	json_t *checks;

	target_append_escaped(path, dataset);
	g_string_append_c(path, '/');
	target_append_escaped(path, dot != NULL ? dot + 1 : "");
	table = api_get(store, NULL, path->str, NULL);
	if (table == NULL)
		return names_unknown(store, NAMES_TABLES, name);
	g_string_append(path, "/checks");
	checks = read_api_list(store, path->str);
	if (checks != NULL && output_is_json())
		output_json(table);
	else if (checks != NULL)
		print_table(table, checks);
	json_decref(table);
	json_decref(checks);
	return checks != NULL ? EXIT_OK : EXIT_FAILED;
}

int cmd_tables(const Command *command, char **arguments)
{
	bool show = g_strcmp0(arguments[0], "show") == 0;

	if (!show && arguments[0] != NULL && strcmp(arguments[0], "list") != 0)
		return command_no_verb(command, arguments[0]);
	if (show != (arguments[0] != NULL && arguments[1] != NULL))
		return command_usage(command, show ? "'weir tables show' needs the name of a table"
						   : "'weir tables list' takes no arguments");
	if (show && option_dataset != NULL)
		return command_usage(command, "--dataset goes with 'list'");
	g_autoptr(Store) store = read_api_open();
	if (store == NULL)
		return EXIT_FAILED;
	if (show)
		return show_table(store, arguments[1]);
	if (option_dataset != NULL && !names_is_known(store, NAMES_DATASETS, option_dataset))
		return names_unknown(store, NAMES_DATASETS, option_dataset);
	return read_api_print_list(store, "/v1/tables", "dataset", option_dataset, print_list);
}
