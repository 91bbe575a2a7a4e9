#include "repo-layout/diagnostic.h"

#include <stdlib.h>
#include <string.h>

enum {
	HINTS_MADE = 500, // whoever has as many faults needs no more of them
	CANDIDATES_SEEN = 2000, // a name is looked for among so many
};

struct DiagnosticList {
	GPtrArray *items; // Diagnostic *
	size_t errors;
	bool full;
};

static void diagnostic_free(void *data)
{
	Diagnostic *diagnostic = data;

	g_free(diagnostic->file);
	g_free(diagnostic->message);
	g_free(diagnostic->hint);
	g_free(diagnostic);
}

DiagnosticList *diagnostic_list_new(void)
{
	DiagnosticList *list = g_new0(DiagnosticList, 1);

	list->items = g_ptr_array_new_with_free_func(diagnostic_free);
	return list;
}

void diagnostic_list_free(DiagnosticList *list)
{
	if (list == NULL)
		return;
	g_ptr_array_unref(list->items);
	g_free(list);
}

static void take(DiagnosticList *list, Diagnostic *diagnostic)
{
	if (diagnostic->severity == DIAGNOSTIC_ERROR)
		list->errors++;
	g_ptr_array_add(list->items, diagnostic);
}

// Whether one more may be kept; the last place goes to the note that there are more.
static bool has_room(DiagnosticList *list, const char *file)
{
	Diagnostic *note;

	if (list->items->len < DIAGNOSTIC_LIST_MAXIMUM - 1)
		return true;
	if (list->full)
		return false;
	list->full = true;
	note = g_new0(Diagnostic, 1);
	note->file = g_strdup(file);
	note->severity = DIAGNOSTIC_ERROR;
	note->code = "too-many-diagnostics";
	note->message = g_strdup_printf("more than %d faults were found; the rest is left out",
		DIAGNOSTIC_LIST_MAXIMUM - 1);
	note->hint = g_strdup("mend those shown first, then look again");
	take(list, note);
	return false;
}

void diagnostic_add(DiagnosticList *list, const char *file, unsigned line, unsigned column,
	DiagnosticSeverity severity, const char *code, const char *hint, const char *format, ...)
{
	Diagnostic *diagnostic;
	va_list arguments;

	if (list == NULL || !has_room(list, file))
		return;
	diagnostic = g_new0(Diagnostic, 1);
	diagnostic->file = g_utf8_make_valid(file, -1);
	diagnostic->line = line;
	diagnostic->column = column;
	diagnostic->severity = severity;
	diagnostic->code = code;
	diagnostic->hint = hint == NULL ? NULL : g_utf8_make_valid(hint, -1);
	va_start(arguments, format);
	g_autofree char *message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	diagnostic->message = g_utf8_make_valid(message, -1);
	take(list, diagnostic);
}

bool diagnostic_list_is_full(const DiagnosticList *list)
{
	return list == NULL || list->full;
}

bool diagnostic_list_wants_hints(const DiagnosticList *list)
{
	return list != NULL && list->items->len < HINTS_MADE;
}

size_t diagnostic_list_length(const DiagnosticList *list)
{
	return list == NULL ? 0 : list->items->len;
}

size_t diagnostic_list_errors(const DiagnosticList *list)
{
	return list == NULL ? 0 : list->errors;
}

const Diagnostic *diagnostic_list_at(const DiagnosticList *list, size_t index)
{
	return g_ptr_array_index(list->items, index);
}

static int compare_unsigned(unsigned a, unsigned b)
{
	return (a > b) - (a < b);
}

static int compare_places(const void *left, const void *right)
{
	const Diagnostic *a = *(Diagnostic *const *)left;
	const Diagnostic *b = *(Diagnostic *const *)right;
	int order = strcmp(a->file, b->file);

	if (order == 0)
		order = compare_unsigned(a->line, b->line);
	if (order == 0)
		order = compare_unsigned(a->column, b->column);
	return order;
}

void diagnostic_list_sort(DiagnosticList *list)
{
	// GLib's sort is stable (a merge sort); that of the C library need not be.
	g_ptr_array_sort(list->items, compare_places);
}

void diagnostic_list_append(DiagnosticList *list, const DiagnosticList *source)
{
	if (list == NULL || source == NULL)
		return;
	for (guint i = 0; i < source->items->len; i++) {
		const Diagnostic *from = g_ptr_array_index(source->items, i);

		diagnostic_add(list, from->file, from->line, from->column, from->severity,
			from->code, from->hint, "%s", from->message);
	}
}

bool character_is_control(gunichar character)
{
	static const struct {
		gunichar first, last;
	} ranges[] = {{0x0000, 0x001f}, {0x007f, 0x009f}, {0x061c, 0x061c}, {0x200e, 0x200f},
		{0x2028, 0x202e}, {0x2066, 0x2069}};

	for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++) {
		if (character >= ranges[i].first && character <= ranges[i].last)
			return true;
	}
	return false;
}

