#include "reconciler/line_diff.h"

#include <string.h>

enum {
	CONTEXT = 3, // equal lines around a difference
	WIDEST = 400, // bytes of a line that are shown
	MOST_EDITS = 600, // looked for; texts that differ in more are shown as wholly replaced
};

typedef enum {
	LINE_SAME,
	LINE_REMOVED,
	LINE_ADDED,
} LineKind;

typedef struct {
	LineKind kind;
	const char *text;
} Line;

// ---- The shortest way from one text to the other (Myers) ----------------------------------------------------------

typedef struct {
	char **old, **new;
	int old_length, new_length;
} Texts;

// How far along the diagonal k a way of d edits gets, for each k from -d to d: kept for each d, to find the way back.
static int *furthest_new(int d)
{
	return g_new0(int, (gsize)(2 * d + 3));
}

#define AT(furthest, d, k) ((furthest)[(k) + (d) + 1])

// The place on diagonal k that d edits reach before equal lines are walked; *ret_down: by an added line.
static int step_to(const int *before, int d, int k, bool *ret_down)
{
	if (d == 0) {
		*ret_down = false;
		return 0;
	}
	bool down = k == -d || (k != d && AT(before, d - 1, k - 1) < AT(before, d - 1, k + 1));

	*ret_down = down;
	return down ? AT(before, d - 1, k + 1) : AT(before, d - 1, k - 1) + 1;
}

// Fills in the furthest places of d edits. True when one of them is the end.
static bool reach(const Texts *texts, const int *before, int *furthest, int d)
{
	bool down;

	for (int k = -d; k <= d; k += 2) {
		int x = step_to(before, d, k, &down);

		while (x < texts->old_length && x - k < texts->new_length && x >= 0 && x - k >= 0 &&
			strcmp(texts->old[x], texts->new[x - k]) == 0)
			x++;
		AT(furthest, d, k) = x;
		if (x >= texts->old_length && x - k >= texts->new_length)
			return true;
	}
	return false;
}

static void add_line(GArray *lines, LineKind kind, const char *text)
{
	const Line line = {kind, text};

	g_array_append_val(lines, line);
}

// From the end back to the beginning: the lines come in reverse.
static void walk_back(const Texts *texts, const GPtrArray *trace, GArray *lines)
{
	int x = texts->old_length, y = texts->new_length;

	for (int d = (int)trace->len - 1; d >= 0; d--) {
		bool down;
		int k = x - y;
		int start = step_to(d > 0 ? trace->pdata[d - 1] : NULL, d, k, &down);

		while (x > start && y > start - k && x > 0 && y > 0) {
			add_line(lines, LINE_SAME, texts->old[--x]);
			y--;
		}
		if (d > 0 && down)
			add_line(lines, LINE_ADDED, texts->new[--y]);
		else if (d > 0)
			add_line(lines, LINE_REMOVED, texts->old[--x]);
	}
}

static void replace_all(const Texts *texts, GArray *lines)
{
	for (int i = texts->new_length; i-- > 0;)
		add_line(lines, LINE_ADDED, texts->new[i]);
	for (int i = texts->old_length; i-- > 0;)
		add_line(lines, LINE_REMOVED, texts->old[i]);
}

// The lines between what both texts begin and end with, in reverse.
static void compare_middle(const Texts *texts, GArray *lines)
{
	g_autoptr(GPtrArray) trace = g_ptr_array_new_with_free_func(g_free);

	for (int d = 0; d <= MIN(MOST_EDITS, texts->old_length + texts->new_length); d++) {
		int *furthest = furthest_new(d);
		const int *before = d > 0 ? trace->pdata[d - 1] : NULL;

		g_ptr_array_add(trace, furthest);
		if (reach(texts, before, furthest, d)) {
			walk_back(texts, trace, lines);
			return;
		}
	}
	replace_all(texts, lines);
}

static void reverse(GArray *lines)
{
	for (guint i = 0; i < lines->len / 2; i++) {
		Line *first = &g_array_index(lines, Line, i);
		Line *last = &g_array_index(lines, Line, lines->len - 1 - i);
		const Line kept = *first;

		*first = *last;
		*last = kept;
	}
}

// A last line without a newline is a line; behind a last newline there is none.
static GStrv split(const char *text)
{
	GStrv lines = g_strsplit(text != NULL ? text : "", "\n", -1);
	guint length = g_strv_length(lines);

	if (length > 0 && *lines[length - 1] == '\0')
		g_clear_pointer(&lines[length - 1], g_free);
	return lines;
}

