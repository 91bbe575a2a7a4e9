#include "cli/command_pages.h"

#include "cli/server_config.h"

#include <stdbool.h>
#include <string.h>

#define OVERVIEW_TAIL                                                                              \
	"\n'weir COMMAND --help' tells more about one command.\n"                                  \
	"Exit status: 0 done, 1 failed, 2 as documented (changes, drift), 64 wrong usage.\n"

typedef void (*OptionVisit)(const GOptionEntry *option, GString *text);

static void for_each_option(const Command *command, OptionVisit visit, GString *text)
{
	for (const GOptionEntry *option = command->options;
		option != NULL && option->long_name != NULL; option++) {
		if ((option->flags & G_OPTION_FLAG_HIDDEN) == 0)
			visit(option, text);
	}
}

static bool is_listed(const Command *command)
{
	return command->summary != NULL;
}

static bool has_options(const Command *command)
{
	return command->options != NULL && command->options->long_name != NULL;
}

// "-i, --input=KEY=VALUE"
static char *option_form(const GOptionEntry *option)
{
	g_autofree char *shorter = option->short_name != 0
					   ? g_strdup_printf("-%c, ", option->short_name)
					   : g_strdup("");

	return g_strconcat(shorter, "--", option->long_name,
		option->arg_description != NULL ? "=" : "",
		option->arg_description != NULL ? option->arg_description : "", NULL);
}

static char *command_synopsis(const Command *command)
{
	return g_strconcat("weir ", command->name, has_options(command) ? " [OPTION…]" : "",
		*command->arguments != '\0' ? " " : "", command->arguments, NULL);
}

char *command_overview(void)
{
	GString *text = g_string_new("Usage: weir COMMAND [OPTION…] [ARGUMENT…]\n\nCommands:\n");

	for (const Command *command = commands; command->name != NULL; command++) {
		if (is_listed(command))
			g_string_append_printf(
				text, "  %-12s %s\n", command->name, command->summary);
	}
	g_string_append(text, OVERVIEW_TAIL);
	return g_string_free(text, FALSE);
}

static void append_help_option(const GOptionEntry *option, GString *text)
{
	g_autofree char *form = option_form(option);

	if (g_utf8_strlen(form, -1) > 28)
		g_string_append_printf(text, "  %s\n  %28s  %s\n", form, "", option->description);
	else
		g_string_append_printf(text, "  %-28s  %s\n", form, option->description);
}

char *command_help(const Command *command)
{
	GString *text = g_string_new("Usage: ");
	g_autofree char *synopsis = command_synopsis(command);

	g_string_append_printf(text, "%s\n", synopsis);
	if (is_listed(command))
		g_string_append_printf(text, "\n%s.\n", command->summary);
	if (has_options(command)) {
		g_string_append(text, "\nOptions:\n");
		for_each_option(command, append_help_option, text);
	}
	if (command->details != NULL)
		g_string_append_printf(text, "\n%s\n", command->details);
	return g_string_free(text, FALSE);
}

// Appends text so that troff prints it as it is: no escapes, no requests, hyphens that can be
// copied.
static void append_troff(GString *page, const char *text)
{
	bool line_start = true;

	for (const char *at = text; *at != '\0'; at++) {
		if (line_start && (*at == '.' || *at == '\''))
			g_string_append(page, "\\&");
		line_start = *at == '\n';
		if (*at == '\\')
			g_string_append(page, "\\e");
		else if (*at == '-')
			g_string_append(page, "\\-");
		else
			g_string_append_c(page, *at);
	}
}

static void append_troff_paragraphs(GString *page, const char *text)
{
	g_auto(GStrv) paragraphs = g_strsplit(text, "\n\n", -1);

	for (char **paragraph = paragraphs; *paragraph != NULL; paragraph++) {
		g_string_append(page, ".PP\n");
		append_troff(page, *paragraph);
		g_string_append_c(page, '\n');
	}
}

static void append_man_option(const GOptionEntry *option, GString *page)
{
	g_autofree char *form = option_form(option);

	g_string_append(page, ".TP\n.B ");
	append_troff(page, form);
	g_string_append_c(page, '\n');
	append_troff(page, option->description);
	g_string_append_c(page, '\n');
}

static void append_man_command(const Command *command, GString *page)
{
	g_autofree char *synopsis = command_synopsis(command);

	g_string_append(page, ".SS \"");
	append_troff(page, synopsis);
	g_string_append(page, "\"\n");
	append_troff(page, command->summary);
	g_string_append(page, ".\n");
	for_each_option(command, append_man_option, page);
	if (command->details != NULL)
		append_troff_paragraphs(page, command->details);
}

#define MAN_HEAD                                                                                   \
	".TH WEIR 1 \"\" \"weir " WEIR_VERSION "\" \"User Commands\"\n"                            \
	".SH NAME\nweir \\- GitOps for SQL data flows: reconciler, runner and status\n"            \
	".SH SYNOPSIS\n.B weir\n.I COMMAND\n[\\fIOPTION\\fR…] [\\fIARGUMENT\\fR…]\n"           \
	".SH DESCRIPTION\nTurns a Git repository of SQL scripts and flow YAML into running data "  \
	"flows, makes what is live match\nwhat is committed, and reports what is not.\n"           \
	".SH COMMANDS\n"

