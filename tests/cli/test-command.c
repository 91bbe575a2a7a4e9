// The command table: what is written from it, and what a wrong word is answered with.
#include "cli/command.h"
#include "cli/command_pages.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// What weir says on stderr for these words, to be freed; the exit status in *ret_status.
static char *run_weir(const char *const *words, int *ret_status)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
	char *errors = NULL;
	int saved = dup(STDERR_FILENO);
	FILE *kept = tmpfile();

	g_ptr_array_add(argv, g_strdup("weir"));
	for (; *words != NULL; words++)
		g_ptr_array_add(argv, g_strdup(*words));
	g_ptr_array_add(argv, NULL);
	fflush(stderr);
	dup2(fileno(kept), STDERR_FILENO);
	*ret_status = command_main((int)argv->len - 1, (char **)argv->pdata);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(kept);
	errors = g_malloc0(4096);
	(void)!fread(errors, 1, 4095, kept);
	fclose(kept);
	return errors;
}

typedef struct {
	const char *words[6];
	const char *errors;
} Refusal;

static const Refusal refusals[] = {
	{{"stauts"}, "weir: error: unknown command 'stauts'\nhint: did you mean 'weir status'?\n"},
	{{"--verbose", "status"},
		"weir: error: weir itself has no option '--verbose'\n"
		"hint: options stand behind the command: 'weir COMMAND --help' lists them\n"},
	{{"zzz"}, "weir: error: unknown command 'zzz'\nhint: 'weir --help' lists the commands\n"},
	{{"status", "--stroe=x"}, "weir: error: 'weir status' has no option '--stroe'\nhint: did "
				  "you mean '--store'?\n"},
	{{"status", "--wholly-unknown"}, "weir: error: 'weir status' has no option "
					 "'--wholly-unknown'\nhint: see 'weir status --help'\n"},
	{{"status", "-z"},
		"weir: error: 'weir status' has no option '-z'\nhint: see 'weir status --help'\n"},
	{{"status", "too", "many"},
		"weir: error: 'weir status' takes no arguments\nhint: see 'weir status --help'\n"},
	{{"status", "--output", "yaml"},
		"weir: error: 'yaml' is not a form of output; '--output' takes 'text' or 'json'\n"
		"hint: see 'weir status --help'\n"},
	{{"flows", "shwo", "a.b"},
		"weir: error: 'weir flows' has no 'shwo'\nhint: did you mean 'show'?\n"},
	{{"help", "stauts"},
		"weir: error: unknown command 'stauts'\nhint: did you mean 'weir status'?\n"},
	{{"status", "--output"}, "weir: error: '--output' needs a value: text|json\nhint: see "
				 "'weir status --help'\n"},
	{{"status", "-o"}, "weir: error: '--output' needs a value: text|json\nhint: see 'weir "
			   "status --help'\n"},
	{{"runs", "--follow=yes"},
		"weir: error: '--follow' takes no value\nhint: see 'weir runs --help'\n"},
	{{"cron", "next", "-1 * * * *"}, "weir: error: 'weir cron' has no option '-1 * * * *'\n"
					 "hint: an argument that begins with '-' stands behind "
					 "'--', like: -- '-1 * * * *'\n"},
	{{"cron", "next", "--", "-1 * * * *"},
		"weir: error: column 1: '-' is not available in the minute\n"},
	{{"schema", "flws"}, "weir: error: there is no kind of file 'flws'\nhint: did you mean "
			     "'flow'?\n"},
	{{"apply", "--max-deletions=-1"},
		"weir: error: '--max-deletions' is at least 0, not -1\nhint: see 'weir apply "
		"--help'\n"},
	{{"serve", ".", "--roles", ""},
		"weir: error: no role is named; the roles are reconciler, scheduler, runner and "
		"api\n"},
};

static void test_wrong_words_are_answered(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
		int status;
		g_autofree char *errors = run_weir(refusals[i].words, &status);

		g_assert_cmpstr(errors, ==, refusals[i].errors);
		g_assert_cmpint(status, ==, EXIT_USAGE);
	}
}

static void test_a_store_that_is_not_there_is_named(void)
{
	const char *const words[] = {"status", "--store", "/nowhere/weir.db", NULL};
	int status;
	g_autofree char *errors = run_weir(words, &status);

	g_assert_cmpstr(errors, ==,
		"weir: error: there is no store at '/nowhere/weir.db'\n"
		"hint: 'weir serve PATH' makes one; '--store' or $WEIR_STORE names another\n");
	g_assert_cmpint(status, ==, EXIT_FAILED);
}

