// A fault in a user's file: where it is, what it is, and the cure where one is known.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

typedef enum {
	DIAGNOSTIC_ERROR,
	DIAGNOSTIC_WARNING,
} DiagnosticSeverity;

typedef struct Diagnostic {
	char *file; // path inside the repository, or as the user gave it; never NULL
	unsigned line; // 1 is the first; 0 when the fault is of the file as a whole
	unsigned column; // 1 is the first, counted in characters; 0 like line
	DiagnosticSeverity severity;
	const char *code; // stable kebab-case, a static string: "unknown-key", "dependency-cycle"
	char *message; // lower case, names in quotes, no full stop
	char *hint; // NULL when no cure is known
} Diagnostic;

// A growing list of diagnostics. Not thread-safe; hand it over between threads, never share it.
typedef struct DiagnosticList DiagnosticList;

DiagnosticList *diagnostic_list_new(void);
void diagnostic_list_free(DiagnosticList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DiagnosticList, diagnostic_list_free)

// Adds one. Every string is copied apart from code, which must live for ever. hint may be NULL.
// list may be NULL: then nothing is kept. At most DIAGNOSTIC_LIST_MAXIMUM are kept (a hostile file
// must not fill the memory); the last one kept then says that there are more.
void diagnostic_add(DiagnosticList *list, const char *file, unsigned line, unsigned column,
	DiagnosticSeverity severity, const char *code, const char *hint, const char *format, ...)
	G_GNUC_PRINTF(8, 9);

enum {
	DIAGNOSTIC_LIST_MAXIMUM = 10000,
};

// Whether nothing more is kept, so that nobody need find out where a fault is. NULL: yes.
bool diagnostic_list_is_full(const DiagnosticList *list);
// Whether a hint that has to be looked for is worth it: a hostile file may have many faults, and many names that may be meant.
bool diagnostic_list_wants_hints(const DiagnosticList *list);
size_t diagnostic_list_length(const DiagnosticList *list);
// Errors alone; warnings do not count.
size_t diagnostic_list_errors(const DiagnosticList *list);
const Diagnostic *diagnostic_list_at(const DiagnosticList *list, size_t index);

// Sorts by file, line, column, and then by order of adding.
void diagnostic_list_sort(DiagnosticList *list);
// Copies all of source to the end of list.
void diagnostic_list_append(DiagnosticList *list, const DiagnosticList *source);

// "file:line:column: error: message" and, on a second line, "hint: …" when there is one; no
// newline at the end.
char *diagnostic_text(const Diagnostic *diagnostic);
// {"file","line","column","severity","code","message","hint"}: hint is null when there is none. A
// new reference.
json_t *diagnostic_json(const Diagnostic *diagnostic);
// A list of those. A new reference.
json_t *diagnostic_list_json(const DiagnosticList *list);

// Whether a character must not be shown as it is: it is not seen itself, and moves, hides or turns round what is.
// Control characters, the separators of lines and paragraphs, and the marks of writing direction.
bool character_is_control(gunichar character);
// Appends a character as it may be shown: a control character as \x0a or \u202e.
void character_append_shown(GString *text, gunichar character);

// The best match of word in candidates (ended by NULL) when it is near enough to be meant; else
// NULL.
const char *nearest_word(const char *word, const char *const *candidates);
// "did you mean 'x'?" for the nearest candidate, or NULL. The caller frees it.
char *nearest_word_hint(const char *word, const char *const *candidates);