#define MAN_TAIL                                                                                   \
	".SH EXIT STATUS\n.TP\n0\nDone.\n.TP\n1\nFailed.\n.TP\n2\nAs documented: changes, "        \
	"drift.\n.TP\n3\nThe run stays paused.\n.TP\n64\nWrong usage.\n"                           \
	".SH ENVIRONMENT\n.TP\n.B WEIR_STORE\nThe store, when "                                    \
	"\\fB\\-\\-store\\fR is not given.\n.TP\n.B NO_COLOR\nNo colours, whatever the value.\n"

char *command_man_page(void)
{
	GString *page = g_string_new(MAN_HEAD);

	for (const Command *command = commands; command->name != NULL; command++) {
		if (is_listed(command))
			append_man_command(command, page);
	}
	g_string_append(page, MAN_TAIL);
	return g_string_free(page, FALSE);
}

static void append_option_words(const GOptionEntry *option, GString *text)
{
	g_string_append_printf(text, "--%s ", option->long_name);
}

// The words of a synopsis that are typed as they are: those in lower case.
static void append_verbs(const Command *command, GString *text)
{
	g_auto(GStrv) words = g_strsplit_set(command->arguments, " []|(){}.…,=", -1);

	for (char **word = words; *word != NULL; word++) {
		if (**word != '\0' && strspn(*word, "abcdefghijklmnopqrstuvwxyz-") == strlen(*word))
			g_string_append_printf(text, "%s ", *word);
	}
}

#define COMPLETION_HEAD                                                                            \
	"# bash completion of weir; written from the command table by 'weir completion'\n"         \
	"_weir()\n{\n"                                                                             \
	"\tlocal word=${COMP_WORDS[COMP_CWORD]} words=\n"                                          \
	"\tif [ \"$COMP_CWORD\" -gt 1 ] && [ \"${COMP_WORDS[COMP_CWORD-1]}\" = --output ]; then\n" \
	"\t\twords='text json'\n"                                                                  \
	"\telif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\twords='"

#define COMPLETION_TAIL                                                                            \
	"\t\tesac\n\tfi\n"                                                                         \
	"\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n}\n"                      \
	"complete -o default -F _weir weir\n"

char *command_completion(void)
{
	GString *text = g_string_new(COMPLETION_HEAD);

	for (const Command *command = commands; command->name != NULL; command++) {
		if (is_listed(command))
			g_string_append_printf(text, "%s ", command->name);
	}
	g_string_append(text, "--help --version'\n\telse\n\t\tcase ${COMP_WORDS[1]} in\n");
	for (const Command *command = commands; command->name != NULL; command++) {
		if (!is_listed(command))
			continue;
		g_string_append_printf(text, "\t\t%s) words='", command->name);
		append_verbs(command, text);
		for_each_option(command, append_option_words, text);
		g_string_append(text, "--help' ;;\n");
	}
	g_string_append(text, COMPLETION_TAIL);
	return g_string_free(text, FALSE);
}

static void append_reference_option(const GOptionEntry *option, GString *text)
{
	g_autofree char *form = option_form(option);
	g_auto(GStrv) parts = g_strsplit(form, "|", -1);
	g_autofree char *escaped = g_strjoinv("\\|", parts);

	g_string_append_printf(text, "| `%s` | %s |\n", escaped, option->description);
}

static void append_reference_command(const Command *command, GString *text)
{
	g_autofree char *synopsis = command_synopsis(command);

	g_string_append_printf(text, "\n## weir %s\n\n```\n%s\n```\n\n%s.\n", command->name,
		synopsis, command->summary);
	if (has_options(command)) {
		g_string_append(text, "\n| option | |\n|---|---|\n");
		for_each_option(command, append_reference_option, text);
	}
	if (command->details != NULL)
		g_string_append_printf(text, "\n%s\n", command->details);
}

char *command_reference(void)
{
	GString *text = g_string_new(
		"# The command line\n\n"
		"Written from the command table by `script/docs`; do not edit by hand.\n\n"
		"Exit status: 0 done, 1 failed, 2 as documented (changes, drift), 3 the run stays "
		"paused, 64 wrong usage. Results go to\nstandard output, everything else to "
		"standard "
		"error. With `--output json`, standard output is one JSON object.\n\n"
		"| command | |\n|---|---|\n");

	for (const Command *command = commands; command->name != NULL; command++) {
		if (is_listed(command))
			g_string_append_printf(text, "| [`weir %s`](#weir-%s) | %s |\n",
				command->name, command->name, command->summary);
	}
	for (const Command *command = commands; command->name != NULL; command++) {
		if (is_listed(command))
			append_reference_command(command, text);
	}
	return g_string_free(text, FALSE);
}

const KeyPage *command_keys_find(const char *name)
{
	return strcmp(name, server_page.name) == 0 ? &server_page : key_page_find(name);
}
