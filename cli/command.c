#include "cli/command.h"

#include "api/suggest.h"
#include "cli/command_pages.h"
#include "cli/output.h"
#include "cli/store_path.h"
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

static size_t option_count(const Command *command)
{
	size_t count = 0;

	while (command->options != NULL && command->options[count].long_name != NULL)
		count++;
	return count;
}

static bool is_known_option(const Command *command, const char *word)
{
	size_t length = strcspn(word, "=");

	for (size_t i = 0; i < option_count(command); i++) {
		const GOptionEntry *option = &command->options[i];

		if (word[1] != '-' && option->short_name != 0 && word[1] == option->short_name)
			return true;
		if (word[1] == '-' && strlen(option->long_name) == length - 2 &&
			strncmp(option->long_name, word + 2, length - 2) == 0)
			return true;
	}
	return false;
}

// Says that the command has no such option, and which one may have been meant.
static int report_unknown_option(const Command *command, const char *word)
{
	size_t count = option_count(command);
	g_autofree const char **names = g_new0(const char *, count + 1);
	g_autofree char *name = g_strndup(word, strcspn(word, "="));
	const char *meant;

	for (size_t i = 0; i < count; i++)
		names[i] = command->options[i].long_name;
	meant = suggest_name(name + strspn(name, "-"), names);
	if (meant == NULL)
		return command_usage(command, "'weir %s' has no option '%s'", command->name, name);
	g_autofree char *hint = g_strdup_printf("did you mean '--%s'?", meant);
	command_error(hint, "'weir %s' has no option '%s'", command->name, name);
	return EXIT_USAGE;
}

// Parses the options out of words, which is left with the arguments behind words[0].
static int parse_options(const Command *command, char ***words)
{
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) error = NULL;

	g_clear_pointer(&output_name, g_free);
	g_clear_pointer(&store_option, g_free);
	g_option_context_set_help_enabled(context, FALSE);
	if (command->options != NULL)
		g_option_context_add_main_entries(context, command->options, NULL);
	if (g_option_context_parse_strv(context, words, &error) && output_check(&error))
		return EXIT_OK;
	for (char **word = *words + 1;
		g_error_matches(error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION) &&
		*word != NULL;
		word++) {
		if ((*word)[0] == '-' && (*word)[1] != '\0' && !is_known_option(command, *word))
			return report_unknown_option(command, *word);
	}
	return command_usage(command, "%s", error->message);
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
	if (*words != NULL && (*words)[0] != NULL && g_strcmp0((*words)[1], "--") == 0) {
		g_free((*words)[1]);
		memmove(*words + 1, *words + 2, g_strv_length(*words + 1) * sizeof **words);
	}
	count = (int)g_strv_length(*words) - 1;
	if (count < command->min_arguments ||
		(command->max_arguments >= 0 && count > command->max_arguments))
		return command_usage(command, "'weir %s' takes %s%s", command->name,
			*command->arguments == '\0' ? "no arguments" : "the arguments ",
			command->arguments);
	return command->run(command, *words + 1);
}

static int report_unknown_command(const char *name)
{
	const char *names[64] = {NULL};
	const char *meant;
	size_t count = 0;

	for (const Command *command = commands;
		command->name != NULL && count + 1 < G_N_ELEMENTS(names); command++) {
		if (command->summary != NULL)
			names[count++] = command->name;
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
		return report_unknown_command(argv[1]);
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
