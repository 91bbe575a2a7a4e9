#include "cli/command_words.h"

#include "api/suggest.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct {
	const Command *command;
	char *const *next; // word to read
	GPtrArray *read;
} Reading;

static const GOptionEntry *find_long(const Command *command, const char *name, size_t length)
{
	for (const GOptionEntry *option = command->options;
		option != NULL && option->long_name != NULL; option++) {
		if (strlen(option->long_name) == length &&
			strncmp(option->long_name, name, length) == 0)
			return option;
	}
	return NULL;
}

static const GOptionEntry *find_short(const Command *command, char letter)
{
	for (const GOptionEntry *option = command->options;
		option != NULL && option->long_name != NULL; option++) {
		if (option->short_name == letter)
			return option;
	}
	return NULL;
}

// Says that the command has no such option, and which one may have been meant.
static int refuse_unknown(const Command *command, const char *word)
{
	const char *names[64] = {NULL};
	g_autofree char *name = g_strndup(word, strcspn(word, "="));
	size_t count = 0;

	if (g_ascii_isdigit(word[1])) {
		g_autofree char *hint = g_strdup_printf(
			"an argument that begins with '-' stands behind '--', like: -- '%s'", word);

		command_error(hint, "'weir %s' has no option '%s'", command->name, word);
		return EXIT_USAGE;
	}
	for (const GOptionEntry *option = command->options;
		option != NULL && option->long_name != NULL && count + 1 < G_N_ELEMENTS(names);
		option++)
		names[count++] = option->long_name;
	const char *meant = suggest_name(name + strspn(name, "-"), names);
	if (meant == NULL)
		return command_usage(command, "'weir %s' has no option '%s'", command->name, name);
	g_autofree char *hint = g_strdup_printf("did you mean '--%s'?", meant);
	command_error(hint, "'weir %s' has no option '%s'", command->name, name);
	return EXIT_USAGE;
}

static bool takes_value(const GOptionEntry *option)
{
	return option->arg != G_OPTION_ARG_NONE;
}

static bool is_whole_number(const char *text)
{
	char *end = NULL;

	errno = 0;
	gint64 number = g_ascii_strtoll(text, &end, 10);
	return end != text && *end == '\0' && errno == 0 && number >= G_MININT &&
	       number <= G_MAXINT;
}

static bool is_count(const char *text)
{
	guint64 number;

	return g_ascii_string_to_unsigned(text, 10, 0, INT64_MAX, &number, NULL);
}

// value NULL: the next word, if there is one. Takes option and value over.
static int read_value(Reading *reading, const GOptionEntry *option, const char *value)
{
	const Command *command = reading->command;

	if (value == NULL && *reading->next != NULL)
		value = *reading->next++;
	if (value == NULL)
		return command_usage(command, "'--%s' needs a value: %s", option->long_name,
			option->arg_description);
	if (option->arg == G_OPTION_ARG_INT && !is_whole_number(value))
		return command_usage(
			command, "'--%s' is a whole number, not '%s'", option->long_name, value);
	if (option->arg == G_OPTION_ARG_INT64 && !is_count(value))
		return command_usage(command, "'--%s' is a whole number from 0 on, not '%s'",
			option->long_name, value);
	if (g_strcmp0(option->arg_description, "NAME=VALUE") == 0 &&
		(*value == '=' || strchr(value, '=') == NULL))
		return command_usage(
			command, "'--%s %s' is not NAME=VALUE", option->long_name, value);
	g_ptr_array_add(reading->read, g_strdup_printf("--%s", option->long_name));
	g_ptr_array_add(reading->read, g_strdup(value));
	return EXIT_OK;
}

static int read_long(Reading *reading, const char *word)
{
	size_t length = strcspn(word, "=");
	const char *value = word[length] == '=' ? word + length + 1 : NULL;
	const GOptionEntry *option = find_long(reading->command, word + 2, length - 2);

	if (option == NULL)
		return refuse_unknown(reading->command, word);
	if (takes_value(option))
		return read_value(reading, option, value);
	if (value != NULL)
		return command_usage(reading->command, "'--%s' takes no value", option->long_name);
	g_ptr_array_add(reading->read, g_strdup(word));
	return EXIT_OK;
}

// Letters behind one dash: the first that takes a value has all that follows.
static int read_letters(Reading *reading, const char *word)
{
	for (const char *letter = word + 1; *letter != '\0'; letter++) {
		const GOptionEntry *option = find_short(reading->command, *letter);

		if (option == NULL)
			return refuse_unknown(reading->command, word);
		if (takes_value(option))
			return read_value(reading, option, letter[1] != '\0' ? letter + 1 : NULL);
		g_ptr_array_add(reading->read, g_strdup_printf("--%s", option->long_name));
	}
	return EXIT_OK;
}

static int read_word(Reading *reading, const char *word)
{
	if (g_str_has_prefix(word, "--"))
		return read_long(reading, word);
	if (word[0] == '-' && word[1] != '\0')
		return read_letters(reading, word);
	g_ptr_array_add(reading->read, g_strdup(word));
	return EXIT_OK;
}

int command_words_read(
	const Command *command, char *const *words, char ***ret_words, char ***ret_rest)
{
	Reading reading = {command, words, g_ptr_array_new_with_free_func(g_free)};
	int status = EXIT_OK;

	g_ptr_array_add(reading.read, g_strdup(*reading.next++));
	*ret_words = *ret_rest = NULL;
	while (status == EXIT_OK && *reading.next != NULL && strcmp(*reading.next, "--") != 0)
		status = read_word(&reading, *reading.next++);
	if (status != EXIT_OK) {
		g_ptr_array_unref(reading.read);
		return status;
	}
	*ret_rest = g_strdupv(
		(char **)(uintptr_t)(*reading.next == NULL ? reading.next : reading.next + 1));
	g_ptr_array_add(reading.read, NULL);
	*ret_words = (char **)g_ptr_array_free(reading.read, FALSE);
	return EXIT_OK;
}
