#include "cli/command.h"

#include "api/suggest.h"
#include "cli/command_pages.h"
#include "cli/command_words.h"
#include "cli/output.h"
#include "cli/store_path.h"

#include <stdarg.h>
#include <stdint.h>
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

static void print_error(const char *hint, const char *format, va_list arguments)
	G_GNUC_PRINTF(2, 0);

static void print_error(const char *hint, const char *format, va_list arguments)
{
	g_autofree char *message = g_strdup_vprintf(format, arguments);
	g_autofree char *printable = output_printable(message, true);

	fflush(stdout);
	fprintf(stderr, "%sweir: error:%s %s\n", style_begin(stderr, STYLE_BAD),
		style_end(stderr, STYLE_BAD), printable);
	if (hint != NULL)
		fprintf(stderr, "hint: %s\n", hint);
}

void command_error(const char *hint, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_error(hint, format, arguments);
	va_end(arguments);
}

int command_usage(const Command *command, const char *format, ...)
{
	g_autofree char *hint = g_strdup_printf("see 'weir %s --help'", command->name);
	va_list arguments;

	va_start(arguments, format);
	print_error(hint, format, arguments);
	va_end(arguments);
	return EXIT_USAGE;
}

int command_usage_near(
	const Command *command, const char *word, const char *const *known, const char *format, ...)
{
	const char *meant = suggest_name(word, known);
	g_autofree char *hint = meant != NULL
					? g_strdup_printf("did you mean '%s'?", meant)
					: g_strdup_printf("see 'weir %s --help'", command->name);
	va_list arguments;

	va_start(arguments, format);
	print_error(hint, format, arguments);
	va_end(arguments);
	return EXIT_USAGE;
}

char **command_verbs(const Command *command)
{
	const char *open = strchr(command->arguments, '[');
	g_auto(GStrv) parts = g_strsplit_set(open == NULL ? "" : open + 1, "|]", -1);
	GStrvBuilder *verbs = g_strv_builder_new();

	for (char **part = parts; *part != NULL; part++) {
		(*part)[strcspn(*part, " ")] = '\0';
		if (g_ascii_islower(**part))
			g_strv_builder_add(verbs, *part);
	}
	char **all = g_strv_builder_end(verbs);
	g_strv_builder_unref(verbs);
	return all;
}

int command_no_verb(const Command *command, const char *verb)
{
	g_auto(GStrv) verbs = command_verbs(command);

	return command_usage_near(command, verb, (const char *const *)verbs,
		"'weir %s' has no '%s'", command->name, verb);
}

static char **join(char *const *words, char *const *rest)
{
	GStrvBuilder *all = g_strv_builder_new();

	g_strv_builder_addv(all, (const char **)(uintptr_t)words);
	g_strv_builder_addv(all, (const char **)(uintptr_t)rest);
	char **joined = g_strv_builder_end(all);
	g_strv_builder_unref(all);
	return joined;
}

// Parses the options out of words, which is left with the arguments behind words[0].
static int parse_options(const Command *command, char ***words)
{
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) read = NULL;
	g_auto(GStrv) rest = NULL;
	int status;

	g_clear_pointer(&output_name, g_free);
	g_clear_pointer(&store_option, g_free);
	status = command_words_read(command, *words, &read, &rest);
	if (status != EXIT_OK)
		return status;
	g_option_context_set_help_enabled(context, FALSE);
	if (command->options != NULL)
		g_option_context_add_main_entries(context, command->options, NULL);
	if (!g_option_context_parse_strv(context, &read, &error) || !output_check(&error))
		return command_usage(command, "%s", error->message);
	g_strfreev(*words);
	*words = join(read, rest);
	return EXIT_OK;
}

static bool asks_for_help(char **words)
{
	for (; *words != NULL && strcmp(*words, "--") != 0; words++) {
		if (strcmp(*words, "--help") == 0 || strcmp(*words, "-h") == 0)
			return true;
	}
	return false;
}

static int print_text(char *text)
{
	fputs(text, stdout);
	g_free(text);
	return EXIT_OK;
}

static int run_command(const Command *command, char ***words)
{
	int status;
	int count;

	if (asks_for_help(*words))
		return print_text(command_help(command));
	status = parse_options(command, words);
	if (status != EXIT_OK)
		return status;
	count = (int)g_strv_length(*words) - 1;
	if (count < command->min_arguments)
		return command_usage(
			command, "'weir %s' needs %s", command->name, command->arguments);
	if (command->max_arguments == 0 && count > 0)
		return command_usage(command, "'weir %s' takes no arguments", command->name);
	if (command->max_arguments > 0 && count > command->max_arguments)
		return command_usage(command, "'weir %s' takes %s: '%s' is too much", command->name,
			command->arguments, (*words)[command->max_arguments + 1]);
	return command->run(command, *words + 1);
}

int command_unknown(const char *name)
{
	const char *names[64] = {NULL};
	const char *meant;
	size_t count = 0;

	for (const Command *command = commands;
		command->name != NULL && count + 1 < G_N_ELEMENTS(names); command++) {
		if (command->summary != NULL)
			names[count++] = command->name;
	}
	if (*name == '-') {
		command_error("options stand behind the command: 'weir COMMAND --help' lists them",
			"weir itself has no option '%s'", name);
		return EXIT_USAGE;
	}
	meant = suggest_name(name, names);
	g_autofree char *hint = meant != NULL ? g_strdup_printf("did you mean 'weir %s'?", meant)
					      : g_strdup("'weir --help' lists the commands");
	command_error(hint, "unknown command '%s'", name);
	return EXIT_USAGE;
}

static int dispatch(int argc, char **argv)
{
	const Command *command;

	if (argc < 2) {
		g_autofree char *overview = command_overview();

		fputs(overview, stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return print_text(command_overview());
	command = command_find(strcmp(argv[1], "--version") == 0 ? "version" : argv[1]);
	if (command == NULL)
		return command_unknown(argv[1]);
	g_auto(GStrv) words = g_strdupv(argv + 1);
	return run_command(command, &words);
}

int command_main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	int status = dispatch(argc, argv);

	if (output_finish(&error))
		return status;
	command_error(NULL, "%s", error->message);
	return status == EXIT_OK ? EXIT_FAILED : status;
}
