#include "api/flow_name.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/read_api.h"
#include "cli/store_path.h"
#include "cli/text_table.h"
#include "repo-layout/yaml_document.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static char *option_namespace;
static int64_t option_revision;

const GOptionEntry flows_options[] = {
	{"namespace", 'n', 0, G_OPTION_ARG_STRING, &option_namespace,
		"list: only flows of this namespace", "NAME"},
	{"revision", 'r', 0, G_OPTION_ARG_INT64, &option_revision,
		"show: this revision instead of the current one", "NUMBER"},
	STORE_OPTION,
	OUTPUT_OPTION,
	{NULL},
};

static void print_list(const json_t *flows)
{
	static const char *const headings[] = {
		"FLOW", ">REVISION", "KIND", "FEED", "TABLE", "CHANGED", NULL};
	g_autoptr(TextTable) table = text_table_new(headings);
	const json_t *flow;
	size_t i;

	json_array_foreach(flows, i, flow)
	{
		g_autofree char *name = g_strdup_printf(
			"%s.%s", document_text(flow, "namespace"), document_text(flow, "id"));
		g_autofree char *age = document_age(flow, "changed");

		text_table_cell_styled(table, name, STYLE_BOLD);
		text_table_number(table, document_number(flow, "revision"));
		text_table_cell(table, document_text(flow, "kind"));
		text_table_cell(table, document_text(flow, "feed"));
		text_table_cell(table, document_text(flow, "table"));
		text_table_cell(table, age);
	}
	text_table_print(table, stdout);
}

static int list_flows(Store *store)
{
	g_autoptr(GString) path = g_string_new("/v1/flows");
	json_t *flows;

	if (option_namespace != NULL) {
		g_string_append(path, "?namespace=");
		target_append_escaped(path, option_namespace);
	}
	flows = read_api_list(store, path->str);
	if (flows == NULL)
		return EXIT_FAILED;
	if (output_is_json())
		output_json(flows);
	else
		print_list(json_object_get(flows, "items"));
	json_decref(flows);
	return EXIT_OK;
}

static void print_flow(const json_t *flow)
{
	const char *path = document_text(flow, "path");
	g_autofree char *yaml = yaml_write(json_object_get(flow, "definition"));

	printf("# %s.%s, revision %" PRId64 ", %s", document_text(flow, "namespace"),
		document_text(flow, "id"), document_number(flow, "revision"),
		document_text(flow, "kind"));
	if (path != NULL)
		printf(" from %s", path);
	printf("\n%s", yaml);
}

static int show_flow(Store *store, const char *text)
{
	g_auto(FlowName) name = {NULL, NULL};
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) path = g_string_new("/v1/flows/");
	json_t *flow;

	if (!flow_name_split(store, text, &name, &error)) {
		read_api_report(error);
		return EXIT_FAILED;
	}
	target_append_escaped(path, name.namespace);
	g_string_append_c(path, '/');
	target_append_escaped(path, name.id);
	g_string_append_printf(path, "?revision=%" PRId64, option_revision);
	flow = read_api_get(store, path->str);
	if (flow == NULL)
		return EXIT_FAILED;
	if (output_is_json())
		output_json(flow);
	else
		print_flow(flow);
	json_decref(flow);
	return EXIT_OK;
}

int cmd_flows(const Command *command, char **arguments)
{
	bool show = g_strcmp0(arguments[0], "show") == 0;

	if (!show && arguments[0] != NULL && strcmp(arguments[0], "list") != 0)
		return command_usage(command, "'weir flows' has no '%s'", arguments[0]);
	if (show != (arguments[0] != NULL && arguments[1] != NULL))
		return command_usage(command, show ? "'weir flows show' needs the name of a flow"
						   : "'weir flows list' takes no arguments");
	g_autoptr(Store) store = read_api_open();
	if (store == NULL)
		return EXIT_FAILED;
	return show ? show_flow(store, arguments[1]) : list_flows(store);
}
