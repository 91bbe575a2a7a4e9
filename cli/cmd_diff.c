#include "api/api.h"
#include "cli/commands.h"
#include "cli/drift_list.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/read_api.h"
#include "cli/store_path.h"

#include <stdio.h>
#include <string.h>

const GOptionEntry diff_options[] = {STORE_OPTION, OUTPUT_OPTION, {NULL}};

const char diff_details[] = "Shows how a flow, a table or a view differs from what is committed: "
			    "lines that begin with '-' are "
			    "committed, lines that begin with '+' are live.\n\n"
			    "Exit status: 0 as committed, 2 it differs, 1 error.";

// The items of the resource, a new reference.
static json_t *items_of(const json_t *document, const char *resource)
{
	json_t *found = json_array();
	json_t *item;
	size_t index;

	json_array_foreach(json_object_get(document, "items"), index, item)
	{
		if (g_strcmp0(document_text(item, "resource"), resource) == 0 &&
			drift_list_counts(item))
			json_array_append(found, item);
	}
	return found;
}

static bool is_answered(Store *store, const char *path)
{
	json_t *document = api_get(store, NULL, path, NULL);

	json_decref(document);
	return document != NULL;
}

// Whether there is a flow or a table of that name at all.
static bool is_known(const char *resource)
{
	const char *dot = strrchr(resource, '.');
	const char *first = strchr(resource, '.');
	g_autoptr(Store) store = read_api_open();

	if (store == NULL || dot == NULL)
		return false;
	g_autofree char *flow =
		g_strdup_printf("/v1/flows/%.*s/%s", (int)(dot - resource), resource, dot + 1);
	g_autofree char *table =
		g_strdup_printf("/v1/tables/%.*s/%s", (int)(first - resource), resource, first + 1);
	return is_answered(store, flow) || is_answered(store, table);
}

static void tell_unknown(const char *resource)
{
	g_autoptr(Store) store = read_api_open();
	g_autofree char *flow = names_hint(store, NAMES_FLOWS, resource);
	g_autofree char *table = names_hint(store, NAMES_TABLES, resource);
	const char *hint = g_str_has_prefix(flow, "did") ? flow : table;

	command_error(g_str_has_prefix(hint, "did")
			      ? hint
			      : "'weir flows' and 'weir tables' list what there is",
		"there is no flow or table '%s'", resource);
}

int cmd_diff(const Command *command, char **arguments)
{
	json_t *document = drift_list();
	const json_t *item;
	size_t index;

	(void)command;
	if (document == NULL)
		return EXIT_FAILED;
	json_t *items = items_of(document, arguments[0]);
	size_t count = json_array_size(items);
	if (count == 0 && !is_known(arguments[0])) {
		tell_unknown(arguments[0]);
		json_decref(items);
		json_decref(document);
		return EXIT_FAILED;
	}
	if (output_is_json()) {
		json_t *whole = json_pack("{s:s, s:O}", "resource", arguments[0], "items", items);

		output_json(whole);
		json_decref(whole);
	} else {
		json_array_foreach(items, index, item) drift_list_print(item);
		if (count == 0)
			printf("%s is as committed.\n", arguments[0]);
	}
	json_decref(items);
	json_decref(document);
	return count > 0 ? EXIT_DIFFERENCES : EXIT_OK;
}
