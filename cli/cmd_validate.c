// weir validate: everything that is wrong with a repository's files, before anyone commits or merges them.
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/source_option.h"
#include "repo-layout/layout.h"

#include <stdio.h>

static char *option_revision;

const GOptionEntry validate_options[] = {
	{"rev", 'r', 0, G_OPTION_ARG_STRING, &option_revision,
		"Read this commit, branch or tag (default: the files as they are, HEAD of a bare "
		"repository)",
		"REV"},
	OUTPUT_OPTION,
	{NULL},
};

// clang-format off
const char validate_details[] =
	"Checks weir.yaml, domains, scripts with their headers, schemas and flows by the\n"
	"very rules that the server applies, and prints all faults of all files, each with\n"
	"its place and, where one is known, its cure.\n\n"
	"DIR_OR_REPO is a folder, or with --rev a repository (bare or not), of which only\n"
	"committed objects are read.\n\n"
	"With --output json: {\"diagnostics\": [{\"file\", \"line\", \"column\", \"severity\",\n"
	"\"code\", \"message\", \"hint\"}]}. Line and column are 0 where a fault is of a file\n"
	"as a whole; hint is null where no cure is known.\n\n"
	"Exits with 0 when there is no error (warnings do not count), else with 1.";
// clang-format on

static void print_count(size_t count, const char *noun, const char *then)
{
	printf("%zu %s%s%s", count, noun, count == 1 ? "" : "s", then);
}

static void print_summary(const Layout *layout, const DiagnosticList *diagnostics)
{
	size_t errors = diagnostic_list_errors(diagnostics);
	size_t warnings = diagnostic_list_length(diagnostics) - errors;
	size_t flows = 0;

	for (size_t i = 0; i < layout_domains_length(layout); i++)
		flows += layout_domain_at(layout, i)->flows_length;
	print_count(layout_domains_length(layout), "domain", ", ");
	print_count(flows, "flow", ": ");
	print_count(errors, "error", ", ");
	print_count(warnings, "warning", "\n");
}

static void print_text(const Layout *layout, const DiagnosticList *diagnostics)
{
	for (size_t i = 0; i < diagnostic_list_length(diagnostics); i++) {
		g_autofree char *text = diagnostic_text(diagnostic_list_at(diagnostics, i));

		puts(text);
	}
	print_summary(layout, diagnostics);
}

int cmd_validate(const Command *command, char **arguments)
{
	g_autofree char *path = source_local_path(arguments[0] != NULL ? arguments[0] : ".");
	g_autoptr(GError) error = NULL;
	g_autoptr(SourceTree) tree = source_tree_open(path, option_revision, &error);
	g_autoptr(Layout) layout =
		tree == NULL ? NULL : layout_load(tree, NULL, NULL, NULL, NULL, &error);
	g_autoptr(DiagnosticList) diagnostics = NULL;

	(void)command;
	if (layout == NULL) {
		// Of a repository the message tells what to do.
		command_error(
			tree == NULL && option_revision == NULL
				? "give the folder that holds weir.yaml, or with --rev a repository"
				: NULL,
			"%s", error->message);
		return EXIT_FAILED;
	}
	diagnostics = layout_diagnostics(layout);
	if (output_is_json()) {
		json_t *answer =
			json_pack("{s:o}", "diagnostics", diagnostic_list_json(diagnostics));

		output_json(answer);
		json_decref(answer);
	} else {
		print_text(layout, diagnostics);
	}
	return diagnostic_list_errors(diagnostics) > 0 ? EXIT_FAILED : EXIT_OK;
}
