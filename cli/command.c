#include "cli/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const Command *command_find(const char *name)
{
	for (const Command *command = commands; command->name != NULL; command++) {
		if (strcmp(command->name, name) == 0)
			return command;
	}
	return NULL;
}

void command_error(const char *hint, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	fprintf(stderr, "weir: error: %s\n", message);
	if (hint != NULL)
		fprintf(stderr, "hint: %s\n", hint);
}

static void print_overview(FILE *stream)
{
	fputs("Usage: weir COMMAND [OPTION…] [ARGUMENT…]\n\nCommands:\n", stream);
	for (const Command *command = commands; command->name != NULL; command++)
		fprintf(stream, "  %-12s %s\n", command->name, command->summary);
	fputs("\n'weir COMMAND --help' tells more about one command.\n", stream);
}

static int run_command(const Command *command, char **words)
{
	g_autoptr(GOptionContext) context = g_option_context_new(command->arguments);
	g_autoptr(GError) error = NULL;
	g_autofree char *usage = g_strdup_printf("see 'weir %s --help'", command->name);
	int count;

	g_option_context_set_summary(context, command->summary);
	if (command->details != NULL)
		g_option_context_set_description(context, command->details);
	if (command->options != NULL)
		g_option_context_add_main_entries(context, command->options, NULL);
	g_autofree char *program = g_strdup_printf("weir %s", command->name);
	g_set_prgname(program);
	if (!g_option_context_parse_strv(context, &words, &error)) {
		command_error(usage, "%s", error->message);
		return EXIT_USAGE;
	}
	count = (int)g_strv_length(words) - 1;
	if (count < command->min_arguments ||
		(command->max_arguments >= 0 && count > command->max_arguments)) {
		command_error(usage, "'weir %s' takes %s%s", command->name,
			*command->arguments == '\0' ? "no arguments" : "the arguments ",
			command->arguments);
		return EXIT_USAGE;
	}
	return command->run(command, words + 1);
}

int command_main(int argc, char **argv)
{
	const Command *command;

	if (argc < 2) {
		print_overview(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
		(strcmp(argv[1], "help") == 0 && argc == 2)) {
		print_overview(stdout);
		return EXIT_OK;
	}
	command = command_find(strcmp(argv[1], "--version") == 0 ? "version" : argv[1]);
	if (command == NULL) {
		command_error("'weir --help' lists the commands", "unknown command '%s'", argv[1]);
		return EXIT_USAGE;
	}
	g_auto(GStrv) words = g_strdupv(argv + 1);
	return run_command(command, words);
}
