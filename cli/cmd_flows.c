#include "api/flow_name.h"
#include "cli/commands.h"
#include "cli/flow_history.h"
#include "cli/names.h"
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

const char flows_details[] =
	"'show' prints what runs, with weir's names for everything: of a script too, whose flow is "
	"generated.\n\n"
	"'history' lists the revisions of a flow, newest first: the commit that made each live, "
	"its "
	"author as far as the repository is at hand, and what changed in the flow. As JSON, each "
	"changed path comes with what was before and after, as in a plan.";

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

// The target of a flow; NULL after telling that there is none of that name.
static char *flow_path(Store *store, const char *text)
{
	g_auto(FlowName) name = {NULL, NULL};
	GString *path;

	if (!names_find_flow(store, text, &name))
		return NULL;
	path = g_string_new("/v1/flows/");
	target_append_escaped(path, name.namespace);
	g_string_append_c(path, '/');
	target_append_escaped(path, name.id);
	return g_string_free(path, FALSE);
}

static int show_flow(Store *store, const char *text)
{
	g_autofree char *path = flow_path(store, text);
	g_autofree char *target =
		path == NULL ? NULL
			     : g_strdup_printf("%s?revision=%" PRId64, path, option_revision);
	json_t *flow = target == NULL ? NULL : read_api_get(store, target);

	if (flow == NULL)
		return EXIT_FAILED;
	if (output_is_json())
		output_json(flow);
	else
		print_flow(flow);
	json_decref(flow);
	return EXIT_OK;
}

static int show_history(Store *store, const char *text)
{
	g_autofree char *path = flow_path(store, text);

	return path == NULL ? EXIT_FAILED : flow_history(store, path);
}

static const struct {
	const char *verb;
	int (*act)(Store *store, const char *name);
} verbs[] = {
	{"show", show_flow},
	{"history", show_history},
};

int cmd_flows(const Command *command, char **arguments)
{
	const char *verb = arguments[0] == NULL ? "list" : arguments[0];
	bool list = strcmp(verb, "list") == 0;
	int (*act)(Store * store, const char *name) = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
		if (strcmp(verbs[i].verb, verb) == 0)
			act = verbs[i].act;
	}
	if (!list && act == NULL)
		return command_no_verb(command, verb);
	if (list && arguments[0] != NULL && arguments[1] != NULL)
		return command_usage(command, "'weir flows list' takes no arguments");
	if (act != NULL && arguments[1] == NULL)
		return command_usage(command, "'weir flows %s' needs the name of a flow", verb);
	if (!list && option_namespace != NULL)
		return command_usage(command, "--namespace goes with 'list'");
	if (act != show_flow && option_revision != 0)
		return command_usage(command, "--revision goes with 'show'");
	g_autoptr(Store) store = read_api_open();
	if (store == NULL)
		return EXIT_FAILED;
	if (!list)
		return act(store, arguments[1]);
	if (option_namespace != NULL && !names_is_known(store, NAMES_NAMESPACES, option_namespace))
		return names_unknown(store, NAMES_NAMESPACES, option_namespace);
	return read_api_print_list(store, "/v1/flows", "namespace", option_namespace, print_list);
}
