#include "cli/output.h"

#include "repo-layout/diagnostic.h"
#include "store/json_dump.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

char *output_name;

typedef struct {
	const char *word;
	Style style;
} WordStyle;

static const WordStyle word_styles[] = {
	{"SUCCESS", STYLE_GOOD},
	{"Synced", STYLE_GOOD},
	{"Healthy", STYLE_GOOD},
	{"ok", STYLE_GOOD},
	{"WARNING", STYLE_WARNING},
	{"OutOfSync", STYLE_WARNING},
	{"Progressing", STYLE_ACTIVE},
	{"warning", STYLE_WARNING},
	{"PAUSED", STYLE_WARNING},
	{"Suspended", STYLE_WARNING},
	{"Unknown", STYLE_WARNING},
	{"open", STYLE_WARNING},
	{"FAILED", STYLE_BAD},
	{"KILLED", STYLE_BAD},
	{"Degraded", STYLE_BAD},
	{"Missing", STYLE_BAD},
	{"error", STYLE_BAD},
	{"RUNNING", STYLE_ACTIVE},
	{"CREATED", STYLE_ACTIVE},
	{"QUEUED", STYLE_ACTIVE},
	{"RETRYING", STYLE_ACTIVE},
	{"RESTARTED", STYLE_ACTIVE},
	{"KILLING", STYLE_ACTIVE},
	{"SKIPPED", STYLE_FAINT},
	{"CANCELLED", STYLE_FAINT},
	{"RETRIED", STYLE_FAINT},
	{"resolved", STYLE_FAINT},
};

static const char *const style_codes[] = {
	[STYLE_PLAIN] = "",
	[STYLE_BOLD] = "\033[1m",
	[STYLE_FAINT] = "\033[2m",
	[STYLE_GOOD] = "\033[32m",
	[STYLE_WARNING] = "\033[33m",
	[STYLE_BAD] = "\033[31m",
	[STYLE_ACTIVE] = "\033[36m",
};

bool output_check(GError **error)
{
	if (output_name == NULL || strcmp(output_name, "text") == 0 ||
		strcmp(output_name, "json") == 0)
		return true;
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		"'%s' is not a form of output; '--output' takes 'text' or 'json'", output_name);
	return false;
}

bool output_is_json(void)
{
	return output_name != NULL && strcmp(output_name, "json") == 0;
}

// Why a flush failed that nobody asked about yet.
static int lost;

void output_json(const json_t *value)
{
	json_dump_stream(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
	putchar('\n');
	if (fflush(stdout) != 0)
		lost = errno;
}

bool output_finish(GError **error)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	int reason = lost != 0 ? lost : errno;
	g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(reason),
		"cannot write to standard output: %s", g_strerror(reason));
	return false;
}

bool output_has_colour(FILE *stream)
{
	const char *no_colour = g_getenv("NO_COLOR");
	const char *terminal = g_getenv("TERM");

	if (no_colour != NULL && *no_colour != '\0')
		return false;
	if (terminal == NULL || strcmp(terminal, "dumb") == 0)
		return false;
	return isatty(fileno(stream)) == 1;
}

const char *style_begin(FILE *stream, Style style)
{
	return output_has_colour(stream) ? style_codes[style] : "";
}

const char *style_end(FILE *stream, Style style)
{
	return style != STYLE_PLAIN && output_has_colour(stream) ? "\033[0m" : "";
}

Style style_of_word(const char *word)
{
	for (size_t i = 0; word != NULL && i < G_N_ELEMENTS(word_styles); i++) {
		if (strcmp(word_styles[i].word, word) == 0)
			return word_styles[i].style;
	}
	return STYLE_PLAIN;
}

char *output_printable(const char *text, bool lines)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GString *printable = g_string_sized_new(strlen(valid));

	for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
		gunichar character = g_utf8_get_char(at);

		if (lines && (character == '\n' || character == '\t'))
			g_string_append_unichar(printable, character);
		else
			character_append_shown(printable, character);
	}
	return g_string_free(printable, FALSE);
}
