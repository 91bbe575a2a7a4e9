#include "api/reference.h"
#include "cli/command_json.h"
#include "cli/command_pages.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "repo-layout/key_pages.h"

#include <stdio.h>
#include <string.h>

const GOptionEntry help_options[] = {OUTPUT_OPTION, {NULL}};

typedef struct {
	const char *name;
	char *(*write)(void);
} Page;

static const Page pages[] = {
	{"man", command_man_page},
	{"completion", command_completion},
	{"cli", command_reference},
	{"api", api_reference},
};

int cmd_help(const Command *command, char **arguments)
{
	const Command *about = arguments[0] != NULL ? command_find(arguments[0]) : NULL;

	(void)command;
	if (arguments[0] != NULL && about == NULL)
		return command_unknown(arguments[0]);
	if (output_is_json()) {
		json_t *json = about != NULL ? command_json(about) : commands_json();

		output_json(json);
		json_decref(json);
		return EXIT_OK;
	}
	g_autofree char *text = about != NULL ? command_help(about) : command_overview();
	fputs(text, stdout);
	return EXIT_OK;
}

// "weir man", "weir completion", "weir reference cli", "weir reference api", "weir reference flow".
int cmd_page(const Command *command, char **arguments)
{
	const char *name = arguments[0] != NULL ? arguments[0] : command->name;

	for (size_t i = 0; i < G_N_ELEMENTS(pages); i++) {
		if (strcmp(pages[i].name, name) == 0) {
			g_autofree char *text = pages[i].write();

			fputs(text, stdout);
			return EXIT_OK;
		}
	}
	const KeyPage *keys = command_keys_find(name);

	if (keys != NULL) {
		g_autofree char *text = key_page_text(keys);

		fputs(text, stdout);
		return EXIT_OK;
	}
	return command_usage(command, "there is no page '%s'", name);
}
