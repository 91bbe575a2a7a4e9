#include "cli/commands.h"
#include "cli/output.h"
#include "cli/run_file.h"
#include "cli/run_live.h"
#include "cli/store_path.h"

static char *option_file;
static char *option_flows;
static char **option_inputs;
static gboolean option_follow;

const GOptionEntry run_options[] = {
	{"file", 'f', 0, G_OPTION_ARG_FILENAME, &option_file,
		"Run the flow of this file alone: no server, no repository", "FLOW.yaml"},
	{"flows", 0, 0, G_OPTION_ARG_FILENAME, &option_flows,
		"With --file: a folder of flows that it may call", "DIR"},
	{"input", 'i', 0, G_OPTION_ARG_STRING_ARRAY, &option_inputs,
		"An input; as often as needed. For a FILE input, the path of the file",
		"NAME=VALUE"},
	{"follow", 0, 0, G_OPTION_ARG_NONE, &option_follow, "Print the log, and wait for the end",
		NULL},
	STORE_OPTION,
	OUTPUT_OPTION,
	{NULL},
};

const char run_details[] = "With --file, the flow runs here and now, on a store in memory that is "
			   "gone afterwards; the files of the folder "
			   "'scripts' beside it are what its tasks see.\n\n"
			   "Otherwise a run of a live flow is asked for in the store, and the "
			   "server that works on it executes it.\n\n"
			   "Exit status: 0 when the run ended in SUCCESS or WARNING (without "
			   "--follow: was created), 3 when it stays PAUSED, "
			   "else 1.";

int cmd_run(const Command *command, char **arguments)
{
	if (option_file != NULL) {
		RunFile request = {option_file, option_flows, option_inputs, output_is_json()};

		if (arguments[0] != NULL)
			return command_usage(command, "'weir run --file' takes no other arguments");
		return run_file(&request);
	}
	if (arguments[0] == NULL)
		return command_usage(command, "'weir run' needs the name of a flow, or --file");
	if (option_flows != NULL)
		return command_usage(command, "--flows goes with --file");
	return run_live(arguments[0], option_inputs, option_follow);
}
