// weir schema: JSON Schema of the files that users write, for editors.
#include "cli/command_pages.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/server_config.h"
#include "repo-layout/diagnostic.h"
#include "store/json_dump.h"

#include <stdio.h>
#include <stdlib.h>

const GOptionEntry schema_options[] = {OUTPUT_OPTION, {NULL}};

// clang-format off
const char schema_details[] =
	"Prints JSON Schema (draft 2020-12) of a kind of file: project (weir.yaml), domain,\n"
	"script (its header), flow, schema, feed, flowset or server. It comes from the tables that\n"
	"check the files, so editors know what weir knows.\n\n"
	"Without KIND: one object with all of them, by name. It is JSON in any case; with\n"
	"--output json all of it stands in one line.";
// clang-format on

static void print(const json_t *value)
{
	char *text = json_dump_text(value, JSON_INDENT(2));

	puts(text);
	free(text);
}

static json_t *all_schemas(void)
{
	json_t *all = json_object();

	for (const KeyPage *page = key_pages; page->name != NULL; page++)
		json_object_set_new(all, page->name, key_page_schema(page));
	json_object_set_new(all, server_page.name, key_page_schema(&server_page));
	return all;
}

static int refuse_kind(const char *name)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (const KeyPage *page = key_pages; page->name != NULL; page++)
		g_ptr_array_add(names, (void *)(uintptr_t)page->name);
	g_ptr_array_add(names, (void *)(uintptr_t)server_page.name);
	g_ptr_array_add(names, NULL);
	g_autofree char *kinds = g_strjoinv(", ", (char **)names->pdata);
	g_autofree char *near = nearest_word_hint(name, (const char *const *)names->pdata);
	g_autofree char *all = g_strconcat("the kinds are: ", kinds, NULL);
	command_error(near != NULL ? near : all, "there is no kind of file '%s'", name);
	return EXIT_USAGE;
}

int cmd_schema(const Command *command, char **arguments)
{
	const KeyPage *page = arguments[0] == NULL ? NULL : command_keys_find(arguments[0]);
	json_t *schema;

	if (arguments[0] != NULL && page == NULL)
		return refuse_kind(arguments[0]);
	(void)command;
	schema = page == NULL ? all_schemas() : key_page_schema(page);
	if (output_is_json())
		output_json(schema);
	else
		print(schema);
	json_decref(schema);
	return EXIT_OK;
}