static GArray *compare(GStrv old, GStrv new)
{
	GArray *lines = g_array_new(FALSE, FALSE, sizeof(Line));
	g_autoptr(GArray) middle = g_array_new(FALSE, FALSE, sizeof(Line));
	Texts texts = {old, new, (int)g_strv_length(old), (int)g_strv_length(new)};
	int tail = 0;

	while (texts.old_length > 0 && texts.new_length > 0 &&
		strcmp(*texts.old, *texts.new) == 0) {
		add_line(lines, LINE_SAME, *texts.old);
		texts = (Texts){
			texts.old + 1, texts.new + 1, texts.old_length - 1, texts.new_length - 1};
	}
	while (texts.old_length > 0 && texts.new_length > 0 &&
		strcmp(texts.old[texts.old_length - 1], texts.new[texts.new_length - 1]) == 0) {
		texts.old_length--;
		texts.new_length--;
		tail++;
	}
	compare_middle(&texts, middle);
	reverse(middle);
	g_array_append_vals(lines, middle->data, middle->len);
	for (int i = 0; i < tail; i++)
		add_line(lines, LINE_SAME, texts.old[texts.old_length + i]);
	return lines;
}

// ---- Showing it ---------------------------------------------------------------------------------------------------

typedef struct {
	GString *text;
	const LineDiffOptions *options;
	unsigned shown, left_out;
} Output;

static const struct {
	char sign;
	const char *colour; // SGR parameters; NULL: none
} KINDS[] = {
	[LINE_SAME] = {' ', NULL},
	[LINE_REMOVED] = {'-', "31"},
	[LINE_ADDED] = {'+', "32"},
};

static void append_printable(GString *text, const char *line)
{
	g_autofree char *valid = g_utf8_make_valid(line, -1);
	const char *at = valid;

	for (; *at != '\0' && at - valid < WIDEST; at = g_utf8_next_char(at)) {
		gunichar character = g_utf8_get_char(at);

		if (character != '\t' && g_unichar_iscntrl(character))
			g_string_append_printf(text, "\\x%02X", character);
		else
			g_string_append_unichar(text, character);
	}
	if (*at != '\0')
		g_string_append_unichar(text, 0x2026); // …
}

static void show(Output *output, const char *colour, char sign, const char *line)
{
	const LineDiffOptions *options = output->options;

	if (output->shown >= options->most_lines) {
		output->left_out++;
		return;
	}
	output->shown++;
	g_string_append(output->text, options->indent != NULL ? options->indent : "");
	if (options->colour && colour != NULL)
		g_string_append_printf(output->text, "\033[%sm", colour);
	if (sign != '\0')
		g_string_append_c(output->text, sign);
	append_printable(output->text, line);
	if (options->colour && colour != NULL)
		g_string_append(output->text, "\033[0m");
	g_string_append_c(output->text, '\n');
}

static void append_range(GString *head, char sign, guint first, guint count)
{
	// As diff -u has it: an empty range names the line before it, and a count of one is left out.
	g_string_append_printf(head, " %c%u", sign, count == 0 ? first : first + 1);
	if (count != 1)
		g_string_append_printf(head, ",%u", count);
}

// Lines first … end - 1, of which old and new ones came before.
static void show_hunk(
	Output *output, const GArray *lines, guint first, guint end, guint old, guint new)
{
	g_autoptr(GString) head = g_string_new("@@");
	guint counts[3] = {0};

	for (guint i = first; i < end; i++)
		counts[g_array_index(lines, Line, i).kind]++;
	append_range(head, '-', old, counts[LINE_SAME] + counts[LINE_REMOVED]);
	append_range(head, '+', new, counts[LINE_SAME] + counts[LINE_ADDED]);
	g_string_append(head, " @@");
	show(output, "36", '\0', head->str);
	for (guint i = first; i < end; i++) {
		const Line *line = &g_array_index(lines, Line, i);

		show(output, KINDS[line->kind].colour, KINDS[line->kind].sign, line->text);
	}
}

static guint next_change(const GArray *lines, guint from)
{
	while (from < lines->len && g_array_index(lines, Line, from).kind == LINE_SAME)
		from++;
	return from;
}

// The end of the hunk whose first change is given: changes with little between them are shown together.
static guint hunk_end(const GArray *lines, guint change)
{
	guint end = change;

	while (change < lines->len && change <= end + 2 * CONTEXT) {
		end = change + 1;
		change = next_change(lines, end);
	}
	return MIN(end + CONTEXT, lines->len);
}

unsigned line_diff_append(
	GString *text, const char *before, const char *after, const LineDiffOptions *options)
{
	g_auto(GStrv) old_lines = split(before);
	g_auto(GStrv) new_lines = split(after);
	g_autoptr(GArray) lines = compare(old_lines, new_lines);
	Output output = {text, options, 0, 0};
	guint old = 0, new = 0, at = 0;

	for (guint change = next_change(lines, 0); change < lines->len;
		change = next_change(lines, at)) {
		guint first = change - MIN(change - at, CONTEXT);
		guint end = hunk_end(lines, change);

		for (; at < end; at++) {
			LineKind kind = g_array_index(lines, Line, at).kind;

			if (at == first)
				show_hunk(&output, lines, first, end, old, new);
			old += kind != LINE_ADDED;
			new += kind != LINE_REMOVED;
		}
	}
	if (output.left_out == 0)
		return output.shown;
	g_string_append_printf(text, "%s… %u more lines\n",
		options->indent != NULL ? options->indent : "", output.left_out);
	return output.shown + 1;
}