static void test_a_store_of_an_unknown_kind_is_refused(void)
{
	const char *const words[] = {"status", "--store", "mysql://host/weir", NULL};
	int status;
	g_autofree char *errors = run_weir(words, &status);

	g_assert_cmpstr(errors, ==,
		"weir: error: the store 'mysql://host/weir' has the scheme 'mysql'; this weir "
		"keeps its "
		"store in a file: 'sqlite:/path/weir.db'\n");
	g_assert_cmpint(status, ==, EXIT_FAILED);
}

// Everything about the table that no compiler checks.
static void test_rows_are_whole(void)
{
	for (const Command *command = commands; command->name != NULL; command++) {
		g_assert_nonnull(command->run);
		g_assert_nonnull(command->arguments);
		if (command->summary != NULL) {
			g_assert_true(g_ascii_isupper(command->summary[0]));
			g_assert_false(g_str_has_suffix(command->summary, "."));
		}
		for (const GOptionEntry *option = command->options;
			option != NULL && option->long_name != NULL; option++)
			g_assert_nonnull(option->description);
	}
}

static void test_pages_name_every_command_and_option(void)
{
	g_autofree char *overview = command_overview();
	g_autofree char *man = command_man_page();
	g_autofree char *completion = command_completion();
	g_autofree char *reference = command_reference();

	for (const Command *command = commands; command->name != NULL; command++) {
		g_autofree char *in_man = g_strdup_printf(".SS \"weir %s", command->name);
		g_autofree char *in_completion = g_strdup_printf("\t\t%s) words='", command->name);
		g_autofree char *in_reference = g_strdup_printf("\n## weir %s\n", command->name);
		g_autofree char *in_overview = g_strdup_printf("\n  %s ", command->name);
		bool listed = command->summary != NULL;

		g_assert_cmpint(strstr(overview, in_overview) != NULL, ==, listed);
		g_assert_cmpint(strstr(man, in_man) != NULL, ==, listed);
		g_assert_cmpint(strstr(completion, in_completion) != NULL, ==, listed);
		g_assert_cmpint(strstr(reference, in_reference) != NULL, ==, listed);
	}
}

static void test_help_shows_every_option(void)
{
	for (const Command *command = commands; command->name != NULL; command++) {
		g_autofree char *help = command_help(command);

		for (const GOptionEntry *option = command->options;
			option != NULL && option->long_name != NULL; option++) {
			g_autofree char *form = g_strdup_printf("--%s", option->long_name);

			g_assert_nonnull(strstr(help, form));
			g_assert_nonnull(strstr(help, option->description));
		}
	}
}

// The man page and the completion must be good for their readers.
static void check_with(const char *const *program, const char *input)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = NULL;
	g_autofree char *errors = NULL;
	int file = g_file_open_tmp("weir-page-XXXXXX", &path, &error);
	int status;

	g_assert_no_error(error);
	g_assert_cmpint(write(file, input, strlen(input)), ==, (gssize)strlen(input));
	close(file);
	char *argv[] = {(char *)(uintptr_t)program[0], (char *)(uintptr_t)program[1], path, NULL};
	g_spawn_sync(
		NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, &errors, &status, &error);
	unlink(path);
	g_assert_no_error(error);
	g_assert_cmpstr(errors, ==, "");
	g_assert_cmpint(status, ==, 0);
}

static void test_bash_reads_the_completion(void)
{
	g_autofree char *completion = command_completion();
	const char *const bash[] = {"bash", "-n"};

	check_with(bash, completion);
}

int main(int argc, char **argv)
{
	g_setenv("NO_COLOR", "1", TRUE);
	g_unsetenv("WEIR_STORE");
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/command/wrong-words-are-answered", test_wrong_words_are_answered);
	g_test_add_func("/command/a-store-that-is-not-there-is-named",
		test_a_store_that_is_not_there_is_named);
	g_test_add_func("/command/a-store-of-an-unknown-kind-is-refused",
		test_a_store_of_an_unknown_kind_is_refused);
	g_test_add_func("/command/rows-are-whole", test_rows_are_whole);
	g_test_add_func("/command/pages-name-every-command-and-option",
		test_pages_name_every_command_and_option);
	g_test_add_func("/command/help-shows-every-option", test_help_shows_every_option);
	g_test_add_func("/command/bash-reads-the-completion", test_bash_reads_the_completion);
	return g_test_run();
}