void character_append_shown(GString *text, gunichar character)
{
	if (!character_is_control(character))
		g_string_append_unichar(text, character);
	else
		g_string_append_printf(text, character < 0x100 ? "\\x%02x" : "\\u%04x", character);
}

// Control characters in names and messages come from users' files: they must not reach a terminal as they are.
static void append_printable(GString *text, const char *words)
{
	for (; *words != '\0'; words = g_utf8_next_char(words))
		character_append_shown(text, g_utf8_get_char(words));
}

char *diagnostic_text(const Diagnostic *diagnostic)
{
	GString *text = g_string_new(NULL);

	append_printable(text, diagnostic->file);
	if (diagnostic->line > 0)
		g_string_append_printf(text, ":%u:%u", diagnostic->line, diagnostic->column);
	g_string_append(
		text, diagnostic->severity == DIAGNOSTIC_ERROR ? ": error: " : ": warning: ");
	append_printable(text, diagnostic->message);
	if (diagnostic->hint != NULL) {
		g_string_append(text, "\nhint: ");
		append_printable(text, diagnostic->hint);
	}
	return g_string_free(text, FALSE);
}

json_t *diagnostic_json(const Diagnostic *diagnostic)
{
	const char *severity = diagnostic->severity == DIAGNOSTIC_ERROR ? "error" : "warning";

	return json_pack("{s:s, s:I, s:I, s:s, s:s, s:s, s:s?}", "file", diagnostic->file, "line",
		(json_int_t)diagnostic->line, "column", (json_int_t)diagnostic->column, "severity",
		severity, "code", diagnostic->code, "message", diagnostic->message, "hint",
		diagnostic->hint);
}

json_t *diagnostic_list_json(const DiagnosticList *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < diagnostic_list_length(list); i++)
		json_array_append_new(array, diagnostic_json(diagnostic_list_at(list, i)));
	return array;
}

enum {
	LONGEST_WORD = 63,
};

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

// Insertions, deletions, changes and swaps of neighbours that turn a into b, without regard to case; most + 1 when they are
// more than that, as soon as that is certain: whoever looks through many words finds most of them far away. Only what lies at
// most so far from the diagonal can matter.
static unsigned edit_distance(const char *a, const char *b, unsigned most)
{
	size_t rows = strlen(a);
	size_t columns = strlen(b);
	unsigned table[3][LONGEST_WORD + 2];
	unsigned least_above = 0;

	if (rows > LONGEST_WORD || columns > LONGEST_WORD ||
		MAX(rows, columns) - MIN(rows, columns) > most)
		return most + 1;
	for (size_t j = 0; j <= columns; j++)
		table[0][j] = (unsigned)j;
	for (size_t i = 1; i <= rows; i++) {
		unsigned *line = table[i % 3];
		const unsigned *above = table[(i + 2) % 3];
		const unsigned *two_above = table[(i + 1) % 3];
		size_t first = i > most ? i - most : 1;
		size_t last = MIN(i + most, columns);
		unsigned least = line[first - 1] = first == 1 ? (unsigned)i : most + 1;

		line[last + 1] = most + 1;
		for (size_t j = first; j <= last; j++) {
			char x = lower(a[i - 1]);
			char y = lower(b[j - 1]);

			line[j] = smallest(above[j] + 1, line[j - 1] + 1, above[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]) &&
				two_above[j - 2] + 1 < line[j])
				line[j] = two_above[j - 2] + 1;
			least = MIN(least, line[j]);
		}
		// What follows comes from this line or, by a swap, from the one above.
		if (least > most && least_above > most)
			return most + 1;
		least_above = least;
	}
	return table[rows % 3][columns];
}

const char *nearest_word(const char *word, const char *const *candidates)
{
	const char *nearest = NULL;
	unsigned least = 0;
	size_t length = strlen(word);
	// One slip in a short word, two in a middling one, three in a long one.
	unsigned allowed = length <= 3 ? 1 : length <= 7 ? 2 : 3;

	if (length > LONGEST_WORD)
		return NULL;
	for (unsigned seen = 0; *candidates != NULL && seen < CANDIDATES_SEEN;
		candidates++, seen++) {
		unsigned distance = edit_distance(word, *candidates, allowed);

		if (distance <= allowed && distance < strlen(*candidates) &&
			(nearest == NULL || distance < least)) {
			nearest = *candidates;
			least = distance;
		}
	}
	return nearest;
}

char *nearest_word_hint(const char *word, const char *const *candidates)
{
	const char *nearest = nearest_word(word, candidates);

	return nearest == NULL ? NULL : g_strdup_printf("did you mean '%s'?", nearest);
}
